import CLMatKernels

extension KernelFamily {
    static let channels = KernelFamily("channels")
}

extension Kernel {
    /// y = scale_c x + shift_c.
    static let channelAffine = Kernel("channel_affine", in: .channels)
    static let preluForward = Kernel("prelu_forward", in: .channels)
    /// ∂L/∂x, and shares of ∂L/∂slopes by parts of the channels.
    static let preluBackward = Kernel("prelu_backward", in: .channels)
}

/// How the numbers of each channel of some images are cut into parts, for work-groups and threads to share. It depends on the sizes alone.
struct ChannelParts {
    let images: Int
    let image: ImageShape
    /// Numbers of a part at most.
    let length: Int
    /// Parts of a channel.
    let count: Int

    /// Work-groups that keep a large GPU busy.
    private static let manyGroups = 1024

    init(_ images: Int, _ image: ImageShape) {
        let numbers = images * image.area
        // Parts that the cache holds, with the lines that the numbers lie in: of vectors a line for each number, which the next channels
        // find there. Shorter ones, of 256 numbers at least, where there would be too few of them.
        let most = image.area == 1 ? 256 : Int(CLMAT_CHANNEL_PART)
        let share = (numbers * image.channels / Self.manyGroups + 63) / 64 * 64
        length = min(most, max(256, share))
        (self.images, self.image, count) = (images, image, (numbers + length - 1) / length)
    }

    var sizes: [Argument] { [.int(images), .int(image.channels), .int(image.area), .int(length)] }

    /// One work-group per part and channel.
    func work(bytes: Int, operations: Int) -> WorkSize {
        .groups(count * image.channels, bytes: bytes * length, operations: operations * length)
    }
}

extension Matrix {
    func requireImages(_ image: ImageShape, _ operation: String) throws(CLMatError) {
        guard image.fitsARow else {
            throw .invalidArgument(operation: operation, problem: "There are no images of \(image).")
        }
        guard columns == image.count else {
            throw .shapeMismatch(
                operation: operation, left: shape, right: Shape(rows, image.count),
                rule: "A row must hold an image of \(image).")
        }
    }

    /// A row with a number for each channel.
    func requireChannels(_ row: Matrix, _ image: ImageShape, rows: Int = 1, _ operation: String) throws(CLMatError) {
        try requireSameDevice(device, row.device, operation)
        guard row.shape == Shape(rows, image.channels) else {
            throw .shapeMismatch(
                operation: operation, left: row.shape, right: Shape(rows, image.channels),
                rule: "There must be one column per channel of images of \(image).")
        }
    }

    /// A launch of a work-item per number, in planes of one channel of one image.
    func launchByPlane(
        _ kernel: Kernel, _ image: ImageShape, _ matrices: [Matrix], bytes: Int, operations: Int
    ) throws(CLMatError) {
        try device.launch(
            kernel,
            [.int(rows * image.channels), .int(image.channels), .int(image.area)] + matrices.map(\.argument),
            over: WorkSize(
                items: rows * image.channels, workItems: image.area, bytesPerItem: bytes * image.area,
                operationsPerItem: operations * image.area))
    }

    /// scale·x + shift with a scale and a shift for each channel of images: one multiplication and addition per number.
    ///
    /// - Shapes: N × C·H·W with 1 × C and 1 × C. The backward pass is the same with the gradient, the scale and a shift of 0.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``, or ``CLMatError/invalidArgument(operation:problem:)`` for an
    ///   image without pixels.
    public func channelsScaled(by scale: Matrix, plus shift: Matrix, _ image: ImageShape) throws(CLMatError) -> Matrix {
        try requireImages(image, "channelsScaled")
        try requireChannels(scale, image, "channelsScaled")
        try requireChannels(shift, image, "channelsScaled")
        let result = try Matrix(uninitialised: shape, on: device)
        try launchByPlane(.channelAffine, image, [self, scale, shift, result], bytes: 8, operations: 2)
        return result
    }

    /// The parametric ReLU: x where x > 0, else slope·x, with a slope for each channel of images.
    ///
    /// - Shapes: N × C·H·W with slopes 1 × C. One slope for all channels is that of images of 1 × 1 × C·H·W. PyTorch begins with 0.25.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``, or ``CLMatError/invalidArgument(operation:problem:)`` for an
    ///   image without pixels.
    /// - Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015, section 2.1.
    public func prelu(slopes: Matrix, _ image: ImageShape) throws(CLMatError) -> Matrix {
        try requireImages(image, "prelu")
        try requireChannels(slopes, image, "prelu")
        let result = try Matrix(uninitialised: shape, on: device)
        try launchByPlane(.preluForward, image, [self, slopes, result], bytes: 8, operations: 2)
        return result
    }

    /// ∂L/∂x and ∂L/∂slopes from ∂L/∂y (self), for y = x.prelu(slopes:_:), in one pass over both. Sums have a fixed order.
    ///
    /// - Shapes: N × C·H·W and 1 × C.
    /// - Throws: as ``prelu(slopes:_:)``.
    public func preluGradient(
        input x: Matrix, slopes: Matrix, _ image: ImageShape
    ) throws(CLMatError) -> (input: Matrix, slopes: Matrix) {
        try requireSameShape(self, x, "preluGradient")
        try requireImages(image, "preluGradient")
        try requireChannels(slopes, image, "preluGradient")
        let parts = ChannelParts(rows, image)
        let result = try Matrix(uninitialised: shape, on: device)
        let partials = try Matrix(uninitialised: Shape(parts.count, image.channels), on: device)
        try device.launch(
            .preluBackward,
            parts.sizes + [argument, x.argument, slopes.argument, result.argument, partials.argument],
            over: parts.work(bytes: 12, operations: 4))
        return (result, try partials.columnSums())
    }
}
