/// How many values lie where: bars for the counts, and a line for their density.
public struct Histogram: Sendable {
    /// The ends of the bins, one more than there are counts.
    public var edges: [Double]
    public var counts: [Double]
    /// The kernel density of the values, in values a bin.
    public var density: [(x: Double, y: Double)]
    public var xTitle: String
    public var yTitle: String
    public var caption: String

    /// Bins of equal width over `values`, and the kernel density by Gaussians.
    ///
    /// - Parameter bins: how many; by Freedman and Diaconis's rule (width 2 IQR n^(−1/3)) if nil, 5 to 60.
    /// - Source: D. Freedman, P. Diaconis, "On the histogram as a density estimator", 1981; B. Silverman, "Density
    ///   estimation for statistics and data analysis", 1986, eq. 3.31 (h = 0.9 min(σ, IQR/1.34) n^(−1/5)).
    public init(of values: [Double], bins: Int? = nil, xTitle: String, yTitle: String = "", caption: String = "") {
        (self.xTitle, self.yTitle, self.caption) = (xTitle, yTitle, caption)
        let sorted = values.filter(\.isFinite).sorted()
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
        let bandwidth = 0.9 * spread * power(n, -0.2)
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
}

/// Silhouettes of points, grouped: how much nearer each is to its own group than to the next one, from −1 to 1.
public struct Silhouette: Sendable {
    public struct Group: Sendable {
        /// What the hover says: "cluster 12".
        public var name: String
        /// From the largest on.
        public var values: [Double]

        public init(name: String, values: [Double]) {
            // What is not finite comes last: it has no place in an order.
            (self.name, self.values) = (
                name, values.filter(\.isFinite).sorted(by: >) + values.filter { !$0.isFinite }
            )
        }
    }

    public var groups: [Group]
    public var caption: String

    public init(groups: [Group], caption: String = "") { (self.groups, self.caption) = (groups, caption) }

    /// Over all points whose value is a number.
    public var mean: Double {
        let values = groups.flatMap(\.values).filter(\.isFinite)
        return values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }
}

/// Points in a plane, as discs.
public struct Scatter: Sendable {
    public struct Disc: Sendable {
        public var x: Double
        public var y: Double
        /// Its area is in proportion to this.
        public var weight: Double
        /// What the hover says.
        public var title: String
        public var facts: [(name: String, value: Double)]
        /// A short name, drawn in the disc if it fits there, else beside it where there is room.
        public var label: String

        public init(
            x: Double, y: Double, weight: Double = 1, title: String, facts: [(name: String, value: Double)] = [],
            label: String = ""
        ) {
            (self.x, self.y, self.weight, self.title, self.facts, self.label) = (x, y, weight, title, facts, label)
        }
    }

    public var xTitle: String
    public var yTitle: String
    public var discs: [Disc]
    public var caption: String

    public init(xTitle: String, yTitle: String, discs: [Disc], caption: String = "") {
        (self.xTitle, self.yTitle, self.discs, self.caption) = (xTitle, yTitle, discs, caption)
    }
}
