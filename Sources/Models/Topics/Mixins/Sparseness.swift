import CLMat
import Exploration

/// f₁ = Σ |φ_kw|: cuts what is weak in a topic, g₁ = sign φ (eq. 2.8).
///
/// Its unit is 1/V, what a word weighs on average: at λ = 1 a topic loses the words that it has less of than that, whatever K,
/// V and the batch size are.
public struct Sparseness: Mixin {
    public init() {}

    public var weight: Control {
        Control(
            "l1", title: "sparseness λ₁", group: "topics", unit: "of an average word", range: 0.01...100,
            scale: .logWithOff, initial: 0,
            means: "cuts the weak words of each topic (L1)", moves: ["density", "log-likelihood", "pull-l1"])
    }

    public var score: Metric { TopicMetrics.density }

    public func gradient(of state: TopicState, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        try state.phi.signs() * (1 / Float(state.words))
    }
}
