/// A matrix of values as colours.
public struct Heatmap: FigureContent {
    public var rowNames: [String]
    public var columnNames: [String]
    /// Row by row, as many a row as there are column names. What lacks or is no number stays grey.
    public var values: [Float]
    /// What the two ends of the colours stand for; the least and the largest value if nil.
    public var range: ClosedRange<Float>?
    /// What the values are, for the scale and the hover: "cosine", "documents".
    public var unit: String
    public var caption: String

    public init(
        rowNames: [String], columnNames: [String], values: [Float], range: ClosedRange<Float>? = nil,
        unit: String = "", caption: String = ""
    ) {
        (self.rowNames, self.columnNames, self.values) = (rowNames, columnNames, values)
        (self.range, self.unit, self.caption) = (range, unit, caption)
    }

    /// Nil where there is no such value.
    public func value(row: Int, column: Int) -> Float? {
        guard rowNames.indices.contains(row), columnNames.indices.contains(column) else { return nil }
        let place = row * columnNames.count + column
        return values.indices.contains(place) ? values[place] : nil
    }

    public var csv: String? {
        csvLines(
            [["name"] + columnNames]
                + rowNames.enumerated().map { row, name in
                    [name] + columnNames.indices.map { value(row: row, column: $0).map { "\($0)" } ?? "" }
                })
    }
}
