import Formats

/// Lines over a common x axis.
public struct Curve: FigureContent {
    /// How values lie along an axis.
    public enum Axis: Sendable, Equatable {
        /// Equal differences have the same length.
        case linear
        /// Equal ratios have the same length; a point that is not above 0 has no place, and is a gap.
        case logarithmic
    }

    /// What the horizontal axis shows, with its unit.
    public var xTitle: String
    /// What the vertical axis shows, with its unit.
    public var yTitle: String
    /// A name and points per line. A point that is not finite is a gap.
    public var lines: [(name: String, points: [(x: Double, y: Double)])]
    public var caption: String
    /// How much stands behind each point, by line and in the order of its points: points are then discs whose areas say so.
    /// A line that is missing or empty has none.
    public var weights: [[Double]]
    /// What the weights are: "images".
    public var weightTitle: String
    /// How x lies along its axis.
    public var xAxis: Axis
    /// How y lies along its axis.
    public var yAxis: Axis
    /// What the horizontal axis spans at least; by the points alone if nil.
    public var xRange: ClosedRange<Double>?
    /// What the vertical axis spans at least; by the points alone if nil.
    public var yRange: ClosedRange<Double>?

    /// Lines; with `weights` the points are discs, too.
    public init(
        xTitle: String, yTitle: String, lines: [(name: String, points: [(x: Double, y: Double)])], caption: String = "",
        weights: [[Double]] = [], weightTitle: String = "count", xAxis: Axis = .linear, yAxis: Axis = .linear,
        xRange: ClosedRange<Double>? = nil, yRange: ClosedRange<Double>? = nil
    ) {
        (self.weights, self.weightTitle) = (weights, weightTitle)
        (self.xAxis, self.yAxis, self.xRange, self.yRange) = (xAxis, yAxis, xRange, yRange)
        (self.xTitle, self.yTitle, self.lines, self.caption) = (xTitle, yTitle, lines, caption)
    }

    /// Nil where there is none.
    public func weight(line: Int, point: Int) -> Double? {
        weights.indices.contains(line) && weights[line].indices.contains(point) ? weights[line][point] : nil
    }

    /// Whether a point has a place on both axes.
    public func hasPlace(_ point: (x: Double, y: Double)) -> Bool {
        point.x.isFinite && point.y.isFinite && (xAxis == .linear || point.x > 0) && (yAxis == .linear || point.y > 0)
    }

    public var csv: String? {
        let isWeighted = weights.contains { !$0.isEmpty }
        var rows = [["line", xTitle, yTitle] + (isWeighted ? [weightTitle] : [])]
        for (index, line) in lines.enumerated() {
            for (number, point) in line.points.enumerated() {
                let weight = weight(line: index, point: number).map { "\($0)" } ?? ""
                rows.append([line.name, "\(point.x)", "\(point.y)"] + (isWeighted ? [weight] : []))
            }
        }
        return csvLines(rows)
    }
}
