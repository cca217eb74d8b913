import CLMat
import Exploration
import Testing

@testable import Models

/// What the program begins with: digits that people can read.
@Suite(.enabled(if: hasMNIST, "CLMAT_DATA names no folder with MNIST"))
struct ReadableDigitsTests {
    @Test
    func theDefaultPresetDrawsDigitsAndTheHotOneDifferentOnes() throws {
        let data = try ImageDataSet.load("mnist")
        let batches = try ImageBatches(data.train, name: "mnist", batchSize: 100, on: .cpu)
        let trainer = try NetworkTrainer(
            Network.leNet5(seed: 1, on: .cpu), title: "LeNet-5", test: data.test,
            defaults: .init(averagingWindow: 3000))
        var experiment = try Experiment(
            trainer, data: batches,
            attachments: [.ldam(chains: 4, examples: ImageExamples(data.train, on: .cpu))], attached: ["ldam"])
        try experiment.apply(preset: "readable")
        let learner = try Learner(
            experiment, options: .init(maximumSteps: 476, schedule: [.init(after: 301, .preset("hot"))]))
        learner.start()
        learner.wait()
        #expect(learner.status.error == nil && learner.status.lastRefusal == nil)
        func value(_ metric: String, at step: Int) throws -> Double {
            let series = learner.timeline.series(metric)
            return Double(series.values[try #require(series.steps.firstIndex(of: step))])
        }
        // Class means have 0.90 and unseen images 0.83, unseen images with the next class 0.56, plain noise 0.08.
        #expect(try value("likeness", at: 301) >= 0.66)
        #expect(try value("chain-cosine", at: 301) > 0.9)
        #expect(try value("columns-kept", at: 301) >= 0.9)
        #expect(try value("chain-cosine", at: 476) < 0.5)
        #expect(try value("columns-kept", at: 476) >= 0.9)
    }
}
