/// The size of a matrix: rows × columns.
public struct Shape: Sendable, Hashable, CustomStringConvertible {
    /// The number of rows.
    public var rows: Int
    /// The number of columns.
    public var columns: Int

    /// `rows` × `columns`.
    public init(_ rows: Int, _ columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    /// The number of elements.
    public var count: Int { rows * columns }
    /// The number of elements, or nil if 64 bits cannot hold it: for sizes that nobody has checked yet.
    public var checkedCount: Int? {
        let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
        return overflow ? nil : count
    }
    /// The most elements that a matrix can have. Kernels index with 32-bit integers, and may reach past the end,
    /// before they look, by the padding of a work-group or a segment of a reduction, at most 4096.
    public static let largestCount = (1 << 31) - 4096
    /// Columns × rows.
    public var transposed: Shape { Shape(columns, rows) }
    public var description: String { "\(rows) × \(columns)" }
}

/// What one row of a matrix means when it is an image: channels × height × width, in that order in memory.
public struct ImageShape: Sendable, Hashable, CustomStringConvertible {
    /// 1 for grey, 3 for red, green and blue.
    public var channels: Int
    /// Rows of pixels.
    public var height: Int
    /// Columns of pixels.
    public var width: Int

    /// An image of one channel if nothing else is said.
    public init(channels: Int = 1, height: Int, width: Int) {
        self.channels = channels
        self.height = height
        self.width = width
    }

    /// A plain vector of `count` numbers, as a 1 × 1 image of `count` channels.
    public static func vector(_ count: Int) -> ImageShape { ImageShape(channels: count, height: 1, width: 1) }

    /// Pixels of one channel.
    public var area: Int { height * width }
    /// Numbers in one image, channels included.
    public var count: Int { channels * area }
    /// Whether the sizes are positive and an image can be the row of a matrix.
    var fitsARow: Bool {
        guard channels > 0, height > 0, width > 0,
            let count = Shape(channels, height).checkedCount.flatMap({ Shape($0, width).checkedCount })
        else { return false }
        return count <= Shape.largestCount
    }
    public var description: String { height == 1 && width == 1 ? "\(channels)" : "\(channels) × \(height) × \(width)" }
}
