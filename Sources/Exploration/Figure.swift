/// A picture of a model, as data; the viewer has one renderer for each kind.
///
/// `Subject` is what it is computed from: a model, or a model with its attachment (``Attached``).
public struct Figure<Subject: Sendable>: Sendable {
    /// What is known of it before it is computed.
    public let info: FigureInfo
    /// One computation, from what the figure remembers of the one before; nil before the first.
    let compute: @Sendable (Subject, FigureContext, inout (any Sendable)?) throws -> FigureProgress

    /// A figure that is computed anew at each look; `compute` works on a thread of its own, on a snapshot of the model.
    public init(
        _ id: String, title: String, help: String, isShownAtStart: Bool = false,
        compute: @escaping @Sendable (Subject, FigureContext) throws -> any FigureContent
    ) {
        info = FigureInfo(id: id, title: title, help: help, isShownAtStart: isShownAtStart)
        self.compute = { subject, context, _ in FigureProgress(try compute(subject, context)) }
    }

    /// A figure that gets better while it is looked at, such as a layout of points: it remembers a state of its own, which is
    /// advanced again and again, also while the run is paused. The state is no part of the run: a rewind leaves it as it is.
    ///
    /// - Parameters:
    ///   - initial: the state before the first look.
    ///   - advance: takes the state further for the subject as it is now, within a fraction of a second, and says what to show.
    public init<State: Sendable>(
        _ id: String, title: String, help: String, isShownAtStart: Bool = false, from initial: State,
        advance: @escaping @Sendable (inout State, Subject, FigureContext) throws -> FigureProgress
    ) {
        info = FigureInfo(id: id, title: title, help: help, isShownAtStart: isShownAtStart)
        compute = { subject, context, memory in
            var state = memory as? State ?? initial
            defer { memory = state }
            return try advance(&state, subject, context)
        }
    }
}

/// What one computation of a figure came to.
public struct FigureProgress: Sendable {
    /// What is shown now.
    public let content: any FigureContent
    /// Whether the figure has further to go for the same model.
    public let goesOn: Bool

    /// A content, and whether it gets better if it is computed on.
    public init(_ content: any FigureContent, goesOn: Bool = false) { (self.content, self.goesOn) = (content, goesOn) }
}

/// What is known of a figure before it is computed.
public struct FigureInfo: Sendable, Equatable, Identifiable {
    public let id: String
    /// The title of its panel.
    public let title: String
    /// One line on what it shows.
    public let help: String
    /// Whether its panel is there when a person first sees the model.
    public let isShownAtStart: Bool
    /// What stands before the ids of whose figure it is, those of its actions too: "", or "ldam-2.".
    public let scope: String

    /// A figure's names; `scope` is the run's affair.
    public init(id: String, title: String, help: String, isShownAtStart: Bool = false, scope: String = "") {
        (self.id, self.title, self.help, self.isShownAtStart) = (id, title, help, isShownAtStart)
        self.scope = scope
    }
}

/// What a figure may depend on besides the model.
public struct FigureContext: Sendable {
    /// The step whose model is shown.
    public let step: Int
    /// Values of the controls, those of what is shown too.
    public let settings: Settings
    /// What a person has chosen to look at.
    public let view: ViewState

    private init(step: Int, settings: Settings, view: ViewState) {
        (self.step, self.settings, self.view) = (step, settings, view)
    }

    /// - Parameter controls: all of the run's, those of what is shown too.
    init(step: Int, _ settings: Settings, _ view: ViewState, of controls: [Control]) {
        self.init(step: step, settings: settings.showing(view, of: controls), view: view)
    }

    func scoped(_ scope: String) -> FigureContext {
        FigureContext(step: step, settings: settings.scoped(scope), view: view.scoped(scope))
    }
}
