import Foundation
import Synchronization

/// Shares the items of a job between threads. More than one caller may use it at once; each works on its own job
/// until nothing of it is left to begin.
///
/// OpenBLAS runs single-threaded inside it: two pools would fight for the same cores.
final class ThreadPool: Sendable {
    /// Threads that work on a job, the caller included.
    let threadCount: Int

    /// A job's items go out in pieces, from an atomic counter.
    ///
    /// `@unchecked Sendable`: the body outlives every worker that uses it, since `run` returns only when no piece is
    /// in progress and none can begin.
    private final class Job: @unchecked Sendable {
        let body: UnsafeRawPointer
        let call: (UnsafeRawPointer, Range<Int>) -> Void
        let items: Int
        let piece: Int
        let next = Atomic<Int>(0)
        let finished = Atomic<Int>(0)

        init(
            body: UnsafeRawPointer, call: @escaping (UnsafeRawPointer, Range<Int>) -> Void, items: Int, piece: Int
        ) {
            (self.body, self.call, self.items, self.piece) = (body, call, items, piece)
        }

        /// Does pieces until none is left to begin.
        func work() {
            while true {
                let start = next.add(piece, ordering: .relaxed).oldValue
                guard start < items else { return }
                let end = min(items, start + piece)
                call(body, start..<end)
                finished.add(end - start, ordering: .releasing)
            }
        }

        var hasWork: Bool { next.load(ordering: .relaxed) < items }
        var isFinished: Bool { finished.load(ordering: .acquiring) == items }
    }

    private let jobs = Mutex<[Job]>([])
    /// Counts jobs, so that a worker can spin on it for a moment before it sleeps.
    private let arrivals = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let wake = DispatchSemaphore(value: 0)

    init(threadCount: Int) {
        self.threadCount = max(1, threadCount)
        for index in 1..<max(2, self.threadCount) where index < self.threadCount {
            let thread = Thread { [self] in workForEver() }
            thread.name = "clmat-\(index)"
            thread.stackSize = 2 << 20
            thread.start()
        }
    }

    /// Calls `body` for ranges that together are `0..<items`, each at least `grain` long but for the last.
    ///
    /// Four pieces per thread even out unequal speeds, more of them unequal items; the result does not depend on the pieces.
    func run(_ items: Int, grain: Int, piecesPerThread: Int = 4, _ body: (Range<Int>) -> Void) {
        guard items > 0 else { return }
        let pieces = piecesPerThread * threadCount
        let piece = max(grain, (items + pieces - 1) / pieces)
        guard threadCount > 1, piece < items else { return body(0..<items) }

        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { pointer in
                let job = Job(
                    body: UnsafeRawPointer(pointer),
                    call: { body, range in body.assumingMemoryBound(to: ((Range<Int>) -> Void).self).pointee(range) },
                    items: items, piece: piece)
                jobs.withLock { $0.append(job) }
                arrivals.add(1, ordering: .sequentiallyConsistent)
                let asleep = min(sleepers.load(ordering: .sequentiallyConsistent), (items + piece - 1) / piece - 1)
                for _ in 0..<max(0, asleep) { wake.signal() }
                job.work()
                jobs.withLock { jobs in jobs.removeAll { $0 === job } }
                var spins = 0
                while !job.isFinished {
                    spins += 1
                    if spins > 2000 { sched_yield() }
                }
            }
        }
    }

    private func workForEver() {
        while true {
            let seen = arrivals.load(ordering: .acquiring)
            if let job = jobs.withLock({ jobs in jobs.first { $0.hasWork } }) {
                job.work()
                continue
            }
            // The next launch of a training step comes within microseconds: spin that long before sleeping.
            var spins = 0
            while spins < 4000, arrivals.load(ordering: .relaxed) == seen { spins += 1 }
            if spins < 4000 { continue }
            sleepers.add(1, ordering: .sequentiallyConsistent)
            // A job that came between the look and the sleep has counted itself; look again before sleeping.
            if arrivals.load(ordering: .sequentiallyConsistent) == seen { wake.wait() }
            sleepers.subtract(1, ordering: .acquiringAndReleasing)
        }
    }
}
