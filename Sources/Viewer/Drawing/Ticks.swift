import Exploration
import Foundation

/// Round values along an axis.
struct Ticks {
    let values: [Double]
    let step: Double

    /// At most `count` round values that span `range`, beyond its ends.
    init(around range: ClosedRange<Double>, count: Int) {
        let step = Self.roundStep(range.upperBound - range.lowerBound, count: max(1, count - 1))
        let first = (range.lowerBound / step + 1e-9).rounded(.down)
        let last = max(first + 1, (range.upperBound / step - 1e-9).rounded(.up))
        self.step = step
        values = stride(from: first, through: last, by: 1).map { $0 * step }
    }

    /// At most `count` round values within `range`.
    init(within range: ClosedRange<Double>, count: Int) {
        let step = Self.roundStep(range.upperBound - range.lowerBound, count: max(1, count))
        let first = (range.lowerBound / step - 1e-9).rounded(.up)
        let last = (range.upperBound / step + 1e-9).rounded(.down)
        self.step = step
        values = first <= last ? stride(from: first, through: last, by: 1).map { $0 * step } : []
    }

    /// The ends of the axis.
    var range: ClosedRange<Double> { (values.first ?? 0)...(values.last ?? 1) }

    /// All labels have the same number of decimals.
    func label(_ value: Double) -> String {
        let size = values.map(abs).max() ?? 0
        if size >= 1e6 || (size < 1e-3 && size > 0) { return value == 0 ? "0" : String(format: "%.3g", value) }
        let decimals = max(0, -Int(floor(log10(step) + 1e-9)))
        // 0.25 needs one more place than its size says.
        let extra = (step * pow(10, Double(decimals))).rounded() / pow(10, Double(decimals)) == step ? 0 : 1
        if decimals + extra == 0 { return grouped(Int(value.rounded())) }
        return String(format: "%.\(decimals + extra)f", value)
    }

    /// The smallest of 1, 2, 2.5, 5 × 10ⁿ that takes at most `count` steps for `span`.
    private static func roundStep(_ span: Double, count: Int) -> Double {
        guard span > 0, span.isFinite else { return 1 }
        let raw = span / Double(count)
        let unit = pow(10, floor(log10(raw)))
        for factor in [1, 2, 2.5, 5, 10] where factor * unit >= raw * (1 - 1e-9) { return factor * unit }
        return 10 * unit
    }
}

/// `value` with this many decimals.
func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
