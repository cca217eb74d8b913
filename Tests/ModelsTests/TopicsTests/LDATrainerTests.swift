import CLMat
import Exploration
import Formats
import Foundation
import TestSupport
import Testing

@testable import Models

/// Topics in the engine: what is measured and drawn, that every state can be kept and returned to, and what sliders do.
@Suite struct LDATrainerTests {
    private static func defaults(memory: Int = 1 << 30) -> LDATrainer.Defaults {
        var defaults = LDATrainer.Defaults()
        (defaults.batchSize, defaults.memory) = (40, memory)
        return defaults
    }

    private static func trainer(
        topics: Int = 5, documents: Int = 200, memory: Int = 1 << 30, on device: Device = .cpu
    ) throws -> LDATrainer {
        let corpus = try Planted(documents: documents).corpus()
        return try LDATrainer(
            corpus, topics: topics, heldOut: HeldOutSplit(of: corpus, seed: 1), defaults: defaults(memory: memory),
            on: device)
    }

    private static func learner(
        _ options: Learner.Options, topics: Int = 5, documents: Int = 200, memory: Int = 1 << 30,
        on device: Device = .cpu
    ) throws -> Learner {
        let trainer = try trainer(topics: topics, documents: documents, memory: memory, on: device)
        return try Learner(trainer, data: TopicBatches(trainer), options: options)
    }

    /// The last value of each metric after some steps with these settings.
    private static func values(
        after steps: Int, of trainer: inout LDATrainer, from first: Int = 1, _ changes: [String: Double] = [:]
    ) throws -> [String: Double] {
        // Beyond the ends of the sliders, too.
        let settings = Settings(Settings(initialOf: trainer.controls).values.merging(changes) { $1 })
        var measured = Measurements()
        for step in first..<first + steps {
            measured.merge(try trainer.update(StepContext(step: Step(step, seed: 1), settings: settings)))
        }
        measured.merge(try trainer.conclude(StepContext(step: Step(first + steps - 1, seed: 1), settings: settings)))
        return measured.values
    }

    /// The learner's changes: every control of learning is moved, and topics are made hotter and colder.
    private static let schedule: [ListDirector.Entry] = [
        .init(2, .set(control: "l1", to: 0.8)), .init(3, .set(control: "cosine-sim", to: 0.4)),
        .init(4, .set(control: "temperature", to: 0.01)), .init(5, .set(control: "optimise-alpha", to: 1)),
        .init(5, .set(control: "optimise-beta", to: 1)), .init(6, .set(control: "rule", to: 1)),
        .init(7, .set(control: "entropy", to: 1)), .init(7, .set(control: "smoothing", to: 0.1)),
        .init(8, .set(control: "size-balance", to: 0.5)), .init(9, .set(control: "decay", to: 0.7)),
        .init(9, .set(control: "delay", to: 3)), .init(10, .set(control: "form", to: 2)),
        .init(11, .set(control: "iterations", to: 3)),
        .init(11, .act(Action("topic-temperature", title: "", arguments: [1, 300]))),
        // At the place where a run is saved and gone on with: the rule changes before a step was made by it.
        .init(12, .set(control: "rule", to: 0)), .init(13, .act(Action("pin-word", title: "", arguments: [7]))),
        .init(14, .set(control: "rule", to: 2)), .init(14, .set(control: "rate", to: 0.3)),
        .init(15, .set(control: "form", to: 1)), .init(16, .set(control: "optimise-alpha", to: 0)),
        .init(17, .set(control: "alpha", to: 0.5)), .init(18, .set(control: "rule", to: 0)),
        .init(19, .set(control: "temperature", to: 2)), .init(20, .set(control: "l1", to: 0)),
        .init(21, .act(Action("choose-topic", title: "", arguments: [2]))),
        .init(22, .set(control: "relevance", to: 0.3)), .init(22, .set(control: "beta", to: 0.1)),
    ]

    @Test(arguments: Device.all)
    func topicsCanBeDoneAgain(on device: Device) throws {
        try expectRepeatable(changes: Self.schedule, steps: 24, on: device) { try Self.learner($0, on: device) }
    }

    @Test(arguments: [0, 1, 2])
    func everyRuleCanBeDoneAgain(rule: Int) throws {
        let changes = [
            ListDirector.Entry(0, .set(control: "rule", to: Double(rule))), .init(3, .set(control: "l1", to: 0.5)),
            .init(6, .set(control: "rule", to: 0)), .init(6, .set(control: "beta", to: 0.1)),
            .init(9, .set(control: "optimise-alpha", to: 1)),
        ]
        // An odd number of steps, of 5 a pass; and the step after the switch is the first of a resumed run.
        try expectRepeatable(changes: changes, steps: 13, on: .cpu) { try Self.learner($0) }
        try expectRepeatable(changes: changes, steps: 13, on: .cpu) { try Self.learner($0, memory: 0) }
    }

    @Test func damagedCheckpointsNeverTrap() throws {
        try expectNoTrap(onDamagedCheckpointsOf: { try Self.learner($0, documents: 60) }, steps: 7, trials: 120)
    }

    // MARK: - What is measured

    @Test(arguments: Device.all)
    func itMeasuresWhatItSays(on device: Device) throws {
        var trainer = try Self.trainer(on: device)
        let values = try Self.values(
            after: 30, of: &trainer, ["l1": 0.1, "cosine-sim": 0.05, "entropy": 0.1, "smoothing": 0.01])
        for metric in trainer.metrics {
            #expect(values[metric.id]?.isFinite == true, "\(metric.id)")
            if let range = metric.range, let value = values[metric.id] {
                #expect(range.contains(value), "\(metric.id)")
            }
        }
        let phi = try trainer.lda.phi.values
        #expect(abs(values["density"]! - TopicScores.density(phi, topics: 5)) < 1e-6)
        #expect(abs(values["cosine-similarity"]! - TopicScores.cosineSimilarity(phi, topics: 5)) < 1e-6)
        #expect(abs(values["mean-cosine"]! - TopicScores.meanCosine(phi, topics: 5)) < 1e-5)
        #expect(abs(values["perplexity-heldout"]! - exp(-values["log-likelihood-heldout"]!)) < 1e-6)
        // Shares of words are of what is learned from.
        #expect(abs(trainer.wordShares.reduce(0, +) - 1) < 1e-4)
    }

    @Test func wordsThatAreHeldOutHaveNoShare() throws {
        let rows = try SparseRows(columns: 3, starts: [0, 1, 3], indices: [0, 1, 2], counts: [6, 2, 6])
        let corpus = try Corpus(name: "two", vocabulary: ["held", "a", "b"], rows: rows)
        try inTemporaryFolder { folder in
            try Files.write("2 3 14\n0 0:3:3\n", to: folder + "/h.txt")
            let split = try HeldOutSplit.read(folder + "/h.txt", for: corpus)
            var trainer = try LDATrainer(corpus, topics: 2, heldOut: split, on: .cpu)
            #expect(trainer.wordShares == [0, 0.25, 0.75])
            let values = try Self.values(after: 6, of: &trainer, ["smoothing": 0.5, "relevance": 0])
            #expect(values.values.allSatisfy { $0.isFinite })
            // Nothing to score, and documents of another corpus.
            try Files.write("2 3 14\n0 0:6:0\n", to: folder + "/h.txt")
            let silent = try HeldOutSplit.read(folder + "/h.txt", for: corpus)
            #expect(thrownCase { _ = try LDATrainer(corpus, topics: 2, heldOut: silent, on: .cpu) } == "dataMismatch")
        }
        let other = try HeldOutSplit(of: Planted(documents: 30).corpus(), seed: 1)
        #expect(thrownCase { _ = try LDATrainer(corpus, topics: 2, heldOut: other, on: .cpu) } == "dataMismatch")
        let more = try Planted(documents: 10).corpus()
        let late = try HeldOutSplit(of: Planted(documents: 60).corpus(), seed: 1)
        #expect(thrownCase { _ = try LDATrainer(more, topics: 2, heldOut: late, on: .cpu) } == "dataMismatch")
    }

    // MARK: - What sliders do

    @Test func sparsenessLowersDensity() throws {
        var last = 2.0
        for l1 in [0, 0.3, 1, 4] {
            var trainer = try Self.trainer()
            let density = try Self.values(after: 50, of: &trainer, ["l1": l1])["density"]!
            let weights = TopicScores.density(try trainer.lda.phi.values, topics: 5, threshold: 1e-7)
            // Of all weights above 0; those of at least 1/V are few already.
            #expect(weights < last, "λ₁ = \(l1)")
            #expect(density <= weights && density > 0)
            last = weights
        }
    }

    @Test func dissimilarityLowersTheCosineOfTopics() throws {
        var last = Double.infinity
        for weight in [0, 0.1, 1] {
            var trainer = try Self.trainer()
            let cosine = try Self.values(after: 50, of: &trainer, ["cosine-sim": weight])["cosine-similarity"]!
            #expect(cosine < last, "λ₂ = \(weight)")
            last = cosine
        }
        #expect(last >= 0)
    }

    @Test func heatMovesWords() throws {
        // From topics that are found already, so that no run is stuck elsewhere.
        var start = try Self.trainer()
        _ = try Self.values(after: 100, of: &start)
        for form in [1.0, 2] {
            var last = 0.0
            for temperature in [0.002, 0.02, 0.2, 2] {
                var trainer = start
                let changes = ["temperature": temperature, "form": form]
                let moved = try Self.values(after: 20, of: &trainer, from: 101, changes)["moved-share"]!
                #expect(moved > last, "1/m = \(temperature), form \(form)")
                last = moved
            }
        }
    }

    @Test func smoothingMakesTopicsAlikeAndEntropyConcentratesThem() throws {
        func value(_ metric: String, _ changes: [String: Double]) throws -> Double {
            var trainer = try Self.trainer()
            return try Self.values(after: 50, of: &trainer, changes)[metric]!
        }
        let (cosine, entropy) = (try value("mean-cosine", [:]), try value("topic-entropy", [:]))
        #expect(try value("mean-cosine", ["smoothing": 0.5]) > cosine)
        #expect(try value("topic-entropy", ["entropy": 2]) < entropy)
        // β smooths, too.
        #expect(try value("topic-entropy", ["beta": 1]) > entropy)
    }

    /// A slider cannot ask for more samples than can be counted, nor a form for what it cannot do.
    @Test func noSliderEndsTheRun() throws {
        let rows = try SparseRows(
            columns: 2, starts: [0, 2, 4], indices: [0, 1, 0, 1], counts: [30_000_000, 10, 5, 20_000_000])
        let corpus = try Corpus(name: "heavy", vocabulary: ["a", "b"], rows: rows)
        var heavy = try LDATrainer(corpus, topics: 2, on: .cpu)
        var values = try Self.values(after: 3, of: &heavy, ["temperature": 0.001])
        #expect(values["log-likelihood"]?.isFinite == true && heavy.lda.samples < 100 && heavy.lda.samples > 10)

        var trainer = try Self.trainer()
        let context = StepContext<Int>(step: Step(1, seed: 1), settings: Settings(initialOf: trainer.controls))
        try trainer.perform(Action("topic-temperature", title: "", arguments: [0, 1]), context)
        values = try Self.values(after: 6, of: &trainer, ["temperature": 0.001, "form": 1])
        #expect(values["log-likelihood"]?.isFinite == true)
        #expect(trainer.lda.inverseTemperatures == [100, 1, 1, 1, 1])
        // Every control at both its ends, one after the other and all together.
        var step = 7
        var all: [(String, [Double])] = []
        for control in trainer.controls {
            switch control.kind {
            case .slider(let range, _): all.append((control.id, [range.lowerBound, range.upperBound]))
            case .integer(let range, _): all.append((control.id, [Double(range.lowerBound), Double(range.upperBound)]))
            default: all.append((control.id, [0, 1]))
            }
        }
        for (id, ends) in all where id != "iterations" {
            for end in ends {
                values = try Self.values(after: 1, of: &trainer, from: step, [id: end])
                #expect(values["log-likelihood"]?.isFinite == true, "\(id) = \(end)")
                step += 1
            }
        }
        for end in [0, 1] {
            let together = Dictionary(uniqueKeysWithValues: all.map { ($0.0, $0.1[end]) })
            values = try Self.values(after: 5, of: &trainer, from: step, together)
            #expect(values.values.allSatisfy { $0.isFinite }, "\(values)")
            step += 5
        }
    }

    // MARK: - Figures and actions

    struct Shape: Sendable, CustomTestStringConvertible {
        let topics: Int
        var vocabulary: Int?
        var memory = 1 << 30
        var testDescription: String { "\(topics) topics, \(vocabulary ?? 64) words, \(memory) bytes" }
    }

    /// Each figure is there before the first step and after, however small the model is.
    @Test(arguments: [
        Shape(topics: 1), Shape(topics: 2), Shape(topics: 70), Shape(topics: 1, vocabulary: 1),
        Shape(topics: 3, vocabulary: 1), Shape(topics: 3, memory: 0),
    ])
    func figuresAreDrawn(_ shape: Shape) throws {
        var corpus = try Planted(documents: 60).corpus()
        if shape.vocabulary == 1 {
            let rows = try SparseRows(columns: 1, starts: [0, 1, 2, 3], indices: [0, 0, 0], counts: [30, 1, 40])
            corpus = try Corpus(name: "one word", vocabulary: ["word"], rows: rows)
        }
        var trainer = try LDATrainer(
            corpus, topics: shape.topics, defaults: Self.defaults(memory: shape.memory), on: .cpu)
        var view = ViewState()
        func look(_ relevance: Double) throws {
            var experiment = try Experiment(trainer, data: TopicBatches(trainer))
            try experiment.set(["relevance": relevance])
            experiment.look(at: view)
            let learner = try Learner(experiment, options: .init())
            for figure in learner.dashboard.figures.map(\.id) {
                let content = try learner.content(of: figure)
                switch content {
                case let matrix as CircleMatrix:
                    #expect(matrix.columns.count == shape.topics && !matrix.rows.isEmpty)
                    #expect(matrix.scale.isFinite && matrix.rows.allSatisfy { $0.values.allSatisfy { $0.isFinite } })
                    #expect(matrix.columns.allSatisfy { $0.order.allSatisfy { matrix.rows.indices.contains($0) } })
                    #expect(Set(matrix.rows.map { $0.name }).count == matrix.rows.count)
                case let lists as WordLists:
                    #expect(lists.groups.count == shape.topics)
                    for group in lists.groups {
                        #expect(group.words.count <= 30 && Set(group.words.map(\.text)).count == group.words.count)
                        #expect(group.words.allSatisfy { (0...1).contains($0.strength) })
                    }
                case let bars as Exploration.Bars:
                    let shares = bars.series[0].values
                    #expect(shares.count == shape.topics && abs(shares.reduce(0, +) - 100) < 0.01)
                case let scatter as Scatter:
                    #expect(scatter.discs.count == shape.topics)
                    #expect(scatter.discs.allSatisfy { $0.x.isFinite && $0.y.isFinite && $0.weight.isFinite })
                case let heatmap as Heatmap:
                    #expect(heatmap.values.count == shape.topics * shape.topics)
                    #expect(heatmap.values.allSatisfy { $0 >= 0 && $0 <= 1 })
                case let text as ColouredText:
                    #expect(text.groups.count == shape.topics && !text.paragraphs.isEmpty)
                case let words as NothingToShow:
                    #expect(figure == "topic-documents" && shape.memory == 0, "\(figure): \(words.words)")
                default: Issue.record("\(figure) is of another kind")
                }
            }
        }
        for relevance in [1.0, 0, 0.6] { try look(relevance) }
        _ = try Self.values(after: 1, of: &trainer)
        for relevance in [1.0, 0, 0.6] { try look(relevance) }
        for word in [corpus.vocabulary.count - 1, 0] {
            try trainer.look(Action("pin-word", title: "", arguments: [word]), &view)
        }
        try trainer.look(Action("choose-topic", title: "", arguments: [shape.topics - 1]), &view)
        // A control was moved, and topics lost all that they can lose.
        _ = try Self.values(after: 9, of: &trainer, from: 2, ["l1": 100, "cosine-sim": 10, "entropy": 100])
        for relevance in [1.0, 0] { try look(relevance) }
    }

    @Test func pinnedWordsAreShown() throws {
        var trainer = try Self.trainer()
        var view = ViewState()
        let context = StepContext<Int>(step: Step(1, seed: 1), settings: Settings(initialOf: trainer.controls))
        _ = try Self.values(after: 10, of: &trainer)
        func act(_ id: String, _ arguments: [Int]) -> String {
            let action = Action(id, title: "", arguments: arguments)
            return thrownCase {
                trainer.viewActions.contains(id)
                    ? try trainer.look(action, &view) : try trainer.perform(action, context)
            }
        }
        #expect(act("pin-word", [11]) == "" && act("pin-word", [11]) == "" && act("pin-word", [63]) == "")
        #expect(trainer.pinned(view) == [11, 63])
        var experiment = try Experiment(trainer, data: TopicBatches(trainer))
        experiment.look(at: view)
        let learner = try Learner(experiment, options: .init())
        guard let matrix = try learner.content(of: "topic-matrix") as? CircleMatrix else {
            Issue.record("no matrix")
            return
        }
        #expect(matrix.rows.filter { $0.isPinned }.map { $0.name } == ["w11", "w63"])
        #expect(act("unpin-word", [11]) == "" && act("unpin-word", [12]) == "" && trainer.pinned(view) == [63])
        for (id, arguments) in [
            ("pin-word", []), ("pin-word", [64]), ("pin-word", [-1]), ("unpin-word", [.max]), ("choose-topic", [5]),
            ("choose-topic", []), ("topic-temperature", [0]), ("topic-temperature", [0, 0]),
            ("topic-temperature", [0, 100_001]), ("topic-temperature", [5, 100]), ("topic-temperature", [.min, .min]),
        ] as [(String, [Int])] {
            #expect(act(id, arguments) == "invalidValue", "\(id) \(arguments)")
        }
        #expect(act("pin-topic", [0]) == "unknownName")
        #expect(
            trainer.pinned(view) == [63] && trainer.chosenTopic(view) == nil
                && trainer.lda.inverseTemperatures.allSatisfy { $0 == 1 })
        #expect(act("topic-temperature", [3, 100_000]) == "" && act("topic-temperature", [4, 1]) == "")
        #expect(trainer.lda.inverseTemperatures == [1, 1, 1, 0.001, 100])
        _ = try Self.values(after: 5, of: &trainer, from: 11)
        #expect(try trainer.lda.phi.values.allSatisfy { $0.isFinite })
    }

    @Test func aChosenTopicIsMarkedInAllFigures() throws {
        var trainer = try Self.trainer()
        _ = try Self.values(after: 10, of: &trainer)
        var view = ViewState()
        func marked(_ figure: String) throws -> [Int] {
            var experiment = try Experiment(trainer, data: TopicBatches(trainer))
            experiment.look(at: view)
            let content = try Learner(experiment, options: .init()).content(of: figure)
            let choices: [Choice?] =
                switch content {
                case let matrix as CircleMatrix: matrix.columns.map(\.choice)
                case let lists as WordLists: lists.groups.map(\.choice)
                case let bars as Exploration.Bars: bars.choices
                case let scatter as Scatter: scatter.discs.map(\.choice)
                case let heatmap as Heatmap: heatmap.choices
                default: []
                }
            #expect(choices.count == 5 && choices.allSatisfy { $0 != nil }, "\(figure)")
            // A click on a topic that is marked takes the mark away, one on another moves it.
            for (topic, choice) in choices.enumerated() {
                #expect(choice?.action.id == (choice?.isChosen == true ? "unchoose-topic" : "choose-topic"))
                #expect(choice?.isChosen == true || choice?.action.arguments == [topic])
            }
            return choices.indices.filter { choices[$0]?.isChosen == true }
        }
        let figures = ["topic-matrix", "top-words", "topic-sizes", "topic-map", "topic-similarity"]
        for figure in figures { #expect(try marked(figure) == []) }
        try trainer.look(Action("choose-topic", title: "", arguments: [3]), &view)
        for figure in figures { #expect(try marked(figure) == [3]) }
        try trainer.look(Action("unchoose-topic", title: ""), &view)
        #expect(try marked("topic-map") == [] && trainer.chosenTopic(view) == nil)
    }

    @Test func aSlipIsSaidAndTheRunGoesOn() throws {
        let learner = try Self.learner(.init(maximumSteps: 12))
        learner.send(.act(Action("pin-word", title: "", arguments: [64])))
        learner.start()
        learner.wait()
        #expect(learner.status.error == nil && learner.status.step == 12)
        #expect(learner.status.lastRefusal?.contains("a word from 0 to 63") == true)
    }

    // MARK: - Export

    @Test func exportIsReadBack() throws {
        let odd = ["a,b", "\"quoted\"", "two\nlines", "plain", "ümläut", " blank "]
        let planted = try Planted(documents: 90)
        let corpus = try Corpus(
            name: "odd", vocabulary: (0..<64).map { $0 < odd.count ? odd[$0] : "w\($0)" }, rows: planted.rows,
            documentNames: (0..<90).map { "doc, \($0)" })
        var trainer = try LDATrainer(corpus, topics: 5, defaults: Self.defaults(), on: .cpu)
        _ = try Self.values(after: 20, of: &trainer)
        try inTemporaryFolder { folder in
            let out = folder + "/new/folder"
            try trainer.export(to: out)
            let phi = try NPYFile(out + "/phi.npy")
            #expect(phi.count == 5 && phi.columns == 64)
            let weights = try phi.rows([0, 1, 2, 3, 4], on: .cpu).values
            #expect(bitDifference(weights, try trainer.lda.topicWords.values) == nil)
            let theta = try NPYFile(out + "/theta.npy")
            #expect(theta.count == 90 && theta.columns == 5)
            let shares = try theta.rows((0..<90).map { $0 }, on: .cpu).values
            #expect(bitDifference(shares, try trainer.lda.transform(corpus.rows(0..<90)).values) == nil)

            // RFC 4180: fields in quotes hold commas, quotes and line breaks.
            let csv = Self.records(String(decoding: try Files.read(out + "/topics.csv"), as: UTF8.self))
            #expect(csv[0] == ["topic", "share", "rank", "word", "weight"])
            #expect(csv.allSatisfy { $0.count == 5 })
            #expect(csv.count > 5 * 12 + 1 && Set(csv.dropFirst().map { $0[3] }).isSuperset(of: odd))
            var sum = 0.0
            for record in csv.dropFirst() {
                let topic = try #require(Int(record[0]))
                let word = try #require(corpus.vocabulary.firstIndex(of: record[3]))
                #expect(Float(record[4]) == weights[(topic - 1) * 64 + word])
                if record[2] == "1" { sum += try #require(Double(record[1])) }
            }
            #expect(abs(sum - 1) < 1e-6)
            let json = try #require(
                JSONSerialization.jsonObject(with: Files.read(out + "/topics.json")) as? [[String: Any]])
            #expect(json.count == 5 && json.map { $0["topic"] as? Int } == [1, 2, 3, 4, 5])
            let listed = json.flatMap { ($0["words"] as? [[String: Any]] ?? []).map { $0["word"] as? String ?? "" } }
            #expect(listed == csv.dropFirst().map { $0[3] })
            #expect(thrownCase { try trainer.export(to: "/proc/topics") } == "fileNotWritable")
        }
    }

    private static func records(_ text: String) -> [[String]] {
        var (records, field, record): ([[String]], String, [String]) = ([], "", [])
        var (isQuoted, previous): (Bool, Unicode.Scalar) = (false, " ")
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"":
                // A quote that is doubled is one.
                if !isQuoted, previous == "\"" { field.append("\"") }
                isQuoted.toggle()
            case "," where !isQuoted:
                record.append(field)
                field = ""
            case "\n" where !isQuoted:
                records.append(record + [field])
                (record, field) = ([], "")
            default: field.unicodeScalars.append(scalar)
            }
            previous = scalar
        }
        return records
    }
}
