import CLMat
import Exploration

/// The images that a sampler is at, for criteria of them. Unlike what is learned, they are made to score *high*: the update is
/// v ← γv + β(n(∇f) + Σ λᵢ∇Rᵢ + σξ), so that λ is in units of the activation for each unit of Rᵢ (as n(∇f) has size 1, of the
/// activation's own steepness).
///
/// A criterion of images has one row of the gradient per image. Where its gradients vary much in size, ``GradientNormaliser`` brings them
/// to that of the activation's.
public struct SampledImages: MixinSubject {
    public typealias Gradient = Matrix

    /// N × pixels, one chain per row: row c·columns + k is chain c of column k.
    public let images: Matrix
    /// Channels × height × width of every image.
    public let shape: ImageShape
    /// Neurons, each of which has as many chains.
    public let columns: Int

    /// Images of one chain per row, for `columns` neurons.
    public init(images: Matrix, shape: ImageShape, columns: Int) {
        (self.images, self.shape, self.columns) = (images, shape, columns)
    }

    public var isFinite: Bool { get throws(CLMatError) { try images.isFinite } }
}

/// A criterion that gives each image a score by itself, and whose gradient is that of the scores as they are. The images that are
/// sampled with it have an energy (``LangevinSampler/energies(on:)``), which replica exchange goes by.
///
/// One that couples chains has no such score, nor has one whose gradient is normalised.
public protocol ImageCriterion: Mixin<SampledImages> {
    /// Rᵢ of each image, N × 1. The update goes up on it.
    func scores(of sampled: SampledImages) throws(CLMatError) -> Matrix
}

/// n(g) = g / √(s + ε) with s ← 0.9 s + 0.1 g²: the normalisation of RMSProp, by which gradients of criteria get the size of the
/// normalised gradient of the activation.
///
/// - Source: Jiang, UCB/EECS-2018-34, section 4.3, algorithm 1.
public struct GradientNormaliser: Sendable {
    private var meanSquare: Matrix?

    /// One that remembers nothing.
    public init() {}

    /// n(g), with g taken into the running mean square. Every call has to bring a gradient of the same shape.
    public mutating func normalised(_ gradient: Matrix) throws(CLMatError) -> Matrix {
        var own: Matrix
        if let known = meanSquare.take() {
            own = known
        } else {
            own = try Matrix(zeros: gradient.shape, on: gradient.device)
        }
        try own.lerp(to: gradient.squared(), weight: 0.1)
        meanSquare = own
        return try gradient / (own + 1e-8).sqrt()
    }

    /// Begins anew for some rows; for all if nil.
    public mutating func forget(rows: Set<Int>?) throws(CLMatError) {
        guard let rows, var own = meanSquare.take() else {
            meanSquare = nil
            return
        }
        for row in rows.sorted() where row < own.rows {
            try own.replace(row: row, with: Matrix(zeros: Shape(1, own.columns), on: own.device))
        }
        meanSquare = own
    }

    /// Hands over the running mean square.
    public mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("mean-square", &meanSquare) }
}
