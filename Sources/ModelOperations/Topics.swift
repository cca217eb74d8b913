import CLMat
import ModelKernels

extension KernelFamily {
    static let topics = KernelFamily("topics")
}

extension Kernel {
    static let topicsSample = Kernel("topics_sample", in: .topics)
    static let topicsMerge = Kernel("topics_merge", in: .topics)
    static let topicsNormalise = Kernel("topics_normalise", in: .topics)
    static let topicsCut = Kernel("topics_cut", in: .topics)
    /// Its argument 7, one float a nonzero, is for work-items that share a document; the CPU has no use for it.
    static let topicsInfer = Kernel("topics_infer", in: .topics)
    static let topicsScore = Kernel("topics_score", in: .topics)
}

/// How the samples of a word in a document fall on topics.
public struct TopicSampling: Sendable, Equatable {
    /// The distribution of the samples.
    public enum Form: Int, Sendable, CaseIterable {
        /// Each topic's number is a Poisson number for itself: cheap, right on average; a word may get a few samples more
        /// or less.
        case poisson = 0
        /// ⌊mc⌋ samples of a word with count c, and one more with the probability of the rest, fall on the topics.
        case multinomial = 1
    }

    /// The distribution of the samples.
    public var form: Form
    /// m, the samples per token by topic: 1/temperature. The multinomial form takes the first of them for all.
    public var rates: [Float]

    /// The same number of samples per token for every topic.
    public init(_ form: Form, samples: Float, topics: Int) {
        (self.form, rates) = (form, [Float](repeating: samples, count: topics))
    }

    /// The samples per token by topic as they are drawn.
    var ratesDrawn: [Float] {
        form == .poisson ? rates : [Float](repeating: rates.first ?? 0, count: rates.count)
    }

    func check(topics: Int, _ operation: String) throws(CLMatError) {
        guard rates.count == topics, ratesDrawn.allSatisfy({ $0 > 0 && $0 <= 1e6 }) else {
            throw .invalidArgument(
                operation: operation,
                problem: "There must be \(topics) numbers of samples per token, from above 0 to 1e6.")
        }
    }
}

/// What a minibatch's samples say of words and topics: V × K whole numbers.
///
/// Samples are added as whole numbers, so the sums are the same in any order, on any number of threads.
public struct TopicCounts: Sendable {
    /// V × K
    public let shape: Shape
    /// The samples of each word by topic, row by row: V × K elements.
    public internal(set) var counts: IntVector
    /// The samples per token that they were drawn with.
    public internal(set) var rates: [Float]

    /// No samples.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for sizes that no matrix has.
    public init(words: Int, topics: Int, on device: Device) throws(CLMatError) {
        guard words >= 0, topics >= 0, let count = Shape(words, topics).checkedCount, count <= Shape.largestCount else {
            throw .invalidArgument(
                operation: "TopicCounts", problem: "\(words) words × \(topics) topics are more than can be counted.")
        }
        shape = Shape(words, topics)
        rates = [Float](repeating: 1, count: topics)
        counts = try IntVector(zeros: count, on: device)
    }

    /// What was kept before.
    ///
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``;
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if a rate is not above 0.
    public init(_ counts: IntVector, rates: [Float], words: Int) throws(CLMatError) {
        guard rates.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw .invalidArgument(operation: "TopicCounts", problem: "Samples per token must be numbers above 0.")
        }
        guard words >= 0, counts.count == Shape(words, rates.count).checkedCount else {
            throw .shapeMismatch(
                operation: "TopicCounts", left: Shape(1, counts.count), right: Shape(words, rates.count),
                rule: "There must be one count per word and topic.")
        }
        (shape, self.counts, self.rates) = (Shape(words, rates.count), counts, rates)
    }
}

/// The cooled Gibbs sampler of latent Dirichlet allocation, for V words and K topics.
///
/// With m samples per token (state augmentation for marginal estimation, SAME), one document's topics follow
/// p(θ, z¹…zᵐ), which has its modes where p(θ) has them, but the sharper the larger m is: 1/m is a temperature.
/// - Source: H. Zhao, B. Jiang, J. Canny, "SAME but different: fast and high-quality Gibbs parameter estimation", KDD
///   2015; B. Jiang, UCB/EECS-2018-34, section 2.5.
public struct TopicSampler: Sendable {
    /// The most topics that there can be.
    public static let mostTopics = Int(CLMAT_TOPICS_MOST)

    /// V, the number of words.
    public let words: Int
    /// K, the number of topics.
    public let topics: Int
    /// Where the sampler works.
    public let device: Device
    private let tables: PoissonTables
    /// Samples of each thread before they are added up, and a mark for each that is in use.
    private var sums: IntVector
    private let slots: Int

    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if V × K numbers are too many.
    public init(words: Int, topics: Int, on device: Device) throws(CLMatError) {
        guard (1...Self.mostTopics).contains(topics) else {
            throw .invalidArgument(
                operation: "TopicSampler", problem: "There can be 1 to \(Self.mostTopics) topics, not \(topics).")
        }
        slots = device.kind == .cpu ? device.computeUnits : 1
        guard words >= 0, let count = Shape(words, topics).checkedCount, count <= Shape.largestCount / (slots + 1)
        else {
            throw .invalidArgument(
                operation: "TopicSampler",
                problem: "\(words) words × \(topics) topics are more than \(Shape.largestCount / (slots + 1)) numbers.")
        }
        (self.words, self.topics, self.device) = (words, topics, device)
        tables = try PoissonTables(on: device)
        sums = try IntVector(zeros: slots * count + slots, on: device)
    }

    /// One round of the sampler over a minibatch: θ_d ← samples of d / m + α.
    ///
    /// - Parameters:
    ///   - theta: D × K, of any scale; becomes the new one.
    ///   - phi: V × K: the topics' weights of each word, side by side.
    ///   - counts: if given, this round's samples are kept for ``merge(into:replacing:by:keep:add:drop:)``, which makes
    ///     them its content; until then it stays as it is.
    ///   - first: the number of this minibatch's first nonzero among those that share the key.
    /// - Returns: D × 2: Σ_w c ln(Σ_k θ_k φ_kw / Σ_k θ_k) with the θ before (if `counts` is given, else 0), and the tokens
    ///   that went to another topic.
    /// - Cost: reads each nonzero, and both its rows of K numbers, once.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``;
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if a rate is not above 0, or if there are more samples than
    ///   2³¹.
    public mutating func sample(
        _ documents: SparseCounts, theta: inout Matrix, phi: Matrix, alpha: [Float], by sampling: TopicSampling,
        counts: inout TopicCounts?, first: Int = 0, _ key: RandomKey
    ) throws(CLMatError) -> Matrix {
        try check(documents, theta, phi, alpha, "sample")
        try key.requireSmall("sample")
        try sampling.check(topics: topics, "sample")
        let mostSamples = sampling.ratesDrawn.max() ?? 1
        guard Double(documents.total) * Double(mostSamples) < 0x1.fp30 else {
            throw .invalidArgument(
                operation: "sample",
                problem: """
                    \(documents.total) tokens × \(mostSamples) samples are more than 2³¹; take smaller minibatches or \
                    fewer samples.
                    """)
        }
        guard first >= 0, first <= 1 << 32 - documents.nonzeros else {
            throw .invalidArgument(
                operation: "sample", problem: "Nonzeros have numbers below 2³²; the first cannot be \(first).")
        }
        if let counts {
            try requireSameDevice(counts.counts.device, device, "sample")
            try checkShape(of: counts, "sample")
        }
        let rates = try Matrix(constantRow: sampling.ratesDrawn, on: device)
        let scores = try Matrix(uninitialised: Shape(documents.shape.rows, 2), on: device)
        let adds = counts != nil
        if adds {
            try sums.makeUnique(keepingContent: false)
            try sums.clear()
        }
        try theta.makeUnique()
        var arguments: [Argument] = [
            .int(topics), .int(sampling.form.rawValue), .float(sampling.rates[0]), .int(first), .int(adds ? 1 : 0),
            .int(slots), .int(device.kind == .cpu ? words * topics : 0),
        ]
        arguments += key.arguments + [documents.slices.argument] + documents.arguments
        arguments += try [
            rates.argument, Matrix(constantRow: alpha, on: device).argument, tables.words.argument, phi.argument,
            theta.argument, sums.argument, scores.argument,
        ]
        let items = documents.slices.count - 1
        let each = (documents.longestRow + 63) / 64
        // Products, and the numbers of a topic twice, with a search for each.
        try device.backend.requireLoops(of: each * 20 * topics, in: "topics_sample")
        try device.launch(
            .topicsSample, arguments,
            over: .groups(
                items, bytes: documents.nonzeros / max(1, items) * topics * 8,
                operations: documents.nonzeros / max(1, items) * topics * 30,
                // A work-item has each 64th nonzero, and reads its row of θ and of φ for the sum, and again for the samples.
                loop: each * 4 * topics))
        return scores
    }

    /// Takes the last round's samples into the statistics n_kw of words and topics, which are divided by m.
    ///
    ///     n ← keep n + add · new / m − old / m′, and 0 where rounding would take it below
    /// - Parameters:
    ///   - counts: the minibatch's samples before; become the new ones.
    ///   - sampling: what the last round drew them by.
    ///   - drop: whether the samples before are taken away.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``;
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if a rate is not above 0.
    public mutating func merge(
        into statistics: inout Matrix, replacing counts: inout TopicCounts, by sampling: TopicSampling,
        keep: Float = 1, add: Float = 1, drop: Bool = true
    ) throws(CLMatError) {
        guard statistics.shape == Shape(words, topics) else {
            throw .shapeMismatch(
                operation: "merge", left: statistics.shape, right: Shape(words, topics),
                rule: "Statistics must be \(words) words × \(topics) topics.")
        }
        try checkShape(of: counts, "merge")
        try sampling.check(topics: topics, "merge")
        try requireSameDevice(statistics.device, device, "merge")
        try requireSameDevice(counts.counts.device, device, "merge")
        let scales = try Matrix(constantRow: sampling.ratesDrawn.map { 1 / $0 }, on: device)
        let oldScales = try Matrix(constantRow: counts.rates.map { drop ? 1 / $0 : 0 }, on: device)
        try statistics.makeUnique()
        try counts.counts.makeUnique()
        try device.launch(
            .topicsMerge,
            [
                .int(statistics.count), .int(topics), .int(slots), .int(words * topics), .float(keep), .float(add),
                sums.argument, scales.argument, oldScales.argument, counts.counts.argument, statistics.argument,
            ],
            over: .elements(statistics.count, bytes: 16 + 4 * slots, operations: 6))
        counts.rates = sampling.ratesDrawn
    }

    /// φ ← (n + β) / Σ_w (n + β), for each topic; in place of what φ was. A topic of no words, where β is 0, has φ = 0.
    ///
    /// - Returns: 1 × K: Σ_w (n + β).
    public func normalise(_ statistics: Matrix, beta: Float, into phi: inout Matrix) throws(CLMatError) -> Matrix {
        try requireSameDevice(statistics.device, device, "normalise")
        try requireSameShape(statistics, phi, "normalise")
        guard statistics.shape == Shape(words, topics) else {
            throw .shapeMismatch(
                operation: "normalise", left: statistics.shape, right: Shape(words, topics),
                rule: "Statistics and topics must be \(words) words × \(topics) topics.")
        }
        let totals = try statistics.columnSums() + beta * Float(words)
        let factors = try totals.reciprocal()
        try phi.makeUnique(keepingContent: false)
        try device.launch(
            .topicsNormalise,
            [
                .int(phi.count), .int(topics), .float(beta), statistics.argument, factors.argument, phi.argument,
            ],
            over: .elements(phi.count, bytes: 8, operations: 2))
        return totals
    }

    /// φ ← max(0, φ − r); a word that all topics would lose stays where its statistics are largest. Not normalised.
    public func cut(_ phi: inout Matrix, by r: Matrix, statistics: Matrix) throws(CLMatError) {
        try requireSameShape(r, phi, "cut")
        try requireSameShape(statistics, phi, "cut")
        try phi.makeUnique()
        try device.launch(
            .topicsCut,
            [.int(words), .int(topics), statistics.argument, r.argument, phi.argument],
            over: .elements(words, bytes: 16 * topics, operations: 4 * topics))
    }

    /// Adds a minibatch's samples / m to the statistics.
    public func add(_ counts: TopicCounts, to statistics: inout Matrix) throws(CLMatError) {
        guard statistics.shape == counts.shape, counts.shape == Shape(words, topics) else {
            throw .shapeMismatch(
                operation: "add", left: statistics.shape, right: counts.shape,
                rule: "Both must be \(words) words × \(topics) topics.")
        }
        let scales = try Matrix(constantRow: counts.rates.map { 1 / $0 }, on: device)
        let none = try Matrix(zeros: Shape(1, topics), on: device)
        let unused = try IntVector(zeros: counts.counts.count, on: device)
        try statistics.makeUnique()
        try device.launch(
            .topicsMerge,
            [
                .int(statistics.count), .int(topics), .int(1), .int(0), .float(1), .float(1),
                counts.counts.argument, scales.argument, none.argument, unused.argument, statistics.argument,
            ],
            over: .elements(statistics.count, bytes: 16, operations: 4))
    }

    /// The topics of documents for a given φ, without chance: θ_k ∝ α_k + Σ_w c θ_k φ_kw / Σ_j θ_j φ_jw, `rounds` times.
    ///
    /// - Parameters:
    ///   - theta: D × K, where to start; becomes the topics, each row with the sum 1 (0 where nothing has weight).
    ///   - rounds: at least 1, at most 10 000.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``;
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for another number of rounds.
    public func infer(
        _ documents: SparseCounts, theta: inout Matrix, phi: Matrix, alpha: [Float], rounds: Int
    ) throws(CLMatError) {
        try check(documents, theta, phi, alpha, "infer")
        guard (1...10_000).contains(rounds) else {
            throw .invalidArgument(operation: "infer", problem: "There can be 1 to 10 000 rounds, not \(rounds).")
        }
        let sums = try Matrix(uninitialised: Shape(1, device.kind == .cpu ? 0 : documents.nonzeros), on: device)
        try theta.makeUnique()
        let each = documents.nonzeros / max(1, documents.shape.rows) * topics
        // First the sums of each 64th nonzero, then all nonzeros of each 64th topic.
        let loop = (documents.longestRow + 63) / 64 * 2 * topics + (topics + 63) / 64 * 2 * documents.longestRow
        // Some drivers end long loops (see `Backend.requireLoops`), and others stop a launch that takes seconds.
        let most = device.kind == .cpu ? rounds : max(1, (1 << 14) / max(1, loop))
        let alphas = try Matrix(constantRow: alpha, on: device)
        for first in stride(from: 0, to: rounds, by: most) {
            let count = min(most, rounds - first)
            try device.launch(
                .topicsInfer,
                [.int(topics), .int(count)] + documents.arguments
                    + [alphas.argument, phi.argument, sums.argument, theta.argument],
                over: .groups(
                    documents.shape.rows, bytes: count * each * 4, operations: count * each * 4, loop: count * loop))
        }
    }

    /// D × 1: Σ_w c ln Σ_k θ_dk φ_kw.
    ///
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func logLikelihood(of documents: SparseCounts, theta: Matrix, phi: Matrix) throws(CLMatError) -> Matrix {
        try check(documents, theta, phi, [Float](repeating: 0, count: topics), "logLikelihood")
        let scores = try Matrix(uninitialised: Shape(documents.shape.rows, 1), on: device)
        let each = documents.nonzeros / max(1, documents.shape.rows) * topics
        try device.launch(
            .topicsScore,
            [.int(topics)] + documents.arguments + [phi.argument, theta.argument, scores.argument],
            over: .groups(
                documents.shape.rows, bytes: each * 4, operations: each * 2,
                loop: (documents.longestRow + 63) / 64 * 2 * topics))
        return scores
    }

    private func checkShape(of counts: TopicCounts, _ operation: String) throws(CLMatError) {
        guard counts.shape == Shape(words, topics) else {
            throw .shapeMismatch(
                operation: operation, left: counts.shape, right: Shape(words, topics),
                rule: "Counts must be \(words) words × \(topics) topics.")
        }
    }

    private func check(
        _ documents: SparseCounts, _ theta: Matrix, _ phi: Matrix, _ alpha: [Float], _ operation: String
    ) throws(CLMatError) {
        try requireSameDevice(documents.device, device, operation)
        try requireSameDevice(theta.device, device, operation)
        try requireSameDevice(phi.device, device, operation)
        guard documents.shape.columns == words, phi.shape == Shape(words, topics) else {
            throw .shapeMismatch(
                operation: operation, left: documents.shape, right: phi.shape,
                rule: "Documents must have \(words) columns, and topics must be \(words) × \(topics).")
        }
        guard theta.shape == Shape(documents.shape.rows, topics), alpha.count == topics else {
            throw .shapeMismatch(
                operation: operation, left: theta.shape, right: Shape(documents.shape.rows, topics),
                rule: "θ must have a row per document, and θ and α a column per topic.")
        }
    }
}
