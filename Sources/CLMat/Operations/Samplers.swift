extension KernelFamily {
    static let samplers = KernelFamily("samplers")
}

extension Kernel {
    static let sampleGamma = Kernel("sample_gamma", in: .samplers)
    static let samplePoisson = Kernel("sample_poisson", in: .samplers)
    static let sampleBinomial = Kernel("sample_binomial", in: .samplers)
}

extension Matrix {
    /// Independent numbers of the gamma distributions with scale 1 whose shapes are the elements of `shapes`.
    ///
    /// A shape that is not above 0 gives 0.
    /// - Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26(3), 2000.
    public init(gamma shapes: Matrix, _ key: RandomKey) throws(CLMatError) {
        try key.requireSmall("gamma")
        try self.init(uninitialised: shapes.shape, on: shapes.device)
        try device.launch(
            .sampleGamma, [.int(count)] + key.arguments + [shapes.argument, argument],
            over: .elements(count, bytes: 8, operations: 200))
    }
}

extension IntVector {
    /// Independent Poisson numbers, one for each element of `means`; a mean that is not above 0 gives 0, one above 2·10⁹
    /// is taken for that.
    ///
    /// - Accuracy: the uniform numbers have 24 bits, so the distribution functions are off by some 2⁻²²; a mean below 2⁻²⁵
    ///   gives 0.
    /// - Source: an alias table for the whole part of a mean (`PoissonTables`) and a search for the rest; from 256 on
    ///   Hörmann's transformed rejection, 1993.
    public init(poisson means: Matrix, _ key: RandomKey) throws(CLMatError) {
        try key.requireSmall("poisson")
        let tables = try PoissonTables(on: means.device)
        try self.init(uninitialised: means.count, on: means.device)
        try device.launch(
            .samplePoisson, [.int(count)] + key.arguments + [means.argument, tables.words.argument, argument],
            over: .elements(count, bytes: 8, operations: 200))
    }

    /// Independent binomial numbers: successes among `trials`, each of the chance at the same place.
    ///
    /// - Source: Kachitvichyanukul and Schmeiser, CACM 31(2), 1988; Hörmann, J. Statist. Comput. Simul. 46, 1993.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public init(binomial trials: IntVector, chances: Matrix, _ key: RandomKey) throws(CLMatError) {
        try key.requireSmall("binomial")
        try requireSameDevice(trials.device, chances.device, "binomial")
        guard trials.count == chances.count else {
            throw .shapeMismatch(
                operation: "binomial", left: Shape(1, trials.count), right: chances.shape,
                rule: "There must be one chance for each number of trials.")
        }
        try self.init(uninitialised: trials.count, on: trials.device)
        try device.launch(
            .sampleBinomial, [.int(count)] + key.arguments + [trials.argument, chances.argument, argument],
            over: .elements(count, bytes: 12, operations: 200))
    }
}

extension RandomKey {
    /// Draws of many words put more into a counter: streams are below 256 there, steps below 2⁴⁸.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` in the name of the operation, if the key is larger.
    public func requireSmall(_ operation: String) throws(CLMatError) {
        guard stream < 256, step < 1 << 48 else {
            throw .invalidArgument(operation: operation, problem: "The key's stream or step is too large.")
        }
    }
}
