import CLMat
import Exploration
import TestSupport
import Testing

@testable import Models

/// What the sampler's figure shows, and what looking closer at it leaves alone.
@Suite struct SamplerFigureTests {
    private func grid(
        _ settings: [String: Double] = [:], steps: Int = 30, _ schedule: [Learner.Scheduled] = []
    ) throws -> (grid: ImageGrid, learner: Learner) {
        let learner = try SmallWorld.run(
            steps: steps, on: .cpu, attached: ["ldam"], settings: settings, schedule: schedule)
        return (try #require(try learner.content(of: "samples") as? ImageGrid), learner)
    }

    private func act(_ id: String, _ arguments: [Int] = [], after step: Int = 10) -> Learner.Scheduled {
        .init(after: step, .act(Action(id, title: "", arguments: arguments)))
    }

    // MARK: Displays

    @Test func displaysKeepTheirNumbersAndNewOnesFollow() throws {
        let displays = try (0..<4).map { try grid(["brightness": Double($0)], steps: 2).grid.display }
        #expect(displays == [.signed, .unit, .stretched, .diverging])
        let first = try grid(steps: 2).grid
        #expect(first.contrast == .image && first.showsScale)
        #expect(first.caption.hasSuffix("signed, each image by itself"))
        let common = try grid(["brightness": 3, "contrast": 3], steps: 2).grid
        #expect(common.caption.hasSuffix("two colours, one scale for the grid"))
        #expect(Set(common.ends.map(\.upperBound)).count == 1 && Set(first.ends.map(\.upperBound)).count > 1)
    }

    @Test func averageAndSampleStandSideBySide() throws {
        let average = try grid().grid
        let sample = try grid(["display": 1]).grid
        let both = try grid(["display": 2]).grid
        #expect(both.members == ["average", "sample"] && both.memberCount == 2)
        #expect((both.columns, both.rows, both.cells.count) == (8, 2, 16))
        #expect(both.columnTitles == ["a", "b", "c", "d"] && both.columnActions.count == 4)
        #expect(
            both.cells.enumerated().allSatisfy { index, cell in
                cell.values == (index % 2 == 0 ? average : sample).cells[index / 2].values
            })
        #expect(both.cells[3].title == "class b, chain 1, sample")
        #expect(both.rowTitles == ["chain 1", "chain 2"])
    }

    @Test func theHoverHasTheMostLikelyClasses() throws {
        let grid = try grid(steps: 60).grid
        let facts = grid.cells[5].facts
        #expect(facts.map(\.name).prefix(2) == ["activation of the average", "probability of its class"])
        let likely = facts.dropFirst(2)
        #expect(Set(likely.map(\.name)) == ["p(a)", "p(b)", "p(c)", "p(d)"])  // four classes are fewer than five
        #expect(likely.map(\.value) == likely.map(\.value).sorted(by: >))
        #expect(abs(likely.reduce(0) { $0 + $1.value } - 1) < 2.1e-4)  // rounded to 1e-4 each
        #expect(abs((likely.first { $0.name == "p(b)" }?.value ?? 0) - facts[1].value) <= 0.51e-4)
    }

    // MARK: Looking closer

    @Test func theEnlargedChainHasItsGradientAndTheRunIsTheSame() throws {
        let (plain, first) = try grid()
        #expect(plain.detailed == nil && plain.cells[0].related.map(\.title) == ["sample", "nearest training image"])
        let (closer, second) = try grid([:], [act("enlarge-chain", [1, 1])])
        #expect(closer.detailed == 5 && second.status.lastRefusal == nil)
        #expect(
            closer.cells[5].related.map(\.title) == [
                "sample", "nearest training image", "gradient of the activation at the sample",
            ])
        #expect(closer.cells.indices.filter { closer.cells[$0].related.count > 2 } == [5])
        #expect(
            first.timeline.series("mean-activation").values == second.timeline.series("mean-activation").values)
        #expect(second.timeline.commands.isEmpty)
        #expect(try grid([:], [act("enlarge-chain", [1, 1]), act("close-chain")]).grid.detailed == nil)
        // In pairs either image can be the one.
        #expect(try grid(["display": 2], [act("enlarge-chain", [1, 1, 1])]).grid.detailed == 11)
        let refused = try grid([:], [act("enlarge-chain", [1, 7])]).learner
        #expect(refused.status.lastRefusal?.contains("chain from 0 to 1") == true)
    }

    /// By the definition: f at two images that differ by a little along one pixel.
    @Test func theGradientIsThatOfTheActivation() throws {
        let (closer, learner) = try grid(["display": 1], [act("enlarge-chain", [2, 0])])
        let gradient = try #require(closer.cells[2].related.first { $0.title.hasPrefix("gradient") }).values
        let trainer = try #require(learner.model(as: NetworkTrainer.self))
        let sample = closer.cells[2].values
        func f(_ image: [Float]) throws -> Float {
            try trainer.network.forward(Matrix(image, 1, 64, on: .cpu)).outputs[5].values[2]
        }
        // The steepest pixels: others have a difference of the size of its rounding.
        for pixel in gradient.indices.sorted(by: { abs(gradient[$0]) > abs(gradient[$1]) }).prefix(5) {
            var (more, less) = (sample, sample)
            more[pixel] += 0.01
            less[pixel] -= 0.01
            let slope = (try f(more) - f(less)) / 0.02
            // A kink of max pooling or of the ReLU may lie between both.
            #expect(abs(slope - gradient[pixel]) < 0.1 * abs(gradient[pixel]) + 0.05, "\(pixel)")
        }
    }

    @Test func theChangeSinceTheLastControlChangeIsShown() throws {
        var before = BeforeChange<ChainImages>()
        var sampler = try ActivationSampler(on: SmallWorld.trainer(on: .cpu), chains: 2, at: Step(0, seed: 1))
        let host = try SmallWorld.trainer(on: .cpu)
        var settings = Settings(initialOf: sampler.controls + host.controls)
        before.take(try ChainImages(of: sampler), settings: settings, at: 0)
        let start = try ChainImages(of: sampler)
        try settings.set(ImageSize().weight, to: 5)
        for number in 1...30 {
            _ = try sampler.update(on: host, StepContext(step: Step(number, seed: 1), settings: settings))
        }
        let now = try ChainImages(of: sampler)
        before.take(now, settings: settings, at: 30)
        let then = try #require(before.value)
        let change = try #require(now.change(of: .sample, of: 3, since: then))
        #expect(change == zip(now.values(.sample, of: 3), start.values(.sample, of: 3)).map { $0 - $1 })
        #expect(change.contains { $0 != 0 })
        // Another neuron has no change to show.
        try sampler.perform(
            Action("choose-neuron-in", title: "", arguments: [3, 1, 2]), on: host,
            StepContext(step: Step(30, seed: 1), settings: settings))
        let other = try ChainImages(of: sampler)
        #expect(other.change(of: .sample, of: 3, since: then) == nil)
        #expect(other.change(of: .sample, of: 2, since: then) != nil)
    }

    // MARK: Columns of several layers

    private let mixed = [
        Learner.Scheduled(after: 5, .act(Action("choose-neuron-in", title: "", arguments: [1, 3, 13]))),
        Learner.Scheduled(after: 6, .act(Action("choose-neuron-in", title: "", arguments: [2, 1, 4]))),
    ]

    @Test func aColumnTakesANeuronOfAnyLayer() throws {
        let (grid, learner) = try grid([:], steps: 80, mixed)
        #expect(learner.status.error == nil && learner.status.lastRefusal == nil)
        #expect(grid.columnTitles == ["a", "dense1 13", "conv1 4", "d"])
        #expect(
            grid.cells.map(\.title).prefix(3) == [
                "class a, chain 1, average", "dense1 unit 13, chain 1, average", "conv1 channel 4, chain 1, average",
            ])
        #expect(grid.caption.hasPrefix("neurons of several layers"))
        // Fields of different sizes have the whole image in common.
        #expect((grid.height, grid.width) == (8, 8))
        // Only outputs have a class that they should be.
        #expect(grid.cells.map { $0.isRight == nil } == [false, true, true, false, false, true, true, false])
        #expect(grid.cells.map { $0.choice == nil } == [false, true, true, false, false, true, true, false])
        #expect(grid.cells[1].facts.map(\.name).first == "activation of the average")
        #expect(!grid.cells[1].facts.contains { $0.name == "probability of its class" })
        // All of them come to excite their neurons, and the share of those that are right is of the outputs.
        #expect(grid.cells.allSatisfy { ($0.facts.first?.value ?? 0) > 0.5 })
        #expect(learner.timeline.lastValues["classified-as-target"] == 1)
    }

    @Test func theLayersControlChoosesAllColumnsAnew() throws {
        let schedule = mixed + [Learner.Scheduled(after: 20, .set(control: "layer", to: 3))]
        let grid = try grid([:], schedule).grid
        #expect(grid.columnTitles == (0..<10).map(String.init) && grid.caption.hasPrefix("units of dense1"))
    }

    @Test(
        arguments: [
            ([0, 9, 0], "0 to 5: 0 scale, 1 conv1"), ([0, 1, 6], "neuron of conv1"), ([9, 1, 0], "column"),
            ([0, 1], "3 numbers"),
        ] as [([Int], String)])
    func neuronsThatAreNotThereAreRefused(arguments: [Int], words: String) throws {
        let learner = try grid([:], steps: 12, [act("choose-neuron-in", arguments)]).learner
        #expect(learner.status.error == nil && learner.status.lastRefusal?.contains(words) == true)
    }

    @Test func menusOfferAllLayers() throws {
        let action = try #require(try grid().grid.columnActions[2].last)
        #expect(action.id == "choose-neuron-in" && action.arguments == [2])
        let question = try #require(action.asks)
        #expect(question.groups.map(\.name) == ["output", "scale", "conv1", "pool1", "dense1", "relu1"])
        #expect(try question.answer("d") == [5, 3] && question.answer("conv1 5") == [1, 5])
        // Of a column of another layer, that one comes first.
        let other = try #require(try grid([:], mixed).grid.columnActions[2].last?.asks)
        #expect(try other.groups[0].name == "conv1" && other.answer("3") == [1, 3])
    }

    @Test(arguments: Device.all)
    func columnsOfSeveralLayersCanBeDoneAgainAndResumed(on device: Device) throws {
        func learner(_ options: Learner.Options) throws -> Learner {
            try Learner(
                SmallWorld.trainer(on: device), data: SmallWorld.batches(on: device),
                attachments: [.ldam(columns: 4, chains: 2)], attached: ["ldam"], options: options)
        }
        func run(_ options: Learner.Options) throws -> Learner {
            let learner = try learner(options)
            learner.start()
            learner.wait()
            return learner
        }
        try inTemporaryFolder { folder in
            let file = folder + "/run.safetensors"
            let straight = try run(.init(maximumSteps: 40, schedule: mixed))
            var first = Learner.Options(maximumSteps: 20, schedule: mixed)
            first.checkpoint = CheckpointPlan(path: file)
            _ = try run(first)
            var second = Learner.Options(maximumSteps: 40, schedule: mixed)
            second.resumes = try Checkpoint(reading: file, on: device)
            let resumed = try run(second)
            #expect(resumed.status.error == nil && resumed.status.step == 40)
            #expect(
                resumed.timeline.series("mean-activation").values
                    == straight.timeline.series("mean-activation").values)
            let (a, b) = (
                try #require(try straight.content(of: "samples") as? ImageGrid),
                try #require(try resumed.content(of: "samples") as? ImageGrid)
            )
            #expect(a.columnTitles == ["a", "dense1 13", "conv1 4", "d"] && b.columnTitles == a.columnTitles)
            #expect(a.cells.map(\.values) == b.cells.map(\.values))
        }
    }

    /// Files from before columns could have neurons of several layers say nothing of the chosen layer.
    @Test func anOlderFileHasTheLayerOfItsNeurons() throws {
        let host = try SmallWorld.trainer(on: .cpu)
        var sampler = try ActivationSampler(on: host, columns: 4, chains: 2, at: Step(0, seed: 1))
        let written = Archive.writing()
        try sampler.archive(written)
        var tensors = written.tensors
        #expect(tensors.removeValue(forKey: "chosen-layer") != nil)
        var restored = try ActivationSampler(on: host, columns: 4, chains: 2, at: Step(0, seed: 1))
        try restored.archive(Archive.reading(tensors, from: "old", on: .cpu))
        #expect(restored.chosenLayer.stage == 5 && restored.neurons == sampler.neurons)
        tensors["chosen-layer"] = written.tensors["chosen-layer"]
        var odd = [9, 0]
        let damaged = Archive.writing()
        try damaged.keep("chosen-layer", &odd)
        tensors["chosen-layer"] = damaged.tensors["chosen-layer"]
        #expect(throws: CLMatError.self) { try restored.archive(Archive.reading(tensors, from: "odd", on: .cpu)) }
    }
}
