import CLMat
import CSDL2
import Exploration
import Foundation
import Testing

@testable import Viewer

extension WindowTests {
    /// What is said of the data before the first step.
    @MainActor @Suite(.serialized) struct Notes {
        private struct NotedNumbers: DataSource {
            let name = "numbers"
            let stepsPerEpoch = 10
            let notes = ["The first row was taken for the columns' names.", "Two files were passed over.", "נקרא כך."]
            func batch(at place: DataPlace) -> Int { place.step.number }
        }

        @Test func notesOnTheDataStandAtTheStart() throws {
            setenv("SDL_VIDEODRIVER", "dummy", 1)
            let learner = try Learner(FakeModel(), data: NotedNumbers(), attachments: [], options: Learner.Options())
            learner.start(paused: true)
            defer {
                learner.stop()
                learner.wait()
            }
            let hands = try Hands(on: learner)
            let window = hands.window
            #expect(
                window.dashboardView.statusLine.notice?.text
                    == "The first row was taken for the columns' names. (2 more: point here)")
            window.dashboardView.statusLine.notice = nil
            try hands.move(to: "status/words")
            let words = try #require(window.dashboardView.hints.tooltip?.text)
            for note in learner.notes { #expect(words.contains(note)) }
            #expect(window.dashboardView.statusLine.notice == nil)
        }
    }
}
