import TestSupport
import Testing

@testable import CLMat

/// Shapes that differ in all that products and rows have to look at.
enum PowerLawSample {
    static let shapes: [PowerLawShape] = {
        func block(_ ranks: Range<Int>, _ columns: Range<Int>) -> PowerLawShape.Block {
            .init(ranks: ranks, columns: columns)
        }
        let shapes: [PowerLawShape?] = [
            try? .dense(1, 1), try? .dense(37, 13), try? .halving(features: 67, h: 3, blocks: 4),
            try? PowerLawShape.halving(features: 67, h: 3, blocks: 4).inBands,
            try? .differentiated([(5, 17), (20, 6), (41, 1)]),
            // Ranks and columns that nothing has.
            try? .power(features: 67, width: 9, tailHeight: 0.25),
            try? PowerLawShape.power(features: 67, width: 9, tailHeight: 0.25).inBands,
            try? PowerLawShape(
                rows: 12, columns: 9, blocks: [block(2..<7, 1..<4), block(9..<10, 6..<8)], isPartial: true),
            // Ranks and columns that are new in part, some of them on both sides of what was there.
            try? PowerLawShape(
                rows: 20, columns: 20,
                blocks: [block(5..<9, 4..<8), block(0..<20, 10..<13), block(3..<14, 0..<3), block(0..<5, 3..<10)]),
        ]
        return shapes.compactMap { $0 }
    }()

    /// A dense matrix with zeros where the shape has no element.
    static func dense(_ shape: PowerLawShape, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        var values = [Float](repeating: 0, count: shape.rows * shape.columns)
        for block in shape.blocks {
            for rank in block.ranks {
                for column in block.columns { values[rank * shape.columns + column] = random.floats(1)[0] }
            }
        }
        return values
    }

    /// 1 where there is an element.
    static func mask(_ shape: PowerLawShape) -> [Bool] {
        var mask = [Bool](repeating: false, count: shape.rows * shape.columns)
        for block in shape.blocks {
            for rank in block.ranks { for column in block.columns { mask[rank * shape.columns + column] = true } }
        }
        return mask
    }

    static func matrix(_ shape: PowerLawShape, _ values: [Float], on device: Device) throws -> PowerLawMatrix {
        try PowerLawMatrix(Matrix(values, shape.rows, shape.columns, on: device), cutTo: shape)
    }
}

@Suite struct PowerLawMatrixTests {
    @Test func allSamplesAreShapes() { #expect(PowerLawSample.shapes.count == 9) }

    @Test(arguments: PowerLawSample.shapes, Device.all)
    func whatIsCutIsWholeAgain(_ shape: PowerLawShape, on device: Device) throws {
        let values = PowerLawSample.dense(shape, seed: 1)
        let w = try PowerLawSample.matrix(shape, values, on: device)
        #expect(w.shape == shape && w.count == shape.parameterCount && w.rows == shape.rows)
        #expect(w.columns == shape.columns && w.device == device)
        try expectNone(bitDifference(w.dense().values, values))
        // Block after block, row by row.
        let expected = shape.blocks.flatMap { block in
            block.ranks.flatMap { rank in block.columns.map { values[rank * shape.columns + $0] } }
        }
        try expectNone(bitDifference(w.elements.values, expected))
        let blocks = try w.blocks
        #expect(blocks.map(\.shape) == shape.blocks.map(\.shape))
        try expectNone(bitDifference(blocks.flatMap { try $0.values }, expected))
        try expectNone(bitDifference(PowerLawMatrix(shape, blocks: blocks).elements.values, expected))
        // The same elements in another order, and back.
        let banded = try PowerLawMatrix(w, cutTo: shape.inBands)
        try expectNone(bitDifference(banded.dense().values, values))
        try expectNone(bitDifference(PowerLawMatrix(banded, cutTo: shape).elements.values, expected))
        let copy = try w.copied(to: .cpu)
        #expect(copy.device == .cpu && copy.shape == shape)
        try expectNone(bitDifference(copy.elements.values, expected))
        #expect(try PowerLawMatrix(zeros: shape, on: device).elements.values == [Float](repeating: 0, count: w.count))
    }

    @Test(arguments: Device.all)
    func aDenseShapeHasTheNumbersOfAMatrix(on device: Device) throws {
        let key = RandomKey(seed: 3, stream: 5)
        let m = try Matrix(uniform: -0.1...0.1, key, Shape(61, 7), on: device)
        let w = try PowerLawMatrix(uniform: -0.1...0.1, .dense(61, 7), key, on: device)
        try expectNone(bitDifference(w.elements.values, m.values))
        let same = try PowerLawMatrix(m)
        #expect(same.memory.identity == m.memory.identity)
        #expect(try same.dense().memory.identity == m.memory.identity)
        // A copy shares the memory until one of both is changed.
        var changed = same
        try changed.changeElements { elements throws(CLMatError) in try elements.scale(by: 2) }
        try expectNone(bitDifference(m.values, w.elements.values))
        #expect(try changed.elements.values == m.values.map { 2 * $0 })
        // Products are the same ones.
        let x = try Matrix(uniform: -1...1, RandomKey(seed: 1, stream: 1), Shape(33, 7), on: device)
        try expectNone(
            bitDifference(x.matmul(same, transposing: .right).values, x.matmul(m, transposing: .right).values))
    }

    // MARK: - Products

    static let heights = [1, 17, 33]

    /// Every product in every transposition against the definition with the zeros, with α and β, into a block of a matrix whose other
    /// elements stay.
    @Test(arguments: PowerLawSample.shapes, Device.all)
    func productsAgreeWithTheDenseMatrix(_ shape: PowerLawShape, on device: Device) throws {
        let (rows, columns) = (shape.rows, shape.columns)
        let values = PowerLawSample.dense(shape, seed: 2)
        let transposed = Reference.transposed(values, rows, columns)
        let w = try PowerLawSample.matrix(shape, values, on: device)
        for n in Self.heights {
            var random = SplitMix64(seed: UInt64(n))
            for (transposing, weights, k, width) in [
                (Matrix.Transposition.none, values, rows, columns), (.right, transposed, columns, rows),
                (.left, values, rows, columns), (.both, transposed, columns, rows),
            ] {
                // From the right: op(a) n × k, op(W) k × width.
                let isTurned = transposing == .left || transposing == .both
                let a = random.floats(n * k)
                let given = isTurned ? Reference.transposed(a, n, k) : a
                let left = try Matrix(given, isTurned ? k : n, isTurned ? n : k, on: device)
                let exact = Reference.product(a, weights, n, k, width)
                let bound = { (i: Int) in Double(k) * epsilon * exact.magnitudes[i] + 1e-30 }
                try expectNone(difference(left.matmul(w, transposing: transposing).values, exact.values, within: bound))

                // From the left: op(W) width × k is what the transposed one was from the right.
                let mirrored: Matrix.Transposition =
                    switch transposing {
                    case .none: .left
                    case .right: .none
                    case .left: .both
                    case .both: .right
                    }
                let turnedBack = mirrored == .right || mirrored == .both
                let b = Reference.transposed(a, n, k)
                let right = try Matrix(turnedBack ? a : b, turnedBack ? n : k, turnedBack ? k : n, on: device)
                let exactLeft = Reference.product(Reference.transposed(weights, k, width), b, width, k, n)
                let boundLeft = { (i: Int) in Double(k) * epsilon * exactLeft.magnitudes[i] + 1e-30 }
                try expectNone(
                    difference(w.matmul(right, transposing: mirrored).values, exactLeft.values, within: boundLeft))

                // Into a block, with factors: self ← ½ op(a) op(W) − 2 self.
                let before = random.floats((n + 2) * (width + 3))
                for beta: Float in [0, 1, -2] {
                    var target = try Matrix(before, n + 2, width + 3, on: device)
                    try target.multiply(
                        left.block(), w, transposing: transposing, alpha: 0.5, beta: beta,
                        into: MatrixRange(rows: 1..<n + 1, columns: 2..<width + 2))
                    var (wanted, bounds) = (before.map(Double.init), [Double](repeating: 0, count: before.count))
                    for i in 0..<n {
                        for j in 0..<width {
                            let place = (i + 1) * (width + 3) + j + 2
                            let old = Double(beta) * wanted[place]
                            wanted[place] = 0.5 * exact.values[i * width + j] + old
                            bounds[place] =
                                bound(i * width + j) + 10 * epsilon * (abs(old) + exact.magnitudes[i * width + j])
                        }
                    }
                    try expectNone(difference(target.values, wanted, within: { bounds[$0] }), "β \(beta)")

                    var turned = try Matrix(
                        Reference.transposed(before, n + 2, width + 3), width + 3, n + 2, on: device)
                    try turned.multiply(
                        w, right.block(), transposing: mirrored, alpha: 0.5, beta: beta,
                        into: MatrixRange(rows: 2..<width + 2, columns: 1..<n + 1))
                    try expectNone(
                        difference(
                            Reference.transposed(turned.values, width + 3, n + 2), wanted, within: { bounds[$0] }),
                        "from the left, β \(beta)")
                }
            }
        }
    }

    /// Scores by slices of rows, as a large vocabulary needs them.
    @Test(arguments: PowerLawSample.shapes, Device.all)
    func slicesOfRowsMakeTheWhole(_ shape: PowerLawShape, on device: Device) throws {
        let w = try PowerLawSample.matrix(shape, PowerLawSample.dense(shape, seed: 3), on: device)
        let x = try Matrix(uniform: -1...1, RandomKey(seed: 4, stream: 0), Shape(10, shape.columns), on: device)
        let whole = try x.matmul(w, transposing: .right).values
        var scores = try Matrix(filledWith: .nan, Shape(10, shape.rows), on: device)
        for rows in [0..<4, 4..<8, 8..<10] {
            try scores.multiply(
                x.block(rows: rows), w, transposing: .right, into: MatrixRange(rows: rows, columns: 0..<shape.rows))
        }
        try expectNone(difference(scores.values, whole.map(Double.init), within: Double(shape.columns) * epsilon * 10))
        // NaN before a product with β = 0 leaves no trace.
        var units = try Matrix(filledWith: .nan, Shape(10, shape.columns), on: device)
        try units.multiply(scores.block(), w)
        #expect(try units.values.allSatisfy(\.isFinite))
        // The gradient of the weights, by slices too.
        var gradient = try PowerLawMatrix(zeros: shape, on: device)
        for rows in [0..<4, 4..<10] {
            try gradient.multiply(
                scores.block(rows: rows), x.block(rows: rows), transposing: .left, alpha: 0.5,
                beta: rows.lowerBound == 0 ? 0 : 1)
        }
        let full = Reference.product(
            Reference.transposed(try scores.values, 10, shape.rows), try x.values, shape.rows, 10, shape.columns)
        let mask = PowerLawSample.mask(shape)
        try expectNone(
            difference(
                gradient.dense().values, full.values.indices.map { mask[$0] ? full.values[$0] / 2 : 0 },
                within: { 20 * epsilon * full.magnitudes[$0] }))
    }

    @Test(arguments: Device.all)
    func theProductIntoTheBlocksTakesAllForms(on device: Device) throws {
        for shape in PowerLawSample.shapes {
            let n = 11
            var random = SplitMix64(seed: 8)
            let (a, b) = (random.floats(shape.rows * n), random.floats(n * shape.columns))
            let (aT, bT) = (Reference.transposed(a, shape.rows, n), Reference.transposed(b, n, shape.columns))
            let before = PowerLawSample.dense(shape, seed: 9)
            let exact = Reference.product(a, b, shape.rows, n, shape.columns)
            let mask = PowerLawSample.mask(shape)
            for (transposing, left, right) in [
                (
                    Matrix.Transposition.none, try Matrix(a, shape.rows, n, on: device),
                    try Matrix(b, n, shape.columns, on: device)
                ),
                (.left, try Matrix(aT, n, shape.rows, on: device), try Matrix(b, n, shape.columns, on: device)),
                (.right, try Matrix(a, shape.rows, n, on: device), try Matrix(bT, shape.columns, n, on: device)),
                (.both, try Matrix(aT, n, shape.rows, on: device), try Matrix(bT, shape.columns, n, on: device)),
            ] {
                var w = try PowerLawSample.matrix(shape, before, on: device)
                try w.multiply(left, right, transposing: transposing, alpha: 2, beta: -1)
                try expectNone(
                    difference(
                        w.dense().values,
                        exact.values.indices.map { mask[$0] ? 2 * exact.values[$0] - Double(before[$0]) : 0 },
                        within: { 20 * epsilon * (exact.magnitudes[$0] + 1) }))
            }
            // No terms: only β counts.
            var w = try PowerLawSample.matrix(shape, before, on: device)
            let none = try Matrix([], 0, shape.rows, on: device)
            let nothing = try Matrix([], 0, shape.columns, on: device)
            try w.multiply(none, nothing, transposing: .left, beta: 2)
            #expect(try w.dense().values == before.map { 2 * $0 })
            try w.multiply(none, nothing, transposing: .left)
            #expect(try w.elements.values.allSatisfy { $0 == 0 })
            // And a product of no rows.
            #expect(try nothing.matmul(w, transposing: .right).shape == Shape(0, shape.rows))
        }
    }

    // MARK: - Rows

    static func indices(_ count: Int, below rows: Int) -> [Int32] {
        var random = SplitMix64(seed: 12)
        // Half of them are the first ranks, as words are.
        return (0..<count).map { $0 % 2 == 0 ? Int32(min(rows - 1, $0 % 5)) : random.integers(1, below: rows)[0] }
    }

    @Test(arguments: PowerLawSample.shapes, Device.all)
    func rowsAreGatheredAndTheirGradientAdded(_ shape: PowerLawShape, on device: Device) throws {
        let columns = shape.columns
        let values = PowerLawSample.dense(shape, seed: 5)
        let w = try PowerLawSample.matrix(shape, values, on: device)
        let mask = PowerLawSample.mask(shape)
        for count in [0, 1, 2, 301] {
            let list = Self.indices(count, below: shape.rows)
            let indices = try IntVector(list, on: device)
            let found = try w.gatherRows(indices)
            #expect(found.shape == Shape(count, columns))
            try expectNone(
                bitDifference(found.values, list.flatMap { values[Int($0) * columns..<(Int($0) + 1) * columns] }))

            var random = SplitMix64(seed: 6)
            let g = random.floats(count * columns)
            let gradient = try w.rowGradient(of: Matrix(g, count, columns, on: device), at: indices)
            let distinct = Set(list).sorted()
            #expect(try gradient.ranks.values == distinct)
            #expect(gradient.shape == shape && gradient.sums.shape == Shape(distinct.count, columns))
            var sums = Reference.Sums(zeros: shape.rows * columns)
            for (i, rank) in list.enumerated() {
                for c in 0..<columns where mask[Int(rank) * columns + c] {
                    sums.add(Double(g[i * columns + c]), to: Int(rank) * columns + c)
                }
            }
            let places = distinct.flatMap { rank in (0..<columns).map { Int(rank) * columns + $0 } }
            try expectNone(
                difference(
                    gradient.sums.values, places.map { sums.values[$0] },
                    within: { 70 * epsilon * sums.magnitudes[places[$0]] }))
            let squares = try gradient.sums.values.reduce(0) { $0 + Double($1) * Double($1) }
            #expect(try abs(Double(gradient.sumOfSquares()) - squares) <= 400 * epsilon * squares)
            #expect(try gradient.sumOfSquaresLater().value == gradient.sumOfSquares())

            // Added to a gradient of all rows.
            var all = w
            try all.scatterAddRows(Matrix(g, count, columns, on: device), at: indices)
            try expectNone(
                difference(
                    all.dense().values, values.indices.map { Double(values[$0]) + sums.values[$0] },
                    within: { 72 * epsilon * (sums.magnitudes[$0] + 1) }))
            // A step with a factor that is on the device, and one without.
            var stepped = w
            try stepped.sgdStep(gradient, rate: 0.5, factor: Matrix([0.25], 1, 1, on: device))
            try expectNone(
                difference(
                    stepped.dense().values, values.indices.map { Double(values[$0]) - 0.125 * sums.values[$0] },
                    within: { 72 * epsilon * (sums.magnitudes[$0] + 1) }))
            var plain = w
            try plain.sgdStep(gradient, rate: 0.125)
            try expectNone(bitDifference(plain.elements.values, stepped.elements.values))
            // What w was made of is as it was, and so are rows that nothing named.
            try expectNone(bitDifference(w.dense().values, values))
            let changed = try stepped.dense().values
            for rank in 0..<shape.rows where !distinct.contains(Int32(rank)) {
                let row = rank * columns..<(rank + 1) * columns
                #expect(Array(changed[row]) == Array(values[row]))
            }
        }
    }

    /// Indices that no host has seen, and a run that is repeated.
    @Test(arguments: Device.all)
    func indicesOfTheDeviceAreReadAndARunRepeats(on device: Device) throws {
        let w = try PowerLawMatrix(
            uniform: -1...1, .halving(features: 60, h: 4, blocks: 3), RandomKey(seed: 1, stream: 0), on: device)
        let scores = try Matrix(uniform: 0...1, RandomKey(seed: 2, stream: 0), Shape(500, 60), on: device)
        let g = try Matrix(uniform: -1...1, RandomKey(seed: 3, stream: 0), Shape(500, 16), on: device)
        let indices = try scores.rowArgmax()
        let (one, other) = (
            try w.rowGradient(of: g, at: indices), try w.rowGradient(of: g, at: IntVector(indices.values, on: device))
        )
        try expectNone(bitDifference(one.sums.values, other.sums.values))
        #expect(try one.ranks.values == other.ranks.values)
    }

    /// A million features, of which 400 are touched: what is made is as large as those.
    @Test func onlyTouchedRowsCount() throws {
        let shape = try PowerLawShape.halving(features: 1_000_000, h: 1, blocks: 3)
        let w = try PowerLawMatrix(zeros: shape, on: .cpu)
        let list = (0..<400).map { Int32($0 * 2500) }
        let gradient = try w.rowGradient(
            of: Matrix(filledWith: 1, Shape(400, 4), on: .cpu), at: IntVector(list, on: .cpu))
        #expect(gradient.ranks.count == 400 && gradient.sums.count == 1600)
        // All have the first column, those of the first half the second one, those of the first quarter two more.
        #expect(try gradient.sumOfSquares() == 400 + 200 + 2 * 100)
    }

    @Test(arguments: PowerLawSample.shapes, Device.all)
    func magnitudesOfRowsAgreeWithTheDefinition(_ shape: PowerLawShape, on device: Device) throws {
        let values = PowerLawSample.dense(shape, seed: 7)
        let w = try PowerLawSample.matrix(shape, values, on: device)
        let rows = (0..<shape.rows).map { Array(values[$0 * shape.columns..<($0 + 1) * shape.columns]) }
        let norms = rows.map { $0.reduce(0) { $0 + abs(Double($1)) } }
        try expectNone(
            difference(w.rowL1Norms().values, norms, within: { Double(shape.columns) * epsilon * norms[$0] }))
        #expect(try w.rowCounts(above: 0.5).values == rows.map { Float($0.count { abs($0) > 0.5 }) })
        #expect(try w.rowCounts(above: 0).values == rows.map { Float($0.count { $0 != 0 }) })
    }

    // MARK: - What does not fit

    @Test(arguments: Device.all)
    func whatDoesNotFitIsRefused(on device: Device) throws {
        let shape = try PowerLawShape.halving(features: 10, h: 2, blocks: 2)
        let w = try PowerLawMatrix(zeros: shape, on: device)
        func zeros(_ rows: Int, _ columns: Int) throws -> Matrix { try Matrix(zeros: Shape(rows, columns), on: device) }
        #expect(thrownCase { _ = try zeros(3, 5).matmul(w, transposing: .right) } == "shapeMismatch")
        #expect(thrownCase { _ = try zeros(3, 4).matmul(w) } == "shapeMismatch")
        #expect(thrownCase { _ = try w.matmul(zeros(5, 3)) } == "shapeMismatch")
        #expect(thrownCase { _ = try w.matmul(zeros(4, 3), transposing: .left) } == "shapeMismatch")
        var m = try zeros(3, 9)
        #expect(thrownCase { try m.multiply(zeros(3, 4).block(), w, transposing: .right) } == "shapeMismatch")
        #expect(thrownCase { try m.multiply(w, zeros(4, 3).block()) } == "shapeMismatch")
        #expect(
            thrownCase { try m.multiply(zeros(3, 4).block(rows: 1..<5), w, transposing: .right) } == "invalidArgument")
        #expect(
            thrownCase {
                try m.multiply(
                    zeros(3, 10).block(), w, into: MatrixRange(rows: 1..<4, columns: 0..<4))
            } == "invalidArgument")
        var g = w
        #expect(thrownCase { try g.multiply(zeros(3, 10), zeros(4, 4), transposing: .left) } == "shapeMismatch")
        #expect(thrownCase { try g.multiply(zeros(3, 9), zeros(3, 4), transposing: .left) } == "shapeMismatch")
        #expect(thrownCase { try g.multiply(zeros(3, 10), zeros(3, 5), transposing: .left) } == "shapeMismatch")
        for wrong in [-1, 10] {
            let indices = try IntVector([0, wrong], on: device)
            #expect(thrownCase { _ = try w.gatherRows(indices) } == "invalidArgument")
            #expect(thrownCase { _ = try w.rowGradient(of: zeros(2, 4), at: indices) } == "invalidArgument")
        }
        let two = try IntVector([0, 1], on: device)
        #expect(thrownCase { _ = try w.rowGradient(of: zeros(3, 4), at: two) } == "shapeMismatch")
        #expect(thrownCase { _ = try w.rowGradient(of: zeros(2, 3), at: two) } == "shapeMismatch")
        let gradient = try w.rowGradient(of: zeros(2, 4), at: two)
        #expect(thrownCase { try g.sgdStep(gradient, rate: 1, factor: zeros(1, 2)) } == "shapeMismatch")
        var other = try PowerLawMatrix(zeros: shape.inBands, on: device)
        #expect(thrownCase { try other.sgdStep(gradient, rate: 1) } == "invalidArgument")
        #expect(said { try other.add(gradient) }.contains("block 0 is ranks"))
        var smaller = try PowerLawMatrix(zeros: .dense(10, 3), on: device)
        #expect(thrownCase { try smaller.add(gradient) } == "shapeMismatch")
        #expect(thrownCase { _ = try PowerLawMatrix(zeros(10, 3), cutTo: shape) } == "shapeMismatch")
        #expect(thrownCase { _ = try PowerLawMatrix(smaller, cutTo: shape) } == "shapeMismatch")
        #expect(thrownCase { _ = try PowerLawMatrix(zeros(0, 3)) } == "invalidArgument")
        #expect(thrownCase { _ = try PowerLawMatrix(shape, blocks: [zeros(10, 2)]) } == "invalidArgument")
        #expect(thrownCase { _ = try PowerLawMatrix(shape, blocks: [zeros(10, 2), zeros(4, 2)]) } == "shapeMismatch")
        #expect(thrownCase { _ = try w.block(2) } == "invalidArgument")
        #expect(thrownCase { try g.write([1]) } == "shapeMismatch")
        if device != .cpu {
            let away = try Matrix(zeros: Shape(3, 4), on: .cpu)
            #expect(thrownCase { _ = try away.matmul(w, transposing: .right) } == "deviceMismatch")
            #expect(thrownCase { _ = try w.gatherRows(IntVector([0], on: .cpu)) } == "deviceMismatch")
        }
    }
}
