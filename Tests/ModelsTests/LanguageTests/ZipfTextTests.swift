import CLMat
import Foundation
import Testing

@testable import Models

@Suite struct ZipfTextTests {
    @Test func countsFollowTheLaw() throws {
        let (words, tokens) = (1000, 100_000)
        let data = try ZipfText(words: words, tokens: tokens, seed: 3).draw()
        #expect(data.train.count == tokens && data.validation.count == tokens / 10)
        #expect(data.vocabulary.count == words && data.vocabulary.tokens == tokens)
        // Of word r: N / (r · H), with a binomial's deviation; five of them.
        let harmonic = (1...words).reduce(0.0) { $0 + 1 / Double($1) }
        for rank in [1, 2, 5, 10, 30] {
            let expected = Double(tokens) / (Double(rank) * harmonic)
            let found = try #require(data.vocabulary.id(of: "\(rank - 1)").map { data.vocabulary.counts[Int($0)] })
            #expect(
                abs(Double(found) - expected) < 5 * expected.squareRoot(), "rank \(rank): \(found), not \(expected)")
        }
        #expect(data.train.counts == data.vocabulary.counts)
    }

    @Test func seedsDraw() throws {
        func draw(_ seed: UInt64) throws -> [Int32] {
            try ZipfText(words: 50, tokens: 500, seed: seed).draw().train.ids(0..<500)
        }
        #expect(try draw(1) == draw(1))
        #expect(try draw(1) != draw(2))
    }

    @Test func anExponentOfZeroIsUniform() throws {
        let counts = try ZipfText(words: 4, tokens: 4000, exponent: 0).draw().vocabulary.counts
        #expect(counts.allSatisfy { abs($0 - 1000) < 5 * 28 })
    }

    @Test func whatCannotBeDrawnIsRefused() {
        for text in [
            ZipfText(words: 0, tokens: 10), ZipfText(words: 1 << 30, tokens: 10), ZipfText(words: 5, tokens: 1),
            ZipfText(words: 5, tokens: 10, exponent: .nan), ZipfText(words: 5, tokens: 10, exponent: -1),
            ZipfText(words: 5, tokens: 10, validationTokens: 0),
        ] { #expect(throws: CLMatError.self) { try text.draw() } }
    }
}
