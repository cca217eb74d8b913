import Synchronization

/// A matrix most of whose elements are 0, on a device: in compressed sparse rows, with products from either side.
///
/// ```swift
/// let device = try Device.default
/// let s = try SparseMatrix(rows: 2, columns: 4, [(0, 1, 2.5), (1, 3, -1), (0, 0, 1)], on: device)
/// let y = try s.matmul(Matrix(filledWith: 1, Shape(4, 3), on: device))          // 2 × 3
/// ```
/// It is a value that does not change. The numbers stay on the host as well, so that its transpose, of which `Sᵀ·D` and `D·S` are made, is
/// sorted there when it is first asked for, and rows are picked without reading from the device.
public struct SparseMatrix: Sendable {
    /// Rows × columns, zeros included.
    public let shape: Shape
    /// Where the elements live.
    public let device: Device
    /// The elements on the host.
    let host: SparseElements
    let starts: IntVector
    let indices: IntVector
    /// 1 × the number of elements; nil if all of them are 1.
    let values: Matrix?
    private let transpose = TransposeBox()

    /// The number of rows.
    public var rows: Int { shape.rows }
    /// The number of columns.
    public var columns: Int { shape.columns }
    /// How many elements are kept.
    public var nonzeros: Int { host.indices.count }
    /// Whether all elements that are kept are 1, and take no memory.
    public var isBinary: Bool { values == nil }

    // MARK: - Making one

    /// A matrix from single elements in any order. Those at one place are added up, in their order.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for an element outside of rows × columns, with its number; for sizes or so
    ///   many elements that 32 bits cannot count them.
    public init(
        rows: Int, columns: Int, _ elements: [(row: Int, column: Int, value: Float)], on device: Device
    ) throws(CLMatError) {
        try self.init(
            SparseElements(
                rows: rows, columns: columns, places: elements.map { ($0.row, $0.column) },
                values: elements.map(\.value)), on: device)
    }

    /// A matrix of ones at some places, in any order; one that comes twice makes all elements numbers: it counts 2.
    ///
    /// - Throws: as ``init(rows:columns:_:on:)``.
    public init(
        rows: Int, columns: Int, onesAt places: [(row: Int, column: Int)], on device: Device
    ) throws(CLMatError) {
        try self.init(
            SparseElements(rows: rows, columns: columns, places: places.map { ($0.row, $0.column) }, values: nil),
            on: device)
    }

    /// A matrix from its compressed rows: the elements of row r are those from `starts[r]` up to `starts[r + 1]`.
    ///
    /// - Parameters:
    ///   - indices: columns, ascending within a row, none twice.
    ///   - values: as many; nil if all are 1.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)``, with the row, for anything else.
    public init(
        columns: Int, starts: [Int32], indices: [Int32], values: [Float]? = nil, on device: Device
    ) throws(CLMatError) {
        try self.init(
            SparseElements(columns: columns, starts: starts, indices: indices, values: values), on: device)
    }

    init(_ host: SparseElements, on device: Device) throws(CLMatError) {
        (self.host, self.device) = (host, device)
        shape = Shape(host.starts.count - 1, host.columns)
        starts = try IntVector(host.starts, on: device)
        indices = try IntVector(host.indices, on: device)
        if let values = host.values {
            self.values = try Matrix(values, 1, values.count, on: device)
        } else {
            self.values = nil
        }
    }

    // MARK: - Other forms

    /// The transpose. It is made on the host when it is first asked for, and kept.
    public func transposed() throws(CLMatError) -> SparseMatrix {
        if let known = transpose.known { return known }
        let made = try SparseMatrix(host.transposed(), on: device)
        transpose.keep(made)
        return made
    }

    /// The same elements on another device; the matrix itself if it is there already.
    public func copied(to device: Device) throws(CLMatError) -> SparseMatrix {
        device == self.device ? self : try SparseMatrix(host, on: device)
    }

    /// The rows that `indices` names, in its order, with repeats: a minibatch.
    ///
    /// - Cost: made on the host; indices that came from there are not waited for.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for an index outside the rows, or if there are more elements than 32 bits
    ///   count.
    public func gatherRows(_ indices: IntVector) throws(CLMatError) -> SparseMatrix {
        try requireSameDevice(device, indices.device, "gatherRows")
        try indices.check(within: rows, operation: "gatherRows")
        let picked: [Int32]
        if let known = indices.knownValues { picked = known } else { picked = try indices.values }
        return try SparseMatrix(host.rows(picked), on: device)
    }

    /// Holds the transpose when it was made.
    private final class TransposeBox: Sendable {
        private let state = Mutex<[SparseMatrix]>([])
        var known: SparseMatrix? { state.withLock { $0.first } }
        func keep(_ matrix: SparseMatrix) { state.withLock { if $0.isEmpty { $0 = [matrix] } } }
    }
}

/// The elements of a sparse matrix on the host, checked.
struct SparseElements: Sendable, Equatable {
    let columns: Int
    let starts: [Int32]
    let indices: [Int32]
    let values: [Float]?
    /// The most elements that a row has.
    let longestRow: Int

    private static func wrong(_ problem: String) -> CLMatError {
        .invalidArgument(operation: "SparseMatrix", problem: problem)
    }

    private static func check(rows: Int, columns: Int, count: Int) throws(CLMatError) {
        guard rows >= 0, columns >= 0, rows < Int(Int32.max), columns < Int(Int32.max) else {
            throw wrong("\(Shape(rows, columns)) is no size: rows and columns are numbers from 0 to 2³¹ − 2.")
        }
        guard count <= Shape.largestCount else {
            throw wrong("There are \(count) elements, more than \(Shape.largestCount).")
        }
    }

    private init(columns: Int, _ starts: [Int32], _ indices: [Int32], _ values: [Float]?) {
        (self.columns, self.starts, self.indices, self.values) = (columns, starts, indices, values)
        var longest: Int32 = 0
        for row in 0..<starts.count - 1 { longest = max(longest, starts[row + 1] - starts[row]) }
        longestRow = Int(longest)
    }

    init(columns: Int, starts: [Int32], indices: [Int32], values: [Float]?) throws(CLMatError) {
        try Self.check(rows: starts.count - 1, columns: columns, count: indices.count)
        if let values, values.count != indices.count {
            throw Self.wrong("There are \(indices.count) indices, but \(values.count) values.")
        }
        guard starts.first == 0, starts.last.map(Int.init) == indices.count else {
            throw Self.wrong("The starts have to go from 0 to \(indices.count), the number of indices.")
        }
        for row in 0..<starts.count - 1 {
            let (start, end) = (Int(starts[row]), Int(starts[row + 1]))
            guard start <= end, end <= indices.count else { throw Self.wrong("Row \(row) ends before it begins.") }
            var previous: Int32 = -1
            for index in indices[start..<end] {
                guard index > previous else {
                    throw Self.wrong("The columns of row \(row) do not ascend: \(index) comes after \(previous).")
                }
                previous = index
            }
            guard Int(previous) < columns else {
                throw Self.wrong("Row \(row) has column \(previous), but there are \(columns).")
            }
        }
        self.init(columns: columns, starts, indices, values)
    }

    /// From single elements: sorted by row and then by column, those at one place in their order.
    init(rows: Int, columns: Int, places: [(Int, Int)], values: [Float]?) throws(CLMatError) {
        try Self.check(rows: rows, columns: columns, count: places.count)
        for (index, (row, column)) in places.enumerated()
        where row < 0 || row >= rows || column < 0 || column >= columns {
            throw Self.wrong(
                "Element \(index), at row \(row) and column \(column), does not lie within \(Shape(rows, columns)).")
        }
        // Twice a counting sort, which keeps the order of equals: by column, then by row.
        let byColumn = Self.sorted(Array(places.indices), by: { places[$0].1 }, limit: columns)
        let order = Self.sorted(byColumn, by: { places[$0].0 }, limit: rows)
        var starts = [Int32](repeating: 0, count: rows + 1)
        var (indices, sums) = ([Int32](), [Float]())
        indices.reserveCapacity(places.count)
        sums.reserveCapacity(places.count)
        var (last, isBinary) = ((-1, -1), values == nil)
        for element in order {
            let place = places[element]
            let value = values.map { $0[element] } ?? 1
            if place == last {
                sums[sums.count - 1] += value
                isBinary = false
            } else {
                indices.append(Int32(truncatingIfNeeded: place.1))
                sums.append(value)
                starts[place.0 + 1] += 1
                last = place
            }
        }
        for row in 0..<rows { starts[row + 1] += starts[row] }
        self.init(columns: columns, starts, indices, isBinary ? nil : sums)
    }

    private static func sorted(_ elements: [Int], by key: (Int) -> Int, limit: Int) -> [Int] {
        // Few elements of many rows are sorted by comparing them: nothing then goes with the number of rows.
        guard limit <= 4 * elements.count + 1024 else {
            return elements.enumerated().sorted { (key($0.1), $0.0) < (key($1.1), $1.0) }.map(\.element)
        }
        var next = [Int](repeating: 0, count: limit + 1)
        for element in elements { next[key(element) + 1] += 1 }
        for index in 0..<limit { next[index + 1] += next[index] }
        var result = elements
        for element in elements {
            let place = key(element)
            result[next[place]] = element
            next[place] += 1
        }
        return result
    }

    func transposed() -> SparseElements {
        let rows = starts.count - 1
        var next = [Int32](repeating: 0, count: columns + 1)
        for index in indices { next[Int(index) + 1] += 1 }
        for column in 0..<columns { next[column + 1] += next[column] }
        let starts = next
        var from = [Int32](repeating: 0, count: indices.count)
        var turned = values.map { _ in [Float](repeating: 0, count: indices.count) }
        for row in 0..<rows {
            for element in Int(self.starts[row])..<Int(self.starts[row + 1]) {
                let column = Int(indices[element])
                let place = Int(next[column])
                from[place] = Int32(truncatingIfNeeded: row)
                if let values { turned?[place] = values[element] }
                next[column] += 1
            }
        }
        return SparseElements(columns: rows, starts, from, turned)
    }

    func rows(_ picked: [Int32]) throws(CLMatError) -> SparseElements {
        let count = picked.reduce(0) { $0 + Int(self.starts[Int($1) + 1] - self.starts[Int($1)]) }
        try Self.check(rows: picked.count, columns: columns, count: count)
        var (starts, indices, values) = ([Int32(0)], [Int32](), self.values.map { _ in [Float]() })
        indices.reserveCapacity(count)
        for row in picked {
            let range = Int(self.starts[Int(row)])..<Int(self.starts[Int(row) + 1])
            indices += self.indices[range]
            if let own = self.values { values?.append(contentsOf: own[range]) }
            starts.append(Int32(truncatingIfNeeded: indices.count))
        }
        return SparseElements(columns: columns, starts, indices, values)
    }
}
