extension KernelFamily {
    static let softmax = KernelFamily("softmax")
}

extension Kernel {
    /// yᵢ = softmax(xᵢ), for each row i.
    static let softmaxRows = Kernel("softmax_rows", in: .softmax)
    static let logSoftmaxRows = Kernel("log_softmax_rows", in: .softmax)
    /// −ln softmax(xᵢ)[labelᵢ] for each row, and its gradient times a scale.
    static let crossEntropy = Kernel("cross_entropy", in: .softmax)

    // Long rows in parts: maximum and sum of each part, then what is written.
    static let rowStatistics = Kernel("row_statistics", in: .softmax)
    static let softmaxParts = Kernel("softmax_parts", in: .softmax)
    static let logSoftmaxParts = Kernel("log_softmax_parts", in: .softmax)
    static let crossEntropyParts = Kernel("cross_entropy_parts", in: .softmax)
}

extension Matrix {
    /// softmax of each row: exp(xᵢ − max) / Σ exp(x − max).
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for rows without elements.
    public func softmaxRows() throws(CLMatError) -> Matrix {
        try rows(.softmaxRows, .softmaxParts, "softmaxRows")
    }

    /// ln softmax of each row, without the loss of precision of taking the logarithm afterwards.
    public func logSoftmaxRows() throws(CLMatError) -> Matrix {
        try rows(.logSoftmaxRows, .logSoftmaxParts, "logSoftmaxRows")
    }

    private func rows(_ kernel: Kernel, _ ofParts: Kernel, _ operation: String) throws(CLMatError) -> Matrix {
        guard columns > 0 || rows == 0 else {
            throw .invalidArgument(operation: operation, problem: "\(shape) has rows without elements.")
        }
        let result = try Matrix(uninitialised: shape, on: device)
        if let parts = RowParts(shape, on: device) {
            let statistics = try parts.statistics(of: self)
            try device.launch(
                ofParts,
                parts.arguments + [argument, statistics.argument, result.argument], over: parts.work(operations: 12))
            return result
        }
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
        if let parts = RowParts(shape, on: device) {
            let statistics = try parts.statistics(of: self)
            try device.launch(
                .crossEntropyParts,
                parts.arguments + [
                    .float(scale ?? 1 / Float(rows)), argument, labels.argument, statistics.argument, losses.argument,
                    gradient.argument,
                ], over: parts.work(operations: 14))
            return (losses, gradient)
        }
        try device.launch(
            .crossEntropy,
            [
                .int(columns), .float(scale ?? 1 / Float(Swift.max(1, rows))), argument, labels.argument,
                losses.argument, gradient.argument,
            ],
            over: .groups(rows, bytes: 8 * columns, operations: 20 * columns))
        return (losses, gradient)
    }

    /// ``crossEntropy(_:scale:)`` with a weight per class, for classes that are rare: each row counts as much as its label does. The gradient
    /// is that of the weighted mean Σ wᵢ·lossᵢ / Σ wᵢ, wᵢ the weight of row i's label: PyTorch's `CrossEntropyLoss(weight=)`.
    ///
    /// - Shapes: N × C with N labels in `0..<C` and weights 1 × C, gives losses N × 1, already times wᵢ, their total weight Σ wᵢ, 1 × 1, and
    ///   a gradient N × C. So `losses.columnSums() / totalWeight` is the mean; it is NaN where no label has a weight above 0.
    /// - Parameter scale: what the gradient of Σ wᵢ·lossᵢ is multiplied by; 1/Σ wᵢ if nil, for the weighted mean.
    /// - Throws: as that one; ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if there is not one weight per column.
    public func crossEntropy(
        _ labels: IntVector, weights: Matrix, scale: Float? = nil
    ) throws(CLMatError) -> (losses: Matrix, totalWeight: Matrix, gradient: Matrix) {
        try requireSameDevice(device, weights.device, "crossEntropy")
        guard weights.shape == Shape(1, columns) else {
            throw .shapeMismatch(
                operation: "crossEntropy", left: shape, right: weights.shape,
                rule: "There must be one weight per column.")
        }
        let (losses, gradient) = try crossEntropy(labels, scale: scale ?? 1)
        let ofRows = try weights.reshaped(columns, 1).gatherRows(labels)
        let total = try ofRows.columnSums()
        return try (losses * ofRows, total, gradient * (scale == nil ? ofRows / total : ofRows))
    }
}

/// How long rows are cut into parts: on OpenCL devices so that work-groups are many, on the CPU so that threads share rows that
/// are fewer than they.
struct RowParts: Equatable {
    let rows: Int
    let columns: Int
    /// Parts of a row.
    let count: Int
    /// Columns of a part.
    let length: Int

    /// The work-items of a group, and so the most parts of a row.
    private static let groupSize = 256

    /// Nil where whole rows are the better pieces of work. It depends on the sizes and the kind of device alone.
    init?(_ shape: Shape, on device: Device) {
        let (rows, columns) = (shape.rows, shape.columns)
        var wanted: Int
        if device.kind == .cpu {
            guard rows > 0, rows < 8, columns > 32768 else { return nil }
            wanted = (columns + 16383) / 16384
        } else {
            guard rows > 0, columns >= 2048, device.backend.largestGroup >= Self.groupSize else { return nil }
            wanted = min((512 + rows - 1) / rows, columns / 1024)
        }
        wanted = max(1, min(wanted, Self.groupSize))
        let length = (columns + wanted - 1) / wanted
        (self.rows, self.columns, self.length, count) = (rows, columns, length, (columns + length - 1) / length)
    }

    var arguments: [Argument] { [.int(columns), .int(count), .int(length)] }

    func work(operations: Int) -> WorkSize {
        .groups(rows * count, of: Self.groupSize, bytes: 8 * length, operations: operations * length)
    }

    /// Maximum and sum of exponentials of each part.
    func statistics(of x: Matrix) throws(CLMatError) -> Matrix {
        let result = try Matrix(uninitialised: Shape(rows * count, 2), on: x.device)
        try x.device.launch(
            .rowStatistics, arguments + [x.argument, result.argument],
            over: .groups(rows * count, of: Self.groupSize, bytes: 4 * length, operations: 14 * length))
        return result
    }
}
