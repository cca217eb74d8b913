import CLMat
import Exploration

/// R = −(τ/2) Σ_i Σ_{k≠i} φ_i · φ_k, as additive regularisation has it: φ_kw ∝ max(0, n_kw − τ φ_kw Σ_{i≠k} φ_iw), so that
/// g = V φ_k ∘ Σ_{i≠k} φ_i. A topic loses a part of a word that grows with what the others have of it: heavy words are
/// divided among topics, and rare ones, which hardly add to f₂, stay shared. ``Dissimilarity`` divides all alike, so this
/// takes f₂ down at less cost in likelihood.
///
/// Its unit is 1/V, what a word weighs on average: at λ = 1 a topic loses a word of which the others together have that much,
/// whatever K, V and the batch size are.
/// - Source: K. Vorontsov, A. Potapenko, "Additive regularization of topic models", Machine Learning 101, 2015, on
///   decorrelation; Y. Tan, Z. Ou, "Topic-weak-correlated latent Dirichlet allocation", ISCSLP 2010.
public struct Decorrelation: Mixin {
    public init() {}

    public var weight: Control {
        Control(
            "decorrelation", title: "decorrelation λ₆", group: "topics", range: 0.0001...1, scale: .logWithOff,
            initial: 0, means: "divides heavy words among topics, and leaves rare ones shared",
            moves: ["cosine-similarity", "log-likelihood"], startsOpen: false)
    }

    public var score: Metric { TopicMetrics.cosineSimilarity }

    public func gradient(of state: TopicState, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        try (state.phi.rowSums() - state.phi) * state.phi * Float(state.words)
    }
}
