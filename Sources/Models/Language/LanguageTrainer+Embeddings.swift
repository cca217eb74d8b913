import CLMat
import Exploration

// What becomes of the embeddings: how many of their weights count, for which words, and which words are alike.

/// Sizes of the weights of one embedding, some of them if there are many.
struct EmbeddingWeights: Sendable {
    var isInput: Bool
    var values: [Double]
}

extension LanguageTrainer {
    /// Weights up to this size are near 0: a twentieth of what a run begins with, and more than a step of L1 moves them.
    static let smallWeight: Float = 0.005

    // MARK: - Metrics

    var zeroMetrics: [Metric] {
        (model.shape.isTied ? [.output] : [EmbeddingPenalty.Side.output, .input]).map { side in
            Metric(
                "\(side)-zeros", title: "\(side == .output ? "Output" : "Input") weights near 0",
                unit: "% with |w| ≤ \(Self.smallWeight)",
                help: "the share of the \(model.shape.isTied ? "" : "\(side) ")embedding that can hardly matter",
                range: nil)
        }
    }

    func measureZeros(_ measured: inout Measurements) throws(CLMatError) {
        measured.note("output-zeros", try Self.zeros(in: model.output))
        if !model.shape.isTied { measured.note("input-zeros", try Self.zeros(in: model.input)) }
    }

    private static func zeros(in embedding: PowerLawMatrix) throws(CLMatError) -> Later<Double> {
        try embedding.elements.absolute().greater(than: smallWeight).meanLater().map { 100 * (1 - Double($0)) }
    }

    // MARK: - Figures

    /// The rows of an embedding, V × width, with 0 where there are no weights.
    private func rows(_ embedding: PowerLawMatrix) throws(CLMatError) -> [Float] { try embedding.dense().values }

    private var embeddings: [(name: String, matrix: PowerLawMatrix)] {
        model.shape.isTied ? [("both", model.output)] : [("output", model.output), ("input", model.input)]
    }

    func weightsByRankFigure() throws -> any FigureContent {
        let ranges = Self.logarithmicRanges(of: data.vocabulary.count)
        var lines: [(name: String, points: [(x: Double, y: Double)])] = []
        for (name, matrix) in embeddings {
            let (values, width) = (try rows(matrix), matrix.columns)
            lines.append(
                (
                    name,
                    ranges.map { ranks in
                        let large = values[ranks.lowerBound * width..<ranks.upperBound * width].count {
                            abs($0) > Self.smallWeight
                        }
                        // Ranks count from 1 on a logarithmic axis; the middle of a range by ratios.
                        let middle = (Double(ranks.lowerBound + 1) * Double(ranks.upperBound)).squareRoot()
                        return (middle, Double(large) / Double(ranks.count))
                    }
                ))
        }
        return Curve(
            xTitle: "rank", yTitle: "weights per word with |w| > \(Self.smallWeight)", lines: lines,
            caption: "mean of words of like rank", xAxis: .logarithmic,
            yRange: 0...Double(embeddings.map(\.matrix.columns).max() ?? 1))
    }

    /// Ranks from 0 in ranges that grow by a sixth, each with one word at least.
    private static func logarithmicRanges(of count: Int) -> [Range<Int>] {
        var (ranges, start): ([Range<Int>], Int) = ([], 0)
        while start < count {
            let end = min(count, max(start + 1, (start + 1) * 7 / 6))
            ranges.append(start..<end)
            start = end
        }
        return ranges
    }

    /// More would cost much and change no bar.
    private static let mostWeights = 50_000

    func weightsFigure(
        _ context: FigureContext, _ before: inout BeforeChange<EmbeddingWeights>
    ) throws -> FigureProgress {
        let isInput = try isInputShown(context.settings)
        let matrix = isInput ? model.input : model.output
        let values = try matrix.elements.values
        // A stride that has no divisor with the width, so that it does not take the same columns over and over.
        var stride = max(1, values.count / Self.mostWeights)
        while Self.divisor(stride, matrix.columns) > 1 { stride += 1 }
        let some = Swift.stride(from: 0, to: values.count, by: stride).map { Double(values[$0]) }
        // A few large ones would leave all others in one bar.
        let sizes = some.filter(\.isFinite).map { abs($0) }.sorted()
        let limit = sizes.isEmpty ? 0 : sizes[sizes.count * 99 / 100]
        let shown = some.filter { abs($0) <= limit }
        before.take(
            EmbeddingWeights(isInput: isInput, values: shown), settings: context.settings,
            ignoring: Set(viewControls.map(\.id)), at: context.step)
        let small = 100 * Double(some.count { abs($0) <= Double(Self.smallWeight) }) / Double(max(1, some.count))
        return FigureProgress(
            Histogram(
                of: shown, bins: 60, xTitle: "weight; 1 % lie beyond ±\(format(limit))",
                caption: "\(model.shape.isTied ? "both" : isInput ? "input" : "output") · "
                    + (stride > 1 ? "\(grouped(some.count)) of \(grouped(values.count)) · " : "")
                    + "\(format(small)) % with |w| ≤ \(Self.smallWeight)",
                before: before.value.flatMap { $0.isInput == isInput ? $0.values : nil } ?? []))
    }

    private static func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }

    func embeddingFigure(_ context: FigureContext) throws -> any FigureContent {
        let isInput = try isInputShown(context.settings)
        let matrix = isInput ? model.input : model.output
        let (values, width) = (try rows(matrix), matrix.columns)
        let words = data.vocabulary.count
        let norms = (0..<words).map { word in
            values[word * width..<(word + 1) * width].reduce(Float(0)) { $0 + abs($1) }
        }
        let order = (0..<words).sorted { norms[$0] != norms[$1] ? norms[$0] > norms[$1] : $0 < $1 }
        let (rowRanges, columnRanges) = (Self.parts(of: words, most: 200), Self.parts(of: width, most: 100))
        var cells: [Float] = []
        cells.reserveCapacity(rowRanges.count * columnRanges.count)
        for rows in rowRanges {
            var sums = [Float](repeating: 0, count: columnRanges.count)
            for place in rows {
                let start = order[place] * width
                for (index, columns) in columnRanges.enumerated() {
                    for column in columns { sums[index] += abs(values[start + column]) }
                }
            }
            for (sum, columns) in zip(sums, columnRanges) { cells.append(sum / Float(rows.count * columns.count)) }
        }
        let names = rowRanges.map { rows in
            let first = data.vocabulary.words[order[rows.lowerBound]]
            return rows.count == 1 ? first : "\(first) …"
        }
        let most = cells.lazy.filter(\.isFinite).max() ?? 0
        return Heatmap(
            rowNames: names,
            columnNames: columnRanges.map {
                $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound - 1)"
            },
            values: cells, range: 0...max(most, 1e-6), unit: "mean |w|",
            caption:
                "\(model.shape.isTied ? "both" : isInput ? "input" : "output") · \(grouped(words)) words, the largest Σ|w| on top"
                + (rowRanges.count < words ? ", \(rowRanges[0].count) per row" : ""),
            rowTitle: "word", columnTitle: isInput ? "column" : "unit", shading: .squareRoot)
    }

    /// 0..<count in at most so many parts, as even as can be.
    private static func parts(of count: Int, most: Int) -> [Range<Int>] {
        let number = min(count, most)
        return (0..<number).map { $0 * count / number..<($0 + 1) * count / number }
    }

    // MARK: - Words alike

    private static let neighboursShown = 60

    func neighboursFigure(_ view: ViewState) throws -> any FigureContent {
        let vocabulary = data.vocabulary
        let frequent = vocabulary.words.indices.filter { !special($0) }.prefix(400)
        guard let first = frequent.dropFirst(40).first(where: { vocabulary.words[$0].count >= 5 }) ?? frequent.first
        else { return NothingToShow("The vocabulary has no words beside <unk> and <eos>.") }
        let chosen = chosenWord(view) ?? first
        func word(_ id: Int, _ strength: Float, _ facts: [(name: String, value: Double)] = []) -> WordLists.Word {
            WordLists.Word(
                vocabulary.words[id], strength: strength, isPinned: chosenWord(view) == id,
                facts: facts + [("rank", Double(id)), ("times in the training text", Double(vocabulary.counts[id]))],
                actions: [choice(id, view).action])
        }
        var groups: [WordLists.Group] = []
        for (name, matrix) in embeddings {
            let near = Self.nearest(chosen, in: try rows(matrix), width: matrix.columns, count: Self.neighboursShown)
            groups.append(
                WordLists.Group(
                    name: name, note: "words whose rows are most like that of '\(vocabulary.words[chosen])'",
                    words: near.filter { !special($0.word) }.map {
                        word($0.word, max(0, $0.cosine), [("cosine", Double($0.cosine))])
                    }))
        }
        groups.append(
            WordLists.Group(
                name: "frequent", note: "words to choose from, by rank",
                words: frequent.enumerated().map { word($1, 1 - 0.8 * Float($0) / Float(frequent.count)) }))
        return WordLists(
            groups: groups, caption: "like '\(vocabulary.words[chosen])' · click a word", groupTitle: "embedding")
    }

    private func special(_ word: Int) -> Bool {
        [data.vocabulary.unknownID, data.vocabulary.endID].contains(Int32(word))
    }

    /// The words whose rows have the largest cosines with that of a word, from the largest on. A row of zeros is like none.
    static func nearest(_ word: Int, in rows: [Float], width: Int, count: Int) -> [(word: Int, cosine: Float)] {
        let own = Array(rows[word * width..<(word + 1) * width])
        let norm = own.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard norm > 0 else { return [] }
        var found: [(word: Int, cosine: Float)] = []
        for other in 0..<rows.count / max(1, width) where other != word {
            var (product, squares): (Float, Float) = (0, 0)
            for column in 0..<width {
                let value = rows[other * width + column]
                product += own[column] * value
                squares += value * value
            }
            let cosine = squares > 0 ? product / (norm * squares.squareRoot()) : 0
            guard cosine.isFinite, cosine != 0 else { continue }
            if found.count == count, let last = found.last, cosine <= last.cosine { continue }
            found.insert((other, cosine), at: found.firstIndex { $0.cosine < cosine } ?? found.count)
            if found.count > count { found.removeLast() }
        }
        return found
    }
}
