import CLMat

/// What one step measured: values of metrics, and work done in how many seconds.
///
/// Numbers may still be on the device (``note(_:_:)``, ``after(_:_:)``). A ``Learner`` asks for them when the next step is in the device's queue,
/// so that neither waits for the other; whoever asks before waits for them.
public struct Measurements: Sendable {
    private var known: [String: Double] = [:]
    private var knownWarnings: [Warning] = []
    /// Work by rate id: how much was done, and in how many seconds.
    public private(set) var work: [String: (amount: Double, seconds: Double)] = [:]
    /// What is added when numbers have come, in the order in which it was measured.
    private var pending: [Pending] = []

    private struct Pending: Sendable {
        let readings: [Reading]
        let apply: @Sendable (inout Measurements) throws(CLMatError) -> Void
    }

    /// Nothing measured.
    public init() {}

    /// Values by the metric's id. Waits for those that are on their way; without what a device that failed did not give.
    public var values: [String: Double] { settled.known }
    /// What is wrong with the model after this step. Waits as ``values`` does.
    public var warnings: [Warning] { settled.knownWarnings }

    /// The value of a metric by its id; nil if it was not measured. Waits as ``values`` does.
    public subscript(_ metric: String) -> Double? {
        get { values[metric] }
        set { add { $0.known[metric] = newValue } }
    }

    /// Notes that `amount` units of work were done in `seconds`: `training-images`, `sampling-steps` …
    public mutating func count(_ rate: String, _ amount: Double, seconds: Double) {
        let before = work[rate] ?? (0, 0)
        work[rate] = (before.amount + amount, before.seconds + seconds)
    }

    /// Says that something is wrong. It holds until a step does not say it: a model that looks only now and then says it
    /// at each step in between.
    public mutating func warn(_ warning: Warning) {
        add { own in
            own.knownWarnings.removeAll { $0.id == warning.id }
            own.knownWarnings.append(warning)
        }
    }

    /// Warns if a metric was measured and is not finite: what was learned is lost then.
    ///
    /// - Parameter event: what that means: "The topics left the numbers".
    public mutating func warn(ifLost metric: String, titled title: String, _ event: String, advice: String) {
        add { own in
            guard let value = own.known[metric], !value.isFinite else { return }
            let state = value.isNaN ? "not a number" : "infinite"
            own.warn(Warning("lost-\(metric)", event, because: "\(title) is \(state)", advice: advice))
        }
    }

    /// Takes over what else was measured: its value of a metric counts, and work is added.
    public mutating func merge(_ other: Measurements) {
        for (rate, done) in other.work { count(rate, done.amount, seconds: done.seconds) }
        let (values, warnings) = (other.known, other.knownWarnings)
        if !values.isEmpty || !warnings.isEmpty {
            add { own in
                own.known.merge(values) { _, new in new }
                for warning in warnings { own.warn(warning) }
            }
        }
        pending += other.pending
    }

    /// What comes behind something that is awaited waits with it: the last word on a metric counts.
    private mutating func add(_ change: @escaping @Sendable (inout Measurements) -> Void) {
        if pending.isEmpty { change(&self) } else { pending.append(Pending(readings: [], apply: change)) }
    }

    // MARK: - Numbers that are on the device

    /// Notes the value of a metric that the device is still computing.
    public mutating func note(_ metric: String, _ value: Later<Double>) {
        after(value.readings) { (own) throws(CLMatError) in own.known[metric] = try value.value }
    }

    /// Adds what follows from numbers that the device is still computing, when they have come.
    ///
    /// - Parameters:
    ///   - readings: what is to be read for it (``/CLMat/Later/readings``).
    ///   - change: is called with what this step measured before it, once or, where somebody asks early, again; an error of it ends the run.
    public mutating func after(
        _ readings: [Reading], _ change: @escaping @Sendable (inout Measurements) throws(CLMatError) -> Void
    ) {
        pending.append(Pending(readings: readings, apply: change))
    }

    /// Whether nothing is awaited any more: on the CPU as soon as reading was started.
    var isKnown: Bool { pending.allSatisfy { $0.readings.allSatisfy(\.isKnown) } }

    /// Has a step that measures nothing awaited all the same, where the device works in a queue: else the host would give out steps
    /// faster than they are done, and a slider would act on the end of a long queue.
    ///
    /// - Parameter mark: anything that lies on the device.
    mutating func awaitEnd(by mark: Matrix) throws(CLMatError) {
        guard pending.isEmpty, mark.device.kind != .cpu else { return }
        let readings = try mark.valuesLater().readings
        do throws(CLMatError) {
            try Reading.start(readings)
            after(readings) { _ in }
        } catch {
            // The step is made. A device that cannot even do this says so at the next thing that is asked of it.
        }
    }

    /// Has everything that is awaited read at once, without waiting for it.
    func start() throws(CLMatError) { try Reading.start(pending.flatMap(\.readings)) }

    /// The same with all that was awaited. Waits for it.
    func resolved() throws(CLMatError) -> Measurements {
        guard !pending.isEmpty else { return self }
        try start()
        var own = self
        own.pending = []
        for awaited in pending { try awaited.apply(&own) }
        return own
    }

    private var settled: Measurements {
        guard !pending.isEmpty else { return self }
        do throws(CLMatError) {
            return try resolved()
        } catch {
            return self
        }
    }

    /// The same under the names that an attachment's second instance has on the run.
    func renamed(scope: String, number: Int, action: @escaping @Sendable (Action) -> Action) -> Measurements {
        var own = Measurements()
        // What was done is counted together: sampling steps are sampling steps.
        own.work = work
        guard pending.isEmpty else {
            var awaited = self
            awaited.work = [:]
            own.after(pending.flatMap(\.readings)) { [awaited] (own) throws(CLMatError) in
                own.merge(try awaited.resolved().renamed(scope: scope, number: number, action: action))
            }
            return own
        }
        for (metric, value) in known { own.known[scope + metric] = value }
        own.knownWarnings = knownWarnings.map { warning in
            Warning(
                scope + warning.id, "\(warning.event) (\(number))", because: warning.cause, advice: warning.advice,
                actions: warning.actions.map(action), since: warning.since)
        }
        return own
    }
}

/// What a model knows of itself by what its steps measured: it follows when the numbers have come, at the latest two steps later.
package struct Trailing<Value: Sendable>: Sendable {
    private var before: Later<Value>
    /// As it is after the last step.
    package private(set) var later: Later<Value>

    package init(_ value: Value) {
        later = Later(value)
        before = later
    }

    /// Waits for what it follows from.
    package var value: Value { get throws(CLMatError) { try later.value } }

    /// Sets it to what is known now.
    package mutating func set(_ value: Value) { self = Trailing(value) }

    /// Changes it by numbers of this step.
    package mutating func follow(
        _ readings: [Reading], _ change: @escaping @Sendable (inout Value) throws(CLMatError) -> Void
    ) throws(CLMatError) {
        // So that there are never many to wait for. These have come long ago.
        _ = try before.value
        before = later
        later = Later(readings) { [before] () throws(CLMatError) in
            var value = try before.value
            try change(&value)
            return value
        }
    }
}
