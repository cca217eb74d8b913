import CLMat
import Exploration
import Foundation

/// Topics that are learned minibatch by minibatch while temperature, sparseness and dissimilarity are moved.
///
/// - Source: Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, section 2.5 and chapter 3.
public struct LDATrainer: Model, MixinHost {
    /// "LDA · 32 topics"
    public let title: String
    /// The topics as they are now.
    public private(set) var lda: LDA
    let corpus: Corpus
    let device: Device
    private let defaults: Defaults
    private let firstSamples: Double
    private let heldOut: DocumentCompletion?
    let coherence: Coherence
    /// 1 × V: the share of each word in the documents that are learned.
    let wordShares: [Float]

    /// φ as it was when a control was last moved; nil before that.
    private(set) var reference: Matrix?
    /// What the controls of learning were in the last step.
    private var lastSettings: [Double] = []

    /// Criteria of the topics.
    public var mixins: Mixins<TopicState> {
        get { lda.mixins }
        set { lda.mixins = newValue }
    }

    /// What a run starts with.
    public struct Defaults: Sendable {
        /// Documents in a minibatch; if nil an eighth of the corpus, at most 10,000.
        public var batchSize: Int?
        /// m; if nil as ``LDA/defaultSamples(topics:tokens:)`` says.
        public var samples: Double?
        /// α, the same for each topic.
        public var alpha = 0.1
        /// β, the same for each word.
        public var beta = 0.01
        /// Bytes for what is kept of minibatches.
        public var memory = 1 << 30
        /// What is drawn at random follows from it.
        public var seed: UInt64 = 1

        /// The usual values.
        public init() {}
    }

    /// - Parameter heldOut: documents that are not learned from, and scored.
    /// - Throws: as ``LDA/init(topics:vocabulary:alpha:beta:seed:memory:on:)``, and ``/CLMat/CLMatError/dataMismatch(_:)`` if no
    ///   document is left to learn from.
    public init(
        _ corpus: Corpus, topics: Int, heldOut: HeldOutSplit? = nil, defaults: Defaults = Defaults(), on device: Device
    ) throws(CLMatError) {
        if let heldOut {
            let count = corpus.count
            guard heldOut.observed.columns == corpus.vocabulary.count,
                heldOut.documents.allSatisfy({ (0..<count).contains($0) })
            else { throw .dataMismatch("The documents that are held out are not of \(corpus.name).") }
        }
        (self.corpus, self.device, self.defaults) = (corpus, device, defaults)
        title = "LDA · \(topics) topics"
        lda = try LDA(
            topics: topics, vocabulary: corpus.vocabulary, alpha: defaults.alpha, beta: defaults.beta,
            seed: defaults.seed, memory: defaults.memory, on: device)
        lda.mixins = Mixins(TopicCriteria.all)
        try lda.begin(corpus, holdingOut: heldOut?.documents ?? [], batchSize: defaults.batchSize)
        firstSamples = defaults.samples ?? lda.samples
        if let heldOut { self.heldOut = try DocumentCompletion(heldOut, on: device) } else { self.heldOut = nil }
        coherence = try Coherence(corpus)
        var counts = [Float](repeating: 0, count: corpus.vocabulary.count)
        var total: Float = 0
        for documents in lda.minibatches?.documents ?? [] {
            let rows = try corpus.rows(documents)
            for (word, count) in zip(rows.indices, rows.counts) { counts[Int(word)] += Float(count) }
            total += Float(rows.total)
        }
        wordShares = counts.map { $0 / max(total, 1) }
        lda.wordShares = try Matrix(wordShares, 1, wordShares.count, on: device)
    }

    /// Whether the last samples of every minibatch are kept, as incremental statistics need it.
    public var keepsSamples: Bool { lda.minibatches?.keepsCounts ?? false }

    var minibatchCount: Int { lda.minibatches?.count ?? 1 }

    // MARK: - What can be moved and seen

    private static let rules = ["incremental", "moving average", "constant ρ"]
    private static let forms = ["by temperature", "multinomial", "Poisson"]

    private var temperature: Control {
        Control(
            "temperature", title: "temperature 1/m", group: "topics",
            range: max(0.001, min(1, 1 / mostSamples))...5, scale: .log,
            initial: max(1 / firstSamples, min(1, 1 / mostSamples)),
            help: "how freely words change their topics: m samples per token",
            affects: [
                .down("log-likelihood"), .up("moved-share"), .down("log-likelihood-heldout"), .up("perplexity-heldout"),
            ])
    }
    private var iterations: Control {
        Control(
            "iterations", title: "iterations", group: "sampler", unit: "rounds per minibatch",
            kind: .integer(1...50, .log), initial: lda.minibatches?.keepsTheta == true ? 1 : 5,
            help: "how often a minibatch is sampled before the topics follow",
            affects: ["log-likelihood", "log-likelihood-heldout", "moved-share"], isShownAtStart: false)
    }
    private static let form = Control.choice(
        "form", title: "samples", group: "sampler", options: forms,
        help:
            "Poisson is cheaper, multinomial exact; by temperature: multinomial below 50 samples per token; topics with temperatures of their own are always Poisson",
        affects: ["moved-share", "log-likelihood"], isShownAtStart: false)
    private static let rule = Control.choice(
        "rule", title: "statistics", group: "sampler", options: rules,
        help: "incremental replaces each minibatch's samples, the others forget with rate ρ",
        affects: ["perplexity-heldout", "log-likelihood", "moved-share"], isShownAtStart: false)
    private static let decay = Control(
        "decay", title: "decay κ", group: "sampler", range: 0.3...1, initial: 0.5,
        help: "of the moving average: ρ = (τ₀ + t)^−κ",
        affects: ["log-likelihood", "log-likelihood-heldout", "moved-share"], isShownAtStart: false)
    private static let delay = Control(
        "delay", title: "delay τ₀", group: "sampler", range: 1...1000, scale: .log, initial: 1,
        help: "of the moving average: larger trusts the first minibatches less",
        affects: ["log-likelihood", "log-likelihood-heldout", "moved-share"], isShownAtStart: false)
    private static let rate = Control(
        "rate", title: "constant rate ρ", group: "sampler", range: 0.001...1, scale: .log, initial: 0.1,
        help: "the share of each minibatch in the statistics",
        affects: ["log-likelihood", "log-likelihood-heldout", "moved-share"], isShownAtStart: false)
    private var alpha: Control {
        Control(
            "alpha", title: "prior α", group: "priors", range: 0.001...10, scale: .log, initial: defaults.alpha,
            help: "how many topics a document has",
            affects: ["perplexity-heldout", "log-likelihood", "mean-cosine"], isShownAtStart: false)
    }
    private var beta: Control {
        Control(
            "beta", title: "prior β", group: "priors", range: 0.0001...1, scale: .log, initial: defaults.beta,
            help: "how many words a topic has that it has not seen",
            affects: ["density", "log-likelihood", "perplexity-heldout"], isShownAtStart: false)
    }
    private static let optimiseAlpha = Control.toggle(
        "optimise-alpha", title: "α from the data", group: "priors", initial: false,
        help: "fits α to the documents, topic by topic, once a pass, when there are topics (after 20 passes)",
        affects: ["effective-topics", "perplexity-heldout", "log-likelihood"], isShownAtStart: false)
    private static let optimiseBeta = Control.toggle(
        "optimise-beta", title: "β from the data", group: "priors", initial: false,
        help: "fits β to the topics, once a pass, when there are topics (after 20 passes)",
        affects: ["density", "perplexity-heldout", "log-likelihood"], isShownAtStart: false)
    static let relevance = Control(
        "relevance", title: "relevance λ", group: "pictures", range: 0...1, initial: 1,
        help: "1 ranks words by weight, 0 by how much more often they are in the topic than elsewhere",
        isShownAtStart: false, isView: true)

    public var controls: [Control] {
        [temperature] + mixins.controls + [
            iterations, Self.form, Self.rule, Self.decay, Self.delay, Self.rate, alpha, beta, Self.optimiseAlpha,
            Self.optimiseBeta, Self.relevance,
        ]
    }

    /// Likelihoods, coherence, density, sizes, and what the criteria measure.
    public var metrics: [Metric] {
        var metrics = [
            TopicMetrics.logLikelihood, TopicMetrics.density, TopicMetrics.cosineSimilarity, TopicMetrics.movedShare,
        ]
        if heldOut != nil { metrics += [TopicMetrics.perplexity, TopicMetrics.heldOutLogLikelihood] }
        metrics += [
            TopicMetrics.coherence, TopicMetrics.sharedTopWords, TopicMetrics.effectiveTopics, TopicMetrics.entropy,
            TopicMetrics.meanCosine,
            TopicMetrics.densityAbove,
        ]
        return metrics + mixins.metrics
    }

    // MARK: - Learning

    public mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        let (start, step) = (ContinuousClock.now, context.step)
        try follow(context.settings)
        lda.seed = step.seed
        let (tokens, result) = try lda.step(context.forMixins)
        let seconds = (ContinuousClock.now - start).seconds
        var measured = Measurements()
        measured.note("log-likelihood", result.map { $0.logLikelihood / Double(max(1, tokens)) })
        measured.warn(
            ifLost: "log-likelihood", titled: "the log-likelihood", "The topics left the numbers", advice: Warning.undo)
        // In the first pass all is new.
        if step.number > minibatchCount {
            measured.note("moved-share", result.map { $0.moved / Double(max(1, tokens)) })
        }
        measured.count("training-steps", 1, seconds: seconds)
        measured.count("training-tokens", Double(tokens), seconds: seconds)
        let (pass, rest) = step.number.quotientAndRemainder(dividingBy: minibatchCount)
        let isFirst = step.number == 1
        if isFirst || rest == 0 { try measure(&measured) }
        try measureMixins(context.forMixins, isScored: isFirst || rest == 0, &measured)
        if isFirst || rest == 0 && pass % Self.scoreInterval == 0 { try score(&measured) }
        return measured
    }

    /// The most samples per token with which a minibatch's samples can be counted: where the slider of the temperature ends.
    private var mostSamples: Double {
        min(100_000, 0x1.ep30 / Double(max(1, lda.minibatches?.mostTokens ?? 1)))
    }

    private mutating func measureMixins(
        _ context: MixinContext, isScored: Bool, _ measured: inout Measurements
    ) throws(CLMatError) {
        guard !mixins.ids.isEmpty else { return }
        let state = try lda.state(lda.phi)
        try lda.mixins.measure(of: state, whole: lda.wholeUpdate, context, into: &measured, isScored: isScored)
    }

    /// Takes over what the controls say.
    private mutating func follow(_ settings: Settings) throws(CLMatError) {
        var current: [Double] = []
        for control in controls where !control.isView { current.append(try settings[control]) }
        if current != lastSettings {
            if !lastSettings.isEmpty { reference = lda.phi }
            lastSettings = current
        }
        // The coolest topic stays within what can be counted, so that a slider cannot end the run.
        lda.samples = min(try 1 / settings[temperature], mostSamples / max(1, lda.inverseTemperatures.max() ?? 1))
        try lda.mixins.follow(settings)
        lda.rounds = try settings.int(iterations)
        lda.form = [nil, .multinomial, .poisson][min(2, max(0, try settings.int(Self.form)))]
        // Topics of different temperatures can only be drawn one by one.
        if lda.form == .multinomial, !lda.inverseTemperatures.allSatisfy({ $0 == 1 }) { lda.form = .poisson }
        let rule: LDA.Statistics =
            switch try settings.int(Self.rule) {
            case 1: .movingAverage(delay: try settings[Self.delay], decay: try settings[Self.decay])
            case 2: .constantRate(try settings[Self.rate])
            default: .incremental
            }
        if rule == .incremental, lda.statisticsRule != rule, lda.steps > 0 { try lda.rebuild() }
        lda.statisticsRule = rule
        // Before there are topics, all documents and words are alike, and priors that fit that keep it so.
        let hasTopics = lda.steps >= 20 * minibatchCount
        let (fitsAlpha, fitsBeta) = (try settings.isOn(Self.optimiseAlpha), try settings.isOn(Self.optimiseBeta))
        lda.optimisesAlpha = hasTopics && fitsAlpha
        lda.optimisesBeta = hasTopics && fitsBeta
        if !lda.optimisesAlpha { lda.alpha = [Double](repeating: try settings[alpha], count: lda.topics) }
        if !lda.optimisesBeta { lda.beta = try settings[beta] }
    }

    /// Passes between two scores of the held-out documents, and of coherence.
    private static let scoreInterval = 4

    private func measure(_ measured: inout Measurements) throws(CLMatError) {
        let (phi, topics) = (lda.phi, lda.topics)
        let values = try phi.valuesLater()
        measured.note("density", try phi.greater(than: (1 / Float(lda.words)).nextDown).meanLater().map { Double($0) })
        measured.note("density-hundredth", try phi.greater(than: Float(0.01).nextDown).meanLater().map { Double($0) })
        measured.note("cosine-similarity", values.map { TopicScores.cosineSimilarity($0, topics: topics) })
        measured.note("mean-cosine", values.map { TopicScores.meanCosine($0, topics: topics) })
        let logPhi = try phi.clamped(to: 1e-30...1).log()
        measured.note("topic-entropy", try (phi * logPhi).sumLater().map { -Double($0) / Double(topics) })
        let totals = try lda.statistics.columnSums().valuesLater()
        measured.note(
            "effective-topics", totals.map { TopicScores.effectiveTopics(shares: TopicState.shares(ofTotals: $0)) })
    }

    private func score(_ measured: inout Measurements) throws(CLMatError) {
        let top = TopicScores.topWords(try lda.phi.values, topics: lda.topics, count: 20)
        let npmi = coherence.npmi(of: top.map { Array($0.prefix(10)) })
        measured["npmi"] = npmi.reduce(0, +) / Double(max(1, npmi.count))
        measured["shared-top-words"] = TopicScores.sharedTopWords(top)
        if let heldOut {
            let likelihood = try heldOut.logLikelihood(of: lda)
            measured["log-likelihood-heldout"] = likelihood
            measured["perplexity-heldout"] = exp(-likelihood)
        }
    }

    public func conclude(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        try measure(&measured)
        guard !context.leavesOff() else { return measured }
        try score(&measured)
        return measured
    }

    // MARK: - Actions

    public mutating func perform(_ action: Action, _ context: StepContext<Int>) throws(CLMatError) {
        guard action.id == "topic-temperature" else {
            throw .unknownName(kind: "action", name: action.id, known: ["topic-temperature"] + viewActions)
        }
        let topic = try argument(0, of: action, 0..<lda.topics, "a topic")
        // In hundredths of the sampler's temperature.
        let percent = try argument(1, of: action, 1..<100_001, "a percentage")
        let inverseTemperature = 100 / Double(percent)
        guard lda.samples * inverseTemperature <= mostSamples else {
            throw .invalidValue(
                setting: action.id, value: "\(percent) %",
                accepted:
                    "\(Int((100 * lda.samples / mostSamples).rounded(.up))) % or more: a minibatch has more samples than can be counted else"
            )
        }
        lda.inverseTemperatures[topic] = inverseTemperature
    }

    private func argument(
        _ index: Int, of action: Action, _ range: Range<Int>, _ what: String
    ) throws(CLMatError) -> Int {
        guard action.arguments.indices.contains(index), range.contains(action.arguments[index]) else {
            throw .invalidValue(
                setting: action.id, value: "\(action.arguments)",
                accepted: "\(what) from \(range.lowerBound) to \(range.upperBound - 1)")
        }
        return action.arguments[index]
    }

    // MARK: - Looking

    public var viewActions: [String] { ["choose-topic", "unchoose-topic", "pin-word", "unpin-word"] }

    /// `choose-topic` [topic], which is marked in all figures and whose documents are shown; `unchoose-topic`; `pin-word` and `unpin-word` [word], which is shown always.
    public func look(_ action: Action, _ view: inout ViewState) throws(CLMatError) {
        switch action.id {
        case "choose-topic": view[Self.chosen] = [try argument(0, of: action, 0..<lda.topics, "a topic")]
        case "unchoose-topic": view[Self.chosen] = []
        case "pin-word":
            let word = try argument(0, of: action, 0..<lda.words, "a word")
            if !view[Self.pins].contains(word) { view[Self.pins].append(word) }
        case "unpin-word":
            let word = try argument(0, of: action, 0..<lda.words, "a word")
            view[Self.pins].removeAll { $0 == word }
        default: throw .unknownName(kind: "action", name: action.id, known: viewActions)
        }
    }

    private static let (chosen, pins) = ("chosen-topic", "pinned-words")

    /// The topic that is marked and whose documents are shown; nil if none was chosen. What a file chose may be of other topics.
    func chosenTopic(_ view: ViewState) -> Int? { view[Self.chosen].last { (0..<lda.topics).contains($0) } }
    func pinned(_ view: ViewState) -> [Int] { view[Self.pins].filter { (0..<lda.words).contains($0) } }

    // MARK: - Keeping

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.group("lda") { () throws(CLMatError) in try lda.archive(archive) }
        // So that the step at which samples become incremental sums them up, also in a run that goes on there.
        var isIncremental = lda.statisticsRule == .incremental
        try archive.keep("is-incremental", &isIncremental)
        if archive.isReading, isIncremental != (lda.statisticsRule == .incremental) {
            lda.statisticsRule = isIncremental ? .incremental : .movingAverage(delay: 1, decay: 0.5)
        }
        try archive.keep("reference", &reference)
        try archive.keep("last-settings", &lastSettings)
        try archive.group("mixins") { () throws(CLMatError) in try mixins.archive(archive) }
        guard archive.isReading else { return }
        guard reference?.shape ?? lda.phi.shape == lda.phi.shape else {
            throw archive.damaged("reference", "it is not of these topics")
        }
    }
}

/// The minibatches of a corpus, by number: the model holds the documents, since it keeps something of each.
public struct TopicBatches: DataSource {
    public let stepsPerEpoch: Int
    public let name: String
    public let checksum: String
    public let notes: [String]

    /// - Parameter notes: what a person should know beside the notes of the corpus.
    public init(_ trainer: LDATrainer, notes: [String] = []) {
        stepsPerEpoch = trainer.minibatchCount
        self.notes = trainer.corpus.notes + notes
        (name, checksum) = (trainer.corpus.name, trainer.corpus.checksum)
    }

    /// The number of the step's minibatch, from 0: they come in turns.
    public func batch(at place: DataPlace) -> Int { (place.step.number - 1) % max(1, stepsPerEpoch) }
}
