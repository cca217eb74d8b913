/// A place in the window, in units of the window: pixels on an ordinary display.
public struct Point: Equatable, Sendable {
    /// From the left edge.
    public var x: Float
    /// From the top edge.
    public var y: Float

    /// x units from the left edge, y from the top.
    public init(_ x: Float, _ y: Float) { (self.x, self.y) = (x, y) }
}

/// A rectangle of the window, in units of the window.
public struct Box: Equatable, Sendable {
    /// Its left edge.
    public var x: Float
    /// Its top edge.
    public var y: Float
    /// From left to right.
    public var width: Float
    /// From top to bottom.
    public var height: Float

    /// A rectangle from its left and top edges, its width and its height.
    public init(_ x: Float, _ y: Float, _ width: Float, _ height: Float) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }

    /// Its right edge.
    public var maxX: Float { x + width }
    /// Its lower edge.
    public var maxY: Float { y + height }
    /// The middle between left and right.
    public var midX: Float { x + width / 2 }
    /// The middle between top and bottom.
    public var midY: Float { y + height / 2 }

    /// Whether a point lies inside; the right and lower edges are outside.
    public func contains(_ point: Point) -> Bool { point.x >= x && point.x < maxX && point.y >= y && point.y < maxY }

    /// Less so much on each side.
    public func inset(_ left: Float, _ top: Float, _ right: Float, _ bottom: Float) -> Box {
        Box(x + left, y + top, max(0, width - left - right), max(0, height - top - bottom))
    }

    /// Whether both have some area in common.
    public func overlaps(_ other: Box) -> Bool {
        x < other.maxX && other.x < maxX && y < other.maxY && other.y < maxY
    }

    /// Moved as little as possible to lie within `area`.
    public func within(_ area: Box) -> Box {
        let width = min(self.width, area.width)
        let height = min(self.height, area.height)
        return Box(
            min(max(x, area.x), area.maxX - width), min(max(y, area.y), area.maxY - height), width, height)
    }

    /// `count` parts from top to bottom with `gap` between them, on whole pixels.
    public func rows(_ count: Int, gap: Float) -> [Box] {
        let pitch = (height + gap) / Float(max(1, count))
        return (0..<count).map { i in
            let (top, bottom) = ((Float(i) * pitch).rounded(), (Float(i + 1) * pitch).rounded())
            return Box(x, y + top, width, bottom - top - gap)
        }
    }

    /// `count` parts from left to right with `gap` between them, on whole pixels.
    public func columns(_ count: Int, gap: Float) -> [Box] {
        let pitch = (width + gap) / Float(max(1, count))
        return (0..<count).map { i in
            let (left, right) = ((Float(i) * pitch).rounded(), (Float(i + 1) * pitch).rounded())
            return Box(x + left, y, right - left - gap, height)
        }
    }
}
