import CLMat
import Exploration
import Models
import Testing

@Suite struct ActivationSamplerTests {
    /// The dissertation's own check (section 4.3): with L2 alone (λ 1, no normalisation, σ 0.02), the mean of 1,000 steps
    /// of a first-layer channel's centre unit is its filter.
    @Test(arguments: Device.all)
    func theImageOfAFirstLayerChannelIsItsFilter(on device: Device) throws {
        let trainer = try SmallWorld.trainer(on: device)
        let conv1 = try Double(trainer.network.index(of: "conv1"))
        let learner = try SmallWorld.run(
            steps: 1300, on: device, attached: ["ldam"],
            settings: [
                "training": 0, "layer": conv1, "l2-weight": 1, "normalise": 0, "noise": 0.02, "burn-in": 300,
                "sample-window": 1000,
            ])
        #expect(learner.status.error == nil)
        let cosine = try #require(learner.timeline.lastValues["filter-cosine"])
        #expect(cosine >= 0.99)
    }

    @Test(arguments: Device.all)
    func chainsComeToExciteTheirNeurons(on device: Device) throws {
        let learner = try SmallWorld.run(steps: 300, on: device, attached: ["ldam"])
        let series = learner.timeline.series("mean-activation")
        #expect(series.count == 300)
        #expect(series.values[299] > series.values[0] + 5)
        #expect(learner.timeline.lastValues["classified-as-target"] == 1)
        #expect(learner.timeline.lastValues["target-probability"]! > 0.99)
    }

    @Test func samplingLeavesTrainingAsItIs() throws {
        let (with, without) = (
            try SmallWorld.run(steps: 50, on: .cpu, attached: ["ldam"]), try SmallWorld.run(steps: 50, on: .cpu)
        )
        #expect(with.timeline.series("train-loss").values == without.timeline.series("train-loss").values)
        #expect(without.timeline.series("mean-activation").count == 0)
    }

    @Test func anAttachmentComesAndGoesBetweenSteps() throws {
        let learner = try SmallWorld.run(
            steps: 60, on: .cpu, schedule: [.init(after: 10, .attach("ldam")), .init(after: 30, .detach("ldam"))])
        let steps = learner.timeline.series("mean-activation").steps
        #expect(steps == Array(11...30))
        #expect(learner.dashboard.attachments.map(\.id) == ["ldam"] && !learner.dashboard.attachments[0].isAttached)
        #expect(!learner.dashboard.controls.contains { $0.id == "noise" })
        #expect(learner.timeline.series("train-loss").count == 60)
    }

    @Test func aStrongerL2KeepsImagesSmaller() throws {
        func size(_ weight: Double) throws -> Double {
            let learner = try SmallWorld.run(
                steps: 200, on: .cpu, attached: ["ldam"], settings: ["l2-weight": weight])
            return try #require(learner.timeline.lastValues["mean-square-norm"])
        }
        let (weak, strong, off) = (try size(0.3), try size(3), try size(0))
        #expect(strong < weak / 10)
        #expect(off > weak)
    }

    @Test func clippedPixelsStayWhereTheyMay() throws {
        let learner = try SmallWorld.run(
            steps: 100, on: .cpu, attached: ["ldam"], settings: ["clip": 2, "display": 1])
        guard let grid = try learner.content(of: "samples") as? ImageGrid else {
            Issue.record("samples are no image grid")
            return
        }
        #expect(grid.cells.allSatisfy { $0.values.allSatisfy { (0...1).contains($0) } })
    }

    @Test func samplesHaveTheirNamesAndActions() throws {
        let learner = try SmallWorld.run(steps: 30, on: .cpu, attached: ["ldam"])
        guard let grid = try learner.content(of: "samples") as? ImageGrid else {
            Issue.record("samples are no image grid")
            return
        }
        #expect(grid.columnTitles == ["a", "b", "c", "d"])
        #expect((grid.rows, grid.columns) == (2, 4))
        #expect(grid.cells[5].title == "class b, chain 2")
        #expect(grid.cells[5].actions.map(\.arguments) == [[1, 1], [1]])
        #expect(grid.cells[0].facts.count == 2)
    }

    // MARK: - Choosing and restarting

    @Test func aColumnsNeuronCanBeChanged() throws {
        let learner = try SmallWorld.run(
            steps: 20, on: .cpu, attached: ["ldam"],
            schedule: [
                .init(after: 5, .set(control: "layer", to: 3)),
                .init(after: 6, .act(Action("choose-neuron", title: "", arguments: [2, 13]))),
            ])
        #expect(learner.status.lastRefusal == nil)
        guard let grid = try learner.content(of: "samples") as? ImageGrid else {
            Issue.record("samples are no image grid")
            return
        }
        #expect(grid.columns == 10)  // of dense1's 16 units
        #expect(grid.columnTitles[2] == "13")
        #expect(grid.columnTitles[3] == "3")
        #expect(grid.cells[2].title == "unit 13, chain 1")
    }

    @Test func aRestartedChainBeginsAnew() throws {
        let key = Step(0, seed: 1)
        var sampler = try ActivationSampler(on: SmallWorld.trainer(on: .cpu), chains: 2, at: key)
        let host = try SmallWorld.trainer(on: .cpu)
        var settings = Settings(initialOf: sampler.controls + host.controls)
        try settings.set(ImageSize().weight, to: 0.1)
        for number in 1...50 {
            _ = try sampler.update(on: host, StepContext(step: Step(number, seed: 1), settings: settings))
        }
        let before = try sampler.chains.samples.values
        try sampler.perform(
            Action("restart-chain", title: "", arguments: [1, 0]), on: host,
            StepContext(step: Step(50, seed: 1), settings: settings))
        let after = try sampler.chains.samples.values
        #expect(Array(after[64..<128]) != Array(before[64..<128]))
        #expect(after[64..<128].map(abs).max()! < 1)  // from N(0, 0.1²) again
        #expect(Array(after[..<64]) == Array(before[..<64]))
        #expect(Array(after[128...]) == Array(before[128...]))
        #expect(try sampler.chains.ages.values == [50, 0, 50, 50, 50, 50, 50, 50])
    }

    static let refused: [(Action, String)] = [
        (Action("restart-chain", title: "", arguments: [9, 0]), "column"),
        (Action("restart-chain", title: "", arguments: [0, 9]), "chain"),
        (Action("choose-neuron", title: "", arguments: [0, 400]), "neuron"),
        (Action("choose-neuron", title: "", arguments: []), "2 numbers"),
        (Action("dance", title: ""), "action"),
    ]

    @Test(arguments: refused)
    func whatCannotBeDoneIsRefusedAndTheRunGoesOn(action: Action, word: String) throws {
        let learner = try SmallWorld.run(
            steps: 20, on: .cpu, attached: ["ldam"], schedule: [.init(after: 5, .act(action))])
        #expect(learner.status.error == nil)
        #expect(learner.status.step == 20)
        #expect(learner.status.lastRefusal?.contains(word) == true)
    }

    @Test(arguments: ["scale", "conv1", "pool1", "dense1", "relu1", "output"], [0.0, 1.0])
    func neuronsOfAnyLayerCanBeSampled(layer: String, reading: Double) throws {
        let trainer = try SmallWorld.trainer(on: .cpu)
        let stage = try Double(trainer.network.index(of: layer))
        let learner = try SmallWorld.run(
            steps: 60, on: .cpu, attached: ["ldam"], settings: ["layer": stage, "reading": reading, "training": 0])
        #expect(learner.status.error == nil)
        let series = learner.timeline.series("mean-activation")
        #expect(series.values[59] > series.values[0])
    }
}
