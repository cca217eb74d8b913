import CLMat

/// One layer of a network: a description that holds no numbers. The parameters belong to the ``Network``, so that
/// optimisers, averages and snapshots see them all in one place.
public protocol Layer: Sendable {
    /// The shape of the output, or why there is none.
    ///
    /// - Throws: ``/CLMat/CLMatError/layerMismatch(layer:input:problem:)``.
    func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape
    /// The rows of the input that these rows of the output depend on, and so the columns: maps are square in this. It may reach
    /// beyond the input where that is padded. Nil, the default, if they depend on all.
    func receptiveField(of output: Range<Int>) -> Range<Int>?
    /// The parameters that the layer needs, in the order in which it gets them.
    func parameters(for input: ImageShape) -> [ParameterDescription]
    /// y from x, and what it saves for the backward pass.
    func forward(
        _ x: Matrix, _ parameters: [Matrix], input: ImageShape
    ) throws(CLMatError) -> (output: Matrix, saved: SavedForBackward)
    /// ∂L/∂x from ∂L/∂y.
    func inputGradient(_ gradient: Matrix, _ parameters: [Matrix], _ pass: LayerPass) throws(CLMatError) -> Matrix
    /// ∂L/∂parameters from ∂L/∂y, in the order of the parameters.
    func parameterGradients(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> [Matrix]
}

extension Layer {
    public func receptiveField(of output: Range<Int>) -> Range<Int>? { nil }
    public func parameters(for input: ImageShape) -> [ParameterDescription] { [] }
    public func parameterGradients(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> [Matrix] { [] }
}

/// A layer that does a rectifier behind it in the same launch.
protocol RectifiedLayer: Layer {
    /// What ``Layer/forward(_:_:input:)`` gives, and max(0, y).
    func rectifiedForward(
        _ x: Matrix, _ parameters: [Matrix], input: ImageShape
    ) throws(CLMatError) -> (output: Matrix, rectified: Matrix, saved: SavedForBackward)
}

/// A parameter's name, shape, and the number of inputs of one unit, which sets its initial range.
public struct ParameterDescription: Sendable, Equatable {
    /// "weights" or "biases": regularisers leave biases alone.
    public let name: String
    /// Rows × columns.
    public let shape: Shape
    /// The number of inputs of one unit.
    public let fanIn: Int

    /// A parameter of a layer.
    public init(_ name: String, _ shape: Shape, fanIn: Int) {
        (self.name, self.shape, self.fanIn) = (name, shape, fanIn)
    }
}

/// What a layer saves of its forward pass for the backward pass, besides input and output.
public enum SavedForBackward: Sendable {
    /// Input and output are enough.
    case nothing
    /// Where each maximum was.
    case argmaxIndices(IntVector)
}

/// One forward pass through a layer, as the backward pass needs it.
public struct LayerPass: Sendable {
    /// The shape of the input images.
    public let shape: ImageShape
    /// N × C·H·W: what went in.
    public let input: Matrix
    /// What came out, one sample per row.
    public let output: Matrix
    /// What the layer saved besides.
    public let saved: SavedForBackward
}
