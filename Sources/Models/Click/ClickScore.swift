import CLMat
import Exploration
import Foundation

/// How well a model foretells clicks, of records one after the other.
public struct ClickScore: Sendable, Equatable {
    /// Logits by record.
    public private(set) var logits: [Float] = []
    /// 1 for a click: by record.
    public private(set) var labels: [Float] = []
    /// The id of the rarest feature of each record; -1 of one that has none.
    public private(set) var rarest: [Int32] = []

    /// A score of no records.
    public init() {}

    /// Takes in more records.
    ///
    /// - Precondition: as many logits as records.
    public mutating func add(_ batch: ClickBatch, _ logits: [Float]) {
        precondition(logits.count == batch.count)
        self.logits += logits
        labels += batch.labels
        // Ids rise as features become rarer.
        for record in 0..<batch.count { rarest.append(batch.features[batch.places(record)].max() ?? -1) }
    }

    /// Records.
    public var count: Int { labels.count }
    /// Records with a click.
    public var clicks: Int { labels.reduce(0) { $0 + ($1 > 0 ? 1 : 0) } }
    /// Nats per record, below 0: the mean of ln of the chance that each outcome had. Not a number of no records.
    public var logLikelihood: Double { Self.logLikelihood(zip(logits, labels)) }
    /// The mean chance; of a calibrated model as large as the share of clicks.
    public var meanChance: Double {
        logits.reduce(0) { $0 + Self.chance($1) } / Double(count)
    }
    /// The mean chance over the share of clicks: 1 if they are alike.
    public var calibration: Double { meanChance / (Double(clicks) / Double(count)) }

    static func chance(_ logit: Float) -> Double { 1 / (1 + exp(-Double(logit))) }

    /// ln σ(z) of a click, ln(1 − σ(z)) of none, of large logits too.
    static func logLikelihood(_ logit: Float, _ label: Float) -> Double {
        let z = label > 0 ? Double(logit) : -Double(logit)
        return z > 0 ? -log1p(exp(-z)) : z - log1p(exp(z))
    }

    static func logLikelihood(_ records: some Sequence<(Float, Float)>) -> Double {
        var (sum, count) = (0.0, 0)
        for (logit, label) in records {
            sum += logLikelihood(logit, label)
            count += 1
        }
        return sum / Double(count)
    }

    // MARK: - Ranking

    /// The chance that a record with a click has a larger logit than one without, equal ones counted half: the area below the ROC curve. Not
    /// a number if all records are alike.
    public var auc: Double {
        var (area, above, below) = (0.0, 0.0, 0.0)
        forEachLevel { clicks, others in
            // Clicks that lie above rank before all of these, those at this level half.
            area += others * (above + clicks / 2)
            above += clicks
            below += others
        }
        return area / (above * below)
    }

    /// Points (share of the others, share of the clicks) of the records above a logit, from (0, 0) to (1, 1); some `points` of them.
    public func roc(points: Int = 200) -> [(x: Double, y: Double)] {
        let (clicks, others) = (Double(self.clicks), Double(count - self.clicks))
        guard clicks > 0, others > 0 else { return [] }
        var (curve, x, y): ([(x: Double, y: Double)], Double, Double) = ([(0, 0)], 0, 0)
        forEachLevel { own, other in
            x += other / others
            y += own / clicks
            let last = curve[curve.count - 1]
            if x - last.x + y - last.y >= 2 / Double(points) { curve.append((x, y)) }
        }
        if curve[curve.count - 1] != (1, 1) { curve.append((1, 1)) }
        return curve
    }

    /// Clicks and others at each logit, from the largest one on.
    private func forEachLevel(_ body: (_ clicks: Double, _ others: Double) -> Void) {
        let order = logits.indices.sorted { logits[$0] > logits[$1] }
        var next = 0
        while next < order.count {
            let level = logits[order[next]]
            var (clicks, others) = (0.0, 0.0)
            // What is no number equals nothing, not even itself.
            repeat {
                if labels[order[next]] > 0 { clicks += 1 } else { others += 1 }
                next += 1
            } while next < order.count && logits[order[next]] == level
            body(clicks, others)
        }
    }

    // MARK: - Calibration

    /// Records of like chance.
    public struct Bin: Sendable, Equatable {
        /// Their mean chance.
        public let chance: Double
        /// The share of them with a click.
        public let clicked: Double
        /// How many they are.
        public let count: Int
    }

    /// Records by chance, in `bins` parts of nearly equal size.
    public func calibrationBins(_ bins: Int = 20) -> [Bin] {
        let order = logits.indices.sorted { logits[$0] < logits[$1] }
        return (0..<max(1, bins)).compactMap { bin in
            let own = order[order.count * bin / max(1, bins)..<order.count * (bin + 1) / max(1, bins)]
            guard !own.isEmpty else { return nil }
            let (chances, clicks) = own.reduce((0.0, 0.0)) {
                ($0.0 + Self.chance(logits[$1]), $0.1 + (labels[$1] > 0 ? 1 : 0))
            }
            let count = Double(own.count)
            return Bin(chance: chances / count, clicked: clicks / count, count: own.count)
        }
    }

    // MARK: - By rank

    /// Records whose rarest feature lies in a range of ranks.
    public struct Range: Sendable, Equatable {
        /// Of the rarest feature, from 0, the most frequent one.
        public let ranks: Swift.Range<Int>
        /// Records.
        public let count: Int
        /// Nats per record.
        public let logLikelihood: Double
        /// The area below their ROC curve.
        public let auc: Double
        /// Mean chance over share of clicks.
        public let calibration: Double
    }

    /// The score by the rank of each record's rarest feature.
    public func byRank(_ ranges: [Swift.Range<Int>]) -> [Range] {
        ranges.map { ranks in
            let own = records { ranks.contains(Int(rarest[$0])) }
            return Range(
                ranks: ranks, count: own.count, logLikelihood: own.logLikelihood, auc: own.auc,
                calibration: own.calibration)
        }
    }

    private func records(where isTaken: (Int) -> Bool) -> ClickScore {
        var own = ClickScore()
        for record in labels.indices where isTaken(record) {
            own.logits.append(logits[record])
            own.labels.append(labels[record])
            own.rarest.append(rarest[record])
        }
        return own
    }
}

extension ClickScore {
    /// Hands over the records' numbers.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("logits", &logits)
        try archive.keep("labels", &labels)
        try archive.keep("rarest", &rarest)
        guard logits.count == labels.count, rarest.count == labels.count else {
            throw archive.damaged("labels", "there are not as many of each")
        }
    }
}
