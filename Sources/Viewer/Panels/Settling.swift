import Exploration
import Foundation

/// Whether a metric still changes, told from windows of fifty values.
enum Motion: Equatable {
    /// Its mean drifts.
    case moving
    /// Its mean rests, but it goes up and down about as far as at the last change.
    case swinging
    /// Its mean rests, and it hardly goes up and down any more.
    case settled

    static let window = 50

    /// Compares the latest fifty values with the fifty before them, and with fifty at the change.
    ///
    /// The mean drifts if it differs from that of the window before by more than a quarter of the spread. A spread is
    /// what fifty values span without the two least and the two greatest, so that one spike decides nothing; the means
    /// are of the same values. What is less than a two-hundredth of the spread at the change, or than the hundred
    /// thousandth part of the value, cannot be seen and counts as nothing.
    ///
    /// - Parameters:
    ///   - start: the values at the change, some before it and more after it.
    ///   - recent: the latest values since the change, a hundred at most; all of both are finite.
    /// - Returns: nil while there are too few values to tell. Before there are a hundred, only that it moves can be told.
    init?(start: [Double], recent: [Double]) {
        guard recent.count >= Self.window else { return nil }
        let isEarly = recent.count < 2 * Self.window
        let half = recent.count / 2
        let (before, now) = (Self.core(recent.suffix(2 * half).prefix(half)), Self.core(recent.suffix(half)))
        let (level, earlier) = (Self.mean(now), Self.mean(before))
        let (spread, atTheChange) = (Self.spread(now), Self.spread(Self.core(start[...])))
        let precision = abs(level) * 1e-5
        if abs(level - earlier) > max(spread / 4, atTheChange / 200, precision) {
            self = .moving
        } else if isEarly {
            return nil
        } else {
            self = spread <= max(atTheChange / 5, precision) ? .settled : .swinging
        }
    }

    /// How a metric moves that was last changed after `change` steps, where the run is or at `end`.
    ///
    /// - Parameter isLogarithmic: whether it is looked at by its ratios, as on a logarithmic axis; what is not above 0 is left out then.
    init?(_ metric: String, _ timeline: Timeline, since change: Int, to end: Int? = nil, isLogarithmic: Bool = false) {
        func seen(_ values: [Double]) -> [Double] {
            isLogarithmic ? values.filter { $0 > 0 }.map { Foundation.log($0) } : values
        }
        let end = end ?? timeline.step
        let (first, last) = (max(timeline.start, 0), max(change, 0))
        guard last < end else { return nil }
        let before = change > first ? seen(timeline.values(metric, in: first...change, last: 10)) : []
        let after = seen(timeline.values(metric, in: last + 1...end, first: Self.window - before.count))
        let recent = seen(timeline.values(metric, in: last + 1...end, last: 2 * Self.window))
        self.init(start: before + after, recent: recent)
        // What a hundred values are too few to show may be clear from all since the change.
        guard self != .moving else { return }
        let half = last + 1 + (end - last - 1) / 2
        let later = timeline.buckets(metric, in: half...end, count: 4 * Self.window)
            .compactMap { $0.hasValues ? Double($0.lastFinite) : nil }
        if Self.drifts(seen(later), since: before + after + recent) { self = .moving }
    }

    /// Whether the later half of all values since the change goes one way, by more than it goes up and down, and by enough to be seen beside
    /// what it has gone through since.
    private static func drifts(_ values: [Double], since all: [Double]) -> Bool {
        guard values.count >= 2 * window else { return false }
        let quarters = (0..<4).map { values[$0 * values.count / 4..<($0 + 1) * values.count / 4].sorted() }
        let medians = quarters.map { $0[$0.count / 2] }
        guard medians.elementsEqual(medians.sorted(), by: ==) || medians.elementsEqual(medians.sorted(by: >), by: ==)
        else {
            return false
        }
        let way = abs(medians[3] - medians[0])
        let span = (all.max() ?? 0) - (all.min() ?? 0)
        let spreads = quarters.map { $0[$0.count * 9 / 10] - $0[$0.count / 10] }.sorted()
        return way > max(spreads[1], span * 0.03, abs(medians[3]) * 1e-5)
    }

    /// In order of size, without the two least and the two greatest of fifty.
    private static func core(_ values: ArraySlice<Double>) -> ArraySlice<Double> {
        let cut = values.count * 2 / window
        return values.sorted().dropFirst(cut).dropLast(cut)
    }

    private static func spread(_ sorted: ArraySlice<Double>) -> Double { (sorted.last ?? 0) - (sorted.first ?? 0) }

    fileprivate static func mean(_ values: ArraySlice<Double>) -> Double {
        // Divided first: a sum of large numbers may leave the range.
        values.reduce(0) { $0 + $1 / Double(values.count) }
    }

    var word: String {
        switch self {
        case .moving: "moving"
        case .swinging: "swinging"
        case .settled: "settled"
        }
    }

    /// What the word means, for its hover.
    var help: String {
        switch self {
        case .moving:
            "Its mean still drifts: over the last 50 values by more than a quarter of what they span, or all along since half way from the last change."
        case .swinging:
            "Its mean rests, but the last 50 values still span more than a fifth of what they did at the last change."
        case .settled:
            "Its mean rests, and the last 50 values span less than a fifth of what they did at the last change."
        }
    }
}

/// How a metric came to rest after a control was changed.
enum Settling: Equatable {
    /// After so many steps it stayed near where it is at the end.
    case after(Int)
    /// Its mean rests, but it goes on going up and down.
    case swinging
    case notYet

    /// Looks at what was measured from `change` to `end`: the end of the run so far, or the next change.
    ///
    /// Whether it is settled is the question of ``Motion``. Since when: from the step on after which a mean of five values
    /// stays within two standard deviations of the last quarter's mean, or within 1 % of `span`, that of all values. Nil
    /// while there are too few values to tell.
    init?(_ metric: String, _ timeline: Timeline, after change: Int, to end: Int, span: Double) {
        switch Motion(metric, timeline, since: change, to: end) {
        case nil: return nil
        case .moving: self = .notYet
        case .swinging: self = .swinging
        case .settled:
            let buckets = timeline.buckets(metric, in: (change + 1)...end, count: 160).filter { $0.last.isFinite }
            let values = buckets.map { Double($0.last) }
            guard values.count >= 20 else { return nil }
            let last = values.suffix(values.count / 4)
            let level = Motion.mean(last)
            let tolerance = max(2 * Self.deviation(last, level), 0.01 * span)
            var first = 0
            for index in values.indices {
                let window = values[max(0, index - 2)...min(values.count - 1, index + 2)]
                if abs(Motion.mean(window) - level) > tolerance { first = index + 1 }
            }
            self = first < buckets.count ? .after(buckets[first].firstStep - change) : .notYet
        }
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

extension Graphs {
    /// ", settled after 180 steps" for the change at `step`, as this metric shows it.
    func settlingWords(_ metric: String, after step: Int, span: Double) -> String {
        if let note = settlingNote, note.metric == metric, note.change == step, (clock.now - note.madeAt).seconds < 0.25
        {
            return note.words
        }
        let next = commandsMade.first { $0.command.setsControls && $0.step > step }?.step
        let words =
            switch Settling(metric, learner.timeline, after: step, to: next ?? now, span: span) {
            case .after(let steps): ", settled after \(grouped(steps)) \(steps == 1 ? "step" : "steps")"
            case .swinging: next == nil ? ", swinging since" : ", swinging until the next change"
            case .notYet: next == nil ? ", still moving" : ", not settled before the next change"
            case nil: ""
            }
        settlingNote = SettlingNote(metric: metric, change: step, words: words, madeAt: clock.now)
        return words
    }
}
