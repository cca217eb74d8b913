import CLMat
import Exploration

extension KMeans {
    /// What a point pays for joining each cluster by one criterion; nil if it costs nothing.
    private func costs(of mixin: any ClusterMixin, _ weight: Double) throws(CLMatError) -> [Double]? {
        guard let own = try mixin.costs(ofSizes: sizes, weight: weight), !own.isEmpty else { return nil }
        guard own.count == k, own.allSatisfy(\.isFinite) else {
            throw .invalidArgument(operation: mixin.id, problem: "its costs are not \(k) finite numbers")
        }
        return own
    }

    /// The costs of each criterion that acts by them; one that fails is set aside.
    mutating func costsByMixin() throws(CLMatError) -> [(id: String, costs: [Double])] {
        var all: [(id: String, costs: [Double])] = []
        for (mixin, weight) in mixins.active {
            guard let mixin = mixin as? any ClusterMixin else { continue }
            let kmeans = self
            let own = try mixins.attempt(mixin.id) { (_) throws(CLMatError) in try kmeans.costs(of: mixin, weight) }
            if let own { all.append((mixin.id, own)) }
        }
        return all
    }

    /// Σ over the criteria, without those that fail; nil if joining costs nothing.
    var costs: [Double]? {
        Self.sum(
            mixins.active.compactMap { mixin, weight in
                (mixin as? any ClusterMixin).flatMap { (try? costs(of: $0, weight)) ?? nil }
            })
    }

    static func sum(_ costs: [[Double]]) -> [Double]? {
        costs.first.map { first in costs.dropFirst().reduce(first) { zip($0, $1).map(+) } }
    }

    /// μ_i ← μ_i − η_i Σ λ g_i / (2 N_i/N), which rests where the gradient of mean ‖x − μ‖² + Σ λ f is 0.
    mutating func applyMixins(
        _ centroids: inout Matrix, from before: Matrix, rates: [Float], counts: [Int],
        costs: [(id: String, costs: [Double])],
        meanDistance: Double, _ context: MixinContext
    ) throws(CLMatError) {
        let gradient = try mixins.gradient(of: Clusters(of: self), context)
        wholeUpdate = 1
        if let gradient {
            let total = Double(max(1, counts.reduce(0, +)))
            // An empty cluster has no points that hold it: it moves as one of a small part of the mean size does.
            let shares = counts.map { max(Double($0) / total, Self.emptyShare / Double(k)) }
            let factors = zip(rates, shares).map { Float(Double($0) / (2 * $1) / frame.unit) }
            let column = try Matrix(factors, k, 1, on: centroids.device)
            try centroids = centroids - gradient.copied(to: centroids.device) * column
            // ∂/∂μ of the whole objective is 2 N_i/N (μ − its target).
            let moved = try (centroids - before)
            let scales = zip(rates, shares).map { Float($0 > 0 ? 2 * $1 / Double($0) * frame.unit : 0) }
            wholeUpdate = Double(try (moved * Matrix(scales, k, 1, on: centroids.device)).sumOfSquares()).squareRoot()
        }
        // Of costs the relative pull is the mean cost of a point, in mean squared distances.
        guard meanDistance > 0 else { return }
        let total = Double(max(1, counts.reduce(0, +)))
        for (id, own) in costs {
            let mean = zip(own, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / total
            mixins.note(norm: abs(mean) / meanDistance * wholeUpdate, of: id)
        }
    }
}
