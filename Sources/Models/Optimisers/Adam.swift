import CLMat
import Exploration

/// Adam: m ← β₁m + (1 − β₁)g, s ← β₂s + (1 − β₂)g², w ← w − η·m̂/(√ŝ + ε), where m̂ and ŝ are m and s without their bias towards
/// the zeros that they begin with. AdamW, if ``decay`` is above 0: w is multiplied by 1 − ηλ first.
///
/// - Source: D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; I. Loshchilov, F. Hutter,
///   "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
public struct Adam: Optimiser {
    /// β₁, the share of the mean gradient that is kept.
    public var beta1: Float
    /// β₂, the share of the mean square that is kept.
    public var beta2: Float
    /// ε, which keeps the divisor from 0.
    public let epsilon: Float
    /// λ of AdamW.
    public var decay: Float
    private let own: (beta1: Control, beta2: Control, decay: Control?)
    private var step = 0
    private var means: [[Matrix]] = []
    private var meanSquares: [[Matrix]] = []

    /// The paper's defaults.
    public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8) {
        self.init(beta1: beta1, beta2: beta2, epsilon: epsilon, decay: nil)
    }

    /// AdamW, whose decay has a control; PyTorch's defaults.
    public static func decoupled(
        beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, decay: Float = 0.01
    ) -> Adam {
        Adam(beta1: beta1, beta2: beta2, epsilon: epsilon, decay: decay)
    }

    private init(beta1: Float, beta2: Float, epsilon: Float, decay: Float?) {
        (self.beta1, self.beta2, self.epsilon, self.decay) = (beta1, beta2, epsilon, decay ?? 0)
        own = (
            OptimiserControls.firstMoment(initially: beta1), OptimiserControls.secondMoment(initially: beta2),
            decay.map { OptimiserControls.decay(initially: $0) }
        )
    }

    public var controls: [Control] { [own.beta1, own.beta2] + (own.decay.map { [$0] } ?? []) }

    public mutating func follow(_ settings: Settings) throws(CLMatError) {
        (beta1, beta2) = (Float(try settings[own.beta1]), Float(try settings[own.beta2]))
        if let control = own.decay { decay = Float(try settings[control]) }
    }

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("step", &step)
        guard (0...1 << 48).contains(step) else { throw archive.damaged("step", "no run makes \(step) steps") }
        try archive.keep("means", &means)
        try archive.keep("mean-squares", &meanSquares)
    }

    public mutating func update(
        _ parameters: inout [[Matrix]], _ gradients: [[Matrix]], rate: Float
    ) throws(CLMatError) {
        if means.isEmpty {
            means = try zeros(like: parameters)
            meanSquares = try zeros(like: parameters)
        }
        try requireLayout(of: parameters, means, meanSquares)
        try Matrix.adamStep(
            &parameters, gradients, means: &means, meanSquares: &meanSquares, step: step + 1, rate: rate, beta1: beta1,
            beta2: beta2, epsilon: epsilon, decay: decay)
        step += 1
    }
}
