extension KernelFamily {
    static let response = KernelFamily("response")
}

extension Kernel {
    static let responseForward = Kernel("response_forward", in: .response)
    static let responseBackward = Kernel("response_backward", in: .response)
}

/// Local response normalisation across the channels of images: y = x·d^(−β), d = k + α/size·Σ x² over `size` channels around x's own, from
/// size/2 before it to (size − 1)/2 behind it, where there are such channels.
///
/// - Source: Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012, section 3.3, where α is
///   PyTorch's α/size: their 10⁻⁴ is 5·10⁻⁴ here. Defaults, window and α/size are PyTorch's `LocalResponseNorm` and ONNX's `LRN`.
public struct ResponseNormalisation: Sendable, Equatable {
    /// C × H × W, the shape of an image.
    public let image: ImageShape
    /// Channels of a sum.
    public let size: Int
    /// k, above 0.
    public let k: Float
    /// α, not negative.
    public let alpha: Float
    /// β, the power.
    public let beta: Float

    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if an image has no pixels or does not fit a row, the size is not in 1...4096,
    ///   k not above 0, α negative, or one of them not finite.
    public init(
        image: ImageShape, size: Int, k: Float = 1, alpha: Float = 1e-4, beta: Float = 0.75
    ) throws(CLMatError) {
        guard image.fitsARow, 1...4096 ~= size, k > 0, alpha >= 0, [k, alpha, beta].allSatisfy(\.isFinite) else {
            throw .invalidArgument(
                operation: "ResponseNormalisation",
                problem: """
                    An image of \(image) must have pixels and fit a row, the size (\(size)) lie in 1...4096, k (\(k)) be above 0, α (\(alpha)) \
                    not negative, and β (\(beta)) a number.
                    """)
        }
        (self.image, self.size, self.k, self.alpha, self.beta) = (image, size, k, alpha, beta)
    }

    /// α/size.
    fileprivate var share: Float { alpha / Float(size) }

    fileprivate func sizes(_ images: Int) -> [Argument] {
        [.int(images * image.channels), .int(image.channels), .int(image.area), .int(size)]
    }

    /// Neighbours are read from a cache.
    fileprivate func work(_ images: Int, bytes: Int) -> WorkSize {
        WorkSize(
            items: images * image.channels, workItems: image.area, bytesPerItem: bytes * image.area,
            operationsPerItem: (40 + 3 * size) * image.area)
    }
}

extension Matrix {
    /// Images normalised across channels, and the denominators d, which the backward pass needs.
    ///
    /// - Shapes: N × C·H·W, as are both results.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func responseNormalised(
        _ normalisation: ResponseNormalisation
    ) throws(CLMatError) -> (output: Matrix, denominators: Matrix) {
        try requireImages(normalisation.image, "responseNormalised")
        let output = try Matrix(uninitialised: shape, on: device)
        let denominators = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            .responseForward,
            normalisation.sizes(rows) + [
                .float(normalisation.k), .float(normalisation.share), .float(normalisation.beta), argument,
                output.argument, denominators.argument,
            ], over: normalisation.work(rows, bytes: 12))
        return (output, denominators)
    }

    /// ∂L/∂x from ∂L/∂y (self), for y, d = x.responseNormalised(_:).
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func responseNormalisationGradient(
        _ normalisation: ResponseNormalisation, input x: Matrix, output y: Matrix, denominators: Matrix
    ) throws(CLMatError) -> Matrix {
        try requireImages(normalisation.image, "responseNormalisationGradient")
        for operand in [x, y, denominators] { try requireSameShape(self, operand, "responseNormalisationGradient") }
        let result = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            .responseBackward,
            normalisation.sizes(rows) + [
                .float(normalisation.share), .float(normalisation.beta), argument, x.argument, y.argument,
                denominators.argument, result.argument,
            ], over: normalisation.work(rows, bytes: 20))
        return result
    }
}
