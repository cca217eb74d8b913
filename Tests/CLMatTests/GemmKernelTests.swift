import CLMat
import TestSupport
import Testing

struct Product: Sendable, CustomTestStringConvertible {
    let m: Int, k: Int, n: Int
    var testDescription: String { "\(m) × \(k) × \(n)" }
    init(_ m: Int, _ k: Int, _ n: Int) { (self.m, self.k, self.n) = (m, k, n) }
}

@Suite struct GemmKernelTests {
    /// From 32³ on, a product is split over threads in parts of at least 16. The CPU's tiles have up to 12 × 32 elements,
    /// and its blocks 240 rows, 256 terms and 4096 columns.
    static let products = [
        Product(1, 1, 1), Product(1, 64, 1), Product(64, 1, 64), Product(15, 16, 17), Product(17, 33, 65),
        Product(63, 64, 65), Product(128, 127, 31), Product(31, 127, 128), Product(1, 513, 300), Product(300, 513, 1),
        Product(131, 257, 149), Product(481, 255, 33), Product(239, 256, 47), Product(13, 513, 4099),
        Product(2, 31, 8231),
    ].filter { !TestSize.isSmall || $0.m * $0.k * $0.n < 300_000 }

    @Test(arguments: products, Device.all)
    func agreesWithTheDefinitionForAllTranspositions(_ product: Product, on device: Device) throws {
        let (m, k, n) = (product.m, product.k, product.n)
        var random = SplitMix64(seed: 1)
        let a = random.floats(m * k)
        let b = random.floats(k * n)
        let exact = Reference.product(a, b, m, k, n)
        let left = try Matrix(a, m, k, on: device)
        let right = try Matrix(b, k, n, on: device)
        let (leftT, rightT) = try (left.transposed(), right.transposed())
        // Within k·ε·Σ|a||b| (see matmul).
        let bound = { Double(k) * epsilon * exact.magnitudes[$0] }
        try expectNone(difference(left.matmul(right).values, exact.values, within: bound))
        try expectNone(difference(leftT.matmul(right, transposing: .left).values, exact.values, within: bound))
        try expectNone(difference(left.matmul(rightT, transposing: .right).values, exact.values, within: bound))
        try expectNone(difference(leftT.matmul(rightT, transposing: .both).values, exact.values, within: bound))
        #expect(try left.matmul(right).shape == Shape(m, n))
    }

    @Test(arguments: [(1, 0), (1, 1), (2, 1), (-0.5, 0.25), (0, 3), (0, 0), (1, -1)] as [(Float, Float)], Device.all)
    func alphaAndBetaWeighProductAndTarget(_ factors: (Float, Float), on device: Device) throws {
        let (alpha, beta) = factors
        for product in [Product(3, 5, 2), Product(65, 33, 70), Product(13, 259, 47)] {
            let (m, k, n) = (product.m, product.k, product.n)
            var random = SplitMix64(seed: 2)
            let a = random.floats(m * k)
            let b = random.floats(k * n)
            let c = random.floats(m * n)
            let exact = Reference.product(a, b, m, k, n)
            let expected = exact.values.indices.map { Double(alpha) * exact.values[$0] + Double(beta) * Double(c[$0]) }
            // k terms, the two products with α and β, and their sum.
            let bound = { (index: Int) in
                (Double(k) + 3) * epsilon
                    * (abs(Double(alpha)) * exact.magnitudes[index] + abs(Double(beta) * Double(c[index])))
            }
            for transposition in [Matrix.Transposition.none, .left, .right, .both] {
                let leftT = transposition == .left || transposition == .both
                let rightT = transposition == .right || transposition == .both
                let left =
                    try leftT
                    ? Matrix(Reference.transposed(a, m, k), k, m, on: device) : Matrix(a, m, k, on: device)
                let right =
                    try rightT
                    ? Matrix(Reference.transposed(b, k, n), n, k, on: device) : Matrix(b, k, n, on: device)
                var target = try Matrix(c, m, n, on: device)
                try target.multiply(left, right, transposing: transposition, alpha: alpha, beta: beta)
                try expectNone(difference(target.values, expected, within: bound), "\(product), \(transposition)")
            }
        }
    }

    @Test(arguments: Device.all)
    func betaOfZeroClearsEvenNotANumber(on device: Device) throws {
        for product in [Product(3, 2, 4), Product(64, 64, 64), Product(3, 0, 4)] {
            let a = try Matrix(filledWith: 1, Shape(product.m, product.k), on: device)
            let b = try Matrix(filledWith: 1, Shape(product.k, product.n), on: device)
            var target = try Matrix(filledWith: .nan, Shape(product.m, product.n), on: device)
            try target.multiply(a, b)
            #expect(
                try target.values == [Float](repeating: Float(product.k), count: product.m * product.n),
                "\(product.testDescription)")
        }
    }

    @Test(arguments: Device.all)
    func aProductOverNoTermsIsZeroOrTheTargetTimesBeta(on device: Device) throws {
        let left = try Matrix([], 3, 0, on: device)
        let right = try Matrix([], 0, 4, on: device)
        // Used memory first, so that zeros cannot come from fresh pages.
        _ = try Matrix(filledWith: 9, Shape(3, 4), on: device).values
        #expect(try left.matmul(right).values == [Float](repeating: 0, count: 12))
        #expect(try right.matmul(left, transposing: .both).values == [Float](repeating: 0, count: 12))
        var target = try Matrix(filledWith: 4, Shape(3, 4), on: device)
        try target.multiply(left, right, beta: 0.5)
        #expect(try target.values == [Float](repeating: 2, count: 12))
        // A block only: the surroundings stay.
        var larger = try Matrix(filledWith: 4, Shape(5, 6), on: device)
        try larger.multiply(left.block(), right.block(), beta: 0.5, into: MatrixRange(rows: 1..<4, columns: 1..<5))
        let expected = (0..<30).map { (1..<4).contains($0 / 6) && (1..<5).contains($0 % 6) ? Float(2) : 4 }
        #expect(try larger.values == expected)
        #expect(try Matrix([], 0, 3, on: device).matmul(Matrix(zeros: Shape(3, 2), on: device)).values == [])
    }

    /// Operands and target lie inside larger matrices: offsets and leading dimensions, and nothing around the target
    /// changes.
    @Test(
        arguments: [
            Product(1, 1, 1), Product(5, 3, 7), Product(16, 17, 15), Product(65, 70, 63), Product(29, 257, 81),
        ], Device.all)
    func blocksAgreeAndTheirSurroundingsStay(_ product: Product, on device: Device) throws {
        let (m, k, n) = (product.m, product.k, product.n)
        var random = SplitMix64(seed: 3)
        let a = random.floats(m * k)
        let b = random.floats(k * n)
        let exact = Reference.product(a, b, m, k, n)

        /// The block inside a larger matrix of NaN, and where.
        func embedded(_ values: [Float], _ rows: Int, _ columns: Int, _ top: Int, _ left: Int) throws -> MatrixBlock {
            var whole = try Matrix(filledWith: .nan, Shape(rows + top + 2, columns + left + 1), on: device)
            try whole.replace(row: top, column: left, with: Matrix(values, rows, columns, on: device))
            return whole.block(rows: top..<top + rows, columns: left..<left + columns)
        }

        for transposition in [Matrix.Transposition.none, .left, .right, .both] {
            let leftT = transposition == .left || transposition == .both
            let rightT = transposition == .right || transposition == .both
            let left = try leftT ? embedded(Reference.transposed(a, m, k), k, m, 2, 3) : embedded(a, m, k, 1, 2)
            let right = try rightT ? embedded(Reference.transposed(b, k, n), n, k, 3, 1) : embedded(b, k, n, 2, 5)
            let whole = Shape(m + 3, n + 5)
            var before = (0..<whole.count).map { Float($0) + 0.5 }
            var target = try Matrix(before, whole.rows, whole.columns, on: device)
            try target.multiply(
                left, right, transposing: transposition, into: MatrixRange(rows: 2..<2 + m, columns: 4..<4 + n))

            var after = try target.values
            var block: [Float] = []
            for r in 0..<m {
                for c in 0..<n {
                    let place = (r + 2) * whole.columns + c + 4
                    block.append(after[place])
                    (before[place], after[place]) = (0, 0)
                }
            }
            expectNone(difference(block, exact.values, within: { Double(k) * epsilon * exact.magnitudes[$0] }))
            expectNone(bitDifference(after, before), "around the block, \(transposition)")
        }
    }

    @Test(arguments: Device.all)
    func theTargetMayBeAnOperand(on device: Device) throws {
        let n = 65
        var random = SplitMix64(seed: 4)
        let a = random.floats(n * n)
        let b = random.floats(n * n)
        let exact = Reference.product(a, b, n, n, n)
        let square = Reference.product(a, a, n, n, n)
        let bound = { Double(n) * epsilon * exact.magnitudes[$0] }
        let other = try Matrix(b, n, n, on: device)

        var target = try Matrix(a, n, n, on: device)
        try target.multiply(target, other)
        try expectNone(difference(target.values, exact.values, within: bound))

        target = try Matrix(b, n, n, on: device)
        try target.multiply(Matrix(a, n, n, on: device), target)
        try expectNone(difference(target.values, exact.values, within: bound))

        target = try Matrix(a, n, n, on: device)
        try target.multiply(target, target)
        try expectNone(
            difference(target.values, square.values, within: { Double(n) * epsilon * square.magnitudes[$0] }))

        // One half times the other half, into a third place of the same matrix.
        var whole = try Matrix(a + b + [Float](repeating: 0, count: n * n), 3 * n, n, on: device)
        try whole.multiply(
            whole.block(rows: 0..<n), whole.block(rows: n..<2 * n),
            into: MatrixRange(rows: 2 * n..<3 * n, columns: 0..<n))
        let found = try whole.values
        expectNone(bitDifference(Array(found[..<(2 * n * n)]), a + b))
        expectNone(difference(Array(found[(2 * n * n)...]), exact.values, within: bound))
    }
}
