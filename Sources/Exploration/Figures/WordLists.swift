import Formats

/// The strongest words of each of several groups, such as topics: as many of each as there is room for.
public struct WordLists: FigureContent {
    /// A word of a list.
    public struct Word: Sendable {
        /// The word as it is written.
        public var text: String
        /// How much of its group it is, as a share of the heaviest word's: 0 to 1.
        public var strength: Float
        /// What happened to it since the last change of a control.
        public var mark: Table.CellMark?
        /// Whether it is kept in view elsewhere.
        public var isPinned: Bool
        /// Named numbers for its hover.
        public var facts: [(name: String, value: Double)]
        /// What can be done to it: a click does the first.
        public var actions: [Action]

        /// A word of its group's list.
        public init(
            _ text: String, strength: Float = 1, mark: Table.CellMark? = nil, isPinned: Bool = false,
            facts: [(name: String, value: Double)] = [], actions: [Action] = []
        ) {
            (self.text, self.strength, self.mark, self.isPinned) = (text, strength, mark, isPinned)
            (self.facts, self.actions) = (facts, actions)
        }
    }

    /// A list of words: a topic.
    public struct Group: Sendable {
        /// A short name, such as a number.
        public var name: String
        /// What its hover says: "4.1 % of all tokens".
        public var note: String
        /// From the strongest on.
        public var words: [Word]
        /// What can be done to it: a click on its name does the first.
        public var actions: [Action]
        /// Whether it is marked as chosen; a click on its name then does this instead of the first action.
        public var choice: Choice?

        /// A group with its words, the strongest first.
        public init(
            name: String, note: String = "", words: [Word], actions: [Action] = [], choice: Choice? = nil
        ) {
            (self.name, self.note, self.words, self.actions, self.choice) = (name, note, words, actions, choice)
        }
    }

    /// The lists from left to right.
    public var groups: [Group]
    public var caption: String
    /// What a group is: "topic".
    public var groupTitle: String

    /// Lists of words, one per group.
    public init(groups: [Group], caption: String = "", groupTitle: String = "topic") {
        (self.groups, self.caption, self.groupTitle) = (groups, caption, groupTitle)
    }

    public var unmark: Action? { groups.map(\.choice).unmark }
    public var whyEmpty: String? { groups.contains { !$0.words.isEmpty } ? nil : "No words." }

    /// One line per group.
    public var csv: String? {
        let most = groups.map(\.words.count).max() ?? 0
        return csvLines(
            [[groupTitle] + (0..<most).map { "\($0 + 1)" }]
                + groups.map { group in
                    [group.name]
                        + (0..<most).map { $0 < group.words.count ? group.words[$0].text : "" }
                })
    }
}
