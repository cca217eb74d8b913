// Products with one block of a power-law matrix, where it lies: words of one cluster alone.

extension PowerLawMatrix {
    /// Block `index` as an operand.
    fileprivate func blockOperand(
        _ index: Int, transposed: Bool, _ operation: String
    ) throws(CLMatError) -> (shape: Shape, operand: Gemm.Operand) {
        guard shape.blocks.indices.contains(index) else {
            throw .invalidArgument(
                operation: operation, problem: "There is no block \(index), but \(shape.blocks.count) of them.")
        }
        let own = shape.blocks[index].shape
        return (
            transposed ? own.transposed : own,
            Gemm.Operand(
                elements.buffer, offset: layout.starts[index], leadingDimension: own.columns, isTransposed: transposed)
        )
    }
}

extension Matrix {
    /// A block of self ← op(a)·op(b) + β·the block, b one block of a power-law matrix, ranks × columns: it counts from its own first rank
    /// and column.
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the sizes do not fit each other, or
    ///   ``CLMatError/invalidArgument(operation:problem:)`` if a block lies outside its matrix, or there is none.
    package mutating func multiply(
        _ a: MatrixBlock, block index: Int, of b: PowerLawMatrix, transposing: Transposition = .none, beta: Float = 0,
        into range: MatrixRange? = nil
    ) throws(CLMatError) {
        let range = range ?? MatrixRange(rows: 0..<rows, columns: 0..<columns)
        let leftT = transposing == .left || transposing == .both
        let left = leftT ? a.range.shape.transposed : a.range.shape
        let right = try b.blockOperand(index, transposed: transposing == .right || transposing == .both, "multiply")
        try requireSameDevice(device, a.matrix.device, "multiply")
        try requireSameDevice(device, b.device, "multiply")
        try a.range.check(within: a.matrix.shape)
        try range.check(within: shape)
        try requireProduct(left, right.shape, into: range.shape)
        guard range.shape.count > 0 else { return }
        try makeUnique(keepingContent: beta != 0 || range.shape != shape)
        try device.gemm(
            Gemm(
                m: left.rows, n: right.shape.columns, k: left.columns, a: a.operand(transposed: leftT),
                b: right.operand, beta: beta,
                c: Gemm.Operand(
                    buffer, offset: range.rows.lowerBound * columns + range.columns.lowerBound,
                    leadingDimension: columns)))
    }
}

extension PowerLawMatrix {
    /// Block `index` of self ← op(a)·op(b) + β·the block. The other blocks stay as they are.
    ///
    /// - Throws: as ``Matrix/multiply(_:block:of:transposing:beta:into:)``.
    package mutating func multiply(
        _ a: MatrixBlock, _ b: MatrixBlock, transposing: Matrix.Transposition = .none, beta: Float = 0,
        intoBlock index: Int
    ) throws(CLMatError) {
        let (leftT, rightT) = (
            transposing == .left || transposing == .both, transposing == .right || transposing == .both
        )
        let left = leftT ? a.range.shape.transposed : a.range.shape
        let right = rightT ? b.range.shape.transposed : b.range.shape
        try requireSameDevice(device, a.matrix.device, "multiply")
        try requireSameDevice(device, b.matrix.device, "multiply")
        try a.range.check(within: a.matrix.shape)
        try b.range.check(within: b.matrix.shape)
        let target = try blockOperand(index, transposed: false, "multiply").shape
        try requireProduct(left, right, into: target)
        guard left.columns > 0 else {
            throw .invalidArgument(operation: "multiply", problem: "A product over no terms has no block to make.")
        }
        try elements.makeUnique()
        try device.gemm(
            Gemm(
                m: target.rows, n: target.columns, k: left.columns, a: a.operand(transposed: leftT),
                b: b.operand(transposed: rightT), beta: beta,
                c: try blockOperand(index, transposed: false, "multiply").operand))
    }
}
