extension Matrix.Transposition {
    fileprivate var ofLeft: Bool { self == .left || self == .both }
    fileprivate var ofRight: Bool { self == .right || self == .both }
}

extension MatrixBlock {
    /// Its size, or that of its transpose.
    fileprivate func shape(transposed: Bool) -> Shape { transposed ? range.shape.transposed : range.shape }

    /// The part of op(block) that begins at a row and a column.
    fileprivate func operand(transposed: Bool, row: Int = 0, column: Int = 0) -> Gemm.Operand {
        let (r, c) = transposed ? (column, row) : (row, column)
        return Gemm.Operand(
            matrix.buffer, offset: (range.rows.lowerBound + r) * matrix.columns + range.columns.lowerBound + c,
            leadingDimension: matrix.columns, isTransposed: transposed)
    }
}

/// One product of a block of a power-law matrix with a part of a dense one.
private struct BlockProduct {
    let block: Int
    /// What of the block is taken.
    let ranks: Range<Int>
    let columns: Range<Int>
    /// Whether the result is written, and not added to.
    let isFirst: Bool
}

extension PowerLawMatrix {
    /// An operand of a product: what of a block there is in these ranks and columns.
    fileprivate func operand(_ index: Int, _ ranks: Range<Int>, _ columns: Range<Int>, transposed: Bool) -> Gemm.Operand
    {
        let block = shape.blocks[index]
        let (r, c) = (ranks.lowerBound - block.ranks.lowerBound, columns.lowerBound - block.columns.lowerBound)
        return Gemm.Operand(
            elements.buffer, offset: layout.starts[index] + r * block.columns.count + c,
            leadingDimension: block.columns.count, isTransposed: transposed)
    }

    /// The products that make one whose result runs over the ranks, or over the columns.
    fileprivate func products(overRanks: Bool) -> [BlockProduct] {
        shape.blocks.enumerated().flatMap { index, block in
            (overRanks ? layout.ranks : layout.columns)[index].map { part in
                BlockProduct(
                    block: index, ranks: overRanks ? part.range : block.ranks,
                    columns: overRanks ? block.columns : part.range, isFirst: part.isFirst)
            }
        }
    }
}

// MARK: - Into a dense matrix

extension Matrix {
    /// The product `self · other`, or of their transposes: with `.right` the scores of all features, with `.none` the gradient of what
    /// these were made of.
    ///
    /// - Shapes: m × k times k × n gives m × n, after transposition.
    /// - Accuracy: as ``matmul(_:transposing:)-(Matrix,_)`` with the zeros.
    /// - Cost: two floating-point operations for each row of the result and element of `other`; one product per block.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the inner sizes differ.
    public func matmul(_ other: PowerLawMatrix, transposing: Transposition = .none) throws(CLMatError) -> Matrix {
        let a = transposing.ofLeft ? shape.transposed : shape
        let b = transposing.ofRight ? other.shape.shape.transposed : other.shape.shape
        guard a.columns == b.rows else {
            throw .shapeMismatch(
                operation: "matmul", left: a, right: b,
                rule: "Left columns must equal right rows; did you mean to transpose one (transposing:)?")
        }
        var product = try Matrix(uninitialised: Shape(a.rows, b.columns), on: device)
        try product.multiply(block(), other, transposing: transposing)
        return product
    }

    /// A block of self ← α·op(a)·op(b) + β·the block, b a power-law matrix. `a` may be some rows of a matrix (``block(rows:columns:)``), so
    /// that a large product is made in slices without copying.
    ///
    /// - Parameter range: the block; the whole matrix if it is nil.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the sizes do not fit each other, or
    ///   ``CLMatError/invalidArgument(operation:problem:)`` if a block lies outside its matrix.
    public mutating func multiply(
        _ a: MatrixBlock, _ b: PowerLawMatrix, transposing: Transposition = .none, alpha: Float = 1, beta: Float = 0,
        into range: MatrixRange? = nil
    ) throws(CLMatError) {
        let range = range ?? MatrixRange(rows: 0..<rows, columns: 0..<columns)
        let (leftT, rightT) = (transposing.ofLeft, transposing.ofRight)
        let left = a.shape(transposed: leftT)
        try checkProduct(
            a, left: left, right: rightT ? b.shape.shape.transposed : b.shape.shape, on: b.device, into: range)
        guard range.shape.count > 0 else { return }
        try makeUnique(keepingContent: beta != 0 || range.shape != shape)
        for product in b.products(overRanks: rightT) {
            let (out, inner) = rightT ? (product.ranks, product.columns) : (product.columns, product.ranks)
            try device.gemm(
                Gemm(
                    m: left.rows, n: out.count, k: inner.count, alpha: alpha,
                    a: a.operand(transposed: leftT, column: inner.lowerBound),
                    b: b.operand(product.block, product.ranks, product.columns, transposed: rightT),
                    beta: product.isFirst ? beta : 1, c: target(range, row: 0, column: out.lowerBound)))
        }
        for columns in rightT ? b.layout.missingRanks : b.layout.missingColumns {
            try scale(range, rows: 0..<left.rows, columns: columns, by: beta)
        }
    }

    /// A block of self ← α·op(a)·op(b) + β·the block, a a power-law matrix.
    ///
    /// - Throws: as with the power-law matrix on the other side.
    public mutating func multiply(
        _ a: PowerLawMatrix, _ b: MatrixBlock, transposing: Transposition = .none, alpha: Float = 1, beta: Float = 0,
        into range: MatrixRange? = nil
    ) throws(CLMatError) {
        let range = range ?? MatrixRange(rows: 0..<rows, columns: 0..<columns)
        let (leftT, rightT) = (transposing.ofLeft, transposing.ofRight)
        let right = b.shape(transposed: rightT)
        try checkProduct(
            b, left: leftT ? a.shape.shape.transposed : a.shape.shape, right: right, on: a.device, into: range)
        guard range.shape.count > 0 else { return }
        try makeUnique(keepingContent: beta != 0 || range.shape != shape)
        for product in a.products(overRanks: !leftT) {
            let (out, inner) = leftT ? (product.columns, product.ranks) : (product.ranks, product.columns)
            try device.gemm(
                Gemm(
                    m: out.count, n: right.columns, k: inner.count, alpha: alpha,
                    a: a.operand(product.block, product.ranks, product.columns, transposed: leftT),
                    b: b.operand(transposed: rightT, row: inner.lowerBound), beta: product.isFirst ? beta : 1,
                    c: target(range, row: out.lowerBound, column: 0)))
        }
        for rows in leftT ? a.layout.missingColumns : a.layout.missingRanks {
            try scale(range, rows: rows, columns: 0..<right.columns, by: beta)
        }
    }

    private func checkProduct(
        _ block: MatrixBlock, left: Shape, right: Shape, on other: Device, into range: MatrixRange
    ) throws(CLMatError) {
        try requireSameDevice(block.matrix.device, other, "multiply")
        try requireSameDevice(device, other, "multiply")
        try block.range.check(within: block.matrix.shape)
        try range.check(within: shape)
        try requireProduct(left, right, into: range.shape)
    }

    private func target(_ range: MatrixRange, row: Int, column: Int) -> Gemm.Operand {
        Gemm.Operand(
            buffer, offset: (range.rows.lowerBound + row) * columns + range.columns.lowerBound + column,
            leadingDimension: columns)
    }

    /// A part of a block times a number; 0 clears it.
    private func scale(
        _ range: MatrixRange, rows: Range<Int>, columns: Range<Int>, by c: Float
    ) throws(CLMatError) {
        guard c != 1 else { return }
        let start =
            (range.rows.lowerBound + rows.lowerBound) * self.columns + range.columns.lowerBound + columns.lowerBound
        try device.launch(
            .scaleBlock,
            [.int(rows.count), .int(columns.count), .int(start), .int(self.columns), .float(c), argument],
            over: .elements(rows.count * columns.count, bytes: 8))
    }
}

// MARK: - From the left, and into a power-law matrix

extension PowerLawMatrix {
    /// The product `self · other`, or of their transposes.
    ///
    /// - Shapes: m × k times k × n gives m × n, after transposition.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the inner sizes differ.
    public func matmul(_ other: Matrix, transposing: Matrix.Transposition = .none) throws(CLMatError) -> Matrix {
        let a = transposing.ofLeft ? shape.shape.transposed : shape.shape
        let b = transposing.ofRight ? other.shape.transposed : other.shape
        guard a.columns == b.rows else {
            throw .shapeMismatch(
                operation: "matmul", left: a, right: b,
                rule: "Left columns must equal right rows; did you mean to transpose one (transposing:)?")
        }
        var product = try Matrix(uninitialised: Shape(a.rows, b.columns), on: device)
        try product.multiply(self, other.block(), transposing: transposing)
        return product
    }

    /// self ← α·op(a)·op(b) + β·self, of the elements that there are alone. The gradient of the weights is gᵀ·x (`transposing: .left`), g
    /// that of the scores and x what these were made of. Both may be some rows of a matrix (``Matrix/block(rows:columns:)``).
    ///
    /// - Shapes: op(a) V × n, op(b) n × columns.
    /// - Cost: two floating-point operations for each of the n rows and element; one product per block.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the sizes do not fit each other, or
    ///   ``CLMatError/invalidArgument(operation:problem:)`` if a block lies outside its matrix.
    public mutating func multiply(
        _ a: MatrixBlock, _ b: MatrixBlock, transposing: Matrix.Transposition = .none, alpha: Float = 1, beta: Float = 0
    ) throws(CLMatError) {
        let (leftT, rightT) = (transposing.ofLeft, transposing.ofRight)
        let (left, right) = (a.shape(transposed: leftT), b.shape(transposed: rightT))
        try requireSameDevice(a.matrix.device, b.matrix.device, "multiply")
        try requireSameDevice(device, a.matrix.device, "multiply")
        try a.range.check(within: a.matrix.shape)
        try b.range.check(within: b.matrix.shape)
        try requireProduct(left, right, into: shape.shape)
        // A product over no terms is a launch per row in some backends.
        guard left.columns > 0 else {
            if beta == 0 { return try elements.fill(with: 0) }
            return try elements.scale(by: beta)
        }
        try elements.makeUnique(keepingContent: beta != 0)
        for (index, block) in shape.blocks.enumerated() {
            try device.gemm(
                Gemm(
                    m: block.ranks.count, n: block.columns.count, k: left.columns, alpha: alpha,
                    a: a.operand(transposed: leftT, row: block.ranks.lowerBound),
                    b: b.operand(transposed: rightT, column: block.columns.lowerBound), beta: beta,
                    c: operand(index, block.ranks, block.columns, transposed: false)))
        }
    }

    /// The same of whole matrices.
    public mutating func multiply(
        _ a: Matrix, _ b: Matrix, transposing: Matrix.Transposition = .none, alpha: Float = 1, beta: Float = 0
    ) throws(CLMatError) {
        try multiply(a.block(), b.block(), transposing: transposing, alpha: alpha, beta: beta)
    }
}
