import Exploration

extension Table: DrawnByViewer {
    typealias Renderer = TableRenderer
}

/// Text to the left, numbers in mono to the right.
struct TableRenderer: FigureRenderer {
    func height(of table: Table, width: Float) -> Float? { TableLayout.height(table) }

    func scale(of table: Table) -> FigureScale {
        var scale = FigureScale()
        for (column, width) in TableLayout.naturalWidths(table).enumerated() {
            scale.include([Double(width)], in: "column \(column)")
        }
        return scale
    }

    func draw(_ table: Table, in frame: FigureFrame) {
        let theme = frame.theme
        guard !table.columns.isEmpty, !table.rows.isEmpty else {
            return frame.say("No rows.", in: frame.body, theme.secondary)
        }
        let note = drawMarkNote(table, frame)
        let body = frame.body.inset(0, 0, 0, note)
        let widths = TableLayout.widths(table, room: body.width - 10, sharing: frame.scale)
        func place(_ column: Int, _ left: Float) -> (x: Float, width: Float) {
            (left + widths.prefix(column).reduce(0) { $0 + $1 + TableLayout.gap }, widths[column])
        }
        func draw(_ words: String, _ column: Int, _ left: Float, _ y: Float, _ colour: Colour, _ face: Face) {
            let (x, width) = place(column, left)
            let shown = UI.shortened(words, to: width, face)
            let isNumber = table.numeric.contains(column)
            frame.text(shown, Point(isNumber ? x + width : x, y), colour, face, align: isNumber ? .right : .left)
        }
        for (column, title) in table.columns.prefix(widths.count).enumerated() {
            draw(title, column, body.x, body.y, theme.secondary, .small)
        }
        frame.rule(Point(body.x, body.y + 18), length: body.width, theme.edge)
        let row: Float = 20
        frame.scroll(
            "rows",
            Box(body.x, body.y + 21, body.width + 11, body.height - (note > 0 ? 21 : 15))
        ) { content in
            let hovered = hoveredRow(table, widths, Box(content.x, content.y, body.width - 10, row), frame)
            if let hovered, !actions(of: hovered, in: table, frame).isEmpty {
                frame.fill(
                    Box(content.x - 4, content.y + Float(hovered) * row, body.width - 2, row), theme.button, radius: 3)
            }
            for (index, cells) in table.rows.enumerated() {
                let y = content.y + Float(index) * row
                // Only what can be seen is written.
                guard y + row > body.y, y < body.maxY + 12 else { continue }
                if table.choice(index)?.isChosen == true {
                    frame.outline(Box(content.x - 4, y, body.width - 2, row), frame.markColour, radius: 3)
                }
                for (column, words) in cells.prefix(widths.count).enumerated() {
                    let face: Face = table.numeric.contains(column) ? .mono : .text
                    let mark = table.mark(row: index, column: column)?.kind
                    draw(words, column, content.x, y + 2, colour(of: mark, theme), face)
                    guard mark == .gone || mark == .moved else { continue }
                    let (x, width) = place(column, content.x)
                    let length = min(UI.width(words, face), width)
                    let start = table.numeric.contains(column) ? x + width - length : x
                    frame.rule(
                        Point(start, mark == .gone ? y + 10 : y + 17), length: length,
                        mark == .gone ? theme.secondary : theme.moving.faded(0.8))
                }
            }
            return Float(table.rows.count) * row + 4
        }
    }

    /// Amber is what moves, here as elsewhere.
    private func colour(of mark: Table.CellMark.Kind?, _ theme: Theme) -> Colour {
        switch mark {
        case nil, .moved: theme.text
        case .new: theme.moving
        case .gone: theme.secondary
        }
    }

    /// What the marks of the table mean, below it. Returns the room that it takes.
    private func drawMarkNote(_ table: Table, _ frame: FigureFrame) -> Float {
        let (body, theme) = (frame.body, frame.theme)
        let marks = table.marks.lazy.flatMap { $0 }.compactMap { $0?.kind }
        guard !marks.isEmpty, body.height > 80 else { return 0 }
        frame.rule(Point(body.x, body.maxY - 17), length: body.width, theme.edge)
        var x = body.x
        let y = body.maxY - 12
        let words: [(Table.CellMark.Kind, String)] = [(.new, "new"), (.moved, "moved"), (.gone, "gone")]
        for (kind, word) in words where marks.contains(kind) {
            let end = frame.text(word, Point(x, y), colour(of: kind, theme), .small)
            if kind == .gone { frame.rule(Point(x, y + 7), length: end - x, theme.secondary) }
            if kind == .moved { frame.rule(Point(x, y + 13), length: end - x, theme.moving.faded(0.8)) }
            x = end + 12
        }
        let note = "since the last change of a control"
        frame.text(UI.shortened(note, to: max(0, body.maxX - x), .small), Point(x, y), theme.secondary, .small)
        return 22
    }

    private func actions(of row: Int, in table: Table, _ frame: FigureFrame) -> [Action] {
        table.rowActions.indices.contains(row) && frame.canAct ? table.rowActions[row] : []
    }

    /// The row under the mouse. Says what is cut or left out of it, what happened to its cell, and what a click does.
    private func hoveredRow(_ table: Table, _ widths: [Float], _ first: Box, _ frame: FigureFrame) -> Int? {
        let rows = Box(first.x, first.y, first.width, first.height * Float(table.rows.count))
        let item = frame.item("rows", rows)
        guard item.contains(.hovered) else { return nil }
        let index = Int((frame.mouse.y - rows.y) / first.height)
        guard table.rows.indices.contains(index) else { return nil }
        let cells = table.rows[index]
        let isCut = cells.enumerated().contains { column, words in
            !widths.indices.contains(column)
                || UI.width(words, table.numeric.contains(column) ? .mono : .text) > widths[column] + 0.5
        }
        let actions = actions(of: index, in: table, frame)
        let choice = table.choice(index)
        if let choice, !item.contains(.rightClicked) {
            frame.choose(choice, item)
        } else {
            frame.act(on: actions, named: cells.first ?? "", item, menuAt: frame.mouse)
        }
        var words = [frame.words(for: choice, actions)]
        if let column = column(at: frame.mouse.x - rows.x, widths), let mark = table.mark(row: index, column: column) {
            let cell = cells.indices.contains(column) ? cells[column] : ""
            words.insert([cell, mark.note].filter { !$0.isEmpty }.joined(separator: ": "), at: 0)
        }
        let text = words.filter { !$0.isEmpty }.joined(separator: "\n")
        if isCut {
            frame.outline(
                Box(rows.x - 4, rows.y + Float(index) * first.height, rows.width + 8, first.height),
                frame.theme.track)
            frame.tooltip(
                title: cells.first ?? "", facts: zip(table.columns, cells).dropFirst().map { (name: $0, value: $1) },
                text: text)
        } else if !text.isEmpty {
            frame.tooltip(text: text)
        }
        return index
    }

    private func column(at x: Float, _ widths: [Float]) -> Int? {
        var left: Float = 0
        for (column, width) in widths.enumerated() {
            if x >= left, x < left + width { return column }
            left += width + TableLayout.gap
        }
        return nil
    }
}

extension Table {
    fileprivate func choice(_ row: Int) -> Choice? { choices.indices.contains(row) ? choices[row] : nil }
}

/// How wide a table's columns are.
@MainActor enum TableLayout {
    static let gap: Float = 16

    /// The height at which all rows are seen.
    static func height(_ table: Table) -> Float {
        let note: Float = table.marks.contains { $0.contains { $0 != nil } } ? 28 : 0
        return Float(table.rows.count) * 20 + 26 + note
    }

    /// What is left of a column of words before columns of numbers have to go.
    private static let leastWords: Float = 90

    /// As wide as their words; of a long table, as its first rows ask for.
    static func naturalWidths(_ table: Table) -> [Float] {
        table.columns.indices.map { column in
            let face: Face = table.numeric.contains(column) ? .mono : .text
            let cells = table.rows.prefix(200).map { column < $0.count ? UI.width($0[column], face) : 0 }
            return max(UI.width(table.columns[column], .small), cells.max() ?? 0, 24)
        }
    }

    /// As wide as their words. Where they do not fit, words give way first, as a number that is cut says nothing; then
    /// the last columns go. At least one stays.
    ///
    /// - Parameter scale: what both sides of a comparison have.
    static func widths(_ table: Table, room: Float, sharing scale: FigureScale? = nil) -> [Float] {
        let natural =
            scale.map { scale in table.columns.indices.map { Float(scale.most("column \($0)")) } }
            ?? naturalWidths(table)
        func isWords(_ column: Int) -> Bool { !table.numeric.contains(column) }
        func least(_ column: Int) -> Float { isWords(column) ? min(natural[column], leastWords) : natural[column] }
        var count = natural.count
        while count > 1, (0..<count).reduce(-gap, { $0 + least($1) + gap }) > room { count -= 1 }
        let shown = 0..<count
        let excess = shown.reduce(-gap) { $0 + natural[$1] + gap } - room
        guard excess > 0 else { return Array(natural.prefix(count)) }
        // What words have beyond their least is what they can give.
        let spare = shown.reduce(0) { $0 + natural[$1] - least($1) }
        let share = spare > 0 ? min(1, excess / spare) : 0
        return shown.map { natural[$0] - (natural[$0] - least($0)) * share }
    }
}
