import CLMat
import Exploration
import Testing

@testable import Models

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
        #expect(grid.cells[5].title == "class b, chain 2, average")
        #expect(grid.cells[5].actions.map(\.arguments) == [[1, 1], [1]])
        #expect(grid.cells[0].facts.count == 6)  // activation, probability of its class, those of all four
    }

    // MARK: - What a neuron sees, and other neurons

    @Test func aChannelsCentreSeesItsReceptiveField() throws {
        let network = try Network.leNet5(seed: 1, on: .cpu)
        func field(_ layer: String, _ reading: Neuron.Reading = .centre) throws -> [Range<Int>] {
            let neuron = Neuron(stage: try network.index(of: layer), unit: 0, reading: reading)
            let (rows, columns) = network.receptiveField(of: neuron)
            return [rows, columns]
        }
        // The middle of 24 × 24 outputs of a 5 × 5 kernel.
        #expect(try field("conv1") == [12..<17, 12..<17])
        // The middle of 8 × 8, behind kernels of 5, pooling of 2 and kernels of 5: 5 + 2·4 + 1 = 14.
        #expect(try field("conv2") == [8..<22, 8..<22])
        #expect(try field("conv2", .mean) == [0..<28, 0..<28])
        #expect(try field(network.stages[network.stages.count - 1].name) == [0..<28, 0..<28])
        // Padding is not seen, strides reach far.
        let padded = try Network(
            input: ImageShape(height: 6, width: 9),
            layers: [("a", Convolution2D(filters: 1, kernel: 5, stride: 2, padding: 2)), ("b", AveragePool2D(2))],
            seed: 1, on: .cpu)
        let (rows, columns) = padded.receptiveField(of: Neuron(stage: 1, unit: 0))
        #expect(rows == 0..<5 && columns == 2..<9)
        // By the definition: only pixels of the field move the activation.
        let stage = 1
        let x = try Matrix(uniform: 0...1, RandomKey(seed: 3, stream: 1), Shape(1, 54), on: .cpu)
        let seeds = try NeuronSeeds([Neuron(stage: stage, unit: 0)], in: NeuronLayout(padded), on: .cpu)
        let gradient = try seeds.gradients(at: x, on: padded, withActivations: false).gradients.values
        for (place, slope) in gradient.enumerated() where slope != 0 {
            #expect(rows.contains(place / 9) && columns.contains(place % 9), "\(place)")
        }
    }

    @Test func imagesAreCroppedToWhatTheirNeuronsSee() throws {
        let learner = try SmallWorld.run(steps: 5, on: .cpu, attached: ["ldam"], settings: ["layer": 1])
        let grid = try #require(try learner.content(of: "samples") as? ImageGrid)
        #expect((grid.height, grid.width) == (3, 3) && grid.caption.hasSuffix("the 3 × 3 pixels that they see"))
        #expect(grid.cells.allSatisfy { $0.values.count == 9 })
        // The figure of filters has the mean of both chains' images there.
        let filters = try #require(try learner.content(of: "filter-images") as? ImageGrid)
        let mean = zip(grid.cells[1].values, grid.cells[7].values).map { ($0 + $1) / 2 }
        #expect(zip(mean, filters.cells[7].values).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test func otherNeuronsAreLookedAtWithoutAChangeOfTheRun() throws {
        func run(_ schedule: [Learner.Scheduled]) throws -> Learner {
            // dense1 has 16 units, of which 10 are sampled.
            try SmallWorld.run(steps: 30, on: .cpu, attached: ["ldam"], settings: ["layer": 3], schedule: schedule)
        }
        func act(_ id: String) -> Learner.Scheduled { .init(after: 10, .act(Action(id, title: ""))) }
        let plain = try run([])
        let first = try #require(try plain.content(of: "samples") as? ImageGrid)
        #expect(first.actions.map(\.title) == ["next: 10 to 15 of 16"] && !first.columnActions.isEmpty)
        let turned = try run([act("next-neurons"), act("next-neurons")])
        let second = try #require(try turned.content(of: "samples") as? ImageGrid)
        #expect(second.columnTitles == ["10", "11", "12", "13", "14", "15"])
        #expect(second.actions.map(\.id) == ["previous-neurons"] && second.columnActions.isEmpty)
        // They excite their neurons, as the figure has sampled them.
        let activations = second.cells.compactMap { $0.facts.first?.value }
        #expect(activations.count == 12 && activations.allSatisfy { $0 > 1 }, "\(activations)")
        // The run is the same, and its neurons are.
        #expect(
            plain.timeline.series("mean-activation").values == turned.timeline.series("mean-activation").values)
        #expect(turned.timeline.commands.isEmpty)
        let back = try run([act("next-neurons"), act("previous-neurons")])
        let again = try #require(try back.content(of: "samples") as? ImageGrid)
        #expect(again.columnTitles == first.columnTitles && again.cells.map(\.values) == first.cells.map(\.values))
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
        #expect(grid.cells[2].title == "unit 13, chain 1, average")
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
