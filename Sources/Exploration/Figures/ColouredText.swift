import Formats

/// Texts whose words belong to groups, such as documents with a topic per word.
public struct ColouredText: FigureContent {
    /// A word, with the group that it belongs to.
    public struct Word: Sendable {
        /// The word as it is written.
        public var text: String
        /// Its index in ``ColouredText/groups``; nil if it belongs to none.
        public var group: Int?
        /// From 0, hardly, to 1, wholly.
        public var strength: Float
        /// Named numbers for its hover; its strength if there are none.
        public var facts: [(name: String, value: Double)]
        /// Whether it is marked, and what a click does; nil where a click does nothing.
        public var choice: Choice?

        /// A word; without a group it is grey.
        public init(
            _ text: String, group: Int? = nil, strength: Float = 1, facts: [(name: String, value: Double)] = [],
            choice: Choice? = nil
        ) {
            (self.text, self.group, self.strength) = (text, group, strength)
            (self.facts, self.choice) = (facts, choice)
        }
    }

    /// A text with a title, such as a document.
    public struct Paragraph: Sendable {
        /// What stands above the words.
        public var title: String
        /// What stands beside the title in grey: "87 % topic 3".
        public var fact: String
        /// The words in their order.
        public var words: [Word]

        /// A text with its title.
        public init(title: String, fact: String = "", words: [Word]) {
            (self.title, self.fact, self.words) = (title, fact, words)
        }
    }

    /// Their names: "topic 3: god, faith".
    public var groups: [String]
    /// The texts from top to bottom.
    public var paragraphs: [Paragraph]
    public var caption: String
    /// Whether the groups have an order, such as from frequent to rare: they keep their place in the legend then, and their colours.
    public var isOrdered: Bool

    /// Texts whose words name their groups by index.
    public init(groups: [String], paragraphs: [Paragraph], caption: String = "", isOrdered: Bool = false) {
        (self.groups, self.paragraphs, self.caption, self.isOrdered) = (groups, paragraphs, caption, isOrdered)
    }

    public var unmark: Action? { paragraphs.lazy.flatMap(\.words).map(\.choice).unmark }

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

    /// One line per word.
    public var csv: String? {
        csvLines(
            [["text", "word", "group", "strength"]]
                + paragraphs.flatMap { paragraph in
                    paragraph.words.map { word in
                        let group = word.group.flatMap { groups.indices.contains($0) ? groups[$0] : nil }
                        return [paragraph.title, word.text, group ?? "", group == nil ? "" : "\(word.strength)"]
                    }
                })
    }
}
