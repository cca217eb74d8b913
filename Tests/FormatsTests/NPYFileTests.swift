import CLMat
import Formats
import Foundation
import TestSupport
import Testing

@Suite struct NPYFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// An NPY file with this header, as it stands, and these bytes.
    private func write(
        header: String, _ body: [UInt8], version: UInt8 = 1, name: String = "a.npy"
    ) throws -> String {
        var bytes: [UInt8] = [0x93]
        bytes += "NUMPY".utf8
        bytes += [version, 0]
        bytes += little([UInt32(header.utf8.count)]).prefix(version == 1 ? 2 : 4)
        bytes += header.utf8
        return try folder.write(bytes + body, name)
    }

    private func write(
        _ kind: String, _ shape: String, _ body: [UInt8], fortran: Bool = false, version: UInt8 = 1
    ) throws -> String {
        try write(
            header: "{'descr': '\(kind)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }\n", body,
            version: version)
    }

    private func little<Value: FixedWidthInteger>(_ values: [Value]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) } }
    }

    private func floats(_ values: [Float]) -> [UInt8] { little(values.map(\.bitPattern)) }

    private func doubles(_ values: [Double]) -> [UInt8] { little(values.map(\.bitPattern)) }

    private func levels(_ bytes: [UInt8]) -> [Float] { bytes.map { Float($0) * (1 / 255) } }

    private func values(_ path: String) throws -> [Float] {
        let file = try NPYFile(path)
        return try file.values((0..<Int32(file.count)).map { $0 }, from: [])
    }

    // MARK: - Kinds of numbers

    @Test func allKindsAreRead() throws {
        let numbers = [-2, 0, 1, 3]
        func check(_ kind: String, _ body: [UInt8], _ expected: [Float]) throws {
            #expect(try values(write(kind, "(2, 2)", body)) == expected, "\(kind)")
            guard kind.first == "<", let size = kind.last.flatMap({ Int(String($0)) }) else { return }
            // The other order of bytes.
            let swapped = stride(from: 0, to: body.count, by: size).flatMap { body[$0..<$0 + size].reversed() }
            #expect(try values(write(">" + kind.dropFirst(), "(2, 2)", swapped)) == expected, ">\(kind)")
        }
        let all = numbers.map(Float.init)
        try check("<f4", floats(all), all)
        try check("<f8", doubles(numbers.map(Double.init)), all)
        try check("<f2", little([0xC000, 0, 0x3C00, 0x4200] as [UInt16]), all)
        try check("|i1", little(numbers.map(Int8.init)), all)
        try check("<i2", little(numbers.map(Int16.init)), all)
        try check("<i4", little(numbers.map(Int32.init)), all)
        try check("<i8", little(numbers.map(Int64.init)), all)
        let counts: [Float] = [7, 0, 1, 3]
        try check("|u1", [7, 0, 1, 3], counts)
        try check("<u2", little([7, 0, 1, 3] as [UInt16]), counts)
        try check("<u4", little([7, 0, 1, 3] as [UInt32]), counts)
        try check("<u8", little([7, 0, 1, 3] as [UInt64]), counts)
        try check("|b1", [1, 0, 1, 255], [1, 0, 1, 1])
        try check("=f4", floats(all), all)
        try check("f4", floats(all), all)
        // Subnormal, largest, and smallest normal halves.
        #expect(
            try values(write("<f2", "(3,)", little([1, 0x7BFF, 0x8400] as [UInt16]))) == [0x1p-24, 65504, -0x1p-14])
    }

    @Test(arguments: ["<c8", "|O", "<U3", "|S2", "<M8[ns]", "|V8", "<f16", "<q", ""])
    func otherKindsAreRefused(kind: String) throws {
        let path = try write(kind, "(1, 1)", [UInt8](repeating: 0, count: 64))
        let found = try #require(damage { _ = try NPYFile(path) })
        #expect(found.place == "byte 10" && found.problem.contains("save"), "\(found.problem)")
    }

    // MARK: - Headers

    @Test(arguments: [
        "{'shape': (2, 2), 'fortran_order': False, 'descr': '<f4'}",
        "{\"descr\": \"<f4\", \"fortran_order\": false, \"shape\": (2, 2)}\n",
        "{ 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 2 , 2 , ) , } ",
        "{'descr':'<f4','fortran_order':False,'shape':(2,2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 2L)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [2, 2]}",
        "{'descr': '<f4',\n'extra': ('a', {}), 'fortran_order': False, 'shape': (2, 2)}".replacing("{}", with: "None"),
    ])
    func headersAreReadAsPythonReadsThem(_ header: String) throws {
        for version in 1...3 as ClosedRange<UInt8> {
            #expect(try values(write(header: header, floats([1, 2, 3, 4]), version: version)) == [1, 2, 3, 4])
        }
    }

    @Test(arguments: [
        ("", "a dictionary"), ("[]", "a dictionary"), ("{'descr': '<f4'", "has to follow a value"),
        ("{'descr", "a text has no end"),
        ("{'descr': '<f4'}", "lacks"), ("{1: 2}", "a key has to be a text"),
        ("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 2)}", "neither True nor False"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': 4}", "no tuple"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", "single number"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 2, 2)}", "reshape"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, -2)}", "-2"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 3)}", "no size"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "ends before the last number"),
        ("{'descr': '<f4', 'fortran_order': True, 'shape': (4611686018427387904, 2)}", "ends before the last number"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", "ends before the last number"),
        (
            "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (2,)}",
            "structured_to_unstructured"
        ),
        ("{'descr': " + String(repeating: "(", count: 100_000).prefix(60_000), "nested too deeply"),
    ])
    func damagedHeadersAreRefused(_ header: String, says: String) throws {
        let path = try write(header: header, floats([1, 2, 3, 4]))
        let found = try #require(damage { _ = try NPYFile(path) })
        #expect(found.place.hasPrefix("byte ") && found.problem.contains(says), "\(found.problem)")
    }

    @Test func otherFilesAreNamed() throws {
        for (bytes, words) in [
            (Array("PK\u{3}\u{4}aaaaaaaaaaaa".utf8), "unzip"),
            ([0x1F, 0x8B] + [UInt8](repeating: 0, count: 20), "gunzip"),
            (Array("1,2\n3,4\n5,6\n7,8\n".utf8), "does not start as an NPY file"), ([], "at least 10 bytes"),
        ] {
            let path = try folder.write(bytes, "a.npz")
            #expect(damage { _ = try NPYFile(path) }?.problem.contains(words) == true)
        }
        #expect(thrownCase { _ = try NPYFile("\(folder.path)/none.npy") } == "fileMissing")
        #expect(thrownCase { _ = try NPYFile(folder.path) } == "fileMissing")
        for shape in ["(0, 3)", "(3, 0)", "(0,)", "(3, 0, 99999999999)"] {
            #expect(thrownCase { _ = try NPYFile(write("<f4", shape, [])) } == "dataMismatch", "\(shape)")
        }
    }

    // MARK: - Orders and images

    @Test func fortranOrderIsRead() throws {
        #expect(try values(write("<f4", "(2, 3)", floats([1, 4, 2, 5, 3, 6]), fortran: true)) == [1, 2, 3, 4, 5, 6])
        #expect(try values(write("<f4", "(3, 1)", floats([1, 2, 3]), fortran: true)) == [1, 2, 3])
        // i + 2 (j + 2 k) holds 100 i + 10 j + k.
        var cube: [Float] = []
        for place in 0..<12 { cube.append(Float(100 * (place % 2) + 10 * (place / 2 % 2) + place / 4)) }
        let expected: [Float] = [0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112]
        #expect(try values(write("<f4", "(2, 2, 3)", floats(cube), fortran: true)) == expected)
    }

    @Test func oneDimensionIsOneColumn() throws {
        let file = try NPYFile(write("<f4", "(3,)", floats([1, 2, 3])))
        #expect(file.count == 3 && file.columns == 1)
    }

    @Test func channelsComeFirstOrLast() throws {
        // Pixel (y, x) of channel c is 51 c + 10 y + x.
        func level(_ c: Int, _ y: Int, _ x: Int) -> UInt8 { UInt8(51 * c + 10 * y + x) }
        var (planes, pixels): ([UInt8], [UInt8]) = ([], [])
        for index in 0..<60 {
            planes.append(level(index / 20, index / 5 % 4, index % 5))
            pixels.append(level(index % 3, index / 15, index / 3 % 5))
        }
        let expected = levels(planes)
        for (shape, body) in [("(2, 3, 4, 5)", planes + planes), ("(2, 4, 5, 3)", pixels + pixels)] {
            let file = try NPYFile(write("|u1", shape, body))
            #expect(file.image == ImageShape(channels: 3, height: 4, width: 5))
            // Four rows could have been four channels: that is said.
            #expect(file.columns == 60 && file.notes.isEmpty == (shape == "(2, 3, 4, 5)"))
            #expect(try file.values([1], from: []) == expected)
        }
        let grey = try NPYFile(write("|u1", "(1, 4, 5, 1)", Array(planes.prefix(20))))
        #expect(grey.image == ImageShape(height: 4, width: 5))
        #expect(try grey.values([0], from: []) == Array(expected.prefix(20)))
        #expect(
            try NPYFile(write("|u1", "(1, 4, 5)", Array(planes.prefix(20)))).image == ImageShape(height: 4, width: 5))
        // i + 1 (y + 2 (x + 2 c))
        let fortran = try NPYFile(write("|u1", "(1, 2, 2, 3)", (0..<12).map { $0 }, fortran: true))
        #expect(try fortran.values([0], from: []) == levels([0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11]))
        let other = try NPYFile(write("|u1", "(1, 2, 2, 5)", [UInt8](repeating: 1, count: 20)))
        #expect(other.image == nil && other.notes.count == 1)
    }

    @Test func opacityIsCompositedOverWhite() throws {
        let pixels: [UInt8] = [0, 100, 200, 0, 0, 100, 200, 255, 0, 100, 200, 51, 0, 100, 200, 255]
        let file = try NPYFile(write("|u1", "(1, 2, 2, 4)", pixels))
        #expect(file.image == ImageShape(channels: 3, height: 2, width: 2))
        #expect(file.notes.first?.contains("composited over white") == true)
        func rounded(_ file: NPYFile) throws -> [Float] {
            try file.values([0], from: []).map { ($0 * 255).rounded() }
        }
        #expect(try rounded(file) == [255, 0, 204, 0, 255, 100, 224, 100, 255, 200, 244, 200])
        let planes = try NPYFile(write("|u1", "(1, 4, 1, 2)", [0, 10, 0, 10, 0, 10, 0, 255]))
        #expect(try rounded(planes) == [255, 10, 255, 10, 255, 10])
    }

    // MARK: - Values

    @Test func numbersThatCannotBeLearnedFromAreNamed() throws {
        func refusal(_ value: Double, origin: [Double] = []) throws -> String {
            let path = try write("<f8", "(2, 2)", doubles([1, 2, 3, value]))
            let found = try #require(damage { _ = try NPYFile(path).values([0, 1], from: origin) })
            #expect(found.place == "row 1, column 1")
            return found.problem
        }
        #expect(try refusal(.nan).contains("it is nan"))
        #expect(try refusal(-.infinity).contains("it is -inf"))
        #expect(try refusal(1e39).contains("1e+39 is beyond 32-bit floats"))
        #expect(try refusal(1e39, origin: [0, 0]).contains("beyond 32-bit floats"))
        let large = try NPYFile(write("<f8", "(2, 2)", doubles([1, 1e39, 3, 1e20])))
        #expect(try large.values([1], from: []) == [3, 1e20])
        #expect(try large.values([0], from: [0, 1e39]) == [1, 0])
        let single = try write("<f4", "(1, 2)", floats([1, .infinity]))
        #expect(damage { _ = try NPYFile(single).values([0], from: []) }?.place == "row 0, column 1")
        #expect(damage { _ = try NPYFile(single).mean(of: [0], on: .cpu) }?.place == "row 0, column 1")
    }

    @Test func theOriginIsTakenOffInDouble() throws {
        let file = try NPYFile(write("<f8", "(2, 1)", doubles([1_000_000.125, 1_000_000.375])))
        #expect(try file.mean(of: [0, 1], on: .cpu) == [1_000_000.25])
        #expect(try file.values([1, 0], from: [1e6]) == [0.375, 0.125])
        #expect(thrownCase { _ = try file.values([0], from: [1, 2]) } == "invalidArgument")
        let images = try NPYFile(write("|u1", "(2, 1, 2)", [0, 51, 255, 102]))
        #expect(try images.mean(of: [0, 1], on: .cpu) == [0.5, 0.3])
        #expect(try images.values([1], from: [0.5, 0.3]) == [0.5, Float(102.0 / 255 - 0.3)])
    }

    @Test func cutFilesAreRefused() throws {
        let path = try write("<f4", "(2, 2)", floats([1, 2, 3, 4]))
        let whole = [UInt8](try Files.read(path))
        for length in 0..<whole.count {
            try folder.write(Array(whole[..<length]), "a.npy")
            #expect(damage { _ = try NPYFile(path) } != nil, "\(length)")
        }
        try folder.write(whole + [1, 2], "a.npy")
        let longer = try NPYFile(path)
        #expect(longer.count == 2 && longer.notes == ["a.npy: 2 bytes after the last number are passed over."])
    }

    /// A look at what a mapped file has no more would end the program.
    @Test func aFileThatBecomesShorterIsAnError() throws {
        let path = try write("<f4", "(2, 2)", floats([1, 2, 3, 4]))
        let file = try NPYFile(path)
        let whole = try Files.read(path).count
        #expect(truncate(path, off_t(whole - 1)) == 0)
        #expect(damage { _ = try file.values([0], from: []) }?.place == "byte \(whole - 1)")
        #expect(damage { _ = try file.mean(of: [0], on: .cpu) }?.problem.contains("became shorter") == true)
    }
}
