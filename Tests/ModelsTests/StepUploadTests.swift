import CLMat
import Exploration
import Models
import TestSupport
import Testing

/// What a step sends to its device when nobody moves anything: its data, and no numbers that were there before.
@Suite struct StepUploadTests {
    /// Writes per step, as the difference between two runs of unequal length.
    private static func writesPerStep(
        from first: Int, to last: Int, _ experiment: (Device) throws -> Experiment
    ) throws -> Double {
        func writes(_ steps: Int) throws -> Int {
            let counter = DeviceCounter(.cpu)
            var options = Learner.Options(maximumSteps: steps)
            options.keepsSnapshots = false
            _ = try Learner(experiment(counter.device), options: options).toTheEnd()
            return counter.take().writes
        }
        return Double(try writes(last) - writes(first)) / Double(last - first)
    }

    /// A minibatch's documents are on the device, and so are priors, rates and scales.
    @Test func topicsSendNothing() throws {
        let corpus = try Planted(documents: 200).corpus()
        var defaults = LDATrainer.Defaults()
        defaults.batchSize = 40
        let writes = try Self.writesPerStep(from: 11, to: 14) { device in
            let trainer = try LDATrainer(corpus, topics: 5, defaults: defaults, on: device)
            return try Experiment(trainer, data: TopicBatches(trainer))
        }
        #expect(writes == 0)
    }

    /// Which points; then, found on the host, their order by cluster, where each cluster begins, and the clusters' rates.
    @Test func clustersSendWhatTheHostFound() throws {
        let images = try Blobs.images()
        let writes = try Self.writesPerStep(from: 5, to: 12) { device in
            let data = try ImagePoints(images, name: "blobs", on: device)
            return try Experiment(
                KMeansTrainer(data, k: 20, on: device), data: PointBatches(data, batchSize: 300, on: device))
        }
        #expect(writes <= 4)
    }

    /// Which points, and nothing else.
    @Test func partsSendTheirData() throws {
        let images = try Blobs.images()
        let writes = try Self.writesPerStep(from: 5, to: 12) { device in
            let data = try ImagePoints(images, name: "blobs", on: device)
            return try Experiment(
                NMF(data, parts: 3, seed: 1, on: device), data: PointBatches(data, batchSize: 100, on: device))
        }
        #expect(writes == 1)
    }
}
