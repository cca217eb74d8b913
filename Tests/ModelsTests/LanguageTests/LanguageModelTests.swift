import CLMat
import Exploration
import Foundation
import ModelOperations
import TestSupport
import Testing

@testable import Models

/// The loss of a window in plain Swift and Double, with embeddings as dense matrices.
private struct PlainLanguageModel {
    let vocabulary: Int, width: Int, units: Int
    /// Input embedding, output embedding, biases, then of each layer input weights, recurrent weights, biases.
    var parts: [[Double]]

    init(_ model: LanguageModel) throws {
        (vocabulary, width, units) = (model.shape.vocabulary, model.shape.input.columns, model.shape.units)
        parts = try [model.input.dense().values, model.output.dense().values, model.biases.values].map {
            $0.map(Double.init)
        }
        for layer in model.layers {
            parts += try [layer.inputWeights.values, layer.recurrentWeights.values, layer.biases.values].map {
                $0.map(Double.init)
            }
        }
    }

    /// Σ of the losses of all words / batch.
    func loss(_ window: TokenWindow, isTied: Bool = false) -> Double {
        func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
        let layers = (parts.count - 3) / 3
        var total = 0.0
        for b in 0..<window.batch {
            var h = [[Double]](repeating: [Double](repeating: 0, count: units), count: layers)
            var c = h
            for step in 0..<window.steps {
                let word = Int(window.inputs[step * window.batch + b])
                var x = Array(parts[isTied ? 1 : 0][word * width..<(word + 1) * width])
                for layer in 0..<layers {
                    let (wx, wh, bias) = (parts[3 + 3 * layer], parts[4 + 3 * layer], parts[5 + 3 * layer])
                    var z = bias
                    for column in z.indices {
                        for i in x.indices { z[column] += x[i] * wx[i * 4 * units + column] }
                        for i in 0..<units { z[column] += h[layer][i] * wh[i * 4 * units + column] }
                    }
                    for u in 0..<units {
                        c[layer][u] =
                            logistic(z[units + u]) * c[layer][u] + logistic(z[u]) * tanh(z[2 * units + u])
                        h[layer][u] = logistic(z[3 * units + u]) * tanh(c[layer][u])
                    }
                    x = h[layer]
                }
                let logits = (0..<vocabulary).map { v in
                    parts[2][v] + zip(x, parts[1][v * units..<(v + 1) * units]).reduce(0) { $0 + $1.0 * $1.1 }
                }
                let top = logits.max() ?? 0
                let target = Int(window.targets[step * window.batch + b])
                total += log(logits.map { exp($0 - top) }.reduce(0, +)) - (logits[target] - top)
            }
        }
        return total / Double(window.batch)
    }
}

/// A tiny language: its words follow each other by a rule that a model can learn.
enum SmallLanguage {
    static let words = 13

    /// After w comes w + 1 or w + 3 of 13, by chance.
    static func text(_ count: Int, seed: UInt64) throws -> TokenText {
        var random = SplitMix64(seed: seed)
        var ids: [Int32] = [0]
        while ids.count < count { ids.append((ids[ids.count - 1] + (random.next() % 4 == 0 ? 3 : 1)) % Int32(words)) }
        return try TokenText(
            name: "rule", ids: ids,
            vocabulary: LanguageVocabulary(numberedByCounts: (0..<words).map { 1000 - $0 }))
    }

    static func data() throws -> LanguageData {
        try LanguageData(
            name: "rule", train: text(2000, seed: 1), validation: text(400, seed: 2), test: text(300, seed: 3))
    }

    static func shape(_ kind: String = "dense", units: Int = 8) throws -> LanguageModelShape {
        switch kind {
        case "dense": try .dense(vocabulary: words, units: units)
        case "tied": try .dense(vocabulary: words, units: units, isTied: true)
        case "one layer": try .dense(vocabulary: words, units: units, layers: 1)
        case "differentiated":
            try .powerLaw(.differentiated([(4, units / 2), (words - 4, units - units / 2)]))
        case "narrow input":
            try LanguageModelShape(
                layers: 2, units: units, input: .nested([(words, 2), (5, 3)]), output: .dense(words, units))
        default: try .powerLaw(.nested([(words, units / 4), (6, units / 2), (3, units)]))
        }
    }
}

@Suite struct LanguageModelTests {
    static let kinds = ["dense", "power-law", "tied", "one layer", "differentiated", "narrow input"]

    @Test(arguments: kinds, Device.all)
    func gradientsAreThoseOfTheLoss(_ kind: String, on device: Device) throws {
        let shape = try SmallLanguage.shape(kind)
        let model = try LanguageModel(shape, range: 0.7, seed: 3, on: device)
        let window = try TokenWindows(SmallLanguage.text(200, seed: 1), batch: 3, steps: 4).batch(
            at: DataPlace(step: Step(1, seed: 1)))
        let plain = try PlainLanguageModel(model)
        let (loss, gradient, _) = try model.gradient(of: window, from: model.state(batch: 3))
        let expected = plain.loss(window, isTied: shape.isTied)
        #expect(abs(try loss.value / 3 - expected) < 1e-5 * expected)

        var input: [Float] = []
        if let rows = gradient.input {
            var whole = try PowerLawMatrix(zeros: model.input.shape, on: device)
            try whole.add(rows)
            input = try whole.dense().values
        }
        var found = [input, try gradient.output.dense().values, try gradient.biases.values]
        for layer in gradient.layers {
            found += [try layer.inputWeights.values, try layer.recurrentWeights.values, try layer.biases.values]
        }
        // Where there is no element, there is no gradient.
        let ones = try [model.input, model.output].map { matrix in
            var own = matrix
            try own.fill(with: 1)
            return try own.dense().values
        }
        for (part, values) in found.enumerated() {
            for index in values.indices {
                if part < 2, ones[part][index] == 0 {
                    #expect(values[index] == 0)
                    continue
                }
                let h = 1e-5
                var (up, down) = (plain, plain)
                up.parts[part][index] += h
                down.parts[part][index] -= h
                let slope = (up.loss(window, isTied: shape.isTied) - down.loss(window, isTied: shape.isTied)) / (2 * h)
                #expect(
                    abs(Double(values[index]) - slope) < 2e-5 * max(1, abs(slope)), "\(kind), part \(part), \(index)")
            }
        }
    }

    /// V × rows logits are worked on slice by slice; the score is that of one after the other.
    @Test func scoresDoNotDependOnHowTheyAreMade() throws {
        let model = try LanguageModel(SmallLanguage.shape(), range: 0.5, seed: 1, on: .cpu)
        let text = try SmallLanguage.text(2600, seed: 4)
        let whole = try model.score(text, batch: 1)
        #expect(whole.tokens == 2599)
        #expect(model.slices(of: 0, columns: SmallLanguage.words).isEmpty)
        let large = try LanguageModel(.dense(vocabulary: 30_000, units: 2), seed: 1, on: .cpu)
        #expect(large.slices(of: 700, columns: 30_000) == [0..<234, 234..<468, 468..<700])
        // Word by word, with the state carried over.
        var (state, score) = (try model.state(batch: 1), LanguageScore(vocabulary: SmallLanguage.words))
        for position in 0..<2599 {
            let trace = try model.read([text[position]], from: state)
            let losses = try model.losses(of: trace.top, [text[position + 1]])[0].values
            score.add(losses, [text[position + 1]])
            state = try trace.state()
        }
        #expect(abs(score.entropy - whole.entropy) < 1e-6)
        #expect(score.counts == whole.counts)
        // By rank: counts add up, and shares are the entropy.
        let ranges = whole.byRank([0..<3, 3..<10, 10..<100])
        #expect(ranges.map(\.tokens).reduce(0, +) == 2599)
        #expect(abs(ranges.map(\.share).reduce(0, +) - whole.entropy) < 1e-12)
        #expect(abs(whole.perplexity - exp(whole.entropy)) < 1e-12)
    }

    @Test(arguments: ["dense", "power-law", "tied"], Device.all)
    func aRuleIsLearned(_ kind: String, on device: Device) throws {
        let data = try SmallLanguage.data()
        var model = try LanguageModel(SmallLanguage.shape(kind, units: 16), range: 0.3, seed: 1, on: device)
        var recipe = LanguageRecipe()
        (recipe.batch, recipe.steps, recipe.epochs) = (10, 5, 24)
        (recipe.rate, recipe.epochsBeforeDecay) = (2, 20)
        let epochs = try model.fit(data, recipe)
        #expect(epochs.count == 24)
        #expect(epochs.map(\.rate).suffix(2) == [0.25, 0.125])
        // The rule's own perplexity: e^(−¾ ln ¾ − ¼ ln ¼) = 1.75.
        let last = epochs[23].validationPerplexity
        #expect(last < 2.3, "\(epochs.map(\.validationPerplexity))")
        #expect(abs(try model.score(data.validation).perplexity - last) < 1e-9)
        // The likeliest word is w + 1, but for a word or two where the rounding of 450 steps at this rate has led astray.
        let written = try model.sample(30, after: [5], temperature: 0, seed: 1)
        #expect(zip([5] + written, written).count { ($0 + 1) % Int32(SmallLanguage.words) == $1 } >= 28)
        #expect(try model.sample(20, seed: 7) == model.sample(20, seed: 7))
        #expect(try model.sample(20, seed: 7) != model.sample(20, seed: 8))
        #expect(try !model.sample(40, excluding: 3, seed: 2).contains(3))
    }

    @Test func patienceEndsAndPastIsGoneOnWith() throws {
        let data = try SmallLanguage.data()
        var recipe = LanguageRecipe()
        (recipe.batch, recipe.steps, recipe.epochs) = (10, 10, 4)
        var whole = try LanguageModel(SmallLanguage.shape(), seed: 1, on: .cpu)
        let epochs = try whole.fit(data, recipe)
        var parts = try LanguageModel(SmallLanguage.shape(), seed: 1, on: .cpu)
        let first = try parts.fit(data, recipe) { epoch, _ in epoch.number < 2 }
        #expect(first.count == 2)
        try inTemporaryFolder { folder in
            let file = folder + "/model.safetensors"
            try parts.save(to: file, data.vocabulary, notes: ["epochs": "2"])
            let loaded = try LanguageModel.load(file, on: .cpu)
            #expect(loaded.notes == ["epochs": "2"] && loaded.vocabulary == data.vocabulary)
            parts = loaded.model
        }
        let rest = try parts.fit(data, recipe, after: first)
        #expect(rest.map(\.validationPerplexity) == epochs.map(\.validationPerplexity))
        #expect(rest.map(\.trainPerplexity) == epochs.map(\.trainPerplexity))
        // With a rate of 0 no epoch is better than the first.
        (recipe.rate, recipe.epochs, recipe.patience) = (0, 50, 3)
        #expect(try whole.fit(data, recipe).count == 4)
    }

    @Test func anEpochIsToldOnItsWay() throws {
        let data = try SmallLanguage.data()
        var recipe = LanguageRecipe()
        (recipe.batch, recipe.steps, recipe.epochs) = (10, 10, 2)
        var (told, model) = ([LanguageProgress](), try LanguageModel(SmallLanguage.shape(), seed: 1, on: .cpu))
        let epochs = try model.fit(data, recipe, progress: { told.append($0) })
        let windows = told.count / 2
        #expect(windows > 2 && told.map(\.epoch) == [1, 2].flatMap { [Int](repeating: $0, count: windows) })
        #expect(told[0].words == 100 && told[0].trainPerplexity.isNaN && told[windows].words == 100)
        let last = told[windows - 1]
        #expect(last.words == last.wordsOfEpoch && last.words == epochs[0].words)
        // All windows but one.
        #expect(abs(last.trainPerplexity / epochs[0].trainPerplexity - 1) < 0.2)
        // Who looks does not change what is learned.
        var other = try LanguageModel(SmallLanguage.shape(), seed: 1, on: .cpu)
        try other.fit(data, recipe)
        #expect(try other.output.elements.values == model.output.elements.values)
    }

    @Test func sparsenessDrawsWeightsToZero() throws {
        let data = try SmallLanguage.data()
        func small(_ output: Double, _ input: Double) throws -> (output: Double, input: Double) {
            var recipe = LanguageRecipe()
            (recipe.batch, recipe.steps, recipe.epochs, recipe.epochsBeforeDecay) = (10, 10, 10, 10)
            (recipe.outputL1, recipe.inputL1) = (output, input)
            var model = try LanguageModel(SmallLanguage.shape(units: 32), seed: 1, on: .cpu)
            try model.fit(data, recipe)
            func share(_ matrix: PowerLawMatrix) throws -> Double {
                Double(try matrix.elements.values.count { abs($0) < 0.02 }) / Double(matrix.count)
            }
            return (try share(model.output), try share(model.input))
        }
        let (without, both) = (try small(0, 0), try small(0.02, 0.02))
        #expect(both.output > without.output + 0.2, "\(without), \(both)")
        #expect(both.input > without.input + 0.2, "\(without), \(both)")
    }

    @Test func whatDoesNotFitIsSaid() throws {
        let data = try SmallLanguage.data()
        var model = try LanguageModel(.dense(vocabulary: 12, units: 4), seed: 1, on: .cpu)
        #expect(throws: CLMatError.self) { try model.score(data.validation) }
        #expect(throws: CLMatError.self) { try model.fit(data) }
        #expect(throws: CLMatError.self) { try model.sample(3, after: [12], seed: 1) }
        #expect(throws: CLMatError.self) { try model.sample(3, temperature: -1, seed: 1) }
        #expect(throws: CLMatError.self) { try model.save(to: "/tmp/x", data.vocabulary) }
        #expect(throws: CLMatError.self) { try LanguageModelShape.dense(vocabulary: 10, units: 0) }
        #expect(throws: CLMatError.self) {
            try LanguageModelShape(layers: 1, units: 3, input: .dense(5, 3), output: .dense(5, 4))
        }
        #expect(throws: CLMatError.self) {
            try LanguageModelShape(layers: 1, units: 3, input: .dense(5, 2), output: .dense(5, 3), isTied: true)
        }
        // A run that leaves the numbers says where.
        var recipe = LanguageRecipe()
        (recipe.rate, recipe.clip, recipe.batch) = (1e30, 1e30, 10)
        var wild = try LanguageModel(SmallLanguage.shape(), seed: 1, on: .cpu)
        let error = #expect(throws: CLMatError.self) { try wild.fit(data, recipe) }
        #expect(error.map { "\($0)" }?.contains("step") == true)
    }
}

@Suite struct LanguageTrainerTests {
    private static func learner(
        _ options: Learner.Options, on device: Device, _ kind: String = "power-law"
    ) throws -> Learner {
        let data = try SmallLanguage.data()
        let windows = try TokenWindows(data.train, batch: 10, steps: 10)
        var recipe = LanguageRecipe()
        recipe.batch = 10
        let trainer = try LanguageTrainer(
            LanguageModel(SmallLanguage.shape(kind), seed: 1, on: device), title: "small", data: data,
            windows: windows, recipe: recipe)
        var experiment = try Experiment(trainer, data: windows)
        try experiment.put(on: [], mixins: ["output-l1", "input-l2"])
        return try Learner(experiment, options: options)
    }

    @Test(arguments: ["dense", "tied", "power-law"], Device.all)
    func everythingCanBeDoneAgain(_ kind: String, on device: Device) throws {
        try expectRepeatable(
            changes: [
                .init(0, .set(control: "learning-rate", to: 0.5)), .init(3, .set(control: "dropout", to: 0.2)),
                .init(6, .set(control: "output-l1", to: 1e-3)), .init(9, .set(control: "input-l2", to: 1e-4)),
                .init(15, .set(control: "clip", to: 0.5)), .init(22, .set(control: "training", to: 0)),
                .init(25, .set(control: "training", to: 1)),
            ], steps: 44, on: device
        ) { try Self.learner($0, on: device, kind) }
    }

    @Test func damagedCheckpointsNeverTrap() throws {
        try expectNoTrap(onDamagedCheckpointsOf: { try Self.learner($0, on: .cpu) }, steps: 21, trials: 80)
    }

    @Test func thePerplexityIsThatOfTheModel() throws {
        let learner = try Self.learner(Learner.Options(maximumSteps: 120), on: .cpu).toTheEnd()
        let valid = learner.timeline.series("perplexity-valid").values
        #expect(valid.count >= 3)
        #expect(valid[valid.count - 1] < valid[0])
        #expect(learner.timeline.series("gradient-norm").values.allSatisfy { $0 > 0 })
        // The rate halves from the fifth epoch on, of 19 steps each.
        #expect(learner.timeline.series("rate").values[75] == 1)
        #expect(learner.timeline.series("rate").values[76] == 0.5)
    }

    /// With an OpenCL device a step waits for nothing.
    @Test(.enabled(if: !Device.openCL.isEmpty, "there is no OpenCL device"))
    func aSteadyStepWaitsForNothing() throws {
        func waits(_ steps: Int) throws -> Int {
            let (device, counter) = Device.openCL[0].counting()
            var options = Learner.Options(maximumSteps: steps)
            options.keepsSnapshots = false
            _ = try Self.learner(options, on: device).toTheEnd()
            return counter.counts.waits
        }
        #expect(try waits(18) == waits(8))
    }
}
