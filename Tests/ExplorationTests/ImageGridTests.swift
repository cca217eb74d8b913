import CLMat
import Testing

@testable import Exploration

/// Which value is which light, and what answers a question.
@Suite struct ImageGridTests {
    /// Two rows of three images of one pixel.
    private func grid(
        _ display: ImageGrid.Display, _ contrast: ImageGrid.Contrast, members: [String] = [], channels: Int = 1
    ) -> ImageGrid {
        ImageGrid(
            channels: channels, height: 1, width: 1, columns: 4, display: display,
            cells: [1, -2, 3, .nan, -5, 4, 0.5, 0].map {
                ImageGrid.Cell(values: [Float](repeating: $0, count: channels))
            },
            contrast: contrast, members: members)
    }

    @Test func imagesShareTheScaleOfTheirScope() {
        func highs(_ display: ImageGrid.Display, _ contrast: ImageGrid.Contrast, members: [String] = []) -> [Float] {
            grid(display, contrast, members: members).ends.map(\.upperBound)
        }
        #expect(highs(.signed, .image) == [1, 2, 3, 0, 5, 4, 0.5, 0])
        #expect(highs(.signed, .row) == [3, 3, 3, 3, 5, 5, 5, 5])
        #expect(highs(.diverging, .column) == [5, 4, 3, 0, 5, 4, 3, 0])
        #expect(highs(.diverging, .grid) == [Float](repeating: 5, count: 8))
        // Columns that belong together have one scale.
        #expect(highs(.signed, .column, members: ["a", "b"]) == [5, 5, 3, 3, 5, 5, 3, 3])
        // Only what lies above zero counts where zero is black.
        #expect(highs(.stretched, .image) == [1, 0, 3, 0, 0, 4, 0.5, 0])
        #expect(highs(.stretched, .grid) == [Float](repeating: 4, count: 8))
        #expect(highs(.unit, .grid) == [Float](repeating: 1, count: 8))
    }

    @Test func scalesOfSignedValuesHaveZeroInTheMiddle() {
        #expect(grid(.signed, .row).ends[4] == -5...5 && grid(.diverging, .row).ends[4] == -5...5)
        #expect(grid(.stretched, .row).ends[4] == 0...4 && grid(.unit, .row).ends[4] == 0...1)
    }

    @Test func captionsSayWhatSharesAScale() {
        #expect(grid(.signed, .image).lightWords == "signed, each image by itself")
        #expect(grid(.stretched, .grid).lightWords == "stretched, one scale for the grid")
        #expect(grid(.diverging, .row).lightWords == "two colours, one scale per row")
        #expect(grid(.unit, .row).lightWords == "black 0, white 1")
        // Images in colour have no room for two colours of signs.
        let colour = grid(.diverging, .grid, channels: 3)
        #expect(colour.shownDisplay == .signed && colour.lightWords == "colour images: signed, one scale for the grid")
    }

    @Test func membersThatDoNotDivideTheColumnsAreNoGroups() {
        #expect(grid(.unit, .image, members: ["a", "b"]).memberCount == 2)
        #expect(grid(.unit, .image, members: ["a", "b", "c"]).memberCount == 1)
    }

    // MARK: Questions

    private let neuron = Action.Question(
        "neuron",
        groups: [
            .init("output", arguments: [9], 0...3, names: ["T-shirt", "bag", "ankle boot", "7"]),
            .init("conv1", arguments: [1], 0...19), .init("conv1b", arguments: [2], 0...4),
            .init("labels", arguments: [4], 0...1, names: ["cat", "dog"]),
        ])

    @Test(
        arguments: [
            ("3", [9, 3]), (" bag ", [9, 1]), ("Bag", [9, 1]), ("ankle  boot", [9, 2]), ("tshirt", [9, 0]),
            ("7", [9, 3]),
            ("conv1 17", [1, 17]), ("CONV1 0", [1, 0]), ("conv1b 4", [2, 4]), ("output 2", [9, 2]),
            ("output bag", [9, 1]), ("dog", [4, 1]), ("labels cat", [4, 0]),
        ] as [(String, [Int])])
    func anAnswerIsANumberANameOrALayerWithEither(typed: String, expected: [Int]) throws {
        #expect(try neuron.answer(typed) == expected)
    }

    @Test(
        arguments: [
            ("8", "output 0 to 3 (T-shirt, bag, ankle boot, 7); conv1 0 to 19"), ("conv1 20", "conv1 0 to 19"),
            ("conv1", "conv1 0 to 19"), ("conv9 3", "conv1b 0 to 4"), ("", "output 0 to 3"), ("-1", "output 0 to 3"),
            ("labels cow", "labels 0 to 1 (cat, dog)"),
        ])
    func whatIsNotThereIsRefusedWithWhatIs(typed: String, words: String) throws {
        let error = try #require(#expect(throws: CLMatError.self) { try neuron.answer(typed) })
        #expect("\(error)".contains(words) && "\(error)".contains("neuron"))
    }

    @Test func answersAreCompleted() {
        #expect(neuron.completions(of: "") == ["T-shirt", "bag", "ankle boot", "7"])
        #expect(neuron.completions(of: "b") == ["bag"] && neuron.completions(of: "d") == ["labels dog"])
        #expect(neuron.completions(of: "labels ") == ["labels cat", "labels dog"])
        #expect(neuron.completions(of: "output a") == ["ankle boot"] && neuron.completions(of: "conv1 ") == [])
        for text in neuron.completions(of: "") + neuron.completions(of: "labels") {
            #expect(throws: Never.self) { try neuron.answer(text) }
        }
    }

    @Test func aQuestionWithoutNamesTakesNumbers() throws {
        let times = Action.Question("times", 4...9)
        #expect(times.isPlain && times.accepted == "4…9" && times.range == 4...9)
        #expect(try times.answer(" 5 ") == [5])
        #expect(throws: CLMatError.invalidValue(setting: "times", value: "12", accepted: "4…9")) {
            try times.answer("12")
        }
        #expect(Action.Question("none", groups: []).groups.count == 1)
    }
}
