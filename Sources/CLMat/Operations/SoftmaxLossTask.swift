/// The loss of a softmax over many words, for a backend to do as a whole: with its gradient, or alone.
///
/// Row r has the logits top[r]·Eᵀ + b and the loss −ln softmax(logits)[label[r]]. A row of label −1 counts nothing: its loss and its
/// gradient are 0.
public struct SoftmaxLossTask: Sendable {
    /// Where the gradients go; what was there does not matter.
    public struct Gradient: Sendable {
        /// What all of them are multiplied by.
        public let scale: Float
        /// ∂L/∂top, rows × units.
        public let top: Buffer
        /// ∂L/∂E, laid out as E is.
        public let embedding: Buffer
        /// ∂L/∂b, one per word.
        public let biases: Buffer
    }
    /// The number of rows, at least 1.
    public let rows: Int
    /// What the logits are made of, rows × ``units``.
    public let top: Gemm.Operand
    /// Columns of ``top`` and of E.
    public let units: Int
    /// One label per row, −1 or a word.
    public let labels: Buffer
    /// Which elements E has.
    public let shape: PowerLawShape
    /// E's elements, block after block.
    public let embedding: Buffer
    /// b, one per word.
    public let biases: Buffer
    /// One loss per row, which is written.
    public let losses: Buffer
    /// What else is written; nil where the losses alone are asked for.
    public let gradient: Gradient?
}

extension Backend {
    /// False: it is done slice after slice of rows, by products and launches.
    public func softmaxLoss(_ task: SoftmaxLossTask) throws(CLMatError) -> Bool { false }
}

/// Rows of logits that are worked on at a time: words × rows numbers have to be in memory.
package enum LogitSlices {
    /// How many logits there may be. With each slice the gradient of the embedding is read and written once more: of many words it is large.
    static func room(words: Int) -> Int { words < 1 << 16 ? 1 << 22 : 1 << 26 }

    /// Equal slices of so many rows. Fewer than 256 rows would make products that are too small to be fast.
    package static func ranges(rows: Int, words: Int) -> [Range<Int>] {
        let most = max(256, room(words: words) / max(1, words))
        let count = (rows + most - 1) / most
        guard count > 0 else { return [] }
        let length = (rows + count - 1) / count
        return stride(from: 0, to: rows, by: length).map { $0..<min($0 + length, rows) }
    }
}

/// A loss and its gradients with respect to all that its logits are made of.
package struct SoftmaxLossGradient: Sendable {
    /// One per row, in nats.
    package var losses: Matrix
    /// Rows × units.
    package var top: Matrix
    /// Of the elements that there are.
    package var embedding: PowerLawMatrix
    /// 1 × words.
    package var biases: Matrix
}

extension PowerLawMatrix {
    /// The cross-entropy of the softmax of the logits top · selfᵀ + biases with labels, and its gradient times a scale. The logits of all
    /// words and rows are never in memory at once.
    ///
    /// - Shapes: V × columns, with rows × columns, biases 1 × V and one label per row. A row of label −1 counts nothing.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``, or ``CLMatError/invalidArgument(operation:problem:)`` for a
    ///   label outside −1..<V and for no rows.
    package func softmaxLoss(
        of top: MatrixBlock, _ labels: [Int32], biases: Matrix, scale: Float
    ) throws(CLMatError) -> SoftmaxLossGradient {
        let targets = try check(top, labels, biases, "softmaxLoss")
        guard !labels.isEmpty else {
            throw .invalidArgument(operation: "softmaxLoss", problem: "There are no rows, so there is no loss.")
        }
        var result = SoftmaxLossGradient(
            losses: try Matrix(uninitialised: Shape(labels.count, 1), on: device),
            top: try Matrix(uninitialised: top.shape, on: device),
            embedding: try PowerLawMatrix(uninitialisedLike: self),
            biases: try Matrix(uninitialised: biases.shape, on: device))
        let gradient = SoftmaxLossTask.Gradient(
            scale: scale, top: result.top.buffer, embedding: result.embedding.elements.buffer,
            biases: result.biases.buffer)
        if try isDone(top, targets, biases, result.losses, gradient) { return result }

        for slice in LogitSlices.ranges(rows: labels.count, words: rows) {
            let isFirst = slice.lowerBound == 0
            var logits = try Matrix(uninitialised: Shape(slice.count, rows), on: device)
            try logits.multiply(top.rows(slice), self, transposing: .right)
            let targets = try IntVector(Array(labels[slice]), on: device)
            try result.losses.replace(
                row: slice.lowerBound, with: logits.softmaxLoss(targets, biases: biases, scale: scale))
            try result.top.multiply(
                logits.block(), self, into: MatrixRange(rows: slice, columns: 0..<top.shape.columns))
            // The first product sets all elements.
            try result.embedding.multiply(
                logits.block(), top.rows(slice), transposing: .left, beta: isFirst ? 0 : 1)
            let sums = try logits.columnSums()
            result.biases = isFirst ? sums : try result.biases + sums
        }
        return result
    }

    /// The losses of ``softmaxLoss(of:_:biases:scale:)`` alone, one per row.
    package func softmaxLosses(of top: MatrixBlock, _ labels: [Int32], biases: Matrix) throws(CLMatError) -> Matrix {
        let targets = try check(top, labels, biases, "softmaxLosses")
        var losses = try Matrix(uninitialised: Shape(labels.count, 1), on: device)
        guard !labels.isEmpty else { return losses }
        if try isDone(top, targets, biases, losses, nil) { return losses }
        for slice in LogitSlices.ranges(rows: labels.count, words: rows) {
            var logits = try Matrix(uninitialised: Shape(slice.count, rows), on: device)
            try logits.multiply(top.rows(slice), self, transposing: .right)
            let targets = try IntVector(Array(labels[slice]), on: device)
            try losses.replace(row: slice.lowerBound, with: logits.softmaxLosses(targets, biases: biases))
        }
        return losses
    }

    /// Whether the backend has a way of its own, and has gone it.
    ///
    /// That of the CPU works tile by tile within its caches. An OpenCL device has a launch for each step of a tile, and tiles that fill it
    /// are as large as slices are: its kernels of the loss read and write them as fast as its memory is, and it multiplies them at once.
    private func isDone(
        _ top: MatrixBlock, _ targets: IntVector, _ biases: Matrix, _ losses: Matrix,
        _ gradient: SoftmaxLossTask.Gradient?
    ) throws(CLMatError) -> Bool {
        let task = SoftmaxLossTask(
            rows: targets.count,
            top: Gemm.Operand(
                top.matrix.buffer,
                offset: top.range.rows.lowerBound * top.matrix.columns + top.range.columns.lowerBound,
                leadingDimension: top.matrix.columns),
            units: columns, labels: targets.buffer, shape: shape, embedding: elements.buffer, biases: biases.buffer,
            losses: losses.buffer, gradient: gradient)
        let (products, copies) = gradient == nil ? (2, 1) : (6, 2)
        return try device.noting(
            gradient == nil ? "softmax_losses" : "softmax_loss", "\(targets.count) rows of \(rows) words",
            LaunchCost(
                bytes: 4 * copies * (targets.count * columns + count), operations: products * targets.count * count)
        ) { () throws(CLMatError) in try device.backend.softmaxLoss(task) }
    }

    private func check(
        _ top: MatrixBlock, _ labels: [Int32], _ biases: Matrix, _ operation: String
    ) throws(CLMatError) -> IntVector {
        try requireSameDevice(device, top.matrix.device, operation)
        try requireSameDevice(device, biases.device, operation)
        try top.range.check(within: top.matrix.shape)
        guard top.shape.columns == columns else {
            throw .shapeMismatch(
                operation: operation, left: top.shape, right: shape.shape,
                rule: "What the logits are made of must have as many columns as the embedding.")
        }
        guard labels.count == top.shape.rows else {
            throw .shapeMismatch(
                operation: operation, left: top.shape, right: Shape(labels.count, 1),
                rule: "There must be one label per row.")
        }
        guard biases.shape == Shape(1, rows) else {
            throw .shapeMismatch(
                operation: operation, left: shape.shape, right: biases.shape,
                rule: "There must be a row of biases, one per word.")
        }
        let targets = try IntVector(labels, on: device)
        try targets.check(within: rows, orNone: true, operation: operation)
        return targets
    }
}
