extension Matrix {
    /// self ← self + biases, in place, and max(0, ·) of that: a layer and the rectifier behind it in one launch.
    ///
    /// - Parameters:
    ///   - biases: 1 × C, one for each channel.
    ///   - area: pixels of a channel; 1, the default, if a channel is a column.
    /// - Shapes: N × C·area; gives the same.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public mutating func addBiasesAndRectify(_ biases: Matrix, area: Int = 1) throws(CLMatError) -> Matrix {
        try requireSameDevice(device, biases.device, "addBiasesAndRectify")
        guard area > 0, biases.rows == 1, biases.columns > 0, columns % area == 0, columns / area == biases.columns else {
            throw .shapeMismatch(
                operation: "addBiasesAndRectify", left: shape, right: biases.shape,
                rule: "There must be one bias for each channel of \(area) columns.")
        }
        try makeUnique()
        let rectified = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            .biasRelu,
            [
                .int(count), .int(biases.columns), .int(area), biases.argument, argument, argument, rectified.argument,
            ],
            over: .elements(count, bytes: 12, operations: 2))
        return rectified
    }

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
