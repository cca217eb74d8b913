import CLMat
import Exploration
import TestSupport
import Testing

/// Told of each part of a long end, on the learner's thread.
private final class Bell: Sendable {
    let parts = Locked(0)
    private let answer = Locked<@Sendable (Int) -> Void>({ _ in })

    func ring() {
        let part = parts.withLock { parts in
            parts += 1
            return parts
        }
        answer.withLock { $0 }(part)
    }
    func answer(with body: @escaping @Sendable (Int) -> Void) { answer.withLock { $0 = body } }
}

/// Concludes in five parts.
private struct LongEnd: Model {
    let title = "long end"
    let bell: Bell
    var controls: [Control] { [] }
    var metrics: [Metric] { ["value", "final"].map { Metric($0, title: $0, help: "") } }

    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        #expect(!context.leavesOff())
        var measured = Measurements()
        measured["value"] = Double(context.step.number)
        return measured
    }

    func conclude(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        for part in 1...5 {
            if context.leavesOff() { return measured }
            bell.ring()
            measured["final"] = Double(part)
        }
        return measured
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) {}
}

private final class Ends: Recorder {
    let concluded = Locked<[[String: Double]]>([])
    func record(_ measurements: Measurements, at position: Position) throws(CLMatError) {}
    func record(_ command: LoggedCommand) throws(CLMatError) {}
    func end(at position: Position, _ measured: Measurements) throws(CLMatError) {
        concluded.withLock { $0.append(measured.values) }
    }
}

/// Who does not want to wait for the last measurements of a run.
@Suite struct LeavingOffTests {
    private func run(
        askingAt part: Int?, _ recorder: (any Recorder)? = nil, _ director: (any Director)? = nil
    ) throws -> (learner: Learner, parts: Int) {
        let bell = Bell()
        var options = Learner.Options(maximumSteps: 3)
        (options.recorder, options.director) = (recorder, director)
        let learner = try Learner(LongEnd(bell: bell), data: Numbers(), options: options)
        if part == 0 { learner.leaveOff() }
        bell.answer { [weak learner] in
            #expect(learner?.status.isConcluding == true)
            if $0 == part { learner?.leaveOff() }
        }
        let ended = learner.runToTheEnd()
        #expect(!ended.status.isConcluding && ended.status.error == nil)
        return (ended, bell.parts.withLock { $0 })
    }

    @Test func nobodyAsksAndAllIsMeasured() throws {
        let (learner, parts) = try run(askingAt: nil)
        #expect(parts == 5 && learner.timeline.lastValues == ["value": 3, "final": 5])
        #expect(!learner.status.lacksConclusion)
    }

    /// It ends between two parts, and a part of the whole is not noted. What steps measured is.
    @Test(arguments: [0, 1, 4])
    func itIsLeftOffBetweenTwoParts(part: Int) throws {
        let ends = Ends()
        let (learner, parts) = try run(askingAt: part, ends)
        #expect(parts == part)
        #expect(learner.timeline.lastValues == ["value": 3] && learner.status.step == 3)
        #expect(learner.status.lacksConclusion && learner.status.isFinished)
        #expect(ends.concluded.withLock { $0 } == [[:]])
    }

    /// Whoever asks behind the last part has come too late.
    @Test func whatIsDoneStays() throws {
        let (learner, _) = try run(askingAt: 5)
        #expect(learner.timeline.lastValues["final"] == 5 && !learner.status.lacksConclusion)
    }
}
