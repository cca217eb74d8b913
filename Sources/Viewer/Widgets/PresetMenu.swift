import CImGui
import Exploration

/// The menu of presets, below its button: names with a line on what each is for, the one that holds now marked.
final class PresetMenu: DashboardPart {
    /// The button, while the menu is open.
    private var anchor: Box?
    /// It is drawn first in the frame after the click.
    private var isNew = true

    override var isInFront: Bool { anchor != nil }
    override func dismiss() { anchor = nil }

    var isOpen: Bool { anchor != nil }

    /// The preset whose values all hold now; nil if none.
    var current: Preset? { dashboard.presets.first { dashboard.holds($0, status.settings) } }

    func toggle(below button: Box) { (anchor, isNew) = (anchor == nil ? button : nil, true) }

    /// Sets what it names, and says what of it is not there.
    func choose(_ preset: Preset) {
        guard !status.isFinished else { return }
        values.settleArmed(now: true)
        learner.send(.preset(preset.id))
        if let note = dashboard.noteOfMissing(from: preset) { say(note) }
    }

    private static let row: Float = 42

    func draw(in area: Box) {
        guard let anchor else { return }
        let (presets, current) = (dashboard.presets, current)
        let widest = presets.map { max(UI.width($0.title, .bold) + 24, UI.width($0.help, .small)) }.max() ?? 0
        let height = Float(presets.count) * Self.row + 34
        let box = Box(anchor.x, anchor.maxY + 6, min(max(220, widest + 32), area.width), height).within(area)
        UI.beginWindow("preset-menu", box, fill: theme.tooltip, edge: theme.edge, radius: 5, comesToFront: isNew)
        UI.text("Set several controls at once", Point(box.x + 14, box.y + 8), theme.secondary, .small)
        var isDone = false
        for (index, preset) in presets.enumerated() {
            let line = Box(box.x + 6, box.y + 28 + Float(index) * Self.row, box.width - 12, Self.row - 2)
            UI.note(preset.id, line)
            let item = status.isFinished ? [] : UI.item(preset.id, line)
            if item.contains(.hovered) {
                UI.fill(line, theme.selected, radius: 4)
                gui_set_cursor(Int32(GUI_CURSOR_HAND))
            }
            let colour = status.isFinished ? theme.secondary : theme.text
            let end = UI.text(
                UI.shortened(preset.title.startingUppercase, to: line.width - 40, .bold), Point(line.x + 8, line.y + 4),
                colour, .bold)
            if preset.id == current?.id { UI.text("✓", Point(end + 8, line.y + 4), theme.text) }
            UI.text(
                UI.shortened(preset.help, to: line.width - 16, .small), Point(line.x + 8, line.y + 22),
                theme.secondary, .small)
            if item.contains(.clicked) {
                choose(preset)
                isDone = true
            }
        }
        UI.endWindow()
        // A press on the button is for the button.
        let isElsewhere =
            gui_mouse_was_pressed() && !isNew && !box.contains(UI.mouse) && !anchor.contains(UI.mouse)
        isNew = false
        if isDone || isElsewhere { self.anchor = nil }
    }
}
