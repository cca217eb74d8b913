import CLMat
import Synchronization

/// The snapshots that hold memory of a device, for whoever needs it more: in the middle of a step, on any thread.
///
/// The store knows what snapshots are worth, but it belongs to the step that needs the memory; so it looks afterwards what became of them.
final class SnapshotShelf: Sendable {
    private struct Entry: Sendable {
        let held: HeldState
        let size: SnapshotSize
        let isAnchor: Bool
        /// The beginning stays, wherever: from there everything can be made again.
        let isStart: Bool
    }

    private let entries = Mutex<[Int: Entry]>([:])
    private let packer: Packer

    init(_ packer: Packer) { self.packer = packer }

    func add(_ snapshot: Snapshot) {
        let entry = Entry(
            held: snapshot.held, size: snapshot.size, isAnchor: snapshot.isAnchor, isStart: snapshot.reason == .start)
        entries.withLock { $0[snapshot.id] = entry }
    }

    func remove(_ id: Int) { entries.withLock { $0[id] = nil } }

    /// Gives up half of the snapshots that are on the device, the oldest first: those that are worth a place elsewhere move to the host,
    /// if it has room.
    ///
    /// - Returns: what was done, in words; nil if nothing could be.
    func giveWay() -> String? {
        let live = entries.withLock { entries in
            entries.sorted { $0.key < $1.key }.map(\.value).filter { entry in
                guard case .live = entry.held.value else { return false }
                return !entry.isStart || Self.hostHasRoom(for: entry)
            }
        }
        var (moved, dropped) = (0, 0)
        for entry in live.prefix((live.count + 1) / 2) {
            if entry.isAnchor, Self.hostHasRoom(for: entry), case .live(let run) = entry.held.value,
                let packed = try? PackedRun(
                    run, into: .host, bytes: entry.size.bytes, of: entry.size.device ?? .cpu)
            {
                entry.held.settle(as: .packed(packed))
                moved += 1
            } else if !entry.isStart {
                entry.held.settle(as: .gone)
                dropped += 1
            }
        }
        if moved + dropped > 0 {
            let parts = [
                moved > 0 ? "\(moved) moved to the host" : nil, dropped > 0 ? "\(dropped) were given up" : nil,
            ]
            return "of the states to go back to, " + parts.compactMap { $0 }.joined(separator: " and ")
        }
        // What is being packed holds its memory until it is done.
        return packer.waitForOne() ? "states to go back to moved elsewhere" : nil
    }

    /// Whether it can be kept on the host, and leaves the device something there.
    private static func hostHasRoom(for entry: Entry) -> Bool {
        guard entry.size.device?.hasOwnMemory == true else { return false }
        return HostMemory.free.map { entry.size.bytes < $0 / 4 } ?? true
    }
}
