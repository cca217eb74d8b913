import CLMat
import Exploration
import Foundation

/// Makes topics equally large: words of topic k count (1 / (K share_k))^λ times, when samples are drawn. A criterion of whole
/// topics has no gradient in φ, whose columns are normalised.
///
/// At λ = 1 a topic twice as large as the mean is half as likely, whatever K, V and the batch size are.
public struct SizeBalance: TopicMixin {
    public init() {}

    public var weight: Control {
        Control(
            "size-balance", title: "equal sizes λ₅", group: "topics", range: 0.01...2, scale: .logWithOff, initial: 0,
            means: "holds large topics back, so that all get equally many words", moves: ["effective-topics"],
            startsOpen: false)
    }

    public var score: Metric { TopicMetrics.effectiveTopics }

    public func factors(_ state: TopicState, weight: Double) throws(CLMatError) -> [Float]? {
        // No topic counts more than a hundred times, so that an empty one comes back slowly.
        try state.topicShares.map { share in
            Float(pow(1 / max(0.01, Double(state.topics) * share), weight))
        }
    }
}
