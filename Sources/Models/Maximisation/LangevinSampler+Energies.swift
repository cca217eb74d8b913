import CLMat
import Exploration

/// What the chains are at: how strongly they excite their neurons, and the energy by which replica exchange goes.
extension LangevinSampler {
    /// f_a of each image, one per chain: chains × 1.
    public func activations(of images: Matrix, on network: Network) throws(CLMatError) -> Matrix {
        try requireFit(network)
        guard images.rows == chains.samples.rows else {
            throw .shapeMismatch(
                operation: "LangevinSampler.activations", left: chains.samples.shape, right: images.shape,
                rule: "There must be one image per chain.")
        }
        return try seeds.activations(of: images, on: network)
    }

    /// E = −(f/c + Σ λᵢRᵢ) of each chain's sample, chains × 1: what is sampled is exp(−E/T). c is 1 with normalisation off.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` where there is no energy: by running mean squares, while c is
    ///   estimated, or with a criterion that has no score per image (``ImageCriterion``).
    public func energies(on network: Network) throws(CLMatError) -> Matrix {
        func refuse(_ problem: String) -> CLMatError {
            .invalidArgument(operation: "LangevinSampler.energies", problem: problem)
        }
        guard hasEnergy else {
            throw refuse("Gradients that are divided by running mean squares have no energy; choose off or fixed.")
        }
        guard parameters.normalisation == .off || scales.isKnown else {
            throw refuse("c is still estimated; go on for some steps.")
        }
        if let coupling = couplingCriterion {
            throw refuse("The criterion '\(coupling)' has no score per image.")
        }
        return try scoredEnergies(on: network)
    }

    /// The same without the criteria that have no score per image, and without columns whose c is not known: they have NaN.
    func scoredEnergies(on network: Network) throws(CLMatError) -> Matrix {
        var energies = try activations(of: chains.samples, on: network).negated()
        if parameters.normalisation == .fixed {
            let roots = (0..<chainCount).flatMap { _ in
                neurons.indices.map { Float(scales.root(ofColumn: $0) ?? .nan) }
            }
            energies = try energies / Matrix(roots, roots.count, 1, on: device)
        }
        let images = SampledImages(images: chains.samples, shape: input, columns: columns)
        for (mixin, weight) in criteria.active {
            guard let criterion = mixin as? any ImageCriterion else { continue }
            try energies.add(criterion.scores(of: images), times: -Float(weight))
        }
        return energies
    }

    /// Whether the update is the gradient of a function.
    var hasEnergy: Bool { parameters.normalisation == .off || parameters.normalisation == .fixed }

    /// The first criterion with a weight that has no score per image, such as one that couples chains.
    var couplingCriterion: String? {
        criteria.active.first { !($0.mixin is any ImageCriterion) }?.mixin.weight.title
    }
}
