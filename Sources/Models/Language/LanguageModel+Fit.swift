import CLMat
import Exploration
import Foundation
import ModelOperations

/// How a language model is taught. The defaults are the small model of the source: 13 epochs, η halved after each but the first four.
///
/// The loss is summed over the steps of a window and averaged over its texts; the learning rate of 1 and the limit of 5 belong to that.
/// - Source: Zaremba, Sutskever, Vinyals, "Recurrent neural network regularization", arXiv:1409.2329, 2014, section 4.1.
public struct LanguageRecipe: Sendable, Codable, Hashable {
    /// Texts that are read side by side.
    public var batch = 20
    /// Steps of a window, through which the gradient goes back.
    public var steps = 20
    /// η of the first epochs.
    public var rate = 1.0
    /// What η is multiplied by after each epoch of those that follow.
    public var decay = 0.5
    /// Epochs before η begins to fall.
    public var epochsBeforeDecay = 4
    /// Passes over the text, at most.
    public var epochs = 13
    /// Ends so many epochs after the one with the best score; nil goes on.
    public var patience: Int?
    /// The largest norm of a gradient; longer ones are scaled to it.
    public var clip = 5.0
    /// The chance of a number between layers to be left out; none between steps.
    public var dropout = 0.0
    /// λ of Σ|w| of the output embedding, added to the loss of a window.
    public var outputL1 = 0.0
    /// λ of Σ|w| of the input embedding.
    public var inputL1 = 0.0
    /// What is random is drawn by it.
    public var seed: UInt64 = 1

    /// The defaults of each setting.
    public init() {}

    /// η of an epoch, which count from 1.
    public func rate(of epoch: Int) -> Double {
        var rate = rate
        for _ in 0..<max(0, epoch - epochsBeforeDecay) { rate *= decay }
        return rate
    }
}

/// What is told of an epoch on its way.
public struct LanguageProgress: Sendable {
    /// The epoch, from 1.
    public let epoch: Int
    /// Words that were learned from in it, and all that it has.
    public let words: Int, wordsOfEpoch: Int
    /// Perplexity on these words while they were learned from; the last window's are not among them yet.
    public let trainPerplexity: Double
}

/// What came of an epoch.
public struct LanguageEpoch: Sendable, Codable, Hashable {
    /// From 1.
    public let number: Int
    /// Perplexity on the text while it was learned from.
    public let trainPerplexity: Double
    /// Perplexity on the validation text after the epoch, read in 20 parts.
    public let validationPerplexity: Double
    /// η.
    public let rate: Double
    /// Seconds of learning; scoring is not among them.
    public let seconds: Double
    /// Words learned from.
    public let words: Int
}

extension LanguageModel {
    /// Learns a text, and scores itself on another after each epoch.
    ///
    /// - Parameters:
    ///   - past: epochs that this model has behind it; it goes on with the next.
    ///   - epochDone: is told each epoch with the model as it is then; false ends it.
    ///   - progress: is told after each window; it waits for nothing.
    /// - Returns: all epochs, the past ones too.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for a text of another vocabulary's size, or if the loss is not finite, with the step;
    ///   ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a batch or steps that the text cannot fill.
    @discardableResult
    public mutating func fit(
        _ data: LanguageData, _ recipe: LanguageRecipe = LanguageRecipe(), after past: [LanguageEpoch] = [],
        epochDone: ((LanguageEpoch, LanguageModel) throws(CLMatError) -> Bool)? = nil,
        progress: ((LanguageProgress) -> Void)? = nil
    ) throws(CLMatError) -> [LanguageEpoch] {
        try requireVocabulary(of: data.train)
        try requireVocabulary(of: data.validation)
        let windows = try TokenWindows(data.train, batch: recipe.batch, steps: recipe.steps)
        var epochs = past
        while epochs.count < recipe.epochs {
            if let patience = recipe.patience,
                let best = epochs.indices.min(by: {
                    epochs[$0].validationPerplexity < epochs[$1].validationPerplexity
                }), epochs.count - 1 - best >= patience
            {
                break
            }
            let epoch = epochs.count + 1
            let start = ContinuousClock.now
            let loss = try learnEpoch(epoch, windows, recipe, progress)
            try device.finish()
            let seconds = (ContinuousClock.now - start).seconds
            let words = windows.stepsPerEpoch * windows.tokensPerWindow
            epochs.append(
                LanguageEpoch(
                    number: epoch, trainPerplexity: exp(loss / Double(words)),
                    validationPerplexity: try score(data.validation).perplexity, rate: recipe.rate(of: epoch),
                    seconds: seconds, words: words))
            if let epochDone, try !epochDone(epochs[epochs.count - 1], self) { break }
        }
        return epochs
    }

    /// - Returns: the sum of the losses of all words.
    private mutating func learnEpoch(
        _ epoch: Int, _ windows: TokenWindows, _ recipe: LanguageRecipe, _ progress: ((LanguageProgress) -> Void)?
    ) throws(CLMatError) -> Double {
        var state = try self.state(batch: recipe.batch)
        var sum = 0.0
        var awaited: Later<Double>?
        let first = (epoch - 1) * windows.stepsPerEpoch
        for index in 1...windows.stepsPerEpoch {
            let step = Step(first + index, seed: recipe.seed)
            let window = try windows.batch(at: DataPlace(step: step))
            let loss = try learn(window, from: &state, recipe, rate: recipe.rate(of: epoch), at: step)
            // The numbers of a step are waited for when the next one is in the device's queue.
            try Reading.start(loss.readings)
            if let awaited { sum += try Self.checked(awaited, of: windows.tokensPerWindow, step: first + index - 1) }
            awaited = loss
            guard let progress else { continue }
            let known = (index - 1) * windows.tokensPerWindow
            progress(
                LanguageProgress(
                    epoch: epoch, words: index * windows.tokensPerWindow,
                    wordsOfEpoch: windows.stepsPerEpoch * windows.tokensPerWindow,
                    trainPerplexity: known == 0 ? .nan : exp(sum / Double(known))))
        }
        if let awaited {
            sum += try Self.checked(awaited, of: windows.tokensPerWindow, step: first + windows.stepsPerEpoch)
        }
        return sum
    }

    /// One step: the gradient of a window, and a step along it.
    ///
    /// - Parameter state: where the window begins; then where it ends.
    /// - Returns: the sum of the losses of all words, when it is asked for.
    package mutating func learn(
        _ window: TokenWindow, from state: inout LanguageState, _ recipe: LanguageRecipe, rate: Double, at step: Step
    ) throws(CLMatError) -> Later<Double> {
        var (loss, gradient, next) = try gradient(
            of: window, from: state, dropouts: dropouts(rate: recipe.dropout, at: step))
        state = next
        try gradient.addL1(input: recipe.inputL1, output: recipe.outputL1, of: self)
        try descend(along: gradient, rate: Float(rate), limit: Float(recipe.clip))
        return loss
    }

    private static func checked(_ loss: Later<Double>, of words: Int, step: Int) throws(CLMatError) -> Double {
        let value = try loss.value
        guard exp(value / Double(words)).isFinite else {
            throw .dataMismatch(
                """
                The model left the numbers at step \(step): its loss is \(value / Double(words)) nats per word. A smaller \
                learning rate, or a smaller limit of the gradient's norm, keeps it.
                """)
        }
        return value
    }

    /// The masks of a step: of the words, and behind each layer. nil if nothing is left out.
    func dropouts(rate: Double, at step: Step) throws(CLMatError) -> [Dropout]? {
        guard rate > 0 else { return nil }
        var masks: [Dropout] = []
        for index in 0...layers.count {
            let key = RandomKey(seed: step.seed, step: step.number, stream: Streams.languageDropout + UInt32(index))
            masks.append(try Dropout(rate: Float(rate), key: key))
        }
        return masks
    }
}

extension LanguageGradient {
    /// Adds λ sign w, the gradient of λ Σ|w|, for each embedding.
    mutating func addL1(input: Double, output: Double, of model: LanguageModel) throws(CLMatError) {
        if output > 0 { try self.output.addPenalty(of: model.output, l1: Float(output)) }
        guard input > 0 else { return }
        guard let own = model.ownInput else { return try self.output.addPenalty(of: model.output, l1: Float(input)) }
        try makeInputWhole(own)
        try wholeInput?.addPenalty(of: own, l1: Float(input))
    }

    /// What acts on all words, those that were not read too, makes the gradient of the input embedding one of all of them.
    mutating func makeInputWhole(_ own: PowerLawMatrix) throws(CLMatError) {
        guard wholeInput == nil else { return }
        var whole = try PowerLawMatrix(zerosLike: own)
        if let input { try whole.add(input) }
        wholeInput = whole
    }
}

extension Streams {
    /// What is left out between layers, seventeen masks at most.
    static let languageDropout: UInt32 = 0x500
}
