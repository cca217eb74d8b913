import CLMat

@testable import Models

/// Collapsed Gibbs sampling of latent Dirichlet allocation on one core: the plain algorithm, which others are compared with.
///
/// Each token i has one topic, and gets a new one in each sweep, given those of all other tokens:
///
///     P(z_i = k | z_−i, w) ∝ (n_dk + α) (n_kw + β) / (n_k + Vβ)
///
/// - Cost: a sweep some 1.5 ns per token and topic.
/// - Source: T. Griffiths, M. Steyvers, "Finding scientific topics", PNAS 101, 2004, equation 5.
struct CollapsedGibbs: Sendable {
    /// V
    let words: Int
    /// K
    let topics: Int
    let alpha: Double
    let beta: Double
    /// How many sweeps were done.
    private(set) var sweeps = 0
    /// The tokens of each topic: n_k.
    private(set) var topicCounts: [Int32]
    /// V × K: the tokens of each word by topic: n_kw.
    private(set) var wordCounts: [Int32]
    /// D × K: the tokens of each document by topic: n_dk.
    private(set) var documentCounts: [Int32]

    /// The word and the topic of each token, and where each document begins.
    private let tokens: [Int32]
    private var assigned: [Int32]
    private let starts: [Int]
    private var generator: Xoshiro

    /// Starts with a topic at random for each token.
    ///
    /// - Parameters:
    ///   - alpha: the prior of a document's topics, above 0.
    ///   - beta: the prior of a topic's words, above 0.
    ///   - seed: the same seed gives the same topics.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)``.
    init(_ rows: SparseRows, topics: Int, alpha: Double, beta: Double, seed: UInt64) throws(CLMatError) {
        try requireTopics(words: rows.columns, topics: topics, documents: rows.rows, "CollapsedGibbs")
        guard alpha > 0, alpha < .infinity, beta > 0, beta < .infinity else {
            throw .invalidArgument(operation: "CollapsedGibbs", problem: "α and β must be above 0 and finite.")
        }
        guard rows.total < Int(Int32.max) else {
            throw .invalidArgument(
                operation: "CollapsedGibbs", problem: "\(rows.total) tokens are more than 2,147,483,646; take fewer.")
        }
        (words, self.topics, self.alpha, self.beta) = (rows.columns, topics, alpha, beta)
        generator = Xoshiro(seed: seed)
        topicCounts = [Int32](repeating: 0, count: topics)
        wordCounts = [Int32](repeating: 0, count: rows.columns * topics)
        documentCounts = [Int32](repeating: 0, count: rows.rows * topics)
        var tokens: [Int32] = []
        tokens.reserveCapacity(rows.total)
        var starts = [0]
        for d in 0..<rows.rows {
            for place in Int(rows.starts[d])..<Int(rows.starts[d + 1]) {
                tokens.append(contentsOf: repeatElement(rows.indices[place], count: Int(rows.counts[place])))
            }
            starts.append(tokens.count)
        }
        (self.tokens, self.starts) = (tokens, starts)
        assigned = [Int32](repeating: 0, count: tokens.count)
        for d in 0..<rows.rows {
            for i in starts[d]..<starts[d + 1] {
                let k = generator.below(topics)
                assigned[i] = Int32(k)
                topicCounts[k] += 1
                wordCounts[Int(tokens[i]) * topics + k] += 1
                documentCounts[d * topics + k] += 1
            }
        }
    }

    /// Draws the topic of each token anew, one after the other.
    mutating func sweep() {
        // The arrays are taken out of self, so that each can be changed in place beside the others.
        var (z, n_k, n_kw, n_dk) = (assigned, topicCounts, wordCounts, documentCounts)
        (assigned, topicCounts, wordCounts, documentCounts) = ([], [], [], [])
        let vBeta = Double(words) * beta
        // 1 / (n_k + Vβ)
        var inverse = n_k.map { 1 / (Double($0) + vBeta) }
        var sums = [Double](repeating: 0, count: topics)
        var random = generator
        let (K, alpha, beta) = (topics, alpha, beta)
        tokens.withUnsafeBufferPointer { tokens in
            z.withUnsafeMutableBufferPointer { z in
                n_kw.withUnsafeMutableBufferPointer { n_kw in
                    n_dk.withUnsafeMutableBufferPointer { n_dk in
                        inverse.withUnsafeMutableBufferPointer { inverse in
                            sums.withUnsafeMutableBufferPointer { sums in
                                for d in 0..<starts.count - 1 {
                                    let row = d * K
                                    for i in starts[d]..<starts[d + 1] {
                                        let column = Int(tokens[i]) * K
                                        let old = Int(z[i])
                                        n_k[old] -= 1
                                        n_kw[column + old] -= 1
                                        n_dk[row + old] -= 1
                                        inverse[old] = 1 / (Double(n_k[old]) + vBeta)

                                        var sum = 0.0
                                        for k in 0..<K {
                                            sum +=
                                                (Double(n_dk[row + k]) + alpha) * (Double(n_kw[column + k]) + beta)
                                                * inverse[k]
                                            sums[k] = sum
                                        }
                                        let goal = random.uniform() * sum
                                        var new = 0
                                        while new < K - 1, sums[new] <= goal { new += 1 }

                                        z[i] = Int32(new)
                                        n_k[new] += 1
                                        n_kw[column + new] += 1
                                        n_dk[row + new] += 1
                                        inverse[new] = 1 / (Double(n_k[new]) + vBeta)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        generator = random
        (assigned, topicCounts, wordCounts, documentCounts) = (z, n_k, n_kw, n_dk)
        sweeps += 1
    }

    /// V × K, each topic with the sum 1 over the words: φ_kw = (n_kw + β) / (n_k + Vβ).
    var phi: [Float] {
        let sums = topicCounts.map { Double($0) + Double(words) * beta }
        return [Float](unsafeUninitializedCapacity: wordCounts.count) { phi, count in
            count = wordCounts.count
            for w in 0..<words {
                for k in 0..<topics {
                    phi[w * topics + k] = Float((Double(wordCounts[w * topics + k]) + beta) / sums[k])
                }
            }
        }
    }

    /// D × K, each document with the sum 1 over the topics: θ_dk = (n_dk + α) / (n_d + Kα).
    var theta: [Float] {
        [Float](unsafeUninitializedCapacity: documentCounts.count) { theta, count in
            count = documentCounts.count
            for d in 0..<starts.count - 1 {
                let sum = Double(starts[d + 1] - starts[d]) + Double(topics) * alpha
                for k in 0..<topics {
                    theta[d * topics + k] = Float((Double(documentCounts[d * topics + k]) + alpha) / sum)
                }
            }
        }
    }
}

/// Checks that V × K and D × K are sizes that an array can have.
func requireTopics(words: Int, topics: Int, documents: Int, _ operation: String) throws(CLMatError) {
    guard topics >= 1, topics <= 1 << 20 else {
        throw .invalidArgument(operation: operation, problem: "There must be 1 to 1,048,576 topics, not \(topics).")
    }
    guard words >= 1, max(words, documents) <= Int(Int32.max) / topics else {
        throw .invalidArgument(
            operation: operation,
            problem: "\(words) words or \(documents) documents × \(topics) topics are none, or more than 2³¹ numbers.")
    }
}
