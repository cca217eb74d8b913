import CLMat
import Exploration
import Models
import Viewer

/// A network of one's own in the window, with the sampler: the README's second example.
@main @MainActor struct Program {
    static func main() throws {
        Usage.begin()
        let device = try Device.default
        let data = try ImageDataSet.load("fashion-mnist")
        let network = try Network(
            input: data.shape,
            layers: [
                ("conv1", Convolution2D(filters: 16, kernel: 5)), ("relu1", Activation.relu), ("pool1", MaxPool2D(2)),
                ("output", Dense(data.classNames.count)),
            ],
            seed: 1, on: device)
        let model = try NetworkTrainer(network, title: "A network of mine", test: data.test)
        let batches = try ImageBatches(data.train, name: data.title, batchSize: min(100, data.train.count), on: device)
        let learner = try Learner(
            model, data: batches, attachments: [.ldam()], attached: ["ldam"], options: .init(device: device.summary))
        learner.start()
        try Viewer.run(learner)
        learner.stop()
        learner.wait()
    }
}
