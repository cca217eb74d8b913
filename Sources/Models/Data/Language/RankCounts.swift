import CLMat

/// How much of a text the words of a range of ranks are: a column of a table of counts by rank.
public struct RankCounts: Sendable, Equatable {
    /// From 0, the most frequent word.
    public let ranks: Range<Int>
    /// How often the words of these ranks occur, all together.
    public let tokens: Int

    /// Ranks, and their tokens.
    public init(ranks: Range<Int>, tokens: Int) { (self.ranks, self.tokens) = (ranks, tokens) }

    /// "10–99".
    public var title: String {
        ranks.count == 1 ? "\(ranks.lowerBound)" : "\(ranks.lowerBound)–\(ranks.upperBound - 1)"
    }

    /// Ranges of ranks that grow by ten: 0–9, 10–99, 100–999, …, the last one up to the last word.
    ///
    /// - Source: B. Jiang, *Exploratory model analysis for machine learning*, UCB/EECS-2018-34, 2018, tables 5.1 and 5.4.
    public static func decades(upTo words: Int) -> [Range<Int>] {
        var (ranges, start, end): ([Range<Int>], Int, Int) = ([], 0, 10)
        while start < words {
            ranges.append(start..<min(words, end))
            let (next, overflow) = end.multipliedReportingOverflow(by: 10)
            (start, end) = (end, overflow ? Int.max : next)
        }
        return ranges
    }
}

/// A word in a log–log plot of counts against ranks.
public struct RankPoint: Sendable, Equatable {
    /// From 1, since the axis is logarithmic: one more than the word's id.
    public let rank: Int
    /// How often the word occurs, 1 or more.
    public let count: Int

    /// A rank and the count of its word.
    public init(rank: Int, count: Int) { (self.rank, self.count) = (rank, count) }
}

extension LanguageVocabulary {
    /// The tokens of ranks 0–9, 10–99, 100–999 and so on, `<unk>` and `<eos>` among them.
    public var countsByRank: [RankCounts] { counts(of: RankCounts.decades(upTo: count)) }

    /// The tokens of the words of each range of ranks. What lies beyond the vocabulary counts nothing.
    public func counts(of ranges: [Range<Int>]) -> [RankCounts] {
        ranges.map { RankCounts(ranks: $0, tokens: counts[$0.clamped(to: 0..<count)].reduce(0, +)) }
    }

    /// Points of a log–log plot of counts against ranks: about `perDecade` between a rank and ten times it, and always the first
    /// and the last word that occurs.
    public func rankPoints(perDecade: Int = 40) -> [RankPoint] {
        let last = counts.lastIndex { $0 > 0 } ?? -1
        let factor = 1 + 2.302585 / Double(max(1, perDecade))  // about 10^(1/perDecade)
        var (points, rank): ([RankPoint], Int) = ([], 1)
        while rank <= last {
            points.append(RankPoint(rank: rank, count: counts[rank - 1]))
            rank = max(rank + 1, Int((Double(rank) * factor).rounded()))
        }
        if last >= 0 { points.append(RankPoint(rank: last + 1, count: counts[last])) }
        return points
    }
}
