import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and the like close the window, so that the run's files are written.
///
/// SDL has handlers for that; but a driver that compiles its shaders, as Mesa's for the processor, puts others in their
/// place, which end the program.
final class ClosingSignals {
    private let sources: [any DispatchSourceSignal]
    private let isAsked = Asked()

    private final class Asked: Sendable { let value = Atomic<Bool>(false) }

    /// Whether one has come.
    var hasCome: Bool { isAsked.value.load(ordering: .relaxed) }

    /// To be made after the window.
    init() {
        sources = Self.numbers.map { [isAsked] number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { isAsked.value.store(true, ordering: .relaxed) }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
        // Who presses Ctrl-C once more does not want to wait for the files.
        for number in Self.numbers { signal(number, SIG_DFL) }
    }

    private static let numbers = [SIGINT, SIGTERM, SIGHUP]
}
