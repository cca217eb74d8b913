import CLMat
import Exploration

/// f = Σ ½ (φ_kw − p_w)²: pulls topics towards what all documents share, g = φ_kw − p_w; the opposite of dissimilarity.
///
/// At λ = 1 every topic is the corpus itself, whatever K, V and the batch size are.
public struct Smoothing: Mixin {
    public init() {}

    public var weight: Control {
        Control(
            "smoothing", title: "smoothing λ₄", group: "topics", range: 0.001...1, scale: .logWithOff, initial: 0,
            means: "draws topics towards the words of the whole corpus",
            moves: ["cosine-similarity", "log-likelihood"],
            startsOpen: false)
    }

    public var score: Metric { TopicMetrics.cosineSimilarity }

    public func gradient(of state: TopicState, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        try state.phi - state.wordShares.reshaped(state.words, 1)
    }
}
