import CLMat
import Exploration
import Models

/// Made-up data that a small network can learn: each class a bright bar in a place of its own, with noise.
enum SmallWorld {
    static let shape = ImageShape(height: 8, width: 8)

    static func images(_ count: Int, seed: UInt64) throws -> LabelledImages {
        let noise = try Matrix(uniform: 0...100, RandomKey(seed: seed, stream: 1), Shape(count, 64), on: .cpu).values
        var pixels = noise.map { UInt8($0) }
        let labels = (0..<count).map { UInt8($0 % 4) }
        for (image, label) in labels.enumerated() {
            for x in 0..<8 { pixels[image * 64 + (2 * Int(label)) * 8 + x] = 255 }
        }
        return try LabelledImages(
            name: "bars", shape: shape, pixels: pixels, labels: labels, classNames: ["a", "b", "c", "d"])
    }

    static func network(on device: Device) throws -> Network {
        try Network(
            input: shape,
            layers: [
                ("scale", Scale()), ("conv1", Convolution2D(filters: 6, kernel: 3)), ("pool1", MaxPool2D(2)),
                ("dense1", Dense(16)), ("relu1", Activation.relu), ("output", Dense(4)),
            ],
            seed: 2, on: device)
    }

    static func trainer(on device: Device) throws -> NetworkTrainer {
        try NetworkTrainer(
            network(on: device), title: "small", test: images(120, seed: 2),
            defaults: .init(learningRate: 1e-3, averagingWindow: 50))
    }

    static func batches(on device: Device) throws -> ImageBatches {
        try ImageBatches(images(400, seed: 1), name: "bars", batchSize: 20, on: device)
    }

    /// A run of so many steps, to its end.
    static func run(
        steps: Int, on device: Device, seed: UInt64 = 1, attached: [String] = [], settings: [String: Double] = [:],
        schedule: [Learner.Scheduled] = []
    ) throws -> Learner {
        let learner = try Learner(
            trainer(on: device), data: batches(on: device),
            attachments: [.ldam(columns: 10, chains: 2, examples: ImageExamples(images(400, seed: 1), on: device))],
            attached: attached,
            options: .init(seed: seed, maximumSteps: steps, schedule: schedule, settings: settings))
        learner.start()
        learner.wait()
        return learner
    }
}
