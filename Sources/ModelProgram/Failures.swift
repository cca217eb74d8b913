import ArgumentParser
import CLMat
import Synchronization

/// What went wrong with the outputs of a run. One that cannot be written does not keep the others from it: each is said in the
/// end, and the exit status is 1.
final class Failures: Sendable {
    private struct Failure {
        let error: any Error
        var isSaid = false
    }
    private let failures = Mutex<[Failure]>([])

    func add(_ error: any Error) { failures.withLock { $0.append(Failure(error: error)) } }

    /// Does what may fail.
    func attempt(_ body: () throws -> Void) {
        do { try body() } catch { add(error) }
    }

    /// Says an error at once.
    func say(_ error: any Error) {
        ModelProgram.tell(error)
        failures.withLock { $0.append(Failure(error: error, isSaid: true)) }
    }

    /// Throws, if something went wrong: the last error that nobody has heard of; those before are said.
    func end() throws {
        let failures = failures.withLock { $0 }
        guard !failures.isEmpty else { return }
        let unsaid = failures.filter { !$0.isSaid }
        for failure in unsaid.dropLast() { ModelProgram.tell(failure.error) }
        if let last = unsaid.last { throw last.error }
        throw ExitCode(1)
    }
}

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
