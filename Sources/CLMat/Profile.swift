import Synchronization

/// Time, launches, bytes and operations by kernel, while it is recording.
public final class Profile: Sendable {
    public struct Entry: Sendable, Equatable {
        public var launches = 0
        /// Seconds of the device. On OpenCL they are known when the work is done (after a read or `finish`).
        public var seconds = 0.0
        public var bytes = 0
        public var operations = 0
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let recording = Atomic<Bool>(false)

    /// Off by default, since asking the clock costs a little.
    public var isRecording: Bool {
        get { recording.load(ordering: .relaxed) }
        set { recording.store(newValue, ordering: .relaxed) }
    }

    /// Entries by kernel.
    public var byKernel: [String: Entry] { entries.withLock { $0 } }
    public func reset() { entries.withLock { $0 = [:] } }

    /// A table, the costliest kernel first.
    public var table: String {
        let all = byKernel.sorted { ($0.value.seconds, $0.key) > ($1.value.seconds, $1.key) }
        let total = max(all.reduce(0) { $0 + $1.value.seconds }, 1e-12)
        var lines = ["share  seconds  launches   GB/s  GFLOP/s  kernel"]
        for (name, entry) in all {
            let seconds = max(entry.seconds, 1e-12)
            let cells = [
                pad("\(Int((100 * entry.seconds / total).rounded())) %", 5), pad(fixed(entry.seconds, 3), 8),
                pad("\(entry.launches)", 9), pad(fixed(Double(entry.bytes) / seconds / 1e9, 1), 6),
                pad(fixed(Double(entry.operations) / seconds / 1e9, 1), 8),
            ]
            lines.append(cells.joined(separator: " ") + "  " + name)
        }
        return lines.joined(separator: "\n")
    }

    func clock(_ isSynchronous: Bool) -> ContinuousClock.Instant? {
        isRecording && isSynchronous ? ContinuousClock.now : nil
    }

    func note(_ kernel: String, since start: ContinuousClock.Instant?, bytes: Int, operations: Int) {
        guard isRecording else { return }
        let seconds = start.map { (ContinuousClock.now - $0).seconds } ?? 0
        entries.withLock { entries in
            entries[kernel, default: Entry()].launches += 1
            entries[kernel]!.seconds += seconds
            entries[kernel]!.bytes += bytes
            entries[kernel]!.operations += operations
        }
    }

    /// Adds device time that became known later.
    func add(_ kernel: String, seconds: Double) {
        entries.withLock { $0[kernel, default: Entry()].seconds += seconds }
    }
}

private func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
}

private func fixed(_ value: Double, _ decimals: Int) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = (value * scale).rounded()
    guard rounded.magnitude < 1e15 else { return "∞" }
    let whole = Int(rounded)
    guard decimals > 0 else { return "\(whole)" }
    let digits = String(whole % Int(scale))
    return "\(whole / Int(scale))." + String(repeating: "0", count: decimals - digits.count) + digits
}
