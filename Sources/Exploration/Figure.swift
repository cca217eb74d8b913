/// A picture of a model, as data; the viewer has one renderer for each kind.
///
/// `Subject` is what it is computed from: a model, or a model with its attachment (``Riding``).
public struct Figure<Subject: Sendable>: Sendable {
    public let info: FigureInfo
    public let compute: @Sendable (Subject, FigureContext) throws -> FigureContent

    public init(
        _ id: String, title: String, means: String, startsOpen: Bool = false,
        compute: @escaping @Sendable (Subject, FigureContext) throws -> FigureContent
    ) {
        info = FigureInfo(id: id, title: title, means: means, startsOpen: startsOpen)
        self.compute = compute
    }
}

/// What is known of a figure before it is computed.
public struct FigureInfo: Sendable, Equatable, Identifiable {
    public let id: String
    public let title: String
    /// One line on what it shows.
    public let means: String
    /// Whether its panel is there when a person first sees the model.
    public let startsOpen: Bool

    public init(id: String, title: String, means: String, startsOpen: Bool = false) {
        (self.id, self.title, self.means, self.startsOpen) = (id, title, means, startsOpen)
    }
}

/// What a figure may depend on besides the model.
public struct FigureContext: Sendable {
    /// The step whose model is shown.
    public let step: Int
    public let settings: Settings
}

/// What a figure shows.
public enum FigureContent: Sendable {
    case imageGrid(ImageGrid)
    case bars(Bars)
    case table(Table)
    case curve(Curve)
    case histogram(Histogram)
    case silhouette(Silhouette)
    case scatter(Scatter)
    case circleMatrix(CircleMatrix)
    case heatmap(Heatmap)
    case text(ColouredText)
    /// Nothing to show yet, and why: "first values after step 50".
    case empty(String)
}

/// Images in rows and columns. All have the same shape; values are in units of full scale.
public struct ImageGrid: Sendable {
    /// How values become light.
    public enum Display: Sendable, Equatable {
        /// 0 is black, 1 is white; what lies outside is cut.
        case unit
        /// Zero is mid-grey; the largest |value| of each image is white or black.
        case signed
    }

    /// One image, in the order row by row.
    public struct Cell: Sendable {
        /// Channels × height × width numbers (1 or 3 channels).
        public var values: [Float]
        /// What the hover says: "class 4, chain 3".
        public var title: String
        /// What stands below it, where there is room: a number of a few digits.
        public var caption: String
        /// Named numbers under it: activation, probability.
        public var facts: [(name: String, value: Double)]
        /// What can be done to it, when it is enlarged.
        public var actions: [Action]
        /// Marks the cell as doing what it should (classified as its target), where that has a meaning.
        public var isRight: Bool?

        public init(
            values: [Float], title: String = "", caption: String = "", facts: [(name: String, value: Double)] = [],
            actions: [Action] = [], isRight: Bool? = nil
        ) {
            (self.values, self.title, self.caption, self.facts) = (values, title, caption, facts)
            (self.actions, self.isRight) = (actions, isRight)
        }
    }

    public var channels: Int
    public var height: Int
    public var width: Int
    public var columns: Int
    public var columnTitles: [String]
    public var rowTitles: [String]
    public var display: Display
    public var cells: [Cell]
    /// The grey part of the panel's title: "output layer before softmax · 10 neurons × 7 chains".
    public var caption: String
    /// What can be done to a whole column, by column.
    public var columnActions: [[Action]]

    public init(
        channels: Int = 1, height: Int, width: Int, columns: Int, columnTitles: [String] = [], rowTitles: [String] = [],
        display: Display = .unit, cells: [Cell], caption: String = "", columnActions: [[Action]] = []
    ) {
        (self.channels, self.height, self.width, self.columns) = (channels, height, width, columns)
        (self.columnTitles, self.rowTitles, self.display) = (columnTitles, rowTitles, display)
        (self.cells, self.caption, self.columnActions) = (cells, caption, columnActions)
    }

    public var rows: Int { columns > 0 ? (cells.count + columns - 1) / columns : 0 }
}

/// Labelled bars, one or more series side by side.
public struct Bars: Sendable {
    public var labels: [String]
    /// One value a label, for each named series.
    public var series: [(name: String, values: [Double])]
    public var unit: String
    public var range: ClosedRange<Double>?
    public var caption: String

    public init(
        labels: [String], series: [(name: String, values: [Double])], unit: String = "",
        range: ClosedRange<Double>? = nil, caption: String = ""
    ) {
        (self.labels, self.series, self.unit, self.range, self.caption) = (labels, series, unit, range, caption)
    }
}

/// Text and numbers in rows and columns.
public struct Table: Sendable {
    /// What happened to a cell since the last change of a control.
    public struct CellMark: Sendable, Equatable {
        public enum Kind: Sendable, CaseIterable {
            /// It was not there before.
            case new
            /// It is no longer there, and is named for comparison.
            case gone
            /// It was there, in another place.
            case moved
        }

        public var kind: Kind
        /// What the hover says: "was 7th".
        public var note: String

        public init(_ kind: Kind, note: String = "") { (self.kind, self.note) = (kind, note) }
    }

    public var columns: [String]
    public var rows: [[String]]
    /// Columns that hold numbers, which are set in mono and to the right.
    public var numeric: Set<Int>
    public var caption: String
    /// Marks of cells, by row and column; what lacks has none.
    public var marks: [[CellMark?]]
    /// What can be done to a row, by row: a click does the first.
    public var rowActions: [[Action]]

    public init(
        columns: [String], rows: [[String]], numeric: Set<Int> = [], caption: String = "", marks: [[CellMark?]] = [],
        rowActions: [[Action]] = []
    ) {
        (self.columns, self.rows, self.numeric, self.caption) = (columns, rows, numeric, caption)
        (self.marks, self.rowActions) = (marks, rowActions)
    }

    public func mark(row: Int, column: Int) -> CellMark? {
        marks.indices.contains(row) && marks[row].indices.contains(column) ? marks[row][column] : nil
    }
}

/// Lines over a common x axis.
public struct Curve: Sendable {
    public var xTitle: String
    public var yTitle: String
    public var lines: [(name: String, points: [(x: Double, y: Double)])]
    public var caption: String

    public init(
        xTitle: String, yTitle: String, lines: [(name: String, points: [(x: Double, y: Double)])], caption: String = ""
    ) {
        (self.xTitle, self.yTitle, self.lines, self.caption) = (xTitle, yTitle, lines, caption)
    }
}
