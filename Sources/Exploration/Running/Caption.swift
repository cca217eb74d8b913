/// A sentence about a run, shown with it until the next one.
public struct Caption: Sendable, Equatable {
    /// The sentence.
    public let text: String
    /// The step at which it was said.
    public let since: Int

    /// A sentence that is said at a step.
    public init(_ text: String, since step: Int) { (self.text, since) = (text, step) }
}

extension Learner {
    /// Shows a sentence with the run, as a script's `say` does; an empty one ends the last.
    public func say(_ text: String) {
        let step = timeline.step
        state.withLock { $0.status.caption = text.isEmpty ? nil : Caption(text, since: step) }
    }
}
