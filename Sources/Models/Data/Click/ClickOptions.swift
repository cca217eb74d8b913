import CLMat

/// How a file lists clicks.
public enum ClickFormat: String, Sendable, Codable, CaseIterable {
    /// Criteo's: no header, tabs between a label, 13 whole numbers and 26 categories; what is blank is missing.
    case criteo
    /// Avazu's: a header, commas, a column `click`, and categories.
    case avazu
    /// A label and `index:value` of each feature, blanks between them, as LIBSVM and SVMlight write.
    case libsvm
    /// A label and `field:feature:value` of each feature, blanks between them, as LIBFFM writes.
    case ffm
}

/// How records of clicks are read, and which features are kept.
public struct ClickOptions: Sendable, Equatable {
    /// How the file is read; nil for what its content says.
    public var format: ClickFormat?
    /// Features that the training records have less often are unseen ones.
    public var minimumCount = 1
    /// At most so many features are kept, the most frequent ones; all others are unseen ones. nil for no limit.
    public var largest: Int?
    /// Rows behind the counted features that unseen ones are hashed into; with 0, records leave them out.
    public var unseenRoom = 1024
    /// All features are hashed into so many buckets; nil if each has an id of its own.
    public var buckets: Int?
    /// The share of the records, the last ones, that is not learned from: logs are in the order of time.
    public var testShare = 0.1
    /// A file of records to score on, where no share is held out.
    public var test: String?
    /// Of a generator, how many records to score on follow those to learn from. nil for 200,000, or a tenth of the others if that is less.
    public var testRecords: Int?
    /// Of a generator, whether features are ranked by counts over the training records, where its law could say them at once.
    public var countsGenerated = false
    /// Features and their ids, as those of a model that is there already. nil for those of the training records.
    public var vocabulary: ClickVocabulary?
    /// Records that take more bytes than this are kept in a file.
    var memoryLimit = 64 << 20

    /// What suits the files.
    public init() {}

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    func check() throws(CLMatError) {
        func refuse(_ setting: String, _ value: String, _ accepted: String) -> CLMatError {
            .invalidValue(setting: setting, value: value, accepted: accepted)
        }
        let most = ClickVocabulary.most
        guard minimumCount >= 1 else { throw refuse("minimumCount", "\(minimumCount)", "1 or more") }
        if let largest, !(1...most).contains(largest) { throw refuse("largest", "\(largest)", "1 to \(most) features") }
        guard (0...most / 2).contains(unseenRoom) else {
            throw refuse("unseenRoom", "\(unseenRoom)", "0 to \(most / 2) rows for unseen features")
        }
        guard testShare >= 0, testShare < 1 else {
            throw refuse("testShare", "\(testShare)", "a share from 0 to below 1")
        }
        if let testRecords, testRecords < 0 { throw refuse("testRecords", "\(testRecords)", "0 or more") }
        guard let buckets else { return }
        guard (1...most / 2).contains(buckets) else { throw refuse("buckets", "\(buckets)", "1 to \(most / 2)") }
        guard minimumCount == 1, largest == nil, vocabulary == nil else {
            throw refuse(
                "buckets", "\(buckets)",
                "nothing where features are counted: a least count, a largest number and a vocabulary are for features with ids of their own"
            )
        }
    }
}
