/// What a person or a script asks of a running model. It takes effect between two steps.
public enum Command: Sendable, Equatable {
    /// Sets a control to a value that it takes.
    case set(control: String, to: Double)
    /// Sets the controls that a preset names, as one change. Without values they are those that the preset has when it takes effect;
    /// the record has it with values.
    case preset(String, values: [String: Double]? = nil)
    /// Stops before the next step.
    case pause
    /// Goes on after a pause.
    case resume
    /// Runs this many steps, then pauses.
    case step(Int)
    /// Puts on an attachment that the run has, by its id.
    case attach(String)
    /// Takes an attachment off, by its id.
    case detach(String)
    /// An action of the model or of an attachment.
    case act(Action)
    /// Puts a mixin on the model or an attachment, by its id.
    case addMixin(String)
    /// Takes a mixin off, by its id.
    case removeMixin(String)
    /// Has one control follow another.
    case link(control: String, to: String)
    /// Ends the link by which this control follows another; its value stays.
    case unlink(String)

    // MARK: Going back
    /// Returns to the state after so many steps on the current branch's path, and pauses there. What lies ahead is
    /// kept; going on from there opens a branch.
    case rewind(to: Int)
    /// Goes to a place of any branch, and pauses there: how many changes have been made tells places of one step apart.
    case visit(Position)
    /// Takes back what was done last: returns to just before the last change or to where a way began, and pauses there, or brings
    /// back a branch that was deleted.
    case undo
    /// Does what was undone last again: returns to where the undo was asked for, and pauses there.
    case redo
    /// Opens a branch here, with a name or a number.
    case branch(String?)
    /// Goes to the end of another branch.
    case go(to: Int)
    /// Gives a branch another name.
    case rename(branch: Int, to: String)
    /// Deletes a branch, but not what others share of it.
    case delete(branch: Int)
    /// Shows the end of another branch beside the current one; nil ends it.
    case compare(Int?)

    /// Whether the model may be another one after it: what has to be done again when a part of a run is. Of those that set or do
    /// something, the ones that only concern what is shown are no changes: ``Dashboard/isView(_:)`` tells.
    public var mayChange: Bool {
        switch self {
        case .set, .preset, .attach, .detach, .act, .addMixin, .removeMixin, .link, .unlink: true
        default: false
        }
    }
}

/// Something that a model or an attachment can do when asked: restart a chain, choose another neuron.
public struct Action: Sendable, Equatable {
    /// Which kind, in kebab-case: `restart-chain`.
    public let id: String
    /// What a button says: "restart chain".
    public let title: String
    /// Whole-number arguments, in the order that the kind defines.
    public var arguments: [Int]
    /// Set if a person chooses the last arguments: what is asked, and what can be answered.
    public let asks: Question?

    /// An action; if it asks, the answer becomes its last argument, or its last ones.
    public init(_ id: String, title: String, arguments: [Int] = [], asks: Question? = nil) {
        (self.id, self.title, self.arguments, self.asks) = (id, title, arguments, asks)
    }
}

/// A command as it took effect: the log of a run.
public struct LoggedCommand: Sendable, Equatable {
    /// Its number in the log, from 0.
    public let sequence: Int
    /// The branch that the run was on.
    public internal(set) var branch: Int
    /// The command stands between this step and the next.
    public let step: Int
    /// What was done.
    public internal(set) var command: Command
    /// For `set`: the value before.
    public let before: Double?
    /// For `preset`: the values before, by the control's id.
    public let valuesBefore: [String: Double]
    /// Commands that belong to one change have one number: a drag of a slider sets it many times. 0 for a command
    /// that changes no model.
    public let change: Int
    /// The drag that it belongs to, as the window counts them.
    let gesture: Int?

    init(
        sequence: Int, branch: Int, step: Int, command: Command, before: Double?, valuesBefore: [String: Double] = [:],
        change: Int, gesture: Int?
    ) {
        (self.sequence, self.branch, self.step, self.command) = (sequence, branch, step, command)
        (self.before, self.valuesBefore, self.change, self.gesture) = (before, valuesBefore, change, gesture)
    }
}
