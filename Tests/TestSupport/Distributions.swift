import Foundation

/// Distributions in `Double`, and how far samples are from them. Seeds of tests are fixed, so a bound that chance passes once
/// in a hundred thousand is passed or not for ever.
public enum Distributions {
    /// P(a, x) = γ(a, x) / Γ(a): the regularised incomplete gamma function.
    ///
    /// - Source: Press, Teukolsky, Vetterling, Flannery, *Numerical Recipes*, 3rd ed., section 6.2: the series below a + 1,
    ///   Lentz's continued fraction above.
    public static func gammaDistribution(_ a: Double, _ x: Double) -> Double {
        guard x > 0 else { return 0 }
        let front = exp(a * log(x) - x - lgamma(a))
        guard front > 0 else { return x < a ? 0 : 1 }
        if x < a + 1 {
            var (term, sum, n) = (1 / a, 1 / a, a)
            while term > sum * 1e-15 {
                n += 1
                term *= x / n
                sum += term
            }
            return min(1, front * sum)
        }
        var b = x + 1 - a
        var (c, d) = (1e300, 1 / b)
        var fraction = d
        for i in 1...100_000 {
            let n = Double(i)
            let an = -n * (n - a)
            b += 2
            d = an * d + b
            if abs(d) < 1e-300 { d = 1e-300 }
            c = b + an / c
            if abs(c) < 1e-300 { c = 1e-300 }
            d = 1 / d
            fraction *= d * c
            if abs(d * c - 1) < 1e-15 { break }
        }
        return max(0, 1 - front * fraction)
    }

    public static func poisson(_ k: Int, mean: Double) -> Double {
        k < 0 ? 0 : exp(Double(k) * log(mean) - mean - lgamma(Double(k) + 1))
    }

    public static func binomial(_ k: Int, _ n: Int, _ p: Double) -> Double {
        guard k >= 0, k <= n else { return 0 }
        let (x, m) = (Double(k), Double(n))
        let ways: Double = lgamma(m + 1) - lgamma(x + 1) - lgamma(m - x + 1)
        return exp(ways + x * log(p) + (m - x) * log1p(-p))
    }

    /// The probability of a χ² as large as that of the counts `found`; neighbours are put together until at least ten are
    /// expected in each place.
    public static func fit(_ found: [Int], _ expected: [Double]) -> Double {
        precondition(found.count == expected.count)
        var places: [(found: Double, expected: Double)] = []
        var open = (found: 0.0, expected: 0.0)
        for (count, wanted) in zip(found, expected) {
            open.found += Double(count)
            open.expected += wanted
            if open.expected >= 10 {
                places.append(open)
                open = (0, 0)
            }
        }
        // What is left at the end belongs to the last place.
        if let last = places.popLast() { places.append((last.found + open.found, last.expected + open.expected)) }
        guard places.count > 1 else { return 1 }
        let chiSquared = places.reduce(0) { $0 + ($1.found - $1.expected) * ($1.found - $1.expected) / $1.expected }
        return 1 - gammaDistribution(Double(places.count - 1) / 2, chiSquared / 2)
    }

    /// How often each number of `range` occurs; what lies outside is counted at the ends.
    public static func histogram(_ numbers: [Int32], _ range: ClosedRange<Int>) -> [Int] {
        var counts = [Int](repeating: 0, count: range.count)
        for number in numbers {
            counts[min(range.upperBound, max(range.lowerBound, Int(number))) - range.lowerBound] += 1
        }
        return counts
    }

    /// Whether the mean and the variance of `x` are within five deviations of what they should be; else what they are.
    ///
    /// - Parameter fourth: the fourth central moment.
    public static func momentsDiffer(
        _ x: [Double], mean: Double, variance: Double, fourth: Double
    ) -> String? {
        let n = Double(x.count)
        let foundMean = x.reduce(0) { $0 + ($1 - mean) } / n
        let foundVariance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
        let (meanBound, varianceBound) = (
            5 * (variance / n).squareRoot(), 5 * (max(0, fourth - variance * variance) / n).squareRoot()
        )
        if abs(foundMean) > meanBound { return "the mean is off by \(foundMean), allowed \(meanBound)" }
        if abs(foundVariance - variance) > varianceBound {
            return "the variance is \(foundVariance), not \(variance), allowed \(varianceBound) more or less"
        }
        return nil
    }

    /// √n times the largest distance of the distributions of `x` and the function; floats stand for all numbers that round
    /// to them. Above 2.5 with the probability 2e^(−2 · 2.5²) = 7·10⁻⁶.
    public static func kolmogorovSmirnov(_ x: [Float], _ distribution: (Double) -> Double) -> Double {
        let sorted = x.sorted()
        let n = Double(x.count)
        var (largest, first) = (0.0, 0)
        while first < sorted.count {
            var end = first
            while end < sorted.count, sorted[end] == sorted[first] { end += 1 }
            let value = Double(sorted[first])
            let half = 0.5 * ulp(of: value)
            largest = max(largest, Double(end) / n - distribution(value + half))
            largest = max(largest, distribution(value - half) - Double(first) / n)
            first = end
        }
        return largest * n.squareRoot()
    }

    /// The correlation of two series of the same length whose means and deviations are known to be 0 and 1.
    public static func correlation(_ x: some Sequence<Double>, _ y: some Sequence<Double>, _ count: Int) -> Double {
        zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
    }
}
