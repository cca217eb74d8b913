extension Matrix {
    /// softmax of each row: exp(xᵢ − max) / Σ exp(x − max).
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for rows without elements.
    public func softmaxRows() throws(CLMatError) -> Matrix { try rows(.softmaxRows, "softmaxRows") }

    /// ln softmax of each row, without the loss of precision of taking the logarithm afterwards.
    public func logSoftmaxRows() throws(CLMatError) -> Matrix { try rows(.logSoftmaxRows, "logSoftmaxRows") }

    private func rows(_ kernel: Kernel, _ operation: String) throws(CLMatError) -> Matrix {
        guard columns > 0 || rows == 0 else {
            throw .invalidArgument(operation: operation, problem: "\(shape) has rows without elements.")
        }
        let result = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            kernel, [.int(columns), argument, result.argument],
            over: .groups(rows, bytes: 8 * columns, operations: 20 * columns))
        return result
    }

    /// The cross-entropy of the softmax of each row with its label, and the gradient of its mean.
    ///
    /// - Shapes: N × C with N labels in `0..<C` gives losses N × 1 (in nats) and a gradient N × C.
    /// - Parameter scale: what the gradient is multiplied by; 1/N if nil, for the mean loss.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``, or
    ///   ``CLMatError/invalidArgument(operation:problem:)`` for a label outside the columns.
    public func crossEntropy(
        _ labels: IntVector, scale: Float? = nil
    ) throws(CLMatError) -> (losses: Matrix, gradient: Matrix) {
        try requireSameDevice(device, labels.device, "crossEntropy")
        guard labels.count == rows else {
            throw .shapeMismatch(
                operation: "crossEntropy", left: shape, right: Shape(labels.count, 1),
                rule: "There must be one label per row.")
        }
        try labels.check(within: columns, operation: "crossEntropy")
        let losses = try Matrix(uninitialised: Shape(rows, 1), on: device)
        let gradient = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            .crossEntropy,
            [
                .int(columns), .float(scale ?? 1 / Float(Swift.max(1, rows))), argument, labels.argument,
                losses.argument, gradient.argument,
            ],
            over: .groups(rows, bytes: 8 * columns, operations: 20 * columns))
        return (losses, gradient)
    }
}
