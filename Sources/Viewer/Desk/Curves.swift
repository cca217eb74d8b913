import Exploration

/// What of each metric is drawn, kept until there is more of it or another part is shown.
struct CurveCache {
    struct Drawn {
        fileprivate let key: Key
        fileprivate let madeAt: ContinuousClock.Instant
        /// The least and greatest value drawn since the history was last altered.
        let extremes: (low: Float, high: Float)
        let buckets: [Timeline.Bucket]
        let judgement: Judgement?
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
    }

    private struct Line: Hashable {
        let metric: String
        let branch: Int?
    }

    private var drawn: [Line: Drawn] = [:]
    private let clock = ContinuousClock()

    func hasValues(_ metric: String) -> Bool {
        drawn[Line(metric: metric, branch: nil)].map { !$0.buckets.isEmpty } ?? false
    }

    /// `lastChange` is the step at which a control was last changed.
    mutating func curve(
        _ metric: String, _ timeline: Timeline, in range: ClosedRange<Double>, width: Int, lastChange: Int
    ) -> Drawn {
        let line = Line(metric: metric, branch: nil)
        let key = key(range, now: timeline.step, end: timeline.lastStep, width: width, version: timeline.version)
        let kept = drawn[line]
        if let kept, kept.key == key || isGoodEnough(kept, for: key) { return kept }

        let buckets = Self.buckets(metric, timeline, key)
        // A way back or a deletion takes values away: what was seen of them counts no more.
        let isSame = kept?.key.version == key.version
        let extremes = Self.extremes(of: buckets, and: isSame ? kept?.extremes : nil)
        let judgement = Judgement(
            metric, timeline, since: lastChange, span: Double(extremes.high - extremes.low), before: kept?.judgement)
        let newest = buckets.last { $0.firstStep <= key.now }
        let isOld = newest.map { key.last >= key.now && $0.lastStep < key.now } ?? false
        let fresh = Drawn(
            key: key, madeAt: clock.now, extremes: extremes, buckets: buckets, judgement: judgement,
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
            judgement: nil, isSparse: false)
        drawn[line] = fresh
        return fresh
    }

    /// Forgets branches that are no more.
    mutating func keepBranches(_ branches: [Int]) {
        drawn = drawn.filter { line, _ in line.branch.map { branches.contains($0) } ?? true }
    }

    private func key(_ range: ClosedRange<Double>, now: Int, end: Int, width: Int, version: Int) -> Key {
        let first = max(0, Int(range.lowerBound.rounded(.down)))
        let last = max(first, Int(range.upperBound.rounded(.up)))
        return Key(now: now, end: end, first: first, last: last, width: width, version: version)
    }

    private static func extremes(
        of buckets: [Timeline.Bucket], and others: (low: Float, high: Float)?
    ) -> (low: Float, high: Float) {
        var (low, high) = others ?? (.infinity, -.infinity)
        for bucket in buckets where bucket.minimum.isFinite && bucket.maximum.isFinite {
            (low, high) = (min(low, bucket.minimum), max(high, bucket.maximum))
        }
        return (low, high)
    }

    /// Going through a long history takes a while, in which the learner cannot add to it: four times a second is
    /// enough where a new step moves nothing by a pixel.
    private func isGoodEnough(_ kept: Drawn, for key: Key) -> Bool {
        let length = key.last - key.first
        return length > 20_000 && kept.key.width == key.width && kept.key.version == key.version
            && abs(kept.key.first - key.first) <= length / 100
            && abs(kept.key.last - key.last) <= length / 100 && (clock.now - kept.madeAt).seconds < 0.25
    }
}

/// Whether a metric still changes.
enum Judgement {
    case moving, settled

    /// Compares the two halves of the latest quarter of the run, or of what was measured since the last change:
    /// settled if their means differ by less than some standard errors or by less than 1 % of `span`, that of all
    /// values. Nil while there are too few values to tell.
    init?(_ metric: String, _ timeline: Timeline, since lastChange: Int, span: Double, before: Judgement?) {
        let now = timeline.step
        let start = max(lastChange + 1, now - max(80, now / 4), 0)
        guard now - timeline.start >= 100, start < now else { return nil }
        let values = timeline.buckets(metric, in: start...now, count: 80)
            .map { Double($0.last) }.filter(\.isFinite)
        guard values.count >= 20 else { return nil }
        let halves = (values.prefix(values.count / 2), values.suffix(values.count / 2))
        let count = Double(halves.0.count)
        let means = (halves.0.reduce(0, +) / count, halves.1.reduce(0, +) / count)
        func variance(_ half: ArraySlice<Double>, _ mean: Double) -> Double {
            half.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
        }
        let error = ((variance(halves.0, means.0) + variance(halves.1, means.1)) / count).squareRoot()
        // A word that was said stays until the numbers are clear, so that it does not flicker.
        let strictness = before == .moving ? 1.5 : 3.0
        let difference = abs(means.1 - means.0)
        self = difference > strictness * error && difference > 0.01 * span ? .moving : .settled
    }
}
