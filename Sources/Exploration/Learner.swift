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
        /// The run pauses by itself after these steps, as for a picture at a given step.
        public var pausesAt: Set<Int> = []
        /// Commands that take effect when so many steps have been made, in the order given.
        public var schedule: [Scheduled] = []
        /// What ran: "CPU, 2 threads".
        public var device = ""
        /// Values of controls that differ from their initial ones.
        public var settings: [String: Double] = [:]

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

        public var epoch: Double { Double(step) / Double(max(1, stepsPerEpoch)) }
    }

    public let title: String
    public let options: Options
    public let timeline = Timeline()

    private let run: Mutex<any Run>
    private let mailbox = Mutex<[Command]>([])
    private let mail = DispatchSemaphore(value: 0)
    private let state: Mutex<State>
    private let figures = FigureBoard()
    private let done = DispatchSemaphore(value: 0)
    /// The step whose scheduled commands were done last.
    private let lastScheduled = Atomic<Int>(-1)

    private struct State {
        var status = Status()
        var dashboard: Dashboard
        var work = WorkMeter()
        var isStopping = false
    }

    /// - Parameter attached: ids of the offers that are on from the start.
    /// - Throws: ``CLMatError/unknownName(kind:name:known:)`` or ``CLMatError/invalidValue(setting:value:accepted:)``
    ///   for settings that no control takes.
    public init<M: Model, Source: DataSource<M.Batch>>(
        _ model: M, data: Source, offers: [AttachmentOffer<M>] = [], attached: [String] = [], options: Options
    ) throws(CLMatError) {
        var run = ModelRun(model: model, data: data, offers: offers)
        for id in attached { try run.attach(id, at: Step(0, seed: options.seed)) }
        let dashboard = run.dashboard
        var settings = Settings(initialOf: dashboard.controls)
        for (id, value) in options.settings {
            guard let control = dashboard.control(id) else {
                throw .unknownName(kind: "control", name: id, known: dashboard.controls.map(\.id).sorted())
            }
            settings[id] = try control.checked(value)
        }
        title = run.title
        self.options = options
        var state = State(dashboard: dashboard)
        state.status.settings = settings
        state.status.stepsPerEpoch = run.stepsPerEpoch
        self.state = Mutex(state)
        self.run = Mutex(run)
        figures.publish(run, settings, step: 0)
    }

    // MARK: - What a window asks

    public var status: Status { state.withLock { $0.status } }
    public var dashboard: Dashboard { state.withLock { $0.dashboard } }
    /// The newest state of a figure; asking is what keeps it computed.
    public func look(at figure: String) -> FigureState { figures.look(at: figure) }
    /// Changes whenever a figure was computed anew; also while the run is paused, where its step stays the same.
    public func version(of figure: String) -> Int { figures.version(of: figure) }
    /// Work a second over the whole run, by rate id.
    public var totalRates: [String: Double] { state.withLock { $0.work.totalRates } }

    /// The content of a figure at the last published step, computed on the caller's thread.
    public func content(of figure: String) throws -> FigureContent { try figures.compute(figure) }

    /// Puts a command in the mailbox. It takes effect between two steps, in the order of sending.
    public func send(_ command: Command) {
        mailbox.withLock { $0.append(command) }
        mail.signal()
    }

    // MARK: - Running

    /// Starts the learner's thread.
    public func start(paused: Bool = false) {
        if paused { state.withLock { $0.status.isPaused = true } }
        figures.start()
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
        done.signal()
        figures.stop()
    }

    /// Waits so many seconds at most. Returns whether the run has ended.
    public func wait(for seconds: Double) -> Bool {
        guard done.wait(timeout: .now() + seconds) == .success else { return false }
        done.signal()
        figures.stop()
        return true
    }

    private func loop() {
        var step = 0
        var stepsToPause: Int?
        let clock = ContinuousClock()
        var lastPublication = clock.now
        do {
            while true {
                stepsToPause = try handleMail(at: step) ?? stepsToPause
                let (status, isStopping) = state.withLock { ($0.status, $0.isStopping) }
                if isStopping || options.maximumSteps.map({ step >= $0 }) == true {
                    break
                }
                if status.isPaused {
                    publish(step)
                    mail.wait()
                    continue
                }

                let start = clock.now
                let settings = status.settings
                let tick = Step(step + 1, seed: options.seed)
                let measured = try run.withLock { run throws(CLMatError) in try run.tick(settings, at: tick) }
                step += 1
                timeline.append(measured, at: step)
                let seconds = (clock.now - start).seconds
                state.withLock { state in
                    state.status.step = step
                    state.status.seconds += seconds
                    state.work.add(measured.work, steps: 1, seconds: seconds)
                    state.status.rates = state.work.recentRates
                }
                if let left = stepsToPause {
                    stepsToPause = left > 1 ? left - 1 : nil
                    if left <= 1 { state.withLock { $0.status.isPaused = true } }
                }
                if options.pausesAt.contains(step) { state.withLock { $0.status.isPaused = true } }
                // At most thirty times a second, and only if a panel looks: the next update has to copy what
                // the snapshot shares with it.
                if figures.wantsSnapshot, (clock.now - lastPublication).seconds > 1.0 / 30 {
                    publish(step)
                    lastPublication = clock.now
                }
            }
            let settings = state.withLock { $0.status.settings }
            let last = Step(step, seed: options.seed)
            let measured = try run.withLock { run throws(CLMatError) in try run.conclude(settings, at: last) }
            timeline.conclude(measured, at: step)
        } catch {
            state.withLock { $0.status.error = error }
        }
        publish(step, isAfterFailure: state.withLock { $0.status.error != nil })
        state.withLock { $0.status.isFinished = true }
    }

    private func publish(_ step: Int, isAfterFailure: Bool = false) {
        let settings = state.withLock { $0.status.settings }
        figures.publish(run.withLock { $0 }, settings, step: step, isAfterFailure: isAfterFailure)
    }

    /// Does what the mailbox holds. Returns the number of steps to run before the next pause, if one was asked for.
    private func handleMail(at step: Int) throws(CLMatError) -> Int? {
        var commands = mailbox.withLock { box in
            defer { box = [] }
            return box
        }
        if step != lastScheduled.exchange(step, ordering: .relaxed) {
            commands = options.schedule.filter { $0.step == step }.map(\.command) + commands
        }
        var stepsToPause: Int?
        for command in commands {
            do {
                var before: Double?
                switch command {
                case .set(let id, let value):
                    let (dashboard, settings) = state.withLock { ($0.dashboard, $0.status.settings) }
                    guard let control = dashboard.control(id) else {
                        throw CLMatError.unknownName(kind: "control", name: id, known: dashboard.controls.map(\.id))
                    }
                    let checked = try control.checked(value)
                    before = settings[id]
                    if before == checked { continue }
                    state.withLock { $0.status.settings[id] = checked }
                case .pause: state.withLock { $0.status.isPaused = true }
                case .resume: state.withLock { $0.status.isPaused = false }
                case .step(let count):
                    state.withLock { $0.status.isPaused = false }
                    stepsToPause = max(1, count)
                case .attach(let id):
                    try run.withLock { run throws(CLMatError) in
                        try run.attach(id, at: Step(step, seed: options.seed))
                    }
                    refreshDashboard()
                case .detach(let id):
                    try run.withLock { run throws(CLMatError) in try run.detach(id) }
                    refreshDashboard()
                case .act(let action):
                    let settings = state.withLock { $0.status.settings }
                    try run.withLock { run throws(CLMatError) in
                        try run.perform(action, settings, at: Step(step, seed: options.seed))
                    }
                    refreshDashboard()
                }
                timeline.append(command, at: step, before: before)
            } catch let error as CLMatError {
                // A person's slip does not end the run; a device that fails does.
                switch error {
                case .deviceFailed, .outOfDeviceMemory, .kernelBuildFailed: throw error
                default: state.withLock { $0.status.lastRefusal = "\(error)" }
                }
            } catch {
                state.withLock { $0.status.lastRefusal = "\(error)" }
            }
        }
        return stepsToPause
    }

    /// Takes over the controls of attachments that came, with their initial values; those of attachments that
    /// went keep theirs for when they come back.
    private func refreshDashboard() {
        let dashboard = run.withLock { $0.dashboard }
        state.withLock { state in
            state.dashboard = dashboard
            for control in dashboard.controls where !state.status.settings.contains(control.id) {
                state.status.settings[control.id] = control.initial
            }
        }
    }
}
