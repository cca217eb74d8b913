import CLMat

/// y = W ⋆ x + b, for each filter of W.
public struct Convolution2D: UnaryLayer {
    /// The number of filters, which are the channels of the output.
    public let filters: Int
    /// Size, strides, padding and dilation of a filter; nil if there is no such window, which the network says when it is made.
    public var window: SlidingWindow? { try? checkedWindow.get() }
    /// Groups of channels, each of which has filters of its own; as many as channels for a depthwise convolution.
    public let groups: Int
    /// Whether there is a b.
    public let hasBiases: Bool
    /// How W begins. b begins uniform in ±1/√(inputs of a filter), or with 0 unless W does so too.
    public let initialisation: WeightInitialisation
    private let checkedWindow: Result<SlidingWindow, CLMatError>

    /// Square filters; by default without padding, one pixel apart.
    public init(
        filters: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
        biases: Bool = true, initialisation: WeightInitialisation = .fanIn
    ) {
        let window = Result { () throws(CLMatError) in
            try SlidingWindow.square(kernel, stride: stride, padding: padding, dilation: dilation)
        }
        self.init(filters, window, groups, biases, initialisation)
    }

    /// Filters of any geometry.
    public init(
        filters: Int, window: SlidingWindow, groups: Int = 1, biases: Bool = true,
        initialisation: WeightInitialisation = .fanIn
    ) {
        self.init(filters, .success(window), groups, biases, initialisation)
    }

    private init(
        _ filters: Int, _ window: Result<SlidingWindow, CLMatError>, _ groups: Int, _ biases: Bool,
        _ initialisation: WeightInitialisation
    ) {
        (self.filters, checkedWindow, self.groups) = (filters, window, groups)
        (hasBiases, self.initialisation) = (biases, initialisation)
    }

    public var summary: String {
        "\(filters) filters of \(window.map { "\($0)" } ?? "?")" + (groups > 1 ? " in \(groups) groups" : "")
    }

    private func geometry(_ input: ImageShape) throws(CLMatError) -> Convolution {
        try Convolution(input: input, filters: filters, window: checkedWindow.get(), groups: groups)
    }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape {
        try fitting(name, input) { () throws(CLMatError) in try geometry(input).output }
    }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { window?.field(of: output) }

    public func parameters(for input: ImageShape) -> [ParameterDescription] {
        let area = window?.area ?? 0
        let fanIn = input.channels / max(1, groups) * area
        let weights = ParameterDescription(
            "weights", Shape(filters, fanIn),
            initialisation.initialisation(fanIn: fanIn, fanOut: filters / max(1, groups) * area))
        guard hasBiases else { return [weights] }
        return [
            weights,
            ParameterDescription(
                "biases", Shape(1, filters), initialisation == .fanIn ? .fanIn(fanIn) : .constant(0)),
        ]
    }

    public func forward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        LayerOutput(
            try x.convolved(
                call.parameters[0], biases: hasBiases ? call.parameters[1] : nil, geometry(call.shape)))
    }

    public func inputGradient(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> Matrix {
        try gradient.convolutionInputGradient(pass.parameters[0], geometry(pass.shape))
    }

    public func parameterGradients(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> [Matrix] {
        guard hasBiases else {
            return [try gradient.convolutionWeightGradientWithoutBiases(pass.input, geometry(pass.shape))]
        }
        let (weights, biases) = try gradient.convolutionWeightGradient(pass.input, geometry(pass.shape))
        return [weights, biases]
    }
}

extension SlidingWindow {
    /// The pixels that these places of the window meet.
    func field(of output: ImageWindow) -> ImageWindow {
        func range(_ output: Range<Int>, _ stride: Int, _ padding: Int, _ reach: Int) -> Range<Int> {
            let first = output.lowerBound * stride - padding
            return output.isEmpty ? first..<first : first..<(output.upperBound - 1) * stride - padding + reach
        }
        return ImageWindow(
            rows: range(output.rows, strideDown, paddingTop, reachDown),
            columns: range(output.columns, strideAcross, paddingLeft, reachAcross))
    }
}

/// The output of a layer, or the error that names the layer which cannot take its input.
func fitting(
    _ name: String, _ input: ImageShape, _ output: () throws(CLMatError) -> ImageShape
) throws(CLMatError) -> ImageShape {
    do {
        return try output()
    } catch {
        throw .layerMismatch(layer: name, input: input, problem: error.description)
    }
}
