import CLMatKernels

extension Kernel {
    /// Biases, and what a rectifier makes of it: (n, channels, area, biases, x, z, y).
    static let biasRelu = Kernel("bias_relu", in: .fused) { a, items in
        bias_relu(
            items.lowerBound, items.upperBound, a.int(1), a.int(2), a.floats(3), a.floats(4), a.mutableFloats(5),
            a.mutableFloats(6))
    }
    /// a (b + e) / (c + d): (n, e, d, a, b, c, y).
    static let scaledRatio = Kernel("scaled_ratio", in: .fused) { a, items in
        scaled_ratio(
            items.lowerBound, items.upperBound, a.float(1), a.float(2), a.floats(3), a.floats(4), a.floats(5),
            a.mutableFloats(6))
    }
}
