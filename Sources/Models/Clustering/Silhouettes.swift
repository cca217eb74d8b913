import CLMat
import ModelOperations
import Synchronization

/// Silhouettes of a sample of points: s = (b − a) / max(a, b), where a is the mean distance to the other points of the own
/// cluster, and b the least mean distance to the points of another one. A point that is alone in its cluster has 0.
///
/// - Source: P. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", 1987.
final class Silhouettes: Sendable {
    /// The sample, n × D, in the frame of the clustering. Distances within it are computed once for each weighting of the features.
    let points: Matrix
    private let memo = Mutex<(weights: [Double], distances: [Float])?>(nil)

    init(_ points: Matrix) { self.points = points }

    /// One silhouette per point.
    ///
    /// - Cost: n² additions on the host; 2n²D operations when the weights are new.
    func values(_ labels: [Int32], clusters: Int, of kmeans: KMeans) throws(CLMatError) -> [Double] {
        let distances = try distances(kmeans)
        let n = labels.count
        // A point that is at no finite distance from any centroid has no cluster: it counts as one of a cluster beyond the last.
        let labels = labels.map { (0..<clusters).contains(Int($0)) ? Int($0) : clusters }
        var counts = [Int](repeating: 0, count: clusters + 1)
        for label in labels { counts[label] += 1 }
        var sums = [Float](repeating: 0, count: clusters + 1)
        return (0..<n).map { i in
            let own = labels[i]
            guard own < clusters, counts[own] > 1 else { return 0 }
            for k in sums.indices { sums[k] = 0 }
            for j in 0..<n { sums[labels[j]] += distances[i * n + j] }
            let a = Double(sums[own]) / Double(counts[own] - 1)
            var b = Double.infinity
            for k in 0..<clusters where k != own && counts[k] > 0 { b = min(b, Double(sums[k]) / Double(counts[k])) }
            guard b.isFinite, max(a, b) > 0 else { return 0 }
            return (b - a) / max(a, b)
        }
    }

    /// ‖x − y‖ of all pairs, n × n.
    private func distances(_ kmeans: KMeans) throws(CLMatError) -> [Float] {
        if let known = memo.withLock({ $0 }), known.weights == kmeans.blockWeights { return known.distances }
        let found = try points.pairwiseDistances(weights: kmeans.columnWeights(on: points.device)).values
        memo.withLock { $0 = (kmeans.blockWeights, found) }
        return found
    }
}
