import CImGui
import Exploration

// The strip at the top: pause, steps, the timeline, what runs.

extension Desk {
    func drawToolbar() {
        let bar = Box(0, 0, size.x, Self.toolbarHeight)
        gui_begin_window(
            "toolbar", bar.x, bar.y, bar.width, bar.height, theme.panel.packed, theme.panel.packed, 0, true, false)
        UI.rule(Point(0, bar.maxY - 1), length: bar.width, theme.edge)

        var x: Float = 13
        func tool(_ id: String, _ words: String, isOn: Bool = false, isEnabled: Bool = true, width: Float? = nil)
            -> Bool
        {
            let box = Box(x, 9, width ?? UI.width(words) + 24, 28)
            x = box.maxX + 8
            return button(id, words, box, isOn: isOn, isEnabled: isEnabled)
        }
        let runs = !status.isFinished
        let pause = status.isFinished ? "Finished" : status.isPaused ? "Resume" : "Pause"
        if tool("pause", pause, isOn: status.isPaused && runs, isEnabled: runs, width: 78) { togglePause() }
        if tool("step", "Step", isEnabled: runs) { step(1) }
        if tool("ten", "10 steps", isEnabled: runs) { step(10) }
        if tool("picture", "Picture") { wantsPicture = true }
        if tool("panels", "Panels", isOn: layout.isOpen(.add)) { setOpen(.add, !layout.isOpen(.add)) }
        if !layout.goals.isEmpty, tool("goals", "Pause at goals", isOn: layout.pausesAtGoals, isEnabled: runs) {
            togglePausesAtGoals()
        }

        let room = size.x - x
        let title = UI.shortened(options.title ?? learner.title, to: room * 0.42, .bold)
        let titleWidth = UI.width(title, .bold)
        UI.text(title, Point(size.x - 14, 15), theme.text, .bold, align: .right)
        let strip = Box(x + 18, 0, min(640, size.x - titleWidth - x - 60), Self.toolbarHeight)
        if strip.width > 120 { drawTimeline(strip) }
        gui_end_window()
    }

    /// From step 0 to now, or to the end where one is set, with a triangle at each change of a control.
    private func drawTimeline(_ strip: Box) {
        let last = max(now, learner.options.maximumSteps ?? 0, 1)
        func x(_ step: Double) -> Float { strip.x + Float(step / Double(last)) * strip.width }
        let y = strip.y + 21

        UI.fill(Box(strip.x, y - 1.5, strip.width, 3), theme.track, radius: 1.5)
        let here = x(Double(now))
        UI.fill(Box(strip.x, y - 1.5, here - strip.x, 3), theme.secondary, radius: 1.5)
        if axis.span != .whole {
            let range = axis.range(now: now)
            let (from, to) = (x(range.lowerBound), x(range.upperBound))
            UI.fill(Box(from, y - 2.5, max(2, to - from), 5), theme.text, radius: 2)
        }
        UI.disc(Point(here, y), radius: 6, theme.text)

        UI.text("step 0", Point(strip.x, y + 7), theme.secondary, .small)
        var right = strip.maxX
        if last != now {
            UI.text(grouped(last), Point(right, y + 7), theme.secondary, .smallMono, align: .right)
            right -= UI.width(grouped(last), .smallMono) + 14
        }
        let words = "step \(grouped(now))" + (status.stepsPerEpoch > 1 ? " · epoch \(epochText)" : "")
        let width = UI.width(words, .smallMono)
        let left = min(max(here - width / 2, strip.x + 56), right - width)
        if now > 0 { UI.text(words, Point(left, y + 7), theme.text, .smallMono) }

        let changes = self.changes { x(Double($0)) }
        for change in changes { UI.marker(Point(x(Double(change.step)), y - 4), change.colour, size: 5) }
        let item = UI.item("timeline", Box(strip.x - 6, strip.y + 4, strip.width + 12, 26))
        if item.contains(.hovered) {
            let near = changes.min { abs(x(Double($0.step)) - UI.mouse.x) < abs(x(Double($1.step)) - UI.mouse.x) }
            if let near, abs(x(Double(near.step)) - UI.mouse.x) < 8 {
                tooltip = Tooltip(text: near.words)
            } else {
                tooltip = Tooltip(text: "Steps so far. A triangle marks a change of a control, in its slider's colour.")
            }
        }
    }

    private var epochText: String {
        let tenths = (status.epoch * 10).rounded() / 10
        return tenths >= 100 ? grouped(Int(tenths)) : "\(tenths)"
    }
}

// MARK: - Changes of controls

/// A change of a control, as a mark on graphs and on the timeline.
struct Change {
    let control: String
    let step: Int
    let before: Double?
    var after: Double
    let colour: Colour
    /// "L2 weight 0.10 → 0.30 at step 2,310".
    let words: String
}

/// A slider was held from one step to another: whatever it was set to meanwhile is one change.
struct SliderDrag {
    let control: String
    let first: Int
    var last: Int

    func isOne(_ control: String, _ earlier: Int, _ later: Int) -> Bool {
        control == self.control && first <= earlier && later <= last
    }
}

extension Desk {
    /// The changes to mark. Those of one control that would be drawn over each other are one: a drag of a slider
    /// sets many values in a few steps.
    func changes(at x: (Int) -> Float) -> [Change] {
        var runs: [(control: String, first: LoggedCommand, last: LoggedCommand, value: Double)] = []
        var newest: [String: Int] = [:]
        for logged in commands {
            guard case .set(let control, let value) = logged.command else { continue }
            if let index = newest[control],
                x(logged.step) - x(runs[index].last.step) < 6
                    || drags.contains(where: { $0.isOne(control, runs[index].last.step, logged.step) })
            {
                runs[index].last = logged
                runs[index].value = value
            } else {
                newest[control] = runs.count
                runs.append((control, logged, logged, value))
            }
        }
        return runs.map { run in
            let control = dashboard.control(run.control)
            func text(_ value: Double) -> String { control?.text(value) ?? format(value) }
            let from = run.first.before.map { "\(text($0)) → " } ?? "set to "
            return Change(
                control: run.control, step: run.last.step, before: run.first.before, after: run.value,
                colour: colours[run.control] ?? theme.secondary,
                words: "\(control?.title ?? run.control) \(from)\(text(run.value)) at step \(grouped(run.last.step))")
        }
    }
}
