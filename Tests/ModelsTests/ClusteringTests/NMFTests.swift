import CLMat
import Exploration
import Foundation
import Models
import TestSupport
import Testing

/// NMF by the law of its updates, and in the engine.
@Suite struct NMFTests {
    /// Rows that three parts make up, with all numbers from 0 on.
    private static func data(_ count: Int) throws -> ImagePoints {
        var random = SplitMix64(seed: 2)
        let parts = random.floats(3 * 25, in: 0...80)
        let codes = random.floats(count * 3, in: 0...1)
        var pixels: [UInt8] = []
        for row in 0..<count {
            for column in 0..<25 {
                var value: Float = 0
                for part in 0..<3 { value += codes[row * 3 + part] * parts[part * 25 + column] }
                pixels.append(UInt8(value))
            }
        }
        return try ImagePoints(
            LabelledImages(
                name: "parts", shape: ImageShape(height: 5, width: 5), pixels: pixels,
                labels: [UInt8](repeating: 0, count: count), classNames: ["any"]), name: "parts", on: .cpu)
    }

    private static func run(_ options: Learner.Options) throws -> Learner {
        let data = try data(200)
        let learner = try Learner(
            NMF(data, parts: 3, seed: 1, on: .cpu), data: PointBatches(data, batchSize: 200, on: .cpu),
            options: options)
        learner.start()
        learner.wait()
        if let error = learner.status.error { throw error }
        return learner
    }

    /// Rewound, resumed or replayed, each step gives the numbers that it gave.
    @Test func factorisingCanBeDoneAgain() throws {
        let data = try Self.data(200)
        let changes: [ListDirector.Entry] = [
            .init(4, .set(control: "memory-rate", to: 0.5)), .init(9, .set(control: "code-updates", to: 7)),
        ]
        try expectRepeatable(changes: changes, steps: 16, on: .cpu) { options in
            try Learner(
                NMF(data, parts: 3, seed: 1, on: .cpu),
                data: PointBatches(data, batchSize: 60, on: .cpu),
                options: options)
        }
    }

    @Test func damagedCheckpointsNeverTrap() throws {
        let data = try Self.data(200)
        try expectNoTrap(
            onDamagedCheckpointsOf: { options in
                try Learner(
                    NMF(data, parts: 3, seed: 1, on: .cpu),
                    data: PointBatches(data, batchSize: 60, on: .cpu), options: options)
            }, steps: 4)
    }

    /// With full batches and no memory the loss falls, to what rounding to bytes leaves.
    @Test func theLossFalls() throws {
        let learner = try Self.run(
            .init(maximumSteps: 300, settings: ["memory-rate": 1, "code-updates": 50]))
        let losses = learner.timeline.series("loss").values
        #expect(zip(losses, losses.dropFirst()).allSatisfy { $1 <= $0 * 1.001 })
        #expect(try #require(learner.timeline.lastValues["explained"]) > 0.99)
        guard let grid = try learner.content(of: "dictionary") as? ImageGrid else {
            Issue.record("no grid")
            return
        }
        #expect(grid.cells.count == 3)
    }
}
