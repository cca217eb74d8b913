import Exploration

/// What the learner says, as copied for the frame in progress: all that is drawn in one frame speaks of one moment.
struct Scene {
    private(set) var status: Learner.Status
    private(set) var dashboard: Dashboard
    /// The changes on the current path, those ahead of a rewind included.
    private(set) var commands: [LoggedCommand] = []
    /// The changes that were made before the record begins, in a run that goes on from a file.
    private(set) var past: [LoggedCommand] = []
    /// The first step that the run can go back to.
    private(set) var begin = 0
    private(set) var position = Position()
    private(set) var branches: [Branch] = []
    /// The branches but the current one, with the step at which each leaves the current path.
    private(set) var forks: [(branch: Branch, step: Int)] = []
    /// The last step of the current path.
    private(set) var lastStep = 0
    private(set) var extent = TimeAxis.Extent(now: 0)
    /// What counts rewinds, deletions and the like.
    private(set) var version = -1

    init(_ learner: Learner) { (status, dashboard) = (learner.status, learner.dashboard) }

    /// Takes over what the learner says now.
    mutating func refresh(from learner: Learner) {
        (status, dashboard) = (learner.status, learner.dashboard)
        let timeline = learner.timeline
        let latest = timeline.version
        position = timeline.position
        commands = timeline.commands
        branches = timeline.branches
        if latest != version {
            forks = branches.compactMap { branch in timeline.divergence(of: branch.id).map { (branch, $0.step) } }
        }
        version = latest
        lastStep = max(timeline.lastStep, position.step)
        let others = branches.map(\.lastStep).max() ?? 0
        if begin != timeline.start || past.isEmpty { (begin, past) = (timeline.start, timeline.pastCommands) }
        extent = TimeAxis.Extent(start: timeline.firstStep, now: position.step, end: max(lastStep, others))
    }

    /// Whether the learner says something else by now: cheap, as it is asked between frames.
    func isOutdated(by learner: Learner) -> Bool {
        let latest = learner.status
        return latest.step != status.step || latest.isPaused != status.isPaused
            || latest.isFinished != status.isFinished || latest.settings != status.settings
            || latest.view != status.view
            || latest.lastRefusal != status.lastRefusal || latest.error != status.error
            || latest.stepsToReplay != status.stepsToReplay || latest.canUndo != status.canUndo
            || latest.canRedo != status.canRedo || latest.warnings != status.warnings
            || latest.comparedBranch != status.comparedBranch || latest.caption != status.caption
            || learner.timeline.version != version || learner.dashboard != dashboard
    }
}

/// Who reads the scene by its parts' names: the dashboard and all that is on it.
@MainActor protocol SceneReader: AnyObject {
    var scene: Scene { get }
}

extension SceneReader {
    var status: Learner.Status { scene.status }
    var dashboard: Dashboard { scene.dashboard }
    var commands: [LoggedCommand] { scene.commands }
    var past: [LoggedCommand] { scene.past }
    var begin: Int { scene.begin }
    var position: Position { scene.position }
    var branches: [Branch] { scene.branches }
    var forks: [(branch: Branch, step: Int)] { scene.forks }
    var lastStep: Int { scene.lastStep }
    var extent: TimeAxis.Extent { scene.extent }
    var version: Int { scene.version }
    /// The step where the run is.
    var now: Int { position.step }
    /// The changes that the run has made, without those ahead of it.
    var commandsMade: ArraySlice<LoggedCommand> { commands.prefix(position.changes) }
}
