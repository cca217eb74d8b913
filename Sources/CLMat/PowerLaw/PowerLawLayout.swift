/// Where the blocks of a shape lie in memory, and which parts of a product each of them writes first. It is made once, and shared by all
/// matrices that come of one another.
final class PowerLawLayout: Sendable {
    let shape: PowerLawShape
    /// Where each block begins, in elements.
    let starts: [Int]
    /// Parts of each block's ranks, and whether an earlier block has them too: its product is added to.
    let ranks: [[(range: Range<Int>, isFirst: Bool)]]
    /// The same of its columns.
    let columns: [[(range: Range<Int>, isFirst: Bool)]]
    /// Ranks that no block has.
    let missingRanks: [Range<Int>]
    /// Columns that no block has.
    let missingColumns: [Range<Int>]
    /// For kernels, five numbers per block: its first rank, the one behind its last, its first column, the one behind its last, and where
    /// it begins.
    let table: IntVector

    init(_ shape: PowerLawShape, on device: Device) throws(CLMatError) {
        self.shape = shape
        var (starts, next) = ([Int](), 0)
        for block in shape.blocks {
            starts.append(next)
            next += block.count
        }
        self.starts = starts
        (ranks, missingRanks) = Self.parts(shape.blocks.map(\.ranks), 0..<shape.rows)
        (columns, missingColumns) = Self.parts(shape.blocks.map(\.columns), 0..<shape.columns)
        let numbers = zip(shape.blocks, starts).flatMap { block, start in
            [block.ranks.lowerBound, block.ranks.upperBound, block.columns.lowerBound, block.columns.upperBound, start]
        }
        table = try IntVector(numbers, on: device)
    }

    private static func parts(
        _ ranges: [Range<Int>], _ whole: Range<Int>
    ) -> ([[(range: Range<Int>, isFirst: Bool)]], [Range<Int>]) {
        var covered = Coverage()
        var parts: [[(range: Range<Int>, isFirst: Bool)]] = []
        for range in ranges {
            let later = covered.parts(within: range).map { (range: $0, isFirst: false) }
            let first = covered.gaps(within: range).map { (range: $0, isFirst: true) }
            parts.append((first + later).sorted { $0.range.lowerBound < $1.range.lowerBound })
            covered.insert(range)
        }
        return (parts, covered.gaps(within: whole))
    }
}
