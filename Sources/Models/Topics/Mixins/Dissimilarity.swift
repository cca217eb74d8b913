import CLMat
import Exploration

/// f₂ = Σ_i Σ_{k≠i} φ_i · φ_k: drives topics apart, g₂ = Σ_i φ_i − φ_k (eq. 2.9 and 2.10).
///
/// At λ = 1 a topic's weight of a word loses what all other topics have of it, whatever K, V and the batch size are.
public struct Dissimilarity: Mixin {
    public init() {}

    public var weight: Control {
        Control(
            "cosine-sim", title: "dissimilarity λ₂", group: "topics", range: 0.001...10, scale: .logWithOff, initial: 0,
            means: "takes words from topics where others have more of them (CosineSim)",
            moves: ["cosine-similarity", "shared-top-words", "pull-cosine-sim"])
    }

    public var score: Metric { TopicMetrics.cosineSimilarity }

    public func gradient(of state: TopicState, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        try state.phi.rowSums() - state.phi
    }
}
