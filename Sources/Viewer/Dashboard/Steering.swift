import CLMat
import Dispatch
import Exploration
import Foundation
import Synchronization

// Going back, branches, and what is saved: what a person asks of the run's history.

/// A place to which the run was told to return.
struct Rewind {
    let step: Int
    /// That of the timeline when it was told: another one says that the run has arrived.
    let version: Int
    let refusal: String?
    let toldAt: ContinuousClock.Instant
}

/// Moves through the run's history: pause, steps, back and forth.
final class Steering: DashboardPart {
    /// Where the run was told to return to, until it is there.
    private(set) var pendingRewind: Rewind?
    /// Since when the run has been making steps again.
    private(set) var replayingSince: ContinuousClock.Instant?

    /// Whether the last way that was asked for leads forward: a redo's.
    /// nil where only the run knows.
    private var leadsForward: Bool? = false
    /// Whether a way was told to end where it is.
    private var isStopping = false

    override func refresh() { followRewind() }
    /// Whether a way takes so long that it is spoken of: words about a short one would only flash up.
    var isReplaying: Bool {
        status.stepsToReplay != nil && replayingSince.map { (clock.now - $0).seconds > 0.2 } == true
    }

    /// "going back: 340 steps, about 4 s", for a way that takes a while.
    var wayWords: String? {
        guard isReplaying, let left = status.stepsToReplay else { return nil }
        return describeReplay(left, status.secondsToReplay, leadsForward: leadsForward)
    }

    /// Stops a way where it is; the run pauses there.
    func stopReplay() {
        guard status.stepsToReplay != nil else { return }
        learner.interrupt()
        pendingRewind = nil
        isStopping = true
    }

    func togglePause() {
        guard !status.isFinished else { return }
        guard !isReplaying else { return stopReplay() }
        learner.send(status.isPaused ? .resume : .pause)
    }

    func step(_ count: Int) {
        guard !status.isFinished else { return }
        learner.send(.step(count))
    }

    /// The step that the graphs and the handle show as the present: under the hand, or where the run is going.
    var here: Int { dashboardView.scrubber.scrub?.step ?? pendingRewind?.step ?? now }

    func goBack(to step: Int) {
        guard !status.isFinished else { return }
        leadsForward = false
        pendingRewind = Rewind(step: step, version: version, refusal: status.lastRefusal, toldAt: clock.now)
        learner.send(.rewind(to: step))
    }

    /// Goes to a place of the history: of one step there are several where something was changed.
    func visit(_ place: Position) {
        guard !status.isFinished else { return }
        leadsForward = place > position
        pendingRewind = Rewind(step: place.step, version: version, refusal: status.lastRefusal, toldAt: clock.now)
        learner.send(.visit(place))
    }

    /// Forgets where the run was told to go when it is there, or cannot go.
    private func followRewind() {
        replayingSince = status.stepsToReplay == nil ? nil : replayingSince ?? clock.now
        if isStopping, status.stepsToReplay == nil {
            isStopping = false
            say("Stopped on the way, at step \(grouped(now)). Undo returns to where it began.")
        }
        guard let target = pendingRewind, status.stepsToReplay == nil else { return }
        let hasWaited = (clock.now - target.toldAt).seconds
        let isRefused = status.lastRefusal != target.refusal && hasWaited > 0.5
        if version != target.version || status.isFinished || isRefused || hasWaited > 30 { pendingRewind = nil }
    }

    /// Just before the last change before the present; nil if there is none.
    private var beforeTheLastChange: Position? {
        let made = pendingRewind.map { target in commands.filter { $0.step < target.step } } ?? Array(commandsMade)
        guard let last = made.last, let first = made.firstIndex(where: { $0.change == last.change }) else { return nil }
        return Position(branch: position.branch, step: made[first].step, changes: first)
    }

    var canRewind: Bool { !status.isFinished && (here > begin || !commandsMade.isEmpty) }

    /// Returns to just before the last change; without one it says how to go back all the same.
    func rewind() {
        guard canRewind else { return }
        guard let place = beforeTheLastChange else {
            return say("There is no change before this step. Drag the timeline's handle to go back.")
        }
        leadsForward = false
        visit(place)
    }

    func undo() {
        guard status.canUndo, !status.isFinished else { return }
        leadsForward = nil
        learner.send(.undo)
    }

    func redo() {
        guard status.canRedo, !status.isFinished else { return }
        leadsForward = true
        learner.send(.redo)
    }

    /// Opens a branch here, which the run goes on with.
    func branch() {
        guard !status.isFinished else { return }
        learner.send(.branch(nil))
    }
}

/// "going back: 340 steps, about 4 s".
func describeReplay(_ steps: Int, _ seconds: Double?, leadsForward: Bool?) -> String {
    let time = seconds.map { ", \(durationWords($0))" } ?? ""
    let words = leadsForward.map { $0 ? "going forward" : "going back" } ?? "returning"
    return "\(words): \(grouped(steps)) \(steps == 1 ? "step" : "steps")\(time)"
}

/// "about 4 s", "about 3 min".
func durationWords(_ seconds: Double) -> String {
    if !(seconds >= 1) { return "under 1 s" }
    return seconds < 100
        ? "about \(grouped(Int(seconds.rounded()))) s" : "about \(grouped(Int(min(seconds / 60, 1e6).rounded()))) min"
}

/// A checkpoint that is written on a thread of its own.
final class Saving: Sendable {
    /// What to say when it is done, and whether it succeeded.
    let outcome = Mutex<(words: String, succeeded: Bool)?>(nil)
}

/// Has checkpoints written.
final class CheckpointSaver: DashboardPart {
    /// One that is being written.
    private(set) var saving: Saving?
    private var noteSaved: (() -> Void)?

    override func refresh() { followSaving() }

    /// Has a checkpoint written while the window goes on.
    func save() {
        guard let write = options.save, saving == nil else { return }
        let saving = Saving()
        self.saving = saving
        noteSaved = dashboardView.leaving.noteSaving()
        DispatchQueue.global().async {
            let outcome: (words: String, succeeded: Bool)
            do { outcome = (try write(), true) } catch { outcome = ("\(error)", false) }
            saving.outcome.withLock { $0 = outcome }
        }
    }

    /// Says what became of the checkpoint.
    private func followSaving() {
        guard let outcome = saving?.outcome.withLock({ $0 }) else { return }
        saving = nil
        say(outcome.words)
        if outcome.succeeded { noteSaved?() }
        dashboardView.leaving.noteSaved(outcome.succeeded)
    }

    override func hasNews() -> Bool { saving?.outcome.withLock { $0 != nil } ?? false }
}
