extension KernelFamily {
    static let sparse = KernelFamily("sparse")
}

extension Kernel {
    /// S · D
    static let sparseProduct = Kernel("sparse_product", in: .sparse)
    /// D · Sᵀ
    static let productWithSparse = Kernel("product_with_sparse", in: .sparse)
    static let sparseToDense = Kernel("sparse_to_dense", in: .sparse)
}

extension SparseMatrix {
    private var arguments: [Argument] {
        [starts.argument, indices.argument, (values?.argument ?? starts.argument)]
    }

    /// The product `self · other`, or with this matrix transposed (`.left`), the other (`.right`), or both.
    ///
    /// - Shapes: m × k times k × n gives m × n, after transposition.
    /// - Accuracy: sums in the order of the columns of a row, or of the rows of a column, the same on each run: within k·ε·Σ|aᵢ||bᵢ|, k the
    ///   elements of the row or column.
    /// - Cost: two floating-point operations per element and column of the result. A transpose of this matrix is made when it is first
    ///   needed, and one of the other is copied.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the inner sizes differ.
    public func matmul(_ other: Matrix, transposing: Matrix.Transposition = .none) throws(CLMatError) -> Matrix {
        try requireSameDevice(device, other.device, "matmul")
        let isTurned = transposing == .left || transposing == .both
        let otherIsTurned = transposing == .right || transposing == .both
        let (a, b) = (isTurned ? shape.transposed : shape, otherIsTurned ? other.shape.transposed : other.shape)
        guard a.columns == b.rows else {
            throw .shapeMismatch(
                operation: "matmul", left: a, right: b,
                rule: "Left columns must equal right rows; did you mean to transpose one (transposing:)?")
        }
        let (left, right) = (isTurned ? try transposed() : self, otherIsTurned ? try other.transposed() : other)
        let result = try Matrix(uninitialised: Shape(a.rows, b.columns), on: device)
        let n = b.columns
        guard result.count > 0 else { return result }
        // A work-group takes a row of S, and 64 columns at a time.
        let chunks = (n + 63) / 64
        let share = left.nonzeros / left.rows + 1
        var work = WorkSize.groups(
            left.rows * chunks, bytes: 4 * share * min(n, 64) + 8 * share, operations: 2 * share * min(n, 64),
            loop: left.host.longestRow)
        work.isUneven = true
        try device.launch(
            .sparseProduct,
            [.int(chunks), .int(n), .int(left.isBinary ? 0 : 1)] + left.arguments + [right.argument, result.argument],
            over: work)
        return result
    }

    /// rows × 1: the sum of each row.
    public func rowSums() throws(CLMatError) -> Matrix {
        try matmul(Matrix(filledWith: 1, Shape(columns, 1), on: device))
    }

    /// 1 × columns: the sum of each column.
    public func columnSums() throws(CLMatError) -> Matrix {
        try transposed().rowSums().reshaped(1, columns)
    }

    /// The whole matrix with its zeros.
    public func dense() throws(CLMatError) -> Matrix {
        let result = try Matrix(uninitialised: shape, on: device)
        guard result.count > 0 else { return result }
        var work = WorkSize.groups(rows, bytes: 4 * columns + 8 * (nonzeros / rows + 1), operations: 0)
        work.isUneven = true
        try device.launch(
            .sparseToDense, [.int(columns), .int(isBinary ? 0 : 1)] + arguments + [result.argument], over: work)
        return result
    }

    /// other · selfᵀ: each element is the product of a row of `other` with one of this matrix.
    fileprivate func productFromLeft(_ other: Matrix) throws(CLMatError) -> Matrix {
        let result = try Matrix(uninitialised: Shape(other.rows, rows), on: device)
        guard result.count > 0 else { return result }
        let share = nonzeros / rows + 1
        var work = WorkSize.elements(
            result.count, bytes: 12 * share, operations: 2 * share, loop: host.longestRow)
        work.isUneven = true
        try device.launch(
            .productWithSparse,
            [.int(other.rows), .int(rows), .int(columns), .int(isBinary ? 0 : 1)] + arguments
                + [other.argument, result.argument], over: work)
        return result
    }
}

extension Matrix {
    /// The product `self · other` with a sparse matrix, or with its transpose (`.right`), or with this matrix transposed.
    ///
    /// - Shapes: m × k times k × n gives m × n, after transposition.
    /// - Accuracy: as ``SparseMatrix/matmul(_:transposing:)``.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the inner sizes differ.
    public func matmul(_ other: SparseMatrix, transposing: Transposition = .none) throws(CLMatError) -> Matrix {
        try requireSameDevice(device, other.device, "matmul")
        let isTurned = transposing == .left || transposing == .both
        let otherIsTurned = transposing == .right || transposing == .both
        let (a, b) = (isTurned ? shape.transposed : shape, otherIsTurned ? other.shape.transposed : other.shape)
        guard a.columns == b.rows else {
            throw .shapeMismatch(
                operation: "matmul", left: a, right: b,
                rule: "Left columns must equal right rows; did you mean to transpose one (transposing:)?")
        }
        let left = isTurned ? try transposed() : self
        return try (otherIsTurned ? other : other.transposed()).productFromLeft(left)
    }
}
