import ArgumentParser
import CLMat
import Exploration
import ModelProgram
import Models

/// K-means with a weight on the sizes of clusters.
struct Clustering: ImageCommand {
    static let configuration = CommandConfiguration(
        commandName: "kmeans",
        abstract: "K-means finds clusters of images while you move the weight of their sizes.",
        discussion: """
            --data is fashion-mnist (the default), mnist, or a path: a folder of images, an IDX file of images, an NPY file, which \
            is read from disk as it is needed, or a table of numbers (.csv, .tsv, .txt, .dat, plain or .gz) with one point per row.
            """)

    @OptionGroup var options: RunOptions
    @OptionGroup var points: PointOptions

    @Option(help: ArgumentHelp("Clusters.", valueName: "k"))
    var clusters = 256

    @Option(
        help: ArgumentHelp(
            "How centroids start: points, plus-plus, parallel; by the number if not given.", valueName: "how"))
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

    static let optionNames = ["clusters": "--clusters", "blocks": "--blocks", "augment": "--augment"]
    var pictures: [String]? { ["centres", "members"] }
    var modelArguments: [ModelArgument] {
        [.init("--clusters", "\(clusters)"), .init("--start", start?.rawValue), .init("--blocks", blocks)]
            + points.arguments
    }

    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment {
        let data = try points.load(self.data, seed: seed, on: device)
        var defaults = KMeansTrainer.Defaults()
        let minibatch = options.minibatch(usual: 10_000, of: data.count, "points")
        defaults.seed = seed
        defaults.initialisation = start?.initialisation
        defaults.blockWidths = blocks?.split(separator: ",").compactMap { Int($0) } ?? []
        let batches = try PointBatches(
            data, batchSize: minibatch.size, notes: minibatch.notes, on: device)
        let model = try KMeansTrainer(data, k: clusters, defaults: defaults, on: device)
        return try Experiment(model, data: batches, seed: seed)
    }
}
