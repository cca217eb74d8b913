extension KernelFamily {
    static let layout = KernelFamily("layout")
}

extension Kernel {
    static let transpose = Kernel("transpose", in: .layout)
    /// A block of one matrix to a place in another.
    static let copyBlock = Kernel("copy_block", in: .layout)
    static let gatherRows = Kernel("gather_rows", in: .layout)
    static let gatherBytes = Kernel("gather_bytes", in: .layout)
    static let scatterAddRows = Kernel("scatter_add_rows", in: .layout)
    static let gatherIntegers = Kernel("gather_integers", in: .layout)
    static let oneHot = Kernel("one_hot", in: .layout)
}

extension Matrix {
    /// The transpose, D × N. Products need no copy: see ``matmul(_:transposing:)-(Matrix,_)``.
    public func transposed() throws(CLMatError) -> Matrix {
        let result = try Matrix(uninitialised: shape.transposed, on: device)
        let tile = 16
        let tiles = ((rows + tile - 1) / tile) * ((columns + tile - 1) / tile)
        try device.launch(
            .transpose, [.int(rows), .int(columns), argument, result.argument],
            over: .groups(tiles, of: tile * tile, bytes: 8 * tile * tile, operations: 0))
        return result
    }

    /// A copy of some rows and columns.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if they lie outside.
    public func slice(rows: Range<Int>? = nil, columns: Range<Int>? = nil) throws(CLMatError) -> Matrix {
        let range = MatrixRange(rows: rows ?? 0..<self.rows, columns: columns ?? 0..<self.columns)
        try range.check(within: shape)
        let result = try Matrix(uninitialised: range.shape, on: device)
        try copyBlock(range, to: result, row: 0, column: 0)
        return result
    }

    /// Writes `other` over the block that starts at (row, column).
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if the block lies outside.
    public mutating func replace(row: Int = 0, column: Int = 0, with other: Matrix) throws(CLMatError) {
        try requireSameDevice(device, other.device, "replace")
        guard row >= 0, column >= 0, row <= rows - other.rows, column <= columns - other.columns else {
            throw .invalidArgument(
                operation: "replace",
                problem: "A block of \(other.shape) at row \(row), column \(column) does not lie within \(shape).")
        }
        try makeUnique()
        try other.copyBlock(
            MatrixRange(rows: 0..<other.rows, columns: 0..<other.columns), to: self, row: row, column: column)
    }

    /// Matrices side by side: row i is their rows i, one behind the other. Of images, channel by channel, this joins channels.
    ///
    /// - Shapes: N × D₁, N × D₂, … give N × (D₁ + D₂ + …).
    /// - Cost: one launch per matrix; each element is read and written once.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the numbers of rows differ,
    ///   ``CLMatError/invalidArgument(operation:problem:)`` if there is no matrix.
    public static func concatenated(columnsOf parts: [Matrix]) throws(CLMatError) -> Matrix {
        guard let first = parts.first else {
            throw .invalidArgument(operation: "concatenated", problem: "There is no matrix, so there is no device.")
        }
        for part in parts {
            try requireSameDevice(first.device, part.device, "concatenated")
            guard part.rows == first.rows else {
                throw .shapeMismatch(
                    operation: "concatenated", left: first.shape, right: part.shape,
                    rule: "All must have the same number of rows.")
            }
        }
        let result = try Matrix(
            uninitialised: Shape(first.rows, parts.reduce(0) { $0 + $1.columns }), on: first.device)
        var column = 0
        for part in parts {
            try part.copyBlock(
                MatrixRange(rows: 0..<part.rows, columns: 0..<part.columns), to: result, row: 0, column: column)
            column += part.columns
        }
        return result
    }

    /// Matrices of the given numbers of columns, which ``concatenated(columnsOf:)`` joins again: also its backward pass.
    ///
    /// - Cost: one launch per matrix.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` unless the numbers are not negative and come to all columns.
    public func split(columns counts: [Int]) throws(CLMatError) -> [Matrix] {
        var ends: [Int] = []
        for count in counts {
            let (end, overflows) = (ends.last ?? 0).addingReportingOverflow(count)
            guard count >= 0, !overflows else { break }
            ends.append(end)
        }
        guard ends.count == counts.count, (ends.last ?? 0) == columns else {
            throw .invalidArgument(
                operation: "split", problem: "Parts of \(counts) columns do not come to the \(columns) of \(shape).")
        }
        var parts: [Matrix] = []
        for (count, end) in zip(counts, ends) { parts.append(try slice(columns: end - count..<end)) }
        return parts
    }

    private func copyBlock(_ range: MatrixRange, to target: Matrix, row: Int, column: Int) throws(CLMatError) {
        try device.launch(
            .copyBlock,
            [
                .int(range.rows.count), .int(range.columns.count),
                .int(range.rows.lowerBound * columns + range.columns.lowerBound), .int(columns),
                .int(row * target.columns + column), .int(target.columns), argument, target.argument,
            ],
            over: .elements(range.shape.count, bytes: 8, operations: 0))
    }

    /// The rows that `indices` names, in its order, with repeats.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for an index outside the rows.
    public func gatherRows(_ indices: IntVector) throws(CLMatError) -> Matrix {
        try requireSameDevice(device, indices.device, "gatherRows")
        try indices.check(within: rows, operation: "gatherRows")
        let result = try Matrix(uninitialised: Shape(indices.count, columns), on: device)
        try device.launch(
            .gatherRows, [.int(indices.count), .int(columns), argument, indices.argument, result.argument],
            over: .elements(result.count, bytes: 8, operations: 0))
        return result
    }

    /// Adds row i of `source` to the row of self that `indices[i]` names. Repeats add up in the order of i; of much data in blocks
    /// of 64, as ``segmentSums(by:count:)`` has it, and then to the row.
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` or
    ///   ``CLMatError/invalidArgument(operation:problem:)`` for an index outside the rows.
    public mutating func scatterAddRows(_ source: Matrix, at indices: IntVector) throws(CLMatError) {
        try requireSameDevice(device, source.device, "scatterAddRows")
        try requireSameDevice(device, indices.device, "scatterAddRows")
        guard source.columns == columns, source.rows == indices.count else {
            throw .shapeMismatch(
                operation: "scatterAddRows", left: Shape(indices.count, columns), right: source.shape,
                rule: "There must be one row for each index, as long as the target's.")
        }
        try indices.check(within: rows, operation: "scatterAddRows")
        // Sorting costs some microseconds on the host.
        if source.count >= 65_536 {
            let segments = try RowSegments(of: indices, count: rows)
            try makeUnique()
            return try segments.sum(source, into: self, adding: true)
        }
        try makeUnique()
        try device.launch(
            .scatterAddRows, [.int(indices.count), .int(columns), source.argument, indices.argument, argument],
            over: .elements(columns, bytes: 12 * indices.count, operations: indices.count))
    }

    /// N × `columns`, 1 where the column is the index of the row, else 0.
    public static func oneHot(_ indices: IntVector, columns: Int) throws(CLMatError) -> Matrix {
        try indices.check(within: columns, operation: "oneHot")
        let result = try Matrix(uninitialised: Shape(indices.count, columns), on: indices.device)
        try indices.device.launch(
            .oneHot, [.int(indices.count), .int(columns), indices.argument, result.argument],
            over: .elements(result.count, bytes: 4))
        return result
    }
}

extension MatrixBlock {
    /// The rows that `indices` names, counted from the block's first one, with repeats.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for an index outside the block, or a block of a part of the columns.
    package func gatherRows(_ indices: [Int32]) throws(CLMatError) -> Matrix {
        guard range.columns == 0..<matrix.columns else {
            throw .invalidArgument(
                operation: "gatherRows", problem: "Columns \(range.columns) are not all of \(matrix.shape).")
        }
        try range.check(within: matrix.shape)
        if let wrong = indices.first(where: { !(0..<range.rows.count).contains(Int($0)) }) {
            throw .invalidArgument(
                operation: "gatherRows", problem: "Index \(wrong) is outside 0..<\(range.rows.count).")
        }
        return try matrix.gatherRows(IntVector(indices.map { $0 + Int32(range.rows.lowerBound) }, on: device))
    }
}

extension IntVector {
    /// The elements that `indices` names.
    public func gather(_ indices: IntVector) throws(CLMatError) -> IntVector {
        try requireSameDevice(device, indices.device, "gather")
        try indices.check(within: count, operation: "gather")
        let result = try IntVector(uninitialised: indices.count, bounds: bounds, on: device)
        try device.launch(
            .gatherIntegers, [.int(indices.count), argument, indices.argument, result.argument],
            over: .elements(indices.count, bytes: 12, operations: 0))
        return result
    }
}
