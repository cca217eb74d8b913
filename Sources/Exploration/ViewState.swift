import CLMat

/// What a person has chosen to look at: values of the controls that only concern what is shown, and what view actions chose.
///
/// Figures are given it; no step is. So looking changes no model: it makes no snapshot and no branch, an undo does not take it
/// back, and a redo is still there after it. It is kept with the window's layout and in session files.
public struct ViewState: Sendable, Equatable {
    /// By the control's id.
    public internal(set) var values: [String: Double] = [:]
    /// Numbers by what they are: the `pinned` words, the `chosen-topic`.
    public internal(set) var choices: [String: [Int]] = [:]
    /// What stands before the ids of the model or attachment that is asked.
    var scope = ""

    /// A state of given values and choices; nothing was chosen by default.
    public init(values: [String: Double] = [:], choices: [String: [Int]] = [:]) {
        (self.values, self.choices) = (values, choices)
    }

    /// What was chosen under a name; nothing if nobody chose yet.
    public subscript(_ name: String) -> [Int] {
        get { choices[scope + name] ?? [] }
        set { choices[scope + name] = newValue.isEmpty ? nil : newValue }
    }

    func scoped(_ scope: String) -> ViewState {
        var own = self
        own.scope = scope
        return own
    }
}
