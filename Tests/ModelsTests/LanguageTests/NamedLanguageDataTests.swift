import CLMat
import Foundation
import Testing

@testable import Models

@Suite struct NamedLanguageDataTests {
    /// Counts by rank as in table 5.1 of B. Jiang's dissertation (UCB/EECS-2018-34), which count <eos>.
    @Test(.enabled(if: hasData("ptb"), "needs CLMAT_DATA, a folder that holds ptb/"))
    func pennTreebankIsThatOfTheLiterature() throws {
        let data = try LanguageData.load("ptb")
        #expect(data.vocabulary.count == 10_000)
        #expect([data.train.count, data.validation.count, data.test?.count] == [929_589, 73_760, 82_430])
        #expect(data.vocabulary.countsByRank.map(\.tokens) == [284_831, 220_678, 230_649, 193_431])
        #expect(data.vocabulary.words.prefix(4) == ["the", "<unk>", "<eos>", "N"])
        #expect(data.vocabulary.cut == .init())
        // Half of the words occur no more than 15 times.
        #expect(data.vocabulary.counts[5000] <= 15 && data.vocabulary.counts[4900] >= 15)
        // The windows of the usual recipe.
        let windows = try TokenWindows(data.train, batch: 20, steps: 20)
        #expect(windows.stepsPerEpoch == 2323)
        let scored = try data.validation.scoringWindows(batch: 20, steps: 20).reduce(0) { $0 + $1.count }
        #expect(scored == 73_759)
    }

    /// The numbers that a tokeniser of regular expressions in Python finds by the same rules.
    @Test(.enabled(if: hasData("novels"), "needs CLMAT_DATA, a folder that holds novels/"))
    func novelsAreWordsAndPunctuation() throws {
        let data = try LanguageData.load("novels")
        #expect([data.train.count, data.validation.count, data.test?.count] == [1_231_521, 68_414, 68_414])
        #expect(data.vocabulary.count == 18_209 && data.vocabulary.tokens == data.train.count)
        #expect(data.vocabulary.cut == .init(words: 10_526, tokens: 10_526))
        #expect(data.vocabulary.words.prefix(6) == [",", "the", ".", "and", "to", "\""])
        #expect(data.vocabulary.unknownID.map { data.vocabulary.counts[Int($0)] } == 10_526)
        #expect(
            data.notes.contains { $0.contains("815 words of the validation text (991 of 68414 tokens)") },
            "\(data.notes)")
        // Alice comes first, as 11-0.txt does.
        let start = try data.vocabulary.encode("CHAPTER I. Down the Rabbit-Hole")
        #expect(data.train.ids(0..<start.count) == start)
    }
}
