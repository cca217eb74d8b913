extension Matrix {
    /// Which operands of a product are transposed.
    public enum Transposition: Sendable {
        /// A · B
        case none
        /// Aᵀ · B
        case left
        /// A · Bᵀ
        case right
        /// Aᵀ · Bᵀ
        case both
    }

    /// The matrix product `self · other`, or of their transposes, which are not formed.
    ///
    /// - Shapes: m × k times k × n gives m × n, after transposition.
    /// - Accuracy: each element is within k·ε·Σ|aᵢ||bᵢ| of the exact sum, ε = 2⁻²³ (Higham,
    ///   *Accuracy and Stability of Numerical Algorithms*, 2nd ed., section 3.1).
    /// - Cost: 2mnk floating-point operations; nothing is copied to the host.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the inner sizes differ.
    public func matmul(_ other: Matrix, transposing: Transposition = .none) throws(CLMatError) -> Matrix {
        let a = transposing == .left || transposing == .both ? shape.transposed : shape
        let b = transposing == .right || transposing == .both ? other.shape.transposed : other.shape
        guard a.columns == b.rows else {
            throw .shapeMismatch(
                operation: "matmul", left: a, right: b,
                rule: "Left columns must equal right rows; did you mean to transpose one (transposing:)?")
        }
        var product = try Matrix(uninitialised: Shape(a.rows, b.columns), on: device)
        try product.multiply(self, other, transposing: transposing)
        return product
    }

    /// self ← α·op(a)·op(b) + β·self
    ///
    /// - Shapes: op(a) m × k, op(b) k × n, self m × n.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public mutating func multiply(
        _ a: Matrix, _ b: Matrix, transposing: Transposition = .none, alpha: Float = 1, beta: Float = 0
    ) throws(CLMatError) {
        try multiply(
            a.block(), b.block(), transposing: transposing, alpha: alpha, beta: beta,
            into: MatrixRange(rows: 0..<rows, columns: 0..<columns))
    }

    /// A block of self ← α·op(a)·op(b) + β·the block: a product with offsets and leading dimensions.
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the blocks do not fit each other, or
    ///   ``CLMatError/invalidArgument(operation:problem:)`` if one lies outside its matrix.
    public mutating func multiply(
        _ a: MatrixBlock, _ b: MatrixBlock, transposing: Transposition = .none, alpha: Float = 1, beta: Float = 0,
        into range: MatrixRange
    ) throws(CLMatError) {
        let (leftT, rightT) = (
            transposing == .left || transposing == .both, transposing == .right || transposing == .both
        )
        let left = leftT ? a.range.shape.transposed : a.range.shape
        let right = rightT ? b.range.shape.transposed : b.range.shape
        try requireSameDevice(a.matrix.device, b.matrix.device, "multiply")
        try requireSameDevice(device, a.matrix.device, "multiply")
        try a.range.check(within: a.matrix.shape)
        try b.range.check(within: b.matrix.shape)
        try range.check(within: shape)
        try requireProduct(left, right, into: range.shape)
        // The operands keep their memory: should self be one of them, it gets its own here.
        try makeUnique()
        try device.gemm(
            Gemm(
                m: left.rows, n: right.columns, k: left.columns, alpha: alpha, a: a.operand(transposed: leftT),
                b: b.operand(transposed: rightT), beta: beta,
                c: Gemm.Operand(
                    buffer, offset: range.rows.lowerBound * columns + range.columns.lowerBound,
                    leadingDimension: columns)))
    }

    /// A dense layer: self · Wᵀ + biases, and if asked for what a rectifier makes of it, max(0, ·), in one launch after the
    /// product.
    ///
    /// - Shapes: N × D, weights W C × D, biases 1 × C; gives N × C.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func denseLayer(
        _ weights: Matrix, biases: Matrix, rectifying: Bool = false
    ) throws(CLMatError) -> (output: Matrix, rectified: Matrix?) {
        try requireSameDevice(device, weights.device, "denseLayer")
        try requireSameDevice(device, biases.device, "denseLayer")
        guard columns == weights.columns else {
            throw .shapeMismatch(
                operation: "denseLayer", left: shape, right: weights.shape,
                rule: "Weights must have a row per output, as long as a row of the input.")
        }
        guard biases.shape == Shape(1, weights.rows) else {
            throw .shapeMismatch(
                operation: "denseLayer", left: biases.shape, right: Shape(1, weights.rows),
                rule: "There must be one bias per output.")
        }
        let output = try Matrix(uninitialised: Shape(rows, weights.rows), on: device)
        let rectified = rectifying ? try Matrix(uninitialised: output.shape, on: device) : nil
        try device.gemm(
            Gemm(
                m: rows, n: weights.rows, k: columns, a: operand(), b: weights.operand(transposed: true),
                c: output.operand()),
            adding: biases.buffer, rectified: rectified?.buffer)
        return (output, rectified)
    }

    /// A block of this matrix as an operand; nothing is copied.
    public func block(rows: Range<Int>? = nil, columns: Range<Int>? = nil) -> MatrixBlock {
        MatrixBlock(
            matrix: self, range: MatrixRange(rows: rows ?? 0..<self.rows, columns: columns ?? 0..<self.columns))
    }
}

/// The factors of a product must fit each other, and the target the product.
///
/// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
func requireProduct(_ left: Shape, _ right: Shape, into target: Shape) throws(CLMatError) {
    guard left.columns == right.rows else {
        throw .shapeMismatch(
            operation: "multiply", left: left, right: right, rule: "Left columns must equal right rows.")
    }
    guard target == Shape(left.rows, right.columns) else {
        throw .shapeMismatch(
            operation: "multiply", left: target, right: Shape(left.rows, right.columns),
            rule: "The target must have the product's shape.")
    }
}

/// A rectangle of rows and columns.
public struct MatrixRange: Sendable, Equatable {
    /// The rows of the rectangle.
    public var rows: Range<Int>
    /// The columns of the rectangle.
    public var columns: Range<Int>

    /// The rectangle where `rows` and `columns` meet.
    public init(rows: Range<Int>, columns: Range<Int>) { (self.rows, self.columns) = (rows, columns) }

    /// The size of the rectangle.
    public var shape: Shape { Shape(rows.count, columns.count) }

    func check(within shape: Shape) throws(CLMatError) {
        guard rows.lowerBound >= 0, rows.upperBound <= shape.rows, columns.lowerBound >= 0,
            columns.upperBound <= shape.columns
        else {
            throw .invalidArgument(
                operation: "block",
                problem: "Rows \(rows) and columns \(columns) do not lie within \(shape).")
        }
    }
}

/// A rectangle of a matrix, used as an operand where it lies.
public struct MatrixBlock: Sendable {
    let matrix: Matrix
    let range: MatrixRange

    /// The size of the rectangle.
    public var shape: Shape { range.shape }
    /// Where the matrix is.
    public var device: Device { matrix.device }

    /// Some of its rows, counted from its first one.
    public func rows(_ rows: Range<Int>) -> MatrixBlock {
        let first = range.rows.lowerBound
        return MatrixBlock(
            matrix: matrix,
            range: MatrixRange(rows: first + rows.lowerBound..<first + rows.upperBound, columns: range.columns))
    }

    func operand(transposed: Bool) -> Gemm.Operand {
        Gemm.Operand(
            matrix.buffer, offset: range.rows.lowerBound * matrix.columns + range.columns.lowerBound,
            leadingDimension: matrix.columns, isTransposed: transposed)
    }
}
