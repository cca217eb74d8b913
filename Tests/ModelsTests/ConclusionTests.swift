import CLMat
import TestSupport
import Testing

@testable import Exploration
@testable import Models

/// Models whose last score takes long leave it off when somebody asks them to.
@Suite struct ConclusionTests {
    private static func click() throws -> ClickTrainer {
        let data = try ClickData.load("synthetic:3000", environment: [:])
        let batches = try ClickBatches(data.train, batch: 100)
        return try ClickTrainer(
            ClickModel(.linear(features: data.vocabulary.count), seed: 1, on: .cpu), title: "clicks", data: data,
            batches: batches, recipe: ClickRecipe())
    }

    private static func language() throws -> LanguageTrainer {
        let learner = try Learner(LanguageFigureTests.experiment(), options: .init(maximumSteps: 0)).toTheEnd()
        return try #require(learner.model(as: LanguageTrainer.self))
    }

    private func expectToLeaveOff<M: Model>(_ model: M, _ metric: String) throws {
        let interruption = Interruption()
        func concluded() throws -> Measurements {
            try model.conclude(
                StepContext(
                    step: Step(1, seed: 1), settings: Settings(initialOf: model.controls), reducer: OneMachine(),
                    interruption: interruption))
        }
        #expect(try concluded().values[metric]?.isFinite == true && !interruption.isFollowed)
        interruption.ask()
        #expect(try concluded().values.isEmpty && interruption.isFollowed)
    }

    @Test func theScoresOfTextsAndClicksAreLeftOff() throws {
        try expectToLeaveOff(Self.language(), "perplexity-valid")
        try expectToLeaveOff(Self.click(), "likelihood-test")
    }

    /// Between two windows, not only before the first.
    @Test func aTextIsReadUpToTheNextWindow() throws {
        let trainer = try Self.language()
        let windows = try trainer.data.validation.scoringWindows(batch: 1, steps: 512).count
        var asked = 0
        let left = try trainer.model.score(
            trainer.data.validation, batch: 1,
            unless: {
                asked += 1
                return false
            })
        #expect(left != nil && asked == windows)
        #expect(try trainer.model.score(trainer.data.validation, batch: 1, unless: { true }) == nil)
    }
}
