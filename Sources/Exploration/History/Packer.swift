import CLMat
import Dispatch
import Synchronization

/// Packs snapshots on a thread of its own, a few at a time.
final class Packer: Sendable {
    private struct Work {
        var done: [(id: Int, Result<Void, CLMatError>)] = []
        var underWay = 0
    }

    private let queue = DispatchQueue(label: "snapshots", qos: .utility)
    private let work = Mutex(Work())
    private let finished = DispatchSemaphore(value: 0)
    /// How many may be under way: their memory is held until they are done.
    private static let most = 2

    /// Packs `run`, of which `held` then holds what was packed.
    func pack(_ id: Int, _ run: any Run, of held: HeldState, _ size: SnapshotSize, into room: PackedRun.Room) {
        work.withLock { $0.underWay += 1 }
        queue.async { [self] in
            let result = Result { () throws(CLMatError) in
                try PackedRun(run, into: room, bytes: size.bytes, of: size.device ?? .cpu)
            }
            if case .success(let packed) = result { held.settle(as: .packed(packed)) }
            work.withLock { work in
                work.done.append((id, result.map { _ in }))
                work.underWay -= 1
            }
            finished.signal()
        }
    }

    /// Waits for one that is under way, a while at most. Returns whether one was, and is done.
    func waitForOne() -> Bool {
        guard work.withLock({ $0.underWay > 0 }), finished.wait(timeout: .now() + 2) == .success else { return false }
        // It is `collect` that counts them.
        finished.signal()
        return true
    }

    /// What was packed since the last call.
    ///
    /// - Parameter waits: whether it waits for one if too many are under way.
    func collect(waits: Bool) -> [(id: Int, Result<Void, CLMatError>)] {
        while true {
            let (done, underWay) = work.withLock { work in
                defer { work.done = [] }
                return (work.done, work.underWay)
            }
            if !done.isEmpty || !waits || underWay < Self.most { return done }
            finished.wait()
        }
    }
}
