import CLMat
import Formats
import Foundation
import TestSupport
import Testing

@testable import Exploration

/// Damaged files of a run are read or refused, within bounds of memory and time; they never end the program.
@Suite struct FuzzSessionTests {
    /// Cuts and flips in a file are found or give other numbers.
    @Test func safetensors() async {
        await #expect(processExitsWith: .success) {
            try inTemporaryFolder { folder in
                let archive = Archive.writing()
                var whole = try ArchiveTests.Everything(on: .cpu, filled: true)
                try whole.archive(archive)
                try Safetensors.write(archive.tensors, metadata: ["a": "b"], to: folder + "/x")
                let file = try SafetensorsParts(Data(contentsOf: URL(fileURLWithPath: folder + "/x")))
                let result = try fuzz([file.header], as: "x.safetensors", seed: 41, wrap: file.wrap) { path in
                    let (tensors, _) = try Safetensors.read(path)
                    var target = try ArchiveTests.Everything(on: .cpu, filled: false)
                    try target.archive(.reading(tensors, from: path, on: .cpu))
                }
                #expect(result.refused > 50 && result.read > 0)
            }
        }
    }

    /// A run that goes on from a damaged checkpoint ends in words, or goes on with other numbers.
    @Test func checkpoints() async {
        await #expect(processExitsWith: .success) {
            try inTemporaryFolder { folder in
                let learner = try Learner.counter(.init(maximumSteps: 10), attached: ["doubler"]).runToTheEnd()
                try learner.save(to: folder + "/c", notes: ["model": "counter", "arguments": "[\"--x\"]"])
                // Without its checksum, as in files of 0.1.0: else nothing gets further than that.
                let (tensors, metadata) = try Safetensors.read(folder + "/c")
                try Safetensors.write(
                    tensors, metadata: metadata.filter { $0.key != "clmat-crc32" }, to: folder + "/c")
                let file = try SafetensorsParts(Data(contentsOf: URL(fileURLWithPath: folder + "/c")))
                let result = try fuzz([file.header], as: "c.safetensors", seed: 42, wrap: file.wrap) { path in
                    let checkpoint = try Checkpoint(reading: path, on: .cpu)
                    // A step that became a large number is not waited for.
                    var options = Learner.Options(seed: checkpoint.seed, maximumSteps: checkpoint.step + 5)
                    options.resumes = checkpoint
                    let learner = try Learner.counter(options, attached: checkpoint.attached).runToTheEnd()
                    if let error = learner.status.error { throw error }
                }
                #expect(result.refused > 50 && result.read > 0)
            }
        }
    }

    /// A session is refused, or replayed to the same end, or to a difference.
    @Test func sessions() async {
        await #expect(processExitsWith: .success) {
            try inTemporaryFolder { folder in
                var options = Learner.Options(seed: 1)
                options.director = ListDirector(SessionTests.plan.dropLast(), endsAt: 30)
                options.recorder = try SessionWriter(writing: folder + "/s", header: SessionTests.header)
                let first = try Learner.counter(options).runToTheEnd()
                #expect(first.status.error == nil && first.status.recordingError == nil)
                let result = try fuzz([bytes(folder + "/s")], as: "s.jsonl", seed: 43) { path in
                    let replay = Replay(try SessionFile(reading: path), tolerance: 0)
                    var options = Learner.Options()
                    (options.director, options.recorder) = (replay, replay)
                    let learner = try Learner.counter(options).runToTheEnd()
                    if let error = learner.status.error { throw error }
                }
                #expect(result.refused > 50 && result.read > 0)
            }
        }
    }

    @Test func scripts() async {
        await #expect(processExitsWith: .success) {
            let whole = """
                [{"step": 3, "set": "rate", "to": 2.5}, {"step": 4, "keep": "value", "as": "a", "over": 2},
                 {"step": 6, "attach": "doubler"}, {"step": 8, "rewind": 2}, {"step": 5, "act": "reset", "arguments": [1, 2]},
                 {"step": 7, "expect": "value", "near": {"kept": "a", "times": 1}, "within": 100},
                 {"step": 7, "branch": "b"}, {"step": 8, "go": "main"}, {"step": 8, "undo": true},
                 {"step": 9, "rename": 0, "to": "c"}]
                """
            let result = try fuzz([Array(whole.utf8)], as: "script.json", seed: 44) { path in
                let player = ScriptPlayer(try Script(reading: path), host: NotedStage(), endsTheRun: true)
                // A step that became a large number is not waited for.
                var options = Learner.Options(maximumSteps: 200)
                options.director = player
                if let error = try Learner.counter(options).runToTheEnd().status.error { throw error }
            }
            #expect(result.refused > 50 && result.read > 0)
        }
    }

    /// JSON can be nested deeper than a stack is; what is refused is the file, not the program's life.
    @Test(arguments: ["[", "{\"a\":", "[{\"step\":"])
    func deeplyNestedJSONIsRefused(opening: String) async {
        await #expect(processExitsWith: .success) { [opening] in
            let text = String(repeating: opening, count: 100_000)
            #expect { try Script(json: Data(text.utf8), from: "deep") } throws: { isDamage($0, of: "deep") }
            try inTemporaryFolder { folder in
                let session = folder + "/s.jsonl"
                for text in [text + "\n", "{\"clmat-session\":1,\"x\":" + text + "\n"] {
                    try Data(text.utf8).write(to: URL(fileURLWithPath: session))
                    #expect { try SessionFile(reading: session) } throws: { isDamage($0, of: session) }
                }
                let tensors = folder + "/t.safetensors"
                let header = "{\"a\":" + text
                try (withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8))
                    .write(to: URL(fileURLWithPath: tensors))
                #expect { try Safetensors.read(tensors) } throws: { isDamage($0, of: tensors) }
                try Safetensors.write([:], metadata: ["clmat-checkpoint": text], to: tensors)
                #expect { try Checkpoint(reading: tensors, on: .cpu) } throws: { isDamage($0, of: tensors) }
            }
        }
    }

    /// A number of matrices that the file does not have is refused before there is memory for them.
    @Test func anAbsurdNumberOfMatricesIsRefused() async {
        await #expect(processExitsWith: .success) {
            let count = withUnsafeBytes(of: Int64(999_999)) { Data($0) }
            let tensors = ["list-count": Archive.Tensor(kind: .int64, shape: [1], bytes: count)]
            let memory = peakMemory {
                var (matrices, layers) = ([Matrix](), [[Matrix]]())
                #expect {
                    try Archive.reading(tensors, from: "x", on: .cpu).keep("list", &matrices)
                } throws: {
                    isDamage($0, of: "x")
                }
                #expect {
                    try Archive.reading(tensors, from: "x", on: .cpu).keep("list", &layers)
                } throws: {
                    isDamage($0, of: "x")
                }
            }
            #expect(memory < 16 << 20)
        }
    }
}

private func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

private func isDamage(_ error: any Error, of path: String) -> Bool {
    if case CLMatError.fileDamaged(path, _, _) = error { true } else { false }
}
