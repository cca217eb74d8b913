// Names of 0.1.0, which say the new one when they are used. They go with 0.3.0.

/// Renamed to ``CentroidIndex``.
@available(*, deprecated, renamed: "CentroidIndex")
public typealias CentreIndex = CentroidIndex
