/// A matrix of 32-bit floats on a device, row-major: one sample per row.
///
/// A matrix is a value. Copies share memory until one of them is changed in place, so a snapshot of a model is an
/// assignment. Operations return new matrices and throw ``CLMatError`` where operands do not fit; those that change a
/// matrix in place are `mutating` and copy first only if the memory is shared.
///
/// ```swift
/// let device = try Device.default
/// let a = try Matrix([1, 2, 3, 4], 2, 2, on: device)
/// print(try (a.matmul(a) + 1).softmaxRows().values)
/// ```
public struct Matrix: Sendable {
    /// Rows × columns.
    public private(set) var shape: Shape
    /// Where the elements live; the operands of one operation share it.
    public let device: Device
    private(set) var buffer: Buffer

    /// The number of rows: samples, as a rule.
    public var rows: Int { shape.rows }
    /// The number of columns: numbers per sample, as a rule.
    public var columns: Int { shape.columns }
    /// The number of elements.
    public var count: Int { shape.count }

    /// A matrix whose elements are not set yet, for a kernel that sets them all.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for a size that no matrix has; what the device throws.
    public init(uninitialised shape: Shape, on device: Device) throws(CLMatError) {
        guard shape.rows >= 0, shape.columns >= 0 else {
            throw .invalidArgument(operation: "Matrix", problem: "A size cannot be negative: \(shape).")
        }
        guard let count = shape.checkedCount, count <= Shape.largestCount else {
            throw .invalidArgument(
                operation: "Matrix",
                problem: "\(shape) has more than \(Shape.largestCount) elements; split it by rows.")
        }
        self.shape = shape
        self.device = device
        buffer = try device.allocate(bytes: 4 * count)
    }

    /// A matrix in memory that holds its elements already. Others may hold the memory, too: whoever changes the matrix copies it first.
    init(sharing buffer: Buffer, _ shape: Shape, on device: Device) {
        (self.shape, self.device, self.buffer) = (shape, device, buffer)
    }

    /// - Shapes: `values` has rows × columns elements, row by row.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if it has not.
    public init(_ values: [Float], _ rows: Int, _ columns: Int, on device: Device) throws(CLMatError) {
        guard rows >= 0, columns >= 0, values.count == Shape(rows, columns).checkedCount else {
            throw .shapeMismatch(
                operation: "Matrix", left: Shape(1, values.count), right: Shape(rows, columns),
                rule: "There must be rows × columns values.")
        }
        try self.init(uninitialised: Shape(rows, columns), on: device)
        try write(values)
    }

    /// A matrix of zeros.
    public init(zeros shape: Shape, on device: Device) throws(CLMatError) {
        try self.init(filledWith: 0, shape, on: device)
    }

    /// A matrix whose elements are all `value`.
    public init(filledWith value: Float, _ shape: Shape, on device: Device) throws(CLMatError) {
        try self.init(uninitialised: shape, on: device)
        try fill(with: value)
    }

    /// The elements, row by row. Waits for the device.
    public var values: [Float] {
        get throws(CLMatError) {
            try device.read(count, from: buffer)
        }
    }

    /// Replaces all elements.
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the number differs.
    public mutating func write(_ values: [Float]) throws(CLMatError) {
        guard values.count == count else {
            throw .shapeMismatch(
                operation: "write", left: shape, right: Shape(1, values.count),
                rule: "There must be as many values as elements.")
        }
        guard count > 0 else { return }
        try makeUnique(keepingContent: false)
        try device.write(values, to: buffer)
    }

    /// The same elements on another device; the matrix itself if it is there already.
    public func copied(to device: Device) throws(CLMatError) -> Matrix {
        device == self.device ? self : try Matrix(values, rows, columns, on: device)
    }

    /// The same elements in the same order with other sizes. Nothing is copied.
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the number of elements differs.
    public func reshaped(_ rows: Int, _ columns: Int) throws(CLMatError) -> Matrix {
        let wanted = Shape(rows, columns)
        guard rows >= 0, columns >= 0, wanted.checkedCount == count else {
            throw .shapeMismatch(
                operation: "reshaped", left: shape, right: wanted, rule: "The number of elements must stay the same.")
        }
        var result = self
        result.shape = wanted
        return result
    }

    /// Makes the memory this matrix's own, before a kernel of your own changes it in place.
    public mutating func makeUnique() throws(CLMatError) { try makeUnique(keepingContent: true) }

    /// The same, or without the elements, before a kernel that sets them all.
    public mutating func makeUnique(keepingContent: Bool) throws(CLMatError) {
        try device.makeUnique(&buffer, bytes: 4 * count, keepingContent: keepingContent)
    }

    /// Whether no other value shares the memory.
    mutating func hasNoOtherHolder() -> Bool { isKnownUniquelyReferenced(&buffer) }

    /// Has the elements elsewhere: in memory of the same size.
    mutating func take(_ buffer: Buffer) { self.buffer = buffer }

    /// The matrix as an argument of a kernel.
    public var argument: Argument { .buffer(buffer) }

    /// The matrix as an operand of a product.
    func operand(transposed: Bool = false) -> Gemm.Operand {
        Gemm.Operand(buffer, leadingDimension: columns, isTransposed: transposed)
    }
}

/// Whole numbers on a device: labels and indices.
public struct IntVector: Sendable {
    /// The number of elements.
    public let count: Int
    /// Where the elements live.
    public let device: Device
    private(set) var buffer: Buffer
    /// The smallest and largest element where they are known on the host, to check indices without waiting.
    private(set) var bounds: ClosedRange<Int32>?
    /// All elements, where they came from the host and no kernel has changed them: to sort them without waiting.
    private(set) var knownValues: [Int32]?

    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for an element that 32 bits cannot hold.
    public init(_ values: [Int], on device: Device) throws(CLMatError) {
        guard values.allSatisfy({ Int32(exactly: $0) != nil }) else {
            throw .invalidArgument(operation: "IntVector", problem: "An element does not fit 32 bits.")
        }
        try self.init(values.map(Int32.init), on: device)
    }

    /// A vector of 32-bit integers, copied to the device.
    public init(_ values: [Int32], on device: Device) throws(CLMatError) {
        count = values.count
        self.device = device
        buffer = try device.allocate(bytes: 4 * values.count)
        bounds = values.min().flatMap { low in values.max().map { low...$0 } }
        knownValues = values
        try device.write(values, to: buffer)
    }

    /// A vector that a kernel fills; its elements lie within `bounds`, if the kernel's formula says so.
    public init(uninitialised count: Int, bounds: ClosedRange<Int32>? = nil, on device: Device) throws(CLMatError) {
        self.count = count
        self.device = device
        self.bounds = bounds
        buffer = try device.allocate(bytes: 4 * count)
    }

    /// A vector of zeros.
    public init(zeros count: Int, on device: Device) throws(CLMatError) {
        try self.init(uninitialised: count, bounds: 0...0, on: device)
        try clear()
    }

    /// Sets all elements to 0.
    public mutating func clear() throws(CLMatError) {
        knownValues = nil
        // The bits of the float 0 are those of the integer.
        try device.launch(
            .fill, [.int(count), .float(0), argument], over: .elements(count, bytes: 4))
    }

    /// The elements. Waits for the device.
    public var values: [Int32] {
        get throws(CLMatError) {
            try device.read(count, from: buffer)
        }
    }

    /// The vector as an argument of a kernel.
    public var argument: Argument { .buffer(buffer) }

    /// Makes the memory this vector's own before a kernel changes it in place. What the host knows of its elements is
    /// forgotten.
    public mutating func makeUnique() throws(CLMatError) { try makeUnique(keepingContent: true) }

    /// The same, or without the elements, before a kernel that sets them all.
    public mutating func makeUnique(keepingContent: Bool) throws(CLMatError) {
        (bounds, knownValues) = (nil, nil)
        try device.makeUnique(&buffer, bytes: 4 * count, keepingContent: keepingContent)
    }

    /// Checks that every element lies in `0..<limit`, or is −1 where that means none; reads the elements only where nothing is known
    /// of them.
    func check(within limit: Int, orNone: Bool = false, operation: String) throws(CLMatError) {
        guard count > 0 else { return }
        let bounds: ClosedRange<Int32>
        if let known = self.bounds {
            bounds = known
        } else {
            let values = try values
            bounds = (values.min() ?? 0)...(values.max() ?? 0)
        }
        let least: Int32 = orNone ? -1 : 0
        guard bounds.lowerBound >= least, Int(bounds.upperBound) < limit else {
            let wrong = bounds.lowerBound < least ? bounds.lowerBound : bounds.upperBound
            throw .invalidArgument(operation: operation, problem: "Index \(wrong) is outside \(least)..<\(limit).")
        }
    }
}

/// Unsigned bytes on a device, one sample per row: images as their files hold them, a quarter the size of floats.
public struct ByteMatrix: Sendable {
    /// Rows × columns.
    public let shape: Shape
    /// Where the bytes live.
    public let device: Device
    let buffer: Buffer

    /// - Shapes: `bytes` has rows × columns elements, row by row.
    public init(_ bytes: [UInt8], _ rows: Int, _ columns: Int, on device: Device) throws(CLMatError) {
        guard rows >= 0, columns >= 0, bytes.count == Shape(rows, columns).checkedCount else {
            throw .shapeMismatch(
                operation: "ByteMatrix", left: Shape(1, bytes.count), right: Shape(rows, columns),
                rule: "There must be rows × columns bytes.")
        }
        shape = Shape(rows, columns)
        self.device = device
        buffer = try device.allocate(bytes: bytes.count)
        try device.write(bytes, to: buffer)
    }

    /// The rows that `indices` names, as floats times `scale`: 1/255 makes them units of full scale.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for an index outside the rows.
    public func rows(_ indices: IntVector, scale: Float = 1) throws(CLMatError) -> Matrix {
        try requireSameDevice(device, indices.device, "rows")
        try indices.check(within: shape.rows, operation: "rows")
        let result = try Matrix(uninitialised: Shape(indices.count, shape.columns), on: device)
        try device.launch(
            .gatherBytes,
            [
                .int(indices.count), .int(shape.columns), .float(scale), .buffer(buffer), indices.argument,
                result.argument,
            ],
            over: .elements(result.count, bytes: 5))
        return result
    }
}

/// Operands of one operation must live on one device.
///
/// - Throws: ``CLMatError/deviceMismatch(operation:left:right:)`` in the name of the operation, if they do not.
public func requireSameDevice(_ left: Device, _ right: Device, _ operation: String) throws(CLMatError) {
    guard left == right else {
        throw .deviceMismatch(operation: operation, left: left.name, right: right.name)
    }
}

/// Operands of an operation by element must have one shape, and live on one device.
///
/// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` or ``CLMatError/deviceMismatch(operation:left:right:)`` in the
///   name of the operation.
public func requireSameShape(_ left: Matrix, _ right: Matrix, _ operation: String) throws(CLMatError) {
    try requireSameDevice(left.device, right.device, operation)
    guard left.shape == right.shape else {
        throw .shapeMismatch(
            operation: operation, left: left.shape, right: right.shape, rule: "Both must have the same shape.")
    }
}
