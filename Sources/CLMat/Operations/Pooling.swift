extension KernelFamily {
    static let pooling = KernelFamily("pooling")
}

extension Kernel {
    static let maxPoolForward = Kernel("max_pool_forward", in: .pooling)
    static let maxPoolBackward = Kernel("max_pool_backward", in: .pooling)
    static let averagePoolForward = Kernel("average_pool_forward", in: .pooling)
    static let averagePoolBackward = Kernel("average_pool_backward", in: .pooling)
}

/// The geometry of pooling: windows over images. Pixels that no window reaches are left out.
///
/// Of a maximum, padding is no candidate; in a mean it counts as zeros.
public struct Pooling: Sendable, Equatable {
    /// C × H × W, the shape of an image.
    public let input: ImageShape
    /// The size of a window, its strides, the padding and the dilation.
    public let window: SlidingWindow
    /// Whether pixels that are left over at the right and lower edge have windows too, which reach beyond the padding (`ceil_mode`).
    public let roundsUp: Bool
    /// Whether a mean is divided by the elements of the window in image and padding (`count_include_pad`), or by those in the image
    /// alone. What a window has beyond the padding never counts.
    public let countsPadding: Bool

    /// Windows of any geometry. Output sizes and divisors are those of PyTorch's `MaxPool2d` and `AvgPool2d`: with `roundsUp`, a window that
    /// would begin in the padding below or to the right of the image is left out.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if the window is larger than the padded image, a window could meet no pixel,
    ///   or the image or the output does not fit the row of a matrix.
    public init(
        input: ImageShape, window: SlidingWindow, roundsUp: Bool = false, countsPadding: Bool = true
    ) throws(CLMatError) {
        (self.input, self.window, self.roundsUp, self.countsPadding) = (input, window, roundsUp, countsPadding)
        try window.check(over: input, operation: "Pooling")
        let isMet =
            max(window.paddingTop, window.paddingBottom) < window.reachDown
            && max(window.paddingLeft, window.paddingRight) < window.reachAcross
            // Steps wider than the image could pass over it.
            && (window.paddingTop == 0 || window.dilationDown <= input.height)
            && (window.paddingLeft == 0 || window.dilationAcross <= input.width)
        guard isMet else {
            throw .invalidArgument(
                operation: "Pooling",
                problem:
                    "Windows of \(window) could meet no pixel of \(input): the padding, or the dilation, is too large.")
        }
        guard output.fitsARow, window.area <= Shape.largestCount else {
            throw .invalidArgument(
                operation: "Pooling", problem: "The output, \(output), or a window does not fit the row of a matrix.")
        }
    }

    /// Square windows, `stride` apart, without padding.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if the window is larger than the image, or the
    ///   image than a row.
    public init(input: ImageShape, size: Int, stride: Int? = nil) throws(CLMatError) {
        try self.init(input: input, window: .square(size, stride: stride ?? size))
    }

    /// One window over the whole plane of each channel (global pooling).
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if the image is empty or does not fit the row of a matrix.
    public init(global input: ImageShape) throws(CLMatError) {
        try self.init(input: input, window: .even(height: input.height, width: input.width))
    }

    /// C × oh × ow, the shape of an output image.
    public var output: ImageShape {
        let (height, width) = window.places(over: input, roundsUp: roundsUp)
        return ImageShape(channels: input.channels, height: height, width: width)
    }

    /// Whether a row of a view of planes × pixels is a window, and so long that its pixels are worth sharing among a work-group.
    fileprivate var reducesPlanes: Bool {
        output.area == 1 && window.height == input.height && window.width == input.width && !window.hasPadding
            && input.area >= 32
    }

    /// What every mean is divided by, or 0 if windows differ.
    private var divisor: Int {
        let down = (output.height - 1) * window.strideDown + window.reachDown
        let across = (output.width - 1) * window.strideAcross + window.reachAcross
        let isWhole =
            down <= input.height + window.paddingTop + window.paddingBottom
            && across <= input.width + window.paddingLeft + window.paddingRight
        return isWhole && (countsPadding || !window.hasPadding) ? window.area : 0
    }

    fileprivate func sizes(_ images: Int) -> [Argument] {
        [.int(images * input.channels), .int(input.height), .int(input.width)] + window.arguments
            + [.int(output.height), .int(output.width)]
    }
    /// And how means are divided.
    fileprivate func sizesOfMeans(_ images: Int) -> [Argument] {
        sizes(images) + [
            .int(window.paddingBottom), .int(window.paddingRight), .int(countsPadding ? 1 : 0), .int(divisor),
        ]
    }
    /// One item per plane; the forward pass has a work-item per output pixel, the backward pass one per input pixel.
    fileprivate func forwardWork(_ images: Int) -> WorkSize {
        WorkSize(
            items: images * input.channels, workItems: output.area, bytesPerItem: 4 * (input.area + 2 * output.area),
            operationsPerItem: window.area * output.area)
    }
    fileprivate func backwardWork(_ images: Int) -> WorkSize {
        WorkSize(
            items: images * input.channels, workItems: input.area, bytesPerItem: 4 * (input.area + 2 * output.area),
            operationsPerItem: window.area * output.area)
    }

    fileprivate func check(_ images: Matrix, _ image: ImageShape, _ operation: String) throws(CLMatError) {
        guard images.columns == image.count else {
            throw .shapeMismatch(
                operation: operation, left: images.shape, right: Shape(images.rows, image.count),
                rule: "A row must hold an image of \(image).")
        }
    }
}

extension Matrix {
    /// The largest pixel of each window, and where in its plane it was (the first of equals).
    ///
    /// - Shapes: N × C·H·W gives N × C·oh·ow, and as many indices.
    public func maxPooled(_ pooling: Pooling) throws(CLMatError) -> (values: Matrix, argmaxIndices: IntVector) {
        try pooling.check(self, pooling.input, "maxPooled")
        if pooling.reducesPlanes {
            let planes = try reshaped(rows * pooling.input.channels, pooling.input.area)
            return (try planes.rowMax().reshaped(rows, pooling.input.channels), try planes.rowArgmax())
        }
        let values = try Matrix(uninitialised: Shape(rows, pooling.output.count), on: device)
        let indices = try IntVector(
            uninitialised: values.count, bounds: 0...Int32(pooling.input.area - 1), on: device)
        try device.launch(
            .maxPoolForward, pooling.sizes(rows) + [argument, values.argument, indices.argument],
            over: pooling.forwardWork(rows))
        return (values, indices)
    }

    /// ∂L/∂images from ∂L/∂maxima (self).
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``, or
    ///   ``CLMatError/invalidArgument(operation:problem:)`` for an index outside the image.
    public func maxPoolGradient(_ indices: IntVector, _ pooling: Pooling) throws(CLMatError) -> Matrix {
        try pooling.check(self, pooling.output, "maxPoolGradient")
        guard indices.count == count else {
            throw .shapeMismatch(
                operation: "maxPoolGradient", left: shape, right: Shape(indices.count, 1),
                rule: "There must be one index per maximum.")
        }
        try requireSameDevice(device, indices.device, "maxPoolGradient")
        try indices.check(within: pooling.input.area, operation: "maxPoolGradient")
        let images = try Matrix(uninitialised: Shape(rows, pooling.input.count), on: device)
        try device.launch(
            .maxPoolBackward, pooling.sizes(rows) + [argument, indices.argument, images.argument],
            over: pooling.backwardWork(rows))
        return images
    }

    /// The mean of each window.
    public func averagePooled(_ pooling: Pooling) throws(CLMatError) -> Matrix {
        try pooling.check(self, pooling.input, "averagePooled")
        if pooling.reducesPlanes {
            return try reshaped(rows * pooling.input.channels, pooling.input.area).rowMeans()
                .reshaped(rows, pooling.input.channels)
        }
        let values = try Matrix(uninitialised: Shape(rows, pooling.output.count), on: device)
        try device.launch(
            .averagePoolForward, pooling.sizesOfMeans(rows) + [argument, values.argument],
            over: pooling.forwardWork(rows))
        return values
    }

    /// ∂L/∂images from ∂L/∂means (self).
    public func averagePoolGradient(_ pooling: Pooling) throws(CLMatError) -> Matrix {
        try pooling.check(self, pooling.output, "averagePoolGradient")
        let images = try Matrix(uninitialised: Shape(rows, pooling.input.count), on: device)
        try device.launch(
            .averagePoolBackward, pooling.sizesOfMeans(rows) + [argument, images.argument],
            over: pooling.backwardWork(rows))
        return images
    }
}
