import CLMat
import Foundation
import TestSupport

@testable import Models

/// Documents of topics that are known: each has twelve words of its own, from heavy to light, and all share four.
struct Planted {
    static let own = 12
    static let common = 4

    let topics: Int
    /// V × K
    let phi: [Float]
    let rows: SparseRows
    var words: Int { rows.columns }

    /// Documents of 40 words with topics from Dirichlet(0.1).
    init(topics: Int = 5, documents: Int = 400, length: Int = 40, seed: UInt64 = 1) throws {
        let words = topics * Self.own + Self.common
        var weights = [[Double]](repeating: [Double](repeating: 0, count: words), count: topics)
        for k in 0..<topics {
            for i in 0..<Self.own { weights[k][k * Self.own + i] = 0.85 * Double(Self.own - i) / 78 }
            for i in 0..<Self.common { weights[k][topics * Self.own + i] = 0.15 / Double(Self.common) }
        }
        var random = Xoshiro(seed: seed)
        rows = try Bars.rows(documents, words: words) { _ in
            let theta = random.dirichlet([Double](repeating: 0.1, count: topics))
            return (0..<length).map { _ in random.choice(weights[random.choice(theta)]) }
        }
        self.topics = topics
        phi = (0..<words).flatMap { w in (0..<topics).map { Float(weights[$0][w]) } }
    }

    func corpus(_ name: String = "planted", word: (Int) -> String = { "w\($0)" }) throws -> Corpus {
        try Corpus(name: name, vocabulary: (0..<words).map(word), rows: rows)
    }

    /// The least cosine of a planted topic and the one that is nearest to it; 0 if one is nearest to two.
    func leastCosine(_ found: [Float]) -> Double {
        let k = found.count / words
        func column(_ phi: [Float], _ count: Int, _ topic: Int) -> [Double] {
            (0..<words).map { Double(phi[$0 * count + topic]) }
        }
        var (least, used) = (1.0, Set<Int>())
        for topic in 0..<topics {
            let truth = column(phi, topics, topic)
            let cosines = (0..<k).map { other -> Double in
                let x = column(found, k, other)
                let product = zip(truth, x).reduce(0) { $0 + $1.0 * $1.1 }
                let squares = (truth.reduce(0) { $0 + $1 * $1 }) * (x.reduce(0) { $0 + $1 * $1 })
                return squares > 0 ? product / squares.squareRoot() : 0
            }
            let best = cosines.indices.max { cosines[$0] < cosines[$1] } ?? 0
            if !used.insert(best).inserted { return 0 }
            least = min(least, cosines[best])
        }
        return least
    }

    /// exp(−mean ln p_w) of the scored tokens, with each word's share of the others.
    static func unigramPerplexity(_ corpus: Corpus, _ split: HeldOutSplit) throws -> Double {
        let all = try corpus.rows(0..<corpus.count)
        var counts = [Double](repeating: 1, count: all.columns)
        for (word, count) in zip(all.indices, all.counts) { counts[Int(word)] += Double(count) }
        for (word, count) in zip(split.scored.indices, split.scored.counts) { counts[Int(word)] -= Double(count) }
        let total = counts.reduce(0, +)
        let sum = zip(split.scored.indices, split.scored.counts).reduce(0.0) {
            $0 + Double($1.1) * log(counts[Int($1.0)] / total)
        }
        return exp(-sum / Double(split.scored.total))
    }
}

extension LDA {
    /// n_kw as the sum of the samples that are kept of each minibatch, each divided by its own m.
    func keptSamples() throws -> [Double] {
        var sum = [Double](repeating: 0, count: words * topics)
        for counts in minibatches?.counts ?? [] {
            for (i, count) in try counts.counts.values.enumerated() {
                sum[i] += Double(count) / Double(counts.rates[i % topics])
            }
        }
        return sum
    }
}
