import CLMat

/// Who drives a run beside the person at the window: a script, a replay. The learner's thread asks between two steps.
public protocol Director: AnyObject, Sendable {
    /// The next command at this place, or nil to let the run go on. It is asked again after each command.
    func next(at position: Position, of learner: Learner) throws(CLMatError) -> Command?
    /// The same with the gesture that the command belongs to, if it was recorded as a part of one.
    func nextInGesture(
        at position: Position, of learner: Learner
    ) throws(CLMatError) -> (command: Command, gesture: Int?)?
    /// Whether it does something at this place, or looks at what was measured: the run then waits for the numbers of its last step before it
    /// asks. By default it always does.
    func needsValues(at position: Position) -> Bool
    /// Whether the run is over as far as the director is concerned.
    var isDone: Bool { get }
    /// Whether an undo takes back changes of the model alone, and neither rewinds nor deletions of branches.
    var undoesOnlyChanges: Bool { get }
}

extension Director {
    public var undoesOnlyChanges: Bool { false }
    public func needsValues(at position: Position) -> Bool { true }

    public func nextInGesture(
        at position: Position, of learner: Learner
    ) throws(CLMatError) -> (command: Command, gesture: Int?)? {
        try next(at: position, of: learner).map { ($0, nil) }
    }
}

extension Recorder {
    public func abandon() throws(CLMatError) {}
}

/// Who writes down what happens, on the learner's thread.
public protocol Recorder: AnyObject, Sendable {
    /// A step was made, and this was measured.
    func record(_ measurements: Measurements, at position: Position) throws(CLMatError)
    /// A command took effect.
    func record(_ command: LoggedCommand) throws(CLMatError)
    /// The run was ended by an error: nothing more comes, and what was noted is to be kept.
    func abandon() throws(CLMatError)
    /// The run has ended at this place.
    func end(at position: Position, _ concluded: Measurements) throws(CLMatError)
}
