import CImGui
import Exploration

/// What the window keeps of one figure between frames, on one side of a comparison.
@MainActor struct FigureView {
    /// The computation that ``state`` is from.
    private(set) var version = Int.min
    private(set) var state = FigureState.waiting
    /// What was shown last, for how much room it asks; also while the figure fails.
    private(set) var shape: (any FigureContent)?
    /// Who draws it.
    private(set) var renderer: (any AnyRenderer)?
    /// What part of it is looked at, on both sides of a comparison.
    let lens = FigureLens()
    /// What both sides of a comparison span, and the contents that it is of.
    private var common: (own: Int, other: Int, side: FigureSide)?
    /// The figure's own window above the panels, while it is open.
    var window: (place: Point, isNew: Bool)?
    /// What is typed there for an action that asks, by the action's place in the list.
    var answers: [Int: TextField] = [:]
    /// Whether contents of this kind have numbers, once that was asked: working them out may take long.
    private var hasNumbers: Bool?

    /// Takes over what was computed.
    mutating func take(_ state: FigureState, version: Int) {
        (self.version, self.state) = (version, state)
        guard case .ready(let content, _) = state else {
            window = nil
            return
        }
        shape = content
        guard content.whyEmpty == nil, renderer?.draws(content) != true else { return }
        renderer = Renderers.renderer(for: content)
        (window, hasNumbers) = (nil, nil)
    }

    /// What both sides of a comparison are drawn by; nil if they are not of one kind.
    mutating func side(with other: FigureView) -> FigureSide {
        if let common, common.own == version, common.other == other.version { return common.side }
        var side = FigureSide(lens: lens)
        if let content, let theirs = other.content, let renderer, renderer.draws(theirs) {
            let aligned = renderer.aligned(theirs, with: content)
            side.other = aligned
            side.scale = renderer.scale(of: content).merged(with: renderer.scale(of: aligned))
            side.version = version &* 1_000_003 &+ other.version
        }
        common = (version, other.version, side)
        return side
    }

    /// What this side was drawn by in the last comparison.
    var side: FigureSide { common?.side ?? FigureSide(lens: lens) }

    /// What is drawn now; nil if nothing is.
    var content: (any FigureContent)? {
        guard case .ready(let content, _) = state, content.whyEmpty == nil else { return nil }
        return content
    }

    /// The height from which on all of it is seen as large as it can be; nil if any height does.
    func height(width: Float) -> Float? {
        guard let shape, shape.whyEmpty == nil else { return nil }
        return renderer?.height(of: shape, width: width)
    }

    /// The endings of the files that it would be written to.
    mutating func fileKinds() -> [String] {
        guard let content else { return [] }
        let hasNumbers = hasNumbers ?? (content.csv != nil)
        self.hasNumbers = hasNumbers
        return (hasNumbers ? ["csv"] : []) + (renderer == nil ? [] : ["png"])
    }
}

/// A figure's panel: its renderer's drawing, and words while there is nothing to show.
final class FigurePanels: DashboardPart {
    var figures: [String: FigureView] = [:]
    /// Figures of the branch that is compared with the current one.
    private(set) var others: [String: FigureView] = [:]
    /// Where a figure's window was taken to be moved.
    private var grabOffset = Point(0, 0)
    /// Where a figure's window was drawn last.
    private(set) var figureWindowBox: Box?

    override var isInFront: Bool { figures.values.contains { $0.window != nil } }
    override func dismiss() { for id in figures.keys { figures[id]?.window = nil } }

    /// It also tells the learner which figures are looked at.
    override func hasNews() -> Bool {
        var hasNews = false
        for case .figure(let id) in dashboardView.shownPanels {
            _ = learner.look(at: id)
            if learner.version(of: id) != figures[id]?.version { hasNews = true }
            if status.comparedBranch != nil {
                _ = learner.lookAtOther(id)
                if learner.versionOfOther(id) != others[id]?.version { hasNews = true }
            }
        }
        return hasNews
    }

    /// Whether all figures that are shown were computed from the model at `step` or later.
    func areCurrent(at step: Int) -> Bool {
        dashboardView.shownPanels.allSatisfy { panel in
            guard case .figure(let id) = panel else { return true }
            if learner.status.comparedBranch != nil, learner.lookAtOther(id).step == nil { return false }
            return learner.look(at: id).step.map { $0 >= step } ?? false
        }
    }

    /// The earliest step from which a figure was computed that was drawn; nil if there is none, or one is missing.
    var shownStep: Int? {
        var steps: [Int] = []
        for case .figure(let id) in dashboardView.shownPanels {
            guard case .ready(_, let step) = figures[id]?.state else { return nil }
            steps.append(step)
        }
        return steps.min()
    }

    func draw(_ id: String, _ box: Box, _ textures: TextureMaker) {
        guard let info = dashboard.figures.first(where: { $0.id == id }) else { return }
        let version = learner.version(of: id)
        let state = learner.look(at: id)
        if figures[id]?.version != version { figures[id, default: FigureView()].take(state, version: version) }
        let view = figures[id] ?? FigureView()
        var caption = ""
        var step = ""
        if case .ready(let content, let at) = view.state {
            caption = content.caption
            if status.isFinished || status.isPaused, at != status.step { step = "step \(grouped(at))" }
        }
        let badge = step.isEmpty ? nil : Badge(text: step, colour: theme.secondary)
        frame(.figure(id), box, title: info.title, caption: caption, help: info.help, badge: badge) { body in
            guard let other = branches.first(where: { $0.id == status.comparedBranch }) else {
                return draw(id, view, in: body, textures)
            }
            compare(id, view, with: other, in: body, textures)
        }
    }

    private func scope(of figure: String) -> String { dashboard.figures.first { $0.id == figure }?.scope ?? "" }

    /// What a figure shows, or why it shows nothing.
    ///
    /// - Parameter side: of a comparison; of the figure alone if nil.
    func draw(
        _ id: String, _ view: FigureView, in body: Box, _ textures: TextureMaker, isOther: Bool = false,
        side: FigureSide? = nil
    ) {
        switch view.state {
        case .waiting: UI.say("Being computed…", in: body, theme.secondary)
        case .failed(let problem, let step):
            UI.say("Not computed at step \(grouped(step)).\n\(problem)", in: body, theme.text)
        case .ready(let content, _):
            if let words = content.whyEmpty { return UI.say(words, in: body, theme.secondary) }
            guard let renderer = view.renderer else {
                return UI.say(Renderers.missing(for: content), in: body, theme.secondary)
            }
            let frame = FigureFrame(
                id, scope: scope(of: id), in: body, theme, version: view.version, isOther: isOther,
                side: side ?? FigureSide(lens: view.lens), textures, self)
            renderer.draw(isOther ? side?.other ?? content : content, in: frame)
        }
    }

    /// The current branch to the left, the other one to the right.
    private func compare(_ id: String, _ view: FigureView, with other: Branch, in body: Box, _ textures: TextureMaker) {
        let version = learner.versionOfOther(id)
        let state = learner.lookAtOther(id)
        if others[id]?.version != version { others[id, default: FigureView()].take(state, version: version) }
        let theirs = others[id] ?? FigureView()
        let own = branches.first { $0.id == position.branch }?.name ?? "here"
        let halves = body.columns(2, gap: 22)
        func title(_ name: String, _ step: Int?, _ half: Box) {
            let words = UI.shortened(name, to: half.width, .bold)
            let end = UI.text(words, Point(half.x, half.y - 2), theme.text, .bold)
            let note = step.map { "step \(grouped($0))" } ?? ""
            UI.text(UI.shortened(note, to: half.maxX - end - 7), Point(end + 7, half.y - 2), theme.secondary)
        }
        title(own, view.state.step, halves[0])
        title(other.name, theirs.state.step, halves[1])
        UI.rule(Point(body.midX, body.y), length: body.height, vertical: true, theme.edge)
        let side = figures[id]?.side(with: theirs)
        draw(id, view, in: halves[0].inset(0, 20, 0, 0), textures, side: side)
        draw(id, theirs, in: halves[1].inset(0, 20, 0, 0), textures, isOther: true, side: side)
    }

    /// How high a panel of this width has to be to show all of its figure as large as it can be; nil if any height
    /// does.
    func height(of id: String, width: Float) -> Float? {
        figures[id]?.height(width: width - PanelFrames.sides).map { $0 + PanelFrames.aboveAndBelow }
    }

    // MARK: The figures' own windows

    /// Whether the mouse is on a figure's window.
    var windowHasMouse: Bool { figureWindowBox?.contains(UI.mouse) == true }

    func drawWindows(in area: Box, _ textures: TextureMaker) {
        figureWindowBox = nil
        for panel in dashboardView.shownPanels {
            guard case .figure(let id) = panel, let view = figures[id], let window = view.window,
                let content = view.content, let renderer = view.renderer
            else { continue }
            guard let wanted = renderer.window(of: content, in: area) else {
                figures[id]?.window = nil
                continue
            }
            let box = Box(window.place.x, window.place.y, min(wanted.width + 28, area.width), wanted.height + 48)
                .within(area)
            figureWindowBox = box
            UI.beginWindow(
                "window:\(id)", box, fill: theme.panel, edge: theme.secondary, radius: 6, comesToFront: window.isNew)
            figures[id]?.window?.isNew = false
            UI.text(
                UI.shortened(wanted.title, to: box.width - 50, .bold), Point(box.x + 14, box.y + 10), theme.text, .bold)
            let bar = UI.item("title", Box(box.x, box.y, box.width - 34, 32))
            if bar.contains(.pressed) { grabOffset = Point(UI.mouse.x - box.x, UI.mouse.y - box.y) }
            if bar.contains(.held) {
                figures[id]?.window?.place = Point(UI.mouse.x - grabOffset.x, UI.mouse.y - grabOffset.y)
            }
            if closeButton(box) { figures[id]?.window = nil }
            let body = Box(box.x + 14, box.y + 38, box.width - 28, wanted.height)
            UI.note("body", body)
            renderer.drawWindow(
                content,
                in: FigureFrame(
                    id, scope: scope(of: id), in: body, theme, version: view.version,
                    side: status.comparedBranch == nil ? FigureSide(lens: view.lens) : view.side, textures, self))
            UI.endWindow()
        }
    }
}

extension FigurePanels: FigureHost {
    var takesActions: Bool { !status.isFinished }
    var takesWheel: Bool { Layout.scrolls(size) }

    func act(_ action: Action) { learner.send(.act(action)) }

    func openMenu(_ actions: [Action], named name: String, at place: Point) {
        dashboardView.actionMenus.open(actions, named: name, at: place)
    }

    func openWindow(of figure: String, at place: Point) {
        figures[figure]?.window = (place, isNew: true)
        figures[figure]?.answers = [:]
    }

    func closeWindow(of figure: String) { figures[figure]?.window = nil }

    func hasWindow(of figure: String) -> Bool { figures[figure]?.window != nil }

    // MARK: Keys

    /// Gives an arrow key to the figure whose window is open. Returns whether it took it.
    func turnWindow(right: Int, down: Int) -> Bool {
        figures.values.contains { view in
            guard view.window != nil, let content = view.content else { return false }
            return view.renderer?.turn(content, right: right, down: down) == true
        }
    }

    /// Takes the marks of chosen things away.
    func unmark() {
        var sent: [Action] = []
        for (id, view) in figures {
            guard let action = view.content?.unmark else { continue }
            let scoped = Action(scope(of: id) + action.id, title: action.title, arguments: action.arguments)
            guard !sent.contains(scoped) else { continue }
            sent.append(scoped)
            act(scoped)
        }
    }

    func drawButtons(for actions: [Action], of figure: String, in box: Box) {
        var answers = figures[figure]?.answers ?? [:]
        _ = dashboardView.actionMenus.drawActions(actions, &answers, Box(box.x, box.y, box.width, 26))
        figures[figure]?.answers = answers
    }
}
