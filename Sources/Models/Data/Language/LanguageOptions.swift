import CLMat

/// How texts become data for a language model.
public struct LanguageOptions: Sendable, Equatable {
    /// Where `<eos>` is added.
    public enum SentenceEnd: String, Sendable, CaseIterable {
        /// At the end of each line, an empty one too.
        case line
        /// At the end of a paragraph: before an empty line, and at the end of a file.
        case paragraph
    }

    /// The most words of the vocabulary, with `<unk>` and `<eos>`: all others are `<unk>`. nil for no limit. Of data that are ids it says how many
    /// there are; if nil, they are as many as the largest one asks for.
    public var vocabularySize: Int?
    /// Words that the training text has less often are `<unk>`. If nil, 2 for texts whose words are found by ``Tokenisation/words``, 1
    /// for those that are prepared.
    public var minimumCount: Int?
    /// How words are found; nil for what suits the files.
    public var tokenisation: Tokenisation?
    /// Where `<eos>` is added; nil for what suits the files: lines of prepared text, paragraphs of others.
    public var sentenceEnd: SentenceEnd?
    /// Of each file of a data set without parts, the share at its end that is for validation.
    public var validationShare = 0.05
    /// The share before it that is for the test.
    public var testShare = 0.05
    /// Words and their ids, as those of a model that is there already: no word is added. nil for those of the training text.
    public var vocabulary: LanguageVocabulary?
    /// The most words that a vocabulary can have.
    public static let mostWords = 1 << 29 - 1
    /// Ids that take more bytes than this are kept in a file.
    var memoryLimit = Self.usualMemoryLimit
    static let usualMemoryLimit = 256 << 20

    /// What suits the files.
    public init(vocabularySize: Int? = nil, minimumCount: Int? = nil) {
        (self.vocabularySize, self.minimumCount) = (vocabularySize, minimumCount)
    }

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    func check() throws(CLMatError) {
        func refuse(_ setting: String, _ value: String, _ accepted: String) -> CLMatError {
            .invalidValue(setting: setting, value: value, accepted: accepted)
        }
        if let vocabularySize, !(3...Self.mostWords).contains(vocabularySize) {
            throw refuse(
                "vocabularySize", "\(vocabularySize)",
                "3 words or more, <unk> and <eos> among them, and up to \(Self.mostWords)")
        }
        if let minimumCount, minimumCount < 1 { throw refuse("minimumCount", "\(minimumCount)", "1 or more") }
        for (name, share) in [("validationShare", validationShare), ("testShare", testShare)] {
            guard share >= 0, share < 1 else { throw refuse(name, "\(share)", "a share from 0 to below 1") }
        }
        guard validationShare > 0, validationShare + testShare < 1 else {
            throw refuse(
                "validationShare", "\(validationShare)",
                "a share above 0 that leaves something to learn from beside the test's \(testShare)")
        }
    }

    /// The same, where nothing is said, for prepared text or for other text.
    func filled(_ tokenisation: Tokenisation) -> LanguageOptions {
        var options = self
        options.tokenisation = self.tokenisation ?? vocabulary?.tokenisation ?? tokenisation
        options.sentenceEnd = sentenceEnd ?? (options.tokenisation == .blanks ? .line : .paragraph)
        options.minimumCount = minimumCount ?? (options.tokenisation == .blanks ? 1 : 2)
        return options
    }

    /// A sentence for the notes.
    var described: String {
        let words =
            tokenisation == .blanks
            ? "words stand between blanks" : "words are in lower case, punctuation marks are words of their own"
        return words
            + (sentenceEnd == .line
                ? ", and <eos> ends each line." : ", and <eos> ends each paragraph (empty lines set them apart).")
    }
}
