import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct TopicScoresTests {
    /// V × K weights, some of them 0, each topic with the sum 1.
    static func phi(words: Int, topics: Int, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        let raw = random.floats(words * topics, in: 0...1).map { $0 < 0.3 ? 0 : $0 * $0 }
        let sums = columnSums(raw, columns: topics)
        return raw.indices.map { Float(Double(raw[$0]) / max(sums[$0 % topics], 1e-9)) }
    }

    @Test func density() {
        #expect(TopicScores.density([0.5, 0, 0.5, 1], topics: 2) == 0.75)
        #expect(TopicScores.density([0.5, 0, 0.5, 1], topics: 2, threshold: 0.6) == 0.25)
        #expect(TopicScores.density([Float](repeating: 1.0 / 3, count: 6), topics: 2) == 1)
        #expect(TopicScores.density([.nan, 0], topics: 1) == 0)
        #expect(TopicScores.density([], topics: 3) == 0 && TopicScores.density([1], topics: 0) == 0)
    }

    @Test(arguments: [(1, 2), (7, 3), (31, 17), (200, 8)])
    func similaritiesAgreeWithTheDefinition(words: Int, topics: Int) {
        let phi = Self.phi(words: words, topics: topics, seed: 1)
        func product(_ i: Int, _ j: Int) -> Double {
            (0..<words).reduce(0) { $0 + Double(phi[$1 * topics + i]) * Double(phi[$1 * topics + j]) }
        }
        var (sum, cosines, terms) = (0.0, 0.0, 0.0)
        for i in 0..<topics {
            for j in 0..<topics where i != j {
                sum += product(i, j)
                let lengths = (product(i, i) * product(j, j)).squareRoot()
                cosines += lengths > 0 ? product(i, j) / lengths : 0
                terms += Double(words)
            }
        }
        // Sums of Doubles in another order.
        #expect(abs(TopicScores.cosineSimilarity(phi, topics: topics) - sum / terms) < 1e-12)
        let pairs = Double(topics * (topics - 1))
        #expect(abs(TopicScores.meanCosine(phi, topics: topics) - cosines / pairs) < 1e-12)
        let other = permuted(phi, (0..<topics).reversed())
        #expect(
            abs(TopicScores.cosineSimilarity(other, topics: topics) - TopicScores.cosineSimilarity(phi, topics: topics))
                < 1e-12)
    }

    @Test func similaritiesOfKnownTopics() {
        #expect(TopicScores.cosineSimilarity([1, 0, 0, 1], topics: 2) == 0)
        // Two uniform topics of 4 words: ¼ · ¼ on the mean.
        #expect(TopicScores.cosineSimilarity([Float](repeating: 0.25, count: 8), topics: 2) == 0.0625)
        #expect(TopicScores.meanCosine([Float](repeating: 0.25, count: 8), topics: 2) == 1)
        #expect(TopicScores.meanCosine([1, 0, 0, 1], topics: 2) == 0)
        // Bars: each crosses 5 of the 9 others, on one word of 5.
        #expect(abs(TopicScores.meanCosine(Bars.phi, topics: 10) - 5.0 / 9 / 5) < 1e-12)
        for phi in [[], [0, 0], [.nan, 1], [1]] as [[Float]] {
            for topics in [0, 1, 2, 3] {
                _ = TopicScores.cosineSimilarity(phi, topics: topics)
                _ = TopicScores.meanCosine(phi, topics: topics)
            }
        }
        #expect(TopicScores.cosineSimilarity([1], topics: 1) == 0 && TopicScores.meanCosine([0, 0], topics: 2) == 0)
    }

    @Test func effectiveTopics() {
        #expect(abs(TopicScores.effectiveTopics(shares: [3, 3, 3, 3]) - 4) < 1e-12)
        #expect(TopicScores.effectiveTopics(shares: [1, 0, 0]) == 1)
        // e^(½ ln 2 + ½ ln 4)
        #expect(abs(TopicScores.effectiveTopics(shares: [0.5, 0.25, 0.25]) - 8.0.squareRoot()) < 1e-12)
        #expect(TopicScores.effectiveTopics(shares: []) == 0)
        #expect(TopicScores.effectiveTopics(shares: [0, .nan, -1, .infinity]) == 0)
        #expect(TopicScores.effectiveTopics(shares: [5e-324, 1]) >= 1)
    }

    @Test(arguments: [(1, 1, 1), (50, 3, 7), (23, 5, 23), (40, 2, 100)])
    func topWordsAreTheHeaviest(words: Int, topics: Int, count: Int) {
        var random = SplitMix64(seed: 4)
        // Few different weights, so that many are equal.
        let phi = random.floats(words * topics, in: 0...6).map { $0.rounded() }
        let found = TopicScores.topWords(phi, topics: topics, count: count)
        for k in 0..<topics {
            let sorted = (0..<words).filter { phi[$0 * topics + k] > 0 }
                .sorted { (-phi[$0 * topics + k], $0) < (-phi[$1 * topics + k], $1) }
            #expect(found[k] == Array(sorted.prefix(count)))
        }
    }

    @Test func topWordsOfOddTopics() {
        #expect(TopicScores.topWords([0, .nan, 0, 1], topics: 2, count: 3) == [[], [1]])
        #expect(TopicScores.topWords([-1, -.infinity, -2], topics: 1, count: 3, above: -.infinity) == [[0, 2]])
        #expect(TopicScores.topWords([1, 2], topics: 2, count: 0) == [[], []])
        #expect(TopicScores.topWords([1, 2], topics: 2, count: -1) == [[], []])
        #expect(TopicScores.topWords([], topics: 2, count: 3) == [[], []])
        #expect(TopicScores.topWords([1], topics: 0, count: 3) == [])
    }

    @Test func sharedTopWords() {
        #expect(TopicScores.sharedTopWords([1, 0, 0, 1], topics: 2) == 0)
        #expect(TopicScores.sharedTopWords([1, 1, 1, 1], topics: 2) == 1)
        // Top words 0 and 1, 1 and 2.
        #expect(abs(TopicScores.sharedTopWords([3, 0, 2, 2, 1, 3], topics: 2, count: 2) - 1.0 / 3) < 1e-12)
        #expect(TopicScores.sharedTopWords([0, 0], topics: 2) == 0 && TopicScores.sharedTopWords([], topics: 0) == 0)
        // Every word of the bars is in two of them.
        #expect(TopicScores.sharedTopWords(Bars.phi, topics: 10) == 1)
    }

    @Test func relevance() {
        let phi: [Float] = [0.5, 0.1, 0.5, 0, 0, 0.9]
        let shares: [Float] = [0.25, 0.75, 0]
        for lambda in [0, 0.6, 1] as [Float] {
            let found = TopicScores.relevance(phi, topics: 2, shares: shares, lambda: lambda)
            let expected = phi.indices.map { index in
                let (weight, share) = (Double(phi[index]), Double(shares[index / 2]))
                guard weight > 0, share > 0 else { return -Double.infinity }
                return Double(lambda) * log(weight) + Double(1 - lambda) * log(weight / share)
            }
            // Three roundings of numbers up to 2.
            #expect(difference(found, expected, within: 8 * epsilon) == nil)
        }
        // Of equally heavy words the rarer one comes first.
        let lift = TopicScores.relevance(phi, topics: 2, shares: shares, lambda: 0)
        #expect(TopicScores.topWords(lift, topics: 2, count: 3, above: -.infinity) == [[0, 1], [0]])
        #expect(TopicScores.relevance([.nan, 1], topics: 1, shares: [0.5], lambda: 1) == [-.infinity, -.infinity])
        #expect(TopicScores.relevance([1], topics: 0, shares: []) == [])
    }
}

@Suite struct CoherenceTests {
    /// Documents as lists of words.
    private func corpus(_ documents: [[Int]], words: Int) throws -> Corpus {
        try Corpus(
            name: "test", vocabulary: (0..<words).map { "w\($0)" },
            rows: Bars.rows(documents.count, words: words) { documents[$0] })
    }

    @Test func knownPairs() throws {
        // 0 and 1 only together, 2 without them, 3 everywhere, 4 nowhere; 5 and 0 independent.
        let coherence = try Coherence(corpus([[0, 1, 3, 5], [0, 1, 3], [2, 3, 5, 5], [2, 3]], words: 6))
        func npmi(_ words: [Int]) -> Double { coherence.npmi(of: [words])[0] }
        #expect(abs(npmi([0, 1]) - 1) < 1e-12)
        #expect(npmi([0, 2]) == -1)
        #expect(abs(npmi([0, 5])) < 1e-12)
        // p(0, 3) = ½ = p(0) p(3)
        #expect(abs(npmi([0, 3])) < 1e-12)
        #expect(npmi([0, 4]) == -1)
        #expect(npmi([3, 3]) == 1)
        #expect(abs(npmi([0, 1, 2]) - (1 - 1 - 1) / 3) < 1e-12)
        #expect(coherence.npmi(of: [[0, 1], [], [2], [0, 2]]) == [npmi([0, 1]), 0, 0, -1])
        #expect(abs(coherence.meanNPMI(of: [[0, 1], [], [2], [0, 2]])) < 1e-12)
        #expect(npmi([-1, 99]) == -1)
        #expect(coherence.npmi(of: []) == [] && coherence.meanNPMI(of: []) == 0)
    }

    @Test(arguments: [1, 63, 64, 65, 200])
    func agreesWithTheDefinition(documents: Int) throws {
        var random = SplitMix64(seed: UInt64(documents))
        let texts = (0..<documents).map { d in [0] + (0..<12).map { _ in Int.random(in: 1..<30, using: &random) } }
        let coherence = try Coherence(corpus(texts, words: 30))
        #expect(coherence.documents == documents)
        let topics = (0..<5).map { _ in (0..<6).map { _ in Int.random(in: 0..<30, using: &random) } }
        let sets = texts.map { Set($0) }
        let n = Double(documents)
        // Asked twice: the second time with the sets that are kept.
        for _ in 0..<2 {
            for (words, found) in zip(topics, coherence.npmi(of: topics)) {
                var (sum, pairs) = (0.0, 0.0)
                for i in words.indices {
                    for j in 0..<i {
                        func share(_ of: Int...) -> Double { Double(sets.count { $0.isSuperset(of: of) }) / n }
                        let both = share(words[i], words[j])
                        pairs += 1
                        sum +=
                            both == 0 ? -1 : both == 1 ? 1 : log(both / share(words[i]) / share(words[j])) / -log(both)
                    }
                }
                #expect(abs(found - sum / pairs) < 1e-12)
                #expect((-1...1).contains(found))
            }
        }
    }

    @Test func takesASample() throws {
        let coherence = try Coherence(corpus((0..<100).map { [$0 % 2] }, words: 2), documents: 10)
        #expect(coherence.documents == 10)
        // Only even documents: word 1 is in none.
        #expect(coherence.npmi(of: [[0, 1], [0, 0]]) == [-1, 1])
    }

    @Test func isQuick() throws {
        var random = SplitMix64(seed: 1)
        let (documents, words) = (50_000, 2000)
        var (starts, indices): ([Int32], [Int32]) = ([0], [])
        for _ in 0..<documents {
            indices += Set((0..<40).map { _ in Int32.random(in: 0..<Int32(words), using: &random) }).sorted()
            starts.append(Int32(indices.count))
        }
        let rows = try SparseRows(
            columns: words, starts: starts, indices: indices, counts: [Int32](repeating: 1, count: indices.count))
        let corpus = try Corpus(name: "test", vocabulary: (0..<words).map { "w\($0)" }, rows: rows)
        let start = try milliseconds(1) { _ = try Coherence(corpus) }
        let coherence = try Coherence(corpus)
        let topics = (0..<32).map { k in (0..<10).map { k * 10 + $0 } }
        let first = milliseconds(1) { _ = coherence.npmi(of: topics) }
        let again = milliseconds { _ = coherence.npmi(of: topics) }
        print("Coherence: start \(start) ms, first \(first) ms, again \(again) ms")
        // Far more than it takes on an idle core.
        #expect(again < 50)
    }
}
