/// Lines over a common x axis.
public struct Curve: FigureContent {
    public var xTitle: String
    public var yTitle: String
    public var lines: [(name: String, points: [(x: Double, y: Double)])]
    public var caption: String

    public init(
        xTitle: String, yTitle: String, lines: [(name: String, points: [(x: Double, y: Double)])], caption: String = ""
    ) {
        (self.xTitle, self.yTitle, self.lines, self.caption) = (xTitle, yTitle, lines, caption)
    }

    public var csv: String? {
        csvLines(
            [["line", xTitle, yTitle]]
                + lines.flatMap { line in line.points.map { [line.name, "\($0.x)", "\($0.y)"] } })
    }
}
