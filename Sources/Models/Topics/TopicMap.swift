import Foundation

/// Topics as points in the plane, so that those with like words are near each other, and what they are placed by.
///
/// Each function takes φ as V × K, the K topics of a word side by side, of any scale. A weight that is not above 0 or not finite
/// counts as 0. A topic without weight is taken for one with a word of its own, which it shares with others without weight.
/// - Source: C. Sievert, K. Shirley, "LDAvis: a method for visualizing and interpreting topics", 2014.
public enum TopicMap {
    /// A point for each topic, by classical multidimensional scaling: the plane where the squared distances
    /// d² = ``jensenShannon(phi:topics:)`` fall short least.
    ///
    ///     B = −½ J D² J,  J = 1 − 11ᵀ/K;   xₖ = √λ₁ v₁ₖ,  yₖ = √λ₂ v₂ₖ
    ///
    /// No eigenvalue of B is negative, as √JS is a distance in a Hilbert space (B. Fuglede, F. Topsøe, "Jensen–Shannon divergence
    /// and Hilbert space embedding", 2004). The centre of all points is 0. Of each axis, the topic that is farthest out is on the
    /// positive side.
    /// - Source: W. Torgerson, "Multidimensional scaling: I. Theory and method", 1952.
    public static func place(phi: [Float], topics: Int) -> [(x: Double, y: Double)] {
        guard topics > 0 else { return [] }
        var b = jensenShannon(phi: phi, topics: topics).map { -0.5 * Double($0) }
        let means = (0..<topics).map { i in b[i * topics..<(i + 1) * topics].reduce(0, +) / Double(topics) }
        let mean = means.reduce(0, +) / Double(topics)
        for i in 0..<topics { for j in 0..<topics { b[i * topics + j] += mean - means[i] - means[j] } }
        let axes = SymmetricEigenvectors.leading(b, size: topics, count: 2).map { value, vector in
            // An axis that is only rounding is none.
            let length = value > 1e-7 ? value.squareRoot() : 0
            return vector.map { length * $0 }
        }
        return (0..<topics).map { k in (axes[0][k], axes.count > 1 ? axes[1][k] : 0) }
    }

    /// The Jensen–Shannon divergence of each two topics in bits, K × K: 0 for equal ones, 1 for those that share no word.
    ///
    ///     JS(p, q) = H(½(p + q)) − ½ H(p) − ½ H(q) = Σ_w [½ g(p_w) + ½ g(q_w) − g(½(p_w + q_w))],  g(x) = x log₂ x
    ///
    /// - Accuracy: 1e-6.
    /// - Cost: a logarithm for each word of each pair.
    /// - Source: J. Lin, "Divergence measures based on the Shannon entropy", 1991.
    public static func jensenShannon(phi: [Float], topics: Int) -> [Float] {
        guard topics > 0 else { return [] }
        let rows = TopicRows(phi, topics: topics)
        let blocks = rows.blocks
        var divergences = [Float](repeating: 0, count: topics * topics)
        rows.weights.withUnsafeBufferPointer { p in
            let g = p.map { productWithLog($0) }
            g.withUnsafeBufferPointer { g in
                for i in 0..<topics {
                    for j in 0..<i {
                        var sum = SIMD8<Float>(repeating: 0)
                        for w in 0..<blocks {
                            let (a, b) = (i * blocks + w, j * blocks + w)
                            sum += 0.5 * (g[a] + g[b]) - productWithLog(0.5 * (p[a] + p[b]))
                        }
                        let bits = min(max(sum.sum() * Float(1 / M_LN2), 0), 1)
                        divergences[i * topics + j] = bits
                        divergences[j * topics + i] = bits
                    }
                }
            }
        }
        return divergences
    }

    /// The cosine of each two topics, K × K: 1 for equal ones, 0 for those that share no word.
    ///
    /// - Cost: two operations for each word of each pair.
    public static func cosines(phi: [Float], topics: Int) -> [Float] {
        guard topics > 0 else { return [] }
        let rows = TopicRows(phi, topics: topics)
        let blocks = rows.blocks
        var products = [Float](repeating: 0, count: topics * topics)
        rows.weights.withUnsafeBufferPointer { p in
            for i in 0..<topics {
                for j in 0...i {
                    var sum = SIMD8<Float>(repeating: 0)
                    for w in 0..<blocks { sum += p[i * blocks + w] * p[j * blocks + w] }
                    products[i * topics + j] = sum.sum()
                }
            }
        }
        let lengths = (0..<topics).map { products[$0 * topics + $0].squareRoot() }
        for i in 0..<topics {
            for j in 0..<i {
                products[i * topics + j] = min(1, products[i * topics + j] / (lengths[i] * lengths[j]))
                products[j * topics + i] = products[i * topics + j]
            }
            products[i * topics + i] = 1
        }
        return products
    }

    /// x ln x, 0 for 0, for x from 0 to 1.
    ///
    /// With x = 2ᵉm and t = m − 1, ln x = e ln 2 + t − ½t² + t³P(t).
    /// - Accuracy: 2e-7 of x and of the result.
    /// - Source: S. Moshier, *Cephes Mathematical Library*, 1989, logf.c.
    @inline(__always)
    static func productWithLog(_ x: SIMD8<Float>) -> SIMD8<Float> {
        // e is such that m lies between √½ (these bits) and √2; for x = 0 it is −127, and m = 1.
        let bits = unsafeBitCast(x, to: SIMD8<Int32>.self)
        let e = (bits &- SIMD8(repeating: 0x3F35_04F3)) &>> SIMD8(repeating: 23)
        let m = unsafeBitCast(bits &- (e &<< SIMD8(repeating: 23)), to: SIMD8<Float>.self)
        // As a number: e + 128 are the last bits of 2²³ + e + 128.
        let biased = (e &+ SIMD8(repeating: 128)) | SIMD8(repeating: 0x4B00_0000)
        let exponent = unsafeBitCast(biased, to: SIMD8<Float>.self) - Float(0x1p23 + 128)
        let t = m - 1
        var p = t * 7.037_683_629_2e-2 - 1.151_461_031_0e-1
        p = p * t + 1.167_699_874_0e-1
        p = p * t - 1.242_014_084_6e-1
        p = p * t + 1.424_932_278_7e-1
        p = p * t - 1.666_805_766_5e-1
        p = p * t + 2.000_071_476_5e-1
        p = p * t - 2.499_999_399_3e-1
        p = p * t + 3.333_333_117_4e-1
        let square = t * t
        let log = exponent * Float(M_LN2) + (t + square * (t * p - 0.5))
        return x * log
    }
}

/// φ with the words of a topic side by side, each topic with the sum 1, in whole blocks of 8 with zeros at the end.
private struct TopicRows {
    /// K × ``blocks``
    let weights: [SIMD8<Float>]
    let blocks: Int

    init(_ phi: [Float], topics: Int) {
        let words = phi.count / topics
        // One more word, for topics without weight.
        let blocks = (words + 8) / 8
        var sums = [Double](repeating: 0, count: topics)
        func usable(_ weight: Float) -> Float { weight > 0 && weight < .infinity ? weight : 0 }
        var weights = [SIMD8<Float>](repeating: SIMD8(repeating: 0), count: topics * blocks)
        phi.withUnsafeBufferPointer { phi in
            for w in 0..<words { for k in 0..<topics { sums[k] += Double(usable(phi[w * topics + k])) } }
            let scales = sums.map { $0 > 0 ? 1 / $0 : 0 }
            weights.withUnsafeMutableBytes { bytes in
                let rows = bytes.bindMemory(to: Float.self)
                // Some words at a time, so that the lines of φ that are read stay in the cache.
                for first in stride(from: 0, to: words, by: 16) {
                    for k in 0..<topics {
                        for w in first..<min(words, first + 16) {
                            rows[k * blocks * 8 + w] = Float(Double(usable(phi[w * topics + k])) * scales[k])
                        }
                    }
                }
                for k in 0..<topics where scales[k] == 0 { rows[k * blocks * 8 + words] = 1 }
            }
        }
        (self.weights, self.blocks) = (weights, blocks)
    }
}
