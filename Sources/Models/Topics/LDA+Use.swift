import CLMat
import Exploration
import Foundation
import ModelOperations

// What topics are good for, once they are learned.

extension LDA {
    /// θ of documents, D × K, each row with the sum 1, without chance: 100 rounds of expectation maximisation from equal
    /// shares. A document without a known word has the shares that α has.
    ///
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` if they have other words.
    public func transform(_ rows: SparseRows, rounds: Int = 100) throws(CLMatError) -> Matrix {
        guard rows.columns == words else {
            throw .dataMismatch("These documents have \(rows.columns) words, but the topics have \(words).")
        }
        return try infer(SparseCounts(rows, on: device), phi: phi, alpha: alpha, rounds: rounds)
    }

    /// exp(−mean log-likelihood of a token of the scored halves), θ from the observed halves.
    ///
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)`` for documents of other words.
    public func perplexity(_ split: HeldOutSplit, rounds: Int = 100) throws(CLMatError) -> Double {
        try DocumentCompletion(split, on: device).perplexity(of: self, rounds: rounds)
    }

    func infer(
        _ documents: SparseCounts, phi: Matrix, alpha: [Double], rounds: Int
    ) throws(CLMatError) -> Matrix {
        var theta = try Matrix(
            filledWith: 1 / Float(topics), Shape(documents.shape.rows, topics), on: device)
        try sampler.infer(documents, theta: &theta, phi: phi, alpha: alpha.map(Float.init), rounds: rounds)
        return theta
    }

    /// The heaviest words of each topic, from the heaviest on.
    public func topWords(_ count: Int = 10) throws(CLMatError) -> [[String]] {
        TopicScores.topWords(try phi.values, topics: topics, count: count).map { $0.map { vocabulary[$0] } }
    }

    /// φ as K × V, as tools of the field have it: a row per topic.
    public var topicWords: Matrix {
        get throws(CLMatError) { try phi.transposed() }
    }
}

/// Held-out documents on a device, to be scored by their second halves.
public struct DocumentCompletion: Sendable {
    private let observed: SparseCounts
    private let scored: SparseCounts

    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` if no token is to be scored.
    public init(_ split: HeldOutSplit, on device: Device) throws(CLMatError) {
        guard split.scored.total > 0 else { throw .dataMismatch("No token of the held-out documents is to be scored.") }
        (observed, scored) = (try SparseCounts(split.observed, on: device), try SparseCounts(split.scored, on: device))
    }

    /// The mean log-likelihood of a scored token, with θ by expectation maximisation on the observed halves, under the model's own
    /// ``LDA/alpha``. φ has 10⁻¹² added to each weight, so that a word that no topic has costs much, but not everything.
    public func logLikelihood(of lda: LDA, rounds: Int = 100) throws(CLMatError) -> Double {
        try logLikelihood(lda.phi, alpha: lda.alpha, rounds: rounds, lda.sampler)
    }

    /// exp of minus ``logLikelihood(of:rounds:)``: the lower, the better.
    public func perplexity(of lda: LDA, rounds: Int = 100) throws(CLMatError) -> Double {
        exp(-(try logLikelihood(of: lda, rounds: rounds)))
    }

    /// The perplexity of topics from elsewhere.
    ///
    /// - Parameters:
    ///   - phi: V × K, of the scale that ``LDA/phi`` has: columns sum to 1.
    ///   - alpha: the prior of θ, the same for each topic.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)`` for another number of words.
    public func perplexity(phi: Matrix, alpha: Double = 0.1, rounds: Int = 100) throws(CLMatError) -> Double {
        let sampler = try TopicSampler(words: phi.shape.rows, topics: phi.shape.columns, on: phi.device)
        let priors = [Double](repeating: alpha, count: phi.shape.columns)
        return exp(-(try logLikelihood(phi, alpha: priors, rounds: rounds, sampler)))
    }

    private func logLikelihood(
        _ phi: Matrix, alpha: [Double], rounds: Int, _ sampler: TopicSampler
    ) throws(CLMatError) -> Double {
        let floor = Float(1e-12)
        let totals = try phi.columnSums() + floor * Float(phi.shape.rows)
        let phi = try (phi + floor) / totals
        let topics = phi.shape.columns
        var theta = try Matrix(
            filledWith: 1 / Float(topics), Shape(observed.shape.rows, topics), on: phi.device)
        try sampler.infer(observed, theta: &theta, phi: phi, alpha: alpha.map(Float.init), rounds: rounds)
        let sums = try sampler.logLikelihood(of: scored, theta: theta, phi: phi).values
        return sums.reduce(0) { $0 + Double($1) } / Double(max(1, scored.total))
    }
}
