import CImGui
import Exploration

// One metric against another: the way that the run took, with its changes and where it is.

extension Graphs {
    func drawPlot(_ plot: Plot, _ box: Box) {
        guard let across = dashboard.metric(plot.x), let up = dashboard.metric(plot.y) else { return }
        frame(
            .plot(plot), box, title: up.title, caption: "against \(across.title.startingLowercase)",
            help: "Each point is a step: \(across.title.startingLowercase) to the right, "
                + "\(up.title.startingLowercase) upwards."
        ) { body in
            let range = axis.range(extent)
            let area = box.inset(56, 44, 62, 38)
            let width = Int(area.width * UI.scale)
            let (xs, ys) = (
                curves.curve(across.id, learner.timeline, in: range, width: width, lastChange: lastChange),
                curves.curve(up.id, learner.timeline, in: range, width: width, lastChange: lastChange)
            )
            let path = PlotPath(xs.buckets, ys.buckets)
            guard !path.points.isEmpty else {
                return UI.say("No step yet at which both were measured.", in: body, theme.secondary)
            }
            draw(path, across, up, in: area)
        }
    }

    private func draw(_ path: PlotPath, _ across: Metric, _ up: Metric, in usual: Box) {
        let rows = Self.valueTicks(plain(path.yRange, up), height: usual.height)
        let area = usual.inset(max(0, rows.labelWidth + 13 - 56), 0, 0, 0)
        let columns = Ticks.along(area.width, most: max(2, min(6, Int(area.width / 70)))) {
            Ticks(near: plain(path.xRange, across), count: $0)
        }
        func share(_ value: Double, _ ticks: Ticks) -> Float {
            Float((value - ticks.range.lowerBound) / max(ticks.range.upperBound - ticks.range.lowerBound, 1e-30))
        }
        func place(_ point: PlotPath.Place) -> Point {
            Point(area.x + share(point.x, columns) * area.width, area.maxY - share(point.y, rows) * area.height)
        }
        for value in rows.values {
            let at = (area.maxY - share(value, rows) * area.height).rounded()
            UI.rule(Point(area.x, at), length: area.width, theme.faint)
            UI.text(rows.label(value), Point(area.x - 9, at - 6), theme.secondary, .smallMono, align: .right)
        }
        for value in columns.values {
            let at = (area.x + share(value, columns) * area.width).rounded()
            UI.rule(Point(at, area.y), length: area.height, vertical: true, theme.faint)
        }
        UI.labels(of: columns, within: area.inset(-50, 0, -56, 0), y: area.maxY + 6, theme.secondary) {
            area.x + share($0, columns) * area.width
        }
        let name = UI.shortened(across.title.startingLowercase, to: area.width, .small)
        UI.text(name, Point(area.maxX, area.maxY + 20), theme.secondary, .small, align: .right)

        UI.clipped(to: area.inset(-3, -3, -3, -3)) {
            for part in path.parts {
                let made = part.filter { $0.step <= here }
                let ahead = part.filter { $0.step > here }
                if !ahead.isEmpty { UI.polyline((made.suffix(1) + ahead).map(place), theme.text.faded(0.3)) }
                UI.polyline(made.map(place), theme.text.faded(0.85))
                // Where one of the two is not a number the way ends.
                if let last = part.last, path.endsInGap.contains(last.step) {
                    UI.cross(place(last), theme.moving, size: 4)
                }
            }
            for change in changes.suffix(60) {
                guard let point = path.points.first(where: { $0.step > change.step }) else { continue }
                UI.marker(place(point), change.colour, size: 4)
            }
        }
        if let hovered = hoveredStep, let point = path.points.last(where: { Double($0.step) <= hovered }) {
            UI.disc(place(point), radius: 4, theme.secondary)
        }
        if let last = path.points.last(where: { $0.step <= here }) ?? path.points.first {
            let at = place(last)
            UI.disc(at, radius: 4.5, theme.text)
            UI.text(
                UI.number(last.y, up.text(last.y), to: 53, .mono),
                Point(area.maxX + 7, min(max(at.y - 7, area.y - 7), area.maxY - 7)), theme.text, .mono)
        }
        hover(path, across, up, area, place)
    }

    /// The step of the nearest point, in all graphs.
    private func hover(
        _ path: PlotPath, _ across: Metric, _ up: Metric, _ area: Box, _ place: (PlotPath.Place) -> Point
    ) {
        guard UI.item("path", area).contains(.hovered) else { return }
        func distance(_ point: PlotPath.Place) -> Float {
            let at = place(point)
            return (at.x - UI.mouse.x) * (at.x - UI.mouse.x) + (at.y - UI.mouse.y) * (at.y - UI.mouse.y)
        }
        guard let near = path.points.min(by: { distance($0) < distance($1) }), distance(near) < 400 else { return }
        hover(Double(near.step))
        tooltip = Tooltip(
            title: "step \(grouped(near.step))",
            facts: [(across.title, across.text(near.x)), (up.title, up.text(near.y))])
    }

    /// An axis with some length, also where all values are the same.
    private func plain(_ range: ClosedRange<Double>, _ metric: Metric) -> ClosedRange<Double> {
        guard range.lowerBound == range.upperBound else { return range }
        let margin = range.lowerBound == 0 ? 1e-9 : abs(range.lowerBound) * 0.1
        return range.lowerBound - margin...range.upperBound + margin
    }
}

/// Two metrics' values at the steps at which the rarer one was measured.
struct PlotPath {
    struct Place {
        let step: Int
        let x: Double
        let y: Double
    }
    let points: [Place]
    /// The steps of the points after which one of the two was not finite.
    let endsInGap: Set<Int>

    /// The points between two gaps.
    var parts: [ArraySlice<Place>] {
        var parts: [ArraySlice<Place>] = []
        var start = 0
        for (index, point) in points.enumerated() where endsInGap.contains(point.step) {
            parts.append(points[start...index])
            start = index + 1
        }
        return start < points.count ? parts + [points[start...]] : parts
    }

    init(_ xs: [Timeline.Bucket], _ ys: [Timeline.Bucket]) {
        let isXRarer = xs.count <= ys.count
        let (rare, dense) = isXRarer ? (xs, ys) : (ys, xs)
        var index = 0
        var points: [Place] = []
        var gaps: Set<Int> = []
        for bucket in rare {
            while index + 1 < dense.count, dense[index + 1].firstStep <= bucket.lastStep { index += 1 }
            guard index < dense.count, dense[index].firstStep <= bucket.lastStep else { continue }
            guard bucket.last.isFinite, dense[index].last.isFinite else {
                if let last = points.last { gaps.insert(last.step) }
                continue
            }
            let (own, other) = (Double(bucket.last), Double(dense[index].last))
            points.append(Place(step: bucket.lastStep, x: isXRarer ? own : other, y: isXRarer ? other : own))
        }
        (self.points, endsInGap) = (points, gaps)
    }

    var xRange: ClosedRange<Double> { Self.range(points.map(\.x)) }
    var yRange: ClosedRange<Double> { Self.range(points.map(\.y)) }

    private static func range(_ values: [Double]) -> ClosedRange<Double> {
        (values.min() ?? 0)...(values.max() ?? 0)
    }
}
