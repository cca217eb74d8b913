import CLMat
import Models
import Testing

@Suite struct NetworkTests {
    // MARK: - Shapes

    @Test func layersThatDoNotFitAreNamed() throws {
        let error = #expect(throws: CLMatError.self) {
            try Network(
                input: ImageShape(height: 6, width: 6),
                layers: [
                    ("conv1", Convolution2D(filters: 4, kernel: 5)), ("conv2", Convolution2D(filters: 4, kernel: 5)),
                ],
                seed: 1, on: .cpu)
        }
        guard case .layerMismatch(let layer, let input, _)? = error else {
            Issue.record("not a layerMismatch: \(String(describing: error))")
            return
        }
        #expect(layer == "conv2")
        #expect(input == ImageShape(channels: 4, height: 2, width: 2))
    }

    @Test func aPoolLargerThanItsImageIsRefused() {
        #expect(
            throws: CLMatError.layerMismatch(
                layer: "pool", input: ImageShape(height: 3, width: 3),
                problem:
                    "Pooling: A window of 4 × 4, stride 4 × 4 is larger than the image, 1 × 3 × 3, with its padding: 3 × 3."
            )
        ) {
            try Network(input: ImageShape(height: 3, width: 3), layers: [("pool", MaxPool2D(4))], seed: 1, on: .cpu)
        }
    }

    @Test func twoLayersOfOneNameAreRefused() {
        #expect(throws: CLMatError.invalidArgument(operation: "Network", problem: "Two layers have the name 'a'.")) {
            try Network(input: .vector(3), layers: [("a", Dense(2)), ("a", Dense(2))], seed: 1, on: .cpu)
        }
    }

    @Test func imagesOfAnotherShapeAreRefused() throws {
        let network = try Network.leNet5(seed: 1, on: .cpu)
        #expect(
            throws: CLMatError.shapeMismatch(
                operation: "forward", left: Shape(2, 783), right: Shape(2, 784),
                rule: "A row must hold an image of 1 × 28 × 28.")
        ) { try network.predict(Matrix(zeros: Shape(2, 783), on: .cpu)) }
        let layers = [
            "scale", "conv1", "pool1", "conv2", "pool2", "dense1", "relu1", "dense2", "relu2", "output",
        ]
        #expect(throws: CLMatError.unknownName(kind: "layer", name: "conv9", known: layers)) {
            try network.index(of: "conv9")
        }
    }

    @Test func leNetHasTheSizesOfItsPaper() throws {
        let network = try Network.leNet5(seed: 1, on: .cpu)
        // 20·25+20 + 50·500+50 + 500·800+500 + 84·500+84 + 10·84+10
        #expect(network.parameterCount == 520 + 25_050 + 400_500 + 42_084 + 850)
        #expect(network.output == .vector(10))
        #expect(try network.predict(Matrix(zeros: Shape(3, 784), on: .cpu)).shape == Shape(3, 10))
    }

    // MARK: - Gradients against central differences

    /// Every kind of layer in one chain.
    static func everything(on device: Device) throws -> Network {
        try Network(
            input: ImageShape(channels: 2, height: 9, width: 8),
            layers: [
                ("scale", Scale(by: 1.5, plus: -0.25)), ("conv", Convolution2D(filters: 3, kernel: 3, padding: 1)),
                ("tanh", Activation.tanh), ("max", MaxPool2D(2)), ("conv2", Convolution2D(filters: 4, kernel: 2)),
                ("logistic", Activation.logistic), ("mean", AveragePool2D(2, stride: 1)), ("dense", Dense(7)),
                ("relu", Activation.relu), ("output", Dense(5)),
            ],
            seed: 3, on: device)
    }

    /// |found − difference| relative to the largest gradient. A step of 0.003 makes an error of the order of 1e-5 by
    /// curvature, and of 1e-7 / 0.006 = 2e-5 by rounding of a loss near 1.6: small against 1 % of 0.02.
    static let tolerance = 1e-2
    static let change: Float = 0.003

    @Test(arguments: Device.all)
    func parameterGradientsAreThoseOfTheLoss(on device: Device) throws {
        var network = try Self.everything(on: device)
        let images = try Matrix(uniform: 0...1, RandomKey(seed: 5, stream: 9), Shape(6, 144), on: device)
        let labels = try IntVector([0, 1, 2, 3, 4, 0], on: device)
        func loss(_ network: Network) throws -> Double {
            let losses = try network.predict(images).crossEntropy(labels).losses.values
            return losses.reduce(0) { $0 + Double($1) } / 6
        }
        let activations = try network.forward(images)
        let gradient = try activations.last.crossEntropy(labels).gradient
        let found = try network.parameterGradients(activations, outputGradient: gradient)

        for stage in network.stages.indices {
            for (index, parameter) in network.parameters[stage].enumerated() {
                let values = try parameter.values
                let own = try found[stage][index].values
                let largest = own.map { Double(abs($0)) }.max() ?? 0
                // A sample of elements, spread over the parameter.
                for element in stride(from: 0, to: values.count, by: max(1, values.count / 7)) {
                    func lossWith(_ change: Float) throws -> Double {
                        var changed = values
                        changed[element] += change
                        network.parameters[stage][index] = try Matrix(
                            changed, parameter.rows, parameter.columns, on: device)
                        return try loss(network)
                    }
                    let difference = try (lossWith(Self.change) - lossWith(-Self.change)) / Double(2 * Self.change)
                    network.parameters[stage][index] = parameter
                    #expect(
                        abs(difference - Double(own[element])) <= Self.tolerance * max(largest, 0.02),
                        "\(network.stages[stage].name) \(index)[\(element)]: \(own[element]) against \(difference)")
                }
            }
        }
    }

    /// One neuron per row, of different layers: one backward pass serves them all.
    @Test(arguments: Device.all)
    func inputGradientsAreThoseOfTheChosenNeurons(on device: Device) throws {
        let network = try Self.everything(on: device)
        let neurons = [("output", 3), ("dense", 2), ("conv2", 1), ("conv", 2), ("max", 0)]
        let rows = neurons.count
        var values = try Matrix(uniform: 0...1, RandomKey(seed: 6, stream: 9), Shape(rows, 144), on: device).values
        var seeds: [Int: Matrix] = [:]
        var places: [(stage: Int, element: Int)] = []
        for (row, (name, unit)) in neurons.enumerated() {
            let stage = try network.index(of: name)
            let output = network.stages[stage].output
            let element = unit * output.area + output.area / 2
            places.append((stage, element))
            var seed = [Float](repeating: 0, count: rows * output.count)
            seed[row * output.count + element] = 1
            seeds[stage] = try Matrix(seed, rows, output.count, on: device)
        }
        let images = try Matrix(values, rows, 144, on: device)
        let found = try network.inputGradient(network.forward(images), seeds: seeds).values

        for (row, place) in places.enumerated() {
            let largest = (0..<144).map { Double(abs(found[row * 144 + $0])) }.max() ?? 0
            #expect(largest > 0)
            for pixel in stride(from: 0, to: 144, by: 11) {
                func activation(_ change: Float) throws -> Double {
                    values[row * 144 + pixel] += change
                    defer { values[row * 144 + pixel] -= change }
                    let outputs = try network.forward(Matrix(values, rows, 144, on: device)).outputs[place.stage]
                    return Double(try outputs.values[row * outputs.columns + place.element])
                }
                let difference = try (activation(Self.change) - activation(-Self.change)) / Double(2 * Self.change)
                #expect(
                    abs(difference - Double(found[row * 144 + pixel])) <= Self.tolerance * max(largest, 0.02),
                    "\(neurons[row]), pixel \(pixel): \(found[row * 144 + pixel]) against \(difference)")
            }
        }
    }

    @Test func aPassThatStoppedTooEarlyIsSaid() throws {
        let network = try Self.everything(on: .cpu)
        let pass = try network.forward(Matrix(zeros: Shape(1, 144), on: .cpu), upTo: 2)
        let seed = try Matrix(zeros: Shape(1, 5), on: .cpu)
        #expect(
            throws: CLMatError.invalidArgument(
                operation: "inputGradient", problem: "The forward pass stopped before layer 'output'.")
        ) { try network.inputGradient(pass, seeds: [9: seed]) }
    }

    @Test func aNetworkIsAValue() throws {
        var network = try Network(input: .vector(3), layers: [("dense", Dense(2))], seed: 1, on: .cpu)
        let snapshot = network
        let before = try snapshot.parameters[0][0].values
        var optimiser = RMSProp(momentum: 0)
        let gradients = [
            [try Matrix(filledWith: 1, Shape(2, 3), on: .cpu), try Matrix(filledWith: 1, Shape(1, 2), on: .cpu)]
        ]
        try optimiser.update(&network.parameters, gradients, rate: 0.1)
        #expect(try snapshot.parameters[0][0].values == before)
        #expect(try network.parameters[0][0].values != before)
    }
}
