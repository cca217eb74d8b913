import CImGui
import CLMat
import Exploration
import Foundation

// Controls by keyboard alone: tab goes to the next one, arrows change it, enter types its value.

extension Desk {
    /// The controls that are shown, from the top.
    private var reachable: [Control] {
        layout.openPanels(dashboard).flatMap { panel -> [Control] in
            if case .controls(let group) = panel { controls(of: group) } else { [] }
        }
    }

    /// Moves the focus to the control after or before.
    func moveFocus(_ direction: Int) {
        let controls = reachable
        guard !controls.isEmpty else { return }
        let index = controls.firstIndex { $0.id == hand.focused && hand.showsFocus }
        let next = index.map { ($0 + direction + controls.count) % controls.count }
        let control = controls[next ?? (direction > 0 ? 0 : controls.count - 1)]
        hand.focused = control.id
        hand.showsFocus = true
        hand.wantsReveal = true
        raised = Panel.controls(control.group).name
    }

    /// Tab within a field: takes the value that was typed, and goes on.
    func leaveField(_ direction: Int) {
        guard let typed = hand.typed, let control = dashboard.control(typed.control) else { return }
        do {
            let value = try control.parse(typed.field.text)
            hand.typed = nil
            set(control, to: value)
            hand.showsFocus = true
            moveFocus(direction)
        } catch {
            hand.typed?.field.problem = "\(error)"
        }
    }

    /// Moves the focused slider by a hundredth of its track, or a thousandth; switches a switch; takes the option beside.
    func nudge(_ direction: Double, fine: Bool) {
        guard let id = hand.focused, let control = dashboard.control(id) else { return }
        let value = value(of: control)
        switch control.kind {
        case .toggle: set(control, to: direction > 0 ? 1 : 0)
        case .choice(let options): set(control, to: min(max(value + direction, 0), Double(options.count - 1)))
        case .slider, .integer:
            let position = control.position(of: value)
            for distance in 1...20 {
                // As far as it takes to change a value of three digits or a whole number.
                let next = control.value(at: position + direction * (fine ? 0.001 : 0.01) * Double(distance))
                if next != value { return set(control, to: next) }
            }
        }
    }

    /// Opens the focused slider's field; switches a switch; takes the next option of a choice.
    func enter() {
        guard let id = hand.focused, let control = dashboard.control(id), !status.isFinished else { return }
        switch control.kind {
        case .toggle: set(control, to: value(of: control) == 0 ? 1 : 0)
        case .choice(let options):
            set(control, to: Double((Int(value(of: control)) + 1) % max(1, options.count)))
        case .slider, .integer: startTyping(control)
        }
    }

    func startTyping(_ control: Control) {
        hand.typed = (
            control.id, TextField(control.text(value(of: control)).replacingOccurrences(of: ",", with: ""))
        )
        hand.focused = control.id
    }

    /// The ring around the control that has the keyboard. Drawn only once keys have moved the focus: who uses the
    /// mouse sees where they are.
    func drawFocus(_ control: Control, _ row: Box) {
        guard hand.showsFocus, hand.focused == control.id else { return }
        UI.outline(Box(row.x - 6, row.y - 4, row.width + 12, row.height - 2), theme.secondary, radius: 4, thickness: 2)
        if hand.wantsReveal {
            hand.wantsReveal = false
            gui_reveal(row.y - 6, row.height + 6)
        }
    }
}
