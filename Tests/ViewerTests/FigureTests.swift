import CImGui
import CSDL2
import Exploration
import Testing

@testable import Viewer

/// What figures share, hold and mark, without drawing.
@MainActor @Suite struct FigureScaleTests {
    @Test func scalesAreTheUnionOfBothSides() {
        var (own, other) = (FigureScale(["x": 0...1]), FigureScale())
        own.include([.nan, 3, .infinity, -2], in: "y")
        other.include([5], in: "y")
        other.include([2, 0.5], in: "x")
        let both = own.merged(with: other)
        #expect(both["x"] == 0...2 && both["y"] == -2...5 && both["z"] == nil)
        #expect(both == other.merged(with: own) && both.most("y") == 5 && both.most("z") == 0)
    }

    @Test func anAxisGrowsAtOnceAndShrinksAfterLong() {
        var held = HeldRange(0...10, version: 0)
        held.follow(2...20, version: 1)
        #expect(held.range == 0...20)
        for version in 2..<1 + HeldRange.patience { held.follow(0...Double(11 + version % 3), version: version) }
        #expect(held.range == 0...20)
        // Frames of one content count once.
        for _ in 0..<500 { held.follow(0...12, version: HeldRange.patience) }
        #expect(held.range == 0...20)
        held.follow(0...12, version: 1 + HeldRange.patience)
        #expect(held.range == 0...13)
        // What needs most of it begins the wait anew.
        for version in 1000..<1040 { held.follow(0...9, version: version) }
        held.follow(0...12, version: 1040)
        for version in 1041..<1080 { held.follow(0...9, version: version) }
        #expect(held.range == 0...13)
        held.follow(0...13, version: 1999)
        // What needs hardly any of it waits less.
        for version in 2000..<2001 + HeldRange.patience / 3 { held.follow(0...2, version: version) }
        #expect(held.range == 0...2)
    }

    @Test func aLensZoomsAboutTheMouseAndStaysInside() {
        let lens = FigureLens()
        #expect(lens.showsAll)
        // A quarter to the right of the middle stays there: what was at 0.25 of all is at 0.25 of half.
        lens.zoom(by: 2, at: (0.25, 0))
        #expect(lens.zoom == 2 && abs(lens.shift.x + 0.25 / 2 - 0.25) < 1e-12)
        lens.pan(by: (x: -9, y: 9))
        #expect(lens.shift.x == 0.25 && lens.shift.y == -0.25)
        lens.zoom(by: 0.01, at: (0.5, 0.5))
        #expect(lens.showsAll && lens.shift == (0, 0))
        lens.zoom(by: 1e9, at: (0, 0))
        #expect(lens.zoom == 200)
        lens.showAll()
        #expect(lens.showsAll)
    }

    @Test func binsStayWhileValuesMove() {
        let values = (0..<200).map { 100 + Double($0 * 37 % 100) }
        let range = 100.0...200
        let first = HistogramBins(Histogram(of: values, xTitle: "x"), in: range, width: 10)
        let moved = Histogram(of: values.map { $0 * 0.99 + 1.3 }, xTitle: "x", before: values)
        let second = HistogramBins(moved, in: range, width: 10)
        #expect(first.edges == stride(from: 100.0, through: 200, by: 10).map { $0 } && first.edges == second.edges)
        #expect(first.counts.reduce(0, +) == 200 && second.before == first.counts && first.before.isEmpty)
        #expect(second.most >= 20)
        // What is known by its bins alone keeps them.
        var bare = moved
        bare.values = []
        #expect(HistogramBins(bare, in: range, width: 10).edges == moved.edges)
    }
}

extension WindowTests {
    /// How figures are drawn and handled, kind by kind.
    @MainActor @Suite(.serialized) struct Figures {
        private func isWhite(_ colour: Colour) -> Bool { colour.red > 200 && colour.green > 200 && colour.blue > 200 }
        private func isAmber(_ colour: Colour) -> Bool { colour.red > 150 && Int(colour.red) - Int(colour.blue) > 60 }

        private func choice(_ index: Int, _ chosen: Int? = nil) -> Choice {
            Choice(of: index, chosen: chosen, "thing", choose: "choose", unchoose: "unchoose")
        }

        // MARK: Both sides of a comparison

        @Test func barsOfOneValueAreAsHighOnBothSides() throws {
            func bars(_ values: [Double]) -> Bars { Bars(labels: ["a", "b"], series: [("s", values)]) }
            let (own, other) = try FigureStage.both(bars([1, 2]), bars([1, 8]), by: BarsRenderer.self)
            func heights(_ stage: FigureStage<BarsRenderer>) throws -> [Int] {
                let picture = try stage.picture()
                return [0.3, 0.75].map { share in
                    let x = stage.body.x + 46 + Float(share) * (stage.body.width - 50)
                    return picture.count(in: Box(x, stage.body.y, 1, stage.body.height - 22), where: isWhite)
                }
            }
            // The line at zero covers the lowest two pixels of each.
            let (mine, theirs) = (try heights(own).map { $0 + 2 }, try heights(other).map { $0 + 2 })
            #expect(mine[0] == theirs[0] && mine[0] > 10, "\(mine), \(theirs)")
            #expect(abs(mine[1] - 2 * mine[0]) <= 2 && abs(theirs[1] - 8 * theirs[0]) <= 4, "\(mine), \(theirs)")
        }

        @Test func heatmapsOfBothSidesHaveOneScaleOfColours() throws {
            func map(_ values: [Float]) -> Heatmap {
                Heatmap(rowNames: ["r"], columnNames: ["a", "b"], values: values)
            }
            let (own, other) = try FigureStage.both(map([0, 1]), map([0, 4]), by: HeatmapRenderer.self)
            for (stage, share) in [(own, Float(0.25)), (other, 1)] {
                let layout = stage.surface.frame { HeatmapLayout(stage.content, 0...4, in: stage.body) }
                let cell = layout.box(row: 0, column: 1)
                let picture = try stage.picture()
                #expect(picture[Int(cell.x) + 4, Int(cell.y) + 4] == Viridis.colour(share))
            }
        }

        @Test func signedImagesOfBothSidesHaveOneScaleOfGreys() throws {
            func grid(_ value: Float) -> ImageGrid {
                ImageGrid(height: 1, width: 1, columns: 1, display: .signed, cells: [.init(values: [value])])
            }
            let (own, other) = try FigureStage.both(grid(1), grid(-4), by: ImageGridRenderer.self)
            func grey(_ stage: FigureStage<ImageGridRenderer>) throws -> UInt8 {
                try stage.picture()[Int(stage.body.midX), Int(stage.body.midY)].red
            }
            #expect(try grey(own) == 159 && grey(other) == 0)  // 0.5 + 0.5/4 of full scale
            // Alone, each is as strong as it can be.
            let alone = try FigureStage(grid(1), by: ImageGridRenderer.self)
            #expect(try grey(alone) == 255)
        }

        @Test func mapsOfBothSidesHaveOneFrameAndOneZoom() throws {
            func map(_ far: Double) -> Scatter {
                Scatter(
                    xTitle: "", yTitle: "", discs: [.init(x: 0, y: 0, title: "a"), .init(x: far, y: far, title: "b")])
            }
            let (own, other) = try FigureStage.both(map(1), map(4), by: ScatterRenderer.self)
            let scale = try #require(own.side.scale)
            func place(_ disc: Int, _ stage: FigureStage<ScatterRenderer>) throws -> Point {
                try #require(ScatterLayout(stage.content, scale, stage.side.lens, in: stage.body)).place(
                    stage.content.discs[disc])
            }
            #expect(try place(0, own) == place(0, other))
            #expect(try place(1, other).x > place(1, own).x + 20)
            own.wheel(1, at: Point(own.body.midX, own.body.midY))
            #expect(own.side.lens.zoom == 1.25 && other.side.lens.zoom == 1.25)
        }

        @Test func tablesOfBothSidesHaveTheSameColumns() throws {
            let (short, long) = (
                Table(columns: ["a", "b"], rows: [["x", "1"]]),
                Table(columns: ["a", "b"], rows: [["a long word", "1"]])
            )
            let (own, other) = try FigureStage.both(short, long, by: TableRenderer.self)
            let scale = try #require(own.side.scale)
            try measured {
                let widths = TableLayout.widths(own.content, room: 280, sharing: scale)
                #expect(widths == TableLayout.widths(other.content, room: 280))
            }
        }

        /// Where more points than lines of pixels lie in a group, both ends of what shares a line are seen.
        @Test func noNegativePointHidesBehindOthers() throws {
            // From the largest on: 1, 0.9 … −0.5, and one that is not a number.
            let group = Silhouette.Group(name: "g", values: (0..<16).map { 1 - 0.1 * Double($0) } + [.nan])
            #expect(group.points(on: 0..<1).extremes?.least ?? 0 < -0.49)
            #expect(group.points(on: 0..<1).extremes?.most == 1)
            // Lines that share all points between them leave none out.
            for lines in [1, 2, 3, 5, 17, 40] {
                let parts = (0..<lines).map {
                    group.points(on: Float($0) / Float(lines)..<Float($0 + 1) / Float(lines))
                }
                #expect(parts.allSatisfy { !$0.isEmpty } && Set(parts.flatMap(\.indices)).count == 17, "\(lines)")
            }
            #expect(group.points(on: 0.95..<1).extremes == nil)
        }

        @Test func discsAndCurvesAndSilhouettesShareTheirScales() throws {
            let strong = CircleMatrix(
                rows: [.init(name: "a long name", values: [4])], columns: [.init(name: "1", order: [0])], order: [0])
            let weak = CircleMatrix(
                rows: [.init(name: "b", values: [1])], columns: [.init(name: "1", order: [0])], order: [0])
            let (own, other) = try FigureStage.both(strong, weak, by: CircleMatrixRenderer.self)
            let layouts = [own, other].map { stage in
                stage.surface.frame { CircleLayout(stage.content, shown: 1, in: stage.body, sharing: stage.side.scale) }
            }
            #expect(layouts[0].radius(of: 1) == layouts[1].radius(of: 1) && layouts[0].area == layouts[1].area)
            let lines = [(name: "l", points: [(x: 1.0, y: 2.0), (x: .nan, y: 9), (x: 3, y: 4)])]
            let curves = own.surface.frame { CurveRenderer().scale(of: Curve(xTitle: "", yTitle: "", lines: lines)) }
            #expect(curves["x"] == 1...3 && curves["y"] == 2...4)
            let groups = SilhouetteRenderer().scale(
                of: Silhouette(groups: [.init(name: "g", values: [0.5, -0.3, .nan]), .init(name: "h", values: [0.7])]))
            #expect(groups["value"] == -0.3...0.7)
        }

        @Test func aMapOfTheOtherSideIsTurnedAsTheOwnIs() {
            let places = [(0.0, 0.0), (3, 1), (-1, 2), (2, -2), (-4, -1)]
            func map(_ titled: Bool, _ place: (Double, Double) -> (Double, Double)) -> Scatter {
                Scatter(
                    xTitle: titled ? "x" : "", yTitle: "",
                    discs: places.enumerated().map { index, at in
                        let (x, y) = place(at.0, at.1)
                        return .init(x: x, y: y, title: "topic \(index): word \(x)")
                    })
            }
            func distance(_ a: Scatter, _ b: Scatter) -> Double {
                zip(a.discs, b.discs).reduce(0) { $0 + abs($1.0.x - $1.1.x) + abs($1.0.y - $1.1.y) }
            }
            let own = map(false) { ($0, $1) }
            let turned = map(false) { (0.6 * $0 - 0.8 * $1 + 5, 0.8 * $0 + 0.6 * $1 - 7) }
            let mirrored = map(false) { (0.6 * $0 + 0.8 * $1, 0.8 * $0 - 0.6 * $1) }
            for other in [turned, mirrored] {
                #expect(distance(other, own) > 5 && distance(ScatterRenderer().aligned(other, with: own), own) < 1e-9)
            }
            let titled = map(true) { ($0, $1) }
            let flipped = ScatterRenderer().aligned(map(true) { (-$0, $1) }, with: titled)
            #expect(distance(flipped, titled) < 1e-9)
            // With titles, an axis stays that axis.
            let strange = map(true) { (0.6 * $0 - 0.8 * $1, 0.8 * $0 + 0.6 * $1) }
            #expect(distance(ScatterRenderer().aligned(strange, with: titled), strange) < 1e-9)
        }

        @Test func thingsOfTheSameNamesStandInTheSamePlaces() {
            func grid(_ order: [Int]) -> ImageGrid {
                ImageGrid(
                    height: 1, width: 1, columns: 2,
                    cells: order.map { .init(values: [Float($0)], title: "cluster \($0)") },
                    flows: true)
            }
            let aligned = ImageGridRenderer().aligned(grid([2, 0, 1]), with: grid([0, 1, 2]))
            #expect(aligned.cells.map(\.values) == [[0], [1], [2]])
            let strange = ImageGridRenderer().aligned(grid([2, 0, 7]), with: grid([0, 1, 2]))
            #expect(strange.cells.map(\.values) == [[2], [0], [7]])
            let own = FakeModel.matrix(rows: 4, columns: 2)
            var other = FakeModel.matrix(rows: 6, columns: 2)
            other.order = [5, 3, 1, 2, 0, 4]
            #expect(CircleMatrixRenderer().aligned(other, with: own).order == [0, 1, 2, 3, 5, 4])
        }

        // MARK: Image grids

        private func images(_ count: Int, captions: Bool = false, flows: Bool = true, columns: Int = 21) -> ImageGrid {
            let values = [Float](repeating: 0.5, count: 784)
            return ImageGrid(
                height: 28, width: 28, columns: columns,
                cells: (0..<count).map { .init(values: values, caption: captions ? "1,234" : "", choice: choice($0)) },
                flows: flows)
        }

        @Test(
            arguments: [(256, 674, 552), (256, 330, 500), (256, 560, 300), (1024, 674, 552), (7, 900, 200)]
                as [(Int, Float, Float)])
        func allImagesOfAGridThatFlowsAreSeen(_ count: Int, _ width: Float, _ height: Float) throws {
            let body = Box(0, 0, width, height)
            try measured {
                for captions in [false, true] {
                    let layout = GridLayout(images(count, captions: captions), in: body)
                    #expect(layout.contentHeight <= height + 1 && layout.cell(count - 1).maxY <= height + 1)
                    #expect((0..<count).allSatisfy { layout.cell($0).maxX <= width + 0.5 && layout.cell($0).x >= 0 })
                    #expect(layout.cellWidth >= 12)
                    // Captions stand whole or not at all.
                    #expect(layout.captionHeight == 0 || layout.cellWidth + 4 >= UI.width("1,234", .smallMono))
                    // No other number of columns makes images much larger.
                    for columns in 1...count {
                        let other = GridLayout(images(count, flows: false, columns: columns), in: body)
                        guard other.contentHeight <= height else { continue }
                        #expect(captions || other.cellWidth <= layout.cellWidth * 1.06 + 1, "\(columns)")
                    }
                }
            }
        }

        @Test func sixtyFourImagesAreEightByEight() throws {
            try measured {
                let layout = GridLayout(images(64), in: Box(0, 0, 780, 800))
                #expect(layout.columns == 8 && layout.rows == 8 && layout.cellWidth >= 84)
            }
        }

        @Test func rowTitlesStandClearOfEachOther() throws {
            var grid = images(64 * 20, flows: false, columns: 20)
            grid.rowTitles = (0..<64).map { "\($0)" }
            try measured {
                let layout = GridLayout(grid, in: Box(0, 0, 250, 400))
                #expect(Float(layout.rowTitleStep) * (layout.cellHeight + layout.gap) >= 13)
                #expect(layout.rowTitleStep > 1)
            }
        }

        private func measured(_ body: () throws -> Void) throws {
            let surface = try Surface(width: 64, height: 64, theme: .dark)
            try surface.frame { try body() }
        }

        @Test func anEnlargedImageIsLargeAndHasAScale() throws {
            var grid = images(6)
            grid.cells[0].values = (0..<784).map { $0 % 28 < 14 ? 0 : 1 }
            let stage = try FigureStage(grid, width: 760, height: 700, by: ImageGridRenderer.self)
            stage.click(Point(stage.body.x + 60, stage.body.y + 200))
            #expect(stage.hasOpenWindow && stage.acted.map(\.id) == ["choose"])
            // No words over it while it is open.
            stage.move(to: Point(stage.body.x + 62, stage.body.y + 202))
            #expect(stage.tooltip == nil)
            let window = try #require(stage.window(in: Box(12, 58, 1576, 890)))
            #expect(stage.renderer.zoom == 22 && window.width >= 616 && window.height <= 842)
            let low = try #require(stage.window(in: Box(12, 58, 1256, 300)))
            #expect(low.height + 48 <= 300)
            stage.draw(2, window: Box(20, 20, low.width, low.height))
            let picture = try stage.surface.read()
            let side = 28 * stage.renderer.zoom
            // Black below, white above, beside an image that is half black.
            #expect(picture[Int(20 + side + 18), Int(20 + side) - 3].red < 10)
            #expect(picture[Int(20 + side + 18), 23].red > 245)
            #expect(picture[24, 40].red == 0 && picture[Int(20 + side) - 4, 40].red == 255)
        }

        @Test func arrowsGoToTheNextImage() throws {
            let grid = images(6, flows: false, columns: 3)
            let stage = try FigureStage(grid, by: ImageGridRenderer.self)
            #expect(stage.renderer.enlarged == 0)
            for (right, down, expected) in [
                (1, 0, 1), (0, 1, 4), (1, 0, 5), (1, 0, 5), (0, -1, 2), (-1, 0, 1), (0, -1, 1),
            ] {
                let isTaken = stage.renderer.turn(grid, right: right, down: down)
                #expect(isTaken && stage.renderer.enlarged == expected)
            }
            // The buttons below the enlarged one.
            let room = Box(20, 20, 500, 380)
            let window = try #require(stage.window(in: Box(0, 0, 560, 440)))
            let below = room.y + (28 * stage.renderer.zoom).rounded() + 15
            func click(_ x: Float) {
                stage.move(to: Point(x, below))
                for isDown in [true, false] {
                    gui_mouse_button(stage.surface.gui, 0, isDown)
                    stage.draw(1, window: Box(room.x, room.y, window.width, window.height))
                }
            }
            click(room.x + window.width - 12)
            #expect(stage.renderer.enlarged == 2)
            click(room.x + window.width - 42)
            #expect(stage.renderer.enlarged == 1)
        }

        @Test func aSecondClickTakesTheMarkAndTheImageAway() throws {
            var grid = images(2)
            let stage = try FigureStage(grid, by: ImageGridRenderer.self)
            let place = Point(stage.body.x + 60, stage.body.midY)
            stage.click(place)
            grid.cells[0].choice = choice(0, 0)
            (stage.content, stage.version) = (grid, 1)
            stage.click(place)
            #expect(!stage.hasOpenWindow && stage.acted.map(\.id) == ["choose", "unchoose"])
            #expect(stage.acted[0].arguments == [0])
        }

        @Test func whatIsDoneToAWholeGridIsAskedBelowIt() throws {
            var grid = images(4)
            grid.actions = [Action("next", title: "next ten")]
            let stage = try FigureStage(grid, by: ImageGridRenderer.self)
            stage.click(Point(stage.body.x + 20, stage.body.maxY - 8))
            #expect(stage.acted.map(\.id) == ["next"] && !stage.hasOpenWindow)
        }

        // MARK: Maps

        private func map(_ count: Int, thumbnails: Bool) -> Scatter {
            let discs = (0..<count).map {
                Scatter.Disc(x: Double($0 % 8), y: Double($0 / 8), title: "disc \($0)", choice: choice($0))
            }
            let grid = ImageGrid(
                height: 2, width: 2, columns: 8,
                cells: (0..<count).map { .init(values: [Float](repeating: $0 == 9 ? 1 : 0.25, count: 4)) })
            return Scatter(xTitle: "x", yTitle: "y", discs: discs, thumbnails: thumbnails ? grid : nil)
        }

        @Test func imagesStandForTheirPointsWhereFewAreSeen() throws {
            let stage = try FigureStage(map(64, thumbnails: true), by: ScatterRenderer.self)
            let scale = stage.renderer.scale(of: stage.content)
            let layout = try #require(ScatterLayout(stage.content, scale, stage.side.lens, in: stage.body))
            let at = layout.place(stage.content.discs[9])
            #expect(stage.renderer.side.map { $0 >= 14 } == true)
            #expect(try stage.picture()[Int(at.x), Int(at.y)] == Colour(0xffffff))
            let many = try FigureStage(map(4000, thumbnails: true), by: ScatterRenderer.self)
            #expect(many.renderer.side == nil)
            let plain = try FigureStage(map(64, thumbnails: false), by: ScatterRenderer.self)
            #expect(plain.renderer.side == nil)
        }

        @Test func wheelAndDragMoveAMapAndADoubleClickShowsAll() throws {
            let stage = try FigureStage(map(64, thumbnails: true), by: ScatterRenderer.self)
            let lens = stage.side.lens
            let place = Point(stage.body.midX + 40, stage.body.midY + 20)
            func here() throws -> Point {
                let scale = stage.renderer.scale(of: stage.content)
                return try #require(ScatterLayout(stage.content, scale, lens, in: stage.body)).place(
                    stage.content.discs[36])
            }
            let before = try here()
            // The gui knows the mouse by whole pixels, which the zoom enlarges.
            for _ in 0..<4 { stage.wheel(1, at: before) }
            #expect(abs(lens.zoom - 2.44140625) < 1e-9)
            #expect(try abs(here().x - before.x) < 3 && abs(here().y - before.y) < 3)
            stage.drag(from: place, to: Point(place.x - 30, place.y + 10))
            #expect(try abs(here().x - before.x + 30) < 3 && abs(here().y - before.y - 10) < 3)
            // A drag chooses nothing.
            #expect(stage.acted.isEmpty)
            stage.click(try here())
            #expect(stage.acted == [choice(36).action])
            stage.takesWheel = true
            stage.wheel(1, at: place)
            #expect(abs(lens.zoom - 2.44140625) < 1e-9)
        }

        // MARK: Matrices and lists

        @Test func aSquareMatrixStaysNearlySquareInALowPanel() throws {
            let names = (1...32).map { "\($0)" }
            let square = Heatmap(rowNames: names, columnNames: names, values: [Float](repeating: 0.5, count: 1024))
            try measured {
                for (width, height) in [(700, 180), (700, 500), (250, 400)] as [(Float, Float)] {
                    let layout = HeatmapLayout(square, 0...1, in: Box(0, 0, width, height))
                    let ratio = layout.cellWidth / layout.cellHeight
                    #expect(ratio < 1.45 && ratio > 0.65, "\(ratio) at \(width) × \(height)")
                }
            }
        }

        @Test func aMatrixWithTextsShowsAllOfThemOrNone() throws {
            let names = (0..<10).map { "\($0)" }
            let confusion = Heatmap(
                rowNames: names, columnNames: names, values: (0..<100).map { $0 % 11 == 0 ? 1 : 0 }, range: 0...1,
                unit: "share", texts: (0..<100).map { $0 % 11 == 0 ? "980" : "\($0 % 3)" }, rowTitle: "true",
                columnTitle: "predicted", shading: .squareRoot)
            #expect(confusion.share(of: 0.04, in: 0...1) == 0.2)
            for (width, height) in [(330, 240), (600, 400), (220, 150)] as [(Float, Float)] {
                let stage = try FigureStage(confusion, width: width, height: height, by: HeatmapRenderer.self)
                let cells = stage.surface.frame { HeatmapLayout(confusion, 0...1, in: stage.body) }
                // All ten columns are there.
                #expect(cells.area.maxX <= stage.body.maxX && cells.area.maxY <= stage.body.maxY + 0.5)
                let last = cells.box(row: 9, column: 9)
                #expect(try stage.picture()[Int(last.x) + 2, Int(last.y) + 2] == Viridis.colour(1))
                stage.move(to: Point(last.midX, last.midY))
                #expect(stage.tooltip?.title == "true 9 · predicted 9")
                #expect(stage.tooltip?.facts.map(\.value) == ["980", "1"])
            }
            #expect(confusion.csv?.hasPrefix("name,0,1,2") == true && confusion.csv?.contains("\n0,980,1,2") == true)
        }

        private func lists(_ groups: Int, chosen: Int? = nil) -> WordLists {
            WordLists(
                groups: (0..<groups).map { group in
                    WordLists.Group(
                        name: "\(group + 1)", note: "3 %",
                        words: (0..<30).map { place in
                            WordLists.Word(
                                "word\(place)", strength: 1 - Float(place) / 40,
                                mark: place == 1 ? .init(.new, note: "place 12 before") : nil,
                                actions: [Action("pin", title: "pin", arguments: [place])])
                        }, actions: [Action("heat", title: "heat")], choice: choice(group, chosen))
                })
        }

        @Test(
            arguments: [(32, 640, 560, 9, 12), (32, 500, 240, 7, 10), (10, 640, 600, 30, 30), (4, 640, 560, 30, 30)]
                as [(Int, Float, Float, Int, Int)])
        func wordsFlowToThePanelsWidth(_ groups: Int, _ width: Float, _ height: Float, _ least: Int, _ most: Int) throws
        {
            let stage = try FigureStage(lists(groups), width: width, height: height, by: WordListsRenderer.self)
            let layout = try #require(stage.renderer.layout)
            for places in layout.places {
                #expect((least...most).contains(places.count), "\(places.count)")
                #expect(places.map(\.word) == Array(0..<places.count))
                #expect(places.allSatisfy { $0.x + $0.width <= width && $0.line < layout.linesPerGroup })
            }
            #expect(layout.height <= height || layout.linesPerGroup == 1)
        }

        @Test func wordsAndTopicsCanBeHoveredAndClicked() throws {
            let stage = try FigureStage(lists(4, chosen: 2), by: WordListsRenderer.self)
            let layout = try #require(stage.renderer.layout)
            let word = layout.places[1][3]
            let at = Point(stage.body.x + word.x + 5, stage.body.y + layout.groupHeight + Float(word.line) * 18 + 9)
            stage.move(to: at)
            #expect(stage.tooltip?.title == "word3" && stage.tooltip?.text == "Click: pin")
            stage.click(at)
            #expect(stage.acted.map(\.id) == ["pin"] && stage.acted[0].arguments == [3])
            let new = layout.places[0][1]
            stage.move(to: Point(stage.body.x + new.x + 5, stage.body.y + 9))
            #expect(stage.tooltip?.text.hasPrefix("place 12 before") == true)
            // The name of a topic marks it, of the marked one takes the mark away, and the right button offers more.
            func name(_ group: Int) -> Point {
                Point(stage.body.x + 8, stage.body.y + Float(group) * layout.groupHeight + 9)
            }
            stage.click(name(0))
            stage.click(name(2))
            #expect(stage.acted.suffix(2) == [choice(0, 2).action, choice(2, 2).action])
            stage.click(name(1), 1)
            #expect(stage.menus.map { $0.map(\.id) } == [["heat"]])
        }

        @Test func wordsKeepTheirOrderInCSV() {
            let csv = lists(2).csv ?? ""
            #expect(csv.hasPrefix("topic,1,2,3,") && csv.contains("\n2,word0,word1,word2,"))
        }

        // MARK: Marks

        @Test func whatIsChosenIsMarkedInEachKind() throws {
            func difference<R: FigureRenderer>(_ plain: R.Content, _ chosen: R.Content, _ renderer: R.Type) throws
                -> Int
            {
                let pictures = try [plain, chosen].map { try FigureStage($0, by: R.self).picture() }
                var count = 0
                for y in 0..<440 { for x in 0..<640 where pictures[0][x, y] != pictures[1][x, y] { count += 1 } }
                return count
            }
            func bars(_ chosen: Int?) -> Bars {
                Bars(labels: ["a", "b"], series: [("s", [1, 2])], choices: [choice(0, chosen), choice(1, chosen)])
            }
            #expect(try difference(bars(nil), bars(1), BarsRenderer.self) > 100)
            func groups(_ chosen: Int?) -> Silhouette {
                Silhouette(groups: (0..<3).map { .init(name: "g", values: [0.3, 0.2], choice: choice($0, chosen)) })
            }
            #expect(try difference(groups(nil), groups(1), SilhouetteRenderer.self) > 100)
            func matrix(_ chosen: Int?) -> CircleMatrix {
                var matrix = FakeModel.words
                for column in matrix.columns.indices { matrix.columns[column].choice = choice(column, chosen) }
                return matrix
            }
            #expect(try difference(matrix(nil), matrix(1), CircleMatrixRenderer.self) > 100)
            func heat(_ chosen: Int?) -> Heatmap {
                var heat = FakeModel.heat
                heat.choices = [choice(0, chosen), choice(1, chosen)]
                return heat
            }
            #expect(try difference(heat(nil), heat(1), HeatmapRenderer.self) > 100)
            func table(_ chosen: Int?) -> Table {
                var table = FakeModel.marked
                table.choices = table.rows.indices.map { choice($0, chosen) }
                return table
            }
            #expect(try difference(table(nil), table(1), TableRenderer.self) > 100)
            func histogram(_ isMarked: Bool) -> Histogram {
                var histogram = Histogram(of: [1, 2, 2, 3], xTitle: "x")
                if isMarked { histogram.marks = [(2.2, "cluster 1")] }
                return histogram
            }
            #expect(try difference(histogram(false), histogram(true), HistogramRenderer.self) > 100)
            for content in [bars(1), groups(1), matrix(1), heat(1), table(1), lists(2, chosen: 1)]
                as [any FigureContent]
            {
                #expect(content.unmark?.id == "unchoose")
            }
            for content in [bars(nil), groups(nil), FakeModel.grid, FakeModel.text] as [any FigureContent] {
                #expect(content.unmark == nil)
            }
        }

        // MARK: Histograms and curves

        @Test func aHistogramOutlinesWhatWasBefore() throws {
            let before = (0..<100).map { Double($0 % 20) * 10 }
            let now = before.map { $0 / 4 }
            let stage = try FigureStage(Histogram(of: now, xTitle: "x", before: before), by: HistogramRenderer.self)
            let picture = try stage.picture()
            // The outline goes on to the right, where no bar is any more.
            #expect(picture.count(in: Box(360, 60, 200, 300), where: isAmber) > 100)
            let alone = try FigureStage(Histogram(of: now, xTitle: "x"), by: HistogramRenderer.self)
            #expect(try alone.picture().count(in: Box(60, 60, 500, 300), where: isAmber) == 0)
        }

        @Test func pointsOfFewValuesAreSmall() throws {
            let curve = Curve(
                xTitle: "x", yTitle: "y", lines: [("", [(x: 0, y: 0), (x: 1, y: 1), (x: 2, y: 0)])],
                weights: [[100, 1, 100]])
            let stage = try FigureStage(curve, by: CurveRenderer.self)
            let picture = try stage.picture()
            let middle = stage.body.x + 52 + (stage.body.width - 66) / 2
            let spike = picture.count(in: Box(middle - 12, stage.body.y, 24, 60)) { $0.red > 120 }
            let end = picture.count(in: Box(stage.body.x + 40, stage.body.maxY - 60, 24, 40)) { $0.red > 120 }
            #expect(spike < 30 && end > 60, "\(spike), \(end)")
            #expect(curve.csv?.hasPrefix("line,x,y,count\n,0.0,0.0,100.0\n") == true)
        }

        @Test func equalRatiosHaveEqualLengths() throws {
            // A power law is a straight line; what is not above 0 is a gap.
            let points = [(1.0, 1000.0), (10, 100), (100, 10), (1000, 1), (0, 5), (2000, 0)].map { (x: $0.0, y: $0.1) }
            let curve = Curve(
                xTitle: "x", yTitle: "", lines: [("", points)], xAxis: .logarithmic, yAxis: .logarithmic)
            let stage = try FigureStage(curve, by: CurveRenderer.self)
            let scale = try stage.surface.frame { CurveRenderer().scale(of: curve) }
            #expect(scale["x"] == 1...1000 && scale["y"] == 1...1000)
            let picture = try stage.picture()
            let plot = stage.body.inset(60, 6, 14, 36)
            func isLit(_ x: Float, _ y: Float) -> Bool {
                let place = Box(plot.x + x * plot.width - 8, plot.y + y * plot.height - 8, 16, 16)
                return picture.count(in: place) { $0.red > 150 } > 8
            }
            #expect(isLit(0.5, 0.5) && isLit(0.25, 0.25) && isLit(0.75, 0.75))
            #expect(!isLit(0.15, 0.85) && !isLit(0.85, 0.15))
            stage.move(to: Point(plot.midX, plot.midY))
            #expect(stage.tooltip?.title.hasPrefix("x 3") == true, "\(stage.tooltip?.title ?? "")")
        }

        @Test func anAxisSpansWhatItIsToldTo() throws {
            let curve = Curve(
                xTitle: "x", yTitle: "y", lines: [("", [(x: 20, y: 5), (x: 30, y: 6)])], xRange: 0...100, yRange: 0...2)
            let scale = try FigureStage(curve, by: CurveRenderer.self).surface.frame {
                CurveRenderer().scale(of: curve)
            }
            #expect(scale["x"] == 0...100 && scale["y"] == 0...6)
        }

        @Test func aWordOfATextCanBeChosen() throws {
            func text(_ isChosen: Bool) -> ColouredText {
                ColouredText(
                    groups: ["frequent", "rare"],
                    paragraphs: [
                        .init(
                            title: "",
                            words: [
                                .init(
                                    "wwwwwwww", group: 0, facts: [("rank", 7)],
                                    choice: Choice(isChosen: isChosen, action: Action("choose", title: "see it"))),
                                .init("other", group: 1),
                            ])
                    ], isOrdered: true)
            }
            let stage = try FigureStage(text(false), by: ColouredTextRenderer.self)
            let word = Point(stage.body.x + 20, stage.body.y + 36)
            stage.click(word)
            #expect(stage.acted.map(\.id) == ["choose"])
            #expect(stage.tooltip?.title == "wwwwwwww" && stage.tooltip?.text.contains("Click: see it") == true)
            #expect(stage.tooltip?.facts.first?.name == "rank" && stage.tooltip?.facts.first?.value == "7")
            #expect(text(true).unmark?.id == "choose" && text(false).unmark == nil)
            stage.move(to: Point(-99, -99))
            let plain = try stage.picture()
            (stage.content, stage.version) = (text(true), 1)
            let marked = try stage.picture()
            let around = Box(stage.body.x - 6, stage.body.y + 20, 100, 34)
            func light(_ picture: Picture) -> Int { picture.count(in: around) { $0.red > 200 && $0.blue > 200 } }
            #expect(light(marked) > light(plain) + 40, "\(light(plain)), \(light(marked))")
        }

        // MARK: In the window

        @Test func escapeTakesMarksAwayOnceNothingLiesAboveThePanels() throws {
            let hands = try Hands()
            defer { hands.finish() }
            for panel in hands.view.dashboard.panels {
                hands.view.setOpen(panel, [.figure("chosen"), .figure("grid")].contains(panel))
            }
            func chosen() -> [Int] { hands.learner.status.view.choices["chosen"] ?? [] }
            #expect(
                hands.wait {
                    hands.view.figurePanels.figures["chosen"]?.content != nil
                        && hands.view.figurePanels.figures["grid"]?.content != nil
                })
            hands.window.settle()
            try hands.click("figure:chosen/bar 1")
            #expect(hands.wait { chosen() == [1] && hands.view.figurePanels.figures["chosen"]?.content?.unmark != nil })
            // Looking is no change of the model.
            #expect(hands.learner.timeline.commands.isEmpty)
            try hands.click("figure:grid/cell 0")
            #expect(hands.view.figurePanels.figures["grid"]?.enlarged == 0)
            hands.press(SDLK_RIGHT, SDL_SCANCODE_RIGHT)
            #expect(hands.view.figurePanels.figures["grid"]?.enlarged == 1)
            hands.press(SDLK_DOWN, SDL_SCANCODE_DOWN)
            #expect(hands.view.figurePanels.figures["grid"]?.enlarged == 3)
            hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
            #expect(hands.view.figurePanels.figures["grid"]?.enlarged == nil && chosen() == [1])
            hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
            #expect(hands.wait { chosen().isEmpty })
            // A second click unmarks, too.
            try hands.click("figure:chosen/bar 1")
            #expect(hands.wait { chosen() == [1] && hands.view.figurePanels.figures["chosen"]?.content?.unmark != nil })
            try hands.click("figure:chosen/bar 1")
            #expect(hands.wait { chosen().isEmpty })
        }
    }
}
