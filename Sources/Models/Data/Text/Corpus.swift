import CLMat
import Formats
import Foundation

/// Documents as bags of words: how often each word of a vocabulary occurs in each. The text itself is not kept.
///
/// The counts of a large corpus are in a file without a name, which is mapped: memory holds 8 bytes per document, and what is
/// in use.
public struct Corpus: Sendable {
    /// What a person calls it: "20 Newsgroups", or the file's name.
    public let name: String
    /// The words by id; their number is V.
    public let vocabulary: [String]
    /// The number of documents, D. Those without words count, so that their numbers stay those of the file.
    public let count: Int
    /// The sum of all counts.
    public let tokens: Int
    /// How many different words each document has, summed over the documents.
    public let nonzeros: Int
    /// D × V, and the CRC-32 of words and counts.
    public let checksum: String
    /// What the reader did that a person should know: "3 files are not UTF-8, and read as Windows-1252.".
    public let notes: [String]

    private let starts: [Int]
    private let counts: WordCounts
    private let names: DocumentNames

    /// - Parameter documentNames: one for each row, else "document 1" and so on.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` if there is no document or no word, or if the parts do not belong together.
    public init(
        name: String, vocabulary: [String], rows: SparseRows, documentNames: [String]? = nil
    ) throws(CLMatError) {
        guard rows.columns == vocabulary.count else {
            throw .dataMismatch("\(name) has \(vocabulary.count) words, but \(rows.columns) columns.")
        }
        var names = DocumentNames.numbered("document")
        if let documentNames {
            guard documentNames.count == rows.rows else {
                throw .dataMismatch("\(name) has \(rows.rows) documents, but \(documentNames.count) names.")
            }
            names = .listed(documentNames)
        }
        let entries = zip(rows.indices, rows.counts).map { WordCount(word: $0, count: $1) }
        try self.init(
            name: name, vocabulary: vocabulary, starts: rows.starts.map(Int.init), counts: WordCounts(entries),
            names: names, notes: [])
    }

    /// - Parameter starts: where each document begins in `counts`, whose words ascend in each, and where the last one ends.
    init(
        name: String, vocabulary: [String], starts: [Int], counts: WordCounts, names: DocumentNames, notes: [String]
    ) throws(CLMatError) {
        guard starts.count > 1 else { throw .dataMismatch("\(name) holds no documents.") }
        guard starts.count - 1 < Int(Int32.max), vocabulary.count < Int(Int32.max) else {
            throw .dataMismatch("\(name) has more documents or words than 2,147,483,646.")
        }
        guard let end = starts.last, end > 0, !vocabulary.isEmpty else {
            throw .dataMismatch("No document of \(name) has a word.")
        }
        (self.name, self.vocabulary, self.starts, self.counts) = (name, vocabulary, starts, counts)
        (self.names, self.notes) = (names, notes)
        (count, nonzeros) = (starts.count - 1, end)
        let words = CRC32.of([UInt8](vocabulary.joined(separator: "\n").utf8))
        let places = starts.withUnsafeBytes { CRC32.of($0, after: words) }
        let summary = counts.summary(first: end, checksum: places)
        tokens = summary.tokens
        checksum = "\(count)x\(vocabulary.count)-" + String(summary.checksum, radix: 16)
    }

    /// The file's name, the package's name, "line 17" or "document 17" (from 1).
    public func documentName(_ index: Int) -> String { names[index] }

    /// The tokens of a document.
    ///
    /// - Cost: proportional to its different words.
    public func length(_ index: Int) -> Int {
        var length = 0
        for place in starts[index]..<starts[index + 1] { length += Int(counts.entries[place].count) }
        return length
    }

    /// The counts of some documents.
    ///
    /// - Parameter documents: their numbers, from 0, in the order wanted; one may be asked for twice.
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a number that no document has, or if the rows
    ///   together have more than 2³¹ − 1 numbers.
    public func rows(_ documents: some Sequence<Int>) throws(CLMatError) -> SparseRows {
        var places: [Range<Int>] = []
        places.reserveCapacity(documents.underestimatedCount)
        var total = 0
        for document in documents {
            guard document >= 0, document < count else {
                throw .invalidArgument(
                    operation: "rows", problem: "There is no document \(document): there are \(count), from 0.")
            }
            places.append(starts[document]..<starts[document + 1])
            total += starts[document + 1] - starts[document]
        }
        guard total <= Int(Int32.max) else {
            throw .invalidArgument(
                operation: "rows",
                problem: "These \(places.count) documents have \(total) numbers, more than 2,147,483,647; take fewer.")
        }
        var rowStarts: [Int32] = [0]
        rowStarts.reserveCapacity(places.count + 1)
        var end = 0
        for place in places {
            end += place.count
            rowStarts.append(Int32(end))
        }
        let entries = counts.entries
        func gather(_ part: (WordCount) -> Int32) -> [Int32] {
            [Int32](unsafeUninitializedCapacity: total) { target, filled in
                for place in places {
                    for index in place {
                        target[filled] = part(entries[index])
                        filled += 1
                    }
                }
            }
        }
        return try SparseRows(
            columns: vocabulary.count, starts: rowStarts, indices: gather(\.word), counts: gather(\.count))
    }
}

/// How the documents of a corpus are called.
enum DocumentNames {
    case listed([String])
    /// "document 1", "document 2", and so on.
    case numbered(String)
    /// "line 1", "line 5", and so on.
    case chosen(String, [Int32])

    subscript(index: Int) -> String {
        switch self {
        case .listed(let names): names[index]
        case .numbered(let kind): "\(kind) \(index + 1)"
        case .chosen(let kind, let numbers): "\(kind) \(numbers[index])"
        }
    }
}
