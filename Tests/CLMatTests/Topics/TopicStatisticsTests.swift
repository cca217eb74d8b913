import Foundation
import TestSupport
import Testing

@testable import CLMat
@testable import ModelOperations

/// Statistics and the topics that follow from them.
extension TopicKernelTests {
    struct Sizes: Sendable, CustomTestStringConvertible {
        let words, topics: Int
        var testDescription: String { "\(words) words, \(topics) topics" }
    }
    static let sizes = [
        Sizes(words: 1, topics: 1), Sizes(words: 0, topics: 3), Sizes(words: 7, topics: 15),
        Sizes(words: 37, topics: 17),
        Sizes(words: TestSize.large(211, small: 13), topics: 33),
        Sizes(words: 5, topics: TestSize.large(2048, small: 257)),
    ]

    /// n ← keep n + add · new / m − old / m′, over rounds at growing rates: each takes away what the one before put in.
    @Test(arguments: sizes, Device.all)
    func statisticsFollowTheSamplesThroughChangingRates(_ size: Sizes, on device: Device) throws {
        let (v, k) = (size.words, size.topics)
        var sampler = try TopicSampler(words: v, topics: k, on: device)
        var problem = try Problem(
            documents: 4, words: v, topics: k, .poisson, rate: 1, counts: [1, 9], seed: 31)
        let documents = try SparseCounts(problem.rows, on: device)
        let phi = try Matrix(problem.phi, v, k, on: device)
        var random = SplitMix64(seed: 32)
        let start = random.floats(v * k, in: 0...3)
        var (expected, magnitude) = (start.map(Double.init), start.map(Double.init))
        var statistics = try Matrix(start, v, k, on: device)
        var theta = try Matrix(problem.theta, 4, k, on: device)
        var counts = try TopicCounts(words: v, topics: k, on: device)
        var (old, oldRates) = ([Int32](repeating: 0, count: v * k), [Float](repeating: 1, count: k))
        let rounds: [(rate: Float, keep: Float, add: Float, drop: Bool)] = [
            (1, 1, 1, true), (2.5, 1, 1, true), (10, 0.9, 0.3, false), (4, 1, 2, true),
        ]
        for (index, round) in rounds.enumerated() {
            problem.sampling.rates = (0..<k).map { round.rate * Float(1 + $0 % 3) }
            var given: TopicCounts? = counts
            _ = try sampler.sample(
                documents, theta: &theta, phi: phi, alpha: problem.alpha, by: problem.sampling, counts: &given,
                RandomKey(seed: 33, step: index, stream: 0))
            // What is given stays as it is until it is merged.
            #expect(try given?.rates == oldRates && given?.counts.values == old)
            let copies = (statistics, given!)
            let before = try statistics.values
            counts = given!
            try sampler.merge(
                into: &statistics, replacing: &counts, by: problem.sampling, keep: round.keep, add: round.add,
                drop: round.drop)
            let fresh = try counts.counts.values
            #expect(counts.rates == problem.sampling.rates)
            try expectNone(bitDifference(copies.0.values, before))
            #expect(try copies.1.counts.values == old)
            for i in expected.indices {
                let added = Double(round.add) * Double(fresh[i]) / Double(problem.sampling.rates[i % k])
                let taken = round.drop ? Double(old[i]) / Double(oldRates[i % k]) : 0
                magnitude[i] += added + taken
                expected[i] = max(0, Double(round.keep) * expected[i] + added - taken)
            }
            // Seven roundings of each term a round.
            try expectNone(difference(statistics.values, expected) { 8 * epsilon * magnitude[$0] })
            (old, oldRates) = (fresh, problem.sampling.rates)
        }
        #expect(v == 0 || old.contains { $0 > 0 })
    }

    /// The multinomial form draws with its first rate for all topics, whatever the others say.
    @Test(arguments: Device.all)
    func theMultinomialFormHasOneRate(on device: Device) throws {
        var problem = try Problem(
            documents: 6, words: 7, topics: 5, .multinomial, rate: 3, counts: [1, 4, 20], seed: 24)
        let found = try Self.sample(problem, on: device)
        problem.sampling.rates = [3, 100, .nan, 0, -1]
        let again = try Self.sample(problem, on: device)
        #expect(again.samples == found.samples)
        expectNone(bitDifference(again.theta, found.theta))
        expectNone(bitDifference(again.scores, found.scores))
    }

    @Test(arguments: sizes, Device.all)
    func normalisedTopicsAddUpToOne(_ size: Sizes, on device: Device) throws {
        let (v, k) = (size.words, size.topics)
        let sampler = try TopicSampler(words: v, topics: k, on: device)
        var random = SplitMix64(seed: 41)
        var n = random.floats(v * k, in: 0...9)
        // The last topic has no words.
        for w in 0..<v { n[w * k + k - 1] = 0 }
        for beta: Float in [0, 0.01, 2] {
            var phi = try Matrix(filledWith: 7, Shape(v, k), on: device)
            let kept = phi
            let totals = try sampler.normalise(Matrix(n, v, k, on: device), beta: beta, into: &phi)
            #expect(totals.shape == Shape(1, k))
            let expected = (0..<k).map { t in (0..<v).reduce(0.0) { $0 + Double(n[$1 * k + t]) + Double(beta) } }
            try expectNone(difference(totals.values, expected) { Double(v + 4) * epsilon * expected[$0] })
            let topics = (0..<v * k).map { i -> Double in
                expected[i % k] > 0 ? (Double(n[i]) + Double(beta)) / expected[i % k] : 0
            }
            try expectNone(difference(phi.values, topics) { Double(v + 8) * epsilon * topics[$0] })
            #expect(try kept.values.allSatisfy { $0 == 7 })
        }
    }
}
