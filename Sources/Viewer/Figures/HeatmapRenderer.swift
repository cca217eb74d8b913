import Exploration

extension Heatmap: DrawnByViewer {
    typealias Renderer = HeatmapRenderer
}

/// A matrix of values as colours, with its scale.
struct HeatmapRenderer: FigureRenderer {
    private let canvas = Canvas()

    func scale(of heatmap: Heatmap) -> FigureScale {
        var scale = FigureScale()
        if let range = heatmap.shownRange {
            scale.include([Double(range.lowerBound), Double(range.upperBound)], in: "value")
        }
        return scale
    }

    func height(of heatmap: Heatmap, width: Float) -> Float? {
        // Cells that can be told apart, and that have room for what is written in them.
        let cell: Float = heatmap.texts.isEmpty ? 12 : 18
        return min(Float(heatmap.rowNames.count) * cell, width) + 44
    }

    func pictureHeight(of heatmap: Heatmap, width: Float) -> Float {
        min(720, max(240, Float(heatmap.rowNames.count) * 22 + 100))
    }

    func draw(_ heatmap: Heatmap, in frame: FigureFrame) {
        let (body, theme) = (frame.body, frame.theme)
        guard !heatmap.rowNames.isEmpty, !heatmap.columnNames.isEmpty, let own = heatmap.shownRange else {
            let isLost = heatmap.values.contains { !$0.isFinite }
            return frame.say(isLost ? "None of the values is a number." : "No values.", in: body, frame.theme.secondary)
        }
        let range = frame.scale?["value"].map { Float($0.lowerBound)...Float($0.upperBound) } ?? own
        let layout = HeatmapLayout(heatmap, range, in: body)
        guard layout.area.width > 8, layout.area.height > 8 else {
            return frame.say("Too little room for this matrix.", in: body, frame.theme.secondary)
        }
        let item = frame.item("heatmap", layout.area)
        let hovered = item.contains(.hovered) ? layout.cell(at: frame.mouse) : nil

        struct Content: Hashable {
            let version: Int
            let range: ClosedRange<Float>
        }
        frame.draw(canvas, in: layout.area, content: Content(version: frame.version, range: range)) { width, height in
            heatmap.pixels(
                range, width: width, height: height, missing: theme.track,
                lost: theme.panel.mixed(with: theme.moving, 0.35))
        }
        drawValues(heatmap, range, layout, frame)
        drawNames(heatmap, layout, hovered: hovered, frame)
        drawScale(heatmap, range, layout, frame)
        drawMarks(heatmap, layout, frame)
        if let row = hovered?.row { frame.choose(heatmap.choice(row), item) }
        guard let (row, column) = hovered else { return }
        frame.outline(layout.box(row: row, column: column).inset(-1, -1, -1, -1), frame.theme.text)
        let value = heatmap.value(row: row, column: column).map { format(Double($0), digits: 4) } ?? "none"
        var facts = [(heatmap.unit.isEmpty ? "value" : heatmap.unit, value)]
        if let text = heatmap.text(row: row, column: column) { facts.insert(("count", text), at: 0) }
        func named(_ title: String, _ name: String) -> String { title.isEmpty ? name : "\(title) \(name)" }
        frame.tooltip(
            title: named(heatmap.rowTitle, heatmap.rowNames[row]) + " · "
                + named(heatmap.columnTitle, heatmap.columnNames[column]), facts: facts,
            text: frame.words(for: heatmap.choice(row)))
    }

    /// Frames around the row that is chosen, and around its column where rows and columns are the same things.
    private func drawMarks(_ heatmap: Heatmap, _ layout: HeatmapLayout, _ frame: FigureFrame) {
        // Thin around small cells, which would be covered else.
        let thickness: Float = min(layout.cellWidth, layout.cellHeight) < 8 ? 1 : 2
        for (index, choice) in heatmap.choices.prefix(heatmap.rowNames.count).enumerated()
        where choice?.isChosen == true {
            let row = layout.box(row: index, column: 0)
            frame.outline(
                Box(layout.area.x - 1, row.y - 1, layout.area.width + 2, row.height + 2), frame.markColour,
                thickness: thickness)
            guard heatmap.isSquare else { continue }
            let column = layout.box(row: 0, column: index)
            frame.outline(
                Box(column.x - 1, layout.area.y - 1, column.width + 2, layout.area.height + 2), frame.markColour,
                thickness: thickness)
        }
    }

    /// Numbers in the cells, where all of them fit.
    private func drawValues(
        _ heatmap: Heatmap, _ range: ClosedRange<Float>, _ layout: HeatmapLayout, _ frame: FigureFrame
    ) {
        if layout.cellWidth >= 8, layout.cellHeight >= 8 {
            for row in heatmap.rowNames.indices {
                for column in heatmap.columnNames.indices {
                    guard let value = heatmap.value(row: row, column: column), !value.isFinite else { continue }
                    let box = layout.box(row: row, column: column)
                    frame.cross(Point(box.midX, box.midY), frame.theme.moving, size: min(4, box.height / 3))
                }
            }
        }
        guard layout.cellWidth >= (heatmap.texts.isEmpty ? 34 : 12),
            layout.cellHeight >= (heatmap.texts.isEmpty ? 16 : 12)
        else { return }
        if !heatmap.texts.isEmpty {
            // Either all of them or none: a number that is missing would be taken for none.
            let widest = heatmap.texts.lazy.map { UI.width($0, .smallMono) }.max() ?? 0
            guard widest <= layout.cellWidth - 2 else { return }
        }
        for row in heatmap.rowNames.indices {
            for column in heatmap.columnNames.indices {
                guard let value = heatmap.value(row: row, column: column), value.isFinite else { continue }
                let words = heatmap.text(row: row, column: column) ?? format(Double(value), digits: 2)
                let box = layout.box(row: row, column: column)
                guard UI.width(words, .smallMono) <= box.width - 2 else { continue }
                // The map's lightness grows with the value.
                let isLight = heatmap.share(of: value, in: range) > 0.55
                let colour = isLight ? Colour(0x14171c) : Colour(0xf2f4f7)
                // Where nothing is, nothing should draw the eye.
                frame.text(
                    words, Point(box.midX, box.midY - 6.5), words == "0" ? colour.faded(0.4) : colour, .smallMono,
                    align: .centre)
            }
        }
    }

    private func drawNames(
        _ heatmap: Heatmap, _ layout: HeatmapLayout, hovered: (row: Int, column: Int)?, _ frame: FigureFrame
    ) {
        let area = layout.area
        if layout.titleIsAside {
            frame.text(
                heatmap.axisTitle, Point(area.x - layout.nameWidth - 16, area.y - 17), frame.theme.secondary, .small,
                align: .right)
        } else if layout.titleHeight > 0 {
            let words = UI.shortened(heatmap.axisTitle, to: frame.body.width, .small)
            let half = UI.width(words, .small) / 2
            let middle = min(max(area.midX, frame.body.x + half), frame.body.maxX - half)
            frame.text(words, Point(middle, layout.top), frame.theme.secondary, .small, align: .centre)
        }
        for (index, name) in heatmap.rowNames.enumerated() {
            let isHovered = index == hovered?.row
            guard isHovered || layout.hasRowName(index, hovered?.row) else { continue }
            frame.text(
                UI.shortened(name, to: layout.nameWidth, .small),
                Point(area.x - 8, layout.box(row: index, column: 0).midY - 6.5),
                isHovered ? frame.theme.text : frame.theme.secondary, .small, align: .right)
        }
        for (index, name) in heatmap.columnNames.enumerated() {
            let isHovered = index == hovered?.column
            let middle = layout.box(row: 0, column: index).midX
            if layout.isUpwards {
                guard layout.hasColumnNames else { break }
                guard isHovered || layout.hasColumnName(index, hovered?.column) else { continue }
                let words = UI.shortened(name, to: area.y - layout.top - layout.titleHeight - 6, .small)
                frame.textUpwards(
                    words, Point(middle - 7, area.y - 5), isHovered ? frame.theme.text : frame.theme.secondary, .small)
            } else {
                frame.text(
                    name, Point(middle, area.y - 17), isHovered ? frame.theme.text : frame.theme.secondary, .small,
                    align: .centre)
            }
        }
    }

    private func drawScale(
        _ heatmap: Heatmap, _ range: ClosedRange<Float>, _ layout: HeatmapLayout, _ frame: FigureFrame
    ) {
        let bar = layout.bar
        // As many stripes as can be told apart.
        let stripes = max(1, min(64, Int(bar.height / 2)))
        for stripe in 0..<stripes {
            let (from, to) = (Float(stripe) / Float(stripes), Float(stripe + 1) / Float(stripes))
            let (top, bottom) = ((bar.maxY - to * bar.height).rounded(), (bar.maxY - from * bar.height).rounded())
            frame.fill(Box(bar.x, top, bar.width, bottom - top), Viridis.colour((from + to) / 2))
        }
        let span = Double(range.lowerBound)...Double(range.upperBound)
        let ticks = Ticks(within: span, count: max(2, Int(bar.height / 40)))
        var lastY = Float.infinity
        for value in ticks.values {
            let y = bar.maxY - heatmap.share(of: Float(value), in: range) * bar.height
            // The root of an axis has its upper values close together.
            guard heatmap.shading == .linear || lastY - y >= 13 else { continue }
            lastY = y
            frame.rule(Point(bar.maxX, y - 0.5), length: 4, frame.theme.track)
            frame.text(ticks.label(value), Point(bar.maxX + 7, y - 6.5), frame.theme.secondary, .smallMono)
        }
        if bar.y - layout.top >= 14 {
            frame.text(
                UI.trimmed(heatmap.unit, to: max(50, frame.body.maxX - bar.x), .small), Point(bar.x, bar.y - 17),
                frame.theme.secondary, .small)
        }
    }
}

extension Heatmap {
    /// What the ends of the colours stand for; nil if there is no value.
    var shownRange: ClosedRange<Float>? {
        if let range, range.lowerBound.isFinite, range.upperBound.isFinite, range.lowerBound < range.upperBound {
            return range
        }
        let shown = values.prefix(rowNames.count * columnNames.count).filter(\.isFinite)
        guard let low = shown.min(), let high = shown.max() else { return nil }
        // Far from zero a whole unit may be too little to tell two numbers apart.
        return low < high ? low...high : low - max(0.5, abs(low) * 1e-3)...low + max(0.5, abs(low) * 1e-3)
    }

    func share(of value: Float, in range: ClosedRange<Float>) -> Float {
        // In halves, so that the widest range has a width.
        let span = range.upperBound / 2 - range.lowerBound / 2
        let share = span > 0 ? min(max((value / 2 - range.lowerBound / 2) / span, 0), 1) : 0
        return shading == .squareRoot ? share.squareRoot() : share
    }

    /// What rows and columns are, in one line: "true ↓ · predicted →".
    fileprivate var axisTitle: String {
        // What is the same both ways the panel's title says.
        if rowTitle == columnTitle { return "" }
        return [rowTitle.isEmpty ? "" : "\(rowTitle) ↓", columnTitle.isEmpty ? "" : "\(columnTitle) →"].filter {
            !$0.isEmpty
        }
        .joined(separator: "   ")
    }

    fileprivate func choice(_ row: Int) -> Choice? { choices.indices.contains(row) ? choices[row] : nil }

    /// How many times as long as it is wide a cell may be, or as wide as it is long: a matrix of the same things both ways is
    /// nearly square, and text needs some width.
    fileprivate var longest: Float { texts.isEmpty ? (isSquare ? 1.25 : 2.5) : 2.2 }

    /// Each pixel shows its cell; where several cells fall on one pixel, the mean of them.
    ///
    /// - Parameter lost: the colour of what is not a number, also where it is one of several on a pixel; as `missing`, and
    ///   left out of means, if nil.
    func pixels(
        _ range: ClosedRange<Float>, width: Int, height: Int, missing: Colour, lost: Colour? = nil
    ) -> Pixels {
        var pixels = Pixels(width: width, height: height, missing)
        /// The cells of pixel `place`, of `count` cells on `length` pixels.
        func cells(_ place: Int, _ count: Int, _ length: Int) -> Range<Int> {
            let first = place * count / length
            return first..<max(first + 1, (place + 1) * count / length)
        }
        let (rows, columns) = (rowNames.count, columnNames.count)
        let isDense = rows > height || columns > width
        if isDense {
            for y in 0..<height {
                for x in 0..<width {
                    var (sum, count): (Float, Float) = (0, 0)
                    var isLost = false
                    for row in cells(y, rows, height) {
                        for column in cells(x, columns, width) {
                            guard let value = value(row: row, column: column) else { continue }
                            guard value.isFinite else {
                                isLost = true
                                continue
                            }
                            sum += share(of: value, in: range)
                            count += 1
                        }
                    }
                    if isLost, let lost {
                        pixels.fill(x: x..<x + 1, y: y..<y + 1, lost)
                    } else if count > 0 {
                        pixels.fill(x: x..<x + 1, y: y..<y + 1, Viridis.colour(sum / count))
                    }
                }
            }
        } else {
            for row in 0..<rows {
                for column in 0..<columns {
                    guard let value = value(row: row, column: column), value.isFinite || lost != nil else { continue }
                    pixels.fill(
                        x: column * width / columns..<(column + 1) * width / columns,
                        y: row * height / rows..<(row + 1) * height / rows,
                        value.isFinite ? Viridis.colour(share(of: value, in: range)) : lost ?? missing)
                }
            }
        }
        return pixels
    }
}

/// Where the parts of a heatmap are.
struct HeatmapLayout {
    let area: Box
    /// The scale.
    let bar: Box
    let top: Float
    let nameWidth: Float
    let scaleWidth: Float
    let isUpwards: Bool
    /// The room of what rows and columns are.
    let titleHeight: Float
    let titleIsAside: Bool
    /// Names of which a letter or two would be left are left out.
    let hasColumnNames: Bool
    private let rows: Int
    private let columns: Int

    var cellWidth: Float { area.width / Float(columns) }
    var cellHeight: Float { area.height / Float(rows) }

    @MainActor init(_ heatmap: Heatmap, _ range: ClosedRange<Float>, in body: Box) {
        (rows, columns) = (heatmap.rowNames.count, heatmap.columnNames.count)
        let widest = heatmap.rowNames.map { UI.width($0, .small) }.max() ?? 0
        nameWidth = min(widest.rounded(.up), (body.width * 0.25).rounded())
        let numbers = Ticks(
            within: Double(range.lowerBound)...Double(range.upperBound), count: max(2, Int(body.height / 40)))
        let numberWidth = numbers.values.map { UI.width(numbers.label($0), .smallMono) }.max() ?? 0
        scaleWidth = (16 + 12 + 8 + max(numberWidth, min(50, UI.width(heatmap.unit, .small)))).rounded(.up)
        let left = nameWidth > 0 ? nameWidth + 8 : 0
        let longestCell = heatmap.longest
        let room = max(1, body.width - left - scaleWidth)
        // What rows and columns are stands above the matrix, or beside one that is narrower than its panel.
        let title = heatmap.axisTitle
        let likelyWidth = min(room, max(1, body.height - 22) / Float(rows) * longestCell * Float(columns))
        titleIsAside = !title.isEmpty && (room - likelyWidth) / 2 > UI.width(title, .small) + 12
        titleHeight = title.isEmpty || titleIsAside || body.height < 90 ? 0 : 17
        let longest = heatmap.columnNames.map { UI.width($0, .small) }.max() ?? 0
        var width = room
        var height = max(1, body.height - 22 - titleHeight)
        width = min(width, height / Float(rows) * longestCell * Float(columns), 120 * Float(columns))
        isUpwards = longest + 6 > width / Float(columns)
        let above = isUpwards ? max(22, min(longest + 10, body.height * 0.3)).rounded(.up) : 22
        hasColumnNames = !isUpwards || above >= min(longest + 10, 44)
        height = max(1, body.height - (hasColumnNames ? above : 22) - titleHeight)
        height = min(height, width / Float(columns) * longestCell * Float(rows), 80 * Float(rows))
        // What the names took from the height the width follows.
        width = min(width, height / Float(rows) * longestCell * Float(columns))
        // Cells of whole pixels are all the same size where that costs little.
        func whole(_ length: Float, _ count: Int) -> Float {
            let cell = (length / Float(count)).rounded(.down)
            return cell >= 1 && cell * Float(count) > 0.93 * length ? cell * Float(count) : length.rounded(.down)
        }
        (width, height) = (whole(width, columns), whole(height, rows))
        let aside = max(0, (body.width - left - width - scaleWidth) / 2)
        top = body.y
        area = Box(
            (body.x + aside + left).rounded(), (body.y + titleHeight + (hasColumnNames ? above : 22)).rounded(), width,
            height)
        bar = Box(area.maxX + 16, area.y, 12, area.height)
    }

    func box(row: Int, column: Int) -> Box {
        Box(
            area.x + Float(column) * cellWidth, area.y + Float(row) * cellHeight, cellWidth, cellHeight)
    }

    func cell(at point: Point) -> (row: Int, column: Int)? {
        let (row, column) = ((point.y - area.y) / cellHeight, (point.x - area.x) / cellWidth)
        guard row >= 0, column >= 0, row < Float(rows), column < Float(columns) else { return nil }
        return (Int(row), Int(column))
    }

    /// As many names as stand clear of each other, and of the hovered one.
    func hasRowName(_ index: Int, _ hovered: Int?) -> Bool { Self.hasName(index, cellHeight, hovered) }
    func hasColumnName(_ index: Int, _ hovered: Int?) -> Bool { Self.hasName(index, cellWidth, hovered) }

    private static func hasName(_ index: Int, _ pitch: Float, _ hovered: Int?) -> Bool {
        let step = max(1, Int((13 / max(pitch, 0.01)).rounded(.up)))
        guard index.isMultiple(of: step) else { return false }
        return hovered.map { Float(abs($0 - index)) * pitch >= 12.5 } ?? true
    }
}
