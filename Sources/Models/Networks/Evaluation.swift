import CLMat
import Exploration

/// A network's scores on a whole test set, gathered a slice at a time so that no step of the run takes long.
struct Evaluation: Sendable {
    /// The parameters that are evaluated: a snapshot, so training goes on meanwhile.
    private(set) var network: Network
    private(set) var position = 0
    /// Of the images so far, when their probabilities have come.
    private(set) var score: Trailing<TestScore>
    private let classes: Int

    init(of network: Network, classes: Int) {
        (self.network, self.classes) = (network, classes)
        score = Trailing(TestScore(classes: classes))
    }

    /// Evaluates up to `count` more images; true when all have been.
    mutating func advance(_ count: Int, over images: DeviceImages) throws(CLMatError) -> Bool {
        let end = min(position + count, images.count)
        if position < end {
            let batch = try images.batch(position..<end)
            let probabilities = try network.predict(batch.images).softmaxRows().valuesLater()
            let labels = try batch.labels.valuesLater()
            try score.follow(probabilities.readings + labels.readings) {
                [first = position] (score) throws(CLMatError) in
                score.add(try probabilities.value, labels: try labels.value, firstImage: first)
            }
            position = end
        }
        return position == images.count
    }
}

extension Evaluation {
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try network.archive(archive)
        try archive.keep("position", &position)
        guard position >= 0 else { throw archive.damaged("position", "it is negative") }
        // A score of any images takes as much room, but for its mistakes.
        var own = archive.isCounting ? TestScore(classes: classes) : try score.value
        try archive.group("score") { () throws(CLMatError) in try own.archive(archive) }
        if archive.isReading { score.set(own) }
    }
}

/// What was found on a test set.
public struct TestScore: Sendable {
    /// Counts by true class (row) and predicted class.
    public private(set) var confusion: [[Int]]
    /// Images by confidence, in tenths: how many, how many of them right, sum of confidences.
    public private(set) var calibration: [(count: Int, right: Int, confidence: Double)]
    /// The wrong answers given with the most confidence.
    public private(set) var mistakes: [Mistake] = []

    /// A wrong answer.
    public struct Mistake: Sendable {
        /// The image's number in the test set.
        public let image: Int
        /// Its class.
        public let label: Int
        /// What the network took it for.
        public let prediction: Int
        /// The probability that the network gave its answer, 0 to 1.
        public let confidence: Float
    }

    init(classes: Int) {
        confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        calibration = (0..<10).map { _ in (0, 0, 0) }
    }

    /// The images that were tested.
    public var count: Int { confusion.reduce(0) { $0 + $1.reduce(0, +) } }

    /// The share of right answers.
    public var accuracy: Double {
        count == 0 ? 0 : Double(confusion.indices.reduce(0) { $0 + confusion[$1][$1] }) / Double(count)
    }

    /// The share of right answers for one class.
    public func accuracy(of label: Int) -> Double {
        let total = confusion[label].reduce(0, +)
        return total == 0 ? 0 : Double(confusion[label][label]) / Double(total)
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) {
        let classes = confusion.count
        var counts = confusion.flatMap { $0 }
        try archive.keep("confusion", &counts)
        guard counts.count == classes * classes, counts.allSatisfy({ (0...1 << 32).contains($0) }) else {
            throw archive.damaged("confusion", "it is of other classes, or no count")
        }
        confusion = (0..<classes).map { Array(counts[$0 * classes..<($0 + 1) * classes]) }

        var (tenths, confidences) = (calibration.flatMap { [$0.count, $0.right] }, calibration.map(\.confidence))
        try archive.keep("calibration-counts", &tenths)
        try archive.keep("calibration-confidences", &confidences)
        guard tenths.count == 20, confidences.count == 10, tenths.allSatisfy({ (0...1 << 32).contains($0) }) else {
            throw archive.damaged("calibration-counts", "there are ten classes of confidence")
        }
        calibration = (0..<10).map { (tenths[2 * $0], tenths[2 * $0 + 1], confidences[$0]) }

        var (places, certainties) = (
            mistakes.flatMap { [$0.image, $0.label, $0.prediction] }, mistakes.map(\.confidence)
        )
        try archive.keep("mistakes", &places)
        try archive.keep("mistake-confidences", &certainties)
        guard places.count == 3 * certainties.count else {
            throw archive.damaged("mistakes", "three numbers make one")
        }
        mistakes = certainties.indices.map {
            Mistake(
                image: places[3 * $0], label: places[3 * $0 + 1], prediction: places[3 * $0 + 2],
                confidence: certainties[$0])
        }
    }

    mutating func add(_ probabilities: [Float], labels: [Int32], firstImage: Int) {
        let classes = confusion.count
        for (row, label) in labels.enumerated() {
            let p = probabilities[row * classes..<(row + 1) * classes]
            let best = p.indices.max { p[$0] < p[$1] } ?? p.startIndex
            let (prediction, confidence) = (best - p.startIndex, p[best])
            let isRight = prediction == Int(label)
            confusion[Int(label)][prediction] += 1
            // A network whose numbers ran away gives NaN; it counts as without confidence.
            let tenth = confidence.isFinite ? min(9, max(0, Int(confidence * 10))) : 0
            calibration[tenth].count += 1
            calibration[tenth].right += isRight ? 1 : 0
            calibration[tenth].confidence += Double(confidence)
            if !isRight {
                mistakes.append(
                    Mistake(
                        image: firstImage + row, label: Int(label), prediction: prediction, confidence: confidence))
            }
        }
        mistakes.sort { $0.confidence > $1.confidence }
        if mistakes.count > 40 { mistakes.removeLast(mistakes.count - 40) }
    }
}
