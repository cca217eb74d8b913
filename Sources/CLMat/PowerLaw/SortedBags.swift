/// Bags of features by rank, on the host: rank `ranks[j]` is in the bags at `starts[j]..<starts[j + 1]`. ``FeatureBags`` are made with it, or of it
/// where another thread has sorted them ahead.
public struct SortedBags: Sendable, Equatable {
    /// The ranks that occur, each once, rising.
    public let ranks: [Int32]
    /// Where the bags of each rank begin, and where the last one's end: one more than there are ranks.
    public let starts: [Int32]
    /// The numbers of the bags; they do not fall within a rank. A bag that has the rank twice is there twice.
    public let bags: [Int32]
    /// A value per entry of ``bags``; nil if all are 1.
    public let values: [Float]?
    /// How many bags there are, the empty ones too.
    let bagCount: Int

    /// - Precondition: `starts` go from 0 to the number of `ranks` and do not fall; there are as many `values`, if any. Negative ranks come last.
    /// - Cost: a radix sort, in two passes over the elements for ranks below 2²⁶, in three above.
    public init(starts bagStarts: [Int32], ranks elements: [Int32], values given: [Float]?) {
        let count = elements.count
        let bagCount = bagStarts.count - 1
        self.bagCount = bagCount
        // Places are needed to find values, and else the bags at once. The sort is stable, so both rise within a rank.
        let hasValues = given != nil
        let elementsOf = { (bag: Int) in Int(bagStarts[bag])..<Int(bagStarts[bag + 1]) }
        var keys = [UInt64](unsafeUninitializedCapacity: count) { target, filled in
            for bag in 0..<bagCount {
                for place in elementsOf(bag) {
                    let rank = UInt64(UInt32(bitPattern: elements[place]))
                    target[place] = rank << 32 | UInt64(hasValues ? place : bag)
                }
            }
            filled = count
        }
        RadixSort.byUpperHalf(&keys)
        var (ranks, starts) = ([Int32](), [Int32]())
        ranks.reserveCapacity(count)
        starts.reserveCapacity(count + 1)
        var last = UInt64.max
        var bags = [Int32](unsafeUninitializedCapacity: count) { target, filled in
            for (place, key) in keys.enumerated() {
                let rank = key >> 32
                if rank != last {
                    ranks.append(Int32(truncatingIfNeeded: rank))
                    starts.append(Int32(truncatingIfNeeded: place))
                    last = rank
                }
                target[place] = Int32(truncatingIfNeeded: key & 0xFFFF_FFFF)
            }
            filled = count
        }
        starts.append(Int32(truncatingIfNeeded: count))
        if let given {
            let places = bags
            var owners = [Int32](repeating: 0, count: count)
            for bag in 0..<bagCount {
                for place in elementsOf(bag) { owners[place] = Int32(truncatingIfNeeded: bag) }
            }
            bags = places.map { owners[Int($0)] }
            values = places.map { given[Int($0)] }
        } else {
            values = nil
        }
        (self.ranks, self.starts, self.bags) = (ranks, starts, bags)
    }

    /// How many different ranks there are.
    public var count: Int { ranks.count }

    /// The places in ``bags`` of a rank's bags.
    ///
    /// - Precondition: `index` is in `0..<count`.
    public func places(_ index: Int) -> Range<Int> { Int(starts[index])..<Int(starts[index + 1]) }

    /// The most bags that a rank is in.
    var mostFrequent: Int { ranks.indices.reduce(0) { max($0, places($1).count) } }
}
