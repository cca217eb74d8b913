import CLMat

/// One layer of a network: a description that holds no numbers. The parameters belong to the ``Network``, so that
/// optimisers, averages and snapshots see them all in one place.
///
/// A layer of one input conforms to ``UnaryLayer``, which says the same of one matrix.
public protocol Layer: Sendable {
    /// What it does, in a few words, for a table of the network's layers.
    var summary: String { get }
    /// How many inputs it takes: one, if nothing is said.
    var inputCounts: ClosedRange<Int> { get }
    /// The shape of the output, or why there is none.
    ///
    /// - Throws: ``/CLMat/CLMatError/layerMismatch(layer:input:problem:)``.
    func output(for inputs: [ImageShape], named name: String) throws(CLMatError) -> ImageShape
    /// The rows and columns of each input that these of the output depend on. They may reach beyond the input where that is padded. Nil,
    /// the default, if they depend on all.
    func receptiveField(of output: ImageWindow) -> ImageWindow?
    /// The parameters that are learned, in the order in which the layer gets them.
    func parameters(for inputs: [ImageShape]) -> [ParameterDescription]
    /// What is followed along training without a gradient, such as running means, in the order in which the layer gets them.
    func statistics(for inputs: [ImageShape]) -> [ParameterDescription]
    /// y from its inputs.
    func forward(_ inputs: [Matrix], _ call: LayerCall) throws(CLMatError) -> LayerOutput
    /// What is needed of ∂L/∂inputs and ∂L/∂parameters, from ∂L/∂y.
    func backward(
        _ gradient: Matrix, _ pass: LayerPass, _ needs: GradientNeeds
    ) throws(CLMatError) -> LayerGradients
}

extension Layer {
    public var summary: String { "\(Self.self)" }
    public var inputCounts: ClosedRange<Int> { 1...1 }
    public func receptiveField(of output: ImageWindow) -> ImageWindow? { nil }
    public func parameters(for inputs: [ImageShape]) -> [ParameterDescription] { [] }
    public func statistics(for inputs: [ImageShape]) -> [ParameterDescription] { [] }
}

/// A layer of one input, whose two gradients are reckoned apart.
public protocol UnaryLayer: Layer {
    /// The shape of the output, or why there is none.
    ///
    /// - Throws: ``/CLMat/CLMatError/layerMismatch(layer:input:problem:)``.
    func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape
    /// The parameters that are learned, in the order in which the layer gets them.
    func parameters(for input: ImageShape) -> [ParameterDescription]
    /// y from x.
    func forward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> LayerOutput
    /// ∂L/∂x from ∂L/∂y.
    func inputGradient(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> Matrix
    /// ∂L/∂parameters from ∂L/∂y, in the order of the parameters.
    func parameterGradients(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> [Matrix]
}

extension UnaryLayer {
    public func parameters(for input: ImageShape) -> [ParameterDescription] { [] }
    public func parameterGradients(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> [Matrix] { [] }

    public func output(for inputs: [ImageShape], named name: String) throws(CLMatError) -> ImageShape {
        try output(for: inputs[0], named: name)
    }

    public func parameters(for inputs: [ImageShape]) -> [ParameterDescription] { parameters(for: inputs[0]) }

    public func forward(_ inputs: [Matrix], _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        try forward(inputs[0], call)
    }

    public func backward(
        _ gradient: Matrix, _ pass: LayerPass, _ needs: GradientNeeds
    ) throws(CLMatError) -> LayerGradients {
        LayerGradients(
            inputs: needs.contains(.inputs) ? [try inputGradient(gradient, pass)] : [],
            parameters: needs.contains(.parameters) ? try parameterGradients(gradient, pass) : [])
    }
}

/// A layer that does a rectifier behind it in the same launch.
protocol RectifiedLayer: UnaryLayer {
    /// y, and max(0, y).
    func rectifiedForward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> (output: LayerOutput, rectified: Matrix)
}

// MARK: - What a layer is given, and gives

/// What a forward pass is for.
public enum PassPurpose: Sendable {
    /// To learn from: layers may draw numbers, each stage by a key of its own, and look at the whole minibatch.
    case training(RandomKey)
    /// To use the network: a row's output depends on that row alone.
    case inference

    /// Whether it is a pass to learn from.
    public var isTraining: Bool { if case .training = self { true } else { false } }
}

/// What a layer is given beside its inputs.
public struct LayerCall: Sendable {
    /// The shape of each input's images.
    public let shapes: [ImageShape]
    /// In the order of ``Layer/parameters(for:)``.
    public let parameters: [Matrix]
    /// In the order of ``Layer/statistics(for:)``.
    public let statistics: [Matrix]
    /// What the pass is for, with the key of this stage.
    public let purpose: PassPurpose

    /// The shape of the first input's images.
    public var shape: ImageShape { shapes[0] }
}

/// What a layer gives.
public struct LayerOutput: Sendable {
    /// y, one sample per row.
    public var output: Matrix
    /// What it saves for the backward pass, besides inputs and output.
    public var saved: SavedForBackward
    /// What its statistics are after this pass, if they change.
    public var statistics: [Matrix]?

    /// An output, with what is saved and followed.
    public init(_ output: Matrix, saved: SavedForBackward = .nothing, statistics: [Matrix]? = nil) {
        (self.output, self.saved, self.statistics) = (output, saved, statistics)
    }
}

/// What a layer saves of its forward pass for the backward pass, besides input and output.
public enum SavedForBackward: Sendable {
    /// Input and output are enough.
    case nothing
    /// Where each maximum was.
    case argmaxIndices(IntVector)
    /// Matrices, whichever the layer likes.
    case matrices([Matrix])
    /// Anything else.
    case other(any Sendable)
}

/// One forward pass through a layer, as the backward pass needs it.
public struct LayerPass: Sendable {
    /// What the layer was given beside its inputs.
    public let call: LayerCall
    /// What went in, N × C·H·W each.
    public let inputs: [Matrix]
    /// What came out, one sample per row.
    public let output: Matrix
    /// What the layer saved besides.
    public let saved: SavedForBackward

    /// The first input.
    public var input: Matrix { inputs[0] }
    /// The shape of the first input's images.
    public var shape: ImageShape { call.shape }
    /// The layer's parameters.
    public var parameters: [Matrix] { call.parameters }
}

/// Which gradients somebody waits for.
public struct GradientNeeds: OptionSet, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// ∂L/∂inputs
    public static let inputs = GradientNeeds(rawValue: 1)
    /// ∂L/∂parameters
    public static let parameters = GradientNeeds(rawValue: 2)
}

/// The gradients that somebody waits for; the others are empty.
public struct LayerGradients: Sendable {
    /// ∂L/∂x for each input.
    public var inputs: [Matrix]
    /// ∂L/∂w for each parameter.
    public var parameters: [Matrix]

    /// Gradients, either of which may be missing.
    public init(inputs: [Matrix] = [], parameters: [Matrix] = []) {
        (self.inputs, self.parameters) = (inputs, parameters)
    }
}

/// Some rows and columns of an image.
public struct ImageWindow: Sendable, Hashable {
    /// From the top.
    public var rows: Range<Int>
    /// From the left.
    public var columns: Range<Int>

    /// Rows and columns.
    public init(rows: Range<Int>, columns: Range<Int>) { (self.rows, self.columns) = (rows, columns) }

    /// What both windows hold, and what lies between them.
    func joined(with other: ImageWindow) -> ImageWindow {
        func hull(_ a: Range<Int>, _ b: Range<Int>) -> Range<Int> {
            min(a.lowerBound, b.lowerBound)..<max(a.upperBound, b.upperBound)
        }
        return ImageWindow(rows: hull(rows, other.rows), columns: hull(columns, other.columns))
    }
}
