import TestSupport
import Testing

@testable import CLMat

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
        // Tall: split over k where each tile is a work-group, evenly or with a rest.
        Product(20, 5760, 25), Product(7, 20_011, 5), Product(64, 1250, 66),
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
        for product in [Product(3, 5, 2), Product(65, 33, 70), Product(13, 259, 47), Product(11, 3001, 17)] {
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
            Product(11, 3001, 17),
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

    // MARK: Batches and slices

    /// Operands at an offset, with leading dimensions and strides; one may be the same for all products.
    @Test(arguments: [(1, 1), (5, 3), (2, 40), (130, 1)], Device.all)
    func productsOfABatchAgreeWithTheDefinition(_ sizes: (Int, Int), on device: Device) throws {
        let (count, k) = sizes
        let (m, n) = (7, 35)
        for (transposeA, transposeB, shared) in [(false, false, true), (true, false, true), (false, true, false)] {
            var random = SplitMix64(seed: 5)
            // A and B have 2 and 3 elements more in a row, and begin after 5 and 4.
            let (lda, ldb) = ((transposeA ? m : k) + 2, (transposeB ? k : n) + 3)
            let (aSize, bSize) = ((transposeA ? k : m) * lda, (transposeB ? n : k) * ldb)
            let a = random.floats(5 + (shared ? 1 : count) * aSize)
            let b = random.floats(4 + count * bSize)
            let (ldc, cSize) = (n + 1, m * (n + 1) + 2)
            let before = random.floats(3 + count * cSize)
            let (left, right) = try (Matrix(a, 1, a.count, on: device), Matrix(b, 1, b.count, on: device))
            for (alpha, beta) in [(1, 0), (2, 1)] as [(Float, Float)] {
                let target = try Matrix(before, 1, before.count, on: device)
                var first = Gemm(
                    m: m, n: n, k: k, a: .init(left.buffer, offset: 5, leadingDimension: lda, isTransposed: transposeA),
                    b: .init(right.buffer, offset: 4, leadingDimension: ldb, isTransposed: transposeB),
                    c: .init(target.buffer, offset: 3, leadingDimension: ldc))
                (first.alpha, first.beta) = (alpha, beta)
                try device.gemm(
                    GemmBatch(
                        first, count: count, aStride: shared ? 0 : aSize, bStride: bSize, cStride: cSize))
                var expected = before.map(Double.init)
                var bounds = [Double](repeating: 0, count: expected.count)
                for item in 0..<count {
                    for i in 0..<m {
                        for j in 0..<n {
                            var (sum, magnitude) = (0.0, 0.0)
                            for p in 0..<k {
                                let x = a[5 + (shared ? 0 : item * aSize) + (transposeA ? p * lda + i : i * lda + p)]
                                let y = b[4 + item * bSize + (transposeB ? j * ldb + p : p * ldb + j)]
                                sum += Double(x) * Double(y)
                                magnitude += abs(Double(x) * Double(y))
                            }
                            let place = 3 + item * cSize + i * ldc + j
                            let old = Double(beta) * expected[place]
                            expected[place] = Double(alpha) * sum + old
                            bounds[place] = Double(k + 3) * epsilon * (Double(alpha) * magnitude + abs(old))
                        }
                    }
                }
                // What lies between the targets is as it was.
                try expectNone(difference(target.values, expected, within: { bounds[$0] }))
            }
        }
    }

    @Test func tallProductsAreSplitIntoSlicesOfEveryTerm() throws {
        // The weight gradients of LeNet's convolutions (with the biases'), and the products of NMF.
        #expect(GemmSlices(m: 20, n: 26, k: 57_600)?.count == 256)
        #expect(GemmSlices(m: 64, n: 64, k: 10_000)?.count == 80)
        #expect(GemmSlices(m: 64, n: 784, k: 10_000)?.count == 25)
        // Enough tiles, little work, or few terms.
        #expect(GemmSlices(m: 512, n: 512, k: 1000) == nil)
        #expect(GemmSlices(m: 10, n: 10, k: 4000) == nil)
        #expect(GemmSlices(m: 400, n: 400, k: 60) == nil)
        for (m, n) in [(1, 1), (20, 26), (33, 500), (100, 500), (480, 500)] {
            for k in [64, 84, 100, 500, 799, 6400, 10_007, 57_600, 1_000_003] {
                guard let slices = GemmSlices(m: m, n: n, k: k) else { continue }
                #expect(slices.count * slices.length + slices.rest == k && slices.rest < slices.count)
                #expect(slices.count > 1 && slices.length >= 4, "\(m) × \(k) × \(n)")
                // 256 groups, where that leaves 8 terms to each.
                #expect(slices.count * GemmSlices.groups(m, n) >= 256 || slices.length < 17, "\(m) × \(k) × \(n)")
            }
        }
    }

    @Test(arguments: [(1, 1), (3, 2), (40, 5), (100, 20), (257, 7), (1024, 1)], Device.all)
    func slicesAddUp(_ sizes: (Int, Int), on device: Device) throws {
        let (slices, rows) = sizes
        let columns = 23
        let (split, pitch, offset) = (19, 30, 7)
        var random = SplitMix64(seed: 6)
        let x = random.floats(slices * rows * columns)
        let before = random.floats(offset + rows * pitch)
        var sums = Reference.Sums(zeros: rows * columns)
        for (index, value) in x.enumerated() { sums.add(Double(value), to: index % (rows * columns)) }
        let partials = try Matrix(x, slices, rows * columns, on: device)
        for beta: Float in [0, 1, -0.5] {
            var start = before
            if beta == 0 { start[offset] = .nan }
            let target = try Matrix(start, 1, start.count, on: device)
            let rest = try Matrix(filledWith: 9, Shape(1, rows * (columns - split) + 64), on: device)
            try device.sumSlices(
                slices, rows: rows, columns: columns, of: partials.buffer, into: target.buffer, offset: offset,
                pitch: pitch, beta: beta, split: split, rest: rest.buffer)
            var expected = before.map(Double.init)
            var bounds = [Double](repeating: 0, count: expected.count)
            var others = [Double](repeating: 9, count: rest.count)
            var otherBounds = [Double](repeating: 0, count: rest.count)
            for r in 0..<rows {
                for j in 0..<columns {
                    let (sum, bound) = (sums.values[r * columns + j], sums.magnitudes[r * columns + j])
                    if j < split {
                        let place = offset + r * pitch + j
                        let old = beta == 0 ? 0 : Double(beta) * expected[place]
                        expected[place] = sum + old
                        bounds[place] = Double(slices + 2) * epsilon / 2 * (bound + abs(old))
                    } else {
                        others[r * (columns - split) + j - split] = sum
                        otherBounds[r * (columns - split) + j - split] = Double(slices) * epsilon / 2 * bound
                    }
                }
            }
            try expectNone(difference(target.values, expected, within: { bounds[$0] }), "β = \(beta)")
            try expectNone(difference(rest.values, others, within: { otherBounds[$0] }), "β = \(beta)")
        }
    }

    @Test(arguments: [(3, 5, 7), (65, 1, 63), (0, 4, 3), (2, 0, 3), (100, 500, 84), (7, 3001, 30)], Device.all)
    func aDenseLayerIsAProductABiasAndARectifier(_ sizes: (Int, Int, Int), on device: Device) throws {
        let (rows, columns, outputs) = sizes
        var random = SplitMix64(seed: 7)
        let (x, w) = (random.floats(rows * columns), random.floats(outputs * columns))
        let biases = random.floats(outputs)
        var sums = Reference.Sums(zeros: rows * outputs)
        for r in 0..<rows {
            for o in 0..<outputs {
                sums.add(Double(biases[o]), to: r * outputs + o)
                for c in 0..<columns {
                    sums.add(Double(x[r * columns + c]) * Double(w[o * columns + c]), to: r * outputs + o)
                }
            }
        }
        let input = try Matrix(x, rows, columns, on: device)
        let (weights, row) = try (Matrix(w, outputs, columns, on: device), Matrix(biases, 1, outputs, on: device))
        let (output, rectified) = try input.denseLayer(weights, biases: row, rectifying: true)
        #expect(output.shape == Shape(rows, outputs))
        let found = try output.values
        expectNone(
            difference(found, sums.values, within: { Double(columns + 1) * epsilon * sums.magnitudes[$0] }))
        try expectNone(bitDifference(#require(rectified).values, found.map { $0 > 0 ? $0 : 0 }))
        let plain = try input.denseLayer(weights, biases: row)
        #expect(plain.rectified == nil)
        try expectNone(bitDifference(plain.output.values, found))
        if device.kind == .cpu {
            // The bits of a product, then a sum.
            let steps = try input.matmul(weights, transposing: .right) + row
            try expectNone(bitDifference(steps.values, found))
        }
        #expect(
            thrownCase { _ = try input.denseLayer(weights, biases: Matrix(zeros: Shape(1, outputs + 1), on: device)) }
                == "shapeMismatch")
        #expect(
            thrownCase {
                _ = try input.denseLayer(Matrix(zeros: Shape(outputs, columns + 1), on: device), biases: row)
            } == "shapeMismatch")
    }
}
