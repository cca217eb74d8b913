import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

@testable import Models

/// Which way a control moves its metrics, as it says of itself, is what small runs do when it is raised.
@Suite struct ControlEffectTests {
    /// A control that is raised, and what else is set in both runs.
    struct Raise {
        let control: String
        let value: Double
        var settings: [String: Double] = [:]

        init(_ control: String, to value: Double, with settings: [String: Double] = [:]) {
            (self.control, self.value, self.settings) = (control, value, settings)
        }
    }

    /// Runs with and without each of `raises` after half of the steps, and compares the mean of the last quarter of what was measured.
    ///
    /// - Parameter others: controls with directions that are tried elsewhere.
    private func expect(
        _ raises: [Raise], steps: Int, others: Set<String> = [], _ make: (Learner.Options) throws -> Learner
    ) throws {
        var undisturbed: [[String: Double]: Learner] = [:]
        func run(_ settings: [String: Double], _ schedule: [Learner.Scheduled] = []) throws -> Learner {
            let learner = try make(.init(maximumSteps: steps, schedule: schedule, settings: settings))
            return try learner.toTheEnd()
        }
        func level(_ metric: String, _ learner: Learner) -> Double { learner.level(of: metric, from: steps * 3 / 4) }
        for raise in raises {
            let base = try undisturbed[raise.settings] ?? run(raise.settings)
            undisturbed[raise.settings] = base
            let raised = try run(
                raise.settings, [.init(after: steps / 2, .set(control: raise.control, to: raise.value))])
            let control = try #require(base.dashboard.control(raise.control))
            let value = try base.status.settings.value(of: raise.control)
            #expect(value < raise.value, "\(raise.control) is not raised")
            for effect in control.effects {
                guard let direction = effect.direction else { continue }
                let (before, after) = (level(effect.metric, base), level(effect.metric, raised))
                #expect(
                    direction == .up ? after > before : after < before,
                    "\(raise.control) takes \(effect.metric) from \(before) to \(after)")
            }
        }
        let dashboard = try #require(undisturbed.values.first).dashboard
        for control in dashboard.controls where !control.isView {
            // Nothing of a control leads nowhere, and nothing has a direction that is not tried.
            #expect(!control.effects.isEmpty, "\(control.id)")
            for metric in control.affects { #expect(dashboard.metric(metric) != nil, "\(control.id) → \(metric)") }
            if control.effects.contains(where: { $0.direction != nil }) {
                #expect(others.contains(control.id) || raises.contains { $0.control == control.id }, "\(control.id)")
            }
        }
    }

    @Test func ofTopics() throws {
        let corpus = try Planted(documents: 200).corpus()
        let raises = [
            Raise("temperature", to: 1), Raise("l1", to: 2), Raise("cosine-sim", to: 0.5), Raise("entropy", to: 2),
            Raise("smoothing", to: 0.3), Raise("size-balance", to: 1), Raise("decorrelation", to: 0.05),
        ]
        try expect(raises, steps: 160) { options in
            var defaults = LDATrainer.Defaults()
            (defaults.batchSize, defaults.alpha) = (40, 0.1)
            let trainer = try LDATrainer(
                corpus, topics: 8, heldOut: HeldOutSplit(of: corpus, seed: 1), defaults: defaults, on: .cpu)
            return try Learner(trainer, data: TopicBatches(trainer), options: options)
        }
    }

    @Test func ofClusters() throws {
        let images = try Blobs.images()
        let data = try ImagePoints(images, name: "blobs", on: .cpu)
        let raises = [
            Raise("size-weight", to: 0.1), Raise("centre-rate", to: 0.8), Raise("block-weight-1", to: 2),
            Raise("block-weight-2", to: 2),
        ]
        try expect(raises, steps: 120, others: ["reseeding"]) { options in
            var defaults = KMeansTrainer.Defaults()
            defaults.blockWidths = [18, 18]
            return try Learner(
                KMeansTrainer(data, k: 20, defaults: defaults, on: .cpu),
                data: PointBatches(data, batchSize: 300, on: .cpu), options: options)
        }
    }

    @Test func ofParts() throws {
        let data = NMFScaleTests.Table()
        try expect([Raise("sparseness", to: 0.2), Raise("code-updates", to: 40)], steps: 80) { options in
            try Learner(
                NMF(data, parts: 3, seed: 1, on: .cpu), data: PointBatches(data, batchSize: 100, on: .cpu),
                options: options)
        }
    }

    @Test func ofLanguage() throws {
        let raises = [Raise("output-l1", to: 0.003), Raise("input-l1", to: 0.003), Raise("dropout", to: 0.5)]
        try expect(raises, steps: 240, others: ["training"]) { options in
            try Learner(LanguageFigureTests.experiment(), options: options)
        }
    }

    @Test func ofNetworksAndSamples() throws {
        let raises = [
            Raise("weight-l2", to: 0.01), Raise("weight-l1", to: 0.001), Raise("l2-weight", to: 3),
            Raise("noise", to: 5), Raise("temperature", to: 1), Raise("training-noise", to: 0.5),
            Raise("sample-window", to: 100, with: ["noise": 5, "sample-window": 5]), Raise("step-size", to: 0.1),
            Raise("sampling-momentum", to: 0.97), Raise("step-decay", to: 0.8),
            Raise("temperature-ladder", to: 4, with: ["noise": 5]), Raise("diversity", to: 3),
            Raise("augment-shift", to: 3), Raise("augment-crop", to: 0.6),
        ]
        try expect(raises, steps: 200, others: ["training", "sampling"]) { options in
            var experiment = try Experiment(
                SmallWorld.trainer(on: .cpu), data: SmallWorld.batches(on: .cpu),
                attachments: [.ldam(columns: 4, chains: 2)], attached: ["ldam"])
            for id in ["weight-l2", "weight-l1"] { try experiment.add(mixin: id) }
            return try Learner(experiment, options: options)
        }
    }

    /// What is switched on begins to go where it says.
    @Test func ofSwitches() throws {
        let learner = try SmallWorld.run(steps: 150, on: .cpu, attached: ["ldam"])
        func isUp(_ metric: String) -> Bool {
            let values = learner.timeline.series(metric).values
            return values.suffix(30).reduce(0, +) > values.prefix(30).reduce(0, +)
        }
        for id in ["training", "sampling"] {
            let control = try #require(learner.dashboard.control(id))
            let effects = control.effects.filter { $0.direction != nil }
            #expect(!effects.isEmpty)
            for effect in effects {
                #expect(isUp(effect.metric) == (effect.direction == .up), "\(id) → \(effect.metric)")
            }
        }
    }

    @Test func anotherInstanceMovesItsOwnMetrics() throws {
        let learner = try SmallWorld.run(steps: 1, on: .cpu, attached: ["ldam", "ldam-2"])
        let noise = try #require(learner.dashboard.control("ldam-2.noise"))
        #expect(noise.effects.first == .up("ldam-2.mean-move"))
        #expect(noise.affects.allSatisfy { learner.dashboard.metric($0) != nil })
    }
}
