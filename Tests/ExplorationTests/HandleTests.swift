import CLMat
import Foundation
import TestSupport
import Testing

@testable import Exploration

/// A second control on the value of another one: whichever is moved, both say the same.
@Suite struct HandleTests {
    private func sigma(_ T: Double, β: Double = 0.01, γ: Double = 0.9) -> Double { (2 * (1 - γ) * T / β).squareRoot() }

    /// Runs a list of commands, each after so many steps.
    private func run(
        _ plan: [ListDirector.Entry], to end: Int = 6, _ experiment: Experiment? = nil, recording file: String? = nil
    ) throws -> Learner {
        var options = Learner.Options()
        options.director = ListDirector(plan, endsAt: end)
        let experiment = try experiment ?? Still.experiment()
        if let file {
            options.recorder = try SessionWriter(
                writing: file,
                header: .init(of: experiment, model: "still", device: "", threads: 1, instructions: "", arguments: []))
        }
        return try Learner(experiment, options: options).runToTheEnd()
    }

    @Test func eachFollowsFromTheOther() throws {
        var experiment = try Still.experiment()
        // T = 0.01 · 0.3² / (2 · 0.1)
        #expect(experiment.settings.values["temperature"] == 0.0045)
        try experiment.set(["temperature": 0.5])
        #expect(experiment.settings.values["noise"] == sigma(0.5))
        #expect(experiment.settings.values["temperature"] == 0.5)
        try experiment.set(["noise": 0.3])
        #expect(experiment.settings.values["temperature"] == 0.0045)
        // Off is off for both.
        try experiment.set(["noise": 0])
        #expect(experiment.settings.values["temperature"] == 0)
        try experiment.set(["temperature": 0.5])
        try experiment.set(["temperature": 0])
        #expect(experiment.settings.values["noise"] == 0)
    }

    @Test func itStandsBehindTheOneThatIsKept() throws {
        let dashboard = try Still.experiment(["bath", "bath-2"]).dashboard
        #expect(
            dashboard.controls.map(\.id).prefix(6) == [
                "noise", "temperature", "step-size", "momentum", "hold-temperature", "bath-2.noise",
            ])
        #expect(dashboard.control("bath-2.temperature")?.affects == ["bath-2.spread"])
        #expect(dashboard.handle("bath-2.temperature")?.kept == "bath-2.noise")
    }

    @Test func withoutItsSwitchTheKeptOneStaysAndWithItTheHandle() throws {
        var experiment = try Still.experiment()
        try experiment.set(["step-size": 0.1])
        #expect(experiment.settings.values["noise"] == 0.3 && experiment.settings.values["temperature"] == 0.045)
        try experiment.set(["hold-temperature": 1])
        for β in [0.5, 0.003, 0.02] { try experiment.set(["step-size": β]) }
        #expect(experiment.settings.values["temperature"] == 0.045)
        #expect(experiment.settings.values["noise"] == sigma(0.045, β: 0.02))
        try experiment.set(["momentum": 0.5])
        #expect(experiment.settings.values["temperature"] == 0.045)
        // The kept one itself can be moved all the same.
        try experiment.set(["noise": 1])
        #expect(experiment.settings.values["noise"] == 1)
        // Off stays off.
        try experiment.set(["temperature": 0])
        try experiment.set(["step-size": 0.5])
        #expect(experiment.settings.values["noise"] == 0)
    }

    @Test func whatTheKeptOneCannotGiveIsRefusedWithWhatItCan() throws {
        var experiment = try Still.experiment()
        // σ ≤ 10: T ≤ 0.001 · 100 / 0.2 = 0.5
        try experiment.set(["step-size": 0.001])
        #expect(
            throws: CLMatError.invalidValue(
                setting: "temperature", value: "0.6",
                accepted: "1e-06 to 0.5, or off, as long as 'noise' takes 0.001 to 10, or off")
        ) { try experiment.set(["temperature": 0.6]) }
        try experiment.set(["temperature": 0.5])
        #expect(experiment.settings.values["noise"] == 10)
        let control = Bath.temperature.control
        #expect(experiment.settings.nearest(9, of: control) == 0.5)
        #expect(experiment.settings.nearest(0, of: control) == 0)
        #expect(throws: CLMatError.self) { try experiment.settings.checked(0.6, of: control) }
        #expect(throws: CLMatError.self) { try experiment.settings.checked(60, of: control) }
        #expect(try experiment.settings.checked(0.25, of: control) == 0.25)
        // Held against a step that asks for more noise than there is, the noise is all there is, and T falls.
        try experiment.set(["hold-temperature": 1, "step-size": 0.0005])
        #expect(experiment.settings.values["noise"] == 10 && experiment.settings.values["temperature"] == 0.25)
        #expect(throws: CLMatError.self) { try experiment.set(["noise": 1, "temperature": 0.1]) }
    }

    @Test func ofASecondInstanceAndOfLinkedControls() throws {
        var experiment = try Still.experiment(["bath", "bath-2"])
        try experiment.set(["bath-2.temperature": 0.5])
        #expect(experiment.settings.values["bath-2.noise"] == sigma(0.5) && experiment.settings.values["noise"] == 0.3)
        try experiment.set(["bath-2.step-size": 0.02])
        try experiment.link("bath-2.noise", to: "noise")
        #expect(experiment.settings.values["bath-2.noise"] == 0.3)
        #expect(experiment.settings.values["bath-2.temperature"] == 0.009)
        try experiment.set(["temperature": 0.5])
        #expect(experiment.settings.values["bath-2.noise"] == sigma(0.5))
        #expect(experiment.settings.values["bath-2.temperature"] == 1)
        let error = #expect(throws: CLMatError.self) {
            try experiment.link("bath-2.temperature", to: "temperature")
        }
        #expect(error.map { "\($0)".contains("link that one") } == true)
    }

    @Test func commandsUndoAndWhatAStepSees() throws {
        let learner = try run(
            [
                .init(1, .set(control: "temperature", to: 0.5)), .init(2, .set(control: "step-size", to: 0.02)),
                .init(3, .undo), .init(2, .undo), .init(1, .redo), .init(2, .set(control: "noise", to: 0.3)),
            ], to: 4)
        #expect(learner.status.error == nil)
        let seen = learner.timeline.series("temperature-seen").values
        #expect(seen == [0.0045, 0.5, 0.0045, 0.0045].map(Float.init))
        #expect(learner.timeline.commands.first?.before == 0.0045)
        let refused = try run([
            .init(1, .set(control: "temperature", to: 9)), .init(1, .set(control: "temperature", to: 2)),
        ])
        #expect("\(refused.status.error as Any)".contains("temperature"))
    }

    @Test func aScriptSetsItAsAPersonTypesIt() throws {
        let json = #"[{"step": 1, "set": "temperature", "to": "0.5"}, {"step": 2, "set": "temperature", "to": "off"}]"#
        let player = ScriptPlayer(try Script(json: Data(json.utf8), from: "s"), host: NotedStage(), endsTheRun: true)
        var options = Learner.Options(maximumSteps: 3)
        options.director = player
        let learner = try Learner(Still.experiment(), options: options).runToTheEnd()
        #expect(learner.status.settings.values["noise"] == 0)
    }

    @Test func sessionsAndCheckpointsHaveTheKeptValueAlone() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/s.jsonl"
            var experiment = try Still.experiment()
            try experiment.set(["temperature": 0.5])
            let plan: [ListDirector.Entry] = [
                .init(2, .set(control: "hold-temperature", to: 1)), .init(3, .set(control: "step-size", to: 0.02)),
                .init(4, .attach("bath-2")), .init(5, .set(control: "bath-2.temperature", to: 0.25)),
            ]
            let first = try run(plan, to: 8, experiment, recording: file)
            #expect(first.status.error == nil && first.status.settings.values["temperature"] == 0.5)
            let session = try SessionFile(reading: file)
            #expect(session.header.settings["noise"] == sigma(0.5) && session.header.settings["temperature"] == nil)

            func replay(_ session: SessionFile) throws -> Replay {
                let replay = Replay(session, tolerance: 0)
                var again = try Still.experiment([])
                try again.begin(as: session.header)
                var options = Learner.Options()
                (options.director, options.recorder) = (replay, replay)
                #expect(try Learner(again, options: options).runToTheEnd().status.error == nil)
                return replay
            }
            let report = try replay(session).report
            #expect(report.isSame && report.steps == 8)
            // A file that claims another temperature has no say in it.
            let text = try String(contentsOfFile: file, encoding: .utf8)
                .replacingOccurrences(of: #""settings":{"#, with: #""settings":{"temperature":77,"#)
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try replay(SessionFile(reading: file)).report.isSame)

            let path = folder + "/c.safetensors"
            try first.save(to: path)
            let checkpoint = try Checkpoint(reading: path, on: .cpu)
            #expect(checkpoint.settings["temperature"] == nil && checkpoint.settings["bath-2.noise"] != nil)
            var resumed = try Still.experiment([])
            try resumed.resume(from: checkpoint)
            #expect(resumed.settings.values == first.status.settings.values.filter { $0.key != "zoom" })
        }
    }

    @Test func oneThatSpeaksOfWhatIsNotThereIsRefused() throws {
        struct Astray: Exploration.Attachment {
            typealias Host = Still
            var controls: [Control] { [Bath.noise] }
            var handles: [Handle] { [Bath.temperature] }
            var metrics: [Metric] { [] }
            mutating func update(on host: Still, _ context: StepContext<Int>) -> Measurements { Measurements() }
            mutating func archive(_ archive: Archive) throws(CLMatError) {}
        }
        let factory = AttachmentFactory<Still>(id: "astray", title: "astray") { _, _ in Astray() }
        #expect(throws: CLMatError.unknownName(kind: "control", name: "step-size", known: ["noise"])) {
            try Experiment(Still(), data: Numbers(), attachments: [factory], attached: ["astray"])
        }
    }
}
