/// Which elements of a matrix of features × columns there are: rectangles that do not overlap. Frequent features, whose ranks are small,
/// have many columns, and rare ones few.
///
/// ```swift
/// // Ranks 0–1249 have 256 columns, those up to 2499 128, up to 4999 64, and up to 9999 32.
/// let shape = try PowerLawShape.halving(features: 10_000, h: 32, blocks: 4)
/// print(shape.parameterCount)                    // 800000
/// print(shape.dimension(of: 3000))               // 64
/// ```
/// The same elements can lie in memory in several ways: ``inBands`` has all columns of a rank in one block, which is the faster one for
/// nearly everything.
/// - Source: Jiang, *Exploratory model analysis for machine learning*, UCB/EECS-2018-34, section 5.4.
public struct PowerLawShape: Sendable, Hashable {
    /// A rectangle of elements.
    public struct Block: Sendable, Hashable, Codable, CustomStringConvertible {
        /// The features, by rank from 0, the most frequent one.
        public let ranks: Range<Int>
        /// The columns that they have here.
        public let columns: Range<Int>

        /// The rectangle where `ranks` and `columns` meet.
        public init(ranks: Range<Int>, columns: Range<Int>) { (self.ranks, self.columns) = (ranks, columns) }

        /// Ranks × columns.
        public var shape: Shape { Shape(ranks.count, columns.count) }
        /// The number of elements.
        public var count: Int { shape.count }
        public var description: String {
            "ranks \(ranks.lowerBound)..<\(ranks.upperBound), columns \(columns.lowerBound)..<\(columns.upperBound)"
        }
    }

    /// The number of features, V.
    public let rows: Int
    /// The number of columns of the whole: the width.
    public let columns: Int
    /// The rectangles, in the order in which their elements lie in memory.
    public let blocks: [Block]

    /// A shape of any rectangles.
    ///
    /// - Parameter isPartial: whether features may have no column at all.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)``, which names the block, for sizes below 1; for a block that is empty,
    ///   lies outside of `rows` × `columns` or overlaps another; for a rank that no block has, unless `isPartial`; for more elements than a
    ///   matrix can have.
    public init(rows: Int, columns: Int, blocks: [Block], isPartial: Bool = false) throws(CLMatError) {
        guard rows > 0, columns > 0 else {
            throw Self.wrong("A shape has at least 1 feature and 1 column, not \(rows) × \(columns).")
        }
        guard !blocks.isEmpty else { throw Self.wrong("There is no block.") }
        var count = 0
        for (index, block) in blocks.enumerated() {
            guard !block.ranks.isEmpty, !block.columns.isEmpty else {
                throw Self.wrong("Block \(index) (\(block)) has no elements.")
            }
            guard block.ranks.lowerBound >= 0, block.ranks.upperBound <= rows else {
                throw Self.wrong("Block \(index) (\(block)) does not lie within the \(rows) features.")
            }
            guard block.columns.lowerBound >= 0, block.columns.upperBound <= columns else {
                throw Self.wrong("Block \(index) (\(block)) does not lie within the width of \(columns) columns.")
            }
            for (other, earlier) in blocks[..<index].enumerated()
            where earlier.ranks.overlaps(block.ranks) && earlier.columns.overlaps(block.columns) {
                throw Self.wrong("Block \(index) (\(block)) overlaps block \(other) (\(earlier)).")
            }
            let (sum, overflow) = count.addingReportingOverflow(block.shape.checkedCount ?? .max)
            guard !overflow, sum <= Shape.largestCount else {
                throw Self.wrong(
                    "With block \(index) (\(block)) there are more than \(Shape.largestCount) elements; "
                        + "take fewer columns for rare features."
                )
            }
            count = sum
        }
        if !isPartial, let gap = Coverage(blocks.map(\.ranks)).gaps(within: 0..<rows).first {
            let last = blocks.indices.max { blocks[$0].ranks.upperBound < blocks[$1].ranks.upperBound } ?? 0
            throw Self.wrong(
                "No block has ranks \(gap.lowerBound)..<\(gap.upperBound); "
                    + "block \(last) (\(blocks[last])) reaches farthest."
            )
        }
        (self.rows, self.columns, self.blocks, parameterCount) = (rows, columns, blocks, count)
    }

    static func wrong(_ problem: String) -> CLMatError {
        .invalidArgument(operation: "PowerLawShape", problem: problem)
    }

    /// A shape from ``numbers``, which came from a file.
    package init(numbers: [Int]) throws(CLMatError) {
        guard numbers.count >= 6, numbers.count % 4 == 2 else {
            throw Self.wrong("\(numbers.count) numbers are not two sizes and four numbers per block.")
        }
        var blocks: [Block] = []
        for start in stride(from: 2, to: numbers.count, by: 4) {
            let own = numbers[start..<start + 4].map { $0 }
            guard own[0] <= own[1], own[2] <= own[3] else {
                throw Self.wrong("Block \(blocks.count) ends before it begins: \(own).")
            }
            blocks.append(Block(ranks: own[0]..<own[1], columns: own[2]..<own[3]))
        }
        try self.init(rows: numbers[0], columns: numbers[1], blocks: blocks, isPartial: true)
    }

    /// The shape as files have it: features and width, and of each block its first rank, the one behind its last, its first column and the
    /// one behind its last.
    package var numbers: [Int] {
        [rows, columns]
            + blocks.flatMap {
                [$0.ranks.lowerBound, $0.ranks.upperBound, $0.columns.lowerBound, $0.columns.upperBound]
            }
    }

    // MARK: - What it has

    /// The number of elements that there are.
    public let parameterCount: Int

    /// Features × columns, as a dense matrix would have them.
    public var shape: Shape { Shape(rows, columns) }

    /// Whether all features have all columns, in one block.
    public var isDense: Bool { blocks.count == 1 && parameterCount == shape.checkedCount }

    /// How many columns the feature of a rank has: 0 for one that no block has.
    public func dimension(of rank: Int) -> Int {
        blocks.reduce(0) { $0 + ($1.ranks.contains(rank) ? $1.columns.count : 0) }
    }

    /// Ranges of ranks with as many columns each, in order: what tables of a shape list.
    public var dimensions: [(ranks: Range<Int>, dimension: Int)] {
        var result: [(ranks: Range<Int>, dimension: Int)] = []
        for ranks in rankBands {
            let dimension = dimension(of: ranks.lowerBound)
            if let last = result.last, last.dimension == dimension {
                result[result.count - 1].ranks = last.ranks.lowerBound..<ranks.upperBound
            } else {
                result.append((ranks, dimension))
            }
        }
        return result
    }

    /// Ranks cut wherever a block begins or ends.
    private var rankBands: [Range<Int>] {
        let cuts = Set(blocks.flatMap { [$0.ranks.lowerBound, $0.ranks.upperBound] } + [0, rows]).sorted()
        return zip(cuts, cuts.dropFirst()).map { $0..<$1 }
    }

    /// The same elements, in blocks by rank: nested blocks become one block for all ranks with equally many columns. A row then lies in one
    /// piece, and a product writes each of its elements once, where nested blocks have it added to once for each of them.
    public var inBands: PowerLawShape {
        var blocks: [Block] = []
        for ranks in rankBands {
            let own = self.blocks.filter { $0.ranks.overlaps(ranks) }.map(\.columns)
            for columns in Coverage(own).ranges {
                let above = blocks.lastIndex { $0.ranks.upperBound == ranks.lowerBound && $0.columns == columns }
                if let above {
                    blocks[above] = Block(ranks: blocks[above].ranks.lowerBound..<ranks.upperBound, columns: columns)
                } else {
                    blocks.append(Block(ranks: ranks, columns: columns))
                }
            }
        }
        return PowerLawShape(rows, columns, blocks, parameterCount)
    }

    /// Of blocks that are known to fit.
    private init(_ rows: Int, _ columns: Int, _ blocks: [Block], _ parameterCount: Int) {
        (self.rows, self.columns, self.blocks, self.parameterCount) = (rows, columns, blocks, parameterCount)
    }
}

extension PowerLawShape: CustomStringConvertible {
    /// "10000 × 256, 800000 elements: 1250 × 256, 1250 × 128, 2500 × 64, 5000 × 32"
    public var description: String {
        let bands = dimensions.map { "\($0.ranks.count) × \($0.dimension)" }.joined(separator: ", ")
        return "\(shape), \(parameterCount) elements: \(bands)"
    }
}

extension PowerLawShape: Codable {
    private enum CodingKeys: String, CodingKey { case rows, columns, blocks, isPartial }

    /// - Throws: `DecodingError` with the words of ``init(rows:columns:blocks:isPartial:)`` for blocks that do not fit.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let (rows, columns) = (
            try values.decode(Int.self, forKey: .rows), try values.decode(Int.self, forKey: .columns)
        )
        let blocks = try values.decode([Block].self, forKey: .blocks)
        let isPartial = try values.decodeIfPresent(Bool.self, forKey: .isPartial) ?? false
        do throws(CLMatError) {
            try self.init(rows: rows, columns: columns, blocks: blocks, isPartial: isPartial)
        } catch {
            throw DecodingError.dataCorruptedError(forKey: .blocks, in: values, debugDescription: "\(error)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(rows, forKey: .rows)
        try values.encode(columns, forKey: .columns)
        try values.encode(blocks, forKey: .blocks)
        if isPartial { try values.encode(true, forKey: .isPartial) }
    }

    /// Whether there is a feature without columns.
    public var isPartial: Bool { !Coverage(blocks.map(\.ranks)).gaps(within: 0..<rows).isEmpty }
}

/// Numbers that ranges have together: ascending ranges that neither overlap nor touch.
struct Coverage {
    private(set) var ranges: [Range<Int>] = []

    init(_ ranges: [Range<Int>] = []) { for range in ranges { insert(range) } }

    mutating func insert(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        var merged = range
        var others: [Range<Int>] = []
        for other in ranges {
            if other.upperBound < merged.lowerBound || other.lowerBound > merged.upperBound {
                others.append(other)
            } else {
                merged = min(merged.lowerBound, other.lowerBound)..<max(merged.upperBound, other.upperBound)
            }
        }
        ranges = (others + [merged]).sorted { $0.lowerBound < $1.lowerBound }
    }

    /// What of a range nothing has.
    func gaps(within range: Range<Int>) -> [Range<Int>] {
        var (gaps, next) = ([Range<Int>](), range.lowerBound)
        for own in ranges.map({ $0.clamped(to: range) }) where !own.isEmpty {
            if own.lowerBound > next { gaps.append(next..<own.lowerBound) }
            next = own.upperBound
        }
        if next < range.upperBound { gaps.append(next..<range.upperBound) }
        return gaps
    }

    /// What of a range something has.
    func parts(within range: Range<Int>) -> [Range<Int>] {
        ranges.map { $0.clamped(to: range) }.filter { !$0.isEmpty }
    }
}
