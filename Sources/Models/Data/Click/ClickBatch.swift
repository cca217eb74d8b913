import CLMat

/// Records of sparse features, on the host: record i has the features at `starts[i]..<starts[i + 1]`.
public struct ClickBatch: Sendable, Equatable {
    /// 1 for a click, 0 for none: one per record.
    public var labels: [Float]
    /// Where the features of each record begin, and where the last one's end: one more than there are records.
    public var starts: [Int32]
    /// Ids of features. Those that the vocabulary counted are ranks, 0 for the most frequent one. A record may have one twice.
    public var features: [Int32]
    /// A value per feature; nil if all are 1.
    public var values: [Float]?

    /// No records.
    public init() { (labels, starts, features) = ([], [0], []) }

    /// Records from their parts.
    ///
    /// - Precondition: `starts` does not fall, begins with 0, has one more than `labels`, and ends with the number of `features`; there are as
    ///   many `values`.
    public init(labels: [Float], starts: [Int32], features: [Int32], values: [Float]? = nil) {
        precondition(starts.count == labels.count + 1 && starts.first == 0 && starts.last == Int32(features.count))
        precondition(values.map { $0.count == features.count } ?? true)
        (self.labels, self.starts, self.features, self.values) = (labels, starts, features, values)
    }

    /// The number of records.
    public var count: Int { labels.count }

    /// The places in ``features`` of a record's features.
    ///
    /// - Precondition: `record` is in `0..<count`.
    public func places(_ record: Int) -> Range<Int> { Int(starts[record])..<Int(starts[record + 1]) }

    /// The same by feature, as sums of gradients need it.
    public func byFeature() -> SortedBags { SortedBags(starts: starts, ranks: features, values: values) }
}
