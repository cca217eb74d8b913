// A grid in a file, and what becomes of places that no grid held.

extension PanelGrid: Codable {
    /// A panel, or parts across or down.
    private struct Stored: Codable {
        var share: Float?
        var panel: String?
        var across: [Stored]?
        var down: [Stored]?

        init(_ node: Node, share: Float? = nil) {
            self.share = share
            switch node {
            case .panel(let name): panel = name
            case .split(let axis, let parts):
                let total = max(parts.reduce(0) { $0 + $1.share }, 1e-6)
                let stored = parts.map { Stored($0.node, share: $0.share / total) }
                if axis == .across { across = stored } else { down = stored }
            }
        }

        func node(_ decoder: any Decoder) throws -> Node {
            func damaged(_ problem: String) -> DecodingError {
                DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: problem))
            }
            func parts(_ stored: [Stored]) throws -> [Part] {
                try stored.map { part in
                    guard let share = part.share, share.isFinite, share > 0, share <= 1 else {
                        throw damaged("a share that is not between 0 and 1")
                    }
                    return Part(node: try part.node(decoder), share: max(share, 1e-6))
                }
            }
            switch (panel, across, down) {
            case (let name?, nil, nil): return .panel(name)
            case (nil, let row?, nil): return .split(.across, try parts(row))
            case (nil, nil, let column?): return .split(.down, try parts(column))
            default: throw damaged("a part that is neither a panel nor parts across or down")
            }
        }
    }

    func encode(to encoder: any Encoder) throws {
        guard let root else { return }
        try Stored(root).encode(to: encoder)
    }

    init(from decoder: any Decoder) throws {
        self.init(try Stored(from: decoder).node(decoder))
        guard Set(panels).count == panels.count, !panels.isEmpty else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "no panel, or one twice"))
        }
    }
}

extension PanelGrid {
    /// The arrangement that is nearest to boxes that lie anywhere, also over each other: those on either side of a cut become
    /// parts, and what lies over a cut belongs to the side where its centre is.
    init(nearestTo boxes: [String: Box]) {
        // In one order, whatever that of the dictionary.
        self.init(Self.node(boxes.sorted { $0.key < $1.key }.map { (name: $0.key, box: $0.value) }))
    }

    private static func node(_ panels: [(name: String, box: Box)]) -> Node? {
        guard panels.count > 1 else { return panels.first.map { .panel($0.name) } }
        // Columns before rows where both cut as well.
        guard let best = [cut(panels, .across), cut(panels, .down)].min(by: { $0.loss < $1.loss - 1e-6 }) else {
            return nil
        }
        let parts = [best.before, best.after].compactMap { side -> Part? in
            guard let node = node(side) else { return nil }
            let ends = side.map { best.axis == .across ? ($0.box.x, $0.box.maxX) : ($0.box.y, $0.box.maxY) }
            let length = (ends.map(\.1).max() ?? 1) - (ends.map(\.0).min() ?? 0)
            return Part(node: node, share: max(length, 1e-3))
        }
        return .split(best.axis, parts)
    }

    private typealias Cut = (
        axis: Axis, before: [(name: String, box: Box)], after: [(name: String, box: Box)], loss: Float
    )

    /// The cut that goes through least of the boxes.
    private static func cut(_ panels: [(name: String, box: Box)], _ axis: Axis) -> Cut {
        func span(_ box: Box) -> (start: Float, end: Float, across: Float) {
            axis == .across ? (box.x, box.maxX, box.height) : (box.y, box.maxY, box.width)
        }
        func centre(_ box: Box) -> Float { axis == .across ? box.midX : box.midY }
        let sorted = panels.sorted { (centre($0.box), $0.name) < (centre($1.box), $1.name) }
        var best: Cut?
        for index in 1..<sorted.count {
            let (before, after) = (Array(sorted[..<index]), Array(sorted[index...]))
            let end = before.map { span($0.box).end }.max() ?? 0
            let start = after.map { span($0.box).start }.min() ?? 0
            let line = (start + end) / 2
            let over = before.reduce(0) { $0 + max(0, span($1.box).end - line) * span($1.box).across }
            let loss = after.reduce(over) { $0 + max(0, line - span($1.box).start) * span($1.box).across }
            if loss < (best?.loss ?? .infinity) - 1e-6 { best = (axis, before, after, loss) }
        }
        return best ?? (axis, panels, [], .infinity)
    }
}
