/// A number that a model measures of itself as it runs.
public struct Metric: Sendable, Equatable, Identifiable {
    public enum Better: Sendable, Equatable { case higher, lower, neither }

    /// In kebab-case; how summaries and scripts name it.
    public let id: String
    /// What it is: "Training loss".
    public let title: String
    /// Of what, and in which unit: "nats an image".
    public let unit: String
    /// One line on what it means.
    public let means: String
    public let better: Better
    /// The axis' ends where they are fixed by nature, such as 0…1 for a share.
    public let range: ClosedRange<Double>?

    public init(
        _ id: String, title: String, unit: String = "", means: String, better: Better = .neither,
        range: ClosedRange<Double>? = nil
    ) {
        (self.id, self.title, self.unit, self.means, self.better, self.range) = (id, title, unit, means, better, range)
    }
}

/// What one step measured: values of metrics, and work done in how many seconds.
public struct Measurements: Sendable {
    public private(set) var values: [String: Double] = [:]
    /// Work by rate id: how much was done, and in how many seconds.
    public private(set) var work: [String: (amount: Double, seconds: Double)] = [:]

    public init() {}

    public subscript(_ metric: String) -> Double? {
        get { values[metric] }
        set { values[metric] = newValue }
    }

    /// Notes that `amount` units of work were done in `seconds`: `training-images`, `sampling-steps` …
    public mutating func count(_ rate: String, _ amount: Double, seconds: Double) {
        let before = work[rate] ?? (0, 0)
        work[rate] = (before.amount + amount, before.seconds + seconds)
    }

    public mutating func merge(_ other: Measurements) {
        values.merge(other.values) { _, new in new }
        for (rate, done) in other.work { count(rate, done.amount, seconds: done.seconds) }
    }
}
