import CLMat
import Exploration
import Models
import TestSupport
import Testing

/// L1 and L2 of a network's weights, beside the optimiser's step and in the gradient.
@Suite struct WeightCriteriaTests {
    private static let rate = 0.01

    /// The parameters after some steps with these criteria, and what was measured.
    private static func learned(
        _ steps: Int, _ optimiser: any Optimiser, _ settings: [String: Double] = [:], on device: Device = .cpu
    ) throws -> (before: Network, after: Network, measured: [String: Double]) {
        let trainer = try NetworkTrainer(
            SmallWorld.network(on: device), title: "small", test: SmallWorld.images(40, seed: 2), optimiser: optimiser,
            defaults: .init(learningRate: rate, averagingWindow: 10))
        var experiment = try Experiment(trainer, data: SmallWorld.batches(on: device))
        for id in ["weight-l2", "weight-l1"] where settings.keys.contains(where: { $0.hasPrefix(id) }) {
            try experiment.add(mixin: id)
        }
        try experiment.set(settings)
        let learner = try Learner(experiment, options: .init(maximumSteps: steps))
        learner.start()
        learner.wait()
        #expect(learner.status.error == nil && learner.status.warnings.isEmpty)
        let after = try #require(learner.model(as: NetworkTrainer.self)).network
        return (trainer.network, after, learner.timeline.lastValues)
    }

    /// Weights, then biases, of each stage.
    private static func parts(_ network: Network) throws -> (weights: [Float], biases: [Float]) {
        var (weights, biases): ([Float], [Float]) = ([], [])
        for stage in network.parameters where !stage.isEmpty {
            weights += try stage[0].values
            biases += try stage[1].values
        }
        return (weights, biases)
    }

    private static func close(_ a: [Float], _ b: [Float], _ tolerance: Float = 2e-6) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
    }

    /// One step: w₁ = w₀ − η (∇f₀ + λ w₀), with ∇f₀ from a step without; biases are left alone. The optimiser's own step is the same
    /// where the criterion acts beside it (AdamW's rule), whatever the optimiser.
    @Test(arguments: Device.all) func weightDecayFollowsItsRule(on device: Device) throws {
        for (optimiser, path) in [(SGD(momentum: 0), 0.0), (SGD(momentum: 0), 1), (RMSProp(momentum: 0), 0)]
            as [(any Optimiser, Double)]
        {
            let plain = try Self.learned(1, optimiser, on: device)
            let decayed = try Self.learned(1, optimiser, ["weight-l2": 0.5, "weight-l2-path": path], on: device)
            let (w0, w1, found) = try (Self.parts(plain.before), Self.parts(plain.after), Self.parts(decayed.after))
            #expect(Self.close(found.weights, zip(w1.weights, w0.weights).map { $0 - 0.01 * 0.5 * $1 }))
            #expect(Self.close(found.biases, w1.biases))
            let size = found.weights.reduce(0) { $0 + Double($1) * Double($1) } / 2
            #expect(abs(try #require(decayed.measured["weight-l2-size"]) - size) < 1e-4 * size)
        }
    }

    /// In the gradient RMSProp divides λw, too: s = (1 − α)(∇f₀ + λw)², w₁ = w₀ − η (∇f₀ + λw) / (√s + ε), as PyTorch's weight_decay.
    @Test func inTheGradientTheOptimiserScalesIt() throws {
        let sgd = try Self.learned(1, SGD(momentum: 0))
        let found = try Self.parts(
            Self.learned(1, RMSProp(momentum: 0), ["weight-l2": 0.5, "weight-l2-path": 1]).after
        ).weights
        let (w0, w1) = try (Self.parts(sgd.before).weights, Self.parts(sgd.after).weights)
        let wanted = zip(w0, w1).map { w, next -> Float in
            let gradient = (w - next) / 0.01 + 0.5 * w
            return w - 0.01 * gradient / ((0.01 * gradient * gradient).squareRoot() + 1e-8)
        }
        // The gradient of the loss is known to some 1e-5 only, which counts where the sum is near 0.
        #expect(zip(found, wanted).count { abs($0 - $1) > 1e-3 } < found.count / 50)
    }

    /// Decoupled L1 is the proximal step, w ← sign w · max(0, |w| − ηλ), before the optimiser's; in the gradient it is sign w.
    @Test(arguments: Device.all) func weightSparsenessFollowsItsRule(on device: Device) throws {
        let plain = try Self.learned(1, SGD(momentum: 0), on: device)
        let (w0, w1) = try (Self.parts(plain.before).weights, Self.parts(plain.after).weights)
        let threshold: Float = 0.01 * 0.1
        let proximal = try Self.learned(1, SGD(momentum: 0), ["weight-l1": 0.1], on: device)
        let sparse = zip(w0, w1).map { w, next in (w < 0 ? -1 : 1) * max(0, abs(w) - threshold) + (next - w) }
        #expect(Self.close(try Self.parts(proximal.after).weights, sparse))
        let signed = try Self.learned(1, SGD(momentum: 0), ["weight-l1": 0.1, "weight-l1-path": 1], on: device)
        let moved = zip(w0, w1).map { w, next in next - threshold * (w < 0 ? -1 : w > 0 ? 1 : 0) }
        #expect(Self.close(try Self.parts(signed.after).weights, moved))
        #expect(try #require(signed.measured["pull-weight-l1"]) > 0)
    }

    @Test func aStrongWeightKeepsWeightsSmallAndTheRestAsItWas() throws {
        let sizes = try [0, 0.1, 1].map { weight in
            try #require(try Self.learned(200, RMSProp(momentum: 0), ["weight-l2": weight]).measured["weight-l2-size"])
        }
        #expect(sizes[1] < 0.9 * sizes[0] && sizes[2] < 0.9 * sizes[1], "\(sizes)")
        // With λ = 0, and without the criterion, the same bits.
        let (none, off) = try (
            Self.learned(30, RMSProp(momentum: 0)), Self.learned(30, RMSProp(momentum: 0), ["weight-l2": 0])
        )
        #expect(bitDifference(try Self.parts(none.after).weights, try Self.parts(off.after).weights) == nil)
        #expect(off.measured["pull-weight-l2"] == 0)
    }

    @Test(arguments: Device.all) func criteriaCanBeAddedAndRemovedAgain(on device: Device) throws {
        let changes: [ListDirector.Entry] = [
            .init(3, .addMixin("weight-l2")), .init(4, .set(control: "weight-l2", to: 0.1)),
            .init(8, .addMixin("weight-l1")), .init(9, .set(control: "weight-l1", to: 0.01)),
            .init(12, .set(control: "weight-l2-path", to: 1)), .init(16, .removeMixin("weight-l2")),
            .init(19, .attach("ldam")), .init(20, .removeMixin("l2-weight")), .init(22, .attach("ldam-2")),
            .init(23, .set(control: "ldam-2.l2-weight", to: 1)), .init(24, .link(control: "ldam-2.noise", to: "noise")),
            .init(25, .set(control: "noise", to: 0.7)), .init(27, .addMixin("l2-weight")),
            .init(28, .removeMixin("ldam-2.l2-weight")),
        ]
        try expectRepeatable(changes: changes, steps: 32, on: device) { options in
            try Learner(
                SmallWorld.trainer(on: device), data: SmallWorld.batches(on: device),
                attachments: [.ldam(columns: 4, chains: 2)], options: options)
        }
    }

    // MARK: - Two samplers

    @Test func twoSamplersDrawTheirOwnImagesOfOneNetwork() throws {
        let learner = try SmallWorld.run(
            steps: 60, on: .cpu, attached: ["ldam"],
            schedule: [
                .init(after: 10, .attach("ldam-2")), .init(after: 30, .set(control: "ldam-2.l2-weight", to: 3)),
                .init(after: 40, .act(Action("ldam-2.restart-chain", title: "", arguments: [1, 0]))),
            ])
        #expect(learner.status.error == nil && learner.status.lastRefusal == nil)
        let alone = try SmallWorld.run(steps: 60, on: .cpu, attached: ["ldam"])
        // The first one is as it is alone.
        #expect(
            learner.timeline.series("mean-activation").values == alone.timeline.series("mean-activation").values)
        let (first, second) = (try grid("samples", learner), try grid("ldam-2.samples", learner))
        #expect(first.cells.count == second.cells.count)
        #expect(zip(first.cells, second.cells).allSatisfy { $0.values != $1.values })
        let last = learner.timeline.lastValues
        #expect(try #require(last["ldam-2.mean-square-norm"]) < 0.5 * (try #require(last["mean-square-norm"])))
        #expect(learner.timeline.series("ldam-2.mean-move").steps.first == 11)
        let all = ["weight-l2", "weight-l1", "l2-weight", "diversity", "ldam-2.l2-weight", "ldam-2.diversity"]
        #expect(learner.dashboard.mixins.map(\.id) == all)
        #expect(
            learner.dashboard.mixins.filter(\.isOn).map(\.id) == [
                "l2-weight", "diversity", "ldam-2.l2-weight", "ldam-2.diversity",
            ])
    }

    private func grid(_ figure: String, _ learner: Learner) throws -> ImageGrid {
        try #require(try learner.content(of: figure) as? ImageGrid)
    }
}
