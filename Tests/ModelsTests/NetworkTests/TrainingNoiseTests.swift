import CLMat
import Exploration
import Testing

@testable import Models

@Suite struct TrainingNoiseTests {
    @Test(arguments: Device.all)
    func noiseHasItsDeviationAndNoMean(on device: Device) throws {
        let images = try Matrix(uniform: 0...1, RandomKey(seed: 8, stream: 77), Shape(200, 151), on: device)
        let key = RandomKey(seed: 1, step: 5, stream: Streams.trainingNoise)
        let added = try (NetworkTrainer.noisy(images, deviation: 0.5, key) - images).values.map(Double.init)
        let count = Double(added.count)
        let mean = added.reduce(0, +) / count
        let variance = added.reduce(0) { $0 + $1 * $1 } / count
        // Within five standard errors of N(0, 0.25).
        #expect(abs(mean) < 5 * 0.5 / count.squareRoot())
        #expect(abs(variance - 0.25) < 5 * 0.25 * (2 / count).squareRoot())
        #expect(try NetworkTrainer.noisy(images, deviation: 0, key).values == images.values)
        let empty = try Matrix(zeros: Shape(0, 7), on: device)
        #expect(try NetworkTrainer.noisy(empty, deviation: 0.5, key).shape == Shape(0, 7))
    }

    @Test func everyStepDrawsAnew() throws {
        let images = try Matrix(zeros: Shape(3, 5), on: .cpu)
        func noise(_ step: Int) throws -> [Float] {
            try NetworkTrainer.noisy(
                images, deviation: 1, RandomKey(seed: 1, step: step, stream: Streams.trainingNoise)
            ).values
        }
        #expect(try noise(1) == noise(1) && noise(1) != noise(2))
    }

    /// With noise it learns other weights, the same ones each time, and is tested on clean images.
    @Test(arguments: Device.all)
    func aNetworkLearnsWithNoise(on device: Device) throws {
        func losses(_ noise: Double) throws -> (losses: [Double], accuracy: Double) {
            let learner = try SmallWorld.run(steps: 60, on: device, settings: ["training-noise": noise])
            let accuracy = try #require(learner.timeline.lastValues["test-accuracy"])
            return (learner.timeline.series("train-loss").values.map { Double($0) }, accuracy)
        }
        let (quiet, first, second) = (try losses(0), try losses(0.5), try losses(0.5))
        #expect(first.losses == second.losses && first.losses != quiet.losses)
        #expect(first.losses.suffix(10).reduce(0, +) > quiet.losses.suffix(10).reduce(0, +))
        #expect(first.accuracy > 0.9)
    }
}
