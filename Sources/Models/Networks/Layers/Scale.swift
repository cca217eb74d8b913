import CLMat

/// y = scale·x + shift: brings images from units of full scale to what the network was trained on.
public struct Scale: UnaryLayer {
    /// The factor.
    public let scale: Float
    /// What is added.
    public let shift: Float

    /// Multiplies by `scale`, then adds `shift`.
    public init(by scale: Float = 1, plus shift: Float = 0) { (self.scale, self.shift) = (scale, shift) }

    public var summary: String { scale == 1 && shift == 0 ? "the images" : "\(scale) x + \(shift)" }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape { input }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { output }

    public func forward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        LayerOutput(scale == 1 && shift == 0 ? x : try x.scaled(by: scale, plus: shift))
    }

    public func inputGradient(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> Matrix {
        scale == 1 ? gradient : try gradient.scaled(by: scale)
    }
}

/// y = (x − mean)/deviation, with a mean and a deviation for each channel: brings images from units of full scale to what the network was
/// trained on.
public struct Standardisation: UnaryLayer {
    /// By channel.
    public let means: [Float]
    /// By channel.
    public let deviations: [Float]

    /// Subtracts the means, then divides by the deviations.
    public init(means: [Float], deviations: [Float]) { (self.means, self.deviations) = (means, deviations) }

    public var summary: String { "(x − mean) / deviation, by channel" }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape {
        guard means.count == input.channels, deviations.count == input.channels else {
            throw .layerMismatch(
                layer: name, input: input,
                problem:
                    "There are \(means.count) means and \(deviations.count) deviations, but not one for each channel.")
        }
        guard deviations.allSatisfy({ $0 != 0 && $0.isFinite }), means.allSatisfy(\.isFinite) else {
            throw .layerMismatch(
                layer: name, input: input, problem: "A mean or deviation is not finite, or a deviation 0.")
        }
        return input
    }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { output }

    private func rows(_ device: Device) throws(CLMatError) -> (scale: Matrix, shift: Matrix) {
        (
            try Matrix(constantRow: deviations.map { 1 / $0 }, on: device),
            try Matrix(constantRow: zip(means, deviations).map { -$0 / $1 }, on: device)
        )
    }

    public func forward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        let (scale, shift) = try rows(x.device)
        return LayerOutput(try x.channelsScaled(by: scale, plus: shift, call.shape))
    }

    public func inputGradient(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> Matrix {
        let none = try Matrix(constantRow: [Float](repeating: 0, count: means.count), on: gradient.device)
        return try gradient.channelsScaled(by: rows(gradient.device).scale, plus: none, pass.shape)
    }
}
