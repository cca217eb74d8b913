import CSDL2
import Foundation
import TestSupport
import Testing

@testable import Exploration
@testable import Viewer

// A window's graphs under a person's hands; SDL is one per process, so these belong to the serial suite.
extension WindowTests {
    /// Curves with more than one scale, of more than one branch, and what is said of them.
    @MainActor @Suite struct GraphsInTheWindow {
        private func menu(_ hands: Hands, _ metric: String) throws {
            try hands.rightClick("metric:\(metric)/plot")
        }

        private func choose(_ entries: String..., in hands: Hands) throws {
            for entry in entries { try hands.click("graph-menu/\(entry)") }
        }

        // MARK: Axes and smoothing

        @Test func axisAndSmoothingAreChosenAndKept() throws {
            let folder = try Folder()
            setenv("XDG_CONFIG_HOME", folder.path, 1)
            defer { unsetenv("XDG_CONFIG_HOME") }
            let hands = try Hands(ViewerOptions(layoutName: "looks"))
            defer { hands.finish() }
            hands.run(to: 120)
            let before = try hands.picture()
            try menu(hands, "loss")
            try choose("log", "smooth/0.9", in: hands)
            // Both are chosen while the menu is open.
            #expect(hands.view.graphs.graphMenu != nil)
            hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
            #expect(hands.view.graphs.graphMenu == nil)
            let look = hands.view.layout.look(of: "loss")
            #expect(look == GraphLook(isLogarithmic: true, smoothing: 0.9))
            #expect(Layout(named: "looks").look(of: "loss") == look)
            let history = try #require(
                hands.view.graphs.smoothed[CurveCache.Line(metric: "loss", branch: nil)])
            #expect(history.steps == Array(1...120))
            let picture = try hands.picture()
            let box = try #require(hands.view.box(of: .metric("loss")))
            let changed = (Int(box.y)..<Int(box.maxY)).contains { y in
                (Int(box.x)..<Int(box.maxX)).contains { picture[$0, y] != before[$0, y] }
            }
            #expect(changed)
        }

        @Test func whatIsNotAboveZeroIsSaidOfALogarithmicAxis() throws {
            let hands = try Hands()
            defer { hands.finish() }
            hands.view.layout.set(.metric("marks"), open: true)
            hands.run(to: 30)
            hands.view.layout.setLook(of: "marks") { $0.isLogarithmic = true }
            hands.window.settle()
            let marks = try #require(hands.view.dashboard.metric("marks"))
            func words() -> String {
                let graphs = hands.view.graphs
                let range = graphs.axis.range(hands.view.extent)
                return graphs.lookWords(
                    marks,
                    graphs.curves.curve("marks", hands.learner.timeline, in: range, width: 300, lastChange: -1))
            }
            #expect(words() == "no value above 0, so the axis is linear")
            hands.learner.send(.act(Action("mark", title: "mark")))
            hands.run(to: 60)
            #expect(words() == "logarithmic, values ≤ 0 at the lower edge")
            hands.view.goals.setGoal(0, of: "marks")
            hands.window.settle()
        }

        // MARK: Several metrics

        @Test func aSecondMetricHasAnAxisAndIsTakenOffByItsCross() throws {
            let hands = try Hands()
            defer { hands.finish() }
            hands.run(to: 40)
            let alone = hands.view.graphs.plotBox(try #require(hands.view.box(of: .metric("loss"))), "loss")
            hands.view.layout.toggle("test-accuracy", on: "loss")
            hands.window.settle()
            let box = try #require(hands.view.box(of: .metric("loss")))
            let plot = hands.view.graphs.plotBox(box, "loss")
            // Names stand above the curves, which keep their width.
            #expect(plot.width >= alone.width - 1 && plot.y > alone.y)
            let cross = try hands.place("metric:loss/take-off/test-accuracy").middle
            #expect(cross.y < plot.y - 4 && box.contains(cross))
            hands.click(cross)
            #expect(hands.view.layout.added.isEmpty)
            // So does the menu, in a row of its own.
            hands.view.layout.toggle("test-accuracy", on: "loss")
            hands.window.settle()
            try menu(hands, "loss")
            try choose("take-off/test-accuracy", in: hands)
            #expect(hands.view.layout.added.isEmpty && hands.view.graphs.graphMenu == nil)
        }

        // MARK: What controls move

        /// Where there is room for its name, by its name; else counted, and named by the hover.
        @Test(arguments: [(1600, 1000), (1280, 720)], [3, 12]) func everyControlSaysWhatItMoves(
            _ size: (Int, Int), sliders: Int
        ) throws {
            let learner = try Learner(Crowded(sliders: sliders), data: Numbers(), options: .init())
            learner.start(paused: true)
            let hands = try Hands(on: learner, ViewerOptions(width: size.0, height: size.1))
            defer { hands.finish() }
            let panel = try #require(hands.view.box(of: .controls("")))
            for control in learner.dashboard.controls {
                let words = hands.view.controlPanels.effectWords(control)
                let prefix = "controls:/\(control.id)/affects/"
                let places = (hands.window.places ?? [:]).filter { $0.key.hasPrefix(prefix) }
                #expect(!places.isEmpty, "\(control.id)")
                #expect(places.values.allSatisfy { $0.x >= panel.x && $0.maxX <= panel.maxX }, "\(control.id)")
                for metric in control.affects where places[prefix + metric] == nil {
                    // What is not named has a hover that names it.
                    #expect(places[prefix + "more"] != nil, "\(control.id)")
                    #expect(words.contains(learner.dashboard.metric(metric)?.title ?? "?"))
                }
            }
            let first = try #require(learner.dashboard.controls.first)
            #expect(
                hands.view.controlPanels.effectWords(first)
                    == "raised: Held-out log-likelihood ↑, Density of all topics ↓; either way: Cosine of topics")
            let switched = try #require(learner.dashboard.control("switch"))
            #expect(hands.view.controlPanels.effectWords(switched) == "switched on: Density of all topics ↓")
        }

        // MARK: Branches

        @Test(arguments: [(1600, 1000), (1280, 720)]) func namesOfBranchesStandBesideTheCurves(
            _ width: Int, _ height: Int
        ) throws {
            let hands = try Hands(ViewerOptions(width: width, height: height))
            defer { hands.finish() }
            hands.run(to: 60)
            for number in 0..<5 {
                hands.learner.send(.rewind(to: 20 + 6 * number))
                #expect(hands.wait { hands.view.now == 20 + 6 * number })
                hands.learner.send(.branch("branch of a long name \(number)"))
                hands.run(to: 40 + 5 * number)
            }
            for metric in ["loss", "test-accuracy"] {
                let box = try #require(hands.view.box(of: .metric(metric)))
                let plot = hands.view.graphs.plotBox(box, metric)
                let labels = hands.view.graphs.endLabels.filter { $0.metric == metric }
                // The present value and the five other branches.
                #expect(labels.count == 6, "\(labels.map(\.words))")
                for label in labels {
                    #expect(label.box.x >= plot.maxX && label.box.maxX <= box.maxX, "\(label)")
                    #expect(label.box.y > box.y + 32 && label.box.maxY <= box.maxY, "\(label)")
                }
                for (index, label) in labels.enumerated() {
                    for other in labels.dropFirst(index + 1) { #expect(!label.box.overlaps(other.box)) }
                }
            }
        }

        // MARK: The cross-hair

        @Test func aHoverSaysWhatWasMeasured() throws {
            // Measured at every seventh step.
            let hands = try Hands(on: Sparse.learner())
            defer { hands.finish() }
            hands.run(to: 100)
            let box = try #require(hands.view.box(of: .metric("sparse")))
            let plot = hands.view.graphs.plotBox(box, "sparse")
            let range = hands.view.graphs.axis.range(hands.view.extent)
            for step in [3, 30, 53, 99] {
                let share = (Double(step) - range.lowerBound) / (range.upperBound - range.lowerBound)
                hands.move(to: Point(plot.x + Float(share) * plot.width, plot.midY))
                hands.window.settle()
                let said = try #require(hands.view.graphs.saidSteps["sparse"])
                #expect(said % 7 == 0 && abs(said - step) <= 4, "\(said) at \(step)")
            }
        }
    }
}

/// A metric that is measured at every seventh step.
private struct Sparse: Model {
    let title = "Sparse"
    let controls: [Control] = []
    let metrics = [Metric("sparse", title: "Sparse", help: "now and then")]
    let figures: [Figure<Sparse>] = []

    mutating func update(_ context: StepContext<Int>) -> Measurements {
        var measured = Measurements()
        if context.step.number % 7 == 0 { measured["sparse"] = Double(context.step.number) }
        return measured
    }

    mutating func archive(_ archive: Archive) {}

    static func learner() throws -> Learner {
        let learner = try Learner(Sparse(), data: Numbers(), options: .init())
        learner.start(paused: true)
        return learner
    }
}

/// Controls with long names and units.
private struct Crowded: Model {
    let title = "Crowded"
    let controls: [Control]
    let metrics = [
        Metric("density", title: "Density of all topics", help: "x"),
        Metric("likelihood", title: "Held-out log-likelihood", help: "x"),
        Metric("cosine", title: "Cosine of topics", help: "x"),
    ]
    let figures: [Figure<Crowded>] = []

    init(sliders: Int) {
        controls =
            (0..<sliders).map { number in
                Control(
                    "c\(number)", title: "sparseness of topics λ\(number)", unit: "of an average word of the corpus",
                    range: 0...1, initial: 0.5, help: "x", affects: [.down("density"), .up("likelihood"), "cosine"])
            } + [
                .toggle(
                    "switch", title: "a switch with a long name that is cut", initial: false, help: "x",
                    affects: [.down("density")]),
                .choice(
                    "choice", title: "choice", options: ["one", "another one", "third"], help: "x",
                    affects: ["cosine", "density"]),
            ]
    }

    mutating func update(_ context: StepContext<Int>) -> Measurements { Measurements() }
    mutating func archive(_ archive: Archive) {}
}
