import CImGui
import Exploration

// Text to the left, numbers in mono to the right.

extension Desk {
    func drawTable(_ table: Table, in body: Box) {
        guard !table.columns.isEmpty, !table.rows.isEmpty else {
            return UI.say("No rows.", in: body, theme.secondary)
        }
        let widths = columnWidths(table, room: body.width - 10)
        func place(_ column: Int, _ left: Float) -> (x: Float, width: Float) {
            (left + widths.prefix(column).reduce(0) { $0 + $1 + Self.tableGap }, widths[column])
        }
        func draw(_ words: String, _ column: Int, _ left: Float, _ y: Float, _ colour: Colour, _ face: Face) {
            let (x, width) = place(column, left)
            let shown = UI.shortened(words, to: width, face)
            let isNumber = table.numeric.contains(column)
            UI.text(shown, Point(isNumber ? x + width : x, y), colour, face, align: isNumber ? .right : .left)
        }
        for (column, title) in table.columns.enumerated() {
            draw(title, column, body.x, body.y, theme.secondary, .small)
        }
        UI.rule(Point(body.x, body.y + 18), length: body.width, theme.edge)
        let row: Float = 20
        UI.region("rows", Box(body.x, body.y + 21, body.width + 11, body.height - 15)) { content in
            for (index, cells) in table.rows.enumerated() {
                let y = content.y + Float(index) * row
                // Only what can be seen is written.
                guard y + row > body.y, y < body.maxY + 12 else { continue }
                for (column, words) in cells.prefix(table.columns.count).enumerated() {
                    draw(words, column, content.x, y + 2, theme.text, table.numeric.contains(column) ? .mono : .text)
                }
            }
            return Float(table.rows.count) * row + 4
        }
    }

    /// As wide as their words. Where they do not fit, words give way first: a number that is cut says nothing.
    private func columnWidths(_ table: Table, room: Float) -> [Float] {
        let natural = table.columns.indices.map { column in
            let face: Face = table.numeric.contains(column) ? .mono : .text
            // A long table's columns are as wide as its first rows ask for.
            let cells = table.rows.prefix(200).map { column < $0.count ? UI.width($0[column], face) : 0 }
            return max(UI.width(table.columns[column], .small), cells.max() ?? 0, 24)
        }
        let excess = natural.reduce(0, +) + Self.tableGap * Float(natural.count - 1) - room
        let words = natural.indices.filter { !table.numeric.contains($0) }
        let wordWidth = words.reduce(0) { $0 + natural[$1] }
        guard excess > 0 else { return natural }
        let shrunk = wordWidth > 0 ? max(0.3, 1 - excess / wordWidth) : 1
        return natural.indices.map { words.contains($0) ? natural[$0] * shrunk : natural[$0] }
    }

    private static let tableGap: Float = 16
}
