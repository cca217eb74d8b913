extension Kernel {
    static let dropout = Kernel("dropout", in: .random)
}

/// Dropout: each element is kept with a chance, and divided by it, or set to 0. Which ones is a function of the key and the element's
/// index alone, so that no mask is stored: the way back draws it again.
///
/// - Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: a simple way to prevent neural networks from
///   overfitting", JMLR 15, 2014; where in a recurrent network: Zaremba, Sutskever, Vinyals, arXiv:1409.2329, section 3.1.
public struct Dropout: Sendable {
    /// The chance of an element to be kept, above 0.
    public let keep: Float
    /// What it is drawn by.
    public let key: RandomKey

    /// - Parameter rate: the chance of an element to be set to 0, in 0..<1.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for another rate.
    public init(rate: Float, key: RandomKey) throws(CLMatError) {
        guard (0..<1).contains(rate) else {
            throw .invalidArgument(operation: "Dropout", problem: "The rate is \(rate), not in 0..<1.")
        }
        (keep, self.key) = (1 - rate, key)
    }

    /// Rows of a matrix with dropout; also the way back, of a gradient of what this gave.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for rows that the matrix does not have.
    public func applied(to x: Matrix, rows: Range<Int>? = nil) throws(CLMatError) -> Matrix {
        let rows = rows ?? 0..<x.rows
        try MatrixRange(rows: rows, columns: 0..<x.columns).check(within: x.shape)
        let result = try Matrix(uninitialised: Shape(rows.count, x.columns), on: x.device)
        try x.device.launch(
            .dropout,
            [.int(result.count), .int(rows.lowerBound * x.columns), .float(keep)] + key.arguments
                + [x.argument, result.argument],
            over: .elements((result.count + 3) / 4, bytes: 32, operations: 100))
        return result
    }
}
