import CLMat
import CSDL2
import Exploration
import Testing

@testable import Viewer

/// A model with a noise, a temperature that follows from it, and presets.
private struct Oven: Model {
    let title = "Oven"
    static let noise = Control("noise", title: "noise", range: 0.001...10, scale: .logWithOff, initial: 1, help: "")
    static let pace = Control("pace", title: "pace", range: 0...1, initial: 0.5, help: "")
    static let temperature = Handle(
        Control("temperature", title: "temperature", range: 0.01...100, scale: .logWithOff, initial: 0, help: ""),
        of: noise, dependsOn: [pace],
        value: { settings throws(CLMatError) in
            let σ = try settings[noise]
            return σ * σ * (try settings[pace])
        },
        kept: { T, settings throws(CLMatError) in (T / (try settings[pace])).squareRoot() })

    var controls: [Control] { [Self.noise, Self.pace] }
    var handles: [Handle] { [Self.temperature] }
    var metrics: [Metric] { [Metric("seen", title: "Seen", help: "")] }
    var presets: [Preset] {
        let usual = Preset.initial("default", help: "as it begins", of: [Self.noise])
        return [usual, usual.changed("hot", help: "all melts", ["noise": 4])]
    }

    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        measured["seen"] = try context.settings[Self.noise]
        return measured
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) {}

    @MainActor static func hands() throws -> Hands {
        let learner = try Learner(Oven(), data: Numbers(), options: Learner.Options())
        learner.start(paused: true)
        return try Hands(on: learner)
    }
}

extension WindowTests {
    /// Presets and handles by a person's hands.
    @MainActor @Suite(.serialized) struct Presets {
        @Test func theMenuSetsThemAsOneChange() throws {
            let hands = try Oven.hands()
            defer { hands.finish() }
            #expect(hands.view.presetMenu.current?.id == "default")
            try hands.move(to: "toolbar/presets")
            #expect(hands.view.hints.tooltip?.text == Toolbar.hints["presets"])
            try hands.click("toolbar/presets")
            #expect(hands.isDrawn("preset-menu") && hands.view.hasAbove)
            try hands.click("preset-menu/hot")
            #expect(
                hands.wait { hands.learner.status.settings.values["noise"] == 4 && hands.view.changes.all.count == 1 })
            #expect(!hands.isDrawn("preset-menu") && hands.view.presetMenu.current?.id == "hot")
            #expect(hands.view.changes.all[0].what == "preset hot: noise 1 → 4")
            #expect(hands.view.values.preset?.id == "hot")
            hands.press(SDLK_z, SDL_SCANCODE_Z, control: true)
            #expect(hands.wait { hands.learner.status.settings.values["noise"] == 1 })
            hands.window.settle()
            #expect(hands.view.values.preset == nil)

            // A second click on the button, escape, and a click elsewhere close it.
            for close: () throws -> Void in [
                { try hands.click("toolbar/presets") }, { hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE) },
                { try hands.click("status") },
            ] {
                try hands.click("toolbar/presets")
                #expect(hands.view.presetMenu.isOpen)
                try close()
                hands.window.settle()
                #expect(!hands.view.presetMenu.isOpen)
            }
        }

        @Test func theListOfAllThatThereIsHasThemToo() throws {
            let hands = try Oven.hands()
            defer { hands.finish() }
            try hands.click("add/preset:hot")
            #expect(hands.wait { hands.learner.status.settings.values["noise"] == 4 })
        }

        @Test func aDoubleClickLeadsToThePresetsValue() throws {
            let hands = try Oven.hands()
            defer { hands.finish() }
            hands.learner.send(.preset("hot"))
            hands.learner.send(.set(control: "noise", to: 0.5))
            #expect(hands.wait { hands.view.status.settings.values["noise"] == 0.5 })
            try hands.doubleClick("controls:/noise/slider")
            #expect(hands.wait { hands.learner.status.settings.values["noise"] == 4 })
            // Of a handle the one that follows from it.
            hands.learner.send(.set(control: "temperature", to: 0.5))
            #expect(hands.wait { hands.view.status.settings.values["noise"] == 1 })
            try hands.doubleClick("controls:/temperature/slider")
            #expect(hands.wait { hands.learner.status.settings.values["noise"] == 4 })
        }

        @Test func aHandleMovesWithWhatItFollowsFrom() throws {
            let hands = try Oven.hands()
            defer { hands.finish() }
            let (noise, temperature) = (Oven.noise, Oven.temperature.control)
            let track = try hands.place("controls:/temperature/track")
            // To its right end, which asks for more noise than there is: σ² · 0.5 ≤ 50.
            hands.drag(
                from: Point(track.x + Float(temperature.position(of: 0.5)) * track.width, track.midY),
                to: Point(track.maxX + 20, track.midY))
            #expect(hands.wait { hands.view.status.settings.values["noise"] == 10 })
            #expect(hands.view.values.value(of: temperature) == 50)
            hands.learner.send(.set(control: "noise", to: 2))
            #expect(hands.wait { hands.view.values.value(of: temperature) == 2 })
            #expect(hands.view.values.value(of: noise) == 2)

            // What is typed and cannot be had is said, with what can.
            try hands.click("controls:/temperature/value")
            hands.type("80")
            hands.enter()
            let problem = try #require(hands.view.controlPanels.hand.typed?.field.problem)
            #expect(problem.contains("'80'") && problem.contains("0.01 to 50"), "\(problem)")
            hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
            #expect(hands.learner.status.settings.values["noise"] == 2)
        }
    }
}
