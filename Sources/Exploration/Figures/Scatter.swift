import Formats

/// Points in a plane, as discs or small images.
public struct Scatter: FigureContent {
    /// A point of the plane.
    public struct Disc: Sendable {
        /// Its place from left to right.
        public var x: Double
        /// Its place from bottom to top.
        public var y: Double
        /// Its area is in proportion to this.
        public var weight: Double
        /// What the hover says.
        public var title: String
        /// Named numbers for its hover.
        public var facts: [(name: String, value: Double)]
        /// A short name, drawn in the disc if it fits there, else beside it where there is room.
        public var label: String
        /// Whether it is marked as chosen, and what a click does; nil if it cannot be chosen.
        public var choice: Choice?

        /// A disc at x, y.
        public init(
            x: Double, y: Double, weight: Double = 1, title: String, facts: [(name: String, value: Double)] = [],
            label: String = "", choice: Choice? = nil
        ) {
            self.choice = choice
            (self.x, self.y, self.weight, self.title, self.facts, self.label) = (x, y, weight, title, facts, label)
        }
    }

    /// What the horizontal axis shows, with its unit.
    public var xTitle: String
    /// What the vertical axis shows, with its unit.
    public var yTitle: String
    /// The points, in any order.
    public var discs: [Disc]
    public var caption: String
    /// Images that stand for the discs where few enough are in view, in the discs' order; nil if there are none.
    public var thumbnails: ImageGrid?

    /// Points in a plane.
    public init(
        xTitle: String, yTitle: String, discs: [Disc], caption: String = "", thumbnails: ImageGrid? = nil
    ) {
        (self.xTitle, self.yTitle, self.discs, self.caption) = (xTitle, yTitle, discs, caption)
        self.thumbnails = thumbnails
    }

    public var unmark: Action? { discs.map(\.choice).unmark }

    public var csv: String? {
        csvLines(
            [["name", xTitle, yTitle, "weight"]]
                + discs.map { [$0.title, "\($0.x)", "\($0.y)", "\($0.weight)"] })
    }
}
