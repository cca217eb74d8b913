import CLMat

/// y = x Wᵀ + b, W units × inputs.
public struct Dense: UnaryLayer {
    /// The number of outputs.
    public let units: Int
    /// Whether there is a b.
    public let hasBiases: Bool
    /// How W begins. b begins uniform in ±1/√inputs, or with 0 unless W does so too.
    public let initialisation: WeightInitialisation

    /// A layer of `units` outputs, each from all inputs.
    public init(_ units: Int, biases: Bool = true, initialisation: WeightInitialisation = .fanIn) {
        (self.units, hasBiases, self.initialisation) = (units, biases, initialisation)
    }

    public var summary: String { "\(units) units" }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape {
        guard units > 0, input.count > 0 else {
            throw .layerMismatch(
                layer: name, input: input, problem: "A dense layer needs at least one unit and one input.")
        }
        return .vector(units)
    }

    public func parameters(for input: ImageShape) -> [ParameterDescription] {
        let weights = ParameterDescription(
            "weights", Shape(units, input.count), initialisation.initialisation(fanIn: input.count, fanOut: units))
        guard hasBiases else { return [weights] }
        return [
            weights,
            ParameterDescription(
                "biases", Shape(1, units), initialisation == .fanIn ? .fanIn(input.count) : .constant(0)),
        ]
    }

    public func forward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        guard hasBiases else { return LayerOutput(try x.matmul(call.parameters[0], transposing: .right)) }
        return LayerOutput(try x.denseLayer(call.parameters[0], biases: call.parameters[1]).output)
    }

    public func inputGradient(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> Matrix {
        try gradient.matmul(pass.parameters[0])
    }

    public func parameterGradients(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> [Matrix] {
        let weights = try gradient.matmul(pass.input, transposing: .left)
        return hasBiases ? [weights, try gradient.columnSums()] : [weights]
    }
}

extension Dense: RectifiedLayer {
    func rectifiedForward(
        _ x: Matrix, _ call: LayerCall
    ) throws(CLMatError) -> (output: LayerOutput, rectified: Matrix) {
        guard hasBiases else {
            let y = try forward(x, call)
            return (y, try y.output.relu())
        }
        let (y, rectified) = try x.denseLayer(call.parameters[0], biases: call.parameters[1], rectifying: true)
        if let rectified { return (LayerOutput(y), rectified) }
        return (LayerOutput(y), try y.relu())
    }
}
