import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

/// What is known before a run, ids that nest, and settings that are read by their controls.
@Suite struct ExperimentTests {
    private func counter(_ attached: [String] = []) throws -> Experiment {
        try Experiment(Counter(), data: Numbers(), attachments: [Doubler.factory], attached: attached)
    }

    @Test func whatIsKnownBeforeARun() throws {
        var experiment = try counter(["doubler"])
        #expect(experiment.title == "counter on numbers" && experiment.stepsPerEpoch == 10)
        #expect(experiment.dashboard.controls.map(\.id) == ["factor", "rate", "failing"])
        #expect(experiment.settings.values == ["factor": 2, "rate": 1, "failing": 0])
        try experiment.set(["rate": 3])
        #expect(thrownCase { try experiment.set(["rate": 30]) } == "invalidValue")
        #expect(thrownCase { try experiment.set(["rat": 3]) } == "unknownName")
        #expect(thrownCase { try experiment.put(on: ["dubler"]) } == "unknownName")
        // What was refused changed nothing.
        #expect(experiment.settings.values["rate"] == 3 && experiment.dashboard.attachments[0].isAttached)
        let learner = try Learner(experiment, options: .init(maximumSteps: 5)).runToTheEnd()
        #expect(learner.timeline.lastValues["value"] == 15 && learner.timeline.lastValues["doubled"] == 30)
    }

    // MARK: - Duplicate ids

    /// A model of which something has an id twice.
    struct Twice: Model {
        enum What: CaseIterable, Sendable { case control, metric, figure }
        let what: What
        let title = "twice"
        var controls: [Control] {
            let rate = Control("rate", title: "rate", range: 0...1, initial: 0, help: "")
            return what == .control ? [rate, rate] : [rate]
        }
        var metrics: [Metric] {
            let loss = Metric("loss", title: "Loss", help: "")
            return what == .metric ? [loss, Metric("loss", title: "Another", help: "")] : [loss, loss]
        }
        var figures: [Figure<Twice>] {
            let figure = Figure<Twice>("picture", title: "Picture", help: "") { _, _ in NothingToShow("nothing") }
            return what == .figure ? [figure, figure] : [figure]
        }
        mutating func update(_ context: StepContext<Int>) -> Measurements { Measurements() }
        mutating func archive(_ archive: Archive) {}
    }

    @Test(arguments: Twice.What.allCases) func twoThingsOfOneIdAreAnError(_ what: Twice.What) throws {
        let id = ["control": "rate", "metric": "loss", "figure": "picture"]["\(what)"] ?? ""
        #expect(throws: CLMatError.duplicateID(kind: "\(what)", id: id)) {
            try Experiment(Twice(what: what), data: Numbers())
        }
    }

    /// An attachment whose control the model has already.
    struct Clash: Exploration.Attachment {
        typealias Host = Counter
        let controls = [Control("rate", title: "another rate", range: 0...1, initial: 0, help: "")]
        let metrics: [Metric] = []
        mutating func update(on host: Counter, _ context: StepContext<Int>) -> Measurements { Measurements() }
        mutating func archive(_ archive: Archive) {}
    }

    @Test func anAttachmentThatClashesIsRefusedAndTheRunGoesOn() throws {
        let clash = AttachmentFactory<Counter>(id: "clash", title: "clash") { _, _ in Clash() }
        let experiment = try Experiment(Counter(), data: Numbers(), attachments: [clash])
        let learner = try Learner(
            experiment, options: .init(maximumSteps: 6, schedule: [.init(after: 3, .attach("clash"))])
        ).runToTheEnd()
        #expect(learner.status.error == nil && learner.timeline.lastValues["value"] == 6)
        #expect(
            learner.status.lastRefusal
                == "There are two controls with the id 'rate'. Give one of them another id, or take one off.")
        #expect(learner.dashboard.controls.map(\.id) == ["rate", "failing"])
        #expect(throws: CLMatError.duplicateID(kind: "attachment", id: "clash")) {
            try Experiment(Counter(), data: Numbers(), attachments: [clash, clash])
        }
    }

    // MARK: - Settings

    @Test func aMisspeltSettingIsAnErrorAndNotZero() throws {
        let settings = Settings(initialOf: [Counter.rate, Hill.zoom])
        #expect(try settings[Counter.rate] == 1)
        #expect(throws: CLMatError.unknownName(kind: "control", name: "raet", known: ["rate"])) {
            try settings.value(of: "raet")
        }
        // What only concerns what is shown is out of a step's reach.
        #expect(throws: CLMatError.unknownName(kind: "control", name: "zoom", known: ["rate"])) {
            try settings[Hill.zoom]
        }
        let learner = try Learner.counter(
            .init(maximumSteps: 4, schedule: [.init(after: 2, .set(control: "raet", to: 3))])
        ).runToTheEnd()
        #expect(learner.status.error == nil && learner.timeline.lastValues["value"] == 4)
        #expect(learner.status.lastRefusal?.contains("There is no control 'raet'. Did you mean 'rate'?") == true)
    }

    // MARK: - Several attachments of a kind

    private func run(_ plan: [ListDirector.Entry], to end: Int, attached: [String] = []) throws -> Learner {
        var options = Learner.Options()
        options.director = ListDirector(plan, endsAt: end)
        return try Learner(counter(attached), options: options).runToTheEnd()
    }

    @Test func twoOfAKindHaveIdsOfTheirOwn() throws {
        let learner = try run(
            [.init(2, .attach("doubler-2")), .init(3, .set(control: "doubler-2.factor", to: 4))], to: 5,
            attached: ["doubler"])
        #expect(learner.status.error == nil)
        let dashboard = learner.dashboard
        #expect(dashboard.controls.map(\.id) == ["factor", "doubler-2.factor", "rate", "failing"])
        #expect(dashboard.controls[1].title == "factor (2)" && dashboard.controls[1].group == "doubler (2)")
        #expect(dashboard.metrics.map(\.id) == ["value", "doubled", "doubler-2.doubled"])
        #expect(dashboard.figures.map(\.id) == ["both", "doubler-2.both", "number", "broken"])
        #expect(dashboard.attachments.map(\.id) == ["doubler", "doubler-2", "doubler-3"])
        #expect(dashboard.attachments.map(\.isAttached) == [true, true, false])
        let last = learner.timeline.lastValues
        #expect(last["doubled"] == 10 && last["doubler-2.doubled"] == 20)
        let table = try #require(try learner.content(of: "doubler-2.both") as? Table)
        #expect(table.rows == [["5.0", "20.0"]])
        // The first goes, the second stays what it is.
        let left = try run(
            [.init(2, .attach("doubler-2")), .init(3, .detach("doubler"))], to: 5, attached: ["doubler"])
        #expect(left.dashboard.controls.map(\.id) == ["doubler-2.factor", "rate", "failing"])
        #expect(left.dashboard.attachments.map(\.id) == ["doubler", "doubler-2"])
        for wrong in ["doubler-1", "doubler-02", "doubler-", "doubler-0", "doubler-2-2", "other-2"] {
            let refused = try Learner(
                counter(), options: .init(maximumSteps: 2, schedule: [.init(after: 1, .attach(wrong))]))
            #expect(refused.runToTheEnd().status.lastRefusal?.contains("There is no attachment '\(wrong)'") == true)
        }
    }

    @Test func linkedControlsMoveTogether() throws {
        let link = Command.link(control: "doubler-2.factor", to: "factor")
        let learner = try run(
            [
                .init(1, .attach("doubler-2")), .init(1, .set(control: "factor", to: 3)), .init(2, link),
                .init(3, .set(control: "doubler-2.factor", to: 4)), .init(5, .unlink("doubler-2.factor")),
                .init(5, .set(control: "factor", to: 1)),
            ], to: 7, attached: ["doubler"])
        #expect(learner.status.error == nil)
        func values(_ metric: String) -> [Float] { learner.timeline.series(metric).values }
        #expect(values("doubled") == [2, 6, 9, 16, 20, 6, 7])
        #expect(values("doubler-2.doubled") == [4, 9, 16, 20, 24, 28])
        #expect(learner.status.settings.links.isEmpty)
        func refusal(_ command: Command) throws -> String? {
            try Learner(
                counter(["doubler", "doubler-2"]), options: .init(maximumSteps: 2, schedule: [.init(after: 1, command)])
            ).runToTheEnd().status.lastRefusal
        }
        #expect(
            try refusal(.link(control: "factor", to: "rate"))?.contains("takes 1 to 4, but 'rate' takes 0 to 10")
                == true)
        #expect(try refusal(.link(control: "factor", to: "factor"))?.contains("itself") == true)
        #expect(try refusal(.link(control: "factor", to: "fctor"))?.contains("Did you mean 'factor'?") == true)
        #expect(try refusal(link) == nil)
        // What follows an attachment that goes follows nothing.
        let alone = try run(
            [.init(1, link), .init(2, .detach("doubler"))], to: 4, attached: ["doubler", "doubler-2"])
        #expect(alone.status.settings.links.isEmpty && alone.timeline.lastValues["doubler-2.doubled"] == 8)
    }

    @Test func severalAndLinksAreRepeatable() throws {
        let changes: [ListDirector.Entry] = [
            .init(2, .attach("doubler")), .init(3, .attach("doubler-2")),
            .init(4, .link(control: "doubler-2.factor", to: "factor")), .init(5, .set(control: "factor", to: 3)),
            .init(8, .unlink("doubler-2.factor")), .init(9, .set(control: "doubler-2.factor", to: 1.5)),
            .init(11, .detach("doubler")),
        ]
        try expectRepeatable(changes: changes, steps: 14, on: .cpu) { try Learner(self.counter(), options: $0) }
    }

    @Test func aSessionKeepsWhatIsOnAndLinked() throws {
        try inTemporaryFolder { folder in
            var experiment = try counter(["doubler", "doubler-2"])
            try experiment.set(["doubler-2.factor": 3])
            try experiment.link("doubler-2.factor", to: "factor")
            let header = SessionFile.Header(
                of: experiment, model: "counter", device: "", threads: 1, instructions: "", arguments: [])
            let writer = try SessionWriter(writing: folder + "/s", header: header)
            var options = Learner.Options(maximumSteps: 8, schedule: [.init(after: 4, .set(control: "factor", to: 4))])
            options.recorder = writer
            _ = try Learner(experiment, options: options).runToTheEnd()
            let session = try SessionFile(reading: folder + "/s")
            #expect(session.header == header && session.header.links == ["doubler-2.factor": "factor"])
            var again = try counter()
            try again.begin(as: session.header)
            #expect(again.settings == experiment.settings)
            let replay = Replay(session, tolerance: 0)
            var replayed = Learner.Options()
            (replayed.director, replayed.recorder) = (replay, replay)
            _ = try Learner(again, options: replayed).runToTheEnd()
            #expect(replay.report.isSame && replay.report.steps == 8, "\(replay.report)")
        }
    }

    /// Sums are made in the order in which criteria were added: a file keeps it.
    @Test func theOrderOfWhatIsOnIsKept() throws {
        try inTemporaryFolder { folder in
            let available: [any Mixin<HillPlace>] = [Faulty(fault: .score), Ridge()]
            func make(_ options: Learner.Options) throws -> Learner {
                try Learner(Hill(available: available), data: Numbers(), options: options)
            }
            let plan: [ListDirector.Entry] = [
                .init(2, .addMixin("ridge")), .init(3, .addMixin("faulty")), .init(5, .removeMixin("ridge")),
                .init(6, .addMixin("ridge")),
            ]
            try expectRepeatable(changes: plan, steps: 12, on: .cpu, make: make)
            var options = Learner.Options()
            options.director = ListDirector(plan, endsAt: 8)
            try make(options).runToTheEnd().save(to: folder + "/c.safetensors")
            let checkpoint = try Checkpoint(reading: folder + "/c.safetensors", on: .cpu)
            #expect(checkpoint.mixins == ["faulty", "ridge"])
            var experiment = try Experiment(Hill(mixins: [Ridge()], available: available), data: Numbers())
            try experiment.resume(from: checkpoint)
            #expect(experiment.dashboard.controls.prefix(2).map(\.id) == ["faulty", "ridge"])
            var two = try counter(["doubler"])
            try two.put(on: ["doubler-2", "doubler"])
            #expect(two.dashboard.controls.prefix(2).map(\.id) == ["doubler-2.factor", "factor"])
        }
    }

    /// A run that goes on from a checkpoint with more on than that had: its session says so, and a replay has it on, too.
    @Test func aResumedRunWithMoreOnIsReplayed() throws {
        try inTemporaryFolder { folder in
            func file(_ name: String) -> String { folder + "/" + name }
            let first = try Learner(counter(["doubler"]), options: .init(maximumSteps: 5)).runToTheEnd()
            try first.save(to: file("c.safetensors"))
            func resumed() throws -> Experiment {
                var experiment = try counter(["doubler"])
                try experiment.resume(from: Checkpoint(reading: file("c.safetensors"), on: .cpu))
                return experiment
            }
            var experiment = try resumed()
            try experiment.attach(["doubler-2"])
            try experiment.link("doubler-2.factor", to: "factor")
            let header = SessionFile.Header(
                of: experiment, model: "counter", device: "", threads: 1, instructions: "", arguments: [])
            var options = Learner.Options(maximumSteps: 9)
            options.recorder = try SessionWriter(writing: file("s"), header: header)
            _ = try Learner(experiment, options: options).runToTheEnd()

            func replayed(_ name: String) throws -> Replay.Report {
                let session = try SessionFile(reading: file(name))
                var again = try resumed()
                try again.begin(as: session.header)
                let replay = Replay(session, tolerance: 0)
                var options = Learner.Options()
                (options.director, options.recorder) = (replay, replay)
                _ = try Learner(again, options: options).runToTheEnd()
                return replay.report
            }
            #expect(try replayed("s").isSame)
            // A metric that nobody measures is a difference, and no agreement.
            let text = try String(contentsOfFile: file("s"), encoding: .utf8)
            try Data(text.replacingOccurrences(of: "doubler-2.doubled", with: "other").utf8)
                .write(to: URL(fileURLWithPath: file("t")))
            let report = try replayed("t")
            #expect(report.differences == 8 && Set(report.first.map(\.metric)) == ["other", "doubler-2.doubled"])
        }
    }

    /// A script whose claim does not hold ends the run between two steps: what it came to is kept.
    @Test func aRunThatAScriptEndsKeepsItsRecordAndItsState() throws {
        struct Quiet: ScriptHost {
            func add(panel: String) {}
            func remove(panel: String) {}
            func screenshot(to path: String) {}
            func say(_ text: String) {}
        }
        try inTemporaryFolder { folder in
            let experiment = try counter()
            let header = SessionFile.Header(
                of: experiment, model: "counter", device: "", threads: 1, instructions: "", arguments: [])
            var options = Learner.Options(maximumSteps: 90)
            options.recorder = try SessionWriter(writing: folder + "/s", header: header)
            options.checkpoint = CheckpointPlan(path: folder + "/c.safetensors", seconds: 1000)
            let script = try Script(json: Data(#"[{"step":40,"expect":"value","above":99}]"#.utf8), from: "script")
            options.director = ScriptPlayer(script, host: Quiet(), endsTheRun: true)
            let learner = try Learner(experiment, options: options).runToTheEnd()
            #expect(learner.status.error.map { "\($0)".contains("value = 40 is not above 99") } == true)
            let lines = try String(contentsOfFile: folder + "/s", encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 41 && lines.last?.contains(#""step":40"#) == true)
            #expect(try Checkpoint(reading: folder + "/c.safetensors", on: .cpu).step == 40)
        }
    }

    // MARK: - The step's context

    /// Sees the first doubler, the minibatch and its random numbers.
    struct Watcher: Exploration.Attachment {
        typealias Host = Counter
        let controls: [Control] = []
        let metrics = ["seen", "batch", "random"].map { Metric($0, title: $0, help: "") }
        mutating func update(on host: Counter, _ context: StepContext<Int>) throws(CLMatError) -> Measurements {
            var measured = Measurements()
            measured["seen"] = context.attachment("doubler", as: Doubler.self)?.doubled
            measured["batch"] = context.batch.map(Double.init)
            measured["random"] = Double(context.key(3).uniforms(1)[0])
            return measured
        }
        mutating func archive(_ archive: Archive) {}
    }

    @Test func anAttachmentSeesItsPeersAndTheMinibatch() throws {
        let watcher = AttachmentFactory<Counter>(id: "watcher", title: "watcher") { _, _ in Watcher() }
        let experiment = try Experiment(
            Counter(), data: Numbers(), attachments: [Doubler.factory, watcher],
            attached: ["doubler", "watcher", "watcher-2"])
        let learner = try Learner(experiment, options: .init(maximumSteps: 3)).runToTheEnd()
        func values(_ metric: String) -> [Float] { learner.timeline.series(metric).values }
        #expect(
            values("seen") == [2, 4, 6] && values("watcher-2.seen") == values("seen") && values("batch") == [1, 2, 3])
        // Two of a kind draw numbers of their own.
        #expect(Set(values("random") + values("watcher-2.random")).count == 6)
    }

    /// Data of which so many samples were handed out before.
    struct Positions: DataSource {
        let name = "positions"
        let stepsPerEpoch = 10
        let batchSizes: BatchSizes? = BatchSizes(1...9, initial: 3, unit: "points")
        func batch(at place: DataPlace) -> Int { place.position * 100 + (place.count ?? -1) }
    }

    @Test func thePositionInTheDataFollowsTheBatchSizeAndTheHistory() throws {
        struct Reader: Model {
            let title = "reader"
            var last = 0
            let controls: [Control] = []
            let metrics = [Metric("batch", title: "", help: "")]
            mutating func update(_ context: StepContext<Int>) -> Measurements {
                last = context.batch ?? -1
                var measured = Measurements()
                measured["batch"] = Double(last)
                return measured
            }
            mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("last", &last) }
        }
        func make(_ options: Learner.Options) throws -> Learner {
            try Learner(Reader(), data: Positions(), options: options)
        }
        let changes: [ListDirector.Entry] = [.init(2, .set(control: "batch-size", to: 5))]
        var options = Learner.Options()
        options.director = ListDirector(changes, endsAt: 5)
        let learner = try make(options).runToTheEnd()
        #expect(learner.timeline.series("batch").values == [3, 303, 605, 1105, 1605])
        #expect(learner.dashboard.control("batch-size")?.affects == ["batch"])
        try expectRepeatable(changes: changes, steps: 12, on: .cpu, make: make)
    }
}
