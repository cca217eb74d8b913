import ArgumentParser
import CLMat
import Exploration
import Models

/// K-means with a weight on the sizes of clusters.
struct Clustering: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kmeans",
        abstract: "K-means finds clusters of images while you move the weight of their sizes.",
        discussion: """
            --data also takes NPY files, which are read from disk as they are needed, and CSV tables: one point a row.
            """)

    @OptionGroup var options: RunOptions
    @OptionGroup var points: PointOptions

    @Option(help: ArgumentHelp("Clusters.", valueName: "k"))
    var clusters = 256

    @Option(
        help: ArgumentHelp(
            "How centres start: points, plus-plus, parallel; by the number if not given.", valueName: "how"))
    var start: Start?

    @Option(help: ArgumentHelp("Columns of each block of features that gets a weight of its own.", valueName: "a,b"))
    var blocks: String?

    enum Start: String, ExpressibleByArgument {
        case points
        case plusPlus = "plus-plus"
        case parallel

        var initialisation: KMeans.Initialisation {
            switch self {
            case .points: .points
            case .plusPlus: .plusPlus
            case .parallel: .parallelPlusPlus
            }
        }
    }

    func validate() throws {
        guard (2...100_000).contains(clusters) else {
            throw ValidationError("--clusters is a number from 2 to 100000.")
        }
        if let blocks, blocks.split(separator: ",").contains(where: { (Int($0) ?? 0) < 1 }) {
            throw ValidationError("--blocks takes numbers of columns, as in --blocks 784,784,784.")
        }
    }

    func run() throws {
        let device = try options.chooseDevice()
        let data = try points.load(options, on: device)
        var defaults = KMeansTrainer.Defaults()
        defaults.batchSize = options.batch ?? min(10_000, data.count)
        defaults.seed = options.seed
        defaults.initialisation = start?.initialisation
        defaults.blockWidths = blocks?.split(separator: ",").compactMap { Int($0) } ?? []
        let batches = try PointBatches(data, batchSize: defaults.batchSize, on: device)
        let model = try KMeansTrainer(data, k: clusters, defaults: defaults, on: device)
        let settings = try options.settings(for: model.controls)
        let learner = try Learner(
            model, data: batches,
            options: .init(
                seed: options.seed, maximumSteps: options.maximumSteps(stepsPerEpoch: batches.stepsPerEpoch),
                pausesAt: Set(options.atStep.map { [$0] } ?? []), schedule: settings.scheduled, device: device.summary,
                settings: settings.initial))
        try Session(
            learner: learner, model: "kmeans", device: device, options: options, pictures: ["centres", "members"]
        ).run()
    }
}
