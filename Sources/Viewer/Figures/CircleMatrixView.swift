import CImGui
import Exploration

// Discs in rows and columns: words by topics.

extension Desk {
    /// - Parameter isOther: whether it is of another branch, which can be looked at but not acted on.
    func drawCircleMatrix(
        _ id: String, _ matrix: CircleMatrix, _ view: FigureView, in body: Box, _ textures: TextureMaker,
        isOther: Bool = false
    ) {
        let restRows = matrix.shownRows()
        guard !matrix.columns.isEmpty else { return UI.say("No columns.", in: body, theme.secondary) }
        guard !restRows.isEmpty else { return UI.say("No rows.", in: body, theme.secondary) }
        let layout = CircleLayout(matrix, shown: restRows.count, in: body)
        guard layout.fitting > 0, layout.area.width > 8 else {
            return UI.say("Too little room for these rows.", in: body, theme.secondary)
        }

        // What is under the mouse comes first: a hovered title decides on the rows.
        let kind = isOther ? "other " : ""
        let head = UI.item("\(kind)columns", layout.head)
        let title = head.contains(.hovered) ? layout.column(at: UI.mouse.x) : nil
        let (scrolled, body) = scrollRows("\(kind)rows", layout)
        let shown = title == nil ? restRows : matrix.shownRows(by: title)
        let visible = layout.visible(shown, scrolled: title == nil ? scrolled : 0)
        view.kept.shownRows = visible.map(\.row)
        let isBody = body.contains(.hovered)
        let row = isBody ? visible.first { UI.mouse.y >= $0.y && UI.mouse.y < $0.y + layout.rowHeight }?.row : nil
        let isCell = isBody && UI.mouse.x >= layout.area.x - 2
        let column = title ?? (isCell ? layout.column(at: UI.mouse.x) : nil)

        drawDiscs(matrix, view, layout, visible, row: row, column: column, isRanked: title != nil, textures)
        drawColumnNames(matrix, layout, hovered: column)
        drawRowNames(matrix, layout, visible, hovered: row)
        let note = title.map { "by \(matrix.columnTitle) \(matrix.columns[$0].name)" } ?? layout.note
        UI.text(
            UI.shortened(note, to: layout.nameWidth, .small), Point(layout.area.x - layout.nameGap, layout.head.y + 3),
            theme.secondary, .small, align: .right)

        if let title {
            let place = Point(layout.middle(of: title), layout.head.maxY)
            act(on: matrix.columns[title].actions, named: matrix.columns[title].name, id, head, place, isOther)
            tellOfColumn(matrix, title, layout, isOther)
        } else if let row {
            if isCell, let column {
                tooltip = Tooltip(title: matrix.rows[row].name, facts: matrix.facts(row: row, column: column))
            } else {
                act(on: matrix.rows[row].actions, named: matrix.rows[row].name, id, body, UI.mouse, isOther)
                tellOfRow(matrix, row, isOther)
            }
        }
    }

    /// A click does the first of `actions`; the right button offers all.
    func act(
        on actions: [Action], named name: String, _ figure: String, _ item: Happened, _ place: Point, _ isOther: Bool
    ) {
        guard let first = actions.first, !isOther, !status.isFinished else { return }
        gui_set_cursor(Int32(GUI_CURSOR_HAND))
        if item.contains(.clicked), first.asks == nil { return learner.send(.act(first)) }
        if item.contains(.clicked) || item.contains(.rightClicked) {
            columnMenu = ColumnMenu(figure: figure, column: 0, title: name, actions: actions, place: place)
        }
    }

    /// What a click does, in words.
    func offers(_ actions: [Action]) -> String {
        guard let first = actions.first, !status.isFinished else { return "" }
        return "Click: \(first.title)" + (actions.count > 1 ? " · right button: more" : "")
    }

    /// Takes the wheel and the mouse for the rows. Gives how far they are scrolled, and what happened to them.
    private func scrollRows(_ id: String, _ layout: CircleLayout) -> (Float, Happened) {
        let rows = layout.rows
        guard layout.isCut else { return (0, UI.item(id, rows)) }
        var (scrolled, happened): (Float, Happened) = (0, [])
        let fixed = Float(layout.pinned) * layout.rowHeight
        if layout.pinned > 0 { happened = UI.item("pinned \(id)", Box(rows.x, rows.y, rows.width, fixed)) }
        let room = Box(rows.x, rows.y + fixed, rows.width + 11, rows.height - fixed)
        UI.region(id, room) { content in
            // By whole rows; up, so that the last one is reached.
            scrolled = max(0, ((room.y - content.y - 0.5) / layout.rowHeight).rounded(.up) * layout.rowHeight)
            happened.formUnion(UI.item("rows", Box(room.x, room.y, rows.width, room.height)))
            return Float(layout.shown - layout.pinned) * layout.rowHeight
        }
        return (scrolled, happened)
    }

    // MARK: Parts

    private func drawDiscs(
        _ matrix: CircleMatrix, _ view: FigureView, _ layout: CircleLayout, _ visible: [CircleLayout.Line],
        row: Int?, column: Int?, isRanked: Bool, _ textures: TextureMaker
    ) {
        struct Content: Hashable {
            let version: Int
            let visible: [CircleLayout.Line]
            let row, column: Int?
            let isRanked: Bool
        }
        let canvas = layout.canvas
        let content = Content(version: view.version, visible: visible, row: row, column: column, isRanked: isRanked)
        let plain = theme.panel.mixed(with: theme.text, isRanked ? 0.34 : 0.6)
        view.kept.canvas.draw(in: canvas, content: content, textures) { width, height in
            let unit = Float(width) / canvas.width
            var pixels = Pixels(width: width, height: height, theme.panel)
            func across(_ x: Float) -> Float { (x - canvas.x) * unit }
            func down(_ y: Float) -> Float { (y - canvas.y) * unit }
            func whole(_ from: Float, _ length: Float) -> Range<Int> {
                let start = Int(from.rounded())
                return start..<start + max(1, Int((length * unit).rounded()))
            }
            // Bands of what is hovered, then guides from each name to its discs, as far down as there are rows.
            let bottom = visible.last.map { Int(down($0.y + layout.rowHeight).rounded()) } ?? 0
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
                    let isLit = index == column || (line.row == row && !isRanked)
                    pixels.disc(
                        x: across(layout.middle(of: index)), y: y, radius: radius, isLit ? theme.text : plain)
                }
            }
            return pixels
        }
    }

    private func drawColumnNames(_ matrix: CircleMatrix, _ layout: CircleLayout, hovered: Int?) {
        var taken: ClosedRange<Float>?
        func name(_ index: Int, _ colour: Colour, _ face: Face) -> ClosedRange<Float> {
            let words = matrix.columns[index].name
            let width = UI.width(words, face)
            let x = min(
                max(layout.middle(of: index) - width / 2, layout.rows.x), max(layout.rows.x, layout.rows.maxX - width))
            UI.text(words, Point(x, layout.head.y + 2), colour, face)
            return x - 4...x + width + 4
        }
        if let hovered {
            taken = name(hovered, theme.text, .bold)
        }
        for (index, column) in matrix.columns.enumerated() {
            let colour = index == hovered ? theme.text : theme.secondary
            if layout.hasNotes {
                UI.text(
                    column.note, Point(layout.middle(of: index), layout.head.y + 17), colour, .small, align: .centre)
            }
            guard index != hovered, layout.hasName(index, column.name) else { continue }
            // The hovered one's neighbours make room for it.
            let half = UI.width(column.name, .small) / 2
            let middle = layout.middle(of: index)
            if let taken, middle + half > taken.lowerBound, middle - half < taken.upperBound { continue }
            _ = name(index, colour, .small)
        }
    }

    private func drawRowNames(
        _ matrix: CircleMatrix, _ layout: CircleLayout, _ visible: [CircleLayout.Line], hovered: Int?
    ) {
        let face = layout.face
        UI.clipped(to: layout.rows) {
            for line in visible {
                let row = matrix.rows[line.row]
                if line.row == hovered {
                    let left = layout.rows.x
                    UI.fill(Box(left, line.y, layout.canvas.x - left, layout.rowHeight), theme.button)
                }
                let colour = line.row == hovered ? theme.text : theme.text.faded(0.82)
                let y = line.y + (layout.rowHeight - face.lineHeight) / 2
                let words = UI.shortened(row.name, to: layout.nameWidth - (row.isPinned ? 14 : 0), face)
                let end = layout.area.x - layout.nameGap
                UI.text(words, Point(end, y), colour, face, align: .right)
                // A small disc beside its name: it stays on top.
                if row.isPinned {
                    UI.disc(
                        Point(end - UI.width(words, face) - 8, line.y + layout.rowHeight / 2), radius: 3,
                        theme.secondary)
                }
            }
            if layout.pinned > 0, layout.pinned < layout.shown {
                let y = layout.area.y + Float(layout.pinned) * layout.rowHeight
                UI.rule(Point(layout.rows.x, y), length: layout.rows.width, theme.track)
            }
        }
    }

    /// Above the names, so that the rows that it ranks are seen.
    private func tellOfColumn(_ matrix: CircleMatrix, _ index: Int, _ layout: CircleLayout, _ isOther: Bool) {
        let column = matrix.columns[index]
        let words = [matrix.columnTitle, column.name].filter { !$0.isEmpty }.joined(separator: " ")
        let text = isOther ? "" : offers(column.actions)
        var told = Tooltip(title: [words, column.note].filter { !$0.isEmpty }.joined(separator: " · "), text: text)
        let height: Float = 34 + (text.isEmpty ? 0 : 15)
        told.place = Point(layout.middle(of: index) + 12, max(4, layout.head.y - height - 2))
        tooltip = told
    }

    /// In which columns a row weighs most.
    private func tellOfRow(_ matrix: CircleMatrix, _ row: Int, _ isOther: Bool) {
        let values = matrix.rows[row].values.prefix(matrix.columns.count).enumerated().filter { $0.element.isFinite }
        let strongest = values.sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.prefix(3)
            .filter { $0.element > 0 }
        tooltip = Tooltip(
            title: matrix.rows[row].name,
            facts: strongest.map {
                ("\(matrix.columnTitle) \(matrix.columns[$0.offset].name)", format(Double($0.element), digits: 3))
            }, text: isOther ? "" : offers(matrix.rows[row].actions))
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
    @MainActor init(_ matrix: CircleMatrix, shown: Int, in body: Box) {
        self.shown = shown
        columns = matrix.columns.count
        let widest = matrix.rows.map { UI.width($0.name) + ($0.isPinned ? 14 : 0) }.max() ?? 0
        nameWidth = min(max(widest.rounded(.up), 64), (body.width * 0.3).rounded())
        let left = nameWidth + nameGap
        columnWidth = min(56, (body.width - left - 6) / Float(columns))
        let notes = matrix.columns.map { UI.width($0.note, .small) }.max() ?? 0
        hasNotes = notes > 0 && notes + 6 <= columnWidth
        let top: Float = hasNotes ? 36 : 22
        let used = left + columnWidth * Float(columns)
        let aside = max(0, ((body.width - used) / 2).rounded(.down))
        let height = max(0, body.height - top)
        rowHeight = min(26, max(15, (height / Float(max(1, shown))).rounded(.down)))
        fitting = min(shown, Int(height / rowHeight))
        // What is beyond is scrolled to; that half a row looks out says so.
        area = Box(
            (body.x + aside + left).rounded(), (body.y + top).rounded(), columnWidth * Float(columns),
            fitting < shown ? height : Float(fitting) * rowHeight)
        head = Box(area.x, body.y, area.width, top)
        pinned = min(matrix.pinnedCount, shown, fitting < shown ? max(0, fitting - 3) : shown)
        // In narrow columns discs may overlap their neighbours' places, which are mostly empty.
        fullRadius = min(rowHeight * 0.46, max(columnWidth * 0.47, min(columnWidth * 0.9, 4.5)))
        if matrix.scale > 0, matrix.scale.isFinite {
            scale = matrix.scale
        } else {
            let largest = matrix.rows.lazy.flatMap { $0.values.prefix(matrix.columns.count) }.filter(\.isFinite).max()
            scale = largest.map { $0 > 0 ? $0 : 1 } ?? 1
        }
        let names = matrix.columns.map { UI.width($0.name, .small) }.max() ?? 0
        var step = 1
        for next in [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] where Float(step) * columnWidth < names + 6 {
            step = next
        }
        nameStep = step
        areNumbers = matrix.columns.allSatisfy { Int($0.name) != nil }
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
