import CImGui
import Exploration

/// A small menu of what can be done to a column.
struct ColumnMenu {
    let figure: String
    let column: Int
    let title: String
    let actions: [Action]
    let place: Point
    /// What is typed for an action that asks, by the action's place in the list.
    var answers: [Int: TextField] = [:]
    /// It is drawn first in the frame after the click.
    var isNew = true
}

// Images in rows and columns.

extension Desk {
    /// - Parameter isOther: whether it is of another branch, which can be looked at but not acted on.
    func drawImageGrid(_ id: String, _ grid: ImageGrid, _ texture: Texture?, in body: Box, isOther: Bool = false) {
        guard grid.isDrawable else { return UI.say("No images.", in: body, theme.secondary) }
        guard let texture else {
            return UI.say("These images are too large to draw.", in: body, theme.secondary)
        }
        let layout = GridLayout(grid, in: body)
        if layout.contentHeight > body.height + 1 {
            UI.region(isOther ? "other grid" : "grid", Box(body.x, body.y, body.width + 11, body.height)) { content in
                draw(id, grid, texture, layout.moved(to: content.y), visible: body, isOther)
                return layout.contentHeight
            }
        } else {
            draw(id, grid, texture, layout, visible: body, isOther)
        }
    }

    private func draw(
        _ id: String, _ grid: ImageGrid, _ texture: Texture, _ layout: GridLayout, visible: Box, _ isOther: Bool
    ) {
        let kind = isOther ? "other " : ""
        for (column, title) in grid.columnTitles.prefix(grid.columns).enumerated()
        where layout.titles != .none {
            let top = layout.origin.y - layout.titleHeight
            let lines = layout.lines(of: title)
            let isWhole = lines.joined().filter { $0 != " " } == title.filter { $0 != " " }
            let box = Box(layout.cell(column).x, top + 1, layout.cellWidth, layout.titleHeight - 2)
            let actions = !isOther && grid.columnActions.indices.contains(column) ? grid.columnActions[column] : []
            let item = actions.isEmpty && isWhole ? [] : UI.item("\(kind)column \(column)", box)
            if item.contains(.hovered) {
                tooltip = Tooltip(title: title, text: actions.map(\.title).joined(separator: ", "))
                if !actions.isEmpty {
                    UI.fill(box, theme.button, radius: 3)
                    gui_set_cursor(Int32(GUI_CURSOR_HAND))
                }
            }
            if item.contains(.clicked), !actions.isEmpty {
                columnMenu = ColumnMenu(
                    figure: id, column: column, title: title, actions: actions, place: Point(box.x, box.maxY))
            }
            let face = layout.titles.face
            if layout.titles == .upwards {
                UI.textUpwards(lines[0], Point(box.midX - 7, layout.origin.y - 5), theme.text, face)
            } else {
                // Titles of one line stand on the images, as the second of two does.
                let first = layout.origin.y - 3 - Float(lines.count) * (face.lineHeight - 0.5)
                for (number, line) in lines.enumerated() {
                    UI.text(
                        line, Point(box.midX, first + Float(number) * (face.lineHeight - 0.5)), theme.text, face,
                        align: .centre)
                }
            }
        }
        for (row, title) in grid.rowTitles.prefix(grid.rows).enumerated() {
            let cell = layout.cell(row * grid.columns)
            UI.text(
                UI.shortened(title, to: layout.rowTitleWidth, .small), Point(cell.x - 7, cell.midY - 6),
                theme.secondary,
                .small, align: .right)
        }
        for (index, cell) in grid.cells.enumerated() {
            let box = layout.cell(index)
            guard box.maxY > visible.y, box.y < visible.maxY else { continue }
            texture.draw(cell: index, of: grid, in: box)
            if cell.isRight == true { UI.fill(Box(box.x, box.maxY, box.width, 1), theme.text) }
            if layout.captionHeight > 0, !cell.caption.isEmpty {
                UI.text(
                    UI.shortened(cell.caption, to: box.width + 4, .smallMono), Point(box.midX, box.maxY + 1),
                    theme.secondary, .smallMono, align: .centre)
            }
            let item = UI.item("\(kind)cell \(index)", box)
            if item.contains(.hovered) || (!isOther && figures[id]?.enlarged == index) {
                UI.outline(Box(box.x - 1, box.y - 1, box.width + 2, box.height + 2), theme.text)
            }
            if item.contains(.hovered) {
                let verdict = cell.isRight.map {
                    $0 ? "classified as its target" : "misclassified"
                }
                let words = [grid.lostWords(cell), verdict ?? ""].filter { !$0.isEmpty }
                tooltip = Tooltip(
                    title: title(of: index, in: grid), facts: cell.factTexts, text: words.joined(separator: "\n"))
            }
            if item.contains(.clicked), !isOther {
                figures[id]?.enlarged = index
                figures[id]?.answers = [:]
                figures[id]?.isNew = true
                figures[id]?.place = Point(box.maxX + 14, box.y - 20)
            }
        }
    }

    func title(of index: Int, in grid: ImageGrid) -> String {
        let title = grid.cells[index].title
        return title.isEmpty ? "row \(index / grid.columns + 1), column \(index % grid.columns + 1)" : title
    }

    // MARK: Column menu

    func drawColumnMenu(in area: Box) {
        guard let menu = columnMenu else { return }
        let asks = menu.actions.contains { $0.asks != nil }
        let width = max(asks ? 236 : 150, (menu.actions.map { UI.width($0.title) }.max() ?? 0) + 28)
        let height = menu.actions.map(actionHeight).reduce(0, +) + 36
        let box = Box(menu.place.x, menu.place.y + 2, width, height).within(area)
        gui_begin_window(
            "column menu", box.x, box.y, box.width, box.height, theme.tooltip.packed, theme.edge.packed, 5, false,
            menu.isNew)
        UI.text(UI.shortened(menu.title, to: width - 20, .bold), Point(box.x + 10, box.y + 8), theme.text, .bold)
        var chosen = false
        var y = box.y + 29
        for (index, action) in menu.actions.enumerated() {
            var answer = columnMenu?.answers[index]
            if drawAction(action, index, &answer, Box(box.x + 8, y, box.width - 16, 26)) { chosen = true }
            columnMenu?.answers[index] = answer
            y += actionHeight(action)
        }
        gui_end_window()
        columnMenu?.isNew = false
        if chosen || (gui_mouse_was_pressed() && !menu.isNew && !box.contains(UI.mouse)) { columnMenu = nil }
    }
}

extension ImageGrid.Cell {
    var factTexts: [(name: String, value: String)] {
        facts.map { ($0.name, format($0.value, digits: 4)) }
    }
}

/// Where the cells of a grid stand: as large as fits, on whole pixels.
struct GridLayout {
    private(set) var origin: Point
    let cellWidth: Float
    let cellHeight: Float
    /// Between rows.
    let gap: Float
    /// The room for a caption below each cell.
    let captionHeight: Float
    private(set) var columnGap: Float
    let rowTitleWidth: Float
    let contentHeight: Float
    let titles: Titles
    private let columns: Int
    /// The room for the columns' titles, which stand above ``origin``.
    let titleHeight: Float

    /// How the columns' titles are set.
    enum Titles: CaseIterable {
        case none, oneLine, twoLines, twoSmallLines, upwards

        var face: Face { self == .oneLine || self == .twoLines ? .bold : .small }
    }

    /// As large as fits, with titles set as large as can be read in full.
    @MainActor init(_ grid: ImageGrid, in body: Box) {
        let titles = grid.columnTitles.prefix(grid.columns)
        guard !titles.isEmpty else {
            self.init(grid, in: body, .none, height: 0)
            return
        }
        let heights: [(Titles, Float)] = [(.oneLine, 21), (.twoLines, 34), (.twoSmallLines, 30)]
        for (way, height) in heights {
            let needs = titles.map { title in
                let lines = way == .oneLine ? [title] : UI.inTwoLines(title, way.face)
                return lines.map { UI.width($0, way.face) }.max() ?? 0
            }
            let widest = needs.max() ?? 0
            self.init(grid, in: body, way, height: height, columnWidth: widest + 6)
            if cellWidth + columnGap >= widest + 6 { return }
        }
        let longest = titles.map { UI.width($0, .small) }.max() ?? 0
        self.init(grid, in: body, .upwards, height: min(longest + 10, body.height * 0.3))
        // Cells narrower than a letter is high have no place for words.
        if cellWidth + gap < 12 { self.init(grid, in: body, .none, height: 0) }
    }

    /// A column's title as it is shown, cut only where no way of setting it fits.
    @MainActor func lines(of title: String) -> [String] {
        switch titles {
        case .none: [""]
        case .oneLine: [title]
        case .twoLines, .twoSmallLines:
            UI.width(title, titles.face) <= cellWidth + columnGap - 6 ? [title] : UI.inTwoLines(title, titles.face)
        case .upwards: [UI.shortened(title, to: titleHeight - 8, .small)]
        }
    }

    @MainActor private init(
        _ grid: ImageGrid, in body: Box, _ titles: Titles, height top: Float, columnWidth: Float = 0
    ) {
        columns = grid.columns
        titleHeight = top
        self.titles = titles
        rowTitleWidth = min(grid.rowTitles.map { UI.width($0, .small) }.max() ?? 0, body.width * 0.2)
        let left = rowTitleWidth > 0 ? rowTitleWidth + 8 : 0
        let (columns, rows) = (Float(grid.columns), Float(max(1, grid.rows)))
        captionHeight = grid.cells.contains { !$0.caption.isEmpty } ? 14 : 0
        gap = (columns * rows > 400 ? 2 : 5) + captionHeight
        let across = gap - captionHeight
        let wide = (body.width - left - (columns - 1) * across) / columns
        let high = (body.height - top - 2 - captionHeight - (rows - 1) * gap) / rows
        // As large as fits; but not so small that nothing can be told, then it scrolls.
        let aspect = Float(grid.height) / Float(grid.width)
        var width = max(min(wide, high / aspect), min(wide, 26))
        let zoom = width / Float(grid.width)
        // Whole pixels are all the same size where that costs little.
        if zoom >= 1, zoom.rounded(.down) / zoom > 0.93 { width = zoom.rounded(.down) * Float(grid.width) }
        cellWidth = max(2, width.rounded(.down))
        cellHeight = max(2, (cellWidth * aspect).rounded())
        contentHeight = top + rows * (cellHeight + gap) - across + 2
        // Where height is what is short, columns may stand further apart for the sake of their titles.
        let spare = (body.width - left - columns * cellWidth) / max(1, columns - 1)
        columnGap = max(across, min(columnWidth - cellWidth, spare, cellWidth * 0.5).rounded(.down))
        let used = left + columns * (cellWidth + columnGap) - columnGap
        // What is smaller than its panel stands in the middle.
        let (aside, above) = (max(0, (body.width - used) / 2), max(0, (body.height - contentHeight) / 2))
        origin = Point((body.x + left + aside).rounded(), (body.y + top + above).rounded())
    }

    /// The height at which the grid would fill `width`.
    @MainActor static func height(of grid: ImageGrid, filling width: Float) -> Float {
        GridLayout(grid, in: Box(0, 0, width, 1e5)).contentHeight
    }

    /// The same, with the top of its content at `y`.
    func moved(to y: Float) -> GridLayout {
        var moved = self
        moved.origin.y = y + titleHeight
        return moved
    }

    func cell(_ index: Int) -> Box {
        let (row, column) = index.quotientAndRemainder(dividingBy: columns)
        return Box(
            origin.x + Float(column) * (cellWidth + columnGap), origin.y + Float(row) * (cellHeight + gap), cellWidth,
            cellHeight)
    }
}
