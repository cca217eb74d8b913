import CLMat
import Dispatch
import Foundation
import Synchronization

/// Runs a model on a thread of its own: draws minibatches, updates, measures, publishes.
///
/// Commands go through a queue and take effect between two steps. Everything that a window reads (status,
/// dashboard, timeline, figures) is a copy: learning never waits for a frame.
public final class Learner: Sendable {
    /// How a run goes on, and what it leaves behind.
    public struct Options: Sendable {
        /// Of an experiment that the learner makes itself; else the experiment's own holds.
        public var seed: UInt64 = 1
        /// Ends the run after this many steps.
        public var maximumSteps: Int?
        /// At the last step the run pauses, so that a person can still go back; without it, it ends.
        public var staysAtTheEnd = false
        /// The run pauses by itself after these steps, as for a picture at a given step.
        public var pausesAt: Set<Int> = []
        /// Commands that take effect when so many steps have been made, in the order given.
        public var schedule: [Scheduled] = []
        /// What ran: "CPU, 2 threads".
        public var device = ""
        /// Values of controls that differ from those of the experiment.
        public var settings: [String: Double] = [:]
        /// Bytes of memory that snapshots may keep alive, and no file beside it. If nil: an eighth of the memory that is free, from
        /// 128 MB to 4 GB, but three times what a step changes at least; beyond it a file in `$XDG_CACHE_HOME/clmat`.
        public var snapshotBudget: Int?
        /// Whether the run can be gone back in: nothing is kept for it if not.
        public var keepsSnapshots = true
        /// What decides instead, in tests.
        var snapshotPlan: SnapshotPlan?
        /// Who drives the run beside a person: a script, a replay.
        public var director: (any Director)?
        /// Who writes down what happens: a session.
        public var recorder: (any Recorder)?
        /// Where a checkpoint is written now and then, and at the end.
        public var checkpoint: CheckpointPlan?
        /// A file that the experiment is to go on from (``Experiment/resume(from:)``).
        public var resumes: Checkpoint?

        /// Options whose other parts are set afterwards.
        public init(
            seed: UInt64 = 1, maximumSteps: Int? = nil, pausesAt: Set<Int> = [],
            schedule: [Scheduled] = [], device: String = "", settings: [String: Double] = [:]
        ) {
            (self.seed, self.maximumSteps) = (seed, maximumSteps)
            (self.pausesAt, self.schedule) = (pausesAt, schedule)
            (self.device, self.settings) = (device, settings)
        }
    }

    /// A command with the number of steps after which it takes effect.
    public struct Scheduled: Sendable, Equatable {
        /// The number of steps after which it takes effect.
        public let step: Int
        /// What is done then.
        public let command: Command

        /// A command that takes effect after so many steps.
        public init(after step: Int, _ command: Command) { (self.step, self.command) = (step, command) }
    }

    /// What a run is like at the moment.
    public struct Status: Sendable {
        /// Steps made.
        public var step = 0
        /// Steps in one pass over the data.
        public var stepsPerEpoch = 1
        /// Whether it waits for a person.
        public var isPaused = false
        /// Whether it was told to end (``Learner/stop()``).
        public internal(set) var isStopping = false
        /// Whether it measures what is measured once, at the end, which may take long (``Learner/leaveOff()``).
        public internal(set) var isConcluding = false
        /// Whether that was left out.
        public internal(set) var lacksConclusion = false
        /// The run has ended: by its limit, on demand, or by ``error``.
        public var isFinished = false
        /// What ended the run; nil if nothing did.
        public var error: CLMatError?
        /// A command that was refused, and why; the run went on.
        public var lastRefusal: String?
        /// Values of all controls, those of what is shown too.
        public var settings = Settings()
        /// What is shown.
        public internal(set) var view = ViewState()
        /// Work per second over the last second or so, by rate id.
        public var rates: [String: Double] = [:]
        /// Seconds since the start, pauses left out.
        public var seconds = 0.0
        /// What the run's metrics and changes are counted from: not 0 if it was resumed.
        public var start = 0
        /// Set while the run goes back: steps that have to be made again before it is there.
        public var stepsToReplay: Int?
        /// How many seconds that will take, as far as the steps so far tell.
        public var secondsToReplay: Double?
        /// What could not be written, and why; the run went on.
        public var recordingError: CLMatError?
        /// Whether there is a change to undo, and one to redo.
        public var canUndo = false
        /// Whether something was undone that can be done again.
        public var canRedo = false
        /// What is wrong with the model as it is now, and since which step.
        public internal(set) var warnings: [RaisedWarning] = []
        /// The branch whose end is compared with the current one.
        public var comparedBranch: Int?
        /// What a script last said of the run; nil if nothing, or nothing any more.
        public internal(set) var caption: Caption?

        /// Passes over the data, with a fraction.
        public var epoch: Double { Double(step) / Double(max(1, stepsPerEpoch)) }
    }

    /// A warning with the step since when it holds.
    public struct RaisedWarning: Sendable, Equatable, Identifiable {
        /// What is wrong, and what to do about it.
        public let warning: Warning
        /// The step since when it holds.
        public let since: Int
        public var id: String { warning.id }
        /// The whole of it, as sentences.
        public var text: String { warning.text(since: since) }
    }

    /// A command as it lies in the queue.
    struct Message {
        let command: Command
        let gesture: Int?
    }

    /// The model's title.
    public let title: String
    /// What it was made with.
    public let options: Options
    /// The record of the run, which grows while it goes on.
    public let timeline = Timeline()
    /// ``Experiment/dataChecksum``
    public let dataChecksum: String
    /// ``Experiment/notes``
    public let notes: [String]
    /// ``Experiment/startPreset``
    public let startPreset: String?

    let navigator: Mutex<RunNavigator>
    let queue = Mutex<[Message]>([])
    let arrivals = DispatchSemaphore(value: 0)
    let state: Mutex<State>
    let probes = ProbeBoard()
    let stepWatchers = Mutex(StepWatchers())
    private let interruption = Interruption()
    let figures = FigureBoard()
    /// Figures of the branch that is compared with the current one.
    let otherFigures = FigureBoard()
    private let modelType: any Model.Type
    private let extensions: Extensions
    private let done = DispatchSemaphore(value: 0)
    let writing = DispatchQueue(label: "checkpoint")
    /// Whether a step turned out to have failed when its numbers came.
    private let hasFailedStep = Atomic<Bool>(false)
    /// What gives way, in this order, while the run needs more memory than its device has.
    private let yielders = Mutex<[MemoryYielder]>([])
    /// How long the last checkpoint took.
    let checkpointSeconds = Mutex(0.0)

    struct State {
        var status = Status()
        var dashboard: Dashboard
        /// Controls that went with an attachment, by id: what was done with them still has their names.
        var formerControls: [String: Control] = [:]
        var work = WorkMeter()
        /// A rewind is to end where it is.
        var isInterrupted = false
        var staysAtTheEnd: Bool
        private var hasNotedSnapshots = false
        private var notedShortages: Set<String> = []

        init(dashboard: Dashboard, _ staysAtTheEnd: Bool) {
            (self.dashboard, self.staysAtTheEnd) = (dashboard, staysAtTheEnd)
        }

        /// Says what gave way to the run; the same again, with other numbers, is not said.
        mutating func noteShortage(_ words: String) {
            guard notedShortages.insert(words.filter { !$0.isNumber }).inserted else { return }
            status.lastRefusal =
                "The device has no memory left, so \(words). The run goes on; smaller minibatches need less."
        }

        /// Says once why snapshots cannot be kept in a file.
        mutating func noteSnapshots(_ problem: CLMatError?) {
            guard let problem, !hasNotedSnapshots else { return }
            hasNotedSnapshots = true
            status.lastRefusal =
                "Going back may make many steps again: snapshots have no room beyond memory. \(problem)"
        }
    }

    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)`` or ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``
    ///   for settings that no control takes.
    public init(_ experiment: Experiment, options: Options) throws(CLMatError) {
        var (experiment, options) = (experiment, options)
        if let checkpoint = options.resumes { try experiment.resume(from: checkpoint) }
        try experiment.set(options.settings)
        options.seed = experiment.seed
        self.options = options
        (title, dataChecksum, startPreset) = (experiment.title, experiment.dataChecksum, experiment.startPreset)
        (modelType, extensions) = (experiment.modelType, experiment.extensions)
        var state = State(dashboard: experiment.dashboard, options.staysAtTheEnd)
        state.status.settings = experiment.shownSettings
        state.status.view = experiment.view
        state.status.step = experiment.start
        state.status.start = experiment.start
        state.status.stepsPerEpoch = experiment.stepsPerEpoch
        self.state = Mutex(state)
        let navigator = RunNavigator(
            experiment, timeline: timeline, undoesOnlyChanges: options.director?.undoesOnlyChanges ?? false
        ) { size in
            if let plan = options.snapshotPlan { return plan }
            if !options.keepsSnapshots { return .given(0) }
            if let given = options.snapshotBudget { return .given(given) }
            return .automatic(stateBytes: size.bytes, on: size.device.flatMap { $0.hasOwnMemory ? $0 : nil })
        }
        let note = options.keepsSnapshots ? navigator.snapshots.plan.note(stateBytes: navigator.stateBytes) : nil
        notes = experiment.notes + (note.map { [$0] } ?? [])
        let (shelf, home) = (navigator.snapshots.shelf, navigator.home)
        self.navigator = Mutex(navigator)
        figures.publish(experiment.run, experiment.figureContext)
        if let home {
            let shelf = shelf
            yielders.withLock { yielders in
                yielders = [
                    home.whenMemoryRunsOut { [weak self, figures] in self?.noted(figures.giveWay()) },
                    home.whenMemoryRunsOut { [weak self] in self?.noted(shelf.giveWay()) },
                ]
            }
        }
    }

    /// Says what gave way when the device had no memory left, each sort once.
    private func noted(_ words: String?) -> String? {
        guard let words else { return nil }
        state.withLock { $0.noteShortage(words) }
        return words
    }

    /// Makes the ``Experiment`` and its learner at once.
    ///
    /// - Parameter attached: ids of the attachments that are on from the start.
    /// - Throws: what ``Experiment/init(_:data:attachments:attached:seed:reducer:)`` and ``init(_:options:)`` throw.
    public convenience init<M: Model, Source: DataSource<M.Batch>>(
        _ model: M, data: Source, attachments: [AttachmentFactory<M>] = [], attached: [String] = [], options: Options
    ) throws(CLMatError) {
        try self.init(
            Experiment(model, data: data, attachments: attachments, attached: attached, seed: options.seed),
            options: options
        )
    }

    /// The steps after which the run ends, if it was told.
    public var maximumSteps: Int? { options.maximumSteps }

    /// A run that waits at its last step for a person ends there instead: nobody is there.
    public func endAtTheLastStep() {
        state.withLock { $0.staysAtTheEnd = false }
        arrivals.signal()
    }

    // MARK: - What a window asks

    /// The run at the moment, as a copy.
    public var status: Status { state.withLock { $0.status } }
    /// What can be seen and moved at the moment, metrics that were added included.
    public var dashboard: Dashboard {
        var dashboard = state.withLock { $0.dashboard }
        // Appending nothing would copy all: two dashboards that are one array are compared at once.
        let added = probes.metrics
        if !added.isEmpty { dashboard.metrics += added }
        return dashboard
    }
    /// A control by its id, also one that went with its attachment.
    public func control(_ id: String) -> Control? {
        state.withLock { $0.dashboard.control(id) ?? $0.formerControls[id] }
    }
    /// The newest state of a figure; asking is what keeps it computed.
    public func look(at figure: String) -> FigureState { figures.look(at: figure) }
    /// The figure of the branch that is compared with the current one.
    public func lookAtOther(_ figure: String) -> FigureState { otherFigures.look(at: figure) }
    /// Says whether a person acts on the window now: figures then follow the run more closely, at the cost of its speed.
    public func followFigures(_ closely: Bool) {
        figures.isFollowed.store(closely, ordering: .relaxed)
        otherFigures.isFollowed.store(closely, ordering: .relaxed)
    }
    /// Changes whenever a figure was computed anew; also while the run is paused, where its step stays the same.
    public func version(of figure: String) -> Int { figures.version(of: figure) }
    /// As ``version(of:)``, for the figure of the compared branch.
    public func versionOfOther(_ figure: String) -> Int { otherFigures.version(of: figure) }
    /// Work per second over the whole run, by rate id.
    public var totalRates: [String: Double] { state.withLock { $0.work.totalRates } }

    /// The content of a figure at the last published step, computed on the caller's thread.
    public func content(of figure: String) throws -> any FigureContent {
        try figures.compute(figure) { [interruption] in interruption.isAsked }
    }

    /// The model at the last published step, which is the last one of a run that has ended: to use it, or to keep it. nil before
    /// the first step, if the run's model is not an `M`, and while a run under way rests its figures since its device has no memory
    /// for a second copy of the model.
    public func model<M: Model>(as type: M.Type = M.self) -> M? { figures.model as? M }

    /// Ends a rewind, or the replay of what lies ahead, where it is; the run pauses there. Without one it does nothing.
    public func interrupt() {
        state.withLock { state in
            if state.status.stepsToReplay != nil { state.isInterrupted = true }
        }
    }

    /// Puts a command in the queue. It takes effect between two steps, in the order of sending; a pause also ends a rewind where
    /// it is.
    ///
    /// - Parameter gesture: a number that settings of one drag share: together they are one change.
    public func send(_ command: Command, gesture: Int? = nil) {
        if command == .pause { interrupt() }
        queue.withLock { $0.append(Message(command: command, gesture: gesture)) }
        arrivals.signal()
    }

    /// Adds a metric to the run, which may be under way: `measure` is called after each step with the model and the
    /// minibatch that it learned from (nil if it needed none). One that throws is taken off and ``Status/lastRefusal``
    /// says so; the run goes on. Returning nil means that nothing was measured at this step.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if the run's model is not an `M`, or if one of its
    ///   own metrics has the id.
    public func addMetric<M: Model>(
        _ metric: Metric, of model: M.Type = M.self, measure: @escaping @Sendable (M, M.Batch?) throws -> Double?
    ) throws(CLMatError) {
        guard modelType == M.self else {
            throw .invalidArgument(
                operation: "addMetric", problem: "The run's model is a \(modelType), not a \(M.self).")
        }
        guard state.withLock({ $0.dashboard.metric(metric.id) }) == nil else {
            throw .invalidArgument(operation: "addMetric", problem: "The model has a metric '\(metric.id)' of its own.")
        }
        probes.add(
            Probe(metric: metric) { model, batch in
                guard let model = model as? M else { return nil }
                return try measure(model, batch as? M.Batch)
            })
    }

    /// A metric with nothing but a name.
    public func addMetric<M: Model>(
        _ name: String, measure: @escaping @Sendable (M, M.Batch?) throws -> Double?
    ) throws(CLMatError) {
        try addMetric(Metric(name, title: name, help: "added while the model runs"), of: M.self, measure: measure)
    }

    /// Registers a mixin with a run that may be under way, as ``Experiment/register(_:)`` does; `send(.addMixin(id))` puts it on.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if nothing of the run takes it.
    public func register<Subject>(_ mixin: any Mixin<Subject>) throws(CLMatError) {
        guard navigator.withLock({ $0.run.takes(mixin: mixin) }) else { throw Experiment.refusal(of: mixin) }
        extensions.register(mixin)
        try refresh()
    }

    /// Adds a figure to a run that may be under way, as ``Experiment/add(_:)`` does.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if the run's model is not an `M`;
    ///   ``/CLMat/CLMatError/duplicateID(kind:id:)`` if it has a figure of this id.
    public func add<M: Model>(_ figure: Figure<M>) throws(CLMatError) {
        try Experiment.check(figure, of: modelType, dashboard, extensions)
        extensions.add(figure)
        try refresh()
        publish()
    }

    /// Takes off a metric that was added. What it measured stays in the timeline.
    public func removeMetric(_ id: String) { probes.remove(id) }

    // MARK: - Running

    /// Starts the learner's thread.
    public func start(paused: Bool = false) {
        if paused { state.withLock { $0.status.isPaused = true } }
        figures.start()
        otherFigures.start()
        let thread = Thread { [self] in
            loop()
            done.signal()
        }
        thread.name = "learner"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Ends the run after the step in progress. ``wait()`` returns when it has ended.
    public func stop() {
        state.withLock { $0.status.isStopping = true }
        arrivals.signal()
    }

    /// Leaves out what is measured once, when the run ends, or leaves it off where it is under way, between two of its parts: a last score may
    /// take longer than a person wants to wait. A figure that ``content(of:)`` is computing comes as far as it is.
    public func leaveOff() { interruption.ask() }
    /// Whether ``leaveOff()`` was called.
    public var isLeavingOff: Bool { interruption.isAsked }

    /// Waits for the end of a run that was started.
    public func wait() {
        done.wait()
        finishWaiting()
    }

    /// Waits so many seconds at most. Returns whether the run has ended.
    public func wait(for seconds: Double) -> Bool {
        guard done.wait(timeout: .now() + seconds) == .success else { return false }
        finishWaiting()
        return true
    }

    private func finishWaiting() {
        done.signal()
        figures.stop()
        otherFigures.stop()
    }

    private func loop() {
        let clock = ContinuousClock()
        var lastPublication = clock.now
        // The first one comes early: a run that is killed in its first minute can be resumed too.
        var nextCheckpoint = clock.now + .seconds(1)
        var pace = Pace()
        // What failed between two steps left the model whole.
        var isBetweenSteps = true
        do {
            while true {
                isBetweenSteps = true
                try handleMail(&pace)
                let status = state.withLock { $0.status }
                let isStopping = status.isStopping
                let isAtTheEnd = maximumSteps.map { status.step >= $0 } == true
                if isStopping || options.director?.isDone == true || isAtTheEnd || status.isPaused { try settle() }
                if isStopping || options.director?.isDone == true { break }
                if isAtTheEnd {
                    guard state.withLock({ $0.staysAtTheEnd }) else { break }
                    try stayAtTheEnd()
                    continue
                }
                if status.isPaused {
                    publish()
                    arrivals.wait()
                    continue
                }

                let start = clock.now
                isBetweenSteps = false
                let (work, position, can, problem) = try navigator.withLock { navigator throws(CLMatError) in
                    try navigator.tick(probes)
                    return (
                        navigator.takeFinished().byKind, navigator.position,
                        (undo: navigator.canUndo, redo: navigator.canRedo),
                        navigator.snapshots.problem
                    )
                }
                let seconds = (clock.now - start).seconds
                state.withLock { state in
                    state.status.step = position.step
                    (state.status.canUndo, state.status.canRedo) = can
                    state.noteSnapshots(problem)
                    if let failure = probes.takeFailures().last { state.status.lastRefusal = failure }
                }
                count(work, steps: 1, seconds: seconds)
                pace.made += 1
                var pauses = options.pausesAt.contains(position.step)
                if let left = pace.stepsToPause {
                    pace.stepsToPause = left > 1 ? left - 1 : nil
                    if left <= 1 { pauses = true }
                }
                // Who looks at this step finds all that it measured.
                if pauses || isWatched { try settle() } else { tellSteps() }
                tellWatchers(position)
                if pauses { state.withLock { $0.status.isPaused = true } }
                // At most thirty times per second, and only if a figure is due that a panel looks at: the next update has
                // to copy what the snapshot shares with it.
                if figures.wantsSnapshot(at: position.step), (clock.now - lastPublication).seconds > 1.0 / 30 {
                    publish()
                    lastPublication = clock.now
                }
                if let plan = options.checkpoint, clock.now > nextCheckpoint {
                    try settle()
                    writeCheckpoint(plan)
                    nextCheckpoint = clock.now + .seconds(plan.pause(after: checkpointSeconds.withLock { $0 }))
                }
            }
            let concluded = try conclude()
            let position = timeline.position
            record { recorder throws(CLMatError) in try recorder.end(at: position, concluded) }
        } catch {
            // What the steps before measured, if the device still tells; the run ends with the first error.
            try? settle()
            record { recorder throws(CLMatError) in try recorder.abandon() }
            state.withLock { $0.status.error = error }
            if error.isOfTheDevice || hasFailedStep.load(ordering: .relaxed) { isBetweenSteps = false }
        }
        let isWhole = state.withLock { $0.status.error == nil } || isBetweenSteps
        if let plan = options.checkpoint, isWhole {
            writeCheckpoint(plan)
        }
        writing.sync {}
        publish(isAfterFailure: state.withLock { $0.status.error != nil }, isStill: true)
        state.withLock { $0.status.isFinished = true }
    }

    private func count(_ work: [String: (amount: Double, seconds: Double)], steps: Double, seconds: Double) {
        state.withLock { state in
            state.status.seconds += seconds
            state.work.add(work, steps: steps, seconds: seconds)
            state.status.rates = state.work.recentRates
        }
    }

    /// Notes all that was measured so far, and tells it. Waits for the numbers of the last step.
    func settle() throws(CLMatError) {
        do throws(CLMatError) {
            let start = ContinuousClock.now
            let work = try navigator.withLock { navigator throws(CLMatError) in
                try navigator.settle()
                return navigator.takeFinished().byKind
            }
            let seconds = (ContinuousClock.now - start).seconds
            // Of nothing awaited, nothing is counted.
            if !work.isEmpty { count(work, steps: 0, seconds: seconds) }
        } catch {
            // A step was not what it seemed to be when it was made.
            hasFailedStep.store(true, ordering: .relaxed)
            tellSteps()
            throw error
        }
        tellSteps()
    }

    /// Tells what was measured and is known.
    private func tellSteps() {
        for step in navigator.withLock({ $0.takeUntold() }) {
            state.withLock { $0.status.raise(step.measured.warnings, at: step.position.step) }
            record { recorder throws(CLMatError) in try recorder.record(step.measured, at: step.position) }
        }
    }

    /// What the loop remembers between two steps.
    struct Pace {
        /// Steps to run before the next pause, if one was asked for.
        var stepsToPause: Int?
        /// Steps made since the start, on whatever branch.
        var made = 0
        /// Where the scheduled commands were done last.
        var lastScheduled: Int?
        /// What presets set of what is shown, by the number of their change: a person who undoes or does one again expects that too.
        var presetLooks: [Int: PresetLooks] = [:]
    }

    struct PresetLooks {
        let before: [Command]
        let after: [Command]
    }

    /// Waits at the last step for what a person wants next.
    private func stayAtTheEnd() throws(CLMatError) {
        if !state.withLock({ $0.status.isPaused }) { _ = try conclude() }
        state.withLock { $0.status.isPaused = true }
        publish()
        arrivals.wait()
    }

    private func conclude() throws(CLMatError) -> Measurements {
        state.withLock { $0.status.isConcluding = true }
        defer {
            state.withLock { state in
                state.status.isConcluding = false
                state.status.lacksConclusion = interruption.isFollowed
            }
        }
        guard !interruption.follow() else { return Measurements() }
        let measured = try navigator.withLock { navigator throws(CLMatError) in try navigator.conclude(interruption) }
        // A part of a score is none.
        guard !interruption.isFollowed else { return Measurements() }
        timeline.conclude(measured)
        return measured
    }

    /// - Parameter isStill: nothing runs until the figures have been looked at.
    func publish(isAfterFailure: Bool = false, isStill: Bool = false) {
        let (run, context) = navigator.withLock { ($0.run, $0.figureContext) }
        let isStill = isStill || state.withLock { $0.status.isPaused }
        figures.publish(run, context, isAfterFailure: isAfterFailure, isStill: isStill)
    }

    /// If recording fails, the error goes to `status` and the run continues.
    func record(_ write: (any Recorder) throws(CLMatError) -> Void) {
        guard let recorder = options.recorder, state.withLock({ $0.status.recordingError == nil })
        else { return }
        do throws(CLMatError) {
            try write(recorder)
        } catch {
            state.withLock { $0.status.recordingError = error }
        }
    }
}

extension Learner.Status {
    /// Takes over what a step warned of: a warning that holds on is one since the same step, and what is not said any more
    /// does not hold.
    mutating func raise(_ raised: [Warning], at step: Int) {
        guard !(raised.isEmpty && warnings.isEmpty) else { return }
        warnings = raised.map { warning in
            let before = warnings.first { $0.id == warning.id }?.since
            return Learner.RaisedWarning(warning: warning, since: warning.since ?? before ?? step)
        }
    }
}
