import Synchronization

/// A wish that what takes long is left off. Who looks at it (``StepContext/leavesOff()``) follows it; nobody has to.
final class Interruption: Sendable {
    private let asked = Atomic<Bool>(false)
    private let followed = Atomic<Bool>(false)

    func ask() { asked.store(true, ordering: .relaxed) }

    var isAsked: Bool { asked.load(ordering: .relaxed) }
    /// Whether something was left off.
    var isFollowed: Bool { followed.load(ordering: .relaxed) }

    /// Whether to leave off: who hears so, does.
    func follow() -> Bool {
        guard isAsked else { return false }
        followed.store(true, ordering: .relaxed)
        return true
    }
}
