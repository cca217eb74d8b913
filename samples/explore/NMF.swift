import ArgumentParser
import CLMat
import Exploration
import ModelProgram
import Models

/// Non-negative matrix factorisation.
struct Factorisation: ImageCommand {
    static let configuration = CommandConfiguration(
        commandName: "nmf", abstract: "NMF learns a dictionary of parts that images are made of.",
        discussion: """
            --data is fashion-mnist (the default), mnist, or a path: a folder of images, an NPY file, which is read from disk \
            as it is needed, or a table of numbers (.csv, .tsv, .txt, .dat) with one point per row.
            """)

    @OptionGroup var options: RunOptions
    @OptionGroup var points: PointOptions

    @Option(help: ArgumentHelp("Parts in the dictionary.", valueName: "n"))
    var parts = 64

    func validate() throws {
        guard (1...65_536).contains(parts) else { throw ValidationError("--parts is a number from 1 to 65536.") }
    }

    static let optionNames = ["parts": "--parts", "augment": "--augment"]
    var pictures: [String]? { ["dictionary"] }
    var modelArguments: [ModelArgument] { [.init("--parts", "\(parts)")] + points.arguments }

    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment {
        let data = try points.load(self.data, seed: seed, on: device)
        let (batch, notes) = options.minibatch(usual: 10_000, of: data.count, "points")
        let batches = try PointBatches(data, batchSize: batch, notes: notes, on: device)
        let model = try NMF(data, parts: parts, seed: seed, on: device)
        return try Experiment(model, data: batches, seed: seed)
    }
}
