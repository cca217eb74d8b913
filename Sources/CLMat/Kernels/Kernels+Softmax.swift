import CLMatKernels

extension Kernel {
    /// yᵢ = softmax(xᵢ), for each row i.
    static let softmaxRows = Kernel("softmax_rows", in: .softmax) { a, rows in
        softmax_rows(rows.lowerBound, rows.upperBound, a.int(0), a.floats(1), a.mutableFloats(2))
    }
    static let logSoftmaxRows = Kernel("log_softmax_rows", in: .softmax) { a, rows in
        log_softmax_rows(rows.lowerBound, rows.upperBound, a.int(0), a.floats(1), a.mutableFloats(2))
    }
    /// −ln softmax(xᵢ)[labelᵢ] for each row, and its gradient times a scale.
    static let crossEntropy = Kernel("cross_entropy", in: .softmax) { a, rows in
        cross_entropy(
            rows.lowerBound, rows.upperBound, a.int(0), a.float(1), a.floats(2), a.ints(3), a.mutableFloats(4),
            a.mutableFloats(5))
    }

    // Long rows in parts: maximum and sum of each part, then what is written.
    static let rowStatistics = Kernel("row_statistics", in: .softmax) { a, parts in
        row_statistics(
            parts.lowerBound, parts.upperBound, a.int(0), a.int(1), a.int(2), a.floats(3), a.mutableFloats(4))
    }
    static let softmaxParts = Kernel("softmax_parts", in: .softmax) { a, parts in
        softmax_parts(
            parts.lowerBound, parts.upperBound, a.int(0), a.int(1), a.int(2), a.floats(3), a.floats(4),
            a.mutableFloats(5))
    }
    static let logSoftmaxParts = Kernel("log_softmax_parts", in: .softmax) { a, parts in
        log_softmax_parts(
            parts.lowerBound, parts.upperBound, a.int(0), a.int(1), a.int(2), a.floats(3), a.floats(4),
            a.mutableFloats(5))
    }
    static let crossEntropyParts = Kernel("cross_entropy_parts", in: .softmax) { a, parts in
        cross_entropy_parts(
            parts.lowerBound, parts.upperBound, a.int(0), a.int(1), a.int(2), a.float(3), a.floats(4), a.ints(5),
            a.floats(6), a.mutableFloats(7), a.mutableFloats(8))
    }
}
