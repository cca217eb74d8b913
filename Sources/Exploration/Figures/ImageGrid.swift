/// Images in rows and columns. All have the same shape; values are in units of full scale.
public struct ImageGrid: FigureContent {
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
        /// Whether the cell is marked as chosen. A click that enlarges it chooses it.
        public var choice: Choice?
        /// Marks the cell as doing what it should (classified as its target), where that has a meaning.
        public var isRight: Bool?

        /// An image of channels × height × width values.
        public init(
            values: [Float], title: String = "", caption: String = "", facts: [(name: String, value: Double)] = [],
            actions: [Action] = [], isRight: Bool? = nil, choice: Choice? = nil
        ) {
            self.choice = choice
            (self.values, self.title, self.caption, self.facts) = (values, title, caption, facts)
            (self.actions, self.isRight) = (actions, isRight)
        }
    }

    /// 1 for grey, 3 for red, green and blue.
    public var channels: Int
    /// Rows of pixels of each image.
    public var height: Int
    /// Columns of pixels of each image.
    public var width: Int
    /// Images in a row of the grid.
    public var columns: Int
    /// What stands above each column; empty for none.
    public var columnTitles: [String]
    /// What stands at the left of each row; empty for none.
    public var rowTitles: [String]
    /// How values become light.
    public var display: Display
    /// The images, row by row.
    public var cells: [Cell]
    /// The grey part of the panel's title: "output layer before softmax · 10 neurons × 7 chains".
    public var caption: String
    /// What can be done to a whole column, by column.
    public var columnActions: [[Action]]
    /// Whether columns mean nothing: a viewer then takes as many as make the images largest.
    public var flows: Bool
    /// What can be done to the whole grid: show the next images.
    public var actions: [Action]

    /// Images of one shape, in rows of `columns`.
    public init(
        channels: Int = 1, height: Int, width: Int, columns: Int, columnTitles: [String] = [], rowTitles: [String] = [],
        display: Display = .unit, cells: [Cell], caption: String = "", columnActions: [[Action]] = [],
        flows: Bool = false,
        actions: [Action] = []
    ) {
        (self.flows, self.actions) = (flows, actions)
        (self.channels, self.height, self.width, self.columns) = (channels, height, width, columns)
        (self.columnTitles, self.rowTitles, self.display) = (columnTitles, rowTitles, display)
        (self.cells, self.caption, self.columnActions) = (cells, caption, columnActions)
    }

    /// Rows of the grid; the last one may not be full.
    public var rows: Int { columns > 0 ? (cells.count + columns - 1) / columns : 0 }

    public var unmark: Action? { cells.map(\.choice).unmark }

    public var whyEmpty: String? { height > 0 && width > 0 && columns > 0 && !cells.isEmpty ? nil : "No images." }
}
