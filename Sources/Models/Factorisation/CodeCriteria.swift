import CLMat
import Exploration

/// The criteria that codes begin with. One more of ours is a structure in this file with its place in this list; one of a package that depends
/// on CLMat is a file of its own, and ``/Exploration/Experiment/register(_:)``.
public enum CodeCriteria {
    /// The criteria, in the order in which the window lists them.
    public static let all: [any Mixin<Codes>] = [CodeSparseness()]
}

/// f = Σ h over a point's codes, g = 1: pulls codes to zero, so that few parts make a point. From λ = 1 on hardly a point has a code left, as
/// no code is above 0 where x · w < λ for all parts.
///
/// - Source: P. Hoyer, "Non-negative sparse coding", IEEE Workshop on Neural Networks for Signal Processing, 2002.
public struct CodeSparseness: Mixin {
    /// The criterion, off at the start.
    public init() {}

    public let weight = Control(
        "sparseness", title: "sparseness λ", unit: "lengths of a point", range: 0.003...1, scale: .logWithOff,
        initial: 0, help: "pulls codes to zero, so that few parts make an image; at 1 hardly a code is left",
        affects: [.down("density"), .up("loss"), .down("explained"), .up("pull-sparseness")])

    public var score: Metric { NMF.density }

    public var isFiniteWithItsSubject: Bool { true }

    public func gradient(of codes: Codes, _ context: MixinContext) throws(CLMatError) -> CodeGradient? {
        .everywhere(1)
    }
}
