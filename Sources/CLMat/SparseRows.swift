/// Documents × words with whole counts, in compressed sparse rows, on the host.
///
/// The words of row r are ``indices`` from `starts[r]` up to `starts[r + 1]`, and ``counts`` says how often each occurs.
public struct SparseRows: Sendable, Equatable {
    /// The number of words, V.
    public let columns: Int
    /// Where each row begins among ``indices``, and where the last one ends: rows + 1 numbers, the first is 0.
    public let starts: [Int32]
    /// Word ids in 0..<``columns``, ascending within a row, none twice.
    public let indices: [Int32]
    /// How often each word occurs, at least once.
    public let counts: [Int32]
    /// The sum of all counts.
    public let total: Int

    /// The number of rows; one may be empty.
    public var rows: Int { starts.count - 1 }

    /// - Cost: one pass over all numbers, which are checked.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for anything that the properties do not allow.
    public init(columns: Int, starts: [Int32], indices: [Int32], counts: [Int32]) throws(CLMatError) {
        func wrong(_ problem: String) -> CLMatError { .invalidArgument(operation: "SparseRows", problem: problem) }
        guard columns >= 0, columns <= Int(Int32.max) else { throw wrong("\(columns) is not a number of columns.") }
        guard indices.count == counts.count else {
            throw wrong("There are \(indices.count) indices, but \(counts.count) counts.")
        }
        guard let first = starts.first, let last = starts.last, first == 0, Int(last) == indices.count else {
            throw wrong("The starts have to go from 0 to \(indices.count), the number of indices.")
        }
        var total = 0
        for row in 0..<starts.count - 1 {
            let (start, end) = (Int(starts[row]), Int(starts[row + 1]))
            guard start <= end, end <= indices.count else { throw wrong("Row \(row) ends before it begins.") }
            var previous: Int32 = -1
            for place in start..<end {
                let (index, count) = (indices[place], counts[place])
                guard index > previous else {
                    throw wrong("The indices of row \(row) do not ascend: \(index) comes after \(previous).")
                }
                guard count > 0 else { throw wrong("Row \(row) has the count \(count); a count is at least 1.") }
                previous = index
                total += Int(count)
            }
            guard Int(previous) < columns else {
                throw wrong("Row \(row) has the index \(previous), but there are \(columns) columns.")
            }
        }
        (self.columns, self.starts, self.indices, self.counts, self.total) = (columns, starts, indices, counts, total)
    }
}
