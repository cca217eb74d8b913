import CLMat
import Foundation

@testable import Models

/// The bars of Griffiths and Steyvers, "Finding scientific topics", 2004, figure 1: 25 words as a square of 5 × 5, and a topic
/// for each of its 5 rows and 5 columns, with a fifth of the weight on each of its words.
struct Bars {
    static let words = 25
    static let topics = 10
    /// V × K
    static let phi: [Float] = (0..<25).flatMap { word in
        (0..<10).map { topic in (topic < 5 ? word / 5 == topic : word % 5 == topic - 5) ? 0.2 : 0 }
    }

    let rows: SparseRows

    /// Documents of 100 words with topics from Dirichlet(1).
    init(documents: Int, seed: UInt64) throws {
        var random = Xoshiro(seed: seed)
        rows = try Self.rows(documents, words: Self.words) { _ in
            let theta = random.dirichlet([Double](repeating: 1, count: Self.topics))
            return (0..<100).map { _ in
                let topic = random.choice(theta)
                let place = random.below(5)
                return topic < 5 ? topic * 5 + place : place * 5 + topic - 5
            }
        }
    }

    static func rows(_ documents: Int, words: Int, _ tokens: (Int) -> [Int]) throws -> SparseRows {
        var (starts, indices, counts): ([Int32], [Int32], [Int32]) = ([0], [], [])
        for d in 0..<documents {
            var row = [Int32](repeating: 0, count: words)
            for word in tokens(d) { row[word] += 1 }
            for (word, count) in row.enumerated() where count > 0 {
                indices.append(Int32(word))
                counts.append(count)
            }
            starts.append(Int32(indices.count))
        }
        return try SparseRows(columns: words, starts: starts, indices: indices, counts: counts)
    }

    /// The topic that is nearest to each bar, and the least cosine of such a pair.
    static func matches(_ phi: [Float]) -> (topics: [Int], least: Double) {
        func cosine(_ a: (Int) -> Float, _ b: (Int) -> Float) -> Double {
            var (ab, aa, bb) = (0.0, 0.0, 0.0)
            for w in 0..<words {
                let (x, y) = (Double(a(w)), Double(b(w)))
                (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y)
            }
            return ab / (aa * bb).squareRoot()
        }
        var found: [Int] = []
        var least = 1.0
        for bar in 0..<topics {
            let cosines = (0..<topics).map { k in
                cosine({ self.phi[$0 * topics + bar] }, { phi[$0 * topics + k] })
            }
            let best = (0..<topics).max { cosines[$0] < cosines[$1] } ?? 0
            found.append(best)
            least = min(least, cosines[best])
        }
        return (found, least)
    }
}

extension Xoshiro {
    mutating func choice(_ shares: [Double]) -> Int {
        var rest = uniform()
        for (index, share) in shares.enumerated() {
            rest -= share
            if rest < 0 { return index }
        }
        return shares.count - 1
    }
}

/// The mean over tokens of ln Σ_k θ_dk φ_wk.
func logLikelihood(_ rows: SparseRows, theta: [Float], phi: [Float], topics: Int) -> Double {
    var sum = 0.0
    for d in 0..<rows.rows {
        for place in Int(rows.starts[d])..<Int(rows.starts[d + 1]) {
            let word = Int(rows.indices[place])
            var probability = 0.0
            for k in 0..<topics { probability += Double(theta[d * topics + k]) * Double(phi[word * topics + k]) }
            sum += Double(rows.counts[place]) * log(probability)
        }
    }
    return sum / Double(max(1, rows.total))
}

/// The sum of each column of row-major numbers.
func columnSums(_ numbers: [Float], columns: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: columns)
    for (index, number) in numbers.enumerated() { sums[index % columns] += Double(number) }
    return sums
}

/// The sum of each row of row-major numbers.
func rowSums(_ numbers: [Float], columns: Int) -> [Double] {
    stride(from: 0, to: numbers.count, by: columns).map { start in
        numbers[start..<start + columns].reduce(0) { $0 + Double($1) }
    }
}

/// V × K numbers with the topics of each word in another order.
func permuted(_ phi: [Float], _ order: [Int]) -> [Float] {
    phi.indices.map { phi[$0 / order.count * order.count + order[$0 % order.count]] }
}

/// Milliseconds of the quickest of some runs.
func milliseconds(_ runs: Int = 3, _ body: () throws -> Void) rethrows -> Double {
    var least = Double.infinity
    for _ in 0..<runs {
        let time = try ContinuousClock().measure(body)
        least = min(least, Double(time.components.attoseconds) * 1e-15 + Double(time.components.seconds) * 1e3)
    }
    return least
}
