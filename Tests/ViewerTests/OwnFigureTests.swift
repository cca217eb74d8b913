import CLMat
import CSDL2
import Exploration
import Foundation
import Testing

@testable import Viewer

/// Marks are counted, and the dial shows the settings.
private struct DialModel: Model {
    let title = "Dial"
    private var marks = 0
    private static let share = Control(
        "share", title: "share", range: 0...1, initial: 0.5, help: "of the whole", affects: ["marks"])
    var controls: [Control] { [Self.share] }
    var metrics: [Metric] { [Metric("marks", title: "Marks", help: "how often the action was done")] }
    var figures: [Figure<DialModel>] {
        [
            Figure("dial", title: "Dial", help: "a share", isShownAtStart: true) { _, context in
                let share = try context.settings[Self.share]
                return share > 0 ? Dial(share: share) : NothingToShow("No share, no dial.")
            },
            Figure("secret", title: "Secret", help: "nobody draws it") { _, _ in Secret() },
            Figure("swatch", title: "Swatch", help: "two colours") { _, _ in Swatch() },
        ]
    }

    mutating func update(_ context: StepContext<Int>) -> Measurements {
        var measured = Measurements()
        measured["marks"] = Double(marks)
        return measured
    }
    mutating func perform(_ action: Action, _ context: StepContext<Int>) {
        marks += action.arguments[1]
    }
    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("marks", &marks) }
}

extension WindowTests {
    /// Kinds of figures that are no part of CLMat.
    @MainActor @Suite(.serialized) struct OwnFigures {
        private func learner() throws -> Learner {
            Viewer.register(DialRenderer.self)
            Viewer.register(SwatchRenderer.self)
            let learner = try Learner(DialModel(), data: Numbers(), options: Learner.Options())
            learner.start(paused: true)
            return learner
        }

        private func hands(_ figure: String) throws -> (Hands, Box) {
            let hands = try Hands(on: try learner())
            for panel in hands.view.dashboard.panels { hands.view.setOpen(panel, panel == .figure(figure)) }
            #expect(hands.wait { hands.view.figurePanels.figures[figure]?.state.step != nil })
            hands.window.settle()
            return (hands, try hands.place("figure:\(figure)/body"))
        }

        /// In a folder of its own, what the arrow in a panel's title writes.
        private func exported(_ hands: Hands, _ figure: String) throws -> (files: [String], csv: String?) {
            let folder = try Folder()
            let before = FileManager.default.currentDirectoryPath
            _ = FileManager.default.changeCurrentDirectoryPath(folder.path)
            defer { _ = FileManager.default.changeCurrentDirectoryPath(before) }
            try hands.click("figure:\(figure)/export")
            return (folder.content, try? String(contentsOfFile: "\(figure)-0.csv", encoding: .utf8))
        }

        @Test func anOwnKindIsDrawnAndActedOn() throws {
            let (hands, body) = try hands("dial")
            defer { hands.finish() }
            let renderer = try #require(hands.view.figurePanels.figures["dial"]?.drawn(by: DialRenderer.self))
            #expect(renderer.drawings > 0 && renderer.versions.count == 1)
            let picture = try hands.picture()
            let (y, middle) = (Int(body.y) + 10, Int(body.midX))
            #expect(picture[middle - 10, y] == DialRenderer.colour && picture[middle + 10, y] == hands.view.theme.panel)
            #expect(picture[Int(body.x) + 5, Int(body.y) + 65] == DialRenderer.colour)

            let bar = Point(body.x + 40, body.y + 10)
            hands.move(to: bar)
            #expect(hands.view.hints.tooltip?.title == "0.5")
            hands.click(bar)
            hands.learner.send(.step(1))
            #expect(hands.wait { hands.learner.timeline.series("marks").last?.value == 3 })

            // Its window opens, is dragged and closed.
            hands.rightClick(bar)
            hands.view.actionMenus.menu = nil
            hands.window.settle()
            let window = try hands.place("window:dial")
            #expect(try hands.picture()[Int(window.midX), Int(window.maxY) - 20] == DialRenderer.colour)
            let title = try hands.place("window:dial/title").middle
            hands.drag(from: title, to: Point(title.x, title.y + 100))
            #expect(try hands.place("window:dial").y == window.y + 100)
            hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
            #expect(hands.view.figurePanels.figures["dial"]?.window == nil)
        }

        @Test func anOwnKindIsWritten() throws {
            let (hands, _) = try hands("dial")
            defer { hands.finish() }
            let (files, csv) = try exported(hands, "dial")
            #expect(files == ["dial-0.csv", "dial-0.png"] && csv == "share\n0.5\n")
            let folder = try Folder()
            let path = folder.path + "/dial.png"
            try Viewer.writePNG(ofFigure: "dial", of: hands.learner, to: path)
            // Two pixels per unit, as high as the renderer asked for.
            let height = ((960 - PanelFrames.sides) / 8 + PanelFrames.aboveAndBelow).rounded(.up)
            #expect(try pngSize(path) == [1920, Int(height) * 2])
            try Viewer.writePNG(ofFigure: "swatch", of: hands.learner, to: path)
            #expect(try pngSize(path) == [3, 2])
        }

        /// What there is nothing of is told in the content's words, and the renderer is kept until there is something.
        @Test func wordsStandInForNothing() throws {
            let (hands, _) = try hands("dial")
            defer { hands.finish() }
            hands.learner.send(.set(control: "share", to: 0))
            hands.learner.send(.step(1))
            #expect(hands.wait { hands.view.figurePanels.figures["dial"]?.state.step == 1 })
            #expect(hands.view.figurePanels.figures["dial"]?.content == nil)
            #expect(hands.view.exporter.exportKinds(.figure("dial")) == [])
            #expect(
                throws: CLMatError.invalidArgument(
                    operation: "writePNG", problem: "the figure 'dial' has nothing to show: No share, no dial.")
            ) {
                try Viewer.writePNG(ofFigure: "dial", of: hands.learner, to: "never.png")
            }
            hands.learner.send(.set(control: "share", to: 1))
            hands.learner.send(.step(1))
            #expect(hands.wait { hands.view.figurePanels.figures["dial"]?.content != nil })
            hands.window.settle()
            let renderer = try #require(hands.view.figurePanels.figures["dial"]?.drawn(by: DialRenderer.self))
            // The same one; a run that waits may have the figure computed once more after the change.
            #expect(renderer.versions.count >= 2)
        }

        @Test func aKindThatNobodyDrawsSaysSoAndIsStillWritten() throws {
            let (hands, body) = try hands("secret")
            defer { hands.finish() }
            let view = try #require(hands.view.figurePanels.figures["secret"])
            #expect(view.renderer == nil && view.content is Secret)
            #expect(Renderers.missing(for: Secret()).contains("No renderer is registered for Secret"))
            let picture = try hands.picture()
            let panel = hands.view.theme.panel
            let (x, y) = (Int(body.midX) - 100, Int(body.midY) - 10)
            #expect((0..<4000).contains { picture[x + $0 % 200, y + $0 / 200] != panel })
            let (files, csv) = try exported(hands, "secret")
            #expect(files == ["secret-0.csv"] && csv == "secret\n1\n")
            #expect(
                throws: CLMatError.invalidArgument(
                    operation: "writePNG",
                    problem: "the figure 'secret' cannot be drawn. No renderer is registered for Secret: "
                        + "call Viewer.register(…) with one before the window opens.")
            ) {
                try Viewer.writePNG(ofFigure: "secret", of: hands.learner, to: "never.png")
            }
        }

        /// Also for a kind that the viewer draws by itself.
        @Test func theLastRendererThatWasRegisteredDraws() throws {
            struct First: FigureRenderer { func draw(_ swatch: Swatch, in frame: FigureFrame) {} }
            Viewer.register(First.self)
            #expect(Renderers.renderer(for: Swatch()) is KeptRenderer<First>)
            Viewer.register(SwatchRenderer.self)
            #expect(Renderers.renderer(for: Swatch()) is KeptRenderer<SwatchRenderer>)
            let bars = Bars(labels: [], series: [])
            #expect(Renderers.renderer(for: bars) is KeptRenderer<BarsRenderer>)
        }

        /// Width and height as a PNG file's header has them.
        private func pngSize(_ path: String) throws -> [Int] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            return [16, 20].map { place in bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
        }
    }
}
