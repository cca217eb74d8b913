import Exploration

/// A part of the desk: one subject of the view, with the state of its own.
///
/// A part reads what it shows from the learner's ``Scene``, and asks the desk for what all have in common: the theme,
/// the layout, the words beside the mouse. What it wants of another part it asks of that one by name, as in
/// `desk.goals.setGoal(…)`. What happens to every part in each frame it is told by the functions below.
@MainActor class DeskPart: SceneReader, OnDesk {
    unowned let desk: Desk

    init(_ desk: Desk) { self.desk = desk }

    final var scene: Scene { desk.scene }

    // MARK: What the desk tells and asks each part

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

/// Who asks the desk for what all parts have in common. A part that owns one of these has it by the same name itself.
@MainActor protocol OnDesk: AnyObject {
    var desk: Desk { get }
}

extension OnDesk {
    var learner: Learner { desk.learner }
    var options: ViewerOptions { desk.options }
    var theme: Theme { desk.theme }
    var clock: any WindowClock { desk.clock }
    /// The window's size.
    var size: Point { desk.size }
    var layout: Layout {
        get { desk.layout }
        set { desk.layout = newValue }
    }

    /// What is shown beside the mouse, from the frame in which it is said to the next.
    var tooltip: Tooltip? {
        get { desk.hints.tooltip }
        set { desk.hints.tooltip = newValue }
    }

    /// Says something in the status line for a while.
    func say(_ words: String) { desk.statusLine.say(words) }

    func setOpen(_ panel: Panel, _ open: Bool) { desk.setOpen(panel, open) }
    func saveLayout() { desk.saveLayout() }

    /// What controls show, and the way to change it.
    var values: ControlValues { desk.values }
    /// The sliders' colours.
    var colours: SliderColours { desk.controlPanels.colours }
    /// The step that graphs and timeline show as the present: under the hand, or where the run is going.
    var here: Int { desk.steering.here }
    /// The changes to mark.
    var changes: [Change] { desk.changes.all }

    /// A panel's window, with its title and what can be done there. `body` draws below the title.
    func frame(
        _ panel: Panel, _ box: Box, title: String, caption: String = "", help: String = "", badge: Badge? = nil,
        word: TitleWord? = nil, edge: Colour? = nil, body: (Box) -> Void
    ) {
        desk.frames.draw(
            panel, box, title: title, caption: caption, help: help, badge: badge, word: word, edge: edge, body: body)
    }
}
