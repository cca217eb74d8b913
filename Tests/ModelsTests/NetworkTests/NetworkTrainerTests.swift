import CLMat
import Exploration
import Testing

@testable import Models

@Suite struct NetworkTrainerTests {
    @Test(arguments: Device.all)
    func learnsWhatCanBeLearned(on device: Device) throws {
        let learner = try SmallWorld.run(steps: 200, on: device)
        #expect(learner.status.error == nil)
        let losses = learner.timeline.series("train-loss").values
        #expect(losses.count == 200)
        #expect(losses[0] > 1)  // near ln 4 before anything was learned
        #expect(losses[199] < 0.2)
        #expect(learner.timeline.lastValues["test-accuracy"]! >= 0.97)
        #expect(learner.timeline.lastValues["test-accuracy-averaged"]! >= 0.97)
    }

    @Test(arguments: Device.all)
    func theSameSeedGivesTheSameNumbers(on device: Device) throws {
        let (a, b) = (try SmallWorld.run(steps: 60, on: device), try SmallWorld.run(steps: 60, on: device))
        #expect(a.timeline.series("train-loss").values == b.timeline.series("train-loss").values)
        let other = try SmallWorld.run(steps: 60, on: device, seed: 2)
        #expect(a.timeline.series("train-loss").values != other.timeline.series("train-loss").values)
    }

    /// Float sums in another order: after 60 steps the losses are still close.
    @Test(arguments: Device.openCL)
    func devicesAgree(device: Device) throws {
        let (a, b) = (try SmallWorld.run(steps: 60, on: .cpu), try SmallWorld.run(steps: 60, on: device))
        let (x, y) = (a.timeline.series("train-loss").values, b.timeline.series("train-loss").values)
        #expect(zip(x, y).allSatisfy { abs($0 - $1) < 1e-2 })
    }

    @Test func trainingCanBeSwitchedOff() throws {
        let learner = try SmallWorld.run(
            steps: 40, on: .cpu, schedule: [.init(after: 20, .set(control: "training", to: 0))])
        #expect(learner.timeline.series("train-loss").count == 20)
        #expect(learner.status.step == 40)
    }

    @Test func aWholeTestIsDoneInSlices() throws {
        let learner = try SmallWorld.run(steps: 60, on: .cpu)
        let series = learner.timeline.series("test-accuracy")
        // Begun at step 50, and once more at the end.
        #expect(series.steps == [50, 60])
        #expect(series.values.allSatisfy { (0...1).contains($0) })
    }

    @Test(arguments: [(0.951, 0.9), (0.9951, 0.99), (0.72, 0.5), (0.3, 0), (1, 0.99), (0.9501, 0.9), (.nan, 0)])
    func theAxisOfAccuraciesBeginsBelowTheLeast(_ least: Double, _ start: Double) {
        #expect(NetworkTrainer.axisStart(below: least) == start)
    }

    @Test func aChosenClassIsMarkedInAllFigures() throws {
        let learner = try SmallWorld.run(
            steps: 120, on: .cpu, attached: ["ldam"],
            schedule: [.init(after: 10, .act(Action("choose-class", title: "", arguments: [2])))])
        #expect(learner.status.lastRefusal == nil && learner.status.view.choices["chosen-class"] == [2])
        let bars = try #require(try learner.content(of: "class-accuracy") as? Exploration.Bars)
        #expect(bars.choices.map { $0?.isChosen } == [false, false, true, false])
        #expect(bars.unmark?.id == "unchoose-class")
        let confusion = try #require(try learner.content(of: "confusion") as? Heatmap)
        #expect(confusion.choices.map { $0?.isChosen } == [false, false, true, false])
        let samples = try #require(try learner.content(of: "samples") as? ImageGrid)
        #expect(samples.cells.map { $0.choice?.isChosen } == [false, false, true, false, false, false, true, false])
        var view = ViewState()
        let trainer = try #require(learner.model(as: NetworkTrainer.self))
        let strange = Action("choose-class", title: "", arguments: [4])
        #expect(
            throws: CLMatError.invalidValue(setting: "choose-class", value: "[4]", accepted: "a class from 0 to 3")
        ) { try trainer.look(strange, &view) }
    }

    @Test func figuresHaveContent() throws {
        let learner = try SmallWorld.run(steps: 120, on: .cpu)
        guard let filters = try learner.content(of: "first-layer-filters") as? ImageGrid else {
            Issue.record("filters are no image grid")
            return
        }
        #expect(filters.cells.count == 6)
        #expect(filters.cells.allSatisfy { $0.values.count == 9 })
        guard let bars = try learner.content(of: "class-accuracy") as? Exploration.Bars else {
            Issue.record("class accuracy is no bars")
            return
        }
        #expect(bars.labels == ["a", "b", "c", "d"])
        #expect(bars.range?.upperBound == 1 && bars.choices.count == 4)
        guard let confusion = try learner.content(of: "confusion") as? Heatmap else {
            Issue.record("confusion is no heat map")
            return
        }
        #expect(confusion.rowNames == bars.labels && confusion.columnNames == bars.labels)
        // The counts are whole, and their shares of a row add up to 1.
        let score = try #require(learner.model(as: NetworkTrainer.self)?.testScore)
        #expect(confusion.texts == score.confusion.flatMap { $0.map(String.init) })
        for row in 0..<4 { #expect(abs(confusion.values[row * 4..<row * 4 + 4].reduce(0, +) - 1) < 1e-6) }
        guard let curve = try learner.content(of: "calibration") as? Curve else {
            Issue.record("calibration is no curve")
            return
        }
        #expect(curve.lines.count == 2)
        #expect(curve.weights.first?.reduce(0, +) == Double(score.count))
        #expect(throws: (any Error).self) { try learner.content(of: "nonsense") }
    }

    @Test func dataThatDoNotFitAreRefused() throws {
        let network = try Network.leNet5(seed: 1, on: .cpu)
        let small = try SmallWorld.images(8, seed: 1)
        #expect(throws: CLMatError.dataMismatch("The images are 1 × 8 × 8, but the network takes 1 × 28 × 28.")) {
            try NetworkTrainer(network, title: "x", test: small)
        }
        let wrongClasses = try Network(
            input: SmallWorld.shape, layers: [("output", Dense(5))], seed: 1, on: .cpu)
        #expect(throws: CLMatError.dataMismatch("The data have 4 classes, but the network has 5 outputs.")) {
            try NetworkTrainer(wrongClasses, title: "x", test: small)
        }
    }
}

@Suite struct ImageBatchesTests {
    @Test func anEpochShowsEveryImageOnce() throws {
        let data = try SmallWorld.images(100, seed: 1)
        let batches = try ImageBatches(data, name: "bars", batchSize: 10, on: .cpu)
        #expect(batches.stepsPerEpoch == 10)
        func sums(_ epoch: Int) throws -> [Float] {
            var sums: [Float] = []
            for place in 1...10 {
                sums += try batches.batch(at: DataPlace(step: Step(epoch * 10 + place, seed: 7))).images.rowSums()
                    .values
            }
            return sums
        }
        let (first, second) = (try sums(0), try sums(1))
        #expect(first != second)
        #expect(first.sorted() == second.sorted())
        #expect(Set(first).count > 90)  // the images differ, so the sums tell them apart
        #expect(try sums(0) == first)
    }

    @Test func labelsStayWithTheirImages() throws {
        let batches = try ImageBatches(SmallWorld.images(100, seed: 1), name: "bars", batchSize: 25, on: .cpu)
        let batch = try batches.batch(at: DataPlace(step: Step(3, seed: 1)))
        let (pixels, labels) = (try batch.images.values, try batch.labels.values)
        for (row, label) in labels.enumerated() {
            #expect(pixels[row * 64 + 2 * Int(label) * 8] == 1)  // the bar of its class, at full scale
        }
    }

    @Test(arguments: [0, -1, 101])
    func batchSizesThatCannotBeAreRefused(size: Int) throws {
        #expect(
            throws: CLMatError.invalidValue(
                setting: "batch", value: "\(size)", accepted: "1 to 100, the number of images")
        ) {
            try ImageBatches(SmallWorld.images(100, seed: 1), name: "bars", batchSize: size, on: .cpu)
        }
    }
}
