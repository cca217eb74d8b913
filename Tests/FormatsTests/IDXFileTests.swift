import CLMat
import Formats
import TestSupport
import Testing

@Suite struct IDXFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    // MARK: - What is well-formed

    @Test(
        arguments: [[1], [7], [2, 3], [2, 3, 5], [2, 3, 5, 2], [1, 1, 1, 1], [0], [0, 28, 28], [3, 0, 4]],
        [false, true])
    func sizesAndBytesComeAsWritten(_ dimensions: [Int], packed: Bool) throws {
        let body = ramp(dimensions.reduce(1, *))
        let bytes = idx(dimensions, body)

        let file = try IDXFile(folder.write(packed ? folder.packed(bytes) : bytes, "file"))

        #expect(file.dimensions == dimensions)
        #expect(file.values == .unsignedBytes(body))
        #expect(file.count == body.count)
    }

    @Test func everyTypeIsRead() throws {
        func values(_ type: UInt8, _ body: [UInt8], count: Int) throws -> IDXFile.Values {
            try IDXFile(folder.write(idx(type: type, [count], body), "typed")).values
        }
        #expect(try values(0x08, [0, 255], count: 2) == .unsignedBytes([0, 255]))
        #expect(try values(0x09, [0x80, 1], count: 2) == .signedBytes([-128, 1]))
        #expect(try values(0x0B, [0xff, 0xfe, 0x01, 0x00], count: 2) == .shorts([-2, 256]))
        #expect(try values(0x0C, [0x80, 0, 0, 0, 0, 0, 1, 2], count: 2) == .integers([.min, 258]))
        let floats: [Float] = [1.5, -.infinity]
        let doubles = [-0.1, 1e300]
        #expect(try values(0x0D, floats.flatMap { bigEndian($0.bitPattern) }, count: 2) == .floats(floats))
        #expect(try values(0x0E, doubles.flatMap { bigEndian($0.bitPattern) }, count: 2) == .doubles(doubles))
    }

    @Test func otherTypesBecomeBytesIfTheyFit() throws {
        func file(_ type: UInt8, _ body: [UInt8], count: Int) throws -> IDXFile {
            try IDXFile(folder.write(idx(type: type, [count], body), "typed"))
        }
        let floats: [Float] = [0, 0.5, 1]
        let wide: [Double] = [0, 127.6, 255]
        #expect(try file(0x0B, [0, 200, 0, 0], count: 2).pixelBytes() == [200, 0])
        #expect(try file(0x0D, floats.flatMap { bigEndian($0.bitPattern) }, count: 3).pixelBytes() == [0, 128, 255])
        #expect(try file(0x0E, wide.flatMap { bigEndian($0.bitPattern) }, count: 3).pixelBytes() == [0, 128, 255])
        #expect(try file(0x0D, [Float(0), 9].flatMap { bigEndian($0.bitPattern) }, count: 2).wholeBytes() == [0, 9])

        let path = "\(folder.path)/typed"
        #expect(
            throws: CLMatError.fileDamaged(
                path: path, place: "byte 12", problem: "the value 256 is not one from 0 to 255")
        ) { try file(0x0C, [0, 0, 0, 9, 0, 0, 1, 0], count: 2).pixelBytes() }
        #expect(
            throws: CLMatError.fileDamaged(
                path: path, place: "byte 12", problem: "the value nan is not one from 0 to 255")
        ) { try file(0x0D, [Float(0), .nan].flatMap { bigEndian($0.bitPattern) }, count: 2).pixelBytes() }
        #expect(
            throws: CLMatError.fileDamaged(
                path: path, place: "byte 8", problem: "the value 0.5 is not one from 0 to 255")
        ) { try file(0x0D, bigEndian(Float(0.5).bitPattern), count: 1).wholeBytes() }
    }

    // MARK: - What is damaged

    struct Damage: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var place: Int
        var problem: String
    }

    static let damages = [
        Damage(
            testDescription: "no byte", bytes: [], place: 0,
            problem: "the file ends inside the first 4 bytes, which say what it holds"),
        Damage(
            testDescription: "three bytes", bytes: [0, 0, 8], place: 3,
            problem: "the file ends inside the first 4 bytes, which say what it holds"),
        Damage(
            testDescription: "a picture", bytes: [0x89, 0x50, 0x4e, 0x47, 13, 10], place: 0,
            problem: "it starts with 89 50 4e 47, but an IDX file starts with 00 00"),
        Damage(
            testDescription: "unknown type", bytes: [0, 0, 0x0a, 1, 0, 0, 0, 0], place: 2,
            problem: "there is no element type 0a; IDX has 08, 09, 0b, 0c, 0d and 0e"),
        Damage(
            testDescription: "no dimension", bytes: [0, 0, 8, 0, 1], place: 3,
            problem: "it says that it has 0 dimensions; 1 to 4 are read"),
        Damage(
            testDescription: "five dimensions", bytes: idx([1, 1, 1, 1, 1], [1]), place: 3,
            problem: "it says that it has 5 dimensions; 1 to 4 are read"),
        Damage(
            testDescription: "header cut off", bytes: [0, 0, 8, 3, 0, 0, 0, 1, 0], place: 9,
            problem: "the file ends inside its header: it has 3 dimensions of 4 bytes each"),
        Damage(
            testDescription: "one byte short", bytes: idx([2, 3], ramp(5)), place: 17,
            problem: "its sizes are 2 × 3, which is 6 bytes of unsigned bytes, but the file ends after 5 of them"),
        Damage(
            testDescription: "half an element", bytes: idx(type: 0x0E, [1], ramp(7)), place: 15,
            problem: "its sizes are 1, which is 8 bytes of doubles, but the file ends after 7 of them"),
        Damage(
            testDescription: "one byte left", bytes: idx([2, 3], ramp(7)), place: 18,
            problem: "its sizes are 2 × 3, but more bytes follow the last element"),
        Damage(
            testDescription: "bytes after nothing", bytes: idx([0, 28, 28], [1]), place: 16,
            problem: "its sizes are 0 × 28 × 28, but more bytes follow the last element"),
        Damage(
            testDescription: "overflow",
            bytes: idx([4_294_967_295, 4_294_967_295, 4_294_967_295], [1]), place: 4,
            problem: "its sizes are 4294967295 × 4294967295 × 4294967295, more elements than can be counted"),
    ]

    @Test(arguments: damages, [false, true])
    func damageIsSaidWithItsPlace(_ damage: Damage, packed: Bool) throws {
        let path = try folder.write(packed ? folder.packed(damage.bytes) : damage.bytes, "damaged")
        let place = "byte \(damage.place)" + (packed ? " (unpacked)" : "")
        #expect(throws: CLMatError.fileDamaged(path: path, place: place, problem: damage.problem)) {
            try IDXFile(path)
        }
    }

    @Test func sizesBeyondTheFileAreRefusedBeforeAnythingIsAllocated() throws {
        // 2³¹ × 2³⁰ bytes: an allocation would end the process.
        let bytes = idx([1 << 31, 1 << 30], ramp(10))
        let plain = try folder.write(bytes, "plain")
        let packed = try folder.write(folder.packed(bytes), "packed")
        let packedSize = try folder.packed(bytes).count
        let said = "its sizes are 2147483648 × 1073741824, which is 2305843009213693952 bytes of unsigned bytes"
        #expect(
            throws: CLMatError.fileDamaged(
                path: plain, place: "byte 22", problem: "\(said), but the file ends after 10 of them")
        ) { try IDXFile(plain) }
        #expect(
            throws: CLMatError.fileDamaged(
                path: packed, place: "byte 4 (unpacked)",
                problem: "\(said), but the file's \(packedSize) packed bytes cannot hold them")
        ) { try IDXFile(packed) }
    }

    @Test func theLimitHolds() throws {
        let path = try folder.write(idx([10, 10], ramp(100)), "large")
        #expect(
            throws: CLMatError.fileDamaged(
                path: path, place: "byte 4",
                problem: "its sizes are 10 × 10, which is 100 bytes; at most 99 are read from one file")
        ) { try IDXFile(path, limit: 99) }
        #expect(try IDXFile(path, limit: 100).count == 100)
    }

    @Test func packedDamageIsFound() throws {
        let packed = try folder.packed(idx([10, 10], ramp(100)))
        let path = try folder.write(packed.dropLast(3), "cut.gz")
        #expect(
            throws: CLMatError.fileDamaged(
                path: path, place: "byte \(packed.count - 3)", problem: "the gzip data breaks off")
        ) { try IDXFile(path) }
    }

    /// Elements of several bytes are turned around where they lie.
    @Test func elementsAreInMemoryOnce() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let count = 4 << 20
            let body = [UInt8](repeating: 0x40, count: 4 * count)
            let path = try folder.write(idx(type: 0x0D, [count], body), "a")
            var file: IDXFile?
            let memory = peakMemory { file = try? IDXFile(path) }
            #expect(file?.values == .floats([Float](repeating: Float(bitPattern: 0x4040_4040), count: count)))
            #expect(memory < 6 * count, "\(memory >> 20) MiB")
        }
    }
}
