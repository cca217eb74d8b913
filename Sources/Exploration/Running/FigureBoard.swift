import Dispatch
import Foundation
import Synchronization

/// What a panel that shows a figure finds.
public enum FigureState: Sendable {
    /// Nothing was computed yet.
    case waiting
    /// The content, and the step of the model that it shows.
    case ready(any FigureContent, step: Int)
    /// Why it could not be computed, and at which step.
    case failed(String, step: Int)

    /// The step of the model that is shown; nil before the first.
    public var step: Int? {
        switch self {
        case .waiting: nil
        case .ready(_, let step), .failed(_, let step): step
        }
    }
}

/// Computes figures on a thread of its own, from the last published snapshot, only for panels that look.
///
/// So figures work while the run is paused, and a costly one never stops learning.
final class FigureBoard: Sendable {
    /// A snapshot with the settings that it was made with.
    struct Published: Sendable {
        let run: any Run
        let context: FigureContext
        let version: Int
        var step: Int { context.step }
        /// The run ended with an error: what cannot be computed now will never be.
        let isAfterFailure: Bool
        /// The run stands still: nothing is taken from it by computing at once.
        let isStill: Bool
    }

    private struct Slot {
        var state = FigureState.waiting
        /// The snapshot that `state` was computed from.
        var version = -1
        /// Counts the computations.
        var revision = -1
        /// What the figure remembers, and whether it has further to go.
        var memory: (any Sendable)?
        var goesOn = false
        var lastLook: UInt64
        /// When it may be computed again while the run goes on.
        var nextTurn: UInt64 = 0
        /// How often it was computed while the run went on.
        var turns = 0
        /// Which one it is of those that were ever looked at.
        var number = 0

        /// Whether a panel shows it. A look may be later than `now`, which was read before the board was locked.
        func isLookedAt(_ now: UInt64) -> Bool { now <= lastLook + FigureBoard.patience }

        /// Whether it is to be computed now: from a newer snapshot, or because it has further to go.
        func isDue(_ now: UInt64, _ published: Published) -> Bool {
            guard isLookedAt(now) else { return false }
            if version < published.version { return published.isStill || nextTurn <= now }
            return goesOn && nextTurn <= now
        }

        /// From the older snapshot first, then who has waited longer, then in the order of the panels.
        func comes(before other: Slot) -> Bool {
            (version, nextTurn, number) < (other.version, other.nextTurn, other.number)
        }
    }

    private struct Board {
        var published: Published?
        /// Of the last one published.
        var version = 0
        var slots: [String: Slot] = [:]
        var isStopped = false
        /// The step up to which nothing is published, since the model needs the memory.
        var restsUntil = 0
        /// How many steps the next rest takes.
        var rest = 50
    }

    private let board = Mutex(Board())
    private let wake = DispatchSemaphore(value: 0)

    /// Whether a person acts on what looks at the figures: they are computed more often then.
    let isFollowed = Atomic<Bool>(false)

    /// How often figures are computed while the run goes on: no more often than a window shows them to somebody who only
    /// looks on (or acts), and so that all of them together take a small share of the machine from the model. What costs
    /// much comes seldom; when the run pauses, all are computed at once.
    struct Pace {
        let share: Double
        let period: UInt64

        static let resting = Pace(share: 0.01, period: 100_000_000)
        static let following = Pace(share: 0.04, period: 40_000_000)

        /// How long a figure rests that took `cost`, as one of `count` that are looked at.
        ///
        /// - Parameter turns: how often it was computed before. In a run that has just begun a model changes most, and a figure comes back after 4,
        ///   16 and 64 times its cost: where steps are slow, that is long before its share allows.
        func rest(after cost: UInt64, of count: Int, turns: Int) -> UInt64 {
            let parts = 1 / (share * Double(FigureBoard.cores)) - 1
            var rest = UInt64(Double(cost) * max(1, parts) * Double(max(1, count)))
            if turns < 3 { rest = min(rest, cost << UInt64(2 * turns + 2)) }
            return max(rest, period > cost ? period - cost : 0)
        }
    }

    private var pace: Pace { isFollowed.load(ordering: .relaxed) ? .following : .resting }
    static let cores = max(1, ProcessInfo.processInfo.activeProcessorCount)

    /// A figure that has further to go is advanced no oftener than a window shows it.
    private static let frame: UInt64 = 40_000_000
    /// How often one is advanced that is asked for once.
    private static let mostAdvances = 1000

    /// A figure that no panel has looked at for this long is not computed.
    private static let patience: UInt64 = 500_000_000

    /// The newest state of a figure. Asking keeps it computed for another half second.
    func look(at figure: String) -> FigureState {
        let now = DispatchTime.now().uptimeNanoseconds
        let (state, isNew) = board.withLock { board -> (FigureState, Bool) in
            let isNew = board.slots[figure].map { !$0.isLookedAt(now) } ?? true
            let number = board.slots.count
            board.slots[figure, default: Slot(lastLook: now, number: number)].lastLook = now
            return (board.slots[figure]!.state, isNew)
        }
        if isNew { wake.signal() }
        return state
    }

    /// Changes with each computation of a figure; -1 before the first.
    func version(of figure: String) -> Int { board.withLock { $0.slots[figure]?.revision ?? -1 } }

    /// Lets go of the published model, whose memory the run needs, and rests for some steps. Figures that are shown stay as they are.
    ///
    /// - Returns: what was done, in words; nil if nothing could be.
    func giveWay() -> String? {
        let (words, before) = board.withLock { board -> (String?, Published?) in
            guard let published = board.published, !published.isStill, !published.isAfterFailure else {
                return (nil, nil)
            }
            let steps = board.rest
            board.published = nil
            board.restsUntil = published.step + steps
            board.rest = min(2 * steps, 1600)
            return ("figures rest for \(steps) steps", published)
        }
        // Its memory is released when the board is open.
        withExtendedLifetime(before) {}
        return words
    }

    /// Whether a figure that is looked at could be computed again, had it a newer snapshot. The model copies, in its next
    /// step, what it shares with a snapshot: one that nobody uses costs that for nothing.
    func wantsSnapshot(at step: Int) -> Bool {
        let now = DispatchTime.now().uptimeNanoseconds
        return board.withLock { board in
            if step < board.restsUntil { return false }
            guard let published = board.published else { return true }
            return board.slots.values.contains {
                $0.version >= published.version && $0.nextTurn <= now && $0.isLookedAt(now)
            }
        }
    }

    func publish(
        _ run: any Run, _ context: FigureContext, isAfterFailure: Bool = false, isStill: Bool = false
    ) {
        board.withLock { board in
            board.version += 1
            // A run that stands still needs no more memory than it has.
            board.restsUntil = 0
            board.published = Published(
                run: run, context: context, version: board.version, isAfterFailure: isAfterFailure, isStill: isStill)
        }
        wake.signal()
    }

    /// What was published last.
    var published: (run: any Run, context: FigureContext)? {
        board.withLock { $0.published.map { ($0.run, $0.context) } }
    }

    /// The model at the last published step.
    var model: (any Model)? { published?.run.anyModel }

    /// Computes one figure now, on the caller's thread.
    ///
    /// - Parameter leavesOff: whether it is to end as far as it is.
    func compute(_ figure: String, unless leavesOff: () -> Bool = { false }) throws -> any FigureContent {
        guard let published = board.withLock({ $0.published }) else {
            let isResting = board.withLock { $0.version > 0 }
            return NothingToShow(isResting ? "the run needs the device's memory" : "nothing has run yet")
        }
        do {
            var memory = board.withLock { $0.slots[figure]?.memory }
            var found = try published.run.content(of: figure, published.context, &memory)
            // Who asks once wants to see where it leads.
            for _ in 0..<Self.mostAdvances where found.goesOn && !leavesOff() {
                found = try published.run.content(of: figure, published.context, &memory)
            }
            return found.content
        } catch {
            if published.isAfterFailure, case .ready(let content, _) = board.withLock({ $0.slots[figure]?.state }) {
                return content
            }
            throw error
        }
    }

    func start() {
        let thread = Thread { [self] in
            while true {
                // What rests is looked after when its time has come.
                if let time = nextTurn { _ = wake.wait(timeout: time) } else { wake.wait() }
                if board.withLock({ $0.isStopped }) { return }
                while let (figure, published) = nextOutdated() { refresh(figure, published) }
            }
        }
        thread.name = "figures"
        thread.stackSize = 4 << 20
        thread.start()
    }

    func stop() {
        board.withLock { $0.isStopped = true }
        wake.signal()
    }

    private func nextOutdated() -> (String, Published)? {
        let now = DispatchTime.now().uptimeNanoseconds
        return board.withLock { board in
            guard !board.isStopped, let published = board.published else { return nil }
            let outdated = board.slots.filter { $0.value.isDue(now, published) }
            return outdated.min { $0.value.comes(before: $1.value) }.map { ($0.key, published) }
        }
    }

    /// When the first of the figures that rest may be computed; nil if none waits for that.
    private var nextTurn: DispatchTime? {
        let now = DispatchTime.now().uptimeNanoseconds
        return board.withLock { board in
            guard let published = board.published else { return nil }
            let waiting = board.slots.values.filter {
                ($0.version < published.version || $0.goesOn) && $0.isLookedAt(now)
            }
            return waiting.map(\.nextTurn).min().map { DispatchTime(uptimeNanoseconds: max($0, now + 1_000_000)) }
        }
    }

    private func refresh(_ figure: String, _ published: Published) {
        let state: FigureState
        let start = DispatchTime.now().uptimeNanoseconds
        var memory = board.withLock { $0.slots[figure]?.memory }
        var goesOn = false
        do {
            let found = try published.run.content(of: figure, published.context, &memory)
            (state, goesOn) = (.ready(found.content, step: published.step), found.goesOn)
        } catch {
            state = .failed("\(error)", step: published.step)
        }
        board.withLock { board in
            let end = DispatchTime.now().uptimeNanoseconds
            // All figures that are looked at share what one may take.
            let looked = board.slots.values.count { $0.isLookedAt(end) }
            let turns = board.slots[figure]?.turns ?? 0
            let rest = published.isStill ? 0 : pace.rest(after: end - start, of: looked, turns: turns)
            if !published.isStill { board.slots[figure]?.turns += 1 }
            board.slots[figure]?.nextTurn = end + max(rest, goesOn ? Self.frame : 0)
            board.slots[figure]?.version = published.version
            board.slots[figure]?.revision += 1
            board.slots[figure]?.memory = memory
            board.slots[figure]?.goesOn = goesOn
            // On a device that is gone, the figure that was computed before is the last there will be.
            if published.isAfterFailure, case .failed = state, case .ready = board.slots[figure]?.state { return }
            board.slots[figure]?.state = state
        }
    }
}
