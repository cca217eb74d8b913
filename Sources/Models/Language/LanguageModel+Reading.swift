import CLMat
import Foundation
import ModelOperations

/// What a window did in a model, for the way back.
struct LanguageTrace {
    /// The ids that were read.
    let ids: IntVector
    /// What an adaptive input looked up; nil without.
    let words: AdaptiveWords?
    /// The input of each layer, steps · batch × inputs.
    var inputs: [MatrixBlock]
    var layers: [LSTMTrace]
    /// What the logits are made of, steps · batch × units.
    let top: MatrixBlock
    /// By layer, the masks of what comes into it; the last one is that of ``top``.
    let dropouts: [Dropout]?

    func state() throws(CLMatError) -> LanguageState {
        var states: [LSTMState] = []
        for layer in layers { states.append(try layer.state()) }
        return LanguageState(layers: states)
    }
}

extension LanguageModel {
    /// Reads a window of words from a state on.
    ///
    /// - Parameter ids: steps · batch ids, by step and within a step by text.
    func read(
        _ ids: [Int32], from state: LanguageState, dropouts: [Dropout]? = nil
    ) throws(CLMatError) -> LanguageTrace {
        let found = try adaptive.map { own throws(CLMatError) in try adaptiveWords(ids, own) }
        let ids = try IntVector(ids, on: device)
        let words: Matrix
        if let found { words = found.words } else { words = try input.gatherRows(ids) }
        var next = try (dropouts?[0].applied(to: words) ?? words).block()
        var inputs: [MatrixBlock] = []
        var traces: [LSTMTrace] = []
        for (index, layer) in layers.enumerated() {
            inputs.append(next)
            let trace = try layer.forward(next, from: state.layers[index])
            traces.append(trace)
            next =
                try dropouts.map { dropouts throws(CLMatError) in try trace.outputs(dropouts[index + 1]).block() }
                ?? trace.outputs
        }
        return LanguageTrace(
            ids: ids, words: found?.trace, inputs: inputs, layers: traces, top: next, dropouts: dropouts)
    }

    /// Rows of logits of so many words that are worked on at a time.
    func slices(of rows: Int, columns: Int) -> [Range<Int>] { LogitSlices.ranges(rows: rows, words: columns) }

    /// The losses of all words of a window, −ln of the chance that each target had, in nats.
    func losses(of top: MatrixBlock, _ targets: [Int32]) throws(CLMatError) -> [Matrix] {
        if let adaptive { return [try adaptiveLosses(of: top, targets, adaptive)] }
        return [try output.softmaxLosses(of: top, targets, biases: biases)]
    }

    /// The logits of rows of ``LanguageTrace/top``, biases and all. Of an adaptive softmax they are logs of chances.
    func logits(of top: MatrixBlock) throws(CLMatError) -> Matrix {
        if let adaptive { return try adaptiveLogits(of: top, adaptive) }
        var logits = try Matrix(uninitialised: Shape(top.shape.rows, shape.vocabulary), on: device)
        try logits.multiply(top, output, transposing: .right)
        return try logits + biases
    }
}

// MARK: - How well it foretells a text

/// How well a model foretells the words of a text.
public struct LanguageScore: Sendable, Equatable {
    /// Σ −ln of the chance that each word had, in nats, by the word's rank.
    public internal(set) var sums: [Double]
    /// Words that were foretold, by rank.
    public internal(set) var counts: [Int]

    init(vocabulary: Int) {
        (sums, counts) = ([Double](repeating: 0, count: vocabulary), [Int](repeating: 0, count: vocabulary))
    }

    mutating func add(_ losses: [Float], _ targets: some Sequence<Int32>) {
        for (loss, target) in zip(losses, targets) {
            sums[Int(target)] += Double(loss)
            counts[Int(target)] += 1
        }
    }

    /// How many words were foretold.
    public var tokens: Int { counts.reduce(0, +) }
    /// Nats per word; not a number of no words.
    public var entropy: Double { sums.reduce(0, +) / Double(tokens) }
    /// e to the entropy: among so many words that are equally likely the model seems to choose.
    public var perplexity: Double { exp(entropy) }

    /// Words of some ranks.
    public struct Range: Sendable, Equatable {
        /// From 0, the most frequent word.
        public let ranks: Swift.Range<Int>
        /// Words of these ranks that were foretold.
        public let tokens: Int
        /// Nats per word of these ranks.
        public let entropy: Double
        /// What they add to the entropy of the whole text: the shares of all ranges add up to it.
        public let share: Double
    }

    /// The score by range of ranks.
    ///
    /// - Source: Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, tables 5.7 and 5.8.
    public func byRank(_ ranges: [Swift.Range<Int>]) -> [Range] {
        let all = Double(tokens)
        return ranges.map { ranks in
            let own = ranks.clamped(to: 0..<counts.count)
            let (sum, count) = (sums[own].reduce(0, +), counts[own].reduce(0, +))
            return Range(ranks: ranks, tokens: count, entropy: sum / Double(count), share: sum / all)
        }
    }
}

extension LanguageModel {
    /// How well it foretells each word of a text but the first.
    ///
    /// - Parameter batch: parts of the text that are read side by side: 1 reads it from start to end, more are faster, but each begins
    ///   without what came before it.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for a text of another vocabulary's size,
    ///   ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a batch that is larger than the text.
    public func score(_ text: TokenText, batch: Int = 20) throws(CLMatError) -> LanguageScore {
        try score(text, batch: batch, unless: { false }) ?? LanguageScore(vocabulary: shape.vocabulary)
    }

    /// The same; nil if it was left off between two windows.
    func score(
        _ text: TokenText, batch: Int, unless leavesOff: () -> Bool
    ) throws(CLMatError) -> LanguageScore? {
        try requireVocabulary(of: text)
        // The steps of a window bound the memory; they do not change the score.
        let windows = try text.scoringWindows(batch: batch, steps: max(1, min(512, 1024 / batch)))
        var state = try self.state(batch: batch)
        var score = LanguageScore(vocabulary: shape.vocabulary)
        var awaited: (losses: [Later<[Float]>], targets: [Int32])?
        for window in windows {
            if leavesOff() { return nil }
            let (losses, next) = try losses(of: window, from: state.prefix(window.batch))
            state = next
            if let awaited { try Self.add(awaited, to: &score) }
            awaited = (losses, window.targets)
        }
        if let awaited { try Self.add(awaited, to: &score) }
        return score
    }

    /// Losses of one window, when they are asked for, and the state behind it.
    func losses(
        of window: TokenWindow, from state: LanguageState
    ) throws(CLMatError) -> (losses: [Later<[Float]>], state: LanguageState) {
        let trace = try read(window.inputs, from: state)
        var losses: [Later<[Float]>] = []
        for part in try self.losses(of: trace.top, window.targets) { losses.append(try part.valuesLater()) }
        try Reading.start(losses.flatMap(\.readings))
        return (losses, try trace.state())
    }

    static func add(
        _ awaited: (losses: [Later<[Float]>], targets: [Int32]), to score: inout LanguageScore
    ) throws(CLMatError) {
        var values: [Float] = []
        for part in awaited.losses { values += try part.value }
        score.add(values, awaited.targets)
    }

    func requireVocabulary(of text: TokenText) throws(CLMatError) {
        guard text.vocabulary.count == shape.vocabulary else {
            throw .dataMismatch(
                "\(text.name) has a vocabulary of \(text.vocabulary.count) words, but the model has one of \(shape.vocabulary)."
            )
        }
    }
}
