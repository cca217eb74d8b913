import CLMat
import TestSupport
import Testing

/// Moving elements: exact, so compared by bits.
@Suite struct LayoutKernelTests {
    /// Around a tile of 16 and a work-group of 64.
    static let shapes = [
        Shape(0, 0), Shape(0, 3), Shape(3, 0), Shape(1, 1), Shape(15, 17), Shape(16, 16), Shape(17, 15), Shape(1, 100),
        Shape(100, 1), Shape(33, 31), Shape(63, 65), Shape(257, 127),
    ]

    static func numbers(_ count: Int) -> [Float] { (0..<count).map { Float($0) + 0.25 } }

    @Test(arguments: shapes, Device.all)
    func transposes(_ shape: Shape, on device: Device) throws {
        let x = Self.numbers(shape.count)
        let m = try Matrix(x, shape.rows, shape.columns, on: device)
        let t = try m.transposed()
        #expect(t.shape == shape.transposed)
        try expectNone(bitDifference(t.values, Reference.transposed(x, shape.rows, shape.columns)))
        try expectNone(bitDifference(t.transposed().values, x))
    }

    @Test(arguments: shapes, Device.all)
    func slicesAndReplacesBlocks(_ shape: Shape, on device: Device) throws {
        let x = Self.numbers(shape.count)
        let m = try Matrix(x, shape.rows, shape.columns, on: device)
        try expectNone(bitDifference(m.slice().values, x))
        for (rows, columns) in [
            (0..<shape.rows, 0..<shape.columns / 2), (shape.rows / 3..<shape.rows, 0..<shape.columns),
            (shape.rows / 3..<2 * shape.rows / 3, shape.columns / 2..<shape.columns), (0..<0, 0..<shape.columns),
        ] {
            let part = try m.slice(rows: rows, columns: columns)
            let expected = rows.flatMap { r in columns.map { x[r * shape.columns + $0] } }
            #expect(part.shape == Shape(rows.count, columns.count))
            try expectNone(bitDifference(part.values, expected))

            // Back into a matrix of other numbers: the block changes, and nothing around it.
            let around = [Float](repeating: -1, count: shape.count)
            var target = try Matrix(around, shape.rows, shape.columns, on: device)
            try target.replace(row: rows.lowerBound, column: columns.lowerBound, with: part)
            let whole = x.indices.map { index in
                rows.contains(index / shape.columns) && columns.contains(index % shape.columns) ? x[index] : Float(-1)
            }
            try expectNone(bitDifference(target.values, whole))
        }
    }

    @Test(arguments: Device.all)
    func aBlockOfItselfMayReplaceAnother(on device: Device) throws {
        var m = try Matrix(Self.numbers(6), 3, 2, on: device)
        try m.replace(row: 1, with: m.slice(rows: 0..<2))
        #expect(try m.values == [0.25, 1.25, 0.25, 1.25, 2.25, 3.25])
        try m.replace(with: m)
        #expect(try m.values == [0.25, 1.25, 0.25, 1.25, 2.25, 3.25])
    }

    @Test(arguments: [(1, 1, 1), (5, 3, 17), (64, 65, 63), (100, 7, 400), (3, 129, 0), (3, 0, 2)], Device.all)
    func gathersRowsWithRepeats(_ sizes: (Int, Int, Int), on device: Device) throws {
        let (rows, columns, count) = sizes
        var random = SplitMix64(seed: 1)
        let x = Self.numbers(rows * columns)
        let indices = random.integers(count, below: rows)
        let found = try Matrix(x, rows, columns, on: device).gatherRows(IntVector(indices, on: device))
        #expect(found.shape == Shape(count, columns))
        try expectNone(
            bitDifference(found.values, indices.flatMap { r in (0..<columns).map { x[Int(r) * columns + $0] } }))
    }

    @Test(arguments: [(1, 1, 1), (5, 3, 17), (64, 65, 63), (100, 7, 400), (3, 129, 0), (3, 1031, 50)], Device.all)
    func scattersRowsAndAddsRepeatsInOrder(_ sizes: (Int, Int, Int), on device: Device) throws {
        let (rows, columns, count) = sizes
        var random = SplitMix64(seed: 2)
        let x = random.floats(count * columns)
        let start = random.floats(rows * columns)
        let indices = random.integers(count, below: rows)
        var target = try Matrix(start, rows, columns, on: device)
        try target.scatterAddRows(Matrix(x, count, columns, on: device), at: IntVector(indices, on: device))
        // The same additions in the same order, in Float: equal bits.
        var expected = start
        for (i, row) in indices.enumerated() {
            for c in 0..<columns { expected[Int(row) * columns + c] += x[i * columns + c] }
        }
        try expectNone(bitDifference(target.values, expected))
    }

    @Test(arguments: Device.all)
    func aMatrixMayBeScatteredIntoItself(on device: Device) throws {
        var m = try Matrix([1, 2, 3, 4], 2, 2, on: device)
        try m.scatterAddRows(m, at: IntVector([1, 0], on: device))
        #expect(try m.values == [4, 6, 4, 6])
    }

    @Test(arguments: [(1, 1, 1), (5, 784, 17), (64, 65, 63), (3, 7, 0)], Device.all)
    func bytesBecomeScaledFloats(_ sizes: (Int, Int, Int), on device: Device) throws {
        let (rows, columns, count) = sizes
        var random = SplitMix64(seed: 3)
        let bytes = random.integers(rows * columns, below: 256).map { UInt8($0) }
        let indices = random.integers(count, below: rows)
        let matrix = try ByteMatrix(bytes, rows, columns, on: device)
        let rowsWanted = try IntVector(indices, on: device)
        let expected = indices.flatMap { r in (0..<columns).map { bytes[Int(r) * columns + $0] } }
        // One product of exact numbers: the same bits everywhere.
        let scale = Float(1) / 255
        try expectNone(bitDifference(matrix.rows(rowsWanted, scale: scale).values, expected.map { scale * Float($0) }))
        try expectNone(bitDifference(matrix.rows(rowsWanted).values, expected.map { Float($0) }))
        #expect(try matrix.rows(rowsWanted).shape == Shape(count, columns))
    }

    @Test(arguments: [(1, 1), (0, 3), (3, 1), (17, 10), (64, 65), (1000, 101)], Device.all)
    func oneHotHasOneOneARow(_ sizes: (Int, Int), on device: Device) throws {
        let (count, columns) = sizes
        var random = SplitMix64(seed: 4)
        let labels = random.integers(count, below: columns)
        let found = try Matrix.oneHot(IntVector(labels, on: device), columns: columns)
        #expect(found.shape == Shape(count, columns))
        #expect(try found.values == labels.flatMap { label in (0..<columns).map { $0 == Int(label) ? Float(1) : 0 } })
    }

    @Test(arguments: [(1, 1), (5, 0), (63, 64), (64, 65), (7, 4097)], Device.all)
    func integersAreGathered(_ sizes: (Int, Int), on device: Device) throws {
        let (count, wanted) = sizes
        var random = SplitMix64(seed: 5)
        let values = (0..<Int32(count)).map { $0 * 3 - 40 }
        let indices = random.integers(wanted, below: count)
        let found = try IntVector(values, on: device).gather(IntVector(indices, on: device))
        #expect(found.count == wanted)
        #expect(try found.values == indices.map { values[Int($0)] })
    }

    @Test(arguments: Device.all)
    func reshapingKeepsTheOrder(on device: Device) throws {
        let m = try Matrix(Self.numbers(12), 3, 4, on: device)
        let r = try m.reshaped(2, 6)
        #expect(r.shape == Shape(2, 6))
        #expect(try r.values == m.values)
        #expect(try r.slice(rows: 1..<2, columns: 0..<2).values == [6.25, 7.25])
        #expect(try Matrix([], 0, 3, on: device).reshaped(5, 0).shape == Shape(5, 0))
    }

    @Test(arguments: Device.all, Device.all)
    func matricesMoveBetweenDevices(from source: Device, to target: Device) throws {
        let x: [Float] = [1, -0.0, .infinity, .leastNonzeroMagnitude, 5, 6]
        let copy = try Matrix(x, 2, 3, on: source).copied(to: target)
        #expect(copy.device == target && copy.shape == Shape(2, 3))
        try expectNone(bitDifference(copy.values, x))
    }

    @Test(arguments: [0, 1, 7, 65], Device.all)
    func partsOfColumnsAreJoinedAndSplit(_ rows: Int, on device: Device) throws {
        let widths = [3, 0, 64, 1, 129]
        let parts = widths.enumerated().map { index, width in
            Self.numbers(rows * width).map { $0 + 1000 * Float(index) }
        }
        let whole = try Matrix.concatenated(
            columnsOf: zip(parts, widths).map { try Matrix($0, rows, $1, on: device) })
        #expect(whole.shape == Shape(rows, 197))
        let expected = (0..<rows).flatMap { row in
            zip(parts, widths).flatMap { part, width in part[row * width..<(row + 1) * width] }
        }
        try expectNone(bitDifference(whole.values, expected))
        let split = try whole.split(columns: widths)
        #expect(split.map(\.shape) == widths.map { Shape(rows, $0) })
        for (found, part) in zip(split, parts) { try expectNone(bitDifference(found.values, part)) }
    }
}
