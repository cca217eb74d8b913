import Exploration
import Foundation

extension Histogram: DrawnByViewer {
    typealias Renderer = HistogramRenderer
}

/// Bars for the counts, a line for their density, and an outline of the values before a change. Axes hold still while the
/// values move.
struct HistogramRenderer: FigureRenderer {
    func scale(of histogram: Histogram) -> FigureScale {
        var scale = FigureScale()
        guard histogram.hasBins, let left = histogram.edges.first, let right = histogram.edges.last else {
            return scale
        }
        scale.include([left, right], in: "x")
        scale.include([histogram.before.first, histogram.before.last].compactMap { $0 }, in: "x")
        scale.include([0, (right - left) / Double(histogram.counts.count)], in: "width")
        return scale
    }

    func draw(_ histogram: Histogram, in frame: FigureFrame) {
        let body = frame.body
        guard histogram.hasBins, let left = histogram.edges.first, let right = histogram.edges.last, left < right,
            (histogram.counts.max() ?? 0) > 0
        else { return frame.say("No values.", in: body, frame.theme.secondary) }
        let shared = frame.scale ?? scale(of: histogram)
        let range = frame.held("x", shared["x"] ?? left...right)
        // Both sides have the same bins, which stay while their rule wavers between two widths.
        let binned = HistogramBins(
            histogram, in: range, width: frame.held("width", shared["width"] ?? 0...1).upperBound)
        // In a low panel the bars come first, titles last.
        let isLow = body.height < 110
        let above: Float = histogram.yTitle.isEmpty || isLow ? 8 : 22
        let below: Float = isLow ? 22 : 36
        // Both sides of a comparison hold one axis.
        let top = frame.held("y", 0...binned.most).upperBound
        let ticks = Ticks(around: 0...top, count: max(2, Int((body.height - above - below) / 28)))
        let plot = body.inset(max(46, ticks.labelWidth + 10), above, 8, below)
        let (low, high) = (binned.edges.first ?? left, binned.edges.last ?? right)
        func x(_ value: Double) -> Float { plot.x + Float((value - low) / (high - low)) * plot.width }
        func y(_ value: Double) -> Float { plot.maxY - Float(value / ticks.range.upperBound) * plot.height }
        if !isLow {
            frame.text(
                UI.trimmed(histogram.yTitle, to: body.width, .small), Point(body.x, body.y), frame.theme.secondary,
                .small)
        }
        for value in ticks.values where value == ticks.values.last || plot.maxY - y(value) < 1 || plot.height >= 40 {
            frame.rule(Point(plot.x, y(value)), length: plot.width, frame.theme.faint)
            frame.text(
                ticks.label(value), Point(plot.x - 8, y(value) - 6), frame.theme.secondary, .smallMono, align: .right)
        }
        for (index, count) in binned.counts.enumerated() {
            let (from, to) = (x(binned.edges[index]), x(binned.edges[index + 1]))
            if count > 0 {
                frame.fill(
                    Box(from + 0.5, y(count), max(1, to - from - 1), max(1, plot.maxY - y(count))),
                    frame.theme.secondary.faded(0.6))
            }
            if frame.item("bin \(index)", Box(from, plot.y, max(1, to - from), plot.height)).contains(.hovered) {
                var facts = [("count", format(count))]
                if !binned.before.isEmpty { facts.append(("before the change", format(binned.before[index]))) }
                frame.tooltip(
                    title: "\(format(binned.edges[index])) to \(format(binned.edges[index + 1]))", facts: facts)
            }
        }
        drawBefore(binned, plot, x, y, frame)
        frame.polyline(
            histogram.density.filter { $0.x.isFinite && $0.y.isFinite }
                .map { Point(x($0.x), y($0.y * binned.densityFactor)) }, frame.theme.text)
        for mark in histogram.marks where (low...high).contains(mark.value) {
            let place = x(mark.value)
            frame.fill(Box(place - 1, plot.y, 2, plot.height), frame.markColour)
            let width = UI.width(mark.title, .small)
            // To the right of its line, to the left at the edge, and left out where it would lie over the axis.
            let isLeft = place + 6 + width > body.maxX
            guard !isLeft || place - 6 - width >= plot.x else { continue }
            frame.text(
                mark.title, Point(isLeft ? place - 6 : place + 6, plot.y), frame.markColour, .small,
                align: isLeft ? .right : .left)
        }
        frame.axis(low...high, isLow ? "" : histogram.xTitle, below: plot, x)
    }

    /// The outline of the bars before a change, and its name.
    private func drawBefore(
        _ binned: HistogramBins, _ plot: Box, _ x: (Double) -> Float, _ y: (Double) -> Float, _ frame: FigureFrame
    ) {
        guard !binned.before.isEmpty else { return }
        var outline = [Point(x(binned.edges[0]), plot.maxY)]
        for (index, count) in binned.before.enumerated() {
            outline.append(Point(x(binned.edges[index]), y(count)))
            outline.append(Point(x(binned.edges[index + 1]), y(count)))
        }
        outline.append(Point(x(binned.edges[binned.edges.count - 1]), plot.maxY))
        frame.polyline(outline, frame.theme.moving.faded(0.85), thickness: 1.5)
        let words = "before the change"
        let width = UI.width(words, .small)
        guard plot.width > width + 40 else { return }
        let place = Point(plot.maxX - width, plot.y - 4)
        frame.line(
            Point(place.x - 18, place.y + 7), Point(place.x - 5, place.y + 7), frame.theme.moving.faded(0.85),
            thickness: 1.5)
        frame.text(words, place, frame.theme.secondary, .small)
    }
}

/// The bins that a histogram is drawn with: of a round width that stays while the values move, where the values are known.
struct HistogramBins {
    private(set) var edges: [Double]
    private(set) var counts: [Double]
    /// The same bins before a change; empty if that is not known.
    private(set) var before: [Double] = []
    /// What brings the density to values per bin.
    private(set) var densityFactor = 1.0

    /// - Parameters:
    ///   - range: what the bins cover.
    ///   - width: about how wide they are.
    init(_ histogram: Histogram, in range: ClosedRange<Double>, width: Double) {
        (edges, counts) = (histogram.edges, histogram.counts)
        let tallest = histogram.density.lazy.map(\.y).filter(\.isFinite).max() ?? 0
        defer { most = max(counts.max() ?? 0, before.max() ?? 0, tallest * densityFactor, 1) }
        let span = range.upperBound - range.lowerBound
        let own = (histogram.edges.last ?? 0) - (histogram.edges.first ?? 0)
        guard !histogram.values.isEmpty, width > 0, span > 0, span.isFinite, own > 0 else { return }
        let wanted = min(max(5, Int((span / width).rounded(.up))), 80)
        let ticks = Ticks(around: range, count: wanted + 1)
        guard ticks.values.count > 1, ticks.step > 0 else { return }
        edges = ticks.values
        counts = Histogram.counts(of: histogram.values, in: edges)
        before = histogram.before.isEmpty ? [] : Histogram.counts(of: histogram.before, in: edges)
        let factor = ticks.step / (own / Double(max(1, histogram.counts.count)))
        densityFactor = factor.isFinite ? factor : 1
    }

    /// The tallest of all bars and of the line.
    private(set) var most = 1.0
}

extension Histogram {
    fileprivate var hasBins: Bool { edges.count == counts.count + 1 && !counts.isEmpty }
}
