import ArgumentParser
import CLMat
import Exploration
import Foundation
import ModelProgram
import Models

/// Topics of texts.
struct Topics: ModelCommand {
    static let configuration = CommandConfiguration(
        commandName: "lda",
        abstract: "LDA finds topics in texts while you move temperature, sparseness and dissimilarity.",
        discussion: """
            --data is debian (the descriptions of packages that this machine can install), 20newsgroups, kos or nips (in \
            $CLMAT_DATA), or a path: UCI's docword.NAME.txt with vocab.NAME.txt beside it, a folder of texts, a file with a \
            document per line, or a CSV file (--column).
            """,
        subcommands: [Infer.self])

    @OptionGroup var options: RunOptions
    @OptionGroup var text: TextDataOptions

    @Option(parsing: .unconditional, help: ArgumentHelp("Topics.", valueName: "k"))
    var topics = 32

    @Option(
        help: ArgumentHelp(
            "Documents to keep from learning and their halves, 'doc word:observed:scored ...'; drawn if not given.",
            valueName: "file"))
    var heldout: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The share of documents to hold out, if no file says which (0.1).", valueName: "share"))
    var heldoutShare: Double?

    @Option(help: ArgumentHelp("Memory for what is kept of the documents between passes.", valueName: "size"))
    var memory = "1GB"

    @Option(
        help: ArgumentHelp("Write the topics to use them again: explore lda infer --model FILE.", valueName: "file"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Write into this folder: topics.csv, topics.json, phi.npy (topics × words), theta.npy (documents × topics).",
            valueName: "folder"))
    var export: String?

    func validate() throws {
        guard (1...TopicSampler.mostTopics).contains(topics) else {
            throw ValidationError("--topics is a number from 1 to \(TopicSampler.mostTopics).")
        }
        if let heldoutShare, !(0..<1).contains(heldoutShare) {
            throw ValidationError("--heldout-share is a share of the documents, from 0 to below 1.")
        }
        if heldout != nil, heldoutShare != nil {
            throw ValidationError("--heldout says which documents are held out; leave --heldout-share out.")
        }
        if model == "" || export == "" { throw ValidationError("--model and --export need a name.") }
        _ = try RunOptions.bytes(memory, of: "--memory")
    }

    static let optionNames = TextDataOptions.optionNames.merging(["topics": "--topics"]) { $1 }
    var pictures: [String]? { ["topic-matrix", "top-words", "topic-map"] }
    var modelArguments: [ModelArgument] {
        [
            .init("--topics", "\(topics)"), .init("--heldout", heldout.map { Files.absolute($0) }),
            .init("--heldout-share", heldoutShare.map { "\($0)" }), .init("--memory", memory),
        ] + text.arguments
    }
    var defaultData: String? { "debian" }
    var knownData: [String] { Corpus.knownNames }

    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment {
        let corpus = try text.load(data)
        if !options.quiet {
            StandardError.say(
                "\(corpus.name): \(counted(corpus.count, "document")), \(counted(corpus.vocabulary.count, "word")), \(counted(corpus.tokens, "token"))."
            )
        }
        var defaults = LDATrainer.Defaults()
        var notes: [String] = []
        if let batch = options.batch {
            let minibatch = options.minibatch(usual: batch, of: corpus.count, "documents")
            (defaults.batchSize, notes) = (minibatch.size, minibatch.notes)
        }
        defaults.seed = seed
        defaults.memory = try RunOptions.bytes(memory, of: "--memory")
        let (split, note) = try split(corpus)
        let trainer = try LDATrainer(corpus, topics: topics, heldOut: split, defaults: defaults, on: device)
        if !trainer.keepsSamples, !options.quiet {
            StandardError.say(
                "The samples of all minibatches do not fit --memory \(memory): their moving average is learned from instead."
            )
        }
        return try Experiment(
            trainer, data: TopicBatches(trainer, notes: notes + [note].compactMap { $0 }), seed: seed)
    }

    /// The same documents whatever the seed of the run is, so that runs can be compared; and why there are none.
    private func split(_ corpus: Corpus) throws -> (HeldOutSplit?, note: String?) {
        if let heldout { return (try HeldOutSplit.read(heldout, for: corpus), nil) }
        let share = heldoutShare ?? 0.1
        guard share > 0 else { return (nil, nil) }
        // Of a handful of documents none can be spared, unless it is asked for.
        let candidates = HeldOutSplit.candidates(in: corpus).count
        let fewest = heldoutShare == nil ? 20 : 2
        guard candidates >= fewest else {
            return (
                nil,
                """
                No documents are held out, and there is no held-out score: \(candidates) of \(grouped(corpus.count)) can be split \
                in two, which takes \(HeldOutSplit.fewestTokens) tokens of the words that are kept, and \(fewest) are needed.
                """
            )
        }
        return (try HeldOutSplit(of: corpus, share: share, seed: 1), nil)
    }

    var outputs: [ModelOutput] {
        let file = model.map { path in
            ModelOutput.file(path, option: "--model") { try $0.model(as: LDATrainer.self)?.lda.save(to: path) }
        }
        let folder = export.map { path in
            ModelOutput.folder(path, option: "--export") { try $0.model(as: LDATrainer.self)?.export(to: path) }
        }
        return [file, folder].compactMap(\.self)
    }
    var inputs: [String] { [heldout, text.stopWords].compactMap(\.self) }
}
