import CLMat
import Formats
import TestSupport
import Testing

@Suite struct GzipFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: [0, 1, 2, 3, 1000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
    func plainAndPackedReadTheSame(_ count: Int) throws {
        let bytes = ramp(count)
        let plain = try folder.write(bytes, "plain")
        let packed = try folder.write(folder.packed(bytes), "packed")

        #expect(try GzipFile.read(plain) == bytes)
        #expect(try GzipFile.read(packed) == bytes)
        #expect(try GzipFile(plain).isPacked == false)
        #expect(try GzipFile(packed).isPacked)
    }

    @Test func membersReadAsOne() throws {
        let path = try folder.write(folder.packed(ramp(100)) + folder.packed([7]) + folder.packed([]), "three.gz")
        #expect(try GzipFile.read(path) == ramp(100) + [7])
    }

    @Test func partsFollowEachOther() throws {
        let file = try GzipFile(folder.write(folder.packed(ramp(10)), "parts.gz"))
        #expect(try file.read(0) == [])
        #expect(try file.read(4) == Array(ramp(10)[..<4]))
        #expect(try file.read(100) == Array(ramp(10)[4...]))
        #expect(file.offset == 10)
        #expect(try file.read(1) == [])
    }

    @Test func everyCutIsDamage() throws {
        let packed = try folder.packed(ramp(300))
        for length in 2..<packed.count {
            let path = try folder.write(Array(packed[..<length]), "cut.gz")
            #expect(
                throws: CLMatError.fileDamaged(path: path, place: "byte \(length)", problem: "the gzip data breaks off")
            ) { try GzipFile.read(path) }
        }
    }

    @Test func aWrongChecksumIsDamage() throws {
        var packed = try folder.packed(ramp(300))
        packed[packed.count - 8] ^= 1  // the trailer: four bytes of CRC, four of length
        let path = try folder.write(packed, "checksum.gz")
        let error = #expect(throws: CLMatError.self) { try GzipFile.read(path) }
        let words = error.map { "\($0)" } ?? ""
        #expect(words.contains("the gzip data is corrupt (incorrect data check)"))
        #expect(words.hasPrefix("\(path) is damaged at byte "))
    }

    @Test func whatUnpacksToMoreThanTheLimitIsRefused() throws {
        let zeros = [UInt8](repeating: 0, count: 5_000_000)
        let packed = try folder.packed(zeros)
        #expect(packed.count < 10_000)
        let path = try folder.write(packed, "bomb.gz")
        #expect(
            throws: CLMatError.fileDamaged(
                path: path, place: "byte 100 (unpacked)",
                problem: "it goes on after 100 bytes, which is the most that is read from one file")
        ) { try GzipFile.read(path, limit: 100) }
        #expect(try GzipFile.read(path, limit: zeros.count).count == zeros.count)
    }

    @Test func whatIsNoFileIsSaidSo() throws {
        let missing = "\(folder.path)/missing"
        #expect(throws: CLMatError.fileMissing(path: missing, hint: "Look elsewhere.")) {
            try GzipFile.read(missing, hint: "Look elsewhere.")
        }
        for path in [folder.path, "/dev/zero"] {
            #expect(throws: CLMatError.fileMissing(path: path, hint: "It is there, but it is not a plain file.")) {
                try GzipFile.read(path)
            }
        }
    }
}
