import CLMatKernels
import Foundation
import TestSupport
import Testing

@testable import CLMat
@testable import ModelOperations

/// θ of new documents, and the likelihood of what they hold.
extension TopicKernelTests {
    /// θ_k ∝ α_k + Σ_w c θ_k φ_kw / Σ_j θ_j φ_jw
    static func infer(_ problem: Problem, _ rounds: Int) -> [Double] {
        let (rows, topics) = (problem.rows, problem.topics)
        var theta = problem.theta.map(Double.init)
        for d in 0..<rows.rows {
            for _ in 0..<rounds {
                var next = problem.alpha.map(Double.init)
                for j in Int(rows.starts[d])..<Int(rows.starts[d + 1]) {
                    let p = (0..<topics).map {
                        theta[d * topics + $0] * Double(problem.phi[Int(rows.indices[j]) * topics + $0])
                    }
                    let sum = p.reduce(0, +)
                    if sum > 0 { for k in 0..<topics { next[k] += Double(rows.counts[j]) * p[k] / sum } }
                }
                let weight = next.reduce(0, +)
                for k in 0..<topics { theta[d * topics + k] = weight > 0 ? next[k] / weight : 0 }
            }
        }
        return theta
    }

    @Test(arguments: topicCounts, Device.all)
    func inferenceAndLikelihoodAgreeWithTheirDefinitions(_ topics: Int, on device: Device) throws {
        let words = TestSize.large(37, small: 7)
        let problem = try Problem(
            documents: TestSize.large(13, small: 4), words: words, topics: topics, .poisson, rate: 1,
            counts: [1, 3, 50],
            seed: UInt64(100 + topics))
        let rows = problem.rows
        let sampler = try TopicSampler(words: words, topics: topics, on: device)
        let documents = try SparseCounts(rows, on: device)
        let phi = try Matrix(problem.phi, words, topics, on: device)
        for rounds in TestSize.isSmall ? [1, 3] : [1, 3, 20] {
            var theta = try Matrix(problem.theta, rows.rows, topics, on: device)
            let kept = theta
            try sampler.infer(documents, theta: &theta, phi: phi, alpha: problem.alpha, rounds: rounds)
            let (found, expected) = (try theta.values, Self.infer(problem, rounds))
            // Sums over topics and words, each round: the errors of one round are carried into the next.
            let bound = Double(rounds * (topics / 16 + words + 24)) * epsilon
            expectNone(difference(found, expected) { bound * max(expected[$0], 1e-3) }, "\(rounds) rounds")
            try expectNone(bitDifference(kept.values, problem.theta))

            let scores = try sampler.logLikelihood(of: documents, theta: theta, phi: phi)
            #expect(scores.shape == Shape(rows.rows, 1))
            var magnitude = [Double](repeating: 0, count: rows.rows)
            let likelihood = (0..<rows.rows).map { d in
                (Int(rows.starts[d])..<Int(rows.starts[d + 1])).reduce(0.0) { sum, j in
                    let p = (0..<topics).reduce(0.0) {
                        $0 + Double(found[d * topics + $1]) * Double(problem.phi[Int(rows.indices[j]) * topics + $1])
                    }
                    magnitude[d] += Double(rows.counts[j]) * (1 + abs(log(p)))
                    return sum + Double(rows.counts[j]) * log(p)
                }
            }
            try expectNone(
                difference(scores.values, likelihood) { Double(topics / 16 + words + 24) * epsilon * magnitude[$0] })
        }
    }

    @Test(arguments: Device.all)
    func whereNothingHasWeightTopicsAreZero(on device: Device) throws {
        let rows = try SparseRows(columns: 2, starts: [0, 0, 1], indices: [1], counts: [3])
        let sampler = try TopicSampler(words: 2, topics: 3, on: device)
        var theta = try Matrix(filledWith: 1, Shape(2, 3), on: device)
        try sampler.infer(
            SparseCounts(rows, on: device), theta: &theta, phi: Matrix([1, 1, 1, 0, 0, 0], 2, 3, on: device),
            alpha: [0, 0, 0], rounds: 2)
        #expect(try theta.values == [0, 0, 0, 0, 0, 0])
    }

    /// The perplexity of words whose documents' topics were inferred from other words, as the peers' script has it: a fixed
    /// example, worked out by its `completion_perplexity` (100 rounds, α = 0.1).
    @Test(arguments: Device.all)
    func inferenceGivesThePeersPerplexity(on device: Device) throws {
        let (d, v, k) = (9, 23, 5)
        func rows(_ count: (Int, Int) -> Int) throws -> SparseRows {
            var (starts, indices, counts) = ([Int32(0)], [Int32](), [Int32]())
            for document in 0..<d {
                for word in 0..<v where count(document, word) > 0 {
                    indices.append(Int32(word))
                    counts.append(Int32(count(document, word)))
                }
                starts.append(Int32(indices.count))
            }
            return try SparseRows(columns: v, starts: starts, indices: indices, counts: counts)
        }
        let observed = try rows { ($0 * 7 + $1 * 3) % 5 == 0 ? 1 + ($0 + $1) % 3 : 0 }
        let scored = try rows { ($0 * 5 + $1 * 2) % 7 < 2 ? 1 + $0 * $1 % 4 : 0 }
        #expect(observed.total == 85 && scored.total == 108)
        let weights = (0..<v * k).map { i in Float(1 + (i % k * 5 + i / k * 11 + i % k * (i / k)) % 17) }
        let sampler = try TopicSampler(words: v, topics: k, on: device)
        var phi = try Matrix(zeros: Shape(v, k), on: device)
        _ = try sampler.normalise(Matrix(weights, v, k, on: device), beta: 0, into: &phi)
        var theta = try Matrix(filledWith: 0.2, Shape(d, k), on: device)
        try sampler.infer(
            SparseCounts(observed, on: device), theta: &theta, phi: phi, alpha: [Float](repeating: 0.1, count: k),
            rounds: 100)
        let scores = try sampler.logLikelihood(of: SparseCounts(scored, on: device), theta: theta, phi: phi).values
        let perplexity = exp(-scores.reduce(0) { $0 + Double($1) } / Double(scored.total))
        // Both compute the rounds in 32 bits.
        #expect(abs(perplexity / 25.10222193984531 - 1) < 1e-5, "\(perplexity)")
    }
}
