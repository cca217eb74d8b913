import Foundation
import Synchronization

/// Time, launches, bytes and operations by kernel, while it is recording.
public final class Profile: Sendable {
    /// What all launches of one kernel came to.
    public struct Entry: Sendable, Equatable {
        /// How often it was launched.
        public var launches = 0
        /// Seconds of the device. On OpenCL they are known when the work is done (after a read or `finish`).
        public var seconds = 0.0
        /// Bytes read and written, as ``WorkSize/bytesPerItem`` counts them.
        public var bytes = 0
        /// Floating-point operations, as ``WorkSize/operationsPerItem`` counts them.
        public var operations = 0

        /// An entry of given sums; nothing by default.
        public init(launches: Int = 0, seconds: Double = 0, bytes: Int = 0, operations: Int = 0) {
            (self.launches, self.seconds, self.bytes, self.operations) = (launches, seconds, bytes, operations)
        }
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let recording = Atomic<Bool>(false)
    /// How many have asked for a pause.
    private let pauses = Atomic<Int>(0)

    /// Off by default, since asking the clock costs a little. Reads as false while a ``Roofline`` is measured, and then
    /// as what it was set to last.
    public var isRecording: Bool {
        get { recording.load(ordering: .relaxed) && pauses.load(ordering: .relaxed) == 0 }
        set { recording.store(newValue, ordering: .relaxed) }
    }

    /// Entries by kernel.
    public var byKernel: [String: Entry] { entries.withLock { $0 } }
    /// Forgets all entries.
    public func reset() { entries.withLock { $0 = [:] } }

    /// Records nothing while `body` works: what measures the device is not the work that is looked at.
    func pausing<Value>(_ body: () throws(CLMatError) -> Value) throws(CLMatError) -> Value {
        pauses.add(1, ordering: .relaxed)
        defer { pauses.subtract(1, ordering: .relaxed) }
        return try body()
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

// MARK: - As a table

extension Profile {
    /// What was recorded, as a table of words and numbers: one row per kernel, the costliest first.
    public struct Report: Sendable, Equatable, CustomStringConvertible {
        /// `kernel` first; all others hold numbers.
        public let columns: [String]
        /// One row per kernel, a cell per column.
        public let rows: [[String]]
        /// One line on all kernels together, its parts divided by " · ".
        public let caption: String

        /// Lines of text, with columns aligned, and the caption under them.
        public var description: String {
            let widths = columns.indices.map { column in
                ([columns] + rows).map { $0[column].count }.max() ?? 0
            }
            func line(_ cells: [String]) -> String {
                zip(cells, widths).enumerated().map { index, cell in
                    let space = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
                    return index == 0 ? cell.0 + space : space + cell.0
                }.joined(separator: "  ")
            }
            return (([columns] + rows).map(line) + [caption]).joined(separator: "\n")
        }
    }

    /// What was recorded so far.
    ///
    /// - Parameters:
    ///   - steps: how many steps of a model were recorded: launches and bytes are then told per step.
    ///   - roofline: what the device can do: then there is a column with each kernel's share of it.
    public func report(steps: Int? = nil, roofline: Roofline? = nil) -> Report {
        let all = byKernel.sorted { ($0.value.seconds, $0.key) > ($1.value.seconds, $1.key) }
        let total = all.reduce(into: Entry()) { sum, entry in
            sum.launches += entry.value.launches
            sum.seconds += entry.value.seconds
            sum.bytes += entry.value.bytes
        }
        let steps = steps.flatMap { $0 > 0 ? Double($0) : nil }
        let rows = all.map { name, entry in
            // A kernel whose time is not known yet has no rate.
            func rate(_ amount: Int) -> String {
                entry.seconds > 0 ? decimal(Double(amount) / entry.seconds / 1e9, 1) : "–"
            }
            var cells = [name, total.seconds > 0 ? percent(entry.seconds / total.seconds) : "–"]
            if let roofline { cells.append(roofline.share(of: entry).map(percent) ?? "–") }
            cells += [rate(entry.bytes), rate(entry.operations)]
            if let steps {
                cells += [
                    decimal(Double(entry.launches) / steps, 1), decimal(Double(entry.bytes) / steps / 1e6, 2),
                ]
            } else {
                cells.append("\(entry.launches)")
            }
            return cells + [decimal(entry.seconds, 3)]
        }
        var caption = ["\(decimal(total.seconds, 1)) s recorded"]
        if let steps {
            caption.append(
                "\(decimal(Double(total.launches) / steps, 0)) launches and "
                    + "\(decimal(Double(total.bytes) / steps / 1e6, 1)) MB per step")
        }
        if let roofline {
            caption.append(
                "device copies \(decimal(roofline.bandwidth / 1e9, 0)) GB/s, multiplies "
                    + "\(decimal(roofline.arithmetic / 1e9, 0)) GFLOP/s")
        }
        return Report(
            columns: ["kernel", "time"] + (roofline == nil ? [] : ["roofline"]) + ["GB/s", "GFLOP/s"]
                + (steps == nil ? ["launches"] : ["launches/step", "MB/step"]) + ["seconds"],
            rows: rows, caption: caption.joined(separator: " · "))
    }
}

private func percent(_ share: Double) -> String { decimal(100 * share, 0) + " %" }
private func decimal(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
