import Foundation

/// How long a person waits for the first frame, and for the first pictures. With CLMAT_LOG=1 it says so on standard
/// error.
struct StartMeter {
    private var hasFrame = false
    private var hasPictures = false
    private let isAsked = (ProcessInfo.processInfo.environment["CLMAT_LOG"].flatMap { Int($0) } ?? 0) >= 1

    /// After each frame. `pictures` is the step from which the figures that it shows were computed, if all were.
    @MainActor mutating func noteFrame(pictures: @autoclosure () -> Int?) {
        guard isAsked, !(hasFrame && hasPictures), let seconds = Self.secondsSinceStart else { return }
        if !hasFrame { warn("clmat: first frame after \(fixed(seconds, 2)) s") }
        hasFrame = true
        // At step 0 the images are the noise that they begin with.
        guard !hasPictures, let step = pictures(), step > 0 else { return }
        hasPictures = true
        warn("clmat: first pictures after \(fixed(seconds, 2)) s, of step \(step)")
    }

    /// Seconds since this process began, to a hundredth; nil where the system does not say.
    static var secondsSinceStart: Double? {
        // Fields are counted after the program's name, which may hold spaces and brackets. The 22nd of all is the
        // start, in ticks since the machine was started (proc_pid_stat(5)).
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let name = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[name...].split(separator: " ")
        guard fields.count > 20, let ticks = Double(fields[20]) else { return nil }
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9 - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
