import CLMat

/// A parameter's name, shape, and what it begins with.
public struct ParameterDescription: Sendable, Equatable {
    /// "weights" or "biases": regularisers leave all but weights alone.
    public let name: String
    /// Rows × columns.
    public let shape: Shape
    /// What it begins with.
    public let initialisation: Initialisation

    /// A parameter of a layer.
    public init(_ name: String, _ shape: Shape, _ initialisation: Initialisation) {
        (self.name, self.shape, self.initialisation) = (name, shape, initialisation)
    }

    /// One that is uniform in ±1/√fanIn at first.
    ///
    /// - Parameter fanIn: the number of inputs of one unit.
    public init(_ name: String, _ shape: Shape, fanIn: Int) { self.init(name, shape, .fanIn(fanIn)) }

    /// Whether regularisers of weights act on it.
    var isWeights: Bool { name == "weights" }
}

/// How the weights of a layer begin, whatever its sizes.
public enum WeightInitialisation: Sendable, Hashable {
    /// Uniform in ±1/√(inputs of a unit), as PyTorch's layers have it.
    case fanIn
    /// Normal with deviation √(2/inputs of a unit), for a rectifier behind it.
    case kaiming
    /// Uniform in ±√(6/(inputs + outputs of a unit)).
    case glorot
    /// Uniform in −x...x.
    case uniform(Float)
    /// Normal, with this deviation.
    case normal(Float)

    /// For units of so many inputs and outputs.
    func initialisation(fanIn: Int, fanOut: Int) -> Initialisation {
        switch self {
        case .fanIn: .fanIn(fanIn)
        case .kaiming: .kaiming(fanIn: fanIn)
        case .glorot: .glorot(fanIn: fanIn, fanOut: fanOut)
        case .uniform(let bound): .uniform(bound)
        case .normal(let deviation): .normal(deviation)
        }
    }
}

/// How a parameter begins.
public enum Initialisation: Sendable, Hashable {
    /// Uniform in ±1/√n for n inputs of one unit: the default of PyTorch's layers.
    case fanIn(Int)
    /// Uniform in −x...x.
    case uniform(Float)
    /// Normal, with this deviation.
    case normal(Float)
    /// Normal with deviation √(2/n), for n inputs of one unit with a rectifier behind it.
    ///
    /// - Source: K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV 2015, equation 10.
    case kaiming(fanIn: Int)
    /// Uniform in ±√(6/(inputs + outputs)) of one unit.
    ///
    /// - Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
    ///   equation 16.
    case glorot(fanIn: Int, fanOut: Int)
    /// The same number everywhere.
    case constant(Float)
    /// A number for each row.
    case rows([Float])

    /// A fresh parameter.
    func matrix(_ shape: Shape, _ key: RandomKey, on device: Device) throws(CLMatError) -> Matrix {
        func uniform(_ bound: Float) throws(CLMatError) -> Matrix {
            try Matrix(uniform: -bound...bound, key, shape, on: device)
        }
        switch self {
        case .fanIn(let n): return try uniform(1 / Float(max(1, n)).squareRoot())
        case .uniform(let bound): return try uniform(abs(bound))
        case .normal(let deviation): return try Matrix(normal: 0, deviation: deviation, key, shape, on: device)
        case .kaiming(let n):
            return try Matrix(normal: 0, deviation: (2 / Float(max(1, n))).squareRoot(), key, shape, on: device)
        case .glorot(let inputs, let outputs): return try uniform((6 / Float(max(1, inputs + outputs))).squareRoot())
        case .constant(let value): return try Matrix(filledWith: value, shape, on: device)
        case .rows(let values):
            let rows = values.map { [Float](repeating: $0, count: shape.columns) }
            return try Matrix(Array(rows.joined()), shape.rows, shape.columns, on: device)
        }
    }
}
