import CLMat
import Foundation
import TestSupport
import Testing

@testable import Formats

@Suite struct SafetensorsFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A file with this header, as it stands, and these numbers.
    private func write(_ header: String, _ numbers: [UInt8]) throws -> String {
        try folder.write(
            withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { [UInt8]($0) } + Array(header.utf8) + numbers,
            "x.safetensors")
    }

    /// Numbers of 16 and 8 bits are exact as floats, each by its definition.
    @Test func eachKindIsReadAsFloats() throws {
        let kinds: [(kind: String, bytes: [UInt8], floats: [Float])] = [
            ("F32", [0, 0, 0x80, 0x3F], [1]), ("F64", [0, 0, 0, 0, 0, 0, 0xF8, 0xBF], [-1.5]),
            // 2⁻²⁴ is the least of 16 bits, 65504 the largest.
            ("F16", [0x01, 0x00, 0xFF, 0x7B, 0x00, 0xC0, 0x00, 0x7C], [0x1p-24, 65504, -2, .infinity]),
            ("BF16", [0x80, 0x3F, 0x49, 0xC0, 0x01, 0x00], [1, -3.140625, 0x1p-133]),
            ("U8", [0, 200, 255], [0, 200, 255]), ("BOOL", [0, 1, 1], [0, 1, 1]),
            ("I32", [0xFE, 0xFF, 0xFF, 0xFF], [-2]),
            ("I64", [3, 0, 0, 0, 0, 0, 0, 0], [3]),
        ]
        for (kind, bytes, floats) in kinds {
            let path = try write(
                "{\"a\":{\"dtype\":\"\(kind)\",\"shape\":[\(floats.count)],\"data_offsets\":[0,\(bytes.count)]}}", bytes
            )
            let tensor = try SafetensorsFile(path).tensor("a")
            #expect(tensor.floats == floats && tensor.kind.rawValue == kind && tensor.shape == [floats.count])
        }
        let nan = Safetensors.Tensor(kind: .bfloat16, shape: [1], bytes: Data([0xC0, 0x7F]))
        #expect(nan.floats.first?.isNaN == true)
    }

    @Test func aKindThatIsNotKnownConcernsItsTensorAlone() throws {
        let path = try write(
            #"{"a":{"dtype":"F8_E5M2","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}"#,
            [1, 2, 3, 4, 0, 0, 0, 0x40])
        let file = try SafetensorsFile(path)
        #expect(try file.tensor("b").floats == [2])
        #expect(file.entries["a"]?.kindName == "F8_E5M2" && file.entries["a"]?.kind == nil)
        let refusal = CLMatError.fileDamaged(
            path: path, place: "'a'", problem: "numbers of kind F8_E5M2 are not read here")
        #expect(throws: refusal) { try file.tensor("a") }
        #expect(throws: refusal) { try Safetensors.read(path) }
        #expect(throws: CLMatError.unknownName(kind: "tensor", name: "c", known: ["a", "b"])) { try file.tensor("c") }
    }

    /// The header names a gigabyte beside four bytes.
    @Test func oneTensorIsReadWithoutTheOthers() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let size = 1 << 30
            let header = """
                {"large":{"dtype":"U8","shape":[\(size)],"data_offsets":[0,\(size)]},\
                "small":{"dtype":"F32","shape":[1],"data_offsets":[\(size),\(size + 4)]}}
                """
            let path = try folder.write(
                withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { [UInt8]($0) } + Array(header.utf8), "x")
            // Zeros that take no room on the disk.
            #expect(truncate(path, off_t(8 + header.utf8.count + size + 4)) == 0)
            let memory = peakMemory { #expect((try? SafetensorsFile(path).tensor("small").floats) == [0]) }
            #expect(memory < 16 << 20, "\(memory >> 20) MiB")
        }
    }

    @Test func aWholeFileIsInMemoryOnce() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let path = folder.path + "/x"
            let size = 16 << 20
            let tensors = Dictionary(
                uniqueKeysWithValues: (0..<4).map {
                    (
                        "\($0)",
                        Safetensors.Tensor(kind: .uint8, shape: [size], bytes: Data(repeating: UInt8($0), count: size))
                    )
                })
            try Safetensors.write(tensors, to: path)
            var found: [String: Safetensors.Tensor] = [:]
            let memory = peakMemory { found = (try? Safetensors.read(path).tensors) ?? [:] }
            #expect(found == tensors)
            #expect(memory < 5 * size, "\(memory >> 20) MiB")
        }
    }

    /// A mapping would end the program here.
    @Test func aFileThatBecomesShorterIsAnError() throws {
        let path = folder.path + "/x"
        try Safetensors.write(["a": .init(kind: .uint8, shape: [100], bytes: Data(count: 100))], to: path)
        let file = try SafetensorsFile(path)
        #expect(truncate(path, 120) == 0)
        let found = try #require(damage { _ = try file.tensor("a") })
        #expect(found.place == "'a'" && found.problem.contains("ends before byte 120"))
    }

    /// As all files so far: what a program compares byte for byte stays the same.
    @Test func theHeaderIsThatOfFoundation() throws {
        let names = [
            "x10", "x2", "X3", "é", "_a", "B", "b.10", "b.9", "A", "a", "0", "10", "9", "a b", "a-b", "a.b", "a/b",
            "z\"\\\n",
            "layers.0.1", "layers.0.10", "layers.0.2", "data.position",
        ]
        var (tensors, header): ([String: Safetensors.Tensor], [String: Any]) = ([:], [:])
        var offset = 0
        for (place, name) in names.sorted().enumerated() {
            tensors[name] = .init(kind: .uint8, shape: [place, 1], bytes: Data(count: place))
            header[name] =
                ["dtype": "U8", "shape": [place, 1], "data_offsets": [offset, offset + place]] as [String: Any]
            offset += place
        }
        let notes = ["Z": "ü/\u{1}", "clmat-10": "\"\t", "clmat-9": ""]
        header["__metadata__"] = notes
        let expected = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])
        let path = folder.path + "/x"
        try Safetensors.write(tensors, metadata: notes, to: path)
        let file = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(file.dropFirst(8).prefix(expected.count) == expected)
        #expect(try Safetensors.read(path).tensors == tensors)
    }

    static let headers: [(String, String)] = [
        (#"{"a": 5}"#, "dtype"), (#"[1]"#, "not a JSON object"),
        (#"{"a": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}}"#, "F8_E4M3"),
        (#"{"a": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 5]}}"#, "outside the file"),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}"#, "do not make"),
        (#"{"a": {"dtype": "F16", "shape": [1], "data_offsets": [0, 4]}}"#, "do not make"),
        (#"{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}"#, "impossible"),
        (#"{"a": {"dtype": "F32", "shape": [9000000000000000000, 4], "data_offsets": [0, 4]}}"#, "impossible"),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}"#, "outside the file"),
        (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}"#, "outside the file"),
    ]

    @Test(arguments: headers)
    func impossibleHeadersAreRefused(header: String, words: String) throws {
        let path = try write(header, [0, 0, 0, 0])
        do {
            _ = try Safetensors.read(path)
            Issue.record("it was read")
        } catch {
            #expect("\(error)".contains(words))
        }
    }

    /// Tensors that share their bytes would fill memory many times over; the format has each byte in one tensor.
    @Test func tensorsThatOverlapAreRefused() async throws {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let size = 1 << 20
            let entries = (0..<1000).map {
                #""\#($0)":{"dtype":"F32","shape":[\#(size / 4)],"data_offsets":[0,\#(size)]}"#
            }
            let header = "{" + entries.joined(separator: ",") + "}"
            let path = try folder.write(
                withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { [UInt8]($0) } + Array(header.utf8)
                    + [UInt8](repeating: 0, count: size), "x")
            let memory = peakMemory {
                do throws(CLMatError) {
                    _ = try Safetensors.read(path)
                    Issue.record("it was read")
                } catch {
                    #expect("\(error)".contains("share bytes"), "\(error)")
                }
            }
            #expect(memory < 64 << 20)
        }
    }
}
