extension KernelFamily {
    static let elementwise = KernelFamily("elementwise")
}

extension Kernel {
    static let negate = Kernel("map_negate", in: .elementwise)
    static let absolute = Kernel("map_absolute", in: .elementwise)
    static let square = Kernel("map_square", in: .elementwise)
    static let squareRoot = Kernel("map_square_root", in: .elementwise)
    static let reciprocal = Kernel("map_reciprocal", in: .elementwise)
    static let exp = Kernel("map_exp", in: .elementwise)
    static let log = Kernel("map_log", in: .elementwise)
    static let tanh = Kernel("map_tanh", in: .elementwise)
    static let logistic = Kernel("map_logistic", in: .elementwise)
    static let relu = Kernel("map_relu", in: .elementwise)
    static let sign = Kernel("map_sign", in: .elementwise)

    /// y = c x + d
    static let affine = Kernel("map_affine", in: .elementwise)
    /// y = x held within c…d
    static let clamp = Kernel("map_clamp", in: .elementwise)

    /// y = x / c
    static let divideByConstant = Kernel("map_divide", in: .elementwise)
    /// y = c / x
    static let divideConstant = Kernel("map_divide_into", in: .elementwise)
    /// y = [x = c]
    static let equalToConstant = Kernel("map_equal", in: .elementwise)
    /// y = [x > c]
    static let greaterThanConstant = Kernel("map_greater", in: .elementwise)
    /// y = x moved towards 0 by c, and no farther
    static let softThreshold = Kernel("map_soft_threshold", in: .elementwise)
    /// y = x where |x| > c, else 0
    static let zeroSmall = Kernel("map_zero_small", in: .elementwise)

    static let add = Kernel("combine_add", in: .elementwise)
    static let subtract = Kernel("combine_subtract", in: .elementwise)
    static let multiply = Kernel("combine_multiply", in: .elementwise)
    static let divide = Kernel("combine_divide", in: .elementwise)
    static let maximum = Kernel("combine_maximum", in: .elementwise)
    static let minimum = Kernel("combine_minimum", in: .elementwise)
    static let equal = Kernel("combine_equal", in: .elementwise)
    static let greater = Kernel("combine_greater", in: .elementwise)
    /// gradient · [y > 0]
    static let reluBackward = Kernel("combine_relu_backward", in: .elementwise)
    /// gradient · (1 − y²)
    static let tanhBackward = Kernel("combine_tanh_backward", in: .elementwise)
    /// gradient · y (1 − y)
    static let logisticBackward = Kernel("combine_logistic_backward", in: .elementwise)

    static let fill = Kernel("fill_value", in: .elementwise)
    /// y ← y + a x
    static let axpy = Kernel("axpy", in: .elementwise)
    static let scaleRange = Kernel("scale_range", in: .elementwise)
}

// MARK: - Maps

extension Matrix {
    private func mapped(_ kernel: Kernel, operations: Int = 1) throws(CLMatError) -> Matrix {
        let result = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            kernel, [.int(count), argument, result.argument],
            over: .elements(count, bytes: 8, operations: operations))
        return result
    }

    /// −x
    public func negated() throws(CLMatError) -> Matrix { try mapped(.negate) }
    /// |x|
    public func absolute() throws(CLMatError) -> Matrix { try mapped(.absolute) }
    /// x²
    public func squared() throws(CLMatError) -> Matrix { try mapped(.square) }
    /// √x; NaN below 0.
    public func sqrt() throws(CLMatError) -> Matrix { try mapped(.squareRoot) }
    /// 1 / x
    public func reciprocal() throws(CLMatError) -> Matrix { try mapped(.reciprocal) }
    /// eˣ, within 2 units in the last place.
    public func exp() throws(CLMatError) -> Matrix { try mapped(.exp, operations: 16) }
    /// ln x, within 2 units in the last place; −∞ at 0, NaN below.
    public func log() throws(CLMatError) -> Matrix { try mapped(.log, operations: 24) }
    /// tanh x, within 4 units in the last place.
    public func tanh() throws(CLMatError) -> Matrix { try mapped(.tanh, operations: 30) }
    /// 1 / (1 + e⁻ˣ), within 5 units in the last place from −87 up; below, where it is under 10⁻³⁷, within 10⁻³⁷.
    public func logistic() throws(CLMatError) -> Matrix { try mapped(.logistic, operations: 20) }
    /// max(x, 0)
    public func relu() throws(CLMatError) -> Matrix { try mapped(.relu) }
    /// −1, 0 or 1
    public func sign() throws(CLMatError) -> Matrix { try mapped(.sign) }

    /// f(x, c, d): numbers are arguments of the kernel, which costs nothing, where a matrix of one element would be uploaded.
    private func mapped(_ kernel: Kernel, _ c: Float, _ d: Float = 0, operations: Int = 1) throws(CLMatError) -> Matrix
    {
        let result = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            kernel, [.int(count), .float(c), .float(d), argument, result.argument],
            over: .elements(count, bytes: 8, operations: operations))
        return result
    }

    /// c·x + d
    public func scaled(by c: Float, plus d: Float = 0) throws(CLMatError) -> Matrix {
        try mapped(.affine, c, d, operations: 2)
    }

    /// x held within `range`.
    public func clamped(to range: ClosedRange<Float>) throws(CLMatError) -> Matrix {
        try mapped(.clamp, range.lowerBound, range.upperBound, operations: 2)
    }

    /// x moved towards 0 by `threshold`, and no farther: sign(x)·max(|x| − t, 0).
    public func softThresholded(by threshold: Float) throws(CLMatError) -> Matrix {
        try mapped(.softThreshold, threshold, operations: 3)
    }

    /// x where |x| > `threshold`, else 0.
    public func withoutSmall(upTo threshold: Float) throws(CLMatError) -> Matrix {
        try mapped(.zeroSmall, threshold, operations: 2)
    }

    /// ∂L/∂x from ∂L/∂y (self), for y = max(x, 0).
    public func reluBackward(output y: Matrix) throws(CLMatError) -> Matrix {
        try requireSameShape(self, y, "reluBackward")
        return try combined(.reluBackward, y, "reluBackward")
    }
    /// ∂L/∂x from ∂L/∂y (self), for y = tanh x.
    public func tanhBackward(output y: Matrix) throws(CLMatError) -> Matrix {
        try requireSameShape(self, y, "tanhBackward")
        return try combined(.tanhBackward, y, "tanhBackward")
    }
    /// ∂L/∂x from ∂L/∂y (self), for y = 1 / (1 + e⁻ˣ).
    public func logisticBackward(output y: Matrix) throws(CLMatError) -> Matrix {
        try requireSameShape(self, y, "logisticBackward")
        return try combined(.logisticBackward, y, "logisticBackward")
    }
}

// MARK: - Two operands, with broadcasting

extension Matrix {
    /// f(self, other) with a row, a column or a single element of either repeated to fit the other.
    ///
    /// - Shapes: in each dimension the sizes are equal, or one of them is 1.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` or
    ///   ``CLMatError/deviceMismatch(operation:left:right:)``.
    private func combined(_ kernel: Kernel, _ other: Matrix, _ operation: String) throws(CLMatError) -> Matrix {
        try requireSameDevice(device, other.device, operation)
        func fits(_ a: Int, _ b: Int) -> Bool { a == b || a == 1 || b == 1 }
        guard fits(rows, other.rows), fits(columns, other.columns) else {
            throw .shapeMismatch(
                operation: operation, left: shape, right: other.shape,
                rule: "In each dimension the sizes must be equal, or one of them 1.")
        }
        let size = Shape(rows == 1 ? other.rows : rows, columns == 1 ? other.columns : columns)
        let result = try Matrix(uninitialised: size, on: device)
        func strides(_ m: Matrix) -> (row: Int, column: Int) {
            (m.rows == 1 && size.rows != 1 ? 0 : m.columns, m.columns == 1 && size.columns != 1 ? 0 : 1)
        }
        // Two whole matrices are one long row.
        let isPlain = shape == other.shape
        let (x, y) = isPlain ? ((row: 0, column: 1), (row: 0, column: 1)) : (strides(self), strides(other))
        try device.launch(
            kernel,
            [
                .int(size.count), .int(isPlain ? size.count : size.columns), .int(x.row), .int(x.column), .int(y.row),
                .int(y.column), argument, other.argument, result.argument,
            ],
            over: .elements(size.count, bytes: 12))
        return result
    }

    /// Element by element; a row, a column or a single element is repeated to the other's size.
    public static func + (a: Matrix, b: Matrix) throws(CLMatError) -> Matrix { try a.combined(.add, b, "+") }
    /// Element by element; a row, a column or a single element is repeated to the other's size.
    public static func - (a: Matrix, b: Matrix) throws(CLMatError) -> Matrix { try a.combined(.subtract, b, "-") }
    /// Element by element; ``matmul(_:transposing:)-(Matrix,_)`` is the matrix product.
    public static func * (a: Matrix, b: Matrix) throws(CLMatError) -> Matrix { try a.combined(.multiply, b, "*") }
    /// Element by element; a row, a column or a single element is repeated to the other's size.
    public static func / (a: Matrix, b: Matrix) throws(CLMatError) -> Matrix { try a.combined(.divide, b, "/") }

    /// Adds a number to each element.
    public static func + (a: Matrix, b: Float) throws(CLMatError) -> Matrix { try a.scaled(by: 1, plus: b) }
    /// Adds a number to each element.
    public static func + (a: Float, b: Matrix) throws(CLMatError) -> Matrix { try b.scaled(by: 1, plus: a) }
    /// Takes a number from each element.
    public static func - (a: Matrix, b: Float) throws(CLMatError) -> Matrix { try a.scaled(by: 1, plus: -b) }
    /// A number less each element.
    public static func - (a: Float, b: Matrix) throws(CLMatError) -> Matrix { try b.scaled(by: -1, plus: a) }
    /// Each element times a number.
    public static func * (a: Matrix, b: Float) throws(CLMatError) -> Matrix { try a.scaled(by: b) }
    /// Each element times a number.
    public static func * (a: Float, b: Matrix) throws(CLMatError) -> Matrix { try b.scaled(by: a) }
    /// Each element divided by a number.
    public static func / (a: Matrix, b: Float) throws(CLMatError) -> Matrix { try a.mapped(.divideByConstant, b) }
    /// A number divided by each element.
    public static func / (a: Float, b: Matrix) throws(CLMatError) -> Matrix { try b.mapped(.divideConstant, a) }

    /// The larger of each pair.
    public func maximum(_ other: Matrix) throws(CLMatError) -> Matrix { try combined(.maximum, other, "maximum") }
    /// The smaller of each pair.
    public func minimum(_ other: Matrix) throws(CLMatError) -> Matrix { try combined(.minimum, other, "minimum") }
    /// 1 where both are equal, else 0.
    public func equal(to other: Matrix) throws(CLMatError) -> Matrix { try combined(.equal, other, "equal") }
    /// 1 where an element is `value`, else 0.
    public func equal(to value: Float) throws(CLMatError) -> Matrix { try mapped(.equalToConstant, value) }
    /// 1 where self is greater, else 0.
    public func greater(than other: Matrix) throws(CLMatError) -> Matrix { try combined(.greater, other, "greater") }
    /// 1 where an element is greater than `value`, else 0.
    public func greater(than value: Float) throws(CLMatError) -> Matrix { try mapped(.greaterThanConstant, value) }
}

// MARK: - In place

extension Matrix {
    /// Sets every element.
    public mutating func fill(with value: Float) throws(CLMatError) {
        try makeUnique(keepingContent: false)
        try device.launch(
            .fill, [.int(count), .float(value), argument], over: .elements(count, bytes: 4, operations: 0))
    }

    /// self ← self + a·x
    public mutating func add(_ x: Matrix, times a: Float = 1) throws(CLMatError) {
        try requireSameShape(self, x, "add")
        try makeUnique()
        try device.launch(
            .axpy, [.int(count), .float(a), x.argument, argument],
            over: .elements(count, bytes: 12, operations: 2))
    }

    /// self ← c·self
    public mutating func scale(by c: Float) throws(CLMatError) { try map(.affine, c) }

    /// Moves all elements towards 0 by `threshold`, and no farther.
    public mutating func softThreshold(by threshold: Float) throws(CLMatError) { try map(.softThreshold, threshold) }

    /// Sets elements with |x| ≤ `threshold` to 0.
    public mutating func zeroSmall(upTo threshold: Float) throws(CLMatError) { try map(.zeroSmall, threshold) }

    private mutating func map(_ kernel: Kernel, _ c: Float) throws(CLMatError) {
        try makeUnique()
        try device.launch(
            kernel, [.int(count), .float(c), .float(0), argument, argument], over: .elements(count, bytes: 8))
    }

    /// self ← self + weight·(x − self): with weight 1/n the mean of n matrices, from that of n − 1.
    public mutating func lerp(to x: Matrix, weight: Float) throws(CLMatError) {
        try requireSameShape(self, x, "lerp")
        try makeUnique()
        try device.launch(
            .runningMean, [.int(count), .float(weight), x.argument, argument],
            over: .elements(count, bytes: 12, operations: 3))
    }
}
