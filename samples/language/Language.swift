import ArgumentParser
import CLMat
import Foundation
import Models

/// Teaches a language model without a window, epoch after epoch, and goes on where it was stopped: the library type in one file.
@main struct Language: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Teach an LSTM language model, score it, and let it write.",
        discussion: "Stopped at any time, the same command goes on behind the last whole epoch, if --save is given.")

    @ArgumentParser.Argument(help: "A data set (ptb, novels), or a path to text.") var data: String
    @Option(help: ArgumentHelp("Cells of each layer, and columns of dense embeddings.", valueName: "n")) var units = 200
    @Option(help: "Power-law embeddings: h of all words, blocks for ever fewer of them, as 32x4.") var powerLaw: String?
    @Option(
        help: ArgumentHelp(
            "Adaptive softmax and input, for comparison: the first rank of each cluster, as 2000,10000.",
            valueName: "cutoffs"))
    var adaptive: String?
    @Option(
        help: ArgumentHelp(
            "The same with so many parameters at most, of which cutoffs follow; with --adaptive dimensions do.",
            valueName: "n"))
    var adaptiveParameters: Int?
    @Option(help: "Layers of LSTM.") var layers = 2
    @Option(help: "Texts that are read side by side.") var batch = 20
    @Option(
        name: [.customLong("window"), .customLong("steps")],
        help: ArgumentHelp("Words of each text that are learned from in a step.", valueName: "n"))
    var window = 20
    @Option(help: "Passes over the text, at most.") var epochs = 13
    @Option(help: "The learning rate of the first epochs.") var rate = 1.0
    @Option(help: "What it is multiplied by after each later epoch.") var decay = 0.5
    @Option(help: "Epochs before it falls.") var flatEpochs = 4
    @Option(help: "Stop so many epochs after the best one.") var patience: Int?
    @Option(help: "The largest norm of a gradient.") var clip = 5.0
    @Option(help: "The chance of a number between layers to be left out.") var dropout = 0.0
    @Option(help: "λ of Σ|w| of the output embedding.") var outputL1 = 0.0
    @Option(help: "λ of Σ|w| of the input embedding.") var inputL1 = 0.0
    @Option(help: "What is random is drawn by it.") var seed: UInt64 = 1
    @Option(
        name: [.customLong("vocabulary"), .customLong("words")],
        help: ArgumentHelp("Words of the vocabulary, at most; all others are <unk>.", valueName: "n"))
    var vocabulary: Int?
    @Option(
        help: ArgumentHelp(
            "Percentages of the output embedding to set to 0 at the end, the smallest weights first, as 80,95: what that does to the validation perplexity.",
            valueName: "list"))
    var prune: String?
    @Option(help: "Where the model is kept after each epoch; the best one as BEST-…") var save: String?
    @Option(help: "As for explore.") var device: String?

    func run() throws {
        Descriptors.prepare()
        // Not after the first epoch.
        if let save { for path in [save, self.best(save)] { _ = try Files.checkWritable(path) } }
        _ = try percentages()
        let device = try Device.choose(device).device
        let data = try LanguageData.load(data, LanguageOptions(vocabularySize: vocabulary))
        for note in data.notes { say(note) }
        var recipe = LanguageRecipe()
        (recipe.batch, recipe.steps, recipe.epochs, recipe.patience) = (batch, window, epochs, patience)
        (recipe.rate, recipe.decay, recipe.epochsBeforeDecay) = (rate, decay, flatEpochs)
        (recipe.clip, recipe.dropout, recipe.seed) = (clip, dropout, seed)
        (recipe.outputL1, recipe.inputL1) = (outputL1, inputL1)

        var past: [LanguageEpoch] = []
        var model: LanguageModel
        if let save, FileManager.default.fileExists(atPath: save) {
            let file = try LanguageModel.load(save, on: device)
            guard file.vocabulary == data.vocabulary else {
                throw ValidationError("\(save) was made with other data; remove it to begin anew.")
            }
            guard let epochs = file.notes["epochs"], let text = file.notes["recipe"] else {
                throw ValidationError("\(save) has no epochs to go on from; remove it to begin anew.")
            }
            // To go on for longer is the same recipe.
            var known = try JSONDecoder().decode(LanguageRecipe.self, from: Data(text.utf8))
            (known.epochs, known.patience) = (recipe.epochs, recipe.patience)
            guard known == recipe, try file.model.shape == shape(data.vocabulary.count) else {
                throw ValidationError("\(save) was made with other options; remove it to begin anew.")
            }
            (model, past) = (file.model, try JSONDecoder().decode([LanguageEpoch].self, from: Data(epochs.utf8)))
        } else {
            model = try LanguageModel(shape(data.vocabulary.count), seed: seed, on: device)
        }
        say(
            "\(model.parameterCount) parameters, \(model.shape.embeddingParameters) of them in embeddings; \(device.summary)"
        )
        if let adaptive = model.shape.adaptive { say("adaptive: \(adaptive)") }
        for epoch in past { say(line(epoch)) }
        var done = past
        let telling = Telling()
        try model.fit(data, recipe, after: past) { (epoch, model) throws(CLMatError) in
            done.append(epoch)
            telling.end()
            say(line(epoch))
            guard let save else { return true }
            var notes: [String: String] = [:]
            for (name, value) in [
                ("epochs", try? JSONEncoder().encode(done)), ("recipe", try? JSONEncoder().encode(recipe)),
            ] {
                notes[name] = value.map { String(decoding: $0, as: UTF8.self) }
            }
            try model.save(to: save, data.vocabulary, notes: notes)
            let best = done.map(\.validationPerplexity).min()
            if best == epoch.validationPerplexity { try model.save(to: self.best(save), data.vocabulary, notes: notes) }
            return true
        } progress: {
            telling.tell($0)
        }
        let best = done.min { $0.validationPerplexity < $1.validationPerplexity }
        if let best { say("best: epoch \(best.number), validation perplexity \(text(best.validationPerplexity))") }
        if let test = data.test {
            say("test perplexity after the last epoch \(text(try model.score(test, batch: 1).perplexity))")
            if let save, best?.number != done.last?.number, FileManager.default.fileExists(atPath: self.best(save)) {
                let best = try LanguageModel.load(self.best(save), on: device).model
                say("test perplexity after the best one \(text(try best.score(test, batch: 1).perplexity))")
            }
        }
        for percentage in try percentages() {
            var pruned = model
            let share = try pruned.pruneOutput(share: percentage / 100)
            let score = try pruned.score(data.validation, batch: 20)
            say(
                "\(text(100 * share)) % of the output embedding set to 0: validation perplexity \(text(score.perplexity))"
            )
        }
        let vocabulary = data.vocabulary
        let written = try model.sample(
            40, startingWith: vocabulary.endID ?? 0, excluding: vocabulary.unknownID, seed: seed)
        say("it writes: \(vocabulary.decode(written))")
    }

    private func percentages() throws -> [Double] {
        try (prune?.split(separator: ",") ?? []).map { part in
            guard let number = Double(part), (0...100).contains(number) else {
                throw ValidationError("--prune takes percentages with commas between, as 80,95, and not '\(part)'.")
            }
            return number
        }
    }

    private func shape(_ vocabulary: Int) throws -> LanguageModelShape {
        if adaptive != nil || adaptiveParameters != nil {
            guard powerLaw == nil else {
                throw ValidationError("--power-law and --adaptive are two shapes; give one of them.")
            }
            return try .adaptive(adaptiveShape(vocabulary), layers: layers)
        }
        guard let powerLaw else { return try .dense(vocabulary: vocabulary, units: units, layers: layers) }
        let parts = powerLaw.split(separator: "x").compactMap { Int($0) }
        guard parts.count == 2 else {
            throw ValidationError("--power-law is h x blocks, as 32x4, and not '\(powerLaw)'.")
        }
        return try .powerLaw(.halving(features: vocabulary, h: parts[0], blocks: parts[1]), layers: layers)
    }

    private func adaptiveShape(_ vocabulary: Int) throws -> AdaptiveShape {
        let cutoffs = try adaptive.map { text in
            try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
                guard let number = Int(part) else {
                    throw ValidationError(
                        "--adaptive takes ranks with commas between, as 2000,10000, and not '\(text)'.")
                }
                return number
            }
        }
        if let adaptiveParameters {
            return try .parameters(adaptiveParameters, vocabulary: vocabulary, units: units, cutoffs: cutoffs)
        }
        return try AdaptiveShape(vocabulary: vocabulary, cutoffs: cutoffs ?? [], units: units)
    }

    /// At once, also into a file.
    private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    private func best(_ path: String) -> String {
        let url = URL(fileURLWithPath: path)
        return url.deletingLastPathComponent().appendingPathComponent("BEST-" + url.lastPathComponent).path
    }

    private func text(_ number: Double) -> String { String(format: "%.2f", number) }

    private func line(_ epoch: LanguageEpoch) -> String {
        """
        epoch \(epoch.number), rate \(epoch.rate): training perplexity \(text(epoch.trainPerplexity)), validation perplexity \
        \(text(epoch.validationPerplexity)); \(text(Double(epoch.words) / epoch.seconds)) words per second
        """
    }
}

/// How far an epoch is, on standard error: a line that is renewed on a terminal, else one at each tenth.
private final class Telling {
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private var last = ContinuousClock.now
    private var tenths = 0

    func tell(_ progress: LanguageProgress) {
        let text =
            "epoch \(progress.epoch), \(progress.words) of \(progress.wordsOfEpoch) words"
            + (progress.trainPerplexity.isNaN
                ? "" : String(format: ", perplexity %.2f so far", progress.trainPerplexity))
        if isTerminal {
            guard ContinuousClock.now - last > .seconds(0.5) else { return }
            last = .now
            StandardError.write("\r\(text)   ")
        } else {
            let tenths = 10 * progress.words / max(1, progress.wordsOfEpoch)
            // The whole of it has a line of its own.
            guard tenths != self.tenths, tenths < 10 else { return }
            self.tenths = tenths
            StandardError.say(text)
        }
    }

    func end() {
        tenths = 0
        if isTerminal { StandardError.write("\r\u{1B}[K") }
    }
}
