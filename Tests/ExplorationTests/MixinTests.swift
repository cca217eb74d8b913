import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

/// Criteria that are added, weighed and removed while a model learns.
@Suite struct MixinTests {
    private func run(_ plan: [ListDirector.Entry], to end: Int, mixins: [any Mixin<HillPlace>] = []) throws -> Learner {
        var options = Learner.Options()
        options.director = ListDirector(plan, endsAt: end)
        return try Hill.learner(options, mixins: mixins).runToTheEnd()
    }

    /// The place after so many steps, by the definition.
    private func expected(steps: Int, ridge: (Int) -> Float) -> (x: [Float], pull: Double) {
        var (x, pull, calls): ([Float], Double, Int) = ([3, -1, 0.5], 0, 0)
        for step in 1...steps {
            let weight = ridge(step)
            if weight != 0 { calls += 1 }
            let own = x.map { weight * $0 * (1 + Float(calls) / 1000) }
            let whole = zip(x, own).map { $0 - 1 + $1 }
            func norm(_ v: [Float]) -> Double { v.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
            pull = norm(own) / norm(whole)
            x = zip(x, whole).map { $0 - 0.25 * $1 }
        }
        return (x, pull)
    }

    @Test func scoreAndPullFollowTheDefinition() throws {
        let learner = try run([.init(3, .addMixin("ridge")), .init(5, .set(control: "ridge", to: 2))], to: 9)
        #expect(learner.status.error == nil && learner.status.lastRefusal == nil)
        let (x, pull) = expected(steps: 9) { $0 <= 3 ? 0 : $0 <= 5 ? 0.5 : 2 }
        let found = try #require(learner.model(as: Hill.self)).x.values
        #expect(zip(found, x).allSatisfy { abs($0 - $1) < 1e-5 })
        let last = learner.timeline.lastValues
        #expect(abs(try #require(last["pull-ridge"]) - pull) < 1e-5)
        #expect(abs(try #require(last["ridge-score"]) - x.reduce(0) { $0 + Double($1 * $1) } / 2) < 1e-5)
        // Nothing was measured before it was there.
        #expect(learner.timeline.series("ridge-score").steps == Array(4...9))
    }

    @Test func theDashboardKnowsWhatIsOnAndWhatCanBe() throws {
        func ids(_ learner: Learner) -> [String] { learner.dashboard.controls.map(\.id) }
        let plain = try run([], to: 2)
        #expect(plain.dashboard.mixins.map(\.id) == ["ridge"] && !plain.dashboard.mixins[0].isOn)
        #expect(ids(plain) == ["rate", "zoom"] && plain.dashboard.metric("pull-ridge") == nil)
        let added = try run([.init(1, .addMixin("ridge")), .init(1, .addMixin("ridge"))], to: 2)
        #expect(ids(added) == ["ridge", "rate", "zoom"] && added.dashboard.mixins[0].isOn)
        #expect(added.dashboard.mixins[0].score == "ridge-score" && added.dashboard.metric("ridge-score") != nil)
        #expect(added.status.settings.values["ridge"] == 0.5)
        // λ waits for the criterion to come back; what was done with its slider still has its name.
        let again = try run(
            [
                .init(1, .addMixin("ridge")), .init(2, .set(control: "ridge", to: 3)), .init(3, .removeMixin("ridge")),
            ], to: 4)
        #expect(ids(again) == ["rate", "zoom"] && again.status.settings.values["ridge"] == 3)
        #expect(again.control("ridge")?.title == "ridge λ")
    }

    /// As the engine's other commands: wherever a run goes, it comes to the same numbers.
    @Test func addingWeighingAndRemovingIsRepeatable() throws {
        let changes: [ListDirector.Entry] = [
            .init(2, .addMixin("ridge")), .init(3, .set(control: "ridge", to: 1.5)), .init(7, .removeMixin("ridge")),
            .init(9, .addMixin("ridge")), .init(11, .set(control: "ridge", to: 0.25)),
        ]
        try expectRepeatable(changes: changes, steps: 16, on: .cpu) { try Hill.learner($0) }
    }

    @Test func undoAndRedoTakeACriterionOffAndOn() throws {
        let learner = try run(
            [
                .init(4, .addMixin("ridge")), .init(8, .removeMixin("ridge")), .init(10, .undo), .init(8, .undo),
                .init(4, .redo), .init(8, .redo),
            ], to: 12)
        let straight = try run([.init(4, .addMixin("ridge")), .init(8, .removeMixin("ridge"))], to: 12)
        #expect(learner.status.error == nil)
        for metric in ["loss", "ridge-score"] {
            #expect(
                learner.timeline.series(metric).values.map(\.bitPattern)
                    == straight.timeline.series(metric).values.map(\.bitPattern))
        }
    }

    // MARK: - What goes wrong

    @Test(arguments: [Faulty.Fault.throwing, .notANumber, .infinite, .misspelt, .score])
    func aFaultyCriterionIsSetAsideAndTheRunGoesOn(_ fault: Faulty.Fault) throws {
        var options = Learner.Options(maximumSteps: 12)
        options.schedule = [.init(after: 3, .addMixin("faulty"))]
        let learner = try Learner(
            Hill(available: [Ridge(), Faulty(fault: fault)]), data: Numbers(), options: options
        ).runToTheEnd()
        #expect(learner.status.error == nil && learner.status.step == 12)
        let warning = try #require(learner.status.warnings.first)
        #expect(warning.id == "set-aside-faulty" && warning.since == 4)
        #expect(warning.text.hasPrefix("The criterion 'faulty λ' was set aside at step 4: "))
        let words = [
            Faulty.Fault.throwing: "on purpose", .notANumber: "its gradient is not finite",
            .infinite: "its gradient is not finite", .score: "There is no score",
            .misspelt: "There is no control 'faultly'. Did you mean 'faulty'?",
        ]
        #expect(warning.text.contains(words[fault] ?? "-"), "\(warning.text)")
        // What it did is nothing: the place is that of a run without it (but for the score's, whose gradient is sound).
        let plain = try run([], to: 12)
        let (found, wanted) = (learner.timeline.series("loss").values, plain.timeline.series("loss").values)
        if fault != .score { #expect(found.map(\.bitPattern) == wanted.map(\.bitPattern)) }
        #expect(found.allSatisfy { $0.isFinite })
        // Removed, the warning goes.
        learner.send(.removeMixin("faulty"))
    }

    @Test func aFaultIsPartOfTheHistoryAndEndsWithIt() throws {
        let faulty = Hill.self
        func make(_ options: Learner.Options) throws -> Learner {
            try Learner(faulty.init(available: [Faulty(fault: .throwing)]), data: Numbers(), options: options)
        }
        try expectRepeatable(
            changes: [.init(2, .addMixin("faulty")), .init(6, .removeMixin("faulty")), .init(8, .addMixin("faulty"))],
            steps: 12, on: .cpu, make: make)
        var options = Learner.Options()
        options.director = ListDirector([.init(2, .addMixin("faulty")), .init(6, .removeMixin("faulty"))], endsAt: 9)
        #expect(try make(options).runToTheEnd().status.warnings.isEmpty)
    }

    /// A model that has left the numbers is not the criterion's fault.
    @Test func aLostSubjectIsNotTheCriterionsFault() throws {
        var mixins = Mixins<HillPlace>([Ridge()])
        let context = MixinContext(step: Step(1, seed: 1))
        let lost = HillPlace(x: try Matrix([1, .nan], 1, 2, on: .cpu))
        #expect(try mixins.gradient(of: lost, context) != nil)
        // Squares beyond the largest float, of numbers that are none the less finite.
        let large = HillPlace(x: try Matrix([1e30, 1], 1, 2, on: .cpu))
        #expect(try mixins.gradient(of: large, context) != nil)
        var measured = Measurements()
        mixins.warn(in: &measured)
        #expect(measured.warnings.isEmpty)
    }

    @Test func aDeviceThatFailsEndsTheRun() throws {
        let learner = try Learner(
            Hill(mixins: [Faulty(fault: .ofTheDevice)]), data: Numbers(), options: .init(maximumSteps: 5)
        ).runToTheEnd()
        #expect(learner.status.error == .deviceFailed(device: "test", operation: "gradient", status: "on purpose"))
    }

    @Test func slipsAreSaidAndTheRunGoesOn() throws {
        func refusal(_ command: Command) throws -> String? {
            let learner = try Hill.learner(.init(maximumSteps: 4, schedule: [.init(after: 2, command)])).runToTheEnd()
            #expect(learner.status.error == nil && learner.status.step == 4)
            return learner.status.lastRefusal
        }
        #expect(try refusal(.addMixin("rigde")) == "There is no mixin 'rigde'. Did you mean 'ridge'? Known: ridge.")
        #expect(try refusal(.removeMixin("ridge")) == "There is no added mixin 'ridge'. Known: none.")
        #expect(try refusal(.set(control: "ridge", to: 1)) == "There is no control 'ridge'. Known: rate, zoom.")
        #expect(try refusal(.unlink("rate"))?.contains("not linked") == true)
    }

    // MARK: - From elsewhere

    /// The number of the minibatch, as somebody else's criterion sees it.
    struct Guest: Mixin {
        let weight = Control("guest", title: "guest λ", range: 0...1, initial: 0.5, help: "comes from elsewhere")
        let score = Metric("guest-batch", title: "Batch", help: "the minibatch's number")
        func value(of place: HillPlace, _ context: MixinContext) throws(CLMatError) -> Double? {
            (context.batch as? Int).map(Double.init)
        }
        func gradient(of place: HillPlace, _ context: MixinContext) throws(CLMatError) -> Matrix? {
            try Matrix(uniform: 0...1, context.key(7), place.x.shape, on: .cpu) * Float(context.weight)
        }
    }

    @Test func somebodyElsesCriterionIsOfferedWhileTheRunGoesOn() throws {
        let learner = try Hill.learner(.init(maximumSteps: 40, pausesAt: [5]))
        learner.start()
        #expect(eventually { learner.status.isPaused && learner.status.step == 5 })
        try learner.register(Guest())
        #expect(learner.dashboard.mixins.map(\.id) == ["ridge", "guest"])
        learner.send(.addMixin("guest"))
        learner.send(.step(10))
        #expect(eventually { learner.status.isPaused && learner.status.step == 15 })
        // A snapshot from before the registration knows it, too.
        learner.send(.rewind(to: 2))
        #expect(eventually { learner.status.step == 2 })
        learner.send(.redo)
        learner.send(.go(to: 0))
        #expect(eventually { learner.status.step == 15 })
        learner.send(.resume)
        learner.wait()
        #expect(learner.status.error == nil && learner.timeline.lastValues["guest-batch"] == 40)
        struct Other: MixinSubject {
            typealias Gradient = Matrix
            var isFinite: Bool { true }
        }
        struct Stranger: Mixin {
            typealias Subject = Other
            let weight = Control("stranger", title: "", range: 0...1, initial: 0, help: "")
            let score = Metric("strange", title: "", help: "")
        }
        #expect(thrownCase { try learner.register(Stranger()) } == "invalidArgument")
    }
}
