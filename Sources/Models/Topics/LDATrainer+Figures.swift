import CLMat
import Exploration
import Foundation

extension LDATrainer {
    /// Words × topics, top words, sizes, a map, similarities, and documents of a topic.
    public var figures: [Figure<LDATrainer>] {
        [
            Figure(
                "topic-matrix", title: "Words × topics",
                help: "how much of each topic a word is; hover a topic's title to rank the words by it",
                isShownAtStart: true
            ) { trainer, context in try trainer.matrixFigure(context) },
            Figure(
                "top-words", title: "Top words", help: "the heaviest words of each topic, and what changed of late",
                isShownAtStart: true
            ) { trainer, context in try trainer.wordsFigure(context) },
            Figure(
                "topic-sizes", title: "Sizes of topics", help: "each topic's share of all tokens"
            ) { trainer, context in
                Bars(
                    labels: (0..<trainer.lda.topics).map { "\($0 + 1)" },
                    series: [("share", try trainer.lda.topicShares.map { 100 * $0 })], unit: "% of all tokens",
                    choices: (0..<trainer.lda.topics).map { trainer.choice($0, context.view) })
            },
            Figure(
                "topic-map", title: "Map of topics",
                help: "topics that use words alike lie close together (classical scaling of Jensen–Shannon distances)"
            ) { trainer, context in try trainer.mapFigure(context.view) },
            Figure(
                "topic-similarity", title: "Similarity of topics", help: "the cosine of each pair of topics"
            ) { trainer, context in try trainer.similarityFigure(context.view) },
            Figure(
                "topic-documents", title: "Documents of a topic",
                help: "documents with the most of the chosen topic; each word in the colour of its likeliest topic",
                isShownAtStart: true
            ) { trainer, context in try trainer.documentsFigure(context.view) },
        ]
    }

    /// Words that a topic is shown by.
    private static let wordsPerTopic = 30

    private func name(_ topic: Int) -> String { "\(topic + 1)" }

    /// What ranks words within a topic, V × K: weight, or relevance where λ is below 1.
    private func ranking(_ phi: [Float], relevance: Double) -> [Float] {
        guard relevance < 1 else { return phi }
        return TopicScores.relevance(phi, topics: lda.topics, shares: wordShares, lambda: Float(max(0, relevance)))
    }

    private func topWords(_ phi: [Float], relevance: Double, count: Int) -> [[Int]] {
        guard relevance < 1 else { return TopicScores.topWords(phi, topics: lda.topics, count: count) }
        return TopicScores.topWords(
            ranking(phi, relevance: relevance), topics: lda.topics, count: count, above: -.infinity)
    }

    // MARK: - Words × topics

    private func matrixFigure(_ context: FigureContext) throws -> any FigureContent {
        let (relevance, pinned) = (try context.settings[Self.relevance], pinned(context.view))
        let (values, k) = (try lda.phi.values, lda.topics)
        let shares = try lda.topicShares
        let top = topWords(values, relevance: relevance, count: Self.wordsPerTopic)
        // Rows are ordered by what they weigh in all topics together, each as large as it is: so they stay put.
        func total(_ word: Int) -> Double {
            (0..<k).reduce(0) { $0 + shares[$1] * Double(values[word * k + $1]) }
        }
        var places: [Int: Int] = [:]
        var words: [Int] = []
        for word in pinned + top.flatMap({ $0 }) where places[word] == nil {
            places[word] = words.count
            words.append(word)
        }
        let totals = words.map(total)
        let rows = words.map { word in
            CircleMatrix.Row(
                name: lda.vocabulary[word], values: (0..<k).map { values[word * k + $0] },
                isPinned: pinned.contains(word),
                actions: [pin(word, Set(pinned))])
        }
        let columns = (0..<k).map { topic in
            CircleMatrix.Column(
                name: name(topic), note: "\(format(100 * shares[topic], digits: 2)) % of all tokens",
                order: top[topic].compactMap { places[$0] },
                actions: [temperature(topic)], choice: choice(topic, context.view))
        }
        // A full circle is what the heaviest word of a usual topic weighs: one topic of one word must not make all others dots.
        let heaviest = (0..<k).map { topic in top[topic].map { values[$0 * k + topic] }.max() ?? 0 }.sorted()
        let order = words.indices.sorted { totals[$0] != totals[$1] ? totals[$0] > totals[$1] : $0 < $1 }
        return CircleMatrix(
            rows: rows, columns: columns, order: order, scale: heaviest[heaviest.count * 3 / 4],
            valueTitle: "weight",
            caption: "area is weight · \(k) topics · click a word to pin it, a topic to mark it")
    }

    // MARK: - Top words

    private func wordsFigure(_ context: FigureContext) throws -> any FigureContent {
        let (relevance, pinned) = (try context.settings[Self.relevance], Set(pinned(context.view)))
        let (now, k) = (try lda.phi.values, lda.topics)
        let shares = try lda.topicShares
        let count = Self.wordsPerTopic
        let top = topWords(now, relevance: relevance, count: count)
        let before = try reference.map { topWords(try $0.values, relevance: relevance, count: count) }
        let groups = (0..<k).map { topic -> WordLists.Group in
            let heaviest = top[topic].map { now[$0 * k + topic] }.max() ?? 0
            let ranks = before.map { Dictionary(uniqueKeysWithValues: zip($0[topic], 1...)) }
            let words = top[topic].enumerated().map { place, word -> WordLists.Word in
                let weight = now[word * k + topic]
                return WordLists.Word(
                    lda.vocabulary[word], strength: heaviest > 0 ? weight / heaviest : 0,
                    mark: ranks.flatMap { Self.mark(place + 1, before: $0[word]) }, isPinned: pinned.contains(word),
                    facts: [("weight", Double(weight)), ("place", Double(place + 1))], actions: [pin(word, pinned)])
            }
            return WordLists.Group(
                name: name(topic), note: "\(format(100 * shares[topic], digits: 2)) % of all tokens", words: words,
                actions: [temperature(topic)], choice: choice(topic, context.view))
        }
        return WordLists(
            groups: groups, caption: relevance < 1 ? "by relevance" : "by weight")
    }

    /// Whether a word is new in the part of its list that it stands in: among the first ten, or among all.
    private static func mark(_ place: Int, before: Int?) -> Table.CellMark? {
        let part = place <= 10 ? 10 : wordsPerTopic
        if let before, before <= part { return nil }
        let note = before.map { "place \($0) when a control was last moved" }
        return Table.CellMark(
            .new, note: note ?? "not among the first \(wordsPerTopic) when a control was last moved")
    }

    private func pin(_ word: Int, _ pinned: Set<Int>) -> Action {
        pinned.contains(word)
            ? Action("unpin-word", title: "unpin from the matrix", arguments: [word])
            : Action("pin-word", title: "pin to the matrix", arguments: [word])
    }

    private func choice(_ topic: Int, _ view: ViewState) -> Choice {
        Choice(
            isChosen: chosenTopic(view) == topic,
            action: chosenTopic(view) == topic
                ? Action("unchoose-topic", title: "unmark this topic")
                : Action("choose-topic", title: "mark it in all figures, show its documents", arguments: [topic]))
    }

    private func temperature(_ topic: Int) -> Action {
        Action(
            "topic-temperature", title: "set its temperature", arguments: [topic],
            asks: .init("% of the sampler's temperature", 1...100_000))
    }

    // MARK: - Topics among each other

    private func mapFigure(_ view: ViewState) throws -> any FigureContent {
        let values = try lda.phi.values
        let places = TopicMap.place(phi: values, topics: lda.topics)
        let shares = try lda.topicShares
        let top = TopicScores.topWords(values, topics: lda.topics, count: 5)
        return Scatter(
            xTitle: "", yTitle: "",
            discs: places.enumerated().map { topic, place in
                Scatter.Disc(
                    x: place.x, y: place.y, weight: shares[topic],
                    title: "topic \(name(topic)): " + top[topic].map { lda.vocabulary[$0] }.joined(separator: ", "),
                    facts: [("% of tokens", 100 * shares[topic])], label: name(topic),
                    choice: choice(topic, view))
            }, caption: "near is alike · area is size")
    }

    private func similarityFigure(_ view: ViewState) throws -> any FigureContent {
        let names = (0..<lda.topics).map(name)
        return Heatmap(
            rowNames: names, columnNames: names,
            values: TopicMap.cosines(phi: try lda.phi.values, topics: lda.topics), range: 0...1, unit: "cosine",
            caption: "\(lda.topics) × \(lda.topics) topics", rowTitle: "topic", columnTitle: "topic",
            choices: (0..<lda.topics).map { choice($0, view) })
    }

    // MARK: - Documents

    private static let documentsShown = 6
    /// A document with fewer tokens says little, and is full of one topic by chance.
    private static let shortest = 20

    private func documentsFigure(_ view: ViewState) throws -> any FigureContent {
        let chosenTopic = chosenTopic(view) ?? 0
        guard let batches = lda.minibatches else { return NothingToShow("nothing is being learned") }
        guard batches.keepsTheta else {
            return NothingToShow("The topics of documents are not kept: there are too many for the memory.")
        }
        let k = lda.topics
        var best: [(document: Int, share: Float, theta: [Float])] = []
        for (batch, theta) in batches.thetas.enumerated() where theta.columns == k {
            let values = try theta.values
            for (row, document) in batches.documents[batch].enumerated() {
                let weights = values[row * k..<(row + 1) * k]
                let sum = weights.reduce(0, +)
                guard sum > 0 else { continue }
                let share = weights[weights.startIndex + chosenTopic] / sum
                guard best.count < Self.documentsShown || share > best[best.count - 1].share,
                    corpus.length(document) >= Self.shortest
                else { continue }
                let place = best.firstIndex { $0.share < share } ?? best.count
                best.insert((document, share, weights.map { $0 / sum }), at: place)
                if best.count > Self.documentsShown { best.removeLast() }
            }
        }
        guard !best.isEmpty else {
            return NothingToShow("No document of \(Self.shortest) or more tokens has been sampled yet.")
        }
        let phi = try lda.phi.values
        let paragraphs = try best.map { document, share, theta in
            let rows = try corpus.rows(CollectionOfOne(document))
            let order = rows.counts.indices.sorted {
                rows.counts[$0] != rows.counts[$1] ? rows.counts[$0] > rows.counts[$1] : $0 < $1
            }
            let words = order.map { place -> ColouredText.Word in
                let (word, count) = (Int(rows.indices[place]), rows.counts[place])
                let chances = (0..<k).map { theta[$0] * phi[word * k + $0] }
                let sum = chances.reduce(0, +)
                let topic = chances.indices.max { chances[$0] < chances[$1] } ?? 0
                return ColouredText.Word(
                    lda.vocabulary[word] + (count > 1 ? " ×\(count)" : ""), group: sum > 0 ? topic : nil,
                    strength: sum > 0 ? chances[topic] / sum : 0)
            }
            return ColouredText.Paragraph(
                title: corpus.documentName(document),
                fact: "\(format(100 * Double(share), digits: 2)) % topic \(name(chosenTopic))",
                words: words)
        }
        let top = TopicScores.topWords(phi, topics: k, count: 3)
        return ColouredText(
            groups: (0..<k).map { topic in
                "\(name(topic)): " + top[topic].map { lda.vocabulary[$0] }.joined(separator: " ")
            }, paragraphs: paragraphs, caption: "of topic \(name(chosenTopic)) · words by how often they occur")
    }
}
