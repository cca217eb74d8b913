import CLMat

/// The model at one place of its history.
struct Snapshot: Sendable {
    enum Reason: Sendable {
        /// The beginning, from which everything can be made again: it always stays.
        case start
        /// Just before a person's change, or where the run left a branch.
        case change
        case interval
    }

    var position: Position
    let reason: Reason
    let run: any Run
    let settings: Settings
    /// The device memory that it keeps alive, by buffer.
    let memory: [MemoryBlock]
    /// Bytes of its own on the host.
    let hostBytes: Int
}

/// Snapshots under a budget that always wins: those that save the most work, near to where the run is, stay.
struct SnapshotStore: Sendable {
    /// Bytes that the snapshots may keep alive together. Memory that two share counts once; the first snapshot stays
    /// even if it alone is larger.
    let budget: Int
    /// A model of a few bytes would have more snapshots than anyone can search.
    static let limit = 400

    private(set) var snapshots: [Snapshot] = []
    private(set) var bytes = 0
    private var owners: [MemoryBlock.Identity: Int] = [:]

    init(budget: Int) { self.budget = budget }

    mutating func insert(_ snapshot: Snapshot, now: Position) {
        if let same = snapshots.firstIndex(where: { $0.position == snapshot.position }) {
            guard snapshots[same].reason == .interval, snapshot.reason != .interval else { return }
            remove(at: same)
        }
        bytes += snapshot.hostBytes
        for block in snapshot.memory {
            if owners[block.identity] == nil { bytes += block.bytes }
            owners[block.identity, default: 0] += 1
        }
        snapshots.append(snapshot)
        while bytes > budget || snapshots.count > Self.limit, let least = leastValuable(now) { remove(at: least) }
    }

    /// Keeps those for which `position` gives a place, and moves them there.
    mutating func move(_ position: (Position) -> Position?) {
        for index in snapshots.indices.reversed() {
            guard let place = position(snapshots[index].position) else {
                remove(at: index)
                continue
            }
            snapshots[index].position = place
        }
    }

    private mutating func remove(at index: Int) {
        let removed = snapshots.remove(at: index)
        bytes -= removed.hostBytes
        for block in removed.memory {
            owners[block.identity]! -= 1
            if owners[block.identity] == 0 {
                owners[block.identity] = nil
                bytes -= block.bytes
            }
        }
    }

    /// A snapshot is worth the steps that would have to be made again without it, over how far away it is: so they
    /// lie dense near now and thin out towards the past.
    private func leastValuable(_ now: Position) -> Int? {
        let order = snapshots.indices.sorted {
            (snapshots[$0].position.branch, snapshots[$0].position)
                < (snapshots[$1].position.branch, snapshots[$1].position)
        }
        var least: (index: Int, worth: Double)?
        for (place, index) in order.enumerated() where snapshots[index].reason != .start {
            let own = snapshots[index]
            func neighbour(_ place: Int) -> Int? {
                guard order.indices.contains(place) else { return nil }
                let other = snapshots[order[place]].position
                return other.branch == own.position.branch ? other.step : nil
            }
            let isHere = own.position.branch == now.branch
            let after = neighbour(place + 1) ?? max(own.position.step, isHere ? now.step : 0)
            let gap = Double(after - (neighbour(place - 1) ?? own.position.step) + 1)
            let distance = Double(abs(now.step - own.position.step) + 1)
            let worth = gap / distance * (own.reason == .change ? 4 : 1) * (isHere ? 1 : 0.25)
            if worth < least?.worth ?? .infinity { least = (index, worth) }
        }
        return least?.index
    }
}
