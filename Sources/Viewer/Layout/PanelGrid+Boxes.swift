// Where the panels of a grid are in an area, and how they give way to one that is resized.

extension PanelGrid {
    /// A panel or a split of those that are shown, where it lies.
    struct Laid {
        /// How it is reached in the grid, with what is not shown.
        let path: [Int]
        let box: Box
        /// The least width and height of all in it.
        let least: Point
        let content: Content

        enum Content {
            case panel(String)
            case split(Axis, [Laid])
        }

        /// Itself, and all in it.
        var all: [Laid] {
            guard case .split(_, let parts) = content else { return [self] }
            return [self] + parts.flatMap(\.all)
        }

        var boxes: [String: Box] {
            var boxes: [String: Box] = [:]
            for case .panel(let name) in [content] { boxes[name] = box }
            if case .split(_, let parts) = content {
                for part in parts { boxes.merge(part.boxes) { first, _ in first } }
            }
            return boxes
        }

        /// Whether all panels have the least size that they need.
        var isFitting: Bool { least.x <= box.width && least.y <= box.height }

        /// The splits on the way to a panel, from the outermost, with the number of the part that it is in; nil if it is not
        /// here.
        func way(to panel: String) -> [(split: Laid, parts: [Laid], axis: Axis, index: Int)]? {
            switch content {
            case .panel(let name): return name == panel ? [] : nil
            case .split(let axis, let parts):
                for (index, part) in parts.enumerated() {
                    if let rest = part.way(to: panel) { return [(self, parts, axis, index)] + rest }
                }
                return nil
            }
        }
    }

    /// What is shown of a grid, with the least size of each part.
    private indirect enum Shown {
        case panel(String, path: [Int], least: Point)
        case split(Axis, [(part: Shown, share: Float)], path: [Int], least: Point)

        var least: Point {
            switch self {
            case .panel(_, _, let least), .split(_, _, _, let least): least
            }
        }
    }

    /// Where the panels are that are shown, given with their least sizes; nil if the grid has none of them. Each has its
    /// least size if there is room for that, else less, all in proportion.
    func laid(in area: Box, showing panels: [String: Point], gap: Float) -> Laid? {
        root.flatMap { Self.shown($0, [], panels, gap) }.map { Self.lay($0, in: area, gap) }
    }

    private static func shown(_ node: Node, _ path: [Int], _ panels: [String: Point], _ gap: Float) -> Shown? {
        switch node {
        case .panel(let name): return panels[name].map { .panel(name, path: path, least: $0) }
        case .split(let axis, let parts):
            let inner = parts.enumerated().compactMap { index, part in
                shown(part.node, path + [index], panels, gap).map { (part: $0, share: part.share) }
            }
            guard inner.count > 1 else { return inner.first?.part }
            let gaps = gap * Float(inner.count - 1)
            let (widths, heights) = (inner.map(\.part.least.x), inner.map(\.part.least.y))
            let least =
                axis == .across
                ? Point(widths.reduce(gaps, +), heights.max() ?? 0) : Point(widths.max() ?? 0, heights.reduce(gaps, +))
            return .split(axis, inner, path: path, least: least)
        }
    }

    private static func lay(_ shown: Shown, in box: Box, _ gap: Float) -> Laid {
        switch shown {
        case .panel(let name, let path, let least):
            return Laid(path: path, box: box, least: least, content: .panel(name))
        case .split(let axis, let parts, let path, let least):
            let length = axis == .across ? box.width : box.height
            // Where there is hardly any room the panels get more of it than the gaps.
            let gap = min(gap, (length / Float(4 * parts.count)).rounded(.down))
            let lengths = lengths(
                of: parts.map(\.share), least: parts.map { axis == .across ? $0.part.least.x : $0.part.least.y },
                filling: length - gap * Float(parts.count - 1))
            var at = axis == .across ? box.x : box.y
            let laid = zip(parts, lengths).map { part, length in
                defer { at += length + gap }
                return lay(
                    part.part,
                    in: axis == .across
                        ? Box(at, box.y, length, box.height) : Box(box.x, at, box.width, length), gap)
            }
            return Laid(path: path, box: box, least: least, content: .split(axis, laid))
        }
    }

    /// Whole lengths in proportion to the shares, none below its least length. They fill `room` but for a part of a unit. Where
    /// there is not room for the least lengths, they are in proportion to those.
    static func lengths(of shares: [Float], least: [Float], filling room: Float) -> [Float] {
        let needed = least.reduce(0, +)
        var lengths = least.map { $0 * room / max(needed, 1) }
        if needed <= room {
            // Those whose share is less than they need get what they need, and the others share the rest.
            var isShort = shares.map { _ in false }
            while true {
                let free = zip(least, isShort).reduce(room) { $1.1 ? $0 - $1.0 : $0 }
                let total = zip(shares, isShort).reduce(0) { $1.1 ? $0 : $0 + $1.0 }
                var isDone = true
                for index in shares.indices where !isShort[index] {
                    lengths[index] = total > 0 ? free * shares[index] / total : 0
                    if lengths[index] < least[index] { (isShort[index], isDone) = (true, false) }
                }
                for index in shares.indices where isShort[index] { lengths[index] = least[index] }
                if isDone { break }
            }
        }
        var whole = lengths.map { $0.rounded(.down) }
        let left = Int((room - whole.reduce(0, +)).rounded(.down))
        let byRest = lengths.indices.sorted { lengths[$0] - whole[$0] > lengths[$1] - whole[$1] }
        for index in byRest.prefix(max(0, left)) { whole[index] += 1 }
        return whole
    }

    // MARK: Resizing

    /// Gives a panel another size, as far as its neighbours can give way: those to the right and below, at the end of a row
    /// or column those before it.
    mutating func resize(_ panel: String, to size: Point, in laid: Laid) {
        guard let way = laid.way(to: panel), let box = laid.boxes[panel] else { return }
        resize(way, .across, by: size.x - box.width)
        resize(way, .down, by: size.y - box.height)
    }

    private mutating func resize(
        _ way: [(split: Laid, parts: [Laid], axis: Axis, index: Int)], _ axis: Axis, by wanted: Float
    ) {
        func length(_ laid: Laid) -> Float { axis == .across ? laid.box.width : laid.box.height }
        /// What a part can give.
        func spare(_ laid: Laid) -> Float { max(0, length(laid) - (axis == .across ? laid.least.x : laid.least.y)) }
        let splits = way.indices.filter { way[$0].axis == axis }
        guard
            let outer = splits.last(where: { way[$0].index + 1 < way[$0].parts.count }) ?? splits.last
        else { return }
        let (parts, index) = (way[outer].parts, way[outer].index)
        let neighbours =
            index + 1 < parts.count ? Array((index + 1)..<parts.count) : Array((0..<index).reversed())

        // It can shrink by what all have to spare that become smaller with it, and grow by what its neighbours have.
        let inner = splits.filter { $0 >= outer }
        let shrinks = inner.map { spare(way[$0].parts[way[$0].index]) }.min() ?? 0
        let change = min(max(wanted, -shrinks), neighbours.reduce(0) { $0 + spare(parts[$1]) })
        var lengths = parts.map(length)
        lengths[index] += change
        var left = change
        for neighbour in neighbours where left > 0 {
            let given = min(left, spare(parts[neighbour]))
            lengths[neighbour] -= given
            left -= given
        }
        if left < 0, let first = neighbours.first { lengths[first] -= left }
        set(lengths, of: way[outer].split, parts)
        // What lies beside it further in stays as it is.
        for place in inner where place != outer {
            var lengths = way[place].parts.map(length)
            lengths[way[place].index] += change
            set(lengths, of: way[place].split, way[place].parts)
        }
    }

    private mutating func set(_ lengths: [Float], of split: Laid, _ parts: [Laid]) {
        // A part's path goes on where it is all that is shown of a split.
        let depth = split.path.count
        let numbered = zip(parts, lengths).map { ($0.path[depth], $1) }
        setLengths(Dictionary(numbered) { first, _ in first }, ofSplitAt: split.path)
    }
}
