extension Kernel {
    /// yᵢ = softmax(xᵢ), for each row i.
    static let softmaxRows = Kernel("softmax_rows", in: .softmax)
    static let logSoftmaxRows = Kernel("log_softmax_rows", in: .softmax)
    /// −ln softmax(xᵢ)[labelᵢ] for each row, and its gradient times a scale.
    static let crossEntropy = Kernel("cross_entropy", in: .softmax)
}
