import CSDL2
import Exploration
import Foundation
import TestSupport
import Testing

@testable import Viewer

extension WindowTests {
    /// A drag is one change: on the screen, for an undo, and in the session that is done again.
    @MainActor @Suite(.serialized) struct Gestures {
        /// What a person does with the first slider of a run that is recorded; then the session is done again.
        private func recorded(_ actions: (Hands) throws -> Void) throws -> (
            Replay.Report, first: Learner, second: Learner
        ) {
            let folder = try Folder()
            let file = folder.path + "/session.jsonl"
            let header = SessionFile.Header(
                model: "fake", title: "Fake", device: "CPU", threads: 1, instructions: "any", seed: 1, dataChecksum: "",
                arguments: [], settings: [:], attached: [])
            let writer = try SessionWriter(writing: file, header: header)
            let hands = try Hands(run: { $0.recorder = writer })
            try actions(hands)
            hands.finish()
            #expect(hands.learner.status.error == nil && hands.learner.status.recordingError == nil)

            let replay = Replay(try SessionFile(reading: file), tolerance: 0)
            var options = Learner.Options()
            (options.director, options.recorder) = (replay, replay)
            let second = try FakeModel.learner(options)
            second.start()
            second.wait()
            #expect(second.status.error == nil)
            #expect(second.timeline.position == hands.learner.timeline.position)
            #expect(second.timeline.branches == hands.learner.timeline.branches)
            return (replay.report, hands.learner, second)
        }

        private func step(_ hands: Hands) {
            let step = hands.learner.status.step
            hands.learner.send(.step(1))
            #expect(hands.wait { hands.view.now == step + 1 && hands.view.status.isPaused })
        }

        /// Takes the slider by its handle and pulls it through `shares` of its track, with a step of the run after each.
        private func drag(_ hands: Hands, through shares: [Float], stepping: Bool = true) throws {
            let track = try hands.place("controls:/alpha/track")
            func place(_ share: Float) -> Point { Point(track.x + track.width * share, track.midY) }
            hands.rest()
            hands.move(to: place(shares[0]))
            hands.button(true, at: place(shares[0]))
            for share in shares.dropFirst() {
                hands.move(to: place(share))
                #expect(
                    hands.wait { abs((hands.learner.status.settings.values["alpha"] ?? .nan) - Double(share)) < 0.01 })
                if stepping { step(hands) }
            }
            hands.button(false, at: place(shares[shares.count - 1]))
        }

        private func undo(_ hands: Hands, to step: Int) {
            hands.press(SDLK_z, SDL_SCANCODE_Z, control: true)
            #expect(hands.wait { hands.view.now == step })
        }

        @Test func aDragAndItsUndoAreDoneAgain() throws {
            let (report, first, _) = try recorded { hands in
                for _ in 0..<3 { step(hands) }
                try drag(hands, through: [0.5, 0.6, 0.7, 0.8, 0.9])
                #expect(hands.view.changes.all.count == 1 && hands.view.changes.all[0].first == 3)
                undo(hands, to: 3)
                #expect(hands.learner.status.settings.values["alpha"] == 0.5)
                // More of it: on the branch that this opens, with a second undo and a redo.
                try drag(hands, through: [0.5, 0.3, 0.2])
                undo(hands, to: 3)
                hands.press(SDLK_y, SDL_SCANCODE_Y, control: true)
                #expect(hands.wait { hands.view.now == 5 })
                step(hands)
                hands.learner.send(.rewind(to: 4))
                #expect(hands.wait { hands.view.now == 4 })
                step(hands)
            }
            #expect(report.isSame && report.largest.isEmpty && report.steps > 10, "\(report)")
            #expect(first.timeline.branches.count == 3)
        }

        @Test func aDragAcrossAPauseIsDoneAgain() throws {
            let (report, first, second) = try recorded { hands in
                step(hands)
                let track = try hands.place("controls:/alpha/track")
                func place(_ share: Float) -> Point { Point(track.x + track.width * share, track.midY) }
                hands.move(to: place(0.5))
                hands.button(true, at: place(0.5))
                for share: Float in [0.6, 0.7, 0.8] {
                    hands.move(to: place(share))
                    #expect(
                        hands.wait {
                            abs((hands.learner.status.settings.values["alpha"] ?? .nan) - Double(share)) < 0.01
                        })
                    // Commands that change no model, in the middle of the gesture.
                    hands.learner.send(.resume)
                    hands.learner.send(.pause)
                    #expect(hands.wait { hands.learner.timeline.log.last?.command == .pause })
                }
                hands.button(false, at: place(0.8))
                step(hands)
                let now = hands.learner.status.step
                undo(hands, to: hands.view.changes.all[0].first)
                #expect(hands.learner.status.settings.values["alpha"] == 0.5 && now > 1)
                step(hands)
            }
            #expect(report.isSame && report.largest.isEmpty, "\(report)")
            #expect(first.timeline.commands.map(\.command) == second.timeline.commands.map(\.command))
        }

        @Test func twoDragsInSuccessionAreTwoChanges() throws {
            let (report, _, _) = try recorded { hands in
                step(hands)
                try drag(hands, through: [0.5, 0.6, 0.7])
                try drag(hands, through: [0.7, 0.8, 0.9])
                #expect(hands.view.changes.all.map(\.first) == [1, 3])
                undo(hands, to: 3)
                undo(hands, to: 1)
                #expect(hands.learner.status.settings.values["alpha"] == 0.5)
                step(hands)
            }
            #expect(report.isSame && report.largest.isEmpty, "\(report)")
        }

        @Test func aDoubleClickAfterADragIsDoneAgain() throws {
            let (report, first, _) = try recorded { hands in
                step(hands)
                try drag(hands, through: [0.5, 0.6, 0.7])
                let track = try hands.place("controls:/alpha/track")
                hands.doubleClick(Point(track.x + track.width * 0.2, track.midY))
                #expect(hands.wait { hands.learner.status.settings.values["alpha"] == 0.5 })
                step(hands)
                #expect(hands.view.changes.all.count == 2)
                undo(hands, to: 3)
                #expect(abs((hands.learner.status.settings.values["alpha"] ?? .nan) - 0.7) < 0.01)
                step(hands)
            }
            #expect(report.isSame && report.largest.isEmpty, "\(report)")
            let values = first.timeline.log.compactMap {
                if case .set(_, let value) = $0.command { value } else { nil }
            }
            #expect(values.allSatisfy { $0 >= 0.5 }, "\(values)")
        }

        @Test func aDoubleClickNeverSendsWhatItPointsAt() throws {
            let hands = try Hands()
            defer { hands.finish() }
            hands.learner.send(.set(control: "alpha", to: 0.8))
            #expect(hands.wait { hands.learner.status.settings.values["alpha"] == 0.8 })
            step(hands)
            let track = try hands.place("controls:/alpha/track")
            let place = Point(track.x + track.width * 0.2, track.midY)
            hands.click(place)
            // The slider shows it, the model does not have it.
            let alpha = try #require(hands.view.dashboard.control("alpha"))
            #expect(abs(hands.view.values.value(of: alpha) - 0.2) < 0.01 && hands.view.values.armed != nil)
            hands.press(Point(place.x + 2, place.y))
            #expect(hands.wait { hands.learner.status.settings.values["alpha"] == 0.5 })
            #expect(hands.view.values.armed == nil && hands.view.controlPanels.hand.held == nil)
            step(hands)
            let sets = hands.learner.timeline.log.filter { $0.command.mayChange }.map(\.command)
            #expect(sets == [.set(control: "alpha", to: 0.8), .set(control: "alpha", to: 0.5)])
            #expect(hands.view.changes.all.count == 2)
        }

        @Test func aClickOnTheTrackIsSentWhenItIsNoDoubleClick() throws {
            let hands = try Hands()
            defer { hands.finish() }
            let track = try hands.place("controls:/alpha/track")
            hands.click(Point(track.x + track.width * 0.2, track.midY))
            #expect(hands.view.hasNews() && hands.learner.status.settings.values["alpha"] == 0.5)
            // By its time …
            hands.rest(ArmedSetting.seconds)
            #expect(hands.wait { abs((hands.learner.status.settings.values["alpha"] ?? .nan) - 0.2) < 0.01 })
            // … when the mouse goes elsewhere …
            hands.click(Point(track.x + track.width * 0.7, track.midY))
            hands.move(to: Point(track.midX, track.midY + 200))
            #expect(hands.wait { abs((hands.learner.status.settings.values["alpha"] ?? .nan) - 0.7) < 0.01 })
            // … and before a key does something.
            hands.click(Point(track.x + track.width * 0.3, track.midY))
            hands.press(SDLK_PERIOD, SDL_SCANCODE_PERIOD)
            #expect(hands.wait { hands.view.now == 1 })
            #expect(abs((hands.learner.timeline.series("loss").last?.value ?? 0) - 1.3) < 0.01)
        }

        @Test func arrangeIsAWordThatCanBeClicked() throws {
            let hands = try Hands()
            defer { hands.finish() }
            let before = try #require(hands.view.box(of: .metric("loss")))
            let bar = try hands.place("metric:loss/title").middle
            hands.drag(from: bar, to: Point(bar.x - 200, bar.y + 100))
            #expect(!hands.view.layout.isArranged)
            try hands.click("add/word")
            #expect(hands.view.layout.isArranged && hands.view.moving.drag == nil)
            #expect(hands.view.box(of: .metric("loss")) == before)
        }

        /// What lies in a panel's title or over its corner takes the mouse where it is drawn.
        @Test func titlesAndCornersOfAllPanelsCanBeTaken() throws {
            let hands = try Hands()
            defer { hands.finish() }
            hands.view.setOpen(.figure("marked"), true)
            hands.learner.send(.step(3))
            #expect(hands.wait { hands.view.now == 3 && hands.view.figurePanels.figures["grid"]?.texture != nil })
            for panel in hands.view.layout.openPanels(hands.view.dashboard) {
                for (name, isResize) in [("title", false), ("corner", true)] {
                    let place = try hands.place("\(panel.name)/\(name)").middle
                    hands.move(to: place)
                    hands.button(true, at: place)
                    #expect(
                        hands.view.moving.drag?.panel == panel && hands.view.moving.drag?.isResize == isResize,
                        "\(panel) \(isResize)"
                    )
                    hands.button(false, at: place)
                    #expect(hands.view.moving.drag == nil && hands.view.layout.isArranged)
                }
            }
        }
    }
}
