import CLMat
import Exploration

/// Langevin dynamics activation maximisation (LDAM): samples images that excite chosen neurons of a network that goes
/// on training. One column per neuron, one row an independent chain; all of them are one minibatch.
///
/// For neuron a and image x: v ← γv + βg, x ← x + v, with g = n(∇f_a) + Σ λᵢ n(∇Rᵢ) + N(0, σ), where n(·) is RMSProp
/// normalisation.
/// - Source: Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, section 4.3, algorithm 1.
public struct ActivationSampler: Attachment, MixinHost {
    /// It is attached to a network that learns.
    public typealias Host = NetworkTrainer

    /// Columns of the picture at most, and chains per neuron.
    public let columnLimit: Int
    let layerNames: [String]
    /// Neurons that each layer has.
    private let unitCounts: [Int]
    private let outputStage: Int
    /// Images of the classes, against which sampled ones are held.
    let examples: ImageExamples?

    /// What it samples with.
    private(set) var sampler: LangevinSampler
    /// What the controls said when all columns were chosen last.
    private(set) var chosenLayer = (stage: 0, reading: Neuron.Reading.centre)
    /// Activation, and for outputs the probability of the target, of each chain's average, when last evaluated.
    private(set) var evaluation: Evaluation?
    private var stepsSinceEvaluation = Int.max
    /// Rows of ``chains`` whose samples or activations are not finite any more, when last looked for.
    var lostRows: [Int] = []
    /// The averaged network, while that is what is sampled.
    private var averaged: Network?
    /// Its parameters as a file had them, until the host is at hand.
    private var restoredAverage: [[Matrix]]?

    struct Evaluation: Sendable {
        var activations: [Float]
        /// Of every class, row by row: what the network takes the images for.
        var classProbabilities: [Float]
        /// Of the class of its column, and whether that is the most likely one; nil in rows of other neurons than outputs.
        var probabilities: [Float?]
        var isTarget: [Bool?]
        /// The image of its class that each is most like; nil in rows of other neurons than outputs.
        var nearest: [ImageExamples.Match?] = []
    }

    /// - Parameters:
    ///   - columns: neurons shown at once, at most.
    ///   - chains: independent chains per neuron.
    ///   - examples: images of the host's classes, for the metric `likeness`.
    ///   - mixins: the criteria of images that are on from the start.
    public init(
        on host: NetworkTrainer, columns: Int = 10, chains: Int = 8, examples: ImageExamples? = nil,
        mixins: [any Mixin<SampledImages>] = ImageCriteria.all, at step: Step
    ) throws(CLMatError) {
        columnLimit = max(1, columns)
        let network = host.network
        layerNames = network.stages.map(\.name)
        unitCounts = network.stages.map(\.output.channels)
        outputStage = network.stages.count - 1
        if let examples, examples.shape != network.input || examples.classNames.count != network.output.count {
            throw .dataMismatch(
                """
                The examples are \(examples.shape) of \(examples.classNames.count) classes, but the network takes \
                \(network.input) and has \(network.output.count) outputs.
                """)
        }
        self.examples = examples
        sampler = try LangevinSampler(
            of: network, chains: max(1, chains), seed: step.seed, Mixins(mixins))
        try choose(stage: outputStage, reading: .centre, in: network, at: step)
    }

    /// One neuron per column.
    public private(set) var neurons: [Neuron] {
        get { sampler.neurons }
        set { sampler.neurons = newValue }
    }
    /// Independent chains per neuron.
    public var chainCount: Int { sampler.chainCount }
    /// Row c·columns + k is chain c of column k, as the picture has it.
    public var chains: LangevinChains { sampler.chains }
    /// The criteria Rᵢ of the images.
    public var mixins: Mixins<SampledImages> {
        get { sampler.criteria }
        set { sampler.criteria = newValue }
    }
    var columns: Int { neurons.count }
    var classCount: Int { unitCounts.last ?? 0 }

    // MARK: - What can be moved and seen

    private static let noise = Control(
        "noise", title: "noise σ", group: "sampling", range: 0.001...30, scale: .logWithOff, initial: 0.3,
        help: "how far chance drives the images apart",
        affects: [
            .up("mean-move"), .down("chain-cosine"), "mean-activation", "target-probability", "classified-as-target",
        ])
    private static let holdsTemperature = Control.toggle(
        "hold-temperature", title: "hold T", group: "pace", initial: false,
        help: "step β and momentum γ then keep T, and σ follows; else they keep σ, and T follows",
        affects: ["mean-move", "chain-cosine"], isShownAtStart: false)
    private static let temperature = Handle(
        Control(
            "temperature", title: "temperature T", group: "sampling", unit: "of f/c", range: 1e-5...30,
            scale: .logWithOff, initial: 0,
            help:
                "chains draw images x by exp((f/c + ΣλR)/T): cold ones show the favourite, hot ones wander; c is the size of f's gradient as normalise has it",
            affects: [.down("chain-cosine"), .up("mean-move"), "mean-activation", "columns-kept"]),
        of: noise, dependsOn: [stepSize, momentum], heldBy: holdsTemperature,
        value: { settings throws(CLMatError) in
            LangevinTemperature.temperature(
                noise: try settings[noise], step: try settings[stepSize], momentum: try settings[momentum])
        },
        kept: { temperature, settings throws(CLMatError) in
            LangevinTemperature.noise(
                temperature: temperature, step: try settings[stepSize], momentum: try settings[momentum])
        })
    private static let stepSize = Control(
        "step-size", title: "step β", group: "pace", range: 1e-4...1, scale: .log, initial: 0.01,
        help: "how far each sampling step goes", affects: [.up("mean-move"), "mean-activation", "target-probability"],
        isShownAtStart: false)
    private static let momentum = Control(
        "sampling-momentum", title: "momentum γ", group: "pace", range: 0...0.99, initial: 0.9,
        help: "how long an image keeps its direction",
        affects: [.up("mean-move"), "mean-activation", "target-probability"], isShownAtStart: false)
    static let window = Control(
        "sample-window", title: "images averaged over", group: "pace", unit: "steps",
        kind: .integer(1...10_000, .log), initial: 200, help: "longer is smoother, and slower to follow",
        affects: [.up("chain-cosine"), "target-probability", "classified-as-target"], isShownAtStart: false)
    static let display = Control.choice(
        "display", title: "show", group: "sampling", options: ["average", "sample", "both"],
        help: "the moving average of a chain, the sample of the moment, or one beside the other", isView: true)
    static let brightness = Control.choice(
        "brightness", title: "grey", group: "sampling", options: ["signed", "as is", "stretched", "two colours"],
        help:
            "signed: zero is mid-grey, the largest |x| black or white; as is: 0 black, 1 white; stretched: 0 black, the largest x "
            + "white; two colours: blue below zero, orange above", isView: true)
    static let contrast = Control.choice(
        "contrast", title: "contrast", group: "sampling", options: ["each image", "row", "column", "grid"],
        help: "what shares one scale, for all but \"as is\": with each image by itself, sizes cannot be compared",
        isView: true)
    private static let clip = Control.choice(
        "clip", title: "clip", group: "sampling", options: ["none", "at 0", "0…1"],
        help: "the values that pixels may take",
        affects: ["mean-activation", "mean-square-norm", "mean-move", "target-probability"])
    private static let sampling = Control.toggle(
        "sampling", title: "sampling", group: "sampling", initial: true,
        help: "whether the images move; training goes on without",
        affects: [.up("mean-activation"), "mean-move", "target-probability", "classified-as-target"])
    private static let normalise = Control.choice(
        "normalise", title: "normalise", group: "sampling", options: ["off", "image", "pixel", "fixed"], initial: 1,
        help:
            "gradients brought to one size: of each image or pixel as they go, or fixed for a column after its first steps",
        affects: ["mean-activation", "mean-move", "mean-square-norm", "target-probability"])
    private var layer: Control {
        .choice(
            "layer", title: "layer", group: "neurons", options: layerNames, initial: outputStage,
            help: "which layer's neurons are excited",
            affects: ["mean-activation", "mean-move", "mean-square-norm"], isShownAtStart: false)
    }
    private static let reading = Control.choice(
        "reading", title: "channel", group: "neurons", options: ["centre", "mean"],
        help: "a channel's activation: at its centre, or as the mean over its map",
        affects: ["mean-activation", "mean-move", "mean-square-norm"], isShownAtStart: false)
    private static let sampledWeights = Control.choice(
        "sampled-weights", title: "weights", group: "neurons", options: ["current", "averaged"],
        help: "the network as it is, or the mean of its weights along the way",
        affects: ["mean-activation", "mean-move", "target-probability"], isShownAtStart: false)
    private static let pace = Control(
        "sampling-steps", title: "samplings per step", group: "pace", kind: .integer(1...50, .log), initial: 1,
        help: "how many sampling steps follow each training step",
        affects: ["mean-move", "mean-activation", "target-probability"], isShownAtStart: false)
    private static let burnIn = Control(
        "burn-in", title: "burn-in", group: "pace", unit: "steps", kind: .integer(1...10_000, .logWithOff),
        initial: 0, help: "steps of a new chain before its average begins",
        affects: ["target-probability", "classified-as-target"], isShownAtStart: false)
    private static let stepDecay = Control(
        "step-decay", title: "step decay μ", group: "pace", range: 0...1, initial: 0,
        help: "steps shrink as β(1 + t/1000)^−μ with a chain's age t; 0 keeps them",
        affects: [.down("mean-move"), "mean-activation"], isShownAtStart: false)

    private static let temperatureLadder = Control(
        "temperature-ladder", title: "temperature ladder", group: "pace", unit: "times per row", range: 1...4,
        scale: .log,
        initial: 1,
        help: "how much hotter each row is than the one above; rows of 28 × 28 pixels exchange images up to some 1.1",
        affects: [.up("mean-move"), "mean-activation", "exchange-acceptance"], isShownAtStart: false)
    private static let exchange = Control.choice(
        "exchange", title: "exchange", group: "pace", options: ["off", "exact", "approximate"],
        help:
            "rows of a ladder swap images, so that colder ones leave what they are stuck in; approximate also while the network learns",
        affects: ["exchange-acceptance", "mean-activation"], isShownAtStart: false)

    /// Noise, step size, normalisation and what is shown, with the criteria's weights.
    public var controls: [Control] {
        mixins.controls + [
            Self.noise, Self.display, Self.brightness, Self.contrast, Self.clip, Self.sampling, Self.normalise, layer,
            Self.reading, Self.sampledWeights, Self.pace, Self.stepSize, Self.momentum, Self.holdsTemperature,
            Self.window, Self.burnIn, Self.stepDecay, Self.temperatureLadder, Self.exchange,
        ]
    }

    /// The temperature, which stands for the noise.
    public var handles: [Handle] { [Self.temperature] }

    /// Activations, their spread, and what the criteria measure.
    public var metrics: [Metric] {
        [
            Metric(
                "mean-activation", title: "Mean activation", unit: "of the chosen neurons",
                help: "how strongly the samples excite their neurons, before the softmax", better: .higher),
            Metric(
                "classified-as-target", title: "Classified as the target", unit: "share of chains",
                help: "chains whose average the network takes for the class of its column", better: .higher,
                range: 0...1),
            Metric(
                "target-probability", title: "Probability of the target", unit: "mean over chains",
                help: "what the network gives the class of the column, for the chain's average", better: .higher,
                range: 0...1),
            Metric(
                "chain-cosine", title: "Chain similarity", unit: "mean cosine between averages of a column",
                help: "1: the chains of a column show the same; 0: nothing in common. Each image's mean is taken off",
                range: -1...1),
            Metric(
                "columns-kept", title: "Columns kept", unit: "share of columns",
                help: "columns whose mean image the network gives its class with probability 0.9 or more",
                better: .higher, range: 0...1),
            Metric(
                "mean-move", title: "Mean |Δx|", unit: "full scale per step",
                help: "how far a pixel moves in one step"),
            Metric(
                "filter-cosine", title: "Filter and image", unit: "smallest cosine over channels",
                help: "with L2 alone, the image of a first-layer channel's centre is its filter: 1", better: .higher,
                range: -1...1),
            Metric(
                "exchange-acceptance", title: "Accepted exchanges", unit: "share of those proposed lately",
                help: "near 0 the rows of the ladder are too far apart, near 1 closer than they need be", range: 0...1),
        ] + (examples == nil ? [] : [Self.likeness]) + mixins.metrics
    }

    private static let likeness = Metric(
        "likeness", title: "Likeness", unit: "mean over chains of the largest cosine",
        help:
            "how like an image of its class a chain's average is, above 0: cosine with the nearest training image, means taken off",
        better: .higher, range: 0...1)

    // MARK: - Sampling

    public mutating func update(
        on host: NetworkTrainer, _ context: StepContext<LabelledBatch>
    ) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        let settings = context.settings
        let network = try network(of: host, settings, at: context.step)
        try followChoice(settings, in: network, at: context.step)
        guard try settings.isOn(Self.sampling), columns > 0 else {
            warn(of: lostRows, in: &measured)
            sampler.criteria.warn(in: &measured)
            return measured
        }

        let start = ContinuousClock.now
        let count = max(1, try settings.int(Self.pace))
        let isLearning = try follow(settings)
        for substep in 0..<count {
            let isLast = substep == count - 1
            let found = try sample(
                network, context.forMixins, substep: substep, isMeasured: isLast, whileLearning: isLearning)
            measured.merge(found)
        }
        if stepsSinceEvaluation >= Self.evaluationInterval {
            try evaluate(network, into: &measured)
            stepsSinceEvaluation = 0
        }
        stepsSinceEvaluation += count
        warn(of: lostRows, in: &measured)
        if let obstacle = sampler.exchangeObstacle(whileLearning: isLearning) {
            measured.warn(
                Warning(
                    "no-exchange", "The exchange of images stopped", because: obstacle.problem, advice: obstacle.advice)
            )
        } else if let acceptance = sampler.exchangeAcceptance {
            measured["exchange-acceptance"] = acceptance
        }
        measured.count("sampling-steps", Double(count), seconds: (ContinuousClock.now - start).seconds)
        return measured
    }

    // MARK: - The network

    /// The network that is sampled: as it is, or with the mean of its weights, which changes so slowly that it is formed
    /// anew only now and then.
    private mutating func network(
        of host: NetworkTrainer, _ settings: Settings, at step: Step
    ) throws(CLMatError) -> Network {
        guard try settings.int(Self.sampledWeights) == 1 else {
            averaged = nil
            return host.network
        }
        if let parameters = restoredAverage.take() {
            try requireLayout(of: host.network.parameters, parameters)
            averaged = host.network.with(parameters)
        }
        if averaged == nil || step.number % Self.averageInterval == 0 { averaged = try host.averagedNetwork() }
        return averaged ?? host.network
    }

    private static let averageInterval = 20

    /// Sampling steps between two looks at what the network makes of the averages.
    private static let evaluationInterval = 25

    private mutating func sample(
        _ network: Network, _ context: MixinContext, substep: Int, isMeasured: Bool, whileLearning isLearning: Bool
    ) throws(CLMatError) -> Measurements {
        let step = context.step
        let key = RandomKey(seed: step.seed, step: step.number * 64 + substep, stream: Streams.langevin)
        let pass = try sampler.step(on: network, noise: key, context, whileLearning: isLearning)

        var measured = Measurements()
        guard isMeasured else { return measured }
        let activation = try sampler.activations(pass.activations)
        measured["mean-activation"] = Double(try activation.mean())
        measured["mean-move"] = Double(try chains.moved.sum()) / Double(max(1, chains.samples.count))
        try findLostRows(measured, activation, at: step)
        let whole = Double(try chains.squaredUpdateNorms.sum()).squareRoot()
        try sampler.criteria.measure(of: pass.images, whole: whole, context, into: &measured)
        return measured
    }

    /// Takes over what the controls say.
    ///
    /// - Returns: whether the network is learning, as far as that matters.
    private mutating func follow(_ settings: Settings) throws(CLMatError) -> Bool {
        try sampler.criteria.follow(settings)
        sampler.parameters = try Self.parameters(settings)
        sampler.temperatureRatio = try settings[Self.temperatureLadder]
        sampler.exchange = .init(rawValue: try settings.int(Self.exchange)) ?? .off
        guard sampler.exchange != .off else { return false }
        return try settings.ofTheRun.isOn(NetworkTrainer.training)
    }

    private static func parameters(_ settings: Settings) throws(CLMatError) -> LangevinChains.Parameters {
        var p = LangevinChains.Parameters()
        p.noise = Float(try settings[noise])
        p.step = Float(try settings[stepSize])
        p.decayExponent = Float(try settings[stepDecay])
        p.momentum = Float(try settings[momentum])
        p.normalisation = .init(rawValue: try settings.int(normalise)) ?? .image
        p.burnIn = try settings.int(burnIn)
        p.window = max(1, try settings.int(window))
        p.clip = [-.infinity...(.infinity), 0...(.infinity), 0...1][min(2, max(0, try settings.int(clip)))]
        return p
    }

    private mutating func evaluate(_ network: Network, into measured: inout Measurements) throws(CLMatError) {
        var found = try evaluated(chains.averages, by: network)
        defer { evaluation = found }
        let averages = try chains.averages.values
        measured["chain-cosine"] = ChainLikeness.meanCosine(averages, rows: chains.averages.rows, columns: columns)
        if let smallest = try filterImages(network)?.map(\.cosine).min() { measured["filter-cosine"] = smallest }
        let (isTarget, probabilities) = (found.isTarget.compactMap { $0 }, found.probabilities.compactMap { $0 })
        if !isTarget.isEmpty {
            measured["classified-as-target"] = Double(isTarget.count { $0 }) / Double(isTarget.count)
            measured["target-probability"] = probabilities.reduce(0) { $0 + Double($1) } / Double(probabilities.count)
            let targets = self.targets
            measured["columns-kept"] = try Self.columnsKept(
                ChainLikeness.columnMeans(averages, rows: chains.averages.rows, columns: columns), targets, by: network)
            if let examples {
                found.nearest = try examples.nearest(
                    to: chains.averages, ofClasses: (0..<chains.averages.rows).map { targets[$0 % columns] })
                let cosines = found.nearest.compactMap { $0?.cosine }
                if !cosines.isEmpty { measured["likeness"] = cosines.reduce(0, +) / Double(cosines.count) }
            }
        }
    }

    /// The class of each column; nil of one whose neuron is no output.
    private var targets: [Int?] { neurons.map { $0.stage == outputStage ? $0.unit : nil } }

    /// The share of columns whose mean image the network gives probability 0.9 or more to be of the column's class.
    private static func columnsKept(
        _ means: [Float], _ targets: [Int?], by network: Network
    ) throws(CLMatError) -> Double {
        let images = try Matrix(means, targets.count, network.input.count, on: network.device)
        let probabilities = try network.forward(images).last.softmaxRows().values
        let ofTargets = targets.enumerated().compactMap { column, target in
            target.map { probabilities[column * network.output.count + $0] }
        }
        return Double(ofTargets.count { $0 >= 0.9 }) / Double(ofTargets.count)
    }

    /// What the network makes of the images, one per chain.
    func evaluated(_ images: Matrix, by network: Network) throws(CLMatError) -> Evaluation {
        let pass = try network.forward(images)
        let classes = network.output.count
        let probabilities = try pass.last.softmaxRows().values
        let targets = (0..<images.rows).map { self.targets[$0 % columns] }
        return Evaluation(
            activations: try sampler.activations(pass).values, classProbabilities: probabilities,
            probabilities: targets.enumerated().map { row, target in target.map { probabilities[row * classes + $0] } },
            isTarget: targets.enumerated().map { row, target in
                let p = probabilities[row * classes..<(row + 1) * classes]
                return target.map { p.max() == probabilities[row * classes + $0] }
            })
    }

    // MARK: - Choosing neurons

    /// Takes over a change of the layer or of the reading from the controls.
    private mutating func followChoice(
        _ settings: Settings, in network: Network, at step: Step
    ) throws(CLMatError) {
        let reading = Neuron.Reading(rawValue: try settings.int(Self.reading)) ?? .centre
        let stage = try settings.int(layer)
        // Columns may have neurons of other layers by now: they stay until a person moves these controls.
        if chosenLayer.stage != stage || chosenLayer.reading != reading {
            try choose(stage: stage, reading: reading, in: network, at: step)
        }
    }

    /// Neurons of a layer from the `first` one on, with fresh chains.
    private mutating func choose(
        stage: Int, reading: Neuron.Reading, first: Int = 0, in network: Network, at step: Step
    ) throws(CLMatError) {
        let units = network.stages[stage].output.channels
        let chosen = (first..<min(first + columnLimit, units)).map { Neuron(stage: stage, unit: $0, reading: reading) }
        chosenLayer = (stage, reading)
        try sampler.begin(
            chosen, in: network, RandomKey(seed: step.seed, step: step.number, stream: Streams.startImages))
        lostRows = []
        forgetEvaluation()
    }

    private mutating func refreshSeeds(_ network: Network) throws(CLMatError) { try sampler.refreshSeeds(network) }

    private mutating func forgetEvaluation() {
        evaluation = nil
        stepsSinceEvaluation = Self.evaluationInterval
    }

    // MARK: - Other neurons, for figures

    /// Whole pages of ``columnLimit`` neurons that the chosen layer has.
    var pageCount: Int { (unitCounts[chosenLayer.stage] + columnLimit - 1) / columnLimit }

    /// Neurons that it has.
    var chosenUnits: Int { unitCounts[chosenLayer.stage] }

    /// The network that is sampled, as it was at the last step.
    func sampledNetwork(of host: NetworkTrainer) -> Network { averaged ?? host.network }

    /// A sampler of later neurons of the same layer, with fresh chains and the same criteria.
    func turned(to page: Int, in network: Network) throws(CLMatError) -> ActivationSampler {
        var other = self
        try other.choose(
            stage: chosenLayer.stage, reading: chosenLayer.reading, first: page * columnLimit, in: network,
            at: Step(page, seed: Self.pageSeed))
        return other
    }

    /// A few sampling steps by itself, and what the network makes of the images then.
    mutating func advance(_ count: Int, from start: Int, on host: NetworkTrainer, _ settings: Settings)
        throws(CLMatError)
    {
        let isLearning = try follow(settings)
        var seen = host.network
        for number in start + 1...start + max(1, count) {
            let step = Step(number, seed: Self.pageSeed)
            seen = try network(of: host, settings, at: step)
            _ = try sample(
                seen, MixinContext(step: step, settings: settings), substep: 0, isMeasured: false,
                whileLearning: isLearning)
        }
        evaluation = try evaluated(chains.averages, by: seen)
    }

    private static let pageSeed: UInt64 = 1

    // MARK: - Keeping

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try sampler.archive(archive, columnLimit: columnLimit)
        if archive.isReading { evaluation = nil }
        var choice = [chosenLayer.stage, chosenLayer.reading.rawValue]
        if !archive.isReading || archive.has("chosen-layer") {
            try archive.keep("chosen-layer", &choice)
        } else if let first = neurons.first {
            // Of files from before columns could have neurons of several layers.
            choice = [first.stage, first.reading.rawValue]
        }
        if archive.isReading {
            guard choice.count == 2, let reading = Neuron.Reading(rawValue: choice[1]),
                layerNames.indices.contains(choice[0])
            else { throw archive.damaged("chosen-layer", "it is no layer of this network") }
            chosenLayer = (choice[0], reading)
        }
        try archive.keep("steps-since-judgement", &stepsSinceEvaluation)
        var parameters = averaged?.parameters ?? restoredAverage ?? []
        var isAveraged = averaged != nil || restoredAverage != nil
        try archive.keep("is-averaged", &isAveraged)
        try archive.keep("averaged-parameters", &parameters)
        if archive.isReading {
            // What the averaged network is beside its parameters, the host says at the next step.
            averaged = nil
            restoredAverage = isAveraged ? parameters : nil
            try check(archive)
        }
    }

    /// The neurons are those of the host.
    private func check(_ archive: Archive) throws(CLMatError) {
        let fits =
            neurons.allSatisfy { neuron in
                unitCounts.indices.contains(neuron.stage) && (0..<unitCounts[neuron.stage]).contains(neuron.unit)
            } && sampler.seeds.keys.allSatisfy { layerNames.indices.contains($0) }
        guard fits else { throw archive.damaged("samples", "it is of other columns, chains or images") }
    }

    // MARK: - Actions

    /// `restart-chain` [column, chain], `restart-column` [column], `restart-all`, `restart-lost` (the chains that left the
    /// numbers), `choose-neuron` [column, unit] of the column's layer, `choose-neuron-in` [column, layer, unit] of any layer, which
    /// has the number that it has among the options of the control `layer`, from 0.
    public mutating func perform(
        _ action: Action, on host: NetworkTrainer, _ context: StepContext<LabelledBatch>
    ) throws(CLMatError) {
        let step = context.step
        switch (action.id, action.arguments.count) {
        case ("restart-chain", 2):
            try checkColumn(action.arguments[0])
            guard (0..<chainCount).contains(action.arguments[1]) else {
                throw .invalidValue(
                    setting: "chain", value: "\(action.arguments[1])", accepted: "0 to \(chainCount - 1)")
            }
            try restart(column: action.arguments[0], chains: [action.arguments[1]], at: step)
        case ("restart-column", 1):
            try checkColumn(action.arguments[0])
            try restart(column: action.arguments[0], chains: Array(0..<chainCount), at: step)
        case ("restart-all", 0):
            for column in 0..<columns { try restart(column: column, chains: Array(0..<chainCount), at: step) }
        case ("restart-lost", 0):
            for row in Set(try Self.lostRows(chains.samples) + lostRows).sorted() {
                try restart(column: row % columns, chains: [row / columns], at: step)
            }
        case ("choose-neuron", 2):
            let (column, unit) = (action.arguments[0], action.arguments[1])
            try checkColumn(column)
            var neuron = neurons[column]
            neuron.unit = unit
            try choose(neuron, for: column, in: host.network, at: step)
        case ("choose-neuron-in", 3):
            let (column, stage) = (action.arguments[0], action.arguments[1])
            try checkColumn(column)
            guard layerNames.indices.contains(stage) else {
                let known = layerNames.enumerated().map { "\($0) \($1)" }.joined(separator: ", ")
                throw .invalidValue(
                    setting: "layer", value: "\(stage)", accepted: "0 to \(layerNames.count - 1): \(known)")
            }
            let neuron = Neuron(stage: stage, unit: action.arguments[2], reading: chosenLayer.reading)
            try choose(neuron, for: column, in: host.network, at: step)
        default:
            let counts = [
                "restart-chain": 2, "restart-column": 1, "restart-all": 0, "restart-lost": 0, "choose-neuron": 2,
                "choose-neuron-in": 3,
            ]
            if let count = counts[action.id] {
                throw .invalidArgument(
                    operation: action.id, problem: "It takes \(count) numbers, not \(action.arguments.count).")
            }
            throw .unknownName(kind: "action", name: action.id, known: counts.keys.sorted())
        }
    }

    /// Gives a column another neuron, with fresh chains.
    private mutating func choose(
        _ neuron: Neuron, for column: Int, in network: Network, at step: Step
    ) throws(CLMatError) {
        let units = network.stages[neuron.stage].output.channels
        guard (0..<units).contains(neuron.unit) else {
            throw .invalidValue(
                setting: "neuron of \(layerNames[neuron.stage])", value: "\(neuron.unit)", accepted: "0 to \(units - 1)"
            )
        }
        neurons[column] = neuron
        try refreshSeeds(network)
        try restart(column: column, chains: Array(0..<chainCount), at: step)
    }

    private func checkColumn(_ column: Int) throws(CLMatError) {
        guard (0..<columns).contains(column) else {
            throw .invalidValue(setting: "column", value: "\(column)", accepted: "0 to \(columns - 1)")
        }
    }

    private mutating func restart(column: Int, chains restarted: [Int], at step: Step) throws(CLMatError) {
        let rows = restarted.map { $0 * columns + column }
        try sampler.restart(rows: rows, step)
        lostRows.removeAll(where: rows.contains)
        forgetEvaluation()
    }
}

extension AttachmentFactory where Host == NetworkTrainer {
    /// LDAM on whatever network is training. With `examples` of its classes, how like them the images are is measured.
    public static func ldam(
        columns: Int = 10, chains: Int = 8, examples: ImageExamples? = nil
    ) -> AttachmentFactory {
        AttachmentFactory(id: "ldam", title: "LDAM sampler") { host, step throws(CLMatError) in
            try ActivationSampler(on: host, columns: columns, chains: chains, examples: examples, at: step)
        }
    }
}

extension Streams {
    /// Where chains start.
    static let startImages: UInt32 = 2
    /// The noise of the chains.
    static let langevin: UInt32 = 3
    /// A chain that starts again: this one for row 0, the next for row 1, and so on.
    static let restart: UInt32 = 0x1_0000
}
