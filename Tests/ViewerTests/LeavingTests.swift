import CLMat
import CSDL2
import Exploration
import Foundation
import Synchronization
import Testing

@testable import Viewer

extension WindowTests {
    /// Leaving, captions, and what the toolbar says of itself.
    @MainActor @Suite struct WordsOfTheWindow {
        /// Writes nothing, and counts how often it was asked to.
        private final class Saver: Sendable {
            let count = Mutex(0)
            let fails: Bool
            init(fails: Bool = false) { self.fails = fails }
            func save() throws -> String {
                count.withLock { $0 += 1 }
                if fails { throw CLMatError.fileNotWritable(path: "x", reason: "the disk is full") }
                return "Saved x"
            }
        }

        private func hands(_ saver: Saver, _ run: (inout Learner.Options) -> Void = { _ in }) throws -> Hands {
            try Hands(ViewerOptions(save: { try saver.save() }), run: run)
        }

        private func quit(_ hands: Hands) {
            var event = SDL_Event()
            event.type = SDL_QUIT.rawValue
            SDL_PushEvent(&event)
            hands.window.settle()
        }

        @Test func nothingIsAskedWhereNothingIsLost() throws {
            let hands = try hands(Saver())
            defer { hands.finish() }
            quit(hands)
            #expect(hands.window.isClosed)
        }

        @Test func unsavedStepsAreAskedFor() throws {
            let hands = try hands(Saver())
            defer { hands.finish() }
            hands.run(to: 5)
            quit(hands)
            #expect(!hands.window.isClosed && hands.view.leaving.isAsking)
            hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
            #expect(!hands.window.isClosed && !hands.view.leaving.isAsking)
            hands.press(SDLK_q, SDL_SCANCODE_Q, control: true)
            #expect(hands.view.leaving.isAsking)
            hands.window.settle()
            try hands.click("leaving/stay")
            #expect(!hands.window.isClosed && !hands.view.leaving.isAsking)
            hands.press(SDLK_q, SDL_SCANCODE_Q)
            hands.window.settle()
            try hands.click("leaving/leave")
            #expect(hands.window.isClosed)
        }

        @Test func aChangeAtTheFirstStepIsWorkToo() throws {
            let hands = try hands(Saver())
            defer { hands.finish() }
            hands.learner.send(.set(control: "alpha", to: 0.9))
            #expect(hands.wait { hands.view.leaving.hasUnsavedWork })
        }

        @Test func whatWasSavedIsNotAskedFor() throws {
            let saver = Saver()
            let hands = try hands(saver)
            defer { hands.finish() }
            hands.run(to: 5)
            hands.press(SDLK_s, SDL_SCANCODE_S, control: true)
            #expect(hands.wait { hands.view.statusLine.notice?.text == "Saved x" })
            #expect(!hands.view.leaving.hasUnsavedWork)
            hands.run(to: 6)
            #expect(hands.view.leaving.hasUnsavedWork)
            hands.press(SDLK_q, SDL_SCANCODE_Q)
            hands.enter()
            #expect(hands.wait { hands.window.isClosed })
            #expect(saver.count.withLock { $0 } == 2)
        }

        @Test func whoCannotSaveStays() throws {
            let hands = try hands(Saver(fails: true))
            defer { hands.finish() }
            hands.run(to: 5)
            quit(hands)
            hands.window.settle()
            try hands.click("leaving/save")
            #expect(hands.wait { hands.view.statusLine.notice?.text.contains("the disk is full") == true })
            #expect(!hands.window.isClosed && !hands.view.leaving.isAsking)
        }

        @Test func aSessionThatIsWrittenLosesNothing() throws {
            final class Writer: Recorder {
                func record(_ measurements: Measurements, at position: Position) throws(CLMatError) {}
                func record(_ command: LoggedCommand) throws(CLMatError) {}
                func end(at position: Position, _ concluded: Measurements) throws(CLMatError) {}
            }
            let hands = try hands(Saver()) { $0.recorder = Writer() }
            defer { hands.finish() }
            hands.run(to: 5)
            quit(hands)
            #expect(hands.window.isClosed)
        }

        @Test func captionsTakeARowUntilTheLastEnds() throws {
            let hands = try Hands()
            defer { hands.finish() }
            let before = hands.view.workingArea(notices: hands.view.statusLine.noticesHeight)
            hands.learner.say("Now the noise is off.")
            #expect(hands.wait { hands.view.statusLine.captionLines == ["Now the noise is off."] })
            let with = hands.view.workingArea(notices: hands.view.statusLine.noticesHeight)
            #expect(with.height < before.height && with.height > before.height - 60)
            hands.learner.say(String(repeating: "many words ", count: 200))
            #expect(hands.wait { hands.view.statusLine.captionLines.count == 2 })
            hands.learner.say("")
            #expect(hands.wait { hands.view.statusLine.noticesHeight == 0 })
        }

        @Test func everyToolSaysWhatItDoes() throws {
            let hands = try Hands(ViewerOptions(save: { "" }))
            defer { hands.finish() }
            hands.run(to: 5)
            hands.view.layout.setGoal(0.5, of: "loss")
            hands.window.settle()
            // That of the presets is there for a model that has some.
            for (id, hint) in Toolbar.hints where id != "presets" {
                try hands.move(to: "toolbar/\(id)")
                hands.window.settle()
                #expect(hands.view.hints.tooltip?.text == hint, "\(id)")
            }
            // Each of the two that go back says how it differs, and its key.
            #expect(Toolbar.hints["rewind"]?.contains("backspace") == true)
            #expect(Toolbar.hints["undo"]?.contains("ctrl-z") == true)
        }
    }
}
