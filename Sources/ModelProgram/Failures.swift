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
