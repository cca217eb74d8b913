import Exploration
import Foundation

/// How values lie along an axis: in equal differences, or in equal ratios.
struct ValueAxis: Equatable {
    let range: ClosedRange<Double>
    var isLogarithmic = false

    init(_ range: ClosedRange<Double>, isLogarithmic: Bool = false) {
        // What is not above 0 has no logarithm.
        self.isLogarithmic = isLogarithmic && range.lowerBound > 0
        self.range = range
    }

    /// From 0 at the lower end to 1 at the upper one, beyond them outside; nil for what has no place: what is not a number and, on a
    /// logarithmic axis, what is not above 0.
    func share(of value: Double) -> Double? {
        guard value.isFinite, !isLogarithmic || value > 0 else { return nil }
        let (low, high) = ends
        return (scaled(value) - low) / max(high - low, .leastNormalMagnitude)
    }

    /// The value at a share of the axis.
    func value(at share: Double) -> Double {
        let (low, high) = ends
        let place = low + share * (high - low)
        return isLogarithmic ? exp(place) : place
    }

    private var ends: (low: Double, high: Double) { (scaled(range.lowerBound), scaled(range.upperBound)) }
    private func scaled(_ value: Double) -> Double { isLogarithmic ? log(value) : value }
}

extension Ticks {
    /// Round values of a logarithmic axis over `range`, whose ends are above 0: at most `count` of 1, 2 and 5 × 10ⁿ, of powers of ten
    /// where they are too many, and evenly spaced ones where the range has no two of them. The axis ends at the next 1 … 9 × 10ⁿ.
    init(logarithmic range: ClosedRange<Double>, count: Int) {
        let low = max(range.lowerBound, 1e-300)
        let high = max(range.upperBound, low)
        // Less than a factor of about three is as good as even.
        guard high / low > 3 else {
            let even = Ticks(near: low...high, count: count)
            if even.range.lowerBound > 0 {
                self.init(even.values.filter { $0 > 0 }, step: even.step, range: even.range)
            } else {
                self.init([low], step: low, range: low / 2...high * 2)
            }
            return
        }
        func digits(_ value: Double) -> (leading: Double, power: Int) {
            let power = Int(floor(log10(value) + 1e-12))
            return (value / pow(10, Double(power)), power)
        }
        let (first, last) = (digits(low), digits(high))
        let start = floor(first.leading + 1e-9) * pow(10, Double(first.power))
        let end = ceil(last.leading - 1e-9) * pow(10, Double(last.power))
        func values(_ factors: [Double], every: Int = 1) -> [Double] {
            var found: [Double] = []
            for power in first.power...last.power + 1 where power % every == 0 {
                for factor in factors {
                    let value: Double = factor * pow(10, Double(power))
                    if value >= start * (1 - 1e-9), value <= end * (1 + 1e-9) { found.append(value) }
                }
            }
            return found
        }
        var chosen = [[1, 2, 5], [1, 3], [1]].map { values($0) }.first { $0.count <= max(2, count) } ?? []
        var every = 2
        while chosen.isEmpty || chosen.count > max(2, count) {
            chosen = values([1], every: every)
            every += 1
            if every > 700 { break }
        }
        self.init(chosen, step: nil, range: start...end)
    }
}
