import CLMat

/// A model that learns from one minibatch at a time, and says what of it can be seen and moved.
///
/// A model is a value: a snapshot is an assignment. The loop, the record and the history belong to the ``Learner``,
/// which hands it a ``StepContext`` at each step.
public protocol Model: Sendable {
    /// What it learns from in one step.
    associatedtype Batch: Sendable

    /// What a person calls it; sessions and checkpoints note it.
    var title: String { get }
    /// What can be moved. One that conforms to ``MixinHost`` puts the controls of its mixins where it wants them.
    var controls: [Control] { get }
    /// Second controls on the values of others; none by default.
    var handles: [Handle] { get }
    /// Named settings of several controls at once; none by default.
    var presets: [Preset] { get }
    /// What it measures of itself. The first one is its objective, as a rule.
    var metrics: [Metric] { get }
    /// What of it can be seen; none by default.
    var figures: [Figure<Self>] { get }

    /// Whether ``update(_:)`` would look at its minibatch with these settings.
    func needsBatch(_ settings: Settings) throws(CLMatError) -> Bool
    /// One step. The minibatch of the context is nil if ``needsBatch(_:)`` said no.
    mutating func update(_ context: StepContext<Batch>) throws(CLMatError) -> Measurements
    /// Does what a figure's cell or a script asks for; an unknown action is an error.
    mutating func perform(_ action: Action, _ context: StepContext<Batch>) throws(CLMatError)
    /// What is measured once, when a run ends. What takes long looks at ``StepContext/leavesOff()`` between its parts.
    func conclude(_ context: StepContext<Batch>) throws(CLMatError) -> Measurements
    /// Hands over everything that a step may change: for checkpoints, and to count what snapshots hold.
    mutating func archive(_ archive: Archive) throws(CLMatError)

    /// Ids of the actions that only concern what is shown; ``look(_:_:)`` does them.
    var viewActions: [String] { get }
    /// Does one of the ``viewActions``: it changes what figures are given, and nothing of the model.
    func look(_ action: Action, _ view: inout ViewState) throws(CLMatError)
    /// What a person should know of this model with these data before the first step, a sentence each; see ``Experiment/notes``.
    var notes: [String] { get }
}

extension Model {
    /// What of it can be seen; none by default.
    public var figures: [Figure<Self>] { [] }
    public var handles: [Handle] { [] }
    public var presets: [Preset] { [] }
    public var notes: [String] { [] }
    public var viewActions: [String] { [] }
    /// Whether the next step would look at its minibatch; by default it does.
    public func needsBatch(_ settings: Settings) -> Bool { true }
    public mutating func perform(_ action: Action, _ context: StepContext<Batch>) throws(CLMatError) {
        throw .unknownName(kind: "action", name: action.id, known: [])
    }
    public func look(_ action: Action, _ view: inout ViewState) throws(CLMatError) {
        throw .unknownName(kind: "action", name: action.id, known: [])
    }
    public func conclude(_ context: StepContext<Batch>) throws(CLMatError) -> Measurements { Measurements() }
}
