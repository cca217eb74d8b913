import CLMat
import Exploration
import Foundation

/// The criteria that topics begin with. One more of ours is a structure in this file with its place in this list; one of a package
/// that depends on CLMat is a file of its own, and ``/Exploration/Experiment/register(_:)``.
public enum TopicCriteria {
    /// The criteria, in the order in which the window lists them.
    public static let all: [any Mixin<TopicState>] = [
        Sparseness(), Dissimilarity(), TopicEntropy(), Smoothing(), SizeBalance(), Decorrelation(),
    ]
}

/// f₁ = Σ |φ_kw|: cuts what is weak in a topic, g₁ = sign φ (eq. 2.8).
///
/// Its unit is 1/V, what a word weighs on average: at λ = 1 a topic loses the words that it has less of than that, whatever K,
/// V and the batch size are.
public struct Sparseness: Mixin {
    /// The criterion, off at the start.
    public init() {}

    public var weight: Control {
        Control(
            "l1", title: "sparseness λ₁", group: "topics", unit: "of an average word", range: 0.01...100,
            scale: .logWithOff, initial: 0,
            help: "cuts the weak words of each topic (L1)",
            affects: [
                .down("density"), .down("log-likelihood"), .down("log-likelihood-heldout"), .down("topic-entropy"),
                .down("mean-cosine"), .up("pull-l1"), "cosine-similarity",
            ])
    }

    public var score: Metric { TopicMetrics.density }

    public var isFiniteWithItsSubject: Bool { true }

    public func gradient(of state: TopicState, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        try state.phi.sign() * (1 / Float(state.words))
    }
}

/// f₂ = Σ_i Σ_{k≠i} φ_i · φ_k: drives topics apart, g₂ = Σ_i φ_i − φ_k (eq. 2.9 and 2.10).
///
/// At λ = 1 a topic's weight of a word loses what all other topics have of it, whatever K, V and the batch size are.
public struct Dissimilarity: Mixin {
    /// The criterion, off at the start.
    public init() {}

    public var weight: Control {
        Control(
            "cosine-sim", title: "dissimilarity λ₂", group: "topics", range: 0.001...10, scale: .logWithOff, initial: 0,
            help: "takes words from topics where others have more of them (CosineSim)",
            affects: [
                .down("cosine-similarity"), .down("mean-cosine"), .down("shared-top-words"), .down("density"),
                .down("log-likelihood"), .down("log-likelihood-heldout"), .up("pull-cosine-sim"),
            ])
    }

    public var score: Metric { TopicMetrics.cosineSimilarity }

    public var isFiniteWithItsSubject: Bool { true }

    public func gradient(of state: TopicState, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        try state.phi.rowSums() - state.phi
    }
}

/// f = −Σ φ_kw ln φ_kw: makes topics say more with fewer words, g = −(1 + ln φ), cut at 0.
///
/// Its unit is 1/(V ln V): at λ = 1 a word of average weight loses about its weight. It takes more from a word the rarer it is, where
/// L1 takes the same from all.
public struct TopicEntropy: Mixin {
    /// The criterion, off at the start.
    public init() {}

    public var weight: Control {
        Control(
            "entropy", title: "concentration λ₃", group: "topics", range: 0.01...100, scale: .logWithOff, initial: 0,
            help: "lowers the entropy of topics: fewer words, more of each",
            affects: [
                .down("topic-entropy"), .down("density"), .down("log-likelihood"), .down("log-likelihood-heldout"),
                .down("mean-cosine"), .up("pull-entropy"),
            ], isShownAtStart: false)
    }

    public var score: Metric { TopicMetrics.entropy }

    public var isFiniteWithItsSubject: Bool { true }

    public func gradient(of state: TopicState, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        let v = Float(max(2, state.words))
        // A weight below the smallest normal number has no logarithm worth having.
        let logarithm = try state.phi.clamped(to: 1e-30...1).log()
        let unit = 1 / (v * Float(Foundation.log(Double(v))))
        return try (logarithm * -1 - 1).relu() * unit
    }
}

/// f = Σ ½ (φ_kw − p_w)²: pulls topics towards what all documents share, g = φ_kw − p_w; the opposite of dissimilarity.
///
/// At λ = 1 every topic is the corpus itself, whatever K, V and the batch size are.
public struct Smoothing: Mixin {
    /// The criterion, off at the start.
    public init() {}

    public var weight: Control {
        Control(
            "smoothing", title: "smoothing λ₄", group: "topics", range: 0.001...1, scale: .logWithOff, initial: 0,
            help: "draws topics towards the words of the whole corpus",
            affects: [
                .up("cosine-similarity"), .up("mean-cosine"), .up("density"), .up("topic-entropy"),
                .down("log-likelihood"), .up("pull-smoothing"), "shared-top-words",
            ], isShownAtStart: false)
    }

    public var score: Metric { TopicMetrics.cosineSimilarity }

    public var isFiniteWithItsSubject: Bool { true }

    public func gradient(of state: TopicState, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        try state.phi - state.wordShares.reshaped(state.words, 1)
    }
}

/// Makes topics equally large: words of topic k count (1 / (K share_k))^λ times, when samples are drawn. A criterion of whole
/// topics has no gradient in φ, whose columns are normalised.
///
/// At λ = 1 a topic twice as large as the mean is half as likely, whatever K, V and the batch size are.
public struct SizeBalance: TopicMixin {
    /// The criterion, off at the start.
    public init() {}

    public var weight: Control {
        Control(
            "size-balance", title: "equal sizes λ₅", group: "topics", range: 0.01...2, scale: .logWithOff, initial: 0,
            help: "holds large topics back, so that all get equally many words",
            affects: [.up("effective-topics"), .up("pull-size-balance"), "log-likelihood", "moved-share"],
            isShownAtStart: false)
    }

    public var score: Metric { TopicMetrics.effectiveTopics }

    public func factors(_ state: TopicState, weight: Double) throws(CLMatError) -> [Float]? {
        // No topic counts more than a hundred times, so that an empty one comes back slowly.
        try state.topicShares.map { share in
            Float(pow(1 / max(0.01, Double(state.topics) * share), weight))
        }
    }
}

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
    /// The criterion, off at the start.
    public init() {}

    public var weight: Control {
        Control(
            "decorrelation", title: "decorrelation λ₆", group: "topics", range: 0.0001...1, scale: .logWithOff,
            initial: 0, help: "divides heavy words among topics, and leaves rare ones shared",
            affects: [
                .down("cosine-similarity"), .down("mean-cosine"), .down("shared-top-words"), .down("density"),
                .down("log-likelihood"), .down("log-likelihood-heldout"), "pull-decorrelation",
            ], isShownAtStart: false)
    }

    public var score: Metric { TopicMetrics.cosineSimilarity }

    public var isFiniteWithItsSubject: Bool { true }

    public func gradient(of state: TopicState, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        try (state.phi.rowSums() - state.phi) * state.phi * Float(state.words)
    }
}
