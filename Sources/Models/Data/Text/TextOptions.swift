import CLMat
import Formats
import Foundation

/// How texts become words, and which words are kept. A file in UCI's format has its words already: nothing here changes it.
public struct TextOptions: Sendable, Equatable {
    /// Words that are left out.
    public enum StopWords: Sendable, Equatable {
        /// Articles, pronouns, auxiliary verbs and the like: ``TextOptions/englishStopWords``.
        case english
        /// No word is left out.
        case none
        /// These words.
        case words(Set<String>)
        /// A file with words, set apart by blanks or line breaks.
        case file(String)
    }
    /// What a word is made of.
    public enum Letters: Sendable, Equatable {
        /// The letters of all scripts, with apostrophes inside.
        case unicode
        /// A to Z and a to z; all else is between words.
        case ascii
    }
    /// How words are numbered.
    public enum WordOrder: Sendable, Equatable {
        /// The word of most documents first; those of as many in the order of the alphabet.
        case rank
        /// By their characters' numbers in Unicode.
        case alphabetical
    }

    /// Whether "The" and "the" are two words. Else all are in lower case.
    public var keepsCase = false
    /// The shortest word, in letters. Ideographs, kana and syllables of Korean count as two here.
    public var minimumLength = 3
    /// The longest word, in letters: a longer run of letters is none. Scripts that do not set words apart need them set apart
    /// beforehand.
    public var maximumLength = 20
    /// Words that are left out.
    public var stopWords = StopWords.english
    /// A word is kept if it occurs in so many documents.
    public var minimumDocuments = 5
    /// A word is kept if it occurs in no more than this share of the documents, in 0...1.
    public var maximumShare = 0.5
    /// If not nil, only so many words are kept: those of most documents.
    public var vocabularySize: Int?
    /// Documents with fewer tokens of the words kept are left out. 0 keeps all, so that their numbers stay.
    public var minimumTokens = 0
    /// What counts as a letter.
    public var letters = Letters.unicode
    /// How words are numbered.
    public var order = WordOrder.rank
    /// The column of a CSV file that holds the text: its name in the first line, or its number, from 1.
    public var column: String?

    /// The usual choices for texts in English.
    public init() {}

    /// The usual choices for a data set: those of ``Corpus/load(_:_:environment:)`` where none are given.
    ///
    /// For `20newsgroups` they are: runs of 3 to 20 letters a to z, in at least 10 documents and at most 30 % of them; posts
    /// with fewer than 4 tokens are left out, and words are in the order of the alphabet.
    public static func standard(for nameOrPath: String) -> TextOptions {
        var options = TextOptions()
        if nameOrPath == "20newsgroups" {
            options.letters = .ascii
            options.minimumDocuments = 10
            options.maximumShare = 0.3
            options.minimumTokens = 4
            options.order = .alphabetical
            options.stopWords = .words(shortEnglishStopWords)
        }
        return options
    }

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    func check() throws(CLMatError) {
        func refuse(_ setting: String, _ value: String, _ accepted: String) -> CLMatError {
            .invalidValue(setting: setting, value: value, accepted: accepted)
        }
        guard minimumLength >= 1 else { throw refuse("minimumLength", "\(minimumLength)", "1 or more letters") }
        guard maximumLength >= minimumLength else {
            throw refuse("maximumLength", "\(maximumLength)", "\(minimumLength), the minimumLength, or more letters")
        }
        guard minimumDocuments >= 1 else { throw refuse("minimumDocuments", "\(minimumDocuments)", "1 or more") }
        guard maximumShare > 0, maximumShare <= 1 else {
            throw refuse("maximumShare", "\(maximumShare)", "a share of the documents, above 0 and up to 1")
        }
        guard minimumTokens >= 0 else { throw refuse("minimumTokens", "\(minimumTokens)", "0 or more") }
        if let vocabularySize, vocabularySize < 1 {
            throw refuse("vocabularySize", "\(vocabularySize)", "1 or more words")
        }
    }

    /// The stop words in the case that words are in.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``, ``/CLMat/CLMatError/fileDamaged(path:place:problem:)``.
    func stopWordSet() throws(CLMatError) -> Set<String> {
        switch stopWords {
        case .none: return []
        case .words(let words): return words
        case .english: return Self.englishStopWords
        case .file(let path):
            let lines = try LineReader(path, longest: 1 << 20)
            var words: Set<String> = []
            while let line = try lines.next() {
                try lines.checkText(line)
                for word in String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace) {
                    // As the words of a text are counted: with a straight apostrophe, and in one form.
                    let straight = word.replacingOccurrences(of: "\u{2019}", with: "'")
                    words.insert(
                        Self.countedForm(of: keepsCase ? straight : straight.lowercased(), keepsCase: keepsCase))
                }
            }
            return words
        }
    }
}

extension TextOptions {
    /// English words that say little of what a text is about, in lower case; a possessive 's is not part of a word.
    public static let englishStopWords = shortEnglishStopWords.union(
        words(
            """
            ain't although among aren't around can't cannot couldn't didn't doesn't don't either else etc even ever every \
            hadn't hasn't haven't he'd he'll herself himself however i'd i'll i'm i've isn't it'd it'll like many mightn't \
            mustn't myself needn't neither never nothing often ours ourselves per quite rather she'd she'll shouldn't since \
            something still that'd that'll theirs themselves there'll therefore they'd they'll they're they've though thus \
            together upon us via wasn't we'd we'll we're we've weren't whether whose within without won't wouldn't yet you'd \
            you'll you're you've yours yourself yourselves
            """))

    /// The shorter list that `20newsgroups` is read with.
    static let shortEnglishStopWords = words(
        """
        a about above after again against all also am an and any are as at be because been before being below between both \
        but by can could did do does doing down during each few for from further had has have having he her here hers him \
        his how i if in into is it its itself just may me might more most much must my no nor not of off on once only or \
        other our out over own s said same she should so some such t than that the their them then there these they this \
        those through to too under until up upon us very was we were what when where which while who whom why will with \
        would you your
        """)

    private static func words(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }
}
