import Formats

/// How many values lie where: bars for the counts, and a line for their density.
public struct Histogram: FigureContent {
    /// The ends of the bins, one more than there are counts.
    public var edges: [Double]
    /// How many values lie in each bin.
    public var counts: [Double]
    /// The kernel density of the values, in values per bin.
    public var density: [(x: Double, y: Double)]
    /// What the values are, with their unit.
    public var xTitle: String
    /// What is counted.
    public var yTitle: String
    public var caption: String
    /// The values themselves in rising order, for bins of another width; empty if there are more than 100,000.
    public var values: [Double]
    /// The values as they were before a change, drawn as an outline: in rising order; empty if there are none.
    public var before: [Double]
    /// Values that are marked, and their names: "cluster 7".
    public var marks: [(value: Double, title: String)]
    /// What takes the marks away.
    public var unmark: Action?

    private static let mostValues = 100_000

    /// Bins of equal width over `values`, and the kernel density by Gaussians.
    ///
    /// - Parameters:
    ///   - bins: how many; by Freedman and Diaconis's rule (width 2 IQR n^(−1/3)) if nil, 5 to 60.
    ///   - before: the values before a change, to compare with.
    /// - Source: D. Freedman, P. Diaconis, "On the histogram as a density estimator", 1981; B. Silverman, "Density
    ///   estimation for statistics and data analysis", 1986, eq. 3.31 (h = 0.9 min(σ, IQR/1.34) n^(−1/5)).
    public init(
        of values: [Double], bins: Int? = nil, xTitle: String, yTitle: String = "", caption: String = "",
        before: [Double] = []
    ) {
        (self.xTitle, self.yTitle, self.caption) = (xTitle, yTitle, caption)
        let sorted = values.filter(\.isFinite).sorted()
        self.values = sorted.count <= Self.mostValues ? sorted : []
        self.before = before.count <= Self.mostValues ? before.filter(\.isFinite).sorted() : []
        (marks, unmark) = ([], nil)
        guard let low = sorted.first, let high = sorted.last, low < high else {
            // All are the same: one bin around them.
            edges = sorted.first.map { [$0 - 0.5, $0 + 0.5] } ?? [0, 1]
            (counts, density) = ([Double(sorted.count)], [])
            return
        }
        let n = Double(sorted.count)
        let quartiles = sorted[sorted.count * 3 / 4] - sorted[sorted.count / 4]
        let ideal = quartiles > 0 ? (high - low) / (2 * quartiles / n.cubeRoot) : 10
        let count = min(max(bins ?? Int(min(60, ideal.rounded(.up))), bins == nil ? 5 : 1), 1000)
        let width = (high - low) / Double(count)
        edges = (0...count).map { low + Double($0) * width }
        counts = [Double](repeating: 0, count: count)
        for value in sorted { counts[min(count - 1, Int((value - low) / width))] += 1 }

        let mean = sorted.reduce(0, +) / n
        let deviation = (sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n).squareRoot()
        let spread = quartiles > 0 ? min(deviation, quartiles / 1.34) : deviation
        // Where most values are nearly the same, the rule's width falls between the places at which the line is drawn.
        let bandwidth = max(0.9 * spread * power(n, -0.2), width / 2)
        density = (0...100).map { place in
            let x = low + (high - low) * Double(place) / 100
            // Beyond four deviations a Gaussian adds nothing that can be seen.
            let sum = sorted.reduce(0.0) { sum, value in
                let z = (x - value) / bandwidth
                return abs(z) > 4 ? sum : sum + exponential(-z * z / 2)
            }
            return (x, sum * width / (bandwidth * 2.5066282746310002))
        }
    }

    /// How many of `sorted` lie in each of the bins between `edges`, which rise; the last bin has its upper end.
    public static func counts(of sorted: [Double], in edges: [Double]) -> [Double] {
        guard edges.count > 1 else { return [] }
        var counts = [Double](repeating: 0, count: edges.count - 1)
        var bin = 0
        for value in sorted where value >= edges[0] && value <= edges[edges.count - 1] {
            while bin < counts.count - 1, value >= edges[bin + 1] { bin += 1 }
            counts[bin] += 1
        }
        return counts
    }

    public var csv: String? {
        csvLines(
            [["from", "to", "count"]]
                + zip(zip(edges, edges.dropFirst()), counts).map { ["\($0.0)", "\($0.1)", "\($1)"] })
    }
}
