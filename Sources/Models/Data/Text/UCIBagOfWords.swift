import CLMat
import Formats
import Foundation

/// A corpus as counts: `docword.NAME.txt` with `vocab.NAME.txt` beside it, each plain or packed with gzip.
///
/// The first has three lines with the numbers of documents D, of words V and of lines to come, then a line
/// `document word count` for each word of a document, all counted from 1. The second has word k in line k.
/// - Source: D. Newman, "Bag of Words", UCI Machine Learning Repository, 2008.
struct UCIBagOfWords {
    let path: String
    private let documents: Int
    private let words: Int
    private let nonzeros: Int

    /// The largest count of a word in a document.
    static let largestCount = 1 << 24
    /// So many documents may be empty in any case, and 16 more for each line.
    private static let emptyDocuments = 1 << 24

    /// Reads a corpus. Documents and words may come in any order; what is said twice of one word is added up. A file that is
    /// sorted by document is read once, another one three times.
    ///
    /// - Parameters:
    ///   - path: the file `docword.NAME.txt`, or `docword.NAME.txt.gz`.
    ///   - memoryLimit: counts that take more bytes than this are kept in a file.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` at the first line
    ///   that is not as it has to be; ``/CLMat/CLMatError/fileNotWritable(path:reason:)`` if the disk is full;
    ///   ``/CLMat/CLMatError/dataMismatch(_:)`` if there are no words in it.
    static func read(_ path: String, memoryLimit: Int = WordCounts.memoryLimit) throws(CLMatError) -> Corpus {
        let lines = try LineReader(path, longest: 1 << 16)
        let file = try UCIBagOfWords(header: lines)
        let vocabulary = try file.vocabulary()
        let name = corpusName(path) ?? path
        let (starts, counts): ([Int], WordCounts)
        if let sorted = try file.readSorted(lines, memoryLimit: memoryLimit) {
            (starts, counts) = sorted
        } else {
            (starts, counts) = try file.readUnsorted(memoryLimit: memoryLimit)
        }
        return try Corpus(
            name: knownTitles[name] ?? name, vocabulary: vocabulary, starts: starts, counts: counts,
            names: .numbered("document"), notes: [])
    }

    private static let knownTitles = ["kos": "KOS blog entries", "nips": "NIPS papers"]

    // MARK: - Names

    /// NAME, if this is the path of a file `docword.NAME.txt` or `docword.NAME.txt.gz`.
    static func corpusName(_ path: String) -> String? {
        let file = URL(fileURLWithPath: path).lastPathComponent
        guard file.hasPrefix("docword.") else { return nil }
        for ending in [".txt.gz", ".txt"] where file.hasSuffix(ending) && file.count > 8 + ending.count {
            return String(file.dropFirst(8).dropLast(ending.count))
        }
        return nil
    }

    /// The files `docword.NAME.txt` and `docword.NAME.txt.gz` in a folder; of two with one name the first.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)`` if the folder cannot be opened; ``/CLMat/CLMatError/dataMismatch(_:)`` for such
    ///   a file whose name is not UTF-8: its words cannot be found by it.
    static func files(in folder: String) throws(CLMatError) -> [String] {
        var found: [String] = []
        var known: Set<String> = []
        for entry in try Folder(BytePath(folder)).entries where entry.name.starts(with: "docword.".utf8) {
            guard let file = String(validating: entry.name, as: UTF8.self) else {
                throw .dataMismatch(
                    "\(folder)/\(entry.shown) has a name that is not UTF-8: give it, and its words, another.")
            }
            if let name = corpusName(file), known.insert(name).inserted { found.append("\(folder)/\(file)") }
        }
        return found
    }

    // MARK: - Header and words

    private init(header lines: LineReader) throws(CLMatError) {
        func number(_ what: String) throws(CLMatError) -> Int {
            guard let line = try lines.next() else {
                throw lines.damaged("the file ends where the number of \(what) has to be", ahead: 1)
            }
            var scanner = NumberScanner(line)
            guard let number = scanner.next(), scanner.isAtEnd else {
                throw lines.damaged("'\(Self.excerpt(line))' is not the number of \(what)")
            }
            guard number >= 0 else { throw lines.damaged("the number of \(what) is \(number)") }
            return number
        }
        path = lines.path
        documents = try number("documents")
        words = try number("words")
        nonzeros = try number("lines that follow")
        func refuse(_ line: Int, _ problem: String) -> CLMatError {
            .fileDamaged(path: lines.path, place: "line \(line)", problem: problem)
        }
        guard documents > 0 else { throw refuse(1, "there are no documents") }
        guard words > 0, words < Int(Int32.max) else {
            throw refuse(2, "\(words) words; 1 to 2,147,483,646 are read")
        }
        guard documents < Int(Int32.max), Self.isPlausible(documents, lines: nonzeros) else {
            throw refuse(1, "\(documents) documents cannot have words in the \(nonzeros) lines that line 3 announces")
        }
    }

    /// Memory for documents is asked for only if the lines that were read make their number likely.
    private static func isPlausible(_ documents: Int, lines: Int) -> Bool {
        (documents - emptyDocuments) / 16 <= lines
    }

    private func vocabulary() throws(CLMatError) -> [String] {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let name = Self.corpusName(path) ?? ""
        let plain = "\(folder)/vocab.\(name).txt"
        let path = [plain, plain + ".gz"].first { FileManager.default.fileExists(atPath: $0) }
        guard let path else {
            throw .fileMissing(path: plain, hint: "It has to hold the words of \(self.path), one per line.")
        }
        let lines = try LineReader(path, longest: 1 << 16)
        var vocabulary: [String] = []
        while let line = try lines.next() {
            try lines.checkText(line)
            let word = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespaces)
            if vocabulary.count == words {
                guard word.isEmpty else {
                    throw lines.damaged("there are more words than the \(words) that \(self.path) has")
                }
                continue
            }
            guard !word.isEmpty else { throw lines.damaged("there is no word in it") }
            vocabulary.append(word)
        }
        guard vocabulary.count == words else {
            throw lines.damaged(
                "the file ends after \(vocabulary.count) words, but \(self.path) has \(words)", ahead: 1)
        }
        return vocabulary
    }

    // MARK: - Counts

    /// Calls `body` for each line after the header, with document and word from 0, which are checked, and the lines so far.
    @inline(__always)
    private func forEachCount(
        _ lines: LineReader,
        _ body: (_ document: Int, _ entry: WordCount, _ lines: Int) throws(CLMatError) -> Void
    ) throws(CLMatError) {
        var read = 0
        while let line = try lines.next() {
            var scanner = NumberScanner(line)
            guard let document = scanner.next(), let word = scanner.next(), let count = scanner.next(), scanner.isAtEnd
            else {
                if scanner.isBlank { continue }
                throw lines.damaged("'\(Self.excerpt(line))' is not 'document word count'")
            }
            read += 1
            guard read <= nonzeros else { throw lines.damaged("it goes on after the \(nonzeros) lines of the header") }
            guard document > 0, document <= documents else {
                throw lines.damaged("document \(document) is not one of 1 to \(documents)")
            }
            guard word > 0, word <= words else { throw lines.damaged("word \(word) is not one of 1 to \(words)") }
            guard count > 0, count <= Self.largestCount else {
                throw lines.damaged("the count \(count) is not one of 1 to \(Self.largestCount)")
            }
            try body(document - 1, WordCount(word: Int32(word - 1), count: Int32(count)), read)
        }
        guard read == nonzeros else {
            throw lines.damaged("the file ends after \(read) counts; its header announces \(nonzeros)")
        }
    }

    /// Nil if a document comes after a later one; the file is checked to its end all the same.
    private func readSorted(
        _ lines: LineReader, memoryLimit: Int
    ) throws(CLMatError) -> (starts: [Int], counts: WordCounts)? {
        var spool = WordCountSpool(memoryLimit: memoryLimit)
        var row: [WordCount] = []
        var current = 0
        var (isAscending, isSorted) = (true, true)
        // A row that says the same again and again does not fill the memory.
        var mergeAt = 1 << 20
        try forEachCount(lines) { (document, entry, read) throws(CLMatError) in
            guard isSorted else { return }
            if document != current {
                guard document > current else {
                    isSorted = false
                    return
                }
                guard Self.isPlausible(document, lines: read) else {
                    throw lines.damaged("document \(document + 1) comes after only \(read) lines")
                }
                if !isAscending { WordCount.merge(&row) }
                spool.pad(to: current)
                try spool.append(row)
                row.removeAll(keepingCapacity: true)
                (current, isAscending, mergeAt) = (document, true, 1 << 20)
            }
            if let last = row.last, last.word >= entry.word { isAscending = false }
            row.append(entry)
            if row.count >= mergeAt, !isAscending {
                WordCount.merge(&row)
                (isAscending, mergeAt) = (true, max(1 << 20, 2 * row.count))
            }
        }
        guard isSorted else { return nil }
        if !isAscending { WordCount.merge(&row) }
        spool.pad(to: current)
        try spool.append(row)
        spool.pad(to: documents)
        return (spool.starts, try spool.finish())
    }

    /// Counts the lines of each document, puts each where its document is, and sorts the documents.
    private func readUnsorted(memoryLimit: Int) throws(CLMatError) -> (starts: [Int], counts: WordCounts) {
        func body() throws(CLMatError) -> LineReader {
            let lines = try LineReader(path, longest: 1 << 16)
            for _ in 0..<3 { _ = try lines.next() }
            return lines
        }
        var starts = [Int](repeating: 0, count: documents + 1)
        try forEachCount(body()) { (document, _, _) throws(CLMatError) in starts[document + 1] += 1 }
        for document in 0..<documents { starts[document + 1] += starts[document] }

        let counts = try WordCounts(zeros: nonzeros, memoryLimit: memoryLimit)
        var next = starts
        let lines = try body()
        try forEachCount(lines) { (document, entry, _) throws(CLMatError) in
            guard next[document] < starts[document + 1] else {
                throw lines.damaged("the file changed while it was read")
            }
            counts.entries[next[document]] = entry
            next[document] += 1
        }

        // Merged rows are shorter: each moves to the end of the one before it.
        var end = 0
        for document in 0..<documents {
            var row = UnsafeMutableBufferPointer(rebasing: counts.entries[starts[document]..<starts[document + 1]])
            row.sort { $0.word < $1.word }
            let kept = WordCount.merge(sorted: row)
            starts[document] = end
            for place in 0..<kept { counts.entries[end + place] = row[place] }
            end += kept
        }
        starts[documents] = end
        return (starts, counts)
    }

    private static func excerpt(_ line: UnsafeRawBufferPointer) -> String {
        let start = String(decoding: line.prefix(40), as: UTF8.self)
        let text = String(start.map { $0.isASCII && ($0.asciiValue ?? 0) >= 32 ? $0 : "?" })
        return line.count > 40 ? text + "…" : text
    }
}

/// Whole numbers in a line, set apart by blanks and tabs.
private struct NumberScanner {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next number, of 18 digits at most; nil if there is none.
    @inline(__always)
    mutating func next() -> Int? {
        skipBlanks()
        var isNegative = false
        if place < bytes.count, bytes[place] == UInt8(ascii: "-") {
            isNegative = true
            place += 1
        }
        let start = place
        var number = 0
        while place < bytes.count {
            let digit = bytes[place] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            number = number &* 10 &+ Int(digit)
            place += 1
        }
        guard place > start, place - start <= 18 else { return nil }
        guard place == bytes.count || Self.isBlank(bytes[place]) else { return nil }
        return isNegative ? -number : number
    }

    /// Whether only blanks are left.
    @inline(__always)
    var isAtEnd: Bool {
        mutating get {
            skipBlanks()
            return place == bytes.count
        }
    }

    /// Whether the whole line holds only blanks.
    var isBlank: Bool { bytes.allSatisfy(Self.isBlank) }

    @inline(__always)
    private mutating func skipBlanks() {
        while place < bytes.count, Self.isBlank(bytes[place]) { place += 1 }
    }

    @inline(__always)
    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
