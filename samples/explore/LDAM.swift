import ArgumentParser
import CLMat
import Exploration
import ModelProgram
import Models

/// A network learns to classify images, and LDAM shows what its neurons want to see.
struct LDAM: ImageCommand {
    static let configuration = CommandConfiguration(
        commandName: "ldam",
        abstract: "A network learns to classify images while LDAM shows what its neurons want to see.",
        discussion: """
            Langevin dynamics activation maximisation: one column per neuron, one row per independent chain. --data is \
            fashion-mnist (the default), mnist, cifar10, or the path of a folder of images. Sizes of the networks follow from the images.
            """)

    @OptionGroup var options: RunOptions

    @Option(help: ArgumentHelp("Independent chains per neuron.", valueName: "n"))
    var chains = 8

    @Option(help: ArgumentHelp("Neurons shown at once, at most.", valueName: "n"))
    var columns = 10

    @Option(help: "The network that learns: lenet, basic (three convolutions), vgg16 or resnet20.")
    var network = Architecture.leNet

    @Option(help: "The rule by which it learns: rmsprop, sgd, adam or adamw.")
    var optimiser = Rule.rmsprop

    @Flag(help: "Print the network's layers, with shapes and numbers of parameters, and end.")
    var describe = false

    @Flag(help: "Start without the sampler; it can be attached from the window.")
    var detached = false

    /// The dissertation's settings are `--preset dissertation`: its digits take good will to read.
    var defaultPreset: String? { "readable" }
    var pictures: [String]? { ["samples", "first-layer-filters"] }
    var modelArguments: [ModelArgument] {
        [
            .init("--chains", "\(chains)"), .init("--columns", "\(columns)"),
            .init("--network", network == .leNet ? nil : network.rawValue),
            .init("--optimiser", optimiser == .rmsprop ? nil : optimiser.rawValue),
        ]
    }

    func validate() throws {
        guard (1...100).contains(columns) else { throw ValidationError("--columns is a number from 1 to 100.") }
        guard (1...64).contains(chains) else { throw ValidationError("--chains is a number from 1 to 64.") }
    }

    /// A rule by which networks learn, and its usual learning rate.
    enum Rule: String, ExpressibleByArgument, CaseIterable, Sendable {
        case rmsprop, sgd, adam, adamw

        var optimiser: any Optimiser {
            switch self {
            case .rmsprop: RMSProp()
            case .sgd: SGD()
            case .adam: Adam()
            case .adamw: Adam.decoupled()
            }
        }

        var rate: Double {
            switch self {
            case .rmsprop: 1e-4
            case .sgd: 1e-2
            case .adam, .adamw: 1e-3
            }
        }
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
        let network = try self.network.network(for: data.train, seed: seed, on: device)
        if describe { throw CleanExit.message(network.table) }
        let model = try NetworkTrainer(
            network, title: "LDAM · \(self.network.title)", test: data.test, optimiser: optimiser.optimiser,
            defaults: .init(
                learningRate: optimiser.rate, scheduleLength: 10 * batches.stepsPerEpoch,
                averagingWindow: min(100_000, max(10, 5 * batches.stepsPerEpoch)),
                presetNoise: Self.noise(for: data.train), classCounts: data.train.classCounts))
        let factory = AttachmentFactory<NetworkTrainer>.ldam(
            columns: columns, chains: chains, examples: try ImageExamples(data.train, on: device))
        return try Experiment(
            model, data: batches, attachments: [factory], attached: detached ? [] : [factory.id], seed: seed)
    }
}

extension Architecture: ExpressibleByArgument {}
