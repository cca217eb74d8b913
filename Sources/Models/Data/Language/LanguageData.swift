import CLMat

/// What a language model learns from and is scored on: texts of one vocabulary.
public struct LanguageData: Sendable {
    /// What a person calls it: "ptb".
    public let name: String
    /// What is learned from.
    public let train: TokenText
    /// What the model is scored on while it learns.
    public let validation: TokenText
    /// What it is scored on at the end; nil if there is no such text.
    public let test: TokenText?
    /// How the texts were read, a sentence each.
    public let notes: [String]

    /// The words of all texts, by rank in the training text.
    public var vocabulary: LanguageVocabulary { train.vocabulary }

    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for texts of different vocabularies.
    public init(
        name: String, train: TokenText, validation: TokenText, test: TokenText? = nil, notes: [String] = []
    ) throws(CLMatError) {
        for text in [validation] + (test.map { [$0] } ?? []) where text.vocabulary != train.vocabulary {
            throw .dataMismatch("\(text.name) and \(train.name) have different vocabularies: read them together.")
        }
        self.init(unchecked: name, train, validation, test, notes)
    }

    private init(
        unchecked name: String, _ train: TokenText, _ validation: TokenText, _ test: TokenText?, _ notes: [String]
    ) {
        (self.name, self.train, self.validation, self.test, self.notes) = (name, train, validation, test, notes)
    }

    /// - Parameter stores: their ids are words of the vocabulary. One of a test that is too short is left out, and said.
    init(
        name: String, stores: [LanguagePart: TokenStore], vocabulary: LanguageVocabulary, notes: [String]
    ) throws(CLMatError) {
        func text(_ part: LanguagePart) throws(CLMatError) -> TokenText {
            try TokenText(
                name: "\(name), \(part.title)", store: stores[part] ?? TokenStore([]), vocabulary: vocabulary)
        }
        var notes = notes
        var test: TokenText?
        if let store = stores[.test], store.entries.count >= 2 {
            test = try text(.test)
        } else if stores[.test] != nil {
            notes.append("\(name): there are too few tokens for a test.")
        }
        self.init(unchecked: name, try text(.train), try text(.validation), test, notes)
    }
}

/// What a text is for.
enum LanguagePart: Int, CaseIterable {
    case train, validation, test

    var title: String {
        switch self {
        case .train: "training"
        case .validation: "validation"
        case .test: "test"
        }
    }

    /// The part that a word in a file's name says.
    init?(_ word: some StringProtocol) {
        switch word.lowercased() {
        case "train", "training": self = .train
        case "valid", "validation", "val", "dev": self = .validation
        case "test": self = .test
        default: return nil
        }
    }
}
