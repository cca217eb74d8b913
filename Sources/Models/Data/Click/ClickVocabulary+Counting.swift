import CLMat

/// Numbers of keys in the order in which they come: a hash table with open addressing.
struct ClickKeyTable {
    private(set) var keys: [UInt64] = []
    private var slots = [Int32](repeating: 0, count: 1 << 12)

    var count: Int { keys.count }

    /// The number of a key; a new one gets the next. -1 if there are too many.
    mutating func number(of key: UInt64) -> Int32 {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: ClickKey.mixed(key)) & mask
        while true {
            let entry = slots[slot]
            if entry == 0 { break }
            if keys[Int(entry) - 1] == key { return entry - 1 }
            slot = (slot + 1) & mask
        }
        guard keys.count < 1 << 29 else { return -1 }
        keys.append(key)
        slots[slot] = Int32(keys.count)
        // Up to three quarters are full.
        if 4 * keys.count > 3 * slots.count { grow() }
        return Int32(keys.count - 1)
    }

    private mutating func grow() {
        slots = [Int32](repeating: 0, count: 2 * slots.count)
        let mask = slots.count - 1
        for (number, key) in keys.enumerated() {
            var slot = Int(truncatingIfNeeded: ClickKey.mixed(key)) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(number + 1)
        }
    }
}

/// Features by rank, from counts by number.
struct ClickRanking {
    /// The numbers of the features that are kept, by rank: by falling count, those of one count by number.
    let order: [Int32]
    /// By rank.
    let counts: [Int]
    /// Features that occur and are not kept, and how often they occur all together.
    let cut: (features: Int, occurrences: Int)

    /// - Parameter counts: one per number. What does not occur is not kept, unless `minimumCount` is 0.
    init(_ counts: [UInt32], minimumCount: Int, largest: Int?) {
        var keys: [UInt64] = []
        var cut = (features: 0, occurrences: 0)
        for (number, count) in counts.enumerated() {
            if Int(count) >= minimumCount {
                keys.append(UInt64(~count) << 32 | UInt64(number))
            } else if count > 0 {
                cut.features += 1
                cut.occurrences += Int(count)
            }
        }
        RadixSort.byUpperHalf(&keys)
        if let largest, keys.count > largest {
            for key in keys[largest...] where key >> 32 != 0xFFFF_FFFF {
                cut.features += 1
                cut.occurrences += Int(~UInt32(truncatingIfNeeded: key >> 32))
            }
            keys.removeLast(keys.count - largest)
        }
        order = keys.map { Int32(truncatingIfNeeded: $0 & 0xFFFF_FFFF) }
        self.counts = keys.map { Int(~UInt32(truncatingIfNeeded: $0 >> 32)) }
        self.cut = cut
    }
}

extension ClickVocabulary {
    /// Buckets by falling count, those of one count by number.
    init(bucketCounts: [UInt32]) throws(CLMatError) {
        let ranking = ClickRanking(bucketCounts, minimumCount: 0, largest: nil)
        try self.init(buckets: ranking.order.map { UInt64($0) }, counts: ranking.counts)
    }
}
