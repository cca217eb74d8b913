import CLMat
import Foundation

extension Corpus {
    /// Writes `docword.NAME.txt` and `vocab.NAME.txt`, which other programs read, into a folder that is there.
    ///
    /// - Cost: the whole text is put together in memory.
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a name that no file can have;
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if a word has a line break;
    ///   ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    /// - Source: D. Newman, "Bag of Words", UCI Machine Learning Repository, 2008.
    public func write(toUCI folder: String, name: String) throws(CLMatError) {
        guard !name.isEmpty, !name.contains("/"), !name.contains("\0") else {
            throw .invalidValue(setting: "name", value: name, accepted: "what can be part of a file's name")
        }
        if let word = vocabulary.first(where: { $0.contains { $0.isNewline } || $0.allSatisfy(\.isWhitespace) }) {
            throw .invalidArgument(operation: "write", problem: "The word '\(word)' does not fit on a line of its own.")
        }
        try Files.write(vocabulary.joined(separator: "\n") + "\n", to: "\(folder)/vocab.\(name).txt")
        var text = Data("\(count)\n\(vocabulary.count)\n\(nonzeros)\n".utf8)
        for document in 0..<count {
            let row = try rows(CollectionOfOne(document))
            for (word, count) in zip(row.indices, row.counts) {
                text.append(contentsOf: "\(document + 1) \(word + 1) \(count)\n".utf8)
            }
        }
        try Files.write(text, to: "\(folder)/docword.\(name).txt")
    }
}
