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
}
