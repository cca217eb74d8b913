/// How AdaGrad steps along the gradient of sums of rows.
public struct AdaGradStep: Sendable, Hashable {
    /// η.
    public var rate: Float
    /// ε, above 0.
    public var epsilon: Float
    /// δ: what is added to the sums of squares of the first column. The larger it is, the longer steps go with the gradient's size, and the
    /// less is made of gradients that are noise.
    public var initial: Float
    /// The same of the other columns.
    public var initialOthers: Float
    /// λ₁ of λ₁|w|.
    public var l1: Float
    /// λ₂ of ½λ₂w².
    public var l2: Float

    /// A step without criteria of the weights, unless they are given.
    public init(
        rate: Float, epsilon: Float = 1e-8, initial: Float = 0, initialOthers: Float = 0, l1: Float = 0, l2: Float = 0
    ) {
        (self.rate, self.epsilon, self.l1, self.l2) = (rate, epsilon, l1, l2)
        (self.initial, self.initialOthers) = (initial, initialOthers)
    }
}

extension PowerLawMatrix {
    /// The sum of each bag's rows, each times its value: bags × columns, with 0 where a row has no element. This is the product of a sparse
    /// matrix with this one.
    ///
    /// - Accuracy: in the order of a bag's elements, the same on each run: within n·ε·Σ|v·w|, n the elements of the bag.
    /// - Cost: each row that occurs is read once for each bag that has it.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for bags of another number of features.
    public func sums(of bags: FeatureBags) throws(CLMatError) -> Matrix {
        try sums(of: bags, withSquares: false).sums
    }

    /// The same, and the sum of the squares of what is added up: what a factorisation machine is made of.
    ///
    /// - Throws: as ``sums(of:)``.
    public func sumsAndSquares(of bags: FeatureBags) throws(CLMatError) -> (sums: Matrix, squares: Matrix) {
        let (sums, squares) = try sums(of: bags, withSquares: true)
        return (sums, squares ?? sums)
    }

    private func sums(
        of bags: FeatureBags, withSquares: Bool
    ) throws(CLMatError) -> (sums: Matrix, squares: Matrix?) {
        try requireFit(bags, "sums")
        let sums = try Matrix(uninitialised: Shape(bags.count, columns), on: device)
        let squares = withSquares ? try Matrix(uninitialised: sums.shape, on: device) : nil
        guard sums.count > 0 else { return (sums, squares) }
        let share = bags.elements / bags.count + 1
        var work = WorkSize.groups(
            bags.count, bytes: 4 * share * columns, operations: 2 * share * columns,
            loop: bags.longest * ((columns + 63) / 64))
        work.isUneven = true
        try device.launch(
            .bagsSum,
            rowArguments + [
                .int(bags.values == nil ? 0 : 1), .int(withSquares ? 1 : 0), bags.starts.argument,
                bags.ranks.argument, (bags.values?.argument ?? bags.starts.argument), elements.argument, sums.argument,
                (squares ?? sums).argument,
            ],
            over: work)
        return (sums, squares)
    }

    /// A step of AdaGrad in the rows that bags have, along the gradient of a function of ``sums(of:)``: s ← s + g², w ← S(w − ηg/(√(s + δ) + ε)). Other
    /// rows cost nothing.
    ///
    /// - Parameters:
    ///   - gradient: of the function with respect to the sums, bags × columns.
    ///   - squares: s, of this matrix's shape; zeros at first.
    ///   - weights: what the criteria of each of the bags' distinct ranks count, 1 × their number: a row that few minibatches have is drawn
    ///     towards 0 as much in all, if it counts 1 over the chance to be in one. All 1 if it is nil.
    ///   - own: bags × 1, if the function has −½·a·own·Σ(v·w)² of the columns from `first` on beside what is a function of the sums: that is how a
    ///     factorisation machine leaves out the pairs of a feature with itself.
    ///   - first: the first of these columns.
    ///   - alternates: whether a is −1 in odd columns; 1 in all others.
    /// - Accuracy: bags are added up in their order, the same on each run.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` or ``CLMatError/invalidArgument(operation:problem:)`` for what does not
    ///   fit.
    /// - Source: Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12, 2011.
    public mutating func adagradStep(
        _ bags: FeatureBags, _ gradient: Matrix, squares: inout PowerLawMatrix, _ step: AdaGradStep,
        weights: [Float]? = nil, own: Matrix? = nil, from first: Int = 0, alternates: Bool = false
    ) throws(CLMatError) {
        try requireFit(bags, "adagradStep")
        try requireSameDevice(device, gradient.device, "adagradStep")
        try requireSameShape(self, squares, "adagradStep")
        guard gradient.shape == Shape(bags.count, columns) else {
            throw .shapeMismatch(
                operation: "adagradStep", left: gradient.shape, right: Shape(bags.count, columns),
                rule: "There must be one row of the gradient for each bag, as wide as the matrix.")
        }
        if let own, own.shape != Shape(bags.count, 1) {
            throw .shapeMismatch(
                operation: "adagradStep", left: own.shape, right: Shape(bags.count, 1), rule: "One number per bag.")
        }
        guard step.epsilon > 0, step.initial >= 0, step.initialOthers >= 0 else {
            throw .invalidArgument(
                operation: "adagradStep",
                problem: "ε is above 0 and δ is not below it, but they are \(step.epsilon), \(step.initial) and \(step.initialOthers).")
        }
        let count = bags.distinct.count
        guard weights.map({ $0.count == count }) ?? true else {
            throw .invalidArgument(
                operation: "adagradStep",
                problem: "There are \(count) distinct ranks, but \(weights?.count ?? 0) weights.")
        }
        guard count > 0 else { return }
        let weights = try Matrix(weights ?? [Float](repeating: 1, count: count), 1, count, on: device)
        try elements.makeUnique()
        try squares.elements.makeUnique()
        let share = bags.elements / count + 1
        var work = WorkSize.groups(
            count, bytes: 4 * share * columns, operations: 2 * share * columns,
            loop: bags.mostFrequent * ((columns + 63) / 64))
        work.isUneven = true
        try device.launch(
            .bagsAdagrad,
            rowArguments + [
                .int(bags.values == nil ? 0 : 1), .int(own == nil ? columns : first), .int(alternates ? 1 : 0), .float(step.rate),
                .float(step.epsilon), .float(step.initial), .float(step.initialOthers), .float(step.l1), .float(step.l2), bags.byRank.ranks.argument,
                bags.byRank.starts.argument, bags.byRank.bags.argument,
                (bags.byRank.values?.argument ?? bags.byRank.starts.argument), weights.argument, gradient.argument,
                (own ?? gradient).argument, elements.argument, squares.elements.argument,
            ],
            over: work)
    }

    private func requireFit(_ bags: FeatureBags, _ operation: String) throws(CLMatError) {
        try requireSameDevice(device, bags.device, operation)
        guard bags.features == rows else {
            throw .invalidArgument(
                operation: operation, problem: "The bags are of \(bags.features) features, but the matrix has \(rows).")
        }
    }
}
