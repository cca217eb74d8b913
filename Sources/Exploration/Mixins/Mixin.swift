import CLMat

/// A secondary criterion fᵢ of what a model is after, f₀ + Σ λᵢ fᵢ, that a person adds, weighs and removes while the model learns.
///
/// What it acts on is its *subject*: sampled images, topics, the parameters of a network, clusters, codes. To write one takes a
/// weight, a score and, where it works by one, a gradient:
/// ```swift
/// /// f = ½‖w‖² (ridge): λ in nats per image for each unit of ‖w‖²/2.
/// struct Ridge: Mixin {
///     let weight = Control(
///         "ridge", title: "ridge λ", range: 1e-6...1, scale: .logWithOff, initial: 0, help: "keeps weights small")
///     let score = Metric("ridge-score", title: "Size of the weights", unit: "½‖w‖²", help: "what ridge keeps small")
///     func value(of network: NetworkParameters, _ context: MixinContext) throws(CLMatError) -> Double? {
///         try network.sumOverWeights { w throws(CLMatError) in try w.sumOfSquares() } / 2
///     }
///     func gradient(of network: NetworkParameters, _ context: MixinContext) throws(CLMatError) -> ParameterGradient? {
///         ParameterGradient(inGradient: try network.ofWeights { w in w })
///     }
/// }
/// ```
/// λ is in the unit of the primary objective f₀ per sample for each unit of fᵢ, and the gradient is that of fᵢ. Whether a model goes
/// up or down on fᵢ is said by its subject: images are made to score high, all others low.
///
/// One that throws, or whose gradient is not finite where its subject is, is set aside with a warning, and the run goes on.
/// - Source: Jiang, "Exploratory model analysis for machine learning", UC Berkeley EECS-2018-34, eq. 2.1; a graphic for each
///   criterion: section 2.3.
public protocol Mixin<Subject>: Sendable {
    /// What it acts on.
    associatedtype Subject: MixinSubject

    /// λᵢ. Its id is the mixin's.
    var weight: Control { get }
    /// fᵢ itself. It may be a metric that the model measures anyway: then ``value(of:_:)`` is left out.
    var score: Metric { get }
    /// Controls beside λᵢ; their ids begin with the mixin's.
    var controls: [Control] { get }

    /// fᵢ, measured after a step; nil if it is not measured here, or not at this step.
    func value(of subject: Subject, _ context: MixinContext) throws(CLMatError) -> Double?
    /// The same, if the device has it later; by default what ``value(of:_:)`` gives. A criterion that measures itself with a sum over the subject
    /// (``/CLMat/Matrix/sumLater()``) does not hold up the step.
    func laterValue(of subject: Subject, _ context: MixinContext) throws(CLMatError) -> Later<Double>?
    /// Whether gᵢ is finite wherever the subject is, for certain: then no step waits for the device to see whether it is. False by default.
    var isFiniteWithItsSubject: Bool { get }
    /// gᵢ = ∂fᵢ/∂subject; nil if the criterion works by other means than a gradient. Called where λᵢ is not 0.
    mutating func gradient(of subject: Subject, _ context: MixinContext) throws(CLMatError) -> Subject.Gradient?
    /// Forgets what it remembers of rows of the subject that were started anew, such as chains; nil means of all.
    mutating func forget(rows: Set<Int>?) throws(CLMatError)
    /// Hands over what a step may change, as ``Model/archive(_:)`` does.
    mutating func archive(_ archive: Archive) throws(CLMatError)
}

extension Mixin {
    /// In kebab-case, that of its weight; how options, scripts and the log name it.
    public var id: String { weight.id }
    public var controls: [Control] { [] }
    public func value(of subject: Subject, _ context: MixinContext) throws(CLMatError) -> Double? { nil }
    public func laterValue(of subject: Subject, _ context: MixinContext) throws(CLMatError) -> Later<Double>? {
        try value(of: subject, context).map { Later($0) }
    }
    public var isFiniteWithItsSubject: Bool { false }
    public func gradient(of subject: Subject, _ context: MixinContext) throws(CLMatError) -> Subject.Gradient? { nil }
    public func forget(rows: Set<Int>?) throws(CLMatError) {}
    public func archive(_ archive: Archive) throws(CLMatError) {}

    /// The metric of its *pull*, ‖λᵢgᵢ‖ over the norm of the whole update: it lets a person tell a weight that is too small to
    /// matter from a model that is stuck (fig. 3.8 of the source).
    public var relativePull: Metric {
        Metric(
            "pull-\(id)", title: "Pull of \(weight.title)", unit: "times the whole update",
            help: "how strong this criterion is in each update; near 0 it does nothing")
    }
}

/// What mixins act on.
public protocol MixinSubject: Sendable {
    /// Directions in its space.
    associatedtype Gradient: GradientSum
    /// Whether every number of it is finite. A criterion is not blamed for a subject that is not. Waits for the device.
    var isFinite: Bool { get throws(CLMatError) }
}

/// A gradient that can be added up over criteria.
public protocol GradientSum: Sendable {
    /// This gradient times a factor.
    func weighted(_ factor: Double) throws(CLMatError) -> Self
    /// Adds another gradient times a factor.
    mutating func accumulate(_ other: Self, weight factor: Double) throws(CLMatError)
    /// ‖g‖². Waits for the device.
    func squaredNorm() throws(CLMatError) -> Double
    /// ‖g‖² when it is asked for; by default at once.
    func squaredNormLater() throws(CLMatError) -> Later<Double>
    /// Waits for the device.
    var isFinite: Bool { get throws(CLMatError) }
}

extension GradientSum {
    public func squaredNormLater() throws(CLMatError) -> Later<Double> { Later(try squaredNorm()) }
}

extension Matrix: GradientSum {
    /// Each element times a factor.
    public func weighted(_ factor: Double) throws(CLMatError) -> Matrix {
        // 1 · x is x, bit for bit: one launch less for a usual weight.
        factor == 1 ? self : try self * Float(factor)
    }

    /// Adds another matrix of the same shape times a factor.
    public mutating func accumulate(_ other: Matrix, weight factor: Double) throws(CLMatError) {
        self = try self + other * Float(factor)
    }

    public func squaredNorm() throws(CLMatError) -> Double { Double(try sumOfSquares()) }

    public func squaredNormLater() throws(CLMatError) -> Later<Double> { try sumOfSquaresLater().map { Double($0) } }

    /// Whether all elements are finite. Waits for the device.
    public var isFinite: Bool {
        // What is not finite is not 0 when it is multiplied by 0.
        get throws(CLMatError) { try (self * 0).sum() == 0 }
    }
}

/// What a criterion may depend on beside its subject.
public struct MixinContext: Sendable {
    /// The step that is made; what is random is keyed by it.
    public let step: Step
    /// The values of the controls, the criterion's own among them.
    public let settings: Settings
    /// λᵢ as it is now.
    public internal(set) var weight = 0.0
    /// The minibatch of the step, of the model's type; nil if there is none.
    public let batch: (any Sendable)?
    /// Sums over the machines that learn together.
    public let reducer: any Reducer

    /// A context for a model that is used by itself, without a ``Learner``.
    public init(
        step: Step, settings: Settings = Settings(), batch: (any Sendable)? = nil, reducer: any Reducer = OneMachine()
    ) {
        (self.step, self.settings, self.batch, self.reducer) = (step, settings, batch, reducer)
    }

    /// The key of the step's random numbers for one purpose.
    public func key(_ stream: UInt32) -> RandomKey {
        RandomKey(seed: step.seed, step: step.number, stream: stream)
    }

    func weighing(_ weight: Double) -> MixinContext {
        var own = self
        own.weight = weight
        return own
    }
}
