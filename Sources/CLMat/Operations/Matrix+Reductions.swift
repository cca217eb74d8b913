/// Reductions. An argmax or argmin gives the first of equal elements; NaN is passed over by maximum and minimum and
/// makes a sum NaN. Sums have a fixed order, so a run repeats bit for bit. Sums of nothing are 0; a maximum of nothing
/// is an error.
extension Matrix {
    // MARK: By row: N × D to N × 1

    /// N × 1: the sum of each row.
    public func rowSums() throws(CLMatError) -> Matrix { try rowReduced(.segmentSum) }
    /// N × 1: the mean of each row. Throws if there are no columns.
    public func rowMeans() throws(CLMatError) -> Matrix {
        try require(columns > 0, "rowMeans")
        return try rowSums() * (1 / Float(columns))
    }
    /// N × 1: Σ x² of each row.
    public func rowSumsOfSquares() throws(CLMatError) -> Matrix { try rowReduced(.segmentSumOfSquares) }
    /// N × 1: the largest element of each row. Throws if there are no columns.
    public func rowMax() throws(CLMatError) -> Matrix {
        try require(columns > 0, "rowMax")
        return try rowReduced(.segmentMaximum)
    }
    /// N × 1: the smallest element of each row. Throws if there are no columns.
    public func rowMin() throws(CLMatError) -> Matrix {
        try require(columns > 0, "rowMin")
        return try rowReduced(.segmentMinimum)
    }
    /// The column of each row's largest element.
    public func rowArgmax() throws(CLMatError) -> IntVector { try rowArgument(.segmentArgmax, "rowArgmax") }
    /// The column of each row's smallest element.
    public func rowArgmin() throws(CLMatError) -> IntVector { try rowArgument(.segmentArgmin, "rowArgmin") }

    /// The inner product of each row with the same row of `other`: N × 1.
    public func rowDots(_ other: Matrix) throws(CLMatError) -> Matrix {
        try requireSameShape(self, other, "rowDots")
        let result = try Matrix(uninitialised: Shape(rows, 1), on: device)
        try device.launch(
            .rowDots, [.int(columns), argument, other.argument, result.argument],
            over: .groups(rows, bytes: 8 * columns, operations: 2 * columns))
        return result
    }

    // MARK: By column: N × D to 1 × D

    /// 1 × D: the sum of each column.
    public func columnSums() throws(CLMatError) -> Matrix { try columnReduced(.columnSum) }
    /// 1 × D: the mean of each column. Throws if there are no rows.
    public func columnMeans() throws(CLMatError) -> Matrix {
        try require(rows > 0, "columnMeans")
        return try columnSums() * (1 / Float(rows))
    }
    /// 1 × D: Σ x² of each column.
    public func columnSumsOfSquares() throws(CLMatError) -> Matrix { try columnReduced(.columnSumOfSquares) }
    /// 1 × D: the largest element of each column. Throws if there are no rows.
    public func columnMax() throws(CLMatError) -> Matrix {
        try require(rows > 0, "columnMax")
        return try columnReduced(.columnMaximum)
    }
    /// 1 × D: the smallest element of each column. Throws if there are no rows.
    public func columnMin() throws(CLMatError) -> Matrix {
        try require(rows > 0, "columnMin")
        return try columnReduced(.columnMinimum)
    }
    /// The row of each column's largest element.
    public func columnArgmax() throws(CLMatError) -> IntVector { try columnArgument(.columnArgmax, "columnArgmax") }
    /// The row of each column's smallest element.
    public func columnArgmin() throws(CLMatError) -> IntVector { try columnArgument(.columnArgmin, "columnArgmin") }

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
        var partial = try segmentsReduced(.segmentMaximum, length: Self.segmentLength)
        while partial.count > 1 { partial = try partial.segmentsReduced(.segmentMaximum, length: Self.segmentLength) }
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
        let result = try Matrix(uninitialised: Shape(1, image.channels), on: device)
        try device.launch(
            .channelSums, [.int(rows), .int(image.channels), .int(image.area), argument, result.argument],
            over: .groups(image.channels, bytes: 4 * rows * image.area, operations: rows * image.area))
        return result
    }

    // MARK: How

    /// Long arrays are reduced in segments of this length, then the segments' results: the same on every device.
    static let segmentLength = 4096

    private func require(_ isFull: Bool, _ operation: String) throws(CLMatError) {
        guard isFull else {
            throw .invalidArgument(operation: operation, problem: "\(shape) has no elements to choose from.")
        }
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

    private func rowReduced(_ kernel: Kernel) throws(CLMatError) -> Matrix {
        columns > 0
            ? try segmentsReduced(kernel, length: columns) : try Matrix(zeros: Shape(rows, 1), on: device)
    }

    private func rowArgument(_ kernel: Kernel, _ operation: String) throws(CLMatError) -> IntVector {
        try require(columns > 0, operation)
        let result = try IntVector(uninitialised: rows, bounds: 0...Int32(columns - 1), on: device)
        try device.launch(
            kernel, [.int(count), .int(columns), argument, result.argument],
            over: .groups(rows, bytes: 4 * columns, operations: columns))
        return result
    }

    private func columnReduced(_ kernel: Kernel) throws(CLMatError) -> Matrix {
        let result = try Matrix(uninitialised: Shape(1, columns), on: device)
        try device.launch(
            kernel, [.int(rows), .int(columns), argument, result.argument],
            over: .elements(columns, bytes: 4 * rows + 4, operations: rows))
        return result
    }

    private func columnArgument(_ kernel: Kernel, _ operation: String) throws(CLMatError) -> IntVector {
        try require(rows > 0, operation)
        let result = try IntVector(uninitialised: columns, bounds: 0...Int32(rows - 1), on: device)
        try device.launch(
            kernel, [.int(rows), .int(columns), argument, result.argument],
            over: .elements(columns, bytes: 4 * rows + 4, operations: rows))
        return result
    }

    private func whole(_ first: Kernel, then next: Kernel) throws(CLMatError) -> Float {
        guard count > 0 else { return 0 }
        var partial = try segmentsReduced(first, length: Self.segmentLength)
        while partial.count > 1 { partial = try partial.segmentsReduced(next, length: Self.segmentLength) }
        return try partial.values[0]
    }

    private func wholeArgument(
        _ index: Kernel, _ value: Kernel, _ operation: String, before: (Float, Float) -> Bool
    ) throws(CLMatError) -> (row: Int, column: Int) {
        try require(count > 0, operation)
        let length = Self.segmentLength
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
