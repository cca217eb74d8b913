import CLMat
import ModelOperations

/// A language model by long short-term memory: it reads words one after the other, and gives each word of the vocabulary its chance to
/// be the next.
///
/// Words are rows of an input embedding; layers of LSTM follow; the logits are the last layer's units times the rows of an output
/// embedding, plus a bias per word. Both embeddings are power-law matrices, with a dense shape if each word has all columns. For
/// comparison there is adaptive softmax and input (``AdaptiveShape``).
///
/// ```swift
/// let data = try LanguageData.load("ptb")
/// var model = try LanguageModel(.dense(vocabulary: data.vocabulary.count, units: 200), seed: 1, on: .default)
/// try model.fit(data)
/// let perplexity = try model.score(data.validation).perplexity
/// let words = data.vocabulary.decode(try model.sample(20, after: data.vocabulary.encode("the company"), seed: 1))
/// ```
/// - Source: Zaremba, Sutskever, Vinyals, "Recurrent neural network regularization", arXiv:1409.2329, 2014; power-law embeddings: Jiang,
///   "Exploratory model analysis for machine learning", UCB/EECS-2018-34, chapter 5.
public struct LanguageModel: Sendable {
    /// What sizes it has.
    public let shape: LanguageModelShape
    /// Layers of memory, the lowest first.
    public internal(set) var layers: [LSTMLayer]
    /// V × units: the row of each word that the last layer's units are multiplied by.
    public internal(set) var output: PowerLawMatrix
    /// 1 × V. They stay 0 with an adaptive softmax, which has none.
    public internal(set) var biases: Matrix
    /// What an adaptive softmax and input have beside the words' rows; nil without.
    public internal(set) var adaptive: AdaptiveLayers?
    /// V × width; nil where it is the output's.
    var ownInput: PowerLawMatrix?

    /// V × width: the row that stands for each word that is read.
    public var input: PowerLawMatrix { ownInput ?? output }
    /// Where it is.
    public var device: Device { biases.device }
    /// All weights and biases.
    public var parameterCount: Int {
        layers.reduce(0) { $0 + $1.parameterCount } + output.count + (ownInput?.count ?? 0)
            + (adaptive?.parameterCount ?? biases.count)
    }

    /// A model that knows nothing: weights uniform in ±`range`, biases 0.
    ///
    /// - Throws: ``/CLMat/CLMatError/modelTooLarge(model:device:needed:available:remedy:)`` if the device has not the memory to teach it, before
    ///   any is taken.
    public init(
        _ shape: LanguageModelShape, range: Float = 0.1, seed: UInt64, on device: Device
    ) throws(CLMatError) {
        try self.init(shape, range: range, seed: seed, on: device, learning: true)
    }

    /// - Parameter learning: whether there has to be memory for its gradient.
    init(
        _ shape: LanguageModelShape, range: Float, seed: UInt64, on device: Device, learning: Bool
    ) throws(CLMatError) {
        try shape.requireMemory(on: device, learning: learning)
        func key(_ part: UInt32) -> RandomKey { RandomKey(seed: seed, stream: Streams.language + part) }
        self.shape = shape
        // An adaptive shape has its bands already; those of one dimension stay apart.
        let (input, output) =
            shape.adaptive == nil ? (shape.input.inBands, shape.output.inBands) : (shape.input, shape.output)
        ownInput = shape.isTied ? nil : try PowerLawMatrix(uniform: -range...range, input, key(0), on: device)
        self.output = try PowerLawMatrix(uniform: -range...range, output, key(1), on: device)
        biases = try Matrix(zeros: Shape(1, shape.vocabulary), on: device)
        adaptive = try shape.adaptive.map { own throws(CLMatError) in
            try AdaptiveLayers(own, range: range, seed: seed, on: device)
        }
        layers = []
        for index in 0..<shape.layers {
            layers.append(
                try LSTMLayer(
                    inputs: index == 0 ? shape.input.columns : shape.units, units: shape.units, range: range,
                    key: key(UInt32(4 + 2 * index)), on: device))
        }
    }

    /// A state at rest, for so many texts that are read side by side.
    public func state(batch: Int) throws(CLMatError) -> LanguageState {
        var states: [LSTMState] = []
        for layer in layers { states.append(try LSTMState(zeros: batch, units: layer.units, on: device)) }
        return LanguageState(layers: states)
    }
}

/// The sizes of a ``LanguageModel``.
public struct LanguageModelShape: Sendable, Hashable, Codable {
    /// V, the words.
    public let vocabulary: Int
    /// Layers of LSTM.
    public let layers: Int
    /// Cells of each layer.
    public let units: Int
    /// What each word's row of the input embedding has.
    public let input: PowerLawShape
    /// What each word's row of the output embedding has; as wide as there are units.
    public let output: PowerLawShape
    /// Whether one embedding serves as both.
    public let isTied: Bool
    /// The bands whose rows ``input`` and ``output`` are, with projections and a softmax in two stages; nil for embeddings without.
    public let adaptive: AdaptiveShape?

    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if the parts do not fit each other;
    ///   ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for more units than a layer can have.
    public init(
        layers: Int, units: Int, input: PowerLawShape, output: PowerLawShape, isTied: Bool = false
    ) throws(CLMatError) {
        try self.init(layers: layers, units: units, input: input, output: output, isTied: isTied, adaptive: nil)
    }

    init(
        layers: Int, units: Int, input: PowerLawShape, output: PowerLawShape, isTied: Bool, adaptive: AdaptiveShape?
    ) throws(CLMatError) {
        func wrong(_ problem: String) -> CLMatError { .invalidArgument(operation: "LanguageModel", problem: problem) }
        guard (1...16).contains(layers) else { throw wrong("There can be 1 to 16 layers, not \(layers).") }
        guard units > 0 else { throw wrong("There has to be a unit at least, not \(units).") }
        // A layer's weights are one matrix of what comes in × 4 · units.
        let most = input.columns > units ? Shape.largestCount / 4 / input.columns : Self.mostUnits
        guard units <= most else {
            throw .invalidValue(
                setting: "units", value: "\(units)",
                accepted:
                    "1 to \(most), since the weights of a layer are one matrix, of \(Shape.largestCount) numbers at most"
            )
        }
        guard input.rows == output.rows else {
            throw wrong("The input embedding has \(input.rows) words, the output embedding \(output.rows).")
        }
        guard output.columns == units else {
            throw wrong("The output embedding has \(output.columns) columns, but there are \(units) units to multiply.")
        }
        guard !isTied || input == output else {
            throw wrong("Embeddings that are tied have one shape, not \(input) and \(output).")
        }
        if let adaptive {
            guard try adaptive.input == input, try adaptive.output == output else {
                throw wrong("The embeddings are not those of the adaptive softmax: \(adaptive).")
            }
        }
        self.adaptive = adaptive
        (vocabulary, self.layers, self.units) = (output.rows, layers, units)
        (self.input, self.output, self.isTied) = (input, output, isTied)
    }

    /// Dense embeddings as wide as there are units.
    public static func dense(
        vocabulary: Int, units: Int, layers: Int = 2, isTied: Bool = false
    ) throws(CLMatError) -> LanguageModelShape {
        let shape = try PowerLawShape.dense(vocabulary, units)
        return try LanguageModelShape(layers: layers, units: units, input: shape, output: shape, isTied: isTied)
    }

    /// Embeddings of one power-law shape, as wide as there are units.
    public static func powerLaw(
        _ shape: PowerLawShape, layers: Int = 2, isTied: Bool = false
    ) throws(CLMatError) -> LanguageModelShape {
        try LanguageModelShape(layers: layers, units: shape.columns, input: shape, output: shape, isTied: isTied)
    }

    /// Adaptive softmax and input, as wide as there are units. Tied, the words' rows are; the projections are not.
    public static func adaptive(
        _ shape: AdaptiveShape, layers: Int = 2, isTied: Bool = false
    ) throws(CLMatError) -> LanguageModelShape {
        try LanguageModelShape(
            layers: layers, units: shape.units, input: shape.input, output: shape.output, isTied: isTied,
            adaptive: shape)
    }

    /// The most units of a layer.
    private static let mostUnits = Int(Double(Shape.largestCount / 4).squareRoot())

    /// Elements of both embeddings, and of their projections and clusters; of one where they are tied.
    public var embeddingParameters: Int {
        output.parameterCount + (isTied ? 0 : input.parameterCount) + (adaptive?.projectionParameters ?? 0)
    }
    /// All weights and biases.
    public var parameterCount: Int {
        let first = 4 * units * (input.columns + units + 1)
        return embeddingParameters + (adaptive == nil ? vocabulary : 0) + first
            + (layers - 1) * 4 * units * (2 * units + 1)
    }
}

/// What a model remembers of the texts that it reads: a row per text in each layer.
public struct LanguageState: Sendable {
    /// The lowest layer first.
    public internal(set) var layers: [LSTMState]

    /// Texts that are read side by side.
    public var batch: Int { layers.first?.hidden.rows ?? 0 }

    /// The first texts alone.
    func prefix(_ batch: Int) throws(CLMatError) -> LanguageState {
        guard batch < self.batch else { return self }
        var own = self
        for index in layers.indices {
            own.layers[index].hidden = try layers[index].hidden.slice(rows: 0..<batch)
            own.layers[index].cells = try layers[index].cells.slice(rows: 0..<batch)
        }
        return own
    }
}

extension Streams {
    /// Weights of language models, sixteen layers at most.
    static let language: UInt32 = 0x400
}
