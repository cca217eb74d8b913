import CImGui
import Exploration

// Text to the left, numbers in mono to the right.

extension Desk {
    func drawTable(_ table: Table, in body: Box) {
        guard !table.columns.isEmpty, !table.rows.isEmpty else {
            return UI.say("No rows.", in: body, theme.secondary)
        }
        let widths = TableLayout.widths(table, room: body.width - 10)
        func place(_ column: Int, _ left: Float) -> (x: Float, width: Float) {
            (left + widths.prefix(column).reduce(0) { $0 + $1 + TableLayout.gap }, widths[column])
        }
        func draw(_ words: String, _ column: Int, _ left: Float, _ y: Float, _ colour: Colour, _ face: Face) {
            let (x, width) = place(column, left)
            let shown = UI.shortened(words, to: width, face)
            let isNumber = table.numeric.contains(column)
            UI.text(shown, Point(isNumber ? x + width : x, y), colour, face, align: isNumber ? .right : .left)
        }
        for (column, title) in table.columns.prefix(widths.count).enumerated() {
            draw(title, column, body.x, body.y, theme.secondary, .small)
        }
        UI.rule(Point(body.x, body.y + 18), length: body.width, theme.edge)
        let row: Float = 20
        UI.region("rows", Box(body.x, body.y + 21, body.width + 11, body.height - 15)) { content in
            for (index, cells) in table.rows.enumerated() {
                let y = content.y + Float(index) * row
                // Only what can be seen is written.
                guard y + row > body.y, y < body.maxY + 12 else { continue }
                for (column, words) in cells.prefix(widths.count).enumerated() {
                    draw(words, column, content.x, y + 2, theme.text, table.numeric.contains(column) ? .mono : .text)
                }
            }
            hoverRow(table, widths, Box(content.x, content.y, body.width - 10, row))
            return Float(table.rows.count) * row + 4
        }
    }

    /// The whole of a row in which something is cut or left out.
    private func hoverRow(_ table: Table, _ widths: [Float], _ first: Box) {
        let rows = Box(first.x, first.y, first.width, first.height * Float(table.rows.count))
        guard UI.item("rows", rows).contains(.hovered) else { return }
        let index = Int((UI.mouse.y - rows.y) / first.height)
        guard table.rows.indices.contains(index) else { return }
        let cells = table.rows[index]
        let isCut = cells.enumerated().contains { column, words in
            !widths.indices.contains(column)
                || UI.width(words, table.numeric.contains(column) ? .mono : .text) > widths[column] + 0.5
        }
        guard isCut else { return }
        UI.outline(Box(rows.x - 4, rows.y + Float(index) * first.height, rows.width + 8, first.height), theme.track)
        tooltip = Tooltip(
            title: cells.first ?? "", facts: zip(table.columns, cells).dropFirst().map { (name: $0, value: $1) })
    }
}

/// How wide a table's columns are.
@MainActor enum TableLayout {
    static let gap: Float = 16
    /// What is left of a column of words before columns of numbers have to go.
    private static let leastWords: Float = 90

    /// As wide as their words. Where they do not fit, words give way first, as a number that is cut says nothing; then
    /// the last columns go. At least one stays.
    static func widths(_ table: Table, room: Float) -> [Float] {
        let natural = table.columns.indices.map { column in
            let face: Face = table.numeric.contains(column) ? .mono : .text
            // A long table's columns are as wide as its first rows ask for.
            let cells = table.rows.prefix(200).map { column < $0.count ? UI.width($0[column], face) : 0 }
            return max(UI.width(table.columns[column], .small), cells.max() ?? 0, 24)
        }
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
