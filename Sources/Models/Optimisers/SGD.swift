import CLMat
import Exploration

/// Gradient descent with momentum: v ← μv + g, w ← w − ηv.
public struct SGD: Optimiser {
    /// μ, the share of the last step that is kept.
    public var momentum: Float
    private let momentumControl: Control
    private var velocities: [[Matrix]] = []

    /// One that remembers no step.
    public init(momentum: Float = 0.9) {
        (self.momentum, momentumControl) = (momentum, OptimiserControls.momentum(initially: momentum))
    }

    public var controls: [Control] { [momentumControl] }

    public mutating func follow(_ settings: Settings) throws(CLMatError) {
        momentum = Float(try settings[momentumControl])
    }

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("velocities", &velocities)
    }

    public mutating func update(
        _ parameters: inout [[Matrix]], _ gradients: [[Matrix]], rate: Float
    ) throws(CLMatError) {
        if velocities.isEmpty { velocities = try zeros(like: parameters) }
        try requireLayout(of: parameters, velocities)
        try Matrix.sgdStep(&parameters, gradients, velocities: &velocities, rate: rate, momentum: momentum)
    }
}
