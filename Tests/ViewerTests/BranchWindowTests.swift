import CLMat
import CSDL2
import Exploration
import Foundation
import Testing

@testable import Viewer

extension WindowTests {
    /// Branches, graphs with several metrics, and panels that a script opens.
    @MainActor @Suite(.serialized) struct Branches {
        /// A window on a run with a branch that left at step 20 and is at 60, while main ends at 50.
        private func branched(_ options: ViewerOptions = ViewerOptions()) throws -> Hands {
            let hands = try Hands(options)
            func run(_ steps: Int, to end: Int) {
                hands.learner.send(.step(steps))
                #expect(hands.wait { hands.view.now == end && hands.view.status.isPaused })
            }
            run(50, to: 50)
            hands.learner.send(.rewind(to: 20))
            #expect(hands.wait { hands.view.now == 20 })
            hands.learner.send(.set(control: "alpha", to: 0.9))
            run(40, to: 60)
            return hands
        }

        @Test(arguments: [(1600, 1000), (1280, 720)]) func aSecondBranchOpensItsPanel(_ width: Int, _ height: Int)
            throws
        {
            let hands = try branched(ViewerOptions(width: width, height: height))
            defer { hands.finish() }
            let dashboardView = hands.view
            #expect(dashboardView.forks.map(\.step) == [20] && dashboardView.extent == .init(now: 60))
            let boxes = dashboardView.layout.openPanels(dashboardView.dashboard).compactMap {
                dashboardView.box(of: $0)
            }
            #expect(dashboardView.box(of: .branches) != nil && boxes.count == 7)
            for (index, box) in boxes.enumerated() {
                for other in boxes.dropFirst(index + 1) { #expect(!box.overlaps(other)) }
            }
            try hands.click("branches/close")
            #expect(dashboardView.box(of: .branches) == nil)
            hands.learner.send(.branch("third"))
            #expect(hands.wait { dashboardView.branches.count == 3 })
            #expect(dashboardView.box(of: .branches) == nil)
        }

        @Test func theOtherBranchIsDrawnFromItsFork() throws {
            let hands = try branched()
            defer { hands.finish() }
            hands.move(to: Point(800, 995))
            let plot = try hands.place("metric:loss/curves")
            let drawn = hands.view.graphs.curves.curve(
                "loss", branch: 0, from: 20, hands.learner.timeline, in: 0...60, width: 300)
            #expect(drawn.buckets.first?.firstStep == 20 && drawn.buckets.last?.lastStep == 50)
            // Its line lies below the current one's; pixels brighter than the grid's.
            let picture = try hands.picture()
            let lit = (Int(plot.x + plot.width * 0.5)..<Int(plot.x + plot.width * 0.75)).filter { x in
                (Int(plot.midY)..<Int(plot.maxY) - 2).contains { picture[x, $0].red > 0x50 }
            }
            #expect(lit.count > 20)
        }

        @Test func aBranchIsRenamedComparedAndDeletedFromItsRow() throws {
            let hands = try branched()
            defer { hands.finish() }
            try hands.click("branches/0/name")
            #expect(hands.view.branchesPanel.typed?.branch == 0)
            hands.type("tame")
            hands.enter()
            #expect(hands.wait { hands.view.branches.map(\.name) == ["tame", "branch 2"] })

            try hands.click("branches/0/compare")
            #expect(hands.wait { hands.view.status.comparedBranch == 0 })
            #expect(hands.wait { hands.view.figurePanels.others["grid"]?.texture != nil })
            if case .ready(_, let step) = hands.view.figurePanels.others["grid"]?.state { #expect(step == 50) }
            try hands.click("branches/0/compare")
            #expect(hands.wait { hands.view.status.comparedBranch == nil })

            try hands.click("branches/0/go")
            #expect(hands.wait { hands.view.position.branch == 0 && hands.view.now == 50 })
            try hands.click("branches/1/delete")
            #expect(hands.wait { hands.view.branches.count == 1 })
            hands.window.settle()
            #expect(hands.view.box(of: .branches) == nil)
        }

        // MARK: Graphs

        @Test func aMetricIsAddedToAGraphAndPlottedAgainstAnother() throws {
            let folder = try Folder()
            setenv("XDG_CONFIG_HOME", folder.path, 1)
            defer { unsetenv("XDG_CONFIG_HOME") }
            let hands = try Hands(ViewerOptions(layoutName: "several"))
            defer { hands.finish() }
            hands.learner.send(.step(30))
            #expect(hands.wait { hands.view.now == 30 })
            func choose(_ page: String, _ metric: String) throws {
                try hands.rightClick("metric:loss/plot")
                try hands.click("graph-menu/\(page)")
                #expect(hands.view.graphs.graphMenu != nil)
                try hands.click("graph-menu/\(page)/\(metric)")
                #expect(hands.view.graphs.graphMenu == nil)
            }
            try choose("add", "test-accuracy")
            #expect(hands.view.layout.added == ["loss": ["test-accuracy"]])
            let loss = try #require(hands.view.dashboard.metric("loss"))
            #expect(!loss.sharesAxis(with: hands.view.graphs.addedMetrics("loss")[0]))
            try choose("plot", "test-accuracy")
            let plot = Panel.plot(Plot(x: "test-accuracy", y: "loss"))
            hands.window.settle()
            #expect(hands.view.box(of: plot) != nil)
            let kept = Layout(named: "several")
            #expect(kept.isOpen(plot) && kept.added == ["loss": ["test-accuracy"]])
            try hands.click("\(plot.name)/close")
            hands.window.settle()
            #expect(hands.view.box(of: plot) == nil)
        }

        @Test func aPathHasTheRarerMetricsSteps() {
            func buckets(_ steps: StrideThrough<Int>) -> [Timeline.Bucket] {
                let timeline = FakeModel.history(steps)
                return timeline.buckets("m", in: 0...100, count: 101)
            }
            let path = PlotPath(
                buckets(stride(from: 1, through: 40, by: 1)), buckets(stride(from: 10, through: 40, by: 10)))
            #expect(path.points.map(\.step) == [10, 20, 30, 40])
            #expect(path.points.map(\.x) == [10, 20, 30, 40] && path.points.map(\.y) == [10, 20, 30, 40])
            #expect(PlotPath([], []).points.isEmpty)
        }

        // MARK: Scripts

        @Test func panelsAreOpenedByNameAndUnknownOnesAreAnError() throws {
            var options = ViewerOptions()
            options.panels = ["marks": true, "loss": false, "plot:marks:loss": true]
            let hands = try Hands(options)
            defer { hands.finish() }
            #expect(hands.view.box(of: .metric("marks")) != nil && hands.view.box(of: .metric("loss")) == nil)
            #expect(hands.view.box(of: .plot(Plot(x: "loss", y: "marks"))) != nil)
            OpenWindow(dashboardView: hands.view).set("loss", open: true)
            hands.window.settle()
            #expect(hands.view.box(of: .metric("loss")) != nil)
            let board = hands.learner.dashboard
            for name in Viewer.panelNames(of: board) { try Viewer.check(panel: name, of: board) }
            #expect(
                throws: CLMatError.unknownName(kind: "panel", name: "lose", known: Viewer.panelNames(of: board))
            ) { try Viewer.check(panel: "lose", of: board) }
            #expect(Viewer.panelNames(of: board).contains("test-accuracy"))
        }

        @Test func everyFrameTheProgramIsAsked() throws {
            setenv("SDL_VIDEODRIVER", "dummy", 1)
            let learner = try FakeModel.learner(Learner.Options(maximumSteps: 5))
            learner.start()
            var options = ViewerOptions(closesWhenFinished: true)
            let counter = Counted()
            options.everyFrame = { window in
                counter.count += 1
                window.set("marks", open: true)
            }
            try Viewer.run(learner, options: options)
            learner.wait()
            #expect(counter.count > 0)
        }

        @MainActor final class Counted {
            var count = 0
        }

        @Test(arguments: [(800, 500), (640, 400), (990, 900)]) func aSmallWindowScrollsAndNothingOverlaps(
            _ width: Int, _ height: Int
        ) throws {
            let hands = try Hands(ViewerOptions(width: width, height: height))
            defer { hands.finish() }
            func boxes() -> [Box] {
                hands.view.layout.openPanels(hands.view.dashboard).compactMap { hands.view.box(of: $0) }
            }
            let first = boxes()
            for (index, box) in first.enumerated() {
                #expect(box.x >= 0 && box.maxX <= Float(width) && box.height >= 120)
                for other in first.dropFirst(index + 1) { #expect(!box.overlaps(other)) }
            }
            guard (first.map(\.maxY).max() ?? 0) > Float(height) else { return }
            hands.wheel(-3, at: Point(6, Float(height) / 2))
            #expect(boxes()[0].y < first[0].y)
            hands.wheel(100, at: Point(6, Float(height) / 2))
            #expect(boxes()[0].y == first[0].y)
        }
    }
}
