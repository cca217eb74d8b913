import Foundation

/// Numbers that say what topics are like. Each takes φ as V × K, the K topics of a word side by side.
///
/// What is not a number in φ makes these not a number, unless they say otherwise.
public enum TopicScores {
    /// The share of weights that are at least `threshold`, 0 to 1; 1/V unless given, what a word has if all have the same.
    ///
    ///     g₁(φ) = Σ_wk [φ_wk ≥ threshold] / VK
    ///
    /// - Source: B. Jiang, UCB/EECS-2018-34, equation 3.4, which has 0.01.
    public static func density(_ phi: [Float], topics: Int, threshold: Float? = nil) -> Double {
        guard topics > 0, phi.count >= topics else { return 0 }
        let threshold = threshold ?? 1 / Float(phi.count / topics)
        let dense = phi.withUnsafeBufferPointer { phi in
            var count = 0
            for weight in phi { count &+= weight >= threshold ? 1 : 0 }
            return count
        }
        return Double(dense) / Double(phi.count)
    }

    /// How much topics overlap, as the dissertation measures it: 0 if no two share a word, 1/V² if all are uniform.
    ///
    ///     g₂(φ) = Σ_{i≠j} Σ_w φ_wi φ_wj / Σ_{i≠j} Σ_w 1
    ///
    /// - Cost: proportional to VK, as Σ_{i≠j} φ_i φ_j = (Σ_i φ_i)² − Σ_i φ_i².
    /// - Source: B. Jiang, UCB/EECS-2018-34, equations 3.3 and 3.5.
    public static func cosineSimilarity(_ phi: [Float], topics: Int) -> Double {
        guard topics > 1, phi.count >= topics else { return 0 }
        let words = phi.count / topics
        let ones = [Double](repeating: 1, count: topics)
        return pairSum(phi, scales: ones) / (Double(topics) * Double(topics - 1) * Double(words))
    }

    /// The mean cosine of two different topics, 0 to 1: that similarity free of the number of words and of scale.
    ///
    ///     Σ_{i≠j} φ_i·φ_j / (‖φ_i‖ ‖φ_j‖) / K(K − 1)
    ///
    /// A topic without weight has the cosine 0 with any other.
    public static func meanCosine(_ phi: [Float], topics: Int) -> Double {
        guard topics > 1, phi.count >= topics else { return 0 }
        var squares = [Double](repeating: 0, count: topics)
        phi.withUnsafeBufferPointer { phi in
            for w in 0..<phi.count / topics {
                for k in 0..<topics { squares[k] += Double(phi[w * topics + k]) * Double(phi[w * topics + k]) }
            }
        }
        let scales = squares.map { $0 == 0 ? 0 : 1 / $0.squareRoot() }
        return min(1, pairSum(phi, scales: scales) / (Double(topics) * Double(topics - 1)))
    }

    /// Σ_w [(Σ_k s_k φ_wk)² − Σ_k s_k² φ_wk²]
    private static func pairSum(_ phi: [Float], scales: [Double]) -> Double {
        let topics = scales.count
        var total = 0.0
        phi.withUnsafeBufferPointer { phi in
            scales.withUnsafeBufferPointer { scales in
                for w in 0..<phi.count / topics {
                    var (sum, squares) = (0.0, 0.0)
                    for k in 0..<topics {
                        let weight = scales[k] * Double(phi[w * topics + k])
                        sum += weight
                        squares += weight * weight
                    }
                    total += sum * sum - squares
                }
            }
        }
        // Rounding may take what is 0 below it.
        return total < 0 ? 0 : total
    }

    /// As how many topics of the same share these count: e to the power of their entropy, 1 to K.
    ///
    /// - Parameter shares: of any scale; what is not above 0 is left out, and 0 returned if nothing is left.
    public static func effectiveTopics(shares: [Double]) -> Double {
        let used = shares.filter { $0 > 0 && $0 < .infinity }
        let sum = used.reduce(0, +)
        guard sum > 0, sum < .infinity else { return 0 }
        var entropy = 0.0
        for share in used where share / sum > 0 { entropy -= share / sum * log(share / sum) }
        return exp(entropy)
    }

    /// The words of most weight of each topic, the heaviest first, and of equals the one with the smaller number.
    ///
    /// - Parameters:
    ///   - count: how many; a topic may have fewer.
    ///   - above: only words that weigh more: 0, so that a topic without weight has no words, or −∞ for logarithms.
    /// - Cost: reads φ once.
    public static func topWords(_ phi: [Float], topics: Int, count: Int, above: Float = 0) -> [[Int]] {
        guard topics > 0 else { return [] }
        let words = phi.count / topics
        let count = max(0, min(count, words))
        guard count > 0 else { return [[Int]](repeating: [], count: topics) }
        // The best so far of each topic, sorted, and what a word has to beat.
        var best = [Int](repeating: 0, count: topics * count)
        var found = [Int](repeating: 0, count: topics)
        var bar = [Float](repeating: above, count: topics)
        phi.withUnsafeBufferPointer { phi in
            best.withUnsafeMutableBufferPointer { best in
                bar.withUnsafeMutableBufferPointer { bar in
                    for w in 0..<words {
                        for k in 0..<topics where phi[w * topics + k] > bar[k] {
                            let weight = phi[w * topics + k]
                            var place = k * count + min(found[k], count - 1)
                            while place > k * count, phi[best[place - 1] * topics + k] < weight {
                                best[place] = best[place - 1]
                                place -= 1
                            }
                            best[place] = w
                            found[k] = min(found[k] + 1, count)
                            if found[k] == count { bar[k] = phi[best[k * count + count - 1] * topics + k] }
                        }
                    }
                }
            }
        }
        return (0..<topics).map { k in Array(best[k * count..<k * count + found[k]]) }
    }

    /// The share of all topics' top words that are among those of more than one topic, 0 to 1.
    public static func sharedTopWords(_ phi: [Float], topics: Int, count: Int = 20) -> Double {
        sharedTopWords(topWords(phi, topics: topics, count: count))
    }

    /// The same of lists that are there already.
    static func sharedTopWords(_ topWords: [[Int]]) -> Double {
        var times: [Int: Int] = [:]
        for word in topWords.joined() { times[word, default: 0] += 1 }
        guard !times.isEmpty else { return 0 }
        return Double(times.values.count { $0 > 1 }) / Double(times.count)
    }

    /// By what the words of a topic are ranked, V × K: how heavy they are in it, and how much heavier than elsewhere.
    ///
    ///     r_kw = λ ln φ_kw + (1 − λ) ln(φ_kw / p_w)
    ///
    /// −∞ where the word or its share is 0, so `topWords(…, above: -.infinity)` leaves it out.
    /// - Parameters:
    ///   - shares: p, V: each word's share of all tokens.
    ///   - lambda: 1 ranks by weight alone, 0 by lift alone; 0.6 was best in the authors' study.
    /// - Source: C. Sievert, K. Shirley, "LDAvis: a method for visualizing and interpreting topics", 2014, equation 1.
    public static func relevance(_ phi: [Float], topics: Int, shares: [Float], lambda: Float = 0.6) -> [Float] {
        guard topics > 0 else { return [] }
        var relevance = [Float](repeating: -.infinity, count: phi.count)
        phi.withUnsafeBufferPointer { phi in
            relevance.withUnsafeMutableBufferPointer { relevance in
                for w in 0..<min(phi.count / topics, shares.count) where shares[w] > 0 {
                    // λ ln φ + (1 − λ)(ln φ − ln p) = ln φ − (1 − λ) ln p
                    let shift = (1 - lambda) * log(shares[w])
                    for k in w * topics..<(w + 1) * topics where phi[k] > 0 { relevance[k] = log(phi[k]) - shift }
                }
            }
        }
        return relevance
    }
}
