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
    /// Whether a person who sees the model for the first time finds its axis logarithmic: for what falls from thousands to a few.
    public let isLogarithmic: Bool

    /// A metric; `range` fixes its axis.
    public init(
        _ id: String, title: String, unit: String = "", help: String, better: Better = .neither,
        range: ClosedRange<Double>? = nil, isShownAtStart: Bool = false, isOnUnseenData: Bool = false,
        isLogarithmic: Bool = false
    ) {
        (self.id, self.title, self.unit, self.help, self.better, self.range) = (id, title, unit, help, better, range)
        (self.isShownAtStart, self.isOnUnseenData) = (isShownAtStart, isOnUnseenData)
        self.isLogarithmic = isLogarithmic
    }
}

extension Metric {
    /// The same metric under other names.
    func renamed(_ id: String, title: String) -> Metric {
        Metric(
            id, title: title, unit: unit, help: help, better: better, range: range, isShownAtStart: isShownAtStart,
            isOnUnseenData: isOnUnseenData, isLogarithmic: isLogarithmic)
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
