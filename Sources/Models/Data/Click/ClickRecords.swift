import CLMat

/// Records that can be asked for by number, of a file or of a generator: the same range is always the same batch, so a run can be rewound.
public protocol ClickRecords: Sendable {
    /// What a person calls them: "criteo, training".
    var name: String { get }
    /// How many there are.
    var count: Int { get }
    /// The records of a range.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a range beyond them.
    func batch(_ range: Range<Int>) throws(CLMatError) -> ClickBatch
    /// The true chance of a click of each record of a range, where records are drawn by a known law; nil where nobody knows it.
    func oracle(_ range: Range<Int>) throws(CLMatError) -> [Float]?
    /// A checksum of the records, which a session notes; empty by default.
    var checksum: String { get }
}

extension ClickRecords {
    /// nil: nobody knows the true chances of clicks in a log.
    public func oracle(_ range: Range<Int>) throws(CLMatError) -> [Float]? { nil }
    public var checksum: String { "" }

    /// - Parameter fields: of each record, as their features in a batch have numbers of 32 bits.
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a range beyond the records, or too many at once.
    func check(_ range: Range<Int>, fields: Int = 1) throws(CLMatError) {
        guard range.lowerBound >= 0, range.upperBound <= count else {
            throw .invalidArgument(
                operation: name,
                problem: "There are no records \(range.lowerBound)..<\(range.upperBound): it has \(count).")
        }
        guard range.count <= Int(Int32.max) / fields else {
            throw .invalidArgument(
                operation: name,
                problem: "\(range.count) records are too many at once: take \(Int(Int32.max) / fields) at most.")
        }
    }
}
