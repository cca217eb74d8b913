import Formats

/// A matrix of values as colours.
public struct Heatmap: FigureContent {
    /// What stands at the left of each row.
    public var rowNames: [String]
    /// What stands above each column.
    public var columnNames: [String]
    /// How values become colours.
    public enum Shading: Sendable, Equatable {
        /// In proportion to the value.
        case linear
        /// By the square root of how far a value is from the lower end: small ones are told apart.
        case squareRoot
    }

    /// Row by row, as many per row as there are column names. Missing values and those that are not numbers stay grey.
    public var values: [Float]
    /// What is written in the cells, in the order of the values, and into files instead of them; the values if empty.
    public var texts: [String]
    /// What the rows and the columns are: "true", "predicted".
    public var rowTitle: String
    /// What the columns are: "predicted".
    public var columnTitle: String
    /// How values become colours.
    public var shading: Shading
    /// By row, and for the column of the same number where rows and columns are the same things.
    public var choices: [Choice?]
    /// What the two ends of the colours stand for; the least and the largest value if nil.
    public var range: ClosedRange<Float>?
    /// What the values are, for the scale and the hover: "cosine", "documents".
    public var unit: String
    public var caption: String

    /// A matrix with `rowNames.count` × `columnNames.count` values, row by row.
    public init(
        rowNames: [String], columnNames: [String], values: [Float], range: ClosedRange<Float>? = nil,
        unit: String = "", caption: String = "", texts: [String] = [], rowTitle: String = "", columnTitle: String = "",
        shading: Shading = .linear, choices: [Choice?] = []
    ) {
        (self.texts, self.rowTitle, self.columnTitle) = (texts, rowTitle, columnTitle)
        (self.shading, self.choices) = (shading, choices)
        (self.rowNames, self.columnNames, self.values) = (rowNames, columnNames, values)
        (self.range, self.unit, self.caption) = (range, unit, caption)
    }

    /// Nil where there is no such value.
    public func value(row: Int, column: Int) -> Float? {
        guard rowNames.indices.contains(row), columnNames.indices.contains(column) else { return nil }
        let place = row * columnNames.count + column
        return values.indices.contains(place) ? values[place] : nil
    }

    /// The text of a cell; nil where there is none.
    public func text(row: Int, column: Int) -> String? {
        guard rowNames.indices.contains(row), columnNames.indices.contains(column) else { return nil }
        let place = row * columnNames.count + column
        return texts.indices.contains(place) ? texts[place] : nil
    }

    /// Whether rows and columns are the same things.
    public var isSquare: Bool { rowNames == columnNames }

    public var unmark: Action? { choices.unmark }

    public var csv: String? {
        csvLines(
            [["name"] + columnNames]
                + rowNames.enumerated().map { row, name in
                    [name]
                        + columnNames.indices.map {
                            text(row: row, column: $0) ?? value(row: row, column: $0).map { "\($0)" } ?? ""
                        }
                })
    }
}
