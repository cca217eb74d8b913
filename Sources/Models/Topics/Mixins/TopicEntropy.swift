import CLMat
import Exploration
import Foundation

/// f = −Σ φ_kw ln φ_kw: makes topics say more with fewer words, g = −(1 + ln φ), cut at 0.
///
/// Its unit is 1/(V ln V): at λ = 1 a word of average weight loses about its weight. It takes more from a word the rarer it is, where
/// L1 takes the same from all.
public struct TopicEntropy: Mixin {
    public init() {}

    public var weight: Control {
        Control(
            "entropy", title: "concentration λ₃", group: "topics", range: 0.01...100, scale: .logWithOff, initial: 0,
            means: "lowers the entropy of topics: fewer words, more of each", moves: ["topic-entropy", "density"],
            startsOpen: false)
    }

    public var score: Metric { TopicMetrics.entropy }

    public func gradient(of state: TopicState, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        let v = Float(max(2, state.words))
        // A weight below the smallest normal number has no logarithm worth having.
        let logarithm = try state.phi.clamped(to: 1e-30...1).logarithms()
        let unit = 1 / (v * Float(Foundation.log(Double(v))))
        return try (logarithm * -1 - 1).relu() * unit
    }
}
