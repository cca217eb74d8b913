import Exploration

extension Histogram: DrawnByViewer {
    typealias Renderer = HistogramRenderer
}

/// Bars for the counts, and a line for their density.
struct HistogramRenderer: FigureRenderer {
    func draw(_ histogram: Histogram, in frame: FigureFrame) {
        let body = frame.body
        guard histogram.edges.count == histogram.counts.count + 1, let left = histogram.edges.first,
            let right = histogram.edges.last, left < right, let most = histogram.counts.max(), most > 0
        else { return frame.say("No values.", in: body, frame.theme.secondary) }
        let above: Float = histogram.yTitle.isEmpty ? 8 : 22
        let top = max(most, histogram.density.map(\.y).filter(\.isFinite).max() ?? 0)
        let ticks = Ticks(around: 0...top, count: max(2, Int((body.height - above - 36) / 28)))
        let plot = body.inset(max(46, ticks.labelWidth + 10), above, 8, 36)
        func x(_ value: Double) -> Float { plot.x + Float((value - left) / (right - left)) * plot.width }
        func y(_ value: Double) -> Float { plot.maxY - Float(value / ticks.range.upperBound) * plot.height }
        frame.text(histogram.yTitle, Point(body.x, body.y), frame.theme.secondary, .small)
        for value in ticks.values {
            frame.rule(Point(plot.x, y(value)), length: plot.width, frame.theme.faint)
            frame.text(
                ticks.label(value), Point(plot.x - 8, y(value) - 6), frame.theme.secondary, .smallMono, align: .right)
        }
        for (index, count) in histogram.counts.enumerated() {
            let (from, to) = (x(histogram.edges[index]), x(histogram.edges[index + 1]))
            if count > 0 {
                frame.fill(
                    Box(from + 0.5, y(count), max(1, to - from - 1), max(1, plot.maxY - y(count))),
                    frame.theme.secondary.faded(0.6))
            }
            if frame.item("bin \(index)", Box(from, plot.y, max(1, to - from), plot.height)).contains(.hovered) {
                frame.tooltip(
                    title: "\(format(histogram.edges[index])) to \(format(histogram.edges[index + 1]))",
                    facts: [("count", format(count))])
            }
        }
        frame.polyline(
            histogram.density.filter { $0.x.isFinite && $0.y.isFinite }.map { Point(x($0.x), y($0.y)) },
            frame.theme.text)
        frame.axis(left...right, histogram.xTitle, below: plot, x)
    }
}
