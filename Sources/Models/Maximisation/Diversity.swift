import CLMat
import Exploration

/// R(x) = −mean of cos(x̃, x̃') over the pairs of chains of one column, summed over columns, where x̃ is an image less the mean of its
/// pixels: pushes the chains of a neuron apart, so that they show different images that excite it.
///
/// The gradient is taken as n(∇R) (``GradientNormaliser``): ∇R goes to 0 as the chains become alike, where the push is needed most,
/// and falls as 1/‖x̃‖ as images grow.
///
/// - Source: C. Olah, A. Mordvintsev, L. Schubert, "Feature visualization", Distill, 2017, doi:10.23915/distill.00007, section
///   "Diversity", which has the cosine of layers' Gram matrices; this one has that of the images.
public struct Diversity: Mixin {
    private var normaliser = GradientNormaliser()

    /// The criterion, off at first.
    public init() {}

    public var weight: Control {
        Control(
            "diversity", title: "diversity", group: "sampling", range: 0.001...10, scale: .logWithOff, initial: 0,
            help: "how strongly the chains of a column are pushed apart",
            affects: [
                .down("chain-cosine"), "diversity-cosine", "pull-diversity", "mean-activation",
                "target-probability",
            ])
    }

    public var score: Metric {
        Metric(
            "diversity-cosine", title: "Likeness of a column's samples", unit: "mean cosine over pairs of chains",
            help: "what the diversity criterion lowers: 1 where all chains of a column have the same sample",
            better: .lower, range: -1...1)
    }

    /// The mean cosine over all pairs of chains of one column, so −R over the number of columns; nil for one chain per column, or while the
    /// criterion is off: `chain-cosine` tells then, at less cost.
    public func value(of sampled: SampledImages, _ context: MixinContext) throws(CLMatError) -> Double? {
        context.weight == 0 ? nil : try Self.meanCosine(of: sampled)
    }

    static func meanCosine(of sampled: SampledImages) throws(CLMatError) -> Double? {
        guard let columns = try NormalisedColumns(sampled) else { return nil }
        // Σᵢ uᵢ·S = ‖S‖² = n + 2 Σ over pairs of cosines
        return (Double(try columns.dots.mean()) - 1) / Double(columns.chains - 1)
    }

    public mutating func gradient(of sampled: SampledImages, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        guard let gradient = try Self.gradient(of: sampled) else { return nil }
        return try normaliser.normalised(gradient)
    }

    /// ∇R by itself; nil for one chain per column.
    ///
    /// With u = x̃/‖x̃‖ and S the sum of a column's u: ∂cos(x̃ᵢ, x̃ⱼ)/∂xᵢ = (uⱼ − cos · uᵢ)/‖x̃ᵢ‖, hence
    /// ∇ᵢR = −(S − (uᵢ·S) uᵢ)/(‖x̃ᵢ‖ n(n − 1)/2).
    static func gradient(of sampled: SampledImages) throws(CLMatError) -> Matrix? {
        guard let columns = try NormalisedColumns(sampled) else { return nil }
        let pairs = Float(columns.chains * (columns.chains - 1) / 2)
        let across = try columns.sums - columns.units * columns.dots
        return try across / columns.norms * (-1 / pairs)
    }

    public mutating func forget(rows: Set<Int>?) throws(CLMatError) { try normaliser.forget(rows: rows) }
    public mutating func archive(_ archive: Archive) throws(CLMatError) { try normaliser.archive(archive) }
}

/// The images of each column less their means, at length 1, with their sums.
private struct NormalisedColumns {
    /// Chains per column.
    let chains: Int
    /// ‖x̃‖, chains × 1.
    let norms: Matrix
    /// u = x̃/‖x̃‖, one per row as the images.
    let units: Matrix
    /// S: for each image the sum of its column's u.
    let sums: Matrix
    /// u·S, one per row.
    let dots: Matrix

    /// Nil for one chain per column, or none.
    init?(_ sampled: SampledImages) throws(CLMatError) {
        let (x, columns) = (sampled.images, sampled.columns)
        guard columns > 0, x.rows > columns, x.columns > 0 else { return nil }
        chains = x.rows / columns
        let centred = try x - x.rowMeans()
        // An image of one grey has no direction: its u is 0.
        norms = try (centred.rowSumsOfSquares() + 1e-20).sqrt()
        units = try centred / norms
        // Row c·columns + k is chain c of column k: as chains × (columns · pixels), the sum over chains is that of columns.
        let sum = try units.reshaped(chains, columns * x.columns).columnSums()
        let repeated = try Matrix(filledWith: 1, Shape(chains, 1), on: x.device).matmul(sum)
        sums = try repeated.reshaped(x.rows, x.columns)
        dots = try units.rowDots(sums)
    }
}
