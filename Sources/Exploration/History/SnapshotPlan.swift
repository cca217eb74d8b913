import CLMat
import Foundation

/// How much memory snapshots may keep, and where they go beyond it.
struct SnapshotPlan: Sendable, Equatable {
    /// Bytes that snapshots may keep alive where the model lives. Memory that two share counts once; the first snapshot
    /// stays even if it alone is larger.
    var memory: Int
    /// Bytes on the host for what a device with memory of its own has no room for.
    var host = 0
    /// Where the file for the rest is made; there is none if nil.
    var folder: String?
    /// The most bytes of that file; a tenth of what the disk has free if nil.
    var disk: Int?

    /// The bounds of what is taken of free memory if nothing was said.
    static let least = 128 << 20, most = 4 << 30
    /// States that memory holds at least, if nothing was said.
    static let leastStates = 3

    /// What was asked for holds, and nothing goes elsewhere.
    static func given(_ bytes: Int) -> SnapshotPlan { SnapshotPlan(memory: max(0, bytes)) }

    /// An eighth of the memory that is free, but room for a few states, and a file beyond it.
    ///
    /// - Parameters:
    ///   - stateBytes: what a step may change.
    ///   - device: a device with memory of its own on which that lives.
    static func automatic(stateBytes: Int, on device: Device?) -> SnapshotPlan {
        func eighth(of bytes: Int) -> Int { min(max(bytes / 8, least), most) }
        let free = HostMemory.free ?? 8 * least
        let states = leastStates * stateBytes
        guard let device else { return SnapshotPlan(memory: max(eighth(of: free), states), folder: cacheFolder) }
        return SnapshotPlan(
            memory: max(eighth(of: device.memory), states), host: eighth(of: free), folder: cacheFolder)
    }

    /// What a person should know who gave little memory.
    func note(stateBytes: Int) -> String? {
        guard folder == nil, host == 0, memory < Self.leastStates * stateBytes else { return nil }
        let held = stateBytes == 0 ? 0 : memory / stateBytes
        return
            "Going back will be slow: the memory given for snapshots, \(Self.size(memory)), holds "
            + "\(held == 0 ? "no state" : held == 1 ? "one state" : "\(held) states") of this model, which has \(Self.size(stateBytes))."
    }

    private static func size(_ bytes: Int) -> String {
        bytes >= 1 << 20 ? "\(bytes >> 20) MB" : bytes >= 1 << 10 ? "\(bytes >> 10) kB" : "\(bytes) bytes"
    }

    /// `$XDG_CACHE_HOME/clmat` or `~/.cache/clmat`.
    static var cacheFolder: String {
        let environment = ProcessInfo.processInfo.environment
        // A path that is not absolute is to be ignored (XDG Base Directory Specification, "Environment variables").
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (cache ?? (environment["HOME"] ?? NSHomeDirectory()) + "/.cache") + "/clmat"
    }
}
