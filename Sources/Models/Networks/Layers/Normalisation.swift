import CLMat

/// Batch normalisation by channel: y = scale·(x − mean)/√(variance + ε) + shift. While the network learns, mean and variance are those of the
/// minibatch; else they are the running ones, which it follows by m ← (1 − momentum)m + momentum·(that of the minibatch). This is PyTorch's
/// convention, with the unbiased variance; ONNX calls 1 − momentum the momentum.
///
/// - Source: S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift", ICML
///   2015, algorithms 1 and 2.
public struct BatchNorm: Layer {
    /// The share of a minibatch in the running mean and variance.
    public let momentum: Float
    /// ε, which keeps the divisor from 0.
    public let epsilon: Float

    /// PyTorch's defaults.
    public init(momentum: Float = 0.1, epsilon: Float = 1e-5) { (self.momentum, self.epsilon) = (momentum, epsilon) }

    public var summary: String { "batch normalisation" }

    public func output(for inputs: [ImageShape], named name: String) throws(CLMatError) -> ImageShape {
        try fitting(name, inputs[0]) { () throws(CLMatError) in
            try BatchNormalisation(image: inputs[0], epsilon: epsilon).image
        }
    }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { output }

    public func parameters(for inputs: [ImageShape]) -> [ParameterDescription] {
        let row = Shape(1, inputs[0].channels)
        return [ParameterDescription("scale", row, .constant(1)), ParameterDescription("shift", row, .constant(0))]
    }

    /// Means, and below them variances.
    public func statistics(for inputs: [ImageShape]) -> [ParameterDescription] {
        [ParameterDescription("running statistics", Shape(2, inputs[0].channels), .rows([0, 1]))]
    }

    public func forward(_ inputs: [Matrix], _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        let normalisation = try BatchNormalisation(image: call.shape, epsilon: epsilon)
        let (scale, shift) = (call.parameters[0], call.parameters[1])
        guard call.purpose.isTraining else {
            return LayerOutput(
                try inputs[0].batchNormalised(
                    normalisation, scale: scale, shift: shift, statistics: call.statistics[0]))
        }
        let (y, batch) = try inputs[0].batchNormalised(normalisation, scale: scale, shift: shift)
        var running = call.statistics[0]
        try running.lerp(to: batch.statistics, weight: momentum)
        return LayerOutput(y, saved: .other(batch), statistics: [running])
    }

    public func backward(
        _ gradient: Matrix, _ pass: LayerPass, _ needs: GradientNeeds
    ) throws(CLMatError) -> LayerGradients {
        let normalisation = try BatchNormalisation(image: pass.shape, epsilon: epsilon)
        let (input, scale, shift): (Matrix, Matrix, Matrix)
        if case .other(let saved) = pass.saved, let batch = saved as? BatchStatistics {
            (input, scale, shift) = try gradient.batchNormalisationGradient(
                normalisation, input: pass.input, scale: pass.parameters[0], batch: batch)
        } else if needs == .inputs {
            // A scale and a shift for each channel: what LDAM goes back through.
            let statistics = pass.call.statistics[0]
            let none = try Matrix(zeros: pass.parameters[1].shape, on: gradient.device)
            let folded = try normalisation.folded(scale: pass.parameters[0], shift: none, statistics: statistics)
            return LayerGradients(
                inputs: [try gradient.channelsScaled(by: folded.scale, plus: none, pass.shape)])
        } else {
            (input, scale, shift) = try gradient.batchNormalisationGradient(
                normalisation, input: pass.input, scale: pass.parameters[0], statistics: pass.call.statistics[0])
        }
        return LayerGradients(inputs: [input], parameters: [scale, shift])
    }
}

/// Local response normalisation across neighbouring channels.
///
/// - Source: A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012, section
///   3.3; the definition is PyTorch's.
public struct LocalResponseNorm: UnaryLayer {
    /// Channels of a sum.
    public let size: Int
    /// k
    public let k: Float
    /// α
    public let alpha: Float
    /// β
    public let beta: Float

    /// PyTorch's defaults.
    public init(size: Int, k: Float = 1, alpha: Float = 1e-4, beta: Float = 0.75) {
        (self.size, self.k, self.alpha, self.beta) = (size, k, alpha, beta)
    }

    public var summary: String { "response normalisation over \(size) channels" }

    private func normalisation(_ image: ImageShape) throws(CLMatError) -> ResponseNormalisation {
        try ResponseNormalisation(image: image, size: size, k: k, alpha: alpha, beta: beta)
    }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape {
        try fitting(name, input) { () throws(CLMatError) in try normalisation(input).image }
    }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { output }

    public func forward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        let (y, denominators) = try x.responseNormalised(normalisation(call.shape))
        return LayerOutput(y, saved: .matrices([denominators]))
    }

    public func inputGradient(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> Matrix {
        guard case .matrices(let saved) = pass.saved, let denominators = saved.first else { return gradient }
        return try gradient.responseNormalisationGradient(
            normalisation(pass.shape), input: pass.input, output: pass.output, denominators: denominators)
    }
}

/// While the network learns, each number is kept with a chance, and divided by it, or set to 0; else all stay as they are.
///
/// - Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014.
public struct DropoutLayer: UnaryLayer {
    /// The chance of a number to be set to 0.
    public let rate: Float

    /// - Parameter rate: the chance of a number to be set to 0, in 0..<1.
    public init(_ rate: Float) { self.rate = rate }

    public var summary: String { "dropout of \(rate)" }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape {
        guard (0..<1).contains(rate) else {
            throw .layerMismatch(layer: name, input: input, problem: "The chance of dropout is \(rate), not in 0..<1.")
        }
        return input
    }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { output }

    public func forward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        guard rate > 0, case .training(let key) = call.purpose else { return LayerOutput(x) }
        return LayerOutput(try Dropout(rate: rate, key: key).applied(to: x))
    }

    public func inputGradient(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> Matrix {
        guard rate > 0, case .training(let key) = pass.call.purpose else { return gradient }
        return try Dropout(rate: rate, key: key).applied(to: gradient)
    }
}
