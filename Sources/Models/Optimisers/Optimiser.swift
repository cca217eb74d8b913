import CLMat
import Exploration

/// A rule that changes parameters by their gradients, with what it remembers of earlier ones.
public protocol Optimiser: Sendable {
    /// One step. Parameters and gradients have the same layout: by layer, then by parameter.
    mutating func update(
        _ parameters: inout [[Matrix]], _ gradients: [[Matrix]], rate: Float, momentum: Float
    ) throws(CLMatError)
    /// Hands over what it remembers.
    mutating func archive(_ archive: Archive) throws(CLMatError)
}

/// Gradient descent with momentum: v ← μv + g, w ← w − ηv.
public struct SGD: Optimiser {
    private var velocities: [[Matrix]] = []

    /// One that remembers no step.
    public init() {}

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("velocities", &velocities)
    }

    public mutating func update(
        _ parameters: inout [[Matrix]], _ gradients: [[Matrix]], rate: Float, momentum: Float
    ) throws(CLMatError) {
        if velocities.isEmpty { velocities = try zeros(like: parameters) }
        try requireLayout(of: parameters, velocities)
        try Matrix.sgdStep(&parameters, gradients, velocities: &velocities, rate: rate, momentum: momentum)
    }
}

/// RMSProp with momentum: s ← αs + (1 − α)g², v ← μv + g/(√s + ε), w ← w − ηv. The mean square starts from 0.
///
/// - Source: Hinton, lecture 6e of "Neural networks for machine learning", 2012; defaults and form of PyTorch, or
///   TensorFlow's form (ε under the root, the learning rate in the velocity).
public struct RMSProp: Optimiser {
    /// α, the share of the mean square that is kept.
    public let alpha: Float
    /// ε, which keeps the divisor from 0.
    public let epsilon: Float
    /// Where ε and the learning rate stand.
    public let form: Matrix.RMSPropForm
    private var meanSquares: [[Matrix]] = []
    private var velocities: [[Matrix]] = []

    /// PyTorch's defaults.
    public init(alpha: Float = 0.99, epsilon: Float = 1e-8, form: Matrix.RMSPropForm = .pyTorch) {
        (self.alpha, self.epsilon, self.form) = (alpha, epsilon, form)
    }

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("mean-squares", &meanSquares)
        try archive.keep("velocities", &velocities)
    }

    public mutating func update(
        _ parameters: inout [[Matrix]], _ gradients: [[Matrix]], rate: Float, momentum: Float
    ) throws(CLMatError) {
        if velocities.isEmpty {
            meanSquares = try zeros(like: parameters)
            velocities = try zeros(like: parameters)
        }
        try requireLayout(of: parameters, meanSquares, velocities)
        try Matrix.rmsPropStep(
            &parameters, gradients, meanSquares: &meanSquares, velocities: &velocities, rate: rate, momentum: momentum,
            alpha: alpha, epsilon: epsilon, form: form)
    }
}

/// What is remembered of parameters has one matrix for each, of its shape. A damaged checkpoint can bring others.
///
/// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)``.
func requireLayout(of parameters: [[Matrix]], _ remembered: [[Matrix]]...) throws(CLMatError) {
    for own in remembered {
        let fits = own.elementsEqual(parameters) { $0.elementsEqual($1) { $0.shape == $1.shape } }
        guard fits else {
            throw .dataMismatch(
                "What training remembers of earlier steps does not fit the network's parameters. Is the checkpoint damaged?"
            )
        }
    }
}

/// Zeros in the shapes of parameters: what a rule remembers at first.
func zeros(like parameters: [[Matrix]]) throws(CLMatError) -> [[Matrix]] {
    var result: [[Matrix]] = []
    for layer in parameters {
        var own: [Matrix] = []
        for parameter in layer { own.append(try Matrix(zeros: parameter.shape, on: parameter.device)) }
        result.append(own)
    }
    return result
}
