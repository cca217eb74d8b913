/// Panels beside and below each other, which fill an area and never overlap.
///
/// A split has parts across or down, each with a share of its length; a part is a panel or a split the other way. The
/// columns that a window begins with are a split across, whose parts are splits down. Panels that are closed keep their
/// place: ``laid(in:showing:gap:)`` says where those are that are shown.
struct PanelGrid: Equatable, Sendable {
    enum Axis: Equatable, Sendable {
        case across, down

        var other: Axis { self == .across ? .down : .across }
    }

    enum Side: CaseIterable, Sendable {
        case left, right, above, below

        /// The axis along which neighbours on this side lie.
        var axis: Axis { self == .left || self == .right ? .across : .down }
        var isBefore: Bool { self == .left || self == .above }
    }

    enum Node: Equatable, Sendable {
        case panel(String)
        case split(Axis, [Part])
    }

    struct Part: Equatable, Sendable {
        var node: Node
        /// What it takes of its split's length, relative to the other parts.
        var share: Float
    }

    /// A place beside a panel or a split, which the parts' numbers from the root lead to.
    struct Place: Equatable, Sendable {
        let path: [Int]
        let side: Side
    }

    /// Nil in an empty grid.
    private(set) var root: Node?

    /// Tidies what it is given: no split has one part or parts that are splits the same way.
    init(_ root: Node? = nil) { self.root = root?.tidied }

    /// All panels, from the left and from the top.
    var panels: [String] { root?.panels ?? [] }

    // MARK: Changing it

    /// Puts a panel that is not there yet beside a place.
    ///
    /// - Parameter share: of its split, relative to the others; nil for as much as they have on average.
    mutating func insert(_ panel: String, at place: Place, share: Float? = nil) {
        guard let root else {
            root = .panel(panel)
            return
        }
        self.root = root.inserting(.panel(panel), at: place, share: share).tidied
    }

    /// Takes a panel to another place. Within its split it keeps its share.
    mutating func move(_ panel: String, to place: Place) {
        guard let root, let from = root.path(to: panel), from != place.path else { return }
        var share: Float?
        let (split, target) = (from.dropLast(), place.path.dropLast())
        if let index = from.last, split == target, case .split(place.side.axis, let parts)? = root[split] {
            share = parts[index].share
        }
        // The new one is put in under a name that no panel has: taking the old one out first would move the place.
        self.root =
            root.inserting(.panel(""), at: place, share: share).renaming(panel, to: nil)?
            .renaming("", to: panel)?.tidied
    }

    mutating func remove(_ panel: String) { root = root?.renaming(panel, to: nil)?.tidied }

    /// Gives the parts of a split these lengths; those that are not shown keep their shares' proportion to them.
    mutating func setLengths(_ lengths: [Int: Float], ofSplitAt path: [Int]) {
        root = root?.changing(at: path[...]) { node in
            guard case .split(let axis, var parts) = node else { return node }
            let shown = lengths.filter { parts.indices.contains($0.key) }
            let (before, after) = (shown.keys.reduce(0) { $0 + parts[$1].share }, shown.values.reduce(0, +))
            guard after > 0 else { return node }
            for (index, length) in shown { parts[index].share = max(length * before / after, 1e-6) }
            return .split(axis, parts)
        }
    }
}

extension PanelGrid.Node {
    typealias Part = PanelGrid.Part

    var panels: [String] {
        switch self {
        case .panel(let name): [name]
        case .split(_, let parts): parts.flatMap(\.node.panels)
        }
    }

    /// The part that a path leads to.
    subscript(path: ArraySlice<Int>) -> Self? {
        guard let first = path.first else { return self }
        guard case .split(_, let parts) = self, parts.indices.contains(first) else { return nil }
        return parts[first].node[path.dropFirst()]
    }

    func path(to panel: String) -> [Int]? {
        switch self {
        case .panel(let name): return name == panel ? [] : nil
        case .split(_, let parts):
            for (index, part) in parts.enumerated() {
                if let rest = part.node.path(to: panel) { return [index] + rest }
            }
            return nil
        }
    }

    func changing(at path: ArraySlice<Int>, _ change: (Self) -> Self) -> Self {
        guard let first = path.first else { return change(self) }
        guard case .split(let axis, var parts) = self, parts.indices.contains(first) else { return self }
        parts[first].node = parts[first].node.changing(at: path.dropFirst(), change)
        return .split(axis, parts)
    }

    fileprivate func inserting(_ node: Self, at place: PanelGrid.Place, share: Float?) -> Self {
        let (axis, path) = (place.side.axis, place.path[...])
        func inserted(_ parts: [Part], at index: Int) -> Self {
            let mean = parts.reduce(0) { $0 + $1.share } / Float(max(1, parts.count))
            var parts = parts
            parts.insert(Part(node: node, share: share ?? mean), at: index)
            return .split(axis, parts)
        }
        if case .split(axis, let parts)? = self[path] {
            return changing(at: path) { _ in inserted(parts, at: place.side.isBefore ? 0 : parts.count) }
        }
        if let index = path.last, case .split(axis, let parts)? = self[path.dropLast()] {
            return changing(at: path.dropLast()) { _ in inserted(parts, at: place.side.isBefore ? index : index + 1) }
        }
        return changing(at: path) { old in
            // As much as one of those that lie there in a row.
            let parts = [
                Part(node: old, share: share == nil ? Float(old.count(along: axis)) : 1),
                Part(node: node, share: share ?? 1),
            ]
            return .split(axis, place.side.isBefore ? parts.reversed() : parts)
        }
    }

    /// The most panels that lie in a row along an axis.
    private func count(along axis: PanelGrid.Axis) -> Int {
        guard case .split(let own, let parts) = self else { return 1 }
        let counts = parts.map { $0.node.count(along: axis) }
        return own == axis ? counts.reduce(0, +) : counts.max() ?? 1
    }

    /// With another name for a panel, or without it.
    fileprivate func renaming(_ panel: String, to name: String?) -> Self? {
        switch self {
        case .panel(let own): return own == panel ? name.map { .panel($0) } : self
        case .split(let axis, let parts):
            return .split(
                axis,
                parts.compactMap { part in
                    part.node.renaming(panel, to: name).map { Part(node: $0, share: part.share) }
                })
        }
    }

    /// Without splits of one part, and splits within splits the same way. Nil if nothing is left.
    fileprivate var tidied: Self? {
        guard case .split(let axis, let parts) = self else { return self }
        var whole: [Part] = []
        for part in parts {
            guard let node = part.node.tidied else { continue }
            guard case .split(axis, let inner) = node else {
                whole.append(Part(node: node, share: part.share))
                continue
            }
            let total = inner.reduce(0) { $0 + $1.share }
            whole += inner.map { Part(node: $0.node, share: part.share * $0.share / max(total, 1e-6)) }
        }
        return whole.count > 1 ? .split(axis, whole) : whole.first?.node
    }
}
