import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

/// Rewinds, branches, undo and redo: a run returns to any place where it has been, and goes on as if it had never
/// left it.
@Suite struct HistoryTests {
    /// The value after each step of a counter whose rate is changed after some steps.
    private func expected(_ changes: [(step: Int, rate: Double)], steps: Int) -> [Float] {
        var (value, rate, values) = (0.0, 1.0, [Float]())
        for step in 0..<steps {
            for change in changes where change.step == step { rate = change.rate }
            value += rate
            values.append(Float(value))
        }
        return values
    }

    private func set(_ rate: Double) -> Command { .set(control: "rate", to: rate) }

    /// A run that does what `plan` says, without anybody at the window.
    private func run(
        _ plan: [ListDirector.Entry], to end: Int, budget: Int = 1 << 30
    ) throws -> Learner {
        var options = Learner.Options()
        options.director = ListDirector(plan, endsAt: end)
        options.snapshotBudget = budget
        return try Learner.counter(options).runToTheEnd()
    }

    @Test func aRewindReturnsToTheStateAndTheOtherFutureStays() throws {
        let learner = try run(
            [.init(10, set(2)), .init(30, .rewind(to: 5)), .init(8, set(3))], to: 20)
        #expect(learner.status.error == nil)
        let timeline = learner.timeline
        #expect(timeline.branches.map(\.name) == ["main", "branch 2"])
        #expect(timeline.series("value").values == expected([(8, 3)], steps: 20))
        #expect(timeline.series("value", branch: 0).values == expected([(10, 2)], steps: 30))
        #expect(timeline.series("value").steps == Array(1...20))
        #expect(timeline.commands.map(\.command) == [set(3)])
        #expect(timeline.commands(of: 0).map(\.command) == [set(2)])
        #expect(timeline.branches[1].fork == Position(branch: 0, step: 5, changes: 0))
        // Graphs are drawn across the fork without a gap.
        let buckets = timeline.buckets("value", in: 1...20, count: 5)
        #expect(buckets.map(\.firstStep) == [1, 5, 9, 13, 17])
        #expect(buckets.map(\.lastStep) == [4, 8, 12, 16, 20])
    }

    @Test(arguments: [0, 1, 4, 5, 6, 17, 39, 40])
    func goingBackAndOnIsAsIfNobodyHadLeft(step: Int) throws {
        let changes: [ListDirector.Entry] = [
            .init(5, set(3)), .init(17, set(0.5)), .init(17, .act(Action("reset", title: ""))),
        ]
        let straight = try run(changes, to: 60)
        // Back, then to the end of the branch that was left, and on.
        let wandering = try run(
            changes + [.init(40, .rewind(to: step)), .init(step, .go(to: 0))], to: 60)
        #expect(wandering.status.error == nil)
        #expect(wandering.timeline.series("value").values == straight.timeline.series("value").values)
        #expect(wandering.timeline.branches.count == 1)
    }

    @Test func stepsAreMadeAgainWithTheChangesThatStoodThere() throws {
        // A budget of nothing keeps the first snapshot only: everything is made again from the start.
        let plan: [ListDirector.Entry] = [
            .init(3, set(2)), .init(3, .act(Action("reset", title: ""))), .init(7, set(0)),
            .init(9, .attach("doubler")),
            .init(12, .set(control: "factor", to: 4)), .init(20, .rewind(to: 15)), .init(16, set(5)),
        ]
        let (poor, rich) = (try run(plan, to: 25, budget: 0), try run(plan, to: 25))
        for metric in ["value", "doubled"] {
            #expect(poor.timeline.series(metric).values == rich.timeline.series(metric).values)
        }
        #expect(poor.timeline.snapshots == [Position()])
        #expect(poor.dashboard.attachments.map(\.isAttached) == [true, false])
        #expect(poor.status.settings.values["factor"] == 4)
    }

    @Test func undoReturnsTheModelTooAndRedoTakesItBack() throws {
        let learner = try run(
            [
                .init(10, set(2)), .init(20, set(3)),
                .init(25, .undo),  // at 20, before the second change, rate 2
                .init(25, .undo),  // at 10, before the first
                .init(12, .redo),  // at 25 of the branch that the second undo left
                .init(25, .redo),  // at 25 of the first branch
            ], to: 30)
        #expect(learner.status.error == nil)
        #expect(learner.timeline.position.branch == 0)
        #expect(learner.timeline.series("value").values == expected([(10, 2), (20, 3)], steps: 30))
        #expect(learner.timeline.series("value", branch: 1).values == expected([(10, 2)], steps: 25))
        #expect(learner.timeline.series("value", branch: 2).values == expected([], steps: 12))
        #expect(learner.timeline.branches.map(\.fork?.branch) == [nil, 0, 0])
        #expect(learner.status.canUndo && !learner.status.canRedo)
    }

    @Test func aDragIsOneChangeAndOneSnapshot() throws {
        let learner = try Learner.counter(.init())
        learner.start(paused: true)
        for index in 1...20 {
            learner.send(set(Double(index) / 10), gesture: 7)
            learner.send(.step(1))
            #expect(eventually { learner.status.step == index && learner.status.isPaused })
        }
        let commands = learner.timeline.commands
        #expect(commands.count == 20)
        #expect(Set(commands.map(\.change)).count == 1)
        // But for those that are taken every so many steps.
        #expect(learner.timeline.snapshots.allSatisfy { $0.step % 8 == 0 })
        learner.send(set(9), gesture: 8)
        #expect(eventually { learner.timeline.commands.count == 21 })
        #expect(Set(learner.timeline.commands.map(\.change)).count == 2)
        learner.send(.undo)
        learner.send(.undo)
        #expect(eventually { learner.status.step == 0 && learner.status.settings.values["rate"] == 1 })
        learner.stop()
        learner.wait()
    }

    @Test func deletedBranchesLeaveWhatOthersShare() throws {
        // 0 ─ 10 ─ 20 ─ 30 (main)
        //      └ 1 ─ 15 ─ 25, from which 2 leaves at 15
        let learner = try run(
            [
                .init(30, .rewind(to: 10)), .init(10, set(2)),
                .init(25, .rewind(to: 15)), .init(15, set(4)), .init(20, .delete(branch: 0)),
                .init(20, .delete(branch: 1)), .init(20, .rewind(to: 12)), .init(12, .go(to: 2)),
            ], to: 22)
        #expect(learner.status.error == nil)
        #expect(learner.timeline.branches.map(\.id) == [2])
        // What can be brought back is still there.
        #expect(learner.timeline.storedBranches == 3)
        #expect(learner.timeline.series("value").values == expected([(10, 2), (15, 4)], steps: 22))
        #expect(learner.timeline.series("value").steps == Array(1...22))
        #expect(learner.timeline.commands.map(\.command) == [set(2), set(4)])
    }

    @Test func theCurrentBranchAndUnknownOnesAreNotDeleted() throws {
        for (command, word) in [
            (Command.delete(branch: 0), "on this branch"), (.delete(branch: 9), "9"), (.go(to: 9), "9"),
            (.rewind(to: 99), "0 to 5"), (.rewind(to: -1), "0 to 5"), (.undo, "Nothing was changed"),
            (.redo, "No change was undone"), (.rename(branch: 4, to: "x"), "4"), (.compare(4), "4"),
        ] {
            let learner = try Learner.counter(
                .init(maximumSteps: 10, schedule: [.init(after: 5, command)])
            ).runToTheEnd()
            #expect(learner.status.lastRefusal?.contains(word) == true, "\(command)")
            #expect(learner.timeline.series("value").values == expected([], steps: 10))
        }
    }

    @Test func branchesHaveNamesAndCanBeCompared() throws {
        let learner = try run(
            [
                .init(10, .branch("wild")), .init(10, set(9)), .init(20, .compare(0)),
                .init(20, .rename(branch: 0, to: "tame")),
            ],
            to: 21)
        #expect(learner.timeline.branches.map(\.name) == ["tame", "wild"])
        #expect(learner.status.comparedBranch == 0)
        #expect(learner.timeline.series("value").last?.value == 109.0)
        #expect(learner.timeline.series("value", branch: 0).last?.value == 10.0)
    }

    @Test func aThousandRewindsAndBranchesLeaveNothing() throws {
        var plan: [ListDirector.Entry] = []
        for number in 1...1000 {
            let step = (number * 37) % 60
            plan.append(.init(100, .rewind(to: step)))
            plan.append(.init(step, set(Double(number % 10))))
        }
        for branch in 0..<1000 { plan.append(.init(100, .delete(branch: branch))) }
        let learner = try run(plan, to: 101, budget: 5000)
        #expect(learner.status.error == nil)
        #expect(learner.timeline.branches.map(\.id) == [1000])
        // The last few can be brought back, and what they share.
        #expect(learner.timeline.storedBranches <= 16)
        #expect(learner.timeline.series("value").steps == Array(1...101))
    }

    // MARK: - Snapshots

    @Test(arguments: [0, 100, 1000])
    func snapshotsStayWithinTheirBudget(bytes: Int) throws {
        // Each snapshot of Descent holds three floats of its own, and shares the first with nobody.
        var options = Learner.Options(maximumSteps: 300)
        options.snapshotBudget = bytes
        options.director = ListDirector((1...250).map { .init($0, .set(control: "rate", to: Double($0) / 1000)) })
        let learner = try Learner(Descent(on: .cpu), data: Steps(), options: options).runToTheEnd()
        #expect(learner.status.error == nil)
        let snapshots = learner.timeline.snapshots
        #expect(snapshots.contains(Position()))
        #expect(snapshots.count - 1 <= bytes / 12)
        if bytes == 1000 {
            #expect(snapshots.count > 40)
            // Dense near now, sparse in the past.
            let steps = snapshots.map(\.step).sorted()
            #expect(steps.filter { $0 > 200 }.count > steps.filter { $0 < 100 }.count)
        }
    }

    // MARK: - Metrics that are added

    @Test func aMetricCanBeAddedAndOneThatThrowsIsTakenOff() throws {
        var options = Learner.Options(maximumSteps: 20)
        options.director = ListDirector([.init(5, .pause), .init(5, .resume)])
        let learner = try Learner.counter(options)
        try learner.addMetric("squared") { (counter: Counter, _) in counter.value * counter.value }
        try learner.addMetric("batches") { (counter: Counter, batch: Int?) in batch.map(Double.init) }
        try learner.addMetric("fragile") { (counter: Counter, _) in
            guard counter.value < 7 else { throw CLMatError.dataMismatch("too large") }
            return counter.value
        }
        func refusal(_ problem: String) -> CLMatError { .invalidArgument(operation: "addMetric", problem: problem) }
        #expect(throws: refusal("The model has a metric 'value' of its own.")) {
            try learner.addMetric("value") { (counter: Counter, _) in 0 }
        }
        #expect(throws: refusal("The run's model is a Counter, not a Descent.")) {
            try learner.addMetric("other") { (descent: Descent, _) in 0 }
        }
        learner.start()
        learner.wait()
        #expect(learner.status.error == nil && learner.status.step == 20)
        #expect(learner.timeline.series("squared").last?.value == 400)
        #expect(learner.timeline.series("batches").values == (1...20).map(Float.init))
        #expect(learner.timeline.series("fragile").steps == Array(1...6))
        #expect(learner.status.lastRefusal?.contains("too large") == true)
        #expect(learner.dashboard.metric("squared") != nil && learner.dashboard.metric("fragile") == nil)
        learner.removeMetric("squared")
        #expect(learner.dashboard.metric("squared") == nil)
    }
}
