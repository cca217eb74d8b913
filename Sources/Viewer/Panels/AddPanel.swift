import CImGui
import Exploration

/// "Add to the dashboard": everything that can be shown or put on, ticked where it is.
final class AddPanel: DeskPart {
    private struct Entry {
        let id: String
        let title: String
        let means: String
        let isOn: Bool
        let toggle: @MainActor () -> Void
    }

    private struct Section {
        let title: String
        let entries: [Entry]
    }

    private var sections: [Section] {
        func panelEntry(_ panel: Panel, _ title: String, _ means: String) -> Entry {
            let isOn = layout.isOpen(panel)
            return Entry(id: panel.name, title: title, means: means, isOn: isOn) { [self] in
                setOpen(panel, !isOn)
                if !isOn, case .metric(let id) = panel { desk.graphs.flash(id, seconds: 1) }
            }
        }
        // One open panel of controls is no choice.
        let groups = dashboard.groups
        let isChoice = groups.count > 1 || groups.contains { !layout.isOpen(.controls($0)) }
        return [
            Section(
                title: "Controls",
                entries: (isChoice ? groups : []).map { group in
                    let titles = dashboard.controls.filter { $0.group == group }.map(\.title)
                    return panelEntry(
                        .controls(group), group.isEmpty ? "controls" : group, titles.joined(separator: ", "))
                }),
            Section(title: "Criteria", entries: dashboard.mixins.map(entry(of:))),
            Section(
                title: "Metrics",
                entries: dashboard.metrics.map { panelEntry(.metric($0.id), $0.title.startingLowercase, $0.means) }),
            Section(
                title: "Figures",
                entries: dashboard.figures.map { panelEntry(.figure($0.id), $0.title.startingLowercase, $0.means) }),
            Section(title: "Attachments", entries: dashboard.attachments.map(entry(of:))),
            Section(
                title: "Engine",
                entries: (options.profile == nil
                    ? []
                    : [panelEntry(.profile, "profile", "Where the time goes, by kernel. To measure costs a little.")])
                    + (layout.hasBranches
                        ? [panelEntry(.branches, "branches", "The futures that this run has had, side by side.")] : [])
            ),
        ].filter { !$0.entries.isEmpty }
    }

    /// A criterion of what the model is after: one that is added begins with its slider and the graph of its score.
    private func entry(of mixin: MixinInfo) -> Entry {
        Entry(
            id: "mixin:\(mixin.id)", title: mixin.title.startingLowercase,
            means: mixin.means.startingUppercase + ".\nA click "
                + (mixin.isOn ? "removes this criterion." : "adds this criterion, with its slider and its graph."),
            isOn: mixin.isOn
        ) { [self] in
            guard !status.isFinished else { return }
            learner.send(mixin.isOn ? .removeMixin(mixin.id) : .addMixin(mixin.id))
        }
    }

    private func entry(of attachment: AttachmentInfo) -> Entry {
        Entry(
            id: "attachment:\(attachment.id)", title: attachment.title.startingLowercase,
            means: "A click \(attachment.isAttached ? "takes it off" : "puts it on"), between two steps.",
            isOn: attachment.isAttached
        ) { [self] in
            guard !status.isFinished else { return }
            learner.send(attachment.isAttached ? .detach(attachment.id) : .attach(attachment.id))
        }
    }

    private static let line: Float = 20

    /// Where the words stand: as many in a line as fit.
    private func flow(_ entries: [Entry], width: Float) -> [(x: Float, line: Int, width: Float)] {
        var (x, line): (Float, Int) = (0, 0)
        return entries.map { entry in
            // Title and mark are measured as they are drawn: together they may come out a little narrower.
            let own = min(UI.width(entry.title).rounded(.up) + UI.width(" ✓").rounded(.up) + 1, width)
            if x > 0, x + own > width { (x, line) = (0, line + 1) }
            defer { x += own + 12 }
            return (x, line, own)
        }
    }

    /// How high the panel has to be beside controls whose rows are this dense. The words can scroll.
    func height(width: Float, _ density: Int) -> Float {
        let whole = wordsHeight(width: width) + 36 + 14
        // On a low window controls come first.
        return density == 0 ? whole : min(whole, density == ControlPanels.Density.all.count - 1 ? 92 : 210)
    }

    private func wordsHeight(width: Float) -> Float {
        sections.reduce(0) { height, section in
            height + 22 + Float((flow(section.entries, width: width).last?.line ?? 0) + 1) * Self.line + 10
        }
    }

    func draw(_ box: Box) {
        // There only when the panels are not on the grid.
        let arrange = TitleWord(text: "arrange", means: "Puts all panels back on the grid.") { [self] in
            layout.arrange()
            saveLayout()
        }
        frame(.add, box, title: "Add to the dashboard", word: layout.isArranged ? nil : arrange) { body in
            let needsScroll = wordsHeight(width: body.width) > body.height + 14
            UI.region("words", Box(body.x, body.y - 2, body.width + 11, body.height + 12)) { content in
                let width = body.width - (needsScroll ? 4 : 0)
                var y = content.y
                for section in sections {
                    UI.text(section.title, Point(content.x, y), theme.secondary, .bold)
                    y += 22
                    for (entry, place) in zip(section.entries, flow(section.entries, width: width)) {
                        draw(entry, Box(content.x + place.x, y + Float(place.line) * Self.line, place.width, 18))
                    }
                    y += Float((flow(section.entries, width: width).last?.line ?? 0) + 1) * Self.line + 10
                }
                return y - content.y
            }
        }
    }

    private func draw(_ entry: Entry, _ box: Box) {
        let item = UI.item(entry.id, box)
        let mark = entry.isOn ? " ✓" : ""
        let words = UI.shortened(entry.title, to: box.width - UI.width(mark))
        UI.text(
            words + mark, Point(box.x, box.y),
            entry.isOn || item.contains(.hovered) ? theme.text : theme.secondary)
        if item.contains(.hovered) {
            gui_set_cursor(Int32(GUI_CURSOR_HAND))
            tooltip = Tooltip(title: entry.title, text: entry.means)
        }
        if item.contains(.clicked) { entry.toggle() }
    }
}
