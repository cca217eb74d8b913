import CLMat
import Exploration
import ModelOperations

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
    /// Images of the classes, against which sampled ones are held.
    let examples: ImageExamples?

    /// What it samples with.
    private(set) var sampler: LangevinSampler
    /// What the controls said when all columns were chosen last.
    private(set) var chosenLayer = (stage: 0, reading: Neuron.Reading.centre)
    /// Activation, and for outputs the probability of the target, of each chain's average, when last evaluated.
    var evaluation: Evaluation?
    private var stepsSinceEvaluation = Int.max
    /// Rows of ``chains`` whose samples or activations are not finite any more, when last looked for.
    var lostRows = Trailing<[Int]>([])
    /// The averaged network, while that is what is sampled.
    private var averaged: Network?
    /// Its parameters as a file had them, until the host is at hand.
    private var restoredAverage: [[Matrix]]?

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
    var layerNames: [String] { sampler.layout.names }
    var outputStage: Int { layerNames.count - 1 }
    var classCount: Int { sampler.layout.outputs.last?.channels ?? 0 }

    // MARK: - Sampling

    public mutating func update(
        on host: NetworkTrainer, _ context: StepContext<LabelledBatch>
    ) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        let settings = context.settings
        let network = try network(of: host, settings, at: context.step)
        try followChoice(settings, in: network, at: context.step)
        guard try settings.isOn(Self.sampling), columns > 0 else {
            warnOfLostRows(in: &measured)
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
        warnOfLostRows(in: &measured)
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
            try requireLayout(of: host.network.state, parameters)
            averaged = host.network.with(state: parameters)
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
        let pass = try sampler.step(
            on: network, noise: key, context, whileLearning: isLearning, isMeasured: isMeasured)

        var measured = Measurements()
        guard let activation = pass.activations else { return measured }
        let pixels = Double(max(1, chains.samples.count))
        let mean = try activation.meanLater().map { Double($0) }
        let move = try chains.moved.sumLater().map { Double($0) / pixels }
        measured.note("mean-activation", mean)
        measured.note("mean-move", move)
        try findLostRows(mean, move, activation, at: step)
        let whole = try chains.squaredUpdateNorms.sumLater().map { Double($0).squareRoot() }
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
            chosen, RandomKey(seed: step.seed, step: step.number, stream: Streams.startImages))
        lostRows.set([])
        forgetEvaluation()
    }

    private mutating func forgetEvaluation() {
        evaluation = nil
        stepsSinceEvaluation = Self.evaluationInterval
    }

    // MARK: - Other neurons, for figures

    /// Whole pages of ``columnLimit`` neurons that the chosen layer has.
    var pageCount: Int { (chosenUnits + columnLimit - 1) / columnLimit }

    /// Neurons that it has.
    var chosenUnits: Int { sampler.layout.outputs[chosenLayer.stage].channels }

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
        var parameters = averaged?.state ?? restoredAverage ?? []
        var isAveraged = averaged != nil || restoredAverage != nil
        try archive.keep("is-averaged", &isAveraged)
        try archive.keep("averaged-parameters", &parameters)
        if archive.isReading {
            // What the averaged network is beside its parameters, the host says at the next step.
            averaged = nil
            restoredAverage = isAveraged ? parameters : nil
        }
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
            for row in Set(try Self.lostRows(chains.samples) + lostRows.value).sorted() {
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
        try sampler.refreshSeeds()
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
        lostRows.set(try lostRows.value.filter { !rows.contains($0) })
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
