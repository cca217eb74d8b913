import CLMat
import Dispatch
import Foundation
import Synchronization

/// Runs a model on a thread of its own: draws minibatches, updates, measures, publishes.
///
/// Commands go through a mailbox and take effect between two steps. Everything that a window reads (status,
/// dashboard, timeline, figures) is a copy: learning never waits for a frame.
public final class Learner: Sendable {
    public struct Options: Sendable {
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
        /// Values of controls that differ from their initial ones.
        public var settings: [String: Double] = [:]
        /// Attachments that are on from the start, in place of those that the initialiser is given.
        public var attached: [String]?
        /// Bytes of device memory that snapshots may keep alive.
        public var snapshotBudget = 1 << 27
        public var director: (any Director)?
        public var recorder: (any Recorder)?
        /// Where a checkpoint is written now and then, and at the end.
        public var checkpoint: CheckpointPlan?
        /// Goes on from a file.
        public var resumes: Checkpoint?

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
        public let step: Int
        public let command: Command

        public init(after step: Int, _ command: Command) { (self.step, self.command) = (step, command) }
    }

    public struct Status: Sendable {
        public var step = 0
        public var stepsPerEpoch = 1
        public var isPaused = false
        /// The run has ended: by its limit, on demand, or by ``error``.
        public var isFinished = false
        public var error: CLMatError?
        /// A command that was refused, and why; the run went on.
        public var lastRefusal: String?
        public var settings = Settings()
        /// Work a second over the last second or so, by rate id.
        public var rates: [String: Double] = [:]
        /// Seconds since the start, pauses left out.
        public var seconds = 0.0
        /// What the run's metrics and changes are counted from: not 0 if it was resumed.
        public var start = 0
        /// Set while the run goes back: steps that have to be made again before it is there.
        public var stepsToRemake: Int?
        /// What could not be written, and why; the run went on.
        public var recordingError: CLMatError?
        /// Whether there is a change to undo, and one to redo.
        public var canUndo = false
        public var canRedo = false
        /// What is wrong with the model as it is now, and since which step.
        public internal(set) var warnings: [RaisedWarning] = []
        /// The branch whose end is compared with the current one.
        public var comparedBranch: Int?

        public var epoch: Double { Double(step) / Double(max(1, stepsPerEpoch)) }
    }

    /// A warning with the step since when it holds.
    public struct RaisedWarning: Sendable, Equatable, Identifiable {
        public let warning: Warning
        public let since: Int
        public var id: String { warning.id }
        /// The whole of it, as sentences.
        public var text: String { warning.text(since: since) }
    }

    /// What can still be said of a run before its start, by who has seen its ``dashboard``.
    struct Preparation {
        var schedule: [Scheduled]
        var maximumSteps: Int?
        var staysAtTheEnd: Bool
        var recorder: (any Recorder)?
        var checkpoint: CheckpointPlan?
    }

    /// A command as it lies in the mailbox.
    struct Letter {
        let command: Command
        let gesture: Int?
    }

    public let title: String
    public let options: Options
    public let timeline = Timeline()
    /// A checksum of the data.
    public let dataChecksum: String
    /// What a person should know before the first step, a sentence each: how the data were read, then what the model says.
    public let notes: [String]

    let journey: Mutex<Journey>
    let mailbox = Mutex<[Letter]>([])
    let mail = DispatchSemaphore(value: 0)
    let state: Mutex<State>
    let probes = ProbeBoard()
    let figures = FigureBoard()
    /// Figures of the branch that is compared with the current one.
    let otherFigures = FigureBoard()
    let preparation: Mutex<Preparation>
    private let modelType: any Model.Type
    private let done = DispatchSemaphore(value: 0)
    let writing = DispatchQueue(label: "checkpoint")

    struct State {
        var status = Status()
        var dashboard: Dashboard
        /// Controls that went with an attachment, by id: what was done with them still has their names.
        var formerControls: [String: Control] = [:]
        var work = WorkMeter()
        var isStopping = false
    }

    /// - Parameter attached: ids of the offers that are on from the start.
    /// - Throws: ``CLMatError/unknownName(kind:name:known:)`` or ``CLMatError/invalidValue(setting:value:accepted:)``
    ///   for settings that no control takes; ``CLMatError/fileDamaged(path:place:problem:)`` for a checkpoint that is not
    ///   one of this model.
    public init<M: Model, Source: DataSource<M.Batch>>(
        _ model: M, data: Source, offers: [AttachmentOffer<M>] = [], attached: [String] = [], options: Options
    ) throws(CLMatError) {
        var run = ModelRun(model: model, data: data, offers: offers)
        let resumed = options.resumes
        for id in resumed?.attached ?? options.attached ?? attached {
            try run.attach(id, at: Step(0, seed: options.seed))
        }
        let dashboard = run.dashboard
        var settings = Settings(initialOf: dashboard.controls)
        for (id, value) in resumed?.settings ?? [:] { settings[id] = value }
        try settings.set(options.settings, as: dashboard.controls)
        if let resumed { try resumed.restore(&run, seed: options.seed, checksum: data.checksum) }
        title = run.title
        modelType = M.self
        dataChecksum = data.checksum
        notes = data.notes + model.notes
        self.options = options
        preparation = Mutex(
            Preparation(
                schedule: options.schedule, maximumSteps: options.maximumSteps, staysAtTheEnd: options.staysAtTheEnd,
                recorder: options.recorder, checkpoint: options.checkpoint))
        var state = State(dashboard: dashboard)
        state.status.settings = settings
        state.status.step = resumed?.step ?? 0
        state.status.start = resumed?.step ?? 0
        state.status.stepsPerEpoch = run.stepsPerEpoch
        self.state = Mutex(state)
        let journey = Journey(
            run, settings, seed: options.seed, timeline: timeline, budget: options.snapshotBudget,
            from: resumed?.step ?? 0)
        self.journey = Mutex(journey)
        figures.publish(run, settings, step: resumed?.step ?? 0)
    }

    /// The steps after which the run ends, if it was told.
    public var maximumSteps: Int? { preparation.withLock { $0.maximumSteps } }
    /// Commands that take effect when so many steps have been made.
    public var schedule: [Scheduled] { preparation.withLock { $0.schedule } }

    /// Sets controls before the start, and adds to what is scheduled: for a program that learns which controls there
    /// are from the ``dashboard``, and how long a pass is from the ``status``.
    ///
    /// - Throws: ``CLMatError/unknownName(kind:name:known:)`` or ``CLMatError/invalidValue(setting:value:accepted:)``.
    public func prepare(
        settings: [String: Double] = [:], schedule: [Scheduled] = [], maximumSteps: Int? = nil
    ) throws(CLMatError) {
        var checked = status.settings
        try checked.set(settings, as: dashboard.controls)
        let position = timeline.position
        journey.withLock { $0.begin(with: checked) }
        state.withLock { $0.status.settings = checked }
        preparation.withLock { preparation in
            preparation.schedule += schedule
            preparation.maximumSteps = maximumSteps ?? preparation.maximumSteps
        }
        figures.publish(journey.withLock { $0.run }, checked, step: position.step)
    }

    /// A run whose window was refused has nobody who could end it: it ends by itself at its last step.
    public func endAtTheLastStep() {
        preparation.withLock { $0.staysAtTheEnd = false }
        mail.signal()
    }

    /// Who is to write down what happens, and where checkpoints go; said before the start.
    public func keep(recorder: (any Recorder)?, checkpoint: CheckpointPlan?) {
        preparation.withLock { ($0.recorder, $0.checkpoint) = (recorder, checkpoint) }
    }

    // MARK: - What a window asks

    public var status: Status { state.withLock { $0.status } }
    public var dashboard: Dashboard {
        var dashboard = state.withLock { $0.dashboard }
        dashboard.metrics += probes.metrics
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
    /// Changes whenever a figure was computed anew; also while the run is paused, where its step stays the same.
    public func version(of figure: String) -> Int { figures.version(of: figure) }
    public func versionOfOther(_ figure: String) -> Int { otherFigures.version(of: figure) }
    /// Work a second over the whole run, by rate id.
    public var totalRates: [String: Double] { state.withLock { $0.work.totalRates } }

    /// The content of a figure at the last published step, computed on the caller's thread.
    public func content(of figure: String) throws -> any FigureContent { try figures.compute(figure) }

    /// The model at the last published step, which is the last one of a run that has ended: to use it, or to keep it. nil before
    /// the first step, and if the run's model is not an `M`.
    public func model<M: Model>(as type: M.Type = M.self) -> M? { figures.model as? M }

    /// Puts a command in the mailbox. It takes effect between two steps, in the order of sending.
    ///
    /// - Parameter gesture: a number that settings of one drag share: together they are one change.
    public func send(_ command: Command, gesture: Int? = nil) {
        mailbox.withLock { $0.append(Letter(command: command, gesture: gesture)) }
        mail.signal()
    }

    /// Adds a metric to the run, which may be under way: `measure` is called after each step with the model and the
    /// minibatch that it learned from (nil if it needed none). One that throws is taken off and ``Status/lastRefusal``
    /// says so; the run goes on. Returning nil means that nothing was measured at this step.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if the run's model is not an `M`, or if one of its
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
        try addMetric(Metric(name, title: name, means: "added while the model runs"), of: M.self, measure: measure)
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
        state.withLock { $0.isStopping = true }
        mail.signal()
    }

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
        // The first one comes early: whoever is killed in the first minute can go on too.
        var nextCheckpoint = clock.now + .seconds(1)
        var pace = Pace()
        do {
            while true {
                try handleMail(&pace)
                let (status, isStopping) = state.withLock { ($0.status, $0.isStopping) }
                if isStopping || options.director?.isDone == true { break }
                if maximumSteps.map({ status.step >= $0 }) == true {
                    guard preparation.withLock({ $0.staysAtTheEnd }) else { break }
                    try stayAtTheEnd()
                    continue
                }
                if status.isPaused {
                    publish()
                    mail.wait()
                    continue
                }

                let start = clock.now
                let (measured, position) = try journey.withLock { journey throws(CLMatError) in
                    (try journey.tick(probes), journey.position)
                }
                let seconds = (clock.now - start).seconds
                state.withLock { state in
                    state.status.step = position.step
                    state.status.seconds += seconds
                    state.work.add(measured.work, steps: 1, seconds: seconds)
                    state.status.rates = state.work.recentRates
                    state.status.raise(measured.warnings, at: position.step)
                    if let failure = probes.takeFailures().last { state.status.lastRefusal = failure }
                }
                record { recorder throws(CLMatError) in try recorder.record(measured, at: position) }
                pace.made += 1
                if let left = pace.stepsToPause {
                    pace.stepsToPause = left > 1 ? left - 1 : nil
                    if left <= 1 { state.withLock { $0.status.isPaused = true } }
                }
                if options.pausesAt.contains(position.step) { state.withLock { $0.status.isPaused = true } }
                // At most thirty times a second, and only if a panel looks: the next update has to copy what
                // the snapshot shares with it.
                if figures.wantsSnapshot, (clock.now - lastPublication).seconds > 1.0 / 30 {
                    publish()
                    lastPublication = clock.now
                }
                if let plan = preparation.withLock({ $0.checkpoint }), clock.now > nextCheckpoint {
                    writeCheckpoint(plan)
                    nextCheckpoint = clock.now + .seconds(plan.seconds)
                }
            }
            let concluded = try conclude()
            let position = timeline.position
            record { recorder throws(CLMatError) in try recorder.end(at: position, concluded) }
        } catch {
            state.withLock { $0.status.error = error }
        }
        if let plan = preparation.withLock({ $0.checkpoint }), state.withLock({ $0.status.error == nil }) {
            writeCheckpoint(plan)
        }
        writing.sync {}
        publish(isAfterFailure: state.withLock { $0.status.error != nil }, isStill: true)
        state.withLock { $0.status.isFinished = true }
    }

    /// What the loop remembers between two steps.
    struct Pace {
        /// Steps to run before the next pause, if one was asked for.
        var stepsToPause: Int?
        /// Steps made since the start, on whatever branch.
        var made = 0
        /// Where the scheduled commands were done last.
        var lastScheduled: Int?
    }

    /// Waits at the last step for what a person wants next.
    private func stayAtTheEnd() throws(CLMatError) {
        if !state.withLock({ $0.status.isPaused }) { _ = try conclude() }
        state.withLock { $0.status.isPaused = true }
        publish()
        mail.wait()
    }

    private func conclude() throws(CLMatError) -> Measurements {
        let measured = try journey.withLock { journey throws(CLMatError) in try journey.conclude() }
        timeline.conclude(measured)
        return measured
    }

    /// - Parameter isStill: nothing runs until the figures have been looked at.
    func publish(isAfterFailure: Bool = false, isStill: Bool = false) {
        let (run, settings, step) = journey.withLock { ($0.run, $0.settings, $0.position.step) }
        let isStill = isStill || state.withLock { $0.status.isPaused }
        figures.publish(run, settings, step: step, isAfterFailure: isAfterFailure, isStill: isStill)
    }

    /// A record that cannot be written is said, and the run goes on.
    func record(_ write: (any Recorder) throws(CLMatError) -> Void) {
        guard let recorder = preparation.withLock({ $0.recorder }), state.withLock({ $0.status.recordingError == nil })
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
