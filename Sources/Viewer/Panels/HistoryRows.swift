import Exploration

/// A line of the history: a change on the current path, or where it begins, leaves another branch, or is now.
struct HistoryRow: Equatable {
    enum Kind: Equatable {
        case change
        case present
        case start
        /// The path leaves another branch here.
        case fork
    }

    let kind: Kind
    let step: Int
    /// "L2 weight 0.10 → 0.30"
    let words: String
    /// The slider that was moved.
    var control: String?
    /// Undone: the run has not made it, where it is.
    var isAhead = false
    /// Just before it and just after it.
    var before: Position?
    var after: Position?

    /// The lines of a path, the newest first.
    ///
    /// - Parameters:
    ///   - changes: on the path, from the oldest, with the numbers of their commands on the path.
    ///   - branches: all that there are.
    static func rows(
        _ changes: [(words: String, control: String?, commands: ClosedRange<Int>, first: Int, last: Int)],
        start: Int, at position: Position, branches: [Branch]
    ) -> [HistoryRow] {
        // What stands between two commands: the present, and forks.
        var between: [Int: [HistoryRow]] = [:]
        var branch = branches.first { $0.id == position.branch }
        while let own = branch, let fork = own.fork {
            let parent = branches.first { $0.id == fork.branch }
            let leaves = parent.map { " leaves \($0.name)" } ?? " begins"
            between[fork.changes, default: []].append(
                HistoryRow(kind: .fork, step: fork.step, words: own.name + leaves))
            branch = parent
        }
        between[position.changes, default: []].append(
            HistoryRow(kind: .present, step: position.step, words: "now", before: position, after: position))

        func place(_ step: Int, _ changes: Int) -> Position {
            Position(branch: position.branch, step: step, changes: changes)
        }
        let begin = place(start, 0)
        // What a file tells of the time before it was written can be read, but not gone back to.
        var rows = changes.filter { $0.commands.lowerBound < 0 }.map {
            HistoryRow(kind: .change, step: $0.last, words: $0.words, control: $0.control)
        }
        rows.append(
            HistoryRow(
                kind: .start, step: start, words: start == 0 ? "the beginning" : "went on from a file", before: begin,
                after: begin))
        func add(from first: Int, through last: Int) {
            for index in between.keys.sorted() where first <= index && index <= last {
                // Where the run is comes after what leads there.
                rows += (between[index] ?? []).sorted {
                    ($0.step, $0.kind == .present ? 1 : 0) < ($1.step, $1.kind == .present ? 1 : 0)
                }
                between[index] = nil
            }
        }
        for change in changes where change.commands.lowerBound >= 0 {
            add(from: 0, through: change.commands.lowerBound)
            rows.append(
                HistoryRow(
                    kind: .change, step: change.last, words: change.words, control: change.control,
                    isAhead: change.commands.lowerBound >= position.changes,
                    before: place(change.first, change.commands.lowerBound),
                    after: place(change.last, change.commands.upperBound + 1)))
        }
        add(from: 0, through: Int.max)
        return rows.reversed()
    }
}
