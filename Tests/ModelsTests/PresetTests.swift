import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

@testable import Models

/// The presets of our models name the same controls each, and do what they say in small runs.
@Suite struct PresetTests {
    /// Runs with each preset after half of the steps, and compares the mean of the last quarter with that of the first preset.
    ///
    /// - Parameter effects: metrics by preset, and whether they are larger.
    private func expect(
        _ effects: [String: [(metric: String, isLarger: Bool)]], steps: Int, _ experiment: Experiment
    ) throws {
        try experiment.checkPresets()
        let presets = experiment.dashboard.presets
        #expect(experiment.dashboard.holds(presets[0], experiment.settings), "\(presets[0].id) is not as a run begins")
        #expect(Set(presets.dropFirst().map(\.id)) == Set(effects.keys))
        func run(_ preset: String) throws -> Learner {
            let learner = try Learner(
                experiment, options: .init(maximumSteps: steps, schedule: [.init(after: steps / 2, .preset(preset))]))
            return try learner.toTheEnd()
        }
        func level(_ metric: String, _ learner: Learner) -> Double { learner.level(of: metric, from: steps * 3 / 4) }
        let usual = try run(presets[0].id)
        for (preset, effects) in effects {
            let learner = try run(preset)
            for (metric, isLarger) in effects {
                let (before, after) = (level(metric, usual), level(metric, learner))
                #expect(
                    isLarger ? after > before : after < before, "\(preset) takes \(metric) from \(before) to \(after)")
            }
        }
    }

    @Test func ofTopics() throws {
        let corpus = try Planted(documents: 200).corpus()
        var defaults = LDATrainer.Defaults()
        defaults.batchSize = 40
        let trainer = try LDATrainer(corpus, topics: 8, defaults: defaults, on: .cpu)
        try expect(
            [
                "hot": [("moved-share", true)], "sparse-topics": [("density", false)],
                "distinct-topics": [("cosine-similarity", false)],
            ], steps: 160, Experiment(trainer, data: TopicBatches(trainer)))
    }

    @Test func ofLanguage() throws {
        let data = try ZipfText(words: 50, tokens: 2000).draw()
        let windows = try TokenWindows(data.train, batch: 10, steps: 5)
        var recipe = LanguageRecipe()
        recipe.decay = 1
        let model = try LanguageModel(.dense(vocabulary: 50, units: 8), seed: 1, on: .cpu)
        try expect(
            [
                "zaremba-small": [("rate", false)], "sparse-output": [("output-l1-size", false)],
                "dissertation": [("rate", false), ("input-l1-size", false)],
            ], steps: 320,
            Experiment(
                LanguageTrainer(model, title: "zipf", data: data, windows: windows, recipe: recipe), data: windows,
                seed: 1))
    }

    @Test func ofClusters() throws {
        let images = try Blobs.images()
        let data = try ImagePoints(images, name: "blobs", on: .cpu)
        try expect(
            ["even-sizes": [("size-variance", false)], "means-at-once": [("moved-share", true)]], steps: 120,
            Experiment(KMeansTrainer(data, k: 20, on: .cpu), data: PointBatches(data, batchSize: 300, on: .cpu)))
    }

    @Test func ofParts() throws {
        let data = NMFScaleTests.Table()
        try expect(
            ["sparse": [("density", false)], "careful-codes": [("density", false)]], steps: 80,
            Experiment(NMF(data, parts: 3, seed: 1, on: .cpu), data: PointBatches(data, batchSize: 100, on: .cpu)))
    }

    @Test func ofNetworksAndSamples() throws {
        var experiment = try Experiment(
            SmallWorld.trainer(on: .cpu), data: SmallWorld.batches(on: .cpu),
            attachments: [.ldam(columns: 4, chains: 2)], attached: ["ldam"])
        try experiment.checkPresets()
        let dissertation = try experiment.dashboard.preset("dissertation")
        #expect(dissertation.values["noise"] != nil && dissertation.values["learning-rate"] != nil)
        try experiment.attach(["ldam-2"])
        try experiment.checkPresets()
        #expect(try experiment.dashboard.preset("dissertation").values["ldam-2.noise"] != nil)
    }
}
