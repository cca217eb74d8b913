import CLMat

/// What a model of clicks learns from and is scored on: records whose features are ids of one vocabulary.
public struct ClickData: Sendable {
    /// What a person calls it: "criteo".
    public let name: String
    /// What is learned from, in the order of the log.
    public let train: any ClickRecords
    /// What the model is scored on.
    public let test: any ClickRecords
    /// The features, by rank in the training records.
    public let vocabulary: ClickVocabulary
    /// How the records were read, a sentence each.
    public let notes: [String]

    /// Records whose features are ids of the vocabulary.
    public init(
        name: String, train: any ClickRecords, test: any ClickRecords, vocabulary: ClickVocabulary, notes: [String] = []
    ) {
        (self.name, self.train, self.test, self.vocabulary, self.notes) = (name, train, test, vocabulary, notes)
    }
}
