import ArgumentParser
import CLMat
import Foundation
import ModelProgram
import Models

/// How `--data` becomes documents of words.
struct TextDataOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Keep the n words of most documents; all if not given.", valueName: "n"))
    var vocabulary: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Keep words that are in so many documents; 5 if not given, and 10 for 20newsgroups.", valueName: "n"))
    var minDocuments: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Keep words that are in at most this share of the documents; 0.5 if not given, and 0.3 for 20newsgroups.",
            valueName: "share"))
    var maxShare: Double?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Keep words of so many letters; 3 if not given.", valueName: "n"))
    var minLength: Int?

    @Option(help: ArgumentHelp("english, none, or a file of words that are left out.", valueName: "list"))
    var stopWords: String?

    @Option(
        name: .customLong("case"),
        help: ArgumentHelp("lower makes all words small, keep leaves them.", valueName: "lower|keep"))
    var letterCase = LetterCase.lower
    enum LetterCase: String, ExpressibleByArgument { case lower, keep }

    @Option(
        help: ArgumentHelp("The column of a CSV file that holds the texts: its name or number.", valueName: "column"))
    var column: String?

    func validate() throws {
        for (option, number) in [
            ("--vocabulary", vocabulary), ("--min-documents", minDocuments), ("--min-length", minLength),
        ] {
            if let number, number < 1 { throw ValidationError("\(option) must be 1 or more.") }
        }
        if let maxShare, !(maxShare > 0 && maxShare <= 1) {
            throw ValidationError("--max-share is a share of the documents: above 0, and up to 1.")
        }
    }

    var arguments: [ModelArgument] {
        [
            .init("--vocabulary", vocabulary.map(String.init)), .init("--min-documents", minDocuments.map(String.init)),
            .init("--max-share", maxShare.map { "\($0)" }), .init("--min-length", minLength.map(String.init)),
            .init("--stop-words", stopWords), .init("--case", letterCase == .keep ? "keep" : nil),
            .init("--column", column),
        ]
    }

    static let optionNames = [
        "minimumDocuments": "--min-documents", "maximumShare": "--max-share", "minimumLength": "--min-length",
        "minimumLength, maximumLength": "--min-length", "stopWords": "--stop-words", "vocabularySize": "--vocabulary",
        "column": "--column",
    ]

    func load(_ data: String) throws -> Corpus {
        let isCounted =
            ["kos", "nips"].contains(data) || URL(fileURLWithPath: data).lastPathComponent.hasPrefix("docword.")
        if isCounted, let option = arguments.first(where: \.isGiven)?.name {
            throw ValidationError("\(data) has its words chosen already; \(option) would change nothing.")
        }
        var options = TextOptions.standard(for: data)
        if let vocabulary { options.vocabularySize = vocabulary }
        if let minDocuments { options.minimumDocuments = minDocuments }
        if let maxShare { options.maximumShare = maxShare }
        if let minLength {
            options.minimumLength = minLength
            options.maximumLength = max(options.maximumLength, minLength)
        }
        if let stopWords {
            options.stopWords = stopWords == "none" ? .none : (stopWords == "english" ? .english : .file(stopWords))
        }
        options.keepsCase = letterCase == .keep
        options.column = column
        return try Corpus.load(data, options)
    }
}
