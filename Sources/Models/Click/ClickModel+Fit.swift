import CLMat
import Exploration
import Foundation

/// How a model of clicks is taught.
public struct ClickRecipe: Sendable, Codable, Hashable {
    /// Records of a minibatch.
    public var batch = 1000
    /// η of the embedding: how far AdaGrad's first step moves a weight.
    public var rate = 0.1
    /// η of the dense layers.
    public var networkRate = 0.01
    /// δ, added to AdaGrad's sums of squared gradients of each feature's first weight: gradients of so many records hardly count.
    public var initialSquares = 1.0
    /// The same of its other weights, whose gradients are noise at first: products of two features have to grow together.
    public var initialSquaresOfOthers = 400.0
    /// λ₁ of λ₁Σ|w| of the embedding, beside the mean loss of a record.
    public var l1 = 0.0
    /// λ₂ of ½λ₂Σw² of the embedding.
    public var l2 = 0.0
    /// How much a record with a click counts, where one without counts 1.
    public var clickWeight = 1.0
    /// Passes over the records.
    public var passes = 1
    /// What is random is drawn by it.
    public var seed: UInt64 = 1

    /// The defaults of each setting.
    public init() {}

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    func check() throws(CLMatError) {
        guard batch > 0 else {
            throw .invalidValue(setting: "batch", value: "\(batch)", accepted: "1 record or more")
        }
        for (name, value) in [("rate", rate), ("networkRate", networkRate), ("clickWeight", clickWeight)] {
            guard value > 0, value.isFinite else {
                throw .invalidValue(setting: name, value: "\(value)", accepted: "a number above 0")
            }
        }
        for (name, value) in [
            ("l1", l1), ("l2", l2), ("initialSquares", initialSquares),
            ("initialSquaresOfOthers", initialSquaresOfOthers),
        ] where !(value >= 0 && value.isFinite) {
            throw .invalidValue(setting: name, value: "\(value)", accepted: "0 or a number above it")
        }
    }
}

/// How often features are in records: what λ of a rare one counts when a minibatch has it.
struct FeatureChances: Sendable {
    let vocabulary: ClickVocabulary
    let records: Int

    /// 1 over the chance of each feature to be in a minibatch: over many of them each feature is drawn towards 0 as if all were in all.
    func weights(_ ids: [Int32], batch: Int) -> [Float] {
        // A pass takes each record once: each of the feature's records is in another minibatch with this chance.
        let elsewhere = max(0, 1 - Double(batch) / Double(max(1, records)))
        return ids.map { id in
            let absent = pow(elsewhere, Double(max(1, vocabulary.count(of: id))))
            return Float(1 / max(1e-9, 1 - absent))
        }
    }
}

/// What is told of a fit on its way.
public struct ClickProgress: Sendable {
    /// Records learned from.
    public let records: Int
    /// Nats per record, below 0, of all records so far, each foretold before it was learned from.
    public let logLikelihood: Double
}

extension ClickModel {
    /// Learns from records in their order, each once per pass.
    ///
    /// - Parameters:
    ///   - vocabulary: the records' features, for λ₁ and λ₂ alone: a rare feature is drawn towards 0 as much as a frequent one. Without it, each
    ///     is as often as minibatches have it.
    ///   - progress: is told after each minibatch; false ends it.
    /// - Returns: the log-likelihood of the records as they were met, before they were learned from: on a first pass that of unseen records.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for features that the model has not, or if the logits are not finite, with the
    ///   minibatch; ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a recipe that cannot be.
    @discardableResult
    public mutating func fit(
        _ records: any ClickRecords, _ recipe: ClickRecipe = ClickRecipe(), vocabulary: ClickVocabulary? = nil,
        progress: ((ClickProgress) throws(CLMatError) -> Bool)? = nil
    ) throws(CLMatError) -> Double {
        var state = try ClickOptimiserState(for: self)
        return try fit(records, recipe, &state, vocabulary: vocabulary, progress: progress)
    }

    /// The same, going on with what AdaGrad remembers.
    @discardableResult
    public mutating func fit(
        _ records: any ClickRecords, _ recipe: ClickRecipe, _ state: inout ClickOptimiserState,
        vocabulary: ClickVocabulary? = nil, progress: ((ClickProgress) throws(CLMatError) -> Bool)? = nil
    ) throws(CLMatError) -> Double {
        try recipe.check()
        let chances = vocabulary.map { FeatureChances(vocabulary: $0, records: records.count) }
        var (sum, count) = (0.0, 0)
        var awaited: Later<Double>?
        func take(_ later: Later<Double>, _ number: Int) throws(CLMatError) {
            let own = try later.value
            guard own.isFinite else {
                throw .dataMismatch(
                    "The logits of minibatch \(number) are not finite: take a smaller learning rate than \(recipe.rate)."
                )
            }
            sum += own
        }
        var number = 0
        passes: for _ in 0..<recipe.passes {
            for first in stride(from: 0, to: records.count, by: recipe.batch) {
                let batch = try records.batch(first..<min(records.count, first + recipe.batch))
                let loss = try learn(batch, recipe, chances, &state)
                // The numbers of a minibatch are waited for when the next one is in the device's queue.
                try Reading.start(loss.readings)
                if let awaited { try take(awaited, number) }
                awaited = loss
                number += 1
                count += batch.count
                if let progress {
                    let known = count - batch.count
                    if try !progress(ClickProgress(records: count, logLikelihood: sum / Double(max(1, known)))) {
                        break passes
                    }
                }
            }
        }
        if let awaited { try take(awaited, number) }
        return sum / Double(count)
    }

    /// One step: records are foretold, and learned from.
    ///
    /// - Returns: the sum of the log-likelihoods of the records before the step, when it is asked for.
    package mutating func learn(
        _ batch: ClickBatch, _ recipe: ClickRecipe, _ state: inout ClickOptimiserState
    ) throws(CLMatError) -> Later<Double> {
        try learn(batch, recipe, nil, &state)
    }

    private mutating func learn(
        _ batch: ClickBatch, _ recipe: ClickRecipe, _ chances: FeatureChances?, _ state: inout ClickOptimiserState
    ) throws(CLMatError) -> Later<Double> {
        let bags = try self.bags(batch)
        let step = ClickStep(recipe, chances, of: bags, batch: recipe.batch)
        let logits = try learn(batch, bags, step, &state)
        let labels = batch.labels
        return try logits.valuesLater().map { logits in
            zip(logits, labels).reduce(0) { $0 + ClickScore.logLikelihood($1.0, $1.1) }
        }
    }

    /// The features of records, as the embedding sums them up.
    ///
    /// - Parameter sorted: the same by feature, if that was made before.
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for features that the model has not.
    func bags(_ batch: ClickBatch, sorted: SortedBags? = nil) throws(CLMatError) -> FeatureBags {
        try FeatureBags(
            starts: batch.starts, ranks: batch.features, values: batch.values, sorted: sorted, features: shape.features,
            on: device)
    }

    // MARK: - Foretelling

    /// The chance of a click of each record.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for features that the model has not.
    public func predict(_ batch: ClickBatch) throws(CLMatError) -> [Float] {
        try forward(bags(batch)).logits.logistic().values
    }

    /// The logit of each record.
    ///
    /// - Throws: as ``predict(_:)``.
    public func logits(_ batch: ClickBatch) throws(CLMatError) -> [Float] { try forward(bags(batch)).logits.values }

    /// How well it foretells records.
    ///
    /// - Parameter batch: records at a time, which bound the memory.
    /// - Throws: as ``predict(_:)``.
    public func score(_ records: any ClickRecords, batch: Int = 4096) throws(CLMatError) -> ClickScore {
        var score = ClickScore()
        for first in stride(from: 0, to: records.count, by: max(1, batch)) {
            let own = try records.batch(first..<min(records.count, first + max(1, batch)))
            score.add(own, try logits(own))
        }
        return score
    }
}
