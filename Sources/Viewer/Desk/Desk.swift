import CImGui
import CLMat
import Exploration
import Foundation

/// What a person has before them: the panels of one run, drawn anew in each frame.
///
/// It holds the state of the view alone (what is open, hovered, held, typed); all else is asked of the learner.
@MainActor final class Desk {
    let learner: Learner
    let options: ViewerOptions
    let theme: Theme

    // Copies for the frame in progress.
    var status: Learner.Status
    var dashboard: Dashboard
    /// The changes on the current path, those ahead of a rewind included.
    var commands: [LoggedCommand] = []
    var position = Position()
    var branches: [Branch] = []
    /// The branches but the current one, with the step at which each leaves the current path.
    var forks: [(branch: Branch, step: Int)] = []
    /// The last step of the current path.
    var lastStep = 0
    var extent = TimeAxis.Extent(now: 0)
    /// What counts rewinds, deletions and the like.
    var version = -1
    /// The step where the run is.
    var now: Int { position.step }
    /// The window's size.
    var size = Point(0, 0)

    // The view's own state.
    var layout: Layout
    var colours: SliderColours
    var axis = TimeAxis()
    var figures: [String: FigureView] = [:]
    var curves = CurveCache()
    /// Values that were sent, until the learner has them.
    var sent: [String: (value: Double, at: ContinuousClock.Instant)] = [:]
    var hand = Hand()
    /// The window's own time in seconds, by which it also knows a double click.
    var time = 0.0
    /// Counts drags of sliders and presses of keys: what one of them sets is one change.
    private var gestures = 0
    /// The timeline's handle in a person's hand.
    var scrub: Scrub?
    /// Where the run was told to return to, until it is there.
    var wayBack: WayBack?
    /// Since when the run has been making steps again.
    var remakingSince: ContinuousClock.Instant?
    /// The step under the mouse on one of the graphs.
    var hoveredStep: Double?
    var nextHoveredStep: Double?
    /// A graph that was asked for, and until when it is lit.
    var flash: (metric: String, until: ContinuousClock.Instant)?
    var tooltip: Tooltip?
    /// Why what was typed is not taken, and below what it stands.
    var problemNote: (words: String, field: Box)?
    var actionMenu: ActionMenu?
    var help: Help?
    var profile = ProfileView()
    var graphMenu: GraphMenu?
    var branchesView = BranchesView()
    var scroll = DeskScroll()
    /// Whether a button of the mouse is down.
    var isMouseDown = false
    /// Figures of the branch that is compared with the current one.
    var others: [String: FigureView] = [:]
    var goalDrag: GoalDrag?
    var goalWatch = GoalWatch()
    var settlingNote: SettlingNote?
    /// Where a figure's window was taken to be moved.
    var grabOffset = Point(0, 0)
    /// Where a figure's window was drawn last.
    var figureWindowBox: Box?
    var drag: PanelDrag?
    /// Where the graphs were taken to be panned: the step, and the place of the mouse since.
    var panFrom: (step: Double, mouse: Float)?
    /// The panel to bring above the others.
    var raised: String?
    /// What the status line says for a while: a picture was saved, a value was refused.
    var notice: (text: String, until: ContinuousClock.Instant)?
    /// How data were read, which letters are not drawn: what the status line keeps.
    var notes: [String] = []
    var meter = DrawingMeter()
    /// What a button of the toolbar asked of the window.
    var wantsPicture = false
    /// Panels whose content is to be written when the frame is done.
    var wantedExports: [Panel] = []

    /// Whether the mouse moved since the last frame.
    private(set) var mouseHasMoved = false
    /// A checkpoint that is being written.
    var saving: Saving?
    private var lastMouse = Point(0, 0)
    private var boxes: [Panel: Box] = [:]
    /// Where the timeline and the buttons of the toolbar were drawn last.
    var strip: Box?
    var toolPlaces: [String: Point] = [:]
    /// Where the words of the add panel and the chains of linked controls were drawn last.
    var entryPlaces: [String: Point] = [:]
    var linkPlaces: [String: Point] = [:]
    /// Where what can be done about warnings was drawn last.
    var warningPlaces: [String: Point] = [:]
    private var commandsSeen = 0
    private var lastRefusal: String?

    let clock = ContinuousClock()
    static let toolbarHeight: Float = 46
    static let statusHeight: Float = 27

    init(_ learner: Learner, _ options: ViewerOptions) {
        self.learner = learner
        self.options = options
        (status, dashboard) = (learner.status, learner.dashboard)
        theme = options.theme == .dark ? .dark : .light
        colours = SliderColours(theme.hues)
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
        note(learner.notes)
    }

    // MARK: Frame

    /// Draws everything, within a frame of the gui.
    func draw(_ size: Point, textures: TextureMaker) {
        self.size = size
        refresh()
        settleArmed()
        tooltip = nil
        problemNote = nil
        nextHoveredStep = nil
        mouseHasMoved = UI.mouse != lastMouse
        lastMouse = UI.mouse
        if gui_mouse_was_pressed() { hand.showsFocus = false }

        // On a desk that scrolls, panels pass below the strips.
        let scrolls = Layout.scrolls(size)
        if !scrolls { drawToolbar() }
        let area = workingArea(notices: scrolls ? noticesHeight : drawStatusLine())
        let panels = layout.openPanels(dashboard)
        setProfiling(panels.contains(.profile))
        if scrolls {
            let content = Layout.column(
                panels, in: Layout.Room(area: area.inset(0, 0, 8, 0), need: { self.need(of: $0, $1, in: area) }))
            boxes = scrolled(content.boxes, height: content.height, in: area)
            drag = nil
        } else {
            boxes = movePanels(
                panels,
                in: Layout.Room(
                    area: area, need: { self.need(of: $0, $1, in: area) }, want: { self.want(of: $0, width: $1) }))
        }
        for panel in panels {
            guard let box = boxes[panel], box.maxY > area.y, box.y < area.maxY + Layout.gap else { continue }
            show(panel, box, textures)
        }
        if panels.isEmpty { drawEmptyDesk(area) }
        if scrolls {
            drawToolbar()
            drawStatusLine()
        }
        // What opened on a click is not covered by words about what was clicked.
        if actionMenu != nil || figureWindowBox?.contains(UI.mouse) == true { tooltip = nil }
        figureWindowBox = nil
        drawDropTarget()
        drawFigureWindows(in: area, textures)
        drawActionMenu(in: area)
        drawGraphMenu(in: area)
        drawHelp(in: area)
        drawProblem()
        drawTooltip()
        hoveredStep = nextHoveredStep
        raised = nil
    }

    func workingArea(notices: Float = 0) -> Box {
        let gap = Layout.gap
        let bottom = Self.statusHeight + notices
        return Box(
            gap, Self.toolbarHeight + gap, size.x - 2 * gap, size.y - Self.toolbarHeight - bottom - 2 * gap)
    }

    /// Where a panel was drawn last.
    func box(of panel: Panel) -> Box? { boxes[panel] }

    private func show(_ panel: Panel, _ box: Box, _ textures: TextureMaker) {
        switch panel {
        case .controls(let group): drawControls(group, box)
        case .add: drawAdd(box)
        case .figure(let id): drawFigure(id, box, textures)
        case .metric(let id): drawGraph(id, box)
        case .plot(let plot): drawPlot(plot, box)
        case .branches: drawBranches(box)
        case .profile: drawProfile(box, textures)
        }
    }

    /// Takes over what the learner says now.
    func refresh() {
        status = learner.status
        dashboard = learner.dashboard
        takeOverTimeline()
        layout.update(dashboard)
        colours.update(dashboard.controls.filter(\.isSlider).map(\.id))
        let log = learner.timeline.log
        for logged in log.dropFirst(commandsSeen) {
            if case .set(let control, _) = logged.command { colours.noteMove(of: control) }
        }
        commandsSeen = log.count
        sent = sent.filter { id, sent in
            status.settings.values[id] != sent.value && (clock.now - sent.at).seconds < 5
        }
        followSaving()
        keepView()
        watchGoals()
        if let refusal = status.lastRefusal, refusal != lastRefusal { say(refusal) }
        lastRefusal = status.lastRefusal
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

    private func takeOverTimeline() {
        let timeline = learner.timeline
        let latest = timeline.version
        position = timeline.position
        commands = timeline.commands
        branches = timeline.branches
        if latest != version {
            forks = branches.compactMap { branch in timeline.divergence(of: branch.id).map { (branch, $0.step) } }
        }
        version = latest
        layout.hasBranches = branches.count > 1
        lastStep = max(timeline.lastStep, now)
        let others = branches.map(\.lastStep).max() ?? 0
        extent = TimeAxis.Extent(start: timeline.start, now: now, end: max(lastStep, others))
        followWayBack()
    }

    /// The changes that the run has made, without those ahead of it.
    var commandsMade: ArraySlice<LoggedCommand> { commands.prefix(position.changes) }

    func say(_ words: String) { notice = (words, clock.now + .seconds(8)) }

    /// Whether a new frame would look different: asked between frames, and cheap. It also tells the learner which
    /// figures are looked at.
    func hasNews() -> Bool {
        let latest = learner.status
        var hasNews =
            latest.step != status.step || latest.isPaused != status.isPaused
            || latest.isFinished != status.isFinished || latest.settings != status.settings
            || latest.view != status.view
            || latest.lastRefusal != status.lastRefusal || latest.error != status.error
            || latest.stepsToRemake != status.stepsToRemake || latest.canUndo != status.canUndo
            || latest.canRedo != status.canRedo || latest.warnings != status.warnings
            || latest.comparedBranch != status.comparedBranch
            || learner.timeline.version != version || savingHasNews
            || learner.dashboard != dashboard || profileHasNews
        for case .figure(let id) in shownPanels {
            _ = learner.look(at: id)
            if learner.version(of: id) != figures[id]?.version { hasNews = true }
            if status.comparedBranch != nil {
                _ = learner.lookAtOther(id)
                if learner.versionOfOther(id) != others[id]?.version { hasNews = true }
            }
        }
        if let until = notice?.until, until < clock.now { hasNews = true }
        // Its time passes with the frames.
        if hand.armed != nil { hasNews = true }
        if let until = flash?.until, until < clock.now { hasNews = true }
        return hasNews
    }

    /// Whether all figures that are shown were computed from the model at `step` or later.
    func figuresAreCurrent(at step: Int) -> Bool {
        shownPanels.allSatisfy { panel in
            guard case .figure(let id) = panel else { return true }
            if learner.status.comparedBranch != nil, learner.lookAtOther(id).step == nil { return false }
            return learner.look(at: id).step.map { $0 >= step } ?? false
        }
    }

    /// The earliest step from which a figure was computed that was drawn; nil if there is none, or one is missing.
    var shownStep: Int? {
        var steps: [Int] = []
        for case .figure(let id) in shownPanels {
            guard case .ready(_, let step) = figures[id]?.state else { return nil }
            steps.append(step)
        }
        return steps.min()
    }

    // MARK: What a person does

    /// - Parameter gesture: the drag that it belongs to; a gesture of its own if nil.
    func set(_ control: Control, to value: Double, gesture: Int? = nil) {
        if gesture == nil || hand.armed?.gesture != gesture { settleArmed(now: true) }
        guard !status.isFinished, value != self.value(of: control) else { return }
        sent[control.id] = (value, clock.now)
        learner.send(.set(control: control.id, to: value), gesture: gesture ?? newGesture())
    }

    /// Sends what a press on a slider asked for once it cannot become a double click any more, or `now`.
    func settleArmed(now: Bool = false) {
        guard let armed = hand.armed else { return }
        // A drag goes on by itself.
        let hasLeft = hand.held?.gesture != armed.gesture && !armed.isNear(UI.mouse)
        guard now || hasLeft || time - armed.since >= ArmedSetting.seconds else { return }
        hand.armed = nil
        guard let control = dashboard.control(armed.control) else { return }
        set(control, to: armed.value, gesture: armed.gesture)
    }

    func newGesture() -> Int {
        gestures += 1
        return gestures
    }

    /// The value to show: what is about to be sent, what was sent last, else what the learner has.
    func value(of control: Control) -> Double {
        if let armed = hand.armed, armed.control == control.id { return armed.value }
        return sent[control.id]?.value ?? status.settings.values[control.id] ?? control.initial
    }

    func togglePause() {
        guard !status.isFinished else { return }
        learner.send(status.isPaused ? .resume : .pause)
    }

    func step(_ count: Int) {
        guard !status.isFinished else { return }
        learner.send(.step(count))
    }

    func setOpen(_ panel: Panel, _ open: Bool) {
        layout.set(panel, open: open)
        if open { raised = panel.name }
        if open, !layout.shows(panel) { layout.enlarged = nil }
        if !open, layout.enlarged == panel { layout.enlarged = nil }
        saveLayout()
    }

    func saveLayout() {
        guard let name = options.layoutName else { return }
        do {
            try layout.save(named: name)
        } catch {
            say("The layout was not saved. \(error)")
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
