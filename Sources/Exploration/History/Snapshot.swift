import CLMat
import Synchronization

/// The model at one place of its history.
struct Snapshot: Sendable {
    enum Reason: Sendable {
        /// The beginning, from which everything can be made again: it always stays.
        case start
        /// Just before a person's change, or where the run left a branch: that is where people go back to.
        case change
        case interval
    }

    enum State: Sendable {
        case live(any Run)
        /// Live, and being packed.
        case leaving(any Run, toHost: Bool)
        case packed(PackedRun)
        /// Given up where the device had no memory left.
        case gone
    }

    /// How many steps have to be made again at most, as long as there is room for the snapshots which that takes: of those that
    /// nobody asked for, one in so many steps is worth a place outside memory.
    static let anchorDistance = 192

    let id: Int
    var position: Position
    let reason: Reason
    let settings: Settings
    /// Shared by copies: where memory runs out it changes in the middle of a step.
    let held: HeldState
    let size: SnapshotSize

    var state: State { held.value }

    /// Whether it is to stay, if there is room anywhere.
    var isAnchor: Bool { reason != .interval || position.step % Self.anchorDistance == 0 }
    var isLive: Bool { if case .live = state { true } else { false } }
    /// Whether there was no memory for it.
    var isGone: Bool { if case .gone = state { true } else { false } }
    var isPackedInFile: Bool { if case .packed(let packed) = state { !packed.isOnHost } else { false } }
    /// Bytes that it takes on the host for a device that has no room, or soon will.
    var bytesOnHost: Int {
        switch state {
        case .live, .leaving(_, toHost: false), .gone: 0
        case .leaving(_, toHost: true): size.bytes
        case .packed(let packed): packed.isOnHost ? size.bytes : 0
        }
    }

    /// The run as it was.
    ///
    /// - Parameter template: any state of the same run.
    /// - Returns: nil if it was given up.
    func run(like template: any Run, seed: UInt64) throws(CLMatError) -> (any Run)? {
        switch state {
        case .live(let run), .leaving(let run, _): run
        case .packed(let packed): try packed.unpacked(like: template, seed: seed)
        case .gone: nil
        }
    }
}

/// Where a snapshot's run is.
final class HeldState: Sendable {
    private let state: Mutex<Snapshot.State>

    init(_ state: Snapshot.State) { self.state = Mutex(state) }

    var value: Snapshot.State { state.withLock { $0 } }

    /// Says that it is being packed. Returns nil if it is not live any more.
    func leave(toHost: Bool) -> (any Run)? {
        state.withLock { state in
            guard case .live(let run) = state else { return nil }
            state = .leaving(run, toHost: toHost)
            return run
        }
    }

    /// Lets go of the device's memory.
    func settle(as settled: Snapshot.State) {
        // What is let go of is released when the lock is open: that may take a while.
        let before = state.withLock { state in
            defer { state = settled }
            return state
        }
        withExtendedLifetime(before) {}
    }
}

/// What a run keeps.
struct SnapshotSize: Sendable {
    let memory: [MemoryBlock]
    /// Bytes of its own on the host.
    let hostBytes: Int
    /// Bytes of all, as a file has them.
    let bytes: Int
    /// Where its arrays live; nil if it has none.
    let device: Device?

    init(of run: any Run) {
        let counter = Archive.counting()
        var copy = run
        // Counting reads and writes nothing, so it cannot fail.
        try? copy.archive(counter)
        (memory, hostBytes, bytes, device) = (counter.memory, counter.hostBytes, counter.bytes, counter.home)
    }

    /// Steps between two snapshots of a run that nobody changes: the step after one copies what both would share, which is
    /// to cost little beside the steps. So it follows from what there is to copy, and not from the clock, which would
    /// differ from run to run and from machine to machine. A power of two, so that some fall on ``Snapshot/anchorDistance``.
    var interval: Int {
        var interval = 8
        while interval < 64, interval < bytes >> 20 { interval *= 2 }
        return interval
    }
}
