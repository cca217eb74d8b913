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

    /// Sums over images and pixels, for each channel.
    static let channelSums = Kernel("channel_sums", in: .reduction)
    /// The inner product of each row of one matrix with that of another.
    static let rowDots = Kernel("row_dots", in: .reduction)
}
