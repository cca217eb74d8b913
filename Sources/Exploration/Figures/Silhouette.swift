import Formats

/// Silhouettes of points, grouped: how much nearer each is to its own group than to the next one, from −1 to 1.
public struct Silhouette: FigureContent {
    /// The points of one group.
    public struct Group: Sendable {
        /// What the hover says: "cluster 12".
        public var name: String
        /// From the largest on.
        public var values: [Double]
        /// Whether it is marked as chosen, and what a click does; nil if it cannot be chosen.
        public var choice: Choice?

        /// A group; its values are put in order.
        public init(name: String, values: [Double], choice: Choice? = nil) {
            self.choice = choice
            // What is not finite comes last: it has no place in an order.
            (self.name, self.values) = (
                name, values.filter(\.isFinite).sorted(by: >) + values.filter { !$0.isFinite }
            )
        }
    }

    /// The groups from top to bottom.
    public var groups: [Group]
    public var caption: String

    /// Silhouettes of the points of each group.
    public init(groups: [Group], caption: String = "") { (self.groups, self.caption) = (groups, caption) }

    public var unmark: Action? { groups.map(\.choice).unmark }

    /// Over all points whose value is a number.
    public var mean: Double {
        let values = groups.flatMap(\.values).filter(\.isFinite)
        return values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }

    public var csv: String? {
        csvLines([["group", "silhouette"]] + groups.flatMap { group in group.values.map { [group.name, "\($0)"] } })
    }
}
