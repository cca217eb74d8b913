import Exploration

/// What of each metric is drawn, kept until there is more of it or another part is shown.
struct CurveCache {
    struct Drawn {
        fileprivate let key: Key
        fileprivate let madeAt: ContinuousClock.Instant
        /// The least and greatest value drawn since the history was last altered.
        let extremes: (low: Float, high: Float)
        let buckets: [Timeline.Bucket]
        /// Whether it still changes; nil if that cannot be told, or it is not a number.
        let motion: Motion?
        /// Since when it is not a number, if it is not.
        let lost: Lost?
        /// Whether the metric was seen to be older than the run's step: it is not measured at each.
        let isSparse: Bool

        /// The newest value up to a step.
        func value(at step: Int) -> Timeline.Bucket? { buckets.last { $0.firstStep <= step } }
    }

    fileprivate struct Key: Equatable {
        let now: Int
        let end: Int
        let first: Int
        let last: Int
        let width: Int
        let version: Int
        let isLogarithmic: Bool
    }

    /// A metric on the current path, or on another branch.
    struct Line: Hashable {
        let metric: String
        let branch: Int?
    }

    private var drawn: [Line: Drawn] = [:]
    private let clock: any WindowClock

    init(_ clock: any WindowClock = WallClock()) { self.clock = clock }

    func hasValues(_ metric: String) -> Bool {
        drawn[Line(metric: metric, branch: nil)].map { !$0.buckets.isEmpty } ?? false
    }

    /// `lastChange` is the step at which a control was last changed.
    mutating func curve(
        _ metric: String, _ timeline: Timeline, in range: ClosedRange<Double>, width: Int, lastChange: Int,
        isLogarithmic: Bool = false
    ) -> Drawn {
        let line = Line(metric: metric, branch: nil)
        let key = key(
            range, now: timeline.step, end: timeline.lastStep, width: width, version: timeline.version, isLogarithmic)
        let kept = drawn[line]
        if let kept, kept.key == key || isGoodEnough(kept, for: key) { return kept }

        let buckets = Self.buckets(metric, timeline, key)
        // A rewind or a deletion takes values away: what was seen of them counts no more.
        let isSame = kept?.key.version == key.version
        let extremes = Self.extremes(of: buckets, and: isSame ? kept?.extremes : nil)
        let lost = Lost(metric, timeline, before: isSame ? kept?.lost : nil, upTo: kept?.key.now ?? 0)
        let motion = lost == nil ? Motion(metric, timeline, since: lastChange, isLogarithmic: isLogarithmic) : nil
        let newest = buckets.last { $0.firstStep <= key.now }
        let isOld = newest.map { key.last >= key.now && $0.lastStep < key.now } ?? false
        let fresh = Drawn(
            key: key, madeAt: clock.now, extremes: extremes, buckets: buckets, motion: motion, lost: lost,
            isSparse: isOld || kept?.isSparse == true)
        drawn[line] = fresh
        return fresh
    }

    /// What is drawn of a metric. No bucket reaches across the present: its value is not one of the future.
    private static func buckets(_ metric: String, _ timeline: Timeline, _ key: Key) -> [Timeline.Bucket] {
        let whole = key.first...key.last
        guard key.now >= key.first, key.now < key.last else {
            return timeline.buckets(metric, in: whole, count: max(1, key.width))
        }
        let length = max(1, (whole.count + max(1, key.width) - 1) / max(1, key.width))
        return [key.first...key.now, key.now + 1...key.last].flatMap { part in
            timeline.buckets(metric, in: part, count: (part.count + length - 1) / length)
        }
    }

    /// The curve of another branch, from where it leaves the current path. It does not grow.
    mutating func curve(
        _ metric: String, branch: Int, from fork: Int, _ timeline: Timeline, in range: ClosedRange<Double>, width: Int
    ) -> Drawn {
        let line = Line(metric: metric, branch: branch)
        let key = key(range, now: fork, end: 0, width: width, version: timeline.version)
        if let kept = drawn[line], kept.key == key { return kept }
        let first = max(key.first, fork)
        let buckets =
            first <= key.last
            ? timeline.buckets(metric, branch: branch, in: first...key.last, count: max(1, width)) : []
        let fresh = Drawn(
            key: key, madeAt: clock.now, extremes: Self.extremes(of: buckets, and: nil), buckets: buckets,
            motion: nil, lost: nil, isSparse: false)
        drawn[line] = fresh
        return fresh
    }

    /// Forgets branches that are no more.
    mutating func keepBranches(_ branches: [Int]) {
        drawn = drawn.filter { line, _ in line.branch.map { branches.contains($0) } ?? true }
    }

    private func key(
        _ range: ClosedRange<Double>, now: Int, end: Int, width: Int, version: Int, _ isLogarithmic: Bool = false
    ) -> Key {
        let first = max(0, Int(range.lowerBound.rounded(.down)))
        let last = max(first, Int(range.upperBound.rounded(.up)))
        return Key(
            now: now, end: end, first: first, last: last, width: width, version: version, isLogarithmic: isLogarithmic)
    }

    private static func extremes(
        of buckets: [Timeline.Bucket], and others: (low: Float, high: Float)?
    ) -> (low: Float, high: Float) {
        var (low, high) = others ?? (.infinity, -.infinity)
        for bucket in buckets where bucket.hasValues {
            (low, high) = (min(low, bucket.minimum), max(high, bucket.maximum))
        }
        return (low, high)
    }

    /// Going through a long history takes a while, in which the learner cannot add to it: four times per second is
    /// enough where a new step moves nothing by a pixel.
    private func isGoodEnough(_ kept: Drawn, for key: Key) -> Bool {
        let length = key.last - key.first
        return length > 20_000 && kept.key.width == key.width && kept.key.version == key.version
            && kept.key.isLogarithmic == key.isLogarithmic
            && abs(kept.key.first - key.first) <= length / 100
            && abs(kept.key.last - key.last) <= length / 100 && (clock.now - kept.madeAt).seconds < 0.25
    }
}

/// Since when a metric is not a number any more.
struct Lost: Equatable {
    /// The first step of those, up to where the run is, at which it was measured and was not finite.
    let since: Int
    /// The value now.
    let value: Float

    /// Nil if its last value is finite, or there is none.
    ///
    /// - Parameter before: what was found when the run was at `step`.
    init?(_ metric: String, _ timeline: Timeline, before: Lost?, upTo step: Int) {
        guard let found = timeline.lostSince(metric, known: before.map { ($0.since, step) }) else { return nil }
        (since, value) = found
    }

    /// "not a number since step 1,234".
    var words: String { "\(value.isNaN ? "not a number" : "infinite") since step \(grouped(since))" }
}
