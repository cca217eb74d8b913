import CLMat
import Foundation
import TestSupport
import Testing

@testable import Exploration

/// Several controls at once, under a name.
@Suite struct PresetTests {
    private func learner(
        _ plan: [ListDirector.Entry], to end: Int, attached: [String] = ["bath"], recording file: String? = nil
    ) throws -> Learner {
        var options = Learner.Options()
        options.director = ListDirector(plan, endsAt: end)
        let experiment = try Still.experiment(attached)
        if let file {
            options.recorder = try SessionWriter(
                writing: file,
                header: .init(of: experiment, model: "still", device: "", threads: 1, instructions: "", arguments: []))
        }
        return try Learner(experiment, options: options).runToTheEnd()
    }

    @Test func thoseOfOneIdAreOneOfTheRun() throws {
        let experiment = try Still.experiment(["bath", "bath-2"])
        let hot = try experiment.dashboard.preset("hot")
        #expect(
            hot.values == [
                "rate": 0, "zoom": 5, "noise": 3, "step-size": 0.1, "bath-2.noise": 3, "bath-2.step-size": 0.1,
            ])
        #expect(hot.help == "all wanders" && experiment.dashboard.presets.map(\.id) == ["calm", "hot"])
        try experiment.checkPresets()
        #expect(throws: CLMatError.unknownName(kind: "preset", name: "hott", known: ["calm", "hot"])) {
            try experiment.dashboard.preset("hott")
        }
        #expect(experiment.dashboard.holds(try experiment.dashboard.preset("calm"), experiment.shownSettings))
    }

    @Test func choosingOneIsOneChange() throws {
        let run = try learner([.init(2, .preset("hot")), .init(4, .set(control: "rate", to: 2))], to: 6)
        #expect(run.status.error == nil)
        #expect(run.timeline.series("rate-now").values == [1, 1, 0, 0, 2, 2])
        let changes = run.timeline.commands
        #expect(changes.map(\.change).count == 2)
        #expect(changes[0].command == .preset("hot", values: ["rate": 0, "noise": 3, "step-size": 0.1]))
        #expect(changes[0].valuesBefore == ["rate": 1, "noise": 0.3, "step-size": 0.01])
        // What is shown is set too, and is no change of the model.
        #expect(run.status.view.values == ["zoom": 5])
        #expect(run.status.settings.values["temperature"] == 4.5)

        let undone = try learner(
            [.init(2, .preset("hot")), .init(4, .undo), .init(3, .set(control: "rate", to: 5)), .init(4, .undo)], to: 5)
        #expect(undone.timeline.series("rate-now").values == [1, 1, 1, 1, 1])
        let redone = try learner([.init(2, .preset("hot")), .init(4, .undo), .init(2, .redo)], to: 5)
        #expect(redone.timeline.series("rate-now").values == [1, 1, 0, 0, 0])
        // What is so already is no change.
        #expect(try learner([.init(2, .preset("calm"))], to: 3).timeline.commands.isEmpty)
    }

    /// A person who takes a preset back sees what was seen before.
    @Test func undoingOneGivesBackWhatWasShown() throws {
        let learner = try Learner(Still.experiment(), options: Learner.Options())
        let zoom = try #require(learner.dashboard.control("zoom"))
        learner.start(paused: true)
        func shown() -> Double { learner.status.view.values["zoom"] ?? zoom.initial }
        learner.send(.step(2))
        #expect(eventually { learner.status.step == 2 && learner.status.isPaused })
        learner.send(.set(control: "zoom", to: 2))
        learner.send(.preset("hot"))
        #expect(eventually { shown() == 5 && learner.status.settings.values["rate"] == 0 })
        learner.send(.undo)
        #expect(eventually { shown() == 2 && learner.status.settings.values["rate"] == 1 })
        learner.send(.redo)
        #expect(eventually { shown() == 5 && learner.status.settings.values["rate"] == 0 })
        learner.stop()
        learner.wait()
    }

    @Test func aHandleThatIsHeldGivesWayToWhatThePresetNames() throws {
        let run = try learner(
            [.init(1, .set(control: "hold-temperature", to: 1)), .init(2, .preset("hot"))], to: 3)
        #expect(run.status.settings.values["noise"] == 3 && run.status.settings.values["step-size"] == 0.1)
    }

    @Test func whatIsNotThereIsLeftOutAndSaid() throws {
        struct Short: Model {
            let title = "short"
            var controls: [Control] { [Still.rate] }
            var metrics: [Metric] { [] }
            var presets: [Preset] { [Preset("hot", help: "", values: ["rate": 2, "gone": 1])] }
            mutating func update(_ context: StepContext<Int>) -> Measurements { Measurements() }
            mutating func archive(_ archive: Archive) throws(CLMatError) {}
        }
        var experiment = try Experiment(Short(), data: Numbers())
        let words = "The preset 'hot' left out 'gone', which is not there now."
        #expect(try experiment.apply(preset: "hot") == words)
        #expect(experiment.settings.values["rate"] == 2 && experiment.startPreset == "hot")
        #expect(throws: CLMatError.self) { try experiment.checkPresets() }

        let stage = NotedStage()
        var options = Learner.Options(maximumSteps: 4)
        options.director = ScriptPlayer(
            try Script(json: Data(#"[{"step": 1, "preset": "hot"}]"#.utf8), from: "s"), host: stage, endsTheRun: true)
        let run = try Learner(Experiment(Short(), data: Numbers()), options: options).runToTheEnd()
        #expect(run.status.settings.values["rate"] == 2 && stage.words == ["step 1: \(words)"])
    }

    @Test func aScriptNamesThem() throws {
        func play(_ json: String) throws -> Learner {
            var options = Learner.Options(maximumSteps: 4)
            options.director = ScriptPlayer(
                try Script(json: Data(json.utf8), from: "test.json"), host: NotedStage(), endsTheRun: true)
            return try Learner(Still.experiment(), options: options).runToTheEnd()
        }
        #expect(try play(#"[{"step": 2, "preset": "hot"}]"#).status.settings.values["noise"] == 3)
        let error = "\(try play(#"[{"step": 2, "preset": "hod"}]"#).status.error as Any)"
        #expect(error.contains("entry 1") && error.contains("Did you mean 'hot'?"))
        #expect(throws: CLMatError.self) {
            try Script(json: Data(#"[{"step": 2, "preset": "hot", "values": {}}]"#.utf8), from: "x")
        }
    }

    /// A session and a checkpoint have values: what a preset is called may come to mean something else.
    @Test func filesHaveItsValues() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/s.jsonl"
            let first = try learner(
                [.init(2, .preset("hot")), .init(5, .undo), .init(4, .redo), .init(5, .preset("calm"))].enumerated()
                    .filter {
                        $0.offset != 2
                    }.map(\.element), to: 7, recording: file)
            #expect(first.status.error == nil)
            let line = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").first {
                $0.contains("\"preset\"")
            }
            #expect(
                line?.contains(#""preset":"hot","values":{"noise":3.0,"rate":0.0,"step-size":0.1}"#) == true,
                "\(line as Any)")
            let session = try SessionFile(reading: file)
            let replay = Replay(session, tolerance: 0)
            var again = try Still.experiment([])
            try again.begin(as: session.header)
            var options = Learner.Options()
            (options.director, options.recorder) = (replay, replay)
            let second = try Learner(again, options: options).runToTheEnd()
            #expect(second.status.error == nil && replay.report.isSame && replay.report.steps > 5)
            #expect(second.status.settings == first.status.settings)

            let path = folder + "/c.safetensors"
            let run = try learner([.init(2, .preset("hot"))], to: 3)
            try run.save(to: path)
            var resumed = try Still.experiment([])
            try resumed.resume(from: Checkpoint(reading: path, on: .cpu))
            #expect(resumed.settings.values["noise"] == 3)
            let past = try Learner(resumed, options: .init()).timeline.pastCommands
            #expect(past.map(\.command) == run.timeline.commands.map(\.command))
            #expect(past[0].valuesBefore == run.timeline.commands[0].valuesBefore)
        }
    }

    @Test func presetsHaveToNameTheSameControls() throws {
        struct Uneven: Model {
            let title = "uneven"
            let values: [[String: Double]]
            var controls: [Control] { [Still.rate, Bath.noise] }
            var metrics: [Metric] { [] }
            var presets: [Preset] { values.enumerated().map { Preset("p\($0)", help: "", values: $1) } }
            mutating func update(_ context: StepContext<Int>) -> Measurements { Measurements() }
            mutating func archive(_ archive: Archive) throws(CLMatError) {}
        }
        func check(_ values: [String: Double]...) throws {
            try Experiment(Uneven(values: values), data: Numbers()).checkPresets()
        }
        try check(["rate": 1, "noise": 1], ["rate": 0, "noise": 0])
        #expect(throws: CLMatError.self) { try check(["rate": 1, "noise": 1], ["rate": 0]) }
        #expect(throws: CLMatError.self) { try check(["rate": 11], ["rate": 0]) }
        #expect(throws: CLMatError.self) { try check(["rat": 1], ["rat": 0]) }
    }

    @Test func whereASliderBegins() throws {
        let experiment = try Still.experiment()
        let settings = experiment.settings
        #expect(settings.startValue(of: Bath.noise) == 0.3)
        #expect(settings.startValue(of: Bath.noise, in: try experiment.dashboard.preset("hot")) == 3)
        #expect(settings.startValue(of: Bath.temperature.control) == 0.0045)
        #expect(settings.startValue(of: Bath.temperature.control, in: try experiment.dashboard.preset("hot")) == 0.45)
    }
}
