import CImGui
import CLMat
import CSDL2
import Exploration
import Foundation
import Synchronization
import Testing

@testable import Viewer

/// Drives the real window code with SDL events under the dummy driver and reads pixels back. SDL is one per process,
/// so all of it is one serial suite.
@Suite(.serialized) @MainActor struct WindowTests {
    // MARK: What is seen

    @Test func firstFrameShowsPanelsInTheThemesColours() throws {
        let hands = try Hands()
        defer { hands.finish() }
        let picture = try hands.picture()
        #expect(picture.width == 1600 && picture.height == 1000)
        #expect(picture[6, 500] == Colour(0x14171c))  // between the panels
        let add = try #require(hands.view.box(of: .add))
        #expect(picture[Int(add.midX), Int(add.maxY) - 20] == Colour(0x1c2027))
        // The first slider has the first colour, up to its handle in the middle.
        let track = try hands.place("controls:/alpha/track")
        #expect(picture[Int(track.x) + 20, Int(track.midY)] == Colour(0x56b4e9))
        #expect(picture[Int(track.maxX) - 20, Int(track.midY)] == hands.view.theme.track)
        #expect(picture[Int(track.midX), Int(track.midY)] == hands.view.theme.text)
    }

    @Test func lightThemeIsLight() throws {
        let hands = try Hands(ViewerOptions(theme: .light))
        defer { hands.finish() }
        #expect(try hands.picture()[6, 500] == Colour(0xeef0f3))
    }

    @Test func gridShowsItsPixels() throws {
        let hands = try Hands()
        defer { hands.finish() }
        #expect(hands.wait { hands.view.figurePanels.figures["grid"]?.texture != nil })
        let picture = try hands.picture()
        for (index, light) in [0, 255, 128, 255].enumerated() {
            let box = try hands.place("figure:grid/cell \(index)")
            let seen = picture[Int(box.midX), Int(box.midY)]
            #expect(seen == Colour(UInt32(light) * 0x10101), "cell \(index)")
        }
    }

    @Test(arguments: [(1600, 1000), (1280, 720)]) func defaultLayoutNeitherOverlapsNorCuts(_ width: Int, _ height: Int)
        throws
    {
        let hands = try Hands(ViewerOptions(width: width, height: height))
        defer { hands.finish() }
        let boxes = hands.view.layout.openPanels(hands.view.dashboard).compactMap { hands.view.box(of: $0) }
        #expect(boxes.count == 6)  // controls, add, one figure, three graphs
        let window = Box(0, 0, Float(width), Float(height))
        for (index, box) in boxes.enumerated() {
            #expect(window.x <= box.x && window.y <= box.y && box.maxX <= window.maxX && box.maxY <= window.maxY)
            #expect(box.width >= 200 && box.height >= 120)
            for other in boxes.dropFirst(index + 1) { #expect(!box.overlaps(other)) }
        }
    }

    @Test func everyCharacterThatIsUsedIsInTheFonts() throws {
        let hands = try Hands()
        defer { hands.finish() }
        for face in Face.allCases {
            try #require(gui_face_glyphs(hands.window.surface.gui, face.rawValue) > 500)
            for character in "Aλσβγ₁×·−…→←✓½²≤≥∞°é".unicodeScalars {
                #expect(
                    gui_face_has(hands.window.surface.gui, face.rawValue, character.value), "\(character) in \(face)")
            }
        }
    }

    @Test func withoutFontFilesTheBuiltInFontIsUsed() throws {
        let gui = try #require(gui_create(nil, 1))
        defer { gui_destroy(gui) }
        gui_fonts_begin(gui)
        #expect(gui_fonts_end(gui))
        for face in Face.allCases { #expect((90...300).contains(gui_face_glyphs(gui, face.rawValue))) }
        gui_begin_frame(gui, 64, 32, 0.01)
        gui_begin_overlay()
        UI.text("#####", Point(4, 8), Colour(0xffffff))
        gui_end_overlay()
        gui_resize(gui, 64, 32)
        gui_end_frame(gui)
        var picture = Picture(width: 64, height: 32)
        #expect(gui_read(gui, &picture.pixels, 64, 32))
        #expect((0..<64).contains { picture[$0, 14] != Colour(0) })
    }

    /// Measures text, which needs fonts.
    private func measured(_ body: () throws -> Void) throws {
        let surface = try Surface(width: 64, height: 64, theme: .dark)
        gui_begin_frame(surface.gui, 64, 64, 0.01)
        defer { gui_end_frame(surface.gui) }
        try body()
    }

    @Test func captionsLoseWholeParts() throws {
        try measured {
            let caption = "output layer before softmax · 10 neurons × 8 chains · moving average of 100"
            let all = UI.width(caption)
            #expect(UI.trimmed(caption, to: all) == caption)
            #expect(UI.trimmed(caption, to: all - 1) == "output layer before softmax · 10 neurons × 8 chains")
            #expect(UI.trimmed(caption, to: UI.width("output layer before softmax") - 1) == "output layer before…")
            #expect(UI.trimmed("of the chosen neuron", to: UI.width("of the chosen…")) == "of the chosen…")
            #expect(UI.trimmed("of the chosen neuron", to: UI.width("of the…")) == "")
        }
    }

    @Test func columnTitlesStayWhole() throws {
        let names = [
            "t-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
        ]
        let cell = ImageGrid.Cell(values: Array(repeating: 0, count: 784))
        let grid = ImageGrid(
            height: 28, width: 28, columns: 10, columnTitles: names, cells: Array(repeating: cell, count: 80))
        try measured {
            #expect(UI.inTwoLines("t-shirt/top", .small) == ["t-shirt/", "top"])
            #expect(UI.inTwoLines("ankle boot", .small) == ["ankle", "boot"])
            #expect(UI.inTwoLines("trouser", .small) == ["trouser"])
            for (width, height) in [(1200, 900), (780, 560), (600, 360), (300, 360)] {
                let layout = GridLayout(grid, in: Box(0, 0, Float(width), Float(height)))
                for name in names {
                    let shown = layout.lines(of: name).joined().filter { $0 != " " }
                    #expect(shown == name.filter { $0 != " " }, "\(layout.titles) at \(width) × \(height)")
                }
                let last = layout.cell(79)
                #expect(
                    last.maxX <= Float(width) && (layout.contentHeight > Float(height) || last.maxY <= Float(height)))
                // In the middle.
                #expect(abs(layout.cell(0).x + last.maxX - Float(width)) <= 2)
            }
        }
    }

    @Test func tablesKeepTheirNumbersWhole() throws {
        let table = Table(
            columns: ["kernel", "share", "GB/s", "launches"],
            rows: [["a_kernel_with_quite_a_long_name", "62 %", "9.1", "12,400"]], numeric: [1, 2, 3])
        try measured {
            let all = TableLayout.widths(table, room: 600)
            #expect(all.count == 4)
            let tight = TableLayout.widths(table, room: 270)
            #expect(tight.count == 4 && tight[0] < all[0] && Array(tight.dropFirst()) == Array(all.dropFirst()))
            #expect(tight.reduce(-TableLayout.gap) { $0 + $1 + TableLayout.gap } <= 270.5)
            #expect(TableLayout.widths(table, room: 180).count == 2)
            #expect(TableLayout.widths(table, room: 10).count == 1)
        }
    }

    @Test func figuresShareTheHeightByWhatTheyNeed() throws {
        let area = Box(0, 0, 1400, 900)
        let panels = [Panel.figure("a"), .figure("b")]
        func tops(_ wants: [Panel: Float]) -> [Float] {
            let boxes = Layout().boxes(panels, in: Layout.Room(area: area, want: { panel, _ in wants[panel] }))
            return panels.map { boxes[$0]?.height ?? 0 }
        }
        #expect(tops([:]) == [594, 294])
        #expect(tops([panels[0]: 1500, panels[1]: 180]) == [708, 180])
        #expect(tops([panels[0]: 1500, panels[1]: 900]) == [594, 294])
        #expect(tops([panels[0]: 444, panels[1]: 222]) == [592, 296])
    }

    // MARK: Controls

    @Test func draggingASliderSetsTheLearner() throws {
        let hands = try Hands()
        defer { hands.finish() }
        let track = try hands.place("controls:/alpha/track")
        hands.drag(from: Point(track.midX, track.midY), to: Point(track.x + track.width * 0.8, track.midY))
        #expect(hands.wait { abs((hands.learner.status.settings.values["alpha"] ?? .nan) - 0.8) < 0.01 })
        // The handle went along, and what it left has the slider's colour.
        let picture = try hands.picture()
        #expect(picture[Int(track.x + track.width * 0.65), Int(track.midY)] == Colour(0x56b4e9))
        #expect(hands.view.controlPanels.hand.held == nil)
    }

    @Test func doubleClickReturnsToTheInitialValue() throws {
        let hands = try Hands()
        defer { hands.finish() }
        let track = try hands.place("controls:/alpha/track")
        let place = Point(track.x + track.width * 0.2, track.midY)
        hands.click(place)
        #expect(hands.wait { abs((hands.learner.status.settings.values["alpha"] ?? .nan) - 0.2) < 0.01 })
        hands.doubleClick(place)
        #expect(hands.wait { hands.learner.status.settings.values["alpha"] == 0.5 })
    }

    @Test func aValueCanBeTyped() throws {
        let hands = try Hands()
        defer { hands.finish() }
        try hands.click("controls:/alpha/value")
        #expect(hands.view.controlPanels.hand.typed?.control == "alpha")
        hands.type("0.25")
        hands.enter()
        #expect(hands.wait { hands.learner.status.settings.values["alpha"] == 0.25 })
        #expect(hands.view.controlPanels.hand.typed == nil)
    }

    @Test func aValueOutOfBoundsSaysWhatIsTaken() throws {
        let hands = try Hands()
        defer { hands.finish() }
        try hands.click("controls:/alpha/value")
        hands.type("7")
        hands.enter()
        let problem = try #require(hands.view.controlPanels.hand.typed?.field.problem)
        #expect(problem.contains("'7'") && problem.contains("0 to 1"))
        // The whole of it stands over what lies below the slider.
        #expect(hands.view.hints.problem?.words == problem)
        #expect(hands.learner.status.settings.values["alpha"] == 0.5)
    }

    @Test func keysDoNothingElseWhileTyping() throws {
        let hands = try Hands()
        defer { hands.finish() }
        try hands.click("controls:/alpha/value")
        hands.press(SDLK_q, SDL_SCANCODE_Q)
        hands.press(SDLK_SPACE, SDL_SCANCODE_SPACE)
        #expect(!hands.window.isClosed)
        #expect(hands.learner.status.isPaused)
    }

    @Test func arrowKeysMoveTheSliderUnderTheMouse() throws {
        let hands = try Hands()
        defer { hands.finish() }
        let track = try hands.place("controls:/alpha/track")
        hands.move(to: Point(track.x + 40, track.midY))
        hands.press(SDLK_RIGHT, SDL_SCANCODE_RIGHT)
        #expect(hands.wait { abs((hands.learner.status.settings.values["alpha"] ?? .nan) - 0.51) < 1e-9 })
        hands.press(SDLK_LEFT, SDL_SCANCODE_LEFT, shift: true)
        #expect(hands.wait { abs((hands.learner.status.settings.values["alpha"] ?? .nan) - 0.509) < 1e-9 })
    }

    // MARK: Keys

    @Test func spacePausesAndResumes() throws {
        let hands = try Hands()
        defer { hands.finish() }
        hands.press(SDLK_SPACE, SDL_SCANCODE_SPACE)
        #expect(hands.wait { !hands.learner.status.isPaused && hands.learner.status.step > 0 })
        hands.press(SDLK_SPACE, SDL_SCANCODE_SPACE)
        #expect(hands.wait { hands.learner.status.isPaused })
    }

    @Test func periodTakesOneStep() throws {
        let hands = try Hands()
        defer { hands.finish() }
        hands.press(SDLK_PERIOD, SDL_SCANCODE_PERIOD)
        #expect(hands.wait { hands.learner.status.step == 1 && hands.learner.status.isPaused })
        for _ in 0..<20 { hands.rest() }
        #expect(hands.learner.status.step == 1)
    }

    @Test func questionMarkAndF1ShowTheKeys() throws {
        let hands = try Hands()
        defer { hands.finish() }
        let before = try hands.picture()
        hands.type("?")
        #expect(hands.view.help.isOpen)
        let box = try hands.place("help")
        let (x, y) = (Int(box.midX), Int(box.y) + 6)  // above its first line
        #expect(try hands.picture()[x, y] == hands.view.theme.tooltip && before[x, y] != hands.view.theme.tooltip)
        hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
        #expect(!hands.view.help.isOpen)
        hands.press(SDLK_F1, SDL_SCANCODE_F1)
        #expect(hands.view.help.isOpen)
        hands.type("?")
        #expect(!hands.view.help.isOpen)
        // While a value is typed it is a letter like others.
        try hands.click("controls:/alpha/value")
        hands.type("?")
        #expect(!hands.view.help.isOpen && hands.view.controlPanels.hand.typed?.field.text == "?")
    }

    @Test func controlsAreReachedAndChangedByKeysAlone() throws {
        let hands = try Hands()
        defer { hands.finish() }
        func tab(back: Bool = false) { hands.press(SDLK_TAB, SDL_SCANCODE_TAB, shift: back) }
        func settings(_ id: String) -> Double { hands.learner.status.settings.values[id] ?? .nan }
        let track = try hands.place("controls:/alpha/track")
        hands.move(to: Point(track.x + 40, track.midY))  // the mouse that rests here does not keep the focus
        tab()
        #expect(hands.view.focus.focused == "alpha" && hands.view.focus.showsFocus)
        // The ring.
        let ring = try hands.picture()[Int(track.x) - 6, Int(track.y) - 10]
        #expect(ring.red > 2 * hands.view.theme.panel.red)
        tab()
        tab()
        #expect(hands.view.focus.focused == "gamma")
        hands.press(SDLK_RIGHT, SDL_SCANCODE_RIGHT)
        #expect(hands.wait { settings("gamma") == 1 })
        hands.enter()
        #expect(hands.wait { settings("gamma") == 0 })
        tab()
        hands.press(SDLK_UP, SDL_SCANCODE_UP)
        #expect(hands.wait { settings("delta") == 1 })
        tab()
        #expect(hands.view.focus.focused == "alpha")
        hands.enter()
        #expect(hands.view.controlPanels.hand.typed?.control == "alpha")
        hands.type("0.25")
        tab()
        #expect(hands.wait { settings("alpha") == 0.25 })
        #expect(hands.view.controlPanels.hand.typed == nil && hands.view.focus.focused == "beta")
        tab(back: true)
        hands.press(SDLK_LEFT, SDL_SCANCODE_LEFT)
        #expect(hands.wait { abs(settings("alpha") - 0.24) < 1e-9 })
        hands.enter()
        hands.type("9")
        tab()
        #expect(hands.view.controlPanels.hand.typed?.field.problem?.contains("0 to 1") == true)
        hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
        #expect(hands.view.controlPanels.hand.typed == nil)
    }

    @Test func qCloses() throws {
        let hands = try Hands()
        defer { hands.finish() }
        hands.press(SDLK_q, SDL_SCANCODE_Q)
        #expect(hands.window.isClosed)
    }

    // MARK: Figures and panels

    @Test func aCellIsEnlargedAndItsActionIsDone() throws {
        let hands = try Hands()
        defer { hands.finish() }
        #expect(hands.wait { hands.view.figurePanels.figures["grid"]?.texture != nil })
        try hands.click("figure:grid/cell 2")
        #expect(hands.view.figurePanels.figures["grid"]?.enlarged == 2)
        let body = try hands.place("window:grid/body")
        #expect(try hands.picture()[Int(body.x) + 26, Int(body.y) + 42] == Colour(0x808080))
        try hands.click("window:grid/action/0")
        hands.press(SDLK_PERIOD, SDL_SCANCODE_PERIOD)
        #expect(hands.wait { hands.learner.timeline.series("marks").last?.value == 1 })
        hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
        #expect(hands.view.figurePanels.figures["grid"]?.enlarged == nil)
    }

    @Test func anActionThatAsksTakesANumberInItsRange() throws {
        let hands = try Hands()
        defer { hands.finish() }
        #expect(hands.wait { hands.view.figurePanels.figures["grid"]?.texture != nil })
        try hands.click("figure:grid/cell 3")
        try hands.click("window:grid/action/0/field")
        hands.type("12")
        hands.enter()
        #expect(try #require(hands.view.figurePanels.figures["grid"]?.answers[0]?.problem).contains("1…9"))
        try hands.click("window:grid/body")
        try hands.click("window:grid/action/0/field")
        hands.type("4")
        hands.enter()
        hands.press(SDLK_PERIOD, SDL_SCANCODE_PERIOD)
        #expect(hands.wait { hands.learner.timeline.series("marks").last?.value == 4 })
    }

    @Test func runReturnsWhenTheRunHasFinishedAndLeavesAPicture() throws {
        setenv("SDL_VIDEODRIVER", "dummy", 1)
        let folder = try Folder()
        let learner = try FakeModel.learner(Learner.Options(maximumSteps: 5))
        learner.start()
        try Viewer.run(
            learner, options: ViewerOptions(screenshot: folder.path + "/end.png", closesWhenFinished: true))
        learner.wait()
        #expect(learner.status.step == 5)
        #expect(folder.content == ["end.png"])
    }

    @Test func aColumnsTitleOffersItsActions() throws {
        let hands = try Hands()
        defer { hands.finish() }
        #expect(hands.wait { hands.view.figurePanels.figures["grid"]?.texture != nil })
        try hands.click("figure:grid/column 0")
        let menu = try #require(hands.view.actionMenus.menu)
        #expect(menu.title == "left" && menu.actions.map(\.title) == ["mark"])
        try hands.click("action-menu/action/0")
        #expect(hands.view.actionMenus.menu == nil)
        hands.press(SDLK_PERIOD, SDL_SCANCODE_PERIOD)
        #expect(hands.wait { hands.learner.timeline.series("marks").last?.value == 1 })
    }

    @Test func aColumnsActionSendsWhatItAsked() throws {
        let hands = try Hands()
        defer { hands.finish() }
        #expect(hands.wait { hands.view.figurePanels.figures["grid"]?.texture != nil })
        try hands.click("figure:grid/column 1")
        #expect(hands.view.actionMenus.menu?.title == "right")
        // The button beside the field, which holds the least that is accepted.
        try hands.click("action-menu/action/0")
        #expect(hands.view.actionMenus.menu == nil)
        hands.press(SDLK_PERIOD, SDL_SCANCODE_PERIOD)
        #expect(hands.wait { hands.learner.timeline.series("marks").last?.value == 4 })
    }

    @Test func escapeGivesUpTyping() throws {
        let hands = try Hands()
        defer { hands.finish() }
        try hands.click("controls:/alpha/value")
        hands.type("7")
        hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
        #expect(hands.view.controlPanels.hand.typed == nil && hands.view.statusLine.notice == nil)
        #expect(hands.learner.status.settings.values["alpha"] == 0.5)
    }

    @Test func aPanelClosesAndOpensAgain() throws {
        let hands = try Hands()
        defer { hands.finish() }
        try hands.click("metric:loss/close")
        #expect(!hands.view.layout.isOpen(.metric("loss")))
        #expect(hands.view.box(of: .metric("loss")) == nil)
        try hands.click("add/metric:loss")
        #expect(hands.view.layout.isOpen(.metric("loss")))
        #expect(hands.view.box(of: .metric("loss")) != nil)
    }

    @Test func aMovedPanelStays() throws {
        let hands = try Hands()
        defer { hands.finish() }
        let others = try #require(hands.view.box(of: .add))
        let grid = try #require(hands.view.box(of: .figure("grid")))
        let bar = try hands.place("metric:loss/title").middle
        hands.drag(from: bar, to: Point(grid.midX, grid.y + 40))
        let after = try #require(hands.view.box(of: .metric("loss")))
        #expect(after.x == grid.x && after.y == grid.y)
        #expect(hands.view.box(of: .figure("grid"))?.maxY == grid.maxY)
        #expect(hands.view.box(of: .add) == others)
    }

    @Test func aGraphIsExportedAsCSV() throws {
        let hands = try Hands()
        defer { hands.finish() }
        hands.learner.send(.step(2))
        #expect(hands.wait { hands.view.now == 2 })
        let folder = try Folder()
        let before = FileManager.default.currentDirectoryPath
        _ = FileManager.default.changeCurrentDirectoryPath(folder.path)
        defer { _ = FileManager.default.changeCurrentDirectoryPath(before) }
        try hands.click("metric:loss/export")
        #expect(folder.content == ["loss-2.csv"])
        let text = try String(contentsOfFile: folder.path + "/loss-2.csv", encoding: .utf8)
        #expect(text == "step,loss\n1,1.5\n2,1.0\n")
        hands.press(SDLK_s, SDL_SCANCODE_S)
        #expect(folder.content == ["clmat-2.png", "loss-2.csv"])
        #expect(hands.view.statusLine.notice?.text == "Saved clmat-2.png")
    }

    @Test func aFailedFigureSaysWhy() throws {
        let hands = try Hands()
        defer { hands.finish() }
        hands.view.setOpen(.figure("broken"), true)
        #expect(
            hands.wait {
                if case .failed(let words, _) = hands.view.figurePanels.figures["broken"]?.state {
                    words.contains("broken on purpose")
                } else {
                    false
                }
            })
    }

    @Test func anAttachmentBringsItsControlsAndItsGraph() throws {
        let hands = try Hands()
        defer { hands.finish() }
        hands.learner.send(.attach("extra"))
        #expect(hands.wait { hands.view.box(of: .controls("extra")) != nil })
        #expect(hands.view.box(of: .metric("added")) != nil)
        hands.learner.send(.detach("extra"))
        #expect(hands.wait { hands.view.box(of: .controls("extra")) == nil })
        // Its control's name is still known, for what was done with it.
        #expect(hands.view.dashboard.control("weight") == nil && hands.learner.control("weight")?.title == "weight")
    }

    @Test func eachChangeHasItsMark() throws {
        let hands = try Hands()
        defer { hands.finish() }
        for (index, value) in [0.6, 0.7].enumerated() {
            hands.learner.send(.set(control: "alpha", to: value))
            hands.learner.send(.step(1))
            #expect(hands.wait { hands.view.now == index + 1 && hands.learner.status.isPaused })
        }
        hands.learner.send(.attach("extra"))
        #expect(hands.wait { hands.view.changes.all.count == 3 })
        #expect(
            hands.view.changes.all.map(\.words) == [
                "alpha 0.5 → 0.6 at step 0", "alpha 0.6 → 0.7 at step 1", "Extra put on at step 2",
            ])
        #expect(hands.view.changes.all.first?.colour == SliderColours.palette[0])
    }

    @Test func anErrorOfTheRunIsShownBelowThePanels() throws {
        let hands = try Hands(failsAt: 1)
        defer { hands.finish() }
        let before = try #require(hands.view.box(of: .add)).maxY
        hands.press(SDLK_PERIOD, SDL_SCANCODE_PERIOD)
        #expect(hands.wait { hands.view.status.error == .dataMismatch("The fake data ended.") })
        hands.window.settle()
        #expect(try #require(hands.view.box(of: .add)).maxY == before - 17)
    }

    @Test func wheelZoomsAllGraphsAndDoubleClickShowsAll() throws {
        let hands = try Hands()
        defer { hands.finish() }
        hands.learner.send(.step(100))
        #expect(hands.wait { hands.view.now == 100 })
        let middle = try hands.place("metric:loss/plot").middle
        hands.move(to: middle)
        #expect(hands.view.graphs.hoveredStep != nil)
        hands.wheel(1, at: middle)
        let range = hands.view.graphs.axis.range(.init(now: 100))
        #expect(abs(range.upperBound - range.lowerBound - 80) < 1e-6)
        hands.doubleClick(middle)
        #expect(hands.view.graphs.axis.span == .whole)
    }

    // MARK: Goals

    private func plot(_ metric: String, _ hands: Hands) throws -> Box {
        try hands.place("metric:\(metric)/curves")
    }

    @Test func aGoalIsPulledMovedAndRemoved() throws {
        let folder = try Folder()
        setenv("XDG_CONFIG_HOME", folder.path, 1)
        defer { unsetenv("XDG_CONFIG_HOME") }
        let hands = try Hands(ViewerOptions(layoutName: "goals"))
        defer { hands.finish() }
        hands.learner.send(.step(100))
        #expect(hands.wait { hands.view.now == 100 })
        let plot = try plot("test-accuracy", hands)
        let metric = try #require(hands.view.dashboard.metric("test-accuracy"))
        #expect(hands.view.goals.goalWords(metric) == "")
        // From 0.5 to 1, on an axis from 0 to 1: half way is 0.5, and the last value above it.
        let handle = try hands.place("metric:test-accuracy/goal").middle
        hands.drag(from: handle, to: Point(handle.x, plot.midY))
        let goal = try #require(hands.view.layout.goals["test-accuracy"])
        #expect(goal > 0.45 && goal < 0.8)
        #expect(hands.view.goals.goalWords(metric) == "goal met")
        #expect(Layout(named: "goals").goals == ["test-accuracy": goal])
        hands.view.goals.togglePausesAtGoals()
        #expect(Layout(named: "goals").pausesAtGoals)
        #expect(hands.view.graphs.axis.span == .whole)

        // By its line, up to the top: not met.
        hands.drag(from: try hands.place("metric:test-accuracy/goal-line").middle, to: Point(plot.midX, plot.y - 20))
        #expect(hands.view.layout.goals["test-accuracy"] == 1)
        #expect(hands.view.goals.goalWords(metric) == "goal not met")

        try hands.doubleClick("metric:test-accuracy/goal-line")
        #expect(hands.view.layout.goals.isEmpty && Layout(named: "goals").goals.isEmpty)
    }

    @Test func theRightButtonOffersAGoal() throws {
        let hands = try Hands()
        defer { hands.finish() }
        hands.learner.send(.step(100))
        #expect(hands.wait { hands.view.now == 100 })
        let plot = try plot("loss", hands)
        hands.rightClick(Point(plot.midX, plot.y + plot.height * 0.3))
        let menu = try #require(hands.view.graphs.graphMenu)
        #expect(menu.metric == "loss")
        try hands.click("graph-menu/here")
        #expect(hands.view.graphs.graphMenu == nil && hands.view.layout.goals["loss"] == menu.value)
        // The loss is neither better high nor low: it has to come to its goal from where it was.
        let loss = try #require(hands.view.dashboard.metric("loss"))
        #expect(hands.view.goals.goalWords(loss) == "goal not reached")
        hands.learner.send(.set(control: "alpha", to: 1))
        hands.view.goals.setGoal(0.9, of: "loss")
        hands.learner.send(.step(1))
        #expect(hands.wait { hands.view.now == 101 })
        #expect(hands.view.goals.goalWords(loss) == "goal reached")
        hands.learner.send(.set(control: "alpha", to: 0))
        hands.learner.send(.step(1))
        #expect(hands.wait { hands.view.now == 102 })
        #expect(hands.view.goals.goalWords(loss) == "goal reached")
    }

    @Test func theRunPausesOnceWhenAllGoalsAreMet() throws {
        let hands = try Hands()
        defer { hands.finish() }
        func pauses() -> Int { hands.learner.timeline.log.filter { $0.command == .pause }.count }
        hands.learner.send(.step(100))
        #expect(hands.wait { hands.view.now == 100 })
        hands.view.goals.setGoal(0.999, of: "test-accuracy")
        hands.view.goals.togglePausesAtGoals()
        hands.learner.send(.resume)
        #expect(hands.wait { hands.learner.status.isPaused && hands.learner.status.step >= 999 })
        #expect(pauses() == 1 && hands.view.statusLine.notice?.text == "Paused: the goal is met.")
        hands.learner.send(.resume)
        let step = hands.learner.status.step
        #expect(hands.wait { hands.view.now > step + 100 })
        for _ in 0..<5 { hands.window.settle() }
        #expect(!hands.learner.status.isPaused && pauses() == 1)
        hands.learner.send(.pause)
        #expect(hands.wait { hands.learner.status.isPaused })
    }

    @Test func aMarkSaysWhenTheMetricSettled() throws {
        let hands = try Hands()
        defer { hands.finish() }
        hands.learner.send(.step(200))
        #expect(hands.wait { hands.view.now == 200 })
        hands.learner.send(.set(control: "alpha", to: 0.9))
        hands.learner.send(.step(300))
        #expect(hands.wait { hands.view.now == 500 })
        let plot = try plot("loss", hands)
        hands.move(to: Point(plot.x + plot.width * 0.4, plot.y + 4))
        #expect(hands.view.hints.tooltip?.text == "alpha 0.5 → 0.9 at step 200, settled after 1 step")
    }

    // MARK: Profile

    @Test func theProfileIsMeasuredWhileItsPanelIsOpen() throws {
        let calls = Mutex<[Bool]>([])
        let folder = try Folder()
        let isMeasured = DispatchSemaphore(value: 0)
        let source = ProfileSource(
            measure: { () throws(CLMatError) in
                isMeasured.wait()
                return Roofline(bandwidth: 1, arithmetic: 1)
            },
            setRecording: { isOn in calls.withLock { $0.append(isOn) } },
            table: { roofline in
                Table(
                    columns: ["kernel", "share"], rows: [["gemm", roofline == nil ? "–" : "100 %"]], numeric: [1])
            })
        let hands = try Hands(ViewerOptions(profile: source))
        defer { hands.finish() }
        #expect(calls.withLock { $0 } == [] && hands.view.box(of: .profile) == nil)
        hands.view.setOpen(.profile, true)
        hands.window.settle()
        // The window goes on while the device is measured, and nothing is recorded before.
        #expect(hands.view.profilePanel.measurement?.result == nil && hands.view.profilePanel.table.rows.isEmpty)
        let box = try #require(hands.view.box(of: .profile))
        #expect(box.height >= 120 && calls.withLock { $0 } == [])
        isMeasured.signal()
        #expect(hands.wait { calls.withLock { $0 } == [true] && !hands.view.profilePanel.table.rows.isEmpty })
        let before = FileManager.default.currentDirectoryPath
        _ = FileManager.default.changeCurrentDirectoryPath(folder.path)
        defer { _ = FileManager.default.changeCurrentDirectoryPath(before) }
        hands.view.exporter.export(.profile)
        #expect(try String(contentsOfFile: "profile-0.csv", encoding: .utf8) == "kernel,share\ngemm,100 %\n")
        try hands.click("profile/close")
        hands.window.settle()
        #expect(calls.withLock { $0 } == [true, false])
    }

    @Test func aDeviceThatCannotBeMeasuredIsSaidInThePanel() throws {
        let error = CLMatError.deviceFailed(device: "broken", operation: "copy", status: "CL_OUT_OF_RESOURCES")
        let source = ProfileSource(
            measure: { () throws(CLMatError) -> Roofline in throw error },
            table: { roofline in Table(columns: ["kernel"], rows: [[roofline == nil ? "none" : "some"]]) })
        let hands = try Hands(ViewerOptions(profile: source))
        defer { hands.finish() }
        hands.view.setOpen(.profile, true)
        #expect(hands.wait { hands.view.profilePanel.table.rows == [["none"]] })
        #expect(hands.view.profilePanel.measurement?.result == .failure(error))
        // Its words stand above the table, in the colour of text.
        let body = try hands.place("profile/body")
        let picture = try hands.picture()
        let line = (Int(body.x)..<Int(body.x) + 187).filter { picture[$0, Int(body.y) + 7].red > 150 }
        #expect(line.count > 20)
    }

    @Test func withoutAProfileThereIsNoPanel() throws {
        let hands = try Hands()
        defer { hands.finish() }
        hands.view.setOpen(.profile, true)
        hands.window.settle()
        #expect(hands.view.box(of: .profile) == nil)
    }

    // MARK: Nothing is drawn that has not changed

    @Test func anIdleDeskHasNoNews() throws {
        let hands = try Hands()
        defer { hands.finish() }
        #expect(hands.wait { hands.view.figurePanels.figures["grid"]?.texture != nil })
        hands.window.settle()
        #expect(!hands.view.hasNews())
        hands.learner.send(.step(1))
        #expect(hands.wait(drawing: false) { hands.view.hasNews() })
    }

    // MARK: Refusals

    @Test func aRefusedWindowIsAnError() throws {
        setenv("SDL_VIDEODRIVER", "nonexistent", 1)
        defer { setenv("SDL_VIDEODRIVER", "dummy", 1) }
        let learner = try FakeModel.learner()
        let error = #expect(throws: CLMatError.self) { try Viewer.run(learner) }
        guard case .windowUnavailable(let reason) = error else {
            Issue.record("\(String(describing: error)) is not about the window")
            return
        }
        #expect(reason.contains("SDL says"))
    }

    @Test func withoutADisplayThereIsAnObstacle() throws {
        let names = ["SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY"]
        let before = names.map { getenv($0).map { String(cString: $0) } }
        for name in names { unsetenv(name) }
        defer { for (name, value) in zip(names, before) { if let value { setenv(name, value, 1) } } }
        #expect(!Viewer.canOpenWindow)
        #expect(throws: CLMatError.windowUnavailable(reason: try #require(Viewer.obstacle))) {
            try Viewer.run(FakeModel.learner())
        }
    }

    // MARK: Pictures

    @Test func screenshotShowsFiguresAndLeavesAPNG() throws {
        let folder = try Folder()
        let learner = try FakeModel.learner()
        learner.start(paused: true)
        defer {
            learner.stop()
            learner.wait()
        }
        try Viewer.screenshot(of: learner, to: folder.path + "/window.png")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/window.png"))
        #expect(bytes.prefix(4) == Data([0x89, 0x50, 0x4e, 0x47]))
        #expect(bytes.count > 10_000)
        #expect(folder.content == ["window.png"])
    }

    @Test func screenshotToAPlaceThatIsNotThereLeavesNothing() throws {
        let folder = try Folder()
        let learner = try FakeModel.learner()
        learner.start(paused: true)
        defer {
            learner.stop()
            learner.wait()
        }
        let path = folder.path + "/missing/window.png"
        #expect {
            try Viewer.screenshot(of: learner, to: path)
        } throws: { error in
            if case CLMatError.fileNotWritable(path, _) = error { true } else { false }
        }
        #expect(folder.content == [])
    }

    @Test func gridPictureHasGreyGapsAndSquarePixels() {
        let picture = Picture(Pixels(of: FakeModel.grid))
        let (zoom, gap) = (42, 42)
        #expect(picture.width == 2 * (2 * zoom + gap) + gap && picture.height == picture.width)
        #expect(picture[gap / 2, gap / 2] == Colour(0x808080))
        #expect(picture[gap + 1, gap + 1] == Colour(0))
        #expect(picture[gap + 2 * zoom + gap + 1, gap + 1] == Colour(0xffffff))
    }

    @Test func strangeImagesAreDrawnAllTheSame() {
        var grid = FakeModel.grid
        grid.display = .signed
        grid.cells[0].values = [.nan, .infinity, -1, 2]
        grid.cells[1].values = []
        #expect(grid.pixels(of: grid.cells[0]).prefix(3) == [0xd0, 0x40, 0x8c])
        #expect(grid.pixels(of: grid.cells[1]) == Array(repeating: 0, count: 12))
        grid.columns = 0
        #expect(throws: CLMatError.invalidArgument(operation: "writePNG", problem: "the grid has no images")) {
            try Viewer.writePNG(of: grid, to: "/nowhere/grid.png")
        }
    }

    // MARK: Display scale

    @Test func twiceTheScaleIsTheSameDeskWithTwiceThePixels() throws {
        setenv("CLMAT_SCALE", "2", 1)
        defer { unsetenv("CLMAT_SCALE") }
        let hands = try Hands(ViewerOptions(width: 1600, height: 1000))
        defer { hands.finish() }
        #expect(hands.window.surface.scale == 2)
        // The dummy driver's display is as large as asked for: half as many units.
        #expect(hands.view.size == Point(800, 500))

        let surface = try Surface(width: 3200, height: 2000, theme: .dark)
        let window = ViewerWindow(hands.learner, ViewerOptions(), on: surface)
        window.places = [:]
        window.draw()
        let picture = try window.picture()
        #expect(picture.width == 3200 && picture.height == 2000 && window.dashboardView.size == Point(1600, 1000))
        unsetenv("CLMAT_SCALE")
        let plain = ViewerWindow(
            hands.learner, ViewerOptions(), on: try Surface(width: 1600, height: 1000, theme: .dark))
        plain.draw()
        for panel in plain.dashboardView.layout.openPanels(plain.dashboardView.dashboard) {
            let (large, small) = (
                try #require(window.dashboardView.box(of: panel)), try #require(plain.dashboardView.box(of: panel))
            )
            #expect(abs(large.x - small.x) < 8 && abs(large.width - small.width) < 8, "\(panel)")
        }
        // A slider's track in its colour, at twice its place.
        let track = try #require(window.places?["controls:/alpha/track"])
        #expect(picture[Int(track.x + 20) * 2, Int(track.midY * 2)] == Colour(0x56b4e9))
    }

    @Test func theMouseIsWhereItIsAtAnyScale() throws {
        setenv("CLMAT_SCALE", "1.5", 1)
        defer { unsetenv("CLMAT_SCALE") }
        let hands = try Hands(ViewerOptions(width: 1800, height: 1200))
        defer { hands.finish() }
        let track = try hands.place("controls:/alpha/track")
        hands.click(Point((track.x + track.width * 0.2) * 1.5, track.midY * 1.5))
        #expect(hands.wait { abs((hands.learner.status.settings.values["alpha"] ?? .nan) - 0.2) < 0.02 })
    }

    @Test func aWindowFollowsTheDisplayThatItIsMovedTo() throws {
        let hands = try Hands()
        defer { hands.finish() }
        hands.window.surface.followDisplay()
        #expect(hands.window.surface.scale == 1)
        hands.window.surface.rescale(to: 1.25)
        hands.window.settle()
        #expect(hands.view.size == Point(1280, 800))
        let picture = try hands.picture()
        #expect(picture.width == 1600)
        let track = try hands.place("controls:/alpha/track")
        #expect(picture[Int((track.x + 20) * 1.25), Int(track.midY * 1.25)] == Colour(0x56b4e9))
    }

    @Test(arguments: ["huge", "0.49", "4.01", "nan", "-1", "0", "1,5", " "]) func aBadScaleIsNotUsed(_ text: String)
        throws
    {
        setenv("CLMAT_SCALE", text, 1)
        defer { unsetenv("CLMAT_SCALE") }
        #expect(try Surface(width: 64, height: 64, theme: .dark).scale == 1)
        #expect(DisplayScale.refused.contains(text))
    }

    @Test(arguments: [0.5, 0.75, 1.25, 4] as [Float]) func everyScaleDraws(_ scale: Float) throws {
        setenv("CLMAT_SCALE", "\(scale)", 1)
        defer { unsetenv("CLMAT_SCALE") }
        let hands = try Hands(ViewerOptions(width: 400, height: 260))
        defer { hands.finish() }
        let surface = try Surface(width: 400, height: 260, theme: .light)
        let window = ViewerWindow(hands.learner, ViewerOptions(theme: .light), on: surface)
        for (window, theme) in [(hands.window, Theme.dark), (window, Theme.light)] {
            #expect(window.surface.scale == scale)
            window.draw()
            let picture = try window.picture()
            #expect(picture.width == 400 && picture.height == 260)
            let dots = (0..<picture.height).flatMap { y in (0..<picture.width).map { picture[$0, y] } }
            // Panels, and the edges of many letters.
            #expect(dots.contains(theme.panel) && Set(dots.map(\.packed)).count > 30)
        }
    }

    // MARK: Layout on disk

    @Test func layoutIsKept() throws {
        let folder = try Folder()
        setenv("XDG_CONFIG_HOME", folder.path, 1)
        defer { unsetenv("XDG_CONFIG_HOME") }
        let first = try Hands(ViewerOptions(layoutName: "fake"))
        try first.click("metric:loss/close")
        first.finish()
        let second = try Hands(ViewerOptions(layoutName: "fake"))
        defer { second.finish() }
        #expect(!second.view.layout.isOpen(.metric("loss")))
        #expect(second.view.layout.isOpen(.metric("test-accuracy")))
    }

    @Test func aDamagedLayoutIsNotUsed() throws {
        let folder = try Folder()
        setenv("XDG_CONFIG_HOME", folder.path, 1)
        defer { unsetenv("XDG_CONFIG_HOME") }
        try FileManager.default.createDirectory(atPath: folder.path + "/clmat", withIntermediateDirectories: true)
        for text in ["{\"version\":1,\"open\":{}", "{\"version\":1,\"open\":{},\"places\":{\"add\":[0,0,-1]}}"] {
            try Files.write(text, to: Layout.path(named: "fake"))
            #expect(Layout(named: "fake") == Layout())
        }
    }
}

/// A folder for one test, removed with it.
final class Folder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "clmat-viewer-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var content: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}
