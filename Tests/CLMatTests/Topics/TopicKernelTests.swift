import Foundation
import TestSupport
import Testing

@testable import CLMat
@testable import ModelOperations

/// The cooled Gibbs sampler against one round of it in plain Swift, from the same random words; and what must hold of its
/// samples whatever the words are.
@Suite struct TopicKernelTests {
    // MARK: Against the reference

    static let topicCounts =
        TestSize.isSmall
        ? [1, 2, 15, 17, 33, 257, 2048] : [1, 2, 15, 16, 17, 31, 32, 33, 63, 100, 257, 2048]

    @Test(arguments: topicCounts, Device.all)
    func aRoundAgreesWithItsDefinition(_ topics: Int, on device: Device) throws {
        for form in TopicSampling.Form.allCases {
            // Few samples per word, many, and so many that one topic has hundreds.
            for (rate, counts): (Float, [Int32]) in [(1, [1, 2, 5]), (2.3, [1, 7, 15, 40]), (100, [1, 3, 60])] {
                let isCut = TestSize.isSmall && topics > 100
                let problem = try Problem(
                    documents: TestSize.large(13, small: isCut ? 3 : 5),
                    words: isCut ? 3 : TestSize.large(37, small: 7),
                    topics: topics, form, rate: rate, counts: counts, seed: UInt64(topics))
                let comment = "\(form), \(rate) samples per token"
                let found = try Self.sample(problem, on: device)
                Self.checkLaws(problem, found, comment)
                // A Poisson number of one topic has a whole mean, which floats and doubles split in two ways.
                if topics > 1 || form == .multinomial {
                    Self.expectSame(found.samples, Self.round(problem), comment)
                }
                if TestSize.isSmall, topics > 100, form == .multinomial { break }
            }
        }
    }

    @Test(arguments: Device.all)
    func theKeyAndTheFirstNumberChooseTheWords(on device: Device) throws {
        var problem = try Problem(
            documents: 6, words: 7, topics: 5, .multinomial, rate: 3, counts: [1, 4, 20], seed: 3)
        for (first, key) in [
            (0, RandomKey(seed: 1, step: 0, stream: 0)), (4_000_000_000, RandomKey(seed: 1, step: 0, stream: 255)),
            (Int(UInt32.max) - problem.rows.indices.count, RandomKey(seed: .max, step: 1 << 48 - 1, stream: 7)),
        ] {
            (problem.first, problem.key) = (first, key)
            let found = try Self.sample(problem, on: device)
            Self.checkLaws(problem, found, "first \(first)")
            Self.expectSame(found.samples, Self.round(problem), "first \(first)")
        }
    }

    @Test(arguments: Device.all)
    func nothingAndAlmostNothingAreRounds(on device: Device) throws {
        for form in TopicSampling.Form.allCases {
            for (documents, words) in [(0, 3), (4, 1), (1, 3), (2, 3), (0, 0), (3, 0)] {
                let problem = try Problem(
                    documents: documents, words: words, topics: 3, form, rate: 4, counts: [30], seed: 5)
                let found = try Self.sample(problem, on: device)
                Self.checkLaws(problem, found, "\(documents) documents")
                Self.expectSame(found.samples, Self.round(problem), "\(documents) documents")
            }
        }
    }

    /// Weights that are no numbers, infinite, or so small that samples over them would be infinite have no samples.
    @Test(arguments: [Float.nan, .infinity, 1e-42, 1e-33, 2e38], Device.all)
    func weightsThatAreNoWeightsHaveNoSamples(_ weight: Float, on device: Device) throws {
        for form in TopicSampling.Form.allCases {
            var problem = try Problem(
                documents: 6, words: 5, topics: 37, form, rate: 20, counts: [1, 30], seed: 6)
            for k in 0..<(weight.isFinite ? 37 : 1) { problem.phi[3 * 37 + k] = weight }
            let found = try Self.sample(problem, on: device)
            let expected = Self.round(problem)
            Self.expectSame(found.samples, expected, "\(form)")
            #expect(found.samples.byWord[3 * 37..<4 * 37].allSatisfy { $0 == 0 })
            #expect(found.samples.byWord[..<37].reduce(0, +) > 0)
            #expect(found.theta.allSatisfy { $0.isFinite })
        }
    }

    // MARK: Conservation

    @Test(arguments: Device.all)
    func countsBeyondFloatsAreExact(on device: Device) throws {
        // 2·10⁷ samples and more are past 2²⁴.
        let counts: [Int32] = TestSize.isSmall ? [170_000] : [1_000_000, 170_001, 5_000_000]
        let rows = try SparseRows(
            columns: 3, starts: [0, Int32(counts.count)], indices: counts.indices.map(Int32.init), counts: counts)
        for m: Float in TestSize.isSmall ? [100] : [100, 101] {
            var problem = try Problem(
                documents: 1, words: 3, topics: 5, .multinomial, rate: m, counts: [1], seed: 9)
            problem.rows = rows
            problem.theta = [1, 2, 0, 4, 5]
            problem.phi = [Float](repeating: 1, count: 15)
            let found = try Self.sample(problem, on: device)
            for w in counts.indices {
                let samples = found.samples.byWord[w * 5..<(w + 1) * 5]
                #expect(samples.reduce(0, +) == Int(counts[w]) * Int(m), "word \(w)")
                // Multinomial: each topic within six deviations, and none for one without weight.
                for (k, share) in zip(0..<5, [1.0 / 12, 2.0 / 12, 0, 4.0 / 12, 5.0 / 12]) {
                    let n = Double(counts[w]) * Double(m)
                    #expect(
                        abs(Double(samples[w * 5 + k]) - n * share) <= 6 * (n * share * (1 - share)).squareRoot(),
                        "word \(w), topic \(k)")
                }
            }
        }
    }

    // MARK: Slices and devices

    /// Parts of the CPU's work: any number of threads and slices gives the same bits.
    @Test func theNumberOfSlicesChangesNothing() throws {
        for form in TopicSampling.Form.allCases {
            let problem = try Problem(
                documents: TestSize.large(101, small: 17), words: 29, topics: 33, form, rate: 7.5, counts: [1, 2, 30],
                seed: 21)
            let one = try Self.sample(problem, on: Self.cpu(units: 1, threads: 1))
            Self.checkLaws(problem, one, "one slice")
            for (units, threads) in [(2, 2), (3, 1), (7, 3), (64, 4), (1000, 2)] {
                let found = try Self.sample(problem, on: Self.cpu(units: units, threads: threads))
                #expect(found.samples == one.samples, "\(units) slices")
                expectNone(bitDifference(found.theta, one.theta))
                expectNone(bitDifference(found.scores, one.scores))
            }
        }
    }

    private static func cpu(units: Int, threads: Int) -> Device {
        Device(
            name: "CPU in \(units) slices", kind: .cpu, details: "", memory: 1 << 30, computeUnits: units,
            backend: CPUBackend(threadCount: threads))
    }

    @Test(arguments: Device.openCL)
    func devicesDrawTheSameSamples(_ device: Device) throws {
        for form in TopicSampling.Form.allCases {
            let problem = try Problem(
                documents: TestSize.large(150, small: 4), words: TestSize.large(211, small: 7),
                topics: 40, form, rate: 12, counts: [1, 2, 3, 20], seed: 22)
            let (here, there) = try (Self.sample(problem, on: .cpu), Self.sample(problem, on: device))
            Self.checkLaws(problem, there, "\(form)")
            Self.expectSame(there.samples, here.samples, "\(form)")
        }
    }

    /// Without counts a round is the same, but for the likelihood, which is 0; the sampler keeps the samples before.
    @Test(arguments: Device.all)
    func aRoundWithoutCountsMovesTheta(on device: Device) throws {
        let problem = try Problem(
            documents: 6, words: 7, topics: 17, .multinomial, rate: 3, counts: [1, 4, 20], seed: 23)
        let found = try Self.sample(problem, on: device)
        var sampler = try TopicSampler(words: 7, topics: 17, on: device)
        var theta = try Matrix(problem.theta, 6, 17, on: device)
        let kept = theta
        var none: TopicCounts?
        let scores = try sampler.sample(
            SparseCounts(problem.rows, on: device), theta: &theta, phi: Matrix(problem.phi, 7, 17, on: device),
            alpha: problem.alpha, by: problem.sampling, counts: &none, problem.key)
        #expect(none == nil)
        try expectNone(bitDifference(theta.values, found.theta))
        try expectNone(bitDifference(kept.values, problem.theta))
        let values = try scores.values
        #expect((0..<6).allSatisfy { values[2 * $0] == 0 && values[2 * $0 + 1] == found.scores[2 * $0 + 1] })
        var counts = try TopicCounts(words: 7, topics: 17, on: device)
        var statistics = try Matrix(zeros: Shape(7, 17), on: device)
        try sampler.merge(into: &statistics, replacing: &counts, by: problem.sampling)
        #expect(try counts.counts.values.allSatisfy { $0 == 0 })
    }
}
