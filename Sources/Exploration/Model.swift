import CLMat

/// A model that learns from one minibatch at a time, and says what of it can be seen and moved.
///
/// A model is a value: a snapshot is an assignment. The loop, the record and the way back belong to the ``Learner``,
/// which hands it the settings of the controls.
public protocol Model: Sendable {
    associatedtype Batch: Sendable

    var title: String { get }
    var controls: [Control] { get }
    var metrics: [Metric] { get }
    var figures: [Figure<Self>] { get }

    /// Whether ``update(_:_:at:)`` would look at its minibatch with these settings.
    func needsBatch(_ settings: Settings) -> Bool
    /// One step. `batch` is nil if ``needsBatch(_:)`` said no.
    mutating func update(_ batch: Batch?, _ settings: Settings, at step: Step) throws(CLMatError) -> Measurements
    /// Does what a figure's cell or a script asks for; an unknown action is an error.
    mutating func perform(_ action: Action, _ settings: Settings, at step: Step) throws(CLMatError)
    /// What is measured once, when a run ends.
    func conclude(_ settings: Settings, at step: Step) throws(CLMatError) -> Measurements
    /// Hands over everything that a step may change: for checkpoints, and to count what snapshots hold.
    mutating func archive(_ archive: Archive) throws(CLMatError)
    /// What a person should know of this model with these data before the first step, a sentence each; see ``Learner/notes``.
    var notes: [String] { get }
}

extension Model {
    public var figures: [Figure<Self>] { [] }
    public var notes: [String] { [] }
    public func needsBatch(_ settings: Settings) -> Bool { true }
    public mutating func perform(_ action: Action, _ settings: Settings, at step: Step) throws(CLMatError) {
        throw .unknownName(kind: "action", name: action.id, known: [])
    }
    public func conclude(_ settings: Settings, at step: Step) throws(CLMatError) -> Measurements { Measurements() }
}

/// Where minibatches come from: a pure function of the step.
public protocol DataSource<Batch>: Sendable {
    associatedtype Batch: Sendable
    /// What a person calls it: "MNIST".
    var name: String { get }
    /// Steps in one pass over the data.
    var stepsPerEpoch: Int { get }
    func batch(at step: Step) throws(CLMatError) -> Batch
    /// A checksum of the data, which a session notes so that a replay on other data is noticed.
    var checksum: String { get }
    /// How the data were read where that was not obvious, a sentence each: "The first row holds the columns' names.", "3 files
    /// that are no images were left out."; see ``Learner/notes``.
    var notes: [String] { get }
}

extension DataSource {
    public var checksum: String { "" }
    public var notes: [String] { [] }
}

/// Something that rides on a running model and can be put on and taken off between two steps: a sampler, a
/// discriminator, a second network to compare with.
public protocol Attachment<Host>: Sendable {
    associatedtype Host: Model

    var id: String { get }
    var title: String { get }
    var controls: [Control] { get }
    var metrics: [Metric] { get }
    var figures: [Figure<Riding<Self>>] { get }
    /// Done after each step of the host.
    mutating func update(on host: Host, _ settings: Settings, at step: Step) throws(CLMatError) -> Measurements
    mutating func perform(
        _ action: Action, on host: Host, _ settings: Settings, at step: Step) throws(CLMatError)
    /// Hands over everything that a step may change, as ``Model/archive(_:)`` does.
    mutating func archive(_ archive: Archive) throws(CLMatError)
}

/// A model with its attachment: what an attachment's figures are computed from.
public struct Riding<Rider: Attachment>: Sendable {
    public let host: Rider.Host
    public let attachment: Rider
}

/// A secondary criterion fᵢ: objective f₀ + Σ λᵢ fᵢ (Jiang, "Exploratory model analysis for machine learning",
/// UC Berkeley EECS-2018-34, eq. 2.1).
///
/// Its *pull*, ‖λᵢgᵢ‖ over the norm of the whole update, lets a person tell a weight that is too small to matter
/// from a model that is stuck (fig. 3.8 there).
public protocol Mixin: Sendable {
    var id: String { get }
    /// λᵢ. Its id is the mixin's.
    var weight: Control { get }
    /// fᵢ itself.
    var score: Metric { get }
}

extension Mixin {
    public var id: String { weight.id }
    /// The metric of the pull.
    public var pull: Metric {
        Metric(
            "pull-\(id)", title: "Pull of \(weight.title)", unit: "times the whole update",
            means: "how strong this criterion is in each update; near 0 it does nothing")
    }
}
