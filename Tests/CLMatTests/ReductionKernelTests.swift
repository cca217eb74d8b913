import CLMat
import TestSupport
import Testing

@Suite struct ReductionKernelTests {
    /// Around the CPU's 32 lanes, a work-group of 64 and a segment of 4096.
    static let shapes = [
        Shape(1, 1), Shape(3, 31), Shape(5, 32), Shape(7, 33), Shape(2, 63), Shape(63, 64), Shape(64, 65),
        Shape(1, 4095),
        Shape(4096, 1), Shape(1, 4097), Shape(4097, 3), Shape(11, 1009), Shape(2, 12_289),
    ]
    /// More than a megabyte: reduced in two stages on OpenCL devices, by columns, rows or as a whole.
    static let large = TestSize.isSmall ? [] : [Shape(8009, 33), Shape(130_003, 2), Shape(3, 100_003)]

    /// Enough of the same numbers that rows, columns and segments have ties.
    static func numbers(_ shape: Shape, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        return random.integers(shape.count, below: 41).map { Float($0 - 20) / 8 }
    }

    static func rows(_ x: [Float], _ shape: Shape) -> [ArraySlice<Float>] {
        (0..<shape.rows).map { x[$0 * shape.columns..<($0 + 1) * shape.columns] }
    }

    static func firstIndex(_ x: some Collection<Float>, _ comesBefore: (Float, Float) -> Bool) -> Int32 {
        var best = 0
        let x = Array(x)
        for index in x.indices where comesBefore(x[index], x[best]) { best = index }
        return Int32(best)
    }

    @Test(arguments: shapes + large, Device.all)
    func rowsAgreeWithTheDefinition(_ shape: Shape, on device: Device) throws {
        var random = SplitMix64(seed: 1)
        let x = random.floats(shape.count)
        let m = try Matrix(x, shape.rows, shape.columns, on: device)
        let rows = Self.rows(x, shape)
        // A sum of n numbers in 32 lanes or more has n/32 + 6 additions in a chain, each off by ε/2 of its result.
        let depth = Double(shape.columns) / 32 + 6
        let magnitudes = rows.map { $0.reduce(0) { $0 + abs(Double($1)) } }
        let sums = rows.map { $0.reduce(0) { $0 + Double($1) } }
        let squares = rows.map { $0.reduce(0) { $0 + Double($1) * Double($1) } }
        try expectNone(difference(m.rowSums().values, sums, within: { depth * epsilon / 2 * magnitudes[$0] }))
        // A mean has two more roundings: of 1/n and of the product.
        let n = Double(shape.columns)
        try expectNone(
            difference(
                m.rowMeans().values, sums.map { $0 / n }, within: { (depth + 2) * epsilon / 2 * magnitudes[$0] / n }))
        try expectNone(
            difference(m.rowSumsOfSquares().values, squares, within: { (depth + 1) * epsilon / 2 * squares[$0] }))
        try expectNone(
            difference(m.rowL1Norms().values, magnitudes, within: { depth * epsilon / 2 * magnitudes[$0] }))
        #expect(try m.rowLargestMagnitudes().values == rows.map { $0.map(abs).max()! })
        #expect(try m.rowMax().values == rows.map { $0.max()! })
        #expect(try m.rowMin().values == rows.map { $0.min()! })
        #expect(try m.rowSums().shape == Shape(shape.rows, 1))

        let y = random.floats(shape.count)
        let dots = (0..<shape.rows).map { r in
            (0..<shape.columns).map { Double(x[r * shape.columns + $0]) * Double(y[r * shape.columns + $0]) }
        }
        let found = try m.rowDots(Matrix(y, shape.rows, shape.columns, on: device))
        try expectNone(
            difference(
                found.values, dots.map { $0.reduce(0, +) },
                within: { (depth + 1) * epsilon / 2 * dots[$0].reduce(0) { $0 + abs($1) } }))
    }

    @Test(arguments: shapes + large, Device.all)
    func columnsAgreeWithTheDefinition(_ shape: Shape, on device: Device) throws {
        var random = SplitMix64(seed: 2)
        let x = random.floats(shape.count)
        let m = try Matrix(x, shape.rows, shape.columns, on: device)
        let columns = (0..<shape.columns).map { c in (0..<shape.rows).map { x[$0 * shape.columns + c] } }
        let n = Double(shape.rows)
        let magnitudes = columns.map { $0.reduce(0) { $0 + abs(Double($1)) } }
        let sums = columns.map { $0.reduce(0) { $0 + Double($1) } }
        let squares = columns.map { $0.reduce(0) { $0 + Double($1) * Double($1) } }
        // Each column is one chain of additions.
        try expectNone(difference(m.columnSums().values, sums, within: { n * epsilon / 2 * magnitudes[$0] }))
        try expectNone(difference(m.columnL1Norms().values, magnitudes, within: { n * epsilon / 2 * magnitudes[$0] }))
        #expect(try m.columnLargestMagnitudes().values == columns.map { $0.map(abs).max()! })
        try expectNone(
            difference(
                m.columnMeans().values, sums.map { $0 / n }, within: { (n + 2) * epsilon / 2 * magnitudes[$0] / n }))
        try expectNone(
            difference(m.columnSumsOfSquares().values, squares, within: { (n + 1) * epsilon / 2 * squares[$0] }))
        #expect(try m.columnMax().values == columns.map { $0.max()! })
        #expect(try m.columnMin().values == columns.map { $0.min()! })
        #expect(try m.columnSums().shape == Shape(1, shape.columns))
    }

    @Test(arguments: shapes + large, Device.all)
    func theFirstOfEqualsIsFound(_ shape: Shape, on device: Device) throws {
        let x = Self.numbers(shape, seed: 3)
        let m = try Matrix(x, shape.rows, shape.columns, on: device)
        let rows = Self.rows(x, shape)
        let columns = (0..<shape.columns).map { c in (0..<shape.rows).map { x[$0 * shape.columns + c] } }
        #expect(try m.rowArgmax().values == rows.map { Self.firstIndex($0, >) })
        #expect(try m.rowArgmin().values == rows.map { Self.firstIndex($0, <) })
        #expect(try m.columnArgmax().values == columns.map { Self.firstIndex($0, >) })
        #expect(try m.columnArgmin().values == columns.map { Self.firstIndex($0, <) })
        let (largest, smallest) = (try m.argmax(), try m.argmin())
        #expect(largest.row * shape.columns + largest.column == Int(Self.firstIndex(x, >)))
        #expect(smallest.row * shape.columns + smallest.column == Int(Self.firstIndex(x, <)))
    }

    @Test(arguments: [1, 2, 4095, 4096, 4097, 8192, 8193, TestSize.large(1_000_003, small: 20_011)], Device.all)
    func wholeMatricesAgreeWithTheDefinition(_ count: Int, on device: Device) throws {
        var random = SplitMix64(seed: 4)
        let x = random.floats(count)
        let m = try Matrix(x, count, 1, on: device)
        let exact = x.map(Double.init)
        let magnitude = exact.reduce(0) { $0 + abs($1) }
        let squares = exact.reduce(0) { $0 + $1 * $1 }
        // At most 4096/32 + 6 additions in a chain, once for the segments and once for their sums.
        let depth = 2.0 * (4096 / 32 + 6)
        #expect(abs(Double(try m.sum()) - exact.reduce(0, +)) <= depth * epsilon / 2 * magnitude)
        #expect(
            abs(Double(try m.mean()) - exact.reduce(0, +) / Double(count))
                <= (depth + 2) * epsilon / 2 * magnitude / Double(count))
        #expect(abs(Double(try m.sumOfSquares()) - squares) <= (depth + 1) * epsilon / 2 * squares)
        #expect(abs(Double(try m.l1Norm()) - magnitude) <= depth * epsilon / 2 * magnitude)
        #expect(try m.max() == x.max()!)
        #expect(try m.min() == x.min()!)
        #expect(try m.largestMagnitude() == x.map(abs).max()!)
    }

    @Test(arguments: Device.all)
    func tiesAcrossSegmentsGoToTheFirst(on device: Device) throws {
        // 4096 elements are a segment.
        var x = [Float](repeating: 0, count: 3 * 4096)
        for index in [4095, 4096, 9000] { (x[index], x[index + 7]) = (1, -1) }
        let m = try Matrix(x, 3 * 64, 64, on: device)
        #expect(try m.argmax() == (4095 / 64, 4095 % 64))
        #expect(try m.argmin() == (4102 / 64, 4102 % 64))
    }

    @Test(arguments: Device.all)
    func notANumberIsPassedOverByExtremesAndKeptBySums(on device: Device) throws {
        for columns in [1, 5, 64, 100] {
            var x = [Float](repeating: 1, count: 3 * columns)
            x[0] = .nan  // the first row, the first column
            x[columns] = 2
            for index in 2 * columns..<3 * columns { x[index] = .nan }  // the whole third row
            let m = try Matrix(x, 3, columns, on: device)
            #expect(try m.rowSums().values.map(\.isNaN) == [true, false, true])
            #expect(try m.rowSumsOfSquares().values.map(\.isNaN) == [true, false, true])
            #expect(try m.columnSums().values.allSatisfy(\.isNaN))
            #expect(try m.sum().isNaN)
            #expect(try m.rowDots(m).values.map(\.isNaN) == [true, false, true])
            let largest = try m.rowMax().values
            let smallest = try m.rowMin().values
            #expect(largest[1] == 2 && smallest[1] == (columns == 1 ? 2 : 1))
            #expect(largest[2] == -.infinity && smallest[2] == .infinity, "nothing but NaN")
            if columns > 1 { #expect(largest[0] == 1 && smallest[0] == 1) }
            #expect(try m.columnMax().values[0] == 2 && m.columnMin().values[0] == 2)
            #expect(try m.max() == 2 && m.largestMagnitude() == 2 && m.l1Norm().isNaN)
            #expect(try m.rowLargestMagnitudes().values[2] == 0, "nothing but NaN")
            #expect(try m.argmax() == (1, 0))
            #expect(try m.rowArgmax().values[0] == (columns == 1 ? 0 : 1))
            #expect(try m.rowArgmin().values[1] == (columns == 1 ? 0 : 1))
            #expect(try m.columnArgmin().values[0] == 1)
        }
    }

    @Test(arguments: Device.all)
    func infinitiesAreExtremes(on device: Device) throws {
        let m = try Matrix([3, .infinity, -.infinity, 1], 1, 4, on: device)
        #expect(try m.rowMax().values == [.infinity])
        #expect(try m.rowMin().values == [-.infinity])
        #expect(try m.rowArgmax().values == [1])
        #expect(try m.rowArgmin().values == [2])
        let low = try Matrix(filledWith: -.infinity, Shape(2, 70), on: device)
        #expect(try low.rowArgmax().values == [0, 0])
        #expect(try low.argmax() == (0, 0))
        #expect(try low.rowMax().values == [-.infinity, -.infinity])
    }

    @Test(arguments: Device.all)
    func sumsOfNothingAreZeroAndExtremesOfNothingErrors(on device: Device) throws {
        let noColumns = try Matrix([], 3, 0, on: device)
        let noRows = try Matrix([], 0, 3, on: device)
        #expect(try noColumns.rowSums().values == [0, 0, 0])
        #expect(try noColumns.rowSumsOfSquares().values == [0, 0, 0])
        #expect(try noColumns.rowDots(noColumns).values == [0, 0, 0])
        #expect(try noRows.columnSums().values == [0, 0, 0])
        #expect(try noRows.rowSums().values == [])
        #expect(try noColumns.columnSums().values == [])
        #expect(try noRows.sum() == 0 && noColumns.sumOfSquares() == 0)
        #expect(try noRows.rowMax().shape == Shape(0, 1))
        #expect(try noRows.rowArgmax().values == [])
        #expect(thrownCase { _ = try noColumns.rowMax() } == "invalidArgument")
        #expect(thrownCase { _ = try noColumns.rowMin() } == "invalidArgument")
        #expect(thrownCase { _ = try noColumns.rowMeans() } == "invalidArgument")
        #expect(thrownCase { _ = try noColumns.rowArgmax() } == "invalidArgument")
        #expect(thrownCase { _ = try noColumns.rowArgmin() } == "invalidArgument")
        #expect(thrownCase { _ = try noRows.columnMax() } == "invalidArgument")
        #expect(thrownCase { _ = try noRows.columnMin() } == "invalidArgument")
        #expect(thrownCase { _ = try noRows.columnMeans() } == "invalidArgument")
        #expect(thrownCase { _ = try noRows.columnArgmax() } == "invalidArgument")
        #expect(thrownCase { _ = try noRows.columnArgmin() } == "invalidArgument")
        #expect(thrownCase { _ = try noRows.max() } == "invalidArgument")
        #expect(thrownCase { _ = try noRows.min() } == "invalidArgument")
        #expect(thrownCase { _ = try noRows.mean() } == "invalidArgument")
        #expect(thrownCase { _ = try noRows.argmax() } == "invalidArgument")
        #expect(thrownCase { _ = try noRows.argmin() } == "invalidArgument")
    }

    @Test(
        arguments: [(1, 1, 1, 1), (3, 2, 5, 7), (2, 3, 8, 8), (5, 4, 1, 65), (7, 1, 9, 7), (70, 3, 1, 1)]
            + (TestSize.isSmall ? [] : [(301, 7, 11, 13), (3, 2, 211, 210), (60_000, 5, 1, 1)]),
        Device.all)
    func channelSumsAgreeWithTheDefinition(_ sizes: (Int, Int, Int, Int), on device: Device) throws {
        let (images, channels, height, width) = sizes
        let image = ImageShape(channels: channels, height: height, width: width)
        var random = SplitMix64(seed: 5)
        let x = random.floats(images * image.count)
        var sums = Reference.Sums(zeros: channels)
        for index in x.indices { sums.add(Double(x[index]), to: index / image.area % channels) }
        let found = try Matrix(x, images, image.count, on: device).channelSums(image)
        #expect(found.shape == Shape(1, channels))
        // In whatever order the n additions are.
        let n = Double(images * image.area)
        try expectNone(difference(found.values, sums.values, within: { n * epsilon / 2 * sums.magnitudes[$0] }))
        #expect(
            try Matrix([], 0, image.count, on: device).channelSums(image).values
                == [Float](repeating: 0, count: channels))
    }

    /// Sums of parts and of these: the tests above would pass with one stage, too.
    @Test(arguments: Device.all)
    func extremesInTwoStagesPassOverNotANumber(on device: Device) throws {
        let (rows, columns) = (131_101, 2)
        var x = [Float](repeating: .nan, count: rows * columns)
        // The first column has numbers in two far places, equal ones; the second has nothing above −∞.
        for row in [40_000, 130_000] { x[row * columns] = 3 }
        for row in [50_001, 100_003] { x[row * columns] = -3 }
        x[7 * columns + 1] = -.infinity
        let m = try Matrix(x, rows, columns, on: device)
        #expect(try m.columnMax().values == [3, -.infinity])
        #expect(try m.columnMin().values == [-3, -.infinity])
        #expect(try m.columnArgmax().values == [40_000, 0])
        #expect(try m.columnArgmin().values == [50_001, 7])
        #expect(try m.columnSums().values.allSatisfy(\.isNaN) && m.columnSumsOfSquares().values.allSatisfy(\.isNaN))
        #expect(try m.max() == 3 && m.min() == -.infinity)

        let wide = try m.transposed()
        #expect(try wide.rowMax().values == [3, -.infinity] && wide.rowMin().values == [-3, -.infinity])
        #expect(try wide.rowSums().values.allSatisfy(\.isNaN) && wide.rowDots(wide).values.allSatisfy(\.isNaN))
        let lowest = try Matrix(filledWith: -.infinity, Shape(rows, columns), on: device)
        #expect(try lowest.columnArgmax().values == [0, 0] && lowest.columnMax().values == [-.infinity, -.infinity])
    }
}
