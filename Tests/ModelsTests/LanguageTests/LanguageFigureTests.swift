import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

@testable import Models

/// What a person sees of a language model, on one that is small enough to be read.
@Suite struct LanguageFigureTests {
    private static let nouns = ["cat", "dog", "bird", "mouse", "horse", "fish"]

    /// Sentences of a dozen words: "the cat saw a dog".
    private static func data(tokens: Int = 600) throws -> LanguageData {
        var random = SplitMix64(seed: 3)
        func text(_ count: Int) -> [String] {
            var words: [String] = []
            while words.count < count {
                let place = Int(random.next() % 16)
                words += ["the", nouns[place / 6], place < 8 ? "saw" : "heard", "a", nouns[place % 6]]
                words.append(LanguageVocabulary.endWord)
            }
            return words
        }
        let (train, validation) = (text(tokens), text(tokens / 3))
        var counts: [String: Int] = [LanguageVocabulary.unknownWord: 0]
        for word in train { counts[word, default: 0] += 1 }
        let ranked = counts.keys.sorted { (counts[$1] ?? 0, $0) < (counts[$0] ?? 0, $1) }
        let vocabulary = try LanguageVocabulary(words: ranked, counts: ranked.map { counts[$0] ?? 0 })
        func ids(_ words: [String]) -> [Int32] { words.compactMap { vocabulary.id(of: $0) } }
        return try LanguageData(
            name: "cats", train: TokenText(name: "cats, training", ids: ids(train), vocabulary: vocabulary),
            validation: TokenText(name: "cats, validation", ids: ids(validation), vocabulary: vocabulary))
    }

    static func experiment(
        tied: Bool = false, powerLaw: Bool = false, prompt: String = "", _ settings: [String: Double] = [:],
        on device: Device = .cpu
    ) throws -> Experiment {
        let data = try data()
        let shape =
            powerLaw
            ? try LanguageModelShape.powerLaw(
                .halving(features: data.vocabulary.count, h: 2, blocks: 3), layers: 1, isTied: tied)
            : try LanguageModelShape.dense(vocabulary: data.vocabulary.count, units: 8, layers: 1, isTied: tied)
        var recipe = LanguageRecipe()
        (recipe.batch, recipe.steps, recipe.decay) = (4, 5, 1)
        let windows = try TokenWindows(data.train, batch: recipe.batch, steps: recipe.steps)
        let trainer = try LanguageTrainer(
            LanguageModel(shape, seed: 1, on: device), title: "cats", data: data, windows: windows, recipe: recipe,
            prompt: data.vocabulary.encode(prompt))
        var experiment = try Experiment(trainer, data: windows, seed: 1)
        try experiment.set(settings)
        return experiment
    }

    private static func run(
        _ steps: Int, _ experiment: Experiment, _ schedule: [Learner.Scheduled] = []
    ) throws -> Learner {
        try Learner(experiment, options: .init(maximumSteps: steps, schedule: schedule)).toTheEnd()
    }

    private static func content<Content>(
        _ figure: String, _ learner: Learner, as: Content.Type = Content.self
    ) throws -> Content {
        let content = try learner.content(of: figure)
        return try #require(content as? Content, "\(figure): \(content.whyEmpty ?? "\(type(of: content))")")
    }

    private static func trainer(_ learner: Learner) throws -> LanguageTrainer {
        try #require(learner.model(as: LanguageTrainer.self))
    }

    // MARK: - All of them

    @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
    func eachIsThereBeforeAndAfter(isTied: Bool, isPowerLaw: Bool) throws {
        for steps in [0, 60] {
            let learner = try Self.run(steps, Self.experiment(tied: isTied, powerLaw: isPowerLaw))
            for figure in learner.dashboard.figures {
                let content = try learner.content(of: figure.id)
                #expect(!figure.help.isEmpty && !figure.help.contains("\n"))
                if let words = content.whyEmpty {
                    #expect(steps == 0 && figure.id == "entropy-by-rank" && words.contains("after step"), "\(words)")
                } else {
                    #expect(content.csv?.isEmpty == false, "\(figure.id)")
                }
            }
        }
    }

    @Test(arguments: Device.all)
    func figuresAreTheSameOnEveryDevice(on device: Device) throws {
        let learner = try Self.run(25, Self.experiment(on: device))
        let text = try Self.content("text", learner, as: ColouredText.self)
        #expect(text.paragraphs.first?.words.count == 80)
        #expect(try Self.content("pruning", learner, as: Curve.self).lines.map(\.name) == ["output", "input"])
    }

    @Test func aModelThatLeftTheNumbersIsShown() throws {
        let data = try Self.data()
        let windows = try TokenWindows(data.train, batch: 4, steps: 5)
        var model = try LanguageModel(
            .dense(vocabulary: data.vocabulary.count, units: 8, layers: 1), seed: 1, on: .cpu)
        var values = try model.output.elements.values
        for index in stride(from: 0, to: values.count, by: 3) { values[index] = .nan }
        try model.output.write(values)
        let trainer = try LanguageTrainer(
            model, title: "lost", data: data, windows: windows, recipe: LanguageRecipe())
        let learner = try Self.run(0, Experiment(trainer, data: windows, seed: 1))
        for figure in learner.dashboard.figures { _ = try learner.content(of: figure.id) }
        #expect(try learner.content(of: "pruning").whyEmpty == "The model has left the numbers.")
    }

    // MARK: - What it writes

    @Test func theTextOfAStepIsTheSameAgain() throws {
        func words(_ learner: Learner) throws -> [String] {
            try Self.content("text", learner, as: ColouredText.self).paragraphs[0].words.map(\.text)
        }
        let (one, other) = (try Self.run(40, Self.experiment()), try Self.run(40, Self.experiment()))
        #expect(try words(one) == words(one) && words(one) == words(other))
        let next = try Self.run(41, Self.experiment())
        #expect(try words(one) != words(next))
        let luck = try Self.run(40, Self.experiment(["writing-draw": 2]))
        #expect(try words(one) != words(luck))
        // Looking has no part in learning.
        #expect(
            try Self.trainer(one).model.output.elements.values == Self.trainer(luck).model.output.elements.values)
    }

    @Test func itShowsWhatItWroteBeforeAndGetsBetter() throws {
        let learner = try Self.run(120, Self.experiment(["writing-temperature": 0.5]))
        let text = try Self.content("text", learner, as: ColouredText.self)
        #expect(text.paragraphs.map(\.title) == ["step 120", "step 100", "step 20", "step 1"])
        /// The share of words that can follow the one before.
        func sense(_ paragraph: ColouredText.Paragraph) -> Double {
            let words = ["¶"] + paragraph.words.map(\.text)
            let good = zip(words, words.dropFirst()).count { before, word in
                switch before {
                case "¶": word == "the"
                case "the": Self.nouns.contains(word)
                case "saw", "heard": word == "a"
                case "a": Self.nouns.contains(word)
                default: ["saw", "heard", "¶"].contains(word)
                }
            }
            return Double(good) / Double(words.count - 1)
        }
        let (now, first) = (sense(text.paragraphs[0]), sense(text.paragraphs[3]))
        #expect(now > 0.8 && first < 0.6, "\(first) to \(now)")
        #expect(!text.paragraphs.contains { $0.words.contains { $0.text == "<unk>" } })
    }

    @Test func itGoesOnFromItsPrompt() throws {
        let learner = try Self.run(150, Self.experiment(prompt: "the cat", ["writing-temperature": 0]))
        let words = try Self.content("text", learner, as: ColouredText.self).paragraphs[0].words
        #expect(words.prefix(2).map(\.text) == ["the", "cat"] && words.prefix(2).allSatisfy { $0.group == nil })
        #expect(["saw", "heard"].contains(words[2].text), "\(words[2].text)")
    }

    @Test func wordsAreColouredByRankOrBySurprise() throws {
        let byRank = try Self.content("text", Self.run(60, Self.experiment()), as: ColouredText.self)
        let vocabulary = try Self.data().vocabulary
        for word in byRank.paragraphs[0].words where word.text != "¶" {
            let rank = try #require(vocabulary.id(of: word.text))
            #expect(word.group == (rank < 10 ? 0 : 1))
        }
        let bySurprise = try Self.content(
            "text", Self.run(60, Self.experiment(["writing-colours": 1])), as: ColouredText.self)
        #expect(bySurprise.groups.count == 3)
        for word in bySurprise.paragraphs[0].words where word.text != "¶" {
            let surprise = try #require(word.facts.first { $0.name.hasPrefix("surprise") }).value
            #expect(word.group == (surprise < 2 ? 0 : surprise < 5 ? 1 : 2))
        }
    }

    // MARK: - Scores and embeddings

    @Test func sharesAddUpToTheLogPerplexity() throws {
        let learner = try Self.run(80, Self.experiment())
        let table = try Self.content("entropy-by-rank", learner, as: Table.self)
        let adds = table.rows.map { Double($0[2]) ?? 0 }
        let perplexity = try #require(Self.trainer(learner).score).perplexity
        #expect(abs(adds.dropLast().reduce(0, +) - log(perplexity)) < 2e-3 && table.rows.last?[0] == "all")
        #expect(abs((adds.last ?? 0) - log(perplexity)) < 1e-3)
        // The model that was scored is one of earlier on, and the pruned one that of this step, which the panel says.
        let step = try Self.trainer(learner).scoreStep
        #expect(step < 80 && table.caption.contains("of the model at step \(step) · perplexity"), "\(table.caption)")
        #expect(try !Self.content("pruning", learner, as: Curve.self).caption.contains("step"))
        let data = try Self.data()
        #expect(table.rows.last?[3] == grouped(data.train.count))
    }

    @Test func pruningNothingCostsNothing() throws {
        let learner = try Self.run(60, Self.experiment())
        let curve = try Self.content("pruning", learner, as: Curve.self)
        let trainer = try Self.trainer(learner)
        #expect(curve.yAxis == .logarithmic && curve.lines.count == 2)
        // Of this short text all is read.
        let validation = trainer.data.validation
        let whole = try trainer.model.score(validation, batch: validation.targets / 20).perplexity
        for line in curve.lines {
            #expect(line.points.count == 10 && line.points.map(\.x) == line.points.map(\.x).sorted())
            let first = try #require(line.points.first)
            #expect(first.x == 0 && abs(first.y / whole - 1) < 1e-4, "\(first.y), \(whole)")
            let last = try #require(line.points.last)
            #expect(last.x > 90 && last.y > first.y)
        }
    }

    @Test func whatL1DoesIsSeen() throws {
        let plain = try Self.run(120, Self.experiment())
        let sparse = try Self.run(120, Self.experiment(["output-l1": 0.003]))
        func zeros(_ learner: Learner) -> Double { learner.level(of: "output-zeros", from: 100) }
        #expect(zeros(sparse) > zeros(plain) + 5, "\(zeros(plain)) to \(zeros(sparse))")
        func weights(_ learner: Learner) throws -> Double {
            let curve = try Self.content("weights-by-rank", learner, as: Curve.self)
            #expect(curve.lines.map(\.name) == ["output", "input"])
            return curve.lines[0].points.map(\.y).reduce(0, +)
        }
        #expect(try weights(sparse) < weights(plain))
        let histogram = try Self.content("weights", sparse, as: Histogram.self)
        let small = histogram.values.count { abs($0) <= Double(LanguageTrainer.smallWeight) }
        #expect((12 * 8 - 2...12 * 8).contains(histogram.values.count) && small > 5, "\(small)")
    }

    @Test func theMapHasLargeRowsOnTop() throws {
        let map = try Self.content("embedding", Self.run(60, Self.experiment()), as: Heatmap.self)
        let sums = map.rowNames.indices.map { row in
            map.columnNames.indices.reduce(Float(0)) { $0 + (map.value(row: row, column: $1) ?? 0) }
        }
        #expect(sums.count == 12 && sums == sums.sorted(by: >))
        #expect(Set(map.rowNames).contains("mouse"))
    }

    @Test func neighboursPointTheSameWay() throws {
        // Of (1, 0): (2, 0.1) is nearest, then (1, 1); (0, 0) is like nothing.
        let near = LanguageTrainer.nearest(0, in: [1, 0, 1, 1, 2, 0.1, 0, 0, -1, 0], width: 2, count: 3)
        #expect(near.map(\.word) == [2, 1, 4] && near[2].cosine == -1)

        let experiment = try Self.experiment()
        let data = try Self.data()
        let mouse = try #require(data.vocabulary.id(of: "mouse"))
        let learner = try Self.run(
            40, experiment, [.init(after: 10, .act(Action("choose-word", title: "", arguments: [Int(mouse)])))])
        let lists = try Self.content("neighbours", learner, as: WordLists.self)
        #expect(lists.groups.map(\.name) == ["output", "input", "frequent"] && lists.caption.contains("'mouse'"))
        #expect(lists.groups[2].words.contains { $0.isPinned && $0.text == "mouse" })
        let text = try Self.content("text", learner, as: ColouredText.self)
        let marked = text.paragraphs.flatMap(\.words).filter { $0.choice?.isChosen == true }
        #expect(marked.allSatisfy { $0.text == "mouse" })
        // What is chosen is no change of the model.
        #expect(learner.timeline.commands.isEmpty)
    }

    @Test func aWordThatIsNotThereIsRefused() throws {
        let trainer = try Self.trainer(Self.run(0, Self.experiment()))
        var view = ViewState()
        for arguments in [[], [-1], [12]] {
            #expect(throws: CLMatError.self) {
                try trainer.look(Action("choose-word", title: "", arguments: arguments), &view)
            }
        }
        try trainer.look(Action("choose-word", title: "", arguments: [11]), &view)
        #expect(trainer.chosenWord(view) == 11)
        try trainer.look(Action("unchoose-word", title: ""), &view)
        #expect(trainer.chosenWord(view) == nil)
    }

    @Test func whatItWroteIsKept() throws {
        try expectRepeatable(
            changes: [.init(5, .set(control: "output-l1", to: 0.01))], steps: 24, on: .cpu
        ) { try Learner(Self.experiment(), options: $0) }
    }
}
