// Names of 0.1.0, which say the new one when they are used. They go with 0.3.0.

import CLMat

/// Renamed to ``SavedForBackward``.
@available(*, deprecated, renamed: "SavedForBackward")
public typealias LayerMemory = SavedForBackward

extension KMeans {
    /// Renamed to ``centroids``.
    @available(*, deprecated, renamed: "centroids")
    public var centres: Matrix? { get throws(CLMatError) { try centroids } }
}

extension LDA {
    /// Renamed to ``inverseTemperatures``.
    @available(*, deprecated, renamed: "inverseTemperatures")
    public var coolness: [Double] {
        get { inverseTemperatures }
        set { inverseTemperatures = newValue }
    }
}
