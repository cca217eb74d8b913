import CLMat
import Exploration

/// The mean square of the activation's gradient for each column, as normalisation *fixed* holds it: estimated over some steps, of
/// all chains of a column together, then the same for good.
struct GradientScales: Sendable {
    /// Σ over the steps so far of the mean square over chains and pixels, by column.
    private var sums: [Double]
    /// Steps that they are of.
    private var steps: [Int]
    /// By column; 0 while it is estimated.
    private(set) var squares: [Float]

    /// Steps of the estimate where there is no burn-in.
    static let usualSteps = 100

    private static let mostSteps = 1 << 32

    init(columns: Int) {
        sums = Array(repeating: 0, count: columns)
        steps = Array(repeating: 0, count: columns)
        squares = Array(repeating: 0, count: columns)
    }

    /// Whether nothing was estimated yet.
    var isEmpty: Bool { !steps.contains { $0 > 0 } }
    /// Whether each column's is estimated.
    var isKnown: Bool { !squares.contains(0) }

    /// c, the root mean square that a gradient of the column is divided by, as the kernel has it; nil while it is estimated.
    func root(ofColumn column: Int) -> Double? {
        squares[column] > 0 ? (Double(squares[column]) + 1e-8).squareRoot() : nil
    }

    /// Takes in one step of the columns that are not known yet.
    ///
    /// - Parameters:
    ///   - squaredNorms: ‖g‖² of each row. One that is not finite is of a chain that left the numbers, and does not count.
    ///   - count: steps after which a column is known.
    /// - Returns: whether one of the columns has become known.
    mutating func take(_ squaredNorms: [Float], pixels: Int, steps count: Int) -> Bool {
        var isNew = false
        for column in squares.indices where squares[column] == 0 {
            let own = stride(from: column, to: squaredNorms.count, by: squares.count).map { squaredNorms[$0] }
                .filter(\.isFinite)
            guard !own.isEmpty else { continue }
            sums[column] += own.reduce(0) { $0 + Double($1) } / Double(own.count * max(1, pixels))
            steps[column] += 1
            guard steps[column] >= max(1, count) else { continue }
            // 0 means unknown: a gradient that was 0 all the time has the least mean square that there is.
            squares[column] = max(Float(sums[column] / Double(steps[column])), .leastNormalMagnitude)
            isNew = true
        }
        return isNew
    }

    /// Begins the estimate of a column anew.
    mutating func forget(column: Int) { (sums[column], steps[column], squares[column]) = (0, 0, 0) }

    /// Files of earlier versions lack it.
    mutating func archive(_ archive: Archive, columns: Int) throws(CLMatError) {
        if archive.isReading {
            self = GradientScales(columns: columns)
            guard archive.has("fixed-squares") else { return }
        }
        try archive.keep("fixed-sums", &sums)
        try archive.keep("fixed-steps", &steps)
        try archive.keep("fixed-squares", &squares)
        guard [sums.count, steps.count, squares.count].allSatisfy({ $0 == columns }) else {
            throw archive.damaged("fixed-squares", "there must be one for each of the \(columns) columns")
        }
        guard steps.allSatisfy({ (0...Self.mostSteps).contains($0) }), squares.allSatisfy({ $0 >= 0 && $0.isFinite })
        else { throw archive.damaged("fixed-squares", "there are no such mean squares of so many steps") }
    }
}
