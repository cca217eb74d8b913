import Formats

/// Text and numbers in rows and columns.
public struct Table: FigureContent {
    /// What happened to a cell since the last change of a control.
    public struct CellMark: Sendable, Equatable {
        /// What happened to a cell.
        public enum Kind: Sendable, CaseIterable {
            /// It was not there before.
            case new
            /// It is no longer there, and is named for comparison.
            case gone
            /// It was there, in another place.
            case moved
        }

        /// What happened to the cell.
        public var kind: Kind
        /// What the hover says: "was 7th".
        public var note: String

        /// A mark, and what its hover says.
        public init(_ kind: Kind, note: String = "") { (self.kind, self.note) = (kind, note) }
    }

    /// The titles of the columns.
    public var columns: [String]
    /// The cells, row by row.
    public var rows: [[String]]
    /// Columns that hold numbers, which are set in mono and to the right.
    public var numeric: Set<Int>
    public var caption: String
    /// Marks of cells, by row and column; nil where there is none.
    public var marks: [[CellMark?]]
    /// What can be done to a row, by row: a click does the first.
    public var rowActions: [[Action]]
    /// Whether a row is marked as chosen, by row; a click then does this instead of the first action.
    public var choices: [Choice?]

    /// A table with one cell per column in each row.
    public init(
        columns: [String], rows: [[String]], numeric: Set<Int> = [], caption: String = "", marks: [[CellMark?]] = [],
        rowActions: [[Action]] = [], choices: [Choice?] = []
    ) {
        self.choices = choices
        (self.columns, self.rows, self.numeric, self.caption) = (columns, rows, numeric, caption)
        (self.marks, self.rowActions) = (marks, rowActions)
    }

    public var unmark: Action? { choices.unmark }

    /// The mark of a cell; nil if it has none.
    public func mark(row: Int, column: Int) -> CellMark? {
        marks.indices.contains(row) && marks[row].indices.contains(column) ? marks[row][column] : nil
    }

    public var csv: String? { csvLines([columns] + rows) }
}
