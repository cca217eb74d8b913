import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

extension TemporaryFolder {
    /// A pair of files in UCI's format; returns the path of the counts.
    func writePair(_ docword: String, words: [String], name: String = "test") throws -> String {
        try write(words.map { $0 + "\n" }.joined(), "vocab.\(name).txt")
        return try write(docword, "docword.\(name).txt")
    }
}

extension TextOptions {
    /// All words of one letter and more, wherever they are.
    static var all: TextOptions {
        var options = TextOptions()
        options.minimumLength = 1
        options.minimumDocuments = 1
        options.maximumShare = 1
        options.stopWords = .none
        options.order = .alphabetical
        return options
    }
}

extension Corpus {
    /// The words of a document with their counts: "apple:2 pear:1".
    func text(_ document: Int) throws -> String {
        let row = try rows([document])
        return zip(row.indices, row.counts).map { "\(vocabulary[Int($0)]):\($1)" }.joined(separator: " ")
    }

    func texts() throws -> [String] { try (0..<count).map { try text($0) } }
}
