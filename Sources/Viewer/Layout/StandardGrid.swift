// The arrangement that a window begins with, until a person makes another one.

extension Layout {
    /// The working area and what the panels ask of it.
    struct Room {
        let area: Box
        /// How high a panel of the left column has to be if its rows are this dense: 0 is the airiest.
        var need: (_ panel: Panel, _ density: Int) -> Float = { _, _ in 0 }
        /// How high a figure of this width has to be to be as large as it can; nil if any height does.
        var want: (_ panel: Panel, _ width: Float) -> Float? = { _, _ in nil }
    }

    private typealias Node = PanelGrid.Node
    private typealias Part = PanelGrid.Part

    /// Controls left, figures in the middle, graphs right; a fourth and further graph under the figures.
    static func standard(_ panels: [Panel], in room: Room) -> PanelGrid {
        let area = room.area
        let left = panels.filter { $0.kind == .controls }
        let figures = panels.filter { $0.kind == .figure }
        let graphs = panels.filter { $0.kind == .graph }
        let lists = panels.filter { $0.kind == .list }
        var columns: [Part] = []
        var rest = area
        func take(_ column: Node, _ width: Float) {
            columns.append(Part(node: column, share: width))
            rest.width -= width + gap
        }

        for column in leftColumns(left, in: room, others: !(figures + graphs + lists).isEmpty) {
            take(.split(.down, column.parts), column.width)
        }
        // Branches lie below what they are branches of.
        func withLists(_ main: (Box) -> Node) -> Node {
            guard !lists.isEmpty else { return main(rest) }
            let wanted = lists.map { room.want($0, rest.width) ?? 150 }.max() ?? 150
            let height = min(wanted, (rest.height * 0.34).rounded())
            let row = lists.map { Part(node: .panel($0.name), share: 1) }
            var above = rest
            above.height -= height + gap
            guard !(figures + graphs).isEmpty else { return .split(.across, row) }
            return .split(
                .down, [Part(node: main(above), share: above.height), Part(node: .split(.across, row), share: height)])
        }
        guard !figures.isEmpty else {
            if !(graphs + lists).isEmpty { take(withLists { _ in wall(graphs) }, rest.width) }
            return PanelGrid(.split(.across, columns))
        }

        let fitting = max(1, min(graphs.count, Int((area.height + gap) / (150 + gap))))
        // The history is the last of the column.
        let last = graphs.filter { $0 == .history }
        let curves = graphs.filter { $0 != .history }
        let count = max(0, fitting - last.count)
        let (beside, below) = (curves.prefix(count) + last, curves.dropFirst(count))
        let rightWidth = min(max(320, (area.width * 0.275).rounded()), 460, (rest.width * 0.55).rounded())
        if !beside.isEmpty { rest.width -= rightWidth + gap }
        let width = rest.width
        let column = withLists { middle(figures + below, in: $0, room.want) }
        columns.append(Part(node: column, share: width))
        if !beside.isEmpty {
            columns.append(Part(node: .split(.down, equal(beside)), share: rightWidth))
        }
        return PanelGrid(.split(.across, columns))
    }

    private static func equal(_ panels: some Sequence<Panel>) -> [Part] {
        panels.map { Part(node: .panel($0.name), share: 1) }
    }

    /// Graphs alone: in one column, or two from the fourth on.
    private static func wall(_ graphs: [Panel]) -> Node {
        let columns = graphs.count > 3 ? 2 : 1
        let perColumn = (graphs.count + columns - 1) / columns
        return .split(
            .across,
            (0..<columns).map { index in
                Part(node: .split(.down, equal(graphs.dropFirst(index * perColumn).prefix(perColumn))), share: 1)
            })
    }

    /// The first figure, and rows of the others below it.
    private static func middle(_ panels: [Panel], in rest: Box, _ want: (Panel, Float) -> Float?) -> Node {
        let lower = Array(panels.dropFirst())
        guard !lower.isEmpty else { return .panel(panels[0].name) }
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
        if let wish = want(panels[0], rest.width) {
            let (all, below) = (rest.height - gap * Float(rowCount), wants.reduce(0, +))
            let free = all - wish - below
            let fair = max(all - min(below, usual * Float(rowCount)), 0)
            top = (free > 0 ? all * wish / (wish + below) : min(wish, fair)).rounded()
        }
        let heights = heights(wants, filling: rest.height - top - gap, gap: gap)
        return .split(
            .down,
            [Part(node: .panel(panels[0].name), share: top)]
                + zip(rows, heights).map { row, height in Part(node: .split(.across, equal(row)), share: height) })
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

    // MARK: The left column

    /// The width of the column of controls.
    static func leftWidth(in area: Box) -> Float { min(max(284, (area.width * 0.2).rounded()), 330) }

    /// Panels as high as they need, at the airiest density at which they fit; the last one takes what is left. Where they do
    /// not fit at the densest, each has its part of the height, and its content scrolls. A second column comes where not even
    /// that leaves them to be read.
    private static func leftColumns(
        _ panels: [Panel], in room: Room, others: Bool
    ) -> [(width: Float, parts: [Part])] {
        guard !panels.isEmpty else { return [] }
        let area = room.area
        let width = leftWidth(in: area)
        let least = panels.map { $0.least(need: room.need).y }
        func height(_ heights: some Collection<Float>) -> Float {
            heights.reduce(0, +) + gap * Float(max(0, heights.count - 1))
        }
        let one = [(width, stack(panels, in: room))]
        guard height(least) > area.height, panels.count > 1 else { return one }
        // In a narrow window two columns are narrower.
        let each = min(width, max(240, (area.width * 0.2).rounded()))
        guard area.width - 2 * (each + gap) >= (others ? 360 : 0) else { return one }
        let needs = panels.map { room.need($0, ControlPanels.Density.all.count - 1) }
        // What fits into both first, then what makes them about as full.
        func lacks(_ count: Int) -> Float {
            let over = [least.prefix(count), least.dropFirst(count)].map { max(0, height($0) - area.height) }
            let full = abs(height(needs.prefix(count)) - height(needs.dropFirst(count)))
            return over.reduce(0, +) * 1000 + full
        }
        let count = (1..<panels.count).min { lacks($0) < lacks($1) } ?? 1
        return [
            (each, stack(Array(panels.prefix(count)), in: room)),
            (each, stack(Array(panels.dropFirst(count)), in: room)),
        ]
    }

    private static func stack(_ panels: [Panel], in room: Room) -> [Part] {
        let free = room.area.height - gap * Float(panels.count - 1)
        var needs: [Float] = []
        for density in ControlPanels.Density.all.indices {
            needs = panels.map { room.need($0, density).rounded(.down) }
            if needs.reduce(0, +) <= free { break }
        }
        let all = needs.reduce(0, +)
        if all <= free {
            needs[needs.count - 1] += free - all
        } else {
            // The least first; what is left goes to those that need more, as far as they need it.
            let least = zip(panels, needs).map { min($0.least(need: room.need).y, $1) }
            let rest = max(0, free - least.reduce(0, +))
            let more = zip(needs, least).map { $0 - $1 }
            needs = zip(least, more).map { $0 + rest * $1 / max(more.reduce(0, +), 1) }
        }
        return zip(panels, needs).map { Part(node: .panel($0.name), share: max($1, 1)) }
    }
}

extension Panel {
    var kind: PanelGrid.Kind {
        switch self {
        case .controls, .add: .controls
        case .figure, .profile: .figure
        // A history is narrow, and high.
        case .metric, .plot, .history: .graph
        case .branches: .list
        }
    }

    /// The least width and height at which it says something: below that only where the whole window is too small.
    func least(need: (Panel, Int) -> Float) -> Point {
        switch self {
        case .controls: Point(220, min(max(need(self, ControlPanels.Density.all.count - 1), 80), 130))
        case .add: Point(220, 150)
        case .figure, .profile: Point(160, 110)
        case .metric, .plot: Point(180, 100)
        case .branches: Point(260, 96)
        case .history: Point(220, 110)
        }
    }

    /// The width and height at which it is read with ease.
    func comfort(in room: Layout.Room) -> Point {
        switch self {
        case .controls: Point(284, max(room.need(self, 2), 100))
        case .add: Point(284, 220)
        case .figure, .profile: Point(320, 220)
        case .metric, .plot: Point(320, 150)
        case .branches: Point(560, max(room.want(self, 560) ?? 0, 130))
        case .history: Point(320, 200)
        }
    }
}
