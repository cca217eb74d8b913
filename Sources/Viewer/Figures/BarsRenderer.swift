import Exploration

extension Bars: DrawnByViewer {
    typealias Renderer = BarsRenderer
}

/// Labelled bars: upright, or lying where the labels need the room.
struct BarsRenderer: FigureRenderer {
    func scale(of bars: Bars) -> FigureScale {
        var scale = FigureScale()
        scale.include(bars.series.flatMap { $0.values.prefix(bars.labels.count) }, in: "value")
        if let range = bars.range { scale.include([range.lowerBound, range.upperBound], in: "range") }
        scale.include(bars.labels.lazy.map { Double(UI.width($0, .small)) }, in: "label")
        scale.include([Double(bars.labels.count)], in: "count")
        return scale
    }

    func draw(_ bars: Bars, in frame: FigureFrame) {
        var body = frame.body
        let scale = frame.scale ?? scale(of: bars)
        guard !bars.labels.isEmpty, let values = scale["value"] else {
            let isLost = bars.series.contains { !$0.values.isEmpty }
            return frame.say(isLost ? "None of the values is a number." : "No values.", in: body, frame.theme.secondary)
        }
        if bars.series.count > 1 {
            drawSeriesNames(bars.series.map(\.name), in: body, frame)
            body = body.inset(0, 20, 0, 0)
        }
        let range =
            scale["range"] ?? min(0, values.lowerBound)...max(0, values.upperBound, values.lowerBound + 1e-12)
        let widest = Float(scale.most("label"))
        if widest + 6 > (body.width - 50) / Float(scale.most("count")) {
            let labelWidth = min(widest, body.width * 0.4)
            let count = min(5, max(2, Int((body.width - labelWidth) / 50)))
            let ticks = Ticks.along(body.width - labelWidth - 26, most: count) { Ticks(around: range, count: $0) }
            drawHorizontal(bars, in: body, ticks, labelWidth: labelWidth, frame)
        } else {
            drawUpright(
                bars, in: body, Ticks(around: range, count: min(5, max(2, Int((body.height - 28) / 20)))), frame)
        }
    }

    private func drawSeriesNames(_ names: [String], in body: Box, _ frame: FigureFrame) {
        var x = body.x
        for (index, name) in names.enumerated() {
            frame.fill(Box(x, body.y + 2, 9, 9), frame.shade(index, of: names.count), radius: 2)
            x = frame.text(name, Point(x + 14, body.y), frame.theme.secondary, .small) + 16
        }
    }

    private func drawUpright(_ bars: Bars, in body: Box, _ ticks: Ticks, _ frame: FigureFrame) {
        let plot = body.inset(max(46, ticks.labelWidth + 10), 8, 4, 20)
        func y(_ value: Double) -> Float { plot.maxY - share(value, ticks.range) * plot.height }
        for value in ticks.values {
            frame.rule(Point(plot.x, y(value)), length: plot.width, frame.theme.faint)
            frame.text(
                ticks.label(value), Point(plot.x - 8, y(value) - 6), frame.theme.secondary, .smallMono, align: .right)
        }
        let slot = plot.width / Float(bars.labels.count)
        let thickness = max(1, min(40, slot * 0.74 / Float(bars.series.count)))
        for (index, label) in bars.labels.enumerated() {
            let middle = plot.x + (Float(index) + 0.5) * slot
            for (number, series) in bars.series.enumerated() where series.values.indices.contains(index) {
                let value = series.values[index]
                let left = middle + (Float(number) - Float(bars.series.count) / 2) * thickness
                guard value.isFinite else {
                    frame.cross(Point(left + thickness / 2, y(0) - 6), frame.theme.moving, size: min(4, thickness / 2))
                    continue
                }
                let (top, bottom) = (min(y(value), y(0)), max(y(value), y(0)))
                frame.fill(
                    Box(left + 0.5, top, max(1, thickness - 1), max(1, bottom - top)),
                    frame.shade(number, of: bars.series.count))
            }
            let place = Box(middle - slot / 2, plot.y, slot, plot.height + 20)
            let isChosen = markBar(bars, index, place, frame)
            frame.text(
                label, Point(middle, plot.maxY + 6), isChosen ? frame.markColour : frame.theme.secondary,
                isChosen ? .bold : .small, align: .centre)
            hoverBar(bars, index, place, frame)
        }
        frame.rule(
            Point(plot.x, y(min(max(0, ticks.range.lowerBound), ticks.range.upperBound))), length: plot.width,
            frame.theme.track)
    }

    private func drawHorizontal(_ bars: Bars, in body: Box, _ ticks: Ticks, labelWidth: Float, _ frame: FigureFrame) {
        let row = max(13, min(34, (body.height - 20) / Float(bars.labels.count)))
        let axis = Box(body.x + labelWidth + 10, body.y, body.width - labelWidth - 26, body.height - 20)
        func x(_ value: Double) -> Float { axis.x + share(value, ticks.range) * axis.width }
        for value in ticks.values {
            frame.rule(Point(x(value), axis.y), length: axis.height, vertical: true, frame.theme.faint)
        }
        frame.labels(of: ticks, within: body, y: axis.maxY + 5, x: x)
        frame.scroll("bars", Box(body.x, body.y, body.width + 11, axis.height)) { content in
            for (index, label) in bars.labels.enumerated() {
                let top = content.y + Float(index) * row
                let isChosen = markBar(bars, index, Box(body.x, top, body.width - 4, row), frame)
                frame.text(
                    UI.shortened(label, to: labelWidth, .small), Point(axis.x - 8, top + row / 2 - 6),
                    isChosen ? frame.markColour : frame.theme.secondary, .small, align: .right)
                let thickness = row * 0.74 / Float(bars.series.count)
                for (number, series) in bars.series.enumerated() where series.values.indices.contains(index) {
                    let value = series.values[index]
                    guard value.isFinite else {
                        let middle = top + row * 0.13 + (Float(number) + 0.5) * thickness
                        frame.cross(Point(x(0) + 6, middle), frame.theme.moving, size: min(4, thickness / 2))
                        continue
                    }
                    let (left, right) = (min(x(value), x(0)), max(x(value), x(0)))
                    frame.fill(
                        Box(
                            left, top + row * 0.13 + Float(number) * thickness, max(1, right - left),
                            max(1, thickness - 1)),
                        frame.shade(number, of: bars.series.count))
                }
                hoverBar(bars, index, Box(content.x, top, content.width - 12, row), frame)
            }
            return Float(bars.labels.count) * row
        }
    }

    /// A frame around the bars of a label that is chosen. Returns whether it is.
    private func markBar(_ bars: Bars, _ index: Int, _ box: Box, _ frame: FigureFrame) -> Bool {
        guard bars.choice(index)?.isChosen == true else { return false }
        frame.outline(box, frame.markColour, radius: 3)
        return true
    }

    private func hoverBar(_ bars: Bars, _ index: Int, _ box: Box, _ frame: FigureFrame) {
        let item = frame.item("bar \(index)", box)
        frame.choose(bars.choice(index), item)
        guard item.contains(.hovered) else { return }
        let facts = bars.series.compactMap { series in
            series.values.indices.contains(index) ? (series.name, format(series.values[index], digits: 4)) : nil
        }
        frame.tooltip(title: bars.labels[index], facts: facts, text: frame.words(for: bars.choice(index)))
    }

    private func share(_ value: Double, _ range: ClosedRange<Double>) -> Float {
        let span = range.upperBound - range.lowerBound
        return span > 0 ? Float(min(max((value - range.lowerBound) / span, 0), 1)) : 0
    }
}

extension Bars {
    fileprivate func choice(_ index: Int) -> Choice? { choices.indices.contains(index) ? choices[index] : nil }
}
