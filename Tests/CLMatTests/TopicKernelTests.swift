import CLMatKernels
import Foundation
import TestSupport
import Testing

@testable import CLMat

/// The cooled Gibbs sampler against one round of it in plain Swift, from the same random words; and what must hold of its
/// samples whatever the words are.
@Suite struct TopicKernelTests {
    // MARK: One round in plain Swift

    /// A minibatch, and where a round starts.
    struct Problem: Sendable {
        var rows: SparseRows
        var topics: Int
        var theta: [Float]
        var phi: [Float]
        var alpha: [Float]
        var sampling: TopicSampling
        var first = 0
        var key = RandomKey(seed: 0x0123_4567_89AB_CDEF, step: 5_000_000_001, stream: 9)

        /// Documents of some words each, among them empty ones; word 1 has no weight, word 4 but for its last topics; one
        /// document's θ is 0.
        init(
            documents: Int, words: Int, topics: Int, _ form: TopicSampling.Form, rate: Float, counts: [Int32],
            seed: UInt64
        ) throws {
            var random = SplitMix64(seed: seed)
            var (starts, indices, numbers) = ([Int32(0)], [Int32](), [Int32]())
            for d in 0..<documents {
                // The first, the last and each fifth are empty.
                if d > 0, d + 1 < documents, d % 5 != 4 {
                    for w in 0..<words where words == 1 || random.next() % 3 != 0 {
                        indices.append(Int32(w))
                        numbers.append(counts[Int(random.next() % UInt64(counts.count))])
                    }
                }
                starts.append(Int32(indices.count))
            }
            rows = try SparseRows(columns: words, starts: starts, indices: indices, counts: numbers)
            self.topics = topics
            theta = random.floats(documents * topics, in: 0...10).map { $0 < 3 ? 0.01 : $0 }
            if documents > 3 { for k in 0..<topics { theta[2 * topics + k] = 0 } }
            phi = random.floats(words * topics, in: 0...1).map { $0 * $0 / Float(max(1, words)) }
            if words > 4 {
                for k in 0..<topics { phi[topics + k] = 0 }
                for k in 0..<max(0, topics - 3) { phi[4 * topics + k] = 0 }
            }
            alpha = random.floats(topics, in: 0.01...0.5)
            sampling = TopicSampling(form, samples: rate, topics: topics)
            if form == .poisson { sampling.rates = sampling.rates.map { $0 * Float(1 + random.next() % 4) } }
        }
    }

    /// Samples by document and topic, and by word and topic.
    struct Samples: Equatable {
        var byDocument: [Int]
        var byWord: [Int]
        var total: Int { byDocument.reduce(0, +) }
    }

    static let tables: [UInt32] = {
        let values = try? PoissonTables(on: .cpu).words.values
        return (values ?? []).map { UInt32(bitPattern: $0) }
    }()

    /// A draw's words: counter (index, stream | block · 2⁸, step low, step high | attempt · 2¹⁶).
    static func words(_ key: RandomKey, _ index: Int, block: Int, attempt: Int = 0) -> [UInt32] {
        let w = clmat_philox_words(
            UInt32(truncatingIfNeeded: index), key.stream | UInt32(truncatingIfNeeded: block << 8),
            UInt32(truncatingIfNeeded: key.step), UInt32(key.step >> 32) | UInt32(attempt << 16),
            UInt32(truncatingIfNeeded: key.seed), UInt32(key.seed >> 32)
        ).words
        return [w.0, w.1, w.2, w.3]
    }

    static func unit(_ word: UInt32) -> Double { Double(word >> 8) * 0x1p-24 }

    /// Below 256: a search from 0 for the part behind the point, an alias table for the whole one. From there on: Hörmann's
    /// algorithm PTRS.
    static func poisson(_ key: RandomKey, _ index: Int, _ topic: Int, _ mean: Double, _ w: UInt32, _ v: UInt32) -> Int {
        guard mean > 0 else { return 0 }
        guard mean < 256 else {
            let b = 0.931 + 2.53 * mean.squareRoot()
            let a = -0.059 + 0.02483 * b
            let alpha = 1.1239 + 1.1328 / (b - 3.4)
            var (w, v) = (w, v)
            for attempt in 0... {
                let (x, y) = (unit(w) - 0.5, unit(v) + 0x1p-24)
                let edge = max(1e-7, 0.5 - abs(x))
                let k = ((2 * a / edge + b) * x + mean + 0.43).rounded(.down)
                if edge >= 0.07, y <= 0.9277 - 3.6224 / (b - 2) { return Int(k) }
                if k >= 0, !(edge < 0.013 && y > edge),
                    log(y * alpha / (a / (edge * edge) + b)) <= k * log(mean) - mean - lgamma(k + 1)
                {
                    return Int(k)
                }
                let next = words(key, index, block: 0x40_0000 + topic, attempt: attempt)
                (w, v) = (next[0], next[1])
            }
            return 0
        }
        let whole = Int(mean)
        var (n, p) = (0, exp(-(mean - Double(whole))))
        var c = p
        while unit(w) > c, n < 16 {
            n += 1
            p *= (mean - Double(whole)) / Double(n)
            c += p
        }
        guard whole > 0 else { return n }
        let row = tables[whole]
        let bits = row >> 18 & 15
        let column = v >> (32 - bits)
        let rest = (v << bits) >> 8
        let entry = tables[Int((row & 0x3ffff) + column)]
        return n + Int(row >> 22) + Int(rest < entry >> 8 ? column : entry & 255)
    }

    static func round(_ problem: Problem) -> Samples {
        let (rows, topics, key) = (problem.rows, problem.topics, problem.key)
        var samples = Samples(
            byDocument: [Int](repeating: 0, count: rows.rows * topics),
            byWord: [Int](repeating: 0, count: rows.columns * topics))
        let quads = (topics + 31) / 32 * 8
        for d in 0..<rows.rows {
            for j in Int(rows.starts[d])..<Int(rows.starts[d + 1]) {
                let (w, count, index) = (Int(rows.indices[j]), Double(rows.counts[j]), problem.first + j)
                let p = (0..<topics).map { k in
                    Double(problem.theta[d * topics + k]) * Double(problem.phi[w * topics + k])
                }
                let sum = p.reduce(0, +)
                guard sum >= 1e-28, sum < 3e38 else { continue }
                func poissons(_ scale: Double, _ rates: [Float]?) -> [Int] {
                    let x = (0..<quads).map { words(key, index, block: $0) }
                    let y = (0..<quads).map { words(key, index, block: $0, attempt: 1) }
                    return (0..<topics).map { k in
                        poisson(
                            key, index, k, scale * Double(rates?[k] ?? 1) * p[k] / sum, x[k % quads][k / quads],
                            y[k % quads][k / quads])
                    }
                }
                var drawn = [Int](repeating: 0, count: topics)
                if problem.sampling.form == .poisson {
                    drawn = poissons(count, problem.sampling.rates)
                } else {
                    let u = unit(words(key, index, block: 0x3f_ffff)[0])
                    let wanted = count * Double(problem.sampling.rates[0])
                    let total = Int(wanted) + (u < wanted - wanted.rounded(.down) ? 1 : 0)
                    if total > 32 {
                        let s = total < 4096 ? 2.0 : total < 65536 ? 3.0 : total < 1 << 22 ? 4.5 : 6.5
                        drawn = poissons(Double(total) - s * Double(total).squareRoot(), nil)
                        if drawn.reduce(0, +) > total { drawn = [Int](repeating: 0, count: topics) }
                    }
                    var ends = p
                    for k in 1..<max(1, topics) { ends[k] += ends[k - 1] }
                    for i in 0..<total - drawn.reduce(0, +) {
                        // Blocks of 32 draws: eight quads, component by component.
                        let quad = words(key, index, block: 0x80_0000 + i / 32 * 8 + i % 8)
                        let point = unit(quad[i % 32 / 8]) * sum
                        drawn[ends.firstIndex { $0 > point } ?? topics - 1] += 1
                    }
                }
                for k in 0..<topics {
                    samples.byDocument[d * topics + k] += drawn[k]
                    samples.byWord[w * topics + k] += drawn[k]
                }
            }
        }
        return samples
    }

    // MARK: One round on a device

    struct Found {
        var samples: Samples
        var theta: [Float]
        /// D × 2
        var scores: [Float]
    }

    static func sample(_ problem: Problem, on device: Device) throws -> Found {
        let (rows, topics) = (problem.rows, problem.topics)
        let documents = try SparseCounts(rows, on: device)
        var sampler = try TopicSampler(words: rows.columns, topics: topics, on: device)
        var theta = try Matrix(problem.theta, rows.rows, topics, on: device)
        let phi = try Matrix(problem.phi, rows.columns, topics, on: device)
        let before = try TopicCounts(words: rows.columns, topics: topics, on: device)
        var given: TopicCounts? = before
        let scores = try sampler.sample(
            documents, theta: &theta, phi: phi, alpha: problem.alpha, by: problem.sampling, counts: &given,
            first: problem.first, problem.key)
        #expect(scores.shape == Shape(rows.rows, 2))
        var statistics = try Matrix(zeros: Shape(rows.columns, topics), on: device)
        var counts = before
        try sampler.merge(into: &statistics, replacing: &counts, by: problem.sampling)
        let values = try theta.values
        let byDocument = values.indices.map { i -> Int in
            let rate = problem.sampling.ratesDrawn[i % topics]
            let number = ((Double(values[i]) - Double(problem.alpha[i % topics])) * Double(rate)).rounded()
            return number.isFinite ? Int(number) : -1
        }
        return try Found(
            samples: Samples(byDocument: byDocument, byWord: counts.counts.values.map(Int.init)), theta: values,
            scores: scores.values)
    }

    /// What must hold of any round: θ, its samples, and the sums by word agree, and so do the scores.
    static func checkLaws(_ problem: Problem, _ found: Found, _ comment: String) {
        let (rows, topics) = (problem.rows, problem.topics)
        let (samples, rates) = (found.samples, problem.sampling.ratesDrawn)
        #expect(samples.byDocument.allSatisfy { $0 >= 0 } && samples.byWord.allSatisfy { $0 >= 0 }, "\(comment)")
        // θ = samples / m + α, in a quotient and a sum.
        expectNone(
            difference(
                found.theta,
                samples.byDocument.indices.map {
                    Double(samples.byDocument[$0]) / Double(rates[$0 % topics]) + Double(problem.alpha[$0 % topics])
                }, ulps: 3), comment)
        for k in 0..<topics {
            let (ofDocuments, ofWords) = (
                stride(from: k, to: samples.byDocument.count, by: topics).reduce(0) { $0 + samples.byDocument[$1] },
                stride(from: k, to: samples.byWord.count, by: topics).reduce(0) { $0 + samples.byWord[$1] }
            )
            #expect(ofDocuments == ofWords, "topic \(k), \(comment)")
        }
        for d in 0..<rows.rows {
            let theta = problem.theta[d * topics..<(d + 1) * topics].map(Double.init)
            let weight = theta.reduce(0, +)
            var (likelihood, magnitude, least, most) = (0.0, 0.0, 0, 0)
            for j in Int(rows.starts[d])..<Int(rows.starts[d + 1]) {
                let (w, count) = (Int(rows.indices[j]), Double(rows.counts[j]))
                let sum = (0..<topics).reduce(0) { $0 + theta[$1] * Double(problem.phi[w * topics + $1]) }
                likelihood += count * log(sum / weight)
                magnitude += count * (1 + abs(log(sum / weight)))
                if sum >= 1e-28, sum < 3e38 {
                    let wanted = Int(count * Double(rates[0]))
                    least += wanted
                    most += wanted + 1
                }
            }
            // Sums of up to K and N terms, a quotient and a logarithm of 2 ulp.
            let terms = Double(topics / 16 + 16 + Int(rows.starts[d + 1] - rows.starts[d]) + 8)
            expectNone(
                difference(
                    [found.scores[2 * d]], [likelihood],
                    within: terms * epsilon * magnitude + Double(topics) * epsilon * magnitude), comment)
            let moved = (0..<topics).reduce(0.0) {
                $0 + 0.5 * abs(Double(found.theta[d * topics + $1]) - Double(problem.theta[d * topics + $1]))
            }
            let bound = Double(topics + 4) * epsilon * moved
            expectNone(difference([found.scores[2 * d + 1]], [moved], within: bound), comment)
            if problem.sampling.form == .multinomial {
                let total = samples.byDocument[d * topics..<(d + 1) * topics].reduce(0, +)
                #expect(total >= least && total <= most, "document \(d) has \(total) samples, \(comment)")
            }
        }
    }

    static func distance(_ a: [Int], _ b: [Int]) -> Int { zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) } }

    /// The few draws that lie at a threshold, where floats and doubles fall on different sides: each of K thresholds is off by
    /// some 2⁻²⁴, so with 2048 topics one draw in ten thousand differs, or is one of a topic's two thousand neighbours.
    static func expectSame(_ found: Samples, _ expected: Samples, _ comment: String) {
        let allowed = 4 + expected.total / 20_000
        let (byDocument, byWord) = (
            distance(found.byDocument, expected.byDocument), distance(found.byWord, expected.byWord)
        )
        #expect(byDocument <= allowed, "\(byDocument) of \(expected.total) samples by document, \(comment)")
        #expect(byWord <= allowed, "\(byWord) of \(expected.total) samples by word, \(comment)")
    }

    // MARK: Against the reference

    static let topicCounts =
        TestSize.isSmall
        ? [1, 2, 15, 17, 33, 257, 2048] : [1, 2, 15, 16, 17, 31, 32, 33, 63, 100, 257, 2048]

    @Test(arguments: topicCounts, Device.all)
    func aRoundAgreesWithItsDefinition(_ topics: Int, on device: Device) throws {
        for form in TopicSampling.Form.allCases {
            // Few samples a word, many, and so many that one topic has hundreds.
            for (rate, counts): (Float, [Int32]) in [(1, [1, 2, 5]), (2.3, [1, 7, 15, 40]), (100, [1, 3, 60])] {
                let isCut = TestSize.isSmall && topics > 100
                let problem = try Problem(
                    documents: TestSize.large(13, small: isCut ? 3 : 5),
                    words: isCut ? 3 : TestSize.large(37, small: 7),
                    topics: topics, form, rate: rate, counts: counts, seed: UInt64(topics))
                let comment = "\(form), \(rate) samples a token"
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

    // MARK: Distribution

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

    // MARK: Statistics

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

    // MARK: Inference

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

    // MARK: Refusals

    /// A round that would be done, and what is changed so that it must not be.
    struct Attempt {
        var documents: SparseCounts
        var theta: Matrix
        var phi: Matrix
        var alpha: [Float]
        var sampling: TopicSampling
        var counts: TopicCounts?
        var statistics: Matrix
        var first = 0
        var rounds = 1
        var key = RandomKey(seed: 1, stream: 0)
        var sampler: TopicSampler

        init(on d: Device) throws {
            let rows = try SparseRows(columns: 4, starts: [0, 1, 3], indices: [0, 1, 3], counts: [1, 2, 3])
            documents = try SparseCounts(rows, on: d)
            theta = try Matrix(filledWith: 1, Shape(2, 3), on: d)
            phi = try Matrix(filledWith: 1, Shape(4, 3), on: d)
            alpha = [1, 1, 1]
            sampling = TopicSampling(.poisson, samples: 2, topics: 3)
            counts = try TopicCounts(words: 4, topics: 3, on: d)
            statistics = try Matrix(filledWith: 1, Shape(4, 3), on: d)
            sampler = try TopicSampler(words: 4, topics: 3, on: d)
        }
        mutating func sample() throws {
            _ = try sampler.sample(
                documents, theta: &theta, phi: phi, alpha: alpha, by: sampling, counts: &counts, first: first, key)
        }
        mutating func merge() throws {
            var own = counts!
            defer { counts = own }
            try sampler.merge(into: &statistics, replacing: &own, by: sampling)
        }
        mutating func normalise() throws { _ = try sampler.normalise(statistics, beta: 1, into: &phi) }
        mutating func infer() throws {
            try sampler.infer(documents, theta: &theta, phi: phi, alpha: alpha, rounds: rounds)
        }
        mutating func score() throws { _ = try sampler.logLikelihood(of: documents, theta: theta, phi: phi) }
    }

    struct TopicRefusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let error: String
        /// Changes what fits, with the help of a second device.
        let spoil: @Sendable (inout Attempt, Device) throws -> Void
        let tries: [@Sendable (inout Attempt) throws -> Void]

        init(
            _ name: String, _ error: String, in tries: [@Sendable (inout Attempt) throws -> Void],
            _ spoil: @escaping @Sendable (inout Attempt, Device) throws -> Void
        ) {
            (testDescription, self.error, self.tries, self.spoil) = (name, error, tries, spoil)
        }
    }

    private static let sampleOnly: [@Sendable (inout Attempt) throws -> Void] = [{ try $0.sample() }]
    private static let onDocuments: [@Sendable (inout Attempt) throws -> Void] = [
        { try $0.sample() }, { try $0.infer() }, { try $0.score() },
    ]
    private static let onStatistics: [@Sendable (inout Attempt) throws -> Void] = [
        { try $0.merge() }, { try $0.normalise() },
    ]
    private static let samplingOnly: [@Sendable (inout Attempt) throws -> Void] = [
        { try $0.sample() }, { try $0.merge() },
    ]

    static let refusals = [
        TopicRefusal("rows of θ", "shapeMismatch", in: onDocuments) {
            $0.theta = try Matrix(zeros: Shape(3, 3), on: $1)
        },
        TopicRefusal("columns of θ", "shapeMismatch", in: onDocuments) {
            $0.theta = try Matrix(zeros: Shape(2, 4), on: $1)
        },
        TopicRefusal("rows of φ", "shapeMismatch", in: onDocuments) { $0.phi = try Matrix(zeros: Shape(5, 3), on: $1) },
        TopicRefusal("φ on its side", "shapeMismatch", in: onDocuments + [{ try $0.normalise() }]) {
            $0.phi = try Matrix(zeros: Shape(3, 4), on: $1)
        },
        TopicRefusal("too few α", "shapeMismatch", in: [{ try $0.sample() }, { try $0.infer() }]) { a, _ in
            a.alpha = [1, 1]
        },
        TopicRefusal("documents of more words", "shapeMismatch", in: onDocuments) { a, d in
            a.documents = try SparseCounts(
                SparseRows(columns: 5, starts: [0, 1, 2], indices: [4, 4], counts: [1, 1]), on: d)
        },
        TopicRefusal("statistics and φ of another shape", "shapeMismatch", in: onStatistics) { a, d in
            a.statistics = try Matrix(zeros: Shape(4, 5), on: d)
            a.phi = a.statistics
        },
        TopicRefusal("counts of another shape", "shapeMismatch", in: samplingOnly) {
            $0.counts = try TopicCounts(words: 3, topics: 4, on: $1)
        },
        TopicRefusal("too few rates", "invalidArgument", in: samplingOnly) { a, _ in a.sampling.rates = [1, 1] },
        TopicRefusal("no rates", "invalidArgument", in: samplingOnly) { a, _ in a.sampling.rates = [] },
        TopicRefusal("no rates, multinomial", "invalidArgument", in: samplingOnly) { a, _ in
            a.sampling = TopicSampling(.multinomial, samples: 1, topics: 0)
        },
        TopicRefusal("a rate of 0", "invalidArgument", in: samplingOnly) { a, _ in a.sampling.rates[1] = 0 },
        TopicRefusal("a rate of NaN", "invalidArgument", in: samplingOnly) { a, _ in a.sampling.rates[1] = .nan },
        TopicRefusal("a negative rate", "invalidArgument", in: samplingOnly) { a, _ in a.sampling.rates[2] = -1 },
        TopicRefusal("an infinite rate", "invalidArgument", in: samplingOnly) { a, _ in
            a.sampling.rates[2] = .infinity
        },
        TopicRefusal("a multinomial rate of NaN", "invalidArgument", in: samplingOnly) { a, _ in
            a.sampling = TopicSampling(.multinomial, samples: .nan, topics: 3)
        },
        TopicRefusal("a million and one samples", "invalidArgument", in: samplingOnly) { a, _ in
            a.sampling.rates[0] = 1_000_001
        },
        TopicRefusal("samples past 2³¹", "invalidArgument", in: sampleOnly) { a, d in
            a.documents = try SparseCounts(
                SparseRows(columns: 4, starts: [0, 1, 1], indices: [0], counts: [3_000]), on: d)
            a.sampling = TopicSampling(.multinomial, samples: 1e6, topics: 3)
        },
        TopicRefusal("a stream of 256", "invalidArgument", in: sampleOnly) { a, _ in a.key.stream = 256 },
        TopicRefusal("a step of 2⁴⁸", "invalidArgument", in: sampleOnly) { a, _ in a.key.step = 1 << 48 },
        TopicRefusal("a negative first", "invalidArgument", in: sampleOnly) { a, _ in a.first = -1 },
        TopicRefusal("a first of 2³²", "invalidArgument", in: sampleOnly) { a, _ in a.first = 1 << 32 },
        TopicRefusal("an endless first", "invalidArgument", in: sampleOnly) { a, _ in a.first = .max },
        TopicRefusal("no rounds", "invalidArgument", in: [{ try $0.infer() }]) { a, _ in a.rounds = 0 },
        TopicRefusal("endless rounds", "invalidArgument", in: [{ try $0.infer() }]) { a, _ in a.rounds = .max },
    ]

    private static func expectRefused(_ refusal: TopicRefusal, _ error: String, _ own: Device, _ other: Device) throws {
        for (index, attempt) in refusal.tries.enumerated() {
            var state = try Attempt(on: own)
            try refusal.spoil(&state, other)
            let before = state
            #expect(thrownCase { try attempt(&state) } == error, "attempt \(index)")
            try expectNone(bitDifference(state.theta.values, before.theta.values))
            try expectNone(bitDifference(state.phi.values, before.phi.values))
            try expectNone(bitDifference(state.statistics.values, before.statistics.values))
            #expect(try state.counts?.counts.values == before.counts?.counts.values)
            #expect(state.counts?.rates == before.counts?.rates)
        }
    }

    @Test(arguments: refusals, Device.all)
    func whatDoesNotFitThrowsAndChangesNothing(_ refusal: TopicRefusal, on device: Device) throws {
        try Self.expectRefused(refusal, refusal.error, device, device)
    }

    /// What is refused above is refused for its one change alone.
    @Test(arguments: Device.all)
    func whatFitsIsDone(on device: Device) throws {
        for attempt in Self.onDocuments + Self.onStatistics {
            var state = try Attempt(on: device)
            try attempt(&state)
        }
    }

    static let twoDevices = [
        TopicRefusal("documents", "", in: onDocuments) { a, d in
            a.documents = try SparseCounts(
                SparseRows(columns: 4, starts: [0, 1, 1], indices: [0], counts: [3]), on: d)
        },
        TopicRefusal("θ", "", in: onDocuments) { $0.theta = try Matrix(zeros: Shape(2, 3), on: $1) },
        TopicRefusal("φ", "", in: onDocuments + [{ try $0.normalise() }]) {
            $0.phi = try Matrix(zeros: Shape(4, 3), on: $1)
        },
        TopicRefusal("statistics", "", in: onStatistics) { $0.statistics = try Matrix(zeros: Shape(4, 3), on: $1) },
        TopicRefusal("statistics and φ", "", in: onStatistics) { a, d in
            a.statistics = try Matrix(zeros: Shape(4, 3), on: d)
            a.phi = a.statistics
        },
        TopicRefusal("counts", "", in: samplingOnly) { $0.counts = try TopicCounts(words: 4, topics: 3, on: $1) },
    ]

    @Test(arguments: twoDevices, Device.openCL)
    func operandsOnTwoDevicesThrowAndChangeNothing(_ refusal: TopicRefusal, with device: Device) throws {
        for (own, other) in [(Device.cpu, device), (device, Device.cpu)] {
            try Self.expectRefused(refusal, "deviceMismatch", own, other)
        }
    }

    @Test(arguments: Device.all)
    func sizesThatCannotBeThrow(on device: Device) throws {
        for (words, topics) in [(4, 0), (4, -1), (4, 2049), (-1, 3), (1 << 40, 3), (.max, 2048), (1 << 21, 2048)] {
            #expect(
                thrownCase { _ = try TopicSampler(words: words, topics: topics, on: device) } == "invalidArgument",
                "\(words) × \(topics)")
        }
        for (words, topics) in [(-1, 3), (3, -1), (Int.max, 2), (1 << 31, 1)] {
            #expect(
                thrownCase { _ = try TopicCounts(words: words, topics: topics, on: device) } == "invalidArgument",
                "\(words) × \(topics)")
        }
        let six = try IntVector([1, 2, 3, 4, 5, 6] as [Int32], on: device)
        for words in [1, -2, .max, 7] {
            #expect(thrownCase { _ = try TopicCounts(six, rates: [1, 1], words: words) } == "shapeMismatch")
        }
        for rate: Float in [0, -1, .nan, .infinity] {
            #expect(thrownCase { _ = try TopicCounts(six, rates: [1, rate], words: 3) } == "invalidArgument")
        }
        #expect(try TopicCounts(six, rates: [1, 1], words: 3).shape == Shape(3, 2))
    }

    @Test(arguments: Device.all)
    func keysOfNumbersAreRefusedToo(on device: Device) throws {
        let ones = try Matrix(filledWith: 1, Shape(1, 3), on: device)
        let three = try IntVector([1, 2, 3] as [Int32], on: device)
        for key in [
            RandomKey(seed: 1, stream: 256), RandomKey(seed: 1, step: 1 << 48, stream: 0),
            RandomKey(seed: 1, step: -1, stream: 0),
        ] {
            #expect(thrownCase { _ = try Matrix(gamma: ones, key) } == "invalidArgument")
            #expect(thrownCase { _ = try IntVector(poisson: ones, key) } == "invalidArgument")
            #expect(thrownCase { _ = try IntVector(binomial: three, chances: ones, key) } == "invalidArgument")
        }
        let key = RandomKey(seed: 1, stream: 0)
        let two = try Matrix(filledWith: 1, Shape(1, 2), on: device)
        #expect(thrownCase { _ = try IntVector(binomial: three, chances: two, key) } == "shapeMismatch")
        if device != .cpu {
            let other = try Matrix(filledWith: 1, Shape(1, 3), on: .cpu)
            #expect(thrownCase { _ = try IntVector(binomial: three, chances: other, key) } == "deviceMismatch")
        }
    }
}
