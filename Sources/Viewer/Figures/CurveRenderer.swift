import Exploration

extension Curve: DrawnByViewer {
    typealias Renderer = CurveRenderer
}

/// Lines over a common axis, named at their ends.
struct CurveRenderer: FigureRenderer {
    func scale(of curve: Curve) -> FigureScale {
        let points = curve.lines.lazy.flatMap(\.points).filter { curve.hasPlace($0) }
        var scale = FigureScale()
        func ends(_ range: ClosedRange<Double>?, _ axis: Curve.Axis) -> [Double] {
            let ends = range.map { [$0.lowerBound, $0.upperBound] } ?? []
            return points.isEmpty ? [] : ends.filter { $0.isFinite && (axis == .linear || $0 > 0) }
        }
        scale.include(points.map(\.x) + ends(curve.xRange, curve.xAxis), in: "x")
        scale.include(points.map(\.y) + ends(curve.yRange, curve.yAxis), in: "y")
        scale.include(curve.weights.lazy.flatMap { $0 }.map { max(0, $0) }, in: "weight")
        scale.include(curve.lines.lazy.map { Double(UI.width($0.name, .small)) }, in: "name")
        return scale
    }

    func draw(_ curve: Curve, in frame: FigureFrame) {
        let body = frame.body
        let scale = frame.scale ?? scale(of: curve)
        guard let across = scale["x"], let up = scale["y"],
            curve.lines.contains(where: { $0.points.contains(where: curve.hasPlace) })
        else { return frame.say("No points.", in: body, frame.theme.secondary) }
        let (left, right, low, high) = (across.lowerBound, across.upperBound, up.lowerBound, up.upperBound)

        let names = curve.lines.count > 1 ? curve.lines.map(\.name) : []
        let nameWidth = names.isEmpty ? 0 : min(Float(scale.most("name")), body.width * 0.3)
        let top: Float = curve.yTitle.isEmpty ? 6 : 22
        // A single value lies in the middle of its axis.
        func padded(_ low: Double, _ high: Double, _ axis: Curve.Axis) -> ClosedRange<Double> {
            low < high ? low...high : axis == .linear ? low - 0.5...high + 0.5 : low / 2...high * 2
        }
        let xAxis = ValueAxis(padded(left, right, curve.xAxis), isLogarithmic: curve.xAxis == .logarithmic)
        let count = max(2, Int((body.height - top - 36) / 28))
        let ticks =
            curve.yAxis == .logarithmic
            ? Ticks(logarithmic: padded(low, high, .logarithmic), count: count)
            : Ticks(near: padded(low, high, .linear), count: count)
        let yAxis = ValueAxis(ticks.range, isLogarithmic: curve.yAxis == .logarithmic)
        let plot = body.inset(max(52, ticks.labelWidth + 10), top, nameWidth + (names.isEmpty ? 14 : 20), 36)
        func x(_ value: Double) -> Float { plot.x + Float(xAxis.share(of: value) ?? 0) * plot.width }
        func y(_ value: Double) -> Float { plot.maxY - Float(yAxis.share(of: value) ?? 0) * plot.height }
        frame.text(curve.yTitle, Point(body.x, body.y), frame.theme.secondary, .small)
        for value in ticks.values {
            frame.rule(Point(plot.x, y(value)), length: plot.width, frame.theme.faint)
            frame.text(
                ticks.label(value), Point(plot.x - 8, y(value) - 6), frame.theme.secondary, .smallMono, align: .right)
        }
        frame.axis(xAxis.range, curve.xTitle, isLogarithmic: xAxis.isLogarithmic, below: plot, x)

        var labels: [Float] = []
        for (index, line) in curve.lines.enumerated() {
            let shade = frame.shade(index, of: curve.lines.count)
            // What is not finite parts the line, with a mark below its place.
            let parts = line.points.split(omittingEmptySubsequences: true) { !curve.hasPlace($0) }
            for part in parts {
                let drawn = part.map { Point(x($0.x), y($0.y)) }
                // What few values stand behind is a small disc on a faint line.
                let line = isWeighted(curve, index) ? shade.faded(0.35) : shade
                if drawn.count == 1 { frame.disc(drawn[0], radius: 2.5, line) } else { frame.polyline(drawn, line) }
            }
            if isWeighted(curve, index) {
                let most = max(scale.most("weight"), 1e-12)
                for (number, point) in line.points.enumerated() where curve.hasPlace(point) {
                    let weight = curve.weight(line: index, point: number) ?? 0
                    let radius = 9 * Float(max(0, weight) / most).squareRoot()
                    frame.disc(Point(x(point.x), y(point.y)), radius: max(1.2, radius), shade.faded(0.75))
                }
            }
            for point in line.points where xAxis.share(of: point.x) != nil && !point.y.isFinite {
                frame.cross(Point(x(point.x), plot.maxY - 5), frame.theme.moving, size: 4)
            }
            guard let last = parts.last?.last.map({ Point(x($0.x), y($0.y)) }) else { continue }
            guard !names.isEmpty else { continue }
            // Names that would lie over each other move down.
            var top = last.y - 6
            while labels.contains(where: { abs($0 - top) < 13 }) { top += 13 }
            labels.append(top)
            frame.text(
                UI.shortened(line.name, to: nameWidth, .small),
                Point(last.x + (isWeighted(curve, index) ? 12 : 6), top), shade,
                .small)
        }
        hoverCurve(curve, plot, xAxis, frame)
    }

    private func isWeighted(_ curve: Curve, _ line: Int) -> Bool {
        curve.weights.indices.contains(line) && !curve.weights[line].isEmpty
    }

    private func hoverCurve(_ curve: Curve, _ plot: Box, _ xAxis: ValueAxis, _ frame: FigureFrame) {
        guard frame.item("curve", plot).contains(.hovered) else { return }
        let share = Double((frame.mouse.x - plot.x) / plot.width)
        let at = xAxis.value(at: share)
        /// Places that are compared as they are seen.
        func place(_ x: Double) -> Double { xAxis.share(of: x) ?? .infinity }
        frame.rule(Point(frame.mouse.x, plot.y), length: plot.height, vertical: true, frame.theme.secondary.faded(0.7))
        let facts = curve.lines.enumerated().flatMap { index, line -> [(name: String, value: String)] in
            guard
                let near = line.points.indices.min(by: {
                    abs(place(line.points[$0].x) - share) < abs(place(line.points[$1].x) - share)
                })
            else { return [] }
            let value = (line.name.isEmpty ? curve.yTitle : line.name, format(line.points[near].y, digits: 4))
            let weight = curve.weight(line: index, point: near).map { (curve.weightTitle, format($0)) }
            return [value] + (weight.map { [$0] } ?? [])
        }
        frame.tooltip(title: "\(curve.xTitle) \(format(at))", facts: facts)
    }
}
