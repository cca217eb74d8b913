import CLMat
import Foundation
import TestSupport
import Testing

@testable import Exploration

/// Where snapshots are kept: in memory, on the host, in a file; and that whatever they are kept in gives the same numbers.
@Suite struct SnapshotTests {
    private func plan(memory: Int, host: Int = 0, disk: Int = 0, in folder: String? = nil) -> SnapshotPlan {
        SnapshotPlan(memory: memory, host: host, folder: folder, disk: disk)
    }

    private func run(
        _ model: Heavy, _ commands: [ListDirector.Entry], to end: Int, _ plan: SnapshotPlan, on device: Device = .cpu
    ) throws -> Learner {
        var options = Learner.Options()
        options.director = ListDirector(commands, endsAt: end)
        options.snapshotPlan = plan
        let learner = try Learner(model, data: Steps(), options: options)
        learner.start()
        learner.wait()
        return learner
    }

    /// Steps that have to be made again to be at each of those up to `end`, at most.
    private func longestWay(_ learner: Learner, to end: Int) -> Int {
        let steps = learner.timeline.snapshots.map(\.step).sorted()
        return (0...end).map { step in step - (steps.last { $0 <= step } ?? 0) }.max() ?? 0
    }

    /// The proportions of a model of 600 MB in 2.5 GB of memory and a file of 7.5 GB.
    @Test func anyStepOfALargeModelIsNear() throws {
        try inTemporaryFolder { folder in
            // 12 kB of state, and a snapshot every 8 steps; memory for four, a file for twelve more.
            let model = try Heavy(numbers: 3000, on: .cpu)
            let learner = try run(model, [], to: 3000, plan(memory: 50_000, disk: 12 * 12_288, in: folder))
            #expect(learner.status.error == nil && learner.status.lastRefusal == nil)
            #expect(longestWay(learner, to: 3000) <= 200)
            let bytes = learner.navigator.withLock { $0.snapshots.liveBytes }
            #expect(bytes <= 50_000)
            // The file has no name.
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test func whatWasJustBeforeAChangeIsKept() throws {
        try inTemporaryFolder { folder in
            let changes = (1...10).map {
                ListDirector.Entry($0 * 150 + 7, .set(control: "rate", to: 0.01 * Double($0)))
            }
            let learner = try run(
                Heavy(numbers: 3000, on: .cpu), changes, to: 2000, plan(memory: 37_000, disk: 25 * 12_288, in: folder))
            let steps = Set(learner.timeline.snapshots.map(\.step))
            #expect(changes.allSatisfy { steps.contains($0.step) })
            // Without a file the rest goes first.
            let poor = try run(Heavy(numbers: 3000, on: .cpu), changes, to: 2000, plan(memory: 110_000))
            #expect(poor.timeline.snapshots.count { place in changes.contains { $0.step == place.step } } >= 6)
        }
    }

    @Test(arguments: Device.all, [(0, 0), (1 << 20, 0), (0, 1 << 20), (60_000, 1 << 20)])
    func whereverTheyLieTheNumbersAreTheSame(on device: Device, tier: (host: Int, disk: Int)) throws {
        try inTemporaryFolder { folder in
            let changes: [ListDirector.Entry] = [
                .init(6, .set(control: "rate", to: 0.1)), .init(15, .set(control: "rate", to: 0.02)),
                .init(21, .set(control: "rate", to: 0.05)),
            ]
            let model = try Heavy(numbers: 4999, on: device)
            let straight = try run(model, changes, to: 40, plan(memory: 1 << 30))
            let back =
                changes + [
                    .init(30, .rewind(to: 4)), .init(4, .go(to: 0)), .init(31, .undo), .init(21, .undo),
                    .init(15, .redo),
                    .init(21, .redo), .init(35, .rewind(to: 18)), .init(18, .go(to: 0)),
                ]
            let wandering = try run(
                model, back, to: 40,
                plan(memory: 20_000, host: tier.host, disk: tier.disk, in: tier.disk > 0 ? folder : nil))
            #expect(wandering.status.error == nil)
            #expect(
                wandering.timeline.series("loss").values.map(\.bitPattern)
                    == straight.timeline.series("loss").values.map(\.bitPattern))
            let kinds = wandering.navigator.withLock { navigator -> (live: Int, host: Int, file: Int) in
                let all = navigator.snapshots.snapshots
                return (
                    all.count(where: \.isLive), all.count { $0.bytesOnHost > 0 }, all.count(where: \.isPackedInFile)
                )
            }
            #expect((kinds.host > 0) == (tier.host > 0) && kinds.live >= 1, "\(kinds)")
            if tier.host == 0 { #expect((kinds.file > 0) == (tier.disk > 0), "\(kinds)") }
        }
    }

    @Test func anAttachmentComesBackFromAFile() throws {
        try inTemporaryFolder { folder in
            func run(_ plan: SnapshotPlan) throws -> Learner {
                var options = Learner.Options()
                options.snapshotPlan = plan
                options.director = ListDirector(
                    [
                        .init(3, .attach("doubler")), .init(5, .set(control: "factor", to: 3)),
                        .init(8, .detach("doubler")),
                        .init(12, .set(control: "rate", to: 2)), .init(20, .rewind(to: 6)), .init(6, .go(to: 0)),
                        .init(20, .undo), .init(12, .undo), .init(8, .redo), .init(12, .redo),
                    ], endsAt: 22)
                return try Learner.counter(options).runToTheEnd()
            }
            let (rich, poor) = (try run(plan(memory: 1 << 20)), try run(plan(memory: 0, disk: 1 << 20, in: folder)))
            #expect(poor.status.error == nil)
            for metric in ["value", "doubled"] {
                #expect(poor.timeline.series(metric).values == rich.timeline.series(metric).values)
                #expect(poor.timeline.series(metric).steps == rich.timeline.series(metric).steps)
            }
        }
    }

    /// When snapshots are taken follows from the step: two machines take the same ones.
    @Test func theClockHasNoPartInIt() throws {
        let plan = plan(memory: 1 << 30)
        let model = try Heavy(numbers: 100, on: .cpu)
        let (first, second) = (try run(model, [], to: 100, plan), try run(model, [], to: 100, plan))
        #expect(first.timeline.snapshots == second.timeline.snapshots)
        #expect(first.timeline.snapshots.map(\.step) == Array(stride(from: 0, to: 100, by: 8)))
    }

    @Test func stepsThatAreMadeAgainLeaveSnapshotsToo() throws {
        let learner = try run(
            Heavy(numbers: 100, on: .cpu),
            [.init(30, .set(control: "rate", to: 0.1)), .init(90, .rewind(to: 1))], to: 2, plan(memory: 3 * 400))
        #expect(learner.timeline.snapshots.count <= 3)
        var options = Learner.Options(maximumSteps: 90)
        options.snapshotPlan = plan(memory: 0)
        options.staysAtTheEnd = true
        let poor = try Learner(Heavy(numbers: 100, on: .cpu), data: Steps(), options: options)
        poor.start()
        #expect(eventually { poor.status.isPaused })
        #expect(poor.timeline.snapshots.map(\.step) == [0])
        poor.stop()
        poor.wait()
    }

    @Test func aBranchIsComparedAlsoWhenItsEndWasDropped() throws {
        var options = Learner.Options()
        options.snapshotPlan = plan(memory: 0)
        options.director = ListDirector(
            [.init(20, .rewind(to: 5)), .init(5, .set(control: "rate", to: 2)), .init(9, .compare(0))], endsAt: 9)
        let learner = try Learner.counter(options)
        _ = learner.lookAtOther("number")
        _ = learner.runToTheEnd()
        #expect(learner.status.error == nil && learner.status.comparedBranch == 0)
        let table = try #require(try learner.otherFigures.compute("number") as? Table)
        #expect(table.rows == [["20.0", "1.0"]])
    }

    @Test func aFolderThatCannotBeMadeIsSaidOnceAndTheRunGoesOn() throws {
        try inTemporaryFolder { folder in
            let blocked = folder + "/file"
            try Data().write(to: URL(fileURLWithPath: blocked))
            let learner = try run(
                Heavy(numbers: 1000, on: .cpu), [.init(300, .rewind(to: 150))], to: 200,
                plan(memory: 8000, disk: 1 << 20, in: blocked + "/inside"))
            #expect(learner.status.error == nil && learner.status.step == 200)
            #expect(learner.status.lastRefusal?.contains("no room beyond memory") == true)
            #expect(learner.status.lastRefusal?.contains("/file") == true)
        }
    }

    @Test func theBudgetFollowsMemoryAndState() throws {
        let small = SnapshotPlan.automatic(stateBytes: 1000, on: nil)
        #expect((128 << 20...4 << 30).contains(small.memory) && small.host == 0 && small.folder != nil)
        #expect(SnapshotPlan.automatic(stateBytes: 3 << 30, on: nil).memory == 9 << 30)
        #expect(SnapshotPlan.given(5) == SnapshotPlan(memory: 5))
        #expect(SnapshotPlan.given(100 << 20).note(stateBytes: 50 << 20)?.contains("2 states") == true)
        #expect(SnapshotPlan.given(100 << 20).note(stateBytes: 20 << 20) == nil)
        #expect(small.note(stateBytes: 1 << 40) == nil)
        let gpu = Device(
            name: "A GPU", kind: .gpu, details: "", memory: 16 << 30, computeUnits: 1, backend: Device.cpu.backend)
        let far = SnapshotPlan.automatic(stateBytes: 1000, on: gpu)
        #expect(far.memory == 2 << 30 && far.host >= 128 << 20)
        var options = Learner.Options()
        options.snapshotBudget = 10
        let learner = try Learner(Heavy(numbers: 1000, on: .cpu), data: Steps(), options: options)
        #expect(learner.notes.contains { $0.contains("Going back will be slow") })
    }

    // MARK: - The file

    @Test func partsOfTheFileAreUsedAgain() throws {
        try inTemporaryFolder { folder in
            let page = sysconf(Int32(_SC_PAGESIZE))
            let file = try SnapshotFile(in: folder + "/a/b", limit: 10 * page)
            var parts: [SnapshotFile.Extent?] = (0..<10).map { _ in file.reserve(page) }
            #expect(parts.allSatisfy { $0 != nil } && file.reserve(1) == nil)
            let bytes = (0..<page).map { UInt8(truncatingIfNeeded: $0 * 7) }
            try bytes.withUnsafeBytes { try #require(parts[3]).write($0, at: 0) }
            (parts[2], parts[4], parts[5]) = (nil, nil, nil)
            #expect(file.reserve(3 * page) == nil)
            let pair = try #require(file.reserve(2 * page))
            #expect(pair.range == 4 * page..<6 * page)
            #expect(try Array(#require(parts[3]).read()) == bytes)
            // What is read stays while somebody has it.
            var data: Data? = try #require(parts[3]).read()
            parts[3] = nil
            #expect(file.reserve(2 * page) == nil)
            #expect(data?.count == page)
            data = nil
            let joined = try #require(file.reserve(2 * page))
            #expect(joined.range == 2 * page..<4 * page)
            parts = []
        }
    }

    @Test(arguments: 0..<20) func seriesComeBackFromAFile(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        var (series, step) = (Series(), 0)
        for _ in 0..<Int(random.next() % 60) {
            step += random.next() % 3 == 0 ? Int(random.next() % 9) + 1 : 1
            series.append(Float(step) / 3, at: step)
        }
        let (values, stretches) = series.stored
        let again = try #require(Series(values, stretches: stretches))
        #expect(again.values == series.values && again.steps == series.steps)
        #expect(series.suffix(7).steps == Array(series.steps.suffix(7)))
        guard !stretches.isEmpty else { return }
        // Damaged ones give nothing, or something whole.
        for _ in 0..<50 {
            var broken = stretches
            broken[Int(random.next() % UInt64(broken.count))] = [-1, 0, 1, 7, .max, .min][Int(random.next() % 6)]
            if let read = Series(values, stretches: broken) {
                #expect(zip(read.steps, read.steps.dropFirst()).allSatisfy { $0 < $1 })
            }
        }
    }
}

/// A model with so many numbers on a device, all of which change at each step.
struct Heavy: Model {
    private var weights: Matrix
    let title = "heavy"

    init(numbers: Int, on device: Device) throws {
        weights = try Matrix((0..<numbers).map { Float($0 % 17) }, 1, numbers, on: device)
    }

    private let rate = Control("rate", title: "rate", range: 0...1, initial: 0.001, help: "")
    var controls: [Control] { [rate] }
    var metrics: [Metric] { [Metric("loss", title: "Loss", help: "")] }

    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("weights", &weights) }

    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        try weights.add(weights, times: -Float(context.settings[rate]))
        var measured = Measurements()
        measured["loss"] = Double(try weights.sumOfSquares())
        return measured
    }
}
