import Exploration
import Foundation
import Testing

@testable import Models

/// A training that diverges is said to, and one that is merely bad for a while is not.
@Suite struct LanguageHealthTests {
    private let far = LanguageHealth.limit(vocabulary: 100) + 1

    private func warnings(_ losses: [Double], from first: Int) -> [Warning?] {
        var health = LanguageHealth()
        return losses.enumerated().map { index, loss in
            health.note(loss: loss, vocabulary: 100, at: first + index)
            return health.warning
        }
    }

    @Test func tenWindowsInARowAreADivergence() {
        let found = warnings([Double](repeating: far, count: 12) + [4], from: 50)
        #expect(found.prefix(9).allSatisfy { $0 == nil } && found.last == .some(nil))
        #expect(found[9]?.id == "diverged" && found[9]?.since == 50 && found[11]?.since == 50)
        #expect(found[9]?.text(since: 50).contains("lower the learning rate") == true)
        // ln 100
        #expect(found[9]?.cause.contains("4.61") == true, "\(found[9]?.cause ?? "")")
    }

    @Test func aLeapOrABadBeginningIsNone() {
        #expect(
            warnings([far, far, 4].flatMap { [Double](repeating: $0, count: 4) }, from: 50).allSatisfy { $0 == nil })
        // Steps up to the twentieth do not count.
        let found = warnings([Double](repeating: far, count: 40), from: 1)
        #expect(found.firstIndex { $0 != nil } == 29 && found[29]?.since == 21)
        #expect(warnings([Double](repeating: log(100), count: 40), from: 1).allSatisfy { $0 == nil })
    }

    @Test(arguments: [Double.nan, .infinity, 800])
    func whatIsNoNumberIsSaidAtOnce(_ loss: Double) {
        let found = warnings([4, loss, loss, 4], from: 3)
        #expect(found[0] == nil && found[1]?.id == "lost-perplexity-train" && found[2]?.since == 4)
        #expect(found[1]?.cause.contains(loss.isNaN ? "not a number" : "infinite") == true)
        #expect(found[3] == nil)
    }

    /// The history has 32 bits: what is beyond them is not told as their largest number.
    @Test func aPerplexityBeyondAllNumbersIsInfinite() {
        #expect(LanguageTrainer.perplexity(500) == .infinity && LanguageTrainer.perplexity(88.8) == .infinity)
        #expect(LanguageTrainer.perplexity(88.7) == exp(88.7) && LanguageTrainer.perplexity(4) == exp(4))
        #expect(LanguageTrainer.perplexity(.nan).isNaN)
    }
}
