import Foundation

/// Memory of this machine.
package enum HostMemory {
    /// Bytes that programs may still take without swapping, within the limit of the container that this one is in; nil where
    /// the system does not say.
    package static var free: Int? {
        guard let available = field("MemAvailable:", of: "/proc/meminfo").map({ $0 << 10 }) else { return nil }
        // A container's limit (control groups, version 2).
        guard let limit = number("/sys/fs/cgroup/memory.max"), let used = number("/sys/fs/cgroup/memory.current")
        else { return available }
        // Pages of files that nobody uses count as used, and go when memory is asked for.
        let files = field("inactive_file", of: "/sys/fs/cgroup/memory.stat") ?? 0
        return max(0, min(available, limit - max(0, used - files)))
    }

    /// Bytes that this program has in memory; nil where the system does not say.
    package static var resident: Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        // The second number counts pages (proc_pid_statm(5)).
        return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map {
            $0 * sysconf(Int32(_SC_PAGESIZE))
        }
    }

    /// The most bytes that this program has had in memory (VmHWM of proc_pid_status(5)); nil where the system does not say.
    package static var peak: Int? { field("VmHWM:", of: "/proc/self/status").map { $0 << 10 } }

    private static func number(_ path: String) -> Int? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
            Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }

    private static func field(_ name: String, of path: String) -> Int? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) })
        else { return nil }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }
}
