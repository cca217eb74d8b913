import CLMat
import Foundation

/// A run with its way through its history: goes on, changes, and returns to any place where it has been.
///
/// Everything random is keyed by the step, so a rewind is the nearest snapshot and a replay of the steps from there.
struct RunNavigator: Sendable {
    private(set) var run: any Run
    private(set) var settings: Settings
    /// What is shown: wherever the run goes, it stays.
    private(set) var view: ViewState
    private(set) var position = Position()
    let seed: UInt64
    let timeline: Timeline
    private(set) var snapshots: SnapshotStore
    /// What an undo takes back, the last one last.
    private var undoables: [Undoable] = []
    /// What was undone, the last one last.
    private var undone: [Undone] = []
    /// Whether an undo takes back changes only, not rewinds and deletions, as in sessions of format 2 and before.
    private let undoesOnlyChanges: Bool
    private var lastSize: SnapshotSize
    /// Seconds that a step takes, smoothed: to say how long a rewind will take.
    private(set) var secondsPerStep = 0.0
    /// What the last step measured, while its numbers are on their way from the device.
    private var awaited: [StepRecord] = []
    /// What was measured and noted, and not told yet.
    private var untold: [StepRecord] = []
    /// Where a queue is: what is read of it comes when all before it is done.
    private var mark: Matrix?
    /// What was done and is finished, and not taken yet.
    private var finished = FinishedWork()

    /// What a step measured.
    typealias StepRecord = (measured: Measurements, position: Position)

    /// Something that can be undone.
    fileprivate enum Undoable: Sendable {
        /// A change of the model: the last one on the path.
        case change
        /// A rewind from there to where the run was sent, until it goes on.
        case travel(from: Position)
        case deletion(of: Int)
    }

    fileprivate struct Undone: Sendable {
        let undoable: Undoable
        /// Where the undo was asked for.
        let left: Position
    }

    /// Deletions that can be undone: the branches are kept so long.
    private static let keptDeletions = 8

    /// Where what a step changes lives; nil if it is on the host alone.
    var home: Device? { lastSize.device }

    /// Bytes that a step may change.
    var stateBytes: Int { lastSize.bytes }

    /// - Parameter plan: where snapshots go, by what they take.
    init(
        _ experiment: Experiment, timeline: Timeline, undoesOnlyChanges: Bool = false,
        plan: (SnapshotSize) -> SnapshotPlan
    ) {
        (run, settings, view) = (experiment.run, experiment.settings, experiment.view)
        (seed, self.timeline) = (experiment.seed, timeline)
        self.undoesOnlyChanges = undoesOnlyChanges
        lastSize = SnapshotSize(of: experiment.run)
        snapshots = SnapshotStore(plan(lastSize))
        let start = experiment.start
        position.step = start
        let position = position
        timeline.withRecord { record in
            record.position = position
            record.branches[0]!.branch.lastStep = start
            record.start = start
            record.past = experiment.past.commands
            record.nextChange = (experiment.past.commands.map(\.change).max() ?? -1) + 1
            record.branches[0]!.series = experiment.past.series
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

    /// One step. After a rewind it opens a branch. What it measured is noted when its numbers are there, at the latest after the next step.
    ///
    mutating func tick(_ probes: ProbeBoard) throws(CLMatError) {
        if isTimeForSnapshot(position.step) { keepSnapshot(.interval) }
        let start = ContinuousClock.now
        if mark == nil, let home, home.kind != .cpu { mark = try Matrix(zeros: Shape(1, 1), on: home) }
        var measured = try run.tick(settings, at: Step(position.step + 1, seed: seed), probes)
        if let mark { try measured.awaitEnd(by: mark) }
        try measured.start()
        // The host turns to other things now; what the step left in the queue is to be worked on meanwhile.
        home?.flush()
        // This step is in the device's queue: now it costs no time to wait for the one before.
        try settle()
        if measured.isKnown { measured = try measured.resolved() }
        noteStep((ContinuousClock.now - start).seconds)
        leaveThePast()
        // Who goes on from where a way led has no use for its beginning: ctrl-z is then for the last change.
        undoables.removeAll(where: \.isTravel)
        position.step += 1
        timeline.advance(to: position)
        awaited.append((measured, position))
        if measured.isKnown { try settle() }
    }

    /// Notes what is awaited of the steps made. Waits for it.
    mutating func settle() throws(CLMatError) {
        guard !awaited.isEmpty else { return }
        let steps = awaited
        // Of a step that failed later there is nothing to note, nor of the next.
        awaited = []
        for step in steps {
            let start = ContinuousClock.now
            let measured = try step.measured.resolved()
            finished.add(measured.work, waited: (ContinuousClock.now - start).seconds)
            timeline.note(measured, at: step.position)
            untold.append((measured, step.position))
        }
    }

    /// What was noted since the last call, in order.
    mutating func takeUntold() -> [StepRecord] {
        defer { untold = [] }
        return untold
    }

    /// The work of steps whose numbers have come since the last call.
    mutating func takeFinished() -> FinishedWork {
        defer { finished = FinishedWork() }
        return finished
    }

    private func isTimeForSnapshot(_ step: Int) -> Bool { step % lastSize.interval == 0 }

    private mutating func noteStep(_ seconds: Double) {
        secondsPerStep = secondsPerStep == 0 ? seconds : secondsPerStep * 0.9 + seconds * 0.1
    }

    /// What is measured once, when a run ends.
    func conclude(_ interruption: Interruption) throws(CLMatError) -> Measurements {
        try run.conclude(settings, at: Step(position.step, seed: seed), interruption)
    }

    /// Does a command of those that change the model.
    ///
    /// - Parameter gesture: settings of one control with the same number are one change, as in a drag of a slider.
    /// - Returns: the command as it was noted; nil if nothing changed.
    mutating func change(_ command: Command, gesture: Int?) throws(CLMatError) -> LoggedCommand? {
        var (run, settings) = (run, settings)
        var before: Double?
        var valuesBefore: [String: Double] = [:]
        switch command {
        case .set(let id, _): before = settings.values[id]
        case .preset(_, let values): valuesBefore = settings.values.filter { values?[$0.key] != nil }
        default: break
        }
        try Self.apply(command, to: &run, &settings, at: Step(position.step, seed: seed))
        if case .set(let id, _) = command, settings.values[id] == before { return nil }
        if case .preset = command, settings == self.settings { return nil }

        let isContinued = timeline.withRecord { record -> Bool in
            guard record.position == record.current.end, let last = record.current.commands.last else {
                return false
            }
            return last.continues(with: command, at: record.position.step, gesture: gesture)
        }
        if !isContinued { keepSnapshot(.change) }
        leaveThePast()
        undone = []
        if !isContinued { undoables.append(.change) }
        (self.run, self.settings) = (run, settings)
        let logged = timeline.record(
            command, before: before, valuesBefore, gesture: gesture, isContinued: isContinued)
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

    /// After a rewind, what comes next belongs to a new branch. A future without a step of its own is no branch: what was undone
    /// there is forgotten.
    private mutating func leaveThePast() {
        let keepsAll = undoesOnlyChanges
        let isForgotten = timeline.withRecord { record -> Bool in
            guard record.position != record.current.end else { return false }
            if !keepsAll, record.forgetFutureWithoutSteps() { return true }
            _ = record.fork(named: nil)
            return false
        }
        position = timeline.position
        if isForgotten { followHomes() }
    }

    // MARK: - Returning

    /// What is wanted of a way, asked before each step that is made again.
    enum Wish { case goOn, stayHere, giveUp }

    /// Where a way ended.
    enum Arrival: Equatable {
        /// At its goal.
        case there
        /// On the way, at a place of its own.
        case underWay
        /// The run stays where it was.
        case nowhere
    }

    /// What is asked and told on a way: how many steps are left.
    typealias Progress = (_ left: Int, _ secondsPerStep: Double) -> Wish

    /// Goes to any place of any branch: from the nearest snapshot on the way, by the same steps again.
    private mutating func travel(to target: Position, _ progress: Progress) throws(CLMatError) -> Arrival {
        // What is left behind stays at hand.
        keepSnapshot(.change)
        let left = position
        guard let found = try state(at: target, isToStay: true, progress) else { return .nowhere }
        (run, settings, position) = (found.run, found.settings, found.place)
        let place = position
        timeline.withRecord { record in
            record.position = place
            record.version += 1
        }
        if found.place == target { return .there }
        // Wherever it was to lead, it is a way.
        if !undoesOnlyChanges { undoables.append(.travel(from: left)) }
        return .underWay
    }

    /// The model at a place of any branch, or on the way there.
    ///
    /// - Parameter isToStay: whether it may end on the way.
    /// - Returns: nil if it was given up.
    private mutating func state(
        at target: Position, isToStay: Bool, _ progress: Progress
    ) throws(CLMatError) -> (run: any Run, settings: Settings, place: Position)? {
        let path = timeline.commands(of: target.branch)
        let nearest = timeline.withRecord { [snapshots = snapshots.snapshots] record in
            snapshots.filter { !$0.isGone && record.isOnThePath($0.position, to: target) }
                .max { $0.position < $1.position }
        }
        guard let nearest else { return nil }
        if progress(target.step - nearest.position.step, secondsPerStep) == .giveUp { return nil }
        guard let start = try nearest.run(like: run, seed: seed) else {
            // Its memory was needed just now: from the one before, then.
            return try state(at: target, isToStay: isToStay, progress)
        }
        var (run, settings) = (start, nearest.settings)
        var place = nearest.position.on(target.branch)
        while true {
            while place.changes < target.changes, path[place.changes].step == place.step {
                let logged = path[place.changes]
                // Where people go back to, also the next time.
                if place.changes == 0 || path[place.changes - 1].change != logged.change {
                    keep(run, settings, at: place, .change)
                }
                try Self.apply(logged.command, to: &run, &settings, at: Step(place.step, seed: seed))
                place.changes += 1
            }
            guard place.step < target.step else { break }
            switch progress(target.step - place.step, secondsPerStep) {
            case .goOn: break
            case .stayHere where isToStay: return (run, settings, place)
            case .giveUp, .stayHere: return nil
            }
            if isTimeForSnapshot(place.step) { keep(run, settings, at: place, .interval) }
            let start = ContinuousClock.now
            try run.tick(settings, at: Step(place.step + 1, seed: seed), nil).start()
            noteStep((ContinuousClock.now - start).seconds)
            place.step += 1
        }
        return (run, settings, target)
    }

    /// Goes to a place, from which an undo returns.
    ///
    /// - Throws: what the model throws when its steps are made again.
    mutating func go(to target: Position, _ progress: Progress = { _, _ in .goOn }) throws(CLMatError) -> Arrival {
        let left = position
        let arrival = try travel(to: target, progress)
        if arrival == .there, left != target, !undoesOnlyChanges { undoables.append(.travel(from: left)) }
        return arrival
    }

    var canRedo: Bool { !undone.isEmpty }
    var canUndo: Bool { undoables.last?.isChange == false || position.changes > 0 }

    /// The place after so many steps on the current path; nil if there is none.
    func place(of step: Int) -> Position? {
        timeline.withRecord { $0.place(of: step, on: $0.position.branch) }
    }

    /// Where a branch ends.
    func endPlace(of branch: Int) throws(CLMatError) -> Position {
        _ = try timeline.known(branch)
        return timeline.withRecord { $0.branches[branch]!.end }
    }

    /// A place as it was given, if there is one.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)`` for a branch that is not there,
    ///   ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a place that its path has not.
    func checked(_ place: Position) throws(CLMatError) -> Position {
        let branch = try timeline.known(place.branch)
        let steps = timeline.start...max(timeline.start, branch.lastStep)
        guard steps.contains(place.step) else {
            throw .invalidValue(
                setting: "visit", value: "\(place.step)",
                accepted: "a step from \(steps.lowerBound) to \(steps.upperBound) of '\(branch.name)'")
        }
        let path = timeline.commands(of: place.branch)
        let changes = path.count { $0.step < place.step }...path.count { $0.step <= place.step }
        guard changes.contains(place.changes) else {
            throw .invalidValue(
                setting: "changes", value: "\(place.changes)",
                accepted: "\(changes.lowerBound) to \(changes.upperBound), those made by step \(place.step)")
        }
        return place
    }

    /// Just before the last change; nil if there is none.
    var beforeTheLastChange: Position? {
        let made = timeline.commands(of: position.branch).prefix(position.changes)
        guard let last = made.last else { return nil }
        let count = made.reversed().prefix { $0.change == last.change }.count
        let first = made[made.count - count]
        return Position(branch: position.branch, step: first.step, changes: made.count - count)
    }

    /// Takes back what was done last: returns to just before the last change or to where a way began, or brings back a
    /// branch that was deleted.
    mutating func undo(_ progress: Progress) throws(CLMatError) -> Arrival {
        let left = position
        var arrival = Arrival.there
        let undoable = undoables.last ?? .change
        switch undoable {
        case .deletion(let branch): timeline.restore(branch)
        case .travel(let from): arrival = try travel(to: from, progress)
        case .change:
            guard let target = beforeTheLastChange else {
                throw .invalidArgument(operation: "undo", problem: "Nothing was changed before this step.")
            }
            arrival = try travel(to: target, progress)
        }
        guard arrival == .there else { return arrival }
        _ = undoables.popLast()
        undone.append(Undone(undoable: undoable, left: left))
        return .there
    }

    /// Does again what the last undo took back: returns to where it was asked for.
    mutating func redo(_ progress: Progress) throws(CLMatError) -> Arrival {
        guard let last = undone.last else {
            throw .invalidArgument(operation: "redo", problem: "No change was undone, or another was made since.")
        }
        var arrival = Arrival.there
        if case .deletion(let branch) = last.undoable {
            if branch == position.branch {
                throw .invalidArgument(operation: "redo", problem: "The run is on the branch that was deleted.")
            }
            timeline.withRecord { $0.hide(branch) }
        } else {
            arrival = try travel(to: last.left, progress)
        }
        guard arrival == .there else { return arrival }
        undone.removeLast()
        if !undoesOnlyChanges || last.undoable.isChange { undoables.append(last.undoable) }
        return .there
    }

    // MARK: - Branches

    /// Opens a branch where the run is.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a name that is empty or taken.
    mutating func branch(named name: String?) throws(CLMatError) {
        if let name { try timeline.checkNew(name) }
        keepSnapshot(.change)
        position = timeline.withRecord { record in
            _ = record.fork(named: name)
            return record.position
        }
    }

    /// Deletes a branch. It is kept for as long as that can be undone.
    mutating func delete(branch: Int) throws(CLMatError) {
        _ = try timeline.known(branch)
        guard branch != position.branch else {
            throw .invalidArgument(operation: "delete", problem: "The run is on this branch; go to another one first.")
        }
        timeline.withRecord { $0.hide(branch) }
        guard !undoesOnlyChanges else { return forget([branch]) }
        undone = []
        undoables.append(.deletion(of: branch))
        let deletions = undoables.compactMap { if case .deletion(let branch) = $0 { branch } else { nil } }
        forget(deletions.dropLast(Self.keptDeletions))
    }

    /// Gives up branches that were deleted, for good.
    private mutating func forget(_ branches: some Collection<Int>) {
        guard !branches.isEmpty else { return }
        undoables.removeAll { if case .deletion(let branch) = $0 { branches.contains(branch) } else { false } }
        timeline.withRecord { record in
            for branch in branches { record.forget(branch) }
        }
        followHomes()
    }

    /// Moves snapshots and what can be undone to where their places are now; those whose place is gone go.
    private mutating func followHomes() {
        func places(_ undoable: Undoable) -> [Position] { if case .travel(let from) = undoable { [from] } else { [] } }
        let known =
            snapshots.snapshots.map(\.position) + undoables.flatMap(places) + undone.map(\.left)
            + undone.flatMap { places($0.undoable) }
        let homes = timeline.withRecord { record in
            var homes: [Position: Position] = [:]
            for place in known { homes[place] = record.home(of: place) }
            record.renamed = [:]
            return homes
        }
        func moved(_ undoable: Undoable) -> Undoable? {
            guard case .travel(let from) = undoable else { return undoable }
            return homes[from].map { .travel(from: $0) }
        }
        snapshots.move { homes[$0] }
        undoables = undoables.compactMap(moved)
        undone = undone.compactMap { item in
            guard let undoable = moved(item.undoable), let left = homes[item.left] else { return nil }
            return Undone(undoable: undoable, left: left)
        }
        publishSnapshots()
    }

    /// The model at the end of a branch as it was left.
    ///
    /// - Returns: nil if it was given up on the way.
    mutating func end(
        of branch: Int, _ progress: Progress
    ) throws(CLMatError) -> (run: any Run, settings: Settings, place: Position)? {
        guard let end = try state(at: endPlace(of: branch), isToStay: false, progress) else { return nil }
        keep(end.run, end.settings, at: end.place, .change)
        return end
    }

    // MARK: - Snapshots

    private mutating func keepSnapshot(_ reason: Snapshot.Reason) { keep(run, settings, at: position, reason) }

    private mutating func keep(_ run: any Run, _ settings: Settings, at place: Position, _ reason: Snapshot.Reason) {
        lastSize = SnapshotSize(of: run)
        let now = position
        let (owner, around) = timeline.withRecord { record in
            // Where others who share this part of the path find it.
            let owner = record.owner(of: place)
            return (owner, SnapshotStore.Surroundings(now: now, start: record.start, branches: record.branches))
        }
        snapshots.insert(run, settings, at: owner, reason, lastSize, around)
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
        case .preset(_, let values):
            let dashboard = try run.dashboard()
            var moved: [(control: Control, value: Double)] = []
            for (id, value) in (values ?? [:]).sorted(by: { $0.key < $1.key }) {
                moved.append((try dashboard.known(id), value))
            }
            return try settings.set(moved)
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
        try settings.follow(try run.dashboard())
    }
}

extension RunNavigator.Undoable {
    fileprivate var isChange: Bool { if case .change = self { true } else { false } }
    fileprivate var isTravel: Bool { if case .travel = self { true } else { false } }
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
    func record(
        _ command: Command, before: Double?, _ valuesBefore: [String: Double] = [:], gesture: Int?, isContinued: Bool
    ) -> LoggedCommand {
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
                valuesBefore: valuesBefore, change: record.nextChange, gesture: gesture)
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
