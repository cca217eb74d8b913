/// Points in a plane, as discs.
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

        public init(
            x: Double, y: Double, weight: Double = 1, title: String, facts: [(name: String, value: Double)] = [],
            label: String = ""
        ) {
            (self.x, self.y, self.weight, self.title, self.facts, self.label) = (x, y, weight, title, facts, label)
        }
    }

    public var xTitle: String
    public var yTitle: String
    public var discs: [Disc]
    public var caption: String

    public init(xTitle: String, yTitle: String, discs: [Disc], caption: String = "") {
        (self.xTitle, self.yTitle, self.discs, self.caption) = (xTitle, yTitle, discs, caption)
    }

    public var csv: String? {
        csvLines(
            [["name", xTitle, yTitle, "weight"]]
                + discs.map { [$0.title, "\($0.x)", "\($0.y)", "\($0.weight)"] })
    }
}
