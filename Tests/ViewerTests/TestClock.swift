import Synchronization

@testable import Viewer

/// A clock that stands still until a test moves it on: however busy the machine is, no time passes for the window.
final class TestClock: WindowClock {
    private let time = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { time.withLock { $0 } }

    func advance(by seconds: Double) { time.withLock { $0 += .seconds(seconds) } }
}
