extension Kernel {
    static let channelMomentsParts = Kernel("channel_moments_parts", in: .channels)
    static let batchNormStatistics = Kernel("batch_norm_statistics", in: .channels)
    static let batchNormForward = Kernel("batch_norm_forward", in: .channels)
    static let batchNormSumsParts = Kernel("batch_norm_sums_parts", in: .channels)
    static let batchNormGradients = Kernel("batch_norm_gradients", in: .channels)
    static let batchNormBackward = Kernel("batch_norm_backward", in: .channels)
    /// Given statistics as a scale and a shift per channel.
    static let batchNormFolded = Kernel("batch_norm_folded", in: .channels)
}

/// Batch normalisation of images by channel: y = scale·(x − mean)/√(variance + ε) + shift. While a network learns, mean and variance are those
/// of the minibatch; afterwards they are running means, from a 2 × C matrix of all channels' means and variances.
///
/// ```swift
/// let device = try Device.default
/// let normalisation = try BatchNormalisation(image: ImageShape(channels: 2, height: 1, width: 2))
/// let x = try Matrix([1, 3, 10, 30, 5, 7, 50, 70], 2, 4, on: device)
/// let (scale, shift) = try (Matrix([1, 1], 1, 2, on: device), Matrix([0, 0], 1, 2, on: device))
/// var running = try normalisation.initialStatistics(on: device)
///
/// let (y, batch) = try x.batchNormalised(normalisation, scale: scale, shift: shift)
/// try running.lerp(to: batch.statistics, weight: 0.1)
/// print(try y.values)
/// ```
///
/// - Source: Ioffe, Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift", ICML 2015,
///   algorithms 1 and 2.
public struct BatchNormalisation: Sendable, Equatable {
    /// C × H × W, the shape of an image; C × 1 × 1 for vectors of C numbers.
    public let image: ImageShape
    /// ε, which is added to variances.
    public let epsilon: Float

    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if an image has no pixels or does not fit a row, or ε is not above 0.
    public init(image: ImageShape, epsilon: Float = 1e-5) throws(CLMatError) {
        guard image.fitsARow, epsilon > 0, epsilon.isFinite else {
            throw .invalidArgument(
                operation: "BatchNormalisation",
                problem: "An image of \(image) must have pixels and fit a row, and ε, \(epsilon), be above 0.")
        }
        (self.image, self.epsilon) = (image, epsilon)
    }

    /// 2 × C: means of 0 and variances of 1, which running statistics begin with.
    public func initialStatistics(on device: Device) throws(CLMatError) -> Matrix {
        let means = [Float](repeating: 0, count: image.channels)
        let variances = [Float](repeating: 1, count: image.channels)
        return try Matrix(means + variances, 2, image.channels, on: device)
    }

    /// The normalisation by given statistics as one scale and one shift per channel, for ``Matrix/channelsScaled(by:plus:_:)``; also to make it
    /// part of the convolution before.
    ///
    /// - Shapes: 1 × C each, with statistics 2 × C.
    public func folded(
        scale: Matrix, shift: Matrix, statistics: Matrix
    ) throws(CLMatError) -> (scale: Matrix, shift: Matrix) {
        let folded = try fold(scale, shift, statistics, "folded")
        return (folded.scale, folded.shift)
    }

    /// Also mean and inverse deviation as the backward pass has them.
    fileprivate func fold(
        _ scale: Matrix, _ shift: Matrix, _ statistics: Matrix, _ operation: String
    ) throws(CLMatError) -> (scale: Matrix, shift: Matrix, saved: Matrix) {
        try statistics.requireChannels(scale, image, operation)
        try statistics.requireChannels(shift, image, operation)
        try statistics.requireChannels(statistics, image, rows: 2, operation)
        let (device, channels) = (statistics.device, image.channels)
        let a = try Matrix(uninitialised: Shape(1, channels), on: device)
        let b = try Matrix(uninitialised: Shape(1, channels), on: device)
        let saved = try Matrix(uninitialised: Shape(3, channels), on: device)
        try device.launch(
            .batchNormFolded,
            [
                .int(channels), .float(epsilon), statistics.argument, scale.argument, shift.argument, a.argument,
                b.argument, saved.argument,
            ], over: .elements(channels, bytes: 36, operations: 6))
        return (a, b, saved)
    }
}

/// Mean and variance of a minibatch, by channel.
public struct BatchStatistics: Sendable {
    /// 2 × C: the means, and the unbiased variances Σ(x − mean)²/(n − 1), n = N·H·W. Running statistics move towards them:
    /// `running.lerp(to: batch.statistics, weight: 0.1)` is PyTorch's `momentum` of 0.1, new = (1 − momentum)·old + momentum·batch; ONNX calls
    /// the same 0.9. The normalisation of the minibatch itself divides by n.
    public let statistics: Matrix
    /// 3 × C: the means' nearest floats, what these lack, and 1/√(variance + ε), for the backward pass.
    let saved: Matrix
}

extension Matrix {
    /// Images normalised by mean and variance of their channels over the whole minibatch.
    ///
    /// - Shapes: N × C·H·W with scale and shift 1 × C.
    /// - Accuracy: parts of 4096 numbers at most are summed up around their own means, so that numbers far from 0 lose nothing: y is within some
    ///   10ε·(|y| + |scale| + |shift|) of the definition for means of 10⁴ deviations too, ε = 2⁻²³.
    /// - Cost: two passes over x.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``, or ``CLMatError/invalidArgument(operation:problem:)`` for a minibatch
    ///   with fewer than two numbers per channel, whose variance is not defined.
    public func batchNormalised(
        _ normalisation: BatchNormalisation, scale: Matrix, shift: Matrix
    ) throws(CLMatError) -> (output: Matrix, batch: BatchStatistics) {
        let (image, operation) = (normalisation.image, "batchNormalised")
        try requireImages(image, operation)
        try requireChannels(scale, image, operation)
        try requireChannels(shift, image, operation)
        let numbers = rows * image.area
        guard numbers > 1 else {
            throw .invalidArgument(
                operation: operation,
                problem: """
                    A variance needs two numbers per channel; \(rows) images of \(image) have \(numbers). Learn from more images at once, or \
                    give statistics.
                    """)
        }
        let parts = ChannelParts(rows, image)
        let partials = try Matrix(uninitialised: Shape(parts.count, 3 * image.channels), on: device)
        let saved = try Matrix(uninitialised: Shape(3, image.channels), on: device)
        let statistics = try Matrix(uninitialised: Shape(2, image.channels), on: device)
        let output = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            .channelMomentsParts, parts.sizes + [argument, partials.argument], over: parts.work(bytes: 4, operations: 5)
        )
        try device.launch(
            .batchNormStatistics,
            [
                .int(image.channels), .int(parts.count), .int(parts.length), .int(numbers),
                .float(normalisation.epsilon), partials.argument, saved.argument, statistics.argument,
            ], over: .groups(image.channels, bytes: 12 * parts.count + 20, operations: 12 * parts.count))
        try launchByPlane(.batchNormForward, image, [self, saved, scale, shift, output], bytes: 8, operations: 4)
        return (output, BatchStatistics(statistics: statistics, saved: saved))
    }

    /// Images normalised by given means and variances: one multiplication and addition per number.
    ///
    /// - Shapes: N × C·H·W with scale and shift 1 × C, statistics 2 × C.
    /// - Accuracy: within 3ε·(|a·x| + |b|) of a·x + b, a = scale/√(variance + ε) and b = shift − a·mean.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func batchNormalised(
        _ normalisation: BatchNormalisation, scale: Matrix, shift: Matrix, statistics: Matrix
    ) throws(CLMatError) -> Matrix {
        try requireImages(normalisation.image, "batchNormalised")
        try requireSameDevice(device, statistics.device, "batchNormalised")
        let folded = try normalisation.fold(scale, shift, statistics, "batchNormalised")
        return try channelsScaled(by: folded.scale, plus: folded.shift, normalisation.image)
    }

    /// ∂L/∂x, ∂L/∂scale and ∂L/∂shift from ∂L/∂y (self), for y = x.batchNormalised(_:scale:shift:): also through mean and variance, which
    /// depend on all of x.
    ///
    /// - Shapes: N × C·H·W, 1 × C and 1 × C.
    /// - Cost: two passes over self and x.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func batchNormalisationGradient(
        _ normalisation: BatchNormalisation, input x: Matrix, scale: Matrix, batch: BatchStatistics
    ) throws(CLMatError) -> (input: Matrix, scale: Matrix, shift: Matrix) {
        let sums = try batchNormalisationSums(normalisation, x, scale, batch.saved)
        let result = try Matrix(uninitialised: shape, on: device)
        try launchByPlane(
            .batchNormBackward, normalisation.image, [self, x, batch.saved, sums.factors, result], bytes: 12,
            operations: 6)
        return (result, sums.scale, sums.shift)
    }

    /// The same for y = x.batchNormalised(_:scale:shift:statistics:), whose statistics do not depend on x.
    ///
    /// - Cost: one pass over self and x, and one over self.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func batchNormalisationGradient(
        _ normalisation: BatchNormalisation, input x: Matrix, scale: Matrix, statistics: Matrix
    ) throws(CLMatError) -> (input: Matrix, scale: Matrix, shift: Matrix) {
        try requireSameDevice(device, statistics.device, "batchNormalisationGradient")
        let zeros = try Matrix(zeros: Shape(1, normalisation.image.channels), on: device)
        let folded = try normalisation.fold(scale, zeros, statistics, "batchNormalisationGradient")
        let sums = try batchNormalisationSums(normalisation, x, scale, folded.saved)
        return (try channelsScaled(by: folded.scale, plus: zeros, normalisation.image), sums.scale, sums.shift)
    }

    /// The gradients of scale and shift, and three factors per channel for that of x.
    private func batchNormalisationSums(
        _ normalisation: BatchNormalisation, _ x: Matrix, _ scale: Matrix, _ saved: Matrix
    ) throws(CLMatError) -> (scale: Matrix, shift: Matrix, factors: Matrix) {
        let (image, operation) = (normalisation.image, "batchNormalisationGradient")
        try requireSameShape(self, x, operation)
        try requireImages(image, operation)
        try requireChannels(scale, image, operation)
        try requireChannels(saved, image, rows: 3, operation)
        let parts = ChannelParts(rows, image)
        let partials = try Matrix(uninitialised: Shape(parts.count, 2 * image.channels), on: device)
        let ofScale = try Matrix(uninitialised: Shape(1, image.channels), on: device)
        let ofShift = try Matrix(uninitialised: Shape(1, image.channels), on: device)
        let factors = try Matrix(uninitialised: Shape(3, image.channels), on: device)
        try device.launch(
            .batchNormSumsParts, parts.sizes + [argument, x.argument, saved.argument, partials.argument],
            over: parts.work(bytes: 8, operations: 5))
        try device.launch(
            .batchNormGradients,
            [
                .int(image.channels), .int(parts.count), .int(rows * image.area), partials.argument, saved.argument,
                scale.argument, ofScale.argument, ofShift.argument, factors.argument,
            ], over: .groups(image.channels, bytes: 8 * parts.count + 36, operations: 2 * parts.count))
        return (ofScale, ofShift, factors)
    }
}
