import CLMat
import Exploration

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
    /// μ, the share of the last step that is kept.
    public var momentum: Float
    private let momentumControl: Control
    private var meanSquares: [[Matrix]] = []
    private var velocities: [[Matrix]] = []

    /// PyTorch's defaults, but for the momentum, which PyTorch has 0.
    public init(
        alpha: Float = 0.99, epsilon: Float = 1e-8, form: Matrix.RMSPropForm = .pyTorch, momentum: Float = 0.9
    ) {
        (self.alpha, self.epsilon, self.form) = (alpha, epsilon, form)
        (self.momentum, momentumControl) = (momentum, OptimiserControls.momentum(initially: momentum))
    }

    public var controls: [Control] { [momentumControl] }

    public mutating func follow(_ settings: Settings) throws(CLMatError) {
        momentum = Float(try settings[momentumControl])
    }

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("mean-squares", &meanSquares)
        try archive.keep("velocities", &velocities)
    }

    public mutating func update(
        _ parameters: inout [[Matrix]], _ gradients: [[Matrix]], rate: Float
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
