import Exploration
import Foundation

/// A mean of a metric's values that forgets the older ones: sₙ = w sₙ₋₁ + (1 − w) xₙ from s₀ = 0, divided by 1 − wⁿ, so that it begins
/// at the first value and not at 0.
///
/// - Source: TensorBoard's smoothing of scalars (`tensorboard/components/vz_line_chart2/line-chart.ts`, `resmoothDataset`).
struct Smoothing: Equatable {
    /// w, 0 to 1: how much of the mean stays with each value.
    let weight: Double
    private var sum = 0.0
    /// wⁿ
    private var left = 1.0

    init(_ weight: Double) { self.weight = min(max(weight, 0), 0.9999) }

    /// The mean with one more value. One that is not finite is passed over.
    mutating func take(_ value: Double) -> Double {
        guard value.isFinite else { return value }
        sum = weight * sum + (1 - weight) * value
        left *= weight
        return sum / (1 - left)
    }
}

/// A metric's smoothed history on one path, as far as it was asked for.
struct SmoothedHistory {
    private var smoothing: Smoothing
    private let version: Int
    private var upTo: Int
    private(set) var steps: [Int] = []
    private(set) var values: [Float] = []

    init(_ weight: Double, version: Int) { (smoothing, self.version, upTo) = (Smoothing(weight), version, -1) }

    func isOf(_ weight: Double, version: Int) -> Bool { smoothing.weight == weight && self.version == version }

    /// Takes what was measured since. All of it is smoothed, whatever part is shown and however many values share a pixel.
    mutating func follow(_ metric: String, branch: Int?, _ timeline: Timeline, to last: Int) {
        guard last > upTo else { return }
        let (first, count) = (upTo + 1, last - upTo)
        for bucket in timeline.buckets(metric, branch: branch, in: first...last, count: count) {
            steps.append(bucket.lastStep)
            values.append(Float(smoothing.take(Double(bucket.last))))
        }
        upTo = last
    }

    /// The mean at the last value up to `step`; nil before the first.
    func value(at step: Int) -> Float? {
        var (low, high) = (0, steps.count)
        while low < high {
            let middle = (low + high) / 2
            if steps[middle] <= step { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? values[low - 1] : nil
    }
}

/// How one graph is drawn, as a person chose it.
struct GraphLook: Codable, Equatable {
    var isLogarithmic = false
    /// ``Smoothing/weight``; 0 for none.
    var smoothing = 0.0

    static let strengths: [(words: String, weight: Double)] = [
        ("off", 0), ("0.6", 0.6), ("0.9", 0.9), ("0.97", 0.97), ("0.99", 0.99),
    ]

    var isPlain: Bool { self == GraphLook() }

    /// What a file has may be nothing that can be done.
    var checked: GraphLook {
        var own = self
        if !(smoothing >= 0 && smoothing < 1) { own.smoothing = 0 }
        return own
    }
}
