import CLMat

/// Something that is attached to a running model and can be put on and taken off between two steps: a sampler, a
/// discriminator, a second network to compare with.
///
/// A run can have several of a kind, each with an id of its own (`ldam`, `ldam-2`). An attachment knows nothing of that: its ids are
/// its own, and the run puts those of a second one under its name (`ldam-2.noise`; ``Instance``).
public protocol Attachment<Host>: Sendable {
    /// The model that it is attached to.
    associatedtype Host: Model

    /// What of it can be moved.
    var controls: [Control] { get }
    /// Second controls on the values of others; none by default.
    var handles: [Handle] { get }
    /// Named settings of several controls at once; those with the id of one of the model's are a part of it. None by default.
    var presets: [Preset] { get }
    /// What it measures of itself.
    var metrics: [Metric] { get }
    /// What of it can be seen, together with its host; none by default.
    var figures: [Figure<Attached<Self>>] { get }
    /// Done after each step of the host.
    mutating func update(on host: Host, _ context: StepContext<Host.Batch>) throws(CLMatError) -> Measurements
    /// As ``Model/perform(_:_:)``.
    mutating func perform(_ action: Action, on host: Host, _ context: StepContext<Host.Batch>) throws(CLMatError)
    /// What is measured once, when a run ends.
    func conclude(on host: Host, _ context: StepContext<Host.Batch>) throws(CLMatError) -> Measurements
    /// Hands over everything that a step may change, as ``Model/archive(_:)`` does.
    mutating func archive(_ archive: Archive) throws(CLMatError)
    /// As ``Model/viewActions``.
    var viewActions: [String] { get }
    /// As ``Model/look(_:_:)``.
    func look(_ action: Action, _ view: inout ViewState) throws(CLMatError)
}

extension Attachment {
    /// What of it can be seen, together with its host; none by default.
    public var figures: [Figure<Attached<Self>>] { [] }
    public var handles: [Handle] { [] }
    public var presets: [Preset] { [] }
    public var viewActions: [String] { [] }
    public mutating func perform(
        _ action: Action, on host: Host, _ context: StepContext<Host.Batch>
    ) throws(CLMatError) {
        throw .unknownName(kind: "action", name: action.id, known: [])
    }
    public func look(_ action: Action, _ view: inout ViewState) throws(CLMatError) {
        throw .unknownName(kind: "action", name: action.id, known: [])
    }
    public func conclude(on host: Host, _ context: StepContext<Host.Batch>) throws(CLMatError) -> Measurements {
        Measurements()
    }
}

/// A model with its attachment: what an attachment's figures are computed from.
public struct Attached<A: Attachment>: Sendable {
    /// The model as it is now.
    public let host: A.Host
    /// The attachment as it is now.
    public let attachment: A
}

/// An attachment that can be put on a running model, as often as a person likes, and how it is made.
public struct AttachmentFactory<Host: Model>: Sendable {
    /// In kebab-case; the id of the first that is put on.
    public let id: String
    /// What a person calls it: a button's words.
    public let title: String
    /// Makes one for the model as it is; the step keys what is random.
    public let make: @Sendable (Host, Step) throws(CLMatError) -> any Attachment<Host>

    /// A factory whose closure makes the attachment for the model as it is.
    public init(
        id: String, title: String,
        make: @escaping @Sendable (Host, Step) throws(CLMatError) -> any Attachment<Host>
    ) {
        (self.id, self.title, self.make) = (id, title, make)
    }
}
