import CLMat
import Exploration
import Foundation
import ModelOperations

/// Latent Dirichlet allocation, learned by the cooled Gibbs sampler.
///
/// Documents are mixtures θ_d of K topics, and topics distributions φ_k over V words. For each word of a document, m samples a
/// token fall on the topics with probabilities ∝ θ_dk φ_kw; then
///
///     θ_d ← n_d / m + α,   φ_kw ∝ max(0, n_kw + β − n_k Σᵢ λᵢ gᵢ,kw)
///
/// with n_kw the samples of all documents / m, and gᵢ what regularisers ask for (``TopicMixin``). 1/m is a temperature: m = 1 is
/// a Gibbs sampler, and m → ∞ goes to the nearest mode.
/// ```swift
/// var lda = try LDA(topics: 32, vocabulary: corpus.vocabulary, on: device)
/// try lda.fit(corpus, passes: 50)
/// for words in try lda.topWords(10) { print(words.joined(separator: " ")) }
/// let theta = try lda.transform(newDocuments)          // D × K
/// ```
/// - Which rule is best when: see ``Statistics`` and ``defaultSamples(topics:tokens:)``.
/// - Source: D. Blei, A. Ng, M. Jordan, "Latent Dirichlet allocation", JMLR 3, 2003; H. Zhao, B. Jiang, J. Canny, "SAME but
///   different: fast and high-quality Gibbs parameter estimation", KDD 2015; Jiang, UCB/EECS-2018-34, section 2.5.
public struct LDA: Sendable {
    /// How n_kw is made from minibatches.
    public enum Statistics: Sendable, Equatable {
        /// The last samples of every minibatch are kept and replaced (R. Neal, G. Hinton, 1998): best for a corpus that fits, since
        /// nothing is forgotten and nothing counts twice. On 20 Newsgroups with K = 32 it reaches a held-out
        /// perplexity that the moving average does not.
        case incremental
        /// n ← (1 − ρ) n + ρ n′, ρ = (τ₀ + t)^−κ (M. Hoffman, D. Blei, F. Bach, "Online learning for latent Dirichlet
        /// allocation", NIPS 2010): for streams, and corpora of which not every minibatch's samples can be kept.
        case movingAverage(delay: Double, decay: Double)
        /// n ← (1 − ρ) n + ρ n′ with ρ constant: forgets, and so follows controls soonest.
        case constantRate(Double)
    }

    /// m if nobody says otherwise, with incremental statistics and one round per minibatch: 100 (Poisson) where there are 30,000
    /// tokens or more per topic, else 20 (multinomial), since colder topics stay with what little they have seen.
    /// What that gives on two corpora stands in `docs/benchmarks.md`.
    public static func defaultSamples(topics: Int, tokens: Int) -> Double { tokens / topics >= 30_000 ? 100 : 20 }

    /// K
    public let topics: Int
    /// The words by their numbers.
    public let vocabulary: [String]
    /// Where topics and documents are sampled.
    public let device: Device
    /// How n_kw is made from minibatches.
    public var statisticsRule = Statistics.incremental
    /// m, the samples per token; by ``defaultSamples(topics:tokens:)`` until it is set.
    public var samples: Double {
        get { givenSamples ?? Self.defaultSamples(topics: topics, tokens: minibatches?.tokens ?? 0) }
        set { givenSamples = newValue }
    }
    private var givenSamples: Double?
    /// The distribution of the samples; ``/ModelOperations/TopicSampling/Form/poisson`` from m = 50 on if nil.
    public var form: TopicSampling.Form?
    /// A factor of m for each topic: above 1 it is cooled, below it is heated. Asks for the Poisson form.
    public var inverseTemperatures: [Double]
    /// Rounds of sampling per minibatch; if nil 1 where each document's θ is kept between passes, else 5.
    public var rounds: Int?
    /// α by topic.
    public var alpha: [Double]
    /// β, the same for each word.
    public var beta: Double
    /// Whether α and β follow the data (``DirichletPriors``), once a pass. Before there are topics they fit that there are none,
    /// and keep it so: wait some 20 passes.
    public var optimisesAlpha = false
    /// Whether β follows the data, as ``optimisesAlpha`` has α do.
    public var optimisesBeta = false
    /// Criteria of topics.
    public var mixins = Mixins<TopicState>()
    /// What is drawn at random follows from it.
    public var seed: UInt64
    /// Bytes for what is kept of minibatches.
    public var memory: Int

    /// φ, V × K: the topics' weights of each word, side by side. Columns sum to 1; one of zeros is a topic that lost all words.
    public internal(set) var phi: Matrix
    /// n_kw, V × K.
    public internal(set) var statistics: Matrix
    /// Minibatches learned.
    public internal(set) var steps = 0
    /// What ``steps`` was when the corpus that is being learned was begun.
    var firstStep = 0
    /// Documents of ``partialFit(_:of:)``.
    var documentsSeen = 0
    /// The finite corpus that is being learned.
    var minibatches: TopicMinibatches?
    var sampler: TopicSampler
    /// ‖φ̂‖ of the last step, which relative pulls are measured against.
    var wholeUpdate = Later(0.0)
    /// 1 × V: the words' shares of the corpus, for regularisers; those of the statistics if nil.
    var wordShares: Matrix?

    /// V, the number of words.
    public var words: Int { vocabulary.count }

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for numbers out of range;
    ///   ``/CLMat/CLMatError/outOfDeviceMemory(device:asked:available:)`` or ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if K × V is too large.
    public init(
        topics: Int, vocabulary: [String], alpha: Double = 0.1, beta: Double = 0.01, seed: UInt64 = 1,
        memory: Int = 1 << 30, on device: Device
    ) throws(CLMatError) {
        guard (1...TopicSampler.mostTopics).contains(topics) else {
            throw .invalidValue(setting: "topics", value: "\(topics)", accepted: "1 to \(TopicSampler.mostTopics)")
        }
        guard !vocabulary.isEmpty else { throw .dataMismatch("There are no words to make topics of.") }
        guard alpha > 0, alpha <= 1000 else {
            throw .invalidValue(setting: "alpha", value: "\(alpha)", accepted: "above 0, up to 1000")
        }
        guard beta > 0, beta <= 1000 else {
            throw .invalidValue(setting: "beta", value: "\(beta)", accepted: "above 0, up to 1000")
        }
        (self.topics, self.vocabulary, self.device) = (topics, vocabulary, device)
        (self.beta, self.seed, self.memory) = (beta, seed, memory)
        self.alpha = [Double](repeating: alpha, count: topics)
        inverseTemperatures = [Double](repeating: 1, count: topics)
        sampler = try TopicSampler(words: vocabulary.count, topics: topics, on: device)
        let shape = Shape(vocabulary.count, topics)
        statistics = try Matrix(zeros: shape, on: device)
        // Topics that differ by chance; the sampler drives them apart.
        phi = try Matrix(uniform: 0.5...1.5, RandomKey(seed: seed, stream: Streams.topics), shape, on: device)
        phi = try phi / phi.columnSums()
    }

    /// How samples are drawn now.
    public var sampling: TopicSampling {
        get throws(CLMatError) {
            guard samples > 0, samples <= 100_000 else {
                throw .invalidValue(
                    setting: "samples per token", value: "\(samples)", accepted: "above 0, up to 100,000")
            }
            guard inverseTemperatures.count == topics, inverseTemperatures.allSatisfy({ (0.001...1000).contains($0) })
            else {
                throw .invalidValue(
                    setting: "inverse temperatures", value: "\(inverseTemperatures)",
                    accepted: "one factor per topic, from 0.001 to 1000")
            }
            let isEven = inverseTemperatures.allSatisfy { $0 == 1 }
            guard isEven || form != .multinomial else {
                throw .invalidValue(
                    setting: "form", value: "multinomial",
                    accepted: "Poisson where topics have temperatures of their own")
            }
            let chosen = form ?? (isEven && samples < 50 ? .multinomial : .poisson)
            var sampling = TopicSampling(chosen, samples: Float(samples), topics: topics)
            for topic in 0..<topics where !isEven {
                sampling.rates[topic] = Float(samples * inverseTemperatures[topic])
            }
            return sampling
        }
    }

    private func checkPriors() throws(CLMatError) {
        guard alpha.count == topics, alpha.allSatisfy({ $0 > 0 && $0 <= 1e6 }) else {
            throw .invalidValue(
                setting: "alpha", value: "\(alpha)",
                accepted: "a number for each of \(topics) topics, above 0, up to 1e6")
        }
        guard beta > 0, beta <= 1e6 else {
            throw .invalidValue(setting: "beta", value: "\(beta)", accepted: "above 0, up to 1e6")
        }
    }

    // MARK: - One minibatch

    /// What one minibatch came to.
    public struct Result: Sendable {
        /// Σ c ln p of its tokens, by θ and φ as they were before the last round.
        public var logLikelihood = 0.0
        /// Tokens of the minibatch.
        public var tokens = 0
        /// Tokens that went to another topic, as documents see it: Σ_dk |Δθ_dk| / 2.
        public var moved = 0.0
    }

    /// Rounds of the sampler over a minibatch; the last one's samples are taken over.
    mutating func learn(
        _ documents: SparseCounts, theta: inout Matrix, replacing counts: inout TopicCounts, rounds: Int,
        keep: Double, add: Double, drop: Bool, _ context: MixinContext? = nil
    ) throws(CLMatError) -> (tokens: Int, result: Later<Result>) {
        let sampling = try sampling
        try checkPriors()
        guard (1...255).contains(rounds) else {
            throw .invalidValue(setting: "rounds", value: "\(rounds)", accepted: "1 to 255")
        }
        let bias = mixins.areActive ? try factors() : nil
        let isBiased = bias != nil
        let weights: Matrix
        if let bias { weights = try phi * Matrix(bias.factors, 1, topics, on: device) } else { weights = phi }
        let alpha = self.alpha.map(Float.init)
        let tokens = documents.total
        var result = Later(Result(tokens: tokens))
        for round in 0..<rounds {
            // Each round draws anew: steps and rounds make one number.
            let key = RandomKey(seed: seed, step: steps << 8 | round, stream: Streams.topics)
            var last: TopicCounts? = round == rounds - 1 ? counts : nil
            let before = isBiased && last != nil ? theta : nil
            let scores = try sampler.sample(
                documents, theta: &theta, phi: weights, alpha: alpha, by: sampling, counts: &last, key)
            guard last != nil else { continue }
            let totals = try scores.columnSums().valuesLater()
            // Factors change what is drawn, not what is probable.
            var unbiased: Later<Float>?
            if let before {
                let shares = try before / before.rowSums()
                unbiased = try sampler.logLikelihood(of: documents, theta: shares, phi: phi).sumLater()
            }
            result = Later(totals.readings + (unbiased?.readings ?? [])) { [unbiased] () throws(CLMatError) in
                let totals = try totals.value
                return Result(
                    logLikelihood: Double(try unbiased?.value ?? totals[0]), tokens: tokens, moved: Double(totals[1]))
            }
        }
        try sampler.merge(
            into: &statistics, replacing: &counts, by: sampling, keep: Float(keep), add: Float(add), drop: drop)
        steps += 1
        try maximise(context ?? MixinContext(step: Step(steps, seed: seed)))
        for (id, norm) in bias?.norms ?? [:] { mixins.note(norm: wholeUpdate.map { norm * $0 }, of: id) }
        return (tokens, result)
    }

    /// φ from the statistics.
    mutating func maximise(_ context: MixinContext) throws(CLMatError) {
        _ = try sampler.normalise(statistics, beta: Float(beta), into: &phi)
        guard mixins.areActive else {
            wholeUpdate = Later(0)
            return
        }
        wholeUpdate = try phi.sumOfSquaresLater().map { Double($0).squareRoot() }
        guard let regularisers = try mixins.gradient(of: state(phi), context) else { return }
        try sampler.cut(&phi, by: regularisers, statistics: statistics)
        let totals = try phi.columnSums()
        // A topic of zeros stays one, instead of becoming 0/0.
        phi = try phi / totals.maximum(Matrix(filledWith: 1e-30, totals.shape, on: device))
    }

    /// What criteria of whole topics make of the chances of words, and by how much each changes them: the root mean square of the
    /// change over tokens. nil if there is none.
    private mutating func factors() throws(CLMatError) -> (factors: [Float], norms: [String: Double])? {
        let biasing = mixins.active.compactMap { mixin, weight in (mixin as? any TopicMixin).map { ($0, weight) } }
        guard !biasing.isEmpty else { return nil }
        let (state, topics) = (try state(phi), topics)
        let shares = try state.topicShares
        var all: [Float]?
        var norms: [String: Double] = [:]
        for (mixin, weight) in biasing {
            let own = try mixins.attempt(mixin.id) { (_) throws(CLMatError) -> [Float]? in
                let own = try mixin.factors(state, weight: weight)
                guard own.map({ $0.count == topics && $0.allSatisfy { $0.isFinite && $0 >= 0 } }) ?? true else {
                    throw .invalidArgument(
                        operation: mixin.id, problem: "its factors are not \(topics) finite numbers of 0 or more")
                }
                return own
            }
            guard let own else { continue }
            let change = zip(shares, own).reduce(0) { $0 + $1.0 * Double($1.1 - 1) * Double($1.1 - 1) }
            norms[mixin.id] = change.squareRoot()
            all = all.map { zip($0, own).map(*) } ?? own
        }
        return all.map { ($0, norms) }
    }

    func state(_ phi: Matrix) throws(CLMatError) -> TopicState {
        if let wordShares { return TopicState(phi: phi, wordShares: wordShares, statistics: statistics) }
        let sums = try statistics.rowSums()
        let total = max(try sums.sum(), .leastNormalMagnitude)
        return TopicState(phi: phi, wordShares: try (sums / total).reshaped(1, words), statistics: statistics)
    }

    /// Each topic's share of all tokens; equal before the first minibatch.
    public var topicShares: [Double] {
        get throws(CLMatError) { try TopicState.topicShares(of: statistics) }
    }
}

extension Streams {
    /// The topics of tokens.
    static let topics: UInt32 = 33
}
