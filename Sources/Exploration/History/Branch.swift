/// A place in the history of a run.
public struct Position: Sendable, Equatable, Hashable, Comparable {
    /// The branch, by its id.
    public var branch: Int
    /// Steps made.
    public var step: Int
    /// How many changes of the branch's path have been made: several may stand between the same two steps.
    public var changes: Int

    /// A place on a branch; by default the very start.
    public init(branch: Int = 0, step: Int = 0, changes: Int = 0) {
        (self.branch, self.step, self.changes) = (branch, step, changes)
    }

    /// Earlier or later on one path; the branch does not count.
    public static func < (left: Position, right: Position) -> Bool {
        (left.step, left.changes) < (right.step, right.changes)
    }

    func on(_ branch: Int) -> Position { Position(branch: branch, step: step, changes: changes) }
}

/// One of the futures that a run has had. It shares its parent's history up to where it left it.
public struct Branch: Sendable, Equatable, Identifiable {
    public let id: Int
    /// What a person calls it: "main", "2".
    public internal(set) var name: String
    /// Where it left its parent; nil for the first branch.
    public internal(set) var fork: Position?
    /// The last step that was made on it.
    public internal(set) var lastStep: Int
}

/// What a branch holds of its own: what came after its fork.
struct BranchRecord: Sendable {
    var branch: Branch
    var series: [String: Series] = [:]
    var commands: [LoggedCommand] = []
    /// It was deleted, but that can be undone, or other branches share a part of its history.
    var isDeleted = false
    /// Its deletion cannot be undone any more.
    var isForgotten = false

    /// The number of changes on its path that belong to its ancestors.
    var inherited: Int { branch.fork?.changes ?? 0 }
    /// Its end.
    var end: Position {
        Position(branch: branch.id, step: branch.lastStep, changes: inherited + commands.count)
    }

    mutating func cut(after last: Position) {
        series = series.mapValues { $0.prefix(through: last.step) }.filter { $0.value.count > 0 }
        commands.removeLast(max(0, commands.count - max(0, last.changes - inherited)))
        branch.lastStep = min(branch.lastStep, last.step)
    }
}
