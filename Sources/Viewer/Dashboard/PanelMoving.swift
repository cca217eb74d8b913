import CImGui

/// A panel that is dragged by its title, its corner or the gap beside it.
struct PanelDrag {
    let panel: Panel
    let isResize: Bool
    /// The side that is dragged; nil for both, at the corner.
    let axis: PanelGrid.Axis?
    let start: Point
    let box: Box
    /// A press alone moves nothing.
    fileprivate(set) var hasMoved = false
    /// The person's arrangement when it was taken; nil for the standard one.
    fileprivate var before: PanelGrid?
    /// What is resized: the arrangement when it was taken.
    fileprivate var origin: PanelGrid?
    /// The arrangement if it were dropped now, and its place in it.
    fileprivate(set) var target: (grid: PanelGrid, box: Box)?

    init(_ panel: Panel, isResize: Bool, _ axis: PanelGrid.Axis? = nil, at start: Point, box: Box) {
        (self.panel, self.isResize, self.axis, self.start, self.box) = (panel, isResize, axis, start, box)
    }
}

/// Panels in a person's hand: where one would go is lit, and the others make room when it is let go.
final class PanelMoving: DashboardPart {
    private(set) var drag: PanelDrag?

    override func dismiss() {
        cancel()
        layout.enlarged = nil
    }

    func take(_ panel: Panel, isResize: Bool, _ box: Box) {
        drag = PanelDrag(panel, isResize: isResize, at: UI.mouse, box: box)
    }

    /// Follows the mouse. Returns where the panels are.
    func place(_ panels: [Panel], in room: Layout.Room) -> [Panel: Box] {
        layout.admit(panels, in: room)
        // It went with what it belonged to.
        if let enlarged = layout.enlarged, !panels.contains(enlarged) { layout.enlarged = nil }
        guard var held = drag, panels.contains(held.panel), layout.enlarged == nil else {
            drag = nil
            return layout.boxes(panels, in: room)
        }
        let (dx, dy) = (UI.mouse.x - held.start.x, UI.mouse.y - held.start.y)
        if !held.hasMoved, abs(dx) + abs(dy) > 4 {
            held.hasMoved = true
            held.before = layout.grid
            held.origin = layout.arrangement(of: panels, in: room)
        }
        if held.hasMoved, let origin = held.origin {
            let places = layout.places(of: panels, in: room)
            if held.isResize, let laid = origin.laid(in: places) {
                let size = Point(
                    held.box.width + (held.axis == .down ? 0 : dx), held.box.height + (held.axis == .across ? 0 : dy))
                var grid = origin
                grid.resize(held.panel.name, to: size, in: laid)
                layout.take(grid)
            } else if !held.isResize {
                held.target = layout.dropping(held.panel, at: UI.mouse, panels, in: room).flatMap { grid in
                    grid.laid(in: places)?.boxes[held.panel.name].map { (grid, $0) }
                }
            }
        }
        drag = held
        // What was taken may not be told that the button went up: another window that came to the front has the mouse.
        if !dashboardView.isMouseDown { drop() }
        return layout.boxes(panels, in: room)
    }

    // MARK: Gaps

    /// What lies between panels takes the mouse too: who drags there moves the edge.
    func drawGaps(in area: Box) {
        let none = theme.background.faded(0)
        UI.beginWindow("gaps", area, fill: none, edge: none, staysBehind: true)
        let item = UI.item("gap", area)
        var edge = item.contains(.hovered) && layout.enlarged == nil ? edge(at: UI.mouse) : nil
        if let drag, let axis = drag.axis { edge = (drag.panel, axis) }
        if let edge, let box = dashboardView.box(of: edge.panel) {
            gui_set_cursor(Int32(GUI_CURSOR_RESIZE))
            let line =
                edge.axis == .across
                ? Box(box.maxX + Layout.gap / 2 - 1, box.y, 2, box.height)
                : Box(box.x, box.maxY + Layout.gap / 2 - 1, box.width, 2)
            UI.fill(line, theme.secondary)
            if item.contains(.pressed) {
                drag = PanelDrag(edge.panel, isResize: true, edge.axis, at: UI.mouse, box: box)
            }
        }
        UI.endWindow()
        if item.contains(.released) { drop() }
    }

    /// The panel left of a gap or above it.
    private func edge(at point: Point) -> (panel: Panel, axis: PanelGrid.Axis)? {
        for panel in dashboardView.shownPanels {
            guard let box = dashboardView.box(of: panel) else { continue }
            if (box.maxX...box.maxX + Layout.gap).contains(point.x), (box.y...box.maxY).contains(point.y) {
                return (panel, .across)
            }
            if (box.maxY...box.maxY + Layout.gap).contains(point.y), (box.x...box.maxX).contains(point.x) {
                return (panel, .down)
            }
        }
        return nil
    }

    // MARK: Dropping

    /// The person lets go.
    func drop() {
        guard let held = drag else { return }
        drag = nil
        guard held.hasMoved else { return }
        if let target = held.target { layout.take(target.grid) }
        saveLayout()
    }

    /// All is as it was before the panel was taken.
    func cancel() {
        guard let held = drag else { return }
        if held.hasMoved { layout.take(held.before) }
        drag = nil
    }

    /// Gives a panel the room of all others but the controls, or them theirs back.
    func toggleEnlarged(_ panel: Panel) {
        cancel()
        guard !Layout.scrolls(size), panel.kind != .controls else { return }
        layout.enlarged = layout.enlarged == panel ? nil : panel
    }

    /// Where a panel that is dragged would go, and its name beside the mouse.
    func drawTarget() {
        guard let held = drag, held.hasMoved, !held.isResize else { return }
        gui_begin_overlay()
        if let box = held.target?.box {
            UI.fill(box, theme.selected.faded(0.45), radius: 6)
            UI.outline(box, theme.text, radius: 6, thickness: 2)
        }
        let words = UI.shortened(title(of: held.panel), to: 220, .bold)
        let label = Box(UI.mouse.x + 14, UI.mouse.y + 12, UI.width(words, .bold) + 18, 26)
            .within(Box(0, 0, size.x, size.y))
        UI.fill(label, theme.tooltip, radius: 4)
        UI.outline(label, theme.edge, radius: 4)
        UI.text(words, Point(label.x + 9, label.y + 6), theme.text, .bold)
        gui_end_overlay()
    }

    /// What a panel is called in the window.
    private func title(of panel: Panel) -> String {
        switch panel {
        case .controls(let group): group.isEmpty ? "Controls" : "Controls \(group)"
        case .add: "Add to the dashboard"
        case .figure(let id): dashboard.figures.first { $0.id == id }?.title ?? id
        case .metric(let id): dashboard.metric(id)?.title ?? id
        case .plot(let plot): dashboard.metric(plot.y)?.title ?? plot.y
        case .branches: "Branches"
        case .history: "History"
        case .profile: "Profile"
        }
    }
}
