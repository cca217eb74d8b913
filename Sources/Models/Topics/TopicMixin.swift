import CLMat
import Exploration

/// What topics are, for criteria of them. They are made small:
///
///     φ_kw ∝ max(0, φ̂_kw − Σᵢ λᵢ gᵢ,kw),   φ̂_kw = (n_kw + β) / Σ_w (n_kw + β)
///
/// which is φ_kw ∝ max(0, n_kw + β − n_k Σᵢ λᵢ gᵢ,kw) up to the constant β. A word that all topics would lose stays with
/// the topic that has the most of it. λ is in shares of a topic's tokens for each unit of f.
/// - Source: K. Vorontsov, A. Potapenko, "Additive regularization of topic models", Machine Learning 101, 2015; Jiang,
///   UCB/EECS-2018-34, eq. 2.8 to 2.11.
public struct TopicState: MixinSubject {
    /// ∂f/∂φ, V × K, at φ̂.
    public typealias Gradient = Matrix

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
        shares(ofTotals: try statistics.columnSums().values)
    }

    static func shares(ofTotals totals: [Float]) -> [Double] {
        let totals = totals.map(Double.init)
        let all = totals.reduce(0, +)
        return totals.map { all > 0 ? $0 / all : 1 / Double(totals.count) }
    }

    public var isFinite: Bool { get throws(CLMatError) { try phi.isFinite } }

    /// V, the number of words.
    public var words: Int { phi.rows }
    /// K, the number of topics.
    public var topics: Int { phi.columns }
}

/// A criterion of topics that also works on whole topics, when samples are drawn.
public protocol TopicMixin: Mixin<TopicState> {
    /// A factor for each topic by which its words are more or less likely to be drawn, λ counted in; nil if it leaves them alone.
    func factors(_ state: TopicState, weight: Double) throws(CLMatError) -> [Float]?
}
