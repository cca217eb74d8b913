// Names of 0.1.0, which say the new one when they are used. They go with 0.3.0.

/// Renamed to ``Attached``.
@available(*, deprecated, renamed: "Attached")
public typealias Riding = Attached

/// Renamed to ``AttachmentFactory``.
@available(*, deprecated, renamed: "AttachmentFactory")
public typealias AttachmentOffer = AttachmentFactory

/// Renamed to ``ScriptHost``.
@available(*, deprecated, renamed: "ScriptHost")
public typealias Stage = ScriptHost
