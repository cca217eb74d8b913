import CLMat
import Exploration
import Testing

@testable import Models

/// When a network is said to be dead or lost.
@Suite struct NetworkHealthTests {
    static let labels: [Int32] = [0, 1, 2, 3, 0, 1, 2, 3]
    static let patience = NetworkHealth.patience

    /// `count` minibatches of four classes, from step `first` on, with outputs that do not depend on the image unless said.
    private func note(
        _ health: inout NetworkHealth, _ count: Int, from first: Int = 1, loss: Double = 1.386,
        predictions: [Int32] = [2, 2, 2, 2, 2, 2, 2, 2], labels: [Int32] = Self.labels, areAlike: Bool = true
    ) throws {
        for step in first..<first + count {
            try health.note(
                loss: loss, predictions: predictions, labels: labels, classes: 4, at: step,
                outputs: {
                    (0..<32).map { index in Float(index % 4) + (areAlike ? 0 : Float(index / 4) * 0.01) }
                })
        }
    }

    @Test func oneAnswerForAllImagesIsDeath() throws {
        var health = NetworkHealth()
        try note(&health, 20, predictions: Self.labels)
        try note(&health, Self.patience - 1, from: 21)
        #expect(health.warning == nil)
        try note(&health, 1, from: 20 + Self.patience)
        let warning = try #require(health.warning)
        #expect(warning.id == "dead-network" && warning.since == 21)
        #expect(warning.text(since: 21).hasPrefix("The network has died at step 21: "))
        // A network that tells images apart again is alive.
        try note(&health, 1, from: 200, predictions: Self.labels)
        #expect(health.warning == nil)
    }

    /// Its outputs differ a little between images, though the largest is the same: it may still learn.
    @Test func aNetworkThatHasJustBegunIsNotDead() throws {
        var health = NetworkHealth()
        try note(&health, 400, areAlike: false)
        #expect(health.warning == nil)
        // But one that knew better has died.
        var known = NetworkHealth()
        try note(&known, 40, predictions: Self.labels, areAlike: false)
        try note(&known, Self.patience, from: 41, areAlike: false)
        #expect(known.warning?.since == 41)
    }

    @Test func minibatchesOfOneClassTellNothing() throws {
        var health = NetworkHealth()
        try note(&health, 300, labels: [2, 2, 2, 2, 2, 2, 2, 2])
        #expect(health.warning == nil)
    }

    @Test(arguments: [Double.nan, .infinity]) func aLossThatIsNoNumberIsSaidAtOnce(_ loss: Double) throws {
        var health = NetworkHealth()
        try note(&health, 10, predictions: Self.labels)
        try note(&health, 3, from: 11, loss: loss)
        let warning = try #require(health.warning)
        #expect(warning.id == "lost-network" && warning.since == 11)
        #expect(warning.cause.hasSuffix(loss.isNaN ? "not a number" : "infinite"))
        try note(&health, 1, from: 14, predictions: Self.labels)
        #expect(health.warning == nil)
    }

    /// Rectified units that are silent for every image, as after steps that were far too long: no gradient reaches them, and
    /// the outputs are their biases.
    @Test func aRunSaysThatItsNetworkDied() throws {
        var network = try SmallWorld.network(on: .cpu)
        let dense = try network.index(of: "dense1")
        let bias = network.parameters[dense][1]
        network.parameters[dense][1] = try Matrix(
            [Float](repeating: -1e4, count: bias.count), bias.rows, bias.columns, on: .cpu)
        let trainer = try NetworkTrainer(network, title: "dead", test: SmallWorld.images(40, seed: 2))
        let learner = try Learner(
            trainer, data: SmallWorld.batches(on: .cpu), options: .init(maximumSteps: Self.patience + 10))
        learner.start()
        learner.wait()
        #expect(
            learner.status.warnings.map(\.text) == [
                "The network has died at step 1: since then it gives every image the same answer. "
                    + "Undo the last change, or go back and lower the learning rate."
            ])
        #expect(try SmallWorld.run(steps: 150, on: .cpu).status.warnings.isEmpty)
    }

    // MARK: Chains

    private static let wild: [String: Double] = [
        "training": 0, "step-size": 1, "noise": 10, "normalise": 0, "sampling-momentum": 0.99,
    ]

    /// An L2 weight that turns over: each step throws the images further away, until they leave the numbers.
    @Test func chainsThatLeftTheNumbersAreNamedAndRestarted() throws {
        var settings = Self.wild
        settings["l2-weight"] = 10
        // The pull is as long as the image is large where it is not normalised, so they fly apart within some hundred steps.
        let learner = try SmallWorld.run(steps: 400, on: .cpu, attached: ["ldam"], settings: settings)
        let lost = try #require(
            learner.status.warnings.first { $0.id == "lost-chains" }, "\(learner.timeline.lastValues)")
        #expect(lost.text.contains("left the numbers at step \(lost.since): "))
        #expect(lost.warning.actions.map(\.id) == ["restart-lost"])
        #expect(learner.timeline.lastValues["mean-move"]?.isFinite == false)
        // With settings that hold them, restarted ones stay.
        let healed = try SmallWorld.run(
            steps: 440, on: .cpu, attached: ["ldam"], settings: settings,
            schedule: [
                .init(after: 400, .set(control: "step-size", to: 0.01)),
                .init(after: 400, .set(control: "noise", to: 0.3)),
                .init(after: 400, .set(control: "sampling-momentum", to: 0.9)),
                .init(after: 400, .act(Action("restart-lost", title: ""))),
            ])
        #expect(healed.status.warnings.isEmpty && healed.status.lastRefusal == nil)
        #expect(healed.timeline.lastValues["mean-move"]?.isFinite == true)
        #expect(healed.timeline.lastValues["mean-activation"]?.isFinite == true)
    }
}
