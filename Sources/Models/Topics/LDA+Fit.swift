import CLMat
import Exploration
import Foundation
import ModelOperations

extension LDA {
    /// Learns a corpus, pass by pass; goes on where the last call with the same corpus ended.
    ///
    /// - Parameters:
    ///   - holdingOut: documents that are not learned from.
    ///   - batchSize: documents in a minibatch; if nil an eighth of the corpus, at most 10,000.
    ///   - progress: is told the passes that are done.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` if the corpus has other words, or no document is left.
    public mutating func fit(
        _ corpus: Corpus, passes: Int, holdingOut: [Int] = [], batchSize: Int? = nil,
        progress: ((Int) -> Void)? = nil
    ) throws(CLMatError) {
        if minibatches?.corpus.checksum != corpus.checksum {
            try begin(corpus, holdingOut: holdingOut, batchSize: batchSize)
        }
        guard let count = minibatches?.count else { return }
        for pass in 0..<max(0, passes) {
            for _ in 0..<count { _ = try step() }
            progress?(pass + 1)
        }
    }

    /// Makes minibatches of a corpus; nothing is learned yet.
    mutating func begin(_ corpus: Corpus, holdingOut: [Int] = [], batchSize: Int? = nil) throws(CLMatError) {
        guard corpus.vocabulary == vocabulary else {
            throw .dataMismatch("\(corpus.name) has other words than these topics.")
        }
        let batches = try TopicMinibatches(
            corpus, batchSize: batchSize, heldOut: holdingOut, topics: topics, seed: seed, memory: memory, on: device)
        // Topics that were learned from others: their samples go when each of these documents has its own.
        firstStep = steps
        minibatches = batches
    }

    /// The next minibatch of the corpus.
    mutating func step(
        _ context: MixinContext? = nil
    ) throws(CLMatError) -> (tokens: Int, result: Later<Result>) {
        guard var batches = minibatches.take() else {
            throw .invalidArgument(operation: "LDA.step", problem: "There is no corpus to learn from.")
        }
        defer { minibatches = batches }
        let (pass, batch) = (steps - firstStep).quotientAndRemainder(dividingBy: batches.count)
        // After some passes the sums are made anew, so that no rounding error grows; and where topics learned from others.
        if isIncremental(batches), batch == 0, pass % 10 == 9 || pass == 1 && firstStep > 0 {
            try rebuild(from: batches)
        }
        let documents = try batches.rows(batch)
        var theta = try batches.theta(batch)
        if batches.keepsTheta { batches.thetas[batch] = try Matrix(zeros: Shape(0, 0), on: device) }
        var counts: TopicCounts
        if batches.keepsCounts {
            counts = batches.counts[batch]
            batches.counts[batch] = try TopicCounts(words: 0, topics: 1, on: device)
        } else {
            counts = try TopicCounts(words: words, topics: topics, on: device)
        }
        let (keep, add, drop) = rule(batches, share: Double(documents.total) / Double(max(1, batches.tokens)))
        defer {
            if batches.keepsTheta { batches.thetas[batch] = theta }
            if batches.keepsCounts { batches.counts[batch] = counts }
        }
        let result = try learn(
            documents, theta: &theta, replacing: &counts,
            rounds: rounds ?? (batches.keepsTheta ? 1 : 5), keep: keep, add: add, drop: drop, context)
        if batch == batches.count - 1, optimisesAlpha || optimisesBeta {
            if batches.keepsTheta { batches.thetas[batch] = theta }
            try optimisePriors(batches)
        }
        return result
    }

    private func isIncremental(_ batches: TopicMinibatches) -> Bool {
        statisticsRule == .incremental && batches.keepsCounts
    }

    /// How a minibatch with this share of all tokens enters: n ← keep n + add n′ − what it gave before, if that is dropped.
    private func rule(_ batches: TopicMinibatches, share: Double) -> (keep: Double, add: Double, drop: Bool) {
        let isFirstPass = steps - firstStep < batches.count
        if isIncremental(batches), firstStep == 0 || !isFirstPass { return (1, 1, true) }
        let rate = isIncremental(batches) ? 1 / Double(2 + steps - firstStep) : rate
        return (1 - rate, rate / max(share, 1e-12), false)
    }

    /// ρ of this step.
    var rate: Double {
        switch statisticsRule {
        case .constantRate(let rate): steps == 0 ? 1 : min(1, max(0, rate))
        case .movingAverage(let delay, let decay): min(1, pow(max(1, delay + Double(steps)), -decay))
        // What takes over where the samples of all minibatches cannot be kept.
        case .incremental: min(1, pow(1 + Double(steps), -0.5))
        }
    }

    /// n_kw as the sum over what is kept of the minibatches.
    mutating func rebuild() throws(CLMatError) {
        guard let minibatches, minibatches.keepsCounts else { return }
        try rebuild(from: minibatches)
    }

    private mutating func rebuild(from batches: TopicMinibatches) throws(CLMatError) {
        var sum = try Matrix(zeros: statistics.shape, on: device)
        for counts in batches.counts where counts.shape == sum.shape { try sampler.add(counts, to: &sum) }
        statistics = sum
    }

    /// Learns from documents that come once, by the moving average.
    ///
    /// - Parameter documents: how many there are or will be, of which these are a part; if nil, what has been seen so far.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` if they have other words.
    public mutating func partialFit(_ rows: SparseRows, of documents: Int? = nil) throws(CLMatError) -> Result {
        guard rows.columns == words else {
            throw .dataMismatch("These documents have \(rows.columns) words, but the topics have \(words).")
        }
        guard rows.total > 0 else { return Result() }
        let seen = documentsSeen + rows.rows
        if statisticsRule == .incremental { statisticsRule = .movingAverage(delay: 1, decay: 0.5) }
        let counts = try SparseCounts(rows, on: device)
        var theta = try Matrix(filledWith: 1, Shape(rows.rows, topics), on: device)
        var sums = try TopicCounts(words: words, topics: topics, on: device)
        let share = Double(rows.rows) / Double(max(documents ?? seen, rows.rows))
        let rate = rate
        let result = try learn(
            counts, theta: &theta, replacing: &sums, rounds: rounds ?? 5, keep: 1 - rate, add: rate / share,
            drop: false)
        documentsSeen = seen
        return try result.result.value
    }

    /// α and β that the samples so far make most likely (``DirichletPriors``).
    private mutating func optimisePriors(_ batches: TopicMinibatches) throws(CLMatError) {
        if optimisesAlpha, batches.keepsTheta {
            let prior = try Matrix(alpha.map(Float.init), 1, topics, on: device)
            var counts: [Float] = []
            for (number, theta) in batches.thetas.enumerated() where theta.columns == topics {
                counts += try replica(of: theta - prior, number)
            }
            alpha = DirichletPriors.alpha(after: alpha, counts: counts, topics: topics)
        }
        if optimisesBeta {
            let counts = try replica(of: statistics, batches.count)
            beta = DirichletPriors.beta(after: beta, statistics: counts, topics: topics)
        }
    }

    /// Whole numbers like those that one of the m samples per token would have given: of m n, each with the chance 1/m.
    ///
    /// A Dirichlet-multinomial distribution is one of whole numbers. The mean of many samples is not: 0.3 tokens in each of
    /// ten topics would be taken for ten topics in use, where there are three, and priors would grow without need.
    private func replica(of means: Matrix, _ number: Int) throws(CLMatError) -> [Float] {
        let rates = try sampling.rates
        let trials = try means.values.enumerated().map { index, mean in
            // Not above 0 is none, and so is what is not a number.
            mean > 0 ? Int(min(mean * rates[index % topics], 0x1p30).rounded()) : 0
        }
        let chances =
            try Matrix(filledWith: 1, means.shape, on: device)
            * Matrix(rates.map { min(1, 1 / $0) }, 1, topics, on: device)
        let key = RandomKey(seed: seed, step: steps << 8 | number & 255, stream: Streams.topicReplica)
        return try IntVector(binomial: IntVector(trials, on: device), chances: chances, key).values.map(Float.init)
    }
}

extension Streams {
    /// Which tokens a replica keeps.
    static let topicReplica: UInt32 = 35
}
