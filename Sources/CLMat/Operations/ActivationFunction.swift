extension KernelFamily {
    static let activation = KernelFamily("activation")
}

/// The kernels of one function: y from (n, constant, x), and ∂L/∂x from (n, constant, ∂L/∂y, x).
struct ActivationKernels: Sendable {
    let forward: Kernel
    let backward: Kernel

    private init(_ name: String) {
        forward = Kernel("activation_\(name)", in: .activation)
        backward = Kernel("activation_\(name)_backward", in: .activation)
    }

    static let leakyReLU = ActivationKernels("leaky_relu")
    static let elu = ActivationKernels("elu")
    static let gelu = ActivationKernels("gelu")
    static let geluTanh = ActivationKernels("gelu_tanh")
    static let silu = ActivationKernels("silu")
    static let hardSigmoid = ActivationKernels("hard_sigmoid")
    static let hardSwish = ActivationKernels("hard_swish")
    static let softplus = ActivationKernels("softplus")
}

/// A function of each number, between the layers of a network, that is known by x alone; see also ``Matrix/relu()``, ``Matrix/tanh()`` and
/// ``Matrix/logistic()``, whose backward passes take y, and ``Matrix/prelu(slopes:_:)``.
///
/// - Accuracy: y is within 2ε·|x| of the definition, ε = 2⁻²³, that of ELU and softplus within 2ε·|y|, hard sigmoid within ε; slopes are
///   within 2ε, those of ELU times α. ±∞ gives the limits, NaN gives NaN.
public enum ActivationFunction: Sendable, Hashable {
    /// x where x > 0, else slope·x; PyTorch has 0.01.
    ///
    /// - Source: Maas, Hannun, Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013, equation 2.
    case leakyReLU(slope: Float = 0.01)
    /// x where x > 0, else α(eˣ − 1).
    ///
    /// - Source: Clevert, Unterthiner, Hochreiter, "Fast and accurate deep network learning by exponential linear units (ELUs)", ICLR 2016,
    ///   equation 15.
    case elu(alpha: Float = 1)
    /// x·Φ(x), Φ the distribution function of the standard normal: ½x(1 + erf(x/√2)).
    ///
    /// - Source: Hendrycks, Gimpel, "Gaussian error linear units (GELUs)", arXiv:1606.08415, section 2.
    case gelu
    /// ½x(1 + tanh(√(2/π)(x + 0.044715x³))), an approximation of ``gelu`` with which some networks learned.
    ///
    /// - Source: as ``gelu``.
    case geluTanh
    /// x / (1 + e⁻ˣ), also called swish.
    ///
    /// - Source: Elfwing, Uchibe, Doya, "Sigmoid-weighted linear units for neural network function approximation in reinforcement learning",
    ///   Neural Networks 107, 2018, equation 10; Ramachandran, Zoph, Le, "Searching for activation functions", arXiv:1710.05941.
    case silu
    /// min(max(x + 3, 0), 6) / 6, PyTorch's `Hardsigmoid`. ONNX's `HardSigmoid` has another slope by default, 0.2.
    ///
    /// - Source: Howard et al., "Searching for MobileNetV3", ICCV 2019, section 5.2.
    case hardSigmoid
    /// x·min(max(x + 3, 0), 6) / 6.
    ///
    /// - Source: as ``hardSigmoid``.
    case hardSwish
    /// ln(1 + eˣ).
    ///
    /// - Source: Dugas, Bengio, Bélisle, Nadeau, Garcia, "Incorporating second-order functional knowledge for better option pricing", NIPS 2000,
    ///   section 3.
    case softplus

    fileprivate var kernels: ActivationKernels {
        switch self {
        case .leakyReLU: .leakyReLU
        case .elu: .elu
        case .gelu: .gelu
        case .geluTanh: .geluTanh
        case .silu: .silu
        case .hardSigmoid: .hardSigmoid
        case .hardSwish: .hardSwish
        case .softplus: .softplus
        }
    }

    /// What the formula calls c, where it has one.
    fileprivate var constant: Argument {
        switch self {
        case .leakyReLU(let slope): .float(slope)
        case .elu(let alpha): .float(alpha)
        default: .float(0)
        }
    }

    /// Roughly, of one number: an exponential is some 16 operations.
    fileprivate var operations: Int {
        switch self {
        case .leakyReLU, .hardSigmoid, .hardSwish: 5
        case .elu, .silu, .geluTanh: 30
        case .gelu, .softplus: 50
        }
    }
}

extension Matrix {
    /// f(x) of each element.
    public func activated(_ function: ActivationFunction) throws(CLMatError) -> Matrix {
        let result = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            function.kernels.forward, [.int(count), function.constant, argument, result.argument],
            over: .elements(count, bytes: 8, operations: function.operations))
        return result
    }

    /// ∂L/∂x from ∂L/∂y (self), for y = f(x): self · f′(x). Where f has a corner, f′ is what PyTorch has there: the slope on the left,
    /// but 0 and 1 of hard swish, and 0 of hard sigmoid, outside −3 < x < 3.
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func activationGradient(_ function: ActivationFunction, input x: Matrix) throws(CLMatError) -> Matrix {
        try requireSameShape(self, x, "activationGradient")
        let result = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            function.kernels.backward, [.int(count), function.constant, argument, x.argument, result.argument],
            over: .elements(count, bytes: 12, operations: function.operations))
        return result
    }
}
