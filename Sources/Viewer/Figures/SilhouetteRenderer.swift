import Exploration

extension Silhouette: DrawnByViewer {
    typealias Renderer = SilhouetteRenderer
}

/// Groups from top to bottom, points within by value; what is negative goes to the left, in another colour.
struct SilhouetteRenderer: FigureRenderer {
    func scale(of silhouette: Silhouette) -> FigureScale {
        var scale = FigureScale(["value": 0...0.1])
        // A group's values fall from the first on.
        scale.include(
            silhouette.groups.lazy.flatMap { group -> [Double] in
                let finite = group.values.prefix { $0.isFinite }
                return [finite.first, finite.last].compactMap { $0 }
            }, in: "value")
        return scale
    }

    func draw(_ silhouette: Silhouette, in frame: FigureFrame) {
        let body = frame.body
        let count = silhouette.groups.reduce(0) { $0 + $1.values.count }
        guard count > 0 else { return frame.say("No points.", in: body, frame.theme.secondary) }
        // In a low panel the groups come first, the axis's title last.
        let isLow = body.height < 110
        let plot = body.inset(8, isLow ? 0 : 6, 8, isLow ? 22 : 36)
        let range = (frame.scale ?? scale(of: silhouette))["value"] ?? 0...0.1
        let (low, high) = (range.lowerBound, range.upperBound)
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
                // Of the points that share a line of pixels the least and the largest are seen: none hides the others' sign.
                let here = group.points(on: (line - top) / (bottom - top)..<(next - top) / (bottom - top))
                if let extremes = here.extremes {
                    let shade = index % 2 == 0 ? frame.theme.text.faded(0.75) : frame.theme.secondary
                    for (value, colour) in [
                        (max(extremes.most, 0), shade), (min(extremes.least, 0), frame.theme.moving),
                    ] {
                        let (from, to) = (min(x(0), x(value)), max(x(0), x(value)))
                        if value != 0 { frame.fill(Box(from, line, max(0.5, to - from), next - line), colour) }
                    }
                } else {
                    frame.fill(Box(x(0) - 3, line, 6, next - line), frame.theme.moving.faded(0.5))
                }
                line = next
            }
            let box = Box(plot.x, top, plot.width, max(1, bottom - top))
            if group.choice?.isChosen == true {
                // A band behind would be hidden by long bars, so that brackets stand at both ends.
                let height = max(3, bottom - top)
                let middle = (top + bottom) / 2
                frame.outline(
                    Box(plot.x - 3, middle - height / 2 - 1, plot.width + 6, height + 2), frame.markColour, radius: 2)
                for (edge, reach): (Float, Float) in [(plot.x - 4, -6), (plot.maxX + 4, 6)] {
                    frame.line(Point(edge, middle), Point(edge + reach, middle), frame.markColour, thickness: 3)
                }
            }
            let item = frame.item("group \(index)", box)
            frame.choose(group.choice, item)
            if item.contains(.hovered), !group.values.isEmpty {
                let finite = group.values.filter(\.isFinite)
                let mean = finite.isEmpty ? .nan : finite.reduce(0, +) / Double(finite.count)
                frame.tooltip(
                    title: group.name,
                    facts: [
                        ("mean", format(mean)), ("points", "\(group.values.count)"),
                        ("negative", "\(group.values.count { $0 < 0 })"),
                    ], text: frame.words(for: group.choice))
            }
            done += group.values.count
        }
        frame.rule(Point(x(0), plot.y), length: plot.height, vertical: true, frame.theme.track)
        frame.dashes(x: x(silhouette.mean), from: plot.y, to: plot.maxY, frame.theme.settled)
        let lost = silhouette.groups.reduce(0) { $0 + $1.values.count { !$0.isFinite } }
        let note = lost == 0 ? "" : " · \(grouped(lost)) of the values not a number"
        frame.axis(
            low...high, isLow ? "" : "silhouette · dashes: mean \(format(silhouette.mean))\(note)", below: plot, x)
    }

    func pictureHeight(of silhouette: Silhouette, width: Float) -> Float { 640 }
}

extension Silhouette.Group {
    /// The values of the points that lie on a part of the group's height, in shares from the top; at least one.
    func points(on shares: Range<Float>) -> ArraySlice<Double> {
        let count = Float(values.count)
        let first = min(max(Int((shares.lowerBound * count + 1e-3).rounded(.down)), 0), values.count - 1)
        let end = min(max(Int((shares.upperBound * count - 1e-3).rounded(.up)), first + 1), values.count)
        return values[first..<end]
    }
}

extension ArraySlice<Double> {
    /// The least and the largest that are finite; nil if none is.
    var extremes: (least: Double, most: Double)? {
        let finite = filter(\.isFinite)
        guard let least = finite.min(), let most = finite.max() else { return nil }
        return (least, most)
    }
}
