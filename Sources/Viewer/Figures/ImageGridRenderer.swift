import Exploration

extension ImageGrid: DrawnByViewer {
    typealias Renderer = ImageGridRenderer
}

/// Images in rows and columns. One that is clicked is shown large, with its facts, the pixel under the mouse, and what can
/// be done to it.
struct ImageGridRenderer: FigureRenderer {
    /// The images, side by side.
    private(set) var texture: Texture?
    private var textureVersion: Int?
    /// The cell that the figure's window shows.
    private(set) var enlarged = 0
    /// Units a pixel there.
    private var zoom: Float = 1

    func height(of grid: ImageGrid, width: Float) -> Float? { GridLayout.height(of: grid, filling: width) }

    func picture(of grid: ImageGrid) -> Pixels? { Pixels(of: grid) }

    mutating func draw(_ grid: ImageGrid, in frame: FigureFrame) {
        // A texture changes only with its content.
        if textureVersion != frame.version {
            textureVersion = frame.version
            texture = frame.textures.texture(of: grid, replacing: texture)
        }
        let body = frame.body
        guard let texture else {
            return frame.say("These images are too large to draw.", in: body, frame.theme.secondary)
        }
        let layout = GridLayout(grid, in: body)
        if layout.contentHeight > body.height + 1 {
            frame.scroll("grid", Box(body.x, body.y, body.width + 11, body.height)) { content in
                draw(grid, texture, layout.moved(to: content.y), frame)
                return layout.contentHeight
            }
        } else {
            draw(grid, texture, layout, frame)
        }
    }

    private mutating func draw(_ grid: ImageGrid, _ texture: Texture, _ layout: GridLayout, _ frame: FigureFrame) {
        drawColumnTitles(grid, layout, frame)
        for (row, title) in grid.rowTitles.prefix(grid.rows).enumerated() {
            let cell = layout.cell(row * grid.columns)
            frame.text(
                UI.shortened(title, to: layout.rowTitleWidth, .small), Point(cell.x - 7, cell.midY - 6),
                frame.theme.secondary, .small, align: .right)
        }
        for (index, cell) in grid.cells.enumerated() {
            let box = layout.cell(index)
            guard box.maxY > frame.body.y, box.y < frame.body.maxY else { continue }
            texture.draw(cell: index, of: grid, in: box)
            if cell.isRight == true { frame.fill(Box(box.x, box.maxY, box.width, 1), frame.theme.text) }
            if layout.captionHeight > 0, !cell.caption.isEmpty {
                frame.text(
                    UI.shortened(cell.caption, to: box.width + 4, .smallMono), Point(box.midX, box.maxY + 1),
                    frame.theme.secondary, .smallMono, align: .centre)
            }
            let item = frame.item("cell \(index)", box)
            if item.contains(.hovered) || (frame.hasWindow && enlarged == index) {
                frame.outline(Box(box.x - 1, box.y - 1, box.width + 2, box.height + 2), frame.theme.text)
            }
            if item.contains(.hovered) {
                let verdict = cell.isRight.map {
                    $0 ? "classified as its target" : "misclassified"
                }
                let words = [grid.lostWords(cell), verdict ?? ""].filter { !$0.isEmpty }
                frame.tooltip(title: grid.title(of: index), facts: cell.factTexts, text: words.joined(separator: "\n"))
            }
            if item.contains(.clicked), !frame.isOther {
                enlarged = index
                frame.openWindow(at: Point(box.maxX + 14, box.y - 20))
            }
        }
    }

    private func drawColumnTitles(_ grid: ImageGrid, _ layout: GridLayout, _ frame: FigureFrame) {
        for (column, title) in grid.columnTitles.prefix(grid.columns).enumerated()
        where layout.titles != .none {
            let top = layout.origin.y - layout.titleHeight
            let lines = layout.lines(of: title)
            let isWhole = lines.joined().filter { $0 != " " } == title.filter { $0 != " " }
            let box = Box(layout.cell(column).x, top + 1, layout.cellWidth, layout.titleHeight - 2)
            let actions =
                !frame.isOther && grid.columnActions.indices.contains(column) ? grid.columnActions[column] : []
            let item = actions.isEmpty && isWhole ? [] : frame.item("column \(column)", box)
            if item.contains(.hovered) {
                frame.tooltip(title: title, text: actions.map(\.title).joined(separator: ", "))
                if !actions.isEmpty {
                    frame.fill(box, frame.theme.button, radius: 3)
                    frame.showHand()
                }
            }
            if item.contains(.clicked), !actions.isEmpty {
                frame.openMenu(actions, named: title, at: Point(box.x, box.maxY))
            }
            let face = layout.titles.face
            if layout.titles == .upwards {
                frame.textUpwards(lines[0], Point(box.midX - 7, layout.origin.y - 5), frame.theme.text, face)
            } else {
                // Titles of one line stand on the images, as the second of two does.
                let first = layout.origin.y - 3 - Float(lines.count) * (face.lineHeight - 0.5)
                for (number, line) in lines.enumerated() {
                    frame.text(
                        line, Point(box.midX, first + Float(number) * (face.lineHeight - 0.5)), frame.theme.text, face,
                        align: .centre)
                }
            }
        }
    }

    // MARK: One image, large

    mutating func window(of grid: ImageGrid, in room: Box) -> FigureWindow? {
        guard grid.cells.indices.contains(enlarged), texture != nil else { return nil }
        let cell = grid.cells[enlarged]
        zoom = max(1, (min(308, room.height - 230) / Float(max(grid.width, grid.height))).rounded(.down))
        return FigureWindow(
            title: grid.title(of: enlarged), width: max(Float(grid.width) * zoom, 240),
            height: Float(grid.height) * zoom + 30 + Float(cell.facts.count) * 17
                + FigureFrame.height(ofButtonsFor: cell.actions))
    }

    func drawWindow(_ grid: ImageGrid, in frame: FigureFrame) {
        guard let texture, grid.cells.indices.contains(enlarged) else { return }
        let (cell, body, theme) = (grid.cells[enlarged], frame.body, frame.theme)
        let picture = Box(body.x, body.y, Float(grid.width) * zoom, Float(grid.height) * zoom)
        texture.draw(cell: enlarged, of: grid, in: picture)
        frame.text(
            pixelWords(cell, grid, picture, frame), Point(body.x, picture.maxY + 6), theme.secondary, .smallMono)
        var y = picture.maxY + 26
        for fact in cell.factTexts {
            frame.text(fact.name, Point(body.x, y), theme.secondary)
            frame.text(fact.value, Point(body.maxX, y), theme.text, .mono, align: .right)
            y += 17
        }
        y += 4
        frame.buttons(for: cell.actions, in: Box(body.x, y, body.width, body.maxY - y))
    }

    private func pixelWords(_ cell: ImageGrid.Cell, _ grid: ImageGrid, _ picture: Box, _ frame: FigureFrame) -> String {
        guard frame.hovers(picture) else {
            return "\(grid.width) × \(grid.height) pixels" + (grid.channels > 1 ? ", \(grid.channels) channels" : "")
        }
        let x = min(grid.width - 1, Int((frame.mouse.x - picture.x) / zoom))
        let y = min(grid.height - 1, Int((frame.mouse.y - picture.y) / zoom))
        let values = (0..<max(1, grid.channels)).compactMap { channel -> String? in
            let place = (channel * grid.height + y) * grid.width + x
            guard cell.values.indices.contains(place) else { return nil }
            let value = Double(cell.values[place])
            return value.isFinite && abs(value) < 1e6 ? fixed(value, 3) : format(value)
        }
        return "(\(x), \(y))  " + values.joined(separator: "  ")
    }
}

extension ImageGrid {
    fileprivate func title(of index: Int) -> String {
        let title = cells[index].title
        return title.isEmpty ? "row \(index / columns + 1), column \(index % columns + 1)" : title
    }
}

extension ImageGrid.Cell {
    fileprivate var factTexts: [(name: String, value: String)] {
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
