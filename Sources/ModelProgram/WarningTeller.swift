import Exploration

/// Says on standard error what goes wrong with a model, each thing once.
final class WarningTeller {
    private let learner: Learner
    private let say: (String) -> Void
    private var told: Set<String> = []

    init(_ learner: Learner, say: @escaping (String) -> Void) { (self.learner, self.say) = (learner, say) }

    /// Called often.
    func tell() {
        for warning in learner.status.warnings where told.insert("\(warning.id) \(warning.since)").inserted {
            say(warning.text)
        }
    }
}
