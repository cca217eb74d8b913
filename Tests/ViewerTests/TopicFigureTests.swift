import CImGui
import CLMat
import CSDL2
import Exploration
import Foundation
import Testing

@testable import Viewer

/// Figures of words and topics: what needs no window.
@Suite struct TopicFigureTests {
    @Test func pinnedRowsComeFirstAndStrangeOrdersDoNoHarm() {
        var matrix = FakeModel.matrix(rows: 6, columns: 2, pinned: [4, 1])
        #expect(matrix.shownRows() == [1, 4, 0, 2, 3, 5])
        #expect(matrix.shownRows(by: 1) == [1, 4, 3, 5])
        #expect(matrix.shownRows(by: 7) == matrix.shownRows())
        matrix.columns[0].order = [99, 2, -1, 2, 4, 0, .max]
        #expect(matrix.shownRows(by: 0) == [1, 4, 2, 0])
        matrix.columns[0].order = [-3]
        #expect(matrix.shownRows(by: 0) == matrix.shownRows())
        matrix.order = []
        #expect(matrix.shownRows() == [1, 4])
        #expect(matrix.value(row: 0, column: 1) != nil && matrix.value(row: 6, column: 0) == nil)
        matrix.rows[0].values = [1]
        #expect(matrix.value(row: 0, column: 1) == nil)
    }

    @Test func discsCoverTheirArea() {
        for radius: Float in [0.5, 1, 2.3, 5, 9.75] {
            var pixels = Pixels(width: 24, height: 24, Colour(0))
            pixels.disc(x: 12.2, y: 11.7, radius: radius, Colour(0xffffff))
            let light = pixels.values.reduce(Float(0)) { $0 + Float($1 & 255) / 255 }
            // Right on average over all places; at one place the pixels' grid costs some of the smallest discs.
            #expect(
                abs(light - .pi * radius * radius) < 0.03 * .pi * radius * radius + 0.1, "radius \(radius): \(light)")
        }
        var pixels = Pixels(width: 4, height: 4, Colour(0))
        for (x, y, radius) in [(Float.nan, 1, 1), (1, .infinity, 1), (-50, -50, 3), (2, 2, .infinity), (1e30, 1, 1)]
            as [(Float, Float, Float)]
        {
            pixels.disc(x: x, y: y, radius: radius, Colour(0xffffff))
        }
        #expect(pixels.values.allSatisfy { $0 == Colour(0).packed })
        pixels.fill(x: -5..<2, y: 3..<99, Colour(0xff0000))
        #expect(pixels.values.count { $0 == Colour(0xff0000).packed } == 2)
    }

    @Test func heatmapsShowEachValueWhereItIs() throws {
        let heat = FakeModel.heat
        let grey = Colour(0x555555)
        let pixels = heat.pixels(try #require(heat.shownRange), width: 30, height: 20, missing: grey)
        func seen(_ row: Int, _ column: Int) -> UInt32 { pixels.values[(row * 10 + 5) * 30 + column * 10 + 5] }
        #expect(seen(0, 0) == Viridis.colour(0).packed && seen(0, 2) == Viridis.colour(1).packed)
        #expect(seen(0, 1) == Viridis.colour(0.5).packed && seen(1, 0) == grey.packed)
        #expect(seen(1, 1) == Viridis.colour(1).packed && seen(1, 2) == Viridis.colour(0).packed)
        // Two cells on one pixel: their mean; of what is no number, the other one.
        let dense = Heatmap(
            rowNames: ["a"], columnNames: ["1", "2", "3", "4"], values: [0, 1, .nan, 1], range: 0...1)
        let few = dense.pixels(0...1, width: 2, height: 1, missing: grey)
        #expect(few.values == [Viridis.colour(0.5).packed, Viridis.colour(1).packed])
    }

    @Test func rangesOfHeatmapsHaveAWidth() throws {
        func range(_ values: [Float], _ wish: ClosedRange<Float>? = nil) -> ClosedRange<Float>? {
            Heatmap(rowNames: ["a", "b"], columnNames: ["c"], values: values, range: wish).shownRange
        }
        #expect(range([1, 3]) == 1...3)
        #expect(range([1, .nan]) == 0.5...1.5)
        #expect(range([.nan, .infinity]) == nil && range([]) == nil)
        #expect(range([1, 3], 0...0) == 1...3)
        #expect(range([1, 3], -.infinity ... .infinity) == 1...3)
        let wide = try #require(range([-.greatestFiniteMagnitude, .greatestFiniteMagnitude]))
        #expect(FakeModel.heat.share(of: 0, in: wide) == 0.5)
    }

    /// The ends and the middle of the published map.
    @Test(arguments: [(-1, 0x440154), (0, 0x440154), (1, 0xfde725), (7, 0xfde725)] as [(Float, UInt32)])
    func viridisHasItsEnds(_ share: Float, _ colour: UInt32) { #expect(Viridis.colour(share) == Colour(colour)) }

    @Test func groupsKeepTheirColours() {
        var colours = GroupColours()
        colours.update([3, 1, 2])
        #expect([3, 1, 2].map { colours[$0] } == [0, 1, 2])
        colours.update([2, 9, 1])
        #expect(colours[1] == 1 && colours[2] == 2 && colours[9] == 0 && colours[3] == nil)
        colours.update(Array(10..<40))
        #expect(colours.groups == Array(10..<16))
        #expect(FakeModel.text.strongestGroups == [0, 1])
    }

    @Test func newKindsAreWrittenAsCSV() {
        let matrix = FakeModel.matrix(rows: 2, columns: 2, pinned: [1]).csv
        #expect(matrix == "name,topic 1,topic 2\nword 1,0.05,0.99\nword 0,1.0,0.05\n")
        #expect(FakeModel.heat.csv == "name,c,d,e\na,0.0,0.5,1.0\nb,nan,1.0,0.0\n")
        let lines = FakeModel.text.csv?.split(separator: "\n") ?? []
        #expect(
            lines.prefix(5) == [
                "text,word,group,strength", "text 0,plain,,", "text 0,first,topic 1,1.0", "text 0,second,topic 2,0.2",
                "text 0,strange,,",
            ])
        #expect(NothingToShow("nothing").csv == nil)
    }
}

extension WindowTests {
    /// Figures of words and topics, by a person's hands.
    @MainActor @Suite(.serialized) struct Topics {
        /// A window in which only this figure is open.
        private func hands(_ figure: String, _ options: ViewerOptions = ViewerOptions()) throws -> (Hands, Box) {
            let hands = try Hands(options)
            for panel in hands.view.dashboard.panels { hands.view.setOpen(panel, panel == .figure(figure)) }
            #expect(hands.wait { hands.view.figurePanels.figures[figure]?.state.step != nil })
            hands.window.settle()
            return (hands, try hands.place("figure:\(figure)/body"))
        }

        private func layout(_ body: Box) -> CircleLayout {
            CircleLayout(FakeModel.words, shown: FakeModel.words.shownRows().count, in: body)
        }

        private func rows(_ hands: Hands) -> [Int] {
            hands.view.figurePanels.figures["words"]?.drawn(by: CircleMatrixRenderer.self)?.shownRows ?? []
        }

        /// The value of the metric that counts what was done, after one more step.
        private func marks(_ hands: Hands) -> Float? {
            let step = hands.learner.status.step + 1
            hands.learner.send(.step(1))
            #expect(hands.wait { hands.learner.status.step >= step && hands.learner.status.isPaused })
            return hands.learner.timeline.series("marks").last.map { Float($0.value) }
        }

        @Test func hoveringATitleRanksTheRows() throws {
            let (hands, body) = try hands("words", ViewerOptions(width: 1280, height: 720))
            defer { hands.finish() }
            let layout = layout(body)
            #expect(layout.isCut && layout.pinned == 1)
            #expect(rows(hands).prefix(4) == [5, 0, 1, 2])
            hands.move(to: Point(layout.middle(of: 2), layout.head.midY))
            #expect(rows(hands) == [5] + stride(from: 2, to: 60, by: 4))
            #expect(hands.view.hints.tooltip?.title == "topic 3 · 2 %")
            // What tells of the column does not cover what it ranks.
            #expect(try #require(hands.view.hints.tooltip?.place).y < layout.head.y)
            hands.move(to: Point(layout.middle(of: 1), layout.head.midY))
            #expect(rows(hands).prefix(3) == [5, 1, 9])
            hands.move(to: Point(layout.middle(of: 1), layout.area.y + layout.rowHeight * 1.5))
            #expect(rows(hands).prefix(3) == [5, 0, 1])
            #expect(hands.view.hints.tooltip?.title == "word 0")
            #expect(hands.view.hints.tooltip?.facts.map(\.value) == ["2 · 1 %", "0.05"])
        }

        @Test func aHoveredColumnIsLighter() throws {
            let (hands, body) = try hands("words")
            defer { hands.finish() }
            let layout = layout(body)
            let place = Point(layout.middle(of: 1), layout.area.y + layout.rowHeight / 2)  // row 5, its own column
            let theme = hands.view.theme
            func light() throws -> Colour { try hands.picture()[Int(place.x), Int(place.y)] }
            hands.move(to: Point(4, 400))
            #expect(try light() == theme.panel.mixed(with: theme.text, 0.6))
            hands.move(to: Point(layout.middle(of: 1), layout.head.midY))
            #expect(try light() == theme.text)
            hands.move(to: Point(layout.middle(of: 2), layout.head.midY))
            #expect(try light() == theme.panel.mixed(with: theme.text, 0.34))
        }

        @Test func clicksDoTheFirstAction() throws {
            let (hands, body) = try hands("words")
            defer { hands.finish() }
            let layout = layout(body)
            hands.click(Point(layout.middle(of: 0), layout.head.midY))
            #expect(marks(hands) == 100)
            hands.click(Point(layout.area.x - 20, layout.area.y + layout.rowHeight * 1.5))
            #expect(marks(hands) == 110)
            // A disc is looked at only.
            hands.click(Point(layout.middle(of: 0), layout.area.y + layout.rowHeight * 1.5))
            #expect(marks(hands) == 110)
            hands.rightClick(Point(layout.middle(of: 3), layout.head.midY))
            #expect(hands.view.actionMenus.menu?.actions.map(\.title) == ["show documents", "mark"])
        }

        @Test func theWheelBringsRowsThatAreCutAndPinnedOnesStay() throws {
            let (hands, body) = try hands("words", ViewerOptions(width: 1280, height: 720))
            defer { hands.finish() }
            let layout = layout(body)
            let place = Point(layout.middle(of: 3), layout.area.midY)
            for _ in 0..<60 { hands.wheel(-2, at: place) }
            #expect(rows(hands).first == 5 && rows(hands).last == 59)
            #expect(!rows(hands).contains(0))
            for _ in 0..<60 { hands.wheel(2, at: place) }
            #expect(rows(hands).prefix(3) == [5, 0, 1])
        }

        @Test func aCellOfAHeatmapSaysItsValue() throws {
            let (hands, body) = try hands("heat")
            defer { hands.finish() }
            let layout = HeatmapLayout(FakeModel.heat, 0...1, in: body)
            let cell = layout.box(row: 0, column: 1)
            hands.move(to: Point(cell.midX + 30, cell.midY))
            #expect(hands.view.hints.tooltip?.title == "a · d")
            #expect(hands.view.hints.tooltip?.facts.map(\.value) == ["0.5"])
            #expect(try hands.picture()[Int(cell.midX) + 30, Int(cell.midY) - 10] == Viridis.colour(0.5))
            let missing = layout.box(row: 1, column: 0)
            hands.move(to: Point(missing.midX, missing.midY))
            #expect(hands.view.hints.tooltip?.facts.map(\.value) == ["not a number"])
        }

        @Test func aWordSaysItsGroup() throws {
            let (hands, body) = try hands("text")
            defer { hands.finish() }
            let flow = try #require(hands.view.figurePanels.figures["text"]?.drawn(by: ColouredTextRenderer.self)?.flow)
            let line = try #require(flow.lines.first { !$0.isTitle })
            let top = body.y + 27 + line.y + 7
            func move(to word: Int) { hands.move(to: Point(body.x + line.words[word].x + 8, top)) }
            move(to: 1)
            #expect(hands.view.hints.tooltip?.title == "first" && hands.view.hints.tooltip?.text == "topic 1")
            move(to: 2)
            #expect(hands.view.hints.tooltip?.text == "topic 2")
            move(to: 3)
            #expect(hands.view.hints.tooltip?.text == "belongs to no group")
            // It scrolls.
            for _ in 0..<100 { hands.wheel(-3, at: Point(body.midX, body.midY)) }
            move(to: 1)
            #expect(hands.view.hints.tooltip?.title != "first" || flow.height < body.height)
        }

        @Test func marksAndActionsOfATable() throws {
            let (hands, body) = try hands("marked")
            defer { hands.finish() }
            let x = body.x + TableLayout.widths(FakeModel.marked, room: body.width - 10)[0] + TableLayout.gap + 8
            hands.move(to: Point(x, body.y + 21 + 10))
            #expect(hands.view.hints.tooltip?.text == "fresh: was 9th\nClick: pin")
            hands.click(Point(x, body.y + 21 + 10))
            #expect(marks(hands) == 7)
            hands.move(to: Point(x, body.y + 21 + 30))
            #expect(hands.view.hints.tooltip?.text == "left")
            // Nothing to say or do.
            hands.click(Point(x, body.y + 21 + 70))
            #expect(hands.view.hints.tooltip == nil)
            #expect(marks(hands) == 7)
            let moving = hands.view.theme.moving
            let picture = try hands.picture()
            #expect((0..<400).contains { picture[Int(x) - 8 + $0 / 10, Int(body.y) + 26 + $0 % 10].isNear(moving) })
        }

        @Test func theArrowWritesNumbersAndAPicture() throws {
            let (hands, _) = try hands("words")
            defer { hands.finish() }
            let folder = try Folder()
            let before = FileManager.default.currentDirectoryPath
            _ = FileManager.default.changeCurrentDirectoryPath(folder.path)
            defer { _ = FileManager.default.changeCurrentDirectoryPath(before) }
            try hands.click("figure:words/export")
            #expect(folder.content == ["words-0.csv", "words-0.png"])
            #expect(hands.view.statusLine.notice?.text == "Saved words-0.csv and words-0.png")
            // The window goes on.
            try hands.move(to: "figure:words/export")
            #expect(hands.view.hints.tooltip?.text.hasPrefix("Writes a CSV and a PNG file") == true)
        }

        @Test func everyFigureIsWrittenWithoutAWindow() throws {
            let folder = try Folder()
            let learner = try FakeModel.learner()
            learner.start(paused: true)
            defer {
                learner.stop()
                learner.wait()
            }
            for figure in ["grid", "words", "heat", "text", "marked"] {
                try Viewer.writePNG(ofFigure: figure, of: learner, to: "\(folder.path)/\(figure).png")
            }
            #expect(folder.content == ["grid.png", "heat.png", "marked.png", "text.png", "words.png"])
            #expect(throws: CLMatError.dataMismatch("broken on purpose")) {
                try Viewer.writePNG(ofFigure: "broken", of: learner, to: folder.path + "/broken.png")
            }
            let known = learner.dashboard.figures.map(\.id)
            #expect(throws: CLMatError.unknownName(kind: "figure", name: "nothing", known: known)) {
                try Viewer.writePNG(ofFigure: "nothing", of: learner, to: folder.path + "/nothing.png")
            }
            #expect(folder.content.count == 5)
        }

        // MARK: Any content in any room

        /// `content` in `box` of a window of 900 × 700.
        private func drawn(_ content: any FigureContent, in box: Box, _ learner: Learner) throws -> Picture {
            let surface = try Surface(width: 900, height: 700, theme: .dark)
            let dashboardView = DashboardView(learner, ViewerOptions())
            var view = FigureView()
            view.take(.ready(content, step: 0), version: 1)
            for _ in 0..<2 {
                gui_mouse_moved(surface.gui, box.midX, box.midY)
                gui_begin_frame(surface.gui, 900, 700, 0.01)
                gui_begin_window("w", 0, 0, 900, 700, Theme.dark.panel.packed, Theme.dark.panel.packed, 0, true, false)
                dashboardView.figurePanels.draw("figure", view, in: box, surface.textures)
                gui_end_window()
                surface.clear(Theme.dark.panel)
                gui_end_frame(surface.gui)
            }
            return try surface.read()
        }

        private static let strange: [(name: String, content: any FigureContent)] = {
            let numbers: [Float] = [
                .nan, .infinity, -.infinity, -1, 0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 2,
            ]
            var ragged = FakeModel.matrix(rows: 8, columns: 5, pinned: [7, 0, 3])
            for row in ragged.rows.indices { ragged.rows[row].values = Array(numbers.prefix(row * 2)) }
            ragged.columns[1].order = [-1, 99, 3, 3]
            ragged.order = [4, -7, 4, .max, .min, 2]
            var unscaled = FakeModel.matrix(rows: 4, columns: 3)
            unscaled.scale = .nan
            var noColumns = FakeModel.words
            noColumns.columns = []
            var allPinned = FakeModel.matrix(rows: 200, columns: 3, pinned: Set(0..<200))
            allPinned.rows[4].name = String(repeating: "long ", count: 80)
            return [
                ("no rows", CircleMatrix(rows: [], columns: [], order: [1])),
                ("no columns", noColumns), ("ragged", ragged),
                ("unscaled", unscaled), ("all pinned", allPinned),
                ("many", FakeModel.matrix(rows: 300, columns: 1000)),
                ("no cells", Heatmap(rowNames: [], columnNames: ["a"], values: [1])),
                ("few values", Heatmap(rowNames: ["a", "b"], columnNames: ["c", "d"], values: [1])),
                (
                    "strange values",
                    Heatmap(rowNames: ["a"], columnNames: numbers.map { "\($0)" }, values: numbers)
                ),
                (
                    "large",
                    Heatmap(
                        rowNames: (0..<900).map { "row \($0)" }, columnNames: (0..<1100).map { "column \($0)" },
                        values: (0..<990_000).map { Float($0 % 1100) })
                ),
                ("no texts", ColouredText(groups: [], paragraphs: [])),
                (
                    "strange words",
                    ColouredText(
                        groups: ["g"],
                        paragraphs: [
                            .init(title: "", words: []), .init(title: "t", words: [.init("")]),
                            .init(
                                title: String(repeating: "title ", count: 100), fact: "f",
                                words: [
                                    .init("two\nlines", group: -1), .init("x", group: 0, strength: .nan),
                                    .init(String(repeating: "w", count: 999), group: 0, strength: -.infinity),
                                ]),
                        ])
                ),
                (
                    "strange marks",
                    Table(
                        columns: ["a"], rows: [["1", "2"], []],
                        marks: [[.init(.gone), .init(.new)], [.init(.moved)], [nil, .init(.gone)]],
                        rowActions: [[], [], [Action("x", title: "x")]])
                ),
                ("no words", WordLists(groups: [.init(name: "1", words: [])])),
                (
                    "strange lists",
                    WordLists(
                        groups: (0..<90).map { index in
                            .init(
                                name: String(repeating: "9", count: index % 7), note: "n",
                                words: [
                                    .init(String(repeating: "w", count: 300), strength: .nan), .init(""),
                                    .init("x", strength: -.infinity, mark: .init(.gone)),
                                ], choice: .init(isChosen: index == 3, action: Action("a", title: "a")))
                        })
                ),
                (
                    "strange texts",
                    Heatmap(
                        rowNames: ["a", "b"], columnNames: ["c", "d"], values: [.nan, 1, 2], texts: ["1", "999999"],
                        rowTitle: "r", columnTitle: String(repeating: "long ", count: 9), shading: .squareRoot,
                        choices: [nil, nil, .init(isChosen: true, action: Action("a", title: "a"))])
                ),
                (
                    "strange histogram",
                    Histogram(of: numbers.map(Double.init), xTitle: "x", before: numbers.map(Double.init))
                ),
                (
                    "strange weights",
                    Curve(
                        xTitle: "x", yTitle: "y",
                        lines: [("l", [(x: 0, y: 0), (x: .nan, y: 1), (x: 2, y: 3)]), ("m", [])],
                        weights: [[.nan, -1], [1, 2, 3]])
                ),
                (
                    "few thumbnails",
                    Scatter(
                        xTitle: String(repeating: "long ", count: 40), yTitle: "y",
                        discs: (0..<9).map { .init(x: Double($0), y: Double($0 % 2), title: "d") },
                        thumbnails: ImageGrid(
                            height: 2, width: 3, columns: 1, cells: [.init(values: [1]), .init(values: [])]))
                ),
                (
                    "strange discs",
                    Scatter(
                        xTitle: "x", yTitle: "y",
                        discs: [
                            .init(x: 0, y: 0, weight: .nan, title: "a", label: "label"),
                            .init(
                                x: 1, y: 0, weight: .infinity, title: "b", label: String(repeating: "l", count: 99)),
                            .init(x: .nan, y: 1, title: "c", label: "l"),
                        ])
                ),
            ]
        }()

        @Test func strangeContentNeitherTrapsNorLeavesItsPlace() throws {
            let learner = try FakeModel.learner()
            learner.start(paused: true)
            defer {
                learner.stop()
                learner.wait()
            }
            let usual: [(name: String, content: any FigureContent)] = [
                ("words", FakeModel.words), ("heat", FakeModel.heat),
                ("text", FakeModel.text), ("marked", FakeModel.marked),
            ]
            let background = Theme.dark.panel
            for (name, content) in Self.strange + usual {
                for (width, height) in [(700, 600), (240, 100), (60, 40), (3, 3), (0, 0)] as [(Float, Float)] {
                    let box = Box(100, 60, width, height)
                    let picture = try drawn(content, in: box, learner)
                    guard width > 200 else { continue }
                    // Scroll bars and the first disc's edge stand in the panel's margin.
                    let room = box.inset(-13, -4, -13, -12)
                    var outside = 0
                    for y in 0..<700 {
                        for x in 0..<900 where !room.contains(Point(Float(x), Float(y))) {
                            if picture[x, y] != background { outside += 1 }
                        }
                    }
                    #expect(outside == 0, "\(name) in \(width) × \(height)")
                }
                _ = content.csv
            }
        }

        @Test func namesOfManyColumnsStandApart() throws {
            let (hands, _) = try hands("words")
            defer { hands.finish() }
            let matrix = FakeModel.matrix(rows: 60, columns: 128)
            let layout = CircleLayout(matrix, shown: 60, in: Box(0, 0, 674, 552))
            let names = matrix.columns.indices.filter { layout.hasName($0, matrix.columns[$0].name) }
            #expect(names.map { matrix.columns[$0].name }.prefix(3) == ["10", "20", "30"])
            #expect(layout.area.maxX <= 674 && layout.isCut)
            let few = CircleLayout(FakeModel.matrix(rows: 30, columns: 32), shown: 30, in: Box(0, 0, 674, 552))
            #expect(!few.isCut && few.fitting == 30)
            #expect(few.column(at: few.middle(of: 31)) == 31 && few.column(at: few.area.maxX + 1) == nil)
        }

        /// How long a frame with a matrix of discs takes, where CLMAT_TIMING is set: drawn anew, and unchanged.
        @Test(.enabled(if: ProcessInfo.processInfo.environment["CLMAT_TIMING"] != nil))
        func framesAreQuick() throws {
            let learner = try FakeModel.learner()
            learner.start(paused: true)
            defer {
                learner.stop()
                learner.wait()
            }
            var random = SystemRandomNumberGenerator()
            for (rows, columns) in [(30, 32), (60, 128)] {
                var matrix = FakeModel.matrix(rows: rows, columns: columns)
                for row in matrix.rows.indices {
                    matrix.rows[row].values = (0..<columns).map { _ in Float.random(in: 0...1, using: &random) }
                }
                let surface = try Surface(width: 700, height: rows > 30 ? 1000 : 600, theme: .dark)
                let dashboardView = DashboardView(learner, ViewerOptions())
                var view = FigureView()
                var content: any FigureContent = matrix
                func seconds(_ isAnew: Bool) -> Double {
                    let clock = ContinuousClock()
                    var least = Double.infinity
                    for version in 0..<40 {
                        let start = clock.now
                        view.take(.ready(content, step: 0), version: isAnew ? version : 0)
                        let size = surface.size
                        gui_begin_frame(surface.gui, size.x, size.y, 0.01)
                        gui_begin_window(
                            "w", 0, 0, size.x, size.y, Theme.dark.panel.packed, Theme.dark.panel.packed, 0, true, false)
                        dashboardView.figurePanels.draw(
                            "figure", view, in: Box(13, 36, size.x - 26, size.y - 48), surface.textures)
                        gui_end_window()
                        gui_end_frame(surface.gui)
                        surface.present()
                        least = min(least, (clock.now - start).seconds)
                    }
                    return least * 1000
                }
                let full = (seconds(true), seconds(false))
                content = NothingToShow("")
                print("\(rows) × \(columns): \(full.0) ms anew, \(full.1) ms unchanged, \(seconds(false)) ms empty")
            }
        }
    }
}

extension Colour {
    fileprivate func isNear(_ other: Colour) -> Bool {
        [red, green, blue].elementsEqual([other.red, other.green, other.blue]) { abs(Int($0) - Int($1)) < 40 }
    }
}
