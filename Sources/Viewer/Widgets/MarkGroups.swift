/// Marks along a line, of which those that would lie over each other are one with a count.
struct MarkGroup: Equatable {
    /// The marks by their numbers, in order.
    private(set) var members: Range<Int>
    /// Between the first and the last of them.
    private(set) var x: Float
    private var first: Float
    private var last: Float

    var count: Int { members.count }

    /// What a mark covers to either side of its place.
    static let half: Float = 5

    /// - Parameters:
    ///   - places: from left to right.
    ///   - countWidth: the width of a count's words, which stand to the right of its mark.
    static func groups(_ places: [Float], countWidth: (Int) -> Float) -> [MarkGroup] {
        var groups: [MarkGroup] = []
        func end(_ group: MarkGroup) -> Float { group.x + half + (group.count > 1 ? countWidth(group.count) + 1 : 0) }
        for (index, place) in places.enumerated() {
            groups.append(MarkGroup(members: index..<index + 1, x: place, first: place, last: place))
            // A group is wider than its first mark, so it may reach others.
            while groups.count > 1, let right = groups.last, end(groups[groups.count - 2]) > right.x - half {
                groups.removeLast()
                let left = groups.removeLast()
                groups.append(
                    MarkGroup(
                        members: left.members.lowerBound..<right.members.upperBound, x: (left.first + right.last) / 2,
                        first: left.first, last: right.last))
            }
        }
        return groups
    }
}
