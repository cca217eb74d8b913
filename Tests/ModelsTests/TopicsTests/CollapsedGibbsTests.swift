import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct CollapsedGibbsTests {
    @Test func findsTheBars() throws {
        let bars = try Bars(documents: 500, seed: 1)
        var sampler = try CollapsedGibbs(bars.rows, topics: 10, alpha: 1, beta: 0.1, seed: 1)
        func likelihood() -> Double {
            logLikelihood(bars.rows, theta: sampler.theta, phi: sampler.phi, topics: 10)
        }
        var likelihoods = [likelihood()]
        for _ in 0..<3 {
            for _ in 0..<100 { sampler.sweep() }
            likelihoods.append(likelihood())
        }
        let (topics, least) = Bars.matches(sampler.phi)
        #expect(Set(topics).count == 10, "\(topics)")
        #expect(least > 0.9)
        #expect(likelihoods[3] > likelihoods[0] + 0.05, "\(likelihoods)")
    }

    @Test func keepsItsCounts() throws {
        var random = SplitMix64(seed: 2)
        let rows = try Bars.rows(23, words: 31) { d in
            (0..<d % 7 * 5).map { _ in Int.random(in: 0..<31, using: &random) }
        }
        var sampler = try CollapsedGibbs(rows, topics: 5, alpha: 0.1, beta: 0.01, seed: 3)
        for sweep in 0..<5 {
            #expect(sampler.sweeps == sweep)
            var words = [Int32](repeating: 0, count: 31)
            for (word, count) in zip(rows.indices, rows.counts) { words[Int(word)] += count }
            let wordCounts = sampler.wordCounts
            let documentCounts = sampler.documentCounts
            #expect((0..<31).map { wordCounts[$0 * 5..<$0 * 5 + 5].reduce(0, +) } == words)
            #expect(
                (0..<23).map { Int(documentCounts[$0 * 5..<$0 * 5 + 5].reduce(0, +)) } == (0..<23).map { $0 % 7 * 5 })
            for k in 0..<5 {
                #expect((0..<31).reduce(0) { $0 + wordCounts[$1 * 5 + k] } == sampler.topicCounts[k])
                #expect((0..<23).reduce(0) { $0 + documentCounts[$1 * 5 + k] } == sampler.topicCounts[k])
            }
            #expect((wordCounts + documentCounts).allSatisfy { $0 >= 0 })
            // 31 roundings of numbers below 1.
            #expect(columnSums(sampler.phi, columns: 5).allSatisfy { abs($0 - 1) < 31 * epsilon })
            #expect(rowSums(sampler.theta, columns: 5).allSatisfy { abs($0 - 1) < 5 * epsilon })
            sampler.sweep()
        }
    }

    @Test func sweepsFollowTheSeed() throws {
        let bars = try Bars(documents: 20, seed: 1)
        func counts(_ seed: UInt64) throws -> [Int32] {
            var sampler = try CollapsedGibbs(bars.rows, topics: 4, alpha: 0.5, beta: 0.1, seed: seed)
            for _ in 0..<3 { sampler.sweep() }
            return sampler.wordCounts
        }
        #expect(try counts(1) == counts(1))
        #expect(try counts(1) != counts(2))
        // A copy goes its own way.
        let first = try CollapsedGibbs(bars.rows, topics: 4, alpha: 0.5, beta: 0.1, seed: 1)
        var second = first
        second.sweep()
        #expect(first.wordCounts != second.wordCounts && first.sweeps == 0)
    }

    /// Two documents with the tokens a a | b: the share of states in which z₁ = z₂ is known.
    ///
    /// p(z) ∝ Π_d Π_k Γ(n_dk + α) · Π_k Π_w Γ(n_kw + β) / Γ(n_k + 2β); summed over 8 states with α = β = 1 below.
    @Test func drawsFromThePosterior() throws {
        let rows = try SparseRows(columns: 2, starts: [0, 1, 2], indices: [0, 1], counts: [2, 1])
        func weight(_ z: [Int]) -> Double {
            let tokens = [(0, 0), (0, 0), (1, 1)]
            var weight = 1.0
            for k in 0..<2 {
                let own = zip(z, tokens).filter { $0.0 == k }.map(\.1)
                for d in 0..<2 { weight *= tgamma(Double(own.count { $0.0 == d }) + 1) }
                for w in 0..<2 { weight *= tgamma(Double(own.count { $0.1 == w }) + 1) }
                weight /= tgamma(Double(own.count) + 2)
            }
            return weight
        }
        let states = (0..<8).map { [$0 & 1, $0 >> 1 & 1, $0 >> 2] }
        let total = states.reduce(0) { $0 + weight($1) }
        var sampler = try CollapsedGibbs(rows, topics: 2, alpha: 1, beta: 1, seed: 5)
        var found: [[Int]: Double] = [:]
        let sweeps = 40_000
        for _ in 0..<sweeps {
            sampler.sweep()
            // The state as far as the counts tell it: topics of a, and of b.
            found[[Int(sampler.documentCounts[1]), Int(sampler.documentCounts[3])], default: 0] += 1
        }
        for a in 0...2 {
            for b in 0...1 {
                let expected = states.filter { $0[0] + $0[1] == a && $0[2] == b }.reduce(0) { $0 + weight($1) } / total
                // Successive states depend on each other: 6 deviations of a quarter of the sweeps.
                let bound = 6 * (expected * (1 - expected) / Double(sweeps / 4)).squareRoot()
                #expect(abs(found[[a, b], default: 0] / Double(sweeps) - expected) < bound, "\(a) \(b)")
            }
        }
    }

    @Test func oddInput() throws {
        let empty = try SparseRows(columns: 3, starts: [0, 0, 0], indices: [], counts: [])
        var sampler = try CollapsedGibbs(empty, topics: 2, alpha: 1, beta: 1, seed: 1)
        sampler.sweep()
        #expect(sampler.phi == [Float](repeating: 1 / 3, count: 6))
        #expect(sampler.theta == [0.5, 0.5, 0.5, 0.5])
        let single = try SparseRows(columns: 1, starts: [0, 1], indices: [0], counts: [7])
        var one = try CollapsedGibbs(single, topics: 1, alpha: 1, beta: 1, seed: 1)
        one.sweep()
        #expect(one.phi == [1] && one.theta == [1] && one.topicCounts == [7])
        let none = try SparseRows(columns: 2, starts: [0], indices: [], counts: [])
        #expect(try CollapsedGibbs(none, topics: 2, alpha: 1, beta: 1, seed: 1).theta == [])
        for (topics, alpha, beta) in [(0, 1, 1), (2, 0, 1), (2, 1, -1), (2, .nan, 1), (2, 1, .infinity)]
            as [(Int, Double, Double)]
        {
            #expect(
                thrownCase { _ = try CollapsedGibbs(single, topics: topics, alpha: alpha, beta: beta, seed: 1) }
                    == "invalidArgument")
        }
        #expect(
            thrownCase { _ = try CollapsedGibbs(single, topics: .max, alpha: 1, beta: 1, seed: 1) } == "invalidArgument"
        )
    }
}
