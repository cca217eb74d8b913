import CLMat
import Foundation
import TestSupport
import Testing

@testable import Exploration

/// What an undo takes back, and what a person sees while a way is long.
@Suite struct UndoTests {
    private func set(_ rate: Double) -> Command { .set(control: "rate", to: rate) }

    private func run(_ plan: [ListDirector.Entry], to end: Int) throws -> Learner {
        var options = Learner.Options()
        options.director = ListDirector(plan, endsAt: end)
        let learner = try Learner.counter(options).runToTheEnd()
        #expect(learner.status.error == nil)
        return learner
    }

    /// A run that waits, and what is sent to it.
    private func waiting(_ options: Learner.Options = .init(), at step: Int) throws -> Learner {
        var options = options
        options.pausesAt.insert(step)
        let learner = try Learner.counter(options)
        learner.start()
        #expect(eventually { learner.status.isPaused && learner.status.step == step })
        return learner
    }

    private func send(_ command: Command, to learner: Learner) -> Learner.Status {
        let count = learner.timeline.log.count
        let refusal = learner.status.lastRefusal
        learner.send(command)
        #expect(eventually { learner.timeline.log.count > count || learner.status.lastRefusal != refusal })
        return learner.status
    }

    @Test func aRewindCanBeUndoneAndDoneAgain() throws {
        let learner = try waiting(at: 20)
        defer {
            learner.stop()
            learner.wait()
        }
        #expect(send(.rewind(to: 4), to: learner).step == 4)
        #expect(learner.status.canUndo)
        #expect(send(.rewind(to: 2), to: learner).step == 2)
        #expect(send(.undo, to: learner).step == 4)
        #expect(send(.undo, to: learner).step == 20)
        #expect(!learner.status.canUndo && learner.status.canRedo)
        #expect(send(.redo, to: learner).step == 4)
        #expect(send(.redo, to: learner).step == 2)
        #expect(learner.timeline.branches.count == 1)
    }

    @Test func afterAStepAnUndoIsForTheLastChangeAgain() throws {
        let learner = try run(
            [.init(5, set(2)), .init(20, .rewind(to: 10)), .init(12, .undo), .init(5, .undo)].dropLast(), to: 9)
        #expect(learner.timeline.series("value").values == (1...9).map(Float.init))
    }

    /// A change on a future that was left cannot be undone from another one that has none.
    @Test func whatCannotBeUndoneIsNotOffered() throws {
        let learner = try waiting(at: 20)
        defer {
            learner.stop()
            learner.wait()
        }
        _ = send(set(3), to: learner)
        #expect(send(.rewind(to: 4), to: learner).canUndo)
        learner.send(.step(3))
        #expect(eventually { learner.status.step == 7 && learner.status.isPaused })
        #expect(!learner.status.canUndo)
    }

    @Test func anUndoPausesTheRun() throws {
        let learner = try waiting(at: 10)
        defer {
            learner.stop()
            learner.wait()
        }
        _ = send(set(3), to: learner)
        learner.send(.resume)
        #expect(eventually { learner.status.step > 40 && !learner.status.isPaused })
        let status = send(.undo, to: learner)
        #expect(status.isPaused && status.step == 10)
        // What was left is a branch only when the run goes on from here.
        #expect(learner.timeline.branches.count == 1)
        learner.send(.step(1))
        #expect(eventually { learner.status.step == 11 && learner.status.isPaused })
        #expect(learner.timeline.branches.map(\.name) == ["main", "branch 2"])
        #expect(learner.timeline.series("value").last?.value == 11)
    }

    @Test func aFutureWithoutAStepIsNoBranch() throws {
        let learner = try waiting(at: 10)
        defer {
            learner.stop()
            learner.wait()
        }
        _ = send(set(3), to: learner)
        _ = send(.act(Action("reset", title: "")), to: learner)
        _ = send(.undo, to: learner)
        _ = send(.undo, to: learner)
        #expect(learner.status.canRedo)
        learner.send(.step(5))
        #expect(eventually { learner.status.step == 15 && learner.status.isPaused })
        #expect(learner.timeline.branches.count == 1 && learner.timeline.commands.isEmpty)
        #expect(!learner.status.canRedo)
        #expect(learner.timeline.series("value").last?.value == 15)
        // The same with a change in the place of those that were undone.
        _ = send(set(2), to: learner)
        _ = send(.undo, to: learner)
        _ = send(set(4), to: learner)
        #expect(learner.timeline.branches.count == 1 && learner.timeline.commands.map(\.command) == [set(4)])
    }

    @Test func aDeletedBranchComesBack() throws {
        // main to 30, a branch from 10 to 20.
        let plan: [ListDirector.Entry] = [
            .init(30, .rewind(to: 10)), .init(10, set(2)), .init(20, .delete(branch: 0)),
        ]
        let gone = try run(plan, to: 22)
        #expect(gone.timeline.branches.map(\.id) == [1])
        let back = try run(plan + [.init(20, .undo), .init(20, .go(to: 0))], to: 31)
        #expect(back.timeline.branches.map(\.name) == ["main", "branch 2"])
        #expect(back.timeline.series("value").values == (1...31).map(Float.init))
        let again = try run(plan + [.init(20, .undo), .init(20, .redo)], to: 22)
        #expect(again.timeline.branches.map(\.id) == [1])
        // Its name was taken meanwhile.
        let renamed = try run(plan + [.init(20, .rename(branch: 1, to: "main")), .init(20, .undo)], to: 21)
        #expect(renamed.timeline.branches.map(\.name) == ["main again", "main"])
    }

    @Test func aPlaceCanBeVisited() throws {
        let plan: [ListDirector.Entry] = [.init(5, set(2)), .init(5, .attach("doubler")), .init(9, set(3))]
        for (changes, rate) in [(0, 1.0), (1, 2), (2, 2)] {
            let learner = try run(
                plan + [.init(12, .visit(Position(branch: 0, step: 5, changes: changes)))], to: 6)
            #expect(learner.timeline.series("value").last?.value == 5 + rate)
            #expect((learner.timeline.series("doubled").last?.step == 6) == (changes == 2))
        }
        for (place, words) in [
            (Position(branch: 0, step: 5, changes: 3), "0 to 0"),
            (Position(branch: 0, step: 13, changes: 0), "0 to 12"),
            (Position(branch: 4, step: 5, changes: 0), "4"),
        ] {
            let learner = try waiting(at: 12)
            _ = send(.visit(place), to: learner)
            #expect(learner.status.lastRefusal?.contains(words) == true, "\(learner.status.lastRefusal ?? "")")
            learner.stop()
            learner.wait()
        }
    }

    @Test func aWayThatIsInterruptedEndsWhereItIs() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/session.jsonl"
            let header = SessionFile.Header(
                model: "", title: "", device: "", threads: 0, instructions: "", seed: 1, dataChecksum: "",
                arguments: [], settings: [:], attached: [])
            var options = Learner.Options()
            options.snapshotBudget = 0
            options.recorder = try SessionWriter(writing: file, header: header)
            // Steps that wait for nobody would be over before anybody could stop them.
            let learner = try Learner(Slow(), data: Numbers(), options: options)
            learner.start(paused: true)
            learner.send(.step(40))
            #expect(eventually { learner.status.step == 40 && learner.status.isPaused })
            Slow.pause.withLock { $0 = 0.2 }
            learner.send(.rewind(to: 39))
            #expect(eventually { (learner.status.stepsToReplay ?? 99) < 36 })
            #expect((learner.status.secondsToReplay ?? 0) > 0)
            learner.interrupt()
            #expect(eventually { learner.status.stepsToReplay == nil })
            Slow.pause.withLock { $0 = 0 }
            let here = learner.status.step
            #expect(here > 3 && here < 39 && learner.status.isPaused)
            // It is logged where it ended, just after the status says so.
            let end = Command.visit(Position(branch: 0, step: here, changes: 0))
            #expect(eventually { learner.timeline.log.last?.command == end })
            // There is nothing to interrupt now.
            learner.interrupt()
            learner.send(.undo)
            #expect(eventually { learner.status.step == 40 })
            learner.send(.rewind(to: here))
            #expect(eventually { learner.status.step == here })
            learner.send(.step(2))
            #expect(eventually { learner.status.step == here + 2 && learner.status.isPaused })
            #expect(learner.timeline.series("value").values == (1...here + 2).map(Float.init))
            learner.stop()
            learner.wait()
            // And the session can be done again.
            let replay = Replay(try SessionFile(reading: file), tolerance: 0)
            var again = Learner.Options()
            (again.director, again.recorder) = (replay, replay)
            let replayed = try Learner(Slow(), data: Numbers(), options: again).runToTheEnd()
            #expect(replayed.status.error == nil && replayed.status.step == here + 2)
            #expect(replay.report.isSame && replay.report.steps == 42, "\(replay.report)")
        }
    }

    /// A session of format 2 has undos of changes alone, and branches without steps.
    @Test func olderSessionsMeanWhatTheyDid() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/old.jsonl"
            var lines = [
                #"{"clmat-session":2,"model":"","title":"counter on numbers","device":"","threads":0,"instructions":"","seed":"1","data-checksum":"","arguments":[],"settings":{},"attached":[]}"#
            ]
            func steps(_ steps: ClosedRange<Int>, on branch: Int, from value: Double = 0, by rate: Double = 1) {
                for (index, step) in steps.enumerated() {
                    let now = value + rate * Double(index + 1)
                    lines.append(#"{"step":\#(step),"on":\#(branch),"metrics":{"value":\#(now)}}"#)
                }
            }
            steps(1...5, on: 0)
            lines.append(#"{"after":5,"on":0,"set":"rate","to":2}"#)
            steps(6...8, on: 0, from: 5, by: 2)
            lines.append(#"{"after":6,"on":0,"rewind":6}"#)
            // Not back to step 8, but to before the change.
            lines.append(#"{"after":5,"on":0,"undo":true}"#)
            steps(6...7, on: 1, from: 5)
            lines.append(#"{"after":7,"on":1,"set":"rate","to":4}"#)
            lines.append(#"{"after":7,"on":1,"undo":true}"#)
            // Leaves a branch with a change and no step.
            steps(8...9, on: 2, from: 7)
            lines.append(#"{"after":9,"on":2,"delete":0}"#)
            lines.append(#"{"after":7,"on":1,"go":1}"#)
            steps(8...9, on: 1, from: 7, by: 4)
            lines.append(#"{"end":9,"on":1,"metrics":{"final":15}}"#)
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: file))
            let replay = Replay(try SessionFile(reading: file), tolerance: 0)
            var options = Learner.Options()
            (options.director, options.recorder) = (replay, replay)
            let learner = try Learner.counter(options).runToTheEnd()
            #expect(learner.status.error == nil)
            #expect(replay.report.isSame && replay.report.steps == 14, "\(replay.report)")
            #expect(learner.timeline.branches.map(\.id) == [1, 2])
        }
    }
}

/// A counter whose steps take as long as is said.
private struct Slow: Model {
    static let pause = Locked(0.0)
    var value = 0.0
    let title = "slow counter"
    var controls: [Control] { [] }
    var metrics: [Metric] { [Metric("value", title: "Value", help: "")] }

    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        let pause = Self.pause.withLock { $0 }
        if pause > 0 { Thread.sleep(forTimeInterval: pause) }
        value += 1
        var measured = Measurements()
        measured["value"] = value
        return measured
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("value", &value) }
}
