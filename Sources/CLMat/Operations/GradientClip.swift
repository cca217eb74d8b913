extension Kernel {
    static let squareBlocks = Kernel("square_blocks", in: .update)
    static let clipFactor = Kernel("clip_factor", in: .update)
}

/// What all gradients of a step are multiplied by, so that their norm together is at most a limit: min(1, limit / ‖g‖). It stays on the
/// device, and no step waits for it (``Matrix/sgdStep(_:rate:factor:)``).
///
/// - Source: Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", ICML 2013, section 3.2 (algorithm 1).
public struct GradientClip: Sendable {
    /// The factor, 1 × 1.
    public let factor: Matrix
    /// ‖g‖ before clipping, 1 × 1.
    public let norm: Matrix

    /// Elements whose squares are summed up together, at least.
    private static let block = 4096
    /// Blocks of one gradient, at most: one work-group adds those of all of them up.
    private static let mostBlocks = 4096

    /// - Parameters:
    ///   - gradients: everything whose norm counts, on one device.
    ///   - limit: the largest norm that is left as it is; infinity clips nothing.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for no gradient or a limit that is not above 0.
    public init(of gradients: [Matrix], limit: Float) throws(CLMatError) {
        guard let device = gradients.first?.device, limit > 0 else {
            throw .invalidArgument(
                operation: "GradientClip",
                problem: gradients.isEmpty ? "There is no gradient." : "The limit has to be above 0, but is \(limit).")
        }
        for gradient in gradients { try requireSameDevice(device, gradient.device, "GradientClip") }
        let lengths = gradients.map { Swift.max(Self.block, ($0.count + Self.mostBlocks - 1) / Self.mostBlocks) }
        let blocks = zip(gradients, lengths).map { ($0.count + $1 - 1) / $1 }
        let squares = try Matrix(uninitialised: Shape(1, blocks.reduce(0, +)), on: device)
        var first = 0
        for (index, gradient) in gradients.enumerated() {
            try device.launch(
                .squareBlocks,
                [.int(gradient.count), .int(lengths[index]), .int(first), gradient.argument, squares.argument],
                over: .groups(blocks[index], bytes: 4 * lengths[index], operations: 2 * lengths[index]))
            first += blocks[index]
        }
        factor = try Matrix(uninitialised: Shape(1, 1), on: device)
        norm = try Matrix(uninitialised: Shape(1, 1), on: device)
        try device.launch(
            .clipFactor, [.int(squares.count), .float(limit), squares.argument, factor.argument, norm.argument],
            over: .groups(1, bytes: 4 * squares.count, operations: squares.count))
    }

    /// ‖g‖ before clipping, when it is asked for.
    public func normLater() throws(CLMatError) -> Later<Double> {
        try norm.valuesLater().map { Double($0[0]) }
    }
}
