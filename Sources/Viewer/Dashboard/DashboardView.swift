import CImGui
import CLMat
import Exploration
import Foundation

/// What a person has before them: the panels of one run, drawn anew in each frame.
///
/// It decides in which order things are drawn and where the panels lie. All else is done by its parts, each of which has
/// the state of one subject of the view (what is hovered, held, typed): see ``DashboardPart``. What is not the view's is
/// asked of the learner.
@MainActor final class DashboardView: SceneReader {
    let learner: Learner
    let options: ViewerOptions
    let theme: Theme
    let clock: any WindowClock

    /// What the learner says, for the frame in progress.
    private(set) var scene: Scene
    /// The window's size.
    private(set) var size = Point(0, 0)
    /// Whether a button of the mouse is down.
    var isMouseDown = false
    /// Whether the mouse moved since the last frame.
    private(set) var mouseHasMoved = false
    private var lastMouse = Point(0, 0)

    // Panels: which are open, where each was drawn last, which one is to come to the front.
    var layout: Layout
    private var boxes: [Panel: Box] = [:]
    var raised: String?

    // What a person does to the run.
    private(set) lazy var values = ControlValues(self)
    private(set) lazy var steering = Steering(self)
    private(set) lazy var checkpoints = CheckpointSaver(self)
    private(set) lazy var leaving = Leaving(self)
    private(set) lazy var goals = Goals(self)
    private(set) lazy var focus = Focus(self)
    // The strips above and below the panels.
    private(set) lazy var toolbar = Toolbar(self)
    private(set) lazy var scrubber = Scrubber(self)
    private(set) lazy var statusLine = StatusLine(self)
    // The panels, and what is around them.
    private(set) lazy var controlPanels = ControlPanels(self)
    private(set) lazy var addPanel = AddPanel(self)
    private(set) lazy var figurePanels = FigurePanels(self)
    private(set) lazy var graphs = Graphs(self)
    private(set) lazy var branchesPanel = BranchesPanel(self)
    private(set) lazy var historyPanel = HistoryPanel(self)
    private(set) lazy var profilePanel = ProfilePanel(self)
    private(set) lazy var frames = PanelFrames(self)
    private(set) lazy var moving = PanelMoving(self)
    private(set) lazy var scrolling = Scrolling(self)
    // What lies above them.
    private(set) lazy var actionMenus = ActionMenus(self)
    private(set) lazy var presetMenu = PresetMenu(self)
    private(set) lazy var help = Help(self)
    private(set) lazy var hints = Hints(self)
    // What several of them show or ask for.
    private(set) lazy var changes = Changes(self)
    private(set) lazy var exporter = Exporter(self)
    private(set) lazy var filmMaker = FilmMaker(self)

    /// All of them, in the order in which they take over a new scene. The last words in the status line stay.
    private lazy var parts: [DashboardPart] = [
        steering, controlPanels, values, checkpoints, leaving, goals, statusLine, focus, toolbar, scrubber, addPanel,
        figurePanels, graphs, branchesPanel, historyPanel, profilePanel, frames, moving, scrolling, actionMenus,
        presetMenu,
        help,
        hints, changes, exporter, filmMaker,
    ]

    init(_ learner: Learner, _ options: ViewerOptions, _ clock: any WindowClock = WallClock()) {
        self.learner = learner
        self.options = options
        self.clock = clock
        scene = Scene(learner)
        theme = options.theme == .dark ? .dark : .light
        layout = options.layoutName.map { Layout(named: $0) } ?? Layout()
        layout.hasProfile = options.profile != nil
        // What was added before there was a window.
        for case .addMixin(let id) in learner.timeline.commands.map(\.command) {
            guard let mixin = dashboard.mixins.first(where: { $0.id == id && $0.isOn }) else { continue }
            layout.open(mixin, of: dashboard)
        }
        for (name, isOpen) in options.panels {
            if let panel = Panel(named: name, in: dashboard) { layout.set(panel, open: isOpen) }
        }
        statusLine.note(learner.notes)
    }

    // MARK: Frame

    /// Draws everything, within a frame of the gui.
    func draw(_ size: Point, textures: TextureMaker) {
        self.size = size
        refresh()
        mouseHasMoved = UI.mouse != lastMouse
        lastMouse = UI.mouse
        for part in parts { part.beginFrame() }

        // On a dashboard that scrolls, panels pass below the strips.
        let scrolls = Layout.scrolls(size)
        if !scrolls { toolbar.draw() }
        let area = workingArea(notices: scrolls ? statusLine.noticesHeight : statusLine.draw())
        let panels = layout.openPanels(dashboard)
        profilePanel.setProfiling(panels.contains(.profile))
        if scrolls {
            let content = Layout.column(
                panels, in: Layout.Room(area: area.inset(0, 0, 8, 0), need: { self.need(of: $0, $1, in: area) }))
            boxes = scrolling.scrolled(content.boxes, height: content.height, in: area)
            moving.cancel()
        } else {
            boxes = moving.place(
                panels,
                in: Layout.Room(
                    area: area, need: { self.need(of: $0, $1, in: area) }, want: { self.want(of: $0, width: $1) }))
            moving.drawGaps(in: area)
        }
        for panel in panels {
            guard let box = boxes[panel], box.maxY > area.y, box.y < area.maxY + Layout.gap else { continue }
            show(panel, box, textures)
        }
        if panels.isEmpty { frames.drawEmptyDesk(area) }
        if scrolls {
            toolbar.draw()
            statusLine.draw()
        }
        // What opened on a click is not covered by words about what was clicked.
        if actionMenus.menu != nil || figurePanels.windowHasMouse { hints.tooltip = nil }
        moving.drawTarget()
        figurePanels.drawWindows(in: area, textures)
        actionMenus.draw(in: area)
        presetMenu.draw(in: area)
        graphs.drawGraphMenu(in: area)
        help.draw(in: area)
        leaving.draw(in: area)
        hints.drawProblem()
        hints.drawTooltip()
        for part in parts { part.endFrame() }
        raised = nil
    }

    func workingArea(notices: Float = 0) -> Box {
        let gap = Layout.gap
        let bottom = StatusLine.height + notices
        return Box(gap, Toolbar.height + gap, size.x - 2 * gap, size.y - Toolbar.height - bottom - 2 * gap)
    }

    /// The panels that are seen: in a small window all that are open, below each other.
    var shownPanels: [Panel] { Layout.scrolls(size) ? layout.openPanels(dashboard) : layout.shownPanels(dashboard) }

    /// Where a panel was drawn last.
    func box(of panel: Panel) -> Box? { boxes[panel] }

    private func show(_ panel: Panel, _ box: Box, _ textures: TextureMaker) {
        switch panel {
        case .controls(let group): controlPanels.draw(group, box)
        case .add: addPanel.draw(box)
        case .figure(let id): figurePanels.draw(id, box, textures)
        case .metric(let id): graphs.draw(id, box)
        case .plot(let plot): graphs.drawPlot(plot, box)
        case .branches: branchesPanel.draw(box)
        case .history: historyPanel.draw(box)
        case .profile: profilePanel.draw(box, textures)
        }
    }

    /// How high a panel of the left column has to be if its rows are this dense.
    private func need(of panel: Panel, _ density: Int, in area: Box) -> Float {
        let width = Layout.leftWidth(in: area) - PanelFrames.sides
        switch panel {
        case .controls(let group): return controlPanels.height(of: group, width: width, density)
        case .add: return addPanel.height(width: width, density)
        case .figure, .metric, .plot, .branches, .history, .profile: return 0
        }
    }

    /// How high a panel of this width has to be to show all that it has as large as it can; nil if any height does.
    private func want(of panel: Panel, width: Float) -> Float? {
        switch panel {
        case .figure(let id): figurePanels.height(of: id, width: width)
        case .branches: branchesPanel.height
        case .history: historyPanel.height
        case .controls, .add, .metric, .plot, .profile: nil
        }
    }

    /// Takes over what the learner says now.
    func refresh() {
        scene.refresh(from: learner)
        layout.hasBranches = branches.count > 1
        layout.update(dashboard)
        keepView()
        for part in parts { part.refresh() }
    }

    /// What is looked at stays for the next window.
    private func keepView() {
        let now = SavedView(
            dataChecksum: learner.dataChecksum, values: status.view.values, choices: status.view.choices)
        guard now != layout.view else { return }
        let isNew = !(now.values.isEmpty && now.choices.isEmpty && layout.view == SavedView())
        layout.view = now
        if isNew { saveLayout() }
    }

    /// Whether a new frame would look different: asked between frames, and cheap. It also tells the learner which
    /// figures are looked at.
    func hasNews() -> Bool {
        var hasNews = scene.isOutdated(by: learner)
        for part in parts where part.hasNews() { hasNews = true }
        return hasNews
    }

    /// Whether something lies above the panels that the strips must not cover, or has the keyboard.
    var hasAbove: Bool {
        // To come to the front while a button is down would take what it holds from the person's hand.
        isMouseDown || parts.contains { $0.isInFront }
    }

    /// Closes what lies above the panels.
    func dismiss() {
        // A way that is under way is all that it stops.
        guard status.stepsToReplay == nil else { return steering.stopReplay() }
        // Marks in figures go once nothing lies above the panels.
        let isClear = parts.allSatisfy { !$0.isInFront }
        for part in parts { part.dismiss() }
        if isClear { figurePanels.unmark() }
    }

    // MARK: What parts ask for

    func setOpen(_ panel: Panel, _ open: Bool) {
        layout.set(panel, open: open)
        if open { show(panel) }
        if !open, layout.enlarged == panel { layout.enlarged = nil }
        saveLayout()
    }

    /// Brings a panel that is open before the person's eyes.
    func show(_ panel: Panel) {
        raised = panel.name
        if !layout.shows(panel) { layout.enlarged = nil }
    }

    func saveLayout() {
        guard let name = options.layoutName else { return }
        do {
            try layout.save(named: name)
        } catch {
            statusLine.say("The layout was not saved. \(error)")
        }
    }
}

extension Control {
    var isSlider: Bool {
        switch kind {
        case .slider, .integer: true
        case .toggle, .choice: false
        }
    }
}
