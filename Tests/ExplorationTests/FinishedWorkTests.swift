import Testing

@testable import Exploration

/// Rates count what was done, not what was given out.
@Suite struct FinishedWorkTests {
    @Test func waitingCountsAsWork() {
        var work = FinishedWork()
        // A step was given out in a hundredth of a second, and was waited for 0.99 s.
        work.add(["training-steps": (1, 0.01), "training-images": (100, 0.01)], waited: 0.99)
        #expect(abs((work.byKind["training-steps"]?.seconds ?? 0) - 1) < 1e-12)
        var meter = WorkMeter()
        meter.add(work.byKind, steps: 1, seconds: 1)
        #expect(abs((meter.totalRates["training-steps"] ?? 0) - 1) < 1e-9)
        #expect(abs((meter.totalRates["training-images"] ?? 0) - 100) < 1e-9)
    }

    @Test func kindsShareTheWaiting() {
        var work = FinishedWork()
        work.add(["training-steps": (1, 0.1), "sampling-steps": (2, 0.3)], waited: 0.8)
        work.add(["training-steps": (1, 0.1)], waited: 0)
        #expect(abs((work.byKind["training-steps"]?.seconds ?? 0) - 0.4) < 1e-12)
        #expect(abs((work.byKind["sampling-steps"]?.seconds ?? 0) - 0.9) < 1e-12)
        let sum = work.byKind.values.map(\.seconds).reduce(0, +)
        #expect(abs(sum - 1.3) < 1e-12)
    }

    @Test func workOfNoTimeIsNotLost() {
        var work = FinishedWork()
        work.add(["steps": (1, 0)], waited: 0.5)
        #expect(work.byKind["steps"]?.seconds == 0.5)
        work.add([:], waited: 3)
        #expect(work.byKind.count == 1)
    }
}
