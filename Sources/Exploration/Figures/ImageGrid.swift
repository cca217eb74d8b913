/// Images in rows and columns. All have the same shape; values are in units of full scale.
public struct ImageGrid: FigureContent {
    /// How values become light.
    public enum Display: Sendable, Equatable {
        /// 0 is black, 1 is white; what lies outside is cut.
        case unit
        /// Zero is mid-grey; the largest |value| is white or black. Which one is the largest, ``ImageGrid/contrast`` says.
        case signed
        /// 0 is black, the largest value is white; what lies below 0 is cut.
        case stretched
        /// Zero is nearly black; values below it are blue, those above orange, and the largest |value| has the full hue. Images of
        /// three channels have their own colours, and are shown as by ``signed``.
        case diverging
    }

    /// Which images share one scale of light, where a display is as strong as the largest value.
    public enum Contrast: Int, Sendable, CaseIterable {
        /// Each image by itself: sizes of two images cannot be compared.
        case image
        /// All images of a row.
        case row
        /// All images of a column; of a group of columns (``ImageGrid/members``) if there are groups.
        case column
        /// All images of the grid.
        case grid

        /// "each image by itself", "one scale for the grid".
        public var words: String {
            switch self {
            case .image: "each image by itself"
            case .row: "one scale per row"
            case .column: "one scale per column"
            case .grid: "one scale for the grid"
            }
        }
    }

    /// The size of an image: channels, rows and columns of pixels.
    public struct Size: Sendable, Equatable {
        /// 1 for grey, 3 for red, green and blue.
        public var channels: Int
        /// Rows of pixels.
        public var height: Int
        /// Columns of pixels.
        public var width: Int

        /// The size of an image.
        public init(channels: Int = 1, height: Int, width: Int) {
            (self.channels, self.height, self.width) = (channels, height, width)
        }
    }

    /// Another image that belongs to a cell: what it was before, or the training image that it resembles most. It has a scale of
    /// light of its own, which is said below it.
    public struct Related: Sendable {
        /// What it is: "nearest training image".
        public var title: String
        /// Channels × height × width numbers.
        public var values: [Float]
        /// Its size; that of the grid's images if nil.
        public var size: Size?
        /// How its values become light; as in the grid if nil.
        public var display: Display?
        /// A few words or a number about it, below it: "cosine 0.71".
        public var note: String
        /// Whether the hover shows it too; only the cell's own window if not.
        public var isInHover: Bool

        /// An image that belongs to a cell.
        public init(
            _ title: String, values: [Float], size: Size? = nil, display: Display? = nil, note: String = "",
            isInHover: Bool = true
        ) {
            (self.title, self.values, self.size, self.display) = (title, values, size, display)
            (self.note, self.isInHover) = (note, isInHover)
        }
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
        /// Other images that belong to it: small beside its hover's facts, larger beside it when it is enlarged.
        public var related: [Related]
        /// Done when it is enlarged: one of the model's view actions (``Model/viewActions``), by which the figure knows of which
        /// cell everything is to be shown (``ImageGrid/detailed``). Nil if that makes no difference.
        public var whenEnlarged: Action?

        /// An image of channels × height × width values.
        public init(
            values: [Float], title: String = "", caption: String = "", facts: [(name: String, value: Double)] = [],
            actions: [Action] = [], isRight: Bool? = nil, choice: Choice? = nil, related: [Related] = [],
            whenEnlarged: Action? = nil
        ) {
            (self.choice, self.related, self.whenEnlarged) = (choice, related, whenEnlarged)
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
    /// Columns that belong together, such as an average and its sample: they stand close to each other, beside or one above the
    /// other as makes them larger, under one title. Names what each of them is; empty if each column is by itself.
    ///
    /// ``columns`` is a multiple of their number; ``columnTitles`` and ``columnActions`` have one entry per group.
    public var members: [String]
    /// What stands above each column, or each group of columns; empty for none.
    public var columnTitles: [String]
    /// What stands at the left of each row; empty for none.
    public var rowTitles: [String]
    /// How values become light.
    public var display: Display
    /// Which images share one scale of light.
    public var contrast: Contrast
    /// Whether a bar below the images says which light is which value.
    public var showsScale: Bool
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
    /// The cell of which the figure has shown everything; nil for none. A viewer has the cell that it enlarges done
    /// (``Cell/whenEnlarged``), and ``whenClosed`` when it enlarges none.
    public var detailed: Int?
    /// Done when no cell is enlarged any more; nil if nothing is to be.
    public var whenClosed: Action?

    /// Images of one shape, in rows of `columns`.
    public init(
        channels: Int = 1, height: Int, width: Int, columns: Int, columnTitles: [String] = [], rowTitles: [String] = [],
        display: Display = .unit, cells: [Cell], caption: String = "", columnActions: [[Action]] = [],
        flows: Bool = false,
        actions: [Action] = [], contrast: Contrast = .image, showsScale: Bool = false, members: [String] = [],
        detailed: Int? = nil, whenClosed: Action? = nil
    ) {
        (self.flows, self.actions, self.contrast, self.showsScale) = (flows, actions, contrast, showsScale)
        (self.members, self.detailed, self.whenClosed) = (members, detailed, whenClosed)
        (self.channels, self.height, self.width, self.columns) = (channels, height, width, columns)
        (self.columnTitles, self.rowTitles, self.display) = (columnTitles, rowTitles, display)
        (self.cells, self.caption, self.columnActions) = (cells, caption, columnActions)
    }

    /// Rows of the grid; the last one may not be full.
    public var rows: Int { columns > 0 ? (cells.count + columns - 1) / columns : 0 }

    public var unmark: Action? { cells.map(\.choice).unmark }

    public var whyEmpty: String? { height > 0 && width > 0 && columns > 0 && !cells.isEmpty ? nil : "No images." }
}
