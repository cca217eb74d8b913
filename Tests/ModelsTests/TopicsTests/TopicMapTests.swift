import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct TopicMapTests {
    private func distance(_ a: (x: Double, y: Double), _ b: (x: Double, y: Double)) -> Double {
        ((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)).squareRoot()
    }

    @Test func logarithmIsAccurate() {
        var random = SplitMix64(seed: 1)
        var numbers: [Float] = [0, 1, 0.5, 0x1p-126, 1e-30, 0.707_106_77, 0.707_106_8, 0.999_999_94]
        numbers += random.floats(1000, in: 0...1) + random.floats(1000, in: -80...0).map { exp($0) }
        for number in numbers {
            let found = Double(TopicMap.productWithLog(SIMD8(repeating: number))[3])
            let expected = number == 0 ? 0 : Double(number) * log(Double(number))
            #expect(abs(found - expected) <= 2e-7 * (Double(number) + abs(expected)), "\(number)")
        }
    }

    @Test(arguments: [(1, 2), (7, 3), (8, 4), (9, 5), (1000, 6)])
    func divergencesAgreeWithTheDefinition(words: Int, topics: Int) {
        let phi = TopicScoresTests.phi(words: words, topics: topics, seed: 3)
        func g(_ x: Double) -> Double { x > 0 ? x * log2(x) : 0 }
        let sums = columnSums(phi, columns: topics)
        func weight(_ w: Int, _ k: Int) -> Double { sums[k] > 0 ? Double(phi[w * topics + k]) / sums[k] : 0 }
        var (expected, cosines): ([Double], [Double]) = ([], [])
        for i in 0..<topics {
            for j in 0..<topics {
                var (sum, product, a, b) = (0.0, 0.0, 0.0, 0.0)
                for w in 0..<words {
                    let (p, q) = (weight(w, i), weight(w, j))
                    sum += 0.5 * (g(p) + g(q)) - g(0.5 * (p + q))
                    (product, a, b) = (product + p * q, a + p * p, b + q * q)
                }
                let (none, other) = (sums[i] == 0, sums[j] == 0)
                expected.append(none && other ? 0 : none || other ? 1 : sum)
                cosines.append(none && other ? 1 : none || other ? 0 : product / (a * b).squareRoot())
            }
        }
        let found = TopicMap.jensenShannon(phi: phi, topics: topics)
        #expect(difference(found, expected, within: 1e-6) == nil)
        #expect(difference(TopicMap.cosines(phi: phi, topics: topics), cosines, within: 1e-6) == nil)
        #expect(found.allSatisfy { (0...1).contains($0) })
        for i in 0..<topics { for j in 0..<topics { #expect(found[i * topics + j] == found[j * topics + i]) } }
    }

    @Test func knownTopics() {
        // Topic 0 has word 0, topic 1 word 1, topic 2 both; topic 3 is topic 0 of another scale.
        let phi: [Float] = [1, 0, 0.5, 3, 0, 1, 0.5, 0]
        // JS of (1, 0) and (½, ½): H(¾, ¼) − ½ = 0.811278 − 0.5
        let half = 0.311_278_124
        let expected = [0, 1, half, 0, 1, 0, half, 1, half, half, 0, half, 0, 1, half, 0]
        #expect(difference(TopicMap.jensenShannon(phi: phi, topics: 4), expected, within: 1e-6) == nil)
        let places = TopicMap.place(phi: phi, topics: 4)
        #expect(distance(places[0], places[3]) < 1e-4)
        #expect(abs(distance(places[0], places[1]) - 1) < 1e-3)
    }

    @Test func placesAreDistancesIfThePlaneHoldsThem() {
        // Three topics always lie in a plane, and so do three kinds of them.
        let kinds = TopicScoresTests.phi(words: 40, topics: 3, seed: 9)
        for topics in [3, 7, 250] {
            let phi = (0..<40).flatMap { w in (0..<topics).map { kinds[w * 3 + $0 % 3] } }
            let divergences = TopicMap.jensenShannon(phi: phi, topics: topics)
            let places = TopicMap.place(phi: phi, topics: topics)
            for i in 0..<min(6, topics) {
                for j in 0..<i {
                    #expect(
                        abs(distance(places[i], places[j]) - Double(divergences[i * topics + j]).squareRoot()) < 1e-3)
                }
            }
            #expect(abs(places.reduce(0) { $0 + $1.x }) < 1e-6 * Double(topics))
            #expect(abs(places.reduce(0) { $0 + $1.y }) < 1e-6 * Double(topics))
        }
    }

    @Test func anotherOrderOfTopicsHasTheSamePlaces() {
        let phi = TopicScoresTests.phi(words: 60, topics: 9, seed: 5)
        let order = [3, 0, 8, 1, 7, 2, 6, 4, 5]
        let (a, b) = (TopicMap.place(phi: phi, topics: 9), TopicMap.place(phi: permuted(phi, order), topics: 9))
        for (index, topic) in order.enumerated() { #expect(distance(b[index], a[topic]) < 1e-4) }
        let again = TopicMap.place(phi: phi, topics: 9)
        #expect(zip(a, again).allSatisfy { $0.x == $1.x && $0.y == $1.y })
        #expect((a.map(\.x).max { abs($0) < abs($1) } ?? 0) > 0)
    }

    @Test func oddInput() {
        #expect(TopicMap.place(phi: [], topics: 0).isEmpty)
        let bad: [Float] = [.nan, .infinity, -1, 0, 1e-45, 3e38, 0, 0, 0, 0, 0, 0]
        for phi in [[], [0], [1], [.nan], bad] as [[Float]] {
            for topics in [1, 2, 3, 4, 6, 12] {
                let places = TopicMap.place(phi: phi, topics: topics)
                #expect(places.count == topics && places.allSatisfy { $0.x.isFinite && $0.y.isFinite })
                #expect(TopicMap.cosines(phi: phi, topics: topics).allSatisfy { (0...1).contains($0) })
                #expect(TopicMap.jensenShannon(phi: phi, topics: topics).allSatisfy { (0...1).contains($0) })
            }
        }
        #expect(TopicMap.place(phi: [0.5, 0.5], topics: 1).allSatisfy { $0.x == 0 && $0.y == 0 })
        // Equal topics share a place.
        #expect(TopicMap.place(phi: [0.5, 0.5, 0.5, 0.5], topics: 2).allSatisfy { $0.x == 0 && $0.y == 0 })
    }

    @Test func bothEigenSolversAgree() {
        var random = Xoshiro(seed: 3)
        let n = 30
        // A = Σ λ u uᵀ with λ = 2⁰, 2⁻¹, …: no two are close.
        var a = [Double](repeating: 0, count: n * n)
        for power in 0..<n {
            let u = (0..<n).map { _ in random.normal() }
            for i in 0..<n { for j in 0..<n { a[i * n + j] += pow(0.5, Double(power)) * u[i] * u[j] } }
        }
        let all = SymmetricEigenvectors.jacobi(a, n).sorted { $0.value > $1.value }
        let trace = (0..<n).reduce(0) { $0 + a[$1 * n + $1] }
        #expect(abs(all.reduce(0) { $0 + $1.value } - trace) < 1e-9 * trace)
        for (value, vector) in all {
            for i in 0..<n {
                let product = (0..<n).reduce(0) { $0 + a[i * n + $1] * vector[$1] }
                #expect(abs(product - value * vector[i]) < 1e-9 * trace)
            }
        }
        let few = SymmetricEigenvectors.iterated(a, n, block: 8).sorted { $0.value > $1.value }
        for index in 0..<2 {
            #expect(abs(few[index].value - all[index].value) < 1e-8 * trace)
            let cosine = zip(few[index].vector, all[index].vector).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(abs(cosine) - 1) < 1e-8)
        }
        #expect(SymmetricEigenvectors.leading([], size: 0, count: 2).isEmpty)
        #expect(SymmetricEigenvectors.leading([4], size: 1, count: 2).map(\.value) == [4])
    }

    @Test func isQuick() {
        let phi = TopicScoresTests.phi(words: 15_000, topics: 32, seed: 1)
        let divergences = milliseconds { _ = TopicMap.jensenShannon(phi: phi, topics: 32) }
        let places = milliseconds { _ = TopicMap.place(phi: phi, topics: 32) }
        let cosines = milliseconds { _ = TopicMap.cosines(phi: phi, topics: 32) }
        let top = milliseconds { _ = TopicScores.topWords(phi, topics: 32, count: 30) }
        let relevance = milliseconds {
            _ = TopicScores.relevance(phi, topics: 32, shares: [Float](repeating: 1e-4, count: 15_000))
        }
        let similarity = milliseconds { _ = TopicScores.cosineSimilarity(phi, topics: 32) }
        let density = milliseconds { _ = TopicScores.density(phi, topics: 32) }
        print(
            """
            15,000 × 32: divergences \(divergences) ms, places \(places) ms, cosines \(cosines) ms, top words \(top) ms, \
            relevance \(relevance) ms, similarity \(similarity) ms, density \(density) ms
            """)
        // Far more than it takes on an idle core.
        #expect(places < 300)
    }
}
