import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct GeneratedClickTests {
    /// Made once, since features are millions.
    static let made = Result { try SyntheticClicks.data(records: 10_000) }

    static func records(_ count: Int, first: Int = 0, seed: UInt64 = 1) throws -> SyntheticClicks {
        try SyntheticClicks(name: "made", first: first, count: count, seed: seed, vocabulary: made.get().vocabulary)
    }

    /// The law as it is written: a weight of variance 0.09, a vector of variance 0.25 per number.
    @Test func weightsAndVectorsHaveTheirVariances() {
        var (weights, vectors): ([Double], [Double]) = ([], [])
        for value in 0..<4000 {
            weights.append(Double(SyntheticLaw.weight(5, value)))
            let vector = SyntheticLaw.vector(5, value)
            for i in 0..<4 { vectors.append(Double(vector[i])) }
        }
        for (numbers, variance) in [(weights, 0.09), (vectors, 0.25)] {
            let n = Double(numbers.count)
            let mean = numbers.reduce(0, +) / n
            let found = numbers.reduce(0) { $0 + $1 * $1 } / n
            // The mean's deviation is √(v/n), the variance's v·√(2/n).
            #expect(
                abs(mean) < 4 * (variance / n).squareRoot()
                    && abs(found - variance) < 4 * variance * (2 / n).squareRoot())
        }
        // One key, one draw: what is kept in a table is what is drawn when it is asked for, and fields differ.
        #expect(
            SyntheticLaw.weight(5, 7) == SyntheticLaw.weight(5, 7)
                && SyntheticLaw.weight(5, 7) != SyntheticLaw.weight(4, 7))
    }

    @Test func drawsFollowTheLaw() {
        let distribution = HarmonicDistribution(100, shift: 2)
        #expect(abs((0..<100).reduce(0) { $0 + distribution.probability($1) } - 1) < 1e-12)
        // The inverse of the distribution function on a fine grid.
        var counts = [Int](repeating: 0, count: 100)
        let steps = 100_000
        for step in 0..<steps { counts[distribution.draw((Double(step) + 0.5) / Double(steps))] += 1 }
        for number in 0..<100 {
            #expect(abs(Double(counts[number]) - Double(steps) * distribution.probability(number)) <= 1.01, "\(number)")
        }
        #expect(distribution.draw(0) == 0 && distribution.draw(1 - 0x1p-53) == 99)
        #expect(HarmonicDistribution(1, shift: 2).draw(0.9) == 0)
    }

    @Test func recordsAreFunctionsOfTheirNumbers() throws {
        let data = try Self.made.get()
        #expect(SyntheticClicks.features == 6_667_770 && data.vocabulary.count == 6_667_770)
        #expect(data.train.count == 10_000 && data.test.count == 1000)
        let all = try data.train.batch(0..<300)
        #expect(all.features.count == 39 * 300 && all.features.allSatisfy { $0 >= 0 && $0 < 6_667_770 })
        let part = try data.train.batch(100..<120)
        #expect(
            Array(all.features[39 * 100..<39 * 120]) == part.features && Array(all.labels[100..<120]) == part.labels)
        // Those to be scored on follow.
        #expect(try Self.records(10_050).batch(10_000..<10_050) == data.test.batch(0..<50))
        #expect(try Self.records(9, first: 70).batch(0..<9) == data.train.batch(70..<79))
        #expect(try Self.records(9, seed: 6).batch(0..<9) != data.train.batch(0..<9))
        #expect(throws: CLMatError.self) { try data.train.batch(9999..<10_001) }
        #expect(throws: CLMatError.self) { try Self.records(1 << 40).batch(0..<1 << 39) }
    }

    /// z from the definition, for records whose values are known.
    @Test func logitsAreSumsOfWeightsAndProducts() throws {
        let train = try Self.records(40)
        var records: [(values: [Int], chance: Double, uniform: Double)] = []
        train.forEach(0..<40) { values, _, chance, uniform in records.append((values.map(Int.init), chance, uniform)) }
        let labels = try train.batch(0..<40).labels
        let oracle = try #require(try train.oracle(0..<40))
        for (record, drawn) in records.enumerated() {
            var logit = -1.2
            for field in 0..<39 { logit += Double(SyntheticLaw.weight(field, drawn.values[field])) }
            for field in 0..<10 {
                let (u, v) = (
                    SyntheticLaw.vector(field, drawn.values[field]),
                    SyntheticLaw.vector(field + 1, drawn.values[field + 1])
                )
                for i in 0..<4 { logit += Double(u[i]) * Double(v[i]) }
            }
            // Products of 32-bit floats, 40 of them below 4.
            #expect(try abs(train.logit(of: record) - logit) < 1e-5)
            #expect(abs(drawn.chance - 1 / (1 + exp(-logit))) < 1e-5 && Float(drawn.chance) == oracle[record])
            #expect(labels[record] == (drawn.uniform < drawn.chance ? 1 : 0))
            #expect((0..<39).allSatisfy { drawn.values[$0] < [10, 100, 1000, 10_000, 100_000, 1_000_000][$0 % 6] })
        }
        #expect(throws: CLMatError.self) { try train.logit(of: 40) }
    }

    /// About a third are clicks, and what the oracle loses is its own uncertainty: within three standard errors.
    @Test func theOracleIsRight() throws {
        let count = 10_000
        let train = try Self.made.get().train
        let labels = try train.batch(0..<count).labels
        let chances = try #require(try train.oracle(0..<count))
        var (clicks, expected, spread, score, entropy, squares) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for (label, chance) in zip(labels, chances) {
            let (y, p) = (Double(label), Double(chance))
            let likelihood = y > 0 ? log(p) : log1p(-p)
            clicks += y
            expected += p
            spread += p * (1 - p)
            score += likelihood
            entropy += p * log(p) + (1 - p) * log1p(-p)
            squares += p * log(p) * log(p) + (1 - p) * log1p(-p) * log1p(-p) - pow(p * log(p) + (1 - p) * log1p(-p), 2)
        }
        #expect(abs(clicks - expected) < 3 * spread.squareRoot())
        #expect(abs(score - entropy) < 3 * squares.squareRoot())
        // 33.0 % and -0.389 of 200,000 records.
        let n = Double(count)
        #expect(
            abs(clicks / n - 0.330) < 3 * (0.33 * 0.67 / n).squareRoot()
                && abs(score / n + 0.389) < 3 * 0.55 / n.squareRoot())
    }

    @Test func idsAreRanksByTheLaw() throws {
        let data = try Self.made.get()
        // Seven fields of ten values come first: 1/(2·(1/2 + … + 1/11)) of ten thousand each.
        let sum = (2...11).reduce(0.0) { $0 + 1 / Double($1) }
        #expect(
            data.vocabulary.count(of: 0) == Int((1e4 / (2 * sum)).rounded())
                && data.vocabulary.count(of: 6) == data.vocabulary.count(of: 0))
        #expect(data.vocabulary.count(of: 7) < data.vocabulary.count(of: 6))
        // What was drawn follows what is expected: ranks 0–9 have so many of 39 × 2000 draws.
        let batch = try data.train.batch(0..<2000)
        let found = batch.features.reduce(0) { $0 + ($1 < 10 ? 1 : 0) }
        let expected = (0..<10).reduce(0.0) { $0 + Double(data.vocabulary.count(of: Int32($1))) } / 5
        #expect(abs(Double(found) - expected) < 4 * expected.squareRoot())
        // Each field has ids of its own.
        var fields: [Int32: Int] = [:]
        var isOfOneField = true
        for (place, id) in batch.features.enumerated() {
            if let field = fields[id], field != place % 39 { isOfOneField = false }
            fields[id] = place % 39
        }
        #expect(isOfOneField)
    }

    @Test func generatedFeaturesCanBeCounted() throws {
        var options = ClickOptions()
        options.countsGenerated = true
        options.unseenRoom = 8
        let data = try SyntheticClicks.data(records: 500, options)
        let train = try data.train.batch(0..<500)
        var counts: [Int32: Int] = [:]
        for id in train.features { counts[id, default: 0] += 1 }
        #expect((0..<data.vocabulary.counted).allSatisfy { counts[Int32($0)] == data.vocabulary.count(of: Int32($0)) })
        #expect(data.vocabulary.total == 500 * 39 && data.vocabulary.counts == data.vocabulary.counts.sorted(by: >))
        #expect(try data.test.batch(0..<50).features.contains { Int($0) >= data.vocabulary.counted })
        options.minimumCount = 3
        options.unseenRoom = 0
        let frequent = try SyntheticClicks.data(records: 500, options)
        #expect(frequent.vocabulary.counts.allSatisfy { $0 >= 3 })
        #expect(try frequent.train.batch(0..<500).features.count == frequent.vocabulary.total)
        // Labels do not change with ids.
        #expect(try frequent.train.batch(0..<500).labels == train.labels)
    }

    @Test func zipfFeaturesFollowOneLaw() throws {
        let clicks = try ZipfClicks(features: 1000, count: 4000, seed: 2)
        let batch = try clicks.batch(0..<4000)
        #expect(batch.count == 4000 && batch.features.count == 39 * 4000)
        var counts = [Int](repeating: 0, count: 1000)
        for id in batch.features { counts[Int(id)] += 1 }
        let vocabulary = clicks.vocabulary(records: 4000)
        for ranks in RankCounts.decades(upTo: 1000) {
            let expected = Double(vocabulary.counts(of: [ranks])[0].tokens)
            #expect(abs(Double(counts[ranks].reduce(0, +)) - expected) < 5 * expected.squareRoot() + 10)
        }
        // ln(1 + 1/10) / ln(101) of all.
        #expect(abs(vocabulary.count(of: 0) - Int(39 * 4000 * log(1.1) / log(101))) <= 1)
        #expect(abs(vocabulary.total - 39 * 4000) < 500)
        #expect(try clicks.batch(17..<30).features == Array(batch.features[39 * 17..<39 * 30]))
        let chances = try #require(try clicks.oracle(0..<4000))
        let (found, expected) = (batch.labels.reduce(0, +), chances.reduce(0, +))
        // The deviation of a sum of 4,000 labels is 32 at most.
        #expect(abs(found - expected) < 100)
    }

    @Test func namesOfGeneratorsHaveNumbers() throws {
        var options = ClickOptions()
        options.countsGenerated = true
        let data = try ClickData.load("synthetic:2000:7", options)
        #expect(data.train.count == 2000 && data.test.count == 200)
        #expect(try data.train.batch(0..<20).labels == Self.records(20, seed: 7).batch(0..<20).labels)
        let zipf = try ClickData.load("zipf:5000:100:3")
        #expect(zipf.vocabulary.count == 5000 && zipf.train.count == 100 && zipf.test.count == 10)
        for name in [
            "synthetic", "synthetic:", "synthetic:x", "synthetic:0", "synthetic:-5", "synthetic:5:", "synthetic:5:1:1",
            "zipf:5", "zipf:5:0",
            "zipf:99999999999:5",
        ] {
            #expect {
                try ClickData.load(name)
            } throws: { error in
                guard case .invalidValue? = error as? CLMatError else { return false }
                return true
            }
        }
        options.test = "x"
        #expect(throws: CLMatError.self) { try ClickData.load("synthetic:20", options) }
        options = ClickOptions()
        options.buckets = 50
        let hashed = try ClickData.load("synthetic:20", options)
        #expect(hashed.vocabulary.count == 50)
        #expect(try hashed.train.batch(0..<20).features.allSatisfy { (0..<50).contains($0) })
        #expect(throws: CLMatError.self) { try ClickData.load("zipf:50:20", options) }
    }
}
