extension KernelFamily {
    static let update = KernelFamily("update")
}

extension Kernel {
    static let sgdMomentum = Kernel("sgd_momentum", in: .update)
    static let rmspropMomentum = Kernel("rmsprop_momentum", in: .update)
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
}
