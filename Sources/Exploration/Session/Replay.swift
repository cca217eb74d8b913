import CLMat
import Synchronization

/// Does a recorded session again, and compares each metric of each step with what was recorded.
public final class Replay: Director, Recorder {
    /// A metric that came out differently.
    public struct Difference: Sendable, Equatable {
        /// The step at which it was measured.
        public let step: Int
        /// The branch that the run was on.
        public let branch: Int
        /// The metric's id.
        public let metric: String
        /// NaN if it was not measured.
        public let recorded: Double
        /// What it came to now; NaN if it was not measured.
        public let found: Double
    }

    /// What was compared so far.
    public struct Report: Sendable, Equatable {
        /// Steps that were made again.
        public internal(set) var steps = 0
        /// Numbers that were compared.
        public internal(set) var values = 0
        /// Commands that were given again.
        public internal(set) var commands = 0
        /// Those beyond the tolerance: the first of each metric, and how many there are in all.
        public internal(set) var first: [Difference] = []
        /// How many values lie beyond the tolerance.
        public internal(set) var differences = 0
        /// The largest |found − recorded| / max(|recorded|, |found|, s/5) by metric, s the largest |value| that the metric
        /// has in the session.
        public internal(set) var largest: [String: Double] = [:]
        /// Whether none does.
        public var isSame: Bool { differences == 0 }
    }

    private let events: [SessionFile.Event]
    /// Whether it is a session of 0.1.0.
    private let isOld: Bool
    public let undoesOnlyChanges: Bool
    private let tolerance: Double
    /// The largest |recorded| by metric.
    private let scales: [String: Double]
    private let state = Mutex(State())

    private struct State {
        var next = 0
        var report = Report()
        var problem: String?
        /// Whether something was done that only concerns what is shown.
        var hasLooked = false
    }

    /// - Parameter tolerance: how far a value may lie from the recorded one, as a share of the larger one; of a fifth of the
    ///   largest that its metric has in the session, if that is more, as a share of a value near zero would ask for its last
    ///   digits. 0 asks for the same bits.
    public init(_ session: SessionFile, tolerance: Double) {
        (events, self.tolerance, isOld) = (session.events, tolerance, session.header.format == 1)
        undoesOnlyChanges = session.header.format < 3
        var scales: [String: Double] = [:]
        for event in events {
            switch event {
            case .step(_, _, let metrics), .end(_, _, let metrics):
                for (metric, value) in metrics where value.isFinite {
                    scales[metric] = max(scales[metric] ?? 0, abs(value))
                }
            case .command: break
            }
        }
        self.scales = scales
    }

    /// What was compared so far.
    public var report: Report { state.withLock { $0.report } }

    public var isDone: Bool {
        state.withLock { state in
            guard state.next < events.count else { return true }
            if case .end = events[state.next] { return true }
            return false
        }
    }

    public func next(at position: Position, of learner: Learner) throws(CLMatError) -> Command? {
        try nextInGesture(at: position, of: learner)?.command
    }

    public func nextInGesture(
        at position: Position, of learner: Learner
    ) throws(CLMatError) -> (command: Command, gesture: Int?)? {
        let (found, step) = state.withLock { state -> ((command: Command, gesture: Int?)?, Int) in
            guard state.next < events.count,
                case .command(let command, let gesture, let after, _) = events[state.next]
            else { return (nil, 0) }
            state.next += 1
            state.report.commands += 1
            return ((command, gesture), after)
        }
        guard let found else { return nil }
        let command = found.command
        // A rewind or the like was noted where it led to.
        try checkHistory(command, learner)
        if command.mayChange, step != position.step {
            throw .dataMismatch(
                "The session changes something after step \(step), but the replay is at step \(position.step) there.")
        }
        // A replay waits for nobody, and nobody looks at what it would compare.
        switch command {
        case .pause, .resume, .step, .compare: return try nextInGesture(at: position, of: learner)
        default: return found
        }
    }

    /// In 0.1.0 an undo also took back what is only shown, and looking after a rewind began a branch.
    private func checkHistory(_ command: Command, _ learner: Learner) throws(CLMatError) {
        guard isOld else { return }
        if learner.dashboard.isView(command) { return state.withLock { $0.hasLooked = true } }
        switch command {
        case .undo, .redo, .rewind, .visit, .go, .branch, .delete:
            guard state.withLock({ $0.hasLooked }) else { return }
            throw .dataMismatch(
                "The session was recorded by CLMat 0.1.0, in which undo and branches also counted changes of what is only shown. "
                    + "It has some before it goes back, and cannot be done again from there by this version.")
        default: return
        }
    }

    /// Compares what a step measured with what was recorded.
    public func record(_ measurements: Measurements, at position: Position) throws(CLMatError) {
        state.withLock { state in
            guard state.next < events.count, case .step(let step, let branch, let metrics) = events[state.next] else {
                return
            }
            state.next += 1
            state.report.steps += 1
            if step != position.step {
                state.report.note("step", Double(step), Double(position.step), step, branch, tolerance: 0)
            }
            state.report.compare(metrics, comparable(measurements, with: metrics), step, branch, tolerance, scales)
        }
    }

    /// Counts a command that took effect.
    public func record(_ command: LoggedCommand) throws(CLMatError) {}

    /// What a program of today measures beside what 0.1.0 did is no difference.
    private func comparable(_ found: Measurements, with recorded: [String: Double]) -> [String: Double] {
        isOld ? found.values.filter { recorded[$0.key] != nil } : found.values
    }

    public func end(at position: Position, _ concluded: Measurements) throws(CLMatError) {
        state.withLock { state in
            guard state.next < events.count, case .end(let step, let branch, let metrics) = events[state.next] else {
                return
            }
            state.next += 1
            // The last score of that run was left out.
            guard !metrics.isEmpty else { return }
            state.report.compare(metrics, comparable(concluded, with: metrics), step, branch, tolerance, scales)
        }
    }
}

extension Replay.Report {
    fileprivate mutating func compare(
        _ recorded: [String: Double], _ found: [String: Double], _ step: Int, _ branch: Int, _ tolerance: Double,
        _ scales: [String: Double]
    ) {
        for metric in Set(recorded.keys).union(found.keys).sorted() {
            values += 1
            note(
                metric, recorded[metric] ?? .nan, found[metric] ?? .nan, step, branch, tolerance: tolerance,
                scale: scales[metric] ?? 0)
        }
    }

    fileprivate mutating func note(
        _ metric: String, _ recorded: Double, _ found: Double, _ step: Int, _ branch: Int, tolerance: Double,
        scale: Double = 0
    ) {
        if recorded == found || (recorded.isNaN && found.isNaN) { return }
        let size = max(abs(recorded), abs(found), scale / 5)
        // One that lacks, or is not a number where the other is, is as far off as can be.
        let share =
            recorded.isNaN || found.isNaN || !size.isFinite || size == 0 ? .infinity : abs(found - recorded) / size
        largest[metric] = max(largest[metric] ?? 0, share)
        guard share > tolerance else { return }
        differences += 1
        if !first.contains(where: { $0.metric == metric }) {
            first.append(
                Replay.Difference(step: step, branch: branch, metric: metric, recorded: recorded, found: found))
        }
    }
}
