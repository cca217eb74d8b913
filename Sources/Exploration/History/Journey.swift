import CLMat
import Foundation

/// A run with its way through its history: goes on, changes, and returns to any place where it has been.
///
/// Everything random is keyed by the step, so the way back is the nearest snapshot and the same steps again.
struct Journey: Sendable {
    private(set) var run: any Run
    private(set) var settings: Settings
    /// What is shown: wherever the run goes, it stays.
    private(set) var view: ViewState
    private(set) var position = Position()
    let seed: UInt64
    let timeline: Timeline
    private(set) var snapshots: SnapshotStore
    /// Where undone changes were left, the last one last.
    private var undone: [Position] = []
    private var lastSnapshot = ContinuousClock.now
    /// Seconds between two snapshots of a run that nobody changes.
    private static let snapshotInterval = 0.5

    init(_ experiment: Experiment, timeline: Timeline, budget: Int) {
        (run, settings, view) = (experiment.run, experiment.settings, experiment.view)
        (seed, self.timeline) = (experiment.seed, timeline)
        snapshots = SnapshotStore(budget: budget)
        let start = experiment.start
        position.step = start
        let position = position
        timeline.withRecord { record in
            record.position = position
            record.branches[0]!.branch.lastStep = start
            record.start = start
        }
        keepSnapshot(.start)
    }

    /// What figures are given of the run as it is here.
    var figureContext: FigureContext { figureContext(of: run, settings, step: position.step) }

    /// The same for a model elsewhere: what is shown is the same everywhere.
    func figureContext(of run: any Run, _ settings: Settings, step: Int) -> FigureContext {
        // Whose dashboard could not be made would not have been put on.
        FigureContext(step: step, settings, view, of: (try? run.dashboard().controls) ?? [])
    }

    // MARK: - Going on

    /// One step. After a rewind it opens a branch.
    mutating func tick(_ probes: ProbeBoard) throws(CLMatError) -> Measurements {
        if (ContinuousClock.now - lastSnapshot).seconds > Self.snapshotInterval { keepSnapshot(.interval) }
        let measured = try run.tick(settings, at: Step(position.step + 1, seed: seed), probes)
        leaveThePast()
        position.step += 1
        timeline.append(measured, at: position)
        return measured
    }

    /// What is measured once, when a run ends.
    func conclude() throws(CLMatError) -> Measurements {
        try run.conclude(settings, at: Step(position.step, seed: seed))
    }

    /// Does a command of those that change the model.
    ///
    /// - Parameter gesture: settings of one control with the same number are one change, as in a drag of a slider.
    /// - Returns: the command as it was noted; nil if nothing changed.
    mutating func change(_ command: Command, gesture: Int?) throws(CLMatError) -> LoggedCommand? {
        var (run, settings) = (run, settings)
        var before: Double?
        if case .set(let id, _) = command { before = settings.values[id] }
        try Self.apply(command, to: &run, &settings, at: Step(position.step, seed: seed))
        if case .set(let id, _) = command, settings.values[id] == before { return nil }

        let isContinued = timeline.withRecord { record -> Bool in
            guard record.position == record.current.end, let last = record.current.commands.last else {
                return false
            }
            return last.continues(with: command, at: record.position.step, gesture: gesture)
        }
        if !isContinued { keepSnapshot(.change) }
        leaveThePast()
        undone = []
        (self.run, self.settings) = (run, settings)
        let logged = timeline.record(command, before: before, gesture: gesture, isContinued: isContinued)
        position = timeline.position
        return logged
    }

    /// Does a command that only concerns what is shown: no snapshot, no branch, and what was undone can still be done again.
    ///
    /// - Returns: whether anything changed.
    mutating func look(_ command: Command) throws(CLMatError) -> Bool {
        let before = view
        switch command {
        case .set(let id, let value): view.values[id] = try run.dashboard().known(id).checked(value)
        case .act(let action):
            var changed = view
            try run.look(action, &changed)
            view = changed
        default: preconditionFailure("\(command) is no way of looking")
        }
        return view != before
    }

    /// After a rewind, what comes next belongs to a new branch.
    private mutating func leaveThePast() {
        position = timeline.withRecord { record in
            if record.position != record.current.end { _ = record.fork(named: nil) }
            return record.position
        }
    }

    // MARK: - Returning

    /// Goes to any place of any branch: from the nearest snapshot on the way, by the same steps again.
    ///
    /// - Parameter progress: called after each step that is made again, with how many are left; false gives up, and
    ///   all stays as it was.
    /// - Returns: whether it went there.
    mutating func go(to target: Position, progress: (Int) -> Bool = { _ in true }) throws(CLMatError) -> Bool {
        // What is left behind stays at hand.
        keepSnapshot(.change)
        let path = timeline.commands(of: target.branch)
        let nearest = timeline.withRecord { [snapshots = snapshots.snapshots] record in
            snapshots.filter { record.isOnTheWay($0.position, to: target) }.max { $0.position < $1.position }
        }
        guard let nearest else { return false }
        var (run, settings, place) = (nearest.run, nearest.settings, nearest.position)
        while true {
            while place.changes < target.changes, path[place.changes].step == place.step {
                try Self.apply(path[place.changes].command, to: &run, &settings, at: Step(place.step, seed: seed))
                place.changes += 1
            }
            guard place.step < target.step else { break }
            _ = try run.tick(settings, at: Step(place.step + 1, seed: seed), nil)
            place.step += 1
            guard progress(target.step - place.step) else { return false }
        }
        (self.run, self.settings, position) = (run, settings, target)
        timeline.withRecord { record in
            record.position = target
            record.version += 1
        }
        return true
    }

    var canRedo: Bool { !undone.isEmpty }

    /// The place after so many steps on the current path; nil if there is none.
    func place(of step: Int) -> Position? {
        timeline.withRecord { $0.place(of: step, on: $0.position.branch) }
    }

    /// Where a branch ends.
    func endPlace(of branch: Int) throws(CLMatError) -> Position {
        _ = try timeline.known(branch)
        return timeline.withRecord { $0.branches[branch]!.end }
    }

    /// Just before the last change; nil if there is none.
    var beforeTheLastChange: Position? {
        let made = timeline.commands(of: position.branch).prefix(position.changes)
        guard let last = made.last else { return nil }
        let count = made.reversed().prefix { $0.change == last.change }.count
        let first = made[made.count - count]
        return Position(branch: position.branch, step: first.step, changes: made.count - count)
    }

    /// Returns to just before the last change.
    mutating func undo(progress: (Int) -> Bool) throws(CLMatError) -> Bool {
        guard let target = beforeTheLastChange else {
            throw .invalidArgument(operation: "undo", problem: "Nothing was changed before this step.")
        }
        let (left, earlier) = (position, undone)
        guard try go(to: target, progress: progress) else { return false }
        undone = earlier + [left]
        return true
    }

    /// Returns to where the last undo was asked for.
    mutating func redo(progress: (Int) -> Bool) throws(CLMatError) -> Bool {
        guard let target = undone.last else {
            throw .invalidArgument(operation: "redo", problem: "No change was undone, or another was made since.")
        }
        let rest = Array(undone.dropLast())
        guard try go(to: target, progress: progress) else { return false }
        undone = rest
        return true
    }

    // MARK: - Branches

    /// Opens a branch where the run is.
    ///
    /// - Throws: ``CLMatError/invalidValue(setting:value:accepted:)`` for a name that is empty or taken.
    mutating func branch(named name: String?) throws(CLMatError) {
        if let name { try timeline.checkNew(name) }
        keepSnapshot(.change)
        position = timeline.withRecord { record in
            _ = record.fork(named: name)
            return record.position
        }
    }

    mutating func delete(branch: Int) throws(CLMatError) {
        _ = try timeline.known(branch)
        guard branch != position.branch else {
            throw .invalidArgument(operation: "delete", problem: "The run is on this branch; go to another one first.")
        }
        undone.removeAll { $0.branch == branch }
        let homes = timeline.withRecord { [undone, all = snapshots.snapshots.map(\.position)] record in
            record.delete(branch)
            var homes: [Position: Position] = [:]
            for place in all + undone { homes[place] = record.home(of: place) }
            record.renamed = [:]
            return homes
        }
        snapshots.move { homes[$0] }
        undone = undone.compactMap { homes[$0] }
        publishSnapshots()
    }

    /// The end of a branch as it was left; nil if its snapshot went.
    func end(of branch: Int) -> Snapshot? {
        guard let end = timeline.withRecord({ $0.branches[branch]?.end }) else { return nil }
        return snapshots.snapshots.first { $0.position == end }
    }

    // MARK: - Snapshots

    mutating func keepSnapshot(_ reason: Snapshot.Reason) {
        lastSnapshot = ContinuousClock.now
        let counter = Archive.counting()
        var copy = run
        // Counting reads and writes nothing, so it cannot fail.
        try? copy.archive(counter)
        snapshots.insert(
            Snapshot(
                position: position, reason: reason, run: run, settings: settings, memory: counter.memory,
                hostBytes: counter.hostBytes),
            now: position)
        publishSnapshots()
    }

    private func publishSnapshots() {
        let places = snapshots.snapshots.map(\.position)
        timeline.withRecord { $0.snapshots = places }
    }

    // MARK: - Changes

    private static func apply(
        _ command: Command, to run: inout any Run, _ settings: inout Settings, at step: Step
    ) throws(CLMatError) {
        switch command {
        case .set(let id, let value): return try settings.set(run.dashboard().known(id), to: value)
        case .link(let follower, let leader):
            let dashboard = try run.dashboard()
            return try settings.link(dashboard.known(follower), to: dashboard.known(leader))
        case .unlink(let id): return try settings.unlink(id)
        case .act(let action): return try run.perform(action, settings, at: step)
        case .attach(let id): try run.attach(id, at: step)
        case .detach(let id): try run.detach(id)
        case .addMixin(let id): try run.addMixin(id)
        case .removeMixin(let id): try run.removeMixin(id)
        default: preconditionFailure("\(command) changes no model")
        }
        // What came brings its controls.
        settings.follow(try run.dashboard().controls)
    }
}

extension LoggedCommand {
    /// Whether `command` belongs to the same change: the same slider, between the same two steps or in one drag.
    func continues(with command: Command, at step: Int, gesture: Int?) -> Bool {
        guard case .set(let id, _) = self.command, case .set(id, _) = command else { return false }
        return step == self.step || (gesture != nil && gesture == self.gesture)
    }
}

extension Timeline {
    /// Notes a change at the end of the current branch, after which the run is there. Returns it as noted.
    func record(_ command: Command, before: Double?, gesture: Int?, isContinued: Bool) -> LoggedCommand {
        withRecord { record in
            let (branch, step) = (record.position.branch, record.position.step)
            // Many settings between the same two steps are one command, with the first one's value before.
            if isContinued, let last = record.branches[branch]!.commands.last, last.step == step {
                let merged = LoggedCommand(
                    sequence: last.sequence, branch: branch, step: step, command: command, before: last.before,
                    change: last.change, gesture: gesture)
                record.branches[branch]!.commands[record.branches[branch]!.commands.count - 1] = merged
                record.log[last.sequence] = merged
                return merged
            }
            if !isContinued { record.nextChange += 1 }
            let logged = LoggedCommand(
                sequence: record.log.count, branch: branch, step: step, command: command, before: before,
                change: record.nextChange, gesture: gesture)
            record.branches[branch]!.commands.append(logged)
            record.log.append(logged)
            record.position.changes += 1
            return logged
        }
    }

    /// Notes a command that changes no model.
    func note(_ command: Command) -> LoggedCommand {
        withRecord { record in
            let logged = LoggedCommand(
                sequence: record.log.count, branch: record.position.branch, step: record.position.step,
                command: command, before: nil, change: 0, gesture: nil)
            record.log.append(logged)
            return logged
        }
    }
}
