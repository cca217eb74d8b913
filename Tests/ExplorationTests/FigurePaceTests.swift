import Testing

@testable import Exploration

/// How often figures are computed while a run goes on.
@Suite struct FigurePaceTests {
    /// One that takes a second, among five, comes back within a minute and a half three times, and then by its share of the machine.
    @Test func aRunThatHasJustBegunIsLookedAtSooner() {
        let second: UInt64 = 1_000_000_000
        // On one processor, a hundredth of it for five of them.
        let pace = FigureBoard.Pace(share: 0.01 / Double(FigureBoard.cores), period: 100_000_000)
        let rests = (0..<5).map { pace.rest(after: second, of: 5, turns: $0) / second }
        #expect(rests == [4, 16, 64, 495, 495])
        // What is cheap is shown no oftener than a window is drawn.
        #expect(pace.rest(after: 1000, of: 5, turns: 0) == 99_999_000)
        #expect(pace.rest(after: 1000, of: 5, turns: 0) == pace.rest(after: 1000, of: 5, turns: 9))
    }
}
