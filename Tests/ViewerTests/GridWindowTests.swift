import CLMat
import CSDL2
import Exploration
import Foundation
import Testing

@testable import Viewer

extension WindowTests {
    /// Panels that are dragged, resized, enlarged, looked for and gone back to, in a window.
    @Suite(.serialized) @MainActor struct Grid {
        /// No two panels overlap, and none leaves the working area.
        static func check(_ hands: Hands, _ comment: Comment? = nil) {
            let boxes = hands.view.shownPanels.compactMap { hands.view.box(of: $0) }
            let area = hands.view.workingArea()
            #expect(boxes.count == hands.view.shownPanels.count, comment)
            for (index, box) in boxes.enumerated() {
                #expect(box.x >= area.x && box.maxX <= area.maxX && box.y >= area.y, comment)
                #expect(box.maxY <= area.maxY, comment)
                for other in boxes.dropFirst(index + 1) { #expect(!box.overlaps(other), comment) }
            }
        }

        static func title(_ panel: Panel, _ hands: Hands) throws -> Point {
            try hands.place("\(panel.name)/title").middle
        }

        /// Draws until nothing moves.
        private func hands(_ options: ViewerOptions = ViewerOptions()) throws -> Hands {
            let hands = try Hands(options)
            hands.learner.send(.step(5))
            #expect(hands.wait { hands.view.now == 5 })
            return hands
        }

        /// Also where few panels are open, and wide.
        @Test func arrangePutsAllBack() throws {
            let hands = try hands()
            defer { hands.finish() }
            for panel in hands.view.layout.openPanels(hands.view.dashboard)
            where panel != .add && panel != .figure("grid") {
                hands.view.setOpen(panel, false)
            }
            hands.window.settle()
            let began = try (#require(hands.view.box(of: .add)), #require(hands.view.box(of: .figure("grid"))))
            hands.drag(
                from: try Self.title(.figure("grid"), hands), to: Point(began.0.midX, hands.view.workingArea().maxY - 4)
            )
            #expect(!hands.view.layout.isArranged && hands.view.box(of: .add) != began.0)
            try hands.click("add/word")
            #expect(hands.view.layout.isArranged)
            #expect(hands.view.box(of: .add) == began.0 && hands.view.box(of: .figure("grid")) == began.1)
        }

        @Test func aDraggedPanelTakesAPlaceAndIsFoundThereAgain() throws {
            let folder = try Folder()
            setenv("XDG_CONFIG_HOME", folder.path, 1)
            defer { unsetenv("XDG_CONFIG_HOME") }
            let first = try hands(ViewerOptions(layoutName: "grid"))
            let (loss, grid) = (Panel.metric("loss"), Panel.figure("grid"))
            let before = try #require(first.view.box(of: loss))
            let target = try #require(first.view.box(of: grid))
            let start = try Self.title(loss, first)
            first.move(to: start)
            first.button(true, at: start)
            // Where it would go is known and nothing has moved yet.
            for part: Float in [0.3, 0.6, 1] {
                let end = Point(target.midX, target.maxY - 40)
                first.move(to: Point(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part))
                Self.check(first)
            }
            let lit = try #require(first.view.moving.drag?.target?.box)
            #expect(first.view.box(of: loss) == before && lit.x == target.x && lit.y > target.y)
            // It is lit.
            let picture = try first.picture()
            #expect(picture[Int(lit.midX), Int(lit.y)] == first.view.theme.text)
            first.button(false, at: Point(target.midX, target.maxY - 40))
            Self.check(first)
            let after = try #require(first.view.box(of: loss))
            #expect(after == lit && !first.view.layout.isArranged)
            first.finish()

            let second = try hands(ViewerOptions(layoutName: "grid"))
            defer { second.finish() }
            #expect(second.view.box(of: loss) == after)
            // One that opens later has a place too, and one that is closed and opened again its own.
            second.view.setOpen(.figure("words"), true)
            second.window.settle()
            Self.check(second)
            let words = second.view.box(of: .figure("words"))
            second.view.setOpen(.figure("words"), false)
            second.window.settle()
            #expect(second.view.box(of: loss) == after)
            second.view.setOpen(.figure("words"), true)
            second.window.settle()
            #expect(second.view.box(of: .figure("words")) == words)
        }

        @Test func escapeEndsADrag() throws {
            let hands = try hands()
            defer { hands.finish() }
            for isResize in [false, true] {
                let box = try #require(hands.view.box(of: .figure("grid")))
                let start = try hands.place("figure:grid/\(isResize ? "corner" : "title")").middle
                hands.move(to: start)
                hands.button(true, at: start)
                hands.move(to: Point(start.x + (isResize ? -60 : 500), start.y - 20))
                #expect(hands.view.moving.drag?.hasMoved == true)
                hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
                #expect(hands.view.moving.drag == nil && hands.view.layout.isArranged)
                hands.button(false, at: start)
                #expect(hands.view.box(of: .figure("grid")) == box)
            }
        }

        @Test func theCornerMovesTheNeighbours() throws {
            let hands = try hands()
            defer { hands.finish() }
            let box = try #require(hands.view.box(of: .figure("grid")))
            let graph = try #require(hands.view.box(of: .metric("loss")))
            let corner = try hands.place("figure:grid/corner").middle
            hands.drag(from: corner, to: Point(corner.x - 100, corner.y))
            Self.check(hands)
            let (now, right) = (hands.view.box(of: .figure("grid")), hands.view.box(of: .metric("loss")))
            #expect(abs((now?.width ?? 0) - (box.width - 100)) <= 1)
            #expect(abs((right?.width ?? 0) - (graph.width + 100)) <= 1)
        }

        @Test func theGapMovesTheEdge() throws {
            let hands = try hands()
            defer { hands.finish() }
            let box = try #require(hands.view.box(of: .figure("grid")))
            let (loss, second) = (Panel.metric("loss"), Panel.metric("test-accuracy"))
            let graph = try #require(hands.view.box(of: loss))
            let gap = Point(box.maxX + 6, box.y + 300)
            hands.drag(from: gap, to: Point(gap.x - 80, gap.y + 50))
            Self.check(hands)
            #expect(hands.view.box(of: .figure("grid"))?.width == box.width - 80)
            #expect(hands.view.box(of: loss) == Box(graph.x - 80, graph.y, graph.width + 80, graph.height))
            #expect(hands.view.moving.drag == nil)
            let between = Point(graph.midX, graph.maxY + 6)
            hands.drag(from: between, to: Point(between.x + 50, between.y + 40))
            Self.check(hands)
            #expect(hands.view.box(of: loss)?.height == graph.height + 40)
            #expect(hands.view.box(of: second)?.y == graph.maxY + 40 + Layout.gap)
            #expect(hands.view.box(of: loss)?.width == graph.width + 80)
        }

        @Test func aDoubleClickOnATitleEnlargesAndMovesNothing() throws {
            let hands = try hands()
            defer { hands.finish() }
            let loss = Panel.metric("loss")
            func boxes() -> [Panel: Box] {
                Dictionary(hands.view.shownPanels.compactMap { panel in hands.view.box(of: panel).map { (panel, $0) } })
                {
                    first, _ in first
                }
            }
            let before = boxes()
            func doubleClick() throws { hands.doubleClick(try Self.title(loss, hands)) }
            try doubleClick()
            let area = hands.view.workingArea()
            let left = try #require(before[.add])
            #expect(
                boxes()[loss] == Box(left.maxX + Layout.gap, area.y, area.maxX - left.maxX - Layout.gap, area.height))
            #expect(boxes().count == 3 && hands.view.layout.isArranged && hands.view.moving.drag == nil)
            try doubleClick()
            #expect(boxes() == before)
            try doubleClick()
            #expect(hands.view.layout.enlarged == loss)
            hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
            #expect(boxes() == before)
            // What opens is seen.
            try doubleClick()
            hands.view.setOpen(.figure("words"), true)
            hands.window.settle()
            #expect(hands.view.layout.enlarged == nil && hands.view.box(of: .figure("words")) != nil)
        }

        @Test func anEnlargedPanelThatGoesLeavesTheOthersThere() throws {
            let hands = try hands()
            defer { hands.finish() }
            hands.learner.send(.attach("extra"))
            #expect(hands.wait { hands.view.box(of: .metric("added")) != nil })
            Self.check(hands)
            let panels = Set(hands.view.shownPanels)
            try hands.doubleClick("metric:added/title")
            #expect(hands.view.layout.enlarged == .metric("added") && hands.view.shownPanels.count < panels.count)
            hands.learner.send(.detach("extra"))
            #expect(hands.wait { hands.view.layout.enlarged == nil })
            hands.window.settle()
            #expect(panels.subtracting(hands.view.shownPanels) == [.metric("added"), .controls("extra")])
            #expect(hands.view.box(of: .figure("grid")) != nil)
            Self.check(hands)
        }

        @Test func overlapsOfAnOldLayoutAreMended() throws {
            let folder = try Folder()
            setenv("XDG_CONFIG_HOME", folder.path, 1)
            defer { unsetenv("XDG_CONFIG_HOME") }
            try FileManager.default.createDirectory(atPath: folder.path + "/clmat", withIntermediateDirectories: true)
            let places = [
                "controls:": "0,0,0.2,0.5", "add": "0,0.5,0.2,0.5", "figure:grid": "0.2,0,0.5,1",
                "metric:loss": "0.3,0.2,0.3,0.3", "metric:test-accuracy": "0.71,0.3,0.29,0.3",
                "metric:other": "0.7,0.3,0.29,0.3",
            ].map { "\"\($0)\":[\($1)]" }.joined(separator: ",")
            let open =
                "{\"controls:\":true,\"add\":true,\"figure:grid\":true,\"metric:loss\":true,\"metric:other\":false}"
            try Files.write(
                "{\"version\":1,\"open\":\(open),\"places\":{\(places)},\"goals\":{\"loss\":0.5}}",
                to: Layout.path(named: "old"))
            let hands = try hands(ViewerOptions(layoutName: "old"))
            defer { hands.finish() }
            #expect(!hands.view.layout.isArranged && hands.view.layout.goals == ["loss": 0.5])
            Self.check(hands)
            let (controls, grid) = (hands.view.box(of: .controls("")), hands.view.box(of: .figure("grid")))
            #expect(controls?.x == Layout.gap && (grid?.x ?? 0) > controls?.maxX ?? .infinity)
            // Written in the new form, and read again.
            hands.view.saveLayout()
            #expect(try String(contentsOfFile: Layout.path(named: "old"), encoding: .utf8).contains("\"version\" : 2"))
            #expect(Layout(named: "old").grid?.panels == hands.view.layout.grid?.panels)
        }

        @Test(arguments: ["0", "3", "\"a\""])
        func aLayoutOfAnotherVersionIsNotUsed(_ version: String) throws {
            let folder = try Folder()
            setenv("XDG_CONFIG_HOME", folder.path, 1)
            defer { unsetenv("XDG_CONFIG_HOME") }
            try FileManager.default.createDirectory(atPath: folder.path + "/clmat", withIntermediateDirectories: true)
            try Files.write("{\"version\":\(version),\"open\":{\"add\":false}}", to: Layout.path(named: "new"))
            #expect(Layout(named: "new") == Layout())
        }

        // MARK: Search

        @Test func slashLooksForWhatCanBeAdded() throws {
            let hands = try hands()
            defer { hands.finish() }
            #expect(!hands.view.layout.isOpen(.figure("heat")))
            hands.type("/")
            hands.type("hea")
            func places() -> [String] {
                (hands.window.places ?? [:]).keys.filter { $0.hasPrefix("add/") && $0.contains(":") }.sorted()
            }
            #expect(places() == ["add/figure:heat"])
            hands.enter()
            #expect(hands.view.layout.isOpen(.figure("heat")) && places().count > 5)
            Self.check(hands)
            // Enter takes nothing away; escape lists all.
            hands.press(SDLK_f, SDL_SCANCODE_F, control: true)
            hands.type("heat")
            hands.enter()
            #expect(hands.view.layout.isOpen(.figure("heat")))
            hands.type("/")
            hands.type("zebra")
            #expect(places().isEmpty)
            hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
            hands.window.settle()
            #expect(places().count > 5)
            // The keyboard is free again.
            hands.press(SDLK_PERIOD, SDL_SCANCODE_PERIOD)
            #expect(hands.wait { hands.view.now == 6 })
        }

        @Test func aControlThatIsFoundHasTheKeyboard() throws {
            let hands = try hands()
            defer { hands.finish() }
            hands.view.setOpen(.add, false)
            hands.view.setOpen(.controls(""), false)
            hands.type("/")
            hands.type("bet")
            hands.enter()
            #expect(hands.view.layout.isOpen(.add) && hands.view.layout.isOpen(.controls("")))
            #expect(hands.view.focus.focused == "beta" && hands.view.focus.showsFocus)
        }

        // MARK: History

        @Test func aLineOfTheHistoryGoesBackToBeforeIt() throws {
            let hands = try hands()
            defer { hands.finish() }
            hands.learner.send(.set(control: "alpha", to: 0.75))
            hands.learner.send(.step(5))
            #expect(hands.wait { hands.view.now == 10 })
            hands.learner.send(.attach("extra"))
            hands.learner.send(.step(5))
            #expect(hands.wait { hands.view.now == 15 })
            hands.view.setOpen(.history, true)
            hands.window.settle()
            Self.check(hands)
            let panel = hands.view.historyPanel
            #expect(panel.rows.map(\.words) == ["now", "Extra put on", "alpha 0.5 → 0.75", "the beginning"])
            try hands.click("history/2")
            #expect(hands.wait { hands.view.now == 5 && hands.view.status.isPaused })
            #expect(hands.learner.status.settings.values["alpha"] == 0.5)
            hands.window.settle()
            #expect(panel.rows.map(\.words) == ["Extra put on", "alpha 0.5 → 0.75", "now", "the beginning"])
            #expect(panel.rows.map(\.isAhead) == [true, true, false, false])
            // Of what lies ahead too, and of one step to before or after what was changed there.
            hands.move(to: try hands.place("history/1").middle)
            try hands.click("history/1/after")
            #expect(hands.wait { hands.view.position.changes == 1 })
            #expect(hands.view.now == 5 && hands.learner.status.settings.values["alpha"] == 0.75)
            hands.window.settle()
            #expect(panel.rows.map(\.words) == ["Extra put on", "now", "alpha 0.5 → 0.75", "the beginning"])
            try hands.click("history/3")
            #expect(hands.wait { hands.view.now == 0 })
            #expect(hands.learner.timeline.branches.count == 1)
        }
    }
}
