import CImGui
import CLMat
import Foundation
import Testing

@testable import Exploration
@testable import Viewer

extension WindowTests {
    /// What is not a number is seen as missing, and said.
    @MainActor @Suite(.serialized) struct Gaps {
        /// A run whose metric "m" is `value` of the step, at the given step, with its graph.
        private func run(to step: Int, _ value: @escaping @Sendable (Int) -> Double) throws -> Hands {
            let hands = try Hands()
            try hands.learner.addMetric("m") { (_: FakeModel, batch: Int?) in value(batch ?? 0) }
            hands.learner.send(.step(step))
            #expect(hands.wait { hands.view.now == step && hands.view.status.isPaused })
            for metric in ["test-accuracy", "marks", "loss"] { hands.view.setOpen(.metric(metric), false) }
            hands.view.setOpen(.metric("m"), true)
            hands.window.settle()
            return hands
        }

        private func lost(_ hands: Hands) -> Lost? {
            Lost("m", hands.learner.timeline, before: nil, upTo: 0)
        }

        /// Where in the plot something of a colour is drawn, from 0 at the left to 1.
        private func places(of colour: Colour, _ hands: Hands, rows: Range<Int>? = nil) throws -> [Float] {
            let plot = try hands.place("metric:m/curves")
            let picture = try hands.picture()
            func isNear(_ seen: Colour) -> Bool {
                zip([seen.red, seen.green, seen.blue], [colour.red, colour.green, colour.blue])
                    .allSatisfy { abs(Int($0) - Int($1)) < 40 }
            }
            return (Int(plot.x) + 1..<Int(plot.maxX)).filter { x in
                (Int(plot.y)..<Int(plot.maxY) + 1).contains { isNear(picture[x, $0]) }
            }.map { (Float($0) - plot.x) / plot.width }
        }

        @Test func aRunThatDivergedHasNoPlateau() throws {
            let hands = try run(to: 100) { $0 <= 60 ? Double($0) / 10 : .nan }
            defer { hands.finish() }
            let curve = try places(of: hands.view.theme.text, hands)
            #expect(curve.contains { $0 > 0.5 && $0 < 0.6 } && !curve.contains { $0 > 0.63 })
            // From there on marks.
            let marks = try places(of: hands.view.theme.moving, hands)
            #expect(marks.contains { abs($0 - 0.61) < 0.03 } && marks.contains { $0 > 0.9 })
            #expect(!marks.contains { $0 < 0.55 })
            #expect(lost(hands)?.words == "not a number since step 61")
        }

        @Test func theCurveGoesOnAfterAGap() throws {
            let hands = try run(to: 100) { (41...60).contains($0) ? .infinity : Double($0) / 10 }
            defer { hands.finish() }
            let curve = try places(of: hands.view.theme.text, hands)
            #expect(curve.contains { $0 > 0.3 && $0 < 0.4 } && curve.contains { $0 > 0.65 && $0 < 0.95 })
            #expect(!curve.contains { $0 > 0.43 && $0 < 0.58 })
            #expect(lost(hands) == nil)
        }

        /// One value in ten thousand, on a graph of some hundred pixels.
        @Test func aSingleGapIsNotDecimatedAway() throws {
            let timeline = Timeline()
            for step in 1...10_000 {
                var measured = Measurements()
                measured["m"] = step == 7001 ? .nan : 1
                timeline.append(measured, at: Position(step: step))
            }
            let buckets = timeline.buckets("m", in: 1...10_000, count: 100)
            #expect(buckets.count == 100)
            #expect(buckets.indices.filter { buckets[$0].gap != nil } == [70])
            #expect(buckets[70].minimum == 1 && buckets[70].maximum == 1 && buckets[70].lastFinite == 1)
        }

        @Test func whatIsInfiniteSaysSo() throws {
            let hands = try run(to: 50) { $0 < 20 ? 1 : -.infinity }
            defer { hands.finish() }
            #expect(lost(hands)?.words == "infinite since step 20")
            // Going back to when it was a number takes the word away; forward again it is there again.
            hands.learner.send(.rewind(to: 10))
            #expect(hands.wait { hands.view.now == 10 })
            #expect(lost(hands) == nil)
            hands.learner.send(.rewind(to: 50))
            #expect(hands.wait { hands.view.now == 50 })
            #expect(lost(hands)?.since == 20)
        }

        @Test func aRunOfNothingButGapsIsDrawn() throws {
            let hands = try run(to: 30) { _ in .nan }
            defer { hands.finish() }
            #expect(lost(hands)?.since == 1)
            #expect(try places(of: hands.view.theme.moving, hands).count > 20)
            try hands.move(to: "metric:m/plot")
            #expect(hands.view.graphs.hoveredStep != nil)
            // Against another metric, and as a file.
            hands.view.setOpen(.plot(Plot(x: "m", y: "loss")), true)
            hands.window.settle()
            let series = hands.learner.timeline.series("m")
            #expect(CSV.text(of: series, named: "m").hasPrefix("step,m\n1,nan\n"))
        }

        @Test func aNumberThatIsFiniteIsNeverCalledInfinite() throws {
            let hands = try run(to: 5) { _ in 1e300 }
            defer { hands.finish() }
            #expect(lost(hands) == nil)
        }

        @Test func aPlotIsPartedWhereOneIsMissing() {
            func buckets(_ value: (Int) -> Double) -> [Timeline.Bucket] {
                let timeline = Timeline()
                for step in 1...9 {
                    var measured = Measurements()
                    measured["m"] = value(step)
                    timeline.append(measured, at: Position(step: step))
                }
                return timeline.buckets("m", in: 0...10, count: 11)
            }
            let path = PlotPath(buckets { Double($0) }, buckets { $0 == 4 || $0 == 5 ? .nan : 1 })
            #expect(path.parts.map { $0.map(\.step) } == [[1, 2, 3], [6, 7, 8, 9]])
            #expect(path.endsInGap == [3])
        }

        // MARK: Figures

        @Test func pixelsThatAreNoNumbersAreChequered() {
            var grid = FakeModel.grid
            grid.cells[0].values = [.nan, 1, -.infinity, .nan]
            let pixels = grid.pixels(of: grid.cells[0])
            let (first, second) = (ImageGrid.lost[0], ImageGrid.lost[1])
            #expect(Array(pixels.prefix(3)) == [first.red, first.green, first.blue])
            #expect(Array(pixels[3..<6]) == [255, 255, 255])
            #expect(Array(pixels[6..<9]) == [second.red, second.green, second.blue])
            #expect(grid.lostWords(grid.cells[0]) == "3 of its values are not numbers: chequered.")
            #expect(grid.lostWords(grid.cells[1]) == "")
        }

        @Test func figuresOfNothingButGapsAreDrawn() throws {
            let surface = try Surface(width: 700, height: 500, theme: .dark)
            let hands = try Hands()
            defer { hands.finish() }
            let dashboardView = hands.view
            gui_begin_frame(surface.gui, 700, 500, 0.01)
            gui_begin_window("all", 0, 0, 700, 500, 0, 0, 0, true, false)
            for values in [[.nan, .nan, .nan], [1, .nan, .infinity], [-.infinity, 0, 2]] as [[Double]] {
                let body = Box(10, 10, 640, 420)
                let points = values.enumerated().map { (x: Double($0), y: $1) }
                let silhouette = Silhouette(groups: [.init(name: "g", values: values)])
                #expect(silhouette.mean.isFinite)
                let floats = values.map { Float($0) }
                let contents: [any FigureContent] = [
                    Bars(labels: ["a", "b", "c"], series: [("s", values)]),
                    Curve(xTitle: "x", yTitle: "y", lines: [("l", points)]), Histogram(of: values, xTitle: "x"),
                    silhouette, Scatter(xTitle: "x", yTitle: "y", discs: values.map { .init(x: $0, y: 1, title: "d") }),
                    Table(columns: ["n"], rows: values.map { [format($0)] }, numeric: [0]),
                    Heatmap(rowNames: ["r"], columnNames: ["a", "b", "c"], values: floats),
                    CircleMatrix(
                        rows: [CircleMatrix.Row(name: "w", values: floats)],
                        columns: ["1", "2", "3"].map { CircleMatrix.Column(name: $0, order: [0]) }, order: [0]),
                ]
                for content in contents {
                    var view = FigureView()
                    view.take(.ready(content, step: 0), version: 0)
                    #expect(view.renderer != nil)
                    dashboardView.figurePanels.draw("f", view, in: body, surface.textures)
                }
            }
            gui_end_window()
            gui_end_frame(surface.gui)
            let lost = Colour(0xff00ff)
            let heat = Heatmap(rowNames: ["r"], columnNames: ["a", "b"], values: [.nan, 1])
            let pixels = heat.pixels(0...1, width: 1, height: 1, missing: Colour(0), lost: lost)
            #expect(pixels.values == [lost.packed])
        }

        // MARK: Warnings

        /// Says that it is lost from step 5 on, until a click mends it.
        @Test func aWarningIsMendedByAClick() throws {
            let hands = try Hands()
            defer { hands.finish() }
            let before = try #require(hands.view.box(of: .add)).maxY
            hands.learner.send(.set(control: "alpha", to: 1))
            hands.learner.send(.set(control: "gamma", to: 1))
            hands.learner.send(.step(8))
            #expect(hands.wait { hands.view.now == 8 })
            #expect(
                hands.view.status.warnings.map(\.text) == [
                    "The fake broke at step 1: gamma is on. Switch it off."
                ])
            hands.window.settle()
            #expect(try #require(hands.view.box(of: .add)).maxY < before)
            #expect(hands.isDrawn("status/warning/broken/undo"))
            try hands.click("status/warning/broken/mark")
            #expect(
                hands.wait {
                    hands.learner.timeline.log.contains { $0.command == .act(Action("mark", title: "mend it")) }
                })
            try hands.click("status/warning/broken/back")
            #expect(hands.wait { hands.view.now == 0 && hands.view.status.warnings.isEmpty })
            hands.window.settle()
            #expect(try #require(hands.view.box(of: .add)).maxY == before)
        }
    }
}
