import CImGui
import CSDL2
import Exploration
import Foundation
import Testing

@testable import Viewer

/// How numbers become light, without drawing.
@MainActor @Suite struct GridLightTests {
    private func grid(_ values: [Float], _ display: ImageGrid.Display, channels: Int = 1) -> ImageGrid {
        ImageGrid(
            channels: channels, height: 1, width: values.count / channels, columns: 1, display: display,
            cells: [.init(values: values)])
    }

    private func pixels(_ values: [Float], _ display: ImageGrid.Display, channels: Int = 1) -> [[UInt8]] {
        let grid = grid(values, display, channels: channels)
        let bytes = grid.pixels(of: grid.cells[0], grid.ends[0])
        return stride(from: 0, to: bytes.count, by: 3).map { Array(bytes[$0..<$0 + 3]) }
    }

    @Test func stretchedValuesGoFromBlackToTheLargest() {
        #expect(pixels([-3, 0, 1, 2], .stretched) == [[0, 0, 0], [0, 0, 0], [128, 128, 128], [255, 255, 255]])
        // Nothing above zero is black, and not white or grey.
        #expect(pixels([-3, 0], .stretched) == [[0, 0, 0], [0, 0, 0]])
    }

    @Test func twoColoursSayWhichWayAndHowMuch() {
        let found = pixels([-2, -1, 0, 1, 2], .diverging)
        #expect(found[0] == [0x5a, 0xb0, 0xff] && found[4] == [0xff, 0x96, 0x33])
        // Zero is nearly black, and half of the largest value about half way.
        #expect(found[2].allSatisfy { $0 < 0x20 })
        for (half, full) in [(1, 0), (3, 4)] {
            for channel in 0..<3 {
                #expect(abs(Int(found[half][channel]) - (Int(found[2][channel]) + Int(found[full][channel])) / 2) <= 2)
            }
        }
        // Where all is zero, all is dark.
        #expect(pixels([0, 0], .diverging) == [found[2], found[2]])
        // The same size of both signs is about as bright.
        func luminance(_ light: [UInt8]) -> Double {
            zip(light, [0.2126, 0.7152, 0.0722]).reduce(0) { sum, part in
                let share = Double(part.0) / 255
                return sum + part.1 * (share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4))
            }
        }
        #expect(abs(luminance(found[0]) - luminance(found[4])) < 0.05)
    }

    @Test func imagesInColourKeepTheirColours() {
        // Two pixels: red, green, blue planes.
        let values: [Float] = [1, -1, 0, 0, -1, 1]
        #expect(pixels(values, .diverging, channels: 3) == [[255, 128, 0], [0, 128, 255]])
        #expect(pixels(values, .signed, channels: 3) == [[255, 128, 0], [0, 128, 255]])
        #expect(pixels([2, -1, 0, 0, 1, 0.5], .stretched, channels: 3) == [[255, 0, 128], [0, 0, 64]])
        let scale = grid(values, .diverging, channels: 3)
        #expect(scale.light(at: 1) == Colour(0xffffff) && scale.scaleNotes(isStacked: false)[0].contains("colour"))
    }

    @Test func aSharedScaleShowsWhichImageIsLarger() {
        var grid = ImageGrid(
            height: 1, width: 1, columns: 2, display: .signed, cells: [1, 0.5, -2, 0].map { .init(values: [$0]) })
        func greys() -> [UInt8] { zip(grid.cells, grid.ends).map { grid.pixels(of: $0, $1)[0] } }
        #expect(greys() == [255, 255, 0, 128])
        grid.contrast = .grid
        #expect(greys() == [191, 159, 0, 128])
        grid.contrast = .row
        #expect(greys() == [255, 191, 0, 128])
        grid.contrast = .column
        #expect(greys() == [191, 255, 0, 128])
    }

    @Test func aPictureFileHasTheSharedScaleToo() {
        let grid = ImageGrid(
            height: 1, width: 1, columns: 2, display: .signed, cells: [1, 0.5].map { .init(values: [$0]) },
            contrast: .grid)
        let picture = Pixels(of: grid)
        #expect(picture[84 + 42, 84 + 42] == Colour(0xffffff) && picture[3 * 84 + 42, 84 + 42] == Colour(0xbfbfbf))
    }
}

extension WindowTests {
    /// Groups of columns, scales, and what belongs to an image, in a window.
    @MainActor @Suite(.serialized) struct ImageGrids {
        private func chains(
            pairs: Bool, related: Int = 0, display: ImageGrid.Display = .diverging, contrast: ImageGrid.Contrast = .grid
        ) -> ImageGrid {
            let members = pairs ? 2 : 1
            let more = (0..<related).map { number in
                ImageGrid.Related(
                    number % 2 == 0 ? "sample" : "change since the last control change",
                    values: (0..<784).map { Float($0 % 28) - 14 }, display: .signed,
                    note: number == 2 ? "cosine 0.71" : "")
            }
            let cells = (0..<80 * members).map { index in
                ImageGrid.Cell(
                    values: (0..<784).map { Float($0 % 28 - 14) / Float(14 + index) }, title: "cell \(index)",
                    facts: [("activation of the average", 12.5), ("probability of its class", 0.5)]
                        + (0..<5).map { ("p(\($0))", 0.2) },
                    actions: [
                        Action("restart", title: "restart chain"), Action("restart-column", title: "restart column"),
                    ],
                    related: more, whenEnlarged: Action("enlarge", title: "", arguments: [index]))
            }
            return ImageGrid(
                height: 28, width: 28, columns: 10 * members, columnTitles: (0..<10).map { "\($0)" },
                rowTitles: (1...8).map { "chain \($0)" }, display: display, cells: cells, contrast: contrast,
                showsScale: true, members: pairs ? ["average", "sample"] : [], whenClosed: Action("close", title: ""))
        }

        private func measured(_ body: () throws -> Void) throws {
            let surface = try Surface(width: 64, height: 64, theme: .dark)
            try surface.frame { try body() }
        }

        // MARK: Pairs

        /// The panel of samples in a window of 1600 × 1000 and of 1280 × 720, one that is wide, and one that is high.
        @Test(arguments: [(776, 596), (560, 400), (1100, 400), (420, 700)] as [(Float, Float)])
        func pairsStandTogetherAndClearOfOthers(_ width: Float, _ height: Float) throws {
            let body = Box(0, 0, width, height)
            try measured {
                let grid = chains(pairs: true)
                let layout = GridLayout(grid, in: body)
                let boxes = grid.cells.indices.map(layout.cell)
                #expect(layout.contentHeight <= height + 1 && layout.bottom <= height + 1)
                #expect(boxes.allSatisfy { $0.x >= 0 && $0.maxX <= width + 0.5 && $0.maxY <= height + 1 })
                #expect(
                    boxes.indices.allSatisfy { index in
                        boxes.dropFirst(index + 1).allSatisfy { !boxes[index].overlaps($0) }
                    })
                // Both of a pair are nearer to each other than to any other.
                func distance(_ a: Box, _ b: Box) -> Float {
                    max(a.x - b.maxX, b.x - a.maxX, a.y - b.maxY, b.y - a.maxY)
                }
                for pair in stride(from: 0, to: 80, by: 9) {
                    let own = distance(boxes[2 * pair], boxes[2 * pair + 1])
                    let nearest = (0..<80).filter { $0 != pair }.map { distance(boxes[2 * pair], boxes[2 * $0]) }.min()
                    #expect(own == 2 && nearest ?? 0 >= 4 * own)
                }
                // The title stands over both: a group is as wide as its cells.
                let group = layout.group(row: 0, column: 3)
                #expect(group.x == boxes[6].x && group.maxX == boxes[7].maxX && layout.titles == .oneLine)
                #expect(layout.rows == 8 && layout.columns == 10 && layout.cellWidth >= 14)
            }
        }

        @Test func pairsAreOneAboveTheOtherWhereThatMakesThemLarger() throws {
            try measured {
                let grid = chains(pairs: true)
                #expect(!GridLayout(grid, in: Box(0, 0, 1400, 500)).isStacked)
                let high = GridLayout(grid, in: Box(0, 0, 420, 700))
                #expect(high.isStacked && high.cell(0).x == high.cell(1).x && high.cell(1).y > high.cell(0).y)
                #expect(grid.scaleNotes(isStacked: true)[0] == "average above, sample below")
                #expect(grid.scaleNotes(isStacked: false)[0] == "average left, sample right")
            }
        }

        @Test func arrowsGoThroughPairsAsTheyStand() throws {
            try measured {
                let grid = chains(pairs: true)
                let (flat, stacked) = (
                    GridLayout(grid, in: Box(0, 0, 1400, 500)), GridLayout(grid, in: Box(0, 0, 420, 700))
                )
                for layout in [flat, stacked] {
                    for index in 22..<38 {
                        let here = layout.cell(index)
                        let (right, down) = (
                            layout.cell(layout.neighbour(of: index, right: 1, down: 0)),
                            layout.cell(layout.neighbour(of: index, right: 0, down: 1))
                        )
                        #expect(right.y == here.y && right.x > here.x && right.x - here.maxX <= layout.columnGap)
                        #expect(down.x == here.x && down.y > here.y && down.y - here.maxY <= layout.gap)
                        let up = layout.neighbour(
                            of: layout.neighbour(of: index, right: 0, down: 1), right: 0, down: -1)
                        #expect(up == index)
                    }
                }
            }
        }

        @Test func theEnlargedChainStaysWhenPairsComeAndGo() throws {
            let stage = try FigureStage(chains(pairs: false), by: ImageGridRenderer.self)
            stage.renderer.enlarged = 13
            (stage.content, stage.version) = (chains(pairs: true), 1)
            stage.draw()
            #expect(stage.renderer.enlarged == 26)
            (stage.content, stage.version) = (chains(pairs: false), 2)
            stage.draw()
            #expect(stage.renderer.enlarged == 13)
        }

        // MARK: Scales

        @Test func aBarBelowTheImagesSaysWhichColourIsWhichValue() throws {
            for (width, height) in [(700, 560), (420, 330)] as [(Float, Float)] {
                let stage = try FigureStage(
                    chains(pairs: true), width: width, height: height, by: ImageGridRenderer.self)
                let layout = try #require(stage.renderer.layout)
                let picture = try stage.picture()
                let below = Box(
                    stage.body.x, layout.bottom + 1, stage.body.width, stage.body.maxY - layout.bottom - 1)
                let isBlue = { (colour: Colour) in colour.blue > 240 && colour.red < 120 }
                let isOrange = { (colour: Colour) in colour.red > 240 && colour.blue < 90 }
                #expect(picture.count(in: below, where: isBlue) > 8 && picture.count(in: below, where: isOrange) > 8)
                #expect(below.height >= 20 && layout.contentHeight <= stage.body.height)
            }
            var plain = chains(pairs: false)
            plain.showsScale = false
            let stage = try FigureStage(plain, by: ImageGridRenderer.self)
            #expect(GridScale.height(of: plain, width: 600) == 0 && stage.renderer.layout != nil)
        }

        @Test func theBarShowsTheScaleOfTheImageThatIsLookedAt() throws {
            try measured {
                let grid = chains(pairs: false, contrast: .image)
                let layout = GridLayout(grid, in: Box(0, 0, 600, 400))
                #expect(GridScale(grid, ends: grid.ends, of: nil, layout).ends == nil)
                #expect(GridScale(grid, ends: grid.ends, of: 14, layout).ends == -0.5...0.5)
                let common = chains(pairs: false, contrast: .grid)
                #expect(GridScale(common, ends: common.ends, of: nil, layout).ends == -1...1)
                #expect(grid.scaleNotes(isStacked: false) == ["blue below zero, orange above", "each image by itself"])
            }
        }

        @Test func bothSidesOfAComparisonShareTheGridsScale() throws {
            func grid(_ values: [Float]) -> ImageGrid {
                ImageGrid(
                    height: 1, width: 1, columns: 2, display: .signed, cells: values.map { .init(values: [$0]) },
                    contrast: .grid)
            }
            let (own, other) = try FigureStage.both(grid([1, 0.5]), grid([-4, 2]), by: ImageGridRenderer.self)
            #expect(own.renderer.ends == [-4...4, -4...4] && other.renderer.ends == own.renderer.ends)
            let stretched = [grid([1, 0.5]), grid([-4, 2])].map { grid in
                var stretched = grid
                stretched.display = .stretched
                return stretched
            }
            let sides = try FigureStage.both(stretched[0], stretched[1], by: ImageGridRenderer.self)
            #expect(sides.own.renderer.ends == [0...2, 0...2] && sides.other.renderer.ends == [0...2, 0...2])
        }

        // MARK: What belongs to an image

        @Test(arguments: 1...6, [(1256, 618), (1576, 890), (640, 560)] as [(Float, Float)])
        func whatBelongsToAnImageStandsBesideIt(_ count: Int, _ room: (Float, Float)) throws {
            let grid = chains(pairs: false, related: count)
            let stage = try FigureStage(grid, by: ImageGridRenderer.self)
            var window: FigureWindow?
            stage.surface.frame { window = stage.window(in: Box(12, 58, room.0, room.1)) }
            let found = try #require(window)
            #expect(found.width + 28 <= room.0 && found.height + 48 <= room.1, "\(found)")
            let body = Box(0, 0, found.width, found.height)
            let layout = stage.renderer.relatedLayout
            let picture = Box(0, 0, 28 * stage.renderer.zoom + 76, 28 * stage.renderer.zoom)
            let places = (0..<count).map { layout.place($0, in: body) }
            for (index, place) in places.enumerated() {
                #expect(!place.overlaps(picture) && place.maxX <= body.maxX + 0.5 && place.maxY <= body.maxY + 0.5)
                #expect(places.dropFirst(index + 1).allSatisfy { !place.overlaps($0) })
                let box = layout.box(index, of: grid.grid(of: grid.cells[0].related[index]), in: body)
                #expect(box.x >= place.x && box.maxX <= place.maxX && box.maxY < place.maxY - 13)
                #expect(box.width.truncatingRemainder(dividingBy: 28) == 0)
            }
            // In a window of the usual sizes they are large enough to be read.
            if room.0 > 1000 { #expect(layout.side >= 130 && stage.renderer.zoom >= 11, "\(layout.side)") }
            stage.draw(2, window: Box(20, 20, found.width, found.height))
            #expect(stage.renderer.relatedTextures.count == count)
        }

        @Test func theHoverHasSmallImages() throws {
            var grid = chains(pairs: false, related: 2)
            grid.cells[0].related[1].isInHover = false
            let stage = try FigureStage(grid, by: ImageGridRenderer.self)
            let layout = try #require(stage.renderer.layout)
            stage.move(to: Point(layout.cell(0).midX, layout.cell(0).midY))
            #expect(stage.tooltip?.images.map(\.title) == ["sample"])
            stage.move(to: Point(layout.cell(1).midX, layout.cell(1).midY))
            #expect(stage.tooltip?.images.count == 2 && stage.tooltip?.facts.count == 7)
        }

        @Test func theFigureIsToldWhichImageIsEnlarged() throws {
            var grid = chains(pairs: false)
            let stage = try FigureStage(grid, by: ImageGridRenderer.self)
            #expect(stage.acted.isEmpty)
            let layout = try #require(stage.renderer.layout)
            stage.click(Point(layout.cell(3).midX, layout.cell(3).midY))
            stage.draw(5)
            #expect(stage.acted.map(\.id) == ["enlarge"] && stage.acted[0].arguments == [3])
            // It has heard, and says so: nothing more is asked.
            grid.detailed = 3
            (stage.content, stage.version) = (grid, 1)
            stage.draw(3)
            #expect(stage.acted.count == 1)
            stage.renderer.enlarged = 4
            stage.draw(3)
            #expect(stage.acted.map(\.arguments) == [[3], [4]])
            stage.closeWindow(of: "f")
            stage.draw(3)
            #expect(stage.acted.map(\.id) == ["enlarge", "enlarge", "close"])
            // One that a file left enlarged, with no window.
            let other = try FigureStage(grid, by: ImageGridRenderer.self)
            #expect(other.acted.map(\.id) == ["close"])
        }

        // MARK: Menus

        @Test func aColumnsMenuTakesANameOrAnotherGroupsNumber() throws {
            let hands = try Hands()
            defer { hands.finish() }
            #expect(hands.wait { hands.view.figurePanels.figures["grid"]?.texture != nil })
            func marks() -> Double? {
                let step = hands.view.now
                hands.press(SDLK_PERIOD, SDL_SCANCODE_PERIOD)
                _ = hands.wait { hands.view.now > step }
                return hands.learner.timeline.series("marks").last?.value
            }
            // The field has the keyboard: one types at once. What is not there is said with what is.
            try hands.click("figure:grid/column 1")
            hands.window.settle()
            hands.type("boots")
            hands.enter()
            let problem = try #require(hands.view.actionMenus.menu?.answers[1]?.problem)
            #expect(problem.contains("things 0 to 2 (bag, ankle boot, shirt); numbers 0 to 7"))
            try hands.click("action-menu/action/1/field")
            for _ in 0..<5 { hands.press(SDLK_BACKSPACE, SDL_SCANCODE_BACKSPACE) }
            hands.type("numbers 7")
            hands.enter()
            #expect(hands.view.actionMenus.menu == nil && marks() == 20)
            // A click on a name is an answer.
            try hands.click("figure:grid/column 1")
            try hands.click("action-menu/action/1/ankle boot")
            #expect(hands.view.actionMenus.menu == nil && marks() == 23)
            // One on a group begins it.
            try hands.click("figure:grid/column 1")
            try hands.click("action-menu/action/1/numbers")
            #expect(hands.view.actionMenus.menu?.answers[1]?.text == "numbers ")
            hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
        }
    }
}
