import CLMat
import Exploration
import Foundation

/// A model of clicks that learns while a person watches: AdaGrad on a log in its order, each record foretold before it is learned from, with
/// scores on records that it never learns from.
public struct ClickTrainer: Model {
    /// What the model is called.
    public let title: String
    /// The model as it is now.
    public private(set) var model: ClickModel
    /// The records.
    public let data: ClickData
    let defaults: ClickRecipe
    private let stepsPerEpoch: Int
    private let chances: FeatureChances

    /// What AdaGrad remembers.
    private(set) var state: ClickOptimiserState
    private var scoring: Scoring?
    /// The last whole score on the held-out records.
    public private(set) var score: ClickScore?
    /// The step at which that score was begun.
    private(set) var scoreStep = 0

    /// A score in progress: of the model as it was when it began.
    fileprivate struct Scoring {
        var model: ClickModel
        /// Whose model it is.
        var step: Int
        var score = ClickScore()
    }

    /// - Parameters:
    ///   - batches: what the trainer is handed, step by step.
    ///   - recipe: where the controls stand at first.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for records of another vocabulary, or none held out;
    ///   ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a recipe that cannot be.
    public init(
        _ model: ClickModel, title: String, data: ClickData, batches: ClickBatches, recipe: ClickRecipe
    ) throws(CLMatError) {
        try recipe.check()
        guard data.vocabulary.count == model.shape.features else {
            throw .dataMismatch(
                "\(data.name) has \(data.vocabulary.count) features, but the model has \(model.shape.features).")
        }
        guard data.test.count > 0 else {
            throw .dataMismatch("\(data.test.name) has no records: there is nothing to score the model on.")
        }
        (self.model, self.title, self.data, defaults) = (model, title, data, recipe)
        state = try ClickOptimiserState(for: model)
        stepsPerEpoch = batches.stepsPerEpoch
        chances = FeatureChances(vocabulary: data.vocabulary, records: data.train.count)
    }

    /// The score of the true chances of the held-out records, which no model is better than but by luck; nil where nobody knows them.
    ///
    /// - Cost: the records are drawn once more.
    public func oracle() throws(CLMatError) -> ClickScore? {
        let records = data.test
        var score = ClickScore()
        for first in stride(from: 0, to: records.count, by: Self.recordsPerStep) {
            let range = first..<min(records.count, first + Self.recordsPerStep)
            guard let chances = try records.oracle(range) else { return nil }
            score.add(try records.batch(range), chances.map { log($0) - log1p(-$0) })
        }
        return score
    }

    // MARK: - What can be moved and seen

    static let training = Control.toggle(
        "training", title: "training", group: "training", initial: true, help: "whether the model learns",
        affects: [.up("likelihood-train"), "likelihood-test"])

    private var rate: Control {
        Control(
            "learning-rate", title: "learning rate η", group: "training", range: 1e-4...1, scale: .log,
            initial: defaults.rate, help: "how far AdaGrad's first step moves a weight of the embedding",
            affects: ["likelihood-train", "likelihood-test"])
    }
    private var networkRate: Control {
        Control(
            "network-rate", title: "η of the layers", group: "training", range: 1e-4...1, scale: .log,
            initial: defaults.networkRate, help: "the same of the dense layers",
            affects: ["likelihood-train", "likelihood-test"])
    }
    private var vectorSquares: Control {
        Control(
            "vector-squares", title: "δ of the vectors", group: "training", range: 1e-2...1e5, scale: .log,
            initial: defaults.initialSquaresOfOthers,
            help:
                "added to AdaGrad's sums of squared gradients but in the first column: with more of it products of features that are noise grow less",
            affects: ["likelihood-train", "likelihood-test"], isShownAtStart: false)
    }
    private var l2: Control {
        Control(
            "l2", title: "L2 λ", group: "criteria", range: 1e-9...1e-2, scale: .logWithOff, initial: defaults.l2,
            help: "½λΣw² of the embedding, beside the mean loss of a record: small weights, above all of rare features",
            affects: ["likelihood-test", .down("embedding-norm"), .down("likelihood-train")])
    }
    private var l1: Control {
        Control(
            "l1", title: "L1 λ", group: "criteria", range: 1e-9...1e-2, scale: .logWithOff, initial: defaults.l1,
            help: "λΣ|w| of the embedding: weights that hardly matter become 0",
            affects: [.up("zeros"), "likelihood-test"])
    }
    private var clickWeight: Control {
        Control(
            "click-weight", title: "weight of a click", group: "criteria", range: 0.1...100, scale: .log,
            initial: defaults.clickWeight,
            help:
                "how much a record with a click counts, where one without counts 1: above 1 it foretells too many clicks",
            affects: [.up("calibration-test"), "likelihood-test", "auc-test"])
    }

    public var controls: [Control] {
        [Self.training, rate] + (model.network == nil ? [] : [networkRate]) + [vectorSquares, l2, l1, clickWeight]
    }

    /// Likelihoods, ranking, calibration, and the size of the weights.
    public var metrics: [Metric] {
        [
            Metric(
                "likelihood-train", title: "Log-likelihood, before learning", unit: "nats per record",
                help: "of the records of each minibatch, foretold before they are learned from", better: .higher),
            Metric(
                "likelihood-test", title: "Log-likelihood, held out", unit: "nats per record",
                help: "of records that it never learns from", better: .higher, isShownAtStart: true,
                isOnUnseenData: true),
            Metric(
                "auc-test", title: "AUC, held out", unit: "area",
                help: "the chance that a record with a click is ranked before one without", better: .higher,
                isShownAtStart: true, isOnUnseenData: true),
            Metric(
                "calibration-test", title: "Calibration, held out", unit: "clicks foretold per click",
                help: "the mean chance over the share of clicks: 1 if they are alike", isShownAtStart: true,
                isOnUnseenData: true),
            Metric(
                "embedding-norm", title: "Size of the embedding", unit: "‖w‖", help: "the root of Σw²"),
            Metric("zeros", title: "Weights that are 0", unit: "%", help: "of the embedding", range: 0...100),
        ]
    }

    public var notes: [String] { data.notes }

    // MARK: - Learning

    public func needsBatch(_ settings: Settings) throws(CLMatError) -> Bool { try settings.isOn(Self.training) }

    public mutating func update(_ context: StepContext<ClickMinibatch>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        if let batch = context.batch {
            let start = ContinuousClock.now
            try learn(batch, context, &measured)
            let seconds = (ContinuousClock.now - start).seconds
            measured.count("training-steps", 1, seconds: seconds)
            measured.count("training-records", Double(batch.count), seconds: seconds)
        }
        let start = ContinuousClock.now
        let scored = try goOnScoring(context, &measured)
        if scored > 0 {
            measured.count("scored-records", Double(scored), seconds: (ContinuousClock.now - start).seconds)
        }
        return measured
    }

    private mutating func learn(
        _ batch: ClickMinibatch, _ context: StepContext<ClickMinibatch>, _ measured: inout Measurements
    ) throws(CLMatError) {
        let bags = try model.bags(batch.records, sorted: batch.features)
        let step = ClickStep(try recipe(context.settings), chances, of: bags, batch: batch.count)
        let logits = try model.learn(batch.records, bags, step, &state)
        let labels = batch.records.labels
        measured.note(
            "likelihood-train", try logits.valuesLater().map { ClickScore.logLikelihood(zip($0, labels)) })
        if context.step.number == 1 || context.step.number % Self.stepsBetweenSizes == 0 {
            measured.note(
                "embedding-norm", try model.embedding.elements.sumOfSquaresLater().map { Double($0).squareRoot() })
            measured.note("zeros", try model.embedding.elements.equal(to: 0).meanLater().map { 100 * Double($0) })
        }
        measured.warn(
            ifLost: "likelihood-train", titled: "the log-likelihood", "The model left the numbers",
            advice: Warning.undo)
    }

    /// Where the controls stand.
    private func recipe(_ settings: Settings) throws(CLMatError) -> ClickRecipe {
        var recipe = defaults
        recipe.rate = try settings[rate]
        if model.network != nil { recipe.networkRate = try settings[networkRate] }
        recipe.initialSquaresOfOthers = try settings[vectorSquares]
        (recipe.l1, recipe.l2, recipe.clickWeight) = (try settings[l1], try settings[l2], try settings[clickWeight])
        return recipe
    }

    /// The whole embedding is looked at so often: it may be large.
    private static let stepsBetweenSizes = 50

    // MARK: - Scoring

    /// A whole score is begun at these steps, and then every so many, and at the end of each pass.
    static let firstScores = [20, 100]
    private static let mostStepsBetweenScores = 200
    /// Records that are scored within one step.
    static let recordsPerStep = 4096

    private func isScoreDue(at step: Int) -> Bool {
        Self.firstScores.contains(step) || step % min(stepsPerEpoch, Self.mostStepsBetweenScores) == 0
    }

    /// - Returns: records that were scored.
    private mutating func goOnScoring(
        _ context: StepContext<ClickMinibatch>, _ measured: inout Measurements
    ) throws(CLMatError) -> Int {
        if scoring == nil, isScoreDue(at: context.step.number), try context.settings.isOn(Self.training) {
            scoring = Scoring(model: model, step: context.step.number)
        }
        guard var own = scoring else { return 0 }
        scoring = nil
        let first = own.score.count
        let batch = try data.test.batch(first..<min(data.test.count, first + Self.recordsPerStep))
        own.score.add(batch, try own.model.logits(batch))
        if own.score.count == data.test.count {
            (score, scoreStep) = (own.score, own.step)
            Self.note(own.score, &measured)
        } else {
            scoring = own
        }
        return batch.count
    }

    private static func note(_ score: ClickScore, _ measured: inout Measurements) {
        measured["likelihood-test"] = score.logLikelihood
        // Of records that are all alike there is no order, and no share.
        for (name, value) in [("auc-test", score.auc), ("calibration-test", score.calibration)] where value.isFinite {
            measured[name] = value
        }
    }

    /// A whole score of the model as it is at the end.
    public func conclude(_ context: StepContext<ClickMinibatch>) throws(CLMatError) -> Measurements {
        var (measured, score) = (Measurements(), ClickScore())
        for first in stride(from: 0, to: data.test.count, by: Self.recordsPerStep) {
            if context.leavesOff() { return measured }
            let batch = try data.test.batch(first..<min(data.test.count, first + Self.recordsPerStep))
            score.add(batch, try model.logits(batch))
        }
        Self.note(score, &measured)
        return measured
    }

    // MARK: - Keeping

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.group("model") { () throws(CLMatError) in try model.archive(archive) }
        try archive.group("optimiser") { () throws(CLMatError) in try state.archive(archive) }
        var isScoring = scoring != nil
        try archive.keep("is-scoring", &isScoring)
        if archive.isReading { scoring = isScoring ? Scoring(model: model, step: 0) : nil }
        try archive.group("scoring") { () throws(CLMatError) in try scoring?.archive(archive) }
        if archive.isReading, let scoring, scoring.score.count >= data.test.count {
            throw archive.damaged("scoring.score", "there are not as many held-out records")
        }
        var hasScore = score != nil
        try archive.keep("has-score", &hasScore)
        if archive.isReading { score = hasScore ? ClickScore() : nil }
        try archive.group("score") { () throws(CLMatError) in try score?.archive(archive) }
        try archive.keep("score-step", &scoreStep)
    }
}

extension ClickTrainer.Scoring {
    fileprivate mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.group("model") { () throws(CLMatError) in try model.archive(archive) }
        try archive.keep("step", &step)
        try archive.group("score") { () throws(CLMatError) in try score.archive(archive) }
    }
}
