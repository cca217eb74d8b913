import CLMat
import Exploration

/// The criteria that clusters of so many points begin with. One more of ours is a structure in this file with its place in this list; one of a package that depends
/// on CLMat is a file of its own, and ``/Exploration/Experiment/register(_:)``.
public enum ClusterCriteria {
    /// The criteria, with the weight of sizes as it is at the start.
    public static func all(sizeWeight: Double = 0, points: Int = 60_000) -> [any Mixin<Clusters>] {
        [SizeWeight(initial: sizeWeight, points: points)]
    }
}

/// f = Σ_i |s_i|² over the sizes of clusters: a point pays λ|s_i| for joining cluster i beside its squared distance (eq. 2.4), so
/// that clusters become alike in size. λ is in squared distances for each point of the cluster's size.
///
/// - Source: Jiang, UCB/EECS-2018-34, section 2.5, eq. 2.3 and 2.4.
public struct SizeWeight: ClusterMixin {
    static let id = "size-weight"
    private let initial: Double
    /// What λ is in proportion to: 1 for 60,000 points.
    private let unit: Double

    /// - Parameter points: in all data, for the slider's range.
    public init(initial: Double = 0, points: Int = 60_000) {
        (self.initial, unit) = (initial, 60_000 / Double(max(1, points)))
    }

    public var weight: Control {
        Control(
            Self.id, title: "size weight λ", group: "clusters", unit: "per point", range: 1e-5 * unit...100 * unit,
            scale: .logWithOff, initial: initial,
            help: "how much farther a point goes to join a smaller cluster; far too much makes sizes swing",
            affects: [
                .down("size-variance"), .up("size-entropy"), .up("main-loss"), .up("inertia"), .up("pull-size-weight"),
                "silhouette", "moved-share",
            ])
    }

    public var score: Metric { Self.variance }

    static let variance = Metric(
        "size-variance", title: "Variance of sizes", unit: "points²", help: "how unequal clusters are", better: .lower)

    public func costs(ofSizes sizes: [Double], weight: Double) -> [Double]? { sizes.map { weight * $0 } }
}
