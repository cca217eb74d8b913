import CLMat

/// Features in blocks, each with a weight s_b of its own in the distance:
///
///     d(x, y) = Σ_b s_b α_b ‖x_b − y_b‖²
///
/// The constants α_b bring the blocks to one scale: with all s_b = 1 each contributes the same share of the data's total
/// variance, which stays what it is without blocks.
/// - Source: Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, eq. 2.6.
public struct FeatureBlocks: Sendable, Equatable {
    /// Columns of each block, from the first column on.
    public let widths: [Int]
    /// α_b
    public let scales: [Double]

    /// The number of columns of all blocks.
    public var columns: Int { widths.reduce(0, +) }

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` if a block has no column.
    public init(widths: [Int], scales: [Double]? = nil) throws(CLMatError) {
        guard !widths.isEmpty, widths.allSatisfy({ (1...1 << 30).contains($0) }), widths.count <= 1 << 20,
            scales?.count ?? widths.count == widths.count
        else {
            throw .invalidValue(
                setting: "blocks", value: widths.map(String.init).joined(separator: ","),
                accepted: "widths of at least one column each, and as many scales")
        }
        self.widths = widths
        self.scales = scales ?? widths.map { _ in 1 }
    }

    /// Blocks whose constants are taken from points: α_b = (V / B) / V_b, where V_b is the variance of the block's columns
    /// together, V that of all, and B the number of blocks.
    ///
    /// - Parameter points: N × D, N > 0.
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` if the widths are not those of the points;
    ///   ``/CLMat/CLMatError/dataMismatch(_:)`` if a block is constant, so that no weight can make it matter.
    public init(widths: [Int], normalisedBy points: Matrix) throws(CLMatError) {
        try self.init(widths: widths)
        guard columns == points.columns, points.rows > 0 else {
            throw .invalidValue(
                setting: "blocks", value: widths.map(String.init).joined(separator: ","),
                accepted: "widths that add up to the \(points.columns) columns of the data")
        }
        let means = try points.columnMeans()
        let variances = try (points - means).columnSumsOfSquares().values
        var parts: [Double] = []
        var first = 0
        for (block, width) in widths.enumerated() {
            let part = variances[first..<first + width].reduce(0.0) { $0 + Double($1) }
            guard part > 0 else {
                throw .dataMismatch(
                    "Block \(block + 1) of the features (columns \(first) to \(first + width - 1)) is constant: it says nothing about distances."
                )
            }
            parts.append(part)
            first += width
        }
        let total = parts.reduce(0, +)
        try self.init(widths: widths, scales: parts.map { total / Double(widths.count) / $0 })
    }

    /// w_d = s_b α_b for each column: 1 × D.
    ///
    /// - Parameter weights: s_b, one per block.
    func columnWeights(_ weights: [Double], on device: Device) throws(CLMatError) -> Matrix {
        guard weights.count == widths.count else {
            throw .invalidArgument(
                operation: "FeatureBlocks",
                problem: "\(weights.count) weights are not one for each of \(widths.count) blocks.")
        }
        var row: [Float] = []
        for (block, width) in widths.enumerated() {
            row += [Float](repeating: Float(weights[block] * scales[block]), count: width)
        }
        return try Matrix(constantRow: row, on: device)
    }
}
