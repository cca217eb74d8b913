import Exploration

/// One image, large, with what belongs to it.
extension ImageGridRenderer {
    /// The longest side of an enlarged image, and of one that others stand beside.
    static let largestSide: Float = 640
    private static let largestSideWithRelated: Float = 480
    /// What is left to it at least where others stand beside it.
    private static let leastSide: Float = 164
    /// The room of the scale beside it.
    private static let scaleWidth: Float = 76
    /// Between that and the images that belong to it.
    private static let relatedGap: Float = 18

    mutating func window(of grid: ImageGrid, in room: Box) -> FigureWindow? {
        guard grid.cells.indices.contains(enlarged), texture != nil else { return nil }
        let cell = grid.cells[enlarged]
        let below = 34 + Float(cell.facts.count) * 17 + FigureFrame.height(ofButtonsFor: cell.actions)
        // The frame of the window takes 28 across and 48 down.
        let (wide, high) = (room.width - 28 - Self.scaleWidth, room.height - 48)
        var side = min(cell.related.isEmpty ? Self.largestSide : Self.largestSideWithRelated, high - below, wide)
        relatedLayout = .none
        var wanted = RelatedLayout.none
        if !cell.related.isEmpty {
            // What belongs to it gets the room beside it that it needs; the image itself what is left.
            wanted = RelatedLayout(
                grid, cell.related, height: max(side, 40) + below, width: wide - Self.relatedGap - Self.leastSide)
            side = min(side, wide - Self.relatedGap - wanted.width)
        }
        let exact = max(side, 40) / Float(max(grid.width, grid.height))
        zoom = exact >= 1 ? exact.rounded(.down) : exact
        var height = (Float(grid.height) * zoom).rounded() + below
        var width = max(Float(grid.width) * zoom + Self.scaleWidth, 240)
        if !cell.related.isEmpty {
            relatedLayout = RelatedLayout(
                grid, cell.related, height: min(high, max(height, 220)), width: wanted.width)
            relatedLayout.left = width + Self.relatedGap
            width = relatedLayout.left + relatedLayout.width
            height = max(height, relatedLayout.height)
        }
        let columns = layout.map { $0.columns * $0.members } ?? max(1, grid.columns)
        return FigureWindow(title: grid.title(of: enlarged, columns: columns), width: width, height: height)
    }

    mutating func drawWindow(_ grid: ImageGrid, in frame: FigureFrame) {
        guard let texture, grid.cells.indices.contains(enlarged) else { return }
        let (cell, body, theme) = (grid.cells[enlarged], frame.body, frame.theme)
        let picture = Box(
            body.x, body.y, (Float(grid.width) * zoom).rounded(), (Float(grid.height) * zoom).rounded())
        // What stands below it leaves the room of what belongs to it free.
        let right = relatedLayout.left > 0 ? body.x + relatedLayout.left - Self.relatedGap : body.maxX
        texture.draw(cell: enlarged, of: grid, in: picture)
        drawScale(cell, grid, picture, frame)
        drawRelated(cell, grid, frame)
        frame.text(
            pixelWords(cell, grid, picture, frame), Point(body.x, picture.maxY + 9), theme.secondary, .smallMono)
        let last = grid.cells.count - 1
        let button = Box(right - 24, picture.maxY + 5, 24, 20)
        if frame.arrowButton("next", button, toLeft: false, isOn: enlarged < last) { enlarged += 1 }
        var before = button
        before.x -= 30
        if frame.arrowButton("previous", before, toLeft: true, isOn: enlarged > 0) { enlarged -= 1 }
        var y = picture.maxY + 30
        for fact in cell.factTexts {
            frame.text(fact.name, Point(body.x, y), theme.secondary)
            frame.text(fact.value, Point(right, y), theme.text, .mono, align: .right)
            y += 17
        }
        y += 4
        frame.buttons(for: cell.actions, in: Box(body.x, y, right - body.x, body.maxY - y))
    }

    mutating func turn(_ grid: ImageGrid, right: Int, down: Int) -> Bool {
        let next = layout?.neighbour(of: enlarged, right: right, down: down) ?? enlarged
        // At the edge the key is taken, too: a slider would be moved by it else.
        if grid.cells.indices.contains(next) { enlarged = next }
        return true
    }

    /// The images that belong to the enlarged one, each with its own scale.
    private mutating func drawRelated(_ cell: ImageGrid.Cell, _ grid: ImageGrid, _ frame: FigureFrame) {
        let images = cell.related.map(grid.grid(of:))
        if relatedOf?.version != frame.version || relatedOf?.cell != enlarged
            || relatedTextures.count != images.count
        {
            relatedOf = (frame.version, enlarged)
            relatedTextures = images.enumerated().map { index, image in
                frame.textures.texture(
                    of: image, replacing: relatedTextures.indices.contains(index) ? relatedTextures[index] : nil)
            }
        }
        let theme = frame.theme
        for (index, (related, image)) in zip(cell.related, images).enumerated() {
            let place = relatedLayout.place(index, in: frame.body)
            guard place.maxY <= frame.body.maxY + 1 else { return }
            let title = UI.wrapped(related.title, to: place.width, .small).prefix(2)
            for (line, words) in title.enumerated() {
                // The last line of a title stands on its image.
                let y = place.y + Float(relatedLayout.titleLines - title.count + line) * RelatedLayout.line
                frame.text(words, Point(place.x, y), theme.text, .small)
            }
            let box = relatedLayout.box(index, of: image, in: frame.body)
            if let texture = relatedTextures[index] { texture.draw(cell: 0, of: image, in: box) }
            frame.outline(Box(box.x - 1, box.y - 1, box.width + 2, box.height + 2), theme.track)
            let scale = image.scaleWords
            frame.text(
                UI.shortened(scale, to: place.width, .smallMono), Point(box.x, box.maxY + 3), theme.secondary,
                .smallMono)
            if !related.note.isEmpty {
                frame.text(
                    UI.shortened(related.note, to: place.width, .small),
                    Point(box.x, box.maxY + 3 + RelatedLayout.line),
                    theme.secondary, .small)
            }
        }
    }

    /// Which value has which light, beside the enlarged image.
    private func drawScale(_ cell: ImageGrid.Cell, _ grid: ImageGrid, _ picture: Box, _ frame: FigureFrame) {
        let theme = frame.theme
        guard ends.indices.contains(enlarged) else { return }
        let ends = ends[enlarged]
        let bar = Box(picture.maxX + 12, picture.y, 12, picture.height)
        let stripes = max(1, min(128, Int(bar.height / 2)))
        for stripe in 0..<stripes {
            let (from, to) = (Float(stripe) / Float(stripes), Float(stripe + 1) / Float(stripes))
            let (top, bottom) = ((bar.maxY - to * bar.height).rounded(), (bar.maxY - from * bar.height).rounded())
            frame.fill(Box(bar.x, top, bar.width, bottom - top), grid.light(at: (from + to) / 2))
        }
        frame.outline(Box(bar.x - 1, bar.y - 1, bar.width + 2, bar.height + 2), theme.track)
        for share: Float in [0, 0.5, 1] {
            let value = Double(ends.lowerBound + (ends.upperBound - ends.lowerBound) * share)
            let y = min(max(bar.maxY - share * bar.height - 6.5, bar.y), bar.maxY - 13)
            frame.text(format(value, digits: 3), Point(bar.maxX + 6, y), theme.secondary, .smallMono)
        }
        guard grid.channels < 3, frame.hovers(picture), let place = pixel(of: grid, picture, frame) else { return }
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

/// Where the images stand that belong to an enlarged one: in as many columns as make them largest, below each other.
struct RelatedLayout {
    /// Where they begin, from the window's left; 0 if there are none.
    var left: Float = 0
    private(set) var columns = 1
    private(set) var rows = 0
    /// The room of each image.
    private(set) var side: Float = 0
    /// Lines above each, and below it.
    private(set) var titleLines = 1
    private var lines = 2

    static let none = RelatedLayout()
    static let line: Float = 14
    private static let (gap, rowGap): (Float, Float) = (16, 10)
    /// Six times a digit's 28 pixels. Smaller ones say little.
    private static let (largest, least): (Float, Float) = (168, 40)

    private init() {}

    @MainActor init(_ grid: ImageGrid, _ related: [ImageGrid.Related], height: Float, width: Float) {
        let notes = related.contains { !$0.note.isEmpty } ? 1 : 0
        for columns in 1...max(1, min(3, related.count)) {
            let rows = (related.count + columns - 1) / columns
            // Whether titles need two lines depends on how wide images are, and that on titles.
            for titleLines in 1...2 {
                let lines = titleLines + 1 + notes
                let room = (height - Float(rows - 1) * Self.rowGap) / Float(rows) - Float(lines) * Self.line - 6
                let across = (width + Self.gap) / Float(columns) - Self.gap
                let side = min(max(min(room, across), Self.least), Self.largest).rounded(.down)
                let most = related.map { UI.wrapped($0.title, to: side, .small).count }.max() ?? 1
                guard most <= titleLines || titleLines == 2 else { continue }
                if side > self.side {
                    (self.columns, self.rows, self.side) = (columns, rows, side)
                    (self.titleLines, self.lines) = (titleLines, lines)
                }
                break
            }
        }
    }

    var width: Float { Float(columns) * (side + Self.gap) - Self.gap }
    var height: Float { Float(rows) * (pitch + Self.rowGap) - Self.rowGap }
    private var pitch: Float { Float(lines) * Self.line + side + 6 }

    /// The room of an image with its words.
    func place(_ index: Int, in body: Box) -> Box {
        Box(
            body.x + left + Float(index % columns) * (side + Self.gap),
            body.y + Float(index / columns) * (pitch + Self.rowGap), side, pitch)
    }

    /// The image itself, each pixel as large as the others where that is possible.
    func box(_ index: Int, of grid: ImageGrid, in body: Box) -> Box {
        let place = place(index, in: body)
        let exact = side / Float(max(1, grid.width, grid.height))
        let zoom = exact >= 1 ? exact.rounded(.down) : exact
        return Box(
            place.x, place.y + Float(titleLines) * Self.line + 3, (Float(grid.width) * zoom).rounded(),
            (Float(grid.height) * zoom).rounded())
    }
}
