import CLMat
import Foundation

/// Makes a corpus of texts that come one after the other: counts all words first, then keeps those that the options want.
struct TextCorpusBuilder {
    private let options: TextOptions
    private let memoryLimit: Int
    private let tokeniser: Tokeniser
    private var words = WordTable()
    private var spool: WordCountSpool
    /// In how many documents each word is.
    private var documentCounts: [Int32] = []
    /// For each word: the last document that has it, and its place in that document's row.
    private var lastSeen: [(document: Int32, place: Int32)] = []
    private var row: [WordCount] = []
    private var hasTooMany = false
    /// What a person should know of the reading.
    var notes: [String] = []

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for options that make no sense.
    init(_ options: TextOptions, memoryLimit: Int = WordCounts.memoryLimit) throws(CLMatError) {
        try options.check()
        (self.options, self.memoryLimit) = (options, memoryLimit)
        tokeniser = Tokeniser(options)
        spool = WordCountSpool(memoryLimit: memoryLimit)
    }

    /// The documents so far.
    var documents: Int { spool.documents }

    /// Counts the words of a part of the document that is read: those of two parts are not joined.
    ///
    /// - Parameter text: in UTF-8.
    mutating func add(_ text: UnsafeRawBufferPointer) {
        let document = Int32(truncatingIfNeeded: spool.documents)
        // Apart from the rest, which changes while it works.
        let tokeniser = tokeniser
        tokeniser.forEachWord(text) { word in
            guard let number = words.number(of: word) else {
                hasTooMany = true
                return
            }
            let index = Int(number)
            if index == lastSeen.count {
                lastSeen.append((-1, 0))
                documentCounts.append(0)
            }
            if lastSeen[index].document == document {
                let place = Int(lastSeen[index].place)
                if row[place].count < .max { row[place].count += 1 }
            } else {
                lastSeen[index] = (document, Int32(row.count))
                documentCounts[index] += 1
                row.append(WordCount(word: number, count: 1))
            }
        }
    }

    mutating func add(_ text: some Collection<UInt8>) {
        let isContiguous: Void? = text.withContiguousStorageIfAvailable { add(UnsafeRawBufferPointer($0)) }
        if isContiguous == nil { [UInt8](text).withUnsafeBytes { add($0) } }
    }

    /// The document that was read is at its end.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)`` if the disk is full; ``/CLMat/CLMatError/dataMismatch(_:)`` if there
    ///   are too many documents or words.
    mutating func endDocument() throws(CLMatError) {
        guard !hasTooMany, spool.documents < Int(Int32.max) - 1 else {
            throw .dataMismatch("There are more documents or different words than can be counted: give fewer.")
        }
        try spool.append(row)
        row.removeAll(keepingCapacity: true)
    }

    /// The corpus.
    ///
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` if there is no document, or no word is left: it says which option leaves out
    ///   most; what the stop words' file and the disk throw.
    mutating func finish(name: String, names: DocumentNames) throws(CLMatError) -> Corpus {
        let documents = spool.documents
        guard documents > 0 else { throw .dataMismatch("\(name) holds no documents.") }
        if let note = tokeniser.unspacedNote { notes.append(note) }
        guard words.count > 0 else {
            throw nothing(
                """
                The \(documents) documents of \(name) have no words of \(options.minimumLength) to \
                \(options.maximumLength) letters (minimumLength, maximumLength).
                """)
        }
        let (vocabulary, numbers) = try chooseWords(name)

        let all = try spool.finish()
        let starts = spool.starts
        spool = WordCountSpool(memoryLimit: memoryLimit)
        var chosen = WordCountSpool(memoryLimit: memoryLimit)
        var kept: [Int] = []
        for document in 0..<documents {
            row.removeAll(keepingCapacity: true)
            var tokens = 0
            for place in starts[document]..<starts[document + 1] {
                let entry = all.entries[place]
                let number = numbers[Int(entry.word)]
                if number >= 0 {
                    row.append(WordCount(word: number, count: entry.count))
                    tokens += Int(entry.count)
                }
            }
            guard tokens >= options.minimumTokens else { continue }
            row.sort { $0.word < $1.word }
            try chosen.append(row)
            kept.append(document)
            if document % 65536 == 65535 { all.forget(starts[document - 65535]..<starts[document]) }
        }
        row = []
        guard chosen.count > 0 else {
            throw nothing(
                "No document of \(name) has \(options.minimumTokens) tokens of the words kept (minimumTokens).")
        }
        return try Corpus(
            name: name, vocabulary: vocabulary, starts: chosen.starts, counts: chosen.finish(),
            names: kept.count == documents ? names : names.chosen(kept), notes: notes)
    }

    /// What was read leaves nothing; how it was read may be why.
    private func nothing(_ problem: String) -> CLMatError { .dataMismatch(([problem] + notes).joined(separator: " ")) }

    /// The words that are kept, and for each word that was read its number among them, or −1.
    private func chooseWords(_ name: String) throws(CLMatError) -> (vocabulary: [String], numbers: [Int32]) {
        let stops = try options.stopWordSet()
        // A share of the documents as Python and most others compare it: n ≤ share · D, in Double.
        let most = options.maximumShare * Double(spool.documents)
        var chosen: [(word: String, documents: Int32, index: Int)] = []
        var (rare, frequent, stopped) = (0, 0, 0)
        for index in 0..<words.count {
            let documents = documentCounts[index]
            if Int(documents) < options.minimumDocuments {
                rare += 1
                continue
            }
            let word = words[index]
            // With cases kept, "The" is a stop word as well.
            if stops.contains(word) || options.keepsCase && stops.contains(word.lowercased()) {
                stopped += 1
            } else if Double(documents) > most {
                frequent += 1
            } else {
                chosen.append((word, documents, index))
            }
        }
        guard !chosen.isEmpty else {
            throw nothing(
                """
                No word of \(name) is left: of \(words.count) different words in \(spool.documents) documents, \(rare) are \
                in fewer than \(options.minimumDocuments) documents (minimumDocuments), \(frequent) in more than \
                \(options.maximumShare) of them (maximumShare), and \(stopped) are stop words (stopWords). Loosen one.
                """)
        }
        func isBefore(_ a: String, _ b: String) -> Bool { a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars) }
        chosen.sort { $0.documents != $1.documents ? $0.documents > $1.documents : isBefore($0.word, $1.word) }
        if let size = options.vocabularySize, size < chosen.count { chosen.removeLast(chosen.count - size) }
        if options.order == .alphabetical { chosen.sort { isBefore($0.word, $1.word) } }
        var numbers = [Int32](repeating: -1, count: words.count)
        for (number, word) in chosen.enumerated() { numbers[word.index] = Int32(number) }
        return (chosen.map(\.word), numbers)
    }
}

extension DocumentNames {
    /// Those of some of the documents.
    func chosen(_ documents: [Int]) -> DocumentNames {
        switch self {
        case .listed(let names): .listed(documents.map { names[$0] })
        case .numbered(let kind): .chosen(kind, documents.map { Int32($0 + 1) })
        case .chosen(let kind, let numbers): .chosen(kind, documents.map { numbers[$0] })
        }
    }
}
