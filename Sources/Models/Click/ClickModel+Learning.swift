import CLMat
import Exploration

/// What AdaGrad remembers of the gradients of a ``ClickModel``: as much as the model has.
public struct ClickOptimiserState: Sendable {
    /// Sums of squares, of the embedding's elements.
    var embedding: PowerLawMatrix
    var bias: Matrix
    var network: [[Matrix]]

    /// One that remembers nothing.
    public init(for model: ClickModel) throws(CLMatError) {
        embedding = try PowerLawMatrix(zerosLike: model.embedding)
        bias = try Matrix(zeros: Shape(1, 1), on: model.device)
        network = try zeros(like: model.network?.parameters ?? [])
    }

    /// Bytes of what it remembers.
    public var bytes: Int {
        4 * (embedding.count + 1 + network.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } })
    }
}

/// How a ``ClickModel`` steps along the gradient of a minibatch.
struct ClickStep {
    /// η of the embedding.
    var rate: Float
    /// η of the dense layers.
    var networkRate: Float
    /// δ of AdaGrad in the first column, and in the others.
    var initial: Float = 1
    var initialOthers: Float = 1
    /// λ₁ and λ₂ of λ₁Σ|w| + ½λ₂Σw² of the embedding, beside the mean loss of a record.
    var l1: Float = 0
    var l2: Float = 0
    /// How much a record with a click counts, where one without counts 1.
    var clickWeight: Float = 1
    /// What λ counts of each of the bags' distinct ranks; nil for 1.
    var weights: [Float]?
}

extension ClickStep {
    /// A recipe's settings.
    ///
    /// - Parameter batch: records of a minibatch, by which it is known how often one has a rare feature.
    init(_ recipe: ClickRecipe, _ chances: FeatureChances?, of bags: FeatureBags, batch: Int) {
        self.init(rate: Float(recipe.rate), networkRate: Float(recipe.networkRate))
        (initial, initialOthers) = (Float(recipe.initialSquares), Float(recipe.initialSquaresOfOthers))
        (l1, l2, clickWeight) = (Float(recipe.l1), Float(recipe.l2), Float(recipe.clickWeight))
        if l1 > 0 || l2 > 0 { weights = chances?.weights(bags.distinct, batch: batch) }
    }
}

/// A forward pass, as the way back needs it.
struct ClickTrace {
    /// records × 1
    let logits: Matrix
    fileprivate let sums: Matrix
    /// What the dense layers got.
    fileprivate var inputs: Matrix?
    fileprivate var activations: Network.Activations?
}

extension ClickModel {
    /// The logits of records.
    func forward(_ bags: FeatureBags) throws(CLMatError) -> ClickTrace {
        switch shape.head {
        case .linear:
            let sums = try embedding.sums(of: bags)
            return ClickTrace(logits: try sums + bias, sums: sums)
        case .pairs:
            // Σ_{i<j} vᵢ·vⱼ = ½ Σ_c ((Σ v_c)² − Σ v_c²): Rendle, equation 5.
            let (sums, squares) = try embedding.sumsAndSquares(of: bags)
            let columns = 1..<embedding.columns
            let pairs = try (sums.squared() - squares).slice(columns: columns).rowSums()
            return ClickTrace(logits: try sums.slice(columns: 0..<1) + pairs * 0.5 + bias, sums: sums)
        case .network(let own):
            let (sums, pairs) = own.addsPairs ? try sumsAndPairs(bags) : (try embedding.sums(of: bags), nil)
            var inputs = own.activatesSums ? try own.activation.layer.applied(to: sums) : sums
            if own.squaresSums {
                var both = try Matrix(uninitialised: Shape(sums.rows, 2 * sums.columns), on: device)
                try both.replace(with: inputs)
                try both.replace(column: sums.columns, with: sums.squared())
                inputs = both
            }
            guard let network else { return ClickTrace(logits: inputs, sums: sums) }
            let activations = try network.forward(inputs)
            let logits = try pairs.map { pairs throws(CLMatError) in try activations.last + pairs } ?? activations.last
            return ClickTrace(logits: logits, sums: sums, inputs: inputs, activations: activations)
        }
    }

    /// The sums, and the first one with ½ Σ_c a_c ((Σ v_c)² − Σ v_c²) of the others: records × 1.
    private func sumsAndPairs(_ bags: FeatureBags) throws(CLMatError) -> (sums: Matrix, pairs: Matrix?) {
        let (sums, squares) = try embedding.sumsAndSquares(of: bags)
        var halves = Self.signs(embedding.columns).map { $0 / 2 }
        halves[0] = 0
        var pairs = try (sums.squared() - squares).matmul(
            Matrix(constantRow: halves, on: device).reshaped(halves.count, 1))
        try pairs.add(sums.slice(columns: 0..<1))
        return (sums, pairs)
    }

    /// 1 in even columns, −1 in odd ones.
    private static func signs(_ columns: Int) -> [Float] { (0..<columns).map { $0 % 2 == 1 ? -1 : 1 } }

    /// The gradient of a function of the logits with respect to the sums, and to the dense layers.
    ///
    /// - Parameter gradient: with respect to the logits, records × 1.
    func backward(
        _ trace: ClickTrace, _ gradient: Matrix
    ) throws(CLMatError) -> (sums: Matrix, layers: [[Matrix]]) {
        switch shape.head {
        case .linear: return (gradient, [])
        case .pairs:
            var sums = try trace.sums * gradient
            try sums.replace(with: gradient)
            return (sums, [])
        case .network(let own):
            guard let network, let activations = trace.activations, let inputs = trace.inputs else {
                return (gradient, [])
            }
            let (layers, inputGradient) = try network.gradients(activations, outputGradient: gradient)
            var sums = inputGradient
            let (plain, squared) = (0..<embedding.columns, embedding.columns..<2 * embedding.columns)
            if own.squaresSums { sums = try inputGradient.slice(columns: plain) }
            if own.activatesSums {
                let outputs = own.squaresSums ? try inputs.slice(columns: plain) : inputs
                sums = try own.activation.layer.backward(sums, input: trace.sums, output: outputs)
            }
            if own.squaresSums { try sums.add(inputGradient.slice(columns: squared) * trace.sums, times: 2) }
            if own.addsPairs {
                var pairs = try trace.sums * Matrix(constantRow: Self.signs(embedding.columns), on: device) * gradient
                try pairs.replace(with: gradient)
                try sums.add(pairs)
            }
            return (sums, layers)
        }
    }

    /// One step of AdaGrad along the gradient of the loss of some records, summed over them: what AdaGrad remembers is then of records, however
    /// many a minibatch has.
    ///
    /// - Returns: the logits before it.
    mutating func learn(
        _ batch: ClickBatch, _ bags: FeatureBags, _ step: ClickStep, _ state: inout ClickOptimiserState
    ) throws(CLMatError) -> Matrix {
        let trace = try forward(bags)
        guard batch.count > 0 else { return trace.logits }
        // d(weight · loss)/d logit = weight · (p − y).
        let scales: [Float] = batch.labels.map { $0 > 0 ? step.clickWeight : 1 }
        let pulls = zip(scales, batch.labels).map { $0 * $1 }
        let gradient =
            try trace.logits.logistic() * Matrix(scales, batch.count, 1, on: device)
            - Matrix(pulls, batch.count, 1, on: device)
        let (sums, layers) = try backward(trace, gradient)
        var (hasPairs, alternates) = (shape.head == .pairs, false)
        if case .network(let own) = shape.head, own.addsPairs { (hasPairs, alternates) = (true, true) }
        try embedding.adagradStep(
            bags, sums, squares: &state.embedding,
            AdaGradStep(
                rate: step.rate, epsilon: Self.epsilon, initial: step.initial, initialOthers: step.initialOthers,
                l1: step.l1 * Float(batch.count), l2: step.l2 * Float(batch.count)), weights: step.weights,
            own: hasPairs ? gradient : nil, from: 1, alternates: alternates)
        if var own = network {
            network = nil
            try Matrix.adagradStep(
                &own.parameters, layers, squares: &state.network, rate: step.networkRate, epsilon: Self.epsilon)
            network = own
        } else {
            try bias.adagradStep(gradient.columnSums(), squares: &state.bias, rate: step.rate, epsilon: Self.epsilon)
        }
        return trace.logits
    }

    /// ε of AdaGrad: far below the gradient of one record of a minibatch.
    private static let epsilon: Float = 1e-8
}
