extension KernelFamily {
    static let fused = KernelFamily("fused")
}

extension Kernel {
    /// a (b + e) / (c + d): (n, e, d, a, b, c, y).
    static let scaledRatio = Kernel("scaled_ratio", in: .fused)
}

extension Matrix {
    /// self · (x + e) / (y + d), element by element, in one launch: a multiplicative update.
    ///
    /// - Parameters:
    ///   - above: e.
    ///   - below: d.
    /// - Shapes: all three are the same.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func scaled(
        byRatioOf x: Matrix, to y: Matrix, above e: Float = 0, below d: Float = 0
    ) throws(CLMatError) -> Matrix {
        try requireSameShape(self, x, "scaled(byRatioOf:)")
        try requireSameShape(self, y, "scaled(byRatioOf:)")
        let result = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            .scaledRatio, [.int(count), .float(e), .float(d), argument, x.argument, y.argument, result.argument],
            over: .elements(count, bytes: 16, operations: 4))
        return result
    }
}
