import Exploration

/// A part of the dashboard: one subject of the view, with the state of its own.
///
/// A part reads what it shows from the learner's ``Scene``, and asks the dashboard for what all have in common: the theme,
/// the layout, the words beside the mouse. What it wants of another part it asks of that one by name, as in
/// `dashboard.goals.setGoal(…)`. What happens to every part in each frame it is told by the functions below.
@MainActor class DashboardPart: SceneReader, OnDashboard {
    unowned let dashboardView: DashboardView

    init(_ dashboardView: DashboardView) { self.dashboardView = dashboardView }

    final var scene: Scene { dashboardView.scene }

    // MARK: What the dashboard tells and asks each part

    /// The scene is another one: before each frame.
    func refresh() {}

    /// A frame begins, within which the gui can be asked.
    func beginFrame() {}

    /// All was drawn.
    func endFrame() {}

    /// Whether a new frame would look different, though the scene is the same: asked between frames, and cheap.
    func hasNews() -> Bool { false }

    /// Whether it has something above the panels, which the strips must not cover, or the mouse or the keyboard.
    var isInFront: Bool { false }

    /// Escape: closes what lies above the panels, and lets go.
    func dismiss() {}
}

/// Who asks the dashboard for what all parts have in common. A part that owns one of these has it by the same name itself.
@MainActor protocol OnDashboard: AnyObject {
    var dashboardView: DashboardView { get }
}

extension OnDashboard {
    var learner: Learner { dashboardView.learner }
    var options: ViewerOptions { dashboardView.options }
    var theme: Theme { dashboardView.theme }
    var clock: any WindowClock { dashboardView.clock }
    /// The window's size.
    var size: Point { dashboardView.size }
    var layout: Layout {
        get { dashboardView.layout }
        set { dashboardView.layout = newValue }
    }

    /// What is shown beside the mouse, from the frame in which it is said to the next.
    var tooltip: Tooltip? {
        get { dashboardView.hints.tooltip }
        set { dashboardView.hints.tooltip = newValue }
    }

    /// Says something in the status line for a while.
    func say(_ words: String) { dashboardView.statusLine.say(words) }

    func setOpen(_ panel: Panel, _ open: Bool) { dashboardView.setOpen(panel, open) }
    func saveLayout() { dashboardView.saveLayout() }

    /// What controls show, and the way to change it.
    var values: ControlValues { dashboardView.values }
    /// The sliders' colours.
    var colours: SliderColours { dashboardView.controlPanels.colours }
    /// The step that graphs and timeline show as the present: under the hand, or where the run is going.
    var here: Int { dashboardView.steering.here }
    /// The changes to mark.
    var changes: [Change] { dashboardView.changes.all }

    /// A panel's window, with its title and what can be done there. `body` draws below the title.
    func frame(
        _ panel: Panel, _ box: Box, title: String, caption: String = "", help: String = "", badge: Badge? = nil,
        word: TitleWord? = nil, edge: Colour? = nil, body: (Box) -> Void
    ) {
        dashboardView.frames.draw(
            panel, box, title: title, caption: caption, help: help, badge: badge, word: word, edge: edge, body: body)
    }
}
