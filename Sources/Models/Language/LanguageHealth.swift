import Exploration
import Foundation

/// Whether a language model in training still learns: told from the loss of each window.
struct LanguageHealth: Sendable {
    /// The step at which the perplexity ceased to be a number, and what it is.
    private var lost: (since: Int, isInfinite: Bool)?
    /// The step since when each window was foretold far worse than by chance, how many there were, and the loss of the last one.
    private var far: (since: Int, windows: Int, loss: Double)?
    private var vocabulary = 1

    /// Windows in a row that are taken for a divergence, and steps before the first of them.
    static let (patience, firstSteps) = (10, 20)

    /// Nats per word beyond which a loss is far above that of chance, ln V: a model that is merely wrong now and then does not come there.
    static func limit(vocabulary: Int) -> Double { 3 * log(Double(max(2, vocabulary))) + 5 }

    /// Takes note of a window.
    ///
    /// - Parameter loss: nats per word.
    mutating func note(loss: Double, vocabulary: Int, at step: Int) {
        self.vocabulary = vocabulary
        lost = exp(loss).isFinite ? nil : lost ?? (step, !loss.isNaN)
        guard step > Self.firstSteps, loss > Self.limit(vocabulary: vocabulary) else {
            far = nil
            return
        }
        far = (far?.since ?? step, (far?.windows ?? 0) + 1, loss)
    }

    var warning: Warning? {
        if let lost {
            return Warning(
                "lost-perplexity-train", "The model left the numbers",
                because: "the perplexity is \(lost.isInfinite ? "infinite" : "not a number")", advice: Warning.undo,
                since: lost.since)
        }
        guard let far, far.windows >= Self.patience else { return nil }
        return Warning(
            "diverged", "The training diverges",
            because:
                "its loss is \(format(far.loss)) nats per word, where a guess among all words costs \(format(log(Double(vocabulary))))",
            advice:
                "Undo the last change, or go back, and lower the learning rate or the length at which the gradient is clipped.",
            since: far.since)
    }
}
