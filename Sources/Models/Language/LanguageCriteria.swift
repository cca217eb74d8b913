import CLMat
import Exploration

/// The embeddings of a language model, for criteria of them. Their criteria are made small: descent goes along ∇f₀ + Σ λᵢgᵢ, f₀ the loss
/// of a window, summed over its steps and averaged over its texts.
public struct LanguageEmbeddings: MixinSubject {
    /// Directions in the space of both embeddings.
    public typealias Gradient = EmbeddingDirection

    /// V × width.
    public let input: PowerLawMatrix
    /// V × units.
    public let output: PowerLawMatrix

    /// Those of a model. Where they are tied both are one.
    public init(of model: LanguageModel) { (input, output) = (model.input, model.output) }

    public var isFinite: Bool {
        get throws(CLMatError) {
            guard try input.elements.isFinite else { return false }
            return try output.elements.isFinite
        }
    }
}

/// The gradient of a criterion of embeddings: of one or of both.
public struct EmbeddingDirection: GradientSum {
    /// Of the input embedding; zero if nil.
    public private(set) var input: PowerLawMatrix?
    /// Of the output embedding; zero if nil.
    public private(set) var output: PowerLawMatrix?

    /// A direction that is zero where nothing is given.
    public init(input: PowerLawMatrix? = nil, output: PowerLawMatrix? = nil) {
        (self.input, self.output) = (input, output)
    }

    /// Both times a factor.
    public func weighted(_ factor: Double) throws(CLMatError) -> EmbeddingDirection {
        var own = self
        try own.input?.scale(by: Float(factor))
        try own.output?.scale(by: Float(factor))
        return own
    }

    /// Adds another one times a factor.
    public mutating func accumulate(_ other: EmbeddingDirection, weight: Double) throws(CLMatError) {
        try Self.accumulate(&input, other.input, weight)
        try Self.accumulate(&output, other.output, weight)
    }

    private static func accumulate(
        _ own: inout PowerLawMatrix?, _ other: PowerLawMatrix?, _ weight: Double
    ) throws(CLMatError) {
        guard let other else { return }
        if own == nil { own = try other * Float(weight) } else { try own?.add(other, times: Float(weight)) }
    }

    private var parts: [PowerLawMatrix] { [input, output].compactMap { $0 } }

    public func squaredNorm() throws(CLMatError) -> Double {
        var sum = 0.0
        for part in parts { sum += Double(try part.sumOfSquares()) }
        return sum
    }

    public func squaredNormLater() throws(CLMatError) -> Later<Double> {
        var sums: [Later<Double>] = []
        for part in parts { sums.append(try part.sumOfSquaresLater().map { Double($0) }) }
        return .sum(sums)
    }

    public var isFinite: Bool {
        get throws(CLMatError) {
            for part in parts where try !part.elements.isFinite { return false }
            return true
        }
    }
}

/// The criteria of embeddings that can be added.
public enum EmbeddingCriteria {
    /// L1 and L2 of the output and of the input embedding.
    public static let all: [any Mixin<LanguageEmbeddings>] = [
        EmbeddingPenalty(.output, .l1), EmbeddingPenalty(.input, .l1), EmbeddingPenalty(.output, .l2),
        EmbeddingPenalty(.input, .l2),
    ]
}

/// f = Σ|w| or ½‖w‖² of an embedding, g = sign w or w. λ is in nats per window and text for each unit of f, as the loss is.
///
/// - Source: Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, section 5.3.
public struct EmbeddingPenalty: Mixin {
    /// Which embedding.
    public enum Side: String, Sendable {
        /// That of the words that are read.
        case input
        /// That of the words that are foretold.
        case output
    }
    /// Which norm.
    public enum Form: String, Sendable {
        /// Σ|w|.
        case l1
        /// ½‖w‖².
        case l2
    }

    private let side: Side
    private let form: Form
    public let weight: Control
    public let score: Metric

    /// A criterion of one embedding.
    ///
    /// - Parameter initial: λ at the start; 0 is off.
    public init(_ side: Side, _ form: Form, initial: Double = 0) {
        (self.side, self.form) = (side, form)
        let id = "\(side)-\(form)"
        let isL1 = form == .l1
        weight = Control(
            id, title: isL1 ? "\(side) sparseness λ (L1)" : "\(side) decay λ (L2)",
            group: "embeddings", unit: isL1 ? "nats per Σ|w|" : "nats per ½‖w‖²", range: 1e-7...0.1, scale: .logWithOff,
            initial: initial,
            help: isL1
                ? "draws weights of the \(side) embedding to zero, those of rare words first"
                : "keeps weights of the \(side) embedding small",
            affects: (isL1 ? [.up("\(side)-zeros")] : []) + [
                .down("\(id)-size"), .up("pull-\(id)"), "perplexity-train", "perplexity-valid",
            ])
        score = Metric(
            "\(id)-size", title: isL1 ? "Sum of the \(side) embedding" : "Size of the \(side) embedding",
            unit: isL1 ? "Σ|w|" : "½‖w‖²", help: "what the criterion keeps small", better: .lower)
    }

    private func embedding(_ subject: LanguageEmbeddings) -> PowerLawMatrix {
        side == .input ? subject.input : subject.output
    }

    public func value(of subject: LanguageEmbeddings, _ context: MixinContext) throws(CLMatError) -> Double? {
        try laterValue(of: subject, context)?.value
    }

    public func laterValue(
        of subject: LanguageEmbeddings, _ context: MixinContext
    ) throws(CLMatError) -> Later<Double>? {
        let own = embedding(subject)
        return form == .l1
            ? try own.l1NormLater().map { Double($0) } : try own.sumOfSquaresLater().map { Double($0) / 2 }
    }

    public var isFiniteWithItsSubject: Bool { true }

    public func gradient(
        of subject: LanguageEmbeddings, _ context: MixinContext
    ) throws(CLMatError) -> EmbeddingDirection? {
        let own = embedding(subject)
        var direction = own
        if form == .l1 {
            try direction.changeElements { w throws(CLMatError) in w = try w.sign() }
        }
        return side == .input ? EmbeddingDirection(input: direction) : EmbeddingDirection(output: direction)
    }
}
