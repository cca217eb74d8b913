import CLMat
import Exploration
import Foundation

/// A network that learns to classify images: minibatch gradient descent on the cross-entropy, with the mean of its
/// parameters along the way, and its scores on a test set.
public struct NetworkTrainer: Model, MixinHost {
    /// What the network is called.
    public let title: String
    /// The network as it is now.
    public private(set) var network: Network
    /// The name of each class, by its label.
    public let classNames: [String]
    let test: DeviceImages
    /// The test images as they came, for figures that show some of them.
    let testImages: LabelledImages

    /// Criteria of the weights, which are made small with the loss.
    public var mixins = Mixins<NetworkParameters>(available: WeightCriteria.all)
    private var optimiser: any Optimiser
    private var scheduledRate = ScheduledRate()
    /// How often each class occurs in the training data, relative to the mean; nil if that is not known or all occur alike.
    private let classShares: [Double]?
    private var average: ParameterAverage?
    let defaults: Defaults

    private var health = Trailing(NetworkHealth())
    private var evaluation: (plain: Evaluation?, averaged: Evaluation?) = (nil, nil)
    private var lastScore: Later<TestScore>?
    /// Scores of the last whole test. Waits for the device if it was tested in the last step.
    public var testScore: TestScore? { lastScore.flatMap { try? $0.value } }

    /// Initial values of the controls.
    public struct Defaults: Sendable {
        /// η, how far a step goes along the optimiser's direction.
        public var learningRate = 1e-4
        /// Steps that a schedule of the learning rate takes.
        public var scheduleLength = 10_000
        /// Steps that the parameter average covers.
        public var averagingWindow = 3000
        /// σₓ of the presets with noise on the training images; a run of its own begins without.
        public var presetNoise = 0.6

        /// Images of each class in the training data, for the control that balances them; empty if that is not known.
        public var classCounts: [Int] = []

        /// The usual values.
        public init(
            learningRate: Double = 1e-4, scheduleLength: Int = 10_000, averagingWindow: Int = 3000,
            presetNoise: Double = 0.6, classCounts: [Int] = []
        ) {
            (self.learningRate, self.scheduleLength) = (learningRate, scheduleLength)
            (self.averagingWindow, self.classCounts) = (averagingWindow, classCounts)
            self.presetNoise = min(max(presetNoise, 0.01), 2)
        }
    }

    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` if the test images or their classes do not fit the network, or it has nothing
    ///   to learn.
    public init(
        _ network: Network, title: String, test: LabelledImages, optimiser: any Optimiser = RMSProp(),
        defaults: Defaults = Defaults()
    ) throws(CLMatError) {
        guard test.shape == network.input else {
            throw .dataMismatch("The images are \(test.shape), but the network takes \(network.input).")
        }
        guard test.classNames.count == network.output.count else {
            throw .dataMismatch(
                "The data have \(test.classNames.count) classes, but the network has \(network.output.count) outputs.")
        }
        guard network.parameterCount > 0 else {
            throw .dataMismatch(
                "The network has no parameters: none of \(network.stages.map(\.name).joined(separator: ", ")) learns.")
        }
        let counts = defaults.classCounts
        let mean = Double(counts.reduce(0, +)) / Double(max(1, counts.count))
        guard counts.isEmpty || counts.count == test.classNames.count else {
            throw .dataMismatch("There are \(counts.count) counts of images for \(test.classNames.count) classes.")
        }
        classShares = Set(counts).count > 1 ? counts.map { Double($0) / mean } : nil
        (self.network, self.title, self.optimiser, self.defaults) = (network, title, optimiser, defaults)
        classNames = test.classNames
        testImages = test
        self.test = try DeviceImages(test, on: network.device)
    }

    // MARK: - What can be moved and seen

    static let training = Control.toggle(
        "training", title: "training", group: "training", initial: true,
        help: "whether the network learns; sampling goes on without",
        affects: [.down("train-loss"), .up("train-accuracy"), "test-accuracy", "test-accuracy-averaged"])

    private var learningRate: Control {
        Control(
            "learning-rate", title: "learning rate η", group: "training", range: 1e-6...1e-1, scale: .log,
            initial: defaults.learningRate, help: "how far each minibatch moves the weights",
            affects: ["train-loss", "test-accuracy", "train-accuracy", "test-accuracy-averaged"])
    }

    var optimiserControls: [Control] { optimiser.controls }

    private var scheduleLength: Control { ScheduledRate.length(initially: defaults.scheduleLength) }

    private static let balance = Control(
        "class-balance", title: "balance of classes", group: "training", range: 0...1, initial: 0,
        help: "0: each image counts alike; 1: each class does, however few images it has",
        affects: ["train-loss", "train-accuracy", "test-accuracy", "test-accuracy-averaged"], isShownAtStart: false)

    private var averagingWindow: Control {
        Control(
            "averaging-window", title: "weights averaged over", group: "training", unit: "steps",
            kind: .integer(10...100_000, .logWithOff), initial: Double(defaults.averagingWindow),
            help: "the averaged network is the mean of the weights along so many steps",
            affects: ["test-accuracy-averaged"])
    }

    private static let noise = Control(
        "training-noise", title: "training noise σₓ", group: "training", range: 0.01...2,
        scale: .logWithOff, initial: 0,
        help: "noise on the training images, in units of full scale: what the network then looks for, people can read",
        affects: [.up("train-loss"), .down("train-accuracy"), "test-accuracy", "test-accuracy-averaged"])

    public var controls: [Control] {
        [Self.training, learningRate] + optimiser.controls + [averagingWindow, Self.noise]
            + (classShares == nil ? [] : [Self.balance]) + [ScheduledRate.form, scheduleLength, ScheduledRate.warmUp]
            + Augmentation.controls + mixins.controls
    }

    /// Losses and accuracies, and what the criteria measure.
    public var metrics: [Metric] {
        [
            Metric(
                "train-loss", title: "Training loss", unit: "nats per image",
                help: "cross-entropy of the minibatch: the surprise at the right label", better: .lower),
            Metric(
                "test-accuracy", title: "Test accuracy", unit: "share of \(grouped(testImages.count)) test images",
                help: "right answers on images that it never learned from", better: .higher, range: 0...1,
                isOnUnseenData: true),
            Metric(
                "test-accuracy-averaged", title: "Test accuracy, averaged weights",
                unit: "share of \(grouped(testImages.count)) test images",
                help: "the same for the mean of the weights along the way", better: .higher, range: 0...1,
                isOnUnseenData: true),
            Metric(
                "train-accuracy", title: "Training accuracy", unit: "share of the minibatch",
                help: "right answers on the minibatch, before it was learned", better: .higher, range: 0...1),
            Metric(
                "learning-rate-now", title: "Learning rate", unit: "η",
                help: "what the schedule makes of the slider: it falls by itself"),
        ] + mixins.metrics
    }

    // MARK: - Learning

    public func needsBatch(_ settings: Settings) throws(CLMatError) -> Bool { try settings.isOn(Self.training) }

    public mutating func update(_ context: StepContext<LabelledBatch>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        if let batch = context.batch {
            let start = ContinuousClock.now
            measured = try learn(batch, context)
            let seconds = (ContinuousClock.now - start).seconds
            measured.count("training-steps", 1, seconds: seconds)
            measured.count("training-images", Double(batch.images.rows), seconds: seconds)
        } else {
            mixins.warn(in: &measured)
        }
        let start = ContinuousClock.now
        let evaluated = try evaluate(into: &measured, context)
        if evaluated > 0 {
            measured.count("test-images", Double(evaluated), seconds: (ContinuousClock.now - start).seconds)
        }
        let health = health.later
        measured.after(health.readings) { (measured) throws(CLMatError) in
            if let warning = try health.value.warning { measured.warn(warning) }
        }
        return measured
    }

    private mutating func learn(
        _ batch: LabelledBatch, _ context: StepContext<LabelledBatch>
    ) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        let noise = Float(try context.settings[Self.noise])
        let views = try Augmentation(context.settings).applied(
            to: batch.images, network.input, context.key(Streams.views))
        let images = try Self.noisy(views, deviation: noise, context.key(Streams.trainingNoise))
        let activations = try network.forward(images, for: .training(context.key(Streams.layers)))
        let (loss, gradient) = try self.loss(activations.last, batch.labels, context)
        let gradients = try context.reducer.mean(
            network.parameterGradients(activations, outputGradient: gradient))
        network.statistics = try context.reducer.mean(network.statistics(after: activations))
        try apply(gradients, context, &measured)

        let window = try context.settings.int(averagingWindow)
        if window == 0 {
            average = nil
        } else {
            if average?.window != window { average = ParameterAverage(window: window) }
            try average?.add(network.state)
        }

        let predictions = try activations.last.rowArgmax().valuesLater()
        let labels = try batch.labels.valuesLater()
        measured.note("train-loss", loss)
        measured.note(
            "train-accuracy",
            Later(predictions.readings + labels.readings) { () throws(CLMatError) in
                let labels = try labels.value
                let right = zip(try predictions.value, labels).count { $0 == $1 }
                return Double(right) / Double(max(1, labels.count))
            })
        let (classes, step, outputs) = (classNames.count, context.step.number, activations.last)
        try health.follow(loss.readings + predictions.readings + labels.readings) { (health) throws(CLMatError) in
            try health.note(
                loss: loss.value, predictions: predictions.value, labels: labels.value, classes: classes, at: step,
                outputs: { () throws(CLMatError) in try outputs.values })
        }
        return measured
    }

    /// The mean cross-entropy of a minibatch, and its gradient with respect to the outputs.
    private func loss(
        _ outputs: Matrix, _ labels: IntVector, _ context: StepContext<LabelledBatch>
    ) throws(CLMatError) -> (loss: Later<Double>, gradient: Matrix) {
        if let classShares, case let balance = try context.settings[Self.balance], balance > 0 {
            // A class that does not occur has no image that could count.
            let weights = classShares.map { $0 > 0 ? Float(pow($0, -balance)) : 0 }
            let (losses, total, gradient) = try outputs.crossEntropy(
                labels, weights: Matrix(constantRow: weights, on: network.device))
            return (try (losses.columnSums() / total).sumLater().map { Double($0) }, gradient)
        }
        let (losses, gradient) = try outputs.crossEntropy(labels)
        return (try losses.meanLater().map { Double($0) }, gradient)
    }

    /// x + N(0, σₓ²), drawn anew at each step. A network that learned with noise has gradients along what people see.
    ///
    /// - Source: S. Kaur, J. Cohen, Z. Lipton, "Are perceptually-aligned gradients a general property of robust classifiers?", 2019;
    ///   J. Cohen, E. Rosenfeld, J. Z. Kolter, "Certified adversarial robustness via randomized smoothing", ICML 2019, section 3.3.
    static func noisy(_ images: Matrix, deviation: Float, _ key: RandomKey) throws(CLMatError) -> Matrix {
        guard deviation > 0 else { return images }
        return try images + Matrix(normal: 0, deviation: deviation, key, images.shape, on: images.device)
    }

    /// One step of the optimiser on the loss and the mixins.
    private mutating func apply(
        _ lossGradients: [[Matrix]], _ context: StepContext<LabelledBatch>, _ measured: inout Measurements
    ) throws(CLMatError) {
        let schedule = LearningRateSchedule(
            .init(rawValue: try context.settings.int(ScheduledRate.form)) ?? .constant,
            length: try context.settings.int(scheduleLength), warmUp: try context.settings.int(ScheduledRate.warmUp))
        let rate = Float(
            scheduledRate.rate(try context.settings[learningRate], schedule, at: context.step.number))
        try optimiser.follow(context.settings)
        if schedule != LearningRateSchedule(.constant, length: schedule.length) {
            measured["learning-rate-now"] = Double(rate)
        }
        try mixins.follow(context.settings)
        guard mixins.areActive else {
            try optimiser.update(&network.parameters, lossGradients, rate: rate)
            return try measureMixins(whole: Later(0), rate, context, &measured)
        }
        // The subject holds on to the parameters, which would be copied then: only where the copy is needed it stays.
        var before: NetworkParameters?
        let regularisers: ParameterGradient?
        do {
            let subject = NetworkParameters(of: network, rate: rate)
            regularisers = try mixins.gradient(of: subject, context.forMixins)
            if regularisers?.decoupled.isEmpty == false { before = subject }
        }
        // ∇f₀ + Σ λᵢgᵢ for those that go through the optimiser; w ← w − η λᵢgᵢ for those that do not.
        var gradients = lossGradients
        try regularisers?.inGradient.add(to: &gradients, times: 1)
        try regularisers?.decoupled.add(to: &network.parameters, times: -rate)
        let given = before == nil ? try network.weightNorm(of: gradients) : Later(0)
        try optimiser.update(&network.parameters, gradients, rate: rate)
        // Of what goes through the optimiser, the whole is what it was given; else how far the weights went, by rate.
        let whole = try before.map { (before) throws(CLMatError) in
            try before.distance(to: NetworkParameters(of: network, rate: rate)).map { $0 / Double(rate) }
        }
        try measureMixins(whole: whole ?? given, rate, context, &measured)
    }

    private mutating func measureMixins(
        whole: Later<Double>, _ rate: Float, _ context: StepContext<LabelledBatch>, _ measured: inout Measurements
    ) throws(CLMatError) {
        guard !mixins.ids.isEmpty else { return }
        try mixins.measure(
            of: NetworkParameters(of: network, rate: rate), whole: whole, context.forMixins, into: &measured)
    }

    /// The network with its averaged parameters, if averaging is on and has begun.
    public func averagedNetwork() throws(CLMatError) -> Network? {
        try average?.mean().map { network.with(state: $0) }
    }

    // MARK: - Testing

    /// A whole test is begun at these steps, and then every ``evaluationInterval`` steps.
    private static let firstEvaluations = [50, 100, 200]
    private static let evaluationInterval = 400
    /// Test images evaluated within one step.
    private static let slice = 250

    /// Goes on with the test in progress, or begins one that is due. Returns the number of images evaluated.
    private mutating func evaluate(
        into measured: inout Measurements, _ context: StepContext<LabelledBatch>
    ) throws(CLMatError) -> Int {
        let step = context.step.number
        let isDue = Self.firstEvaluations.contains(step) || step % Self.evaluationInterval == 0
        if isDue, try context.settings.isOn(Self.training), evaluation.plain == nil, evaluation.averaged == nil {
            evaluation.plain = Evaluation(of: network, classes: classNames.count)
            evaluation.averaged = try averagedNetwork().map { Evaluation(of: $0, classes: classNames.count) }
        }
        if var plain = evaluation.plain {
            let before = plain.position
            let isWhole = try plain.advance(Self.slice, over: test)
            let score = plain.score.later
            measured.after(score.readings) { _ in }
            if isWhole {
                lastScore = score
                measured.note("test-accuracy", score.map(\.accuracy))
            }
            evaluation.plain = isWhole ? nil : plain
            return plain.position - before
        }
        if var averaged = evaluation.averaged {
            let before = averaged.position
            let isWhole = try averaged.advance(Self.slice, over: test)
            let score = averaged.score.later
            measured.after(score.readings) { _ in }
            if isWhole { measured.note("test-accuracy-averaged", score.map(\.accuracy)) }
            evaluation.averaged = isWhole ? nil : averaged
            return averaged.position - before
        }
        return 0
    }

    /// Whole tests of the network as it is at the end.
    public func conclude(_ context: StepContext<LabelledBatch>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        func accuracy(of network: Network) throws(CLMatError) -> Double? {
            try Self.test(network, on: test, classes: classNames.count, unless: context.leavesOff)?.accuracy
        }
        guard let plain = try accuracy(of: network) else { return measured }
        measured["test-accuracy"] = plain
        if let averaged = try averagedNetwork() { measured["test-accuracy-averaged"] = try accuracy(of: averaged) }
        return measured
    }

    // MARK: - Keeping

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        let own = network
        try archive.group("mixins") { () throws(CLMatError) in try mixins.archive(archive) }
        try network.archive(archive)
        try requireLayout(of: own.state, network.state)
        try scheduledRate.archive(archive)
        try archive.group("optimiser") { () throws(CLMatError) in try optimiser.archive(archive) }
        var window = average?.window ?? 0
        try archive.keep("averaging-window", &window)
        guard (0...1 << 40).contains(window) else {
            throw archive.damaged("averaging-window", "it is no number of steps")
        }
        if average?.window ?? 0 != window { average = window == 0 ? nil : ParameterAverage(window: window) }
        try archive.group("average") { () throws(CLMatError) in try average?.archive(archive) }
        if archive.isReading { try average?.check(against: own.state) }
        try Self.archive(&evaluation.plain, "test", of: network, classes: classNames.count, in: archive)
        try Self.archive(&evaluation.averaged, "test-averaged", of: network, classes: classNames.count, in: archive)
        var hasScore = lastScore != nil
        try archive.keep("has-score", &hasScore)
        guard hasScore else {
            if archive.isReading { lastScore = nil }
            return try check(archive)
        }
        let known = archive.isCounting ? nil : try lastScore?.value
        var score = known ?? TestScore(classes: classNames.count)
        try archive.group("score") { () throws(CLMatError) in try score.archive(archive) }
        if archive.isReading { lastScore = Later(score) }
        try check(archive)
    }

    /// A test in progress.
    private static func archive(
        _ evaluation: inout Evaluation?, _ name: String, of network: Network, classes: Int, in archive: Archive
    ) throws(CLMatError) {
        var isThere = evaluation != nil
        try archive.keep("has-\(name)", &isThere)
        guard isThere else {
            evaluation = nil
            return
        }
        var own = evaluation ?? Evaluation(of: network, classes: classes)
        try archive.group(name) { () throws(CLMatError) in try own.archive(archive) }
        evaluation = own
    }

    /// What was read speaks of images and classes that there are.
    private func check(_ archive: Archive) throws(CLMatError) {
        guard archive.isReading else { return }
        var scores: [TestScore] = []
        for score in [lastScore, evaluation.plain?.score.later, evaluation.averaged?.score.later] {
            if let score = try score?.value { scores.append(score) }
        }
        let fits = scores.flatMap(\.mistakes).allSatisfy {
            (0..<testImages.count).contains($0.image) && classNames.indices.contains($0.label)
                && classNames.indices.contains($0.prediction)
        }
        let positions = [evaluation.plain, evaluation.averaged].compactMap { $0?.position }
        guard fits, positions.allSatisfy({ $0 <= testImages.count }) else {
            throw archive.damaged("score", "it speaks of test images that are not there")
        }
    }

    /// A whole test at once; nil if it was left off.
    static func test(
        _ network: Network, on images: DeviceImages, classes: Int, unless leavesOff: () -> Bool = { false }
    ) throws(CLMatError) -> TestScore? {
        var evaluation = Evaluation(of: network, classes: classes)
        while try !evaluation.advance(500, over: images) { if leavesOff() { return nil } }
        return try evaluation.score.value
    }
}

extension Streams {
    /// The noise on training images.
    static let trainingNoise: UInt32 = 9
}
