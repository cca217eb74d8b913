import CLMat
import Exploration
import Foundation
import ModelOperations

/// Langevin dynamics activation maximisation by itself, without the engine: images that excite neurons of a network.
///
/// One column per neuron, one row an independent chain; all of them are one minibatch.
/// ```swift
/// let network = try Network.leNet5(seed: 1, on: .cpu)
/// let output = try network.index(of: "output")
/// var sampler = try LangevinSampler(
///     of: network, neurons: (0..<10).map { Neuron(stage: output, unit: $0) }, chains: 4, seed: 7,
///     criteria: [(ImageSize(), 0.3)])
/// sampler.setTemperature(0.01)
/// try sampler.advance(200, on: network)
/// let images = try sampler.averages.values  // 40 × 784: row 10c + k is chain c of digit k
/// let activations = try sampler.activations(of: sampler.averages, on: network).values
/// ```
/// For neuron a and image x: v ← γv + βg, x ← x + v, with g = n(∇f_a) + Σ λᵢ∇Rᵢ + σξ, where n(·) is ``parameters``' normalisation and
/// Rᵢ the ``criteria``. The network is handed over at each call and not kept: it may go on learning in between.
/// - Source: B. Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, section 4.3, algorithm 1.
public struct LangevinSampler: Sendable {
    /// One neuron per column.
    public internal(set) var neurons: [Neuron] = []
    /// Independent chains per neuron.
    public let chainCount: Int
    /// What the noise of ``advance(_:on:)`` and the start of the chains are keyed by.
    public let seed: UInt64
    /// Row c·columns + k is chain c of column k.
    public internal(set) var chains: LangevinChains
    /// Σ λᵢRᵢ
    public var criteria: Mixins<SampledImages>
    /// Noise, step size, momentum, normalisation and what else a step depends on.
    public var parameters: LangevinChains.Parameters
    /// T of a row over that of the row before it. The first row has T = βσ²/(2(1 − γ)), and at 1 so have all
    /// (``LangevinTemperature``).
    public var temperatureRatio = 1.0
    /// Whether neighbouring rows exchange their images now and then.
    public var exchange = Exchange.off
    /// Steps made.
    public internal(set) var stepCount = 0

    /// The neuron of each row of ``chains``.
    var seeds: NeuronSeeds
    /// Which neurons there are.
    let layout: NeuronLayout
    /// Those that ``seeds`` are of.
    var seededNeurons: [Neuron] = []
    /// What *fixed* normalisation has found.
    var scales = GradientScales(columns: 0)
    /// The ratio that the chains' noise has now.
    var appliedRatio = 1.0
    /// Exchanges, as they are counted.
    var acceptance = ExchangeAcceptance()
    /// The shape of the images.
    let input: ImageShape

    /// A sampler with fresh chains, images of N(0, 0.1²).
    ///
    /// - Parameters:
    ///   - neurons: one per column, of any layers.
    ///   - chains: independent ones for each neuron.
    ///   - seed: two samplers with the same one draw the same images.
    ///   - criteria: Rᵢ with λᵢ, in units of the activation for each unit of Rᵢ.
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a neuron that the network does not have, or no chains.
    public init(
        of network: Network, neurons: [Neuron], chains: Int = 8, seed: UInt64 = 1,
        criteria: [(mixin: any Mixin<SampledImages>, weight: Double)] = [(ImageSize(), 0.3)],
        parameters: LangevinChains.Parameters = .init()
    ) throws(CLMatError) {
        guard chains > 0 else {
            throw .invalidArgument(operation: "LangevinSampler", problem: "\(chains) chains per neuron sample nothing.")
        }
        self = try LangevinSampler(of: network, chains: chains, seed: seed, Mixins(criteria))
        self.parameters = parameters
        try begin(neurons, RandomKey(seed: seed, stream: Streams.startImages))
    }

    /// One without neurons.
    init(
        of network: Network, chains: Int, seed: UInt64, _ criteria: Mixins<SampledImages>
    ) throws(CLMatError) {
        (chainCount, self.seed, self.criteria, input) = (chains, seed, criteria, network.input)
        layout = NeuronLayout(network)
        seeds = try NeuronSeeds([], in: layout, on: network.device)
        parameters = .init()
        self.chains = try LangevinChains(startingAt: Matrix(zeros: Shape(0, network.input.count), on: network.device))
    }

    /// Neurons shown at once.
    public var columns: Int { neurons.count }
    /// x of each chain, chains × pixels.
    public var samples: Matrix { chains.samples }
    /// The moving average of each chain's samples.
    public var averages: Matrix { chains.averages }
    var device: Device { chains.samples.device }

    // MARK: - Neurons and chains

    /// Other neurons, with fresh chains.
    mutating func begin(_ neurons: [Neuron], _ key: RandomKey) throws(CLMatError) {
        self.neurons = neurons
        seededNeurons = []
        try refreshSeeds()
        chains = try LangevinChains(
            startingAt: Self.startImages(rows: neurons.count * chainCount, input, key, on: device))
        (scales, appliedRatio) = (GradientScales(columns: neurons.count), 1)
        acceptance = ExchangeAcceptance()
        try criteria.forget()
    }

    /// Makes the seeds of the neurons as they are now. What was estimated of a column whose neuron is another one now is forgotten.
    mutating func refreshSeeds() throws(CLMatError) {
        seeds = try NeuronSeeds((0..<chainCount).flatMap { _ in neurons }, in: layout, on: device)
        if seededNeurons.count == neurons.count {
            for column in neurons.indices where seededNeurons[column] != neurons[column] {
                scales.forget(column: column)
            }
            try applyScales()
        }
        seededNeurons = neurons
    }

    /// Starts chains of a column again, at fresh images.
    ///
    /// - Parameter chain: all of the column if nil.
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a column or a chain that there is not.
    public mutating func restart(column: Int, chain: Int? = nil) throws(CLMatError) {
        guard neurons.indices.contains(column), chain.map((0..<chainCount).contains) ?? true else {
            throw .invalidArgument(
                operation: "LangevinSampler.restart",
                problem: "There are columns 0 to \(columns - 1) with chains 0 to \(chainCount - 1).")
        }
        let rows = (chain.map { $0...$0 } ?? 0...chainCount - 1).map { $0 * columns + column }
        try restart(rows: rows, Step(stepCount, seed: seed))
    }

    mutating func restart(rows: [Int], _ step: Step) throws(CLMatError) {
        for row in rows {
            let key = RandomKey(seed: step.seed, step: step.number, stream: Streams.restart + UInt32(row))
            try chains.restart(row, at: Self.startImages(rows: 1, input, key, on: device))
        }
        try criteria.forget(rows: Set(rows))
    }

    /// Images of N(0, 0.1²).
    private static func startImages(
        rows: Int, _ shape: ImageShape, _ key: RandomKey, on device: Device
    ) throws(CLMatError) -> Matrix {
        try Matrix(normal: 0, deviation: 0.1, key, Shape(rows, shape.count), on: device)
    }

    // MARK: - Sampling

    /// So many steps of all chains.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a network of other layers than the sampler was made for, a
    ///   criterion that fails, or an ``exchange`` that cannot be done as things are; the steps before are made.
    public mutating func advance(_ steps: Int = 1, on network: Network) throws(CLMatError) {
        func refuse(_ problem: String) -> CLMatError {
            .invalidArgument(operation: "LangevinSampler.advance", problem: problem)
        }
        if let obstacle = exchangeObstacle(whileLearning: false) {
            throw refuse("No images are exchanged: \(obstacle.problem). \(obstacle.advice)")
        }
        for _ in 0..<max(0, steps) {
            let step = Step(stepCount + 1, seed: seed)
            let key = RandomKey(seed: seed, step: step.number, stream: Streams.langevin)
            _ = try self.step(on: network, noise: key, MixinContext(step: step))
            var failures = Measurements()
            criteria.warn(in: &failures)
            if let failure = failures.warnings.first { throw refuse("\(failure.event), because \(failure.cause).") }
        }
    }

    /// What a step was made from.
    struct Pass {
        /// f of each chain before the step, if it was asked for.
        let activations: Matrix?
        let images: SampledImages
    }

    /// One step of all chains, with noise from `key`.
    ///
    /// - Parameters:
    ///   - isLearning: whether the network is another one at each step.
    ///   - isMeasured: whether the activations are asked for.
    mutating func step(
        on network: Network, noise key: RandomKey, _ context: MixinContext, whileLearning isLearning: Bool = false,
        isMeasured: Bool = false
    ) throws(CLMatError) -> Pass {
        try requireFit(network)
        let x = chains.samples

        // ∇f_a(x), for every chain at once
        let (gradient, activations) = try seeds.gradients(at: x, on: network, withActivations: isMeasured)

        // r = Σ λᵢ ∇Rᵢ
        let images = SampledImages(images: x, shape: input, columns: columns)
        let regularisers: Matrix
        if let sum = try criteria.gradient(of: images, context) {
            regularisers = sum
        } else {
            regularisers = try Matrix(zeros: x.shape, on: device)
        }

        // v ← γv + β(n(∇f) + r + σξ), x ← x + v
        try applyTemperatures()
        let noise = try Matrix(normal: 0, deviation: 1, key, x.shape, on: device)
        try chains.step(gradient: gradient, regulariserGradient: regularisers, noise: noise, parameters)
        stepCount += 1
        try estimateScales(gradient)
        try exchangeIfDue(on: network, key, whileLearning: isLearning)
        return Pass(activations: activations, images: images)
    }

    func requireFit(_ network: Network) throws(CLMatError) {
        guard network.input == input, seeds.fits(network) else {
            throw .invalidArgument(
                operation: "LangevinSampler",
                problem: "The network has other layers than the one that the sampler was made for.")
        }
    }

    // MARK: - Temperature

    /// T of the first row, in units of what the gradient is of: of the activation with normalisation off, of the activation over c
    /// with *fixed*.
    public var temperature: Double {
        LangevinTemperature.temperature(
            noise: Double(parameters.noise), step: Double(parameters.step), momentum: Double(parameters.momentum))
    }

    /// Sets the noise to that of a temperature of the first row, at the step size and the momentum as they are.
    public mutating func setTemperature(_ temperature: Double) {
        parameters.noise = Float(
            LangevinTemperature.noise(
                temperature: temperature, step: Double(parameters.step), momentum: Double(parameters.momentum)))
    }

    /// The noise of each row: σ times √(T'/T).
    private mutating func applyTemperatures() throws(CLMatError) {
        guard appliedRatio != temperatureRatio else { return }
        guard temperatureRatio > 0, temperatureRatio.isFinite else {
            throw .invalidArgument(
                operation: "LangevinSampler",
                problem: "Temperatures cannot rise by a factor of \(temperatureRatio) from row to row; it is above 0.")
        }
        let factors = (0..<chainCount).flatMap { chain in
            Array(repeating: Float(pow(temperatureRatio, Double(chain)).squareRoot()), count: columns)
        }
        chains.noiseFactors = try Matrix(factors, factors.count, 1, on: device)
        appliedRatio = temperatureRatio
    }

    // MARK: - Fixed normalisation

    /// Estimates c where it is not known yet, and forgets it while the normalisation is another one: to choose *fixed* again estimates
    /// it anew.
    private mutating func estimateScales(_ gradient: Matrix) throws(CLMatError) {
        guard parameters.normalisation == .fixed else {
            guard !scales.isEmpty else { return }
            scales = GradientScales(columns: columns)
            try applyScales()
            return
        }
        guard !scales.isKnown else { return }
        let steps = parameters.burnIn > 0 ? parameters.burnIn : GradientScales.usualSteps
        let isNew = scales.take(
            try gradient.rowSumsOfSquares().values, pixels: gradient.columns, steps: steps)
        if isNew { try applyScales() }
    }

    mutating func applyScales() throws(CLMatError) {
        let squares = (0..<chainCount).flatMap { _ in scales.squares }
        chains.fixedMeanSquares = try Matrix(squares, squares.count, 1, on: device)
    }
}
