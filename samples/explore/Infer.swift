import ArgumentParser
import CLMat
import Formats
import Foundation
import ModelProgram
import Models

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
        let isData = FileManager.default.fileExists(atPath: data) && !Corpus.knownNames.contains(data)
        var checks = OutputChecks(
            dataFolder: isData && Files.isFolder(data) ? data : nil, inputs: [model] + (isData ? [data] : []))
        try checks.check(output, of: "--output")
    }
}
