import CLMat
import Exploration

/// The parameters of a network, for criteria of them. Their criteria are made small: descent goes along ∇f₀ + Σ λᵢgᵢ, f₀ the mean
/// cross-entropy, so that λ is in nats per image for each unit of f.
public struct NetworkParameters: MixinSubject {
    public typealias Gradient = ParameterGradient

    /// Where a parameter stands: its stage, and its number within the stage.
    public struct Place: Sendable, Hashable, Comparable {
        /// The index of the stage.
        public let stage: Int
        /// The parameter's number within the stage.
        public let index: Int

        public static func < (left: Place, right: Place) -> Bool {
            (left.stage, left.index) < (right.stage, right.index)
        }
    }

    /// By stage, then in the order of the layer.
    public let all: [[Matrix]]
    /// The places of weights, which biases are not: a regulariser of weights leaves biases alone.
    public let weightPlaces: [Place]
    /// η of this step.
    public let learningRate: Float

    /// - Parameter rate: η of the step.
    public init(of network: Network, rate: Float) {
        (all, learningRate) = (network.parameters, rate)
        weightPlaces = network.weightPlaces
    }

    /// The parameter at a place of this network.
    public subscript(_ place: Place) -> Matrix { all[place.stage][place.index] }

    /// A direction with what `body` gives for each matrix of weights, zero elsewhere.
    public func ofWeights(
        _ body: (Matrix) throws(CLMatError) -> Matrix
    ) throws(CLMatError) -> ParameterGradient.Direction {
        var parts: [Place: Matrix] = [:]
        for place in weightPlaces { parts[place] = try body(self[place]) }
        return ParameterGradient.Direction(parts)
    }

    /// The sum of what `body` gives for each matrix of weights.
    public func sumOverWeights(_ body: (Matrix) throws(CLMatError) -> Float) throws(CLMatError) -> Double {
        var sum = 0.0
        for place in weightPlaces { sum += Double(try body(self[place])) }
        return sum
    }

    /// The same of numbers that the device has later.
    public func laterSumOverWeights(
        _ body: (Matrix) throws(CLMatError) -> Later<Float>
    ) throws(CLMatError) -> Later<Double> {
        var parts: [Later<Double>] = []
        for place in weightPlaces { parts.append(try body(self[place]).map { Double($0) }) }
        return .sum(parts)
    }

    public var isFinite: Bool {
        get throws(CLMatError) {
            for layer in all { for parameter in layer where try !parameter.isFinite { return false } }
            return true
        }
    }

    /// How far the weights are from others.
    func distance(to other: NetworkParameters) throws(CLMatError) -> Later<Double> {
        var parts: [Later<Double>] = []
        for place in weightPlaces {
            parts.append(try (self[place] - other[place]).sumOfSquaresLater().map { Double($0) })
        }
        return Later.sum(parts).map { $0.squareRoot() }
    }
}

extension Network {
    /// The places of weights, which biases are not, in the order of the layers.
    public var weightPlaces: [NetworkParameters.Place] {
        stages.indices.flatMap { number in
            graph.parameters[number].enumerated().filter { $0.element.isWeights }
                .map { NetworkParameters.Place(stage: number, index: $0.offset) }
        }
    }

    /// The norm of the weights' part of gradients.
    func weightNorm(of gradients: [[Matrix]]) throws(CLMatError) -> Later<Double> {
        var parts: [Later<Double>] = []
        for place in weightPlaces {
            parts.append(try gradients[place.stage][place.index].sumOfSquaresLater().map { Double($0) })
        }
        return Later.sum(parts).map { $0.squareRoot() }
    }
}

/// The gradient of a criterion of a network's parameters, and by which way it is to act.
public struct ParameterGradient: GradientSum {
    /// Numbers for some of the parameters.
    public struct Direction: Sendable {
        /// Each of the shape of its parameter.
        public private(set) var parts: [NetworkParameters.Place: Matrix]

        /// A direction that is zero where nothing is given.
        public init(_ parts: [NetworkParameters.Place: Matrix] = [:]) { self.parts = parts }

        /// Whether it is zero everywhere.
        public var isEmpty: Bool { parts.isEmpty }
        fileprivate var inOrder: [(key: NetworkParameters.Place, value: Matrix)] { parts.sorted { $0.key < $1.key } }

        fileprivate func weighted(_ factor: Double) throws(CLMatError) -> Direction {
            var own = self
            for (place, part) in inOrder { own.parts[place] = try part.weighted(factor) }
            return own
        }

        fileprivate mutating func accumulate(_ other: Direction, weight factor: Double) throws(CLMatError) {
            for (place, part) in other.inOrder {
                if var own = parts.removeValue(forKey: place) {
                    try own.accumulate(part, weight: factor)
                    parts[place] = own
                } else {
                    parts[place] = try part.weighted(factor)
                }
            }
        }

        fileprivate func squaredNorm() throws(CLMatError) -> Double {
            var sum = 0.0
            for (_, part) in inOrder { sum += Double(try part.sumOfSquares()) }
            return sum
        }

        fileprivate func squaredNormLater() throws(CLMatError) -> Later<Double> {
            var parts: [Later<Double>] = []
            for (_, part) in inOrder { parts.append(try part.sumOfSquaresLater().map { Double($0) }) }
            return .sum(parts)
        }

        fileprivate var isFinite: Bool {
            get throws(CLMatError) {
                for (_, part) in inOrder where try !part.isFinite { return false }
                return true
            }
        }

        func add(to parameters: inout [[Matrix]], times factor: Float) throws(CLMatError) {
            for (place, part) in inOrder { try parameters[place.stage][place.index].add(part, times: factor) }
        }
    }

    /// Joins the gradient of the loss: the optimiser's momentum and scaling act on it.
    public var inGradient: Direction
    /// Goes past the optimiser: w ← w − η λ g.
    public var decoupled: Direction

    /// A gradient of two parts, each of which may be missing.
    public init(inGradient: Direction = Direction(), decoupled: Direction = Direction()) {
        (self.inGradient, self.decoupled) = (inGradient, decoupled)
    }

    /// Both parts times a factor.
    public func weighted(_ factor: Double) throws(CLMatError) -> ParameterGradient {
        ParameterGradient(inGradient: try inGradient.weighted(factor), decoupled: try decoupled.weighted(factor))
    }

    /// Adds both parts of another gradient times a factor.
    public mutating func accumulate(_ other: ParameterGradient, weight factor: Double) throws(CLMatError) {
        try inGradient.accumulate(other.inGradient, weight: factor)
        try decoupled.accumulate(other.decoupled, weight: factor)
    }

    public func squaredNorm() throws(CLMatError) -> Double { try inGradient.squaredNorm() + decoupled.squaredNorm() }

    public func squaredNormLater() throws(CLMatError) -> Later<Double> {
        .sum([try inGradient.squaredNormLater(), try decoupled.squaredNormLater()])
    }

    public var isFinite: Bool {
        get throws(CLMatError) {
            guard try inGradient.isFinite else { return false }
            return try decoupled.isFinite
        }
    }
}
