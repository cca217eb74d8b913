import ArgumentParser
import CLMat
import Exploration
import Models

/// Non-negative matrix factorisation.
struct Factorisation: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nmf", abstract: "NMF learns a dictionary of parts that images are made of.")

    @OptionGroup var options: RunOptions
    @OptionGroup var points: PointOptions

    @Option(help: ArgumentHelp("Parts in the dictionary.", valueName: "n"))
    var parts = 64

    func validate() throws {
        guard (1...65_536).contains(parts) else { throw ValidationError("--parts is a number from 1 to 65536.") }
    }

    func run() throws {
        let device = try options.chooseDevice()
        let data = try points.load(options, on: device)
        let batch = options.batch ?? min(10_000, data.count)
        let batches = try PointBatches(data, batchSize: batch, on: device)
        let model = try NMF(data, parts: parts, batchSize: batch, seed: options.seed, on: device)
        let settings = try options.settings(for: model.controls)
        let learner = try Learner(
            model, data: batches,
            options: .init(
                seed: options.seed, maximumSteps: options.maximumSteps(stepsPerEpoch: batches.stepsPerEpoch),
                pausesAt: Set(options.atStep.map { [$0] } ?? []), schedule: settings.scheduled, device: device.summary,
                settings: settings.initial))
        try Session(learner: learner, model: "nmf", device: device, options: options, pictures: ["dictionary"]).run()
    }
}
