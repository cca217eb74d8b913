/// The time that a window goes by: what is a double click, how long words stay, when something is asked for again.
protocol WindowClock: Sendable {
    var now: ContinuousClock.Instant { get }
}

/// The time on the wall. Tests have a clock that stands still until they move it on.
struct WallClock: WindowClock {
    var now: ContinuousClock.Instant { ContinuousClock.now }
}
