import Exploration

/// How a metric came to rest after a control was changed.
enum Settling: Equatable {
    /// After so many steps it stayed near where it is at the end.
    case after(Int)
    case notYet

    /// Looks at what was measured from `change` to `end`: the end of the run so far, or the next change.
    ///
    /// It is settled from the step on after which a mean of five values stays within two standard deviations of the
    /// last quarter's mean, or within 1 % of `span`, that of all values. Nil while there are too few values to tell.
    init?(_ metric: String, _ timeline: Timeline, after change: Int, to end: Int, span: Double) {
        guard change < end else { return nil }
        let buckets = timeline.buckets(metric, in: (change + 1)...end, count: 160).filter { $0.last.isFinite }
        let values = buckets.map { Double($0.last) }
        guard values.count >= 20 else { return nil }
        let quarter = values.count / 4
        let (before, last) = (values.suffix(2 * quarter).prefix(quarter), values.suffix(quarter))
        let (level, earlier) = (Self.mean(last), Self.mean(before))
        let spread = Self.deviation(last, level)
        // The same question as for the word in the corner: whether two parts of the end differ.
        let error =
            ((spread * spread + Self.deviation(before, earlier) * Self.deviation(before, earlier))
            / Double(quarter)).squareRoot()
        guard abs(level - earlier) <= max(3 * error, 0.01 * span) else {
            self = .notYet
            return
        }
        let tolerance = max(2 * spread, 0.01 * span)
        var first = 0
        for index in values.indices {
            let window = values[max(0, index - 2)...min(values.count - 1, index + 2)]
            if abs(Self.mean(window) - level) > tolerance { first = index + 1 }
        }
        // What came to rest in the last quarter alone may not stay.
        self = first < values.count - quarter ? .after(buckets[first].firstStep - change) : .notYet
    }

    private static func mean(_ values: ArraySlice<Double>) -> Double {
        values.reduce(0, +) / Double(max(1, values.count))
    }

    private static func deviation(_ values: ArraySlice<Double>, _ mean: Double) -> Double {
        (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count - 1))).squareRoot()
    }
}

/// What the hover of a mark says of one graph, kept for a while: a long history takes long to go through.
struct SettlingNote {
    let metric: String
    let change: Int
    let words: String
    let madeAt: ContinuousClock.Instant
}

extension Desk {
    /// ", settled after 180 steps" for the change at `step`, as this metric shows it.
    func settlingWords(_ metric: String, after step: Int, span: Double) -> String {
        if let note = settlingNote, note.metric == metric, note.change == step, (clock.now - note.madeAt).seconds < 0.25
        {
            return note.words
        }
        let next = commandsMade.first { if case .set = $0.command { $0.step > step } else { false } }?.step
        let words =
            switch Settling(metric, learner.timeline, after: step, to: next ?? now, span: span) {
            case .after(let steps): ", settled after \(grouped(steps)) \(steps == 1 ? "step" : "steps")"
            case .notYet: next == nil ? ", still moving" : ", not settled before the next change"
            case nil: ""
            }
        settlingNote = SettlingNote(metric: metric, change: step, words: words, madeAt: clock.now)
        return words
    }
}
