extension KernelFamily {
    static let pooling = KernelFamily("pooling")
}

extension Kernel {
    static let maxPoolForward = Kernel("max_pool_forward", in: .pooling)
    static let maxPoolBackward = Kernel("max_pool_backward", in: .pooling)
    static let averagePoolForward = Kernel("average_pool_forward", in: .pooling)
    static let averagePoolBackward = Kernel("average_pool_backward", in: .pooling)
}

/// The geometry of pooling: square windows, `stride` apart, without padding. Pixels that no window reaches (at the
/// right and lower edge) are left out.
public struct Pooling: Sendable, Equatable {
    /// C × H × W, the shape of an image.
    public let input: ImageShape
    /// Rows, and columns, of a window.
    public let size: Int
    /// Pixels from one window to the next, down and across.
    public let stride: Int

    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if the window is larger than the image, or the
    ///   image than a row.
    public init(input: ImageShape, size: Int, stride: Int? = nil) throws(CLMatError) {
        (self.input, self.size, self.stride) = (input, size, stride ?? size)
        guard input.fitsARow, size > 0, size <= input.height, size <= input.width, 1...Int(Int32.max) ~= self.stride
        else {
            throw .invalidArgument(
                operation: "Pooling", problem: "Windows of \(size) × \(size) do not fit images of \(input).")
        }
    }

    /// C × oh × ow, the shape of an output image.
    public var output: ImageShape {
        ImageShape(
            channels: input.channels, height: (input.height - size) / stride + 1,
            width: (input.width - size) / stride + 1)
    }

    fileprivate func sizes(_ images: Int) -> [Argument] {
        [
            .int(images * input.channels), .int(input.height), .int(input.width), .int(size), .int(stride),
            .int(output.height), .int(output.width),
        ]
    }
    /// One item per plane; the forward pass has a work-item per output pixel, the backward pass one per input pixel.
    fileprivate func forwardWork(_ images: Int) -> WorkSize {
        WorkSize(
            items: images * input.channels, workItems: output.area, bytesPerItem: 4 * (input.area + 2 * output.area),
            operationsPerItem: size * size * output.area)
    }
    fileprivate func backwardWork(_ images: Int) -> WorkSize {
        WorkSize(
            items: images * input.channels, workItems: input.area, bytesPerItem: 4 * (input.area + 2 * output.area),
            operationsPerItem: size * size * output.area)
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
        let values = try Matrix(uninitialised: Shape(rows, pooling.output.count), on: device)
        try device.launch(
            .averagePoolForward, pooling.sizes(rows) + [argument, values.argument], over: pooling.forwardWork(rows))
        return values
    }

    /// ∂L/∂images from ∂L/∂means (self).
    public func averagePoolGradient(_ pooling: Pooling) throws(CLMatError) -> Matrix {
        try pooling.check(self, pooling.output, "averagePoolGradient")
        let images = try Matrix(uninitialised: Shape(rows, pooling.input.count), on: device)
        try device.launch(
            .averagePoolBackward, pooling.sizes(rows) + [argument, images.argument], over: pooling.backwardWork(rows))
        return images
    }
}
