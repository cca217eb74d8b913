import CLMat
import Exploration

extension KMeans {
    /// Σ λᵢ costs, over those that act by costs; nil if none does.
    var costs: [Double]? {
        get throws(CLMatError) {
            var sum: [Double]?
            for (mixin, weight) in mixins.active {
                guard let mixin = mixin as? any ClusterMixin,
                    let own = try? mixin.costs(ofSizes: sizes, weight: weight),
                    own.count == k, own.allSatisfy(\.isFinite)
                else { continue }
                sum = sum.map { zip($0, own).map(+) } ?? own
            }
            return sum
        }
    }

    /// The same where a criterion that fails is set aside.
    mutating func checkedCosts() throws(CLMatError) -> [Double]? {
        for (mixin, weight) in mixins.active {
            guard let mixin = mixin as? any ClusterMixin else { continue }
            _ = try mixins.attempt(mixin.id) { (_) throws(CLMatError) -> Bool? in
                let own = try mixin.costs(ofSizes: sizes, weight: weight) ?? []
                guard own.isEmpty || own.count == k && own.allSatisfy(\.isFinite) else {
                    throw .invalidArgument(operation: mixin.id, problem: "its costs are not \(k) finite numbers")
                }
                return true
            }
        }
        return try costs
    }

    /// μ_i ← μ_i − η_i Σ λ g_i / (2 N_i/N), which rests where the gradient of mean ‖x − μ‖² + Σ λ f is 0.
    mutating func pull(
        _ centres: inout Matrix, from before: Matrix, rates: [Float], counts: [Int], costs: [Double]?,
        meanDistance: Double, _ context: MixinContext
    ) throws(CLMatError) {
        let gradient = try mixins.gradient(of: Clusters(of: self), context)
        wholePull = 1
        if let gradient {
            let total = Double(max(1, counts.reduce(0, +)))
            // An empty cluster has no points that hold it: it moves as one of a small part of the mean size does.
            let shares = counts.map { max(Double($0) / total, Self.starvation / Double(k)) }
            let factors = zip(rates, shares).map { Float(Double($0) / (2 * $1) / frame.unit) }
            let column = try Matrix(factors, k, 1, on: centres.device)
            try centres = centres - gradient.copied(to: centres.device) * column
            // ∂/∂μ of the whole objective is 2 N_i/N (μ − its target).
            let moved = try (centres - before)
            let scales = zip(rates, shares).map { Float($0 > 0 ? 2 * $1 / Double($0) * frame.unit : 0) }
            wholePull = Double(try (moved * Matrix(scales, k, 1, on: centres.device)).sumOfSquares()).squareRoot()
        }
        // Of costs the pull is the mean cost of a point, in mean squared distances.
        guard costs != nil, meanDistance > 0 else { return }
        let total = Double(max(1, counts.reduce(0, +)))
        for (mixin, weight) in mixins.active {
            guard let own = try (mixin as? any ClusterMixin)?.costs(ofSizes: sizes, weight: weight) else { continue }
            let mean = zip(own, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / total
            mixins.note(pull: abs(mean) / meanDistance * wholePull, of: mixin.id)
        }
    }
}
