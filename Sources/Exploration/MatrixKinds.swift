/// A matrix of discs: rows are words, columns are topics, or whatever has weights in each other. The area of a disc is
/// in proportion to its value.
///
/// - Source: J. Chuang, C. D. Manning, J. Heer, "Termite: visualization techniques for assessing textual topic models",
///   Proc. AVI, 2012.
public struct CircleMatrix: Sendable {
    public struct Row: Sendable {
        public var name: String
        /// One per column. What is missing or negative draws no disc; what is not a number draws a cross.
        public var values: [Float]
        /// Keeps it on top, whatever the order is.
        public var isPinned: Bool
        /// What can be done to it: a click on its name does the first.
        public var actions: [Action]

        public init(name: String, values: [Float], isPinned: Bool = false, actions: [Action] = []) {
            (self.name, self.values, self.isPinned, self.actions) = (name, values, isPinned, actions)
        }
    }

    public struct Column: Sendable {
        /// A short name, such as a number.
        public var name: String
        /// What stands below the name where there is room, and in its hover: "4.1 %".
        public var note: String
        /// Rows, from the strongest in this column on. They are shown in this order while its title is hovered.
        public var order: [Int]
        /// What can be done to it: a click on its name does the first.
        public var actions: [Action]

        public init(name: String, note: String = "", order: [Int], actions: [Action] = []) {
            (self.name, self.note, self.order, self.actions) = (name, note, order, actions)
        }
    }

    /// All rows that any order names.
    public var rows: [Row]
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

    public var pinnedCount: Int { rows.count(where: \.isPinned) }
}

/// A matrix of values as colours.
public struct Heatmap: Sendable {
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
}

/// Texts whose words belong to groups, such as documents with a topic a word.
public struct ColouredText: Sendable {
    public struct Word: Sendable {
        public var text: String
        /// Its index in ``ColouredText/groups``; nil if it belongs to none.
        public var group: Int?
        /// From 0, hardly, to 1, wholly.
        public var strength: Float

        public init(_ text: String, group: Int? = nil, strength: Float = 1) {
            (self.text, self.group, self.strength) = (text, group, strength)
        }
    }

    public struct Paragraph: Sendable {
        public var title: String
        /// What stands beside the title in grey: "87 % topic 3".
        public var fact: String
        public var words: [Word]

        public init(title: String, fact: String = "", words: [Word]) {
            (self.title, self.fact, self.words) = (title, fact, words)
        }
    }

    /// Their names: "topic 3: god, faith".
    public var groups: [String]
    public var paragraphs: [Paragraph]
    public var caption: String

    public init(groups: [String], paragraphs: [Paragraph], caption: String = "") {
        (self.groups, self.paragraphs, self.caption) = (groups, paragraphs, caption)
    }

    /// Groups from the one with the most words on, each weighed by its strength; those without a word are left out.
    public var strongestGroups: [Int] {
        var weights = [Double](repeating: 0, count: groups.count)
        for paragraph in paragraphs {
            for word in paragraph.words {
                guard let group = word.group, weights.indices.contains(group), word.strength > 0 else { continue }
                weights[group] += Double(min(word.strength, 1))
            }
        }
        return weights.indices.filter { weights[$0] > 0 }.sorted { (weights[$1], $0) < (weights[$0], $1) }
    }
}
