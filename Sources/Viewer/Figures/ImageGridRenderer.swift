import Exploration

extension ImageGrid: DrawnByViewer {
    typealias Renderer = ImageGridRenderer
}

/// Images in rows and columns. One that is clicked is shown large (`ImageGridRenderer+Window.swift`), with its facts, a scale of its
/// light, the pixel under the mouse, what belongs to it and what can be done to it; arrows go from it to the next.
struct ImageGridRenderer: FigureRenderer {
    /// The images, side by side.
    private(set) var texture: Texture?
    /// The content that it is of, and what both sides of a comparison had then.
    private var textureOf: (version: Int, scale: FigureScale?)?
    /// The values at both ends of each cell's scale of light.
    private(set) var ends: [ClosedRange<Float>] = []
    /// The cell that the figure's window shows.
    var enlarged = 0
    /// Units per pixel there.
    var zoom: Float = 1
    /// Where the images that belong to it stand there.
    var relatedLayout = RelatedLayout.none
    /// Those images, and of which cell of which content they are.
    var relatedTextures: [Texture?] = []
    var relatedOf: (version: Int, cell: Int)?
    /// The same of the cell under the mouse.
    private var hoverImages: [Tooltip.Image] = []
    private var hoverImagesOf: (version: Int, cell: Int)?
    /// The cell under the mouse in this frame.
    private var hovered: Int?
    /// The cell that was said to be enlarged; nil before anything was said, and no cell for none.
    private var toldOf: Int??
    /// How the grid was drawn last.
    private(set) var layout: GridLayout?

    func height(of grid: ImageGrid, width: Float) -> Float? { GridLayout.height(of: grid, filling: width) }

    func picture(of grid: ImageGrid) -> Pixels? { Pixels(of: grid) }

    func scale(of grid: ImageGrid) -> FigureScale {
        var scale = GridLayout.scale(of: grid)
        guard grid.shownDisplay != .unit else { return scale }
        for (index, ends) in grid.ends.enumerated() {
            scale.include([Double(ends.upperBound)], in: "light of \(grid.scope(of: index))")
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

    /// The ends of each cell's scale, of both sides of a comparison where there is one.
    private func ends(of grid: ImageGrid, _ scale: FigureScale?) -> [ClosedRange<Float>] {
        let own = grid.ends
        guard let scale, grid.shownDisplay != .unit else { return own }
        return own.enumerated().map { index, ends in
            scale["light of \(grid.scope(of: index))"].map { grid.ends(upTo: Float($0.upperBound)) } ?? ends
        }
    }

    mutating func draw(_ grid: ImageGrid, in frame: FigureFrame) {
        // A texture changes only with its content, or with the scale that both sides share.
        if textureOf?.version != frame.version || textureOf?.scale != frame.scale {
            textureOf = (frame.version, frame.scale)
            ends = ends(of: grid, frame.scale)
            texture = frame.textures.texture(of: grid, replacing: texture, ends: ends)
        }
        tellWhatIsEnlarged(grid, frame)
        hovered = nil
        var body = frame.body
        guard let texture else {
            return frame.say("These images are too large to draw.", in: body, frame.theme.secondary)
        }
        if !grid.actions.isEmpty, body.height > 60 { body.height -= drawActions(grid.actions, frame) }
        let scaleHeight = GridScale.height(of: grid, width: body.width)
        // Where images have hardly any room, they have all of it.
        let showsScale = scaleHeight > 0 && body.height > 4 * scaleHeight
        if showsScale { body.height -= scaleHeight }
        let layout = GridLayout(grid, in: body, sharing: frame.scale)
        if let before = self.layout, before.members != layout.members {
            // The same chain, where averages now have their samples beside them or have them no more.
            enlarged = enlarged / before.members * layout.members
        }
        self.layout = layout
        let scrolls = layout.contentHeight > body.height + 1
        if scrolls {
            frame.scroll("grid", Box(body.x, body.y, body.width + 11, body.height)) { content in
                draw(grid, texture, layout.moved(to: content.y), frame)
                return layout.contentHeight
            }
        } else {
            draw(grid, texture, layout, frame)
        }
        guard showsScale else { return }
        let y = scrolls ? body.maxY : min(layout.bottom, body.maxY)
        let cell = hovered ?? (frame.hasWindow ? enlarged : nil)
        GridScale(grid, ends: ends, of: cell, layout).draw(
            in: Box(body.x, y + 6, body.width, scaleHeight - 6), from: layout.origin.x, frame)
    }

    /// The figure shows everything of the cell that is enlarged, and of no other: it is told which one that is.
    private mutating func tellWhatIsEnlarged(_ grid: ImageGrid, _ frame: FigureFrame) {
        guard let whenClosed = grid.whenClosed, !frame.isOther else { return }
        let now = frame.hasWindow && grid.cells.indices.contains(enlarged) ? enlarged : nil
        guard toldOf ?? grid.detailed != now else { return }
        toldOf = .some(now)
        frame.act(now.flatMap { grid.cells[$0].whenEnlarged } ?? whenClosed)
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
            let first = layout.group(row: row, column: 0)
            frame.text(
                UI.shortened(title, to: layout.rowTitleWidth, .small), Point(first.x - 7, first.midY - 6),
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
            if item.contains(.hovered) { hovered = index }
            // Beside an enlarged image its words stand already, and others would lie over it.
            if item.contains(.hovered), !isOpen {
                tell(of: index, grid, columns: layout.columns * layout.members, frame)
            }
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

    private mutating func tell(of index: Int, _ grid: ImageGrid, columns: Int, _ frame: FigureFrame) {
        let cell = grid.cells[index]
        let verdict = cell.isRight.map { $0 ? "classified as its target" : "misclassified" }
        let words = [grid.lostWords(cell), verdict ?? ""].filter { !$0.isEmpty }
        if hoverImagesOf?.version != frame.version || hoverImagesOf?.cell != index {
            hoverImagesOf = (frame.version, index)
            hoverImages = cell.related.filter(\.isInHover).compactMap { related in
                let image = grid.grid(of: related)
                guard let texture = frame.textures.texture(of: image, replacing: nil) else { return nil }
                return Tooltip.Image(title: related.title, note: related.note, grid: image, texture: texture)
            }
        }
        frame.tooltip(
            title: grid.title(of: index, columns: columns), facts: cell.factTexts, text: words.joined(separator: "\n"),
            images: hoverImages)
    }

    private func drawColumnTitles(_ grid: ImageGrid, _ layout: GridLayout, _ frame: FigureFrame) {
        for (column, title) in grid.columnTitles.prefix(layout.columns).enumerated()
        where layout.titles != .none {
            let top = layout.origin.y - layout.titleHeight
            let lines = layout.lines(of: title)
            let isWhole = lines.joined().filter { $0 != " " } == title.filter { $0 != " " }
            let box = Box(
                layout.group(row: 0, column: column).x, top + 1, layout.groupWidth, layout.titleHeight - 2)
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
}

extension ImageGrid {
    func title(of index: Int, columns: Int) -> String {
        let title = cells[index].title
        return title.isEmpty ? "row \(index / columns + 1), column \(index % columns + 1)" : title
    }

    /// An image that belongs to a cell, as a grid of it alone.
    func grid(of related: Related) -> ImageGrid {
        let size = related.size ?? Size(channels: channels, height: height, width: width)
        return ImageGrid(
            channels: size.channels, height: size.height, width: size.width, columns: 1,
            display: related.display ?? display, cells: [Cell(values: related.values, title: related.title)])
    }
}

extension ImageGrid.Cell {
    var factTexts: [(name: String, value: String)] {
        facts.map { ($0.name, format($0.value, digits: 4)) }
    }
}
