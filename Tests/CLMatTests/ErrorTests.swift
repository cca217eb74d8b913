import CLMat
import Foundation
import TestSupport
import Testing

/// Errors carry values and say them; files are written whole or not at all.
@Suite struct ErrorTests {
    static let errors: [(error: CLMatError, words: [String])] = [
        (
            .shapeMismatch(operation: "add", left: Shape(1, 2), right: Shape(3, 4), rule: "Rule."),
            ["add", "1 × 2", "3 × 4", "Rule."]
        ),
        (.invalidArgument(operation: "slice", problem: "Problem."), ["slice", "Problem."]),
        (.deviceMismatch(operation: "add", left: "CPU", right: "GPU"), ["add", "CPU", "GPU", "copied(to:)"]),
        (.kernelBuildFailed(kernel: "own", device: "GPU", log: "1: x"), ["own", "GPU", "1: x", "CLMAT_DEVICE=cpu"]),
        (
            .outOfDeviceMemory(device: "GPU", asked: 3 << 20, available: 100),
            ["GPU", "3 MiB", "100 bytes", "smaller batch"]
        ),
        (.outOfDeviceMemory(device: "GPU", asked: (3 << 20) + 1, available: 0), ["4 MiB", "0 bytes"]),
        (.outOfDeviceMemory(device: "GPU", asked: .max, available: .max), ["8796093022208 MiB"]),
        (
            .modelTooLarge(model: "A model", device: "GPU", needed: 3 << 20, available: 100, remedy: "Take less."),
            ["A model takes 3 MiB", "GPU has 100 bytes", "Take less."]
        ),
        (
            .deviceFailed(device: "GPU", operation: "clFinish", status: "CL_X"),
            ["GPU", "clFinish", "CL_X", "CLMAT_LOG=2"]
        ),
        (
            .unknownName(kind: "model", name: "kmean", known: ["kmeans", "nmf"]),
            ["model 'kmean'", "'kmeans'?", "kmeans, nmf"]
        ),
        (.unknownName(kind: "model", name: "zzzzzz", known: []), ["Known: none"]),
        (.invalidValue(setting: "rate", value: "x", accepted: "numbers"), ["rate", "'x'", "numbers"]),
        (
            .layerMismatch(layer: "conv", input: ImageShape(channels: 3, height: 4, width: 5), problem: "P."),
            ["conv", "3 × 4 × 5", "P."]
        ),
        (.fileMissing(path: "/a", hint: "Hint."), ["/a", "Hint."]),
        (.fileDamaged(path: "/a", place: "byte 16", problem: "P"), ["/a", "byte 16", "P"]),
        (.fileNotWritable(path: "/a", reason: "full"), ["/a", "full"]),
        (.dataMismatch("words"), ["words"]),
        (
            .streamFailed(source: "digits", sample: 12, pass: 3, reason: .fileMissing(path: "/a", hint: "Hint.")),
            ["digits", "12", "3", "/a", "Hint."]
        ),
        (.windowUnavailable(reason: "no display"), ["no display", "--headless"]),
    ]

    @Test(arguments: errors.indices)
    func describesItsValues(_ index: Int) {
        let (error, words) = Self.errors[index]
        for word in words { #expect("\(error)".contains(word)) }
        #expect(error == error)
    }

    @Test func onlyANearNameIsSuggested() {
        let error = CLMatError.unknownName(kind: "model", name: "zzzzzz", known: ["kmeans"])
        #expect(!"\(error)".contains("Did you mean"))
    }

    // MARK: Files

    @Test func filesAreWrittenWholeOrNotAtAll() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("clmat-files-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }

        let path = folder + "/file"
        let bytes = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0) })
        try Files.write(bytes, to: path)
        #expect(try Files.read(path) == bytes)
        try Files.write("kürzer", to: path)
        #expect(try Files.read(path) == Data("kürzer".utf8))
        try Files.write(Data(), to: path)
        #expect(try Files.read(path).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"], "nothing beside it")

        #expect(throws: CLMatError.fileMissing(path: folder + "/none", hint: "Hint.")) {
            try Files.read(folder + "/none", hint: "Hint.")
        }
        #expect(thrownCase { try Files.write(bytes, to: folder + "/none/file") } == "fileNotWritable")
        // A folder stands where the file should go: it stays, and nothing is left beside it.
        try FileManager.default.createDirectory(atPath: folder + "/taken", withIntermediateDirectories: true)
        #expect(thrownCase { try Files.write(bytes, to: folder + "/taken") } == "fileNotWritable")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["file", "taken"])
    }
}
