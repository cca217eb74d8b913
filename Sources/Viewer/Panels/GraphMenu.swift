import CImGui
import Exploration

/// What the right button offers on a graph.
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
        /// Whether the menu stays open, with another page.
        var staysOpen = false
        let act: @MainActor () -> Void
    }

    func drawGraphMenu(in area: Box) {
        guard let menu = graphMenu, let metric = dashboard.metric(menu.metric) else {
            graphMenu = nil
            return
        }
        let entries: [MenuEntry] =
            switch menu.page {
            case .all: firstEntries(menu, metric)
            case .add: addEntries(metric)
            case .plot: plotEntries(metric)
            }
        let width = (entries.map { UI.width($0.words) }.max() ?? 0) + 40
        let row = min(28, (area.height - 12) / Float(max(1, entries.count)))
        let box = Box(menu.place.x, menu.place.y, width, Float(entries.count) * row + 12).within(area)
        gui_begin_window(
            "graph menu", box.x, box.y, box.width, box.height, theme.tooltip.packed, theme.edge.packed, 5, false,
            menu.isNew)
        var isDone = false
        for (index, entry) in entries.enumerated() {
            let place = Box(box.x + 6, box.y + 7 + Float(index) * row, box.width - 12, row - 3)
            if button(entry.id, entry.words + (entry.isOn ? " ✓" : ""), place, isOn: entry.isOn) {
                entry.act()
                if !entry.staysOpen {
                    saveLayout()
                    isDone = true
                }
            }
        }
        gui_end_window()
        graphMenu?.isNew = false
        if isDone || (gui_mouse_was_pressed() && !menu.isNew && !box.contains(UI.mouse)) { graphMenu = nil }
    }

    private func firstEntries(_ menu: GraphMenu, _ metric: Metric) -> [MenuEntry] {
        var entries = [
            MenuEntry(id: "here", words: "goal here: \(desk.goals.words(of: menu.value, metric))") { [self] in
                desk.goals.setGoal(menu.value, of: menu.metric)
            }
        ]
        if layout.goals[menu.metric] != nil {
            entries.append(
                MenuEntry(id: "remove", words: "remove the goal") { [self] in desk.goals.setGoal(nil, of: menu.metric) }
            )
        }
        entries.append(
            MenuEntry(id: "pause", words: "pause when all goals are met", isOn: layout.pausesAtGoals) { [self] in
                desk.goals.togglePausesAtGoals()
            })
        guard dashboard.metrics.count > 1 else { return entries }
        entries.append(
            MenuEntry(id: "add", words: "add a metric …", staysOpen: true) { [self] in graphMenu?.page = .add })
        entries.append(
            MenuEntry(id: "plot", words: "plot against …", staysOpen: true) { [self] in graphMenu?.page = .plot })
        return entries
    }

    private func addEntries(_ metric: Metric) -> [MenuEntry] {
        let added = layout.added[metric.id] ?? []
        return dashboard.metrics.filter { $0.id != metric.id }.map { other in
            MenuEntry(id: "add \(other.id)", words: other.title.startingLowercase, isOn: added.contains(other.id)) {
                [self] in layout.toggle(other.id, on: metric.id)
            }
        }
    }

    private func plotEntries(_ metric: Metric) -> [MenuEntry] {
        dashboard.metrics.filter { $0.id != metric.id }.map { other in
            let panel = Panel.plot(Plot(x: other.id, y: metric.id))
            let isOpen = layout.isOpen(panel)
            return MenuEntry(id: "plot \(other.id)", words: other.title.startingLowercase, isOn: isOpen) { [self] in
                setOpen(panel, !isOpen)
            }
        }
    }
}
