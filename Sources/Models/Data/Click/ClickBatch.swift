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
    ///
    /// - Cost: a radix sort, in two passes over the features for ids below 2²⁶, in three above.
    public func byFeature() -> ClickFeatures { ClickFeatures(self) }
}

/// Records of a batch by feature: feature `ids[j]` is in the records at `starts[j]..<starts[j + 1]`.
public struct ClickFeatures: Sendable, Equatable {
    /// The features of the batch, each once, rising.
    public let ids: [Int32]
    /// Where the records of each feature begin, and where the last one's end: one more than there are features.
    public let starts: [Int32]
    /// The numbers of the records in the batch; they do not fall within a feature. A record that has the feature twice is there twice.
    public let records: [Int32]
    /// A value per entry of ``records``; nil if all are 1.
    public let values: [Float]?

    /// The features of a batch.
    ///
    /// - Precondition: no id is negative.
    public init(_ batch: ClickBatch) {
        let count = batch.features.count
        // Places are needed to find values, and else the records at once. The sort is stable, so both rise within a feature.
        let hasValues = batch.values != nil
        var keys = [UInt64](unsafeUninitializedCapacity: count) { target, filled in
            for record in 0..<batch.count {
                for place in batch.places(record) {
                    let feature = UInt64(UInt32(bitPattern: batch.features[place]))
                    target[place] = feature << 32 | UInt64(hasValues ? place : record)
                }
            }
            filled = count
        }
        RadixSort.byUpperHalf(&keys)
        var (ids, starts) = ([Int32](), [Int32]())
        ids.reserveCapacity(count)
        starts.reserveCapacity(count + 1)
        var last = UInt64.max
        var records = [Int32](unsafeUninitializedCapacity: count) { target, filled in
            for (place, key) in keys.enumerated() {
                let id = key >> 32
                if id != last {
                    ids.append(Int32(truncatingIfNeeded: id))
                    starts.append(Int32(truncatingIfNeeded: place))
                    last = id
                }
                target[place] = Int32(truncatingIfNeeded: key & 0xFFFF_FFFF)
            }
            filled = count
        }
        starts.append(Int32(truncatingIfNeeded: count))
        if let given = batch.values {
            let places = records
            var owners = [Int32](repeating: 0, count: count)
            for record in 0..<batch.count {
                for place in batch.places(record) { owners[place] = Int32(truncatingIfNeeded: record) }
            }
            records = places.map { owners[Int($0)] }
            values = places.map { given[Int($0)] }
        } else {
            values = nil
        }
        (self.ids, self.starts, self.records) = (ids, starts, records)
    }

    /// How many different features there are.
    public var count: Int { ids.count }

    /// The places in ``records`` of a feature's records.
    ///
    /// - Precondition: `index` is in `0..<count`.
    public func places(_ index: Int) -> Range<Int> { Int(starts[index])..<Int(starts[index + 1]) }
}

/// Sorting by digits from the lowest on.
enum RadixSort {
    /// Bits of the widest digit, whose counts fit into a cache of the first level.
    private static let widest = 13

    /// Sorts by the upper 32 bits; keys that are equal there keep their order.
    static func byUpperHalf(_ keys: inout [UInt64]) {
        guard keys.count > 1 else { return }
        var all: UInt64 = 0
        keys.withUnsafeBufferPointer { keys in for key in keys { all |= key } }
        let width = 64 - (all >> 32).leadingZeroBitCount
        guard width > 0 else { return }
        let passes = (width + widest - 1) / widest
        let bits = (width + passes - 1) / passes
        var other = [UInt64](repeating: 0, count: keys.count)
        for digit in 0..<passes {
            pass(keys, into: &other, shift: UInt64(32 + digit * bits), bits)
            swap(&keys, &other)
        }
    }

    private static func pass(_ source: [UInt64], into target: inout [UInt64], shift: UInt64, _ bits: Int) {
        let mask = UInt64(1 << bits) - 1
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 1 << bits) { places in
            places.initialize(repeating: 0)
            source.withUnsafeBufferPointer { source in
                for key in source { places[Int(truncatingIfNeeded: key &>> shift & mask)] &+= 1 }
                var sum: Int32 = 0
                for digit in places.indices { (places[digit], sum) = (sum, sum &+ places[digit]) }
                target.withUnsafeMutableBufferPointer { target in
                    for key in source {
                        let digit = Int(truncatingIfNeeded: key &>> shift & mask)
                        target[Int(places[digit])] = key
                        places[digit] &+= 1
                    }
                }
            }
        }
    }
}
