import CLMat
import Exploration
import Foundation

/// Which panels are open, and where.
///
/// Panels lie on a grid that fills the window. Until a person moves or resizes one it is the standard arrangement, which
/// follows what the panels show; from then on it is theirs, and panels that open find a place in it.
struct Layout: Equatable {
    private var isOpen: [String: Bool] = [:]
    /// A person's arrangement, with the places of closed panels; nil while the standard one holds.
    private(set) var grid: PanelGrid?
    /// The panel that has the room of all others but the controls.
    var enlarged: Panel?
    /// Goal lines by metric.
    private(set) var goals: [String: Double] = [:]
    /// Metrics that were added to another one's graph.
    private(set) var added: [String: [String]] = [:]
    /// How graphs are drawn, by metric, where a person chose it.
    private var looks: [String: GraphLook] = [:]
    /// Which slider had which colour in the last window, in the colours' order; empty for one that is free.
    var sliderColours: [String] = []
    /// Whether the run is to pause when all goals are met.
    var pausesAtGoals = false
    /// Whether there is a profile to show.
    var hasProfile = false
    /// Whether there are branches to show: their panel opens by itself unless a person closed it.
    var hasBranches = false
    /// Metrics that are shown against others.
    private(set) var plots: [Plot] = []
    /// What was looked at, and with which data.
    var view = SavedView()
    /// What was on the dashboard when it was last looked at.
    private var known: Dashboard?

    /// Whether the standard arrangement holds.
    var isArranged: Bool { grid == nil }

    func isOpen(_ panel: Panel) -> Bool {
        if case .plot(let plot) = panel { return plots.contains(plot) }
        return isOpen[panel.name] ?? (panel == .branches)
    }

    mutating func set(_ panel: Panel, open: Bool) {
        guard case .plot(let plot) = panel else {
            isOpen[panel.name] = open
            return
        }
        plots.removeAll { $0 == plot }
        if open { plots.append(plot) } else { grid?.remove(panel.name) }
    }

    /// NaN is no goal.
    mutating func setGoal(_ value: Double?, of metric: String) {
        goals[metric] = value.flatMap { $0.isFinite ? $0 : nil }
    }

    /// Puts a metric on another one's graph, or takes it off.
    mutating func toggle(_ metric: String, on graph: String) {
        var metrics = added[graph] ?? []
        if let index = metrics.firstIndex(of: metric) { metrics.remove(at: index) } else { metrics.append(metric) }
        added[graph] = metrics.isEmpty ? nil : metrics
    }

    func look(of metric: String) -> GraphLook { looks[metric] ?? GraphLook() }

    mutating func setLook(of metric: String, _ change: (inout GraphLook) -> Void) {
        var look = look(of: metric)
        change(&look)
        looks[metric] = look.isPlain ? nil : look
    }

    /// Goes back to the standard arrangement.
    mutating func arrange() { grid = nil }

    /// Decides on the panels that were not there before.
    mutating func update(_ dashboard: Dashboard) {
        guard dashboard != known else { return }
        let isFirst = known == nil
        var metrics = isFirst ? dashboard.firstMetrics : []
        if let known {
            // What came with an attachment: the first metric that its controls move.
            let new = dashboard.controls.filter { known.control($0.id) == nil }
            metrics += new.compactMap { $0.affects.first }.filter { known.metric($0) == nil }.prefix(1)
        }
        open(criteriaOf: dashboard)
        let starters = dashboard.figures.filter(\.isShownAtStart).map(\.id)
        for panel in dashboard.panels where isOpen[panel.name] == nil {
            switch panel {
            case .add: set(panel, open: true)
            case .controls(let group):
                set(panel, open: dashboard.controls.contains { $0.group == group && $0.isShownAtStart })
            case .figure(let id):
                let isOnlyChoice = isFirst && starters.isEmpty && id == dashboard.figures.first?.id
                set(panel, open: starters.contains(id) || isOnlyChoice)
            case .metric(let id):
                // Once: a person may choose another axis.
                if known?.metric(id) == nil, dashboard.metric(id)?.isLogarithmic == true {
                    setLook(of: id) { $0.isLogarithmic = true }
                }
                if metrics.contains(id) { set(panel, open: true) }
            case .profile, .branches, .history, .plot: break
            }
        }
        known = dashboard
    }

    /// A criterion that was added shows its slider and the graph of its score, also where a person closed them before.
    private mutating func open(criteriaOf dashboard: Dashboard) {
        guard let known else { return }
        for mixin in dashboard.mixins where mixin.isOn {
            guard let before = known.mixins.first(where: { $0.id == mixin.id }), !before.isOn else { continue }
            open(mixin, of: dashboard)
        }
    }

    /// The slider of a criterion and the graph of its score.
    mutating func open(_ mixin: MixinInfo, of dashboard: Dashboard) {
        if let control = dashboard.control(mixin.weight) { set(.controls(control.group), open: true) }
        if dashboard.metric(mixin.score) != nil { set(.metric(mixin.score), open: true) }
    }

    /// All panels that are open, also those for which an enlarged one leaves no room.
    func openPanels(_ dashboard: Dashboard) -> [Panel] {
        let plots = plots.filter { dashboard.metric($0.x) != nil && dashboard.metric($0.y) != nil }
        return
            (dashboard.panels + plots.map { .plot($0) } + (hasProfile ? [.profile] : [])
            + (hasBranches ? [.branches] : []) + [.history]).filter { isOpen($0) }
    }

    /// The panels that are seen.
    func shownPanels(_ dashboard: Dashboard) -> [Panel] { openPanels(dashboard).filter(shows) }

    /// Whether an enlarged panel leaves another one its place.
    func shows(_ panel: Panel) -> Bool { enlarged == nil || panel == enlarged || panel.kind == .controls }

    // MARK: Places

    /// Where each open panel is that is shown: all, or the enlarged one and the controls.
    func boxes(_ panels: [Panel], in room: Room) -> [Panel: Box] {
        guard let laid = laid(panels, in: room) else { return [:] }
        let boxes = laid.boxes
        let named = panels.compactMap { panel in boxes[panel.name].map { (panel, $0) } }
        return Dictionary(named) { first, _ in first }
    }

    func laid(_ panels: [Panel], in room: Room) -> PanelGrid.Laid? {
        let whole = arrangement(of: panels, in: room)
        let places = places(of: panels, in: room)
        guard let laid = whole.laid(in: places), let enlarged, panels.contains(enlarged) else {
            return whole.laid(in: places)
        }
        return alone(enlarged, panels, whole, laid)
    }

    /// The controls where they are, and one panel beside them.
    private func alone(
        _ enlarged: Panel, _ panels: [Panel], _ whole: PanelGrid, _ laid: PanelGrid.Laid
    ) -> PanelGrid.Laid? {
        let area = laid.box
        let kept = panels.filter { $0.kind == .controls && $0 != enlarged }
        var least = Dictionary(kept.map { ($0.name, $0.least { _, _ in 0 }) }) { first, _ in first }
        least[enlarged.name] = Point(0, 0)
        let boxes = kept.compactMap { laid.boxes[$0.name] }
        guard let first = boxes.map(\.x).min(), let last = boxes.map(\.maxX).max() else {
            return PanelGrid(.panel(enlarged.name)).laid(in: area, showing: least, gap: Self.gap)
        }
        var controls = whole
        for panel in whole.panels where !kept.contains(where: { $0.name == panel }) { controls.remove(panel) }
        guard let root = controls.root else { return laid }
        let width = last - first <= area.width * 0.45 ? last - first : Self.leftWidth(in: area)
        let parts = [
            PanelGrid.Part(node: root, share: width),
            PanelGrid.Part(node: .panel(enlarged.name), share: area.width - width - Self.gap),
        ]
        let areLeft = (first + last) / 2 <= area.midX
        return PanelGrid(.split(.across, areLeft ? parts : parts.reversed()))
            .laid(in: area, showing: least, gap: Self.gap)
    }

    /// A person's arrangement with places for all of `panels`, or the standard one.
    func arrangement(of panels: [Panel], in room: Room) -> PanelGrid {
        guard grid != nil else { return Self.standard(panels, in: room) }
        var layout = self
        layout.admit(panels, in: room)
        return layout.grid ?? PanelGrid()
    }

    /// Gives panels places in a person's arrangement that it does not have yet, beside their like.
    mutating func admit(_ panels: [Panel], in room: Room) {
        guard var grid else { return }
        let known = Set(grid.panels)
        guard !panels.allSatisfy({ known.contains($0.name) }) else { return }
        let kinds = Dictionary(panels.map { ($0.name, $0.kind) }) { first, _ in first }
        let comforts = Dictionary(panels.map { ($0.name, $0.comfort(in: room)) }) { first, _ in first }
        var shown = panels.filter { known.contains($0.name) }
        for panel in panels where !known.contains(panel.name) {
            shown.append(panel)
            grid.open(
                panel.name, in: places(of: shown, in: room), kind: { kinds[$0] ?? .figure },
                comfort: { comforts[$0] ?? Point(160, 110) })
        }
        self.grid = grid
    }

    func places(of panels: [Panel], in room: Room) -> PanelGrid.Room {
        let least = panels.map { ($0.name, $0.least(need: room.need)) }
        return PanelGrid.Room(area: room.area, least: Dictionary(least) { first, _ in first }, gap: Self.gap)
    }

    /// A person arranged the panels; nil for the standard arrangement.
    mutating func take(_ grid: PanelGrid?) { self.grid = grid }

    /// The arrangement if `panel` is dropped at a point, nil if it cannot be.
    func dropping(_ panel: Panel, at point: Point, _ panels: [Panel], in room: Room) -> PanelGrid? {
        arrangement(of: panels, in: room).dropping(panel.name, at: point, in: places(of: panels, in: room))
    }

    static let gap: Float = 12

    /// Whether a window is too small for all panels at once: they then lie below each other, and the dashboard scrolls.
    static func scrolls(_ size: Point) -> Bool { size.x < 1000 || size.y < 600 }

    /// Panels in columns, each at a height at which it can be read; what is beyond the window is scrolled to. A person's
    /// places wait for a larger window.
    static func column(_ panels: [Panel], in room: Room) -> (boxes: [Panel: Box], height: Float) {
        let area = room.area
        let columns = area.columns(area.width >= 700 ? 2 : 1, gap: gap)
        var bottoms = columns.map { _ in area.y }
        var boxes: [Panel: Box] = [:]
        for panel in panels {
            let height: Float
            switch panel {
            case .controls, .add: height = max(room.need(panel, 1), 120)
            case .figure, .profile: height = 300
            case .metric, .plot: height = 210
            case .branches: height = 180
            case .history: height = 260
            }
            // Controls left, what they do right: both are seen at once. Branches need the whole width.
            let isWide = panel == .branches
            var index = columns.count - 1
            if case .controls = panel { index = 0 }
            if isWide || panel == .add { index = 0 }
            let top = isWide ? bottoms.max() ?? area.y : bottoms[index]
            boxes[panel] = Box(columns[index].x, top, isWide ? area.width : columns[index].width, height)
            for place in bottoms.indices where isWide || place == index { bottoms[place] = top + height + gap }
        }
        return (boxes, (bottoms.max() ?? area.y) - gap - area.y)
    }
}

// MARK: - On disk

extension Layout {
    private struct Stored: Codable {
        static let latest = 2

        var version = Self.latest
        var open: [String: Bool]
        /// A person's arrangement. Absent while the standard one holds.
        var grid: PanelGrid?
        /// Left, top, width and height in shares of the working area: in files of version 1, which had no grid.
        var places: [String: [Float]]?
        /// Absent in files from before there were goals.
        var goals: [String: Double]?
        var pausesAtGoals: Bool?
        /// Absent in files from before graphs had several metrics.
        var added: [String: [String]]?
        var plots: [Plot]?
        /// Absent in files from before graphs had logarithmic axes and smoothing.
        var looks: [String: GraphLook]?
        var sliderColours: [String]?
        /// Absent in files of 0.1.0.
        var view: SavedView?
    }

    /// Where the layout of a model is kept: `$XDG_CONFIG_HOME/clmat` or `~/.config/clmat`.
    static func path(named name: String) -> String {
        let environment = ProcessInfo.processInfo.environment
        var folder = environment["XDG_CONFIG_HOME"] ?? ""
        if folder.isEmpty { folder = (environment["HOME"] ?? NSHomeDirectory()) + "/.config" }
        let safe = String(name.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "-" })
        return "\(folder)/clmat/layout-\(safe).json"
    }

    /// The saved layout, or an empty one. A damaged file is ignored, with a line on standard error.
    init(named name: String) {
        let path = Self.path(named: name)
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            let stored = try JSONDecoder().decode(Stored.self, from: Files.read(path))
            guard (1...Stored.latest).contains(stored.version) else {
                throw CLMatError.fileDamaged(
                    path: path, place: "version", problem: "\(stored.version) is none that this program knows")
            }
            isOpen = stored.open
            goals = stored.goals ?? [:]
            pausesAtGoals = stored.pausesAtGoals ?? false
            added = stored.added ?? [:]
            plots = stored.plots ?? []
            looks = (stored.looks ?? [:]).mapValues(\.checked)
            sliderColours = stored.sliderColours ?? []
            view = stored.view ?? SavedView()
            grid = try stored.grid ?? Self.mended(stored.places ?? [:], isOpen, path)
        } catch {
            self = Layout()
            warn("The layout in \(path) is damaged and was not used: \(error)")
        }
    }

    /// The arrangement that is nearest to open panels that lay anywhere, also over each other; nil for none.
    private static func mended(
        _ places: [String: [Float]], _ isOpen: [String: Bool], _ path: String
    ) throws(CLMatError) -> PanelGrid? {
        var boxes: [String: Box] = [:]
        for (panel, numbers) in places {
            guard numbers.count == 4, numbers.allSatisfy({ $0.isFinite && (0...1).contains($0) }),
                numbers[2] > 0.01, numbers[3] > 0.01
            else { throw .fileDamaged(path: path, place: panel, problem: "not a place in the window") }
            // Others may lie where a closed one was.
            if isOpen[panel] != false { boxes[panel] = Box(numbers[0], numbers[1], numbers[2], numbers[3]) }
        }
        return boxes.isEmpty ? nil : PanelGrid(nearestTo: boxes)
    }

    func save(named name: String) throws(CLMatError) {
        let path = Self.path(named: name)
        let stored = Stored(
            open: isOpen, grid: grid?.root == nil ? nil : grid, goals: goals, pausesAtGoals: pausesAtGoals,
            added: added, plots: plots, looks: looks, sliderColours: sliderColours, view: view)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try Files.makeFolder((path as NSString).deletingLastPathComponent)
            try Files.write(encoder.encode(stored), to: path)
        } catch let error as CLMatError {
            throw error
        } catch {
            throw .fileNotWritable(path: path, reason: error.localizedDescription)
        }
    }
}

/// A line on standard error.
func warn(_ line: String) { StandardError.say(line) }
