import Foundation
import TestSupport
import Testing

@testable import Models

/// Scores of chances against their definitions.
@Suite struct ClickScoreTests {
    /// Records whose only feature is their number, with logits on a coarse grid, so that some are equal.
    private static func score(_ count: Int, seed: UInt64) -> ClickScore {
        var random = SplitMix64(seed: seed)
        var score = ClickScore()
        var (batch, logits) = (ClickBatch(), [Float]())
        for record in 0..<count {
            let logit = (random.floats(1)[0] * 8).rounded() / 4
            logits.append(logit)
            batch.labels.append(random.floats(1)[0] < 0.3 * logit ? 1 : 0)
            batch.features.append(Int32(record))
            batch.starts.append(Int32(record + 1))
        }
        score.add(batch, logits)
        return score
    }

    @Test func areaIsTheShareOfPairsInOrder() {
        for seed in 1...3 as ClosedRange<UInt64> {
            let score = Self.score(150, seed: seed)
            var (sum, pairs) = (0.0, 0.0)
            for i in 0..<150 where score.labels[i] > 0 {
                for j in 0..<150 where score.labels[j] == 0 {
                    pairs += 1
                    sum += score.logits[i] > score.logits[j] ? 1 : score.logits[i] == score.logits[j] ? 0.5 : 0
                }
            }
            #expect(abs(score.auc - sum / pairs) < 1e-12)
            // The curve's area by trapezia is the same.
            let curve = score.roc(points: 1000)
            let area = zip(curve, curve.dropFirst()).reduce(0) { $0 + ($1.1.x - $1.0.x) * ($1.1.y + $1.0.y) / 2 }
            #expect(abs(area - score.auc) < 1e-9)
        }
    }

    @Test func likelihoodHoldsForHugeLogits() {
        #expect(ClickScore.logLikelihood(1000, 1) == 0 && ClickScore.logLikelihood(1000, 0) == -1000)
        #expect(ClickScore.logLikelihood(-1000, 0) == 0 && ClickScore.logLikelihood(-1000, 1) == -1000)
        #expect(abs(ClickScore.logLikelihood(0, 1) + log(2)) < 1e-15)
        #expect(ClickScore.logLikelihood(.nan, 1).isNaN)
        let score = Self.score(200, seed: 4)
        let expected = zip(score.logits, score.labels).reduce(0.0) {
            let p = 1 / (1 + exp(-Double($1.0)))
            return $0 + ($1.1 > 0 ? log(p) : log(1 - p))
        }
        #expect(abs(score.logLikelihood - expected / 200) < 1e-9)
    }

    @Test func rangesMakeTheWhole() {
        let score = Self.score(200, seed: 5)
        let ranges = score.byRank([0..<10, 10..<100, 100..<1000])
        #expect(ranges.map(\.count) == [10, 90, 100])
        let sum = ranges.reduce(0) { $0 + Double($1.count) * $1.logLikelihood }
        #expect(abs(sum / 200 - score.logLikelihood) < 1e-12)
        let bins = score.calibrationBins(7)
        #expect(bins.reduce(0) { $0 + $1.count } == 200 && bins.count == 7)
        #expect(zip(bins, bins.dropFirst()).allSatisfy { $0.chance <= $1.chance })
        let clicked = bins.reduce(0) { $0 + $1.clicked * Double($1.count) }
        #expect(abs(clicked - Double(score.clicks)) < 1e-9)
        #expect(abs(score.calibration - score.meanChance * 200 / Double(score.clicks)) < 1e-12)
    }

    @Test func nothingAndOneKindAreNoTrap() {
        let none = ClickScore()
        #expect(none.logLikelihood.isNaN && none.auc.isNaN && none.roc().isEmpty && none.calibrationBins().isEmpty)
        var same = ClickScore()
        same.add(ClickBatch(labels: [0, 0], starts: [0, 0, 1], features: [3]), [0.5, .nan])
        #expect(same.auc.isNaN && same.logLikelihood.isNaN && same.roc().isEmpty && same.rarest == [-1, 3])
    }
}
