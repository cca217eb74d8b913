import CLMat
import Foundation

/// The words of a text by rank: the id of a word is its rank, 0 for the most frequent one.
///
/// Words of one count are in the order of their spelling (of their characters' numbers in Unicode). `<unk>` stands for all words that are
/// no words of the vocabulary, `<eos>` for the end of a sentence or paragraph; both have ranks by their counts as all other words have.
public struct LanguageVocabulary: Sendable {
    /// The word that stands for all others.
    public static let unknownWord = "<unk>"
    /// The word that ends a sentence or paragraph.
    public static let endWord = "<eos>"

    /// By id.
    public let words: [String]
    /// How often each word occurs in the training text, by id. Counts do not rise.
    public let counts: [Int]
    /// The sum of ``counts``: the tokens of the training text.
    public let tokens: Int
    /// The id of `<unk>`; nil if there is none.
    public let unknownID: Int32?
    /// The id of `<eos>`; nil if there is none.
    public let endID: Int32?
    /// What was left out, and counts as `<unk>`.
    public let cut: Cut
    /// How a text becomes words: ``encode(_:)`` does the same.
    public let tokenisation: Tokenisation
    /// Its numbers are the ids.
    private let table: WordTable

    /// Words that are left out of a vocabulary.
    public struct Cut: Sendable, Equatable, Codable {
        /// Different words.
        public var words: Int
        /// How often they occur, all together.
        public var tokens: Int

        /// So many different words, with so many tokens.
        public init(words: Int = 0, tokens: Int = 0) { (self.words, self.tokens) = (words, tokens) }
    }

    /// A vocabulary of words that are ranked already.
    ///
    /// - Parameters:
    ///   - words: the most frequent first.
    ///   - counts: one per word; they do not rise.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for a word that is there twice or empty, for counts that rise or are negative, or
    ///   another number of counts than of words.
    public init(
        words: [String], counts: [Int], cut: Cut = Cut(), tokenisation: Tokenisation = .blanks
    ) throws(CLMatError) {
        guard words.count == counts.count else {
            throw .dataMismatch("A vocabulary of \(words.count) words has \(counts.count) counts: give one per word.")
        }
        guard !words.isEmpty else { throw .dataMismatch("A vocabulary has one word at least.") }
        var (table, total) = (WordTable(), 0)
        for (id, word) in words.enumerated() {
            guard !word.isEmpty, !word.utf8.contains(where: { $0 == 0x09 || $0 == 0x0A }) else {
                throw .dataMismatch("Word \(id) of the vocabulary is empty, or has a tab or a line break in it.")
            }
            guard let number = table.number(of: [UInt8](word.utf8)) else {
                throw .dataMismatch("A vocabulary has \(1 << 29) words at most.")
            }
            guard number == id else {
                throw .dataMismatch("'\(word.prefix(60))' is in the vocabulary twice, as words \(number) and \(id).")
            }
            let (sum, overflow) = total.addingReportingOverflow(counts[id])
            guard counts[id] >= 0, !overflow else {
                throw .dataMismatch("The count of word \(id) of the vocabulary, \(counts[id]), is none.")
            }
            guard id == 0 || counts[id] <= counts[id - 1] else {
                throw .dataMismatch(
                    """
                    Words are by rank, but word \(id) of the vocabulary is there \(counts[id]) times, more often than the one \
                    before it (\(counts[id - 1])): sort them by count.
                    """)
            }
            total = sum
        }
        (self.words, self.counts, self.table, tokens) = (words, counts, table, total)
        (self.cut, self.tokenisation) = (cut, tokenisation)
        unknownID = table.known(Self.unknownWord)
        endID = table.known(Self.endWord)
    }

    /// How many words there are, V, with `<unk>` and `<eos>`.
    public var count: Int { words.count }

    /// The id of a word; nil if it is not in the vocabulary. It is compared by its bytes, as it stands in the text.
    public func id(of word: String) -> Int32? { table.known(word) }

    /// The word of an id; nil if it has none.
    public func word(_ id: Int32) -> String? { words.indices.contains(Int(id)) ? words[Int(id)] : nil }

    /// The ids of a text's words, found as those of the training text were. `<unk>` and `<eos>` in it are these words; no `<eos>` is added.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)`` for a word that is not in a vocabulary without `<unk>`, with the most
    ///   frequent words.
    public func encode(_ text: String) throws(CLMatError) -> [Int32] {
        var ids: [Int32] = []
        for word in tokenisation.words(of: text) {
            guard let id = id(of: word) ?? unknownID else {
                throw .unknownName(kind: "word", name: word, known: Array(words.prefix(20)))
            }
            ids.append(id)
        }
        return ids
    }

    /// Words as a text: blanks between them, and a line break in place of `<eos>`. Ids that are none show as `<?>`.
    public func decode(_ ids: some Sequence<Int32>) -> String {
        var (text, isAtStart) = ("", true)
        for id in ids {
            if id == endID {
                text += "\n"
                isAtStart = true
                continue
            }
            if !isAtStart { text += " " }
            text += word(id) ?? "<?>"
            isAtStart = false
        }
        return text
    }

    /// The same words with `<unk>`, which is added as the last one where there is none: nothing of the training text is it.
    ///
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` if there are too many words.
    public func withUnknown() throws(CLMatError) -> LanguageVocabulary {
        guard unknownID == nil else { return self }
        return try LanguageVocabulary(
            words: words + [Self.unknownWord], counts: counts + [0], cut: cut, tokenisation: tokenisation)
    }

    /// The words "0", "1", … for texts that are ids alone.
    ///
    /// - Parameter counts: how often each id occurs, in any order: the words are ranked by them, those of one count by number.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` if there is none.
    public init(numberedByCounts counts: [Int]) throws(CLMatError) {
        let order = counts.indices.sorted { counts[$0] != counts[$1] ? counts[$0] > counts[$1] : $0 < $1 }
        try self.init(words: order.map(String.init), counts: order.map { counts[$0] })
    }
}

extension LanguageVocabulary: Equatable {
    /// Whether words, counts, what was cut and the tokenisation are the same.
    public static func == (a: LanguageVocabulary, b: LanguageVocabulary) -> Bool {
        // By bytes: two forms of "é" are one `String`, but two words.
        a.counts == b.counts && a.cut == b.cut && a.tokenisation == b.tokenisation && a.count == b.count
            && zip(a.words, b.words).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }
}

// MARK: - Files

extension LanguageVocabulary {
    /// Plain text: a line per word in the order of ranks, with a tab and its count. Lines of three or four fields, which begin with `#`,
    /// come first: what was cut, and how a text becomes words.
    public var text: String {
        var text = "#\ttokens\t\(tokenisation.rawValue)\n"
        if cut != Cut() { text += "#\tcut\t\(cut.words)\t\(cut.tokens)\n" }
        for (word, count) in zip(words, counts) { text += "\(word)\t\(count)\n" }
        return text
    }

    /// Reads what ``text`` gives.
    ///
    /// - Parameter path: what errors name.
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` with the line; ``/CLMat/CLMatError/dataMismatch(_:)`` for words or
    ///   counts that are no vocabulary.
    public init(text: String, path: String) throws(CLMatError) {
        var (words, counts): ([String], [Int]) = ([], [])
        var (cut, tokenisation) = (Cut(), Tokenisation.blanks)
        for (number, line) in text.utf8.split(separator: UInt8(ascii: "\n")).enumerated() {
            let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
                .map { String(Substring($0)) }
            func damaged(_ problem: String) -> CLMatError {
                .fileDamaged(path: path, place: "line \(number + 1)", problem: problem)
            }
            switch fields.count {
            case 2:
                guard let count = Int(fields[1]), count >= 0 else {
                    throw damaged("behind the tab is '\(fields[1].prefix(60))', where the word's count belongs")
                }
                words.append(fields[0])
                counts.append(count)
            case 3 where fields[0] == "#" && fields[1] == "tokens":
                guard let known = Tokenisation(rawValue: fields[2]) else {
                    throw damaged("there is no way '\(fields[2].prefix(60))' to find words; known: blanks, words")
                }
                tokenisation = known
            case 4 where fields[0] == "#" && fields[1] == "cut":
                guard let words = Int(fields[2]), let tokens = Int(fields[3]), words >= 0, tokens >= 0 else {
                    throw damaged("what was cut is no number of words and one of tokens")
                }
                cut = Cut(words: words, tokens: tokens)
            default: throw damaged("it has \(fields.count) fields, where a word, a tab and its count belong")
            }
        }
        try self.init(words: words, counts: counts, cut: cut, tokenisation: tokenisation)
    }
}

extension LanguageVocabulary: Codable {
    private enum Key: String, CodingKey { case words, counts, cut, tokenisation }

    /// Words, counts, what was cut, and the tokenisation.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(words, forKey: .words)
        try container.encode(counts, forKey: .counts)
        try container.encode(cut, forKey: .cut)
        try container.encode(tokenisation, forKey: .tokenisation)
    }

    /// - Throws: `DecodingError`; ``/CLMat/CLMatError/dataMismatch(_:)`` for words or counts that are no vocabulary.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        try self.init(
            words: try container.decode([String].self, forKey: .words),
            counts: try container.decode([Int].self, forKey: .counts),
            cut: try container.decode(Cut.self, forKey: .cut),
            tokenisation: try container.decode(Tokenisation.self, forKey: .tokenisation))
    }
}
