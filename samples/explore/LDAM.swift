import ArgumentParser
import CLMat
import Exploration
import ModelProgram
import Models

/// LeNet-5 learns, and LDAM shows what its neurons want to see.
struct LDAM: ImageCommand {
    static let configuration = CommandConfiguration(
        commandName: "ldam",
        abstract: "LeNet-5 learns to classify images while LDAM shows what its neurons want to see.",
        discussion: """
            Langevin dynamics activation maximisation: one column per neuron, one row per independent chain. --data is \
            fashion-mnist (the default), mnist, or the path of a folder of images.
            """)

    @OptionGroup var options: RunOptions

    @Option(help: ArgumentHelp("Independent chains per neuron.", valueName: "n"))
    var chains = 8

    @Option(help: ArgumentHelp("Neurons shown at once, at most.", valueName: "n"))
    var columns = 10

    @Flag(help: "Start without the sampler; it can be attached from the window.")
    var detached = false

    /// The dissertation's settings are `--preset dissertation`: its digits take good will to read.
    var defaultPreset: String? { "readable" }
    var pictures: [String]? { ["samples", "first-layer-filters"] }
    var modelArguments: [ModelArgument] {
        [.init("--chains", "\(chains)"), .init("--columns", "\(columns)")]
    }

    func validate() throws {
        guard (1...100).contains(columns) else { throw ValidationError("--columns is a number from 1 to 100.") }
        guard (1...64).contains(chains) else { throw ValidationError("--chains is a number from 1 to 64.") }
    }

    /// The noise with which people can read the images, and the network still learns: tried out on MNIST (0.6) and Fashion-MNIST (0.82),
    /// in proportion to the light of the images.
    private static func noise(for images: LabelledImages) -> Double {
        (180 * images.rootMeanSquare).rounded() / 100
    }

    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment {
        let data = try ImageDataSet.load(self.data)
        guard data.hasClasses else {
            throw CLMatError.dataMismatch(
                "ldam learns to tell classes of images apart: put those of \(self.data) into a folder for each class."
            )
        }
        let minibatch = options.minibatch(usual: 100, of: data.train.count, "images")
        let batches = try ImageBatches(
            data.train, name: data.title, batchSize: minibatch.size,
            notes: data.partNotes + minibatch.notes, on: device)
        let network = try Network.leNet5(
            input: data.shape, classes: data.classNames.count, seed: seed, on: device)
        let model = try NetworkTrainer(
            network, title: "LDAM · LeNet-5", test: data.test,
            defaults: .init(
                averagingWindow: min(100_000, max(10, 5 * batches.stepsPerEpoch)),
                presetNoise: Self.noise(for: data.train)))
        let factory = AttachmentFactory<NetworkTrainer>.ldam(
            columns: columns, chains: chains, examples: try ImageExamples(data.train, on: device))
        return try Experiment(
            model, data: batches, attachments: [factory], attached: detached ? [] : [factory.id], seed: seed)
    }
}
