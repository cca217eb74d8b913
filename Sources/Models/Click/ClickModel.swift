import CLMat

/// A model of clicks: the chance that a record of sparse features was clicked.
///
/// The rows that a record's features have in a power-law embedding are added up: frequent features have many columns, rare ones few, and each
/// has one at least. What is made of the sum is the shape's ``ClickModelShape/head-swift.property``: nothing (logistic regression), products of pairs (a
/// factorisation machine), or a network (PowerNet).
///
/// ```swift
/// let data = try ClickData.load("synthetic:20000")
/// var model = try ClickModel(.powerNet(features: data.vocabulary.count), seed: 1, on: .default)
/// try model.fit(data.train)
/// let score = try model.score(data.test)
/// print(score.logLikelihood, score.auc)
/// let chances = try model.predict(data.test.batch(0..<10))
/// ```
/// - Source: Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, section 5.5.
public struct ClickModel: Sendable {
    /// What sizes it has.
    public let shape: ClickModelShape
    /// V × columns: the rows of the features.
    public internal(set) var embedding: PowerLawMatrix
    /// What is added to each logit; that of the last layer, where there is a network.
    var bias: Matrix
    /// The dense layers; nil without.
    var network: Network?

    /// Where it is.
    public var device: Device { embedding.device }
    /// Numbers that it learns.
    public var parameterCount: Int { shape.parameterCount }

    /// A model that knows nothing: weights of logistic regression 0, other rows uniform in ±`range`, layers uniform as Glorot and Bengio have
    /// them.
    ///
    /// - Throws: ``/CLMat/CLMatError/modelTooLarge(model:device:needed:available:remedy:)`` if the device has not the memory to teach it, before
    ///   any is taken; it says which shape would fit.
    public init(
        _ shape: ClickModelShape, range: Float = 0.02, seed: UInt64, on device: Device
    ) throws(CLMatError) {
        try self.init(shape, range: range, seed: seed, on: device, learning: true)
    }

    /// - Parameter learning: whether there has to be memory for what AdaGrad remembers.
    init(
        _ shape: ClickModelShape, range: Float, seed: UInt64, on device: Device, learning: Bool
    ) throws(CLMatError) {
        try shape.requireMemory(on: device, learning: learning)
        self.shape = shape
        let key = RandomKey(seed: seed, stream: Streams.click)
        bias = try Matrix(zeros: Shape(1, 1), on: device)
        switch shape.head {
        case .linear: embedding = try PowerLawMatrix(zeros: shape.embedding, on: device)
        case .pairs:
            embedding = try PowerLawMatrix(uniform: -range...range, shape.embedding, key, on: device)
        case .network(let own):
            embedding = try PowerLawMatrix(uniform: -range...range, shape.embedding, key, on: device)
            network = try own.network(columns: shape.embedding.columns, seed: seed, on: device)
        }
    }
}

extension ClickNetwork {
    /// The layers behind the sums. What the sums go through comes before.
    fileprivate func network(columns: Int, seed: UInt64, on device: Device) throws(CLMatError) -> Network {
        var layers: [(name: String, layer: any Layer)] = []
        for (index, units) in hidden.enumerated() {
            layers.append(("dense\(index + 1)", Dense(units)))
            layers.append(("activation\(index + 1)", activation.layer))
        }
        layers.append(("logit", Dense(1)))
        var network = try Network(input: .vector(inputs(columns)), layers: layers, seed: seed, on: device)
        for (index, stage) in network.stages.enumerated() where !network.parameters[index].isEmpty {
            // Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010, equation 16; four times
            // as wide before a sigmoid, whose slope at 0 is a quarter of that of tanh.
            let bound = activation.gain * (6 / Float(stage.input.count + stage.output.count)).squareRoot()
            network.parameters[index][0] = try Matrix(
                uniform: -bound...bound, RandomKey(seed: seed, stream: Streams.click + 1 + UInt32(index)),
                network.parameters[index][0].shape, on: device)
            network.parameters[index][1] = try Matrix(zeros: network.parameters[index][1].shape, on: device)
        }
        return network
    }
}

extension ClickNetwork.Activation {
    var layer: Activation {
        switch self {
        case .sigmoid: .logistic
        case .tanh: .tanh
        case .relu: .relu
        }
    }

    fileprivate var gain: Float { self == .sigmoid ? 4 : 1 }
}

extension Streams {
    /// Weights of models of clicks: the embedding's, then those of each layer.
    static let click: UInt32 = 0x700
}
