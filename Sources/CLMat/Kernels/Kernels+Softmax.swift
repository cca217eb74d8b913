extension Kernel {
    /// yᵢ = softmax(xᵢ), for each row i.
    static let softmaxRows = Kernel("softmax_rows", in: .softmax)
    static let logSoftmaxRows = Kernel("log_softmax_rows", in: .softmax)
    /// −ln softmax(xᵢ)[labelᵢ] for each row, and its gradient times a scale.
    static let crossEntropy = Kernel("cross_entropy", in: .softmax)

    // Long rows in parts: maximum and sum of each part, then what is written.
    static let rowStatistics = Kernel("row_statistics", in: .softmax)
    static let softmaxParts = Kernel("softmax_parts", in: .softmax)
    static let logSoftmaxParts = Kernel("log_softmax_parts", in: .softmax)
    static let crossEntropyParts = Kernel("cross_entropy_parts", in: .softmax)
}
