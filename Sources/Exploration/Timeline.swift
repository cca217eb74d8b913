import Synchronization

/// The record of a run: every metric's whole history and every command.
///
/// History is decimated only for drawing, by minimum and maximum, so that a spike is never lost.
public final class Timeline: Sendable {
    /// One metric's values, by step.
    public struct Series: Sendable {
        public fileprivate(set) var steps: [Int] = []
        public fileprivate(set) var values: [Float] = []

        public var count: Int { steps.count }
        public var last: (step: Int, value: Double)? {
            steps.isEmpty ? nil : (steps[steps.count - 1], Double(values[values.count - 1]))
        }

        /// The index of the first entry at or after `step`.
        public func index(from step: Int) -> Int {
            var (low, high) = (0, steps.count)
            while low < high {
                let middle = (low + high) / 2
                if steps[middle] < step { low = middle + 1 } else { high = middle }
            }
            return low
        }

        /// The value at the last entry at or before `step`.
        public func value(at step: Int) -> Double? {
            let next = index(from: step + 1)
            return next == 0 ? nil : Double(values[next - 1])
        }
    }

    /// A part of a series drawn as one column of pixels.
    public struct Bucket: Sendable, Equatable {
        public let firstStep: Int
        public let lastStep: Int
        public let first: Float
        public let minimum: Float
        public let maximum: Float
        public let last: Float
    }

    private struct Record {
        var series: [String: Series] = [:]
        var commands: [LoggedCommand] = []
        var lastStep = 0
    }
    private let record = Mutex(Record())

    public init() {}

    /// The last step that was recorded.
    public var lastStep: Int { record.withLock { $0.lastStep } }
    public var commands: [LoggedCommand] { record.withLock { $0.commands } }

    /// The whole history of one metric (a copy that shares storage until the next step).
    public func series(_ metric: String) -> Series { record.withLock { $0.series[metric] ?? Series() } }

    /// The last value of every metric.
    public var lastValues: [String: Double] {
        record.withLock { $0.series.compactMapValues { $0.last?.value } }
    }

    /// The history of `metric` within `steps` as at most `count` buckets of equal length in steps.
    public func buckets(_ metric: String, in steps: ClosedRange<Int>, count: Int) -> [Bucket] {
        record.withLock { record in
            guard let series = record.series[metric], count > 0 else { return [] }
            let (start, end) = (series.index(from: steps.lowerBound), series.index(from: steps.upperBound + 1))
            guard start < end else { return [] }
            var buckets: [Bucket] = []
            buckets.reserveCapacity(min(count, end - start))
            let length = max(1, (steps.count + count - 1) / count)
            var i = start
            while i < end {
                let limit = steps.lowerBound + ((series.steps[i] - steps.lowerBound) / length + 1) * length
                let first = i
                var (low, high) = (series.values[i], series.values[i])
                while i < end, series.steps[i] < limit {
                    low = min(low, series.values[i])
                    high = max(high, series.values[i])
                    i += 1
                }
                buckets.append(
                    Bucket(
                        firstStep: series.steps[first], lastStep: series.steps[i - 1], first: series.values[first],
                        minimum: low, maximum: high, last: series.values[i - 1]))
            }
            return buckets
        }
    }

    // MARK: - Writing, by the learner

    func append(_ measurements: Measurements, at step: Int) {
        record.withLock { record in
            record.lastStep = max(record.lastStep, step)
            for (metric, value) in measurements.values {
                record.series[metric, default: Series()].steps.append(step)
                record.series[metric]!.values.append(Float(value))
            }
        }
    }

    /// Replaces the value of a metric at `step` if it is there already, else appends it.
    func conclude(_ measurements: Measurements, at step: Int) {
        record.withLock { record in
            for (metric, value) in measurements.values {
                if record.series[metric]?.steps.last == step {
                    record.series[metric]!.values[record.series[metric]!.count - 1] = Float(value)
                } else {
                    record.series[metric, default: Series()].steps.append(step)
                    record.series[metric]!.values.append(Float(value))
                }
            }
        }
    }

    func append(_ command: Command, at step: Int, branch: Int = 0, before: Double? = nil) {
        record.withLock { record in
            // A drag of a slider is one change: many settings between the same two steps keep the first value.
            if case .set(let control, _) = command, let last = record.commands.last, last.step == step,
                case .set(control, _) = last.command
            {
                record.commands[record.commands.count - 1] = LoggedCommand(
                    sequence: last.sequence, branch: branch, step: step, command: command, before: last.before)
                return
            }
            record.commands.append(
                LoggedCommand(
                    sequence: record.commands.count, branch: branch, step: step, command: command, before: before))
        }
    }
}
