import CLMat

/// y = scale·x + shift: brings images from units of full scale to what the network was trained on.
public struct Scale: Layer {
    /// The factor.
    public let scale: Float
    /// What is added.
    public let shift: Float

    /// Multiplies by `scale`, then adds `shift`.
    public init(by scale: Float = 1, plus shift: Float = 0) { (self.scale, self.shift) = (scale, shift) }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape { input }

    public func receptiveField(of output: Range<Int>) -> Range<Int>? { output }

    public func forward(
        _ x: Matrix, _ parameters: [Matrix], input: ImageShape
    ) throws(CLMatError) -> (output: Matrix, saved: SavedForBackward) {
        (scale == 1 && shift == 0 ? x : try x.scaled(by: scale, plus: shift), .nothing)
    }

    public func inputGradient(
        _ gradient: Matrix, _ parameters: [Matrix], _ pass: LayerPass
    ) throws(CLMatError) -> Matrix {
        scale == 1 ? gradient : try gradient.scaled(by: scale)
    }
}

/// y = W ⋆ x + b, for each filter of W, with square kernels.
public struct Convolution2D: Layer {
    /// The number of filters, which are the channels of the output.
    public let filters: Int
    /// Rows, and columns, of a filter.
    public let kernel: Int
    /// Pixels from one place of a filter to the next.
    public let stride: Int
    /// Zeros around the image, on each side.
    public let padding: Int

    /// Square filters; by default without padding, one pixel apart.
    public init(filters: Int, kernel: Int, stride: Int = 1, padding: Int = 0) {
        (self.filters, self.kernel, self.stride, self.padding) = (filters, kernel, stride, padding)
    }

    private func geometry(_ input: ImageShape) throws(CLMatError) -> Convolution {
        try Convolution(
            input: input, filters: filters, kernelHeight: kernel, kernelWidth: kernel, stride: stride, padding: padding)
    }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape {
        try fitting(name, input) { () throws(CLMatError) in try geometry(input).output }
    }

    public func receptiveField(of output: Range<Int>) -> Range<Int>? {
        window(of: output, size: kernel, stride: stride, padding: padding)
    }

    public func parameters(for input: ImageShape) -> [ParameterDescription] {
        let fanIn = input.channels * kernel * kernel
        return [
            ParameterDescription("weights", Shape(filters, fanIn), fanIn: fanIn),
            ParameterDescription("biases", Shape(1, filters), fanIn: fanIn),
        ]
    }

    public func forward(
        _ x: Matrix, _ parameters: [Matrix], input: ImageShape
    ) throws(CLMatError) -> (output: Matrix, saved: SavedForBackward) {
        (try x.convolved(parameters[0], biases: parameters[1], geometry(input)), .nothing)
    }

    public func inputGradient(
        _ gradient: Matrix, _ parameters: [Matrix], _ pass: LayerPass
    ) throws(CLMatError) -> Matrix {
        try gradient.convolutionInputGradient(parameters[0], geometry(pass.shape))
    }

    public func parameterGradients(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> [Matrix] {
        let (weights, biases) = try gradient.convolutionWeightGradient(pass.input, geometry(pass.shape))
        return [weights, biases]
    }
}

/// The largest pixel of each window.
public struct MaxPool2D: Layer {
    /// Rows, and columns, of a window.
    public let size: Int
    /// Pixels from one window to the next.
    public let stride: Int

    /// Windows of `size` × `size`; side by side if no stride is given.
    public init(_ size: Int, stride: Int? = nil) { (self.size, self.stride) = (size, stride ?? size) }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape {
        try fitting(name, input) { () throws(CLMatError) in
            try Pooling(input: input, size: size, stride: stride).output
        }
    }

    public func receptiveField(of output: Range<Int>) -> Range<Int>? { window(of: output, size: size, stride: stride) }

    public func forward(
        _ x: Matrix, _ parameters: [Matrix], input: ImageShape
    ) throws(CLMatError) -> (output: Matrix, saved: SavedForBackward) {
        let (values, indices) = try x.maxPooled(Pooling(input: input, size: size, stride: stride))
        return (values, .argmaxIndices(indices))
    }

    public func inputGradient(
        _ gradient: Matrix, _ parameters: [Matrix], _ pass: LayerPass
    ) throws(CLMatError) -> Matrix {
        guard case .argmaxIndices(let indices) = pass.saved else { return gradient }
        return try gradient.maxPoolGradient(indices, Pooling(input: pass.shape, size: size, stride: stride))
    }
}

/// The mean of each window.
public struct AveragePool2D: Layer {
    /// Rows, and columns, of a window.
    public let size: Int
    /// Pixels from one window to the next.
    public let stride: Int

    /// Windows of `size` × `size`; side by side if no stride is given.
    public init(_ size: Int, stride: Int? = nil) { (self.size, self.stride) = (size, stride ?? size) }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape {
        try fitting(name, input) { () throws(CLMatError) in
            try Pooling(input: input, size: size, stride: stride).output
        }
    }

    public func receptiveField(of output: Range<Int>) -> Range<Int>? { window(of: output, size: size, stride: stride) }

    public func forward(
        _ x: Matrix, _ parameters: [Matrix], input: ImageShape
    ) throws(CLMatError) -> (output: Matrix, saved: SavedForBackward) {
        (try x.averagePooled(Pooling(input: input, size: size, stride: stride)), .nothing)
    }

    public func inputGradient(
        _ gradient: Matrix, _ parameters: [Matrix], _ pass: LayerPass
    ) throws(CLMatError) -> Matrix {
        try gradient.averagePoolGradient(Pooling(input: pass.shape, size: size, stride: stride))
    }
}

/// y = x Wᵀ + b, W units × inputs.
public struct Dense: Layer {
    /// The number of outputs.
    public let units: Int

    /// A layer of `units` outputs, each from all inputs.
    public init(_ units: Int) { self.units = units }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape {
        guard units > 0, input.count > 0 else {
            throw .layerMismatch(
                layer: name, input: input, problem: "A dense layer needs at least one unit and one input.")
        }
        return .vector(units)
    }

    public func parameters(for input: ImageShape) -> [ParameterDescription] {
        [
            ParameterDescription("weights", Shape(units, input.count), fanIn: input.count),
            ParameterDescription("biases", Shape(1, units), fanIn: input.count),
        ]
    }

    public func forward(
        _ x: Matrix, _ parameters: [Matrix], input: ImageShape
    ) throws(CLMatError) -> (output: Matrix, saved: SavedForBackward) {
        (try x.denseLayer(parameters[0], biases: parameters[1]).output, .nothing)
    }

    public func inputGradient(
        _ gradient: Matrix, _ parameters: [Matrix], _ pass: LayerPass
    ) throws(CLMatError) -> Matrix {
        try gradient.matmul(parameters[0])
    }

    public func parameterGradients(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> [Matrix] {
        [try gradient.matmul(pass.input, transposing: .left), try gradient.columnSums()]
    }
}

extension Dense: RectifiedLayer {
    func rectifiedForward(
        _ x: Matrix, _ parameters: [Matrix], input: ImageShape
    ) throws(CLMatError) -> (output: Matrix, rectified: Matrix, saved: SavedForBackward) {
        let (y, rectified) = try x.denseLayer(parameters[0], biases: parameters[1], rectifying: true)
        if let rectified { return (y, rectified, .nothing) }
        return (y, try y.relu(), .nothing)
    }
}

/// An elementwise activation.
public enum Activation: Layer {
    /// max(0, x)
    case relu
    /// tanh x
    case tanh
    /// 1 / (1 + e⁻ˣ)
    case logistic

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape { input }

    public func receptiveField(of output: Range<Int>) -> Range<Int>? { output }

    public func forward(
        _ x: Matrix, _ parameters: [Matrix], input: ImageShape
    ) throws(CLMatError) -> (output: Matrix, saved: SavedForBackward) {
        (try applied(to: x), .nothing)
    }

    public func inputGradient(
        _ gradient: Matrix, _ parameters: [Matrix], _ pass: LayerPass
    ) throws(CLMatError) -> Matrix {
        try backward(gradient, output: pass.output)
    }

    /// Of each number.
    func applied(to x: Matrix) throws(CLMatError) -> Matrix {
        switch self {
        case .relu: try x.relu()
        case .tanh: try x.tanh()
        case .logistic: try x.logistic()
        }
    }

    /// ∂L/∂x from ∂L/∂y and y.
    func backward(_ gradient: Matrix, output: Matrix) throws(CLMatError) -> Matrix {
        switch self {
        case .relu: try gradient.reluBackward(output: output)
        case .tanh: try gradient.tanhBackward(output: output)
        case .logistic: try gradient.logisticBackward(output: output)
        }
    }
}

/// The output of a layer, or the error that names the layer which cannot take its input.
private func fitting(
    _ name: String, _ input: ImageShape, _ output: () throws(CLMatError) -> ImageShape
) throws(CLMatError) -> ImageShape {
    do {
        return try output()
    } catch {
        throw .layerMismatch(layer: name, input: input, problem: error.description)
    }
}

/// The inputs of windows that are `size` wide and `stride` apart.
private func window(of output: Range<Int>, size: Int, stride: Int, padding: Int = 0) -> Range<Int> {
    let first = output.lowerBound * stride - padding
    return output.isEmpty ? first..<first : first..<(output.upperBound - 1) * stride - padding + size
}
