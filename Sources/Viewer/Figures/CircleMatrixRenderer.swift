import Exploration

extension CircleMatrix: DrawnByViewer {
    typealias Renderer = CircleMatrixRenderer
}

/// Discs in rows and columns: words by topics.
struct CircleMatrixRenderer: FigureRenderer {
    private let canvas = Canvas()
    /// The rows that were drawn last, from top to bottom.
    private(set) var shownRows: [Int] = []

    func scale(of matrix: CircleMatrix) -> FigureScale {
        var scale = FigureScale()
        scale.include([Double(CircleLayout.fullValue(matrix))], in: "full disc")
        scale.include([Double(CircleLayout.widestName(matrix))], in: "name")
        scale.include([Double(matrix.shownRows().count)], in: "rows")
        return scale
    }

    /// Rows that both have stand in the own order, the others below.
    func aligned(_ other: CircleMatrix, with own: CircleMatrix) -> CircleMatrix {
        let places = Dictionary(other.rows.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var aligned = other
        let shown = own.order.filter(own.rows.indices.contains).compactMap { places[own.rows[$0].name] }
        aligned.order = shown + other.order.filter { !shown.contains($0) }
        return aligned
    }

    func height(of matrix: CircleMatrix, width: Float) -> Float? {
        CircleLayout.height(ofRows: matrix.shownRows().count)
    }

    mutating func draw(_ matrix: CircleMatrix, in frame: FigureFrame) {
        let (body, theme) = (frame.body, frame.theme)
        let restRows = matrix.shownRows()
        guard !matrix.columns.isEmpty else { return frame.say("No columns.", in: body, theme.secondary) }
        guard !restRows.isEmpty else { return frame.say("No rows.", in: body, theme.secondary) }
        let layout = CircleLayout(matrix, shown: restRows.count, in: body, sharing: frame.scale)
        guard layout.fitting > 0, layout.area.width > 8 else {
            return frame.say("Too little room for these rows.", in: body, theme.secondary)
        }

        // What is under the mouse comes first: a hovered title decides on the rows.
        let head = frame.item("columns", layout.head)
        let title = head.contains(.hovered) ? layout.column(at: frame.mouse.x) : nil
        let (scrolled, rows) = scrollRows(layout, frame)
        let shown = title == nil ? restRows : matrix.shownRows(by: title)
        let visible = layout.visible(shown, scrolled: title == nil ? scrolled : 0)
        shownRows = visible.map(\.row)
        let isBody = rows.contains(.hovered)
        let row = isBody ? visible.first { frame.mouse.y >= $0.y && frame.mouse.y < $0.y + layout.rowHeight }?.row : nil
        let isCell = isBody && frame.mouse.x >= layout.area.x - 2
        let column = title ?? (isCell ? layout.column(at: frame.mouse.x) : nil)

        drawDiscs(matrix, layout, visible, row: row, column: column, isRanked: title != nil, frame)
        drawColumnNames(matrix, layout, hovered: column, frame)
        drawRowNames(matrix, layout, visible, hovered: row, frame)
        let note = title.map { "by \(matrix.columnTitle) \(matrix.columns[$0].name)" } ?? layout.note
        frame.text(
            UI.shortened(note, to: layout.nameWidth, .small), Point(layout.area.x - layout.nameGap, layout.head.y + 3),
            theme.secondary, .small, align: .right)

        if let title {
            let place = Point(layout.middle(of: title), layout.head.maxY)
            let column = matrix.columns[title]
            if let choice = column.choice, !head.contains(.rightClicked) {
                frame.choose(choice, head)
            } else {
                frame.act(on: column.actions, named: column.name, head, menuAt: place)
            }
            tellOfColumn(matrix, title, layout, frame)
        } else if let row {
            if isCell, let column {
                frame.tooltip(title: matrix.rows[row].name, facts: matrix.facts(row: row, column: column))
            } else {
                frame.act(on: matrix.rows[row].actions, named: matrix.rows[row].name, rows, menuAt: frame.mouse)
                tellOfRow(matrix, row, frame)
            }
        }
    }

    /// Takes the wheel and the mouse for the rows. Gives how far they are scrolled, and what happened to them.
    private func scrollRows(_ layout: CircleLayout, _ frame: FigureFrame) -> (Float, Happened) {
        let rows = layout.rows
        guard layout.isCut else { return (0, frame.item("rows", rows)) }
        var (scrolled, happened): (Float, Happened) = (0, [])
        let fixed = Float(layout.pinned) * layout.rowHeight
        if layout.pinned > 0 { happened = frame.item("pinned rows", Box(rows.x, rows.y, rows.width, fixed)) }
        let room = Box(rows.x, rows.y + fixed, rows.width + 11, rows.height - fixed)
        frame.scroll("rows", room) { content in
            // By whole rows; up, so that the last one is reached.
            scrolled = max(0, ((room.y - content.y - 0.5) / layout.rowHeight).rounded(.up) * layout.rowHeight)
            happened.formUnion(frame.item("rows", Box(room.x, room.y, rows.width, room.height)))
            return Float(layout.shown - layout.pinned) * layout.rowHeight
        }
        return (scrolled, happened)
    }

    // MARK: Parts

    private func drawDiscs(
        _ matrix: CircleMatrix, _ layout: CircleLayout, _ visible: [CircleLayout.Line], row: Int?, column: Int?,
        isRanked: Bool, _ frame: FigureFrame
    ) {
        let theme = frame.theme
        struct Content: Hashable {
            let version: Int
            let visible: [CircleLayout.Line]
            let row, column: Int?
            let isRanked: Bool
        }
        let area = layout.canvas
        let content = Content(version: frame.version, visible: visible, row: row, column: column, isRanked: isRanked)
        let plain = theme.panel.mixed(with: theme.text, isRanked ? 0.34 : 0.6)
        frame.draw(canvas, in: area, content: content) { width, height in
            let unit = Float(width) / area.width
            var pixels = Pixels(width: width, height: height, theme.panel)
            func across(_ x: Float) -> Float { (x - area.x) * unit }
            func down(_ y: Float) -> Float { (y - area.y) * unit }
            func whole(_ from: Float, _ length: Float) -> Range<Int> {
                let start = Int(from.rounded())
                return start..<start + max(1, Int((length * unit).rounded()))
            }
            // Bands of what is chosen and hovered, then guides from each name to its discs, as far down as there are rows.
            let bottom = visible.last.map { Int(down($0.y + layout.rowHeight).rounded()) } ?? 0
            for (index, column) in matrix.columns.enumerated() where column.choice?.isChosen == true {
                let left = across(layout.middle(of: index) - layout.columnWidth / 2)
                let band = theme.panel.mixed(with: theme.text, 0.14)
                pixels.fill(x: whole(left, layout.columnWidth), y: 0..<max(0, bottom), band)
            }
            if let column {
                let left = across(layout.middle(of: column) - layout.columnWidth / 2)
                pixels.fill(x: whole(left, layout.columnWidth), y: 0..<max(0, bottom), theme.button)
            }
            for line in visible {
                if line.row == row { pixels.fill(x: 0..<width, y: whole(down(line.y), layout.rowHeight), theme.button) }
                let middle = down(line.y + layout.rowHeight / 2) - 0.5 * unit
                pixels.fill(x: 0..<width, y: whole(middle, 1), theme.faint)
            }
            for index in matrix.columns.indices where layout.hasGuide(index) {
                pixels.fill(
                    x: whole(across(layout.middle(of: index)) - 0.5 * unit, 1), y: 0..<max(0, bottom), theme.faint)
            }
            for line in visible {
                let y = down(line.y + layout.rowHeight / 2)
                for (index, value) in matrix.rows[line.row].values.prefix(matrix.columns.count).enumerated() {
                    guard value.isFinite else {
                        // What is not a number has a cross instead of a disc.
                        let (x, length) = (across(layout.middle(of: index)), Int((2.5 * unit).rounded()))
                        for d in -length...length {
                            for place in [Int(y) + d, Int(y) - d] {
                                pixels.fill(x: Int(x) + d..<Int(x) + d + 1, y: place..<place + 1, theme.moving)
                            }
                        }
                        continue
                    }
                    let radius = layout.radius(of: value) * unit
                    // What is smaller than a pixel says no more than the guide does.
                    guard radius >= 0.5 else { continue }
                    let isLit =
                        index == column || matrix.columns[index].choice?.isChosen == true
                        || (line.row == row && !isRanked)
                    pixels.disc(
                        x: across(layout.middle(of: index)), y: y, radius: radius, isLit ? theme.text : plain)
                }
            }
            return pixels
        }
    }

    private func drawColumnNames(
        _ matrix: CircleMatrix, _ layout: CircleLayout, hovered: Int?, _ frame: FigureFrame
    ) {
        let theme = frame.theme
        var taken: ClosedRange<Float>?
        func name(_ index: Int, _ colour: Colour, _ face: Face) -> ClosedRange<Float> {
            let words = matrix.columns[index].name
            let width = UI.width(words, face)
            let x = min(
                max(layout.middle(of: index) - width / 2, layout.rows.x), max(layout.rows.x, layout.rows.maxX - width))
            frame.text(words, Point(x, layout.head.y + 2), colour, face)
            return x - 4...x + width + 4
        }
        if let hovered {
            taken = name(hovered, theme.text, .bold)
        }
        let chosen = matrix.columns.firstIndex { $0.choice?.isChosen == true }
        if let chosen {
            // A line below its title, also where that gives way to a hovered neighbour's.
            let left = layout.middle(of: chosen) - max(5, min(layout.columnWidth / 2, 14))
            frame.fill(
                Box(left, layout.head.maxY - 3, 2 * (layout.middle(of: chosen) - left), 2), frame.markColour)
        }
        for (index, column) in matrix.columns.enumerated() {
            let colour = index == hovered || index == chosen ? theme.text : theme.secondary
            if layout.hasNotes {
                frame.text(
                    column.note, Point(layout.middle(of: index), layout.head.y + 17), colour, .small, align: .centre)
            }
            guard index != hovered, index == chosen || layout.hasName(index, column.name) else { continue }
            // The hovered one's neighbours make room for it.
            let half = UI.width(column.name, .small) / 2
            let middle = layout.middle(of: index)
            if let taken, middle + half > taken.lowerBound, middle - half < taken.upperBound { continue }
            _ = name(index, colour, index == chosen ? .bold : .small)
        }
    }

    private func drawRowNames(
        _ matrix: CircleMatrix, _ layout: CircleLayout, _ visible: [CircleLayout.Line], hovered: Int?,
        _ frame: FigureFrame
    ) {
        let theme = frame.theme
        let face = layout.face
        frame.clipped(to: layout.rows) {
            for line in visible {
                let row = matrix.rows[line.row]
                if line.row == hovered {
                    let left = layout.rows.x
                    frame.fill(Box(left, line.y, layout.canvas.x - left, layout.rowHeight), theme.button)
                }
                let colour = line.row == hovered ? theme.text : theme.text.faded(0.82)
                let y = line.y + (layout.rowHeight - face.lineHeight) / 2
                let words = UI.shortened(row.name, to: layout.nameWidth - (row.isPinned ? 14 : 0), face)
                let end = layout.area.x - layout.nameGap
                frame.text(words, Point(end, y), colour, face, align: .right)
                // A small disc beside its name: it stays on top.
                if row.isPinned {
                    frame.disc(
                        Point(end - UI.width(words, face) - 8, line.y + layout.rowHeight / 2), radius: 3,
                        theme.secondary)
                }
            }
            if layout.pinned > 0, layout.pinned < layout.shown {
                let y = layout.area.y + Float(layout.pinned) * layout.rowHeight
                frame.rule(Point(layout.rows.x, y), length: layout.rows.width, theme.track)
            }
        }
    }

    /// Above the names, so that the rows that it ranks are seen.
    private func tellOfColumn(_ matrix: CircleMatrix, _ index: Int, _ layout: CircleLayout, _ frame: FigureFrame) {
        let column = matrix.columns[index]
        let words = [matrix.columnTitle, column.name].filter { !$0.isEmpty }.joined(separator: " ")
        let text = frame.words(for: column.choice, column.actions)
        let height: Float = 34 + (text.isEmpty ? 0 : 15)
        frame.tooltip(
            title: [words, column.note].filter { !$0.isEmpty }.joined(separator: " · "), text: text,
            at: Point(layout.middle(of: index) + 12, max(4, layout.head.y - height - 2)))
    }

    /// In which columns a row weighs most.
    private func tellOfRow(_ matrix: CircleMatrix, _ row: Int, _ frame: FigureFrame) {
        let values = matrix.rows[row].values.prefix(matrix.columns.count).enumerated().filter { $0.element.isFinite }
        let strongest = values.sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.prefix(3)
            .filter { $0.element > 0 }
        frame.tooltip(
            title: matrix.rows[row].name,
            facts: strongest.map {
                ("\(matrix.columnTitle) \(matrix.columns[$0.offset].name)", format(Double($0.element), digits: 3))
            }, text: frame.words(for: matrix.rows[row].actions))
    }
}

extension CircleMatrix {
    func facts(row: Int, column: Int) -> [(name: String, value: String)] {
        let name = [columns[column].name, columns[column].note].filter { !$0.isEmpty }.joined(separator: " · ")
        let value = value(row: row, column: column).map { format(Double($0), digits: 3) } ?? "none"
        return [(columnTitle, name), (valueTitle, value)]
    }
}

/// Where the parts of a matrix of discs are.
struct CircleLayout {
    /// A row that is seen, and where its top is.
    struct Line: Hashable {
        let row: Int
        let y: Float
    }

    /// The titles of the columns.
    let head: Box
    /// The discs.
    let area: Box
    let nameWidth: Float
    let nameGap: Float = 10
    let columnWidth: Float
    let rowHeight: Float
    /// Of a disc of full size.
    let fullRadius: Float
    let scale: Float
    let hasNotes: Bool
    /// How many rows there are, and how many of them stay on top.
    let shown: Int
    let pinned: Int
    /// Rows that are seen at once.
    let fitting: Int
    private let nameStep: Int
    private let areNumbers: Bool
    private let columns: Int

    /// - Parameter shown: how many rows there are when no column is hovered.
    /// - Parameter common: what both sides of a comparison have.
    @MainActor init(_ matrix: CircleMatrix, shown: Int, in body: Box, sharing common: FigureScale? = nil) {
        self.shown = shown
        columns = matrix.columns.count
        let widest = common.map { Float($0.most("name")) } ?? Self.widestName(matrix)
        nameWidth = min(max(widest.rounded(.up), 64), (body.width * 0.3).rounded())
        let left = nameWidth + nameGap
        columnWidth = min(56, (body.width - left - 6) / Float(columns))
        let notes = matrix.columns.map { UI.width($0.note, .small) }.max() ?? 0
        hasNotes = notes > 0 && notes + 6 <= columnWidth
        let top: Float = hasNotes ? 36 : 22
        let used = left + columnWidth * Float(columns)
        let aside = max(0, ((body.width - used) / 2).rounded(.down))
        let height = max(0, body.height - top)
        let most = max(shown, Int(common?.most("rows") ?? 0))
        rowHeight = min(26, max(15, (height / Float(max(1, most))).rounded(.down)))
        fitting = min(shown, Int(height / rowHeight))
        // What is beyond is scrolled to; that half a row looks out says so.
        area = Box(
            (body.x + aside + left).rounded(), (body.y + top).rounded(), columnWidth * Float(columns),
            fitting < shown ? height : Float(fitting) * rowHeight)
        head = Box(area.x, body.y, area.width, top)
        pinned = min(matrix.pinnedCount, shown, fitting < shown ? max(0, fitting - 3) : shown)
        // In narrow columns discs may overlap their neighbours' places, which are mostly empty.
        fullRadius = min(rowHeight * 0.46, max(columnWidth * 0.47, min(columnWidth * 0.9, 4.5)))
        let full = common.map { Float($0.most("full disc")) } ?? 0
        scale = full > 0 ? full : Self.fullValue(matrix)
        let names = matrix.columns.map { UI.width($0.name, .small) }.max() ?? 0
        var step = 1
        for next in [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] where Float(step) * columnWidth < names + 6 {
            step = next
        }
        nameStep = step
        areNumbers = matrix.columns.allSatisfy { Int($0.name) != nil }
    }

    /// The value of a disc of full size.
    static func fullValue(_ matrix: CircleMatrix) -> Float {
        if matrix.scale > 0, matrix.scale.isFinite { return matrix.scale }
        let largest = matrix.rows.lazy.flatMap { $0.values.prefix(matrix.columns.count) }.filter(\.isFinite).max()
        return largest.map { $0 > 0 ? $0 : 1 } ?? 1
    }

    @MainActor static func widestName(_ matrix: CircleMatrix) -> Float {
        matrix.rows.map { UI.width($0.name) + ($0.isPinned ? 14 : 0) }.max() ?? 0
    }

    /// The height at which so many rows can be read well.
    static func height(ofRows count: Int) -> Float { Float(count) * 19 + 40 }

    var isCut: Bool { fitting < shown }
    /// Names and discs.
    var rows: Box { Box(area.x - nameGap - nameWidth, area.y, nameWidth + nameGap + area.width, area.height) }
    /// How many of the rows are seen, in as many words as fit above the names.
    @MainActor var note: String {
        guard isCut else { return "" }
        let words = "\(fitting) of \(shown) rows"
        return UI.width(words, .small) <= nameWidth ? words : "\(fitting) of \(shown)"
    }
    var face: Face { rowHeight >= 17 ? .text : .small }

    /// The discs with what they take beyond the first and the last column, from whole pixel to whole pixel.
    @MainActor var canvas: Box {
        let beyond = max(0, fullRadius - columnWidth / 2).rounded(.up) + 1
        let unit = UI.scale
        let (left, right) = (((area.x - beyond) * unit).rounded(.down), ((area.maxX + beyond) * unit).rounded(.up))
        let (top, bottom) = ((area.y * unit).rounded(), (area.maxY * unit).rounded())
        return Box(left / unit, top / unit, (right - left) / unit, (bottom - top) / unit)
    }

    func middle(of column: Int) -> Float { area.x + (Float(column) + 0.5) * columnWidth }

    func column(at x: Float) -> Int? {
        let column = ((x - area.x) / columnWidth).rounded(.down)
        return column >= 0 && column < Float(columns) ? Int(column) : nil
    }

    /// The area is in proportion to the value, up to that of full size.
    func radius(of value: Float) -> Float {
        value > 0 && value.isFinite ? fullRadius * min(1, value / scale).squareRoot() : 0
    }

    /// Every so-many-th name, round numbers where they are numbers.
    func hasName(_ index: Int, _ name: String) -> Bool {
        nameStep == 1 || (areNumbers ? (Int(name) ?? 1).isMultiple(of: nameStep) : index.isMultiple(of: nameStep))
    }

    /// Narrow columns have a guide in some places only.
    func hasGuide(_ column: Int) -> Bool { columnWidth >= 9 || (column + 1).isMultiple(of: 10) }

    /// The rows that are seen, and where: pinned ones stay on top.
    func visible(_ rows: [Int], scrolled: Float) -> [Line] {
        let top = area.y + Float(pinned) * rowHeight
        var lines = rows.prefix(pinned).enumerated().map { Line(row: $1, y: area.y + Float($0) * rowHeight) }
        for (index, row) in rows.dropFirst(pinned).enumerated() {
            let y = top + Float(index) * rowHeight - scrolled
            guard y < area.maxY else { break }
            if y > top - 1 { lines.append(Line(row: row, y: y)) }
        }
        return lines
    }
}
