import CLMatKernels

extension Kernel {
    private static func reduction(
        _ name: String,
        _ function:
            @escaping @Sendable @convention(c) (
                Int, Int, Int32, Int32, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
            ) -> Void
    ) -> Kernel {
        Kernel(name, in: .reduction) { a, items in
            function(items.lowerBound, items.upperBound, a.int(0), a.int(1), a.floats(2), a.mutableFloats(3))
        }
    }

    private static func argumentReduction(
        _ name: String,
        _ function:
            @escaping @Sendable @convention(c) (
                Int, Int, Int32, Int32, UnsafePointer<Float>?, UnsafeMutablePointer<Int32>?
            ) -> Void
    ) -> Kernel {
        Kernel(name, in: .reduction) { a, items in
            function(items.lowerBound, items.upperBound, a.int(0), a.int(1), a.floats(2), a.mutableInts(3))
        }
    }

    // Of segments of a row-major array: (n, length, x, y).
    static let segmentSum = reduction("reduce_sum", reduce_sum)
    static let segmentSumOfSquares = reduction("reduce_sum_of_squares", reduce_sum_of_squares)
    static let segmentMaximum = reduction("reduce_maximum", reduce_maximum)
    static let segmentMinimum = reduction("reduce_minimum", reduce_minimum)
    static let segmentArgmax = argumentReduction("reduce_argmax", reduce_argmax)
    static let segmentArgmin = argumentReduction("reduce_argmin", reduce_argmin)

    // Of columns: (rows, columns, x, y).
    static let columnSum = reduction("reduce_columns_sum", reduce_columns_sum)
    static let columnSumOfSquares = reduction("reduce_columns_sum_of_squares", reduce_columns_sum_of_squares)
    static let columnMaximum = reduction("reduce_columns_maximum", reduce_columns_maximum)
    static let columnMinimum = reduction("reduce_columns_minimum", reduce_columns_minimum)
    static let columnArgmax = argumentReduction("reduce_columns_argmax", reduce_columns_argmax)
    static let columnArgmin = argumentReduction("reduce_columns_argmin", reduce_columns_argmin)

    // Of blocks of rows: (rows, columns, block, width, x, y).
    private static func blockReduction(
        _ name: String,
        _ function:
            @escaping @Sendable @convention(c) (
                Int, Int, Int32, Int32, Int32, Int32, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
            ) -> Void
    ) -> Kernel {
        Kernel(name, in: .reduction) { a, items in
            function(
                items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.floats(4),
                a.mutableFloats(5))
        }
    }
    static let columnSumBlocks = blockReduction("reduce_columns_sum_blocks", reduce_columns_sum_blocks)
    static let columnSumOfSquaresBlocks = blockReduction(
        "reduce_columns_sum_of_squares_blocks", reduce_columns_sum_of_squares_blocks)
    static let columnMaximumBlocks = blockReduction("reduce_columns_maximum_blocks", reduce_columns_maximum_blocks)
    static let columnMinimumBlocks = blockReduction("reduce_columns_minimum_blocks", reduce_columns_minimum_blocks)

    // The rows of the best, of blocks of rows and then of those rows.
    static let columnArgmaxBlocks = Kernel("reduce_columns_argmax_blocks", in: .reduction) { a, items in
        reduce_columns_argmax_blocks(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.floats(4), a.mutableInts(5))
    }
    static let columnArgminBlocks = Kernel("reduce_columns_argmin_blocks", in: .reduction) { a, items in
        reduce_columns_argmin_blocks(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.floats(4), a.mutableInts(5))
    }
    static let columnArgmaxOfBlocks = Kernel("reduce_columns_argmax_of_blocks", in: .reduction) { a, items in
        reduce_columns_argmax_of_blocks(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.floats(4), a.ints(5),
            a.mutableInts(6))
    }
    static let columnArgminOfBlocks = Kernel("reduce_columns_argmin_of_blocks", in: .reduction) { a, items in
        reduce_columns_argmin_of_blocks(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.floats(4), a.ints(5),
            a.mutableInts(6))
    }

    // Of parts of rows: (columns, parts, length, x, y).
    private static func partReduction(
        _ name: String,
        _ function:
            @escaping @Sendable @convention(c) (
                Int, Int, Int32, Int32, Int32, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
            ) -> Void
    ) -> Kernel {
        Kernel(name, in: .reduction) { a, items in
            function(
                items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.floats(3), a.mutableFloats(4))
        }
    }
    static let sumParts = partReduction("reduce_sum_parts", reduce_sum_parts)
    static let sumOfSquaresParts = partReduction("reduce_sum_of_squares_parts", reduce_sum_of_squares_parts)
    static let maximumParts = partReduction("reduce_maximum_parts", reduce_maximum_parts)
    static let minimumParts = partReduction("reduce_minimum_parts", reduce_minimum_parts)
    static let rowDotsParts = Kernel("row_dots_parts", in: .reduction) { a, items in
        row_dots_parts(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.floats(3), a.floats(4),
            a.mutableFloats(5))
    }
    static let channelSumsParts = Kernel("channel_sums_parts", in: .reduction) { a, items in
        channel_sums_parts(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.floats(4),
            a.mutableFloats(5))
    }

    /// Sums over images and pixels, for each channel.
    static let channelSums = Kernel("channel_sums", in: .reduction) { a, items in
        channel_sums(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.floats(3), a.mutableFloats(4))
    }
    /// The inner product of each row of one matrix with that of another.
    static let rowDots = Kernel("row_dots", in: .reduction) { a, items in
        row_dots(items.lowerBound, items.upperBound, a.int(0), a.floats(1), a.floats(2), a.mutableFloats(3))
    }
}
