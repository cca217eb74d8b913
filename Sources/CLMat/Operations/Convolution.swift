import CLMatKernels

/// The geometry of a 2-D convolution (cross-correlation, as networks use the word): filters over images with padding
/// of zeros and a stride.
///
/// - Shapes: images N × C·H·W, weights F × C·kh·kw, biases 1 × F, output N × F·oh·ow with
///   oh = (H + 2·padding − kh) / stride + 1, ow likewise.
public struct Convolution: Sendable, Equatable {
    /// C × H × W, the shape of an image.
    public let input: ImageShape
    /// F, the number of filters, which are the channels of the output.
    public let filters: Int
    /// kh, rows of a filter.
    public let kernelHeight: Int
    /// kw, columns of a filter.
    public let kernelWidth: Int
    /// Pixels from one place of the filter to the next, down and across.
    public let stride: Int
    /// Zeros around the image, on each side.
    public let padding: Int

    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if a size is not positive or the kernel is larger
    ///   than the padded image.
    public init(
        input: ImageShape, filters: Int, kernelHeight: Int, kernelWidth: Int, stride: Int = 1, padding: Int = 0
    ) throws(CLMatError) {
        (self.input, self.filters, self.stride, self.padding) = (input, filters, stride, padding)
        (self.kernelHeight, self.kernelWidth) = (kernelHeight, kernelWidth)
        // Kernels count with 32 bits; a quarter of that leaves room for an image with padding on both sides.
        let limit = Int(Int32.max) / 4
        guard input.fitsARow, [filters, kernelHeight, kernelWidth, stride].allSatisfy({ 1...limit ~= $0 }),
            0...limit ~= padding
        else {
            throw .invalidArgument(
                operation: "Convolution",
                problem: "Sizes and stride must be positive, the padding not negative, and an image must fit a row.")
        }
        guard kernelHeight <= input.height + 2 * padding, kernelWidth <= input.width + 2 * padding else {
            throw .invalidArgument(
                operation: "Convolution",
                problem:
                    "A kernel of \(kernelHeight) × \(kernelWidth) is larger than the image, \(input) with padding \(padding)."
            )
        }
        let patch = ImageShape(channels: input.channels, height: kernelHeight, width: kernelWidth)
        guard output.fitsARow, patch.fitsARow else {
            throw .invalidArgument(operation: "Convolution", problem: "The output or a filter does not fit a row.")
        }
    }

    /// F × oh × ow, the shape of an output image.
    public var output: ImageShape {
        ImageShape(
            channels: filters, height: (input.height + 2 * padding - kernelHeight) / stride + 1,
            width: (input.width + 2 * padding - kernelWidth) / stride + 1)
    }

    /// Numbers in one patch, and so weights of one filter: C·kh·kw.
    public var patchSize: Int { input.channels * kernelHeight * kernelWidth }

    var cStruct: clmat_convolution {
        clmat_convolution(
            channels: Int32(input.channels), height: Int32(input.height), width: Int32(input.width),
            filters: Int32(filters), kh: Int32(kernelHeight), kw: Int32(kernelWidth), stride: Int32(stride),
            padding: Int32(padding), oh: Int32(output.height), ow: Int32(output.width))
    }
}

/// One whole convolution for a backend to do.
public struct ConvolutionTask: Sendable {
    /// Which of the three convolutions of a layer it is, with its buffers.
    public enum Direction: Sendable {
        /// Output from images: ``Matrix/convolved(_:biases:_:)``.
        case forward(images: Buffer, weights: Buffer, biases: Buffer, output: Buffer)
        /// ∂L/∂images from ∂L/∂output: ``Matrix/convolutionInputGradient(_:_:)``.
        case backwardToInput(gradient: Buffer, weights: Buffer, images: Buffer)
        /// ∂L/∂weights and ∂L/∂biases from ∂L/∂output: ``Matrix/convolutionWeightGradient(_:_:)``.
        case backwardToWeights(images: Buffer, gradient: Buffer, weights: Buffer, biases: Buffer)
    }
    /// Shapes, stride and padding.
    public let geometry: Convolution
    /// N, the number of images.
    public let images: Int
    /// What is computed from what.
    public let direction: Direction
}

extension Matrix {
    /// The convolution of images with filters, plus a bias for each filter.
    ///
    /// - Shapes: see ``Convolution``.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` naming the operand that does not fit.
    public func convolved(_ weights: Matrix, biases: Matrix, _ geometry: Convolution) throws(CLMatError) -> Matrix {
        try check(geometry.input, "convolved")
        try geometry.check(weights: weights, "convolved")
        guard biases.shape == Shape(1, geometry.filters) else {
            throw .shapeMismatch(
                operation: "convolved", left: biases.shape, right: Shape(1, geometry.filters),
                rule: "There must be one bias a filter.")
        }
        try requireSameDevice(device, weights.device, "convolved")
        try requireSameDevice(device, biases.device, "convolved")
        let output = try Matrix(uninitialised: Shape(rows, geometry.output.count), on: device)
        try convolve(
            geometry,
            .forward(images: buffer, weights: weights.buffer, biases: biases.buffer, output: output.buffer),
            "convolution_forward")
        return output
    }

    /// ∂L/∂images from ∂L/∂output (self).
    public func convolutionInputGradient(_ weights: Matrix, _ geometry: Convolution) throws(CLMatError) -> Matrix {
        try check(geometry.output, "convolutionInputGradient")
        try geometry.check(weights: weights, "convolutionInputGradient")
        try requireSameDevice(device, weights.device, "convolutionInputGradient")
        let images = try Matrix(uninitialised: Shape(rows, geometry.input.count), on: device)
        try convolve(
            geometry, .backwardToInput(gradient: buffer, weights: weights.buffer, images: images.buffer),
            "convolution_backward_input")
        return images
    }

    /// ∂L/∂weights and ∂L/∂biases from ∂L/∂output (self).
    public func convolutionWeightGradient(
        _ images: Matrix, _ geometry: Convolution
    ) throws(CLMatError) -> (weights: Matrix, biases: Matrix) {
        try check(geometry.output, "convolutionWeightGradient")
        try images.check(geometry.input, "convolutionWeightGradient")
        try requireSameDevice(device, images.device, "convolutionWeightGradient")
        guard images.rows == rows else {
            throw .shapeMismatch(
                operation: "convolutionWeightGradient", left: shape, right: images.shape,
                rule: "There must be one gradient per image.")
        }
        var weights = try Matrix(uninitialised: Shape(geometry.filters, geometry.patchSize), on: device)
        var biases = try Matrix(uninitialised: Shape(1, geometry.filters), on: device)
        if rows == 0 {
            try weights.fill(with: 0)
            try biases.fill(with: 0)
        } else {
            try convolve(
                geometry,
                .backwardToWeights(
                    images: images.buffer, gradient: buffer, weights: weights.buffer, biases: biases.buffer),
                "convolution_backward_weights")
        }
        return (weights, biases)
    }

    private func convolve(
        _ geometry: Convolution, _ direction: ConvolutionTask.Direction, _ name: String
    ) throws(CLMatError) {
        guard rows > 0 else { return }
        let task = ConvolutionTask(geometry: geometry, images: rows, direction: direction)
        let isDone = try device.noting(
            name, "\(rows) images of \(geometry.input)",
            LaunchCost(
                bytes: 4
                    * (rows * (geometry.input.count + geometry.output.count) + geometry.filters * geometry.patchSize),
                operations: 2 * rows * geometry.output.count * geometry.patchSize)
        ) { () throws(CLMatError) in try device.backend.convolve(task) }
        if !isDone { try device.convolveByIm2col(task) }
    }

    private func check(_ image: ImageShape, _ operation: String) throws(CLMatError) {
        guard columns == image.count else {
            throw .shapeMismatch(
                operation: operation, left: shape, right: Shape(rows, image.count),
                rule: "A row must hold an image of \(image).")
        }
    }
}

extension Convolution {
    fileprivate func check(weights: Matrix, _ operation: String) throws(CLMatError) {
        guard weights.shape == Shape(filters, patchSize) else {
            throw .shapeMismatch(
                operation: operation, left: weights.shape, right: Shape(filters, patchSize),
                rule: "Weights must be filters × channels·height·width of the kernel.")
        }
    }
}
