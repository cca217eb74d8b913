import CLMat
import Exploration
import TestSupport
import Testing

@testable import Models

/// Networks that are no chains: branches, sums, products and concatenations, and layers that tell training from use.
@Suite struct NetworkGraphTests {
    static let shape = ImageShape(channels: 2, height: 7, width: 6)

    /// Every way in which stages can be joined, and every layer that a chain of the older tests does not have.
    static func everything(on device: Device) throws -> Network {
        try Network(input: shape, seed: 3, on: device) { images in
            let scaled = Signal("scale", Standardisation(means: [0.4, 0.6], deviations: [0.5, 2]), of: images)
            let stem = activation(conv("stem", scaled, 4, 3), .silu)
            let uneven = Convolution2D(
                filters: 4,
                window: try! SlidingWindow(height: 3, width: 2, paddingTop: 2, paddingRight: 1, dilationDown: 1),
                groups: 2,
                biases: false)
            let left = Signal("left", uneven, of: stem)
            let right = batchNorm("norm", conv("right", stem, 4, 1))
            let cut = Signal(
                "cut", MaxPool2D(window: try! SlidingWindow(height: 3, width: 1), roundsUp: true), of: left)
            let same = Signal("same", AveragePool2D(window: try! SlidingWindow(height: 3, width: 1)), of: right)
            let joined = concatenate(Signal("prelu", ParametricReLU(), of: cut), same + cut, logistic(same) * cut)
            let normed = Signal("response", LocalResponseNorm(size: 3, alpha: 0.5), of: joined)
            let padded = Signal("pad", ChannelPadding(before: 1, after: 2), of: normed)
            return dense("output", globalMeanPool(activation(padded, .elu())), 3)
        }
    }

    private static let change: Float = 0.002

    /// |found − difference| of the loss, relative to the largest of its kind: 1 % by curvature and rounding.
    @Test(arguments: Device.all, [false, true])
    func gradientsAreThoseOfTheLoss(on device: Device, isTraining: Bool) throws {
        var network = try Self.everything(on: device)
        let purpose: PassPurpose = isTraining ? .training(RandomKey(seed: 4, stream: 1)) : .inference
        var pixels = try Matrix(uniform: 0...1, RandomKey(seed: 5, stream: 9), Shape(5, Self.shape.count), on: .cpu)
            .values
        let labels = try IntVector([0, 1, 2, 1, 0], on: device)
        func loss() throws -> Double {
            let x = try Matrix(pixels, 5, Self.shape.count, on: device)
            let losses = try network.forward(x, for: purpose).last.crossEntropy(labels).losses.values
            return losses.reduce(0) { $0 + Double($1) } / 5
        }
        func check(_ found: [Float], _ what: String, _ move: (Int, Float) throws -> Void) throws {
            let largest = found.map { Double(abs($0)) }.max() ?? 0
            for element in stride(from: 0, to: found.count, by: max(1, found.count / 8)) {
                try move(element, Self.change)
                let above = try loss()
                try move(element, -2 * Self.change)
                let below = try loss()
                try move(element, Self.change)
                let difference = (above - below) / Double(2 * Self.change)
                #expect(
                    abs(difference - Double(found[element])) <= 0.02 * max(largest, 0.02),
                    "\(what)[\(element)]: \(found[element]) against \(difference)")
            }
        }
        let activations = try network.forward(Matrix(pixels, 5, Self.shape.count, on: device), for: purpose)
        let outputGradient = try activations.last.crossEntropy(labels).gradient
        let (parameters, input) = try network.gradients(activations, outputGradient: outputGradient)
        let alone = try network.parameterGradients(activations, outputGradient: outputGradient)
        for stage in network.stages.indices {
            for index in network.parameters[stage].indices {
                let own = try parameters[stage][index].values
                #expect(try alone[stage][index].values == own)
                try check(own, "\(network.stages[stage].name) \(index)") { element, change in
                    let matrix = network.parameters[stage][index]
                    var values = try matrix.values
                    values[element] += change
                    network.parameters[stage][index] = try Matrix(values, matrix.rows, matrix.columns, on: device)
                }
            }
        }
        try check(input.values, "images") { element, change in pixels[element] += change }
    }

    /// Statistics follow passes to learn from, by (1 − 0.1) old + 0.1 new, and no other passes.
    @Test(arguments: Device.all)
    func statisticsFollowTraining(on device: Device) throws {
        let network = try Network(
            input: .vector(2), layers: [("norm", BatchNorm()), ("output", Dense(2))], seed: 1, on: device)
        let x = try Matrix([1, 10, 3, 30, 8, 20], 3, 2, on: device)
        #expect(try network.statistics(after: network.forward(x))[0][0].values == [0, 0, 1, 1])
        let pass = try network.forward(x, for: .training(RandomKey(seed: 1, stream: 1)))
        let running = try network.statistics(after: pass)[0][0].values
        // Means 4 and 20, unbiased variances 13 and 100.
        for (own, wanted) in zip(running, [0.4, 2, 0.9 + 1.3, 0.9 + 10]) { #expect(abs(Double(own) - wanted) < 1e-5) }
        let y = try pass[0].values
        #expect(abs(Double(y[0]) + 3 / (26 / 3.0 + 1e-5).squareRoot()) < 1e-5)
    }

    @Test func dropoutIsOfTrainingAlone() throws {
        let network = try Network(
            input: .vector(400), layers: [("drop", DropoutLayer(0.25)), ("output", Dense(2))], seed: 1, on: .cpu)
        let x = try Matrix(filledWith: 1, Shape(2, 400), on: .cpu)
        #expect(try network.forward(x)[0].values == x.values)
        let pass = try network.forward(x, for: .training(RandomKey(seed: 1, stream: 1)))
        let y = try pass[0].values
        // 800 draws of 1/4: 200 ± 5 deviations of 12.
        #expect(Set(y) == [0, 1 / 0.75] && abs(y.count { $0 == 0 } - 200) < 62)
        let gradient = try network.gradients(pass, outputGradient: Matrix(filledWith: 1, Shape(2, 2), on: .cpu)).input
        for (own, kept) in zip(try gradient.values, y) { #expect((own == 0) == (kept == 0)) }
    }

    // MARK: - Order and names

    @Test func stagesComeInAnOrderThatWorks() throws {
        let network = try Network(
            input: .vector(3),
            stages: [
                StageDescription("sum", Addition(), reading: ["b", "a"]),
                StageDescription("output", Dense(2), reading: ["sum"]),
                StageDescription("b", Dense(4), reading: ["a"]), StageDescription("a", Dense(4), reading: ["images"]),
            ], output: "output", seed: 1, on: .cpu)
        #expect(network.stages.map(\.name) == ["a", "b", "sum", "output"])
        #expect(network.stages[2].inputs == [.stage(1), .stage(0)] && network.output == .vector(2))
        #expect(
            network.table == """
                layer   what it does  reads  output  parameters
                a       4 units              4               16
                b       4 units              4               20
                sum     sum           b, a   4
                output  2 units              2               10
                                                             46
                """)
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let stages: [StageDescription]
        var output: String?
        let problem: String
        var testDescription: String { problem }
    }

    static let mistakes = [
        Mistake(
            stages: [.init("a", Dense(2), reading: ["a"])], problem: "Layer 'a' reads its own output."),
        Mistake(
            stages: [.init("a", Addition(), reading: ["images", "b"]), .init("b", Dense(2), reading: ["a"])],
            output: "b",
            problem: "Layer 'b' gives the network's output, but another one reads it too."),
        Mistake(
            stages: [
                .init("a", Addition(), reading: ["images", "c"]), .init("b", Dense(3), reading: ["a"]),
                .init("c", Activation.relu, reading: ["b"]), .init("d", Dense(2), reading: ["c"]),
            ],
            problem:
                "There is a cycle: of the layers 'a', 'b', 'c', 'd' none can come first, since each reads another of them."
        ),
        Mistake(
            stages: [.init("a", Dense(2), reading: ["x"])], problem: "Layer 'a' reads 'x', but there are only a."),
        Mistake(
            stages: [.init("a", Dense(2), reading: ["images"]), .init("a", Dense(2), reading: ["images"])],
            problem: "Two layers have the name 'a'."),
        Mistake(
            stages: [.init("images", Dense(2), reading: ["images"])],
            problem: "A layer cannot have the name 'images', which stands for what goes into the network."),
        Mistake(
            stages: [.init("a", Addition(), reading: ["images"])],
            problem: "Layer 'a' takes 2 or more inputs, but reads 1."),
        Mistake(
            stages: [.init("a", Dense(2), reading: ["images"]), .init("b", Dense(2), reading: ["images"])],
            problem: "No layer reads what 'a' gives, and it is not the network's output."),
    ]

    @Test(arguments: mistakes) func mistakesNameTheStage(_ mistake: Mistake) {
        #expect(throws: CLMatError.invalidArgument(operation: "Network", problem: mistake.problem)) {
            try Network(input: .vector(3), stages: mistake.stages, output: mistake.output, seed: 1, on: .cpu)
        }
    }

    @Test func shapesThatDoNotFitNameTheStage() {
        func layer(_ equations: (Signal) -> Signal) -> String? {
            do {
                _ = try Network(input: Self.shape, seed: 1, on: .cpu, equations)
            } catch CLMatError.layerMismatch(let layer, _, _) {
                return layer
            } catch { return "\(error)" }
            return nil
        }
        #expect(layer { conv("a", $0, 3, 3) + $0 } == "a.sum")
        #expect(layer { concatenate(conv("a", $0, 3, 3, padding: 0), $0) } == "a.channels")
        #expect(layer { conv("a", $0, 3, 3) * $0 } == "a.product")
        #expect(layer { Signal("a", Convolution2D(filters: 3, kernel: 3, groups: 2), of: $0) } == "a")
        #expect(layer { Signal("a", Convolution2D(filters: 3, kernel: -3), of: $0) } == "a")
        #expect(layer { Signal("a", Standardisation(means: [1], deviations: [1]), of: $0) } == "a")
        #expect(layer { dropout(dense("a", $0, 3), 1) } == "a.dropout")
        #expect(layer { Signal("a", LocalResponseNorm(size: 0), of: $0) } == "a")
        #expect(layer { Signal("a", BatchNorm(epsilon: -1), of: $0) } == "a")
    }

    @Test func aNormalisationOfOneNumberNamesItsStage() throws {
        let network = try Network(
            input: .vector(2), layers: [("norm", BatchNorm()), ("output", Dense(2))], seed: 1, on: .cpu)
        let one = try Matrix(zeros: Shape(1, 2), on: .cpu)
        #expect(try network.predict(one).shape == Shape(1, 2))
        let error = #expect(throws: CLMatError.self) {
            try network.forward(one, for: .training(RandomKey(seed: 1, stream: 1)))
        }
        #expect(error?.description.contains("Layer 'norm': A variance needs two numbers per channel") == true)
    }

    @Test func parametersOfOtherShapesNameTheirStage() throws {
        var network = try Network(input: .vector(2), layers: [("output", Dense(2))], seed: 1, on: .cpu)
        network.parameters[0][0] = try Matrix(zeros: Shape(2, 3), on: .cpu)
        #expect(
            throws: CLMatError.invalidArgument(
                operation: "Network", problem: "Layer 'output': its weights are 2 × 3 instead of 2 × 2.")
        ) { try network.predict(Matrix(zeros: Shape(1, 2), on: .cpu)) }
        network.parameters[0] = []
        #expect(
            throws: CLMatError.invalidArgument(
                operation: "Network", problem: "Layer 'output' takes 2 parameters, not 0.")
        ) { try network.predict(Matrix(zeros: Shape(1, 2), on: .cpu)) }
    }

    @Test func aNetworkWithoutParametersLearnsNothing() throws {
        let test = try SmallWorld.images(8, seed: 1)
        let network = try Network(
            input: SmallWorld.shape,
            layers: [("mean", AveragePool2D(4)), ("relu", Activation.relu)], seed: 1, on: .cpu)
        #expect(throws: CLMatError.dataMismatch("The network has no parameters: none of mean, relu learns.")) {
            try NetworkTrainer(network, title: "nothing", test: test)
        }
    }

    /// A chain of ten thousand stages is no recursion.
    @Test func equationsMayBeLong() throws {
        let network = try Network(input: .vector(2), seed: 1, on: .cpu) { images in
            var x = dense("first", images, 2)
            for _ in 0..<10_000 { x = relu(x) }
            return dense("output", x, 2)
        }
        #expect(network.stages.count == 10_002)
    }

    // MARK: - Memory

    /// More images than a slice holds give, row by row, what they give one by one.
    @Test func slicesGiveWhatTheWholeGives() throws {
        let network = try Network(
            input: ImageShape(height: 40, width: 40), seed: 1, on: .cpu
        ) { images in
            dense("output", globalMeanPool(relu(conv("conv", images, 1200, 3))), 3)
        }
        let rows = network.sliceRows(upTo: network.stages.count - 1)
        #expect(rows < 20)
        let x = try Matrix(uniform: 0...1, RandomKey(seed: 2, stream: 1), Shape(rows + 3, 1600), on: .cpu)
        let whole = try network.predict(x).values
        for row in [0, rows - 1, rows, rows + 2] {
            let one = try network.predict(x.slice(rows: row..<row + 1)).values
            for (a, b) in zip(one, whole[3 * row..<3 * row + 3]) { #expect(abs(a - b) <= 1e-5 * max(1, abs(a))) }
        }
        let neurons = (0..<rows + 3).map { Neuron(stage: 1, unit: $0 % 1200, reading: $0 % 2 == 0 ? .mean : .centre) }
        let layout = NeuronLayout(network)
        let seeds = try NeuronSeeds(neurons, in: layout, on: .cpu)
        #expect(seeds.slices.count > 1)
        let (gradients, activations) = try seeds.gradients(at: x, on: network, withActivations: true)
        let f = try #require(activations).values
        for row in [0, rows, rows + 2] {
            let alone = try NeuronSeeds([neurons[row]], in: layout, on: .cpu)
            let own = try alone.gradients(at: x.slice(rows: row..<row + 1), on: network, withActivations: true)
            #expect(try own.gradients.values == gradients.slice(rows: row..<row + 1).values)
            #expect(try own.activations?.values == [f[row]])
        }
        #expect(try seeds.activations(of: x, on: network).values == f)
    }

    // MARK: - Along a run

    /// Normalisation, dropout, changed images, Adam and a schedule: a step made again is the same, bit for bit.
    @Test(arguments: Device.all) func allOfItIsRepeatable(on device: Device) throws {
        try expectRepeatable(
            changes: [
                .init(4, .set(control: "beta-1", to: 0.5)), .init(7, .set(control: "learning-rate", to: 1e-2)),
                .init(9, .set(control: "augment-crop", to: 0.3)),
            ],
            steps: 16, on: device
        ) { options in
            let network = try Network(input: SmallWorld.shape, seed: 2, on: device) { images in
                let x = relu(batchNorm("norm", conv("conv", images, 4, 3)))
                return dense(
                    "output", dropout(maxPool(x, 2) + conv("half", images, 4, 2, stride: 2, padding: 0), 0.2), 4)
            }
            let images = try SmallWorld.images(40, seed: 2)
            let trainer = try NetworkTrainer(
                network, title: "graph", test: images, optimiser: Adam.decoupled(),
                defaults: .init(
                    learningRate: 1e-3, scheduleLength: 12, averagingWindow: 10, classCounts: [10, 20, 5, 5]))
            var experiment = try Experiment(trainer, data: SmallWorld.batches(on: device))
            try experiment.set([
                "augment-shift": 1, "augment-mirror": 1, "schedule": 2, "warm-up": 4, "class-balance": 0.5,
            ])
            return try Learner(experiment, options: options)
        }
    }
}
