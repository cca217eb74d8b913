import Exploration

extension ImageGrid: DrawnByViewer {
    typealias Renderer = ImageGridRenderer
}

/// Images in rows and columns. One that is clicked is shown large, with its facts, a scale of its greys, the pixel under the
/// mouse, and what can be done to it; arrows go from it to the next.
struct ImageGridRenderer: FigureRenderer {
    /// The images, side by side.
    private(set) var texture: Texture?
    /// The content that it is of, and what both sides of a comparison had then.
    private var textureOf: (version: Int, scale: FigureScale?)?
    /// The cell that the figure's window shows.
    private(set) var enlarged = 0
    /// Units per pixel there.
    private(set) var zoom: Float = 1
    /// The columns as they were drawn last.
    private var columns = 1

    func height(of grid: ImageGrid, width: Float) -> Float? { GridLayout.height(of: grid, filling: width) }

    func picture(of grid: ImageGrid) -> Pixels? { Pixels(of: grid) }

    func scale(of grid: ImageGrid) -> FigureScale {
        var scale = GridLayout.scale(of: grid)
        guard grid.display == .signed else { return scale }
        for (index, cell) in grid.cells.enumerated() {
            scale.include([Double(grid.largest(of: cell))], in: "grey of \(index)")
        }
        return scale
    }

    /// The same things in the same places: where both grids have images of the same names, the other has the own order.
    func aligned(_ other: ImageGrid, with own: ImageGrid) -> ImageGrid {
        guard other.flows, other.cells.count == own.cells.count else { return other }
        let places = Dictionary(other.cells.enumerated().map { ($1.title, $0) }) { first, _ in first }
        let order = own.cells.compactMap { places[$0.title] }
        guard order.count == own.cells.count, Set(order).count == order.count else { return other }
        var aligned = other
        aligned.cells = order.map { other.cells[$0] }
        return aligned
    }

    /// The |value| that is black or white in a cell of both sides of a comparison; nil outside one.
    private func largest(_ cell: Int, _ scale: FigureScale?) -> Float? {
        scale?["grey of \(cell)"].map { Float($0.upperBound) }
    }

    mutating func draw(_ grid: ImageGrid, in frame: FigureFrame) {
        // A texture changes only with its content, or with the scale that both sides share.
        if textureOf?.version != frame.version || textureOf?.scale != frame.scale {
            textureOf = (frame.version, frame.scale)
            let scale = frame.scale
            texture = frame.textures.texture(of: grid, replacing: texture) { largest($0, scale) }
        }
        var body = frame.body
        guard let texture else {
            return frame.say("These images are too large to draw.", in: body, frame.theme.secondary)
        }
        if !grid.actions.isEmpty, body.height > 60 { body.height -= drawActions(grid.actions, frame) }
        let layout = GridLayout(grid, in: body, sharing: frame.scale)
        columns = layout.columns
        if layout.contentHeight > body.height + 1 {
            frame.scroll("grid", Box(body.x, body.y, body.width + 11, body.height)) { content in
                draw(grid, texture, layout.moved(to: content.y), frame)
                return layout.contentHeight
            }
        } else {
            draw(grid, texture, layout, frame)
        }
    }

    /// What can be done to the whole grid, as words below it. Returns the room that they take.
    private func drawActions(_ actions: [Action], _ frame: FigureFrame) -> Float {
        var x = frame.body.x
        let y = frame.body.maxY - 18
        for action in actions {
            let width = UI.width(action.title, .small) + 16
            guard x + width <= frame.body.maxX + 1 else { break }
            let box = Box(x, y, width, 20)
            let item = frame.canAct ? frame.item("action \(action.id)", box) : []
            frame.fill(box, frame.theme.button, radius: 4)
            frame.text(
                action.title, Point(box.midX, y + 3.5),
                item.contains(.hovered) ? frame.theme.text : frame.theme.secondary, .small, align: .centre)
            if item.contains(.hovered) { frame.showHand() }
            if item.contains(.clicked) { frame.act(action) }
            x = box.maxX + 8
        }
        return 26
    }

    private mutating func draw(_ grid: ImageGrid, _ texture: Texture, _ layout: GridLayout, _ frame: FigureFrame) {
        drawColumnTitles(grid, layout, frame)
        for (row, title) in grid.rowTitles.prefix(layout.rows).enumerated()
        where row.isMultiple(of: layout.rowTitleStep) {
            let cell = layout.cell(row * layout.columns)
            frame.text(
                UI.shortened(title, to: layout.rowTitleWidth, .small), Point(cell.x - 7, cell.midY - 6),
                frame.theme.secondary, .small, align: .right)
        }
        let isOpen = frame.hasWindow
        for (index, cell) in grid.cells.enumerated() {
            let box = layout.cell(index)
            guard box.maxY > frame.body.y, box.y < frame.body.maxY else { continue }
            texture.draw(cell: index, of: grid, in: box)
            if cell.isRight == true { frame.fill(Box(box.x, box.maxY, box.width, 1), frame.theme.text) }
            if layout.captionHeight > 0, !cell.caption.isEmpty {
                frame.text(
                    cell.caption, Point(box.midX, box.maxY + 1), frame.theme.secondary, .smallMono, align: .centre)
            }
            let item = frame.item("cell \(index)", box)
            let around = Box(box.x - 1, box.y - 1, box.width + 2, box.height + 2)
            if cell.choice?.isChosen == true {
                frame.outline(around.inset(-1, -1, -1, -1), frame.markColour, thickness: 2)
            } else if item.contains(.hovered) || (isOpen && enlarged == index) {
                frame.outline(around, frame.theme.text)
            }
            // Beside an enlarged image its words stand already, and others would lie over it.
            if item.contains(.hovered), !isOpen { tell(of: index, grid, columns: layout.columns, frame) }
            if item.contains(.clicked), !frame.isOther {
                // A second click on the same image takes back what the first one did.
                let isAgain = isOpen && enlarged == index
                if let choice = cell.choice, choice.isChosen == isAgain { frame.act(choice.action) }
                if isAgain {
                    frame.closeWindow()
                } else {
                    enlarged = index
                    frame.openWindow(at: Point(box.maxX + 14, box.y - 20))
                }
            }
        }
    }

    private func tell(of index: Int, _ grid: ImageGrid, columns: Int, _ frame: FigureFrame) {
        let cell = grid.cells[index]
        let verdict = cell.isRight.map { $0 ? "classified as its target" : "misclassified" }
        let words = [grid.lostWords(cell), verdict ?? ""].filter { !$0.isEmpty }
        frame.tooltip(
            title: grid.title(of: index, columns: columns), facts: cell.factTexts, text: words.joined(separator: "\n"))
    }

    private func drawColumnTitles(_ grid: ImageGrid, _ layout: GridLayout, _ frame: FigureFrame) {
        for (column, title) in grid.columnTitles.prefix(layout.columns).enumerated()
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

    /// The longest side of an enlarged image.
    static let largestSide: Float = 640
    /// The room of the scale beside it.
    private static let scaleWidth: Float = 76

    mutating func window(of grid: ImageGrid, in room: Box) -> FigureWindow? {
        guard grid.cells.indices.contains(enlarged), texture != nil else { return nil }
        let cell = grid.cells[enlarged]
        let below = 34 + Float(cell.facts.count) * 17 + FigureFrame.height(ofButtonsFor: cell.actions)
        // The frame of the window takes 28 across and 48 down.
        let side = min(Self.largestSide, room.height - 48 - below, room.width - 28 - Self.scaleWidth)
        let exact = max(side, 40) / Float(max(grid.width, grid.height))
        zoom = exact >= 1 ? exact.rounded(.down) : exact
        return FigureWindow(
            title: grid.title(of: enlarged, columns: columns),
            width: max(Float(grid.width) * zoom + (grid.channels < 3 ? Self.scaleWidth : 0), 240),
            height: (Float(grid.height) * zoom).rounded() + below)
    }

    mutating func drawWindow(_ grid: ImageGrid, in frame: FigureFrame) {
        guard let texture, grid.cells.indices.contains(enlarged) else { return }
        let (cell, body, theme) = (grid.cells[enlarged], frame.body, frame.theme)
        let picture = Box(
            body.x, body.y, (Float(grid.width) * zoom).rounded(), (Float(grid.height) * zoom).rounded())
        texture.draw(cell: enlarged, of: grid, in: picture)
        if grid.channels < 3 { drawScale(cell, grid, picture, frame) }
        frame.text(
            pixelWords(cell, grid, picture, frame), Point(body.x, picture.maxY + 9), theme.secondary, .smallMono)
        let last = grid.cells.count - 1
        let button = Box(body.maxX - 24, picture.maxY + 5, 24, 20)
        if frame.arrowButton("next", button, toLeft: false, isOn: enlarged < last) { enlarged += 1 }
        var before = button
        before.x -= 30
        if frame.arrowButton("previous", before, toLeft: true, isOn: enlarged > 0) { enlarged -= 1 }
        var y = picture.maxY + 30
        for fact in cell.factTexts {
            frame.text(fact.name, Point(body.x, y), theme.secondary)
            frame.text(fact.value, Point(body.maxX, y), theme.text, .mono, align: .right)
            y += 17
        }
        y += 4
        frame.buttons(for: cell.actions, in: Box(body.x, y, body.width, body.maxY - y))
    }

    mutating func turn(_ grid: ImageGrid, right: Int, down: Int) -> Bool {
        let next = enlarged + right + down * columns
        // At the edge the key is taken, too: a slider would be moved by it else.
        if grid.cells.indices.contains(next) { enlarged = next }
        return true
    }

    /// Which value has which grey, beside the enlarged image.
    private func drawScale(_ cell: ImageGrid.Cell, _ grid: ImageGrid, _ picture: Box, _ frame: FigureFrame) {
        let theme = frame.theme
        let ends = grid.ends(of: cell, largest: largest(enlarged, frame.scale))
        let bar = Box(picture.maxX + 12, picture.y, 12, picture.height)
        let stripes = max(1, min(128, Int(bar.height / 2)))
        for stripe in 0..<stripes {
            let (from, to) = (Float(stripe) / Float(stripes), Float(stripe + 1) / Float(stripes))
            let (top, bottom) = ((bar.maxY - to * bar.height).rounded(), (bar.maxY - from * bar.height).rounded())
            let light = UInt32(((from + to) / 2 * 255).rounded())
            frame.fill(Box(bar.x, top, bar.width, bottom - top), Colour(light << 16 | light << 8 | light))
        }
        frame.outline(Box(bar.x - 1, bar.y - 1, bar.width + 2, bar.height + 2), theme.track)
        for share: Float in [0, 0.5, 1] {
            let value = Double(ends.lowerBound + (ends.upperBound - ends.lowerBound) * share)
            let y = min(max(bar.maxY - share * bar.height - 6.5, bar.y), bar.maxY - 13)
            frame.text(format(value, digits: 3), Point(bar.maxX + 6, y), theme.secondary, .smallMono)
        }
        guard frame.hovers(picture), let place = pixel(of: grid, picture, frame) else { return }
        let value =
            cell.values.indices.contains(place.y * grid.width + place.x)
            ? cell.values[place.y * grid.width + place.x] : .nan
        guard value.isFinite, ends.lowerBound < ends.upperBound else { return }
        let share = min(max((value - ends.lowerBound) / (ends.upperBound - ends.lowerBound), 0), 1)
        frame.fill(Box(bar.x - 4, (bar.maxY - share * bar.height - 1).rounded(), bar.width + 8, 2), theme.moving)
    }

    /// The pixel under the mouse.
    private func pixel(of grid: ImageGrid, _ picture: Box, _ frame: FigureFrame) -> (x: Int, y: Int)? {
        guard picture.contains(frame.mouse) else { return nil }
        return (
            min(grid.width - 1, Int((frame.mouse.x - picture.x) / zoom)),
            min(grid.height - 1, Int((frame.mouse.y - picture.y) / zoom))
        )
    }

    private func pixelWords(_ cell: ImageGrid.Cell, _ grid: ImageGrid, _ picture: Box, _ frame: FigureFrame) -> String {
        guard frame.hovers(picture), let (x, y) = pixel(of: grid, picture, frame) else {
            return "\(grid.width) × \(grid.height) pixels" + (grid.channels > 1 ? ", \(grid.channels) channels" : "")
        }
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
    fileprivate func title(of index: Int, columns: Int) -> String {
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
    /// The room for a caption below each cell: where all of them fit, and cost the images little of their size.
    let captionHeight: Float
    private(set) var columnGap: Float
    let rowTitleWidth: Float
    /// Every so-many-th row has its title, so that they stand clear of each other.
    let rowTitleStep: Int
    let contentHeight: Float
    let titles: Titles
    let columns: Int
    let rows: Int
    /// The room for the columns' titles, which stand above ``origin``.
    let titleHeight: Float

    /// How the columns' titles are set.
    enum Titles: CaseIterable {
        case none, oneLine, twoLines, twoSmallLines, upwards

        var face: Face { self == .oneLine || self == .twoLines ? .bold : .small }
    }

    /// What has to be known of a grid, or of both grids of a comparison.
    private struct Asked {
        let grid: ImageGrid
        let count: Int
        var columns: Int
        var captions: Bool
        let rowTitleWidth: Float
        let columnTitles: [String]

        var rows: Int { max(1, (count + columns - 1) / max(1, columns)) }
        var aspect: Float { Float(grid.height) / Float(grid.width) }
        var across: Float { columns * rows > 400 ? 2 : 5 }
        var captionHeight: Float { captions ? 14 : 0 }
    }

    /// What both sides of a comparison share: how many cells there are, and how wide words are.
    @MainActor static func scale(of grid: ImageGrid) -> FigureScale {
        var scale = FigureScale()
        scale.include([Double(grid.cells.count)], in: "cells")
        scale.include(
            grid.cells.lazy.filter { !$0.caption.isEmpty }.map { Double(UI.width($0.caption, .smallMono)) },
            in: "captions")
        scale.include(grid.rowTitles.lazy.map { Double(UI.width($0, .small)) }, in: "row titles")
        return scale
    }

    /// As large as fits, with titles set as large as can be read in full.
    ///
    /// - Parameter scale: what both sides of a comparison have; the grid's own if nil.
    @MainActor init(_ grid: ImageGrid, in body: Box, sharing scale: FigureScale? = nil) {
        let scale = scale ?? Self.scale(of: grid)
        let captionWidth = Float(scale.most("captions"))
        var asked = Asked(
            grid: grid, count: max(grid.cells.count, Int(scale.most("cells"))), columns: grid.columns, captions: false,
            rowTitleWidth: Float(scale.most("row titles")),
            columnTitles: grid.flows ? [] : Array(grid.columnTitles.prefix(grid.columns)))
        let plain = Self(asked, in: body)
        guard captionWidth > 0 else {
            self = plain
            return
        }
        asked.captions = true
        let captioned = Self(asked, in: body)
        let hasRoom = captionWidth <= captioned.cellWidth + 4 && captioned.cellWidth >= 0.75 * plain.cellWidth
        self = hasRoom ? captioned : plain
    }

    @MainActor private init(_ asked: Asked, in body: Box) {
        var asked = asked
        if asked.grid.flows { asked.columns = Self.columns(asked, in: body) }
        let titles = asked.columnTitles
        guard !titles.isEmpty else {
            self.init(asked, in: body, .none, height: 0)
            return
        }
        let heights: [(Titles, Float)] = [(.oneLine, 21), (.twoLines, 34), (.twoSmallLines, 30)]
        for (way, height) in heights {
            let needs = titles.map { title in
                let lines = way == .oneLine ? [title] : UI.inTwoLines(title, way.face)
                return lines.map { UI.width($0, way.face) }.max() ?? 0
            }
            let widest = needs.max() ?? 0
            self.init(asked, in: body, way, height: height, columnWidth: widest + 6)
            if cellWidth + columnGap >= widest + 6 { return }
        }
        let longest = titles.map { UI.width($0, .small) }.max() ?? 0
        self.init(asked, in: body, .upwards, height: min(longest + 10, body.height * 0.3))
        // Cells narrower than a letter is high have no place for words.
        if cellWidth + gap < 12 { self.init(asked, in: body, .none, height: 0) }
    }

    /// Images of a grid that flows are no smaller than this; where all would be, they scroll.
    private static let leastFlowing: Float = 12

    /// As many columns as make images largest where all are seen at once; of several that make them about as large, the
    /// ones that fill their rows best.
    private static func columns(_ asked: Asked, in body: Box) -> Int {
        var best: (columns: Int, width: Float, empty: Int)?
        for columns in 1...max(1, min(asked.count, 4096)) {
            var wish = asked
            wish.columns = columns
            let width = Self.width(wish, in: body, top: 0, left: 0)
            let empty = wish.rows * columns - asked.count
            guard let known = best else {
                best = (columns, width, empty)
                continue
            }
            let isAlike = abs(width - known.width) <= 0.02 * known.width
            if isAlike ? (empty, -width) < (known.empty, -known.width) : width > known.width {
                best = (columns, width, empty)
            }
        }
        guard let best else { return asked.columns }
        if best.width >= leastFlowing { return best.columns }
        let pitch = min(leastFlowing, body.width) + asked.across
        return max(1, min(asked.count, Int((body.width + asked.across) / pitch)))
    }

    /// How wide images are where all rows and columns fit.
    private static func width(_ asked: Asked, in body: Box, top: Float, left: Float) -> Float {
        let (columns, rows) = (Float(asked.columns), Float(asked.rows))
        let gap = asked.across + asked.captionHeight
        let wide = (body.width - left - (columns - 1) * asked.across) / columns
        let high = (body.height - top - 2 - asked.captionHeight - (rows - 1) * gap) / rows
        return min(wide, high / asked.aspect)
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
        _ asked: Asked, in body: Box, _ titles: Titles, height top: Float, columnWidth: Float = 0
    ) {
        let grid = asked.grid
        (columns, rows) = (asked.columns, asked.rows)
        titleHeight = top
        self.titles = titles
        rowTitleWidth = min(asked.rowTitleWidth, body.width * 0.2)
        let left = rowTitleWidth > 0 ? rowTitleWidth + 8 : 0
        let (columns, rows) = (Float(asked.columns), Float(asked.rows))
        captionHeight = asked.captionHeight
        let across = asked.across
        gap = across + captionHeight
        let wide = (body.width - left - (columns - 1) * across) / columns
        // As large as fits; but not so small that nothing can be told, then it scrolls.
        let least = min(wide, grid.flows ? Self.leastFlowing : 26)
        var width = max(Self.width(asked, in: body, top: top, left: left), least)
        let zoom = width / Float(grid.width)
        // Whole pixels are all the same size where that costs little.
        if zoom >= 1, zoom.rounded(.down) / zoom > 0.93 { width = zoom.rounded(.down) * Float(grid.width) }
        cellWidth = max(2, width.rounded(.down))
        cellHeight = max(2, (cellWidth * asked.aspect).rounded())
        rowTitleStep = max(1, Int((13 / (cellHeight + gap)).rounded(.up)))
        contentHeight = top + rows * (cellHeight + gap) - across + 2
        // Where height is what is short, columns may stand further apart for the sake of their titles.
        let spare = (body.width - left - columns * cellWidth) / max(1, columns - 1)
        columnGap = max(across, min(columnWidth - cellWidth, spare, cellWidth * 0.5).rounded(.down))
        let used = left + columns * (cellWidth + columnGap) - columnGap
        // What is smaller than its panel stands in the middle.
        let (aside, above) = (max(0, (body.width - used) / 2), max(0, (body.height - contentHeight) / 2))
        origin = Point((body.x + left + aside).rounded(), (body.y + top + above).rounded())
    }

    /// The height at which the grid would fill `width`; of one that flows, in the columns that it names itself.
    @MainActor static func height(of grid: ImageGrid, filling width: Float) -> Float {
        var fixed = grid
        fixed.flows = false
        return GridLayout(fixed, in: Box(0, 0, width, 1e5)).contentHeight + (grid.actions.isEmpty ? 0 : 26)
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
