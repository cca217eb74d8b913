import CLMat
import Exploration
import TestSupport
import Testing

@testable import Models

/// A model of clicks under the engine: done again, gone back, shown.
@Suite struct ClickTrainerTests {
    private static func learner(_ options: Learner.Options, on device: Device, _ kind: String) throws -> Learner {
        let data = try ClickData.load("synthetic:900", ClickOptions())
        let features = data.vocabulary.count
        let shape: ClickModelShape =
            switch kind {
            case "linear": try .linear(features: features)
            case "pairs": try .pairs(features: features, dimension: 2)
            default:
                try .powerNet(
                    features: features, width: 4, ClickNetwork(hidden: [5, 3], activation: .relu, addsPairs: true))
            }
        var recipe = ClickRecipe()
        recipe.batch = 100
        let batches = try ClickBatches(data.train, batch: recipe.batch)
        let trainer = try ClickTrainer(
            ClickModel(shape, seed: 1, on: device), title: kind, data: data, batches: batches, recipe: recipe)
        return try Learner(Experiment(trainer, data: ReadingAhead(batches), seed: 1), options: options)
    }

    @Test(arguments: ["linear", "pairs", "powernet"], Device.all)
    func everythingCanBeDoneAgain(_ kind: String, on device: Device) throws {
        try expectRepeatable(
            changes: [
                .init(0, .set(control: "learning-rate", to: 0.05)), .init(3, .set(control: "l2", to: 1e-4)),
                .init(6, .set(control: "l1", to: 1e-5)), .init(9, .set(control: "click-weight", to: 3)),
                .init(12, .set(control: "training", to: 0)), .init(15, .set(control: "training", to: 1)),
            ], steps: 31, on: device
        ) { try Self.learner($0, on: device, kind) }
    }

    @Test func damagedCheckpointsNeverTrap() throws {
        try expectNoTrap(onDamagedCheckpointsOf: { try Self.learner($0, on: .cpu, "pairs") }, steps: 21, trials: 20)
    }

    @Test func scoresAndFiguresAreThoseOfTheModel() throws {
        let learner = try Self.learner(Learner.Options(maximumSteps: 60), on: .cpu, "powernet").toTheEnd()
        let likelihood = learner.timeline.series("likelihood-test").values
        #expect(likelihood.count >= 3)
        let trainer = try #require(learner.model(as: ClickTrainer.self))
        let score = try trainer.model.score(trainer.data.test)
        #expect(score.count == trainer.data.test.count)
        #expect(abs(Double(likelihood.last ?? 0) - score.logLikelihood) < 1e-6)
        // Nothing that learns from clicks is better than their true chances, on average over many records; of 90 it is a matter of luck.
        let oracle = try #require(try trainer.oracle())
        #expect(oracle.count == score.count && oracle.labels == score.labels && oracle.rarest == score.rarest)
        #expect(oracle.logLikelihood > score.logLikelihood)
        for figure in ["calibration", "roc", "predictions", "by-rank", "embedding", "features", "rank-plot"] {
            let table = try learner.content(of: figure)
            #expect(!(table is NothingToShow), "\(figure)")
        }
    }

    @Test func otherRecordsAreRefused() throws {
        let data = try ClickData.load("synthetic:900", ClickOptions())
        let batches = try ClickBatches(data.train, batch: 100)
        let model = try ClickModel(.linear(features: 7), seed: 1, on: .cpu)
        #expect(
            thrownCase {
                _ = try ClickTrainer(model, title: "", data: data, batches: batches, recipe: ClickRecipe())
            } == "dataMismatch")
        var none = ClickOptions()
        none.testShare = 0
        let fitting = try ClickModel(.linear(features: data.vocabulary.count), seed: 1, on: .cpu)
        let empty = ClickData(
            name: "empty", train: data.train, test: try ZipfClicks(features: 7, count: 0), vocabulary: data.vocabulary)
        #expect(
            thrownCase {
                _ = try ClickTrainer(fitting, title: "", data: empty, batches: batches, recipe: ClickRecipe())
            } == "dataMismatch")
    }

    /// A rare feature is drawn towards 0 as much in all as one that each minibatch has.
    @Test func rareFeaturesCountMoreWhenTheyComeAlong() throws {
        let vocabulary = try ClickVocabulary(numberedByCounts: [1000, 10, 1])
        let chances = FeatureChances(vocabulary: vocabulary, records: 1000)
        let weights = chances.weights([0, 1, 2], batch: 100)
        // A single record is in one of ten minibatches; ten records miss one with chance 0.9¹⁰.
        #expect(
            abs(weights[2] - 10) < 1e-4 && abs(weights[1] - 1 / (1 - 0.34867844)) < 1e-4 && abs(weights[0] - 1) < 1e-6)
        #expect(chances.weights([0, 1, 2], batch: 1000) == [1, 1, 1])
    }
}
