import CLMat
import Formats
import Foundation

/// Documents that are kept from training, each in two halves: a model sees the observed half, and is scored by the
/// probability that it gives to the other.
///
/// Its file is text, plain or packed with gzip. The first line has the corpus's numbers of documents, words and tokens; then a
/// line per document: its number, and `word:observed:scored` for each of its words, counted from 0.
/// - Source: M. Rosen-Zvi, T. Griffiths, M. Steyvers, P. Smyth, "The author-topic model for authors and documents", UAI 2004
///   (document completion).
public struct HeldOutSplit: Sendable {
    /// The numbers of the documents in the corpus.
    public let documents: [Int]
    /// One row for each of ``documents``.
    public let observed: SparseRows
    /// One row for each of ``documents``: observed and scored counts add up to those of the document.
    public let scored: SparseRows

    private init(_ rows: HalfRows, columns: Int) throws(CLMatError) {
        documents = rows.documents
        observed = try SparseRows(
            columns: columns, starts: rows.observed.starts, indices: rows.observed.indices, counts: rows.observed.counts
        )
        scored = try SparseRows(
            columns: columns, starts: rows.scored.starts, indices: rows.scored.indices, counts: rows.scored.counts)
    }

    /// The fewest tokens of a document that can be held out: two in each half.
    public static let fewestTokens = 4

    /// The documents of a corpus that can be held out: those with ``fewestTokens`` or more.
    public static func candidates(in corpus: Corpus) -> [Int] {
        (0..<corpus.count).filter { corpus.length($0) >= fewestTokens }
    }

    /// Draws documents of those that can be held out at random, and half of the tokens of each: the observed half has one more
    /// if their number is odd.
    ///
    /// - Parameters:
    ///   - share: of the documents that can be held out, above 0 and below 1; one at least is drawn.
    ///   - seed: the same seed draws the same split.
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for another share; ``/CLMat/CLMatError/dataMismatch(_:)`` if
    ///   no document is long enough, or none is left.
    public init(of corpus: Corpus, share: Double = 0.1, seed: UInt64) throws(CLMatError) {
        guard share > 0, share < 1 else {
            throw .invalidValue(setting: "held-out share", value: "\(share)", accepted: "above 0 and below 1")
        }
        let eligible = Self.candidates(in: corpus)
        // One is left to learn from.
        let learnable = (0..<corpus.count).count { corpus.length($0) > 0 }
        guard !eligible.isEmpty, learnable > 1 else {
            throw .dataMismatch(
                """
                No document of \(corpus.name) can be held out: it takes one with at least \(Self.fewestTokens) tokens of the words \
                that are kept, and another to learn from.
                """)
        }
        let wanted = max(1, Int((share * Double(eligible.count)).rounded()))
        let order = RandomKey(seed: seed, stream: Streams.heldOut).permutation(of: eligible.count)
        let chosen = order.prefix(min(wanted, learnable - 1)).map { eligible[Int($0)] }.sorted()

        var rows = HalfRows()
        for document in chosen {
            let row = try corpus.rows(CollectionOfOne(document))
            let key = RandomKey(seed: seed, step: document + 1, stream: Streams.heldOut)
            let halves = Self.halves(row.counts, total: row.total, key)
            rows.append(document, row.indices, observed: halves, counts: row.counts)
            guard rows.isWithinLimit else { throw Self.tooMany(corpus) }
        }
        try self.init(rows, columns: corpus.vocabulary.count)
    }

    /// How many tokens of each word are observed.
    private static func halves(_ counts: [Int32], total: Int, _ key: RandomKey) -> [Int32] {
        var observed = [Int32](repeating: 0, count: counts.count)
        var tokens: [Int32] = []
        // A document of millions of tokens is not taken apart: of each word half is observed, and what is odd is drawn.
        let isWhole = total <= 1 << 20
        for (place, count) in counts.enumerated() {
            if !isWhole { observed[place] = count / 2 }
            tokens.append(contentsOf: repeatElement(Int32(place), count: isWhole ? Int(count) : Int(count % 2)))
        }
        for place in key.permutation(of: tokens.count).prefix((tokens.count + 1) / 2) {
            observed[Int(tokens[Int(place)])] += 1
        }
        return observed
    }

    /// Reads a split that was made for `corpus`.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` at the first line
    ///   that does not fit the corpus, or is none; ``/CLMat/CLMatError/dataMismatch(_:)`` for the split of another corpus.
    public static func read(_ path: String, for corpus: Corpus) throws(CLMatError) -> HeldOutSplit {
        let lines = try LineReader(path)
        guard let first = try lines.next() else { throw lines.damaged("the file is empty", ahead: 1) }
        let header = String(decoding: first.prefix(100), as: UTF8.self).split(separator: " ")
        let sizes = header.compactMap { Int($0) }
        guard sizes.count == 3, header.count == 3 else {
            throw lines.damaged("it is not 'documents words tokens'")
        }
        guard sizes == [corpus.count, corpus.vocabulary.count, corpus.tokens] else {
            throw .dataMismatch(
                """
                \(path) is for a corpus of \(sizes[0]) documents, \(sizes[1]) words and \(sizes[2]) tokens, but \
                \(corpus.name) has \(corpus.count), \(corpus.vocabulary.count) and \(corpus.tokens).
                """)
        }
        var rows = HalfRows()
        var known: Set<Int> = []
        while let line = try lines.next() {
            let fields = line.split(separator: UInt8(ascii: " ")).map { $0 }
            guard let start = fields.first else { continue }
            guard let document = number(start), document < corpus.count, known.insert(document).inserted else {
                throw lines.damaged(
                    "it does not start with the number of a document, or with one that was there before")
            }
            let row = try corpus.rows(CollectionOfOne(document))
            var observed: [Int32] = []
            for (place, field) in fields.dropFirst().enumerated() {
                let parts = field.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
                guard parts.count == 3, let word = number(parts[0]), let seen = number(parts[1]),
                    let scored = number(parts[2])
                else { throw lines.damaged("field \(place + 2) is not 'word:observed:scored'") }
                guard place < row.indices.count, word == row.indices[place], seen + scored == row.counts[place] else {
                    throw lines.damaged(
                        "field \(place + 2) says that document \(document) has word \(word) \(seen + scored) times; "
                            + "the corpus says otherwise")
                }
                observed.append(Int32(seen))
            }
            guard observed.count == row.indices.count else {
                throw lines.damaged(
                    "document \(document) has \(row.indices.count) different words, not \(observed.count)")
            }
            rows.append(document, row.indices, observed: observed, counts: row.counts)
            guard rows.isWithinLimit else { throw tooMany(corpus) }
        }
        guard !rows.documents.isEmpty else { throw lines.damaged("no documents follow", ahead: 1) }
        return try HeldOutSplit(rows, columns: corpus.vocabulary.count)
    }

    /// Writes the split as text, for ``read(_:for:)`` and for other programs.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    public func write(to path: String, for corpus: Corpus) throws(CLMatError) {
        var text = "\(corpus.count) \(corpus.vocabulary.count) \(corpus.tokens)\n"
        for (row, document) in documents.enumerated() {
            text += "\(document)"
            var left = Int(observed.starts[row])..<Int(observed.starts[row + 1])
            var right = Int(scored.starts[row])..<Int(scored.starts[row + 1])
            // The words of both halves, in order.
            while !left.isEmpty || !right.isEmpty {
                let word = min(
                    left.first.map { observed.indices[$0] } ?? .max, right.first.map { scored.indices[$0] } ?? .max)
                var counts: [Int32] = [0, 0]
                if let place = left.first, observed.indices[place] == word {
                    counts[0] = observed.counts[place]
                    left = place + 1..<left.upperBound
                }
                if let place = right.first, scored.indices[place] == word {
                    counts[1] = scored.counts[place]
                    right = place + 1..<right.upperBound
                }
                text += " \(word):\(counts[0]):\(counts[1])"
            }
            text += "\n"
        }
        try Files.write(text, to: path)
    }

    private static func tooMany(_ corpus: Corpus) -> CLMatError {
        .dataMismatch("The documents held out of \(corpus.name) have more than 2,147,483,647 counts: hold out fewer.")
    }

    /// At most 10 digits.
    private static func number(_ bytes: some Collection<UInt8>) -> Int? {
        guard (1...10).contains(bytes.count) else { return nil }
        var number = 0
        for byte in bytes {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = 10 * number + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }
}

/// Both halves of documents, as they are put together.
private struct HalfRows {
    struct Half {
        var starts: [Int32] = [0]
        var indices: [Int32] = []
        var counts: [Int32] = []

        mutating func append(_ word: Int32, _ count: Int32) {
            guard count > 0 else { return }
            indices.append(word)
            counts.append(count)
        }
    }
    var documents: [Int] = []
    var observed = Half()
    var scored = Half()

    /// The starts of rows have 32 bits.
    var isWithinLimit: Bool { max(observed.indices.count, scored.indices.count) < Int(Int32.max) }

    mutating func append(_ document: Int, _ words: [Int32], observed seen: [Int32], counts: [Int32]) {
        documents.append(document)
        for (place, word) in words.enumerated() {
            observed.append(word, seen[place])
            scored.append(word, counts[place] - seen[place])
        }
        observed.starts.append(Int32(truncatingIfNeeded: observed.indices.count))
        scored.starts.append(Int32(truncatingIfNeeded: scored.indices.count))
    }
}
