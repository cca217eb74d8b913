import CLMat
import Dispatch
import Synchronization

/// Packs snapshots on a thread of its own, a few at a time.
final class Packer: Sendable {
    private struct Work {
        var done: [(id: Int, Result<PackedRun, CLMatError>)] = []
        var underWay = 0
    }

    private let queue = DispatchQueue(label: "snapshots", qos: .utility)
    private let work = Mutex(Work())
    private let finished = DispatchSemaphore(value: 0)
    /// How many may be under way: their memory is held until they are done.
    private static let most = 2

    func pack(_ id: Int, _ run: any Run, _ size: SnapshotSize, into room: PackedRun.Room) {
        work.withLock { $0.underWay += 1 }
        queue.async { [self] in
            let result = Result { () throws(CLMatError) in
                try PackedRun(run, into: room, bytes: size.bytes, of: size.device ?? .cpu)
            }
            work.withLock { work in
                work.done.append((id, result))
                work.underWay -= 1
            }
            finished.signal()
        }
    }

    /// What was packed since the last call.
    ///
    /// - Parameter waits: whether it waits for one if too many are under way.
    func collect(waits: Bool) -> [(id: Int, Result<PackedRun, CLMatError>)] {
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
