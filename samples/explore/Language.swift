import ArgumentParser
import CLMat
import Exploration
import Foundation
import ModelProgram
import Models

/// A language model that learns to foretell the next word.
struct Language: ModelCommand {
    static let configuration = CommandConfiguration(
        commandName: "lm",
        abstract: "An LSTM language model learns to foretell words, and writes, while you move L1 of its embeddings.",
        discussion: """
            --data is ptb (the default; the Penn Treebank, in $CLMAT_DATA), novels, or a path: text, a folder with NAME.train.txt, \
            NAME.valid.txt and NAME.test.txt, or shards of the 1-billion-word benchmark.

            A shape of an embedding says how many columns words have, from frequent to rare ones: dense; 32x4, a power law that begins \
            with 32 columns for all words and doubles the width 3 times for ever fewer of them; 0.25^1.5, by tail height and power; \
            1600000, the largest power law of no more parameters; or 1000:256,9000:64, bands of words with columns of their own.
            """)

    @OptionGroup var options: RunOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Cells of each layer; 200, or what --output-shape comes to, if not given.", valueName: "n"))
    var units: Int?

    @Option(parsing: .unconditional, help: ArgumentHelp("Layers of LSTM.", valueName: "n"))
    var layers = 2

    @Option(
        help: ArgumentHelp(
            "Both embeddings: dense, 32x4 (h × blocks), 0.25^1.5 (tail^power), 1600000 (parameters), or 1000:256,9000:64 (words:columns).",
            valueName: "shape"))
    var shape: String?

    @Option(help: ArgumentHelp("The input embedding alone, as --shape.", valueName: "shape"))
    var inputShape: String?

    @Option(help: ArgumentHelp("The output embedding alone, as --shape.", valueName: "shape"))
    var outputShape: String?

    @Flag(help: "One embedding serves as input and output.")
    var tied = false

    @Option(
        help: ArgumentHelp(
            "Adaptive softmax and input instead: the first rank of each cluster of rarer words, as 2000,10000.",
            valueName: "cutoffs"))
    var adaptive: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The same with so many parameters at most: cutoffs follow from it, or dimensions with --adaptive.",
            valueName: "n"))
    var adaptiveParameters: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Words of each text that are learned from in a step; 20, or all there are, if not given.", valueName: "n"))
    var window: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Words of the vocabulary, at most; all others are <unk>.", valueName: "n"))
    var vocabulary: Int?

    @Option(help: ArgumentHelp("Words that it goes on from when it writes.", valueName: "text"))
    var prompt: String?

    @Option(
        help: ArgumentHelp(
            "Write the model and its words at the end: LanguageModel.load reads it.", valueName: "file"))
    var model: String?

    func validate() throws {
        if let units, !(1...65_536).contains(units) {
            throw ValidationError("--units is a number from 1 to 65536.")
        }
        guard (1...16).contains(layers) else { throw ValidationError("--layers is a number from 1 to 16.") }
        if let window, !(1...10_000).contains(window) {
            throw ValidationError("--window is a number from 1 to 10000.")
        }
        if let vocabulary, !(3...LanguageOptions.mostWords).contains(vocabulary) {
            throw ValidationError(
                "--vocabulary is 3 words or more, <unk> and <eos> among them, and up to \(LanguageOptions.mostWords).")
        }
        if let adaptive { _ = try Self.cutoffs(adaptive) }
        if let adaptiveParameters, adaptiveParameters < 1 {
            throw ValidationError("--adaptive-parameters is a number of parameters, from 1 on.")
        }
        if adaptive != nil || adaptiveParameters != nil, shape ?? inputShape ?? outputShape != nil {
            throw ValidationError("--adaptive has a shape of its own: leave --shape out.")
        }
        if model == "" { throw ValidationError("--model needs a name.") }
        if shape != nil, inputShape != nil, outputShape != nil {
            throw ValidationError(
                "--shape is of both embeddings; leave it out beside --input-shape and --output-shape.")
        }
        if tied, inputShape != outputShape {
            throw ValidationError("With --tied there is one embedding: give its --shape.")
        }
        for (name, text) in [("--shape", shape), ("--input-shape", inputShape), ("--output-shape", outputShape)] {
            if let text { _ = try EmbeddingShape(text, of: name) }
        }
    }

    static let optionNames = [
        "batch": "--batch", "steps": "--window", "vocabularySize": "--vocabulary", "units": "--units",
        "shape": "--shape",
    ]
    var pictures: [String]? { ["text", "entropy-by-rank", "weights-by-rank", "pruning", "weights", "embedding"] }
    var modelArguments: [ModelArgument] {
        [
            .init("--units", units.map(String.init)), .init("--layers", "\(layers)"), .init("--shape", shape),
            .init("--input-shape", inputShape), .init("--output-shape", outputShape), .init(flag: "--tied", tied),
            .init("--adaptive", adaptive), .init("--adaptive-parameters", adaptiveParameters.map(String.init)),
            .init("--window", window.map(String.init)), .init("--vocabulary", vocabulary.map(String.init)),
            .init("--prompt", prompt),
        ]
    }
    var defaultData: String? { "ptb" }
    var knownData: [String] { LanguageData.knownNames }

    /// The texts of a data set have their names; all else in their folder is passed over.
    func readsEveryFile(of folder: String) -> Bool { true }

    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment {
        let data = try LanguageData.load(self.data, LanguageOptions(vocabularySize: vocabulary))
        let shape = try modelShape(words: data.vocabulary.count)
        if !options.quiet {
            StandardError.say(
                """
                \(data.name): \(grouped(data.train.count)) tokens to learn from, \(grouped(data.vocabulary.count)) words; \
                \(grouped(shape.parameterCount)) parameters, \(grouped(shape.embeddingParameters)) of them in embeddings.
                """)
        }
        var recipe = LanguageRecipe()
        // A person may go on for as long as it gets better; presets bring the decay back.
        recipe.decay = 1
        let minibatch = options.minibatch(usual: recipe.batch, of: data.train.targets, "tokens")
        (recipe.batch, recipe.seed) = (minibatch.size, seed)
        var notes = minibatch.notes
        // What was asked for is refused if it does not fit; what is usual is made to.
        let length = data.train.targets / max(1, recipe.batch)
        if let window {
            recipe.steps = window
        } else if length < recipe.steps, length > 0 {
            notes.append(
                "A window has \(counted(length, "word")) of each text, not \(recipe.steps): the \(recipe.batch) texts that are read side by side have no more."
            )
            recipe.steps = length
        }
        let words = try prompt.map { try data.vocabulary.encode($0) } ?? []
        let unknown = words.count { $0 == data.vocabulary.unknownID }
        if unknown > 0, prompt?.contains(LanguageVocabulary.unknownWord) != true {
            notes.append(
                "Of --prompt \(counted(unknown, "word")) cannot be found in the vocabulary: <unk> stands there.")
        }
        let windows = try TokenWindows(data.train, batch: recipe.batch, steps: recipe.steps, notes: notes)
        let trainer = try LanguageTrainer(
            LanguageModel(shape, seed: seed, on: device),
            title: "LSTM \(shape.layers) × \(shape.units)", data: data, windows: windows,
            recipe: recipe, prompt: words)
        return try Experiment(trainer, data: windows, seed: seed)
    }

    /// The first ranks of clusters, as they are typed.
    private static func cutoffs(_ text: String) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let number = Int(part) else {
                throw ValidationError("--adaptive takes ranks with commas between, as 2000,10000, and not '\(text)'.")
            }
            return number
        }
    }

    private func modelShape(words: Int) throws -> LanguageModelShape {
        if adaptive != nil || adaptiveParameters != nil {
            let (cutoffs, units) = (try adaptive.map(Self.cutoffs), self.units ?? 200)
            let own: AdaptiveShape =
                if let adaptiveParameters {
                    try .parameters(adaptiveParameters, vocabulary: words, units: units, cutoffs: cutoffs)
                } else {
                    try AdaptiveShape(vocabulary: words, cutoffs: cutoffs ?? [], units: units)
                }
            return try .adaptive(own, layers: layers, isTied: tied)
        }
        let (inputText, outputText) = (inputShape ?? shape ?? "dense", outputShape ?? shape ?? "dense")
        let output = try EmbeddingShape(outputText, of: outputShape == nil ? "--shape" : "--output-shape")
            .shape(words: words, width: units, calling: "word")
        let input = try EmbeddingShape(inputText, of: inputShape == nil ? "--shape" : "--input-shape")
            .shape(words: words, width: output.columns, calling: "word")
        if let units, output.columns != units {
            throw ValidationError(
                "--units is \(units), but the output embedding '\(outputText)' has \(output.columns) columns, one per unit: leave --units out."
            )
        }
        return try LanguageModelShape(
            layers: layers, units: output.columns, input: input, output: output, isTied: tied)
    }

    var outputs: [ModelOutput] {
        let file = model.map { path in
            ModelOutput.file(path, option: "--model") { run in
                guard let trainer = run.model(as: LanguageTrainer.self) else { return }
                try trainer.model.save(to: path, trainer.data.vocabulary)
            }
        }
        return [file].compactMap(\.self)
    }
}

/// A shape of an embedding as it is typed.
struct EmbeddingShape {
    private enum Kind {
        case dense
        case halving(h: Int, blocks: Int)
        case power(tail: Double, power: Double)
        case parameters(Int)
        case bands([(count: Int, dimension: Int)])
    }

    private let kind: Kind
    private let text: String
    private let option: String

    /// - Parameter option: what errors call it.
    init(_ text: String, of option: String) throws {
        (self.text, self.option) = (text, option)
        let word = text.lowercased().filter { !$0.isWhitespace }
        func numbers<Number: LosslessStringConvertible>(_ separators: String, as type: Number.Type) -> [Number] {
            let parts = word.split(omittingEmptySubsequences: false) { separators.contains($0) }
            let read = parts.compactMap { Number(String($0)) }
            return read.count == parts.count ? read : []
        }
        if word == "dense" {
            kind = .dense
        } else if let count = Int(word), count > 0 {
            kind = .parameters(count)
        } else if word.contains(":") {
            let bands = word.split(separator: ",", omittingEmptySubsequences: false)
                .map { $0.split(separator: ":", omittingEmptySubsequences: false).compactMap { Int($0) } }
            guard bands.allSatisfy({ $0.count == 2 && $0[0] > 0 && $0[1] > 0 }) else {
                throw Self.refused(text, option)
            }
            kind = .bands(bands.map { ($0[0], $0[1]) })
        } else if case let pair = numbers("x×", as: Int.self), pair.count == 2, pair.allSatisfy({ $0 > 0 }) {
            kind = .halving(h: pair[0], blocks: pair[1])
        } else if case let pair = numbers("^", as: Double.self), pair.count == 2,
            pair.allSatisfy({ $0 > 0 && $0.isFinite })
        {
            kind = .power(tail: pair[0], power: pair[1])
        } else {
            throw Self.refused(text, option)
        }
    }

    private static func refused(_ text: String, _ option: String) -> ValidationError {
        ValidationError(
            "\(option) is dense, h × blocks as in 32x4, tail^power as in 0.25^1.5, a number of parameters as in 1600000, or words:columns as in 1000:256,9000:64; not '\(text)'."
        )
    }

    /// - Parameters:
    ///   - width: the columns of the most frequent words where the text leaves that open; 200 if nil.
    ///   - thing: what errors call a row.
    func shape(words: Int, width: Int?, calling thing: String = "feature") throws -> PowerLawShape {
        do {
            return try shape(words, width, thing)
        } catch CLMatError.invalidArgument(_, let problem) {
            throw CLMatError.invalidArgument(
                operation: "\(option) '\(text)'", problem: problem.replacing("feature", with: thing))
        }
    }

    private func shape(_ words: Int, _ width: Int?, _ thing: String) throws -> PowerLawShape {
        switch kind {
        case .dense: return try .dense(words, width ?? 200)
        case .halving(let h, let blocks):
            let halvings = Int.bitWidth - 1 - max(1, words).leadingZeroBitCount
            guard blocks <= halvings + 1 else {
                throw CLMatError.invalidValue(
                    setting: option, value: text,
                    accepted:
                        "\(h)x\(halvings + 1) at most: \(grouped(words)) \(thing)s can be halved \(counted(halvings, "time"))"
                )
            }
            return try .halving(features: words, h: h, blocks: blocks)
        case .power(let tail, let power):
            return try .power(features: words, width: width ?? 200, tailHeight: tail, power: power)
        case .parameters(let count): return try .parameters(count, features: words, width: width ?? 200)
        case .bands(let bands):
            let sum = bands.reduce(0) { $0 + $1.count }
            guard sum == words else {
                throw ValidationError(
                    "The bands of \(option) '\(text)' have \(sum) words together, but the vocabulary has \(words).")
            }
            return try .differentiated(bands)
        }
    }
}
