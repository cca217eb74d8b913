import CImGui
import Exploration

/// The strip at the top: pause, steps, undo and redo, the timeline, what runs.
final class Toolbar: DashboardPart {
    static let height: Float = 46

    /// What a button asked of the window.
    private var wantsPicture = false

    /// Whether a picture was asked for since this was last called.
    func takeWishForPicture() -> Bool {
        defer { wantsPicture = false }
        return wantsPicture
    }

    /// What each button does, and by which key it is done too.
    static let hints = [
        "pause": "Pauses the run, or lets it go on (space). A rewind stops where it is (also Escape).",
        "step": "One step, then a pause (. and with shift ten).",
        "rewind":
            "Goes back in time to just before the last change, and pauses there to look round (backspace). The change stays "
            + "ahead on the timeline; going on from there opens a branch.",
        "undo": "Takes the last change back, as if it had not been made, and pauses (ctrl-z). Redo brings it again.",
        "redo": "Goes forward again to where the last undo was asked for (ctrl-y).",
        "branch":
            "Opens a branch here, which the run goes on with (b). The other future is kept, and all graphs show both.",
        "presets": "Sets several controls at once, to values that go together, as one change.",
        "save": "Writes a checkpoint, from which --resume goes on (ctrl-s).",
        "picture": "Writes a picture of the window into the current directory (s).",
        "film":
            "Films the first figure that is shown, or the one that is enlarged, while the run goes on; a second click ends the film.",
        "panels": "Opens or closes the list of all that can be shown; / looks for something in it.",
        "history": "Opens or closes the list of all changes, each of which can be gone back to.",
        "goals": "Pauses the run when all goals are met.",
    ]

    func draw() {
        let bar = Box(0, 0, size.x, Self.height)
        UI.beginWindow(
            "toolbar", bar, fill: theme.panel, edge: theme.panel, staysBehind: !Layout.scrolls(size),
            comesToFront: Layout.scrolls(size) && !dashboardView.hasAbove)
        UI.rule(Point(0, bar.maxY - 1), length: bar.width, theme.edge)

        // On a narrow window the buttons are, and those that keys do as well are left out: the timeline needs room.
        let margin: Float = size.x >= 1500 ? 22 : 14
        let gap: Float = size.x >= 1500 ? 8 : 5
        var x: Float = 13
        func tool(_ id: String, _ words: String, isOn: Bool = false, isEnabled: Bool = true, width: Float? = nil)
            -> Bool
        {
            let box = Box(x, 9, width ?? UI.width(words) + margin, 28)
            x = box.maxX + gap
            return button(id, words, box, isOn: isOn, isEnabled: isEnabled, hint: Self.hints[id] ?? "")
        }
        let steering = dashboardView.steering
        let isSaving = dashboardView.checkpoints.saving != nil
        let runs = !status.isFinished
        let isAtTheEnd = learner.maximumSteps.map { now >= $0 } ?? false
        let isReplaying = steering.isReplaying
        let pause =
            status.isFinished
            ? "Finished" : isReplaying ? "Stop" : isAtTheEnd ? "At the end" : status.isPaused ? "Resume" : "Pause"
        if tool(
            "pause", pause, isOn: status.isPaused && runs, isEnabled: runs && (isReplaying || !isAtTheEnd), width: 78)
        {
            steering.togglePause()
        }
        if tool("step", "Step", isEnabled: runs && !isAtTheEnd) { steering.step(1) }
        if tool("rewind", "Rewind", isEnabled: steering.canRewind) { steering.rewind() }
        if tool("undo", "Undo", isEnabled: runs && status.canUndo) { steering.undo() }
        if tool("redo", "Redo", isEnabled: runs && status.canRedo) { steering.redo() }
        if size.x >= 800, tool("branch", "Branch", isEnabled: runs) { steering.branch() }
        if size.x >= 900, !dashboard.presets.isEmpty {
            let menu = dashboardView.presetMenu
            func words(_ preset: Preset?) -> String { preset.map { "Preset: \($0.title)" } ?? "Presets" }
            let isNamed = size.x >= 1500
            // As wide as for the longest name: what stands beside it must not move away under the mouse.
            let widest = isNamed ? dashboard.presets.map { UI.width(words($0)) + margin }.max() : nil
            let left = x
            if tool(
                "presets", words(isNamed ? menu.current : nil), isOn: menu.isOpen, isEnabled: runs, width: widest)
            {
                menu.toggle(below: Box(left, 9, x - gap - left, 28))
            }
        }
        if options.save != nil, size.x >= 800 {
            if tool("save", "Save", isOn: isSaving, isEnabled: !isSaving) { dashboardView.checkpoints.save() }
        }
        if size.x >= 1200, tool("picture", "Picture") { wantsPicture = true }
        let filmMaker = dashboardView.filmMaker
        if size.x >= 1400 || filmMaker.isFilming,
            tool(
                "film", filmMaker.words, isOn: filmMaker.isFilming, isEnabled: runs || filmMaker.isFilming,
                width: UI.width("Filming 99 %") + margin)
        {
            filmMaker.toggle()
        }
        if tool("panels", "Panels", isOn: layout.isOpen(.add)) { setOpen(.add, !layout.isOpen(.add)) }
        if size.x >= 1200 {
            let isOpen = layout.isOpen(.history)
            if tool("history", "History", isOn: isOpen) { setOpen(.history, !isOpen) }
        }
        if !layout.goals.isEmpty, size.x >= 1100,
            tool("goals", size.x >= 1500 ? "Pause at goals" : "Goals", isOn: layout.pausesAtGoals, isEnabled: runs)
        {
            dashboardView.goals.togglePausesAtGoals()
        }

        let room = size.x - x
        // The title gives way to the timeline.
        let shortened = UI.shortened(options.title ?? learner.title, to: min(room * 0.42, max(0, room - 330)), .bold)
        // A letter or two say nothing.
        let title = shortened.count > 7 || !shortened.hasSuffix("…") ? shortened : ""
        let titleWidth = UI.width(title, .bold)
        UI.text(title, Point(size.x - 14, 15), theme.text, .bold, align: .right)
        let strip = Box(x + 18, 0, size.x - titleWidth - x - 60, Self.height)
        if strip.width > 100 { dashboardView.scrubber.draw(strip) } else { dashboardView.scrubber.letGo() }
        UI.endWindow()
    }
}
