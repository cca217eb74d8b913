import CSDL2
import Exploration
import Foundation
import Synchronization
import Testing

@testable import Viewer

extension WindowTests {
    /// Going back, branches and undo, by a person's hands.
    @MainActor @Suite(.serialized) struct Steering {
        private func plot(_ metric: String, _ hands: Hands) throws -> Box {
            try hands.place("metric:\(metric)/curves")
        }

        /// A run that is at `step` and paused.
        private func run(to step: Int, _ hands: Hands) throws {
            hands.learner.send(.step(step - hands.learner.status.step))
            #expect(hands.wait { hands.view.now == step && hands.view.status.isPaused })
        }

        @Test func theScrubberGoesBackAndTheGraphsFollow() throws {
            let hands = try Hands()
            defer { hands.finish() }
            try run(to: 100, hands)
            let strip = try hands.place("toolbar/timeline/track")
            let y = strip.midY
            let start = Point(strip.maxX, y)
            hands.move(to: start)
            hands.button(true, at: start)
            let half = Point(strip.midX, y)
            hands.move(to: half)
            #expect(hands.view.scrubber.scrub?.step == 50 && hands.view.steering.here == 50)
            #expect(hands.view.graphs.hoveredStep == 50)
            #expect(hands.learner.status.step == 100)  // nothing was sent yet
            // The cross-hair stands in each graph at that step.
            let picture = try hands.picture()
            for metric in ["loss", "test-accuracy"] {
                let plot = try plot(metric, hands)
                let line = (0..<10).filter { picture[Int(plot.midX.rounded()), Int(plot.maxY) - 4 - $0].red > 0x50 }
                #expect(line.count > 6, "\(metric)")
            }
            hands.button(false, at: half)
            #expect(hands.view.scrubber.scrub == nil)
            #expect(hands.wait { hands.learner.status.step == 50 && hands.view.now == 50 })
            #expect(hands.view.status.isPaused && hands.view.steering.pendingRewind == nil)
            // What lies ahead is still on the axis, and faded.
            #expect(hands.view.extent == .init(now: 50, end: 100))
            #expect(hands.view.graphs.axis.range(hands.view.extent) == 0...100)
            hands.move(to: Point(800, 990))
            let faded = try hands.picture()
            let plot = try plot("test-accuracy", hands)
            func brightest(_ x: Float) -> UInt8 {
                (Int(plot.y) - 2..<Int(plot.y) + Int(plot.height / 3)).map { faded[Int(x), $0].red }.max() ?? 0
            }
            #expect(brightest(plot.x + plot.width * 0.25) > 0x8c)
            #expect(brightest(plot.x + plot.width * 0.75) < 0x6c)
            // Forward again, on the same path.
            hands.drag(from: half, to: Point(strip.x + strip.width * 0.8, y))
            #expect(hands.wait { hands.learner.status.step == 80 })
            #expect(hands.view.branches.count == 1)
        }

        @Test func escapeLetsTheHandleGo() throws {
            let hands = try Hands()
            defer { hands.finish() }
            try run(to: 100, hands)
            let place = try hands.place("toolbar/timeline/track").middle
            hands.move(to: place)
            hands.button(true, at: place)
            #expect(hands.view.scrubber.scrub?.step == 50)
            hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
            hands.button(false, at: place)
            #expect(hands.view.scrubber.scrub == nil && hands.learner.status.step == 100)
        }

        @Test func aLongRewindSaysHowFarItIs() throws {
            let hands = try Hands(stepSeconds: 0.004)
            defer { hands.finish() }
            try run(to: 100, hands)
            hands.view.steering.goBack(to: 99)
            #expect(hands.wait { hands.view.steering.replayingSince != nil || hands.view.now == 99 })
            #expect(hands.view.steering.here == 99)
            #expect(hands.wait { hands.view.now == 99 && hands.view.status.stepsToReplay == nil })
            #expect(hands.view.steering.replayingSince == nil && hands.view.steering.pendingRewind == nil)
        }

        @Test func aWaySaysWhereItLeadsAndHowLongItTakes() throws {
            #expect(describeReplay(1340, 4.2, leadsForward: false) == "going back: 1,340 steps, about 4 s")
            #expect(describeReplay(1, 0.2, leadsForward: true) == "going forward: 1 step, under 1 s")
            #expect(describeReplay(90_000, 1500, leadsForward: false).hasSuffix("about 25 min"))
            #expect(describeReplay(5, nil, leadsForward: false) == "going back: 5 steps")
            for seconds in [Double.nan, .infinity, -1, 1e30] { #expect(!durationWords(seconds).isEmpty) }
            // Escape without a way does nothing to the run.
            let hands = try Hands()
            defer { hands.finish() }
            try run(to: 5, hands)
            hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
            #expect(hands.view.steering.wayWords == nil && hands.view.now == 5)
        }

        @Test func atTheLastStepOneCanStillGoBack() throws {
            let hands = try Hands(run: {
                $0.maximumSteps = 40
                $0.staysAtTheEnd = true
            })
            defer { hands.finish() }
            try run(to: 40, hands)
            #expect(!hands.view.status.isFinished)
            hands.learner.send(.resume)
            #expect(hands.wait { hands.learner.status.isPaused })
            hands.view.steering.goBack(to: 0)
            #expect(hands.wait { hands.view.now == 0 && hands.view.lastStep == 40 })
        }

        @Test func keysUndoRedoRewindAndBranch() throws {
            let hands = try Hands()
            defer { hands.finish() }
            func alpha() -> Double { hands.learner.status.settings.values["alpha"] ?? .nan }
            try run(to: 20, hands)
            let track = try hands.place("controls:/alpha/track")
            hands.click(Point(track.x + track.width * 0.9, track.midY))
            #expect(hands.wait { abs(alpha() - 0.9) < 0.02 })
            try run(to: 40, hands)
            hands.click(Point(track.x + track.width * 0.1, track.midY))
            #expect(hands.wait { abs(alpha() - 0.1) < 0.02 })
            try run(to: 60, hands)
            #expect(hands.view.changes.all.map(\.step) == [20, 40])

            hands.press(SDLK_z, SDL_SCANCODE_Z, control: true)
            #expect(hands.wait { hands.view.now == 40 && abs(alpha() - 0.9) < 0.02 && hands.view.status.canRedo })
            hands.press(SDLK_y, SDL_SCANCODE_Y, control: true)
            #expect(hands.wait { hands.view.now == 60 && abs(alpha() - 0.1) < 0.02 })
            hands.press(SDLK_z, SDL_SCANCODE_Z, control: true)
            #expect(hands.wait { hands.view.now == 40 })
            hands.press(SDLK_z, SDL_SCANCODE_Z, shift: true, control: true)
            #expect(hands.wait { hands.view.now == 60 })

            hands.press(SDLK_BACKSPACE, SDL_SCANCODE_BACKSPACE)
            #expect(hands.wait { hands.view.now == 40 && abs(alpha() - 0.9) < 0.02 })
            hands.press(SDLK_BACKSPACE, SDL_SCANCODE_BACKSPACE)
            #expect(hands.wait { hands.view.now == 20 && alpha() == 0.5 })

            // Without a change behind it, it says so and stays.
            hands.press(SDLK_BACKSPACE, SDL_SCANCODE_BACKSPACE)
            #expect(hands.view.statusLine.notice?.text.contains("no change before this step") == true)
            #expect(hands.view.now == 20 && hands.view.steering.pendingRewind == nil)

            hands.press(SDLK_b, SDL_SCANCODE_B)
            #expect(hands.wait { hands.view.branches.count == 2 && hands.view.position.branch == 1 })
            #expect(hands.view.forks.map(\.step) == [20])
        }

        @Test func theToolbarsButtonsDoTheSame() throws {
            let hands = try Hands()
            defer { hands.finish() }
            try run(to: 10, hands)
            hands.learner.send(.set(control: "alpha", to: 0.9))
            try run(to: 20, hands)
            try hands.click("toolbar/undo")
            #expect(hands.wait { hands.view.now == 10 && hands.learner.status.settings.values["alpha"] == 0.5 })
            try hands.click("toolbar/redo")
            #expect(hands.wait { hands.view.now == 20 && hands.learner.status.settings.values["alpha"] == 0.9 })
            try hands.click("toolbar/rewind")
            #expect(hands.wait { hands.view.now == 10 && hands.learner.status.settings.values["alpha"] == 0.5 })
            try hands.click("toolbar/branch")
            #expect(hands.wait { hands.view.branches.count == 2 })
            #expect(!hands.isDrawn("toolbar/save"))
        }

        @Test(arguments: [(1600, 1000), (1280, 720)]) func theToolbarLeavesRoomForTheTimeline(
            _ width: Int, _ height: Int
        ) throws {
            let hands = try Hands(
                ViewerOptions(title: "LDAM · LeNet-5 on MNIST", width: width, height: height, save: { "" }))
            defer { hands.finish() }
            let strip = try hands.place("toolbar/timeline/track")
            #expect(strip.width >= 240)
            for tool in ["pause", "step", "undo", "redo", "rewind", "branch", "save", "panels"] {
                #expect(try hands.place("toolbar/\(tool)").maxX < strip.x)
            }
        }

        @Test func savingIsSaidAndDoesNotStopTheWindow() throws {
            let goesOn = DispatchSemaphore(value: 0)
            let hands = try Hands(
                ViewerOptions(save: {
                    goesOn.wait()
                    return "Saved it"
                }))
            defer { hands.finish() }
            hands.press(SDLK_s, SDL_SCANCODE_S, control: true)
            #expect(hands.view.checkpoints.saving != nil && hands.view.statusLine.notice == nil)
            try run(to: 5, hands)
            goesOn.signal()
            #expect(hands.wait { hands.view.statusLine.notice?.text == "Saved it" })
            #expect(hands.view.checkpoints.saving == nil)
        }

        @Test func aDragIsOneGestureAndEachKeyItsOwn() throws {
            let hands = try Hands()
            defer { hands.finish() }
            let track = try hands.place("controls:/alpha/track")
            let start = Point(track.midX, track.midY)
            hands.move(to: start)
            hands.button(true, at: start)
            for (count, share) in [(1, Float(0.6)), (2, 0.7), (3, 0.8)] {
                hands.move(to: Point(track.x + track.width * share, track.midY))
                try run(to: 20 * count, hands)
            }
            hands.button(false, at: Point(track.x + track.width * 0.8, track.midY))
            #expect(hands.view.changes.all.count == 1)
            hands.press(SDLK_RIGHT, SDL_SCANCODE_RIGHT)
            try run(to: 70, hands)
            hands.press(SDLK_RIGHT, SDL_SCANCODE_RIGHT)
            try run(to: 80, hands)
            #expect(hands.view.changes.all.count == 3)
            // One undo takes the whole drag back.
            for _ in 0..<3 { hands.press(SDLK_z, SDL_SCANCODE_Z, control: true) }
            #expect(hands.wait { hands.learner.status.settings.values["alpha"] == 0.5 && hands.view.now == 0 })
        }
    }
}
