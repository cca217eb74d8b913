import ArgumentParser
import CLMat
import Exploration
import Formats
import Foundation
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

    var pictures: [String] { ["topic-matrix", "top-words", "topic-map"] }
    var modelArguments: [(name: String, value: String)] {
        let path = heldout.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        return [
            ("--topics", "\(topics)"), ("--heldout", path ?? ""),
            ("--heldout-share", heldoutShare.map { "\($0)" } ?? ""),
            ("--memory", memory),
        ] + text.arguments
    }
    var defaultData: String { "debian" }
    var knownData: [String] { Corpus.knownNames }

    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment {
        let corpus = try text.load(options.givenData ?? defaultData)
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

    func finish(_ learner: Learner, _ failures: Failures) {
        guard model != nil || export != nil, let trainer = learner.model(as: LDATrainer.self) else { return }
        if let model { failures.attempt { try trainer.lda.save(to: model) } }
        if let export { failures.attempt { try trainer.export(to: export) } }
    }

    var outputs: [(option: String, path: String)] { model.map { [("--model", $0)] } ?? [] }
    var outputFolders: [String] { [export].compactMap { $0 } }
    var inputs: [String] { [heldout, text.stopWords].compactMap { $0 } }
    func readsEveryFile(of folder: String) -> Bool { true }
}

/// The topics of new documents.
struct Infer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "infer", _superCommandName: "explore lda",
        abstract: "Topics of new documents, as CSV: one row per document, one column per topic.")

    @Option(help: ArgumentHelp("What explore lda --model wrote.", valueName: "file"))
    var model: String

    @Option(help: ArgumentHelp("Documents, as --data of explore lda.", valueName: "name-or-path"))
    var data: String

    @Option(help: ArgumentHelp("Where to; standard output if not given.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("The column of a CSV file that holds the texts.", valueName: "column"))
    var column: String?

    @Option(
        help: ArgumentHelp("cpu, an index from 'explore devices', or a part of a device's name.", valueName: "name"))
    var device: String?

    func run() throws {
        try checkOutput()
        let (device, _) = try Device.choose(device)
        let lda = try LDA.load(model, on: device)
        var options = TextOptions.standard(for: data)
        // Which words count is for the model to say.
        (options.minimumDocuments, options.maximumShare, options.minimumTokens) = (1, 1, 0)
        options.stopWords = .none
        (options.minimumLength, options.maximumLength) = (1, 100)
        options.column = column
        options.keepsCase = lda.vocabulary.contains { $0.contains(where: \.isUppercase) }
        let corpus = try Corpus.load(data, options)
        // In the form in which words are counted: a vocabulary of another program, or an older one, may have others.
        let places = Dictionary(
            lda.vocabulary.enumerated().map {
                (TextOptions.countedForm(of: $1, keepsCase: options.keepsCase), $0)
            }, uniquingKeysWith: { first, _ in first })
        let known = corpus.vocabulary.map { places[$0] }
        if known.allSatisfy({ $0 == nil }) {
            throw CLMatError.dataMismatch(
                (["No word of \(corpus.name) is known to \(model)."] + corpus.notes).joined(separator: " "))
        }
        corpus.notes.forEach { StandardError.say($0) }
        var text = "document," + (0..<lda.topics).map { "topic \($0 + 1)" }.joined(separator: ",") + "\n"
        for first in stride(from: 0, to: corpus.count, by: 5000) {
            let documents = first..<min(corpus.count, first + 5000)
            let rows = try corpus.rows(documents).renamed(known, words: lda.words)
            let theta = try lda.transform(rows).values
            for (row, document) in documents.enumerated() {
                let shares = theta[row * lda.topics..<(row + 1) * lda.topics].map { "\($0)" }
                text += csvField(corpus.documentName(document)) + "," + shares.joined(separator: ",") + "\n"
            }
        }
        if let output { try Files.write(text, to: output) } else { try StandardOutput.write(text) }
    }

    /// What could not be written is said before the work.
    private func checkOutput() throws(CLMatError) {
        guard let output else { return try StandardOutput.write("") }
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: data, isDirectory: &isFolder)
        let isData = isThere && !Corpus.knownNames.contains(data)
        var checks = OutputChecks(
            dataFolder: isData && isFolder.boolValue ? data : nil, inputs: [model] + (isData ? [data] : []))
        try checks.check(output, of: "--output")
    }
}
