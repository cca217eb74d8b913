import Exploration

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
    /// Columns that stand together under one title, and whether they do so one above the other.
    let members: Int
    let isStacked: Bool
    let rowTitleWidth: Float
    /// Every so-many-th row has its title, so that they stand clear of each other.
    let rowTitleStep: Int
    let contentHeight: Float
    let titles: Titles
    /// Columns, or groups of columns.
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
        /// Cells, and of how many of them each group is.
        let count: Int
        let members: Int
        /// Groups of columns, each under its title.
        var columns: Int
        /// Whether the cells of a group stand one above the other.
        var isStacked = false
        var captions: Bool
        let rowTitleWidth: Float
        let columnTitles: [String]

        var rows: Int { max(1, (count + columns * members - 1) / max(1, columns * members)) }
        var aspect: Float { Float(grid.height) / Float(grid.width) }
        var across: Float { members > 1 ? 11 : columns * rows > 400 ? 2 : 5 }
        var captionHeight: Float { captions ? 14 : 0 }
        /// Cells of a group beside each other, and one above the other.
        var beside: Float { isStacked ? 1 : Float(members) }
        var below: Float { isStacked ? Float(members) : 1 }
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
            grid: grid, count: max(grid.cells.count, Int(scale.most("cells"))),
            members: grid.flows ? 1 : grid.memberCount, columns: grid.columns, captions: false,
            rowTitleWidth: Float(scale.most("row titles")),
            columnTitles: grid.flows ? [] : Array(grid.columnTitles.prefix(grid.columns / grid.memberCount)))
        asked.columns = max(1, grid.columns / asked.members)
        var plain = Self(asked, in: body)
        if asked.members > 1 {
            // Beside each other, unless that makes them smaller.
            var stacked = asked
            stacked.isStacked = true
            let other = Self(stacked, in: body)
            if other.isRoomier(than: plain, in: body) { (plain, asked) = (other, stacked) }
        }
        guard captionWidth > 0 else {
            self = plain
            return
        }
        asked.captions = true
        let captioned = Self(asked, in: body)
        let hasRoom = captionWidth <= captioned.cellWidth + 4 && captioned.cellWidth >= 0.75 * plain.cellWidth
        self = hasRoom ? captioned : plain
    }

    /// Whether its images are clearly larger, and all of them are seen.
    private func isRoomier(than other: GridLayout, in body: Box) -> Bool {
        let (fits, otherFits) = (contentHeight <= body.height + 1, other.contentHeight <= body.height + 1)
        return fits == otherFits ? cellWidth > 1.04 * other.cellWidth : fits
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
            if groupWidth + columnGap >= widest + 6 { return }
        }
        let longest = titles.map { UI.width($0, .small) }.max() ?? 0
        self.init(asked, in: body, .upwards, height: min(longest + 10, body.height * 0.3))
        // Cells narrower than a letter is high have no place for words.
        if groupWidth + gap < 12 { self.init(asked, in: body, .none, height: 0) }
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
        return min(wide(asked, in: body, left: left), high(asked, in: body, top: top) / asked.aspect)
    }

    /// How wide images are where all columns fit.
    private static func wide(_ asked: Asked, in body: Box, left: Float) -> Float {
        let columns = Float(asked.columns)
        let group = (body.width - left - (columns - 1) * asked.across) / columns
        return (group - (asked.beside - 1) * memberGap) / asked.beside
    }

    /// How high they are where all rows do.
    private static func high(_ asked: Asked, in body: Box, top: Float) -> Float {
        let rows = Float(asked.rows)
        let gap = asked.across + asked.captionHeight
        let group = (body.height - top - 2 - asked.captionHeight - (rows - 1) * gap) / rows
        return (group - (asked.below - 1) * (memberGap + asked.captionHeight)) / asked.below
    }

    /// Between the cells of a group.
    private static let memberGap: Float = 2

    /// The room of a group; of a single cell where there are none.
    var groupWidth: Float { isStacked ? cellWidth : Float(members) * (cellWidth + Self.memberGap) - Self.memberGap }
    var groupHeight: Float {
        isStacked ? Float(members) * (cellHeight + memberPitch) - memberPitch : cellHeight
    }
    private var memberPitch: Float { Self.memberGap + captionHeight }

    /// A column's title as it is shown, cut only where no way of setting it fits.
    @MainActor func lines(of title: String) -> [String] {
        switch titles {
        case .none: [""]
        case .oneLine: [title]
        case .twoLines, .twoSmallLines:
            UI.width(title, titles.face) <= groupWidth + columnGap - 6 ? [title] : UI.inTwoLines(title, titles.face)
        case .upwards: [UI.shortened(title, to: titleHeight - 8, .small)]
        }
    }

    @MainActor private init(
        _ asked: Asked, in body: Box, _ titles: Titles, height top: Float, columnWidth: Float = 0
    ) {
        let grid = asked.grid
        (columns, rows) = (asked.columns, asked.rows)
        (members, isStacked) = (asked.members, asked.isStacked)
        titleHeight = top
        self.titles = titles
        rowTitleWidth = min(asked.rowTitleWidth, body.width * 0.2)
        let left = rowTitleWidth > 0 ? rowTitleWidth + 8 : 0
        let (columns, rows) = (Float(asked.columns), Float(asked.rows))
        captionHeight = asked.captionHeight
        let across = asked.across
        gap = across + captionHeight
        let wide = Self.wide(asked, in: body, left: left)
        // As large as fits; but not so small that nothing can be told, then it scrolls.
        let least = min(wide, grid.flows ? Self.leastFlowing : 26)
        var width = max(Self.width(asked, in: body, top: top, left: left), least)
        let zoom = width / Float(grid.width)
        // Whole pixels are all the same size where that costs little.
        if zoom >= 1, zoom.rounded(.down) / zoom > 0.93 { width = zoom.rounded(.down) * Float(grid.width) }
        cellWidth = max(2, width.rounded(.down))
        cellHeight = max(2, (cellWidth * asked.aspect).rounded())
        // What the computed properties say, which need all that is stored here.
        let pitch = Self.memberGap + asked.captionHeight
        let groupWidth = asked.beside * (cellWidth + Self.memberGap) - Self.memberGap
        let groupHeight = asked.below * (cellHeight + pitch) - pitch
        rowTitleStep = max(1, Int((13 / (groupHeight + gap)).rounded(.up)))
        contentHeight = top + rows * (groupHeight + gap) - across + 2
        // Where height is what is short, columns may stand further apart for the sake of their titles.
        let spare = (body.width - left - columns * groupWidth) / max(1, columns - 1)
        columnGap = max(across, min(columnWidth - groupWidth, spare, groupWidth * 0.5).rounded(.down))
        let used = left + columns * (groupWidth + columnGap) - columnGap
        // What is smaller than its panel stands in the middle.
        let (aside, above) = (max(0, (body.width - used) / 2), max(0, (body.height - contentHeight) / 2))
        origin = Point((body.x + left + aside).rounded(), (body.y + top + above).rounded())
    }

    /// The height at which the grid would fill `width`; of one that flows, in the columns that it names itself.
    @MainActor static func height(of grid: ImageGrid, filling width: Float) -> Float {
        var fixed = grid
        fixed.flows = false
        return GridLayout(fixed, in: Box(0, 0, width, 1e5)).contentHeight + (grid.actions.isEmpty ? 0 : 26)
            + GridScale.height(of: grid, width: width)
    }

    /// The same, with the top of its content at `y`.
    func moved(to y: Float) -> GridLayout {
        var moved = self
        moved.origin.y = y + titleHeight
        return moved
    }

    func cell(_ index: Int) -> Box {
        let (group, member) = index.quotientAndRemainder(dividingBy: members)
        var box = self.group(row: group / columns, column: group % columns)
        if isStacked {
            box.y += Float(member) * (cellHeight + memberPitch)
        } else {
            box.x += Float(member) * (cellWidth + Self.memberGap)
        }
        (box.width, box.height) = (cellWidth, cellHeight)
        return box
    }

    /// The cells that stand together; one cell where there are no groups.
    func group(row: Int, column: Int) -> Box {
        Box(
            origin.x + Float(column) * (groupWidth + columnGap), origin.y + Float(row) * (groupHeight + gap),
            groupWidth,
            groupHeight)
    }

    /// The cell that an arrow key leads to: there may be none.
    func neighbour(of index: Int, right: Int, down: Int) -> Int {
        let row = columns * members
        guard isStacked else { return index + right + down * row }
        let member = index % members
        let next = index + right * members
        switch down {
        case 1: return member + 1 < members ? next + 1 : next - member + row
        case -1: return member > 0 ? next - 1 : next - row + members - 1
        default: return next
        }
    }

    /// Where the images end.
    var bottom: Float { origin.y + Float(rows) * (groupHeight + gap) - gap + captionHeight }
}
