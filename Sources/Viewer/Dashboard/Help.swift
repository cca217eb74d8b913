import CImGui

/// The list of keys and mouse actions, above the panels.
final class Help: DashboardPart {
    private(set) var isOpen = false
    /// It is drawn first in the frame after it was asked for.
    private var isNew = true

    override var isInFront: Bool { isOpen }
    override func dismiss() { isOpen = false }

    private typealias Line = (what: String, does: String)

    private static let keys: [Line] = [
        ("space", "pause or resume"), (".", "one step; with shift ten"),
        ("backspace", "back to before the last change"),
        ("ctrl-z", "undo the last change"), ("ctrl-y", "redo it; also ctrl-shift-z"), ("b", "a branch from here"),
        ("ctrl-s", "save a checkpoint"), ("tab, shift-tab", "next or previous control"),
        ("arrows", "change that control"), ("shift-arrows", "by a tenth of that"),
        ("enter", "type its value, or switch it"), ("/, ctrl-f", "look for what can be added"),
        ("s", "save a picture of the window"), ("?, F1", "this list"),
        ("esc", "close what is above the panels"), ("q, ctrl-q", "leave; asks if something would be lost"),
    ]

    private static let mouse: [Line] = [
        ("timeline", "drag its handle: go back"),
        ("slider", "drag; with shift finer; double click: default"), ("its value", "click: type it"),
        ("→ metric", "click: show that graph"), ("graph", "wheel: zoom; drag: pan; double click: all"),
        ("its left axis", "drag the small triangle: a goal line"),
        ("graph", "≡ or right click: goal, axis, more metrics"),
        ("goal line", "drag: move; double click: remove"), ("image", "click: enlarge, and what can be done"),
        ("panel", "drag its title, its corner, or the gap beside it"),
        ("its title", "double click: the whole middle, and back"), ("title's arrow", "write its content to a file"),
    ]

    func toggle() { (isOpen, isNew) = (!isOpen, true) }

    func draw(in area: Box) {
        guard isOpen else { return }
        let row: Float = 22
        let (keys, mouse) = (size(of: Self.keys), size(of: Self.mouse))
        let count = Float(max(Self.keys.count, Self.mouse.count))
        let height = 50 + 26 + count * row + 12
        let width = 18 + keys.what + keys.does + 32 + mouse.what + mouse.does + 18
        let box = Box((area.midX - width / 2).rounded(), (area.midY - height / 2).rounded(), width, height)
            .within(area)
        UI.beginWindow("help", box, fill: theme.tooltip, edge: theme.secondary, radius: 6, comesToFront: isNew)
        UI.text("Keys and mouse", Point(box.x + 18, box.y + 12), theme.text, .bold)
        if closeButton(box) { toggle() }
        draw("Keys", Self.keys, Point(box.x + 18, box.y + 44), row, column: keys.what)
        draw("Mouse", Self.mouse, Point(box.maxX - 18 - mouse.what - mouse.does, box.y + 44), row, column: mouse.what)
        UI.endWindow()
        isNew = false
    }

    /// The widths of the two columns, the first with the room after it.
    private func size(of lines: [Line]) -> (what: Float, does: Float) {
        ((lines.map { UI.width($0.what, .mono) }.max() ?? 0) + 16, lines.map { UI.width($0.does) }.max() ?? 0)
    }

    private func draw(_ title: String, _ lines: [Line], _ at: Point, _ row: Float, column: Float) {
        UI.text(title, at, theme.secondary)
        for (index, line) in lines.enumerated() {
            let y = at.y + 26 + Float(index) * row
            UI.text(line.what, Point(at.x, y), theme.text, .mono)
            UI.text(line.does, Point(at.x + column, y), theme.secondary)
        }
    }
}
