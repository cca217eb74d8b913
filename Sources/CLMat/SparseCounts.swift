/// Documents × words with whole counts, in compressed sparse rows, on a device.
public struct SparseCounts: Sendable {
    /// Documents × words.
    public let shape: Shape
    /// Where the counts live.
    public let device: Device
    /// Sum of all counts.
    public let total: Int
    /// How many counts are kept.
    public let nonzeros: Int
    /// Nonzeros of the row that has most.
    public let longestRow: Int
    let starts: IntVector
    let words: IntVector
    let counts: IntVector
    /// Where the parts begin and end that are done in one go by a thread of the CPU, or by a work-group elsewhere. There are
    /// more than threads, so that none waits for another that was held up.
    public let slices: IntVector

    /// - Cost: copies the rows to the device.
    public init(_ rows: SparseRows, on device: Device) throws(CLMatError) {
        shape = Shape(rows.rows, rows.columns)
        (self.device, total, nonzeros) = (device, rows.total, rows.indices.count)
        longestRow = zip(rows.starts, rows.starts.dropFirst()).reduce(0) { max($0, Int($1.1 - $1.0)) }
        starts = try IntVector(rows.starts, on: device)
        words = try IntVector(rows.indices, on: device)
        counts = try IntVector(rows.counts, on: device)
        slices = try IntVector(
            device.kind == .cpu
                ? Self.slices(rows.starts, 16 * device.computeUnits) : (0...Int32(rows.rows)).map { $0 },
            on: device)
    }

    /// Bounds of so many parts with about equally many nonzeros and documents.
    private static func slices(_ starts: [Int32], _ parts: Int) -> [Int32] {
        let rows = starts.count - 1
        func work(_ row: Int) -> Int { Int(starts[row]) + row }
        var bounds: [Int32] = [0]
        var row = 0
        for part in 1..<max(1, parts) {
            while row < rows, work(row) < work(rows) / parts * part { row += 1 }
            bounds.append(Int32(row))
        }
        return bounds + [Int32(rows)]
    }

    /// Where each document's counts begin (and the last ends), the words, and the counts, as arguments of a kernel.
    public var arguments: [Argument] { [starts.argument, words.argument, counts.argument] }
}
