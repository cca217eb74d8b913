import CLMat

/// An elementwise activation.
public enum Activation: UnaryLayer, Hashable {
    /// max(0, x)
    case relu
    /// tanh x
    case tanh
    /// 1 / (1 + e⁻ˣ)
    case logistic
    /// Leaky ReLU, ELU, GELU, SiLU, hard sigmoid and others.
    case function(ActivationFunction)

    public var summary: String {
        if case .function(let function) = self { "\(function)" } else { "\(self)" }
    }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape { input }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { output }

    public func forward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        LayerOutput(try applied(to: x))
    }

    public func inputGradient(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> Matrix {
        try backward(gradient, input: pass.input, output: pass.output)
    }

    /// Of each number.
    func applied(to x: Matrix) throws(CLMatError) -> Matrix {
        switch self {
        case .relu: try x.relu()
        case .tanh: try x.tanh()
        case .logistic: try x.logistic()
        case .function(let function): try x.activated(function)
        }
    }

    /// ∂L/∂x from ∂L/∂y, x and y.
    func backward(_ gradient: Matrix, input x: Matrix, output y: Matrix) throws(CLMatError) -> Matrix {
        switch self {
        case .relu: try gradient.reluBackward(output: y)
        case .tanh: try gradient.tanhBackward(output: y)
        case .logistic: try gradient.logisticBackward(output: y)
        case .function(let function): try gradient.activationGradient(function, input: x)
        }
    }
}

/// x where it is positive, else slope·x, with a slope that is learned for each channel.
///
/// - Source: K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV 2015, section 2.1.
public struct ParametricReLU: Layer {
    /// What the slopes begin with.
    public let slope: Float

    /// Slopes that begin with a quarter.
    public init(slope: Float = 0.25) { self.slope = slope }

    public var summary: String { "max(0, x) + slope min(0, x), by channel" }

    public func output(for inputs: [ImageShape], named name: String) throws(CLMatError) -> ImageShape { inputs[0] }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { output }

    public func parameters(for inputs: [ImageShape]) -> [ParameterDescription] {
        [ParameterDescription("slopes", Shape(1, inputs[0].channels), .constant(slope))]
    }

    public func forward(_ inputs: [Matrix], _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        LayerOutput(try inputs[0].prelu(slopes: call.parameters[0], call.shape))
    }

    public func backward(
        _ gradient: Matrix, _ pass: LayerPass, _ needs: GradientNeeds
    ) throws(CLMatError) -> LayerGradients {
        let (input, slopes) = try gradient.preluGradient(
            input: pass.input, slopes: pass.parameters[0], pass.shape)
        return LayerGradients(inputs: [input], parameters: [slopes])
    }
}
