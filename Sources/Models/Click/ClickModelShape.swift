import CLMat

/// What a ``ClickModel`` makes of a record, and in what sizes.
public struct ClickModelShape: Sendable, Hashable, Codable {
    /// How the sum of a record's rows becomes the logit of a click.
    public enum Head: Sendable, Hashable, Codable {
        /// Logistic regression: b + Σ w. The embedding has one column.
        case linear
        /// A factorisation machine of degree 2: b + Σ w + Σ of all pairs of features of vᵢ·vⱼ. The first column is w, the others are v.
        ///
        /// - Source: Rendle, "Factorization machines", ICDM 2010, equations 1 and 5.
        case pairs
        /// A network: the sum's activation, dense layers with activations between, and one unit.
        ///
        /// - Source: Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, section 5.5 (PowerNet).
        case network(ClickNetwork)
    }

    /// Which weights each feature has, by rank.
    public let embedding: PowerLawShape
    /// What is made of their sum.
    public let head: Head

    /// V, the features.
    public var features: Int { embedding.rows }

    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for an embedding and a head that do not fit each other, or layers
    ///   without units.
    public init(embedding: PowerLawShape, head: Head) throws(CLMatError) {
        func wrong(_ problem: String) -> CLMatError { .invalidArgument(operation: "ClickModel", problem: problem) }
        switch head {
        case .linear:
            guard embedding.columns == 1 else {
                throw wrong("Logistic regression has one weight per feature, not \(embedding.columns).")
            }
        case .pairs:
            guard embedding.columns > 1 else {
                throw wrong("A factorisation machine needs 2 columns at least: the weight, and a vector.")
            }
        case .network(let network):
            if let units = network.hidden.first(where: { $0 < 1 || $0 > 1 << 16 }) {
                throw wrong("A layer has 1 to \(1 << 16) units, not \(units).")
            }
            guard network.hidden.count <= 16 else {
                throw wrong("There can be 16 layers, not \(network.hidden.count).")
            }
        }
        (self.embedding, self.head) = (embedding, head)
    }

    /// Logistic regression on so many features.
    public static func linear(features: Int) throws(CLMatError) -> ClickModelShape {
        try ClickModelShape(embedding: .dense(features, 1), head: .linear)
    }

    /// A factorisation machine with vectors of `dimension` numbers.
    public static func pairs(features: Int, dimension: Int) throws(CLMatError) -> ClickModelShape {
        try ClickModelShape(embedding: .dense(features, dimension + 1), head: .pairs)
    }

    /// PowerNet: 200 columns for the most frequent features, half as many for twice as many, and one at least for all; dense layers of 120, 80
    /// and 50 units.
    ///
    /// - Parameter width: columns of the most frequent ones.
    public static func powerNet(
        features: Int, width: Int = 200, _ network: ClickNetwork = ClickNetwork()
    ) throws(CLMatError) -> ClickModelShape {
        try ClickModelShape(embedding: halvings(features, width: width), head: .network(network))
    }

    /// The first V features have 1 column, V/2 2, V/4 4, and so on; as many as are left `width`.
    static func halvings(_ features: Int, width: Int) throws(CLMatError) -> PowerLawShape {
        guard features > 0, width > 0 else {
            throw .invalidArgument(
                operation: "ClickModel",
                problem: "There have to be a feature and a column at least, not \(features) × \(width).")
        }
        var (pairs, count, dimension) = ([(count: Int, dimension: Int)](), features, 1)
        while dimension < width, count > 1 {
            pairs.append((count, dimension))
            (count, dimension) = (count / 2, 2 * dimension)
        }
        pairs.append((count, width))
        return try PowerLawShape.nested(pairs).inBands
    }

    /// Numbers that the model learns.
    public var parameterCount: Int {
        guard case .network(let network) = head else { return embedding.parameterCount + 1 }
        var (count, inputs) = (embedding.parameterCount, network.inputs(embedding.columns))
        for units in network.hidden + [1] {
            count += units * (inputs + 1)
            inputs = units
        }
        return count
    }
}

/// The dense layers of a ``ClickModel``.
public struct ClickNetwork: Sendable, Hashable, Codable {
    /// What is done to each number between layers.
    public enum Activation: String, Sendable, Codable, CaseIterable {
        /// 1 / (1 + e⁻ˣ), the source's.
        case sigmoid
        /// tanh x
        case tanh
        /// max(0, x)
        case relu
    }

    /// Units of each layer but the last, which has one.
    public var hidden: [Int]
    /// Between layers.
    public var activation: Activation
    /// Whether the sums go through the activation too; else the first layer takes them as they are.
    public var activatesSums: Bool
    /// Whether the first layer gets the squares of the sums beside them, of which products of two features are made.
    public var squaresSums: Bool
    /// Whether the logit has, beside what the layers make of the sums, the sum of the features' first weights, and of all pairs of features of
    /// Σ aᵢvᵢwᵢ of their others, a = −1 in odd columns and 1 in even ones: a factorisation machine whose products may be of any sign.
    ///
    /// - Source: a linear part, a factorisation machine and layers on one embedding: Guo et al., "DeepFM", IJCAI 2017.
    public var addsPairs: Bool

    /// The source's layers and activation.
    public init(
        hidden: [Int] = [120, 80, 50], activation: Activation = .sigmoid, activatesSums: Bool = true,
        squaresSums: Bool = false, addsPairs: Bool = false
    ) {
        (self.hidden, self.activation) = (hidden, activation)
        (self.activatesSums, self.squaresSums, self.addsPairs) = (activatesSums, squaresSums, addsPairs)
    }

    func inputs(_ columns: Int) -> Int { squaresSums ? 2 * columns : columns }
}
