import CLMat

/// Features by id: those that were counted by rank, 0 for the most frequent one, and behind them the rows that all others share.
///
/// Of a feature only its key is kept: a fixed 64-bit hash of its field and its text. Two of n features have one key with a chance of
/// n²/2⁶⁵ at most: 4 in 100,000 that this happens at all among 37 million. A feature that was not counted has no state: its row among the
/// ``unseenRoom`` last ones is a function of its key, so a run that is rewound or made again meets it at the same row.
public struct ClickVocabulary: Sendable {
    /// What keys are.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Hashes of the features that were counted.
        case counted
        /// Numbers of buckets that features are hashed into: no feature is unseen, and several may share a bucket.
        case hashed
        /// The features are ids already, as those that a generator draws.
        case numbered
    }

    /// What keys are.
    public let kind: Kind
    /// The key of each rank; none if ``kind`` is ``Kind-swift.enum/numbered``.
    public let keys: [UInt64]
    /// How many rows behind the counted features are for all others; 0 if those are left out of records.
    public let unseenRoom: Int
    /// How often the counted features occur in the training records, all together.
    public let total: Int
    /// Counts of 2³² − 1 and more are that.
    private let storedCounts: [UInt32]
    /// For ``Kind-swift.enum/counted`` 1 + the rank in a table with open addressing, of a power of two; for ``Kind-swift.enum/hashed`` the
    /// rank by bucket.
    private let slots: [Int32]

    /// V: how many ids there are.
    public var count: Int { counted + unseenRoom }
    /// How many features were counted (of ``Kind-swift.enum/hashed``, how many buckets there are).
    public var counted: Int { storedCounts.count }

    /// How often each counted feature occurs in the training records, by rank; counts do not rise. Of a generator what its law expects,
    /// rounded.
    public var counts: [Int] { storedCounts.map(Int.init) }

    /// How often a feature occurs in the training records; 0 for the rows that unseen features share.
    public func count(of id: Int32) -> Int { storedCounts.indices.contains(Int(id)) ? Int(storedCounts[Int(id)]) : 0 }

    // MARK: - Making

    /// Features that are ranked already.
    ///
    /// - Parameters:
    ///   - keys: one per feature, the most frequent first.
    ///   - counts: one per feature; they do not rise.
    ///   - unseenRoom: rows for all other features.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for a key that is there twice, counts that rise or are negative, or another number of
    ///   counts than of keys; ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a negative room.
    public init(keys: [UInt64], counts: [Int], unseenRoom: Int) throws(CLMatError) {
        let stored = try Self.checked(counts, unseenRoom: unseenRoom)
        guard keys.count == counts.count else {
            throw .dataMismatch(
                "A vocabulary of \(keys.count) features has \(counts.count) counts: give one per feature.")
        }
        var (slots, mask) = Self.emptySlots(for: keys.count)
        for (rank, key) in keys.enumerated() {
            var slot = Int(truncatingIfNeeded: ClickKey.mixed(key)) & mask
            while slots[slot] != 0 {
                guard keys[Int(slots[slot] - 1)] != key else {
                    throw .dataMismatch("Features \(slots[slot] - 1) and \(rank) of the vocabulary have the same key.")
                }
                slot = (slot + 1) & mask
            }
            slots[slot] = Int32(rank + 1)
        }
        (kind, self.keys, self.unseenRoom, self.slots) = (.counted, keys, unseenRoom, slots)
        (storedCounts, total) = (stored, counts.reduce(0, +))
    }

    /// Buckets that features are hashed into, ranked already.
    ///
    /// - Parameters:
    ///   - buckets: the number of each bucket, from 0, the one that occurs most first; all of them.
    ///   - counts: one per bucket; they do not rise.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for buckets that are not the numbers from 0 on, each once, counts that rise or are
    ///   negative, or another number of counts than of buckets.
    public init(buckets: [UInt64], counts: [Int]) throws(CLMatError) {
        let stored = try Self.checked(counts, unseenRoom: 0)
        guard buckets.count == counts.count, !buckets.isEmpty else {
            throw .dataMismatch(
                "A vocabulary of \(buckets.count) buckets has \(counts.count) counts: give one per bucket, for one bucket at least."
            )
        }
        var ranks = [Int32](repeating: -1, count: buckets.count)
        for (rank, bucket) in buckets.enumerated() {
            guard let place = Int(exactly: bucket), ranks.indices.contains(place), ranks[place] < 0 else {
                throw .dataMismatch(
                    "Bucket \(bucket) of the vocabulary is there twice, or is none of the numbers 0 to \(buckets.count - 1)."
                )
            }
            ranks[place] = Int32(rank)
        }
        (kind, keys, unseenRoom, slots) = (.hashed, buckets, 0, ranks)
        (storedCounts, total) = (stored, counts.reduce(0, +))
    }

    /// Features that are ids already.
    ///
    /// - Parameter counts: one per feature; they do not rise.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for counts that rise or are negative.
    public init(numberedByCounts counts: [Int], unseenRoom: Int = 0) throws(CLMatError) {
        let stored = try Self.checked(counts, unseenRoom: unseenRoom)
        self.init(unchecked: stored, unseenRoom: unseenRoom)
    }

    /// - Parameter counts: they do not rise.
    init(unchecked counts: [UInt32], unseenRoom: Int) {
        (kind, keys, self.unseenRoom, slots) = (.numbered, [], unseenRoom, [])
        storedCounts = counts
        total = counts.reduce(0) { $0 + Int($1) }
    }

    /// The most ids that there can be: ids are 32-bit numbers, and slots are twice as many.
    static let most = 1 << 30

    private static func checked(_ counts: [Int], unseenRoom: Int) throws(CLMatError) -> [UInt32] {
        guard counts.count <= most, (0...most - counts.count).contains(unseenRoom) else {
            throw .invalidValue(
                setting: "unseenRoom", value: "\(unseenRoom)",
                accepted: "0 or more rows for unseen features; with the \(counts.count) counted ones \(most) at most")
        }
        var (stored, sum) = ([UInt32](), 0)
        stored.reserveCapacity(counts.count)
        for (rank, count) in counts.enumerated() {
            let (total, overflow) = sum.addingReportingOverflow(count)
            guard count >= 0, !overflow else {
                throw .dataMismatch("The count of feature \(rank) of the vocabulary, \(count), is none.")
            }
            guard rank == 0 || count <= counts[rank - 1] else {
                throw .dataMismatch(
                    """
                    Features are by rank, but feature \(rank) of the vocabulary is there \(count) times, more often than the one \
                    before it (\(counts[rank - 1])): sort them by count.
                    """)
            }
            stored.append(UInt32(clamping: count))
            sum = total
        }
        return stored
    }

    /// A table that is half empty at least.
    static func emptySlots(for count: Int) -> (slots: [Int32], mask: Int) {
        var size = 16
        while size < 2 * count { size *= 2 }
        return ([Int32](repeating: 0, count: size), size - 1)
    }

    // MARK: - Looking up

    /// The id of a key: its rank if it was counted, else one of the last ``unseenRoom`` rows, which the key alone says. -1 if there is no
    /// such row: a record leaves the feature out.
    ///
    /// - Cost: two places in memory that are not in a cache, for a rare feature.
    public func id(of key: UInt64) -> Int32 {
        switch kind {
        case .counted:
            let mask = slots.count - 1
            var slot = Int(truncatingIfNeeded: ClickKey.mixed(key)) & mask
            while true {
                let entry = slots[slot]
                guard entry != 0 else { return unseenID(key) }
                if keys[Int(entry) - 1] == key { return entry - 1 }
                slot = (slot + 1) & mask
            }
        case .hashed: return slots[Self.bucket(of: key, slots.count)]
        case .numbered: return key < UInt64(counted) ? Int32(truncatingIfNeeded: key) : unseenID(key)
        }
    }

    private func unseenID(_ key: UInt64) -> Int32 {
        unseenRoom == 0 ? -1 : Int32(truncatingIfNeeded: counted + Self.bucket(of: key, unseenRoom))
    }

    /// Which of so many buckets a key falls into.
    static func bucket(of key: UInt64, _ buckets: Int) -> Int {
        Int(
            truncatingIfNeeded: ClickKey.mixed(key ^ 0x6A09_E667_F3BC_C908).multipliedFullWidth(by: UInt64(buckets))
                .high)
    }

    // MARK: - Tables

    /// How often features of ranks 0–9, 10–99, 100–999 and so on occur.
    ///
    /// - Source: B. Jiang, *Exploratory model analysis for machine learning*, UCB/EECS-2018-34, 2018, table 5.9.
    public var countsByRank: [RankCounts] { counts(of: RankCounts.decades(upTo: counted)) }

    /// How often the features of each range of ranks occur. What lies beyond the counted ones counts nothing.
    public func counts(of ranges: [Range<Int>]) -> [RankCounts] {
        ranges.map { ranks in
            RankCounts(
                ranks: ranks, tokens: storedCounts[ranks.clamped(to: 0..<counted)].reduce(0) { $0 + Int($1) })
        }
    }
}

extension ClickVocabulary: Equatable {
    /// Whether kind, keys, counts and the room for unseen features are the same.
    public static func == (a: ClickVocabulary, b: ClickVocabulary) -> Bool {
        a.kind == b.kind && a.unseenRoom == b.unseenRoom && a.keys == b.keys && a.storedCounts == b.storedCounts
    }
}
