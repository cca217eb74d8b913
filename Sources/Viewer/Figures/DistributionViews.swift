import CImGui
import Exploration

// Histograms with their density, silhouettes, and discs in a plane.

extension Desk {
    // MARK: Histogram

    func drawHistogram(_ histogram: Histogram, in body: Box) {
        guard histogram.edges.count == histogram.counts.count + 1, let left = histogram.edges.first,
            let right = histogram.edges.last, left < right, let most = histogram.counts.max(), most > 0
        else { return UI.say("No values.", in: body, theme.secondary) }
        let above: Float = histogram.yTitle.isEmpty ? 8 : 22
        let top = max(most, histogram.density.map(\.y).filter(\.isFinite).max() ?? 0)
        let ticks = Ticks(around: 0...top, count: max(2, Int((body.height - above - 36) / 28)))
        let plot = body.inset(max(46, ticks.labelWidth + 10), above, 8, 36)
        func x(_ value: Double) -> Float { plot.x + Float((value - left) / (right - left)) * plot.width }
        func y(_ value: Double) -> Float { plot.maxY - Float(value / ticks.range.upperBound) * plot.height }
        UI.text(histogram.yTitle, Point(body.x, body.y), theme.secondary, .small)
        for value in ticks.values {
            UI.rule(Point(plot.x, y(value)), length: plot.width, theme.faint)
            UI.text(ticks.label(value), Point(plot.x - 8, y(value) - 6), theme.secondary, .smallMono, align: .right)
        }
        for (index, count) in histogram.counts.enumerated() {
            let (from, to) = (x(histogram.edges[index]), x(histogram.edges[index + 1]))
            if count > 0 {
                UI.fill(
                    Box(from + 0.5, y(count), max(1, to - from - 1), max(1, plot.maxY - y(count))),
                    theme.secondary.faded(0.6))
            }
            if UI.item("bin \(index)", Box(from, plot.y, max(1, to - from), plot.height)).contains(.hovered) {
                tooltip = Tooltip(
                    title: "\(format(histogram.edges[index])) to \(format(histogram.edges[index + 1]))",
                    facts: [("count", format(count))])
            }
        }
        UI.polyline(
            histogram.density.filter { $0.x.isFinite && $0.y.isFinite }.map { Point(x($0.x), y($0.y)) }, theme.text)
        drawAxis(left...right, histogram.xTitle, plot, body, x)
    }

    private func drawAxis(
        _ range: ClosedRange<Double>, _ title: String, _ plot: Box, _ body: Box, _ x: (Double) -> Float
    ) {
        let steps = Ticks.along(plot.width, most: max(2, Int(plot.width / 70))) { Ticks(within: range, count: $0) }
        for value in steps.values {
            UI.rule(Point(x(value), plot.maxY), length: 4, vertical: true, theme.track)
        }
        labels(of: steps, within: body, y: plot.maxY + 6, x: x)
        UI.text(title, Point(plot.midX, plot.maxY + 21), theme.secondary, .small, align: .centre)
    }

    // MARK: Silhouette

    /// Groups from top to bottom, points within by value; what is negative goes to the left, in another colour.
    func drawSilhouette(_ silhouette: Silhouette, in body: Box) {
        let count = silhouette.groups.reduce(0) { $0 + $1.values.count }
        guard count > 0 else { return UI.say("No points.", in: body, theme.secondary) }
        let plot = body.inset(8, 6, 8, 36)
        let low = min(0, silhouette.groups.compactMap { $0.values.filter(\.isFinite).last }.min() ?? 0)
        let high = max(0.1, silhouette.groups.compactMap { $0.values.filter(\.isFinite).first }.max() ?? 0)
        func x(_ value: Double) -> Float { plot.x + Float((value - low) / (high - low)) * plot.width }
        // A point is a line of its own where there is room; else each line of pixels shows the points that fall on it.
        let gap: Float = Float(silhouette.groups.count) * 2 < plot.height / 4 ? 1 : 0
        let room = plot.height - gap * Float(silhouette.groups.count - 1)
        var done = 0
        for (index, group) in silhouette.groups.enumerated() {
            func y(_ place: Int) -> Float {
                plot.y + Float(index) * gap + room * Float(done + place) / Float(count)
            }
            let (top, bottom) = (y(0), y(group.values.count))
            var line = top
            while line < bottom - 0.01 {
                let next = min(bottom, line + 1)
                let place = Int((line - top) / max(bottom - top, 1e-6) * Float(group.values.count))
                let value = group.values[min(place, group.values.count - 1)]
                if value.isFinite {
                    let (from, to) = (min(x(0), x(value)), max(x(0), x(value)))
                    let shade = index % 2 == 0 ? theme.text.faded(0.75) : theme.secondary
                    UI.fill(Box(from, line, max(0.5, to - from), next - line), value < 0 ? theme.moving : shade)
                } else {
                    UI.fill(Box(x(0) - 3, line, 6, next - line), theme.moving.faded(0.5))
                }
                line = next
            }
            let item = UI.item("group \(index)", Box(plot.x, top, plot.width, max(1, bottom - top)))
            if item.contains(.hovered), !group.values.isEmpty {
                let finite = group.values.filter(\.isFinite)
                let mean = finite.isEmpty ? .nan : finite.reduce(0, +) / Double(finite.count)
                tooltip = Tooltip(
                    title: group.name,
                    facts: [
                        ("mean", format(mean)), ("points", "\(group.values.count)"),
                        ("negative", "\(group.values.count { $0 < 0 })"),
                    ])
            }
            done += group.values.count
        }
        UI.rule(Point(x(0), plot.y), length: plot.height, vertical: true, theme.track)
        UI.dashes(x: x(silhouette.mean), from: plot.y, to: plot.maxY, theme.settled)
        let lost = silhouette.groups.reduce(0) { $0 + $1.values.count { !$0.isFinite } }
        let note = lost == 0 ? "" : " · \(grouped(lost)) of the values not a number"
        drawAxis(low...high, "silhouette · dashes: mean \(format(silhouette.mean))\(note)", plot, body, x)
    }

    // MARK: Scatter

    func drawScatter(_ scatter: Scatter, in body: Box) {
        let discs = scatter.discs.filter { $0.x.isFinite && $0.y.isFinite }
        let lost = scatter.discs.count - discs.count
        guard let left = discs.map(\.x).min(), let right = discs.map(\.x).max(), let low = discs.map(\.y).min(),
            let high = discs.map(\.y).max()
        else {
            return UI.say(lost > 0 ? "No point has numbers for a place." : "No points.", in: body, theme.secondary)
        }
        let plot = body.inset(14, 24, 14, 30)
        if lost > 0 {
            let note = "× \(grouped(lost)) without a place: not a number"
            UI.text(note, Point(body.maxX, body.y), theme.moving, .small, align: .right)
        }
        // Both axes have one scale, so that distances can be compared.
        let span = max((right - left) / Double(plot.width), (high - low) / Double(plot.height), 1e-12)
        func place(_ disc: Scatter.Disc) -> Point {
            Point(
                plot.midX + Float((disc.x - (left + right) / 2) / span),
                plot.midY - Float((disc.y - (low + high) / 2) / span))
        }
        UI.text(scatter.yTitle, Point(body.x, body.y), theme.secondary, .small)
        UI.text(scatter.xTitle, Point(plot.midX, plot.maxY + 15), theme.secondary, .small, align: .centre)
        let weights = discs.map { $0.weight.isFinite ? max(0, $0.weight) : 0 }
        let mean = weights.reduce(0, +) / Double(discs.count)
        // A name needs room in its disc.
        let isLabelled = discs.contains { !$0.label.isEmpty }
        // Together such discs cover a tenth of the plot at most.
        let share = (plot.width * plot.height / Float(discs.count) / .pi).squareRoot() * 0.3
        let usual: Float = isLabelled ? min(9, max(3, share)) : 5
        let most = usual * 2.8
        func radius(_ index: Int) -> Float {
            min(most, max(1.5, usual * Float(mean > 0 ? weights[index] / mean : 1).squareRoot()))
        }
        for (index, disc) in discs.enumerated() {
            let (at, radius) = (place(disc), radius(index))
            UI.disc(at, radius: radius, theme.text.faded(isLabelled ? 0.3 : 0.45))
            let box = Box(at.x - radius, at.y - radius, 2 * radius, 2 * radius)
            if UI.item("disc \(index)", box).contains(.hovered) {
                UI.disc(at, radius: radius, theme.text.faded(isLabelled ? 0.45 : 1))
                tooltip = Tooltip(
                    title: disc.title, facts: disc.facts.map { ($0.name, format($0.value, digits: 4)) })
            }
        }
        guard isLabelled else { return }
        // The heaviest are named first, each where it lies over no other name or disc; one that finds no place is left
        // out, as its hover says it too.
        let boxes = discs.indices.map { index in
            let (at, radius) = (place(discs[index]), radius(index))
            return Box(at.x - radius, at.y - radius, 2 * radius, 2 * radius)
        }
        var taken: [Box] = []
        for index in discs.indices.sorted(by: { (weights[$1], $0) < (weights[$0], $1) })
        where !discs[index].label.isEmpty {
            let disc = boxes[index]
            let words = UI.shortened(discs[index].label, to: 160, .small)
            let width = UI.width(words, .small)
            let isInside = width <= disc.width - 4
            var places = [Box(disc.midX - width / 2, disc.midY - 6.5, width, 13)]
            if !isInside {
                places = [
                    Box(disc.maxX + 3, disc.midY - 6.5, width, 13), Box(disc.x - 3 - width, disc.midY - 6.5, width, 13),
                    Box(disc.midX - width / 2, disc.maxY + 1, width, 13),
                    Box(disc.midX - width / 2, disc.y - 14, width, 13),
                ]
            }
            let free = places.first { box in
                // Below the title of the one axis and above that of the other.
                guard box.x >= body.x, box.maxX <= body.maxX, box.y >= body.y + 14, box.maxY <= plot.maxY + 15 else {
                    return false
                }
                guard !taken.contains(where: box.overlaps) else { return false }
                return isInside || !boxes.indices.contains { $0 != index && box.overlaps(boxes[$0]) }
            }
            guard let box = free else { continue }
            taken.append(box)
            UI.text(words, Point(box.x, box.y), isInside ? theme.text : theme.text.faded(0.85), .small)
        }
    }
}
