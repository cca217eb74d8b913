import Foundation
import TestSupport
import Testing

@testable import CLMat
@testable import ModelOperations

/// The samples of many documents of one word, against the moments of their form.
extension TopicKernelTests {
    struct Draws: Sendable, CustomTestStringConvertible {
        let form: TopicSampling.Form
        let rate: Float
        let count: Int32
        let topics: Int
        var testDescription: String { "\(form), \(rate) × \(count) samples, \(topics) topics" }
    }

    static let draws = [
        Draws(form: .multinomial, rate: 1, count: 1, topics: 5),
        Draws(form: .multinomial, rate: 2.5, count: 3, topics: 7),
        Draws(form: .multinomial, rate: 0.3, count: 1, topics: 3),
        Draws(form: .multinomial, rate: 8, count: 4, topics: 37),
        Draws(form: .multinomial, rate: 11, count: 3, topics: 37),
        Draws(form: .multinomial, rate: 10.3, count: 4, topics: 5),
        Draws(form: .multinomial, rate: 100, count: 30, topics: 4), Draws(form: .poisson, rate: 1, count: 1, topics: 5),
        Draws(form: .poisson, rate: 20, count: 3, topics: 37), Draws(form: .poisson, rate: 20, count: 3, topics: 1),
        Draws(form: .poisson, rate: 100, count: 30, topics: 4),
    ]

    /// Many documents of one word: totals, shares, variances and correlations of the samples are those of the form.
    @Test(arguments: draws, Device.all)
    func samplesHaveTheDistributionOfTheirForm(_ draw: Draws, on device: Device) throws {
        let n = TestSize.large(20_000, small: 150)
        let topics = draw.topics
        var problem = try Problem(
            documents: 0, words: 1, topics: topics, draw.form, rate: draw.rate, counts: [1], seed: 1)
        problem.rows = try SparseRows(
            columns: 1, starts: (0...n).map(Int32.init), indices: [Int32](repeating: 0, count: n),
            counts: [Int32](repeating: draw.count, count: n))
        problem.sampling = TopicSampling(draw.form, samples: draw.rate, topics: topics)
        problem.alpha = [Float](repeating: 0, count: topics)
        // Shares 1 : 2 : 3 … from both factors.
        problem.phi = (0..<topics).map { $0 % 2 == 0 ? 2 : 1 }
        let weights = (0..<topics).map { Float($0 % 5 + 1) }
        problem.theta = (0..<n).flatMap { _ in weights }
        let p = (0..<topics).map { Double(weights[$0]) * Double(problem.phi[$0]) }
        let share = p.map { $0 / p.reduce(0, +) }

        let found = try Self.sample(problem, on: device).samples
        let x = (0..<n).map { d in found.byDocument[d * topics..<(d + 1) * topics].map(Double.init) }
        let wanted = Double(draw.rate) * Double(draw.count)
        let totals = x.map { $0.reduce(0, +) }
        if draw.form == .multinomial {
            let more = totals.count { $0 == wanted.rounded(.down) + 1 }
            #expect(totals.allSatisfy { $0 == wanted.rounded(.down) || $0 == wanted.rounded(.down) + 1 })
            let rest = wanted - wanted.rounded(.down)
            #expect(abs(Double(more) - Double(n) * rest) <= 5 * (Double(n) * rest * (1 - rest)).squareRoot() + 1e-3)
        } else {
            expectNone(
                Distributions.momentsDiffer(
                    totals, mean: wanted, variance: wanted, fourth: 3 * wanted * wanted + wanted))
        }
        let all = (0..<topics).map { k in x.reduce(0) { $0 + $1[k] } }
        let fit = Distributions.fit(all.map { Int($0) }, share.map { $0 * totals.reduce(0, +) })
        #expect(fit > SamplerKernelTests.leastProbability, "χ² of the topics has the probability \(fit)")

        // Each topic for itself, given the total R: variance R p (1 − p), against m c p of a Poisson number.
        let isPoisson = draw.form == .poisson
        let z = (0..<topics).map { k in
            (0..<n).map { d -> Double in
                let mean = (isPoisson ? wanted : totals[d]) * share[k]
                let variance = isPoisson ? mean : mean * (1 - share[k])
                return variance > 0 ? (x[d][k] - mean) / variance.squareRoot() : 0
            }
        }
        let few = min(topics, 12)
        let deviation = 1 / Double(n).squareRoot()
        // The fourth moment of a standardised Poisson or binomial number is below 3 + 1/variance.
        for k in 0..<few where wanted >= 1 {
            let least = wanted.rounded(.down) * share[k] * (1 - share[k])
            let variance = z[k].reduce(0) { $0 + $1 * $1 } / Double(n)
            #expect(abs(variance - 1) < 5 * deviation * (2 + 1 / least).squareRoot(), "variance of topic \(k)")
            #expect(abs(z[k].reduce(0, +)) / Double(n) < 5 * deviation, "mean of topic \(k)")
            // Neighbouring nonzeros.
            for lag in 1...3 {
                let r = Distributions.correlation(z[k], z[k].dropFirst(lag), n)
                #expect(abs(r) < 5 * deviation, "topic \(k), nonzeros \(lag) apart")
            }
            // Topics: of a multinomial −√(pq / (1 − p)(1 − q)), of Poisson numbers 0; products of two have a variance below
            // the root of both fourth moments.
            for l in 0..<k {
                let odds = share[k] / (1 - share[k]) * share[l] / (1 - share[l])
                let expected = isPoisson ? 0 : -odds.squareRoot()
                let other = wanted.rounded(.down) * share[l] * (1 - share[l])
                let r = Distributions.correlation(z[k], z[l], n)
                let bound = 5 * deviation * ((3 + 1 / least) * (3 + 1 / other)).squareRoot().squareRoot()
                #expect(abs(r - expected) < bound, "topics \(l) and \(k)")
            }
        }
        // Rounds.
        var next = problem
        next.key.step += 1
        let after = try Self.sample(next, on: device).samples
        for k in 0..<few where wanted >= 1 {
            let y = (0..<n).map { d -> Double in
                let mean = (isPoisson ? wanted : totals[d]) * share[k]
                let variance = isPoisson ? mean : mean * (1 - share[k])
                return (Double(after.byDocument[d * topics + k]) - mean) / max(variance, 1e-9).squareRoot()
            }
            // With a rest the totals of both rounds differ by one, which adds less than 1/wanted to the variance.
            let r = Distributions.correlation(z[k], y, n)
            #expect(abs(r) < 6 * deviation, "topic \(k), two rounds")
        }
    }
}
