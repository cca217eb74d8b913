import Synchronization

/// The record of a run: every metric's whole history and every command, on every branch.
///
/// History is decimated only for drawing, by minimum and maximum, so that a spike is never lost. Where nothing else is
/// said, functions speak of the *path*: the current branch with what it shares with its ancestors.
public final class Timeline: Sendable {
    /// A part of a series drawn as one column of pixels. Values that are not finite are gaps, which no neighbour hides.
    public struct Bucket: Sendable, Equatable {
        /// The step of its first value.
        public internal(set) var firstStep: Int
        /// The step of its last value.
        public internal(set) var lastStep: Int
        /// Its first value, finite or not.
        public internal(set) var first: Float
        /// Of the finite values; NaN if there is none.
        public internal(set) var minimum: Float
        /// The largest finite value; NaN if there is none.
        public internal(set) var maximum: Float
        /// Its last value, finite or not.
        public internal(set) var last: Float
        /// The last finite value; NaN if there is none.
        public internal(set) var lastFinite: Float
        /// The last value that is not finite; nil if all are.
        public internal(set) var gap: Float?

        /// Whether there is a finite value.
        public var hasValues: Bool { lastFinite.isFinite }

        // A gap is equal to a gap, though NaN is not to NaN.
        public static func == (left: Bucket, right: Bucket) -> Bool {
            func bits(_ bucket: Bucket) -> [UInt32?] {
                [
                    bucket.first.bitPattern, bucket.minimum.bitPattern, bucket.maximum.bitPattern,
                    bucket.last.bitPattern, bucket.lastFinite.bitPattern, bucket.gap?.bitPattern,
                ]
            }
            return left.firstStep == right.firstStep && left.lastStep == right.lastStep && bits(left) == bits(right)
        }
    }

    struct Record {
        var branches = [0: BranchRecord(branch: Branch(id: 0, name: "main", fork: nil, lastStep: 0))]
        var position = Position()
        /// The step at which the record begins: not 0 in a run that was resumed from a file.
        var start = 0
        /// What was changed before, as a file tells.
        var past: [LoggedCommand] = []
        var log: [LoggedCommand] = []
        var nextBranch = 1
        var nextChange = 0
        var snapshots: [Position] = []
        /// Deleted branches that left what was shared of them to another one, and up to where.
        var renamed: [Int: (heir: Int, end: Position)] = [:]
        /// Counts what may alter the picture of the history other than its growth.
        var version = 0
    }
    private let record = Mutex(Record())

    /// A record in which nothing has happened.
    public init() {}

    // MARK: - Where we are

    /// Where the run is.
    public var position: Position { record.withLock { $0.position } }
    /// The step where the run is.
    public var step: Int { record.withLock { $0.position.step } }
    /// The step at which the record begins: not 0 in a run that was resumed from a file.
    public var start: Int { record.withLock { $0.start } }
    /// The last step that was made on the current branch; after a rewind it lies ahead of ``step``.
    public var lastStep: Int { record.withLock { $0.current.branch.lastStep } }
    /// Changes with each rewind, new branch, deletion or renaming.
    public var version: Int { record.withLock { $0.version } }
    /// Where there are snapshots.
    public var snapshots: [Position] { record.withLock { $0.snapshots } }

    /// The steps at which there are snapshots on the current path, in order.
    public var snapshotsOnPath: [Int] {
        record.withLock { record in
            let ends = Dictionary(
                record.segments(of: record.position.branch).map {
                    ($0.branch, Position(step: $0.lastStep, changes: $0.changes))
                }
            ) { first, _ in first }
            let steps = record.snapshots.lazy.filter { place in ends[place.branch].map { place <= $0 } == true }
                .map(\.step)
            return Set(steps).sorted()
        }
    }

    /// Where the path of `branch` leaves the current one; nil if there is no such branch, or it is the current one.
    public func divergence(of branch: Int) -> Position? {
        record.withLock { record -> Position? in
            guard branch != record.position.branch, record.branches[branch] != nil else { return nil }
            let (own, other) = (record.segments(of: record.position.branch), record.segments(of: branch))
            guard let last = Array(zip(own, other)).last(where: { $0.branch == $1.branch }) else { return nil }
            return [last.0, last.1].map { Position(branch: $0.branch, step: $0.lastStep, changes: $0.changes) }.min()
        }
    }

    /// The branches that were not deleted, by age.
    public var branches: [Branch] {
        record.withLock { $0.branches.values.filter { !$0.isDeleted }.map(\.branch).sorted { $0.id < $1.id } }
    }

    /// How many branches take memory: those that were deleted count while others share a part of their history.
    public var storedBranches: Int { record.withLock { $0.branches.count } }

    /// The changes on the path of `branch` (the current one if nil), those ahead of a rewind included.
    public func commands(of branch: Int? = nil) -> [LoggedCommand] {
        record.withLock { $0.commands(of: branch ?? $0.position.branch) }
    }

    /// The changes on the path of the current branch.
    public var commands: [LoggedCommand] { commands() }

    /// Every command in the order in which they took effect, on all branches; pauses and rewinds too.
    public var log: [LoggedCommand] { record.withLock { $0.log } }

    // MARK: - Metrics

    /// The whole history of one metric on the path of `branch` (the current one if nil).
    public func series(_ metric: String, branch: Int? = nil) -> Series {
        record.withLock { record in
            let parts = record.segments(of: branch ?? record.position.branch)
            guard parts.count > 1 else { return record.branches[parts[0].branch]?.series[metric] ?? Series() }
            var whole = Series()
            for part in parts {
                guard let own = record.branches[part.branch]?.series[metric] else { continue }
                whole.append(own.prefix(through: part.lastStep))
            }
            return whole
        }
    }

    /// The last value of every metric, where the run is.
    public var lastValues: [String: Double] {
        record.withLock { record in
            var values: [String: Double] = [:]
            for part in record.segments(of: record.position.branch) {
                let end = min(part.lastStep, record.position.step)
                for (metric, series) in record.branches[part.branch]?.series ?? [:] {
                    if let value = series.value(at: end) { values[metric] = value }
                }
            }
            return values
        }
    }

    /// The mean of a metric over the last `steps` steps up to where the run is; nil if it was not measured there.
    public func mean(_ metric: String, over steps: Int) -> Double? {
        let position = position
        let series = series(metric)
        let range = series.index(from: position.step - steps + 1)..<series.index(from: position.step + 1)
        guard !range.isEmpty else { return nil }
        return series.values[range].reduce(0) { $0 + Double($1) } / Double(range.count)
    }

    /// The history of `metric` within `steps` as at most `count` buckets of equal length in steps.
    public func buckets(
        _ metric: String, branch: Int? = nil, in steps: ClosedRange<Int>, count: Int
    ) -> [Bucket] {
        guard count > 0 else { return [] }
        return record.withLock { record in
            var buckets: [Bucket] = []
            let length = max(1, (steps.count + count - 1) / count)
            var limit = Int.min
            for part in record.segments(of: branch ?? record.position.branch) {
                guard let series = record.branches[part.branch]?.series[metric] else { continue }
                let start = series.index(from: max(steps.lowerBound, part.firstStep))
                let end = series.index(from: min(steps.upperBound, part.lastStep) + 1)
                guard start < end else { continue }
                buckets.reserveCapacity(min(count, buckets.count + end - start))
                series.forEach(in: start..<end) { step, value in
                    if step < limit {
                        buckets[buckets.count - 1].take(value, at: step)
                    } else {
                        limit = steps.lowerBound + ((step - steps.lowerBound) / length + 1) * length
                        buckets.append(Bucket(value, at: step))
                    }
                }
            }
            return buckets
        }
    }

    /// The first or the last so many finite values of a metric within `steps` on the current path, oldest first.
    public func values(
        _ metric: String, in steps: ClosedRange<Int>, first: Int = .max, last: Int = .max
    ) -> [Double] {
        record.withLock { record in
            let parts = record.segments(of: record.position.branch).compactMap { part -> ArraySlice<Float>? in
                guard let series = record.branches[part.branch]?.series[metric] else { return nil }
                let start = series.index(from: max(steps.lowerBound, part.firstStep))
                let end = series.index(from: min(steps.upperBound, part.lastStep) + 1)
                return start < end ? series.values[start..<end] : nil
            }
            var found: [Double] = []
            if last < .max {
                for part in parts.reversed() {
                    for value in part.reversed() where value.isFinite && found.count < last {
                        found.append(Double(value))
                    }
                    if found.count >= last { break }
                }
                return found.reversed()
            }
            for part in parts {
                for value in part where value.isFinite && found.count < first { found.append(Double(value)) }
                if found.count >= first { break }
            }
            return found
        }
    }

    /// Since which step a metric is not finite any more, where the run is, and its value now; nil if it is finite.
    ///
    /// - Parameter known: an earlier answer, and the step for which it was given: only what came since is looked at.
    public func lostSince(
        _ metric: String, known: (since: Int, upTo: Int)? = nil
    ) -> (since: Int, value: Float)? {
        record.withLock { record in
            var found: (since: Int, value: Float)?
            for part in record.segments(of: record.position.branch).reversed() {
                guard let series = record.branches[part.branch]?.series[metric] else { continue }
                let end = series.index(from: min(part.lastStep, record.position.step) + 1)
                for index in (series.index(from: part.firstStep)..<max(end, series.index(from: part.firstStep)))
                    .reversed()
                {
                    guard !series.values[index].isFinite else { return found }
                    let step = series.step(at: index)
                    if let known, step <= known.upTo { return (known.since, found?.value ?? series.values[index]) }
                    found = (step, found?.value ?? series.values[index])
                }
            }
            return found
        }
    }

    // MARK: - Writing, by the navigator

    func withRecord<Result>(_ body: (inout sending Record) -> sending Result) -> sending Result {
        record.withLock(body)
    }

    /// A step was made.
    func advance(to position: Position) {
        record.withLock { record in
            record.position = position
            record.branches[position.branch]!.branch.lastStep = position.step
        }
    }

    /// A step was made, and this is what it measured.
    func append(_ measurements: Measurements, at position: Position) {
        advance(to: position)
        note(measurements, at: position)
    }

    /// Notes what a step measured, the steps of a branch in order.
    func note(_ measurements: Measurements, at position: Position) {
        let values = measurements.values
        record.withLock { record in
            for (metric, value) in values {
                record.branches[position.branch]?.series[metric, default: Series()]
                    .append(Self.stored(value), at: position.step)
            }
        }
    }

    /// Replaces the value of a metric at the last step if it is there already, else appends it.
    func conclude(_ measurements: Measurements) {
        let values = measurements.values
        record.withLock { record in
            let (branch, step) = (record.position.branch, record.position.step)
            guard record.current.branch.lastStep == step else { return }
            for (metric, value) in values {
                if record.branches[branch]!.series[metric]?.last?.step == step {
                    record.branches[branch]!.series[metric]!.replaceLast(with: Self.stored(value))
                } else {
                    record.branches[branch]!.series[metric, default: Series()].append(Self.stored(value), at: step)
                }
            }
        }
    }

    /// A value as the history keeps it. One that is finite stays so: infinite is what is said of a run that diverged.
    private static func stored(_ value: Double) -> Float {
        guard value.isFinite else { return Float(value) }
        let largest = Double(Float.greatestFiniteMagnitude)
        return Float(min(max(value, -largest), largest))
    }
}

extension Timeline.Bucket {
    fileprivate init(_ value: Float, at step: Int) {
        (firstStep, lastStep, first, last) = (step, step, value, value)
        let finite = value.isFinite ? value : .nan
        (minimum, maximum, lastFinite, gap) = (finite, finite, finite, value.isFinite ? nil : value)
    }

    fileprivate mutating func take(_ value: Float, at step: Int) {
        (lastStep, last) = (step, value)
        guard value.isFinite else {
            gap = value
            return
        }
        minimum = hasValues ? min(minimum, value) : value
        maximum = hasValues ? max(maximum, value) : value
        lastFinite = value
    }
}
