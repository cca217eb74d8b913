import Foundation

/// Usual shapes.
extension PowerLawShape {
    /// All features have all columns: a dense matrix.
    public static func dense(_ rows: Int, _ columns: Int) throws(CLMatError) -> PowerLawShape {
        guard rows > 0, columns > 0 else {
            throw wrong("A shape has at least 1 feature and 1 column, not \(rows) × \(columns).")
        }
        return try PowerLawShape(
            rows: rows, columns: columns, blocks: [Block(ranks: 0..<rows, columns: 0..<columns)])
    }

    /// All features × h, the most frequent V/2 × h, V/4 × 2h, V/8 × 4h, and so on: each further block doubles the width and has half of the
    /// features (rounded down), so that it has V·h/2 elements.
    ///
    /// - Parameters:
    ///   - features: V.
    ///   - h: columns of the rarest feature.
    ///   - blocks: how many there are, n; the width is h · 2ⁿ⁻¹.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for sizes below 1, and for so many blocks that one has no features.
    /// - Source: Jiang, UCB/EECS-2018-34, section 5.4; tables 5.2 and 5.5.
    public static func halving(features: Int, h: Int, blocks: Int) throws(CLMatError) -> PowerLawShape {
        guard features > 0, h > 0, blocks > 0 else {
            throw wrong("halving takes numbers from 1 on: not \(features) features, h \(h), \(blocks) blocks.")
        }
        var list: [Block] = []
        var (ranks, width) = (features, 0)
        for index in 0..<blocks {
            let (end, overflow) = index == 0 ? (h, false) : width.multipliedReportingOverflow(by: 2)
            guard ranks > 0 else {
                throw wrong("Block \(index) has no features: \(features) can be halved \(index - 1) times.")
            }
            guard !overflow, end <= Int(Int32.max) else {
                throw wrong("Block \(index) (ranks 0..<\(ranks)) makes the width more than memory can hold.")
            }
            list.append(Block(ranks: 0..<ranks, columns: width..<end))
            (ranks, width) = (ranks / 2, end)
        }
        return try PowerLawShape(rows: features, columns: width, blocks: list)
    }

    /// BIDMach's shape: the first block has `tailHeight` columns (rounded); each further one doubles the width, up to `width`, and has the
    /// 2^−`power` part of the features (rounded down). The dimension of rank r thus goes with r^(−1/power). With power 1 and a
    /// whole tail height this is ``halving(features:h:blocks:)``.
    ///
    /// A tail height of ½ or less leaves rare features without columns: 0.25 three quarters of them.
    /// - Parameters:
    ///   - features: V.
    ///   - width: columns of the most frequent feature.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for numbers that are not above 0, and for a block without features.
    /// - Source: Canny and Zhao, BIDMach, `powerShape` (left-aligned, horizontal).
    public static func power(
        features: Int, width: Int, tailHeight: Double, power: Double = 1
    ) throws(CLMatError) -> PowerLawShape {
        guard features > 0, width > 0 else {
            throw wrong("A shape has at least 1 feature and 1 column, not \(features) × \(width).")
        }
        guard tailHeight > 0, power > 0, tailHeight.isFinite, power.isFinite, tailHeight > 1e-9 else {
            throw wrong("Tail height and power are numbers above 0, not \(tailHeight) and \(power).")
        }
        let ratio = pow(0.5, power)
        var list: [Block] = []
        var (ranks, columns, height) = (features, 0, tailHeight)
        while columns < width {
            // A half is rounded down.
            let end = height >= Double(width) ? width : min(width, Int((height - 1e-5 + 0.5).rounded(.down)))
            if end > columns {
                guard ranks > 0 else {
                    throw wrong(
                        "Block \(list.count) (columns \(columns)..<\(end)) has no features; "
                            + "take a larger tail height, a smaller power or a smaller width.")
                }
                list.append(Block(ranks: 0..<ranks, columns: columns..<end))
                columns = end
            }
            (ranks, height) = (Int(Double(ranks) * ratio), 2 * height)
        }
        return try PowerLawShape(rows: features, columns: width, blocks: list, isPartial: tailHeight < 1)
    }

    /// The largest shape of ``power(features:width:tailHeight:power:)`` with whole tail heights that has no more than `parameters` elements.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if even one column for the rarest features makes more; it says how many.
    public static func parameters(
        _ parameters: Int, features: Int, width: Int, power: Double = 1
    ) throws(CLMatError) -> PowerLawShape {
        guard features > 0, width > 0, let most = Shape(features, width).checkedCount else {
            throw wrong(
                "A shape has at least 1 feature and 1 column, and a size that memory can count, "
                    + "not \(features) × \(width)."
            )
        }
        if most <= parameters { return try .dense(features, width) }
        // More columns for rare features are more elements.
        var (low, high) = (0, width)
        var best: PowerLawShape?
        var problem: CLMatError?
        while high - low > 1 {
            let middle = low + (high - low) / 2
            do throws(CLMatError) {
                let shape = try Self.power(
                    features: features, width: width, tailHeight: Double(middle), power: power)
                if shape.parameterCount <= parameters { (low, best) = (middle, shape) } else { high = middle }
            } catch {
                // Too many halvings for so few features ask for a larger tail height, too many elements for a smaller one.
                problem = error
                if power.isFinite, power > 0, Self.halvingsFail(features, width, middle, power) {
                    low = middle
                } else {
                    high = middle
                }
            }
        }
        if let best { return best }
        if let problem { throw problem }
        let least = try Self.power(features: features, width: width, tailHeight: 1, power: power).parameterCount
        throw wrong(
            "\(features) features of width \(width) have at least \(least) elements, more than \(parameters); "
                + "take a smaller width or fewer features."
        )
    }

    /// Whether features run out before the width is reached.
    private static func halvingsFail(_ features: Int, _ width: Int, _ tailHeight: Int, _ power: Double) -> Bool {
        var (ranks, height) = (features, tailHeight)
        while height < width { (ranks, height) = (Int(Double(ranks) * pow(0.5, power)), 2 * height) }
        return ranks < 1
    }

    /// The first `count` features have at least `dimension` columns, for each of the pairs, in any order: (1250, 256), (2500, 128),
    /// (5000, 64), (10000, 32). The largest count is that of all features.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for numbers below 1, and for a pair that another one contains; it names
    ///   the pair.
    public static func nested(_ pairs: [(count: Int, dimension: Int)]) throws(CLMatError) -> PowerLawShape {
        for (index, pair) in pairs.enumerated() where pair.count < 1 || pair.dimension < 1 {
            throw wrong("Pair \(index) is \(pair.count) features of \(pair.dimension) columns; both are at least 1.")
        }
        let order = pairs.indices.sorted { pairs[$0].count > pairs[$1].count }
        guard let first = order.first else { throw wrong("There is no pair of a count and a dimension.") }
        var (list, width) = ([Block](), 0)
        var before = first
        for index in order {
            let pair = pairs[index]
            guard pair.dimension > width, list.isEmpty || pair.count < pairs[before].count else {
                throw wrong(
                    "Pair \(index) (\(pair.count) features of \(pair.dimension) columns) lies within pair \(before) "
                        + "(\(pairs[before].count) of \(pairs[before].dimension)).")
            }
            list.append(Block(ranks: 0..<pair.count, columns: width..<pair.dimension))
            (width, before) = (pair.dimension, index)
        }
        return try PowerLawShape(rows: pairs[first].count, columns: width, blocks: list)
    }

    /// Differentiated softmax: bands of features from the most frequent on, each with columns of its own. A band sees its own part of the
    /// hidden units alone.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for numbers below 1; it names the band.
    /// - Source: Chen, Grangier, Auli, "Strategies for training large vocabulary neural language models", arXiv 1512.04906, 2015.
    public static func differentiated(_ bands: [(count: Int, dimension: Int)]) throws(CLMatError) -> PowerLawShape {
        var (list, rank, column) = ([Block](), 0, 0)
        for (index, band) in bands.enumerated() {
            guard band.count > 0, band.dimension > 0 else {
                throw wrong(
                    "Band \(index) is \(band.count) features of \(band.dimension) columns; both are at least 1.")
            }
            let (lastRank, tooMany) = rank.addingReportingOverflow(band.count)
            let (lastColumn, tooWide) = column.addingReportingOverflow(band.dimension)
            guard !tooMany, !tooWide else { throw wrong("Band \(index) is larger than memory can count.") }
            list.append(Block(ranks: rank..<lastRank, columns: column..<lastColumn))
            (rank, column) = (lastRank, lastColumn)
        }
        guard !list.isEmpty else { throw wrong("There is no band.") }
        return try PowerLawShape(rows: rank, columns: column, blocks: list)
    }
}
