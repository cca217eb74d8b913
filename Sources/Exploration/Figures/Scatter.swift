import Formats

/// Points in a plane, as discs or small images.
public struct Scatter: FigureContent {
    public struct Disc: Sendable {
        public var x: Double
        public var y: Double
        /// Its area is in proportion to this.
        public var weight: Double
        /// What the hover says.
        public var title: String
        public var facts: [(name: String, value: Double)]
        /// A short name, drawn in the disc if it fits there, else beside it where there is room.
        public var label: String
        public var choice: Choice?

        public init(
            x: Double, y: Double, weight: Double = 1, title: String, facts: [(name: String, value: Double)] = [],
            label: String = "", choice: Choice? = nil
        ) {
            self.choice = choice
            (self.x, self.y, self.weight, self.title, self.facts, self.label) = (x, y, weight, title, facts, label)
        }
    }

    public var xTitle: String
    public var yTitle: String
    public var discs: [Disc]
    public var caption: String
    /// Images that stand for the discs where few enough are in view, in the discs' order; nil if there are none.
    public var thumbnails: ImageGrid?

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
