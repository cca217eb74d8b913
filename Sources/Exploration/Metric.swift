/// A number that a model measures of itself as it runs.
public struct Metric: Sendable, Equatable, Identifiable {
    /// Which way is better.
    public enum Better: Sendable, Equatable {
        /// Such as an accuracy.
        case higher
        /// Such as a loss.
        case lower
        /// There is no better: it is looked at.
        case neither
    }

    /// In kebab-case; how summaries and scripts name it.
    public let id: String
    /// What it is: "Training loss".
    public let title: String
    /// Of what, and in which unit: "nats per image".
    public let unit: String
    /// One line on what it means.
    public let help: String
    /// Which way is better, as far as there is one.
    public let better: Better
    /// The axis' ends where they are fixed by nature, such as 0…1 for a share.
    public let range: ClosedRange<Double>?
    /// Whether a person who sees the model for the first time finds its graph open, beside those that any model opens with.
    public let isShownAtStart: Bool
    /// Whether it is measured on data that the model does not learn from. The first such metric that is better when higher is among
    /// the graphs that any model opens with.
    public let isOnUnseenData: Bool

    /// A metric; `range` fixes its axis.
    public init(
        _ id: String, title: String, unit: String = "", help: String, better: Better = .neither,
        range: ClosedRange<Double>? = nil, isShownAtStart: Bool = false, isOnUnseenData: Bool = false
    ) {
        (self.id, self.title, self.unit, self.help, self.better, self.range) = (id, title, unit, help, better, range)
        (self.isShownAtStart, self.isOnUnseenData) = (isShownAtStart, isOnUnseenData)
    }
}

extension Metric {
    /// The same metric under other names.
    func renamed(_ id: String, title: String) -> Metric {
        Metric(
            id, title: title, unit: unit, help: help, better: better, range: range, isShownAtStart: isShownAtStart,
            isOnUnseenData: isOnUnseenData)
    }
}

/// Something that is wrong with the model as it is now, and what a person can do about it.
public struct Warning: Sendable, Equatable, Identifiable {
    /// In kebab-case. One that is given again at the next step is the same warning, since the same step.
    public let id: String
    /// What happened, without a full stop: "The network has died". The step at which it did follows.
    public let event: String
    /// How that is known, without a full stop: "its training loss is not a number".
    public let cause: String
    /// What to do, as sentences: "Undo the last change, or lower the learning rate."
    public let advice: String
    /// An action of the model or the attachment: `restart-lost`.
    public let actions: [Action]
    /// The step at which it happened, where the model knows it; else the first step that was warned of.
    public let since: Int?

    /// A warning, in parts of the sentence that ``text(since:)`` makes of them.
    public init(
        _ id: String, _ event: String, because cause: String, advice: String, actions: [Action] = [], since: Int? = nil
    ) {
        (self.id, self.event, self.cause, self.advice) = (id, event, cause, advice)
        (self.actions, self.since) = (actions, since)
    }

    /// What helps where nothing else does.
    public static let undo = "Undo the last change, or go back."

    /// "The network has died at step 400: its training loss is not a number. Undo the last change."
    public func text(since step: Int) -> String { "\(event) at step \(grouped(step)): \(cause). \(advice)" }
}

/// What one step measured: values of metrics, and work done in how many seconds.
public struct Measurements: Sendable {
    /// Values by the metric's id.
    public private(set) var values: [String: Double] = [:]
    /// Work by rate id: how much was done, and in how many seconds.
    public private(set) var work: [String: (amount: Double, seconds: Double)] = [:]
    /// What is wrong with the model after this step.
    public private(set) var warnings: [Warning] = []

    /// Nothing measured.
    public init() {}

    /// The value of a metric by its id; nil if it was not measured.
    public subscript(_ metric: String) -> Double? {
        get { values[metric] }
        set { values[metric] = newValue }
    }

    /// Notes that `amount` units of work were done in `seconds`: `training-images`, `sampling-steps` …
    public mutating func count(_ rate: String, _ amount: Double, seconds: Double) {
        let before = work[rate] ?? (0, 0)
        work[rate] = (before.amount + amount, before.seconds + seconds)
    }

    /// Says that something is wrong. It holds until a step does not say it: a model that looks only now and then says it
    /// at each step in between.
    public mutating func warn(_ warning: Warning) {
        warnings.removeAll { $0.id == warning.id }
        warnings.append(warning)
    }

    /// Warns if a metric was measured and is not finite: what was learned is lost then.
    ///
    /// - Parameter event: what that means: "The topics left the numbers".
    public mutating func warn(ifLost metric: String, titled title: String, _ event: String, advice: String) {
        guard let value = values[metric], !value.isFinite else { return }
        let state = value.isNaN ? "not a number" : "infinite"
        warn(Warning("lost-\(metric)", event, because: "\(title) is \(state)", advice: advice))
    }

    /// The same under the names that an attachment's second instance has on the run.
    func renamed(scope: String, number: Int, action: (Action) -> Action) -> Measurements {
        var own = Measurements()
        for (metric, value) in values { own.values[scope + metric] = value }
        // What was done is counted together: sampling steps are sampling steps.
        own.work = work
        own.warnings = warnings.map { warning in
            Warning(
                scope + warning.id, "\(warning.event) (\(number))", because: warning.cause, advice: warning.advice,
                actions: warning.actions.map(action), since: warning.since)
        }
        return own
    }

    /// Takes over what else was measured: its value of a metric counts, and work is added.
    public mutating func merge(_ other: Measurements) {
        values.merge(other.values) { _, new in new }
        for (rate, done) in other.work { count(rate, done.amount, seconds: done.seconds) }
        for warning in other.warnings { warn(warning) }
    }
}
