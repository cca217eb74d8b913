import CLMat
import Exploration
import Foundation
import ModelOperations

/// A language model that learns while a person watches: minibatch gradient descent on the surprise at each next word, with scores on a text
/// that it never learns from.
public struct LanguageTrainer: Model, MixinHost {
    /// What the model is called.
    public let title: String
    /// The model as it is now.
    public private(set) var model: LanguageModel
    /// The texts.
    public let data: LanguageData
    /// Criteria of the embeddings, which are made small with the loss.
    public var mixins: Mixins<LanguageEmbeddings>
    let defaults: LanguageRecipe
    /// Words that it goes on from when it writes; the beginning of a sentence if there are none.
    let prompt: [Int32]
    private let stepsPerEpoch: Int

    /// What the model remembers of the texts that it reads; nil before the first step.
    private var state: LanguageState?
    private var scoring: Scoring?
    /// The last whole score on the validation text. Waits for the last of its numbers.
    public var score: LanguageScore? { try? lastScore?.value }
    private var lastScore: Later<LanguageScore>?
    /// The step at which that score was begun.
    private(set) var scoreStep = 0
    private var health = Trailing(LanguageHealth())
    /// What it wrote at some steps on its way, for comparison with what it writes now.
    private(set) var writings: [LanguageWriting] = []

    /// A score on the validation text in progress: of the model as it was when it began.
    fileprivate struct Scoring {
        var model: LanguageModel
        var state: LanguageState
        /// Whose model it is.
        var step: Int
        /// Windows that are done.
        var windows = 0
        /// Of the windows that are done but the last one, whose losses are awaited.
        var score: LanguageScore
        var awaited: (losses: [Later<[Float]>], targets: [Int32])?

        /// Takes in what is awaited: by the next step it has come.
        mutating func settle() throws(CLMatError) {
            guard let own = awaited else { return }
            awaited = nil
            try LanguageModel.add(own, to: &score)
        }
    }

    /// - Parameters:
    ///   - windows: what the trainer is handed, step by step.
    ///   - recipe: where the controls stand at first. The decay of the learning rate is off unless it is asked for.
    ///   - prompt: ids of words that it goes on from when it writes.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for texts of another vocabulary, or a prompt of words that it has not.
    public init(
        _ model: LanguageModel, title: String, data: LanguageData, windows: TokenWindows, recipe: LanguageRecipe,
        prompt: [Int32] = []
    ) throws(CLMatError) {
        try model.requireVocabulary(of: data.train)
        try model.requireVocabulary(of: data.validation)
        if let id = prompt.first(where: { $0 < 0 || Int($0) >= model.shape.vocabulary }) {
            throw .dataMismatch(
                "The prompt has a word \(id), but the model has \(model.shape.vocabulary) words, from 0.")
        }
        (self.model, self.title, self.data, defaults, self.prompt) = (model, title, data, recipe, prompt)
        mixins = Mixins(
            [
                EmbeddingPenalty(.output, .l1, initial: recipe.outputL1),
                EmbeddingPenalty(.input, .l1, initial: recipe.inputL1),
            ], available: EmbeddingCriteria.all)
        stepsPerEpoch = windows.stepsPerEpoch
    }

    // MARK: - What can be moved and seen

    static let training = Control.toggle(
        "training", title: "training", group: "training", initial: true, help: "whether the model learns",
        affects: [.down("perplexity-train"), "perplexity-valid"])

    private var learningRate: Control {
        Control(
            "learning-rate", title: "learning rate η", group: "training", range: 1e-4...10, scale: .log,
            initial: defaults.rate, help: "how far each window of words moves the weights",
            affects: ["perplexity-train", "perplexity-valid", "gradient-norm"])
    }
    private var decay: Control {
        Control(
            "decay", title: "decay of η", group: "training", unit: "per epoch", range: 0.1...1,
            initial: defaults.decay,
            help: "what the learning rate is multiplied by after each epoch, when decay has begun",
            affects: ["perplexity-valid", "rate", "perplexity-train"], isShownAtStart: false)
    }
    private var decayAfter: Control {
        Control(
            "decay-after", title: "decay begins after", group: "training", unit: "epochs",
            kind: .integer(0...200, .linear), initial: Double(min(200, max(0, defaults.epochsBeforeDecay))),
            help: "epochs with the whole learning rate", affects: ["perplexity-valid", "rate", "perplexity-train"],
            isShownAtStart: false)
    }
    private var clip: Control {
        Control(
            "clip", title: "gradient clipped at", group: "training", unit: "‖g‖", range: 0.01...1000, scale: .log,
            initial: defaults.clip, help: "longer gradients are scaled to this length: a step that is no leap",
            affects: ["perplexity-train", "perplexity-valid"])
    }
    private var dropout: Control {
        Control(
            "dropout", title: "dropout", group: "training", range: 0...0.9, initial: defaults.dropout,
            help: "the chance of each number between layers to be left out, so that none relies on another",
            affects: [.up("perplexity-train"), "perplexity-valid"])
    }

    public var controls: [Control] {
        [Self.training, learningRate, clip, dropout, decay, decayAfter] + mixins.controls + viewControls
    }

    /// Perplexities, the gradient's norm, and what the criteria measure.
    public var metrics: [Metric] {
        [
            Metric(
                "perplexity-train", title: "Perplexity, training", unit: "words",
                help:
                    "among so many words that are equally likely the model seems to choose, in each window before it is learned",
                better: .lower, isLogarithmic: true),
            Metric(
                "perplexity-valid", title: "Perplexity, validation", unit: "words",
                help:
                    "the same on a text that it never learns from; read in parts, of the model as it was when the reading began",
                better: .lower, isShownAtStart: true,
                isOnUnseenData: true, isLogarithmic: true),
            Metric(
                "gradient-norm", title: "Norm of the gradient", unit: "‖g‖",
                help: "before it is clipped"),
            Metric("rate", title: "Learning rate in use", unit: "η", help: "after its decay"),
        ] + zeroMetrics + mixins.metrics
    }

    public var notes: [String] { data.notes }

    // MARK: - Learning

    public func needsBatch(_ settings: Settings) throws(CLMatError) -> Bool { try settings.isOn(Self.training) }

    public mutating func update(_ context: StepContext<TokenWindow>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        if let window = context.batch {
            let start = ContinuousClock.now
            try learn(window, context, &measured)
            let seconds = (ContinuousClock.now - start).seconds
            measured.count("training-steps", 1, seconds: seconds)
            measured.count("training-words", Double(window.count), seconds: seconds)
        } else {
            mixins.warn(in: &measured)
        }
        try writeOnTheWay(context.step)
        let start = ContinuousClock.now
        let scored = try goOnScoring(context, &measured)
        if scored > 0 {
            measured.count("scored-words", Double(scored), seconds: (ContinuousClock.now - start).seconds)
        }
        let health = health.later
        measured.after(health.readings) { (measured) throws(CLMatError) in
            if let warning = try health.value.warning { measured.warn(warning) }
        }
        return measured
    }

    /// η after its decay.
    private func rate(at step: Int, _ settings: Settings) throws(CLMatError) -> Double {
        var recipe = defaults
        (recipe.rate, recipe.decay) = (try settings[learningRate], try settings[decay])
        recipe.epochsBeforeDecay = try settings.int(decayAfter)
        return recipe.rate(of: (step - 1) / stepsPerEpoch + 1)
    }

    private mutating func learn(
        _ window: TokenWindow, _ context: StepContext<TokenWindow>, _ measured: inout Measurements
    ) throws(CLMatError) {
        let settings = context.settings
        let before: LanguageState
        if let state, !window.isFirstOfPass, state.batch == window.batch {
            before = state
        } else {
            before = try model.state(batch: window.batch)
        }
        let dropouts = try model.dropouts(rate: settings[dropout], at: context.step)
        var (loss, gradient, next) = try model.gradient(of: window, from: before, dropouts: dropouts)
        try mixins.follow(settings)
        if mixins.areActive {
            let direction = try mixins.gradient(of: LanguageEmbeddings(of: model), context.forMixins)
            if let direction { try gradient.add(direction, to: model) }
        }
        let rate = try rate(at: context.step.number, settings)
        let norm = try model.descend(along: gradient, rate: Float(rate), limit: Float(settings[clip]))
        state = next
        if !mixins.ids.isEmpty {
            try mixins.measure(
                of: LanguageEmbeddings(of: model), whole: norm, context.forMixins, into: &measured,
                isScored: context.step.number == 1 || context.step.number % 10 == 0)
        }
        if context.step.number == 1 || context.step.number % 10 == 0 { try measureZeros(&measured) }
        let (count, step, vocabulary) = (Double(window.count), context.step.number, model.shape.vocabulary)
        measured.note("perplexity-train", loss.map { Self.perplexity($0 / count) })
        try health.follow(loss.readings) { [loss] (health) throws(CLMatError) in
            health.note(loss: try loss.value / count, vocabulary: vocabulary, at: step)
        }
        measured.note("gradient-norm", norm)
        measured["rate"] = rate
    }

    /// e to the nats per word. What the history, which keeps 32 bits, could not tell from its largest number is infinite.
    static func perplexity(_ entropy: Double) -> Double {
        let value = exp(entropy)
        return value > Double(Float.greatestFiniteMagnitude) ? .infinity : value
    }

    // MARK: - Scoring

    /// A whole score is begun at these steps, and then every so many, and at the end of each epoch.
    static let firstScores = [20, 100]
    private static let mostStepsBetweenScores = 500
    /// Words that are scored within one step: reading them costs a third of learning as many.
    private static let wordsPerStep = 1024
    /// Parts of the text that are read side by side.
    private static let scoringBatch = 20

    var scoringWindows: ScoringWindows {
        get throws(CLMatError) {
            let batch = min(Self.scoringBatch, data.validation.targets)
            return try data.validation.scoringWindows(batch: batch, steps: max(1, Self.wordsPerStep / batch))
        }
    }

    private func isScoreDue(at step: Int) -> Bool {
        Self.firstScores.contains(step) || step % min(stepsPerEpoch, Self.mostStepsBetweenScores) == 0
            || step % stepsPerEpoch == 0
    }

    /// - Returns: words that were scored.
    private mutating func goOnScoring(
        _ context: StepContext<TokenWindow>, _ measured: inout Measurements
    ) throws(CLMatError) -> Int {
        let windows = try scoringWindows
        if scoring == nil, isScoreDue(at: context.step.number), try context.settings.isOn(Self.training) {
            scoring = Scoring(
                model: model, state: try model.state(batch: windows.batch), step: context.step.number,
                score: LanguageScore(vocabulary: model.shape.vocabulary))
        }
        guard var own = scoring else { return 0 }
        scoring = nil
        let window = windows[own.windows]
        let (losses, state) = try own.model.losses(of: window, from: own.state.prefix(window.batch))
        own.state = state
        own.windows += 1
        try own.settle()
        let readings = losses.flatMap(\.readings)
        if own.windows == windows.count {
            let score = Later(readings) { [before = own.score] () throws(CLMatError) in
                var score = before
                try LanguageModel.add((losses, window.targets), to: &score)
                return score
            }
            (lastScore, scoreStep) = (score, own.step)
            measured.note("perplexity-valid", score.map { Self.perplexity($0.entropy) })
        } else {
            own.awaited = (losses, window.targets)
            measured.after(readings) { _ in }
            scoring = own
        }
        return window.count
    }

    /// A whole score of the model as it is at the end, on the validation text.
    public func conclude(_ context: StepContext<TokenWindow>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        let score = try model.score(data.validation, batch: scoringWindows.batch, unless: context.leavesOff)
        if let score { measured["perplexity-valid"] = Self.perplexity(score.entropy) }
        return measured
    }

    // MARK: - Keeping

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.group("mixins") { () throws(CLMatError) in try mixins.archive(archive) }
        try archive.group("model") { () throws(CLMatError) in try model.archive(archive) }
        var batch = state?.batch ?? 0
        try archive.keep("batch", &batch)
        guard (0...1 << 24).contains(batch) else { throw archive.damaged("batch", "it is no number of texts") }
        if archive.isReading { state = batch == 0 ? nil : try model.state(batch: batch) }
        try archive.group("state") { () throws(CLMatError) in try state?.archive(archive) }

        var isScoring = scoring != nil
        try archive.keep("is-scoring", &isScoring)
        if archive.isReading {
            scoring =
                !isScoring
                ? nil
                : Scoring(
                    model: model, state: try model.state(batch: scoringWindows.batch), step: 0,
                    score: LanguageScore(vocabulary: model.shape.vocabulary))
        }
        try archive.group("scoring") { () throws(CLMatError) in try scoring?.archive(archive) }
        if archive.isReading, let scoring {
            guard try (0..<scoringWindows.count).contains(scoring.windows) else {
                throw archive.damaged("scoring.windows", "there are not as many")
            }
        }
        var hasScore = lastScore != nil
        try archive.keep("has-score", &hasScore)
        var score: LanguageScore?
        if hasScore {
            let known = archive.isReading || archive.isCounting ? nil : try lastScore?.value
            score = known ?? LanguageScore(vocabulary: model.shape.vocabulary)
        }
        try archive.group("score") { () throws(CLMatError) in try score?.archive(archive) }
        if archive.isReading { lastScore = score.map { Later($0) } }
        try archive.keep("score-step", &scoreStep)
        let words = model.shape.vocabulary
        try archive.group("writings") { () throws(CLMatError) in
            try LanguageWriting.archive(&writings, archive, vocabulary: words)
        }
    }

    // MARK: - Writing on the way

    /// Keeps what it writes at a few steps, ever further apart.
    private mutating func writeOnTheWay(_ step: Step) throws(CLMatError) {
        guard Self.writingSteps.contains(step.number) else { return }
        writings.append(try write(Self.wordsOnTheWay, at: step.number))
    }
}

extension LanguageTrainer.Scoring {
    fileprivate mutating func archive(_ archive: Archive) throws(CLMatError) {
        if !archive.isCounting { try settle() }
        try archive.group("model") { () throws(CLMatError) in try model.archive(archive) }
        try archive.group("state") { () throws(CLMatError) in try state.archive(archive) }
        try archive.keep("step", &step)
        try archive.keep("windows", &windows)
        try archive.group("score") { () throws(CLMatError) in try score.archive(archive) }
    }
}

extension LanguageGradient {
    /// Adds what criteria of the embeddings are after.
    mutating func add(_ direction: EmbeddingDirection, to model: LanguageModel) throws(CLMatError) {
        if let own = direction.output { try output.add(own) }
        guard let own = direction.input else { return }
        guard let input = model.ownInput else { return try output.add(own) }
        try makeInputWhole(input)
        try wholeInput?.add(own)
    }
}
