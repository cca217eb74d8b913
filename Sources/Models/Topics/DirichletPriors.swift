import Foundation

/// Estimates of the priors of topic models from counts.
///
/// If n_d follows the Dirichlet-multinomial distribution with α, this step never makes the counts less likely:
///
///     α_k ← α_k Σ_d [ψ(n_dk + α_k) − ψ(α_k)] / Σ_d [ψ(n_d + Σα) − ψ(Σα)]
///
/// Equal counts are worked out once. The counts of a cooled sampler are not whole, so those that agree in the first 8 bits of
/// their significand are taken for as many of their mean: whole counts up to 256 stay as they are, and the sums are within
/// 1e-5 of themselves elsewhere, as |n² f″(n)| ≤ f(n) of each term, and n is off by less than n/128.
/// - Source: T. Minka, "Estimating a Dirichlet distribution", 2000, equation 55; H. Wallach, "Structured topic models for
///   language", 2008, section 2.3 (a histogram of the counts).
public enum DirichletPriors {
    /// What an estimate stays within.
    public static let bounds = 1e-5...1e3

    /// α after some rounds, for topics of any weight each.
    ///
    /// A topic that no document uses gets the least α. Counts that are not above 0, or not finite, count as 0.
    /// - Parameters:
    ///   - alpha: where to start: K numbers.
    ///   - counts: D × K, row-major; they need not be whole.
    /// - Returns: K numbers within ``bounds``: the start's if there are no counts.
    /// - Cost: reads each count once, and in each round each different count of a topic.
    public static func alpha(after alpha: [Double], counts: [Float], topics: Int, rounds: Int = 5) -> [Double] {
        var alpha = alpha.map(bounded)
        guard topics > 0, alpha.count == topics else { return alpha }
        let documents = counts.count / topics
        var lengths = [Float](repeating: 0, count: documents)
        counts.withUnsafeBufferPointer { counts in
            for d in 0..<documents {
                var sum: Float = 0
                for k in d * topics..<(d + 1) * topics where counts[k] > 0 && counts[k] < .infinity {
                    sum += counts[k]
                }
                lengths[d] = sum
            }
        }
        let all = CountHistogram.of(lengths, columns: 1, from: 0, to: 1)
        guard let total = all.first, !total.isEmpty else { return alpha }
        var byTopic: [CountHistogram] = []
        for first in stride(from: 0, to: topics, by: 16) {
            byTopic += CountHistogram.of(counts, columns: topics, from: first, to: min(topics, first + 16))
        }
        for _ in 0..<max(0, rounds) {
            let below = total.rise(from: alpha.reduce(0, +))
            guard below > 0 else { break }
            for k in 0..<topics { alpha[k] = bounded(alpha[k] * byTopic[k].rise(from: alpha[k]) / below) }
        }
        return alpha
    }

    /// β after some rounds, the same for all words of all topics.
    ///
    ///     β ← β Σ_kw [ψ(n_kw + β) − ψ(β)] / V Σ_k [ψ(n_k + Vβ) − ψ(Vβ)]
    ///
    /// - Parameter statistics: n, V × K: the topics of a word side by side.
    /// - Returns: a number within ``bounds``: the start if there are no counts.
    public static func beta(after beta: Double, statistics: [Float], topics: Int, rounds: Int = 5) -> Double {
        var beta = bounded(beta)
        guard topics > 0, statistics.count >= topics else { return beta }
        let words = statistics.count / topics
        var sums = [Double](repeating: 0, count: topics)
        statistics.withUnsafeBufferPointer { statistics in
            for w in 0..<words {
                for k in 0..<topics {
                    let count = statistics[w * topics + k]
                    sums[k] += count > 0 && count < .infinity ? Double(count) : 0
                }
            }
        }
        let all = CountHistogram.of(statistics, columns: 1, from: 0, to: 1)
        let totals = CountHistogram.of(sums.map { Float($0) }, columns: 1, from: 0, to: 1)
        guard let each = all.first, let total = totals.first, !total.isEmpty else { return beta }
        for _ in 0..<max(0, rounds) {
            let below = Double(words) * total.rise(from: Double(words) * beta)
            guard below > 0 else { break }
            beta = bounded(beta * each.rise(from: beta) / below)
        }
        return beta
    }

    private static func bounded(_ x: Double) -> Double {
        x.isNaN ? bounds.lowerBound : min(max(x, bounds.lowerBound), bounds.upperBound)
    }
}

/// How often which counts occur; 0 is left out.
private struct CountHistogram {
    /// The mean of some counts that are nearly equal, and how many they are.
    private var bins: [(value: Double, count: Double)] = []

    var isEmpty: Bool { bins.isEmpty }

    /// The histograms of some columns of row-major numbers.
    ///
    /// A bin is the upper half of a number's 32 bits: 128 bins from one power of 2 to the next.
    static func of(_ numbers: [Float], columns: Int, from first: Int, to end: Int) -> [CountHistogram] {
        // What is below 2⁻⁴⁰ changes nothing, and what is above 2⁴⁰ is taken for it.
        let (low, high) = (Float(0x1p-40), Float(0x1p40))
        let base = Int(low.bitPattern >> 16)
        let size = Int(high.bitPattern >> 16) - base + 1
        let width = end - first
        var sums = [Double](repeating: 0, count: width * size)
        var counts = [Int32](repeating: 0, count: width * size)
        numbers.withUnsafeBufferPointer { numbers in
            sums.withUnsafeMutableBufferPointer { sums in
                counts.withUnsafeMutableBufferPointer { counts in
                    for row in 0..<numbers.count / columns {
                        for k in 0..<width {
                            let number = numbers[row * columns + first + k]
                            guard number >= low, number < .infinity else { continue }
                            let bounded = min(number, high)
                            let bin = k * size + Int(bounded.bitPattern >> 16) - base
                            sums[bin] += Double(bounded)
                            counts[bin] &+= 1
                        }
                    }
                }
            }
        }
        return (0..<width).map { k in
            var histogram = CountHistogram()
            for bin in k * size..<(k + 1) * size where counts[bin] > 0 {
                histogram.bins.append((sums[bin] / Double(counts[bin]), Double(counts[bin])))
            }
            return histogram
        }
    }

    /// Σ_n [ψ(n + a) − ψ(a)]
    func rise(from a: Double) -> Double {
        let start = digamma(a)
        var sum = 0.0
        for bin in bins { sum += bin.count * (digamma(bin.value + a) - start) }
        return sum
    }
}
