import CImGui
import Exploration

// Two attachments of a kind: a control of the second can follow the first one's. A chain beside its name says so, and a click on it
// links or separates them.

extension Dashboard {
    /// The control of the first attachment of the kind that this one of a later attachment could follow; nil if there is none.
    func leader(of control: Control) -> Control? {
        guard let dot = control.id.firstIndex(of: "."), !control.isView, handle(control.id) == nil,
            let leader = self.control(String(control.id[control.id.index(after: dot)...])), leader.kind == control.kind
        else { return nil }
        return leader
    }
}

extension ControlPanels {
    static let linkWidth: Float = 22

    func isLinked(_ control: Control) -> Bool { status.settings.links[control.id] != nil }

    /// The chain of a control that can be linked, at the place of its left edge. Returns the room that it takes.
    func drawLink(_ control: Control, _ at: Point) -> Float {
        guard let leader = dashboard.leader(of: control) else { return 0 }
        let isLinked = isLinked(control)
        let box = Box(at.x, at.y, Self.linkWidth, 18)
        let item = status.isFinished ? [] : UI.item("\(control.id)/link", box)
        let colour =
            item.contains(.hovered) ? theme.text : isLinked ? theme.text.faded(0.85) : theme.secondary.faded(0.7)
        // Two links of a chain, in each other or apart.
        let gap: Float = isLinked ? -3 : 2
        let (width, y): (Float, Float) = (8, at.y + 6)
        UI.outline(Box(box.midX - width - gap / 2, y, width, 6), colour, radius: 3)
        UI.outline(Box(box.midX + gap / 2, y, width, 6), colour, radius: 3)
        if item.contains(.hovered) {
            gui_set_cursor(Int32(GUI_CURSOR_HAND))
            tooltip = Tooltip(
                text: isLinked
                    ? "Linked to \(leader.title): moving one moves both. A click separates them."
                    : "A click links it to \(leader.title): it takes that value, and moving one moves both.")
        }
        if item.contains(.clicked) { setLink(of: control, to: isLinked ? nil : leader) }
        return Self.linkWidth
    }

    /// The word in a panel's title that links all of its controls or separates them; nil if none can be linked.
    func linkWord(_ controls: [Control]) -> TitleWord? {
        let pairs = controls.compactMap { control in dashboard.leader(of: control).map { (control, $0) } }
        guard !pairs.isEmpty, !status.isFinished else { return nil }
        let areLinked = pairs.allSatisfy { isLinked($0.0) }
        return TitleWord(
            text: areLinked ? "separate" : "link all",
            help: areLinked
                ? "From then on each of these controls moves by itself."
                : "Each of these controls takes the value of the first one of its kind, and moving one moves both."
        ) { [self] in
            for (control, leader) in pairs where isLinked(control) == areLinked {
                setLink(of: control, to: areLinked ? nil : leader)
            }
        }
    }

    private func setLink(of control: Control, to leader: Control?) {
        values.settleArmed(now: true)
        learner.send(leader.map { .link(control: control.id, to: $0.id) } ?? .unlink(control.id))
    }
}
