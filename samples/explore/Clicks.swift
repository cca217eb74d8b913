import ArgumentParser
import CLMat
import Exploration
import Foundation
import ModelProgram
import Models

/// A model of clicks that learns from a log in its order.
struct Clicks: ModelCommand {
    static let configuration = CommandConfiguration(
        commandName: "ctr",
        abstract: "A model of click-through rates learns from a log, while you move L2, L1 and the weight of a click.",
        discussion: """
            --data is synthetic:RECORDS (the default, of a million: drawn by a known law, so the best that a model can do is known), criteo or \
            avazu (in $CLMAT_DATA), or a path: Criteo's tab-separated text, Avazu's CSV, LIBSVM's or LIBFFM's text, plain or packed with gzip.

            --kind powernet adds up the rows of a record's features, 200 columns for the most frequent ones, half as many for twice as many \
            features, and one for each at least, and passes the sum through dense layers; linear is logistic regression; pairs is a \
            factorisation machine.
            """)

    /// What is made of the sum of a record's rows.
    enum Kind: String, ExpressibleByArgument, CaseIterable { case powernet, linear, pairs }

    @OptionGroup var options: RunOptions

    @Option(
        help: ArgumentHelp(
            "powernet, linear (logistic regression), or pairs (a factorisation machine).", valueName: "kind"))
    var kind = Kind.powernet

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Columns of the most frequent features; of all features with --kind pairs.", valueName: "n"))
    var width: Int?

    @Option(
        help: ArgumentHelp(
            "The embedding of powernet: 1x8 (h × blocks), dense, 0.25^1.5 (tail^power), 1600000 (parameters), or 1000:64,9000:8 (features:columns).",
            valueName: "shape"))
    var shape: String?

    @Option(help: ArgumentHelp("Units of the dense layers, with commas between; none for no layer.", valueName: "n,n"))
    var layers = "120,80,50"

    @Option(help: ArgumentHelp("sigmoid, tanh or relu, between the layers.", valueName: "name"))
    var activation = ClickNetwork.Activation.sigmoid

    @Flag(help: "The layers get the sums as they are, without the activation.")
    var plainSums = false

    @Flag(help: "The layers get the squares of the sums beside them.")
    var squares = false

    @Flag(help: "The logit has products of all pairs of features beside what the layers make of the sums.")
    var pairs = false

    @Option(
        help: ArgumentHelp("criteo, avazu, libsvm or ffm; by the file's content if not given.", valueName: "format"))
    var format: ClickFormat?

    @Option(
        help: ArgumentHelp("A file of records to score on; the last tenth of the log if not given.", valueName: "file"))
    var test: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Features that are in the log less often share a few rows.", valueName: "n"))
    var minimumCount = 1

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Hash all features into so many rows.", valueName: "n"))
    var hash: Int?

    @Option(
        help: ArgumentHelp("Write the model and its features at the end: ClickModel.load reads it.", valueName: "file"))
    var model: String?

    func validate() throws {
        if let width, !(1...65_536).contains(width) { throw ValidationError("--width is a number from 1 to 65536.") }
        if kind == .linear, width ?? 1 != 1 {
            throw ValidationError("--kind linear has one weight per feature: leave --width out.")
        }
        guard minimumCount >= 1 else { throw ValidationError("--minimum-count is 1 or more.") }
        if let hash, hash < 1 { throw ValidationError("--hash is 1 row or more.") }
        if model == "" { throw ValidationError("--model needs a name.") }
        _ = try hidden
        if let shape {
            guard kind == .powernet else { throw ValidationError("--shape is for --kind powernet.") }
            _ = try EmbeddingShape(shape, of: "--shape")
        }
    }

    private var hidden: [Int] {
        get throws {
            if layers == "none" || layers.isEmpty { return [] }
            let parts = layers.split(separator: ",", omittingEmptySubsequences: false)
            let units = parts.compactMap { Int($0) }.filter { (1...65_536).contains($0) }
            guard units.count == parts.count, units.count <= 16 else {
                throw ValidationError(
                    "--layers are at most 16 numbers from 1 to 65536 with commas between, as 120,80,50, or none; not '\(layers)'."
                )
            }
            return units
        }
    }

    static let optionNames = [
        "batch": "--batch", "buckets": "--hash", "width": "--width", "minimumCount": "--minimum-count", "test": "--test",
        "format": "--format",
    ]
    var pictures: [String]? { ["calibration", "roc", "predictions", "by-rank", "embedding"] }
    var modelArguments: [ModelArgument] {
        [
            .init("--kind", kind.rawValue), .init("--width", width.map(String.init)), .init("--shape", shape),
            .init("--layers", layers), .init("--activation", activation.rawValue),
            .init(flag: "--plain-sums", plainSums), .init(flag: "--squares", squares), .init(flag: "--pairs", pairs),
            .init("--format", format?.rawValue), .init("--test", test), .init("--minimum-count", "\(minimumCount)"),
            .init("--hash", hash.map(String.init)),
        ]
    }
    var defaultData: String? { "synthetic:1000000" }
    var knownData: [String] { ClickData.knownNames }

    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment {
        var reading = ClickOptions()
        (reading.format, reading.test, reading.minimumCount, reading.buckets) = (format, test, minimumCount, hash)
        let data = try ClickData.load(self.data, reading)
        let shape = try modelShape(features: data.vocabulary.count)
        if !options.quiet {
            StandardError.say(
                """
                \(data.name): \(grouped(data.train.count)) records to learn from, \(grouped(data.vocabulary.count)) features; \
                \(grouped(shape.parameterCount)) parameters, \(grouped(shape.embedding.parameterCount)) of them in the embedding.
                """)
        }
        var recipe = ClickRecipe()
        let minibatch = options.minibatch(usual: recipe.batch, of: data.train.count, "records")
        (recipe.batch, recipe.seed) = (minibatch.size, seed)
        let batches = try ClickBatches(data.train, batch: recipe.batch, notes: minibatch.notes)
        let title =
            switch kind {
            case .powernet:
                "PowerNet\(pairs ? " with pairs" : "") \(shape.embedding.columns) → \(try (hidden + [1]).map(String.init).joined(separator: " → "))"
            case .linear: "Logistic regression"
            case .pairs: "Factorisation machine, \(shape.embedding.columns - 1) per feature"
            }
        let trainer = try ClickTrainer(
            ClickModel(shape, seed: seed, on: device), title: title, data: data, batches: batches, recipe: recipe)
        return try Experiment(trainer, data: ReadingAhead(batches), seed: seed)
    }

    private func modelShape(features: Int) throws -> ClickModelShape {
        switch kind {
        case .linear: return try .linear(features: features)
        case .pairs: return try .pairs(features: features, dimension: width ?? 4)
        case .powernet:
            let network = ClickNetwork(
                hidden: try hidden, activation: activation, activatesSums: !plainSums, squaresSums: squares,
                addsPairs: pairs)
            guard let shape else { return try .powerNet(features: features, width: width ?? 200, network) }
            let embedding = try EmbeddingShape(shape, of: "--shape").shape(words: features, width: width ?? 200)
            return try ClickModelShape(embedding: embedding.inBands, head: .network(network))
        }
    }

    var outputs: [ModelOutput] {
        let file = model.map { path in
            ModelOutput.file(path, option: "--model") { run in
                guard let trainer = run.model(as: ClickTrainer.self) else { return }
                try trainer.model.save(to: path, trainer.data.vocabulary)
            }
        }
        return [file].compactMap(\.self)
    }
}

extension ClickNetwork.Activation: ExpressibleByArgument {}
extension ClickFormat: ExpressibleByArgument {}
