import CLMatKernels

extension KernelFamily {
    static let random = KernelFamily("random")
}

extension Kernel {
    static let randomUniform = Kernel("random_uniform", in: .random)
    static let randomNormal = Kernel("random_normal", in: .random)
}

/// What a random number is drawn for: the same seed, step and stream give the same numbers on every device, in any
/// order, and after a rewind (``Matrix/init(uniform:_:_:on:)``).
///
/// - Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Philox4x32-10).
public struct RandomKey: Sendable, Hashable {
    /// The seed of the run.
    public var seed: UInt64
    /// The step that the numbers are drawn for, as 64 bits.
    public var step: UInt64
    /// One stream for each purpose, so that no two share numbers.
    public var stream: UInt32

    /// The key of one purpose at one step.
    public init(seed: UInt64, step: Int = 0, stream: UInt32) {
        (self.seed, self.step, self.stream) = (seed, UInt64(bitPattern: Int64(step)), stream)
    }

    /// As arguments of a kernel, five words: of the seed and the step the low one first, then the stream.
    public var arguments: [Argument] {
        [
            .word(UInt32(truncatingIfNeeded: seed)), .word(UInt32(truncatingIfNeeded: seed >> 32)),
            .word(UInt32(truncatingIfNeeded: step)), .word(UInt32(truncatingIfNeeded: step >> 32)), .word(stream),
        ]
    }
}

extension Matrix {
    /// Independent uniform numbers in `range`, the upper end excluded (but for rounding).
    public init(
        uniform range: ClosedRange<Float>, _ key: RandomKey, _ shape: Shape, on device: Device
    ) throws(CLMatError) {
        try self.init(uninitialised: shape, on: device)
        try draw(
            .randomUniform, scale: range.upperBound - range.lowerBound, shift: range.lowerBound, key, operations: 25)
    }

    /// Independent numbers of N(mean, deviation²).
    ///
    /// - Source: Box and Muller, "A note on the generation of random normal deviates", 1958.
    public init(
        normal mean: Float, deviation: Float, _ key: RandomKey, _ shape: Shape, on device: Device
    ) throws(CLMatError) {
        try self.init(uninitialised: shape, on: device)
        try draw(.randomNormal, scale: deviation, shift: mean, key, operations: 50)
    }

    private func draw(
        _ kernel: Kernel, scale: Float, shift: Float, _ key: RandomKey, operations: Int
    ) throws(CLMatError) {
        try device.launch(
            kernel, [.int(count), .float(scale), .float(shift)] + key.arguments + [argument],
            over: .elements((count + 3) / 4, bytes: 16, operations: 4 * operations))
    }
}

extension RandomKey {
    /// Whole numbers on the host from the same generator, for what is decided there, such as the order of the data.
    public func permutation(of count: Int) -> [Int32] {
        // Fisher and Yates, with Philox's words as the choices; the bias of the product is below 2⁻³² · count.
        var order = (0..<Int32(count)).map { $0 }
        var words: [UInt32] = []
        for i in stride(from: count - 1, to: 0, by: -1) {
            let draw = count - 1 - i
            if draw % 4 == 0 { words = philox(UInt32(draw / 4)) }
            let j = Int((UInt64(words[draw % 4]) * UInt64(i + 1)) >> 32)
            order.swapAt(i, j)
        }
        return order
    }

    /// Independent uniform numbers in 0..<1 on the host, of 53 bits each.
    public func uniforms(_ count: Int) -> [Double] {
        (0..<count).map { index in
            let words = philox(UInt32(truncatingIfNeeded: index / 2))
            let (high, low) = index % 2 == 0 ? (words[0], words[1]) : (words[2], words[3])
            return Double(UInt64(high) << 21 | UInt64(low) >> 11) * 0x1p-53
        }
    }

    /// The four words at one index of this key's stream.
    func philox(_ index: UInt32) -> [UInt32] {
        let words = clmat_philox_words(
            index, stream, UInt32(truncatingIfNeeded: step), UInt32(truncatingIfNeeded: step >> 32),
            UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        return [words.words.0, words.words.1, words.words.2, words.words.3]
    }
}
