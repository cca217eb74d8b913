import Exploration
import Foundation

/// Round values along an axis.
public struct Ticks {
    /// Zero is added to each, so that none is −0.
    public let values: [Double]
    let step: Double
    /// The ends of the axis.
    public let range: ClosedRange<Double>
    /// Whether the values stand in equal ratios: each is labelled by itself.
    private(set) var isLogarithmic = false

    /// - Parameter step: between two values; nil if they stand in equal ratios.
    init(_ values: [Double], step: Double?, range: ClosedRange<Double>) {
        (self.values, self.step, self.range) = (values, step ?? 0, range)
        isLogarithmic = step == nil
    }

    /// At most `count` round values that span `range`, beyond its ends.
    public init(around range: ClosedRange<Double>, count: Int) {
        let range = Self.withLength(range)
        let step = Self.roundStep(range.upperBound - range.lowerBound, count: max(1, count - 1))
        let first = (range.lowerBound / step + 1e-9).rounded(.down)
        let last = max(first + 1, (range.upperBound / step - 1e-9).rounded(.up))
        self.step = step
        values = stride(from: first, through: last, by: 1).map { $0 * step + 0 }
        self.range = first * step...last * step
    }

    /// About `count` round values, at least two, within an axis that ends near `range`: at the next tenth of a step,
    /// so that it rests while the values change a little.
    public init(near range: ClosedRange<Double>, count: Int) {
        let range = Self.withLength(range)
        var step = Self.roundStep(range.upperBound - range.lowerBound, count: max(2, count))
        func ends(_ part: Double) -> (low: Double, high: Double) {
            let low = (range.lowerBound / part + 1e-9).rounded(.down) * part
            let high = (range.upperBound / part - 1e-9).rounded(.up) * part
            return (low, max(high, low + part))
        }
        var (low, high) = ends(step / 10)
        func inside() -> [Double] {
            let first = (low / step - 1e-9).rounded(.up)
            let last = (high / step + 1e-9).rounded(.down)
            return first <= last ? stride(from: first, through: last, by: 1).map { $0 * step + 0 } : []
        }
        var values = inside()
        for _ in 0..<3 where values.count < 2 {
            // A wide step may fall between the ends.
            step = Self.roundStep(step, count: 2)
            (low, high) = ends(step / 10)
            values = inside()
        }
        (self.step, self.values, self.range) = (step, values, low...high)
    }

    /// As ``init(near:count:)``, with fewer values where the numbers beside so many would have more digits than fit.
    init(near range: ClosedRange<Double>, count: Int, whereFits fits: (String) -> Bool) {
        var (count, ticks) = (count, Ticks(near: range, count: count))
        while count > 2, !ticks.values.allSatisfy({ fits(ticks.label($0)) }) {
            count -= 1
            ticks = Ticks(near: range, count: count)
        }
        self = ticks
    }

    /// At most `count` round values within `range`.
    public init(within range: ClosedRange<Double>, count: Int) {
        let range = Self.withLength(range)
        let step = Self.roundStep(range.upperBound - range.lowerBound, count: max(1, count))
        let first = (range.lowerBound / step - 1e-9).rounded(.up)
        let last = (range.upperBound / step + 1e-9).rounded(.down)
        self.step = step
        values = first <= last ? stride(from: first, through: last, by: 1).map { $0 * step + 0 } : []
        self.range = range
    }

    /// All labels have the same number of decimals.
    public func label(_ value: Double) -> String {
        if isLogarithmic { return Self.labelByItself(value) }
        let size = values.map(abs).max() ?? 0
        if size >= 1e6 || (size < 1e-3 && size > 0) {
            // As many digits as tell two of them apart.
            let places = step > 0 ? Int(floor(log10(size) + 1e-9)) - Int(floor(log10(step) + 1e-9)) + 2 : 3
            return value == 0 ? "0" : String(format: "%.\(min(max(places, 3), 9))g", value)
        }
        // Five digits and a comma do not fit beside a graph: 12.5k.
        if size >= 1e4, step >= 100 { return value == 0 ? "0" : format(value / 1000, digits: 6) + "k" }
        let decimals = max(0, -Int(floor(log10(step) + 1e-9)))
        // 0.25 needs one more place than its size says.
        let extra = (step * pow(10, Double(decimals))).rounded() / pow(10, Double(decimals)) == step ? 0 : 1
        if decimals + extra == 0 { return grouped(Int(value.rounded())) }
        return String(format: "%.\(decimals + extra)f", value)
    }

    /// 0.002, 50, 20k, 1e-05.
    private static func labelByItself(_ value: Double) -> String {
        if abs(value) >= 1e4, abs(value) < 1e6 { return format(value / 1000) + "k" }
        return abs(value) >= 1e6 ? String(format: "%.3g", value) : format(value)
    }

    /// A range whose ends can be told apart and counted between: numbers near the largest that there are have no sums.
    private static func withLength(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
        func bounded(_ value: Double) -> Double { value.isNaN ? 0 : min(max(value, -1e300), 1e300) }
        let (low, high) = (bounded(range.lowerBound), bounded(range.upperBound))
        let size = max(abs(low), abs(high))
        return size > 1e3 && high - low < size * 1e-13 ? low - size * 1e-6...high + size * 1e-6 : low...high
    }

    /// The smallest of 1, 2, 2.5, 5 × 10ⁿ that takes at most `count` steps for `span`.
    private static func roundStep(_ span: Double, count: Int) -> Double {
        guard span > 0, span.isFinite else { return 1 }
        let raw = max(span / Double(count), 1e-300)
        let unit = pow(10, floor(log10(raw)))
        for factor in [1, 2, 2.5, 5, 10] where factor * unit >= raw * (1 - 1e-9) { return factor * unit }
        return 10 * unit
    }
}

/// `value` with this many decimals.
func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
