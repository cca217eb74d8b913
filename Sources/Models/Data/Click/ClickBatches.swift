import CLMat
import Exploration

/// Records to learn from in one step.
public struct ClickMinibatch: Sendable, Equatable {
    /// The records, in order.
    public let records: ClickBatch
    /// The same by feature, made with the records: ahead of time where ``/Exploration/ReadingAhead`` reads.
    public let features: SortedBags
    /// Passes over the records before this one.
    public let pass: Int
    /// The number of the first record in its pass, from 0.
    public let first: Int

    /// How many records there are.
    public var count: Int { records.count }
}

/// Minibatches of records in the order of the log, which is that of time: nothing is shuffled.
///
/// A minibatch begins where the one before it ended. The last one of a pass has the records that are left, which may be fewer; no record is
/// left out. Its place says what it is, so a run that is rewound, resumed or made again gets the same. Records that are decoded or drawn
/// take time: ``/Exploration/ReadingAhead`` makes the next minibatch, sorted by features, while the model learns from the last one.
/// Since the last one's size depends on its place, they are not for `Sharded`.
public struct ClickBatches: DataSource {
    /// What the minibatches are of.
    public let records: any ClickRecords
    /// B, the records of a minibatch at the start.
    public let batch: Int
    public let batchSizes: BatchSizes?
    public let notes: [String]
    public let checksum: String

    /// - Parameters:
    ///   - batch: records in a minibatch, at the start.
    ///   - sizes: what a slider may change it to while the model learns; nil if it is fixed.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` without records; ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a
    ///   batch below 1 or of more records than there are, or outside of `sizes`.
    public init(
        _ records: any ClickRecords, batch: Int, sizes: ClosedRange<Int>? = nil, notes: [String] = []
    ) throws(CLMatError) {
        guard records.count >= 1 else {
            throw .dataMismatch("\(records.name) has no records: there is nothing to learn from.")
        }
        guard (1...records.count).contains(batch) else {
            throw .invalidValue(
                setting: "batch", value: "\(batch)", accepted: "1 to \(records.count), the number of records")
        }
        if let sizes, sizes.lowerBound < 1 || !sizes.contains(batch) {
            throw .invalidValue(
                setting: "batch", value: "\(batch)",
                accepted: "a number among the sizes that it can be changed to, \(sizes), which begin at 1 or above")
        }
        (self.records, self.batch, self.notes) = (records, batch, notes)
        batchSizes = sizes.map { BatchSizes($0, initial: batch, unit: "records") }
        checksum = records.checksum
    }

    public var name: String { records.name }

    /// With the last one, which may have fewer records.
    public var stepsPerEpoch: Int { (records.count + batch - 1) / batch }

    /// The number that is wanted, or what is left in the pass.
    public func samples(at place: DataPlace) -> Int {
        let wanted = max(1, place.count ?? batch)
        let first = max(0, place.position) % records.count
        return min(wanted, records.count - first)
    }

    /// The minibatch at a place.
    public func batch(at place: DataPlace) throws(CLMatError) -> ClickMinibatch {
        guard place.position >= 0, place.count.map({ $0 >= 1 }) ?? true else {
            throw .invalidArgument(
                operation: name,
                problem: "There is no minibatch of \(place.count ?? batch) records from position \(place.position).")
        }
        let (pass, first) = place.position.quotientAndRemainder(dividingBy: records.count)
        let batch = try records.batch(first..<first + samples(at: place))
        return ClickMinibatch(records: batch, features: batch.byFeature(), pass: pass, first: first)
    }
}
