import CLMat
import Exploration
import Models
import TestSupport
import Testing

@Suite struct NetworkRepeatabilityTests {
    /// A network in training, its averages and a test in progress, and chains that are restarted, moved to another layer
    /// and made to look at the averaged weights.
    @Test(arguments: Device.all)
    func trainingAndSamplingCanBeDoneAgain(on device: Device) throws {
        let conv1 = try Double(SmallWorld.network(on: device).index(of: "conv1"))
        let changes: [ListDirector.Entry] = [
            .init(0, .set(control: "learning-rate", to: 2e-3)), .init(12, .attach("ldam")),
            .init(20, .set(control: "noise", to: 0.1)),
            .init(24, .act(Action("restart-chain", title: "", arguments: [1, 0]))),
            .init(26, .set(control: "normalise", to: 3)), .init(26, .set(control: "burn-in", to: 3)),
            .init(27, .set(control: "temperature-ladder", to: 2)), .init(28, .set(control: "exchange", to: 2)),
            .init(30, .set(control: "sampled-weights", to: 1)), .init(33, .set(control: "l2-weight", to: 0)),
            .init(36, .act(Action("choose-neuron", title: "", arguments: [0, 2]))),
            .init(41, .set(control: "averaging-window", to: 30)), .init(47, .set(control: "layer", to: conv1)),
            .init(52, .set(control: "l2-weight", to: 0.5)), .init(58, .set(control: "training", to: 0)),
        ]
        try expectRepeatable(changes: changes, steps: 64, on: device) { options in
            try Learner(
                SmallWorld.trainer(on: device), data: SmallWorld.batches(on: device),
                attachments: [.ldam(columns: 4, chains: 2)], options: options)
        }
    }

    @Test func damagedCheckpointsNeverTrap() throws {
        try expectNoTrap(
            onDamagedCheckpointsOf: { options in
                var options = options
                options.schedule = [.init(after: 2, .set(control: "sampled-weights", to: 1))]
                return try Learner(
                    SmallWorld.trainer(on: .cpu), data: SmallWorld.batches(on: .cpu),
                    attachments: [.ldam(columns: 4, chains: 2)], attached: ["ldam"], options: options)
            }, steps: 51, trials: 200)
    }

    @Test(arguments: Device.all)
    func descentWithMomentumCanBeDoneAgain(on device: Device) throws {
        try expectRepeatable(
            changes: [
                .init(5, .set(control: "momentum", to: 0.5)), .init(9, .set(control: "learning-rate", to: 1e-2)),
            ],
            steps: 20, on: device
        ) { options in
            let trainer = try NetworkTrainer(
                SmallWorld.network(on: device), title: "small", test: SmallWorld.images(40, seed: 2), optimiser: SGD(),
                defaults: .init(learningRate: 1e-3, averagingWindow: 10))
            return try Learner(trainer, data: SmallWorld.batches(on: device), options: options)
        }
    }
}
