import CLMat

/// A model with its data and all that is known before the first step: what can be seen and moved, how long a pass is, what is on from
/// the start. A ``Learner`` runs it.
///
/// ```swift
/// var experiment = try Experiment(model, data: batches, attachments: [.ldam()], attached: ["ldam"])
/// try experiment.set(["learning-rate": 1e-3])
/// let learner = try Learner(experiment, options: Learner.Options(maximumSteps: 10 * experiment.stepsPerEpoch))
/// ```
public struct Experiment: Sendable {
    var run: any Run
    let modelType: any Model.Type
    let extensions: Extensions
    /// The model's title.
    public let title: String
    /// What is random follows from it.
    public let seed: UInt64
    /// What can be seen and moved at the start.
    public private(set) var dashboard: Dashboard
    /// Values of the controls at the start.
    public private(set) var settings: Settings
    /// What is shown at the start.
    public private(set) var view = ViewState()
    /// The preset that it begins with; nil if none was chosen.
    public var startPreset: String?
    /// The step at which it begins: not 0 if it goes on from a file.
    public private(set) var start = 0
    /// What the file knows of the steps before.
    private(set) var past = RunHistory()
    /// Steps in one pass over the data, at the batch size of the start.
    public let stepsPerEpoch: Int
    /// A checksum of the data.
    public let dataChecksum: String
    /// What a person should know before the first step, a sentence each: how the data were read, then what the model says.
    public let notes: [String]

    /// - Parameters:
    ///   - attached: ids of the attachments that are on from the start.
    ///   - reducer: sums over the machines that learn together.
    /// - Throws: ``/CLMat/CLMatError/duplicateID(kind:id:)`` if two controls, metrics or figures have one id;
    ///   ``/CLMat/CLMatError/unknownName(kind:name:known:)`` for an unknown attachment; what making one throws.
    public init<M: Model, Source: DataSource<M.Batch>>(
        _ model: M, data: Source, attachments: [AttachmentFactory<M>] = [], attached: [String] = [], seed: UInt64 = 1,
        reducer: any Reducer = OneMachine()
    ) throws(CLMatError) {
        if let twice = attachments.map(\.id).firstRepeated { throw .duplicateID(kind: "attachment", id: twice) }
        extensions = Extensions()
        var run = ModelRun(model: model, data: data, factories: attachments, extensions: extensions, reducer: reducer)
        for id in attached { try run.attach(id, at: Step(0, seed: seed)) }
        self.run = run
        self.seed = seed
        modelType = M.self
        title = run.title
        stepsPerEpoch = run.stepsPerEpoch
        (dataChecksum, notes) = (data.checksum, data.notes + model.notes)
        dashboard = try run.dashboard()
        settings = try Settings(of: dashboard)
    }

    // MARK: - What is on

    /// Has these attachments and mixins on, and no others.
    ///
    /// - Parameter mixins: those that attachments and model begin with if nil.
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``, ``/CLMat/CLMatError/duplicateID(kind:id:)``.
    public mutating func put(on attached: [String], mixins: [String]? = nil) throws(CLMatError) {
        var changed = run
        try changed.put(on: attached, mixins: mixins, seed: seed)
        try take(over: changed)
    }

    /// Puts on attachments beside those that are on; one that is on stays as it is.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``, ``/CLMat/CLMatError/duplicateID(kind:id:)``; what making one throws.
    public mutating func attach(_ ids: [String]) throws(CLMatError) {
        var changed = run
        for id in ids { try changed.attach(id, at: Step(0, seed: seed)) }
        try take(over: changed)
    }

    /// Registers a mixin with the run: it can be added to whatever it acts on while the run goes on, and stands in the window's list of
    /// criteria.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if nothing of the run takes it.
    public mutating func register<Subject>(_ mixin: any Mixin<Subject>) throws(CLMatError) {
        guard run.takes(mixin: mixin) else { throw Self.refusal(of: mixin) }
        extensions.register(mixin)
        dashboard = try run.dashboard()
    }

    /// Adds a figure of one's own to a model that is not: it stands among the model's.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if the run's model is not an `M`;
    ///   ``/CLMat/CLMatError/duplicateID(kind:id:)`` if it has a figure of this id.
    public mutating func add<M: Model>(_ figure: Figure<M>) throws(CLMatError) {
        try Self.check(figure, of: modelType, dashboard, extensions)
        extensions.add(figure)
        dashboard = try run.dashboard()
    }

    static func check<M: Model>(
        _ figure: Figure<M>, of model: any Model.Type, _ dashboard: Dashboard, _ extensions: Extensions
    ) throws(CLMatError) {
        guard model == M.self else {
            throw .invalidArgument(operation: "add", problem: "The run's model is a \(model), not a \(M.self).")
        }
        // One that was added before is replaced.
        let isReplaced = extensions.figures(of: M.self).contains { $0.info.id == figure.info.id }
        guard isReplaced || !dashboard.figures.contains(where: { $0.id == figure.info.id }) else {
            throw .duplicateID(kind: "figure", id: figure.info.id)
        }
    }

    static func refusal<Subject>(of mixin: any Mixin<Subject>) -> CLMatError {
        .invalidArgument(
            operation: "register",
            problem: "Nothing of this run takes the mixin '\(mixin.id)', which acts on \(Subject.self).")
    }

    /// Puts on a mixin that is available.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``, ``/CLMat/CLMatError/duplicateID(kind:id:)``.
    public mutating func add(mixin id: String) throws(CLMatError) {
        var changed = run
        try changed.addMixin(id)
        try take(over: changed)
    }

    private mutating func take(over changed: any Run) throws(CLMatError) {
        dashboard = try changed.dashboard()
        run = changed
        try settings.follow(dashboard)
    }

    // MARK: - Settings

    /// Sets controls, those of what is shown too.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)`` or ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    public mutating func set(_ given: [String: Double]) throws(CLMatError) {
        var (settings, view) = (settings, view)
        var moved: [(control: Control, value: Double)] = []
        for (id, value) in given.sorted(by: { $0.key < $1.key }) {
            guard let control = dashboard.control(id) else {
                throw .unknownName(kind: "control", name: id, known: dashboard.controls.map(\.id).sorted())
            }
            if control.isView {
                view.values[id] = try control.checked(value)
            } else {
                moved.append((control, value))
            }
        }
        try settings.set(moved)
        (self.settings, self.view) = (settings, view)
    }

    /// Has one control follow another from the start.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``, ``/CLMat/CLMatError/invalidArgument(operation:problem:)``.
    public mutating func link(_ follower: String, to leader: String) throws(CLMatError) {
        try settings.link(dashboard.known(follower), to: dashboard.known(leader))
    }

    /// Shows what was chosen before.
    public mutating func look(at view: ViewState) {
        self.view.values.merge(
            view.values.filter { id, value in
                dashboard.control(id).map { $0.isView && (try? $0.checked(value)) != nil } == true
            }
        ) { _, new in new }
        self.view.choices.merge(view.choices) { _, new in new }
    }

    /// All values that a person sees.
    var shownSettings: Settings { settings.showing(view, of: dashboard.controls) }

    var figureContext: FigureContext { FigureContext(step: start, settings, view, of: dashboard.controls) }

    // MARK: - Going on from a file

    /// Brings it to the state of a checkpoint: the attachments and mixins that were on, their state, step and settings.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for a checkpoint that is not one of this model,
    ///   ``/CLMat/CLMatError/dataMismatch(_:)`` for other data, ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for another seed.
    public mutating func resume(from checkpoint: Checkpoint) throws(CLMatError) {
        var own = self
        try checkpoint.check(title: title, seed: seed, checksum: dataChecksum)
        try own.put(on: checkpoint.attached, mixins: checkpoint.mixins)
        for (id, value) in checkpoint.settings {
            guard let control = own.dashboard.control(id), own.dashboard.handle(id) == nil else { continue }
            _ = try control.checked(value)
        }
        // Files of 0.1.0 have what was shown among the settings: that is no part of the model.
        own.settings.merge(
            checkpoint.settings.filter {
                own.dashboard.control($0.key)?.isView != true && own.dashboard.handle($0.key) == nil
            })
        for (follower, leader) in checkpoint.links.sorted(by: { $0.key < $1.key }) {
            do throws(CLMatError) {
                try own.link(follower, to: leader)
            } catch {
                throw .fileDamaged(
                    path: checkpoint.path, place: "its header", problem: "a link is impossible: \(error)")
            }
        }
        try own.settings.follow(own.dashboard)
        try checkpoint.restore(&own.run)
        own.dashboard = try own.run.dashboard()
        own.start = checkpoint.step
        own.past = try checkpoint.history()
        self = own
    }
}

extension Experiment {
    /// Begins as a recorded session did: with its attachments, mixins, settings and what was shown. Of what a checkpoint brought, from
    /// which it goes on, what the session had too stays as it is.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``, ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    public mutating func begin(as session: SessionFile.Header) throws(CLMatError) {
        try put(on: session.attached, mixins: session.mixins)
        // What an attachment left behind that went waits for it to come back.
        try set(session.settings.filter { dashboard.control($0.key) != nil && dashboard.handle($0.key) == nil })
        settings.merge(session.settings.filter { dashboard.control($0.key) == nil })
        for (follower, leader) in session.links.sorted(by: { $0.key < $1.key }) where settings.links[follower] != leader
        {
            try link(follower, to: leader)
        }
        look(at: ViewState(choices: session.view))
    }
}

extension Dashboard {
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``.
    func known(_ id: String) throws(CLMatError) -> Control {
        guard let control = control(id) else {
            throw .unknownName(kind: "control", name: id, known: controls.map(\.id))
        }
        return control
    }
}

extension Array where Element: Hashable {
    /// The first that was there before; nil if all differ.
    var firstRepeated: Element? {
        var seen = Set<Element>()
        return first { !seen.insert($0).inserted }
    }
}
