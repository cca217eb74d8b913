import CImGui
import CLMat
import Exploration
import Foundation

// One slider: name, value, track, and below it the metrics that it moves.

extension ControlPanels {
    func drawSlider(_ control: Control, _ row: Box, _ density: Density) {
        let colour = colours[control.id] ?? theme.secondary
        let value = values.value(of: control)
        let inactive = status.isFinished

        // Name and unit.
        UI.disc(Point(row.x + 5, row.y + 8), radius: 5, colour)
        let valueText = control.steadyText(value)
        let valueWidth = UI.width(valueText, .mono)
        let chain = drawLink(control, Point(row.maxX - valueWidth - 10 - Self.linkWidth, row.y - 2))
        let room = row.width - 18 - valueWidth - 14 - chain
        // Where the rows are dense, what it moves stands behind name and unit, which give way to it.
        let reserve: Float = density.effectLines == 0 && hasEffects(control) ? Self.effectCountWidth : 0
        let name = UI.shortened(control.title, to: room - reserve)
        var end = UI.text(name, Point(row.x + 18, row.y), inactive ? theme.secondary : theme.text)
        if !control.unit.isEmpty {
            let unit = UI.trimmed(control.unit, to: row.x + 18 + room - reserve - end - 6)
            if !unit.isEmpty { end = UI.text(unit, Point(end + 6, row.y), theme.secondary) }
        }
        if reserve > 0, hand.typed?.control != control.id {
            drawEffects(control, Point(end + 8, row.y + 1), width: row.x + 18 + room - end - 8, lines: 1)
        }
        let title = UI.item(
            "\(control.id)/name", Box(row.x, row.y - 2, max(1, row.width - valueWidth - 12 - chain), 18))
        if title.contains(.hovered) { explain(control) }

        // Value: a click lets a person type it.
        if hand.typed?.control == control.id {
            typeValue(of: control, row)
        } else {
            let box = Box(row.maxX - valueWidth - 6, row.y - 2, valueWidth + 8, 18)
            let number = UI.item("\(control.id)/value", box)
            if number.contains(.hovered), !inactive {
                UI.fill(box, theme.button, radius: 3)
                gui_set_cursor(Int32(GUI_CURSOR_TEXT))
            }
            UI.text(valueText, Point(row.maxX - valueWidth, row.y), theme.text, .mono)
            if number.contains(.clicked), !inactive {
                startTyping(control)
            }
        }

        drawTrack(control, Box(row.x, row.y + 24, row.width, 4), value, colour)

        // What it moves, or why a typed value was not taken.
        if let problem = hand.typed?.control == control.id ? hand.typed?.field.problem : nil {
            dashboardView.hints.problem = (problem, Box(row.x - 3, row.y + 18, row.width + 6, 14))
        } else if density.effectLines > 0 {
            drawEffects(control, Point(row.x, row.y + 35), width: row.width, lines: density.effectLines)
        }
    }

    private func drawTrack(_ control: Control, _ track: Box, _ value: Double, _ colour: Colour) {
        func x(_ position: Double) -> Float { track.x + Float(position) * track.width }
        UI.note("\(control.id)/track", track)
        let item = UI.item("\(control.id)/slider", Box(track.x - 7, track.y - 7, track.width + 14, 17))
        move(control, track, item)

        let position = control.position(of: value)
        var start = track.x
        if control.hasOff {
            // The notch: off stands apart from the range.
            start = x(Control.notch)
            UI.disc(Point(track.x, track.midY), radius: 3, value == 0 ? colour : theme.track)
        }
        UI.fill(Box(start, track.y, track.maxX - start, 4), theme.track, radius: 2)
        if x(position) > start { UI.fill(Box(start, track.y, x(position) - start, 4), colour, radius: 2) }
        UI.rule(
            Point(x(control.position(of: values.startValue(of: control))), track.maxY + 3), length: 5, vertical: true,
            theme.secondary)
        let isHeld = hand.held?.control == control.id
        let handle = Point(x(position), track.midY)
        if isHeld || dashboardView.focus.focused == control.id { UI.disc(handle, radius: 9, colour.faded(0.45)) }
        UI.disc(handle, radius: 7, status.isFinished ? theme.secondary : theme.text)
        // A mouse that rests does not take the focus from the keys.
        if item.contains(.hovered), !isHeld, dashboardView.mouseHasMoved {
            dashboardView.focus.take(control, byMouse: true)
        }
    }

    private func move(_ control: Control, _ track: Box, _ item: Happened) {
        guard !status.isFinished else { return }
        let position = control.position(of: values.value(of: control))
        if item.contains(.doubleClicked) {
            // What the first click pointed at was never sent.
            values.disarm()
            hand.held = nil
            values.set(control, to: values.startValue(of: control))
            return
        }
        if item.contains(.pressed) {
            dashboardView.focus.take(control)
            hand.typed = nil
            // Taken by its handle it stays; elsewhere on the track it comes.
            let handle = track.x + Float(position) * track.width
            let isOnHandle = abs(UI.mouse.x - handle) <= 8
            let start = isOnHandle ? position : Double((UI.mouse.x - track.x) / track.width)
            let gesture = values.newGesture()
            hand.held = (control.id, min(max(start, 0), 1), UI.mouse.x, gesture)
            values.arm(
                ArmedSetting(
                    control: control.id, value: isOnHandle ? values.value(of: control) : control.value(at: start),
                    gesture: gesture, place: UI.mouse, since: clock.now))
        }
        if item.contains(.held), let held = hand.held, held.control == control.id, UI.mouse.x != held.mouse {
            let moved = Double((UI.mouse.x - held.mouse) / track.width) * (UI.shift ? 0.1 : 1)
            // From now on relative to here, so that shift may be pressed in between.
            let position = held.position + moved
            hand.held = (control.id, position, UI.mouse.x, held.gesture)
            let value = control.value(at: position)
            if values.armed?.gesture == held.gesture, values.armed?.isNear(UI.mouse) == true {
                values.rearm(to: value)
            } else {
                values.disarm()
                values.set(control, to: value, gesture: held.gesture)
            }
        }
        if !item.contains(.held), hand.held?.control == control.id { hand.held = nil }
    }

    func startTyping(_ control: Control) {
        hand.typed = (
            control.id, TextField(control.text(values.value(of: control)).replacingOccurrences(of: ",", with: ""))
        )
        dashboardView.focus.take(control)
    }

    /// Escape, while a value is typed.
    func stopTyping() { hand.typed = nil }

    /// Tab within the field: takes the value that was typed, and goes to the next control or the one before.
    func leaveField(_ direction: Int) {
        guard let typed = hand.typed, let control = dashboard.control(typed.control) else { return }
        do {
            let value = try values.parse(typed.field.text, of: control)
            hand.typed = nil
            values.set(control, to: value)
            dashboardView.focus.show(control)
            dashboardView.focus.move(direction)
        } catch {
            hand.typed?.field.problem = "\(error)"
        }
    }

    private func typeValue(of control: Control, _ row: Box) {
        guard var typed = hand.typed else { return }
        let outcome = typed.field.show("\(control.id)/field", Point(row.maxX - 84, row.y - 2), width: 84)
        switch outcome {
        case .typing: hand.typed = typed
        case .entered, .left:
            do {
                let value = try values.parse(typed.field.text, of: control)
                hand.typed = nil
                values.set(control, to: value)
            } catch  where outcome == .left {
                // The person has gone elsewhere: the value stays as it was.
                hand.typed = nil
                say("\(error)")
            } catch {
                typed.field.problem = "\(error)"
                typed.field.focus()
                hand.typed = typed
            }
        }
    }
}

extension Control {
    /// The value with all of its three digits, zeros too, so that it does not jump while the slider moves.
    func steadyText(_ value: Double) -> String {
        guard case .slider = kind, value != 0, abs(value) >= 1e-4, abs(value) < 100 else { return text(value) }
        return fixed(value, max(0, 2 - Int(floor(log10(abs(value)) + 1e-9))))
    }

    /// Whether there is an off notch.
    var hasOff: Bool {
        switch kind {
        case .slider(_, .logWithOff), .integer(_, .logWithOff): true
        default: false
        }
    }
}

extension String {
    var startingUppercase: String { prefix(1).uppercased() + dropFirst() }

    /// "Mean activation" within a sentence; "D(x)", "NPMI" and "CosineSim" stay as they are.
    package var startingLowercase: String {
        let rest = dropFirst()
        guard let first, let second = rest.first, second.isLowercase || second == " ",
            !rest.prefix(while: { $0 != " " }).contains(where: \.isUppercase)
        else { return self }
        return first.lowercased() + rest
    }
}
