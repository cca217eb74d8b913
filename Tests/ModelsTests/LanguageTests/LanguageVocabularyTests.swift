import CLMat
import Foundation
import Testing

@testable import Models

@Suite struct LanguageVocabularyTests {
    private func refuses(_ words: [String], _ counts: [Int], _ saying: String) {
        #expect {
            try LanguageVocabulary(words: words, counts: counts)
        } throws: {
            "\($0)".contains(saying)
        }
    }

    @Test func idsAreRanks() throws {
        let words = try LanguageVocabulary(words: ["the", "<unk>", "<eos>", "whale"], counts: [9, 7, 7, 1])
        #expect(words.count == 4 && words.tokens == 24)
        #expect(words.id(of: "whale") == 3 && words.id(of: "ship") == nil)
        #expect(words.word(0) == "the" && words.word(4) == nil && words.word(-1) == nil)
        #expect(words.unknownID == 1 && words.endID == 2)
        #expect(try words.encode("the ship <eos> whale") == [0, 1, 2, 3])
        #expect(words.decode([0, 3, 2, 1, 77]) == "the whale\n<unk> <?>")
    }

    @Test func whatIsNoVocabularyIsRefused() {
        refuses(["a", "b"], [1], "2 words has 1 counts")
        refuses([], [], "one word at least")
        refuses(["a", "b", "a"], [3, 2, 1], "'a' is in the vocabulary twice, as words 0 and 2")
        refuses(["a", "b"], [1, 2], "sort them by count")
        refuses(["a", ""], [2, 1], "is empty")
        refuses(["a", "b\tc"], [2, 1], "tab")
        refuses(["a", "b"], [1, -1], "count of word 1")
        refuses(["a", "b"], [.max, .max], "count of word 1")
    }

    @Test func formsOfAWordThatLookTheSameAreTwoWords() throws {
        let words = try LanguageVocabulary(words: ["caf\u{E9}", "cafe\u{301}"], counts: [2, 1])
        #expect(words.id(of: "cafe\u{301}") == 1)
        #expect(words != (try LanguageVocabulary(words: ["cafe\u{301}", "caf\u{E9}"], counts: [2, 1])))
    }

    @Test func withoutUnknownANewWordIsAnError() throws {
        let words = try LanguageVocabulary(words: ["to", "be"], counts: [2, 2])
        #expect(throws: CLMatError.unknownName(kind: "word", name: "or", known: ["to", "be"])) {
            try words.encode("to be or not")
        }
        let more = try words.withUnknown()
        #expect(more.unknownID == 2 && more.counts == [2, 2, 0])
        #expect(try more.encode("to be or not") == [0, 1, 2, 2])
        #expect(try more.withUnknown() == more)
    }

    @Test func isReadAgainAsItWasWritten() throws {
        let words = try LanguageVocabulary(
            words: ["the", "#", "<unk>", "naïve", "日"], counts: [9, 7, 5, 1, 0], cut: .init(words: 2, tokens: 3),
            tokenisation: .words)
        #expect(try LanguageVocabulary(text: words.text, path: "v.txt") == words)
        let coded = try JSONEncoder().encode(words)
        #expect(try JSONDecoder().decode(LanguageVocabulary.self, from: coded) == words)
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(
                LanguageVocabulary.self,
                from: Data(#"{"words":["a"],"counts":[],"cut":{"words":0,"tokens":0},"tokenisation":"blanks"}"#.utf8))
        }
    }

    @Test(arguments: [
        ("a\t2\nb\tx\n", "line 2"), ("a\t2\nb\n", "line 2"), ("#\ttokens\tletters\na\t1\n", "line 1"),
        ("#\tcut\t1\t-1\na\t1\n", "line 1"), ("a\t1\nb\t1\t1\n", "line 2"), ("", "one word"), ("a\t1\nb\t2\n", "sort"),
    ])
    func damageIsNamedByItsLine(_ text: String, _ place: String) {
        #expect {
            try LanguageVocabulary(text: text, path: "v.txt")
        } throws: {
            "\($0)".contains(place)
        }
    }

    @Test func countsByRankAddUp() throws {
        // Word r of 1,234 occurs 2,000 − r times.
        let counts = (0..<1234).map { 2000 - $0 }
        let words = try LanguageVocabulary(words: counts.indices.map { "w\($0)" }, counts: counts)
        let found = words.countsByRank
        #expect(found.map(\.ranks) == [0..<10, 10..<100, 100..<1000, 1000..<1234])
        #expect(found.map(\.title) == ["0–9", "10–99", "100–999", "1000–1233"])
        #expect(found.map(\.tokens) == found.map { $0.ranks.map { 2000 - $0 }.reduce(0, +) })
        #expect(found.map(\.tokens).reduce(0, +) == words.tokens)
        #expect(words.counts(of: [0..<2, 1233..<9999, 5000..<6000]).map(\.tokens) == [3999, 767, 0])
        #expect(RankCounts.decades(upTo: 10) == [0..<10])
        #expect(RankCounts.decades(upTo: 0) == [])
    }

    @Test func pointsOfTheRankPlotAreThinnedByTheLogarithm() throws {
        let counts = (1...100_000).map { 1_000_000 / $0 } + [0, 0]
        let words = try LanguageVocabulary(words: counts.indices.map { "w\($0)" }, counts: counts)
        let points = words.rankPoints(perDecade: 20)
        #expect(points.first == RankPoint(rank: 1, count: 1_000_000))
        #expect(points.last == RankPoint(rank: 100_000, count: 10))
        #expect(points.count < 110 && points.count > 60)
        for (point, next) in zip(points, points.dropFirst()) {
            #expect(point.rank < next.rank && point.count == counts[point.rank - 1])
            #expect(next.rank <= max(point.rank + 1, point.rank * 9 / 8 + 1))
        }
        // No more points than words.
        #expect(try LanguageVocabulary(words: ["a"], counts: [1]).rankPoints() == [RankPoint(rank: 1, count: 1)])
        #expect(try LanguageVocabulary(words: ["a"], counts: [0]).rankPoints().isEmpty)
    }
}
