// How branches share their history.

/// A part of a path that one branch holds.
struct Segment {
    let branch: Int
    let firstStep: Int
    let lastStep: Int
    /// The number of the path's changes that are made by the end of this part.
    let changes: Int
}

extension Timeline.Record {
    var current: BranchRecord { branches[position.branch]! }

    /// The parts of a branch's path, oldest first.
    func segments(of branch: Int) -> [Segment] {
        var parts: [Segment] = []
        guard let own = branches[branch] else {
            return [Segment(branch: branch, firstStep: 1, lastStep: 0, changes: 0)]
        }
        var (next, end) = (own, own.end)
        while true {
            let fork = next.branch.fork
            parts.append(
                Segment(
                    branch: next.branch.id, firstStep: (fork?.step ?? 0) + 1, lastStep: end.step, changes: end.changes))
            guard let fork, let parent = branches[fork.branch] else { break }
            (next, end) = (parent, fork)
        }
        return parts.reversed()
    }

    /// The changes on a branch's path.
    func commands(of branch: Int) -> [LoggedCommand] {
        var commands: [LoggedCommand] = []
        for part in segments(of: branch) {
            guard let own = branches[part.branch] else { continue }
            commands += own.commands.prefix(part.changes - own.inherited)
        }
        return commands
    }

    /// The place after `step` steps on the path of `branch`, before what was changed there; at the end of the branch,
    /// after it. nil if the path is shorter.
    func place(of step: Int, on branch: Int) -> Position? {
        guard let own = branches[branch], (start...max(start, own.branch.lastStep)).contains(step) else { return nil }
        if step == own.branch.lastStep { return own.end }
        return Position(branch: branch, step: step, changes: commands(of: branch).count { $0.step < step })
    }

    /// Whether a place lies on the way to another.
    func isOnThePath(_ place: Position, to target: Position) -> Bool {
        guard let part = segments(of: target.branch).first(where: { $0.branch == place.branch }) else { return false }
        let end = Position(branch: place.branch, step: part.lastStep, changes: part.changes)
        return place <= end && place <= target
    }

    /// Opens a branch where the run is, and goes there. Its parent is the branch that holds this place, so that
    /// branches of branches do not make long chains.
    mutating func fork(named name: String?) -> Branch {
        let owner = owner(of: position)
        let id = nextBranch
        nextBranch += 1
        let branch = Branch(
            id: id, name: name ?? "branch \(id + 1)", fork: owner, lastStep: position.step)
        branches[id] = BranchRecord(branch: branch)
        position.branch = id
        version += 1
        return branch
    }

    /// The same place on the branch that holds it: the first of its path that reaches so far.
    func owner(of place: Position) -> Position {
        let parts = segments(of: place.branch)
        let owner = parts.first { place <= Position(step: $0.lastStep, changes: $0.changes) } ?? parts[parts.count - 1]
        return place.on(owner.branch)
    }

    /// Drops what lies ahead of where the run is, if no step was made there and no branch begins there: changes that were
    /// undone. Returns whether it did.
    mutating func forgetFutureWithoutSteps() -> Bool {
        let (own, place) = (current, position)
        guard own.branch.lastStep == place.step, place.changes >= own.inherited,
            (own.branch.fork?.step ?? start) <= place.step,
            !branches.values.contains(where: { $0.branch.fork.map { $0.branch == own.branch.id && $0 > place } == true }
            )
        else { return false }
        branches[own.branch.id]!.cut(after: place)
        version += 1
        return true
    }

    /// Deletes a branch in a way that can be undone.
    mutating func hide(_ branch: Int) {
        branches[branch]?.isDeleted = true
        version += 1
    }

    /// Gives up a branch that was deleted. What others share of it stays until they go too.
    mutating func forget(_ branch: Int) {
        branches[branch]?.isForgotten = true
        version += 1
        tidy()
    }

    /// Where a place is now that branches were deleted; nil if it went with them.
    func home(of place: Position) -> Position? {
        var place = place
        while let next = renamed[place.branch] {
            guard place <= next.end else { return nil }
            place.branch = next.heir
        }
        guard let own = branches[place.branch], place <= own.end else { return nil }
        return place
    }

    /// Drops what only branches held that were given up, and joins such a branch that has one child with it.
    private mutating func tidy() {
        var isChanged = true
        while isChanged {
            isChanged = false
            for (id, own) in branches where own.isForgotten && id != position.branch {
                let children = branches.values.filter { $0.branch.fork?.branch == id }
                if children.isEmpty {
                    branches[id] = nil
                } else if children.count == 1 {
                    join(own, with: children[0])
                } else {
                    let last = children.compactMap(\.branch.fork).max()!
                    guard own.end > last else { continue }
                    branches[id]!.cut(after: last)
                }
                isChanged = true
            }
        }
    }

    /// The child takes over what its deleted parent holds up to the fork.
    private mutating func join(_ parent: BranchRecord, with child: BranchRecord) {
        var (joined, head) = (child, parent)
        head.cut(after: child.branch.fork!)
        joined.branch.fork = parent.branch.fork
        joined.commands = head.commands + child.commands
        for (metric, series) in child.series { head.series[metric, default: Series()].append(series) }
        joined.series = head.series
        branches[child.branch.id] = joined
        branches[parent.branch.id] = nil
        renamed[parent.branch.id] = (heir: child.branch.id, end: child.branch.fork!)
    }
}
