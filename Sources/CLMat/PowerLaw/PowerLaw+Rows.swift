extension KernelFamily {
    static let rows = KernelFamily("rows")
}

extension Kernel {
    /// Rows of blocks, side by side in a dense matrix.
    static let rowsGather = Kernel("rows_gather", in: .rows)
    /// Zeros where no block is.
    static let rowsMask = Kernel("rows_mask", in: .rows)
    /// Rows of a dense matrix, times a number, to rows of blocks.
    static let rowsAdd = Kernel("rows_add", in: .rows)
    /// Σ|w| and the number of |w| > t, by row.
    static let rowsMagnitudes = Kernel("rows_magnitudes", in: .rows)
    /// Sums of rows by bag.
    static let bagsSum = Kernel("bags_sum", in: .rows)
    /// A step of AdaGrad in the rows that bags have.
    static let bagsAdagrad = Kernel("bags_adagrad", in: .rows)
    /// c · a block of a dense matrix.
    static let scaleBlock = Kernel("scale_block", in: .rows)
}

/// The gradient of a few rows of a ``PowerLawMatrix``, those that a minibatch read: what it costs to make it and to step along it goes with
/// their number, and not with that of all features.
///
/// It is made by ``PowerLawMatrix/rowGradient(of:at:)``.
public struct RowGradient: Sendable {
    /// The rows, each once, ascending.
    public let ranks: IntVector
    /// The gradient of each: ranks × columns, and 0 where the matrix has no element.
    public internal(set) var sums: Matrix
    /// The shape of the matrix that it is of.
    public var shape: PowerLawShape { layout.shape }
    let layout: PowerLawLayout

    /// Σ g² over all elements, when it is asked for.
    public func sumOfSquaresLater() throws(CLMatError) -> Later<Float> { try sums.sumOfSquaresLater() }
    /// Σ g² over all elements. Waits for the device.
    public func sumOfSquares() throws(CLMatError) -> Float { try sums.sumOfSquares() }
    /// self ← c·self
    public mutating func scale(by c: Float) throws(CLMatError) { try sums.scale(by: c) }
}

extension PowerLawMatrix {
    var rowArguments: [Argument] { [.int(columns), .int(shape.blocks.count), layout.table.argument] }

    /// The rows that `indices` names, in its order, with repeats: n × columns, 0 where a row has no element. One launch.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for an index outside the rows.
    public func gatherRows(_ indices: IntVector) throws(CLMatError) -> Matrix {
        try requireSameDevice(device, indices.device, "gatherRows")
        try indices.check(within: rows, operation: "gatherRows")
        let result = try Matrix(uninitialised: Shape(indices.count, columns), on: device)
        try device.launch(
            .rowsGather,
            [.int(indices.count)] + rowArguments + [elements.argument, indices.argument, result.argument],
            over: .elements(result.count, bytes: 8, operations: 0))
        return result
    }

    /// The gradient of ``gatherRows(_:)``, of the rows that it read: row i of `gradient` belongs to row `indices[i]`, and those of one row are
    /// added up.
    ///
    /// - Accuracy: as ``Matrix/segmentSums(_:around:)``, in an order that depends on sizes and device alone.
    /// - Cost: the indices are sorted on the host, without waiting for the device if they came from there. Nothing goes with the number of
    ///   features.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``, or ``CLMatError/invalidArgument(operation:problem:)`` for an index
    ///   outside the rows.
    public func rowGradient(of gradient: Matrix, at indices: IntVector) throws(CLMatError) -> RowGradient {
        try requireSameDevice(device, gradient.device, "rowGradient")
        try requireSameDevice(device, indices.device, "rowGradient")
        guard gradient.shape == Shape(indices.count, columns) else {
            throw .shapeMismatch(
                operation: "rowGradient", left: gradient.shape, right: Shape(indices.count, columns),
                rule: "There must be one row for each index, as wide as the matrix.")
        }
        let values: [Int32]
        if let known = indices.knownValues { values = known } else { values = try indices.values }
        if let wrong = values.first(where: { $0 < 0 || Int($0) >= rows }) {
            throw .invalidArgument(operation: "rowGradient", problem: "Index \(wrong) is outside 0..<\(rows).")
        }
        let (ranks, places) = Self.distinct(values)
        let segments = try RowSegments(sorting: places, count: ranks.count, on: device, "rowGradient")
        let sums = try gradient.segmentSums(segments)
        let result = RowGradient(ranks: try IntVector(ranks, on: device), sums: sums, layout: layout)
        if !shape.isDense {
            try device.launch(
                .rowsMask, [.int(ranks.count)] + rowArguments + [result.ranks.argument, sums.argument],
                over: .elements(sums.count, bytes: 8, operations: 0))
        }
        return result
    }

    /// The numbers that occur, ascending, and where each one stands among them.
    private static func distinct(_ values: [Int32]) -> (ranks: [Int32], places: [Int32]) {
        // Number and place in one word; places rise within a number.
        var order = values.enumerated().map { UInt64(UInt32(bitPattern: $1)) << 32 | UInt64($0) }
        RadixSort.byUpperHalf(&order)
        var ranks: [Int32] = []
        var places = [Int32](repeating: 0, count: values.count)
        for word in order {
            let rank = Int32(truncatingIfNeeded: word >> 32)
            if ranks.last != rank { ranks.append(rank) }
            places[Int(word & 0xFFFF_FFFF)] = Int32(truncatingIfNeeded: ranks.count - 1)
        }
        return (ranks, places)
    }

    /// self ← self + a·f·x, in the rows that x is of. Other rows cost nothing.
    ///
    /// - Parameter factor: f, a 1 × 1 matrix on the device, for a number that the host does not know yet; 1 if it is nil.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` or ``CLMatError/invalidArgument(operation:problem:)`` if x is of a
    ///   matrix of another shape.
    public mutating func add(
        _ x: RowGradient, times a: Float = 1, factor: Matrix? = nil
    ) throws(CLMatError) {
        try requireSameDevice(device, x.sums.device, "add")
        try x.shape.requireSame(shape, "add")
        let one = try Matrix.factor(factor, on: device, "add")
        try elements.makeUnique()
        try device.launch(
            .rowsAdd,
            [.int(x.ranks.count)] + rowArguments
                + [.float(a), one.argument, x.ranks.argument, x.sums.argument, elements.argument],
            over: .elements(x.sums.count, bytes: 12, operations: 2))
    }

    /// Adds row i of `source` to the row that `indices[i]` names, as far as it has elements: the gradient of ``gatherRows(_:)`` added to one of
    /// all rows. Repeats add up first.
    ///
    /// - Throws: as ``rowGradient(of:at:)``.
    public mutating func scatterAddRows(_ source: Matrix, at indices: IntVector) throws(CLMatError) {
        try add(rowGradient(of: source, at: indices))
    }

    /// One step of gradient descent in the rows that a gradient is of: w ← w − η·f·g. Other rows cost nothing.
    ///
    /// - Parameter factor: f, as in ``add(_:times:factor:)``: that of a gradient which is clipped by its norm.
    public mutating func sgdStep(
        _ gradient: RowGradient, rate: Float, factor: Matrix? = nil
    ) throws(CLMatError) {
        try add(gradient, times: -rate, factor: factor)
    }

    // MARK: - By row

    /// V × 1: Σ|w| of each row.
    public func rowL1Norms() throws(CLMatError) -> Matrix { try rowMagnitudes(above: 0).norms }

    /// V × 1: how many elements of each row have |w| > `threshold`; with 0 those that are not 0.
    public func rowCounts(above threshold: Float) throws(CLMatError) -> Matrix {
        try rowMagnitudes(above: threshold).counts
    }

    /// Σ|w| of each row, and how many of its elements have |w| > `threshold`: V × 1 each, in one launch.
    public func rowMagnitudes(above threshold: Float) throws(CLMatError) -> (norms: Matrix, counts: Matrix) {
        let norms = try Matrix(uninitialised: Shape(rows, 1), on: device)
        let counts = try Matrix(uninitialised: Shape(rows, 1), on: device)
        let share = count / rows + 1
        var work = WorkSize.groups(
            rows, bytes: 4 * share + 8, operations: 2 * share, loop: (columns + 63) / 64 * shape.blocks.count)
        work.isUneven = true
        try device.launch(
            .rowsMagnitudes,
            [
                .int(shape.blocks.count), layout.table.argument, .float(threshold), elements.argument, norms.argument,
                counts.argument,
            ],
            over: work)
        return (norms, counts)
    }
}

extension Matrix {
    /// A number on the device that an operation takes: 1 where nobody gives one.
    static func factor(_ given: Matrix?, on device: Device, _ operation: String) throws(CLMatError) -> Matrix {
        guard let given else { return try Matrix(constantRow: [1], on: device) }
        try requireSameDevice(device, given.device, operation)
        guard given.shape == Shape(1, 1) else {
            throw .shapeMismatch(
                operation: operation, left: given.shape, right: Shape(1, 1), rule: "A factor is a single number.")
        }
        return given
    }
}
