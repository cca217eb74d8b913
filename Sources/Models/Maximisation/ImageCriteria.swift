import CLMat
import Exploration

/// The criteria that sampled images begin with. One more of ours is a structure in this file with its place in this list; one of a package that depends
/// on CLMat is a file of its own, and ``/Exploration/Experiment/register(_:)``.
public enum ImageCriteria {
    /// The criteria, in the order in which the window lists them.
    public static let all: [any Mixin<SampledImages>] = [ImageSize(), Diversity()]
}

/// R(x) = −½‖x‖²: keeps images small, ∇R = −x. λ is in units of activation for each unit of ½‖x‖². At rest ∇f(x) = λx: for a
/// neuron that is linear in the pixels the image is its filter.
///
/// - Source: Jiang, UCB/EECS-2018-34, section 4.3, equations 4.9 to 4.11.
public struct ImageSize: ImageCriterion {
    private let initialWeight: Double

    /// The criterion, with λ as it is at the start.
    public init(weight: Double = 0.3) { initialWeight = weight }

    public var weight: Control {
        Control(
            "l2-weight", title: "L2 weight λ", group: "sampling", range: 0.001...10, scale: .logWithOff,
            initial: initialWeight, help: "how strongly images are drawn back to grey",
            affects: [
                .down("mean-activation"), .down("mean-square-norm"), "pull-l2-weight", "target-probability",
                "classified-as-target",
            ])
    }

    public var score: Metric {
        Metric(
            "mean-square-norm", title: "Size of the images", unit: "½‖x‖², mean over chains",
            help: "what the L2 criterion keeps small", better: .lower)
    }

    /// ½‖x‖², so −R.
    public func value(of sampled: SampledImages, _ context: MixinContext) throws(CLMatError) -> Double? {
        Double(try (sampled.images.rowSumsOfSquares() * 0.5).mean())
    }

    public func laterValue(of sampled: SampledImages, _ context: MixinContext) throws(CLMatError) -> Later<Double>? {
        // Halves are exact, before the sum or after it.
        try sampled.images.rowSumsOfSquares().meanLater().map { Double($0 * 0.5) }
    }

    public var isFiniteWithItsSubject: Bool { true }

    public func gradient(of sampled: SampledImages, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        try sampled.images.negated()
    }

    public func scores(of sampled: SampledImages) throws(CLMatError) -> Matrix {
        try sampled.images.rowSumsOfSquares() * -0.5
    }
}
