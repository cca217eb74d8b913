import Foundation
import Synchronization

/// Time, launches, bytes and operations by kernel, and what the host reads, writes and waits for, while it is recording.
public final class Profile: Sendable {
    /// What all launches of one kernel came to, or all reads, writes or copies.
    public struct Entry: Sendable, Equatable {
        /// How often it was launched.
        public var launches = 0
        /// Seconds of the device; of reads and writes, those that the host was busy with them or waited. On OpenCL the
        /// device's are known when the work is done (after a read or `finish`).
        public var seconds = 0.0
        /// Bytes read and written, as ``WorkSize/bytesPerItem`` counts them.
        public var bytes = 0
        /// Floating-point operations, as ``WorkSize/operationsPerItem`` counts them.
        public var operations = 0
        /// Work-groups of the launch that had the fewest, and of that which had most.
        public internal(set) var groups: ClosedRange<Int>?
        /// The longest loop of a work-item (``LaunchCost/loop``).
        public internal(set) var loop = 0
        /// Launches that would leave a GPU idle (``LaunchCost/leavesAGPUIdle``).
        public internal(set) var idleLaunches = 0
        /// Seconds on ``Profile/predicted``.
        public internal(set) var predictedSeconds = 0.0
        /// Of kernels, products, reads or transfers.
        var sort = Sort.kernel

        enum Sort: Sendable { case kernel, product, read, transfer }

        /// An entry of given sums; nothing by default.
        public init(launches: Int = 0, seconds: Double = 0, bytes: Int = 0, operations: Int = 0) {
            (self.launches, self.seconds, self.bytes, self.operations) = (launches, seconds, bytes, operations)
        }

        mutating func add(_ cost: LaunchCost, seconds: Double, on model: DeviceModel?) {
            sort =
                switch cost.kind {
                case .kernel: .kernel
                case .product: .product
                case .read: .read
                case .transfer: .transfer
                }
            launches += 1
            self.seconds += seconds
            bytes += cost.bytes
            operations += cost.operations
            groups =
                groups.map { min($0.lowerBound, cost.groups)...max($0.upperBound, cost.groups) }
                ?? cost.groups...cost.groups
            loop = max(loop, cost.loop)
            if cost.leavesAGPUIdle { idleLaunches += 1 }
            if let model { predictedSeconds += model.seconds(for: cost) }
        }
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var predicted: DeviceModel?
        /// Of the host: giving work to a device that does it later.
        var givingSeconds = 0.0
        var recordedSeconds = 0.0
        var since: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let recording = Atomic<Bool>(false)
    /// How many have asked for a pause.
    private let pauses = Atomic<Int>(0)

    /// Off by default, since asking the clock costs a little. Reads as false while a ``Roofline`` is measured, and then
    /// as what it was set to last.
    public var isRecording: Bool {
        get { recording.load(ordering: .relaxed) && pauses.load(ordering: .relaxed) == 0 }
        set {
            recording.store(newValue, ordering: .relaxed)
            state.withLock { state in
                if let since = state.since { state.recordedSeconds += (ContinuousClock.now - since).seconds }
                state.since = newValue ? .now : nil
            }
        }
    }

    /// The device for which each launch is predicted as it is recorded; none by default.
    public var predicted: DeviceModel? {
        get { state.withLock { $0.predicted } }
        set { state.withLock { $0.predicted = newValue } }
    }

    /// Entries by kernel; `read`, `write` and `copy` are those of the host.
    public var byKernel: [String: Entry] { state.withLock { $0.entries } }

    /// Kernels and products that were recorded.
    var launches: Int {
        byKernel.values.reduce(0) { $0 + ($1.sort == .kernel || $1.sort == .product ? $1.launches : 0) }
    }

    /// Forgets all entries.
    public func reset() {
        state.withLock { state in
            state.entries = [:]
            (state.givingSeconds, state.recordedSeconds) = (0, 0)
            if state.since != nil { state.since = .now }
        }
    }

    /// Seconds that were recorded; of these, the host gave out work that a device does later; and waited for numbers.
    var hostSeconds: (recorded: Double, giving: Double, waiting: Double) {
        state.withLock { state in
            let open = state.since.map { (ContinuousClock.now - $0).seconds } ?? 0
            return (
                state.recordedSeconds + open, state.givingSeconds,
                state.entries.values.reduce(0) { $0 + ($1.sort == .read ? $1.seconds : 0) }
            )
        }
    }

    /// Records nothing while `body` works: what measures the device is not the work that is looked at.
    func pausing<Value>(_ body: () throws(CLMatError) -> Value) throws(CLMatError) -> Value {
        pauses.add(1, ordering: .relaxed)
        defer { pauses.subtract(1, ordering: .relaxed) }
        return try body()
    }

    /// The time, if anything is recorded.
    var clock: ContinuousClock.Instant? { isRecording ? .now : nil }

    /// Notes one piece of work.
    ///
    /// - Parameters:
    ///   - start: when the host began with it; nil if that is not known.
    ///   - isDone: whether it is done now, so that the time since `start` was the work's own; else it was the host's, who
    ///     gave it out, and the work's is added later.
    func note(_ kernel: String, _ cost: LaunchCost, since start: ContinuousClock.Instant?, isDone: Bool) {
        guard isRecording else { return }
        let seconds = start.map { (ContinuousClock.now - $0).seconds } ?? 0
        state.withLock { state in
            state.entries[kernel, default: Entry()].add(cost, seconds: isDone ? seconds : 0, on: state.predicted)
            if !isDone { state.givingSeconds += seconds }
        }
    }

    /// Adds device time that became known later.
    func add(_ kernel: String, seconds: Double) {
        state.withLock { $0.entries[kernel, default: Entry()].seconds += seconds }
    }
}
