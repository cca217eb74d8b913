import CLMat

extension Action {
    /// What a person is asked before the action is done: a number, or one of things with names in several groups.
    ///
    /// ```swift
    /// let names = ["shirt", "bag", "boot"]
    /// let question = Action.Question(
    ///     "neuron",
    ///     groups: [.init("output", arguments: [9], 0...2, names: names), .init("conv1", arguments: [1], 0...19)], of: "layer")
    /// ```
    /// It takes "2" and "bag" of the first group, and "conv1 17".
    public struct Question: Sendable, Equatable {
        /// Things of one kind, by numbers and perhaps by names: the neurons of a layer.
        public struct Group: Sendable, Equatable {
            /// What is typed before a number of it; the first group is meant where nothing is.
            public let name: String
            /// What stands before the number among the action's arguments.
            public let arguments: [Int]
            /// The whole numbers that can be answered.
            public let range: ClosedRange<Int>
            /// Their names from the first one on; empty if they have none.
            public let names: [String]

            /// A group of things that are answered by a number of `range`, or by name.
            public init(_ name: String, arguments: [Int] = [], _ range: ClosedRange<Int>, names: [String] = []) {
                (self.name, self.arguments, self.range, self.names) = (name, arguments, range, names)
            }

            /// "conv1 0 to 19", "output 0 to 9 (shirt, bag …)".
            var words: String {
                let numbers = "\(range.lowerBound) to \(range.upperBound)"
                let known = names == range.map(String.init) ? [] : names
                let some = known.count > 12 ? Array(known.prefix(12)) + ["…"] : known
                return (name.isEmpty ? "" : "\(name) ") + numbers
                    + (some.isEmpty ? "" : " (\(some.joined(separator: ", ")))")
            }

            /// The number that is meant by a name or a number; nil if there is no such thing. A name is what people see, so it
            /// goes first.
            fileprivate func number(_ text: String) -> Int? {
                if let index = Spelling.option(text, among: names), index < range.count {
                    return range.lowerBound + index
                }
                guard let number = Int(text), range.contains(number) else { return nil }
                return number
            }

            func name(of number: Int) -> String? {
                names.indices.contains(number - range.lowerBound) ? names[number - range.lowerBound] : nil
            }
        }

        /// The words of the question: "show neurons from".
        public let title: String
        /// What can be answered: one group at least.
        public let groups: [Group]
        /// What a group is: "layer".
        public let groupTitle: String

        /// A question that is answered by a number of `range`.
        public init(_ title: String, _ range: ClosedRange<Int>) {
            (self.title, groups, groupTitle) = (title, [Group("", range)], "")
        }

        /// A question that is answered by something of `groups`; without its group's name, by something of the first one.
        ///
        /// - Parameter groupTitle: what a group is.
        public init(_ title: String, groups: [Group], of groupTitle: String = "group") {
            (self.title, self.groups) = (title, groups.isEmpty ? [Group("", 0...0)] : groups)
            self.groupTitle = groupTitle
        }

        /// The whole numbers of the first group.
        public var range: ClosedRange<Int> { groups[0].range }

        /// Whether a number alone answers it.
        public var isPlain: Bool { groups.count == 1 && groups[0].name.isEmpty && groups[0].names.isEmpty }

        /// What can be answered, in words.
        public var accepted: String {
            isPlain ? "\(range.lowerBound)…\(range.upperBound)" : groups.map(\.words).joined(separator: "; ")
        }

        /// The arguments that a typed answer stands for.
        ///
        /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for what is not there, with what is.
        public func answer(_ text: String) throws(CLMatError) -> [Int] {
            let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
            let whole = words.joined(separator: " ")
            if let number = groups[0].number(whole) { return groups[0].arguments + [number] }
            // A group's name before it. The longest one, should one name begin another.
            if let (group, rest) = named(words), let number = group.number(rest) { return group.arguments + [number] }
            // A name that is only in one other group.
            let owners = groups.dropFirst().filter { $0.names.contains { Spelling.option(whole, among: [$0]) != nil } }
            if owners.count == 1, let number = owners[0].number(whole) { return owners[0].arguments + [number] }
            // Who named a group wants to know of that one first.
            let known = named(words).map { found in "\(found.group.words)" } ?? accepted
            throw .invalidValue(setting: title, value: text, accepted: known)
        }

        /// The group that the first words name, and what follows.
        private func named(_ words: [String]) -> (group: Group, rest: String)? {
            for count in stride(from: words.count, to: 0, by: -1) {
                let name = words.prefix(count).joined(separator: " ")
                if let index = Spelling.option(name, among: groups.map(\.name)), !groups[index].name.isEmpty {
                    return (groups[index], words.dropFirst(count).joined(separator: " "))
                }
            }
            return nil
        }

        /// Answers that begin as the typed text does, as they are typed in full: names of the first group, then groups, and the names of a
        /// group whose name was typed.
        public func completions(of text: String, most: Int = 8) -> [String] {
            let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
            let typed = words.joined(separator: " ").lowercased()
            var found: [String] = []
            if let (group, rest) = named(words) {
                let prefix = group == groups[0] ? "" : "\(group.name) "
                found = group.names.filter { $0.lowercased().hasPrefix(rest.lowercased()) }.map { prefix + $0 }
            }
            found += groups[0].names.filter { $0.lowercased().hasPrefix(typed) }
            for group in groups.dropFirst() where !typed.isEmpty {
                found += group.names.filter { $0.lowercased().hasPrefix(typed) }.map { "\(group.name) \($0)" }
            }
            var seen: Set<String> = []
            return Array(found.filter { seen.insert($0).inserted }.prefix(most))
        }

        /// The group that the first words name; nil if they name none.
        public func group(namedBy text: String) -> Group? {
            named(text.split(whereSeparator: \.isWhitespace).map(String.init))?.group
        }
    }
}
