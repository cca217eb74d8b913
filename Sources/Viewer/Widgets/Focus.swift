import CImGui
import CLMat
import Exploration
import Foundation

/// Controls by keyboard alone: tab goes to the next one, arrows change it, enter types its value.
final class Focus: DashboardPart {
    /// The control that the arrow keys change: the slider under the mouse, or moved last, or where tab went.
    private(set) var focused: String?
    /// Whether the focus was moved with keys, and so is to be seen.
    private(set) var showsFocus = false
    /// Whether the focused control is to be scrolled to.
    private var wantsReveal = false

    override func beginFrame() {
        if gui_mouse_was_pressed() { showsFocus = false }
    }

    override func dismiss() { showsFocus = false }

    /// The controls that are shown, from the top.
    private var reachable: [Control] {
        layout.openPanels(dashboard).flatMap { panel -> [Control] in
            if case .controls(let group) = panel { dashboardView.controlPanels.controls(of: group) } else { [] }
        }
    }

    /// Moves the focus to the control after or before.
    func move(_ direction: Int) {
        let controls = reachable
        guard !controls.isEmpty else { return }
        let index = controls.firstIndex { $0.id == focused && showsFocus }
        let next = index.map { ($0 + direction + controls.count) % controls.count }
        let control = controls[next ?? (direction > 0 ? 0 : controls.count - 1)]
        show(control)
    }

    /// Has the arrow keys change a control from now on.
    ///
    /// - Parameter isByMouse: the mouse came to it: a ring that keys left elsewhere goes.
    func take(_ control: Control, byMouse isByMouse: Bool = false) {
        focused = control.id
        if isByMouse { showsFocus = false }
    }

    /// Gives a control the keyboard, and scrolls to it.
    func show(_ control: Control) {
        focused = control.id
        showsFocus = true
        wantsReveal = true
        dashboardView.show(.controls(control.group))
    }

    /// Moves the focused slider by a hundredth of its track, or a thousandth; switches a switch; takes the option beside.
    func nudge(_ direction: Double, fine: Bool) {
        guard let id = focused, let control = dashboard.control(id) else { return }
        let value = values.value(of: control)
        switch control.kind {
        case .toggle: values.set(control, to: direction > 0 ? 1 : 0)
        case .choice(let options): values.set(control, to: min(max(value + direction, 0), Double(options.count - 1)))
        case .slider, .integer:
            let position = control.position(of: value)
            for distance in 1...20 {
                // As far as it takes to change a value of three digits or a whole number.
                let next = control.value(at: position + direction * (fine ? 0.001 : 0.01) * Double(distance))
                if next != value { return values.set(control, to: next) }
            }
        }
    }

    /// Opens the focused slider's field; switches a switch; takes the next option of a choice.
    func enter() {
        guard let id = focused, let control = dashboard.control(id), !status.isFinished else { return }
        switch control.kind {
        case .toggle: values.set(control, to: values.value(of: control) == 0 ? 1 : 0)
        case .choice(let options):
            values.set(control, to: Double((Int(values.value(of: control)) + 1) % max(1, options.count)))
        case .slider, .integer: dashboardView.controlPanels.startTyping(control)
        }
    }

    /// The ring around the control that has the keyboard. Drawn only once keys have moved the focus: who uses the
    /// mouse sees where they are.
    func draw(_ control: Control, _ row: Box) {
        guard showsFocus, focused == control.id else { return }
        UI.outline(Box(row.x - 6, row.y - 4, row.width + 12, row.height - 2), theme.secondary, radius: 4, thickness: 2)
        if wantsReveal {
            wantsReveal = false
            gui_reveal(row.y - 6, row.height + 6)
        }
    }
}
