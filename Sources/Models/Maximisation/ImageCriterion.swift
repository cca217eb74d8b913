import CLMat
import Exploration

/// A regulariser of sampled images: λᵢ Rᵢ(x) in g = n(∇f) + Σ λᵢ n(∇Rᵢ) + noise.
public protocol ImageCriterion: Mixin {
    /// Whether its gradient is brought to the scale of the activation's by RMSProp normalisation.
    var isNormalised: Bool { get }
    /// ∇R, one image a row.
    func gradient(_ images: Matrix) throws(CLMatError) -> Matrix
    /// R of each image, N × 1.
    func values(_ images: Matrix) throws(CLMatError) -> Matrix
}

/// R(x) = −½‖x‖²: keeps images small. Its gradient is never normalised, so that at rest ∇f(x) = λx: for a neuron that
/// is linear in the pixels the image is its filter.
///
/// - Source: Jiang, UCB/EECS-2018-34, section 4.3, equations 4.9 to 4.11.
public struct L2Criterion: ImageCriterion {
    let initialWeight: Double

    public init(weight: Double = 0.3) { initialWeight = weight }

    public var weight: Control {
        Control(
            "l2-weight", title: "L2 weight λ", group: "sampling", range: 0.001...10, scale: .logWithOff,
            initial: initialWeight, means: "how strongly images are drawn back to grey",
            moves: ["mean-activation", "pull-l2-weight"])
    }

    public var score: Metric {
        Metric(
            "mean-square-norm", title: "Size of the images", unit: "½‖x‖², mean over chains",
            means: "what the L2 criterion keeps small", better: .lower)
    }

    public var isNormalised: Bool { false }
    public func gradient(_ images: Matrix) throws(CLMatError) -> Matrix { try images.negated() }
    public func values(_ images: Matrix) throws(CLMatError) -> Matrix { try images.rowSumsOfSquares() * -0.5 }
}
