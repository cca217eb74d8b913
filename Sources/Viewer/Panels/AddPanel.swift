import CImGui
import Exploration

/// "Add to the dashboard": everything that can be shown or put on, ticked where it is.
final class AddPanel: DashboardPart {
    /// What is looked for: only what fits it is listed.
    private var search = TextField("", takesFocus: false)
    private var clearsSearch = false

    private struct Entry {
        let id: String
        let title: String
        let help: String
        let isOn: Bool
        /// What a click does, and what enter does to what was looked for: it takes nothing away.
        let toggle: @MainActor () -> Void
        let open: @MainActor () -> Void
    }

    private struct Section {
        let title: String
        let entries: [Entry]
    }

    /// Put together once a frame: they are asked for where the panel's height is, and where it is drawn.
    private var sectionsOfFrame: [Section]?
    override func beginFrame() { sectionsOfFrame = nil }
    override func endFrame() { sectionsOfFrame = nil }

    private var sections: [Section] {
        if let sectionsOfFrame { return sectionsOfFrame }
        let sections = allSections
        sectionsOfFrame = sections
        return sections
    }

    private var allSections: [Section] {
        func panelEntry(_ panel: Panel, _ title: String, _ help: String) -> Entry {
            let isOn = layout.isOpen(panel)
            let open: @MainActor () -> Void = { [self] in
                isOn ? dashboardView.show(panel) : setOpen(panel, true)
                if case .metric(let id) = panel { dashboardView.graphs.flash(id, seconds: 1) }
            }
            // One that is open behind an enlarged one is shown first.
            let closes = isOn && layout.shows(panel)
            return Entry(
                id: panel.name, title: title, help: help, isOn: isOn,
                toggle: { [self] in closes ? setOpen(panel, false) : open() }, open: open)
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
            Section(title: "Presets", entries: dashboard.presets.map(entry(of:))),
            Section(title: "Criteria", entries: dashboard.mixins.map(entry(of:))),
            Section(
                title: "Metrics",
                entries: dashboard.metrics.map { panelEntry(.metric($0.id), $0.title.startingLowercase, $0.help) }),
            Section(
                title: "Figures",
                entries: dashboard.figures.map { panelEntry(.figure($0.id), $0.title.startingLowercase, $0.help) }),
            Section(title: "Attachments", entries: dashboard.attachments.map(entry(of:))),
            Section(
                title: "Engine",
                entries: (options.profile == nil
                    ? []
                    : [panelEntry(.profile, "profile", "Where the time goes, by kernel. To measure costs a little.")])
                    + [panelEntry(.history, "history", "All changes in words. A click on one goes to just before it.")]
                    + (layout.hasBranches
                        ? [panelEntry(.branches, "branches", "The futures that this run has had, side by side.")] : [])
            ),
        ].filter { !$0.entries.isEmpty }
    }

    /// Several controls at once.
    private func entry(of preset: Preset) -> Entry {
        let menu = dashboardView.presetMenu
        return Entry(
            id: "preset:\(preset.id)", title: preset.title.startingLowercase,
            help: preset.help.startingUppercase + ".\nA click sets all controls that belong to it, as one change.",
            isOn: menu.current?.id == preset.id, toggle: { menu.choose(preset) }, open: { menu.choose(preset) })
    }

    /// A criterion of what the model is after: one that is added begins with its slider and the graph of its score.
    private func entry(of mixin: MixinInfo) -> Entry {
        Entry(
            id: "mixin:\(mixin.id)", title: mixin.title.startingLowercase,
            help: mixin.help.startingUppercase + ".\nA click "
                + (mixin.isOn ? "removes this criterion." : "adds this criterion, with its slider and its graph."),
            isOn: mixin.isOn,
            toggle: { [self] in
                guard !status.isFinished else { return }
                learner.send(mixin.isOn ? .removeMixin(mixin.id) : .addMixin(mixin.id))
            },
            open: { [self] in
                if mixin.isOn {
                    layout.open(mixin, of: dashboard)
                } else if !status.isFinished {
                    learner.send(.addMixin(mixin.id))
                }
            })
    }

    private func entry(of attachment: AttachmentInfo) -> Entry {
        Entry(
            id: "attachment:\(attachment.id)", title: attachment.title.startingLowercase,
            help: "A click \(attachment.isAttached ? "takes it off" : "puts it on"), between two steps.",
            isOn: attachment.isAttached,
            toggle: { [self] in
                guard !status.isFinished else { return }
                learner.send(attachment.isAttached ? .detach(attachment.id) : .attach(attachment.id))
            },
            open: { [self] in
                if !status.isFinished, !attachment.isAttached { learner.send(.attach(attachment.id)) }
            })
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
        let whole = height(of: sections, width: width) + Self.field + 36 + 14
        // On a low window controls come first.
        return density == 0 ? whole : min(whole, density == ControlPanels.Density.all.count - 1 ? 150 : 230)
    }

    private func height(of sections: [Section], width: Float) -> Float {
        sections.reduce(0) { height, section in
            height + 22 + Float((flow(section.entries, width: width).last?.line ?? 0) + 1) * Self.line + 10
        }
    }

    // MARK: Search

    private static let field: Float = 28

    override var isInFront: Bool { search.isActive }
    override func dismiss() { clearSearch() }

    /// Gives the field the keyboard.
    func beginSearch() {
        setOpen(.add, true)
        if let box = dashboardView.box(of: .add) {
            dashboardView.scrolling.reveal(box, in: dashboardView.workingArea())
        }
        clearsSearch = false
        search.focus()
    }

    /// Lists everything again. A field that has the keyboard keeps its words until it is drawn without.
    func clearSearch() { clearsSearch = true }

    /// What fits the words that are looked for, and the entry that enter opens: the first of those that fit best.
    private var found: (sections: [Section], best: Entry?) {
        let query = search.text
        guard !query.allSatisfy(\.isWhitespace) else { return (sections, nil) }
        var best: (entry: Entry, match: SearchMatch)?
        // Each control is found, not its group.
        let controls = Section(title: "Controls", entries: dashboard.controls.map(entry(of:)))
        let all = [controls] + sections.filter { $0.title != controls.title }
        let fitting = all.map { section in
            Section(
                title: section.title,
                entries: section.entries.filter { entry in
                    let id = entry.id.split(separator: ":").dropFirst().joined(separator: ":")
                    guard let match = SearchMatch(query, title: entry.title, id: id, help: entry.help) else {
                        return false
                    }
                    if match < best?.match ?? .inMeaning || best == nil { best = (entry, match) }
                    return true
                })
        }
        return (fitting.filter { !$0.entries.isEmpty }, best?.entry)
    }

    private func entry(of control: Control) -> Entry {
        let panel = Panel.controls(control.group)
        let open: @MainActor () -> Void = { [self] in
            layout.isOpen(panel) ? dashboardView.show(panel) : setOpen(panel, true)
            dashboardView.focus.show(control)
        }
        return Entry(
            id: "control:\(control.id)", title: control.title.startingLowercase, help: control.help,
            isOn: layout.isOpen(panel), toggle: open, open: open)
    }

    private func drawField(_ body: Box) {
        let outcome = search.show("search", Point(body.x, body.y), width: body.width)
        if search.text.isEmpty, !search.isActive {
            UI.text("search", Point(body.x + 5, body.y + 2), theme.secondary)
            UI.text("/", Point(body.maxX - 8, body.y + 2), theme.secondary, .mono, align: .right)
        }
        if outcome == .entered {
            found.best?.open()
            clearsSearch = true
        }
        // Not while the field holds words of its own.
        if clearsSearch, !search.isActive {
            search = TextField("", takesFocus: false)
            clearsSearch = false
        }
    }

    // MARK: Drawing

    func draw(_ box: Box) {
        // There only when the panels are not where they began.
        let arrange = TitleWord(text: "arrange", help: "Puts all panels back where they began.") { [self] in
            layout.arrange()
            saveLayout()
        }
        frame(.add, box, title: "Add to the dashboard", word: layout.isArranged ? nil : arrange) { body in
            drawField(body)
            let list = body.inset(0, Self.field, 0, 0)
            let (sections, best) = found
            guard !sections.isEmpty else {
                return UI.say("Nothing of that name. Escape lists all.", in: list, theme.secondary)
            }
            let needsScroll = height(of: sections, width: list.width) > list.height + 14
            UI.region("words", Box(list.x, list.y - 2, list.width + 11, list.height + 12)) { content in
                let width = list.width - (needsScroll ? 4 : 0)
                var y = content.y
                for section in sections {
                    UI.text(section.title, Point(content.x, y), theme.secondary, .bold)
                    y += 22
                    for (entry, place) in zip(section.entries, flow(section.entries, width: width)) {
                        let box = Box(content.x + place.x, y + Float(place.line) * Self.line, place.width, 18)
                        if entry.id == best?.id { UI.fill(box.inset(-4, -1, -4, -1), theme.selected, radius: 3) }
                        draw(entry, box)
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
            tooltip = Tooltip(title: entry.title, text: entry.help)
        }
        if item.contains(.clicked) { entry.toggle() }
    }
}
