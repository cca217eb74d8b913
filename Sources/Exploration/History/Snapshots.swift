import CLMat

/// The snapshots of a run. Those that save the most work, near to where the run is, stay in memory; beyond the budget anchors
/// (``Snapshot/isAnchor``) go to the host or into a file, and others are dropped.
struct SnapshotStore: Sendable {
    let plan: SnapshotPlan
    /// A model of a few bytes would have more snapshots than anyone can search: so many of those that nobody asked for.
    static let limit = 400

    /// What lies around the snapshots.
    struct Surroundings {
        /// Where the run is.
        let now: Position
        /// The step at which the record begins.
        let start: Int
        let branches: [Int: BranchRecord]

        fileprivate func start(of branch: Int) -> Int { branches[branch]?.branch.fork?.step ?? start }
        /// Deleted, as long as that can be undone.
        fileprivate func isDeleted(_ branch: Int) -> Bool { branches[branch]?.isDeleted ?? true }
    }

    /// By branch and place.
    private(set) var snapshots: [Snapshot] = []
    /// Bytes that those in memory keep alive.
    private(set) var liveBytes = 0
    private var owners: [MemoryBlock.Identity: Int] = [:]
    /// The snapshots that are counted in ``liveBytes``, by id.
    private var counted: Set<Int> = []
    /// What may be kept alive: the plan's, until the device had no memory left.
    private(set) var memory: Int
    private var nextID = 0
    private let packer: Packer
    /// What gives way when the device has no memory left.
    let shelf: SnapshotShelf
    /// The file, once something went there.
    private var file: SnapshotFile?
    /// Why nothing can be put into a file, or not any more. It is said once.
    private(set) var problem: CLMatError?

    init(_ plan: SnapshotPlan) {
        (self.plan, memory, packer) = (plan, plan.memory, Packer())
        shelf = SnapshotShelf(packer)
    }

    mutating func insert(
        _ run: any Run, _ settings: Settings, at position: Position, _ reason: Snapshot.Reason, _ size: SnapshotSize,
        _ around: Surroundings
    ) {
        takePacked()
        takeWhatGaveWay()
        if let same = snapshots.firstIndex(where: { $0.position == position }) {
            guard snapshots[same].reason == .interval, reason != .interval else { return }
            remove(at: same)
        }
        let key = (position.branch, position)
        let place = snapshots.firstIndex { ($0.position.branch, $0.position) > key } ?? snapshots.count
        let own = Snapshot(
            id: nextID, position: position, reason: reason, settings: settings, held: HeldState(.live(run)), size: size)
        snapshots.insert(own, at: place)
        nextID += 1
        count(own)
        makeRoom(around)
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
        snapshots.sort { ($0.position.branch, $0.position) < ($1.position.branch, $1.position) }
    }

    // MARK: - Memory

    private mutating func count(_ snapshot: Snapshot) {
        let size = snapshot.size
        counted.insert(snapshot.id)
        shelf.add(snapshot)
        liveBytes += size.hostBytes
        for block in size.memory {
            if owners[block.identity] == nil { liveBytes += block.bytes }
            owners[block.identity, default: 0] += 1
        }
    }

    /// Takes back what ``count(_:)`` did, if it did.
    private mutating func discount(_ snapshot: Snapshot) {
        guard counted.remove(snapshot.id) != nil else { return }
        let size = snapshot.size
        shelf.remove(snapshot.id)
        liveBytes -= size.hostBytes
        for block in size.memory {
            guard let count = owners[block.identity] else { continue }
            owners[block.identity] = count > 1 ? count - 1 : nil
            if count == 1 { liveBytes -= block.bytes }
        }
    }

    private mutating func remove(at index: Int) {
        discount(snapshots.remove(at: index))
    }

    /// Takes over what became of snapshots when the device had no memory left, and keeps half as much from then on.
    private mutating func takeWhatGaveWay() {
        let before = liveBytes
        var hasGivenWay = false
        for index in snapshots.indices.reversed()
        where counted.contains(snapshots[index].id) && !snapshots[index].isLive {
            hasGivenWay = true
            discount(snapshots[index])
            if case .gone = snapshots[index].state { snapshots.remove(at: index) }
        }
        if hasGivenWay { memory = min(memory, before / 2) }
    }

    private mutating func makeRoom(_ around: Surroundings) {
        while snapshots.count(where: { $0.reason == .interval }) > Self.limit,
            let least = leastValuable(around, where: { $0.reason == .interval })
        {
            remove(at: least)
        }
        while liveBytes > memory {
            if plan.host > 0 || (plan.folder != nil && problem == nil) {
                // Half of memory is for what is near.
                let anchors = snapshots.lazy.filter { $0.isLive && $0.isAnchor }.reduce(0) { $0 + $1.size.bytes }
                let isLeaving: (Snapshot) -> Bool = { $0.isLive && $0.isAnchor }
                if anchors > memory / 2, let least = leastValuable(around, where: isLeaving),
                    leave(least, around, mayReplace: false)
                {
                    continue
                }
                if let least = leastValuable(around, where: { $0.isLive && !$0.isAnchor }) {
                    remove(at: least)
                    continue
                }
                if let least = leastValuable(around, where: isLeaving), leave(least, around, mayReplace: true) {
                    continue
                }
            }
            guard let least = leastValuable(around, where: \.isLive) else { return }
            remove(at: least)
        }
    }

    // MARK: - Elsewhere

    /// Sends a snapshot to the host or into the file. Returns whether there is room.
    ///
    /// - Parameter mayReplace: whether others of less worth may have to go for it.
    private mutating func leave(_ index: Int, _ around: Surroundings, mayReplace: Bool) -> Bool {
        let (id, size) = (snapshots[index].id, snapshots[index].size)
        takePacked(waits: true)
        let isOnHost = snapshots.reduce(size.bytes, { $0 + $1.bytesOnHost }) <= plan.host
        var room = PackedRun.Room.host
        if !isOnHost {
            guard let extent = roomInFile(for: id, size.bytes, around, mayReplace) else { return false }
            room = .file(extent)
        }
        // Others may have gone; this one is still there, but it may have given way.
        guard let own = snapshots.firstIndex(where: { $0.id == id }),
            let run = snapshots[own].held.leave(toHost: isOnHost)
        else {
            takeWhatGaveWay()
            return true
        }
        discount(snapshots[own])
        packer.pack(id, run, of: snapshots[own].held, size, into: room)
        return true
    }

    private mutating func roomInFile(
        for id: Int, _ bytes: Int, _ around: Surroundings, _ mayReplace: Bool
    ) -> SnapshotFile.Extent? {
        guard let folder = plan.folder, problem == nil else { return nil }
        if file == nil {
            do throws(CLMatError) {
                file = try SnapshotFile(in: folder, limit: plan.disk)
            } catch {
                problem = error
                return nil
            }
        }
        while true {
            if let extent = file?.reserve(bytes) { return extent }
            guard mayReplace, let least = leastValuable(around, where: { $0.isPackedInFile || $0.id == id }),
                snapshots[least].id != id
            else { return nil }
            remove(at: least)
        }
    }

    /// Takes over what was packed since the last time.
    ///
    /// - Parameter waits: whether it waits for one if too many are under way.
    private mutating func takePacked(waits: Bool = false) {
        for (id, result) in packer.collect(waits: waits) {
            guard let index = snapshots.firstIndex(where: { $0.id == id }), case .failure(let error) = result else {
                continue
            }
            // It goes; what is left makes its steps again.
            problem = error
            snapshots.remove(at: index)
        }
    }

    // MARK: - Worth

    /// A snapshot is worth the steps that would have to be made again without it, over how far away it is: so they
    /// lie dense near now and thin out towards the past.
    ///
    private func leastValuable(_ around: Surroundings, where isAsked: (Snapshot) -> Bool) -> Int? {
        var least: (index: Int, worth: Double)?
        for (index, own) in snapshots.enumerated() where own.reason != .start && isAsked(own) {
            func neighbour(_ index: Int) -> Int? {
                guard snapshots.indices.contains(index) else { return nil }
                let other = snapshots[index].position
                return other.branch == own.position.branch ? other.step : nil
            }
            let (step, branch) = (own.position.step, own.position.branch)
            let isHere = branch == around.now.branch
            let before = neighbour(index - 1) ?? around.start(of: branch)
            let after = neighbour(index + 1) ?? max(step, isHere ? around.now.step : 0)
            let gap = after - before
            let distance = abs(around.now.step - step)
            var worth = Double(gap + 1) / Double(distance + 1)
            if own.reason == .change { worth *= 64 }
            if !isHere { worth *= 0.25 }
            if around.isDeleted(branch) { worth *= 0.05 }
            if worth < least?.worth ?? .infinity { least = (index, worth) }
        }
        return least?.index
    }
}
