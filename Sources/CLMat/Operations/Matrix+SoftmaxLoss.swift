extension Kernel {
    /// −ln softmax(x + b)[label] of each row, and in place of x the gradient times a scale.
    static let softmaxLoss = Kernel("softmax_loss", in: .softmax)
    /// The losses alone.
    static let softmaxLosses = Kernel("softmax_losses", in: .softmax)
}

extension Matrix {
    /// The cross-entropy of the softmax of logits with biases; the logits become the gradient with respect to themselves.
    ///
    /// In place, since logits over a large vocabulary are most of a language model's memory.
    /// - Shapes: N × C with biases 1 × C and N labels gives N × 1 losses, in nats. A row of label −1 counts nothing: its loss and
    ///   its gradient are 0.
    /// - Parameter scale: what the gradient is multiplied by.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``, or
    ///   ``CLMatError/invalidArgument(operation:problem:)`` for a label outside −1..<C.
    public mutating func softmaxLoss(
        _ labels: IntVector, biases: Matrix, scale: Float
    ) throws(CLMatError) -> Matrix {
        try checkLoss(labels, biases, "softmaxLoss")
        let losses = try Matrix(uninitialised: Shape(rows, 1), on: device)
        try makeUnique()
        try device.launch(
            .softmaxLoss,
            [.int(columns), .float(scale), biases.argument, labels.argument, losses.argument, argument],
            over: .groups(rows, bytes: 8 * columns, operations: 20 * columns))
        return losses
    }

    /// ``softmaxLoss(_:biases:scale:)`` without a gradient: the logits stay as they are.
    public func softmaxLosses(_ labels: IntVector, biases: Matrix) throws(CLMatError) -> Matrix {
        try checkLoss(labels, biases, "softmaxLosses")
        let losses = try Matrix(uninitialised: Shape(rows, 1), on: device)
        try device.launch(
            .softmaxLosses, [.int(columns), biases.argument, labels.argument, argument, losses.argument],
            over: .groups(rows, bytes: 4 * columns, operations: 18 * columns))
        return losses
    }

    private func checkLoss(_ labels: IntVector, _ biases: Matrix, _ operation: String) throws(CLMatError) {
        try requireSameDevice(device, labels.device, operation)
        try requireSameDevice(device, biases.device, operation)
        guard labels.count == rows else {
            throw .shapeMismatch(
                operation: operation, left: shape, right: Shape(labels.count, 1),
                rule: "There must be one label per row.")
        }
        guard biases.shape == Shape(1, columns), columns > 0 || rows == 0 else {
            throw .shapeMismatch(
                operation: operation, left: shape, right: biases.shape,
                rule: "There must be a row of biases, one per column, and at least one.")
        }
        try labels.check(within: columns, orNone: true, operation: operation)
    }
}
