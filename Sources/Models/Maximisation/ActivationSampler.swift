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
    /// Independent chains per neuron.
    public let chainCount: Int
    let layerNames: [String]
    /// Neurons that each layer has.
    private let unitCounts: [Int]
    private let outputStage: Int
    private let input: ImageShape
    private let device: Device

    /// One neuron per column: at first those of the layer that was chosen for all, then any that a column was given.
    public private(set) var neurons: [Neuron] = []
    /// What the controls said when all columns were chosen last.
    private(set) var chosenLayer = (stage: 0, reading: Neuron.Reading.centre)
    /// By stage: the neuron of each row of ``chains``, as weights of the stage's outputs.
    private var seeds: [Int: Matrix] = [:]
    /// Row c·columns + k is chain c of column k, as the picture has it.
    public private(set) var chains: LangevinChains
    /// The criteria Rᵢ of the images.
    public var mixins: Mixins<SampledImages>
    /// Activation, and for outputs the probability of the target, of each chain's average, when last evaluated.
    private(set) var evaluation: Evaluation?
    private var stepsSinceEvaluation = Int.max
    /// Rows of ``chains`` whose samples or activations are not finite any more, when last looked for.
    private var lostRows: [Int] = []
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
    }

    /// - Parameters:
    ///   - columns: neurons shown at once, at most.
    ///   - chains: independent chains per neuron.
    ///   - mixins: the criteria of images that are on from the start.
    public init(
        on host: NetworkTrainer, columns: Int = 10, chains: Int = 8,
        mixins: [any Mixin<SampledImages>] = ImageCriteria.all, at step: Step
    ) throws(CLMatError) {
        (columnLimit, chainCount, self.mixins) = (max(1, columns), max(1, chains), Mixins(mixins))
        let network = host.network
        layerNames = network.stages.map(\.name)
        unitCounts = network.stages.map(\.output.channels)
        outputStage = network.stages.count - 1
        input = network.input
        device = network.device
        self.chains = try LangevinChains(startingAt: Matrix(zeros: Shape(0, network.input.count), on: device))
        try choose(stage: outputStage, reading: .centre, in: network, at: step)
    }

    var columns: Int { neurons.count }
    var classCount: Int { unitCounts.last ?? 0 }

    // MARK: - What can be moved and seen

    private static let noise = Control(
        "noise", title: "noise σ", group: "sampling", range: 0.001...10, scale: .logWithOff, initial: 0.3,
        help: "how far chance drives the images apart",
        affects: [.up("mean-move"), "mean-activation", "target-probability", "classified-as-target"])
    private static let stepSize = Control(
        "step-size", title: "step β", group: "sampling", range: 1e-4...1, scale: .log, initial: 0.01,
        help: "how far each sampling step goes", affects: [.up("mean-move"), "mean-activation", "target-probability"])
    private static let momentum = Control(
        "sampling-momentum", title: "momentum γ", group: "sampling", range: 0...0.99, initial: 0.9,
        help: "how long an image keeps its direction",
        affects: [.up("mean-move"), "mean-activation", "target-probability"])
    static let window = Control(
        "sample-window", title: "images averaged over", group: "sampling", unit: "steps",
        kind: .integer(1...10_000, .log), initial: 200, help: "longer is smoother, and slower to follow",
        affects: ["target-probability", "classified-as-target"])
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
        "normalise", title: "normalise", group: "sampling", options: ["off", "image", "pixel"], initial: 1,
        help: "gradients brought to one size by RMSProp: those of each image, or of each pixel by itself",
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

    /// Noise, step size, normalisation and what is shown, with the criteria's weights.
    public var controls: [Control] {
        mixins.controls + [
            Self.noise, Self.stepSize, Self.momentum, Self.window, Self.display, Self.brightness, Self.contrast,
            Self.clip,
            Self.sampling, Self.normalise, layer, Self.reading, Self.sampledWeights, Self.pace, Self.burnIn,
            Self.stepDecay,
        ]
    }

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
                "mean-move", title: "Mean |Δx|", unit: "full scale per step",
                help: "how far a pixel moves in one step"),
            Metric(
                "filter-cosine", title: "Filter and image", unit: "smallest cosine over channels",
                help: "with L2 alone, the image of a first-layer channel's centre is its filter: 1", better: .higher,
                range: -1...1),
        ] + mixins.metrics
    }

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
            mixins.warn(in: &measured)
            return measured
        }

        let start = ContinuousClock.now
        let count = max(1, try settings.int(Self.pace))
        try mixins.follow(settings)
        let parameters = try Self.parameters(settings)
        for substep in 0..<count {
            let isLast = substep == count - 1
            let found = try sample(network, parameters, context.forMixins, substep: substep, isMeasured: isLast)
            measured.merge(found)
        }
        if stepsSinceEvaluation >= Self.evaluationInterval {
            try evaluate(network, into: &measured)
            stepsSinceEvaluation = 0
        }
        stepsSinceEvaluation += count
        warn(of: lostRows, in: &measured)
        measured.count("sampling-steps", Double(count), seconds: (ContinuousClock.now - start).seconds)
        return measured
    }

    // MARK: - Chains that left the numbers

    /// Steps between two looks at which chains are lost, while some are.
    private static let lossInterval = 50

    /// The means over all chains, which are measured at each step, say whether there are any: only then they are looked
    /// for.
    private mutating func findLostRows(
        _ measured: Measurements, _ activation: Matrix, at step: Step
    ) throws(CLMatError) {
        guard ["mean-move", "mean-activation"].contains(where: { measured[$0]?.isFinite == false }) else {
            lostRows = []
            return
        }
        guard lostRows.isEmpty || step.number % Self.lossInterval == 0 else { return }
        lostRows = Set(try Self.lostRows(chains.samples) + Self.lostRows(activation)).sorted()
    }

    /// The rows whose sum is not finite.
    private static func lostRows(_ matrix: Matrix) throws(CLMatError) -> [Int] {
        let sums = try matrix.rowSums().values
        return sums.indices.filter { !sums[$0].isFinite }
    }

    private func warn(of lost: [Int], in measured: inout Measurements) {
        guard !lost.isEmpty, columns > 0 else { return }
        let isOne = lost.count == 1
        measured.warn(
            Warning(
                "lost-chains", "\(words(of: lost)) left the numbers",
                because: "\(isOne ? "its" : "their") samples or activations are not finite",
                advice: "Restart \(isOne ? "it" : "them"), or undo the last change.",
                actions: [Action("restart-lost", title: isOne ? "restart it" : "restart them")]))
    }

    /// "Chains 3 and 5 of column 7".
    private func words(of lost: [Int]) -> String {
        if lost.count == columns * chainCount { return lost.count == 1 ? "The chain" : "All \(lost.count) chains" }
        let byColumn = Dictionary(grouping: lost, by: { $0 % columns }).mapValues { $0.map { $0 / columns + 1 } }
        guard byColumn.count <= 3 else {
            return "\(lost.count) of \(columns * chainCount) chains"
        }
        let parts = byColumn.keys.sorted().map { column in
            let own = byColumn[column, default: []].sorted().map(String.init)
            let chains =
                own.count == 1
                ? "chain \(own[0])" : "chains \(own.dropLast().joined(separator: ", ")) and \(own[own.count - 1])"
            return "\(own.count == chainCount && own.count > 1 ? "all chains" : chains) of column \(column + 1)"
        }
        let text = parts.joined(separator: ", ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }

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
        _ network: Network, _ parameters: LangevinChains.Parameters, _ context: MixinContext, substep: Int,
        isMeasured: Bool
    ) throws(CLMatError) -> Measurements {
        let x = chains.samples
        let last = seeds.keys.max() ?? outputStage

        // ∇f_a(x), for every chain at once
        let activations = try network.forward(x, upTo: last)
        let gradient = try network.inputGradient(activations, seeds: seeds)

        // r = Σ λᵢ ∇Rᵢ
        let images = SampledImages(images: x, shape: input, columns: columns)
        let regularisers: Matrix
        if let sum = try mixins.gradient(of: images, context) {
            regularisers = sum
        } else {
            regularisers = try Matrix(zeros: x.shape, on: device)
        }

        // v ← γv + β(n(∇f) + r + σe), x ← x + v
        let step = context.step
        let number = step.number * 64 + substep
        let noise = try Matrix(
            normal: 0, deviation: 1, RandomKey(seed: step.seed, step: number, stream: Streams.langevin), x.shape,
            on: device)
        try chains.step(gradient: gradient, regulariserGradient: regularisers, noise: noise, parameters)

        var measured = Measurements()
        guard isMeasured else { return measured }
        let activation = try self.activations(activations)
        measured["mean-activation"] = Double(try activation.mean())
        measured["mean-move"] = Double(try chains.moved.sum()) / Double(max(1, x.count))
        try findLostRows(measured, activation, at: step)
        let whole = Double(try chains.squaredUpdateNorms.sum()).squareRoot()
        try mixins.measure(of: images, whole: whole, context, into: &measured)
        return measured
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

    /// f_a of each row: the inner product of its seed with the outputs of the seed's stage.
    private func activations(_ activations: Network.Activations) throws(CLMatError) -> Matrix {
        var sum = try Matrix(zeros: Shape(activations.input.rows, 1), on: device)
        for (stage, seed) in seeds.sorted(by: { $0.key < $1.key }) {
            try sum.add(activations.outputs[stage].rowDots(seed))
        }
        return sum
    }

    private mutating func evaluate(_ network: Network, into measured: inout Measurements) throws(CLMatError) {
        let found = try evaluated(chains.averages, by: network)
        evaluation = found
        if let smallest = try filterImages(network)?.map(\.cosine).min() { measured["filter-cosine"] = smallest }
        let (isTarget, probabilities) = (found.isTarget.compactMap { $0 }, found.probabilities.compactMap { $0 })
        if !isTarget.isEmpty {
            measured["classified-as-target"] = Double(isTarget.count { $0 }) / Double(isTarget.count)
            measured["target-probability"] = probabilities.reduce(0) { $0 + Double($1) } / Double(probabilities.count)
        }
    }

    /// What the network makes of the images, one per chain.
    func evaluated(_ images: Matrix, by network: Network) throws(CLMatError) -> Evaluation {
        let pass = try network.forward(images)
        let classes = network.output.count
        let probabilities = try pass.last.softmaxRows().values
        let targets = (0..<images.rows).map { row in
            neurons[row % columns].stage == outputStage ? neurons[row % columns].unit : nil
        }
        return Evaluation(
            activations: try activations(pass).values, classProbabilities: probabilities,
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
        neurons = (first..<min(first + columnLimit, units)).map { Neuron(stage: stage, unit: $0, reading: reading) }
        chosenLayer = (stage, reading)
        let count = neurons.count
        try refreshSeeds(network)
        chains = try LangevinChains(
            startingAt: Self.startImages(
                rows: count * chainCount, input,
                RandomKey(seed: step.seed, step: step.number, stream: Streams.startImages),
                on: device))
        try mixins.forget()
        lostRows = []
        forgetEvaluation()
    }

    private mutating func refreshSeeds(_ network: Network) throws(CLMatError) {
        let rows = (0..<chainCount).flatMap { _ in neurons }
        seeds = try network.seeds(rows)
    }

    private mutating func forgetEvaluation() {
        evaluation = nil
        stepsSinceEvaluation = Self.evaluationInterval
    }

    /// Images of N(0, 0.1²).
    private static func startImages(
        rows: Int, _ shape: ImageShape, _ key: RandomKey, on device: Device
    ) throws(CLMatError) -> Matrix {
        try Matrix(normal: 0, deviation: 0.1, key, Shape(rows, shape.count), on: device)
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
        try mixins.follow(settings)
        let parameters = try Self.parameters(settings)
        var seen = host.network
        for number in start + 1...start + max(1, count) {
            let step = Step(number, seed: Self.pageSeed)
            seen = try network(of: host, settings, at: step)
            _ = try sample(
                seen, parameters, MixinContext(step: step, settings: settings), substep: 0, isMeasured: false)
        }
        evaluation = try evaluated(chains.averages, by: seen)
    }

    private static let pageSeed: UInt64 = 1

    // MARK: - Keeping

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        var chosen = neurons.flatMap { [$0.stage, $0.unit, $0.reading.rawValue] }
        try archive.keep("neurons", &chosen)
        if archive.isReading {
            guard chosen.count % 3 == 0, chosen.count / 3 <= columnLimit else {
                throw archive.damaged("neurons", "there are more than the \(columnLimit) columns")
            }
            neurons = stride(from: 0, to: chosen.count, by: 3).map {
                Neuron(stage: chosen[$0], unit: chosen[$0 + 1], reading: .init(rawValue: chosen[$0 + 2]) ?? .centre)
            }
            evaluation = nil
        }
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
        try archive.keep("samples", &chains.samples, anyShape: true)
        try archive.keep("velocities", &chains.velocities, anyShape: true)
        try archive.keep("mean-squares", &chains.meanSquares, anyShape: true)
        try archive.keep("image-mean-squares", &chains.imageMeanSquares, anyShape: true)
        try archive.keep("averages", &chains.averages, anyShape: true)
        try archive.keep("ages", &chains.ages)
        try archive.keep("steps-since-judgement", &stepsSinceEvaluation)
        try archive.group("mixins") { () throws(CLMatError) in try mixins.archive(archive) }
        var stages = seeds.keys.sorted()
        try archive.keep("seed-stages", &stages)
        if archive.isReading { seeds = [:] }
        for stage in stages {
            var seed = seeds[stage]
            try archive.keep("seeds-\(stage)", &seed)
            seeds[stage] = seed
        }
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

    /// Everything has one row per chain.
    private func check(_ archive: Archive) throws(CLMatError) {
        let rows = neurons.count * chainCount
        let whole = Shape(rows, input.count)
        let fits =
            [chains.samples, chains.velocities, chains.meanSquares, chains.averages].allSatisfy { $0.shape == whole }
            && chains.imageMeanSquares.rows == rows && chains.ages.count == rows
            && seeds.allSatisfy { $0.value.rows == rows }
            && neurons.allSatisfy { neuron in
                unitCounts.indices.contains(neuron.stage) && (0..<unitCounts[neuron.stage]).contains(neuron.unit)
            }
            && seeds.keys.allSatisfy { layerNames.indices.contains($0) }
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
        for chain in restarted {
            let row = chain * columns + column
            let key = RandomKey(seed: step.seed, step: step.number, stream: Streams.restart + UInt32(row))
            try chains.restart(row, at: Self.startImages(rows: 1, input, key, on: device))
        }
        let rows = Set(restarted.map { $0 * columns + column })
        lostRows.removeAll(where: rows.contains)
        try mixins.forget(rows: rows)
        forgetEvaluation()
    }
}

extension AttachmentFactory where Host == NetworkTrainer {
    /// LDAM on whatever network is training.
    public static func ldam(columns: Int = 10, chains: Int = 8) -> AttachmentFactory {
        AttachmentFactory(id: "ldam", title: "LDAM sampler") { host, step throws(CLMatError) in
            try ActivationSampler(on: host, columns: columns, chains: chains, at: step)
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
