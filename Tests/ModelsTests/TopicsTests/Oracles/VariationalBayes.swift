import CLMat
import Foundation

@testable import Models

/// Online variational Bayes for latent Dirichlet allocation, on one core: what the sampler is compared with.
///
/// Each topic's words follow Dirichlet(λ_k), each document's topics Dirichlet(γ_d). For a minibatch of S of all D documents,
///
///     γ_dk ← α + Σ_w n_dw φ_dwk,   φ_dwk ∝ exp(E ln θ_dk + E ln β_kw)          until γ stays as it is
///     λ_kw ← (1 − ρ) λ_kw + ρ (η + D/S Σ_d n_dw φ_dwk),   ρ = (τ₀ + t)^−κ
///
/// with E ln θ_dk = ψ(γ_dk) − ψ(Σ_j γ_dj), and E ln β likewise. The paper's η is `beta` here.
/// - Source: M. Hoffman, D. Blei, F. Bach, "Online learning for latent Dirichlet allocation", NIPS 2010, algorithm 2.
struct VariationalBayes: Sendable {
    /// V
    let words: Int
    /// K
    let topics: Int
    let alpha: Double
    let beta: Double
    let tau0: Double
    let kappa: Double
    /// The most rounds of a document.
    let rounds: Int
    /// How many minibatches were seen: t.
    private(set) var steps = 0
    /// V × K
    private(set) var lambda: [Double]

    /// Starts with λ drawn from the gamma distribution with mean 1 and variance 1/100, as the authors' program does.
    ///
    /// - Parameters:
    ///   - alpha: the prior of a document's topics, above 0.
    ///   - beta: the prior of a topic's words, above 0.
    ///   - tau0: slows the first steps down, at least 0.
    ///   - kappa: how fast old minibatches are forgotten, 0 to 1. With 0 only the last one counts: if it has all documents,
    ///     this is plain variational Bayes.
    ///   - rounds: at least 1.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)``.
    init(
        words: Int, topics: Int, alpha: Double, beta: Double, tau0: Double = 10, kappa: Double = 0.7, rounds: Int = 50,
        seed: UInt64
    ) throws(CLMatError) {
        try requireTopics(words: words, topics: topics, documents: 0, "VariationalBayes")
        guard alpha > 0, alpha < .infinity, beta > 0, beta < .infinity else {
            throw .invalidArgument(operation: "VariationalBayes", problem: "α and β must be above 0 and finite.")
        }
        guard tau0 >= 0, tau0 < .infinity, (0...1).contains(kappa), rounds >= 1 else {
            throw .invalidArgument(
                operation: "VariationalBayes",
                problem: "τ₀ must be at least 0, κ between 0 and 1, and there must be a round.")
        }
        (self.words, self.topics, self.alpha, self.beta) = (words, topics, alpha, beta)
        (self.tau0, self.kappa, self.rounds) = (tau0, kappa, rounds)
        var random = Xoshiro(seed: seed)
        lambda = (0..<words * topics).map { _ in random.gamma(100) / 100 }
    }

    /// One step on a minibatch.
    ///
    /// - Parameter documents: D, how many there are in all.
    /// - Cost: for each round of a document, some 2 ns per word and topic, and 60 ns per topic.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` for another number of words.
    mutating func partialFit(_ rows: SparseRows, of documents: Int) throws(CLMatError) {
        guard rows.total > 0 else {
            try check(rows)
            return
        }
        let found = try infer(rows)
        let rho = min(1, pow(tau0 + Double(steps), -kappa))
        let scale = Double(max(documents, rows.rows)) / Double(rows.rows)
        for index in lambda.indices { lambda[index] = (1 - rho) * lambda[index] + rho * beta }
        for (row, word) in found.words.enumerated() {
            for k in 0..<topics {
                // Σ_d n_dw φ_dwk = expβ_wk Σ_d n_dw expθ_dk / Σ_j expθ_dj expβ_wj
                lambda[Int(word) * topics + k] +=
                    rho * scale * found.statistics[row * topics + k] * found.expBeta[row * topics + k]
            }
        }
        steps += 1
    }

    /// D × K, each document with the sum 1: the mean γ_dk / Σ_j γ_dj for the topics as they are.
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` for another number of words.
    func theta(of rows: SparseRows) throws(CLMatError) -> [Float] {
        let gamma = try infer(rows).gamma
        var theta: [Float] = []
        theta.reserveCapacity(gamma.count)
        for d in 0..<rows.rows {
            let row = gamma[d * topics..<(d + 1) * topics]
            let sum = row.reduce(0, +)
            theta += row.map { Float($0 / sum) }
        }
        return theta
    }

    /// V × K, each topic with the sum 1 over the words: the mean λ_kw / Σ_v λ_kv.
    var phi: [Float] {
        let inverse = topicSums.map { 1 / $0 }
        var phi = [Float](repeating: 0, count: lambda.count)
        for w in 0..<words {
            for k in 0..<topics { phi[w * topics + k] = Float(lambda[w * topics + k] * inverse[k]) }
        }
        return phi
    }

    private var topicSums: [Double] {
        var sums = [Double](repeating: 0, count: topics)
        for w in 0..<words {
            for k in 0..<topics { sums[k] += lambda[w * topics + k] }
        }
        return sums
    }

    private func check(_ rows: SparseRows) throws(CLMatError) {
        guard rows.columns == words else {
            throw .shapeMismatch(
                operation: "VariationalBayes", left: Shape(rows.rows, rows.columns), right: Shape(rows.rows, words),
                rule: "The documents must have the \(words) words of the model.")
        }
    }

    private struct Inference {
        /// D × K
        var gamma: [Double]
        /// The words of the documents, W of them; the rest is not touched.
        var words: [Int32] = []
        /// W × K: exp(E ln β).
        var expBeta: [Double] = []
        /// W × K: Σ_d n_dw expθ_dk / Σ_j expθ_dj expβ_wj.
        var statistics: [Double] = []
    }

    /// The E step.
    private func infer(_ rows: SparseRows) throws(CLMatError) -> Inference {
        try check(rows)
        let K = topics
        var found = Inference(gamma: [Double](repeating: 1, count: rows.rows * K))
        // Where each word stands among those that occur.
        var places = [Int32](repeating: -1, count: words)
        let wordRows = rows.indices.map { word in
            if places[Int(word)] < 0 {
                places[Int(word)] = Int32(found.words.count)
                found.words.append(word)
            }
            return places[Int(word)]
        }
        let lambdaSums = topicSums.map { digamma($0) }
        found.expBeta.reserveCapacity(found.words.count * K)
        for word in found.words {
            for k in 0..<K { found.expBeta.append(exp(digamma(lambda[Int(word) * K + k]) - lambdaSums[k])) }
        }
        found.statistics = [Double](repeating: 0, count: found.words.count * K)

        var expTheta = [Double](repeating: 0, count: K)
        var sums = [Double](repeating: 0, count: K)
        found.gamma.withUnsafeMutableBufferPointer { gamma in
            found.statistics.withUnsafeMutableBufferPointer { statistics in
                found.expBeta.withUnsafeBufferPointer { expBeta in
                    wordRows.withUnsafeBufferPointer { wordRows in
                        expTheta.withUnsafeMutableBufferPointer { expTheta in
                            sums.withUnsafeMutableBufferPointer { sums in
                                for d in 0..<rows.rows {
                                    let places = Int(rows.starts[d])..<Int(rows.starts[d + 1])
                                    let gamma = UnsafeMutableBufferPointer(rebasing: gamma[d * K..<(d + 1) * K])
                                    for _ in 0..<rounds {
                                        setExpTheta(expTheta, gamma)
                                        for k in 0..<K { sums[k] = 0 }
                                        for place in places {
                                            let row = Int(wordRows[place]) * K
                                            let ratio = Double(rows.counts[place]) / mixed(expTheta, expBeta, row)
                                            for k in 0..<K { sums[k] += ratio * expBeta[row + k] }
                                        }
                                        var change = 0.0
                                        for k in 0..<K {
                                            let new = alpha + expTheta[k] * sums[k]
                                            change += abs(new - gamma[k])
                                            gamma[k] = new
                                        }
                                        // The authors' criterion.
                                        if change < 0.001 * Double(K) { break }
                                    }
                                    setExpTheta(expTheta, gamma)
                                    for place in places {
                                        let row = Int(wordRows[place]) * K
                                        let ratio = Double(rows.counts[place]) / mixed(expTheta, expBeta, row)
                                        for k in 0..<K { statistics[row + k] += ratio * expTheta[k] }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return found
    }
}

/// exp(ψ(γ_k) − ψ(Σγ))
private func setExpTheta(
    _ target: UnsafeMutableBufferPointer<Double>, _ gamma: UnsafeMutableBufferPointer<Double>
) {
    var sum = 0.0
    for k in 0..<gamma.count { sum += gamma[k] }
    let all = digamma(sum)
    for k in 0..<gamma.count { target[k] = exp(digamma(gamma[k]) - all) }
}

/// Σ_k expθ_k expβ_wk, in four sums side by side; the smallest number that can be divided by if all are 0.
@inline(__always)
private func mixed(
    _ expTheta: UnsafeMutableBufferPointer<Double>, _ expBeta: UnsafeBufferPointer<Double>, _ start: Int
) -> Double {
    let K = expTheta.count
    var (a, b, c, d) = (1e-100, 0.0, 0.0, 0.0)
    var k = 0
    while k + 4 <= K {
        a += expTheta[k] * expBeta[start + k]
        b += expTheta[k + 1] * expBeta[start + k + 1]
        c += expTheta[k + 2] * expBeta[start + k + 2]
        d += expTheta[k + 3] * expBeta[start + k + 3]
        k += 4
    }
    while k < K {
        a += expTheta[k] * expBeta[start + k]
        k += 1
    }
    return (a + b) + (c + d)
}
