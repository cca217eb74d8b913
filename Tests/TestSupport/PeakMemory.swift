import Foundation

/// The bytes by which this process's peak of resident memory lay above what it held before, while `work` ran.
///
/// It is that of the whole process: tests that run at the same time count too. So it is right only in a process of its own,
/// inside an exit test (`#expect(processExitsWith: .success) { … }`), or for a difference that no other test makes.
/// Memory that was asked for and never touched does not count, a file that is mapped and read does.
///
/// Linux resets the peak when `5` is written to `/proc/self/clear_refs` (proc(5)). Where that is refused, the result is too
/// small if the process has held more before.
public func peakMemory(_ work: () throws -> Void) rethrows -> Int {
    // What earlier work freed goes back to the system, so that it does not hide what this one takes.
    _ = giveBack?(0)
    let wasReset = resetPeak()
    let (before, earlierPeak) = (memory("VmRSS:"), memory("VmHWM:"))
    try work()
    let peak = memory("VmHWM:")
    return wasReset || peak > earlierPeak ? max(0, peak - before) : 0
}

/// glibc's malloc_trim, whose header Swift's Glibc module leaves out; nil where the C library has none.
private let giveBack: (@convention(c) (Int) -> Int32)? = dlsym(nil, "malloc_trim").map {
    unsafeBitCast($0, to: (@convention(c) (Int) -> Int32).self)
}

private func resetPeak() -> Bool {
    let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return write(descriptor, "5", 1) == 1
}

/// A line of `/proc/self/status`, in bytes; 0 where there is none.
private func memory(_ name: String) -> Int {
    let descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0, let line = String(decoding: bytes[..<count], as: UTF8.self).range(of: name) else { return 0 }
    let text = String(decoding: bytes[..<count], as: UTF8.self)[line.upperBound...]
    let digits = text.drop { $0 == " " || $0 == "\t" }.prefix { $0.isNumber }
    return (Int(digits) ?? 0) << 10
}
