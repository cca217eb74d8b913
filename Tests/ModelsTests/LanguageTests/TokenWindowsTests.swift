import CLMat
import Exploration
import Testing

@testable import Models

@Suite struct TokenWindowsTests {
    /// The tokens 0, 1, 2, …: a token is its own position.
    static func counting(_ count: Int) throws -> TokenText {
        try TokenText(
            name: "numbers", ids: (0..<count).map(Int32.init),
            vocabulary: LanguageVocabulary(numberedByCounts: [Int](repeating: 1, count: count)))
    }

    @Test func columnsGoOnFromWindowToWindow() throws {
        // 23 targets in 3 columns of 7, windows of 3: two per pass, and 23 − 18 targets are left over.
        let source = try TokenWindows(Self.counting(24), batch: 3, steps: 3)
        #expect(source.stepsPerEpoch == 2)
        let first = try source.batch(at: DataPlace(step: Step(1, seed: 1)))
        #expect(first.inputs == [0, 7, 14, 1, 8, 15, 2, 9, 16])
        #expect(first.targets == first.inputs.map { $0 + 1 })
        #expect(first.isFirstOfPass && first.pass == 0)
        let second = try source.batch(at: DataPlace(step: Step(2, seed: 1)))
        #expect(second.inputs == first.inputs.map { $0 + 3 })
        #expect(!second.isFirstOfPass)
        let third = try source.batch(at: DataPlace(step: Step(3, seed: 9), position: 77, count: 5))
        #expect(third.inputs == first.inputs && third.isFirstOfPass && third.pass == 1)
        #expect(source.notes.count == 1 && source.notes[0].contains("leave 5 over"), "\(source.notes)")
        // What is made again is the same.
        #expect(try source.batch(at: DataPlace(step: Step(2, seed: 4))) == second)
    }

    @Test func nothingIsLeftOverWhereAllFits() throws {
        let source = try TokenWindows(Self.counting(13), batch: 2, steps: 3)
        #expect(source.stepsPerEpoch == 2 && source.notes.isEmpty)
        var seen: [Int32] = []
        for step in 1...2 { seen += try source.batch(at: DataPlace(step: Step(step, seed: 1))).targets }
        #expect(seen.sorted() == Array(1...12))
    }

    @Test(arguments: [
        (2, 1, 1), (2, 1, 9), (10, 3, 2), (10, 9, 1), (24, 5, 20), (25, 4, 2), (101, 20, 5), (101, 20, 2), (40, 20, 20),
    ])
    func scoringPredictsEachTokenButTheFirstOnce(tokens: Int, batch: Int, steps: Int) throws {
        let text = try Self.counting(tokens)
        var (seen, last): ([Int32], [Int32]) = ([], [])
        for (number, window) in try text.scoringWindows(batch: batch, steps: steps).enumerated() {
            #expect(window.targets == window.inputs.map { $0 + 1 })
            #expect(window.isFirstOfPass == (number == 0) && window.count == window.steps * window.batch)
            #expect(window.steps <= steps && window.steps >= 1)
            // The state of each column goes on where the last window's ended.
            let starts = Array(window.inputs.prefix(window.batch))
            if number > 0 { #expect(starts == Array(last.prefix(window.batch))) }
            last = Array(window.targets.suffix(window.batch))
            seen += window.targets
        }
        #expect(seen.sorted() == (1..<Int32(tokens)).map { $0 })
    }

    @Test func onlyTheLastWindowIsNarrower() throws {
        let windows = try Self.counting(25).scoringWindows(batch: 5, steps: 3)
        #expect(windows.map(\.batch) == [5, 5, 4])
        #expect(windows.map(\.steps) == [3, 1, 1])
    }

    @Test func sizesThatDoNotFitSayWhichDo() throws {
        let text = try Self.counting(10)
        #expect {
            try TokenWindows(text, batch: 10, steps: 1)
        } throws: {
            "\($0)".contains("'10' is not a value for batch. It takes 1 to 9 columns")
        }
        #expect(throws: CLMatError.self) { try TokenWindows(text, batch: 0, steps: 1) }
        #expect {
            try TokenWindows(text, batch: 3, steps: 0)
        } throws: {
            "\($0)".contains("1 to 3 steps")
        }
        #expect {
            try TokenWindows(text, batch: 3, steps: 4)
        } throws: {
            "\($0)".contains("1 to 3 steps") && "\($0)".contains("up to 2 columns")
        }
        #expect(throws: CLMatError.self) { try text.scoringWindows(batch: 10, steps: 5) }
        #expect(throws: CLMatError.self) { try text.scoringWindows(batch: 1, steps: -3) }
        #expect(throws: CLMatError.self) {
            try TokenWindows(text, batch: 1, steps: 1).batch(at: DataPlace(step: Step(0, seed: 1)))
        }
    }

    @Test func aTextNeedsTwoTokensOfItsVocabulary() throws {
        let words = try LanguageVocabulary(words: ["a", "b"], counts: [2, 1])
        #expect {
            try TokenText(name: "short", ids: [1], vocabulary: words)
        } throws: {
            "\($0)".contains("short has 1 token")
        }
        for wrong in [Int32(2), -1, .max] {
            #expect {
                try TokenText(name: "x", ids: [0, 1, wrong, 0], vocabulary: words)
            } throws: {
                "\($0)".contains("position 2 is \(wrong)") && "\($0)".contains("2 words")
            }
        }
        let onDevice = try IntVector([Int32]([0, 1, 1]), on: .cpu)
        #expect(try TokenText(name: "x", ids: onDevice, vocabulary: words).ids(1..<9) == [1, 1])
    }
}
