import CLMat

/// A model with its data and attachments, whatever their types: all that a snapshot has to hold. It is a value, so
/// taking the snapshot is an assignment.
protocol Run: Sendable {
    var title: String { get }
    var stepsPerEpoch: Int { get }
    /// - Throws: ``/CLMat/CLMatError/duplicateID(kind:id:)``.
    func dashboard() throws(CLMatError) -> Dashboard
    /// - Parameter probes: metrics that were added; nil when a step is only made again.
    mutating func tick(
        _ settings: Settings, at step: Step, _ probes: ProbeBoard?
    ) throws(CLMatError) -> Measurements
    mutating func archive(_ archive: Archive) throws(CLMatError)
    mutating func attach(_ id: String, at step: Step) throws(CLMatError)
    mutating func detach(_ id: String) throws(CLMatError)
    mutating func addMixin(_ id: String) throws(CLMatError)
    mutating func removeMixin(_ id: String) throws(CLMatError)
    /// Has exactly these mixins on.
    mutating func put(mixins: [String]) throws(CLMatError)
    mutating func perform(_ action: Action, _ settings: Settings, at step: Step) throws(CLMatError)
    func look(_ action: Action, _ view: inout ViewState) throws(CLMatError)
    func conclude(
        _ settings: Settings, at step: Step, _ interruption: Interruption
    ) throws(CLMatError) -> Measurements
    /// - Parameter memory: what the figure remembers of the computation before.
    func content(
        of figure: String, _ context: FigureContext, _ memory: inout (any Sendable)?
    ) throws -> FigureProgress
    /// Whether something of it takes this mixin.
    func takes(mixin: any Sendable) -> Bool
    /// The model as it is.
    var anyModel: any Model { get }
}
