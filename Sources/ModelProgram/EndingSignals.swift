import Dispatch
import Foundation

/// Ctrl-C and the like end a run without a window after the step in progress, and its files are written. What is to happen at a signal is told
/// each time one comes.
final class EndingSignals {
    private var sources: [any DispatchSourceSignal] = []
    private var before: [(number: Int32, action: sigaction)] = []

    init(_ end: @escaping @Sendable () -> Void) {
        let ready = DispatchSemaphore(value: 0)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            var action = sigaction()
            sigaction(number, nil, &action)
            // nohup: the run is to outlive its terminal.
            if number == SIGHUP, Self.isIgnored(action) { continue }
            before.append((number, action))
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler(handler: end)
            source.setRegistrationHandler { ready.signal() }
            source.resume()
            sources.append(source)
        }
        // One that comes before a source listens would be lost.
        for _ in sources { _ = ready.wait(timeout: .now() + 1) }
    }

    /// Signals do again what they did before.
    func cancel() {
        for source in sources { source.cancel() }
        for (number, var action) in before { sigaction(number, &action, nil) }
    }

    private static func isIgnored(_ action: sigaction) -> Bool {
        action.sa_flags & SA_SIGINFO == 0 && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
