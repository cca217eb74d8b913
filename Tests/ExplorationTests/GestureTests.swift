import CLMat
import Foundation
import TestSupport
import Testing

@testable import Exploration

/// Settings that belong to one gesture, in the history and in the session.
@Suite struct GestureTests {
    /// Waits until the run is paused at `step`.
    private func wait(_ learner: Learner, at step: Int) {
        let deadline = ContinuousClock.now + .seconds(10)
        while !(learner.status.isPaused && learner.status.step == step), ContinuousClock.now < deadline {
            Thread.sleep(forTimeInterval: 0.001)
        }
        #expect(learner.status.step == step)
    }

    private func step(_ learner: Learner) {
        let step = learner.status.step
        learner.send(.step(1))
        wait(learner, at: step + 1)
    }

    /// A drag through `values`, one per step, an undo of it and what comes after.
    private func recorded(to file: String) throws -> Learner {
        var options = Learner.Options()
        options.recorder = try SessionWriter(writing: file, header: SessionTests.header)
        let learner = try Learner.counter(options)
        learner.start(paused: true)
        for _ in 0..<4 { step(learner) }
        for (index, value) in [2.0, 3, 4].enumerated() {
            learner.send(.set(control: "rate", to: value), gesture: 7)
            // A pause between two settings of one gesture, at the same step.
            learner.send(.pause)
            learner.send(.set(control: "rate", to: value + 0.5), gesture: 7)
            step(learner)
            #expect(learner.timeline.commands.count == index + 1)
        }
        learner.send(.undo)
        wait(learner, at: 4)
        step(learner)
        learner.send(.set(control: "rate", to: 9), gesture: 8)
        step(learner)
        learner.stop()
        learner.wait()
        return learner
    }

    private func replay(_ file: String) throws -> (Replay.Report, Learner) {
        let replay = Replay(try SessionFile(reading: file), tolerance: 0)
        var options = Learner.Options()
        (options.director, options.recorder) = (replay, replay)
        let learner = try Learner.counter(options).runToTheEnd()
        return (replay.report, learner)
    }

    @Test func aGestureIsOneChangeInTheReplayToo() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/s.jsonl"
            let first = try recorded(to: file)
            #expect(first.timeline.branches.count == 2 && first.timeline.commands.count == 1)
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(text.contains("\"set\":\"rate\",\"to\":2.0,\"gesture\":7}"))
            #expect(text.contains("\"to\":4.5,\"gesture\":7}") && text.contains("\"to\":9.0,\"gesture\":8}"))
            let (report, second) = try replay(file)
            #expect(second.status.error == nil && report.isSame && report.steps == 9, "\(report)")
            #expect(second.timeline.branches == first.timeline.branches)
            #expect(second.timeline.commands.map(\.command) == first.timeline.commands.map(\.command))
        }
    }

    /// Sessions from before gestures were recorded: each setting is a change of its own.
    @Test func olderSessionsAreRead() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/s.jsonl"
            _ = try recorded(to: file)
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let lines = text.split(separator: "\n").filter { !$0.contains("undo") }
            let older = lines.map { $0.replacing(#/,"gesture":\d+/#, with: "") }.joined(separator: "\n") + "\n"
            try Data(older.utf8).write(to: URL(fileURLWithPath: file))
            #expect(!older.contains("gesture"))
            let events = try SessionFile(reading: file).events
            let gestures = events.compactMap { event -> Int?? in
                if case .command(.set, let gesture, _, _) = event { .some(gesture) } else { nil }
            }
            #expect(gestures.count == 7 && gestures.allSatisfy { $0 == nil })
        }
    }

    @Test(arguments: ["\"seven\"", "1.5", "null", "[7]"]) func aGestureIsANumber(_ word: String) throws {
        try inTemporaryFolder { folder in
            let file = folder + "/s.jsonl"
            _ = try recorded(to: file)
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let damaged = text.replacingOccurrences(of: "\"gesture\":8", with: "\"gesture\":\(word)")
            try Data(damaged.utf8).write(to: URL(fileURLWithPath: file))
            let error = #expect(throws: CLMatError.self) { try SessionFile(reading: file) }
            guard case .fileDamaged(_, let place, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(place.hasPrefix("line "))
        }
    }

    /// A rewind that was given up, as the run was stopped, is no command of the session.
    @Test func aRewindThatWasGivenUpIsNotRecorded() throws {
        let learner = try Learner.counter(Learner.Options())
        learner.start(paused: true)
        learner.send(.step(50))
        wait(learner, at: 50)
        learner.send(.rewind(to: 20))
        learner.stop()
        learner.wait()
        let went = learner.timeline.position.step == 20
        #expect(learner.timeline.log.contains { $0.command == .rewind(to: 20) } == went)
    }
}

/// What is not a number in a history.
@Suite struct GapTests {
    private func timeline(_ values: [Float]) -> Timeline {
        let timeline = Timeline()
        for (index, value) in values.enumerated() {
            var measured = Measurements()
            measured["m"] = Double(value)
            timeline.append(measured, at: Position(step: index + 1))
        }
        return timeline
    }

    @Test func bucketsKeepGapsAndTheValuesBesideThem() {
        let timeline = timeline([1, .nan, 3, .infinity, .nan, 2, 5, 4, .nan])
        let buckets = timeline.buckets("m", in: 1...9, count: 3)
        #expect(buckets.map(\.minimum).map(\.description) == ["1.0", "2.0", "4.0"])
        #expect(buckets.map(\.maximum).map(\.description) == ["3.0", "2.0", "5.0"])
        #expect(buckets.map(\.lastFinite) == [3, 2, 4])
        #expect(buckets.map { $0.gap?.isNaN } == [true, true, true])
        #expect(buckets == timeline.buckets("m", in: 1...9, count: 3))
        let alone = timeline.buckets("m", in: 4...5, count: 1)
        #expect(alone.count == 1 && !alone[0].hasValues && alone[0].minimum.isNaN)
    }

    @Test func sinceWhenAMetricIsLostIsFound() {
        #expect(timeline([1, 2]).lostSince("m") == nil && timeline([]).lostSince("m") == nil)
        #expect(timeline([1, .nan, 3, .infinity, .nan]).lostSince("m")?.since == 4)
        #expect(timeline([.nan, .nan]).lostSince("m")?.since == 1)
        #expect(timeline([1, .nan, 3]).lostSince("m") == nil)
        // From an earlier answer on.
        #expect(timeline([1, .nan, .nan, .nan]).lostSince("m", known: (2, 3))?.since == 2)
        #expect(timeline([1, .nan, 3, .nan]).lostSince("m", known: (2, 2))?.since == 4)
        #expect(timeline([1, .nan, .nan]).lostSince("m", known: (2, 2))?.value.isNaN == true)
    }

    @Test func valuesAreThoseThatAreNumbers() {
        let timeline = timeline([1, .nan, 3, .infinity, 5, 6])
        #expect(timeline.values("m", in: 1...6) == [1, 3, 5, 6])
        #expect(timeline.values("m", in: 2...5, first: 1) == [3] && timeline.values("m", in: 1...6, last: 2) == [5, 6])
        #expect(timeline.values("m", in: 1...6, first: 0) == [] && timeline.values("other", in: 1...6) == [])
    }

    @Test func whatIsFiniteStaysFinite() {
        let timeline = Timeline()
        for (index, value) in [1e300, -1e300, .infinity].enumerated() {
            var measured = Measurements()
            measured["m"] = value
            timeline.append(measured, at: Position(step: index + 1))
        }
        #expect(timeline.series("m").values == [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .infinity])
    }

    // MARK: Warnings

    @Test func aWarningHoldsSinceItsFirstStep() {
        var status = Learner.Status()
        func warning(_ id: String, since: Int? = nil) -> Warning {
            Warning(id, "It broke", because: "so it is", advice: "Mend it.", since: since)
        }
        status.raise([warning("a")], at: 5)
        status.raise([warning("a"), warning("b", since: 3)], at: 6)
        #expect(status.warnings.map(\.since) == [5, 3])
        #expect(status.warnings[0].text == "It broke at step 5: so it is. Mend it.")
        status.raise([warning("b", since: 3)], at: 7)
        #expect(status.warnings.map(\.id) == ["b"])
        status.raise([], at: 8)
        #expect(status.warnings.isEmpty)
    }

    @Test func aMetricThatIsLostIsWarnedOf() {
        var measured = Measurements()
        measured.warn(ifLost: "m", titled: "the loss", "The model left the numbers", advice: Warning.undo)
        measured["m"] = 1
        measured.warn(ifLost: "m", titled: "the loss", "The model left the numbers", advice: Warning.undo)
        #expect(measured.warnings.isEmpty)
        measured["m"] = -.infinity
        measured.warn(ifLost: "m", titled: "the loss", "The model left the numbers", advice: Warning.undo)
        #expect(measured.warnings.map(\.cause) == ["the loss is infinite"])
        var all = Measurements()
        all.merge(measured)
        all.merge(measured)
        #expect(all.warnings.count == 1)
    }
}
