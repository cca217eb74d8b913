import CLMat
import Exploration
import Formats
import Foundation
import TestSupport
import Testing

@testable import Models

/// What must hold of topics whatever they are learned from.
@Suite struct LDALawTests {
    private static let rules: [LDA.Statistics] = [
        .incremental, .movingAverage(delay: 1, decay: 0.5), .constantRate(0.1),
    ]

    private func expectColumnsOfOne(_ phi: Matrix, _ what: Comment? = nil) throws {
        let sums = columnSums(try phi.values, columns: phi.columns)
        #expect(sums.allSatisfy { $0 == 0 || abs($0 - 1) < 1e-4 }, what)
    }

    // MARK: - No word is lost

    @Test(arguments: rules)
    func wordsThatComeLaterGainWeight(rule: LDA.Statistics) throws {
        let corpus = try Planted(documents: 60, length: 10).corpus()
        var lda = try LDA(topics: 5, vocabulary: corpus.vocabulary, on: .cpu)
        lda.statisticsRule = rule
        try lda.begin(corpus, batchSize: 3)
        let first = try #require(lda.minibatches?.documents.first)
        let early = Set(try corpus.rows(first).indices.map(Int.init))
        let all = Set(try corpus.rows(0..<corpus.count).indices.map(Int.init))
        let late = all.subtracting(early)
        #expect(late.count > 20)
        _ = try lda.step()
        let start = rowSums(try lda.phi.values, columns: 5)
        for _ in 1..<60 { _ = try lda.step() }
        let (weights, samples) = (
            rowSums(try lda.phi.values, columns: 5), rowSums(try lda.statistics.values, columns: 5)
        )
        #expect(late.count { weights[$0] > 2 * start[$0] } * 10 >= late.count * 9)
        #expect(late.allSatisfy { samples[$0] > 0 })
    }

    /// Regularisers that take all they can, and are switched off: words and topics come back.
    @Test(arguments: rules)
    func wordsComeBackAfterStrongRegularisers(rule: LDA.Statistics) throws {
        let planted = try Planted()
        let corpus = try planted.corpus()
        var lda = try LDA(topics: 5, vocabulary: corpus.vocabulary, on: .cpu)
        lda.statisticsRule = rule
        try lda.fit(corpus, passes: 3)
        lda.mixins = Mixins([(Sparseness(), 20), (Dissimilarity(), 2), (TopicEntropy(), 10)])
        for _ in 0..<24 {
            _ = try lda.step()
            #expect(rowSums(try lda.phi.values, columns: 5).allSatisfy { $0 > 0 })
            try expectColumnsOfOne(lda.phi)
        }
        let dense = TopicScores.density(try lda.phi.values, topics: 5, threshold: 1e-6)
        lda.mixins = Mixins()
        try lda.fit(corpus, passes: 20)
        #expect(TopicScores.density(try lda.phi.values, topics: 5, threshold: 1e-6) > dense)
        #expect(try lda.phi.min() > 0)
        let samples = rowSums(try lda.statistics.values, columns: 5)
        let used = Set(try corpus.rows(0..<corpus.count).indices.map(Int.init))
        #expect(used.allSatisfy { samples[$0] > 0.5 })
    }

    // MARK: - The M-step

    struct Step: Sendable, CustomTestStringConvertible {
        var l1 = 0.0
        var cosine = 0.0
        var entropy = 0.0
        var smoothing = 0.0
        var decorrelation = 0.0
        var testDescription: String { "\(l1) \(cosine) \(entropy) \(smoothing) \(decorrelation)" }
    }
    static let steps = [
        Step(), Step(l1: 0.5), Step(l1: 30), Step(cosine: 0.3), Step(cosine: 3), Step(entropy: 1), Step(entropy: 40),
        Step(smoothing: 0.4), Step(smoothing: 1), Step(decorrelation: 0.01), Step(decorrelation: 1),
        Step(l1: 1, cosine: 0.5, entropy: 0.5, smoothing: 0.2, decorrelation: 0.1),
    ]

    /// φ ∝ max(0, φ̂ − Σ λ g), in Double; a word that all would lose stays where it has most samples.
    @Test(arguments: steps, Device.all)
    func topicsFollowTheFormula(_ step: Step, on device: Device) throws {
        let (words, topics, beta) = (53, 7, 0.01)
        var random = SplitMix64(seed: 5)
        // Some words are rare everywhere, some nowhere.
        let n = random.floats(words * topics, in: 0...1).enumerated().map { index, x -> Float in
            x < 0.4 ? 0 : index / topics % 3 == 0 ? x : 200 * x * x
        }
        var lda = try LDA(topics: topics, vocabulary: (0..<words).map { "w\($0)" }, beta: beta, on: device)
        lda.statistics = try Matrix(n, words, topics, on: device)
        lda.mixins = Mixins([
            (Sparseness(), step.l1), (Dissimilarity(), step.cosine), (TopicEntropy(), step.entropy),
            (Smoothing(), step.smoothing), (SizeBalance(), 1), (Decorrelation(), step.decorrelation),
        ])
        try lda.maximise(MixinContext(step: Exploration.Step(1, seed: 1)))

        let totals = columnSums(n, columns: topics).map { $0 + Double(words) * beta }
        let hat = n.indices.map { (Double(n[$0]) + beta) / totals[$0 % topics] }
        let all = n.reduce(0.0) { $0 + Double($1) }
        let v = Double(words)
        var (phi, kept) = (hat, 0)
        for w in 0..<words {
            let row = w * topics..<(w + 1) * topics
            let (sum, share) = (hat[row].reduce(0, +), n[row].reduce(0.0) { $0 + Double($1) } / all)
            let cuts = row.map { i -> Double in
                // g₁ = 1/V, g₂ = Σᵢ φᵢ − φ, g₃ = max(0, −1 − ln φ) / (V ln V), g₄ = φ − p,
                // g₆ = V φ (Σᵢ φᵢ − φ)
                step.l1 / v + step.cosine * (sum - hat[i]) + step.entropy * max(0, -1 - log(hat[i])) / (v * log(v))
                    + step.smoothing * (hat[i] - share) + step.decorrelation * v * hat[i] * (sum - hat[i])
            }
            let isLeft = zip(row, cuts).contains { hat[$0] > $1 }
            let most = n[row].max() ?? 0
            if !isLeft { kept += 1 }
            for (i, cut) in zip(row, cuts) {
                phi[i] = isLeft ? max(0, hat[i] - cut) : n[i] >= most ? hat[i] : 0
            }
        }
        if step.l1 == 30 || step.cosine == 3 || step.entropy == 40 { #expect(kept > 5) }
        let sums = columnSums(phi.map { Float($0) }, columns: topics)
        let wanted = phi.indices.map { sums[$0 % topics] > 0 ? phi[$0] / sums[$0 % topics] : 0 }
        // 32 bits: a few roundings of φ̂ and the cuts, which are at most 10, over what is left of a topic.
        let found = try lda.phi.values
        #expect(
            difference(found, wanted, within: { 4e-6 * (1 + 1 / max(sums[$0 % topics], 1e-3)) }) == nil)
        #expect(rowSums(found, columns: topics).allSatisfy { $0 > 0 })
    }

    @Test func weightsOfZeroChangeNothing() throws {
        let corpus = try Planted(documents: 80).corpus()
        func phi(_ mixins: [(mixin: any Mixin<TopicState>, weight: Double)]) throws -> [Float] {
            var lda = try LDA(topics: 4, vocabulary: corpus.vocabulary, on: .cpu)
            lda.mixins = Mixins(mixins)
            try lda.fit(corpus, passes: 3)
            return try lda.phi.values
        }
        let none = try phi([])
        #expect(bitDifference(try phi(TopicCriteria.all.map { ($0, 0) }), none) == nil)
        for mixin in TopicCriteria.all { #expect(bitDifference(try phi([(mixin, 0.7)]), none) != nil, "\(mixin.id)") }
    }

    /// What is drawn is held back by factors; how probable words are is not.
    @Test func equalSizesLeaveTheLikelihoodALikelihood() throws {
        let corpus = try Planted(documents: 100).corpus()
        var lda = try LDA(topics: 5, vocabulary: corpus.vocabulary, on: .cpu)
        try lda.fit(corpus, passes: 5)
        lda.mixins = Mixins([(SizeBalance(), 2)])
        let batch = lda.steps % 8
        let phi = try lda.phi.values
        let theta = try #require(lda.minibatches).thetas[batch].values
        let documents = try #require(lda.minibatches?.documents[batch])
        let sums = rowSums(theta, columns: 5)
        let shares = theta.indices.map { theta[$0] / Float(sums[$0 / 5]) }
        let result = try lda.step().result.value
        let wanted = logLikelihood(try corpus.rows(documents), theta: shares, phi: phi, topics: 5)
        #expect(abs(result.logLikelihood / Double(result.tokens) - wanted) < 1e-4)
    }

    // MARK: - Samples

    /// The same seed gives the same bits, on any number of slices; another seed does not.
    @Test(arguments: [TopicSampling.Form.multinomial, .poisson])
    func theSameSeedGivesTheSameBits(form: TopicSampling.Form) throws {
        let corpus = try Planted(documents: 101).corpus()
        func learned(_ seed: UInt64, _ device: Device) throws -> (phi: [Float], samples: [Float], theta: [Float]) {
            var lda = try LDA(topics: 6, vocabulary: corpus.vocabulary, seed: seed, on: device)
            lda.form = form
            lda.mixins = Mixins([(Sparseness(), 0.5), (Dissimilarity(), 0.2)])
            try lda.fit(corpus, passes: 4, batchSize: 30)
            return (try lda.phi.values, try lda.statistics.values, try lda.transform(corpus.rows(0..<9)).values)
        }
        let one = try learned(1, .cpu)
        for slices in [1, 3, 16] {
            let cpu = Device.cpu
            let device = Device(
                name: "slices", kind: .cpu, details: "", memory: cpu.memory, computeUnits: slices, backend: cpu.backend)
            let other = try learned(1, device)
            #expect(bitDifference(one.samples, other.samples) == nil, "\(slices) slices")
            #expect(bitDifference(one.phi, other.phi) == nil && bitDifference(one.theta, other.theta) == nil)
        }
        #expect(bitDifference(try learned(2, .cpu).samples, one.samples) != nil)
    }

    /// n is the sum of what is kept of each minibatch / m, also after m was moved.
    @Test(arguments: rules, Device.all)
    func statisticsAreTheSumOfSamples(rule: LDA.Statistics, on device: Device) throws {
        let corpus = try Planted(documents: 90).corpus()
        var lda = try LDA(topics: 4, vocabulary: corpus.vocabulary, on: device)
        try lda.begin(corpus, batchSize: 20)
        lda.statisticsRule = rule
        for (step, samples) in [20, 20, 7.5, 1, 0.3, 100, 3, 20, 55, 2, 4, 0.7, 20].enumerated() {
            lda.samples = samples
            _ = try lda.step()
            if step == 8 { lda.inverseTemperatures[1] = 3 }
        }
        if rule != .incremental {
            // The step at which samples begin to replace each other sums them up.
            lda.statisticsRule = .incremental
            try lda.rebuild()
            _ = try lda.step()
        }
        #expect(difference(try lda.statistics.values, try lda.keptSamples(), within: 0.01) == nil)
        #expect(lda.minibatches?.counts.contains { $0.rates[0] != $0.rates[1] } == true)
        try expectColumnsOfOne(lda.phi)
    }

    /// α and β add to samples / m, whatever m is.
    @Test(arguments: [0.2, 1, 4, 20, 100, 1000], [TopicSampling.Form.multinomial, .poisson])
    func priorsKeepTheirMeaning(samples: Double, form: TopicSampling.Form) throws {
        let corpus = try Planted(documents: 100).corpus()
        var lda = try LDA(topics: 5, vocabulary: corpus.vocabulary + ["never"], alpha: 0.3, beta: 0.05, on: .cpu)
        let rows = try corpus.rows(0..<100)
        let wide = try SparseRows(
            columns: rows.columns + 1, starts: rows.starts, indices: rows.indices, counts: rows.counts)
        let corpusWithMore = try Corpus(name: "more", vocabulary: lda.vocabulary, rows: wide)
        (lda.samples, lda.form) = (samples, form)
        try lda.fit(corpusWithMore, passes: 2)
        let batches = try #require(lda.minibatches)
        var sum = 0.0
        for theta in batches.thetas {
            let values = try theta.values
            #expect(values.allSatisfy { $0 >= 0.3 })
            sum += values.reduce(0) { $0 + Double($1) - 0.3 }
        }
        // Samples are Poisson numbers: their sum is off by a share of 1/√(m N) or so.
        let tokens = Double(corpus.tokens)
        #expect(abs(sum / tokens - 1) < 5 / (samples * tokens).squareRoot() + 1e-4, "\(sum) of \(tokens)")
        #expect(abs(Double(try lda.statistics.sum()) / tokens - 1) < 5 / (samples * tokens).squareRoot() + 1e-4)
        // A word that is nowhere weighs β / (n_k + Vβ).
        let totals = columnSums(try lda.statistics.values, columns: 5)
        let last = try lda.phi.values.suffix(5)
        for (found, total) in zip(last, totals) {
            let wanted = 0.05 / (total + Double(lda.words) * 0.05)
            #expect(abs(Double(found) - wanted) < 1e-5 * wanted + 1e-9)
        }
    }

    /// With one topic all is known: φ = (c + β) / (N + Vβ).
    @Test(arguments: Device.all)
    func oneTopicIsTheCorpus(on device: Device) throws {
        let corpus = try Planted(documents: 50).corpus()
        var lda = try LDA(topics: 1, vocabulary: corpus.vocabulary, on: device)
        try lda.fit(corpus, passes: 3)
        let rows = try corpus.rows(0..<50)
        var counts = [Double](repeating: 0.01, count: lda.words)
        for (word, count) in zip(rows.indices, rows.counts) { counts[Int(word)] += Double(count) }
        let total = counts.reduce(0, +)
        #expect(difference(try lda.phi.values, counts.map { $0 / total }, within: 1e-6) == nil)
        #expect(try lda.transform(rows).values.allSatisfy { abs($0 - 1) < 1e-6 })
    }

    // MARK: - Use and files

    @Test(arguments: Device.all)
    func savedTopicsGiveTheSameNumbers(on device: Device) throws {
        let corpus = try Planted(documents: 80).corpus { $0 == 3 ? "" : $0 == 4 ? "\"a, b\"\r" : "w\($0)" }
        var lda = try LDA(topics: 4, vocabulary: corpus.vocabulary, seed: 77, on: device)
        lda.samples = 60
        lda.inverseTemperatures[2] = 2
        try lda.fit(corpus, passes: 3)
        try inTemporaryFolder { folder in
            let file = folder + "/topics.safetensors"
            try lda.save(to: file)
            let loaded = try LDA.load(file, on: device)
            #expect(loaded.vocabulary == lda.vocabulary && loaded.topics == 4 && loaded.steps == lda.steps)
            #expect(loaded.samples == 60 && loaded.inverseTemperatures == lda.inverseTemperatures && loaded.seed == 77)
            let rows = try corpus.rows(0..<80)
            let theta = try lda.transform(rows).values
            #expect(bitDifference(try loaded.transform(rows).values, theta) == nil)
            #expect(rowSums(theta, columns: 4).allSatisfy { abs($0 - 1) < 1e-5 })
            #expect(bitDifference(try loaded.statistics.values, try lda.statistics.values) == nil)
            #expect(try loaded.topWords(3) == lda.topWords(3))
            // A line break cannot be kept apart from the end of a word.
            let broken = try LDA(topics: 2, vocabulary: ["a\nb", "c"], on: device)
            #expect(thrownCase { try broken.save(to: file) } == "fileNotWritable")
            #expect(try LDA.load(file, on: device).words == lda.words)
        }
    }

    @Test func damagedTopicsAreRefused() throws {
        let corpus = try Planted(documents: 30).corpus()
        var lda = try LDA(topics: 3, vocabulary: corpus.vocabulary, on: .cpu)
        try lda.fit(corpus, passes: 1)
        try inTemporaryFolder { folder in
            let file = folder + "/topics.safetensors"
            try lda.save(to: file)
            let bytes = try Files.read(file)
            for length in [0, 7, 8, 100, bytes.count / 2, bytes.count - 1] {
                try Files.write(Data(bytes.prefix(length)), to: file)
                #expect(thrownCase { _ = try LDA.load(file, on: .cpu) } == "fileDamaged", "\(length) bytes")
            }
            try Files.write(bytes, to: file)
            let (tensors, notes) = try Safetensors.read(file)
            for (note, value) in [
                ("topics", "0"), ("topics", "4"), ("topics", "x"), ("topics", "99999999999"), ("samples", "nan"),
                ("samples", "-1"), ("seed", "-1"), ("vocabulary", "a"), ("clmat-lda", "2"),
            ] {
                var damaged = notes
                damaged[note] = value
                try Safetensors.write(tensors, metadata: damaged, to: file)
                #expect(thrownCase { _ = try LDA.load(file, on: .cpu) } == "fileDamaged", "\(note) \(value)")
            }
            for name in tensors.keys.sorted() {
                var damaged = tensors
                damaged[name] = nil
                try Safetensors.write(damaged, metadata: notes, to: file)
                #expect(thrownCase { _ = try LDA.load(file, on: .cpu) } == "fileDamaged", "no \(name)")
            }
            for name in ["phi", "statistics", "alpha", "beta", "coolness"] {
                var damaged = tensors
                let tensor = try #require(tensors[name])
                damaged[name] = Archive.Tensor(
                    kind: tensor.kind, shape: tensor.shape, bytes: Data(repeating: 0xFF, count: tensor.bytes.count))
                try Safetensors.write(damaged, metadata: notes, to: file)
                #expect(thrownCase { _ = try LDA.load(file, on: .cpu) } == "fileDamaged", "\(name) of NaN")
            }
            // Numbers, but no weights; and what is wrong is named.
            for (name, value) in [("phi", Float(0.5)), ("statistics", -1), ("coolness", 0)] {
                var damaged = tensors
                let tensor = try #require(tensors[name])
                let isDouble = tensor.bytes.count == 8 * tensor.shape.reduce(1, *)
                let number =
                    isDouble ? withUnsafeBytes(of: Double(value)) { Data($0) } : withUnsafeBytes(of: value) { Data($0) }
                var bytes = Data()
                while bytes.count < tensor.bytes.count { bytes += number }
                damaged[name] = Archive.Tensor(kind: tensor.kind, shape: tensor.shape, bytes: bytes)
                try Safetensors.write(damaged, metadata: notes, to: file)
                let error = try #require(throws: CLMatError.self) { try LDA.load(file, on: .cpu) }
                #expect("\(error)".contains("'\(name)'"), "\(error)")
            }
            #expect(thrownCase { _ = try LDA.load(folder + "/none", on: .cpu) } == "fileMissing")
        }
    }

    // MARK: - What cannot be

    @Test func badNumbersAreRefused() throws {
        let words = ["a", "b", "c"]
        func make(_ topics: Int = 2, _ alpha: Double = 0.1, _ beta: Double = 0.01, words: [String] = words) -> String {
            thrownCase { _ = try LDA(topics: topics, vocabulary: words, alpha: alpha, beta: beta, on: .cpu) }
        }
        for topics in [0, -1, TopicSampler.mostTopics + 1, .max, .min] { #expect(make(topics) == "invalidValue") }
        for prior in [0, -1, .nan, .infinity, 1001] {
            #expect(make(2, prior) == "invalidValue" && make(2, 0.1, prior) == "invalidValue", "\(prior)")
        }
        #expect(make(words: []) == "dataMismatch" && make(words: ["a"]) == "")

        let rows = try SparseRows(columns: 3, starts: [0, 2, 2], indices: [0, 2], counts: [3, 1])
        let corpus = try Corpus(name: "two", vocabulary: words, rows: rows)
        func fit(_ change: (inout LDA) -> Void) throws -> String {
            var lda = try LDA(topics: 5, vocabulary: words, on: .cpu)
            try lda.fit(corpus, passes: 2)
            let phi = try lda.phi.values
            change(&lda)
            let name = thrownCase { try lda.fit(corpus, passes: 2) }
            let same = thrownCase { _ = try lda.partialFit(rows) }
            #expect(name == same)
            // A refusal leaves the topics as they were, and what is right again goes on.
            if !name.isEmpty { #expect(try lda.phi.values == phi) }
            (lda.samples, lda.inverseTemperatures, lda.form, lda.rounds) = (20, [1, 1, 1, 1, 1], nil, nil)
            (lda.alpha, lda.beta) = ([0.1, 0.1, 0.1, 0.1, 0.1], 0.01)
            #expect(thrownCase { try lda.fit(corpus, passes: 1) } == "")
            #expect(try lda.phi.values.allSatisfy { $0.isFinite })
            return name
        }
        for samples in [0, -1, .nan, .infinity, 1e9] { #expect(try fit { $0.samples = samples } == "invalidValue") }
        for rounds in [0, -3, 256, .max] { #expect(try fit { $0.rounds = rounds } == "invalidValue", "\(rounds)") }
        #expect(try fit { $0.alpha = [0.1] } == "invalidValue")
        for prior in [0, -1, .nan, .infinity] {
            #expect(try fit { $0.alpha[3] = prior } == "invalidValue" && fit { $0.beta = prior } == "invalidValue")
        }
        #expect(try fit { $0.inverseTemperatures = [1, 2] } == "invalidValue")
        #expect(try fit { $0.inverseTemperatures[0] = 0 } == "invalidValue")
        #expect(try fit { ($0.inverseTemperatures[0], $0.form) = (2, .multinomial) } == "invalidValue")
        #expect(try fit { ($0.samples, $0.rounds) = (100_000, 255) } == "")
        // More samples than 2³¹.
        let heavy = try SparseRows(columns: 3, starts: [0, 1], indices: [1], counts: [1 << 30])
        var lda = try LDA(topics: 2, vocabulary: words, on: .cpu)
        #expect(thrownCase { _ = try lda.partialFit(heavy) } == "invalidArgument")
    }

    @Test func smallAndStrangeDocumentsAreLearned() throws {
        // One document, one word; more topics than either.
        let one = try Corpus(
            name: "one", vocabulary: ["a"], rows: SparseRows(columns: 1, starts: [0, 1], indices: [0], counts: [1]))
        var lda = try LDA(topics: 9, vocabulary: ["a"], on: .cpu)
        try lda.fit(one, passes: 12, batchSize: 1000)
        #expect(try lda.phi.values.allSatisfy { abs($0 - 1) < 1e-6 })
        // Empty documents between others.
        let rows = try SparseRows(columns: 4, starts: [0, 0, 2, 2, 3, 3], indices: [0, 3, 1], counts: [2, 5, 1])
        let holes = try Corpus(name: "holes", vocabulary: ["a", "b", "c", "d"], rows: rows)
        var other = try LDA(topics: 2, vocabulary: holes.vocabulary, alpha: 0.2, on: .cpu)
        other.alpha = [0.1, 0.3]
        try other.fit(holes, passes: 30, batchSize: 1)
        #expect(other.minibatches?.documents.map { $0.count } == [1, 1] && other.minibatches?.tokens == 8)
        let theta = try other.transform(rows).values
        // A document without words has the shares of α.
        for row in [0, 2, 4] { #expect(abs(theta[2 * row] - 0.25) < 1e-6 && abs(theta[2 * row + 1] - 0.75) < 1e-6) }
        #expect(theta.allSatisfy { $0.isFinite })
        let nobody = try SparseRows(columns: 4, starts: [0], indices: [], counts: [])
        #expect(try other.transform(nobody).shape == Shape(0, 2))
        #expect(try other.partialFit(nobody).tokens == 0)

        #expect(thrownCase { try other.fit(holes, passes: 1) } == "")
        #expect(thrownCase { _ = try other.transform(rows, rounds: 0) } == "invalidArgument")
        let narrow = try SparseRows(columns: 3, starts: [0, 1], indices: [0], counts: [1])
        #expect(thrownCase { _ = try other.transform(narrow) } == "dataMismatch")
        #expect(thrownCase { _ = try other.partialFit(narrow) } == "dataMismatch")
        #expect(thrownCase { try other.fit(one, passes: 1) } == "dataMismatch")
        var fresh = try LDA(topics: 2, vocabulary: holes.vocabulary, on: .cpu)
        #expect(thrownCase { try fresh.fit(holes, passes: 1, holdingOut: [1, 3]) } == "dataMismatch")
        #expect(thrownCase { try fresh.fit(holes, passes: 1, batchSize: 0) } == "invalidValue")
        #expect(thrownCase { try fresh.fit(holes, passes: -1, holdingOut: [-4, 77]) } == "" && fresh.steps == 0)
        #expect(thrownCase { _ = try fresh.step() } == "")
    }

    // MARK: - Memory

    /// Without memory for documents, samples or θ the moving average takes over; documents that are read anew are the same.
    @Test func aSmallMemoryKeepsNothing() throws {
        let planted = try Planted()
        let corpus = try planted.corpus()
        func learned(_ memory: Int, rule: LDA.Statistics = .incremental, batchSize: Int? = nil, passes: Int) throws
            -> LDA
        {
            var lda = try LDA(topics: 5, vocabulary: corpus.vocabulary, memory: memory, on: .cpu)
            lda.statisticsRule = rule
            lda.rounds = 5
            try lda.fit(corpus, passes: passes, batchSize: batchSize)
            return lda
        }
        for memory in [0, -1, 1000] {
            let lda = try learned(memory, passes: 15)
            #expect(lda.minibatches?.keepsTheta == false && lda.minibatches?.keepsCounts == false)
            #expect(planted.leastCosine(try lda.phi.values) > 0.9)
            #expect(lda.rate == pow(1 + Double(lda.steps), -0.5))
            try expectColumnsOfOne(lda.phi)
        }
        // θ of 400 documents takes 8000 bytes, a quarter of this; twenty minibatches' counts and the documents take more.
        let thetaOnly = try learned(32_000, rule: .constantRate(0.2), batchSize: 20, passes: 4)
        let whole = try learned(1 << 30, rule: .constantRate(0.2), batchSize: 20, passes: 4)
        #expect(thetaOnly.minibatches?.keepsTheta == true && thetaOnly.minibatches?.keepsCounts == false)
        #expect(whole.minibatches?.keepsCounts == true)
        #expect(bitDifference(try thetaOnly.phi.values, try whole.phi.values) == nil)
    }
}
