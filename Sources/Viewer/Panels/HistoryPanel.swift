import CImGui
import Exploration

/// All changes on the current path in words, the newest first. Each can be gone back to.
final class HistoryPanel: DashboardPart {
    private static let row: Float = 23
    /// Where the run was when the list was scrolled to it.
    private var revealed: Position?

    /// The lines, from the top.
    var rows: [HistoryRow] {
        HistoryRow.rows(
            changes.map { ($0.what, $0.control, $0.commands, $0.first, $0.step) }, start: begin, at: position,
            branches: branches)
    }

    /// How high the panel is with all of them.
    var height: Float { PanelFrames.aboveAndBelow + Float(rows.count) * Self.row }

    func draw(_ box: Box) {
        let rows = rows
        let count = rows.count { $0.kind == .change }
        let caption = count == 0 ? "no changes yet" : count == 1 ? "1 change" : "\(grouped(count)) changes"
        frame(
            .history, box, title: "History", caption: caption,
            help:
                "The changes that led here, and in grey those that were undone. A click goes back to just before one."
        ) { body in
            // Steps stand below each other at their ends.
            let steps = max(rows.map { UI.width(grouped($0.step), .smallMono) }.max() ?? 0, UI.width("step", .small))
            UI.region("rows", Box(body.x - 6, body.y - 3, body.width + 17, body.height + 11)) { content in
                let scrolls = Float(rows.count) * Self.row > body.height + 11
                let width = body.width - (scrolls ? 4 : 0)
                for (index, row) in rows.enumerated() {
                    let y = content.y + 2 + Float(index) * Self.row
                    draw(row, index, Box(content.x + 6, y, width, Self.row), steps: steps)
                    if row.kind == .present, revealed != position {
                        revealed = position
                        gui_reveal(y - 2 * Self.row, 5 * Self.row)
                    }
                }
                return Float(rows.count) * Self.row + 4
            }
        }
    }

    private func draw(_ row: HistoryRow, _ index: Int, _ box: Box, steps: Float) {
        let line = box.inset(-6, 0, -4, 0)
        let canGo = row.before != nil && row.kind != .present && !status.isFinished
        // What goes to after it lies beside the rest of the line: the gui gives a press to the first of two items over each
        // other. It is there under the mouse only, where it hides the end of long words.
        let isNear = canGo && row.kind == .change && line.contains(UI.mouse) && gui_window_is_hovered()
        let afterWidth = isNear ? UI.width("after", .small) + 14 : 0
        let after =
            isNear ? UI.item("\(index)/after", Box(line.maxX - afterWidth, line.y, afterWidth, line.height)) : []
        let item = canGo ? UI.item("\(index)", Box(line.x, line.y, line.width - afterWidth, line.height)) : []
        let isPast = row.kind == .change && row.before == nil
        if isPast, UI.item("\(index)", line).contains(.hovered) {
            tooltip = Tooltip(
                title: row.words,
                text: "It was done before the file was written with which this run went on: it cannot be gone back to.",
                about: dashboardView.box(of: .history), isBeside: true)
        }
        let isHovered = item.contains(.hovered) || after.contains(.hovered)
        if row.kind == .present || isHovered {
            UI.fill(line, row.kind == .present ? theme.selected : theme.selected.faded(0.6), radius: 4)
        }
        let y = box.y + 4
        UI.text(grouped(row.step), Point(box.x + steps, y), theme.secondary, .smallMono, align: .right)
        drawMark(of: row, Point(box.x + steps + 14, box.midY))
        let left = box.x + steps + 26
        let face: Face = row.kind == .present ? .bold : .text
        let words = UI.shortened(row.words, to: box.maxX - left - afterWidth, face)
        let isAside = row.kind == .fork || row.kind == .start || isPast
        UI.text(
            words, Point(left, box.y + 3),
            row.isAhead ? theme.secondary.faded(0.75) : isAside ? theme.secondary : theme.text, face)
        if isNear {
            UI.text(
                "after", Point(line.maxX - 7, y), after.contains(.hovered) ? theme.text : theme.secondary, .small,
                align: .right)
        }
        guard isHovered else { return }
        gui_set_cursor(Int32(GUI_CURSOR_HAND))
        let goes =
            row.kind == .start
            ? "A click goes back to the beginning."
            : "A click goes to just \(after.contains(.hovered) ? "after" : "before") it."
        tooltip = Tooltip(
            title: words == row.words ? "" : row.words, text: (row.isAhead ? "Undone. " : "") + goes,
            about: dashboardView.box(of: .history), isBeside: true)
        if item.contains(.clicked), let place = row.before { dashboardView.steering.visit(place) }
        if after.contains(.clicked), let place = row.after { dashboardView.steering.visit(place) }
    }

    private func drawMark(of row: HistoryRow, _ at: Point) {
        let colour = row.control.flatMap { colours[$0] } ?? theme.secondary
        switch row.kind {
        case .present: UI.disc(at, radius: 5, theme.text)
        case .start: UI.disc(at, radius: 2.5, theme.secondary)
        case .fork: UI.rule(Point(at.x, at.y - 6), length: 12, vertical: true, theme.text)
        case .change: UI.disc(at, radius: 4, row.isAhead ? colour.faded(0.45) : colour)
        }
    }
}
