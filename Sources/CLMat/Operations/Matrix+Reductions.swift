extension KernelFamily {
    static let reduction = KernelFamily("reduction")
}

extension Kernel {
    // Of segments of a row-major array: (n, length, x, y).
    static let segmentSum = Kernel("reduce_sum", in: .reduction)
    static let segmentSumOfSquares = Kernel("reduce_sum_of_squares", in: .reduction)
    static let segmentMaximum = Kernel("reduce_maximum", in: .reduction)
    static let segmentMinimum = Kernel("reduce_minimum", in: .reduction)
    static let segmentSumOfSizes = Kernel("reduce_sum_of_sizes", in: .reduction)
    static let segmentLargestSize = Kernel("reduce_largest_size", in: .reduction)
    static let segmentArgmax = Kernel("reduce_argmax", in: .reduction)
    static let segmentArgmin = Kernel("reduce_argmin", in: .reduction)

    // Of columns: (rows, columns, x, y).
    static let columnSum = Kernel("reduce_columns_sum", in: .reduction)
    static let columnSumOfSquares = Kernel("reduce_columns_sum_of_squares", in: .reduction)
    static let columnMaximum = Kernel("reduce_columns_maximum", in: .reduction)
    static let columnMinimum = Kernel("reduce_columns_minimum", in: .reduction)
    static let columnSumOfSizes = Kernel("reduce_columns_sum_of_sizes", in: .reduction)
    static let columnLargestSize = Kernel("reduce_columns_largest_size", in: .reduction)
    static let columnArgmax = Kernel("reduce_columns_argmax", in: .reduction)
    static let columnArgmin = Kernel("reduce_columns_argmin", in: .reduction)

    // Of blocks of rows: (rows, columns, block, width, x, y).
    static let columnSumBlocks = Kernel("reduce_columns_sum_blocks", in: .reduction)
    static let columnSumOfSquaresBlocks = Kernel("reduce_columns_sum_of_squares_blocks", in: .reduction)
    static let columnMaximumBlocks = Kernel("reduce_columns_maximum_blocks", in: .reduction)
    static let columnMinimumBlocks = Kernel("reduce_columns_minimum_blocks", in: .reduction)
    static let columnSumOfSizesBlocks = Kernel("reduce_columns_sum_of_sizes_blocks", in: .reduction)
    static let columnLargestSizeBlocks = Kernel("reduce_columns_largest_size_blocks", in: .reduction)

    // The rows of the best, of blocks of rows and then of those rows.
    static let columnArgmaxBlocks = Kernel("reduce_columns_argmax_blocks", in: .reduction)
    static let columnArgminBlocks = Kernel("reduce_columns_argmin_blocks", in: .reduction)
    static let columnArgmaxOfBlocks = Kernel("reduce_columns_argmax_of_blocks", in: .reduction)
    static let columnArgminOfBlocks = Kernel("reduce_columns_argmin_of_blocks", in: .reduction)

    // Of parts of rows: (columns, parts, length, x, y).
    static let sumParts = Kernel("reduce_sum_parts", in: .reduction)
    static let sumOfSquaresParts = Kernel("reduce_sum_of_squares_parts", in: .reduction)
    static let maximumParts = Kernel("reduce_maximum_parts", in: .reduction)
    static let minimumParts = Kernel("reduce_minimum_parts", in: .reduction)
    static let sumOfSizesParts = Kernel("reduce_sum_of_sizes_parts", in: .reduction)
    static let largestSizeParts = Kernel("reduce_largest_size_parts", in: .reduction)
    static let rowDotsParts = Kernel("row_dots_parts", in: .reduction)
    static let channelSumsParts = Kernel("channel_sums_parts", in: .reduction)

    /// Sums over images and pixels, for each channel.
    static let channelSums = Kernel("channel_sums", in: .reduction)
    /// The inner product of each row of one matrix with that of another.
    static let rowDots = Kernel("row_dots", in: .reduction)
}

/// Reductions. An argmax or argmin gives the first of equal elements; NaN is passed over by maximum and minimum and
/// makes a sum NaN. Sums have an order that sizes and device fix, so a run repeats bit for bit. Sums of nothing are 0; a maximum of nothing
/// is an error.
extension Matrix {
    // MARK: By row: N × D to N × 1

    /// N × 1: the sum of each row.
    public func rowSums() throws(CLMatError) -> Matrix { try rowReduced(.sum) }
    /// N × 1: the mean of each row. Throws if there are no columns.
    public func rowMeans() throws(CLMatError) -> Matrix {
        try require(columns > 0, "rowMeans")
        return try rowSums() * (1 / Float(columns))
    }
    /// N × 1: Σ x² of each row.
    public func rowSumsOfSquares() throws(CLMatError) -> Matrix { try rowReduced(.sumOfSquares) }
    /// N × 1: Σ|x| of each row.
    public func rowL1Norms() throws(CLMatError) -> Matrix { try rowReduced(.sumOfSizes) }
    /// N × 1: the largest |x| of each row; 0 if there are no columns.
    public func rowLargestMagnitudes() throws(CLMatError) -> Matrix { try rowReduced(.largestSize) }
    /// N × 1: the largest element of each row. Throws if there are no columns.
    public func rowMax() throws(CLMatError) -> Matrix {
        try require(columns > 0, "rowMax")
        return try rowReduced(.maximum)
    }
    /// N × 1: the smallest element of each row. Throws if there are no columns.
    public func rowMin() throws(CLMatError) -> Matrix {
        try require(columns > 0, "rowMin")
        return try rowReduced(.minimum)
    }
    /// The column of each row's largest element.
    public func rowArgmax() throws(CLMatError) -> IntVector { try rowArgument(.segmentArgmax, "rowArgmax") }
    /// The column of each row's smallest element.
    public func rowArgmin() throws(CLMatError) -> IntVector { try rowArgument(.segmentArgmin, "rowArgmin") }

    /// The inner product of each row with the same row of `other`: N × 1.
    public func rowDots(_ other: Matrix) throws(CLMatError) -> Matrix {
        try requireSameShape(self, other, "rowDots")
        if let parts = rowParts(bytesPerElement: 8) {
            let partial = try Matrix(uninitialised: Shape(rows, parts.count), on: device)
            try device.launch(
                .rowDotsParts,
                [.int(columns), .int(parts.count), .int(parts.length), argument, other.argument, partial.argument],
                over: .groups(partial.count, bytes: 8 * parts.length, operations: 2 * parts.length))
            return try partial.rowSums()
        }
        let result = try Matrix(uninitialised: Shape(rows, 1), on: device)
        try device.launch(
            .rowDots, [.int(columns), argument, other.argument, result.argument],
            over: .groups(rows, bytes: 8 * columns, operations: 2 * columns))
        return result
    }

    // MARK: By column: N × D to 1 × D

    /// 1 × D: the sum of each column.
    public func columnSums() throws(CLMatError) -> Matrix { try columnReduced(.sum) }
    /// 1 × D: the mean of each column. Throws if there are no rows.
    public func columnMeans() throws(CLMatError) -> Matrix {
        try require(rows > 0, "columnMeans")
        return try columnSums() * (1 / Float(rows))
    }
    /// 1 × D: Σ x² of each column.
    public func columnSumsOfSquares() throws(CLMatError) -> Matrix { try columnReduced(.sumOfSquares) }
    /// 1 × D: Σ|x| of each column.
    public func columnL1Norms() throws(CLMatError) -> Matrix { try columnReduced(.sumOfSizes) }
    /// 1 × D: the largest |x| of each column; 0 if there are no rows.
    public func columnLargestMagnitudes() throws(CLMatError) -> Matrix { try columnReduced(.largestSize) }
    /// 1 × D: the largest element of each column. Throws if there are no rows.
    public func columnMax() throws(CLMatError) -> Matrix {
        try require(rows > 0, "columnMax")
        return try columnReduced(.maximum)
    }
    /// 1 × D: the smallest element of each column. Throws if there are no rows.
    public func columnMin() throws(CLMatError) -> Matrix {
        try require(rows > 0, "columnMin")
        return try columnReduced(.minimum)
    }
    /// The row of each column's largest element.
    public func columnArgmax() throws(CLMatError) -> IntVector {
        try columnArgument(.columnArgmax, .columnArgmaxBlocks, .columnArgmaxOfBlocks, "columnArgmax")
    }
    /// The row of each column's smallest element.
    public func columnArgmin() throws(CLMatError) -> IntVector {
        try columnArgument(.columnArgmin, .columnArgminBlocks, .columnArgminOfBlocks, "columnArgmin")
    }

    // MARK: Whole

    /// The sum of all elements. Waits for the device, as all that return a number do.
    public func sum() throws(CLMatError) -> Float { try whole(.segmentSum, then: .segmentSum) }
    /// The mean of all elements. Waits for the device, and throws if there are none.
    public func mean() throws(CLMatError) -> Float {
        try require(count > 0, "mean")
        return try sum() / Float(count)
    }
    /// Σ x² over all elements. Waits for the device.
    public func sumOfSquares() throws(CLMatError) -> Float { try whole(.segmentSumOfSquares, then: .segmentSum) }
    /// Σ|x| over all elements. Waits for the device.
    public func l1Norm() throws(CLMatError) -> Float { try whole(.segmentSumOfSizes, then: .segmentSum) }
    /// The largest |x|; 0 if there are no elements. Waits for the device.
    public func largestMagnitude() throws(CLMatError) -> Float {
        try whole(.segmentLargestSize, then: .segmentMaximum)
    }
    /// The largest element. Waits for the device, and throws if there is none.
    public func max() throws(CLMatError) -> Float {
        try require(count > 0, "max")
        return try whole(.segmentMaximum, then: .segmentMaximum)
    }
    /// The smallest element. Waits for the device, and throws if there is none.
    public func min() throws(CLMatError) -> Float {
        try require(count > 0, "min")
        return try whole(.segmentMinimum, then: .segmentMinimum)
    }
    /// 1 × 1: the largest element, which stays on the device. Throws if there is none.
    public func largest() throws(CLMatError) -> Matrix {
        try require(count > 0, "largest")
        var partial = try segmentsReduced(.segmentMaximum, length: segmentLength)
        while partial.count > 1 {
            partial = try partial.segmentsReduced(.segmentMaximum, length: partial.segmentLength)
        }
        return partial
    }
    /// The row and column of the largest element.
    public func argmax() throws(CLMatError) -> (row: Int, column: Int) {
        try wholeArgument(.segmentArgmax, .segmentMaximum, "argmax") { $0 > $1 }
    }
    /// The row and column of the smallest element.
    public func argmin() throws(CLMatError) -> (row: Int, column: Int) {
        try wholeArgument(.segmentArgmin, .segmentMinimum, "argmin") { $0 < $1 }
    }

    /// Sums over images and pixels of an N × C·H·W matrix of images: 1 × C.
    public func channelSums(_ image: ImageShape) throws(CLMatError) -> Matrix {
        guard columns == image.count else {
            throw .shapeMismatch(
                operation: "channelSums", left: shape, right: Shape(rows, image.count),
                rule: "A row must hold an image of \(image).")
        }
        // In parts where the channels alone are too few work-groups.
        let pixels = rows * image.area
        if device.kind != .cpu, image.channels < Self.manyGroups / 4, 4 * pixels * image.channels > Self.muchMemory {
            let count = Swift.min(Self.manyGroups / 2 / image.channels + 1, (pixels + 1023) / 1024)
            let length = (pixels + count - 1) / count
            let partial = try Matrix(uninitialised: Shape((pixels + length - 1) / length, image.channels), on: device)
            try device.launch(
                .channelSumsParts,
                [
                    .int(rows), .int(image.channels), .int(image.area), .int(length), argument, partial.argument,
                ],
                over: .groups(partial.count, bytes: 4 * length, operations: length))
            return try partial.columnSums()
        }
        let result = try Matrix(uninitialised: Shape(1, image.channels), on: device)
        try device.launch(
            .channelSums, [.int(rows), .int(image.channels), .int(image.area), argument, result.argument],
            over: .groups(image.channels, bytes: 4 * rows * image.area, operations: rows * image.area))
        return result
    }

    // MARK: How

    /// One reduction in all its forms: of segments, of columns, and in two stages on OpenCL devices.
    private struct Reduction {
        let segments: Kernel
        let columns: Kernel
        let blocks: Kernel
        let parts: Kernel

        static let sum = Reduction(
            segments: .segmentSum, columns: .columnSum, blocks: .columnSumBlocks, parts: .sumParts)
        static let sumOfSquares = Reduction(
            segments: .segmentSumOfSquares, columns: .columnSumOfSquares, blocks: .columnSumOfSquaresBlocks,
            parts: .sumOfSquaresParts)
        static let maximum = Reduction(
            segments: .segmentMaximum, columns: .columnMaximum, blocks: .columnMaximumBlocks, parts: .maximumParts)
        static let minimum = Reduction(
            segments: .segmentMinimum, columns: .columnMinimum, blocks: .columnMinimumBlocks, parts: .minimumParts)
        static let sumOfSizes = Reduction(
            segments: .segmentSumOfSizes, columns: .columnSumOfSizes, blocks: .columnSumOfSizesBlocks,
            parts: .sumOfSizesParts)
        static let largestSize = Reduction(
            segments: .segmentLargestSize, columns: .columnLargestSize, blocks: .columnLargestSizeBlocks,
            parts: .largestSizeParts)

        /// What makes the whole from the parts' results. Sums of sizes are sizes.
        var ofPartialResults: Reduction { segments.name == Reduction.sumOfSquares.segments.name ? .sum : self }
    }

    /// Work-groups that keep a large GPU busy, four for each of its cores; a quarter is enough.
    private static let manyGroups = 1024
    /// Fewer bytes than this a GPU reads in the time of a launch, whatever the number of groups.
    private static let muchMemory = 1_000_000

    private func require(_ isFull: Bool, _ operation: String) throws(CLMatError) {
        guard isFull else {
            throw .invalidArgument(operation: operation, problem: "\(shape) has no elements to choose from.")
        }
    }

    /// Long arrays are reduced in segments of this length, then the segments' results; in shorter ones on OpenCL devices where
    /// these would be too few work-groups.
    var segmentLength: Int {
        guard device.kind != .cpu, 4 * count > Self.muchMemory else { return 4096 }
        let length = (count / (Self.manyGroups / 2) + 63) / 64 * 64
        return Swift.min(4096, Swift.max(256, length))
    }

    /// Segments of `length` elements, the last one shorter: count × 1.
    func segmentsReduced(_ kernel: Kernel, length: Int) throws(CLMatError) -> Matrix {
        let segments = (count + length - 1) / length
        let result = try Matrix(uninitialised: Shape(segments, 1), on: device)
        try device.launch(
            kernel, [.int(count), .int(length), argument, result.argument],
            over: .groups(segments, bytes: 4 * length, operations: length))
        return result
    }

    /// How the rows are cut into parts, on OpenCL devices, where they are long and few.
    private func rowParts(bytesPerElement: Int = 4) -> (count: Int, length: Int)? {
        guard device.kind != .cpu, rows > 0, rows < Self.manyGroups / 4, bytesPerElement * count > Self.muchMemory
        else {
            return nil
        }
        let wanted = Swift.min((Self.manyGroups + rows - 1) / rows, (columns + 1023) / 1024)
        let length = (columns + wanted - 1) / wanted
        return wanted > 1 ? ((columns + length - 1) / length, length) : nil
    }

    private func rowReduced(_ reduction: Reduction) throws(CLMatError) -> Matrix {
        guard columns > 0 else { return try Matrix(zeros: Shape(rows, 1), on: device) }
        guard let parts = rowParts() else { return try segmentsReduced(reduction.segments, length: columns) }
        let partial = try Matrix(uninitialised: Shape(rows, parts.count), on: device)
        try device.launch(
            reduction.parts, [.int(columns), .int(parts.count), .int(parts.length), argument, partial.argument],
            over: .groups(partial.count, bytes: 4 * parts.length, operations: parts.length))
        return try partial.segmentsReduced(reduction.ofPartialResults.segments, length: parts.count)
    }

    private func rowArgument(_ kernel: Kernel, _ operation: String) throws(CLMatError) -> IntVector {
        try require(columns > 0, operation)
        let result = try IntVector(uninitialised: rows, bounds: 0...Int32(columns - 1), on: device)
        try device.launch(
            kernel, [.int(count), .int(columns), argument, result.argument],
            over: .groups(rows, bytes: 4 * columns, operations: columns))
        return result
    }

    /// How columns are cut into blocks of rows and strips of columns.
    private struct ColumnBlocks {
        /// Rows of a block.
        let length: Int
        let count: Int
        /// Columns of a strip.
        let width: Int
        let strips: Int
        static let groupSize = 256

        var work: WorkSize {
            .groups(count * strips, of: Self.groupSize, bytes: 4 * length * width, operations: length * width)
        }

        /// Blocks so that work-groups are many; one block of little memory, whose result needs no second stage.
        init(_ shape: Shape) {
            var width = 1
            while width < 32, width < shape.columns { width *= 2 }
            let strips = (shape.columns + width - 1) / width
            var count = 1
            if 4 * shape.count > Matrix.muchMemory {
                // Each work-item reads four rows at least.
                count = Swift.max(
                    1,
                    Swift.min((Matrix.manyGroups / 2 + strips - 1) / strips, shape.rows * width / (4 * Self.groupSize)))
            }
            length = (shape.rows + count - 1) / count
            self.count = (shape.rows + length - 1) / length
            (self.width, self.strips) = (width, strips)
        }
    }

    /// Whether a column is shared by work-items: on OpenCL devices, where it is not short.
    private var sharesColumns: Bool {
        device.kind != .cpu && rows > 64 && columns > 0 && device.backend.largestGroup >= ColumnBlocks.groupSize
    }

    private func columnReduced(_ reduction: Reduction) throws(CLMatError) -> Matrix {
        guard sharesColumns else {
            let result = try Matrix(uninitialised: Shape(1, columns), on: device)
            try device.launch(
                reduction.columns, [.int(rows), .int(columns), argument, result.argument],
                over: .elements(columns, bytes: 4 * rows + 4, operations: rows))
            return result
        }
        let blocks = ColumnBlocks(shape)
        let result = try Matrix(uninitialised: Shape(blocks.count, columns), on: device)
        try device.launch(
            reduction.blocks,
            [.int(rows), .int(columns), .int(blocks.length), .int(blocks.width), argument, result.argument],
            over: blocks.work)
        return blocks.count > 1 ? try result.columnReduced(reduction.ofPartialResults) : result
    }

    private func columnArgument(
        _ plain: Kernel, _ ofBlocks: Kernel, _ ofTheirs: Kernel, _ operation: String
    ) throws(CLMatError) -> IntVector {
        try require(rows > 0, operation)
        let result = try IntVector(uninitialised: columns, bounds: 0...Int32(rows - 1), on: device)
        guard sharesColumns else {
            try device.launch(
                plain, [.int(rows), .int(columns), argument, result.argument],
                over: .elements(columns, bytes: 4 * rows + 4, operations: rows))
            return result
        }
        let blocks = ColumnBlocks(shape)
        let first =
            blocks.count > 1 ? try IntVector(uninitialised: blocks.count * columns, on: device) : result
        try device.launch(
            ofBlocks, [.int(rows), .int(columns), .int(blocks.length), .int(blocks.width), argument, first.argument],
            over: blocks.work)
        guard blocks.count > 1 else { return result }
        // All blocks' rows at once.
        let strips = WorkSize.groups(
            blocks.strips, of: ColumnBlocks.groupSize, bytes: 8 * blocks.count * blocks.width,
            operations: blocks.count * blocks.width)
        try device.launch(
            ofTheirs,
            [
                .int(blocks.count), .int(columns), .int(blocks.count), .int(blocks.width), argument, first.argument,
                result.argument,
            ], over: strips)
        return result
    }

    private func whole(_ first: Kernel, then next: Kernel) throws(CLMatError) -> Float {
        guard count > 0 else { return 0 }
        var partial = try segmentsReduced(first, length: segmentLength)
        while partial.count > 1 { partial = try partial.segmentsReduced(next, length: partial.segmentLength) }
        return try partial.values[0]
    }

    private func wholeArgument(
        _ index: Kernel, _ value: Kernel, _ operation: String, before: (Float, Float) -> Bool
    ) throws(CLMatError) -> (row: Int, column: Int) {
        try require(count > 0, operation)
        let length = segmentLength
        let segments = (count + length - 1) / length
        let places = try IntVector(uninitialised: segments, on: device)
        try device.launch(
            index, [.int(count), .int(length), argument, places.argument],
            over: .groups(segments, bytes: 4 * length, operations: length))
        let values = try segmentsReduced(value, length: length).values
        var best = 0
        for segment in values.indices where before(values[segment], values[best]) { best = segment }
        let flat = best * length + Int(try places.values[best])
        return (flat / columns, flat % columns)
    }
}
