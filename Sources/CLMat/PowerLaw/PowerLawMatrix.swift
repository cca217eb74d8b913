/// A matrix of features × columns that has only the elements of a ``PowerLawShape``; the others are 0 and take no memory. Frequent features
/// have many columns, rare ones few.
///
/// It is a value like ``Matrix``, and has the same operations where they make sense. All elements lie in one row of memory, block after
/// block, so that an operation by element is one launch, and a product is one product per block. With a dense shape it has the numbers
/// of a `Matrix`, at the same cost.
///
/// ```swift
/// let device = try Device.default
/// let shape = try PowerLawShape.halving(features: 10_000, h: 32, blocks: 4).inBands
/// let w = try PowerLawMatrix(uniform: -0.1...0.1, shape, RandomKey(seed: 1, stream: 0), on: device)
/// let x = try w.gatherRows(IntVector([3, 9000, 3], on: device))       // 3 × 256
/// let scores = try x.matmul(w, transposing: .right)                   // 3 × 10000
/// ```
/// - Source: Jiang, *Exploratory model analysis for machine learning*, UCB/EECS-2018-34, section 5.4.
public struct PowerLawMatrix: Sendable {
    /// Which elements there are.
    public var shape: PowerLawShape { layout.shape }
    /// The elements, block after block, each row by row: 1 × ``count``. Those of a model are changed by operations of this type, or by
    /// ``changeElements(_:)``.
    public internal(set) var elements: Matrix
    let layout: PowerLawLayout

    /// The number of features, V.
    public var rows: Int { shape.rows }
    /// The number of columns of the whole.
    public var columns: Int { shape.columns }
    /// The number of elements that there are.
    public var count: Int { elements.count }
    /// Where the elements live.
    public var device: Device { elements.device }
    /// The memory that holds the elements.
    public var memory: MemoryBlock { elements.memory }

    init(_ elements: Matrix, _ layout: PowerLawLayout) { (self.elements, self.layout) = (elements, layout) }

    // MARK: - Making one

    /// A matrix whose elements are not set yet, for an operation that sets them all.
    init(uninitialised layout: PowerLawLayout, on device: Device) throws(CLMatError) {
        try self.init(Matrix(uninitialised: Shape(1, layout.shape.parameterCount), on: device), layout)
    }

    /// A matrix of the shape of another one, whose elements are not set yet, for an operation that sets them all, such as a product with β = 0.
    public init(uninitialisedLike other: PowerLawMatrix) throws(CLMatError) {
        try self.init(uninitialised: other.layout, on: other.device)
    }

    /// A matrix of zeros of the shape of another one.
    public init(zerosLike other: PowerLawMatrix) throws(CLMatError) {
        try self.init(Matrix(zeros: other.elements.shape, on: other.device), other.layout)
    }

    /// A matrix of zeros.
    public init(zeros shape: PowerLawShape, on device: Device) throws(CLMatError) {
        try self.init(
            Matrix(zeros: Shape(1, shape.parameterCount), on: device), PowerLawLayout(shape, on: device))
    }

    /// Independent uniform numbers in `range`, the upper end excluded (but for rounding): with a dense shape those of
    /// ``Matrix/init(uniform:_:_:on:)``.
    public init(
        uniform range: ClosedRange<Float>, _ shape: PowerLawShape, _ key: RandomKey, on device: Device
    ) throws(CLMatError) {
        try self.init(
            Matrix(uniform: range, key, Shape(1, shape.parameterCount), on: device), PowerLawLayout(shape, on: device))
    }

    /// A dense matrix as one block: it has all elements. Nothing is copied.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if it has none.
    public init(_ dense: Matrix) throws(CLMatError) {
        let shape = try PowerLawShape.dense(dense.rows, dense.columns)
        try self.init(dense.reshaped(1, dense.count), PowerLawLayout(shape, on: dense.device))
    }

    /// The elements of a dense matrix that a shape has.
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the sizes differ.
    public init(_ dense: Matrix, cutTo shape: PowerLawShape) throws(CLMatError) {
        guard dense.shape == shape.shape else {
            throw .shapeMismatch(
                operation: "PowerLawMatrix", left: dense.shape, right: shape.shape,
                rule: "The matrix must have the features and the width of the shape.")
        }
        try self.init(PowerLawMatrix(dense), cutTo: shape)
    }

    /// The elements of another matrix that a shape has, and 0 where that one has none: with ``PowerLawShape/inBands`` the same matrix, lying
    /// otherwise.
    ///
    /// - Cost: one launch for each pair of blocks that meet.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the sizes differ.
    public init(_ other: PowerLawMatrix, cutTo shape: PowerLawShape) throws(CLMatError) {
        guard other.shape.shape == shape.shape else {
            throw .shapeMismatch(
                operation: "PowerLawMatrix", left: other.shape.shape, right: shape.shape,
                rule: "The matrix must have the features and the width of the shape.")
        }
        if other.shape == shape {
            self = other
            return
        }
        let layout = try PowerLawLayout(shape, on: other.device)
        try self.init(Matrix(zeros: Shape(1, shape.parameterCount), on: other.device), layout)
        for (target, to) in zip(shape.blocks, layout.starts) {
            for (source, from) in zip(other.shape.blocks, other.layout.starts) {
                let (ranks, columns) = (
                    target.ranks.clamped(to: source.ranks), target.columns.clamped(to: source.columns)
                )
                guard !ranks.isEmpty, !columns.isEmpty else { continue }
                func place(_ block: PowerLawShape.Block, _ start: Int) -> Int {
                    start + (ranks.lowerBound - block.ranks.lowerBound) * block.columns.count
                        + columns.lowerBound - block.columns.lowerBound
                }
                try device.launch(
                    .copyBlock,
                    [
                        .int(ranks.count), .int(columns.count), .int(place(source, from)), .int(source.columns.count),
                        .int(place(target, to)), .int(target.columns.count), other.elements.argument,
                        elements.argument,
                    ],
                    over: .elements(ranks.count * columns.count, bytes: 8, operations: 0))
            }
        }
    }

    /// A matrix of its blocks, each ranks × columns.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if there are not as many as in the shape,
    ///   ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if one has another size, and
    ///   ``CLMatError/deviceMismatch(operation:left:right:)``.
    public init(_ shape: PowerLawShape, blocks: [Matrix]) throws(CLMatError) {
        guard let first = blocks.first, blocks.count == shape.blocks.count else {
            throw .invalidArgument(
                operation: "PowerLawMatrix",
                problem: "There are \(blocks.count) blocks, but \(shape.blocks.count) in the shape.")
        }
        for (index, (block, own)) in zip(blocks, shape.blocks).enumerated() {
            try requireSameDevice(first.device, block.device, "PowerLawMatrix")
            guard block.shape == own.shape else {
                throw .shapeMismatch(
                    operation: "PowerLawMatrix", left: block.shape, right: own.shape, rule: "Block \(index) has \(own)."
                )
            }
        }
        let layout = try PowerLawLayout(shape, on: first.device)
        try self.init(uninitialised: layout, on: first.device)
        for (block, start) in zip(blocks, layout.starts) {
            try elements.replace(column: start, with: block.reshaped(1, block.count))
        }
    }

    // MARK: - What it has

    /// Block `index` as a matrix of its own, ranks × columns. It is a copy, unless there is no other block.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if there is no such block.
    public func block(_ index: Int) throws(CLMatError) -> Matrix {
        guard shape.blocks.indices.contains(index) else {
            throw .invalidArgument(
                operation: "block", problem: "There is no block \(index), but \(shape.blocks.count) of them.")
        }
        let (own, start) = (shape.blocks[index], layout.starts[index])
        let row = shape.blocks.count == 1 ? elements : try elements.slice(columns: start..<start + own.count)
        return try row.reshaped(own.ranks.count, own.columns.count)
    }

    /// All blocks, each ranks × columns, as ``block(_:)`` gives them.
    public var blocks: [Matrix] {
        get throws(CLMatError) {
            var blocks: [Matrix] = []
            for index in shape.blocks.indices { blocks.append(try block(index)) }
            return blocks
        }
    }

    /// The whole matrix with its zeros. Nothing is copied of a dense shape.
    public func dense() throws(CLMatError) -> Matrix {
        let whole = shape.isDense ? self : try PowerLawMatrix(self, cutTo: .dense(rows, columns))
        return try whole.elements.reshaped(rows, columns)
    }

    /// The same elements on another device; the matrix itself if it is there already.
    public func copied(to device: Device) throws(CLMatError) -> PowerLawMatrix {
        guard device != self.device else { return self }
        return try PowerLawMatrix(elements.copied(to: device), PowerLawLayout(shape, on: device))
    }

    // MARK: - Changing it

    /// Lets `body` change the elements in place: 1 × ``count``, block after block.
    ///
    /// - Precondition: `body` leaves as many of them, on the same device.
    public mutating func changeElements(
        _ body: (inout Matrix) throws(CLMatError) -> Void
    ) throws(CLMatError) {
        let (shape, device) = (elements.shape, elements.device)
        try body(&elements)
        precondition(elements.shape == shape && elements.device == device, "the elements have another size or place")
    }

    /// Replaces all elements, block after block.
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the number differs.
    public mutating func write(_ values: [Float]) throws(CLMatError) { try elements.write(values) }
}

/// Operands of an operation by element must have one shape, with the same blocks, and live on one device.
///
/// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` with the first block that differs,
///   ``CLMatError/shapeMismatch(operation:left:right:rule:)``, or ``CLMatError/deviceMismatch(operation:left:right:)``, in the name of the
///   operation.
func requireSameShape(_ left: PowerLawMatrix, _ right: PowerLawMatrix, _ operation: String) throws(CLMatError) {
    try requireSameDevice(left.device, right.device, operation)
    guard left.layout !== right.layout, left.shape != right.shape else { return }
    try left.shape.requireSame(right.shape, operation)
}

extension PowerLawShape {
    /// Throws if the other one has other sizes or blocks.
    func requireSame(_ other: PowerLawShape, _ operation: String) throws(CLMatError) {
        guard shape == other.shape else {
            throw .shapeMismatch(
                operation: operation, left: shape, right: other.shape, rule: "Both must have the same shape.")
        }
        guard self != other else { return }
        let differing = zip(blocks, other.blocks).enumerated().first { $1.0 != $1.1 }
        let words =
            differing.map { "block \($0.offset) is \($0.element.0) in one and \($0.element.1) in the other" }
            ?? "one has \(blocks.count) blocks, the other \(other.blocks.count)"
        throw .invalidArgument(
            operation: operation, problem: "The blocks differ: \(words). PowerLawMatrix(_:cutTo:) makes them the same.")
    }
}
