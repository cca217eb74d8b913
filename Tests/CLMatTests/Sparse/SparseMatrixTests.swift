import TestSupport
import Testing

@testable import CLMat

@Suite struct SparseMatrixTests {
    /// Rows, columns, elements that are asked for (some at one place), and columns of the dense operand: around a chunk of 64.
    static let sizes: [(rows: Int, columns: Int, elements: Int, width: Int)] = [
        (1, 1, 1, 1), (5, 7, 0, 3), (7, 5, 20, 64), (67, 61, 300, 65), (3, 1009, 700, 129), (1009, 3, 700, 2),
        (0, 4, 0, 3), (4, 0, 0, 3), (6, 6, 9, 0),
    ]

    typealias Element = (row: Int, column: Int, value: Float)

    static func elements(_ rows: Int, _ columns: Int, _ count: Int) -> [Element] {
        var random = SplitMix64(seed: UInt64(rows + columns))
        let values = random.floats(count)
        // Half of them in the first rows and columns, where some meet.
        return (0..<count).map { index -> Element in
            let (r, c) = (Int(random.integers(1, below: rows)[0]), Int(random.integers(1, below: columns)[0]))
            return index % 2 == 0 ? (r, c, values[index]) : (r % 3, c % 3, values[index])
        }
    }

    /// The whole matrix; those at one place are added up in their order.
    static func dense(_ elements: [Element], _ rows: Int, _ columns: Int) -> [Float] {
        var whole = [Float](repeating: 0, count: rows * columns)
        for element in elements { whole[element.row * columns + element.column] += element.value }
        return whole
    }

    @Test(arguments: sizes, Device.all)
    func productsAgreeWithTheDenseMatrix(
        _ size: (rows: Int, columns: Int, elements: Int, width: Int), on device: Device
    ) throws {
        let (rows, columns, count, width) = size
        let list = Self.elements(rows, columns, count)
        for isBinary in [false, true] {
            // Of a matrix of ones each place comes once.
            let places = Set(list.map { $0.row * max(columns, 1) + $0.column }).shuffled()
            let ones = places.map { (row: $0 / max(columns, 1), column: $0 % max(columns, 1)) }
            let elements = isBinary ? ones.map { (row: $0.row, column: $0.column, value: Float(1)) } : list
            let s =
                try isBinary
                ? SparseMatrix(rows: rows, columns: columns, onesAt: ones, on: device)
                : SparseMatrix(rows: rows, columns: columns, list, on: device)
            #expect(s.isBinary == isBinary && s.shape == Shape(rows, columns) && s.nonzeros == places.count)
            let whole = Self.dense(elements, rows, columns)
            try expectNone(bitDifference(s.dense().values, whole))
            let turned = Reference.transposed(whole, rows, columns)
            try expectNone(bitDifference(s.transposed().dense().values, turned))
            try expectNone(bitDifference(s.transposed().transposed().dense().values, whole))
            try expectNone(bitDifference(s.copied(to: .cpu).dense().values, whole))

            var random = SplitMix64(seed: 5)
            for (transposing, a, m, k) in [
                (Matrix.Transposition.none, whole, rows, columns), (.left, turned, columns, rows),
                (.right, whole, rows, columns), (.both, turned, columns, rows),
            ] {
                let b = random.floats(k * width)
                let isTurned = transposing == .right || transposing == .both
                let dense = try Matrix(
                    isTurned ? Reference.transposed(b, k, width) : b, isTurned ? width : k, isTurned ? k : width,
                    on: device)
                let exact = Reference.product(a, b, m, k, width)
                let bound = { (i: Int) in Double(k) * epsilon * exact.magnitudes[i] }
                let found = try s.matmul(dense, transposing: transposing)
                #expect(found.shape == Shape(m, width))
                try expectNone(difference(found.values, exact.values, within: bound), "S·D \(transposing)")

                // (S·D)ᵀ = Dᵀ·Sᵀ
                let mirrored: Matrix.Transposition =
                    switch transposing {
                    case .none: .both
                    case .left: .left
                    case .right: .right
                    case .both: .none
                    }
                let mirror = try dense.matmul(s, transposing: mirrored)
                #expect(mirror.shape == Shape(width, m))
                try expectNone(
                    difference(Reference.transposed(mirror.values, width, m), exact.values, within: bound),
                    "D·S \(mirrored)")
            }
            let rowSums = (0..<rows).map { r in (0..<columns).reduce(0) { $0 + Double(whole[r * columns + $1]) } }
            let columnSums = (0..<columns).map { c in (0..<rows).reduce(0) { $0 + Double(whole[$1 * columns + c]) } }
            try expectNone(difference(s.rowSums().values, rowSums, within: Double(columns) * epsilon * 8))
            try expectNone(difference(s.columnSums().values, columnSums, within: Double(rows) * epsilon * 8))
            #expect(try s.columnSums().shape == Shape(1, columns))

            guard rows > 0 else { continue }
            let picked = [0, rows - 1, rows / 2, 0].map { Int32($0) }
            let minibatch = try s.gatherRows(IntVector(picked, on: device))
            try expectNone(
                bitDifference(
                    minibatch.dense().values, picked.flatMap { whole[Int($0) * columns..<(Int($0) + 1) * columns] }))
            #expect(minibatch.isBinary == isBinary)
        }
    }

    @Test(arguments: Device.all)
    func elementsAtOnePlaceAreAddedUp(on device: Device) throws {
        let s = try SparseMatrix(
            rows: 2, columns: 3, [(1, 2, 1), (0, 0, 5), (1, 2, 0.5), (1, 0, -1), (1, 2, 0.25)], on: device)
        #expect(try s.dense().values == [5, 0, 0, -1, 0, 1.75])
        #expect(s.nonzeros == 3 && !s.isBinary)
        let ones = try SparseMatrix(rows: 2, columns: 2, onesAt: [(0, 1), (1, 0), (0, 1)], on: device)
        #expect(try ones.dense().values == [0, 2, 1, 0])
        #expect(!ones.isBinary)
        // Few elements of very many rows.
        let tall = try SparseMatrix(rows: 1_000_000, columns: 2, [(999_999, 1, 2), (3, 0, 1)], on: device)
        #expect(try tall.columnSums().values == [1, 2])
        let rows = try SparseMatrix(
            columns: 4, starts: [0, 2, 2, 3], indices: [0, 3, 1], values: [1, 2, 3], on: device)
        #expect(try rows.dense().values == [1, 0, 0, 2, 0, 0, 0, 0, 0, 3, 0, 0])
    }

    @Test(arguments: Device.all)
    func notANumberStaysInItsRow(on device: Device) throws {
        let s = try SparseMatrix(rows: 3, columns: 2, [(0, 0, .nan), (1, 1, .infinity)], on: device)
        let y = try s.matmul(Matrix([1, 2, 1, 2], 2, 2, on: device)).values
        expectNone(difference(y, [.nan, .nan, .infinity, .infinity, 0, 0], within: 0))
    }

    /// What is refused, and words of the message.
    static let refusals: [(words: String, attempt: @Sendable () throws -> Void)] = [
        (
            "Element 1, at row 2 and column 0",
            { _ = try SparseMatrix(rows: 2, columns: 2, [(0, 0, 1), (2, 0, 1)], on: .cpu) }
        ),
        ("Element 0, at row 0 and column -1", { _ = try SparseMatrix(rows: 2, columns: 2, [(0, -1, 1)], on: .cpu) }),
        ("Element 0", { _ = try SparseMatrix(rows: 2, columns: 2, onesAt: [(0, 2)], on: .cpu) }),
        ("-1 × 2 is no size", { _ = try SparseMatrix(rows: -1, columns: 2, [], on: .cpu) }),
        ("is no size", { _ = try SparseMatrix(rows: 1, columns: 1 << 31, [], on: .cpu) }),
        ("is no size", { _ = try SparseMatrix(columns: 3, starts: [], indices: [], on: .cpu) }),
        ("from 0 to 2", { _ = try SparseMatrix(columns: 3, starts: [0, 1], indices: [0, 1], on: .cpu) }),
        ("Row 0 ends", { _ = try SparseMatrix(columns: 3, starts: [0, 3, 2], indices: [0, 1], on: .cpu) }),
        (
            "columns of row 1 do not ascend: 1 comes after 1",
            {
                _ = try SparseMatrix(columns: 3, starts: [0, 0, 2], indices: [1, 1], on: .cpu)
            }
        ),
        ("Row 0 has column 3", { _ = try SparseMatrix(columns: 3, starts: [0, 2], indices: [1, 3], on: .cpu) }),
        (
            "2 indices, but 1 values",
            { _ = try SparseMatrix(columns: 3, starts: [0, 2], indices: [1, 2], values: [1], on: .cpu) }
        ),
        (
            "Index 2",
            {
                _ = try SparseMatrix(rows: 2, columns: 2, [], on: .cpu).gatherRows(IntVector([2], on: .cpu))
            }
        ),
    ]

    @Test(arguments: refusals.indices)
    func whatIsNoMatrixIsRefused(_ index: Int) {
        let refusal = Self.refusals[index]
        #expect(thrownCase(refusal.attempt) == "invalidArgument")
        #expect(said(refusal.attempt).contains(refusal.words), "\(said(refusal.attempt))")
    }

    @Test(arguments: Device.all)
    func operandsThatDoNotFitAreRefused(on device: Device) throws {
        let s = try SparseMatrix(rows: 3, columns: 4, [(0, 0, 1)], on: device)
        let d = try Matrix(zeros: Shape(3, 4), on: device)
        #expect(thrownCase { _ = try s.matmul(d) } == "shapeMismatch")
        #expect(thrownCase { _ = try s.matmul(d, transposing: .both) } == "shapeMismatch")
        #expect(thrownCase { _ = try d.matmul(s) } == "shapeMismatch")
        #expect(thrownCase { _ = try d.matmul(s, transposing: .both) } == "shapeMismatch")
        if device != .cpu {
            #expect(thrownCase { _ = try s.matmul(Matrix(zeros: Shape(4, 1), on: .cpu)) } == "deviceMismatch")
        }
    }
}
