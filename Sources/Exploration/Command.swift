/// What a person or a script asks of a running model. It takes effect between two steps.
public enum Command: Sendable, Equatable {
    case set(control: String, to: Double)
    case pause
    case resume
    /// Runs this many steps, then pauses.
    case step(Int)
    /// Puts on an attachment that the run offers, by its id.
    case attach(String)
    case detach(String)
    /// Something that a model or an attachment offers to do.
    case act(Action)
}

/// Something that a model or an attachment can do when asked: restart a chain, choose another neuron.
public struct Action: Sendable, Equatable {
    /// Which kind, in kebab-case: `restart-chain`.
    public let id: String
    /// What a button says: "restart chain".
    public let title: String
    /// Whole-number arguments, in the order that the kind defines.
    public var arguments: [Int]
    /// Set if a person chooses the last argument: what is asked, and from which range.
    public let asks: Question?

    public struct Question: Sendable, Equatable {
        public let title: String
        public let range: ClosedRange<Int>
        public init(_ title: String, _ range: ClosedRange<Int>) { (self.title, self.range) = (title, range) }
    }

    public init(_ id: String, title: String, arguments: [Int] = [], asks: Question? = nil) {
        (self.id, self.title, self.arguments, self.asks) = (id, title, arguments, asks)
    }
}

/// A command as it took effect: the log of a run.
public struct LoggedCommand: Sendable, Equatable {
    public let sequence: Int
    public let branch: Int
    /// The command stands between this step and the next.
    public let step: Int
    public let command: Command
    /// For `set`: the value before.
    public let before: Double?
}
