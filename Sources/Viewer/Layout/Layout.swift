import CLMat
import Exploration
import Foundation

/// Which panels are open, and where.
///
/// Panels lie on a grid that fills the window, until a person moves or resizes one: from then on each stays where
/// it is, in shares of the window, so that it keeps its place when the window changes.
struct Layout: Equatable {
    private var isOpen: [String: Bool] = [:]
    /// Places of panels in shares of the working area; empty while the grid holds.
    private var places: [String: Box] = [:]
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

    var isArranged: Bool { places.isEmpty }

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
        if open { plots.append(plot) } else { places[panel.name] = nil }
    }

    /// A goal that is no number is none.
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

    /// Puts all panels back on the grid.
    mutating func arrange() { places = [:] }

    /// Decides on the panels that were not there before.
    mutating func update(_ dashboard: Dashboard) {
        guard dashboard != known else { return }
        let isFirst = known == nil
        var metrics = isFirst ? dashboard.firstMetrics : []
        if let known {
            // What came with an attachment: the first metric that its controls move.
            let new = dashboard.controls.filter { known.control($0.id) == nil }
            metrics += new.compactMap { $0.moves.first }.filter { known.metric($0) == nil }.prefix(1)
        }
        open(criteriaOf: dashboard)
        let starters = dashboard.figures.filter(\.startsOpen).map(\.id)
        for panel in dashboard.panels where isOpen[panel.name] == nil {
            switch panel {
            case .add: set(panel, open: true)
            case .controls(let group):
                set(panel, open: dashboard.controls.contains { $0.group == group && $0.startsOpen })
            case .figure(let id):
                let isOnlyChoice = isFirst && starters.isEmpty && id == dashboard.figures.first?.id
                set(panel, open: starters.contains(id) || isOnlyChoice)
            case .metric(let id):
                if metrics.contains(id) { set(panel, open: true) }
            case .profile, .branches, .plot: break
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

    func openPanels(_ dashboard: Dashboard) -> [Panel] {
        let plots = plots.filter { dashboard.metric($0.x) != nil && dashboard.metric($0.y) != nil }
        return
            (dashboard.panels + plots.map { .plot($0) } + (hasProfile ? [.profile] : [])
            + (hasBranches ? [.branches] : [])).filter { isOpen($0) }
    }

    // MARK: Places

    /// How high a panel of the left column has to be if its rows are this dense: 0 is the airiest.
    typealias Need = (_ panel: Panel, _ density: Int) -> Float
    /// How high a figure of this width has to be to be as large as it can; nil if any height does.
    typealias Want = (_ panel: Panel, _ width: Float) -> Float?

    /// Where each open panel is.
    func boxes(_ panels: [Panel], in area: Box, need: Need, want: Want = { _, _ in nil }) -> [Panel: Box] {
        var boxes = Self.grid(panels, in: area, need: need, want: want)
        guard !isArranged else { return boxes }
        var taken: [Box] = []
        var homeless: [Panel] = []
        for panel in panels {
            if let place = places[panel.name] {
                let box = Box(
                    area.x + place.x * area.width, area.y + place.y * area.height, place.width * area.width,
                    place.height * area.height)
                boxes[panel] = Box(box.x.rounded(), box.y.rounded(), box.width.rounded(), box.height.rounded())
                    .within(area)
                taken.append(boxes[panel] ?? box)
            } else {
                homeless.append(panel)
            }
        }
        for panel in homeless {
            let box = Self.freePlace(for: boxes[panel] ?? area, among: taken, in: area)
            boxes[panel] = box
            taken.append(box)
        }
        return boxes
    }

    /// A person moved or resized a panel: all stay where they are now.
    mutating func place(_ boxes: [Panel: Box], in area: Box) {
        for (panel, box) in boxes {
            places[panel.name] = Box(
                (box.x - area.x) / area.width, (box.y - area.y) / area.height, box.width / area.width,
                box.height / area.height)
        }
    }

    static let gap: Float = 12

    /// Whether a window is too small for all panels at once: they then lie below each other, and the desk scrolls.
    static func scrolls(_ size: Point) -> Bool { size.x < 1000 || size.y < 600 }

    /// Panels in columns, each at a height at which it can be read; what is beyond the window is scrolled to. A person's
    /// places wait for a larger window.
    static func column(_ panels: [Panel], in area: Box, need: Need) -> (boxes: [Panel: Box], height: Float) {
        let columns = area.columns(area.width >= 700 ? 2 : 1, gap: gap)
        var bottoms = columns.map { _ in area.y }
        var boxes: [Panel: Box] = [:]
        for panel in panels {
            let height: Float
            switch panel {
            case .controls, .add: height = max(need(panel, 1), 120)
            case .figure, .profile: height = 300
            case .metric, .plot: height = 210
            case .branches: height = 180
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

    /// The width of the column of controls.
    static func leftWidth(in area: Box) -> Float { min(max(284, (area.width * 0.2).rounded()), 330) }

    /// Controls left, figures in the middle, graphs right; a fourth and further graph under the figures.
    private static func grid(_ panels: [Panel], in area: Box, need: Need, want: Want) -> [Panel: Box] {
        var boxes: [Panel: Box] = [:]
        var rest = area
        let left = panels.filter { if case .controls = $0 { true } else { $0 == .add } }
        let figures = panels.filter { if case .figure = $0 { true } else { $0 == .profile } }
        let graphs = panels.filter {
            switch $0 {
            case .metric, .plot: true
            default: false
            }
        }

        if !left.isEmpty {
            let width = leftWidth(in: area)
            let column = Box(area.x, area.y, width, area.height)
            for (panel, box) in zip(left, stacked(left, in: column, need)) { boxes[panel] = box }
            rest = area.inset(width + gap, 0, 0, 0)
        }
        // Branches lie below what they are branches of.
        func takeBranches() {
            guard panels.contains(.branches) else { return }
            let height = min(want(.branches, rest.width) ?? 150, (rest.height * 0.34).rounded())
            boxes[.branches] = Box(rest.x, rest.maxY - height, rest.width, height)
            rest.height -= height + gap
        }
        guard !figures.isEmpty else {
            takeBranches()
            let columns = graphs.count > 3 ? 2 : 1
            let perColumn = (graphs.count + columns - 1) / columns
            for (index, column) in rest.columns(columns, gap: gap).enumerated() {
                let part = graphs.dropFirst(index * perColumn).prefix(perColumn)
                for (panel, box) in zip(part, column.rows(part.count, gap: gap)) { boxes[panel] = box }
            }
            return boxes
        }

        let fitting = max(1, min(graphs.count, Int((area.height + gap) / (150 + gap))))
        let (beside, below) = (graphs.prefix(fitting), graphs.dropFirst(fitting))
        if !beside.isEmpty {
            let width = min(max(320, (area.width * 0.275).rounded()), 460)
            let column = Box(rest.maxX - width, rest.y, width, rest.height)
            for (panel, box) in zip(beside, column.rows(beside.count, gap: gap)) { boxes[panel] = box }
            rest.width -= width + gap
        }
        takeBranches()
        let lower = Array(figures.dropFirst()) + below
        if lower.isEmpty {
            boxes[figures[0]] = rest
        } else {
            let share: Float = lower.count <= 2 ? 0.66 : lower.count <= 4 ? 0.45 : 0.36
            var top = (rest.height * share).rounded()
            // Two in a row, or as many more as leave each high enough to be read.
            let mostRows = max(1, Int((rest.height - top) / (150 + gap)))
            let perRow = min(max(2, (lower.count + mostRows - 1) / mostRows), max(2, Int(rest.width / 180)))
            let rowCount = (lower.count + perRow - 1) / perRow
            let rows = (0..<rowCount).map { Array(lower.dropFirst($0 * perRow).prefix(perRow)) }
            // What lies below gets no more than it can use if the first figure wants that.
            let usual = (rest.height - top - gap * Float(rowCount)) / Float(rowCount)
            let wants = rows.map { row in
                let width = (rest.width - gap * Float(row.count - 1)) / Float(row.count)
                let most = row.map { want($0, width) ?? usual }.max() ?? usual
                return max(min(150, usual), most)
            }
            if let wish = want(figures[0], rest.width) {
                let (all, below) = (rest.height - gap * Float(rowCount), wants.reduce(0, +))
                let free = all - wish - below
                let fair = max(all - min(below, usual * Float(rowCount)), 0)
                top = (free > 0 ? all * wish / (wish + below) : min(wish, fair)).rounded()
            }
            boxes[figures[0]] = Box(rest.x, rest.y, rest.width, top)
            let bottom = rest.inset(0, top + gap, 0, 0)
            let heights = Self.heights(wants, filling: bottom.height, gap: gap)
            var y = bottom.y
            for (row, height) in zip(rows, heights) {
                let box = Box(bottom.x, y, bottom.width, height)
                for (panel, place) in zip(row, box.columns(row.count, gap: gap)) { boxes[panel] = place }
                y += height + gap
            }
        }
        return boxes
    }

    /// Whole heights of rows that fill `height`, in proportion to what they want, none less than half its fair share.
    private static func heights(_ wants: [Float], filling height: Float, gap: Float) -> [Float] {
        let room = height - gap * Float(wants.count - 1)
        let fair = room / Float(max(1, wants.count))
        let wishes = wants.map { min(max($0, fair * 0.5), fair * 2) }
        let total = max(1, wishes.reduce(0, +))
        var left = room
        return wishes.enumerated().map { index, wish in
            let own = index == wishes.count - 1 ? left : (room * wish / total).rounded()
            left -= own
            return own
        }
    }

    /// Panels as high as they need, at the airiest density at which they fit. The last one takes what is left.
    private static func stacked(_ panels: [Panel], in column: Box, _ need: Need) -> [Box] {
        let room = column.height - gap * Float(panels.count - 1)
        var needs: [Float] = []
        for density in ControlPanels.Density.all.indices {
            needs = panels.map { need($0, density) }
            if needs.reduce(0, +) <= room { break }
        }
        let squeeze = min(1, room / max(1, needs.reduce(0, +)))
        var y = column.y
        return needs.enumerated().map { index, need in
            let height = index == needs.count - 1 ? column.maxY - y : (need * squeeze).rounded(.down)
            defer { y += height + gap }
            return Box(column.x, y, column.width, height)
        }
    }

    /// The place of the grid if nothing is there, else the first free one, else a little aside.
    private static func freePlace(for box: Box, among taken: [Box], in area: Box) -> Box {
        let size = Box(0, 0, min(box.width, 440), min(box.height, 260))
        var candidates = [box]
        for y in stride(from: area.y, through: max(area.y, area.maxY - size.height), by: 20) {
            for x in stride(from: area.x, through: max(area.x, area.maxX - size.width), by: 20) {
                candidates.append(Box(x, y, size.width, size.height))
            }
        }
        if let free = candidates.first(where: { place in !taken.contains { $0.overlaps(place) } }) { return free }
        let shift = Float(taken.count % 8) * 24
        return Box(area.midX - size.width / 2 + shift, area.midY - size.height / 2 + shift, size.width, size.height)
            .within(area)
    }
}

// MARK: - On disk

extension Layout {
    private struct Stored: Codable {
        var version = 1
        var open: [String: Bool]
        /// Left, top, width and height in shares of the working area.
        var places: [String: [Float]]
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
            isOpen = stored.open
            goals = stored.goals ?? [:]
            pausesAtGoals = stored.pausesAtGoals ?? false
            added = stored.added ?? [:]
            plots = stored.plots ?? []
            looks = (stored.looks ?? [:]).mapValues(\.checked)
            sliderColours = stored.sliderColours ?? []
            view = stored.view ?? SavedView()
            for (panel, numbers) in stored.places {
                guard numbers.count == 4, numbers.allSatisfy({ $0.isFinite && (0...1).contains($0) }),
                    numbers[2] > 0.01, numbers[3] > 0.01
                else { throw CLMatError.fileDamaged(path: path, place: panel, problem: "not a place in the window") }
                places[panel] = Box(numbers[0], numbers[1], numbers[2], numbers[3])
            }
        } catch {
            self = Layout()
            warn("The layout in \(path) is damaged and was not used: \(error)")
        }
    }

    func save(named name: String) throws(CLMatError) {
        let path = Self.path(named: name)
        let stored = Stored(
            open: isOpen, places: places.mapValues { [$0.x, $0.y, $0.width, $0.height] }, goals: goals,
            pausesAtGoals: pausesAtGoals, added: added, plots: plots, looks: looks, sliderColours: sliderColours, view: view)
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
