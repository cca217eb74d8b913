import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct DirichletPriorsTests {
    /// Values of Abramowitz and Stegun, table 6.1, and the recurrence.
    @Test func digammaAgreesWithTables() {
        let gamma = 0.577_215_664_901_532_9
        #expect(abs(digamma(1) + gamma) < 2e-12)
        #expect(abs(digamma(0.5) + gamma + 2 * log(2)) < 4e-12)
        #expect(abs(digamma(2) - (1 - gamma)) < 2e-12)
        #expect(abs(digamma(10) - 2.251_752_589_066_721) < 2e-12)
        for x in [1e-5, 0.01, 0.3, 1.7, 5.99, 6, 6.01, 100, 1e6] {
            // Two errors of the stated accuracy.
            #expect(abs(digamma(x + 1) - digamma(x) - 1 / x) < 4e-12 * max(1, 1 / x), "\(x)")
        }
        #expect(digamma(0) == -.infinity && digamma(-1).isNaN && digamma(.nan).isNaN)
        #expect(digamma(.infinity) == .infinity)
    }

    /// The plain fixed point, a term per count.
    private func plain(_ alpha: [Double], _ counts: [Float]) -> [Double] {
        let K = alpha.count
        let sum = alpha.reduce(0, +)
        let lengths = rowSums(counts, columns: K)
        let below = lengths.reduce(0) { $0 + digamma($1 + sum) - digamma(sum) }
        return (0..<K).map { k in
            let above = stride(from: k, to: counts.count, by: K).reduce(0) {
                $0 + digamma(Double(counts[$1]) + alpha[k]) - digamma(alpha[k])
            }
            return alpha[k] * above / below
        }
    }

    @Test func agreesWithTheDefinition() {
        var random = SplitMix64(seed: 1)
        for scale in [0.1, 1, 300] as [Float] {
            let counts = random.floats(61 * 19, in: 0...scale)
            let alpha = (0..<19).map { 0.01 + 0.2 * Double($0) }
            let found = DirichletPriors.alpha(after: alpha, counts: counts, topics: 19, rounds: 1)
            for (x, y) in zip(found, plain(alpha, counts)) {
                // Counts within 1/128 of each other are taken for their mean: 1e-5 above and below the line.
                #expect(abs(x - y) < 4e-5 * y, "\(scale): \(x) \(y)")
            }
        }
        // Whole counts up to 256 are taken as they are.
        let whole: [Float] = [1, 0, 3, 250, 2, 0]
        let found = DirichletPriors.alpha(after: [0.5, 2], counts: whole, topics: 2, rounds: 1)
        for (x, y) in zip(found, plain([0.5, 2], whole)) { #expect(abs(x - y) < 1e-9 * y) }
    }

    @Test func recoversAlpha() {
        var random = Xoshiro(seed: 7)
        let truth = [0.1, 0.02, 1.5, 0.4, 0.7]
        var counts: [Float] = []
        for _ in 0..<5000 {
            let theta = random.dirichlet(truth)
            var row = [Float](repeating: 0, count: 5)
            for _ in 0..<100 { row[random.choice(theta)] += 1 }
            counts += row
        }
        let found = DirichletPriors.alpha(after: [1, 1, 1, 1, 1], counts: counts, topics: 5, rounds: 300)
        // The least of them is in some 60 of 5000 documents, if at all: known to about 1/√(5000 · 0.02 · 4.6).
        for (x, y) in zip(found, truth) { #expect(abs(x - y) < 0.15 * y, "\(found)") }
        // Twice the counts of a cooled sampler in halves: not whole.
        let halves = DirichletPriors.alpha(after: found, counts: counts.map { $0 + ($0 > 0 ? 0.01 : 0) }, topics: 5)
        for (x, y) in zip(halves, found) { #expect(abs(x - y) < 0.1 * y) }
    }

    @Test func recoversBeta() {
        var random = Xoshiro(seed: 8)
        let (words, topics) = (2000, 12)
        for truth in [0.05, 0.5] {
            var statistics = [Float](repeating: 0, count: words * topics)
            for k in 0..<topics {
                let phi = random.dirichlet([Double](repeating: truth, count: words))
                var sums: [Double] = []
                var sum = 0.0
                for share in phi {
                    sum += share
                    sums.append(sum)
                }
                for _ in 0..<20_000 {
                    let u = random.uniform() * sum
                    var (low, high) = (0, words - 1)
                    while low < high {
                        let middle = (low + high) / 2
                        if sums[middle] > u { high = middle } else { low = middle + 1 }
                    }
                    statistics[low * topics + k] += 1
                }
            }
            let found = DirichletPriors.beta(after: 0.1, statistics: statistics, topics: topics, rounds: 300)
            // 24,000 weights, of which some 3,000 are above 0 with the smaller β: 5 deviations of 1/√3000.
            #expect(abs(found - truth) < 0.1 * truth, "\(found)")
        }
    }

    @Test func oddInput() {
        let bounds = DirichletPriors.bounds
        func sane(_ alpha: [Double]) -> Bool { alpha.allSatisfy { bounds.contains($0) } }
        #expect(DirichletPriors.alpha(after: [0.1, 0.2], counts: [0, 0, 0, 0], topics: 2) == [0.1, 0.2])
        #expect(DirichletPriors.alpha(after: [0.1, 0.2], counts: [], topics: 2) == [0.1, 0.2])
        #expect(DirichletPriors.alpha(after: [], counts: [], topics: 0) == [])
        // Topic 1 is used by nobody; one document.
        let unused = DirichletPriors.alpha(after: [0.1, 0.1], counts: [5, 0], topics: 2, rounds: 100)
        #expect(sane(unused) && unused[1] == bounds.lowerBound)
        let bad: [Float] = [.nan, .infinity, -3, 1e-30, 1e30, .leastNonzeroMagnitude]
        #expect(sane(DirichletPriors.alpha(after: [0.1, 0.1, 0.1], counts: bad, topics: 3, rounds: 50)))
        #expect(sane(DirichletPriors.alpha(after: [.nan, -1, .infinity], counts: [1, 2, 3], topics: 3)))
        // All documents alike: α goes up to its bound, and no further.
        let alike = DirichletPriors.alpha(after: [1, 1], counts: (0..<200).map { _ in 50 }, topics: 2, rounds: 1000)
        #expect(sane(alike) && alike[0] > 10)
        #expect(DirichletPriors.beta(after: 0.3, statistics: [0, 0], topics: 2) == 0.3)
        #expect(DirichletPriors.beta(after: .nan, statistics: [], topics: 0) == bounds.lowerBound)
        #expect(bounds.contains(DirichletPriors.beta(after: 0.1, statistics: bad, topics: 2, rounds: 50)))
        #expect(bounds.contains(DirichletPriors.beta(after: 0.1, statistics: [7], topics: 1, rounds: 50)))
    }

    @Test func isQuick() {
        var random = Xoshiro(seed: 1)
        var counts = [Float](repeating: 0, count: 18_641 * 32)
        for index in counts.indices where random.uniform() < 0.3 { counts[index] = Float(random.gamma(0.5) * 20) }
        let time = milliseconds {
            _ = DirichletPriors.alpha(after: [Double](repeating: 0.1, count: 32), counts: counts, topics: 32)
        }
        let statistics = counts
        let beta = milliseconds { _ = DirichletPriors.beta(after: 0.1, statistics: statistics, topics: 32) }
        print("DirichletPriors: α \(time) ms, β \(beta) ms for 18,641 × 32")
        // Far more than it takes on an idle core.
        #expect(time < 500 && beta < 500)
    }
}
