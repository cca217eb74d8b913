import CLMat
import Formats
import Foundation

/// Makes data for a language model of texts that come one after the other: words get numbers as they come, and ranks once all of
/// the training text is counted. Memory holds each word once; ids are in a file where they are many.
struct LanguageBuilder {
    /// A word of more bytes is `<unk>`.
    private static let longestWord = 1000
    /// The numbers of `<unk>` and `<eos>` while texts are read.
    private static let (unknown, end): (Int32, Int32) = (0, 1)

    private let options: LanguageOptions
    private let finder: WordFinder
    private var words = WordTable()
    private var parts: [LanguagePart: TokenSpool] = [:]
    private var encodings = EncodingTally(unit: "line")
    private var tooLong = 0
    /// Texts of many lines that are one paragraph, and the first one's name.
    private var unbroken: (count: Int, first: String) = (0, "")
    private var hasTooMany = false
    /// Ids of lines that were not yet spooled.
    private var pending: [Int32] = []
    /// What a person should know of the reading.
    var notes: [String] = []

    /// - Parameter options: they are checked and filled.
    init(_ options: LanguageOptions) {
        self.options = options
        finder = WordFinder(options.tokenisation ?? .blanks)
        for word in [LanguageVocabulary.unknownWord, LanguageVocabulary.endWord] {
            _ = words.number(of: [UInt8](word.utf8))
        }
    }

    // MARK: - Reading

    /// A text that was read: its ids, and how many of its tokens are words and not `<eos>`.
    struct Reading {
        fileprivate var spool: TokenSpool
        fileprivate(set) var words = 0
        fileprivate(set) var lines = 0
        /// Whether a paragraph has begun that has no end yet.
        fileprivate var isOpen = false
        fileprivate var paragraphs = 0
    }

    /// Reads a file of text line by line.
    ///
    /// - Parameter name: what notes call it.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for damaged gzip data
    ///   or JSON; ``/CLMat/CLMatError/dataMismatch(_:)`` for too many words; ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    mutating func read(_ path: BytePath, name: String) throws(CLMatError) -> Reading {
        let lines = try LineReader(path)
        var reading = Reading(spool: TokenSpool(memoryLimit: options.memoryLimit))
        while let line = try lines.next() {
            if lines.line == 1, options.tokenisation == .words, TextKinds.isJSONObject(line) {
                throw .dataMismatch(
                    """
                    \(path.shown) holds JSON lines, whose keys would be learned as words. Take the texts out first, as by \
                    jq -r .text FILE > texts.txt with the key that holds them.
                    """)
            }
            try add(line, of: name, to: &reading)
        }
        if lines.damagedUnits > 0 { encodings.addDamage("of \(name), \(lines.damagedUnits) characters") }
        try finish(&reading, name)
        return reading
    }

    /// Reads a text that is in memory.
    mutating func read(_ bytes: [UInt8], name: String) throws(CLMatError) -> Reading {
        var reading = Reading(spool: TokenSpool(memoryLimit: options.memoryLimit))
        let decoded = TextDecoding(bytes)
        if decoded.damagedUnits > 0 { encodings.addDamage("of \(name), \(decoded.damagedUnits) characters") }
        // What is not UTF-8 is decoded by the line, as that of a file.
        let isAsItWas = decoded.encoding == .windows1252 || decoded.encoding == .utf8
        let text =
            isAsItWas ? Array(bytes.dropFirst(TextDecoding.mark(bytes)?.length ?? 0)) : decoded.text
        let (feed, carriage) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        let newline = text.contains(feed) ? feed : carriage
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: newline) ?? text.count
            let stop = end > start && text[end - 1] == carriage ? end - 1 : end
            let failure = text.withUnsafeBytes { bytes -> CLMatError? in
                do throws(CLMatError) {
                    try add(UnsafeRawBufferPointer(rebasing: bytes[start..<stop]), of: name, to: &reading)
                    return nil
                } catch { return error }
            }
            if let failure { throw failure }
            start = end + 1
        }
        try finish(&reading, name)
        return reading
    }

    /// Reads ids of a file, which stay as they are until they are ranked: ``finish(name:ids:)`` needs `ids`, and no text is read beside.
    mutating func read(_ path: String, name: String, ids: TokenIDs) throws(CLMatError) -> Reading {
        var reading = Reading(spool: TokenSpool(memoryLimit: options.memoryLimit))
        try ids.read(path) { part throws(CLMatError) in try reading.spool.append(part) }
        return reading
    }

    private mutating func add(
        _ line: UnsafeRawBufferPointer, of name: String, to reading: inout Reading
    ) throws(CLMatError) {
        reading.lines += 1
        let before = pending.count
        if UTF8Check.firstInvalid(line) == nil {
            addWords(line)
        } else {
            let decoded = TextDecoding(unmarked: [UInt8](line))
            encodings.add(decoded, from: line, "\(name), line \(reading.lines)")
            decoded.text.withUnsafeBytes { addWords($0) }
        }
        let found = pending.count - before
        reading.words += found
        switch options.sentenceEnd ?? .line {
        case .line: pending.append(Self.end)
        case .paragraph:
            if found == 0, reading.isOpen { endParagraph(&reading) }
            reading.isOpen = found > 0
        }
        if pending.count > 1 << 16 { try flush(&reading) }
    }

    private mutating func addWords(_ line: UnsafeRawBufferPointer) {
        // Apart from the rest, which changes while it works.
        let finder = finder
        finder.forEachWord(line) { word in
            guard word.count <= Self.longestWord else {
                tooLong += 1
                pending.append(Self.unknown)
                return
            }
            guard let number = words.number(of: word) else {
                hasTooMany = true
                return
            }
            pending.append(number)
        }
    }

    private mutating func endParagraph(_ reading: inout Reading) {
        pending.append(Self.end)
        reading.paragraphs += 1
    }

    private mutating func finish(_ reading: inout Reading, _ name: String) throws(CLMatError) {
        if reading.isOpen { endParagraph(&reading) }
        reading.isOpen = false
        // So many lines are seldom one paragraph.
        if reading.paragraphs == 1, reading.lines > 40 {
            unbroken = (unbroken.count + 1, unbroken.count == 0 ? name : unbroken.first)
        }
        try flush(&reading)
    }

    private mutating func flush(_ reading: inout Reading) throws(CLMatError) {
        guard !hasTooMany else {
            throw .dataMismatch(
                "There are more than \(1 << 29) different words: set them apart by blanks, or give fewer.")
        }
        try reading.spool.append(pending)
        pending.removeAll(keepingCapacity: true)
    }

    // MARK: - Parts

    /// A text is one of the parts, behind what that has already.
    mutating func add(_ reading: Reading, to part: LanguagePart) throws(CLMatError) {
        var reading = reading
        // Most parts are a single text.
        guard parts[part] != nil else {
            parts[part] = reading.spool
            return
        }
        let store = try reading.spool.finish()
        try append(store, 0..<store.entries.count, to: part)
    }

    /// Of a text, the end is for validation, what comes before it for the test if there is to be one, and the rest is learned from.
    mutating func split(_ reading: Reading, withTest: Bool) throws(CLMatError) {
        var reading = reading
        let store = try reading.spool.finish()
        let count = store.entries.count
        // Not one token less because a share is no binary fraction.
        func share(_ share: Double) -> Int { Int(Double(count) * share + 1e-6) }
        let validation = count - share(options.validationShare)
        let test = withTest ? validation - share(options.testShare) : validation
        try append(store, 0..<test, to: .train)
        if withTest { try append(store, test..<validation, to: .test) }
        try append(store, validation..<count, to: .validation)
    }

    private mutating func append(
        _ store: TokenStore, _ positions: Range<Int>, to part: LanguagePart
    ) throws(CLMatError) {
        var spool = parts[part] ?? TokenSpool(memoryLimit: options.memoryLimit)
        // Not held twice.
        parts[part] = nil
        for start in stride(from: positions.lowerBound, to: positions.upperBound, by: 1 << 16) {
            try spool.append(store[start..<min(positions.upperBound, start + 1 << 16)])
        }
        parts[part] = spool
    }

    // MARK: - The end

    /// The texts with ids that are ranks.
    ///
    /// - Parameter ids: where what was read is ids already.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for texts that are too short, or words that a vocabulary which was given lacks.
    mutating func finish(name: String, ids: TokenIDs? = nil) throws(CLMatError) -> LanguageData {
        if let note = finder.unspacedNote { notes.append(note) }
        notes += encodings.notes
        if unbroken.count > 0 {
            notes.append(
                """
                \(unbroken.count == 1 ? "1 text has" : "\(unbroken.count) texts have") no empty lines, and so a single <eos> \
                (\(unbroken.first)): where each line is a sentence or a paragraph, put empty lines between them.
                """)
        }
        if tooLong > 0 {
            notes.append(
                "\(name): \(tooLong == 1 ? "1 word" : "\(tooLong) words") of more than \(Self.longestWord) bytes count as <unk>."
            )
        }
        var stores: [LanguagePart: TokenStore] = [:]
        for part in LanguagePart.allCases {
            stores[part] = try parts[part]?.finish()
            parts[part] = nil
        }
        let numbers = ids?.words ?? words.count
        let counts = stores.mapValues { store in
            var counts = [Int](repeating: 0, count: numbers)
            store.count(into: &counts)
            return counts
        }
        try checkValidation(stores, name)
        if ids != nil { return try ranked(stores, counts, name) }
        let trainCounts = counts[.train] ?? [Int](repeating: 0, count: words.count)
        let vocabulary =
            if let given = options.vocabulary { given } else { try chooseWords(trainCounts, all: counts, name) }
        let new = try newIDs(in: vocabulary, counts, name)
        for store in stores.values { store.renumber(new) }
        return try LanguageData(name: name, stores: stores, vocabulary: vocabulary, notes: notes)
    }

    /// Texts of ids, the most frequent of which becomes 0. Their words are the ids as they were.
    private func ranked(
        _ stores: [LanguagePart: TokenStore], _ counts: [LanguagePart: [Int]], _ name: String
    ) throws(CLMatError) -> LanguageData {
        let vocabulary =
            if let given = options.vocabulary { given } else {
                try LanguageVocabulary(numberedByCounts: counts[.train] ?? [])
            }
        var new: [Int32] = []
        for number in 0..<(counts[.train]?.count ?? 0) {
            guard let id = vocabulary.id(of: "\(number)") ?? vocabulary.unknownID else {
                throw .dataMismatch("\(name) has the id \(number), which is no word of the vocabulary that was given.")
            }
            new.append(id)
        }
        for store in stores.values { store.renumber(new) }
        return try LanguageData(name: name, stores: stores, vocabulary: vocabulary, notes: notes)
    }

    private func checkValidation(_ stores: [LanguagePart: TokenStore], _ name: String) throws(CLMatError) {
        let sizes = stores.mapValues { $0.entries.count }
        let found = sizes[.validation] ?? 0
        guard found < 2 else { return }
        let all = sizes.values.reduce(0, +)
        throw .dataMismatch(
            """
            \(name) has \(all == 1 ? "1 token" : "\(all) tokens"), of which \(found == 1 ? "1 is" : "none are") for validation \
            (a share of \(options.validationShare)), where 2 at least are needed: give a longer text (about \
            \(Int((2 / options.validationShare).rounded(.up))) tokens or more), or a validation text beside it, as NAME.valid.txt \
            beside NAME.train.txt.
            """)
    }

    /// The words that are kept, ranked by their counts in the training text.
    private mutating func chooseWords(
        _ counts: [Int], all: [LanguagePart: [Int]], _ name: String
    ) throws(CLMatError) -> LanguageVocabulary {
        typealias Entry = (word: String, count: Int)
        func isBefore(_ a: Entry, _ b: Entry) -> Bool {
            a.count != b.count ? a.count > b.count : a.word.utf8.lexicographicallyPrecedes(b.word.utf8)
        }
        let least = options.minimumCount ?? 1
        var (kept, cut): ([Entry], LanguageVocabulary.Cut) = ([], .init())
        var isUnseen = false
        for number in 2..<max(2, words.count) {
            if counts[number] >= least {
                kept.append((words[number], counts[number]))
            } else if counts[number] > 0 {
                cut.words += 1
                cut.tokens += counts[number]
            } else {
                isUnseen = true
            }
        }
        guard !kept.isEmpty else {
            throw .dataMismatch(
                cut.words == 0
                    ? "\(name): all words of the training text are <unk>: there is nothing to learn."
                    : """
                    \(name): no word of the training text is left, since each of its \(cut.words) words is there fewer than \(least) times and \
                    counts as <unk>. Give a longer text.
                    """)
        }
        kept.sort(by: isBefore)
        let (unknown, end) = (Int(Self.unknown), Int(Self.end))
        let hasEnd = all.values.contains { $0[end] > 0 }
        var hasUnknown = isUnseen || cut.words > 0 || all.values.contains { $0[unknown] > 0 }
        let rare = cut
        if let size = options.vocabularySize {
            let special = hasEnd ? 1 : 0
            if kept.count + special + (hasUnknown ? 1 : 0) > size {
                hasUnknown = true
                while kept.count + special + 1 > size {
                    cut.words += 1
                    cut.tokens += kept.removeLast().count
                }
            }
        }
        if hasEnd { kept.append((LanguageVocabulary.endWord, counts[end])) }
        if hasUnknown { kept.append((LanguageVocabulary.unknownWord, counts[unknown] + cut.tokens)) }
        kept.sort(by: isBefore)
        if rare.words > 0 {
            notes.append(
                """
                \(name): \(rare.words) words that the training text has fewer than \(least) times (\(rare.tokens) tokens) count as \
                <unk>.
                """)
        }
        if cut.words > rare.words {
            notes.append(
                """
                \(name): the vocabulary is cut to \(kept.count) words; the \(cut.words - rare.words) that are rarer \
                (\(cut.tokens - rare.tokens) tokens of the training text) count as <unk>.
                """)
        }
        if hasUnknown, counts[unknown] + cut.tokens == 0 {
            notes.append(
                "\(name): the training text has no <unk>, which is added for words that it has not: none is learned of it."
            )
        }
        return try LanguageVocabulary(
            words: kept.map(\.word), counts: kept.map(\.count), cut: cut, tokenisation: options.tokenisation ?? .blanks)
    }

    /// For each number of a word that was read, its id.
    private mutating func newIDs(
        in vocabulary: LanguageVocabulary, _ counts: [LanguagePart: [Int]], _ name: String
    ) throws(CLMatError) -> [Int32] {
        var new = [Int32](repeating: -1, count: words.count)
        var missing: [Int] = []
        for number in 0..<words.count {
            let word = words[number]
            if let id = vocabulary.id(of: word) {
                new[number] = id
            } else if counts.values.contains(where: { $0[number] > 0 }) {
                guard let unknown = vocabulary.unknownID else {
                    throw .dataMismatch(
                        """
                        \(name) has the word '\(word.prefix(60))', which is not in the vocabulary that was given; it has no <unk> \
                        either, which could stand for it.
                        """)
                }
                new[number] = unknown
                if number != Int(Self.unknown) { missing.append(number) }
            }
        }
        // What the training text lacks by the choice of words is said already.
        let parts = LanguagePart.allCases.filter { options.vocabulary != nil || $0 != .train }
        for part in parts {
            guard let counts = counts[part] else { continue }
            let (words, tokens) = missing.reduce((0, 0)) { ($0.0 + (counts[$1] > 0 ? 1 : 0), $0.1 + counts[$1]) }
            if words > 0 {
                notes.append(
                    """
                    \(name): \(words == 1 ? "1 word" : "\(words) words") of the \(part.title) text (\(tokens) of \
                    \(counts.reduce(0, +)) tokens) \(words == 1 ? "is" : "are") not in the vocabulary, and \
                    \(words == 1 ? "counts" : "count") as <unk>.
                    """)
            }
        }
        return new
    }
}
