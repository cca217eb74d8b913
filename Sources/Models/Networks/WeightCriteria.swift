import CLMat
import Exploration

/// The criteria of weights that can be added. One more of ours is a structure in this file with its place in this list; one of a package that depends
/// on CLMat is a file of its own, and ``/Exploration/Experiment/register(_:)``.
public enum WeightCriteria {
    /// The criteria, in the order in which the window lists them.
    public static let all: [any Mixin<NetworkParameters>] = [WeightDecay(), WeightSparseness()]
}

/// f = ½‖w‖² over all weights but biases, g = w: keeps weights small. λ is in nats per image for each unit of ½‖w‖².
///
/// *In the gradient* is L2 regularisation: the optimiser is given ∇f₀ + λw, and RMSProp divides λw by the size of the gradients.
/// *Decoupled* is weight decay: w ← w − ηλw beside the optimiser's step, so that all weights decay at one pace. With plain gradient
/// descent both are the same.
/// - Source: I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
public struct WeightDecay: Mixin {
    /// The criterion, off at the start.
    public init() {}

    public let weight = Control(
        "weight-l2", title: "weight decay λ (L2)", group: "training", unit: "nats per ½‖w‖²", range: 1e-6...1,
        scale: .logWithOff, initial: 0, help: "draws all weights of the network towards zero",
        affects: [.down("weight-l2-size"), .up("pull-weight-l2"), "train-loss", "test-accuracy"])

    public let score = Metric(
        "weight-l2-size", title: "Size of the weights", unit: "½‖w‖²", help: "what weight decay keeps small",
        better: .lower)

    private let form = WeightPath.control(of: "weight-l2", title: "weight decay acts")

    public var controls: [Control] { [form] }

    public func value(of parameters: NetworkParameters, _ context: MixinContext) throws(CLMatError) -> Double? {
        try parameters.sumOverWeights { (w) throws(CLMatError) in try w.sumOfSquares() } / 2
    }

    public func laterValue(of parameters: NetworkParameters, _ context: MixinContext) throws(CLMatError) -> Later<
        Double
    >? {
        try parameters.laterSumOverWeights { (w) throws(CLMatError) in try w.sumOfSquaresLater() }.map { $0 / 2 }
    }

    public var isFiniteWithItsSubject: Bool { true }

    public func gradient(
        of parameters: NetworkParameters, _ context: MixinContext
    ) throws(CLMatError) -> ParameterGradient? {
        let own = try parameters.ofWeights { (w) in w }
        return try WeightPath(context.settings, form).gradient(own)
    }
}

/// f = Σ |w| over all weights but biases: makes many weights zero. λ is in nats per image for each unit of Σ |w|.
///
/// *In the gradient* g = sign w. *Decoupled* is the proximal step, w ← sign w · max(0, |w| − ηλ), after which weights of
/// less than ηλ are zero (within rounding).
/// - Source: R. Tibshirani, "Regression shrinkage and selection via the lasso", J. R. Stat. Soc. B 58(1), 1996; the proximal step:
///   N. Parikh, S. Boyd, "Proximal algorithms", Foundations and Trends in Optimization 1(3), 2014, section 6.5.2.
public struct WeightSparseness: Mixin {
    /// The criterion, off at the start.
    public init() {}

    public let weight = Control(
        "weight-l1", title: "weight sparseness λ (L1)", group: "training", unit: "nats per Σ|w|",
        range: 1e-7...0.1,
        scale: .logWithOff, initial: 0, help: "cuts weak weights of the network to zero",
        affects: [.down("weight-l1-size"), .up("pull-weight-l1"), "train-loss", "test-accuracy"])

    public let score = Metric(
        "weight-l1-size", title: "Sum of the weights", unit: "Σ|w|", help: "what weight sparseness keeps small",
        better: .lower)

    private let form = WeightPath.control(of: "weight-l1", title: "sparseness acts")

    public var controls: [Control] { [form] }

    public func value(of parameters: NetworkParameters, _ context: MixinContext) throws(CLMatError) -> Double? {
        try parameters.sumOverWeights { (w) throws(CLMatError) in try w.absolute().sum() }
    }

    public func laterValue(of parameters: NetworkParameters, _ context: MixinContext) throws(CLMatError) -> Later<
        Double
    >? {
        try parameters.laterSumOverWeights { (w) throws(CLMatError) in try w.absolute().sumLater() }
    }

    /// A sign, or what is cut to ±1.
    public var isFiniteWithItsSubject: Bool { true }

    public func gradient(
        of parameters: NetworkParameters, _ context: MixinContext
    ) throws(CLMatError) -> ParameterGradient? {
        let path = try WeightPath(context.settings, form)
        // w − ηλ g is the proximal step for g = w / ηλ, cut at ±1.
        let threshold = parameters.learningRate * Float(context.weight)
        let own = try parameters.ofWeights { (w) throws(CLMatError) in
            path == .decoupled && threshold > 0 ? try (w * (1 / threshold)).clamped(to: -1...1) : try w.sign()
        }
        return path.gradient(own)
    }
}

/// By which way a criterion of weights acts.
enum WeightPath: Int {
    case decoupled = 0
    case inGradient = 1

    static func control(of mixin: String, title: String) -> Control {
        .choice(
            "\(mixin)-path", title: title, group: "training", options: ["decoupled", "in the gradient"],
            help:
                "beside the optimiser's step, as AdamW has it, or as a part of the gradient that the optimiser is given",
            affects: [Control.Effect("\(mixin)-size"), Control.Effect("pull-\(mixin)"), "train-loss"])
    }

    init(_ settings: Settings, _ control: Control) throws(CLMatError) {
        self = WeightPath(rawValue: try settings.int(control)) ?? .decoupled
    }

    func gradient(_ direction: ParameterGradient.Direction) -> ParameterGradient {
        self == .decoupled ? ParameterGradient(decoupled: direction) : ParameterGradient(inGradient: direction)
    }
}
