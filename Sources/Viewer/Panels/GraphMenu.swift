import CImGui
import Exploration

/// What a graph's sign ≡ and the right button offer.
struct GraphMenu {
    /// What is being chosen.
    enum Page { case all, add, plot }

    let metric: String
    let value: Double
    let place: Point
    var page = Page.all
    /// It is drawn first in the frame after the click.
    var isNew = true
}

extension Graphs {
    private struct MenuEntry {
        let id: String
        let words: String
        var isOn = false
        /// Whether the menu stays open: it has another page, or several of its choices are often made at once.
        var staysOpen = false
        let act: @MainActor () -> Void
    }

    /// A row of the menu.
    private enum MenuRow {
        case heading(String)
        case entry(MenuEntry)
        /// Choices side by side, after a word.
        case choices(String, [MenuEntry])
    }

    /// The sign in a graph's title that opens its menu.
    func menuWord(_ metric: Metric) -> TitleWord {
        TitleWord(
            text: "≡",
            help: "Goal, logarithmic axis, smoothing, more metrics on this graph, or one against another. "
                + "The right button on the graph offers the same."
        ) { [self] in
            let value = learner.timeline.lastValues[metric.id] ?? 0
            graphMenu = GraphMenu(metric: metric.id, value: value.isFinite ? value : 0, place: UI.mouse)
        }
    }

    func drawGraphMenu(in area: Box) {
        guard let menu = graphMenu, let metric = dashboard.metric(menu.metric) else {
            graphMenu = nil
            return
        }
        let rows: [MenuRow] =
            switch menu.page {
            case .all: firstRows(menu, metric)
            case .add: addRows(metric)
            case .plot: plotRows(metric)
            }
        let width = (rows.map(width).max() ?? 0) + 12
        let row = min(28, (area.height - 12) / Float(max(1, rows.count)))
        let box = Box(menu.place.x, menu.place.y, width, Float(rows.count) * row + 12).within(area)
        UI.beginWindow("graph-menu", box, fill: theme.tooltip, edge: theme.edge, radius: 5, comesToFront: menu.isNew)
        var isDone = false
        func draw(_ entry: MenuEntry, _ place: Box) {
            guard button(entry.id, entry.words + (entry.isOn ? " ✓" : ""), place, isOn: entry.isOn) else { return }
            entry.act()
            saveLayout()
            if !entry.staysOpen { isDone = true }
        }
        for (index, content) in rows.enumerated() {
            let place = Box(box.x + 6, box.y + 7 + Float(index) * row, box.width - 12, row - 3)
            switch content {
            case .heading(let words):
                UI.text(
                    UI.shortened(words, to: place.width - 8, .small), Point(place.x + 4, place.maxY - 17),
                    theme.secondary, .small)
            case .entry(let entry): draw(entry, place)
            case .choices(let word, let entries):
                let end = UI.text(word, Point(place.x + 4, place.midY - 7.5), theme.text)
                let choices = Box(end + 10, place.y, place.maxX - end - 10, place.height)
                for (entry, own) in zip(entries, choices.columns(entries.count, gap: 3)) { draw(entry, own) }
            }
        }
        UI.endWindow()
        graphMenu?.isNew = false
        if isDone || (gui_mouse_was_pressed() && !menu.isNew && !box.contains(UI.mouse)) { graphMenu = nil }
    }

    private func width(_ row: MenuRow) -> Float {
        switch row {
        case .heading(let words): UI.width(words, .small) + 8
        case .entry(let entry): UI.width(entry.words) + 28
        case .choices(let word, let entries):
            UI.width(word) + 14 + Float(entries.count) * ((entries.map { UI.width($0.words) }.max() ?? 0) + 32)
        }
    }

    private func firstRows(_ menu: GraphMenu, _ metric: Metric) -> [MenuRow] {
        var rows: [MenuRow] = [.heading(metric.title), .heading("Goal")]
        rows.append(
            .entry(
                MenuEntry(id: "here", words: "goal here: \(dashboardView.goals.words(of: menu.value, metric))") {
                    [self] in
                    dashboardView.goals.setGoal(menu.value, of: menu.metric)
                }))
        if layout.goals[menu.metric] != nil {
            rows.append(
                .entry(
                    MenuEntry(id: "remove", words: "remove the goal") { [self] in
                        dashboardView.goals.setGoal(nil, of: menu.metric)
                    }))
        }
        rows.append(
            .entry(
                MenuEntry(id: "pause", words: "pause when all goals are met", isOn: layout.pausesAtGoals) { [self] in
                    dashboardView.goals.togglePausesAtGoals()
                }))
        let look = layout.look(of: metric.id)
        rows.append(.heading("Axis and curve"))
        rows.append(
            .entry(
                MenuEntry(id: "log", words: "logarithmic axis", isOn: look.isLogarithmic, staysOpen: true) { [self] in
                    layout.setLook(of: metric.id) { $0.isLogarithmic.toggle() }
                }))
        rows.append(
            .choices(
                "smoothing",
                GraphLook.strengths.map { strength in
                    MenuEntry(
                        id: "smooth/\(strength.words)", words: strength.words, isOn: look.smoothing == strength.weight,
                        staysOpen: true
                    ) { [self] in layout.setLook(of: metric.id) { $0.smoothing = strength.weight } }
                }))
        guard dashboard.metrics.count > 1 else { return rows }
        rows.append(.heading("Other metrics"))
        for other in addedMetrics(metric.id) {
            rows.append(
                .entry(
                    MenuEntry(id: "take-off/\(other.id)", words: "take \(other.title.startingLowercase) off") {
                        [self] in
                        layout.toggle(other.id, on: metric.id)
                    }))
        }
        rows.append(
            .entry(
                MenuEntry(id: "add", words: "add one to this graph …", staysOpen: true) { [self] in
                    graphMenu?.page = .add
                }))
        rows.append(
            .entry(
                MenuEntry(id: "plot", words: "plot against one …", staysOpen: true) { [self] in graphMenu?.page = .plot
                }
            ))
        return rows
    }

    private func addRows(_ metric: Metric) -> [MenuRow] {
        let added = layout.added[metric.id] ?? []
        return [.heading("Add to the graph of \(metric.title.startingLowercase)")]
            + dashboard.metrics.filter { $0.id != metric.id }.map { other in
                .entry(
                    MenuEntry(
                        id: "add/\(other.id)", words: other.title.startingLowercase, isOn: added.contains(other.id)
                    ) { [self] in layout.toggle(other.id, on: metric.id) })
            }
    }

    private func plotRows(_ metric: Metric) -> [MenuRow] {
        [.heading("Plot \(metric.title.startingLowercase) against")]
            + dashboard.metrics.filter { $0.id != metric.id }.map { other in
                let panel = Panel.plot(Plot(x: other.id, y: metric.id))
                let isOpen = layout.isOpen(panel)
                return .entry(
                    MenuEntry(id: "plot/\(other.id)", words: other.title.startingLowercase, isOn: isOpen) { [self] in
                        setOpen(panel, !isOpen)
                    })
            }
    }
}
