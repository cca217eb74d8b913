import CLMat
import Exploration
import Models

/// The models of `explore` as it makes them, on MNIST and 20 Newsgroups if $CLMAT_DATA has them, else on what Debian has.
enum BenchModels {
    private static let images = ["mnist", "fashion-mnist"]

    private static func first<Value>(_ names: [String], _ load: (String) throws -> Value) throws -> Value {
        for name in names.dropLast() {
            if let value = try? load(name) { return value }
        }
        return try load(names[names.count - 1])
    }

    static func ldam(on device: Device) throws -> Experiment {
        let data = try first(images) { try ImageDataSet.load($0) }
        let batches = try ImageBatches(data.train, name: data.title, batchSize: 100, on: device)
        let network = try Network.leNet5(input: data.shape, classes: data.classNames.count, seed: 1, on: device)
        let model = try NetworkTrainer(
            network, title: "LDAM · LeNet-5", test: data.test,
            defaults: .init(averagingWindow: min(100_000, 5 * batches.stepsPerEpoch)))
        let factory = AttachmentFactory<NetworkTrainer>.ldam(columns: 10, chains: 8)
        return try Experiment(model, data: batches, attachments: [factory], attached: [factory.id], seed: 1)
    }

    private static func points(on device: Device) throws -> ImagePoints {
        let (images, title, notes) = try first(images) { try LabelledImages.loadForPoints($0) }
        return try ImagePoints(images, name: title, notes: notes, on: device)
    }

    static func kmeans(on device: Device) throws -> Experiment {
        let data = try points(on: device)
        let model = try KMeansTrainer(data, k: 256, defaults: .init(), on: device)
        return try Experiment(model, data: PointBatches(data, batchSize: 10_000, on: device), seed: 1)
    }

    static func nmf(on device: Device) throws -> Experiment {
        let data = try points(on: device)
        let model = try NMF(data, parts: 64, seed: 1, on: device)
        return try Experiment(model, data: PointBatches(data, batchSize: 10_000, on: device), seed: 1)
    }

    static func lda(on device: Device) throws -> Experiment {
        let corpus = try first(["20newsgroups", "debian"]) { try Corpus.load($0) }
        let split = try HeldOutSplit(of: corpus, share: 0.1, seed: 1)
        let model = try LDATrainer(corpus, topics: 32, heldOut: split, defaults: .init(), on: device)
        return try Experiment(model, data: TopicBatches(model), seed: 1)
    }
}
