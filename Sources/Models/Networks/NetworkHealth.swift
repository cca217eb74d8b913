import CLMat
import Exploration

/// Whether a network in training still learns: told from what each step reads from the device anyway.
struct NetworkHealth: Sendable {
    /// The step at which the training loss ceased to be finite, and what it is.
    private var lost: (since: Int, isInfinite: Bool)?
    /// The step since when all images of each minibatch got one answer, and how many minibatches that were.
    private var alike: (since: Int, batches: Int)?
    private var isDead = false
    /// The training accuracy, smoothed, and whether it ever was clearly above chance.
    private var accuracy = 0.0
    private var hasLearned = false

    /// Minibatches in a row that got one answer each, before that is taken for death.
    static let patience = 50

    /// Takes note of a minibatch.
    ///
    /// - Parameters:
    ///   - classes: how many there are.
    ///   - outputs: what the network gave, rows of `classes` numbers: asked for only once in ``patience`` minibatches, and
    ///     only while a network gives one answer to all.
    mutating func note(
        loss: Double, predictions: [Int32], labels: [Int32], classes: Int, at step: Int,
        outputs: () throws(CLMatError) -> [Float]
    ) throws(CLMatError) {
        lost = loss.isFinite ? nil : lost ?? (step, loss.isInfinite)
        let right = zip(predictions, labels).count { $0 == $1 }
        accuracy += (Double(right) / Double(max(1, labels.count)) - accuracy) / 20
        let chance = 1 / Double(max(2, classes))
        if accuracy > chance + (1 - chance) / 4 { hasLearned = true }

        // One answer to images of several classes.
        guard loss.isFinite, Set(labels).count > 1, Set(predictions).count == 1 else {
            // A minibatch of one class tells nothing.
            if Set(labels).count > 1 { (alike, isDead) = (nil, false) }
            return
        }
        let batches = (alike?.batches ?? 0) + 1
        alike = (alike?.since ?? step, batches)
        guard !isDead, batches % Self.patience == 0 else { return }
        // It was better before, or its outputs do not depend on the image at all. A network that has just begun may give
        // one answer for long, but to each image with other numbers.
        isDead = hasLearned ? true : Self.areAlike(try outputs(), classes)
    }

    /// Whether all rows are the same, up to rounding.
    private static func areAlike(_ outputs: [Float], _ classes: Int) -> Bool {
        guard classes > 0, outputs.count > classes else { return false }
        let largest = outputs.reduce(0) { max($0, abs($1)) }
        return outputs.indices.dropFirst(classes).allSatisfy { index in
            abs(outputs[index] - outputs[index % classes]) <= 1e-5 * largest
        }
    }

    var warning: Warning? {
        if let lost {
            return Warning(
                "lost-network", "The network left the numbers",
                because: "its training loss is \(lost.isInfinite ? "infinite" : "not a number")",
                advice: "Undo the last change, or go back and lower the learning rate.", since: lost.since)
        }
        guard isDead, let alike else { return nil }
        return Warning(
            "dead-network", "The network has died", because: "since then it gives every image the same answer",
            advice: "Undo the last change, or go back and lower the learning rate.", since: alike.since)
    }
}
