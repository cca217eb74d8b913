import CLMatKernels

/// The geometry of a 2-D convolution (cross-correlation, as networks use the word): filters over images with padding
/// of zeros.
///
/// With several groups, the first of G equal parts of the filters see the first part of the channels, and so on; with as many groups as
/// channels the convolution is *depthwise*.
///
/// - Shapes: images N × C·H·W, weights F × (C/G)·kh·kw, biases 1 × F, output N × F·oh·ow with
///   oh = (H + padding top and bottom − (kh − 1)·dilation − 1) / stride + 1, ow likewise.
public struct Convolution: Sendable, Equatable {
    /// C × H × W, the shape of an image.
    public let input: ImageShape
    /// F, the number of filters, which are the channels of the output.
    public let filters: Int
    /// The size of a filter, kh × kw, its strides, the padding and the dilation.
    public let window: SlidingWindow
    /// G, the number of groups of channels and filters.
    public let groups: Int

    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if a size is not positive, the groups do not divide channels and
    ///   filters, the window is larger than the padded image, or the output or a filter does not fit the row of a matrix.
    public init(
        input: ImageShape, filters: Int, window: SlidingWindow, groups: Int = 1
    ) throws(CLMatError) {
        (self.input, self.filters, self.window, self.groups) = (input, filters, window, groups)
        try window.check(over: input, operation: "Convolution")
        guard 1...Shape.largestCount ~= filters else {
            throw .invalidArgument(operation: "Convolution", problem: "There cannot be \(filters) filters.")
        }
        guard groups > 0, input.channels % groups == 0, filters % groups == 0 else {
            throw .invalidArgument(
                operation: "Convolution",
                problem: "\(groups) groups do not divide \(input.channels) channels and \(filters) filters.")
        }
        let patch = ImageShape(channels: input.channels / groups, height: window.height, width: window.width)
        guard output.fitsARow, patch.fitsARow else {
            throw .invalidArgument(operation: "Convolution", problem: "The output or a filter does not fit a row.")
        }
    }

    /// The same stride and padding in both directions and on all sides, and one group.
    ///
    /// - Throws: as ``init(input:filters:window:groups:)``.
    public init(
        input: ImageShape, filters: Int, kernelHeight: Int, kernelWidth: Int, stride: Int = 1, padding: Int = 0
    ) throws(CLMatError) {
        try self.init(
            input: input, filters: filters,
            window: .even(height: kernelHeight, width: kernelWidth, stride: stride, padding: padding))
    }

    /// kh, rows of a filter.
    public var kernelHeight: Int { window.height }
    /// kw, columns of a filter.
    public var kernelWidth: Int { window.width }

    /// F × oh × ow, the shape of an output image.
    public var output: ImageShape {
        let (height, width) = window.places(over: input)
        return ImageShape(channels: filters, height: height, width: width)
    }

    /// Numbers in one patch of a group, and so weights of one filter: (C/G)·kh·kw.
    public var patchSize: Int { channelsPerGroup * window.area }

    /// Channels that a filter sees.
    var channelsPerGroup: Int { input.channels / groups }
    /// Filters that a channel meets.
    var filtersPerGroup: Int { filters / groups }

    /// Whether the products of its groups would be so small (4 channels × 4 filters at most) that loops over pixels do better.
    var hasTinyGroups: Bool { groups > 1 && channelsPerGroup * filtersPerGroup <= 16 }

    /// Whether biases' gradients come from the same product as weights'; else they are sums of their own.
    fileprivate var sumsBiasesWithWeights: Bool { groups == 1 && !window.isOnePixel }

    var cStruct: clmat_convolution {
        clmat_convolution(
            groups: Int32(groups), channels: Int32(channelsPerGroup), filters: Int32(filtersPerGroup),
            height: Int32(input.height), width: Int32(input.width), kh: Int32(window.height), kw: Int32(window.width),
            stride_y: Int32(window.strideDown), stride_x: Int32(window.strideAcross), top: Int32(window.paddingTop),
            left: Int32(window.paddingLeft), dilation_y: Int32(window.dilationDown),
            dilation_x: Int32(window.dilationAcross), oh: Int32(output.height), ow: Int32(output.width),
            is_one_pixel: window.isOnePixel ? 1 : 0)
    }
}

/// One whole convolution for a backend to do.
public struct ConvolutionTask: Sendable {
    /// Which of the three convolutions of a layer it is, with its buffers.
    public enum Direction: Sendable {
        /// Output from images: ``Matrix/convolved(_:biases:_:)``.
        case forward(images: Buffer, weights: Buffer, biases: Buffer?, output: Buffer)
        /// ∂L/∂images from ∂L/∂output: ``Matrix/convolutionInputGradient(_:_:)``.
        case backwardToInput(gradient: Buffer, weights: Buffer, images: Buffer)
        /// ∂L/∂weights from ∂L/∂output, and with `biases` ∂L/∂biases too: ``Matrix/convolutionWeightGradient(_:_:)``. Biases are asked for with
        /// one group and windows of more than one pixel alone.
        case backwardToWeights(images: Buffer, gradient: Buffer, weights: Buffer, biases: Buffer?)
    }
    /// Shapes, groups, strides, padding and dilation.
    public let geometry: Convolution
    /// N, the number of images.
    public let images: Int
    /// What is computed from what.
    public let direction: Direction
}

extension Matrix {
    /// The convolution of images with filters, plus a bias for each filter if there are biases.
    ///
    /// - Shapes: see ``Convolution``.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` naming the operand that does not fit.
    public func convolved(
        _ weights: Matrix, biases: Matrix? = nil, _ geometry: Convolution
    ) throws(CLMatError) -> Matrix {
        try check(geometry.input, "convolved")
        try geometry.check(weights: weights, "convolved")
        try requireSameDevice(device, weights.device, "convolved")
        if let biases {
            guard biases.shape == Shape(1, geometry.filters) else {
                throw .shapeMismatch(
                    operation: "convolved", left: biases.shape, right: Shape(1, geometry.filters),
                    rule: "There must be one bias a filter.")
            }
            try requireSameDevice(device, biases.device, "convolved")
        }
        let output = try Matrix(uninitialised: Shape(rows, geometry.output.count), on: device)
        try convolve(
            geometry,
            .forward(images: buffer, weights: weights.buffer, biases: biases?.buffer, output: output.buffer),
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
        guard geometry.sumsBiasesWithWeights else {
            return (try weightGradient(images, geometry, biases: nil), try channelSums(geometry.output))
        }
        var biases = try Matrix(uninitialised: Shape(1, geometry.filters), on: device)
        let weights = try weightGradient(images, geometry, biases: biases.buffer)
        if rows == 0 { try biases.fill(with: 0) }
        return (weights, biases)
    }

    /// ∂L/∂weights from ∂L/∂output (self), of a convolution without biases.
    public func convolutionWeightGradientWithoutBiases(
        _ images: Matrix, _ geometry: Convolution
    ) throws(CLMatError) -> Matrix {
        try weightGradient(images, geometry, biases: nil)
    }

    private func weightGradient(
        _ images: Matrix, _ geometry: Convolution, biases: Buffer?
    ) throws(CLMatError) -> Matrix {
        try check(geometry.output, "convolutionWeightGradient")
        try images.check(geometry.input, "convolutionWeightGradient")
        try requireSameDevice(device, images.device, "convolutionWeightGradient")
        guard images.rows == rows else {
            throw .shapeMismatch(
                operation: "convolutionWeightGradient", left: shape, right: images.shape,
                rule: "There must be one gradient per image.")
        }
        var weights = try Matrix(uninitialised: Shape(geometry.filters, geometry.patchSize), on: device)
        if rows == 0 {
            try weights.fill(with: 0)
        } else {
            try convolve(
                geometry,
                .backwardToWeights(images: images.buffer, gradient: buffer, weights: weights.buffer, biases: biases),
                "convolution_backward_weights")
        }
        return weights
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
        if !isDone { try device.convolveByLaunches(task) }
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
                rule: "Weights must be filters × channels·height·width of the kernel, the channels those of one group.")
        }
    }
}
