import Formats

/// A matrix of discs: rows are words, columns are topics, or whatever has weights in each other. The area of a disc is
/// in proportion to its value.
///
/// - Source: J. Chuang, C. D. Manning, J. Heer, "Termite: visualization techniques for assessing textual topic models",
///   Proc. AVI, 2012.
public struct CircleMatrix: FigureContent {
    /// A row of discs: a word.
    public struct Row: Sendable {
        /// What stands at its left.
        public var name: String
        /// One per column. What is missing or negative draws no disc; what is not a number draws a cross.
        public var values: [Float]
        /// Keeps it on top, whatever the order is.
        public var isPinned: Bool
        /// What can be done to it: a click on its name does the first.
        public var actions: [Action]

        /// A row with one value per column.
        public init(name: String, values: [Float], isPinned: Bool = false, actions: [Action] = []) {
            (self.name, self.values, self.isPinned, self.actions) = (name, values, isPinned, actions)
        }
    }

    /// A column of discs: a topic.
    public struct Column: Sendable {
        /// A short name, such as a number.
        public var name: String
        /// What stands below the name where there is room, and in its hover: "4.1 %".
        public var note: String
        /// Rows, from the strongest in this column on. They are shown in this order while its title is hovered.
        public var order: [Int]
        /// What can be done to it: a click on its name does the first.
        public var actions: [Action]
        /// Whether it is marked as chosen; a click on its name then does this instead of the first action.
        public var choice: Choice?

        /// A column, with its strongest rows first in `order`.
        public init(name: String, note: String = "", order: [Int], actions: [Action] = [], choice: Choice? = nil) {
            (self.name, self.note, self.order, self.actions, self.choice) = (name, note, order, actions, choice)
        }
    }

    /// All rows that any order names.
    public var rows: [Row]
    /// The columns from left to right.
    public var columns: [Column]
    /// The rows that are shown when no column is hovered, from top to bottom.
    public var order: [Int]
    /// The value of a disc of full size; the largest value if it is not above 0.
    public var scale: Float
    /// What the values are: "weight".
    public var valueTitle: String
    public var caption: String
    /// What a column is: "topic".
    public var columnTitle: String

    /// A matrix of discs; `order` names the rows to show, from the top.
    public init(
        rows: [Row], columns: [Column], order: [Int], scale: Float = 0, valueTitle: String = "weight",
        caption: String = "", columnTitle: String = "topic"
    ) {
        (self.rows, self.columns, self.order) = (rows, columns, order)
        (self.scale, self.valueTitle, self.caption, self.columnTitle) = (scale, valueTitle, caption, columnTitle)
    }

    /// Nil where there is no such value.
    public func value(row: Int, column: Int) -> Float? {
        rows.indices.contains(row) && rows[row].values.indices.contains(column) ? rows[row].values[column] : nil
    }

    /// The rows to show, from top to bottom: the pinned ones first, then by the column, or by ``order`` if it is nil or
    /// ranks none. Each is named once, and what names no row is left out.
    public func shownRows(by column: Int? = nil) -> [Int] {
        var wanted = order
        if let column, columns.indices.contains(column), columns[column].order.contains(where: rows.indices.contains) {
            wanted = columns[column].order
        }
        var isTaken = rows.map(\.isPinned)
        var shown = rows.indices.filter { isTaken[$0] }
        for row in wanted where rows.indices.contains(row) && !isTaken[row] {
            isTaken[row] = true
            shown.append(row)
        }
        return shown
    }

    public var unmark: Action? { columns.map(\.choice).unmark }

    /// How many rows are kept on top.
    public var pinnedCount: Int { rows.count(where: \.isPinned) }

    /// Rows in the order in which they are shown, then those that only a column names.
    public var csv: String? {
        let shown = shownRows()
        let rest = Set(rows.indices).subtracting(shown).sorted()
        let titles = columns.map { [columnTitle, $0.name].filter { !$0.isEmpty }.joined(separator: " ") }
        return csvLines(
            [["name"] + titles]
                + (shown + rest).map { row in
                    [rows[row].name] + columns.indices.map { value(row: row, column: $0).map { "\($0)" } ?? "" }
                })
    }
}
