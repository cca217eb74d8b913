/// Work that is done, not only given out.
///
/// Models time themselves, and where the device works in a queue they time how long it took to give the work out. What was waited for it is added
/// here, to each kind in proportion: exact for a step of one kind; of several it is the sum that is exact.
struct FinishedWork: Sendable {
    private(set) var byKind: [String: (amount: Double, seconds: Double)] = [:]

    /// Adds what a step did, and how long the host waited for its numbers.
    mutating func add(_ work: [String: (amount: Double, seconds: Double)], waited: Double) {
        // Kinds that count the same work (steps, images) have the same seconds.
        let parts = Set(work.values.map(\.seconds)).reduce(0, +)
        for (kind, done) in work {
            let share = parts > 0 ? done.seconds / parts : 1
            let before = byKind[kind] ?? (0, 0)
            byKind[kind] = (before.amount + done.amount, before.seconds + done.seconds + share * waited)
        }
    }
}

/// Adds up work done by kind: rates over the whole run, and over the last second or so.
struct WorkMeter: Sendable {
    private var total: [String: (amount: Double, seconds: Double)] = [:]
    /// The window being filled, and the one before it.
    private var (current, previous): (Window, Window) = (Window(), Window())

    private struct Window: Sendable {
        var work: [String: (amount: Double, seconds: Double)] = [:]
        var seconds = 0.0
    }

    /// Steps per second of the whole engine have the id `steps`.
    mutating func add(_ work: [String: (amount: Double, seconds: Double)], steps: Double, seconds: Double) {
        var work = work
        work["steps"] = (steps, seconds)
        for (rate, done) in work {
            total[rate, default: (0, 0)].amount += done.amount
            total[rate]!.seconds += done.seconds
            current.work[rate, default: (0, 0)].amount += done.amount
            current.work[rate]!.seconds += done.seconds
        }
        current.seconds += seconds
        if current.seconds >= 0.5 {
            previous = current
            current = Window()
        }
    }

    var totalRates: [String: Double] { total.compactMapValues(Self.rate) }

    var recentRates: [String: Double] {
        var sum = current.work
        for (rate, done) in previous.work {
            sum[rate, default: (0, 0)].amount += done.amount
            sum[rate]!.seconds += done.seconds
        }
        return sum.compactMapValues(Self.rate)
    }

    private static func rate(_ done: (amount: Double, seconds: Double)) -> Double? {
        done.seconds > 0 ? done.amount / done.seconds : nil
    }
}
