import CLMat

/// A chain of named layers with their parameters: a value, so a snapshot is an assignment.
///
/// Images come in units of full scale, 0 (black) to 1 (white), one per row; the network's own scaling is its first layer.
public struct Network: Sendable {
    /// A layer in its place.
    public struct Stage: Sendable {
        /// The layer's name, which no other has.
        public let name: String
        /// What it does.
        public let layer: any Layer
        /// The shape of what goes in.
        public let input: ImageShape
        /// The shape of what comes out.
        public let output: ImageShape
    }

    /// The shape of the images.
    public let input: ImageShape
    /// The layers in their order.
    public let stages: [Stage]
    /// By stage, then in the order of the layer's ``Layer/parameters(for:)``.
    public var parameters: [[Matrix]]
    /// Where the parameters live.
    public let device: Device

    /// A network with fresh parameters, uniform in ±1/√(inputs of a unit), as PyTorch's layers have them by default.
    ///
    /// - Throws: ``/CLMat/CLMatError/layerMismatch(layer:input:problem:)`` for the first layer that cannot take what the one
    ///   before it gives; ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if two layers have one name.
    public init(
        input: ImageShape, layers: [(name: String, layer: any Layer)], seed: UInt64, on device: Device
    ) throws(CLMatError) {
        self.input = input
        self.device = device
        var stages: [Stage] = []
        var parameters: [[Matrix]] = []
        var shape = input
        var stream: UInt32 = 0
        for (name, layer) in layers {
            guard !stages.contains(where: { $0.name == name }) else {
                throw .invalidArgument(operation: "Network", problem: "Two layers have the name '\(name)'.")
            }
            let output = try layer.output(for: shape, named: name)
            stages.append(Stage(name: name, layer: layer, input: shape, output: output))
            var own: [Matrix] = []
            for description in layer.parameters(for: shape) {
                let bound = 1 / Float(description.fanIn).squareRoot()
                own.append(
                    try Matrix(
                        uniform: -bound...bound, RandomKey(seed: seed, stream: Streams.parameters + stream),
                        description.shape, on: device))
                stream += 1
            }
            parameters.append(own)
            shape = output
        }
        self.stages = stages
        self.parameters = parameters
    }

    /// The shape of what the last layer gives.
    public var output: ImageShape { stages.last?.output ?? input }
    /// How many numbers the network learns.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } } }

    /// The place of a layer in the chain.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``.
    public func index(of name: String) throws(CLMatError) -> Int {
        guard let index = stages.firstIndex(where: { $0.name == name }) else {
            throw .unknownName(kind: "layer", name: name, known: stages.map(\.name))
        }
        return index
    }

    /// The same network with other parameters of the same shapes.
    public func with(_ parameters: [[Matrix]]) -> Network {
        var other = self
        other.parameters = parameters
        return other
    }

    // MARK: - Forward

    /// One forward pass: the output of every stage, and what the backward pass needs.
    public struct Activations: Sendable {
        /// The images.
        public let input: Matrix
        /// By stage; fewer than the network has if the pass stopped before the end.
        public fileprivate(set) var outputs: [Matrix] = []
        fileprivate var saved: [SavedForBackward] = []

        /// The output of the last stage that was passed.
        public var last: Matrix { outputs.last ?? input }
    }

    /// - Parameter end: the stage after which to stop; the last if nil.
    /// - Shapes: `x` N × C·H·W of ``input``.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func forward(_ x: Matrix, upTo end: Int? = nil) throws(CLMatError) -> Activations {
        guard x.columns == input.count else {
            throw .shapeMismatch(
                operation: "forward", left: x.shape, right: Shape(x.rows, input.count),
                rule: "A row must hold an image of \(input).")
        }
        var activations = Activations(input: x)
        let last = min(end ?? stages.count - 1, stages.count - 1)
        for index in 0...last {
            // What a layer did for its rectifier is done.
            if activations.outputs.count > index { continue }
            let stage = stages[index]
            if index < last, case Activation.relu? = stages[index + 1].layer as? Activation,
                let layer = stage.layer as? any RectifiedLayer
            {
                let both = try layer.rectifiedForward(activations.last, parameters[index], input: stage.input)
                activations.outputs += [both.output, both.rectified]
                activations.saved += [both.saved, .nothing]
                continue
            }
            let (y, saved) = try stage.layer.forward(activations.last, parameters[index], input: stage.input)
            activations.outputs.append(y)
            activations.saved.append(saved)
        }
        return activations
    }

    /// The output of the last layer for each image, `batch` images at a time.
    public func predict(_ x: Matrix) throws(CLMatError) -> Matrix { try forward(x).last }

    // MARK: - Backward

    private func pass(_ index: Int, _ activations: Activations) -> LayerPass {
        LayerPass(
            shape: stages[index].input, input: index == 0 ? activations.input : activations.outputs[index - 1],
            output: activations.outputs[index], saved: activations.saved[index])
    }

    /// ∂L/∂parameters from ∂L/∂output of the last layer.
    ///
    /// The gradient with respect to the images is not formed: below the first layer with parameters nothing is done.
    public func parameterGradients(
        _ activations: Activations, outputGradient: Matrix
    ) throws(CLMatError) -> [[Matrix]] {
        guard let first = parameters.firstIndex(where: { !$0.isEmpty }) else {
            return [[Matrix]](repeating: [], count: stages.count)
        }
        return try gradients(activations, outputGradient, downTo: first).parameters
    }

    /// ∂L/∂parameters and ∂L/∂images from ∂L/∂output of the last layer, in one backward pass.
    func gradients(
        _ activations: Activations, outputGradient: Matrix
    ) throws(CLMatError) -> (parameters: [[Matrix]], input: Matrix) {
        let (parameters, gradient) = try gradients(activations, outputGradient, downTo: 0)
        guard let first = stages.first else { return (parameters, gradient) }
        return (parameters, try first.layer.inputGradient(gradient, self.parameters[0], pass(0, activations)))
    }

    /// ∂L/∂parameters of all stages from one on, and ∂L/∂output of that one.
    private func gradients(
        _ activations: Activations, _ outputGradient: Matrix, downTo first: Int
    ) throws(CLMatError) -> (parameters: [[Matrix]], output: Matrix) {
        var gradients = [[Matrix]](repeating: [], count: stages.count)
        var gradient = outputGradient
        for index in stages.indices.reversed() where index >= first {
            let (layer, pass) = (stages[index].layer, pass(index, activations))
            if !parameters[index].isEmpty { gradients[index] = try layer.parameterGradients(gradient, pass) }
            if index > first { gradient = try layer.inputGradient(gradient, parameters[index], pass) }
        }
        return (gradients, gradient)
    }

    /// ∂(Σ s·y)/∂images for seeds s at the outputs y of any stages: one backward pass for neurons of any layers, a
    /// different one in each row if need be.
    ///
    /// - Shapes: each seed N × the stage's output.
    public func inputGradient(
        _ activations: Activations, seeds: [Int: Matrix]
    ) throws(CLMatError) -> Matrix {
        guard let last = seeds.keys.max() else {
            return try Matrix(zeros: activations.input.shape, on: device)
        }
        guard last < activations.outputs.count else {
            throw .invalidArgument(
                operation: "inputGradient", problem: "The forward pass stopped before layer '\(stages[last].name)'.")
        }
        var gradient: Matrix?
        for index in (0...last).reversed() {
            if let seed = seeds[index] {
                if var sum = gradient.take() {
                    try sum.add(seed)
                    gradient = sum
                } else {
                    gradient = seed
                }
            }
            if let above = gradient {
                gradient = try stages[index].layer.inputGradient(above, parameters[index], pass(index, activations))
            }
        }
        guard let gradient else { return try Matrix(zeros: activations.input.shape, on: device) }
        return gradient
    }
}

extension Streams {
    /// Initial parameters: this one for the first, the next for the second, and so on.
    static let parameters: UInt32 = 0x2_0000
}
