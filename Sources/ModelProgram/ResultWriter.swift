import CLMat
import Synchronization

/// Where a run tells its results: standard output, or standard error if standard output is for something else. Once it cannot be
/// written, nobody listens any more.
final class ResultWriter: Sendable {
    private let failures: Failures
    private let isForPeople: Bool
    private let isBroken = Mutex(false)

    /// - Parameter isForPeople: whether standard output takes results in words; else they go to standard error.
    init(_ failures: Failures, isForPeople: Bool) { (self.failures, self.isForPeople) = (failures, isForPeople) }

    /// Tells a person a result.
    func tell(_ line: String) {
        if isForPeople { write(line) } else { StandardError.say(line) }
    }

    /// Writes a line to standard output.
    func write(_ line: String) {
        guard !isBroken.withLock({ $0 }) else { return }
        do throws(CLMatError) {
            try StandardOutput.say(line)
        } catch {
            isBroken.withLock { $0 = true }
            failures.say(error)
        }
    }
}
