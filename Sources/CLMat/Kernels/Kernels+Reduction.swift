extension Kernel {
    // Of segments of a row-major array: (n, length, x, y).
    static let segmentSum = Kernel("reduce_sum", in: .reduction)
    static let segmentSumOfSquares = Kernel("reduce_sum_of_squares", in: .reduction)
    static let segmentMaximum = Kernel("reduce_maximum", in: .reduction)
    static let segmentMinimum = Kernel("reduce_minimum", in: .reduction)
    static let segmentArgmax = Kernel("reduce_argmax", in: .reduction)
    static let segmentArgmin = Kernel("reduce_argmin", in: .reduction)

    // Of columns: (rows, columns, x, y).
    static let columnSum = Kernel("reduce_columns_sum", in: .reduction)
    static let columnSumOfSquares = Kernel("reduce_columns_sum_of_squares", in: .reduction)
    static let columnMaximum = Kernel("reduce_columns_maximum", in: .reduction)
    static let columnMinimum = Kernel("reduce_columns_minimum", in: .reduction)
    static let columnArgmax = Kernel("reduce_columns_argmax", in: .reduction)
    static let columnArgmin = Kernel("reduce_columns_argmin", in: .reduction)

    // Of blocks of rows: (rows, columns, block, width, x, y).
    static let columnSumBlocks = Kernel("reduce_columns_sum_blocks", in: .reduction)
    static let columnSumOfSquaresBlocks = Kernel("reduce_columns_sum_of_squares_blocks", in: .reduction)
    static let columnMaximumBlocks = Kernel("reduce_columns_maximum_blocks", in: .reduction)
    static let columnMinimumBlocks = Kernel("reduce_columns_minimum_blocks", in: .reduction)

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
    static let rowDotsParts = Kernel("row_dots_parts", in: .reduction)
    static let channelSumsParts = Kernel("channel_sums_parts", in: .reduction)

    /// Sums over images and pixels, for each channel.
    static let channelSums = Kernel("channel_sums", in: .reduction)
    /// The inner product of each row of one matrix with that of another.
    static let rowDots = Kernel("row_dots", in: .reduction)
}
