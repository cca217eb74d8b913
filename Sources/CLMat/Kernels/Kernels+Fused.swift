extension Kernel {
    /// a (b + e) / (c + d): (n, e, d, a, b, c, y).
    static let scaledRatio = Kernel("scaled_ratio", in: .fused)
}
