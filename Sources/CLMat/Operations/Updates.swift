import Foundation

extension KernelFamily {
    static let update = KernelFamily("update")
}

extension Kernel {
    static let sgdMomentum = Kernel("sgd_momentum", in: .update)
    static let rmspropMomentum = Kernel("rmsprop_momentum", in: .update)
    static let adagrad = Kernel("adagrad", in: .update)
    static let adam = Kernel("adam", in: .update)
    static let sgdScaled = Kernel("sgd_scaled", in: .update)
    static let addPenalty = Kernel("add_penalty", in: .update)
    static let runningMean = Kernel("running_mean", in: .update)
}

extension Matrix {
    /// One step of gradient descent with momentum: v ← μv + g, w ← w − ηv.
    ///
    /// - Source: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964, in PyTorch's form.
    public mutating func sgdStep(
        _ gradient: Matrix, velocity: inout Matrix, rate: Float, momentum: Float
    ) throws(CLMatError) {
        try requireSameShape(self, gradient, "sgdStep")
        try requireSameShape(self, velocity, "sgdStep")
        try makeUnique()
        try velocity.makeUnique()
        try device.launch(
            .sgdMomentum,
            [.int(count), .float(rate), .float(momentum), gradient.argument, argument, velocity.argument],
            over: .elements(count, bytes: 20, operations: 4))
    }

    /// One step of gradient descent: w ← w − η·f·g.
    ///
    /// - Parameter factor: f, a 1 × 1 matrix on the device, for a number that the host does not know yet, such as that of a gradient which is
    ///   clipped by its norm; 1 if it is nil.
    public mutating func sgdStep(_ gradient: Matrix, rate: Float, factor: Matrix? = nil) throws(CLMatError) {
        try requireSameShape(self, gradient, "sgdStep")
        let factor = try Matrix.factor(factor, on: device, "sgdStep")
        try makeUnique()
        try device.launch(
            .sgdScaled, [.int(count), .float(rate), factor.argument, gradient.argument, argument],
            over: .elements(count, bytes: 12, operations: 2))
    }

    /// One step of AdaGrad: s ← s + g², w ← S(w − ηg/(√s + ε)), where S draws towards 0 by λ₁η/(√s + ε) and leaves 0 where that goes past it.
    ///
    /// - Parameters:
    ///   - squares: s, the sums of the squares of earlier gradients; zeros at first.
    ///   - epsilon: above 0.
    /// - Source: Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12, 2011, with
    ///   its section 5 for λ₁|w|.
    public mutating func adagradStep(
        _ gradient: Matrix, squares: inout Matrix, rate: Float, epsilon: Float = 1e-8, l1: Float = 0
    ) throws(CLMatError) {
        try requireSameShape(self, gradient, "adagradStep")
        try requireSameShape(self, squares, "adagradStep")
        try makeUnique()
        try squares.makeUnique()
        try device.launch(
            .adagrad,
            [
                .int(count), .float(rate), .float(epsilon), .float(l1), gradient.argument, argument, squares.argument,
            ],
            over: .elements(count, bytes: 20, operations: 8))
    }

    /// self ← self + λ₁·sign(w) + λ₂·w: to a gradient that of λ₁|w| + ½λ₂w², with 0 for the slope of |w| where w is 0.
    public mutating func addPenalty(of w: Matrix, l1: Float = 0, l2: Float = 0) throws(CLMatError) {
        try requireSameShape(self, w, "addPenalty")
        try makeUnique()
        try device.launch(
            .addPenalty, [.int(count), .float(l1), .float(l2), w.argument, argument],
            over: .elements(count, bytes: 12, operations: 5))
    }

    /// self ← self − λ₁·sign(self) − λ₂·self: one step along that gradient without one of the loss.
    public mutating func shrink(l1: Float = 0, l2: Float = 0) throws(CLMatError) {
        try makeUnique()
        try device.launch(
            .addPenalty, [.int(count), .float(-l1), .float(-l2), argument, argument],
            over: .elements(count, bytes: 8, operations: 5))
    }

    /// How RMSProp's denominator and velocity are formed.
    public enum RMSPropForm: Int, Sendable {
        /// √s + ε; the velocity is in units of steps.
        case pyTorch = 0
        /// √(s + ε); the velocity holds the learning rate.
        case tensorFlow = 1
    }

    /// One step of RMSProp with momentum: s ← αs + (1 − α)g², v ← μv + g/denominator, w ← w − ηv.
    ///
    /// - Source: Hinton, lecture 6e of "Neural networks for machine learning", 2012; momentum as PyTorch or TensorFlow.
    public mutating func rmsPropStep(
        _ gradient: Matrix, meanSquare: inout Matrix, velocity: inout Matrix, rate: Float, momentum: Float,
        alpha: Float, epsilon: Float, form: RMSPropForm
    ) throws(CLMatError) {
        try requireSameShape(self, gradient, "rmsPropStep")
        try requireSameShape(self, meanSquare, "rmsPropStep")
        try requireSameShape(self, velocity, "rmsPropStep")
        try makeUnique()
        try meanSquare.makeUnique()
        try velocity.makeUnique()
        try device.launch(
            .rmspropMomentum,
            [
                .int(count), .float(rate), .float(momentum), .float(alpha), .float(epsilon), .int(form.rawValue),
                gradient.argument, argument, meanSquare.argument, velocity.argument,
            ],
            over: .elements(count, bytes: 28, operations: 10))
    }

    /// One step of Adam: m ← β₁m + (1 − β₁)g, s ← β₂s + (1 − β₂)g², w ← w − η·m̂/(√ŝ + ε) with m̂ = m/(1 − β₁ᵗ), ŝ = s/(1 − β₂ᵗ); of AdamW
    /// with `decay`.
    ///
    /// - Parameters:
    ///   - mean: m; zeros at first.
    ///   - meanSquare: s; zeros at first.
    ///   - step: t, 1 at the first step.
    ///   - l2: what of w is added to g first: the gradient of ½λ₂w², PyTorch's `Adam(weight_decay=)`.
    ///   - decay: λ of AdamW, by which w is first multiplied by 1 − ηλ: PyTorch's `AdamW(weight_decay=)`, which has 0.01.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``,
    ///   ``CLMatError/invalidArgument(operation:problem:)`` for a step below 1, or β₁ or β₂ outside 0..<1.
    /// - Source: Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; Loshchilov, Hutter, "Decoupled weight decay
    ///   regularization", ICLR 2019, algorithm 2, with the learning rate as η and α, as PyTorch has it.
    public mutating func adamStep(
        _ gradient: Matrix, mean: inout Matrix, meanSquare: inout Matrix, step: Int, rate: Float = 1e-3,
        beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, l2: Float = 0, decay: Float = 0
    ) throws(CLMatError) {
        try requireSameShape(self, gradient, "adamStep")
        try requireSameShape(self, mean, "adamStep")
        try requireSameShape(self, meanSquare, "adamStep")
        let numbers = try Matrix.adamNumbers(step, rate, beta1, beta2, epsilon, l2, decay)
        try makeUnique()
        try mean.makeUnique()
        try meanSquare.makeUnique()
        try device.launch(
            .adam,
            [.int(count)] + numbers + [gradient.argument, argument, mean.argument, meanSquare.argument],
            over: .elements(count, bytes: 28, operations: 16))
    }

    /// The kernel's numbers; the powers of β₁ and β₂ in `Double`, since 1 − βᵗ is small at first.
    private static func adamNumbers(
        _ step: Int, _ rate: Float, _ beta1: Float, _ beta2: Float, _ epsilon: Float, _ l2: Float, _ decay: Float
    ) throws(CLMatError) -> [Argument] {
        guard step >= 1, (0..<1).contains(beta1), (0..<1).contains(beta2) else {
            throw .invalidArgument(
                operation: "adamStep",
                problem: "Steps count from 1, and β₁ and β₂ lie in 0..<1: not \(step), \(beta1), \(beta2).")
        }
        let (first, second) = (1 - pow(Double(beta1), Double(step)), 1 - pow(Double(beta2), Double(step)))
        return [
            .float(Float(Double(rate) / first)), .float(beta1), .float(beta2), .float(epsilon),
            .float(Float(1 / second.squareRoot())), .float(l2), .float(Float(1 - Double(rate) * Double(decay))),
        ]
    }
}

// MARK: - Many matrices at once

extension Matrix {
    /// ``sgdStep(_:velocity:rate:momentum:)`` of many matrices, by layer and parameter, in one launch: parameters and velocities are made
    /// parts of one row each, where they stay, and gradients are copied into one.
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``,
    ///   ``CLMatError/invalidArgument(operation:problem:)`` if there are not as many of each.
    public static func sgdStep(
        _ parameters: inout [[Matrix]], _ gradients: [[Matrix]], velocities: inout [[Matrix]], rate: Float,
        momentum: Float
    ) throws(CLMatError) {
        try requireSameShapes(parameters, gradients, "sgdStep")
        try requireSameShapes(parameters, velocities, "sgdStep")
        guard let layout = PackedRow.layoutForUpdate(of: parameters) else {
            for i in parameters.indices {
                for j in parameters[i].indices {
                    try parameters[i][j].sgdStep(
                        gradients[i][j], velocity: &velocities[i][j], rate: rate, momentum: momentum)
                }
            }
            return
        }
        let (g, w) = (try PackedRow.copy(of: gradients, layout), try PackedRow.own(&parameters, layout))
        let v = try PackedRow.own(&velocities, layout)
        try layout.device.launch(
            .sgdMomentum, [.int(layout.count), .float(rate), .float(momentum), g.argument, w.argument, v.argument],
            over: .elements(layout.count, bytes: 20, operations: 4))
    }

    /// ``rmsPropStep(_:meanSquare:velocity:rate:momentum:alpha:epsilon:form:)`` of many matrices, by layer and parameter, in one launch, as
    /// ``sgdStep(_:_:velocities:rate:momentum:)`` does it.
    ///
    /// - Throws: as that one.
    public static func rmsPropStep(
        _ parameters: inout [[Matrix]], _ gradients: [[Matrix]], meanSquares: inout [[Matrix]],
        velocities: inout [[Matrix]], rate: Float, momentum: Float, alpha: Float, epsilon: Float, form: RMSPropForm
    ) throws(CLMatError) {
        try requireSameShapes(parameters, gradients, "rmsPropStep")
        try requireSameShapes(parameters, meanSquares, "rmsPropStep")
        try requireSameShapes(parameters, velocities, "rmsPropStep")
        guard let layout = PackedRow.layoutForUpdate(of: parameters) else {
            for i in parameters.indices {
                for j in parameters[i].indices {
                    try parameters[i][j].rmsPropStep(
                        gradients[i][j], meanSquare: &meanSquares[i][j], velocity: &velocities[i][j], rate: rate,
                        momentum: momentum, alpha: alpha, epsilon: epsilon, form: form)
                }
            }
            return
        }
        let (g, w) = (try PackedRow.copy(of: gradients, layout), try PackedRow.own(&parameters, layout))
        let (s, v) = (try PackedRow.own(&meanSquares, layout), try PackedRow.own(&velocities, layout))
        try layout.device.launch(
            .rmspropMomentum,
            [
                .int(layout.count), .float(rate), .float(momentum), .float(alpha), .float(epsilon),
                .int(form.rawValue), g.argument, w.argument, s.argument, v.argument,
            ],
            over: .elements(layout.count, bytes: 28, operations: 10))
    }

    /// ``adagradStep(_:squares:rate:epsilon:l1:)`` of many matrices, by layer and parameter, in one launch, as
    /// ``sgdStep(_:_:velocities:rate:momentum:)`` does it.
    ///
    /// - Throws: as that one.
    public static func adagradStep(
        _ parameters: inout [[Matrix]], _ gradients: [[Matrix]], squares: inout [[Matrix]], rate: Float,
        epsilon: Float = 1e-8, l1: Float = 0
    ) throws(CLMatError) {
        try requireSameShapes(parameters, gradients, "adagradStep")
        try requireSameShapes(parameters, squares, "adagradStep")
        guard let layout = PackedRow.layoutForUpdate(of: parameters) else {
            for i in parameters.indices {
                for j in parameters[i].indices {
                    try parameters[i][j].adagradStep(
                        gradients[i][j], squares: &squares[i][j], rate: rate, epsilon: epsilon, l1: l1)
                }
            }
            return
        }
        let (g, w) = (try PackedRow.copy(of: gradients, layout), try PackedRow.own(&parameters, layout))
        let s = try PackedRow.own(&squares, layout)
        try layout.device.launch(
            .adagrad,
            [
                .int(layout.count), .float(rate), .float(epsilon), .float(l1), g.argument, w.argument, s.argument,
            ],
            over: .elements(layout.count, bytes: 20, operations: 8))
    }

    /// ``adamStep(_:mean:meanSquare:step:rate:beta1:beta2:epsilon:l2:decay:)`` of many matrices, by layer and parameter, in one launch, as
    /// ``sgdStep(_:_:velocities:rate:momentum:)`` does it.
    ///
    /// - Throws: as that one, and as the step of one matrix.
    public static func adamStep(
        _ parameters: inout [[Matrix]], _ gradients: [[Matrix]], means: inout [[Matrix]],
        meanSquares: inout [[Matrix]], step: Int, rate: Float = 1e-3, beta1: Float = 0.9, beta2: Float = 0.999,
        epsilon: Float = 1e-8, l2: Float = 0, decay: Float = 0
    ) throws(CLMatError) {
        try requireSameShapes(parameters, gradients, "adamStep")
        try requireSameShapes(parameters, means, "adamStep")
        try requireSameShapes(parameters, meanSquares, "adamStep")
        let numbers = try adamNumbers(step, rate, beta1, beta2, epsilon, l2, decay)
        guard let layout = PackedRow.layoutForUpdate(of: parameters) else {
            for i in parameters.indices {
                for j in parameters[i].indices {
                    try parameters[i][j].adamStep(
                        gradients[i][j], mean: &means[i][j], meanSquare: &meanSquares[i][j], step: step, rate: rate,
                        beta1: beta1, beta2: beta2, epsilon: epsilon, l2: l2, decay: decay)
                }
            }
            return
        }
        let (g, w) = (try PackedRow.copy(of: gradients, layout), try PackedRow.own(&parameters, layout))
        let (m, s) = (try PackedRow.own(&means, layout), try PackedRow.own(&meanSquares, layout))
        try layout.device.launch(
            .adam, [.int(layout.count)] + numbers + [g.argument, w.argument, m.argument, s.argument],
            over: .elements(layout.count, bytes: 28, operations: 16))
    }

    /// ``lerp(to:weight:)`` of many matrices, by layer and parameter, in one launch, as ``sgdStep(_:_:velocities:rate:momentum:)`` does it.
    ///
    /// - Throws: as that one.
    public static func lerp(
        _ matrices: inout [[Matrix]], to others: [[Matrix]], weight: Float
    ) throws(CLMatError) {
        try requireSameShapes(matrices, others, "lerp")
        guard let layout = PackedRow.layoutForUpdate(of: matrices) else {
            for i in matrices.indices {
                for j in matrices[i].indices { try matrices[i][j].lerp(to: others[i][j], weight: weight) }
            }
            return
        }
        let x = try PackedRow.copy(of: others, layout)
        let m = try PackedRow.own(&matrices, layout)
        try layout.device.launch(
            .runningMean, [.int(layout.count), .float(weight), x.argument, m.argument],
            over: .elements(layout.count, bytes: 12, operations: 3))
    }
}
