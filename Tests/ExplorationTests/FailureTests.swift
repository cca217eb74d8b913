import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

/// A device that fails in the middle of a run ends the run, and takes nothing with it that was there before.
@Suite struct FailureTests {
    private func run(on device: Device, _ options: Learner.Options) throws -> Learner {
        try Learner(Descent(on: device), data: Steps(), options: options)
    }

    /// The losses and the last weights of a run that nothing disturbs.
    private func undisturbed(_ steps: Int) throws -> (losses: [Float], weights: any FigureContent) {
        let learner = try run(on: .cpu, .init(maximumSteps: steps))
        learner.start()
        learner.wait()
        return (learner.timeline.series("loss").values, try learner.content(of: "weights"))
    }

    private func rows(_ content: any FigureContent) -> [[String]] {
        guard let table = content as? Table else { return [] }
        return table.rows
    }

    @Test(arguments: Fault.allCases, [20, 21, 22, 23, 24])
    func aDeviceThatFailsEndsTheRunAndKeepsTheRecord(fault: Fault, after calls: Int) throws {
        let device = Device.failing(with: fault, after: calls)
        let learner = try run(
            on: device, .init(maximumSteps: 1000, schedule: [.init(after: 2, .set(control: "rate", to: 0.5))]))
        learner.start()
        learner.wait()

        let status = learner.status
        #expect(status.isFinished && status.error == fault.error)
        // Every step takes a few calls.
        #expect((3...20).contains(status.step))
        let series = learner.timeline.series("loss")
        #expect(series.steps == Array(1...status.step))
        #expect(learner.timeline.lastValues["loss"] == series.last?.value)
        #expect(learner.timeline.commands.map(\.step) == [2])

        // The same numbers as without the failure.
        let healthy = try run(
            on: .cpu,
            .init(maximumSteps: status.step, schedule: [.init(after: 2, .set(control: "rate", to: 0.5))]))
        healthy.start()
        healthy.wait()
        expectSame(series.values, healthy.timeline.series("loss").values)
        // What the device still gives is what it held after the last good step.
        if fault != .lost {
            #expect(try rows(learner.content(of: "weights")) == rows(healthy.content(of: "weights")))
        }
    }

    private func expectSame(_ found: [Float], _ expected: [Float]) {
        let problem = bitDifference(found, expected)
        #expect(problem == nil)
    }

    /// A panel keeps showing the figure that was computed while the device was there.
    @Test(arguments: Fault.allCases)
    func figuresStay(fault: Fault) throws {
        // A pause after three steps, before any fault.
        let learner = try run(
            on: .failing(with: fault, after: 40), .init(maximumSteps: 1000, pausesAt: [3]))
        learner.start()
        let deadline = Date(timeIntervalSinceNow: 10)
        func eventually(_ condition: () -> Bool) -> Bool {
            while !condition() {
                if Date() > deadline { return false }
                Thread.sleep(forTimeInterval: 0.002)
            }
            return true
        }
        #expect(
            eventually {
                if case .ready(_, 3) = learner.look(at: "weights") { true } else { false }
            })
        let before = try undisturbed(3).weights
        let version = learner.version(of: "weights")
        learner.send(.resume)
        // The panel looks on, and the figure is computed anew, or is found to be beyond computing.
        #expect(
            eventually {
                _ = learner.look(at: "weights")
                return learner.status.isFinished
            })
        #expect(
            eventually {
                _ = learner.look(at: "weights")
                return learner.version(of: "weights") > version
            })
        learner.wait()

        #expect(learner.status.error == fault.error)
        guard case .ready(let content, let step) = learner.look(at: "weights") else {
            Issue.record("the figure is lost: \(learner.look(at: "weights"))")
            return
        }
        if fault == .lost {
            #expect(step <= learner.status.step)
            if step == 3 { #expect(rows(content) == rows(before)) }
        } else {
            #expect(step == learner.status.step)
            #expect(rows(content) == rows(try undisturbed(step).weights))
        }
        #expect(try rows(learner.content(of: "weights")) == rows(content))
    }

    /// A device that fails in an action or when the run concludes is no slip of a person either.
    @Test func aDeviceThatFailsAtTheStartIsAnError() {
        #expect(throws: Fault.outOfMemory.error) { try run(on: .failing(with: .outOfMemory, after: 1), .init()) }
        #expect(throws: CLMatError.outOfDeviceMemory(device: "failing", asked: 1 << 20, available: 0)) {
            try run(on: .failing(with: .outOfMemory, after: 0), .init())
        }
    }
}
