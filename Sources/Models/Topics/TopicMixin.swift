import CLMat
import Exploration

/// What topics are, for a criterion that looks at them.
public struct TopicState: Sendable {
    /// φ, V × K: the topics' weights of each word side by side; each column sums to 1.
    public let phi: Matrix
    /// 1 × V: each word's share of all tokens.
    public let wordShares: Matrix
    /// n_kw, V × K.
    public let statistics: Matrix

    /// Each topic's share of all tokens; equal before the first minibatch. Waits for the device.
    public var topicShares: [Double] {
        get throws(CLMatError) { try Self.topicShares(of: statistics) }
    }

    static func topicShares(of statistics: Matrix) throws(CLMatError) -> [Double] {
        let totals = try statistics.columnSums().values.map(Double.init)
        let all = totals.reduce(0, +)
        return totals.map { all > 0 ? $0 / all : 1 / Double(totals.count) }
    }

    public var words: Int { phi.rows }
    public var topics: Int { phi.columns }
}

/// A regulariser of topics, which enters where they are estimated anew:
///
///     φ_kw ∝ max(0, φ̂_kw − Σᵢ λᵢ gᵢ,kw),   φ̂_kw = (n_kw + β) / Σ_w (n_kw + β)
///
/// which is φ_kw ∝ max(0, n_kw + β − n_k Σᵢ λᵢ gᵢ,kw) up to the constant β. A word that all topics would lose stays with
/// the topic that has the most of it. To write one: a weight, a score, and the gradient.
/// - Source: K. Vorontsov, A. Potapenko, "Additive regularization of topic models", Machine Learning 101, 2015; Jiang,
///   UCB/EECS-2018-34, eq. 2.8 to 2.11.
public protocol TopicMixin: Mixin {
    /// g, V × K, at φ̂; nil if this criterion does not work on φ.
    func gradient(_ state: TopicState) throws(CLMatError) -> Matrix?
    /// A factor for each topic by which its words are more or less likely to be drawn, for criteria of whole topics.
    func factors(_ state: TopicState, weight: Double) throws(CLMatError) -> [Float]?
}

extension TopicMixin {
    public func factors(_ state: TopicState, weight: Double) -> [Float]? { nil }
}
