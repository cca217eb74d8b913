import CLMat
import Exploration
import Foundation

extension LanguageTrainer {
    /// What it writes, how well it foretells frequent and rare words, and what becomes of its embeddings.
    public var figures: [Figure<LanguageTrainer>] {
        [
            Figure(
                "text", title: "What it writes now",
                help:
                    "each word drawn by the chance that the model gives it; below, what it wrote earlier. Click a word for its neighbours",
                isShownAtStart: true
            ) { trainer, context in try trainer.textFigure(context) },
            Figure(
                "entropy-by-rank", title: "Entropy by rank",
                help:
                    "how well frequent and rare words are foretold, and what each range of ranks adds to the log perplexity",
                isShownAtStart: true, from: BeforeChange<LanguageScore>()
            ) { before, trainer, context in try trainer.entropyFigure(context, &before) },
            Figure(
                "weights-by-rank", title: "Weights that count, by rank",
                help: "how many weights a word has that are not near 0, from frequent to rare words",
                isShownAtStart: true
            ) { trainer, _ in try trainer.weightsByRankFigure() },
            Figure(
                "pruning", title: "What pruning costs",
                help: "perplexity when the smallest weights of an embedding are set to 0, so many of them",
                isShownAtStart: true, from: PruningCurves()
            ) { curves, trainer, context in try curves.advance(trainer, context) },
            Figure(
                "neighbours", title: "Words alike",
                help: "words whose rows of an embedding point the same way as those of the chosen word",
                isShownAtStart: true
            ) { trainer, context in try trainer.neighboursFigure(context.view) },
            Figure(
                "weights", title: "Weights of an embedding",
                help: "how many weights are how large; outlined as it was before a control was last moved",
                from: BeforeChange<EmbeddingWeights>()
            ) { before, trainer, context in try trainer.weightsFigure(context, &before) },
            Figure(
                "embedding", title: "Map of an embedding",
                help: "mean size of the weights, words with the largest ones on top: what L1 leaves of them"
            ) { trainer, context in try trainer.embeddingFigure(context) },
            Figure(
                "rank-plot", title: "Counts by rank",
                help: "how often each word is in the training text: a straight line is a power law"
            ) { trainer, _ in trainer.rankPlot() },
        ]
    }

    // MARK: - What is looked at

    static let temperature = Control(
        "writing-temperature", title: "temperature of writing", group: "pictures", range: 0...2,
        initial: usualTemperature,
        help: "below 1 likely words are drawn more often; at 0 it always takes the likeliest one", isView: true)
    private static let draw = Control(
        "writing-draw", title: "which text", group: "pictures", kind: .integer(1...99, .linear), initial: 1,
        help: "another number is other luck of the same model", isShownAtStart: false, isView: true)
    private static let colouring = Control.choice(
        "writing-colours", title: "colours of words", group: "pictures", options: ["by rank", "by surprise"],
        help: "how frequent each word is in the training text, or how much it surprised the model that wrote it",
        isView: true)
    private static let side = Control.choice(
        "embedding-shown", title: "embedding shown", group: "pictures", options: ["output", "input"],
        help: "whose weights the histogram and the map show", isShownAtStart: false, isView: true)

    /// Controls that concern only what is shown.
    var viewControls: [Control] {
        [Self.temperature, Self.colouring, Self.draw] + (model.shape.isTied ? [] : [Self.side])
    }

    func isInputShown(_ settings: Settings) throws -> Bool {
        guard !model.shape.isTied else { return false }
        return try settings.int(Self.side) == 1
    }

    private static let chosen = "chosen-word"
    public var viewActions: [String] { ["choose-word", "unchoose-word"] }

    /// `choose-word` [id], whose neighbours are shown; `unchoose-word`.
    public func look(_ action: Action, _ view: inout ViewState) throws(CLMatError) {
        switch action.id {
        case "choose-word":
            guard let word = action.arguments.first, data.vocabulary.words.indices.contains(word) else {
                throw .invalidValue(
                    setting: action.id, value: "\(action.arguments)",
                    accepted: "a word by its rank, 0 to \(data.vocabulary.count - 1)")
            }
            view[Self.chosen] = [word]
        case "unchoose-word": view[Self.chosen] = []
        default: throw .unknownName(kind: "action", name: action.id, known: viewActions)
        }
    }

    /// What a file chose may be of another vocabulary.
    func chosenWord(_ view: ViewState) -> Int? {
        view[Self.chosen].last { data.vocabulary.words.indices.contains($0) }
    }

    func choice(_ word: Int, _ view: ViewState) -> Choice {
        chosenWord(view) == word
            ? Choice(isChosen: true, action: Action("unchoose-word", title: "unmark this word"))
            : Choice(
                isChosen: false, action: Action("choose-word", title: "mark it, show words alike", arguments: [word]))
    }

    // MARK: - What it writes

    private static let wordsNow = 80
    /// Nats up to which a word was foreseen, or possible.
    private static let surprises: [Float] = [2, 5]

    private func textFigure(_ context: FigureContext) throws -> any FigureContent {
        let (settings, view) = (context.settings, context.view)
        let temperature = try settings[Self.temperature]
        let now = try write(
            Self.wordsNow, at: context.step, temperature: temperature, draw: UInt64(try settings.int(Self.draw)))
        let isByRank = try settings.int(Self.colouring) == 0
        let ranges = RankCounts.decades(upTo: data.vocabulary.count)
        let groups =
            isByRank
            ? ranges.enumerated().map { index, ranks in
                let title = RankCounts(ranks: ranks, tokens: 0).title
                return index == 0 ? "rank \(title) (frequent)" : index == ranges.count - 1 ? "\(title) (rare)" : title
            } : ["foreseen (below 2 nats)", "possible (2 to 5 nats)", "surprising (above 5 nats)"]
        func group(_ word: Int, _ surprise: Float) -> Int? {
            isByRank
                ? ranges.firstIndex { $0.contains(word) }
                : surprise.isFinite ? Self.surprises.firstIndex { surprise < $0 } ?? Self.surprises.count : nil
        }
        func paragraph(_ writing: LanguageWriting, _ title: String, _ fact: String) -> ColouredText.Paragraph {
            var words = prompt.map { ColouredText.Word(shown($0), facts: [("rank", Double($0))]) }
            for (id, surprise) in zip(writing.words, writing.surprises) {
                words.append(
                    ColouredText.Word(
                        shown(id), group: id == data.vocabulary.endID ? nil : group(Int(id), surprise),
                        facts: [
                            ("rank", Double(id)), ("times in the training text", Double(count(id))),
                            ("surprise, nats", Double(surprise)),
                        ], choice: choice(Int(id), view)))
            }
            return ColouredText.Paragraph(title: title, fact: fact, words: words)
        }
        var paragraphs = [
            paragraph(now, "step \(grouped(now.step))", "now, at temperature \(format(temperature))")
        ]
        for writing in writings.reversed() where writing.step < now.step {
            paragraphs.append(paragraph(writing, "step \(grouped(writing.step))", "then"))
        }
        return ColouredText(
            groups: groups, paragraphs: paragraphs,
            caption: isByRank
                ? "words by rank in the training text · ¶ ends a sentence" : "words by −ln of their chance",
            isOrdered: true)
    }

    private func shown(_ id: Int32) -> String {
        id == data.vocabulary.endID ? "¶" : data.vocabulary.word(id) ?? "?"
    }

    private func count(_ id: Int32) -> Int { data.vocabulary.counts[Int(id)] }

    // MARK: - How well it foretells

    private func entropyFigure(
        _ context: FigureContext, _ before: inout BeforeChange<LanguageScore>
    ) throws -> FigureProgress {
        guard let score else {
            let first = Self.firstScores.first ?? 1
            let steps = try scoringWindows.count
            return FigureProgress(
                NothingToShow("The first score of the validation text is there after step \(grouped(first + steps))."))
        }
        before.take(score, settings: context.settings, ignoring: Set(viewControls.map(\.id)), at: context.step)
        let earlier = before.value == score ? nil : before.value
        let ranges = RankCounts.decades(upTo: data.vocabulary.count)
        let all = Double(max(1, data.vocabulary.tokens))
        func number(_ value: Double, _ digits: Int) -> String {
            value.isFinite ? String(format: "%.\(digits)f", value) : "–"
        }
        func row(_ title: String, _ tokens: Int, _ range: LanguageScore.Range?, _ was: LanguageScore.Range?) -> [String]
        {
            [title, number(range?.entropy ?? .nan, 2), number(range?.share ?? .nan, 3)]
                + (earlier == nil ? [] : [number(was?.entropy ?? .nan, 2)])
                + [grouped(tokens), number(100 * Double(tokens) / all, 1), grouped(range?.tokens ?? 0)]
        }
        var rows: [[String]] = []
        let (now, was) = (score.byRank(ranges), earlier?.byRank(ranges))
        for (index, counts) in data.vocabulary.counts(of: ranges).enumerated() {
            rows.append(row(counts.title, counts.tokens, now[index], was?[index]))
        }
        let whole = [0..<data.vocabulary.count]
        rows.append(
            row("all", data.vocabulary.tokens, score.byRank(whole).first, earlier?.byRank(whole).first))
        return FigureProgress(
            Table(
                columns: ["ranks", "nats per word", "adds"] + (earlier == nil ? [] : ["nats before"])
                    + ["training words", "%", "validation words"],
                rows: rows, numeric: Set(1...6),
                caption:
                    "of the model at step \(grouped(scoreStep)) · perplexity \(format(Self.perplexity(score.entropy)))")
        )
    }

    private func rankPlot() -> any FigureContent {
        let vocabulary = data.vocabulary
        let points = vocabulary.rankPoints().map { (x: Double($0.rank), y: Double($0.count)) }
        let first = Double(vocabulary.counts.first ?? 1)
        return Curve(
            xTitle: "rank", yTitle: "times in the training text",
            lines: [
                (vocabulary.tokens > 0 ? "the text" : "", points), ("1/rank", points.map { ($0.x, first / $0.x) }),
            ], caption: "\(grouped(vocabulary.count)) words, \(grouped(vocabulary.tokens)) tokens",
            xAxis: .logarithmic, yAxis: .logarithmic)
    }
}
