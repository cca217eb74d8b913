import CLMat

extension KernelFamily {
    static let langevin = KernelFamily("langevin")
}

extension Kernel {
    static let langevinStep = Kernel("langevin_step", in: .langevin)

    // The same for large images, in parts.
    static let squaresOfParts = Kernel("reduce_sum_of_squares_parts", in: KernelFamily("reduction"))
    static let langevinParts = Kernel("langevin_parts", in: .langevin)
}

/// The chains of a Langevin sampler: everything that one step changes.
///
/// - Shapes: chains × pixels, but for ``imageMeanSquares``, ``fixedMeanSquares``, ``noiseFactors`` and ``ages``, which have one
///   entry per chain, and ``moved`` and ``squaredUpdateNorms``, which have some.
public struct LangevinChains: Sendable {
    /// x: the samples.
    public var samples: Matrix
    /// v
    public var velocities: Matrix
    /// The running mean square of each pixel's gradient.
    public var meanSquares: Matrix
    /// The running mean square of the gradient over all pixels, chains × 1.
    public var imageMeanSquares: Matrix
    /// The mean square s of each chain's gradient that ``Normalisation/fixed`` goes by, chains × 1. A step leaves it as it is. Of a
    /// chain that has 0 it is not known yet: that one goes by the running mean square, as with ``Normalisation/image``.
    public var fixedMeanSquares: Matrix
    /// What the deviation of each chain's noise is multiplied by, chains × 1: 1 at first. As a temperature goes with the square of
    /// the deviation, √(T'/T) gives a chain the temperature T'.
    public var noiseFactors: Matrix
    /// The moving average of the samples.
    public var averages: Matrix
    /// Steps that each chain has made since it was started.
    public var ages: IntVector
    /// Σ|Δx| of the last step, of each part of a chain's image: chains × parts. How many parts there are depends on sizes and
    /// device.
    public private(set) var moved: Matrix
    /// Σu² of the last step, u the whole update, of each part as ``moved``.
    public private(set) var squaredUpdateNorms: Matrix

    /// Chains at rest at `samples`.
    public init(startingAt samples: Matrix) throws(CLMatError) {
        let device = samples.device
        self.samples = samples
        velocities = try Matrix(zeros: samples.shape, on: device)
        meanSquares = try Matrix(zeros: samples.shape, on: device)
        imageMeanSquares = try Matrix(zeros: Shape(samples.rows, 1), on: device)
        fixedMeanSquares = try Matrix(zeros: Shape(samples.rows, 1), on: device)
        noiseFactors = try Matrix(filledWith: 1, Shape(samples.rows, 1), on: device)
        averages = samples
        ages = try IntVector([Int32](repeating: 0, count: samples.rows), on: device)
        moved = try Matrix(zeros: Shape(samples.rows, 1), on: device)
        squaredUpdateNorms = try Matrix(zeros: Shape(samples.rows, 1), on: device)
    }

    /// RMSProp normalisation of the activation's gradient: division by the root of a running mean square.
    public enum Normalisation: Int, Sendable {
        /// The gradient is taken as it is.
        case off = 0
        /// One mean square per image: every chain moves at the same pace, and what matters more stays larger.
        case image = 1
        /// One mean square per pixel, as RMSProp has it for parameters: every pixel moves at the same pace.
        case pixel = 2
        /// One mean square s per chain that is held as it stands, ``LangevinChains/fixedMeanSquares``. The update remains the
        /// gradient of a function, the activation over c = √(s + 10⁻⁸): unlike by running mean squares, the chains have an energy.
        case fixed = 3
    }

    /// The step's settings, in the symbols of the source.
    public struct Parameters: Sendable {
        /// σ, the deviation of the noise.
        public var noise: Float = 0.3
        /// β, the step size. It falls as β(1 + t/b)^−μ.
        public var step: Float = 0.01
        /// b, the number of steps over which β begins to fall.
        public var decayStart: Float = 1000
        /// μ, how steeply the step size falls; 0 keeps it constant.
        public var decayExponent: Float = 0
        /// γ
        public var momentum: Float = 0.9
        /// n(·)
        public var normalisation = Normalisation.image
        /// Of the running mean squares.
        public var memory: Float = 0.9
        /// The range that samples are cut to after each step; by default none.
        public var clip: ClosedRange<Float> = -.infinity...(.infinity)
        /// Steps before the average begins.
        public var burnIn = 0
        /// Steps that the moving average covers.
        public var window = 200

        /// The defaults of each setting.
        public init() {}
    }

    /// v ← γv + β(n(g) + r + σfe), x ← x + v, for all chains in one kernel, with each chain's own factor f of the noise.
    ///
    /// - Parameters:
    ///   - gradient: g, of the activation with respect to the samples.
    ///   - regulariserGradient: r, the weighted gradients of all regularisers.
    ///   - noise: e, numbers of N(0, 1).
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)`` if a part does not fit the samples, or
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a window of no steps.
    /// - Source: Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, section 4.3, algorithm 1.
    public mutating func step(
        gradient: Matrix, regulariserGradient: Matrix, noise: Matrix, _ p: Parameters
    ) throws(CLMatError) {
        try requireSameShape(samples, gradient, "LangevinChains.step")
        try requireSameShape(samples, regulariserGradient, "LangevinChains.step")
        try requireSameShape(samples, noise, "LangevinChains.step")
        try requireSameShape(samples, velocities, "LangevinChains.step")
        try requireSameShape(samples, meanSquares, "LangevinChains.step")
        try requireSameShape(samples, averages, "LangevinChains.step")
        try requireSameDevice(samples.device, ages.device, "LangevinChains.step")
        try requireSameDevice(samples.device, imageMeanSquares.device, "LangevinChains.step")
        try requireSameDevice(samples.device, fixedMeanSquares.device, "LangevinChains.step")
        try requireSameDevice(samples.device, noiseFactors.device, "LangevinChains.step")
        let perChain = Shape(moved.rows, 1)
        guard noiseFactors.shape == perChain, fixedMeanSquares.shape == perChain else {
            throw .shapeMismatch(
                operation: "LangevinChains.step", left: perChain,
                right: noiseFactors.shape == perChain ? fixedMeanSquares.shape : noiseFactors.shape,
                rule: "There must be one factor of the noise and one fixed mean square per chain.")
        }
        guard ages.count == samples.rows, moved.rows == samples.rows, imageMeanSquares.shape == perChain else {
            throw .shapeMismatch(
                operation: "LangevinChains.step", left: samples.shape, right: Shape(ages.count, 1),
                rule: "There must be one age per chain, and the number of chains stays what it was at the start.")
        }
        guard p.window > 0, p.burnIn >= 0 else {
            throw .invalidArgument(
                operation: "LangevinChains.step",
                problem: "A window of \(p.window) steps after a burn-in of \(p.burnIn) has no mean.")
        }
        try samples.makeUnique()
        try velocities.makeUnique()
        try meanSquares.makeUnique()
        try averages.makeUnique()
        let columns = samples.columns
        // Kernels count steps with 32 bits; more than that never ends.
        func steps(_ count: Int) -> Int { Int(Int32(clamping: count)) }
        let settings: [Argument] = [
            .float(p.noise), .float(p.step), .float(p.decayStart), .float(p.decayExponent), .float(p.momentum),
            .int(p.normalisation.rawValue), .float(p.memory), .float(p.clip.lowerBound), .float(p.clip.upperBound),
            .int(steps(p.burnIn)), .int(steps(p.window)), gradient.argument, regulariserGradient.argument,
            noise.argument, noiseFactors.argument, fixedMeanSquares.argument,
        ]
        let state = [samples.argument, velocities.argument, meanSquares.argument, averages.argument]
        if let length = partLength { return try step(inPartsOf: length, gradient, settings, state) }
        try imageMeanSquares.makeUnique()
        try ages.makeUnique()
        try moved.makeUnique()
        try squaredUpdateNorms.makeUnique()
        try samples.device.launch(
            .langevinStep,
            [.int(columns)] + settings + state + [
                imageMeanSquares.argument, ages.argument, moved.argument, squaredUpdateNorms.argument,
            ],
            over: .groups(samples.rows, bytes: 44 * columns, operations: 25 * columns))
    }

    /// Images of more numbers than this have their squares summed up before, in parts.
    private static let largeImage = 8192

    /// Pixels of a part, on OpenCL devices where one work-group per chain would be few of them for much memory.
    private var partLength: Int? {
        let (chains, columns) = (samples.rows, samples.columns)
        guard samples.device.kind != .cpu, chains > 0, chains < 256, 44 * samples.count > 1_000_000 else { return nil }
        let parts = max((256 + chains - 1) / chains, columns / 4096)
        return max(128, (columns + parts - 1) / parts)
    }

    private mutating func step(
        inPartsOf length: Int, _ gradient: Matrix, _ settings: [Argument], _ state: [Argument]
    ) throws(CLMatError) {
        let (chains, columns, device) = (samples.rows, samples.columns, samples.device)
        let shape = Shape(chains, (columns + length - 1) / length)
        let sizes: [Argument] = [.int(columns), .int(shape.columns), .int(length)]
        // With small images each work-group sums up the squares of the whole one.
        var (squares, squareParts) = (gradient, 0)
        if columns > Self.largeImage {
            (squares, squareParts) = (try Matrix(uninitialised: shape, on: device), shape.columns)
            try device.launch(
                .squaresOfParts, sizes + [gradient.argument, squares.argument],
                over: .groups(shape.count, bytes: 4 * length, operations: 2 * length))
        }
        let next = try Matrix(uninitialised: Shape(chains, 1), on: device)
        let older = try IntVector(uninitialised: chains, on: device)
        let moves = try Matrix(uninitialised: shape, on: device)
        let updates = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            .langevinParts,
            sizes + [.int(squareParts)] + settings + [squares.argument, imageMeanSquares.argument, ages.argument]
                + state + [next.argument, older.argument, moves.argument, updates.argument],
            over: .groups(
                shape.count, bytes: 44 * length + (squareParts == 0 ? 4 * columns : 0), operations: 25 * length))
        (imageMeanSquares, ages, moved, squaredUpdateNorms) = (next, older, moves, updates)
    }

    /// Starts one chain again at `sample`, 1 × pixels. Its factor of the noise and its fixed mean square stay.
    ///
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)`` or
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a chain that there is not.
    public mutating func restart(_ chain: Int, at sample: Matrix) throws(CLMatError) {
        guard sample.shape == Shape(1, samples.columns) else {
            throw .shapeMismatch(
                operation: "LangevinChains.restart", left: Shape(1, samples.columns), right: sample.shape,
                rule: "A chain starts at one sample.")
        }
        let zeros = try Matrix(zeros: sample.shape, on: sample.device)
        try samples.replace(row: chain, with: sample)
        try averages.replace(row: chain, with: sample)
        try velocities.replace(row: chain, with: zeros)
        try meanSquares.replace(row: chain, with: zeros)
        try imageMeanSquares.replace(row: chain, with: Matrix(zeros: Shape(1, 1), on: sample.device))
        var count = try ages.values
        count[chain] = 0
        ages = try IntVector(count, on: sample.device)
    }

    /// Exchanges the samples of each pair of chains, and their velocities, scaled to the other's noise: by √(T'/T), the ratio of
    /// the ``noiseFactors``. Averages, mean squares and ages stay.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a chain that there is not, one in two pairs, or one that has
    ///   no noise.
    /// - Source: Y. Sugita, Y. Okamoto, "Replica-exchange molecular dynamics method for protein folding", Chem. Phys. Lett. 314,
    ///   1999, equation 12 (the scaling).
    public mutating func exchange(_ pairs: [(Int, Int)]) throws(CLMatError) {
        guard !pairs.isEmpty else { return }
        func refuse(_ problem: String) -> CLMatError {
            .invalidArgument(operation: "LangevinChains.exchange", problem: problem)
        }
        let factors = try noiseFactors.values
        var sources = Array(0..<samples.rows)
        var scales = [Float](repeating: 1, count: samples.rows)
        guard factors.count == samples.rows else {
            throw refuse("There are \(factors.count) factors of the noise for \(samples.rows) chains.")
        }
        for (a, b) in pairs {
            for chain in [a, b] {
                guard sources.indices.contains(chain) else { throw refuse("There is no chain \(chain).") }
                guard sources[chain] == chain, a != b else { throw refuse("Chain \(chain) is exchanged twice.") }
                guard factors[chain] > 0 else { throw refuse("Chain \(chain) has no noise, so no temperature.") }
            }
            (sources[a], sources[b]) = (b, a)
            (scales[a], scales[b]) = (factors[a] / factors[b], factors[b] / factors[a])
        }
        let device = samples.device
        let order = try IntVector(sources, on: device)
        let exchanged = try samples.gatherRows(order)
        velocities = try velocities.gatherRows(order) * Matrix(scales, scales.count, 1, on: device)
        samples = exchanged
    }
}
