import CLMatKernels
import Foundation
import TestSupport
import Testing

@testable import CLMat
@testable import ModelOperations

/// One round of the sampler in plain Swift, and on a device: what the tests compare.
extension TopicKernelTests {
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
}
