import CLMat
import Exploration
import Foundation

extension ClickTrainer {
    /// How well clicks are foretold, whom, and what the weights have become.
    public var figures: [Figure<ClickTrainer>] {
        [
            Figure(
                "calibration", title: "Calibration",
                help:
                    "records by the chance that they got: how many of them were clicked. On the diagonal chances are right",
                isShownAtStart: true, from: BeforeChange<ClickScore>()
            ) { before, trainer, context in try trainer.calibrationFigure(context, &before) },
            Figure(
                "roc", title: "ROC curve",
                help:
                    "of the records above each chance, the share of all clicks and of all others: the area below is the AUC",
                isShownAtStart: true, from: BeforeChange<ClickScore>()
            ) { before, trainer, context in try trainer.rocFigure(context, &before) },
            Figure(
                "predictions", title: "Chances foretold",
                help: "how many held-out records got which chance; outlined as it was before a control was last moved",
                isShownAtStart: true, from: BeforeChange<[Double]>()
            ) { before, trainer, context in try trainer.predictionsFigure(context, &before) },
            Figure(
                "by-rank", title: "Score by rarest feature",
                help: "held-out records by the rank of their rarest feature: are those with rare ones foretold worse?",
                isShownAtStart: true, from: BestByRank()
            ) { best, trainer, _ in FigureProgress(try trainer.byRankFigure(&best)) },
            Figure(
                "embedding", title: "Map of the embedding",
                help: "mean size of the weights, frequent features on top; where a feature has no column it is empty",
                isShownAtStart: true
            ) { trainer, _ in try trainer.embeddingFigure() },
            Figure(
                "features", title: "Features by rank",
                help:
                    "how often features of each range of ranks are in the log, and the columns and memory that they have"
            ) { trainer, _ in trainer.featuresFigure() },
            Figure(
                "rank-plot", title: "Counts by rank",
                help: "how often each feature is in the log: a straight line is a power law"
            ) { trainer, _ in trainer.rankPlot() },
        ]
    }

    private func waiting() -> NothingToShow {
        let steps = (data.test.count + Self.recordsPerStep - 1) / Self.recordsPerStep
        return NothingToShow(
            "The first score of the held-out records is there after step \(grouped((Self.firstScores.first ?? 1) + steps))."
        )
    }

    private var scoreCaption: String {
        "of the model at step \(grouped(scoreStep)) · \(grouped(data.test.count)) held-out records"
    }

    // MARK: - Chances

    private func calibrationFigure(
        _ context: FigureContext, _ before: inout BeforeChange<ClickScore>
    ) throws -> FigureProgress {
        guard let score else { return FigureProgress(waiting()) }
        before.take(score, settings: context.settings, at: context.step)
        func points(_ score: ClickScore) -> [(x: Double, y: Double)] {
            score.calibrationBins().map { ($0.chance, $0.clicked) }
        }
        var lines = [("this model", points(score))]
        if let earlier = before.value, earlier != score { lines.append(("before the change", points(earlier))) }
        lines.append(("right chances", [(0, 0), (1, 1)]))
        return FigureProgress(
            Curve(
                xTitle: "chance foretold", yTitle: "share clicked", lines: lines,
                caption: "\(scoreCaption), in 20 parts · foretells \(format(score.calibration)) clicks per click",
                xRange: 0...1, yRange: 0...1))
    }

    private func rocFigure(
        _ context: FigureContext, _ before: inout BeforeChange<ClickScore>
    ) throws -> FigureProgress {
        guard let score else { return FigureProgress(waiting()) }
        before.take(score, settings: context.settings, at: context.step)
        var lines = [("this model", score.roc())]
        if let earlier = before.value, earlier != score { lines.append(("before the change", earlier.roc())) }
        lines.append(("by luck", [(0, 0), (1, 1)]))
        return FigureProgress(
            Curve(
                xTitle: "share of the others", yTitle: "share of the clicks", lines: lines,
                caption: "\(scoreCaption) · AUC \(format(score.auc))", xRange: 0...1, yRange: 0...1))
    }

    private func predictionsFigure(
        _ context: FigureContext, _ before: inout BeforeChange<[Double]>
    ) throws -> FigureProgress {
        guard let score else { return FigureProgress(waiting()) }
        let chances = score.logits.map(ClickScore.chance)
        before.take(chances, settings: context.settings, at: context.step)
        return FigureProgress(
            Histogram(
                of: chances, bins: 50, xTitle: "chance foretold",
                caption:
                    "\(scoreCaption) · mean \(format(score.meanChance)), clicked \(format(Double(score.clicks) / Double(score.count)))",
                before: before.value.flatMap { $0 == chances ? nil : $0 } ?? []))
    }

    // MARK: - By rank

    private var ranges: [Range<Int>] { RankCounts.decades(upTo: data.vocabulary.count) }

    /// "1k–10k": ranks of a decade.
    private static func title(_ ranks: Range<Int>) -> String {
        func short(_ number: Int) -> String {
            number >= 1_000_000 ? "\(number / 1_000_000)M" : number >= 1000 ? "\(number / 1000)k" : "\(number)"
        }
        return ranks.upperBound > 1000
            ? "\(short(ranks.lowerBound))–\(short(ranks.upperBound))" : "\(ranks.lowerBound)–\(ranks.upperBound - 1)"
    }

    private func byRankFigure(_ known: inout BestByRank) throws -> any FigureContent {
        guard let score else { return waiting() }
        func number(_ value: Double, _ digits: Int) -> String {
            value.isFinite ? String(format: "%.\(digits)f", value) : "–"
        }
        let all = ranges + [-1..<data.vocabulary.count]
        let best = try known.ranges(all, of: self)
        var rows: [[String]] = []
        for (index, range) in score.byRank(all).enumerated() where range.count > 0 {
            let title = index < ranges.count ? Self.title(range.ranks) : "all"
            rows.append(
                [title, grouped(range.count), number(range.logLikelihood, 4)]
                    + (best.map { [number($0[index].logLikelihood, 4)] } ?? [])
                    + [number(range.auc, 3), number(range.calibration, 2)])
        }
        return Table(
            columns: ["rarest", "records", "nats"] + (best == nil ? [] : ["best"])
                + ["AUC", "calibration"],
            rows: rows, numeric: Set(1...5),
            caption: "nats per record · \(scoreCaption)"
                + (best == nil ? "" : " · best: the generator's own chances, which no model is better than"))
    }

    private func featuresFigure() -> any FigureContent {
        let (vocabulary, shape) = (data.vocabulary, model.shape.embedding)
        let total = Double(max(1, vocabulary.total))
        var rows: [[String]] = []
        for counts in vocabulary.counts(of: ranges) {
            var weights = 0
            for (ranks, dimension) in shape.dimensions {
                weights += ranks.clamped(to: counts.ranks).count * dimension
            }
            let (most, least) = (
                shape.dimension(of: counts.ranks.lowerBound), shape.dimension(of: counts.ranks.upperBound - 1)
            )
            rows.append([
                Self.title(counts.ranks), grouped(counts.tokens), format(100 * Double(counts.tokens) / total),
                most == least ? "\(most)" : "\(most)–\(least)", format(Double(4 * weights) / 1e6),
            ])
        }
        rows.append([
            "all", grouped(vocabulary.total), "100", "", format(Double(4 * shape.parameterCount) / 1e6),
        ])
        return Table(
            columns: ["ranks", "times in the log", "%", "columns", "MB"], rows: rows, numeric: Set(1...4),
            caption:
                "\(grouped(vocabulary.count)) features, \(grouped(shape.parameterCount)) weights; AdaGrad remembers as much again"
        )
    }

    private func rankPlot() -> any FigureContent {
        let vocabulary = data.vocabulary
        var (points, rank): ([(x: Double, y: Double)], Int) = ([], 0)
        while rank < vocabulary.counted {
            let count = vocabulary.count(of: Int32(rank))
            if count > 0 { points.append((Double(rank + 1), Double(count))) }
            rank = max(rank + 1, rank * 21 / 20)
        }
        let first = points.first?.y ?? 1
        return Curve(
            xTitle: "rank", yTitle: "times in the log",
            lines: [("the log", points), ("1/rank", points.map { ($0.x, first / $0.x) })],
            caption: "\(grouped(vocabulary.counted)) features, \(grouped(vocabulary.total)) times", xAxis: .logarithmic,
            yAxis: .logarithmic)
    }

    // MARK: - Weights

    /// Rows of the map, and features that each of them is the mean of.
    private static let (mapRows, featuresPerRow) = (80, 16)

    private func embeddingFigure() throws -> any FigureContent {
        let (features, width) = (model.shape.features, model.embedding.columns)
        // Ranges that grow by a like factor, since each decade of ranks is in about as many records.
        var (ranges, start): ([Range<Int>], Int) = ([], 0)
        let factor = pow(Double(features + 1), 1 / Double(Self.mapRows))
        while start < features {
            let end = min(features, max(start + 1, Int(Double(start + 1) * factor)))
            ranges.append(start..<end)
            start = end
        }
        let picked = ranges.map { ranks in
            let count = min(ranks.count, Self.featuresPerRow)
            return (0..<count).map { ranks.lowerBound + $0 * ranks.count / count }
        }
        let values = try model.embedding.gatherRows(IntVector(picked.flatMap(\.self), on: model.device)).values
        let columns = (0..<min(width, 100)).map { part in
            part * width / min(width, 100)..<(part + 1) * width / min(width, 100)
        }
        var (cells, next) = ([Float](), 0)
        for own in picked {
            for part in columns {
                var sum: Float = 0
                for row in next..<next + own.count { for column in part { sum += abs(values[row * width + column]) } }
                cells.append(sum / Float(own.count * part.count))
            }
            next += own.count
        }
        let most = cells.lazy.filter(\.isFinite).max() ?? 0
        return Heatmap(
            rowNames: ranges.map { $0.count == 1 ? grouped($0.lowerBound) : "\(grouped($0.lowerBound)) …" },
            columnNames: columns.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound - 1)" },
            values: cells, range: 0...max(most, 1e-6), unit: "mean |w|",
            caption: "\(grouped(features)) features by rank, \(Self.featuresPerRow) of each row's at most",
            rowTitle: "rank", columnTitle: "column", shading: .squareRoot)
    }
}

/// What the true chances of the held-out records come to, by range of ranks: made when it is first looked at.
private struct BestByRank: Sendable {
    private var isKnown = false
    private var ranges: [ClickScore.Range]?

    mutating func ranges(_ all: [Range<Int>], of trainer: ClickTrainer) throws(CLMatError) -> [ClickScore.Range]? {
        if !isKnown { (isKnown, ranges) = (true, try trainer.oracle()?.byRank(all)) }
        return ranges
    }
}
