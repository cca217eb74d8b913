import CLMat
import Synchronization

/// A metric that a person adds to a running model: a closure that looks at the model and its minibatch.
struct Probe: Sendable {
    let metric: Metric
    /// nil if it is for another kind of model.
    let measure: @Sendable (any Sendable, (any Sendable)?) throws -> Double?
}

/// The probes of a run. One that throws is taken off, and the run goes on.
final class ProbeBoard: Sendable {
    private let board = Mutex<(probes: [Probe], failures: [String])>(([], []))

    var metrics: [Metric] { board.withLock { $0.probes.map(\.metric) } }

    /// Replaces a probe of the same name.
    func add(_ probe: Probe) {
        board.withLock { board in
            board.probes.removeAll { $0.metric.id == probe.metric.id }
            board.probes.append(probe)
        }
    }

    func remove(_ id: String) { board.withLock { board in board.probes.removeAll { $0.metric.id == id } } }

    /// What was taken off since the last call, and why.
    func takeFailures() -> [String] {
        board.withLock { board in
            defer { board.failures = [] }
            return board.failures
        }
    }

    func measure(_ model: any Sendable, _ batch: (any Sendable)?, into measured: inout Measurements) {
        for probe in board.withLock({ $0.probes }) {
            do {
                measured[probe.metric.id] = try probe.measure(model, batch)
            } catch {
                remove(probe.metric.id)
                board.withLock { $0.failures.append("The metric '\(probe.metric.title)' was taken off: \(error)") }
            }
        }
    }
}
