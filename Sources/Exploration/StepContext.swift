import CLMat

/// What a step may depend on beside the model itself.
public struct StepContext<Batch: Sendable>: Sendable {
    /// Everything random of the step is keyed by it (``key(_:)``). Two attachments of one kind have different seeds.
    public let step: Step
    /// The values of the controls, of the model or attachment that is asked.
    public let settings: Settings
    /// The minibatch; nil if the model said that it needs none.
    public let batch: Batch?
    /// Sums over the machines that learn together.
    public let reducer: any Reducer
    private let attachments: [(id: String, attachment: any Sendable)]
    private let interruption: Interruption?

    init(
        step: Step, settings: Settings, batch: Batch? = nil, reducer: any Reducer,
        attachments: [(id: String, attachment: any Sendable)] = [], interruption: Interruption? = nil
    ) {
        (self.step, self.settings, self.batch) = (step, settings, batch)
        (self.reducer, self.attachments, self.interruption) = (reducer, attachments, interruption)
    }

    /// A context for a model that is used by itself, without a ``Learner``.
    public init(step: Step, settings: Settings = Settings(), batch: Batch? = nil) {
        self.init(step: step, settings: settings, batch: batch, reducer: OneMachine())
    }

    /// The key of the step's random numbers for one purpose.
    ///
    /// - Parameter stream: one for each purpose, so that no two share numbers.
    public func key(_ stream: UInt32) -> RandomKey {
        RandomKey(seed: step.seed, step: step.number, stream: stream)
    }

    /// Whether somebody waits for the end, and what takes long is to be left off. A model that concludes with a long measurement asks between
    /// its parts; if it is told so, it returns at once, and what it has measured counts for nothing. Within steps nobody asks for that.
    public func leavesOff() -> Bool { interruption?.follow() ?? false }

    /// Another attachment of the run as it is now, by its id (`ldam`, `ldam-2`): those that were put on earlier have made this
    /// step already. nil if there is none of the id and the type.
    public func attachment<A: Attachment>(_ id: String, as type: A.Type = A.self) -> A? {
        attachments.first { $0.id == id }?.attachment as? A
    }

    /// The same for a mixin of this step's model.
    public var forMixins: MixinContext {
        MixinContext(step: step, settings: settings, batch: batch, reducer: reducer)
    }
}

/// Sums numbers over the machines that learn together.
public protocol Reducer: Sendable {
    /// How many they are.
    var machines: Int { get }
    /// The sum of the matrices of all machines, the same on each.
    func sum(_ matrix: Matrix) throws(CLMatError) -> Matrix
}

/// The reducer of a run on one machine: what is summed over all is what is here.
public struct OneMachine: Reducer {
    /// There is nothing to set.
    public init() {}
    public var machines: Int { 1 }
    public func sum(_ matrix: Matrix) -> Matrix { matrix }
}

extension Reducer {
    /// The mean over all machines of matrices by layer and parameter.
    public func mean(_ matrices: [[Matrix]]) throws(CLMatError) -> [[Matrix]] {
        guard machines > 1 else { return matrices }
        var means: [[Matrix]] = []
        for layer in matrices {
            var own: [Matrix] = []
            for matrix in layer { own.append(try sum(matrix) * (1 / Float(machines))) }
            means.append(own)
        }
        return means
    }
}
