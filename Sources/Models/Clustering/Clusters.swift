import CLMat
import Exploration

/// Clusters, for criteria of them. They are made small: K-means minimises mean ‖x − μ‖² + Σ λᵢ fᵢ, so that λ is in squared distances
/// per point for each unit of f.
public struct Clusters: MixinSubject {
    /// Of a criterion of centroids, K × D.
    public typealias Gradient = Matrix

    private let kmeans: KMeans
    /// Running sizes, in points of all data.
    public var sizes: [Double] { kmeans.sizes }

    init(of kmeans: KMeans) { self.kmeans = kmeans }

    /// μ, K × D, in the coordinates of the data.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` before the first points.
    public var centroids: Matrix {
        get throws(CLMatError) {
            guard let centroids = try kmeans.centroids else { throw KMeans.hasNoCentroids }
            return centroids
        }
    }

    public var isFinite: Bool { get throws(CLMatError) { try centroids.isFinite } }
}

/// A criterion of clusters that also says what a point pays for joining each, beside its squared distance.
public protocol ClusterMixin: Mixin<Clusters> {
    /// One number per cluster, λ counted in; nil if joining costs nothing.
    func costs(ofSizes sizes: [Double], weight: Double) throws(CLMatError) -> [Double]?
}
