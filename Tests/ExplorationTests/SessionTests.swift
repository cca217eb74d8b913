import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

/// A session is written while it runs, and done again from its file it gives the same numbers.
@Suite struct SessionTests {
    static let header = SessionFile.Header(
        model: "counter", title: "counter on numbers", device: "CPU", threads: 2, instructions: "any", seed: .max,
        dataChecksum: "", arguments: ["--x", "a \"b\" \u{1}"], settings: ["rate": 1, "failing": 0], attached: [])

    /// What a person does in an hour, in short.
    static let plan: [ListDirector.Entry] = [
        .init(3, .set(control: "rate", to: 0.1)), .init(3, .set(control: "rate", to: 0.3)),
        .init(9, .attach("doubler")),
        .init(10, .pause), .init(10, .resume), .init(12, .set(control: "factor", to: 3.3)), .init(20, .rewind(to: 5)),
        .init(7, .act(Action("reset", title: ""))), .init(15, .undo), .init(9, .set(control: "rate", to: 1.0 / 3)),
        .init(11, .branch("named")), .init(14, .compare(0)), .init(14, .go(to: 0)),
        .init(22, .rename(branch: 0, to: "x")),
        .init(22, .delete(branch: 1)), .init(24, .detach("doubler")), .init(26, .redo),
    ]

    private func record(to file: String, seed: UInt64 = 1) throws -> Learner {
        var options = Learner.Options(seed: seed)
        options.director = ListDirector(Self.plan.dropLast(), endsAt: 30)
        options.recorder = try SessionWriter(writing: file, header: Self.header)
        return try Learner.counter(options).runToTheEnd()
    }

    private func replay(_ file: String, tolerance: Double = 0, rate: Double? = nil) throws -> (Replay, Learner) {
        let session = try SessionFile(reading: file)
        let replay = Replay(session, tolerance: tolerance)
        var options = Learner.Options()
        options.director = replay
        options.recorder = replay
        if let rate { options.settings = ["rate": rate] }
        return (replay, try Learner.counter(options).runToTheEnd())
    }

    @Test func aReplayGivesTheSameBits() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/s.jsonl"
            let first = try record(to: file)
            #expect(first.status.error == nil && first.status.recordingError == nil)
            let session = try SessionFile(reading: file)
            #expect(session.header == Self.header && session.isWhole)

            let (replay, second) = try replay(file)
            #expect(second.status.error == nil)
            #expect(replay.report.isSame && replay.report.largest.isEmpty)
            #expect(replay.report.steps > 40 && replay.report.values > 60 && replay.report.commands >= 14)
            for branch in first.timeline.branches {
                for metric in ["value", "doubled"] {
                    let (a, b) = (
                        first.timeline.series(metric, branch: branch.id),
                        second.timeline.series(metric, branch: branch.id)
                    )
                    #expect(a.values == b.values && a.steps == b.steps)
                }
            }
            #expect(first.timeline.branches == second.timeline.branches)
        }
    }

    @Test func whatComesOutDifferentlyIsListed() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/s.jsonl"
            _ = try record(to: file)
            let (strict, _) = try replay(file, rate: 1.001)
            #expect(!strict.report.isSame)
            #expect(strict.report.first.map(\.metric).contains("value"))
            #expect(strict.report.first[0].step == 1 && strict.report.first[0].found == 1.001)
            #expect(abs(strict.report.largest["value"]! - 0.001) < 1e-4)
            let (mild, _) = try replay(file, tolerance: 0.01, rate: 1.001)
            #expect(mild.report.isSame && !mild.report.largest.isEmpty)
        }
    }

    /// Near zero a share of the value would ask for its last digits: there the metric's scale counts.
    @Test func theToleranceHoldsNearZeroToo() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/s.jsonl"
            let writer = try SessionWriter(writing: file, header: Self.header)
            let recorded = [0.06, -0.0004, 0.03, 0]
            func measured(_ value: Double) -> Measurements {
                var measured = Measurements()
                measured["silhouette"] = value
                return measured
            }
            for (index, value) in recorded.enumerated() {
                try writer.record(measured(value), at: Position(step: index + 1))
            }
            try writer.end(at: Position(step: 4), Measurements())

            func differences(_ found: [Double], tolerance: Double) throws -> Int {
                let replay = Replay(try SessionFile(reading: file), tolerance: tolerance)
                for (index, value) in found.enumerated() {
                    try replay.record(measured(value), at: Position(step: index + 1))
                }
                return replay.report.differences
            }
            #expect(try differences([0.061, 0.00002, 0.0295, 0.0005], tolerance: 0.05) == 0)
            // 5 % of a fifth of 0.06 is 0.0006.
            #expect(try differences([0.061, 0.0003, 0.0295, 0.0007], tolerance: 0.05) == 2)
            #expect(try differences([0.06, -0.0004, 0.027, 0], tolerance: 0.05) == 1)
            #expect(try differences([0.06, -0.0004, 0.03, 0.0.nextUp], tolerance: 0) == 1)
        }
    }

    @Test func aSessionThatWasKilledIsReadUpToItsLastWholeLine() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/s.jsonl"
            _ = try record(to: file)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            for length in stride(from: bytes.count / 2, to: bytes.count, by: 97) {
                try bytes.prefix(length).write(to: URL(fileURLWithPath: file))
                #expect(try !SessionFile(reading: file).isWhole)
                let (replay, learner) = try replay(file)
                #expect(learner.status.error == nil && replay.report.isSame)
            }
        }
    }

    @Test func anOlderSessionIsKeptAside() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/s.jsonl"
            _ = try record(to: file)
            let old = try String(contentsOfFile: file, encoding: .utf8)
            _ = try record(to: file, seed: 2)
            #expect(try String(contentsOfFile: file + "~", encoding: .utf8) == old)
            // Anything else is left alone, and so is a session that another run is writing.
            try Data("a novel".utf8).write(to: URL(fileURLWithPath: folder + "/novel"))
            #expect(
                throws: CLMatError.fileNotWritable(
                    path: folder + "/novel", reason: "there is a file of this name that is no session")
            ) { try SessionWriter(writing: folder + "/novel", header: Self.header) }
            let writer = try SessionWriter(writing: folder + "/busy", header: Self.header)
            #expect(
                throws: CLMatError.fileNotWritable(path: folder + "/busy", reason: "another run is writing it")
            ) { try SessionWriter(writing: folder + "/busy", header: Self.header) }
            withExtendedLifetime(writer) {}
        }
    }

    /// A run that begins anew and is killed has no checkpoint; one that goes on has the one that it went on from.
    @Test func checkpointsOfAnEarlierRunAreNotThoseOfALaterOne() throws {
        try inTemporaryFolder { folder in
            func begin(_ name: String, resumes: String?) throws -> (own: String?, aside: String?) {
                let file = folder + "/" + name
                var header = Self.header
                withExtendedLifetime(try SessionWriter(writing: file, header: header)) {}
                try "a checkpoint".write(toFile: file + ".safetensors", atomically: true, encoding: .utf8)
                header.resumes = resumes
                withExtendedLifetime(try SessionWriter(writing: file, header: header)) {}
                func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
                return (text(file + ".safetensors"), text(file + "~.safetensors"))
            }
            let anew = try begin("anew", resumes: nil)
            #expect(anew.own == nil && anew.aside == "a checkpoint")
            let on = try begin("on", resumes: "on.start.safetensors")
            #expect(on.own == "a checkpoint" && on.aside == "a checkpoint")
        }
    }

    @Test func aWholeSessionIsNotLockedByItsLearner() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/s.jsonl"
            let learner = try record(to: file)
            _ = try SessionWriter(writing: file, header: Self.header)
            withExtendedLifetime(learner) {}
        }
    }

    /// A child process has the descriptor too, from the fork until its program begins.
    @Test func aRunThatHasEndedLocksNothing() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/s.jsonl"
            var writer: SessionWriter? = try SessionWriter(writing: file, header: Self.header)
            let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(
                Int32.init)
            let own = try #require(
                descriptors.first {
                    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
                    return target?.hasSuffix("\(folder.split(separator: "/").last ?? "")/s.jsonl") ?? false
                })
            let copy = dup(own)
            defer { close(copy) }
            #expect(throws: CLMatError.fileNotWritable(path: file, reason: "another run is writing it")) {
                try SessionWriter(writing: file, header: Self.header)
            }
            withExtendedLifetime(writer) {}
            writer = nil
            _ = try SessionWriter(writing: file, header: Self.header)
        }
    }

    @Test func aDiskThatIsFullIsSaidAndTheRunGoesOn() throws {
        // The header is refused at once …
        #expect(
            throws: CLMatError.fileNotWritable(
                path: "/dev/full", reason: "it is not a plain file, which a session needs")
        ) { try SessionWriter(writing: "/dev/full", header: Self.header) }
        #expect(
            throws: CLMatError.fileNotWritable(path: "/nonexistent/s", reason: "there is no folder /nonexistent")
        ) { try SessionWriter(writing: "/nonexistent/s", header: Self.header) }
        // … and a failure later does not end the run.
        var options = Learner.Options(maximumSteps: 50)
        let recorder = FullDisk()
        options.recorder = recorder
        let learner = try Learner.counter(options).runToTheEnd()
        #expect(learner.status.step == 50 && learner.status.error == nil)
        #expect(learner.status.recordingError == FullDisk.error)
        #expect(recorder.calls.withLock { $0 } == 10)
    }
}

/// Fails from the eleventh call on.
final class FullDisk: Recorder {
    static let error = CLMatError.fileNotWritable(path: "x", reason: "no space left on device")
    let calls = Locked(0)
    func record(_ measurements: Measurements, at position: Position) throws(CLMatError) {
        if calls.withLock({ $0 }) >= 10 { throw Self.error }
        calls.withLock { $0 += 1 }
    }
    func record(_ command: LoggedCommand) throws(CLMatError) {}
    func end(at position: Position, _ concluded: Measurements) throws(CLMatError) { throw Self.error }
}
