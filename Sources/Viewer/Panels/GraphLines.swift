import CImGui
import Exploration

// The curves of a graph: the metric's own, those of other branches, and of other metrics that were added to it.

/// How lines are told apart that are not told apart by colour.
enum LineStyle {
    /// Lengths of strokes and gaps by turns.
    static let patterns: [[Float]] = [[7, 4], [2, 3], [9, 3, 2, 3], [13, 5], [4, 2, 1, 2]]

    static func pattern(_ number: Int) -> [Float] { patterns[abs(number) % patterns.count] }
}

/// A part of a curve without a gap: what is not finite parts it.
private struct CurvePart {
    let buckets: ArraySlice<Timeline.Bucket>

    static func parts(of buckets: [Timeline.Bucket]) -> [CurvePart] {
        var parts: [CurvePart] = []
        var start = 0
        for (index, bucket) in buckets.enumerated() where bucket.gap != nil {
            // Finite values beside the gap belong to what came before: where in the bucket it lies is not known.
            let end = bucket.hasValues ? index + 1 : index
            if start < end { parts.append(CurvePart(buckets: buckets[start..<end])) }
            start = index + 1
        }
        if start < buckets.count { parts.append(CurvePart(buckets: buckets[start...])) }
        return parts
    }
}

/// One curve of a graph beside the metric's own.
private struct SideLine {
    let name: String
    let buckets: [Timeline.Bucket]
    let pattern: [Float]
    let colour: Colour
    let thickness: Float
    /// The axis that it is scaled to; nil for the graph's own.
    let axis: ClosedRange<Double>?
    /// What is written at its end; nil for the name alone.
    let metric: Metric?
}

/// Words at the end of a curve.
private struct EndLabel {
    var y: Float
    let words: String
    let colour: Colour
    let face: Face
    let note: String
    var height: Float { note.isEmpty ? 14 : 27 }
}

extension Graphs {
    /// Returns where the curves are, the ends of the axis of values, and whether the mouse is on the goal's line.
    func draw(
        _ metric: Metric, _ drawn: CurveCache.Drawn, in usual: Box, _ range: ClosedRange<Double>
    ) -> (plot: Box, axis: ClosedRange<Double>, isOnGoal: Bool) {
        let buckets = drawn.buckets
        let length = max(range.upperBound - range.lowerBound, 1e-9)
        let sides = sideLines(metric, usual, range)

        // Axes. The numbers are never cut: where they are long, the curves give way.
        let own = buckets + sides.filter { $0.axis == nil }.flatMap(\.buckets)
        let ticks = Self.valueTicks(valueRange(metric, own), height: usual.height)
        let plot = usual.inset(max(0, ticks.labelWidth + 10 - Self.roomForNumbers), 0, 0, 0)
        func x(_ step: Double) -> Float { plot.x + Float((step - range.lowerBound) / length) * plot.width }
        func y(_ value: Float, _ axis: ClosedRange<Double>) -> Float {
            // What is not a number has no place on the axis: its mark stands at the bottom.
            guard value.isFinite else { return value == .infinity ? plot.y + 5 : plot.maxY - 5 }
            let (low, high) = (axis.lowerBound, axis.upperBound)
            return plot.maxY - Float((Double(value) - low) / max(high - low, .leastNormalMagnitude)) * plot.height
        }
        func y(_ value: Float) -> Float { y(value, ticks.range) }
        for value in ticks.values {
            let at = y(Float(value)).rounded()
            UI.rule(Point(plot.x, at), length: plot.width, theme.faint)
            let label = ticks.label(value)
            // The goal's handle stands between number and axis, unless the number needs that place.
            let gap = max(3, min(11, Self.roomForNumbers - UI.width(label, .smallMono)))
            UI.text(label, Point(plot.x - gap, at - 6), theme.secondary, .smallMono, align: .right)
        }
        drawSteps(below: plot, range, x: x)

        // Marks of changes; those ahead of here are still to be made.
        let marks = changes.filter { range.contains(Double($0.step)) }.suffix(60)
        for mark in marks {
            let at = x(Double(mark.step)).rounded()
            UI.dashes(x: at, from: plot.y, to: plot.maxY, mark.colour.faded(isAhead(mark) ? 0.3 : 0.8))
        }

        let isOnGoal = desk.goals.drawGoal(metric, plot, ticks.range)

        let colour = curveColour(metric)
        let clip = Box(plot.x - 2, plot.y - 2, plot.width + 4, plot.height + 4)
        UI.clipped(to: clip) {
            for line in sides {
                for part in CurvePart.parts(of: line.buckets) {
                    let points = part.buckets.map {
                        Point(x(Double($0.lastStep)), y($0.lastFinite, line.axis ?? ticks.range))
                    }
                    UI.dashed(points, line.pattern, line.colour, thickness: line.thickness)
                }
            }
            drawCurve(buckets, colour, x: x, y: y)
            drawGaps(buckets, x: x, y: y)
        }
        for (mark, at) in UI.apart(marks.map { ($0, x(Double($0.step)).rounded()) }) {
            UI.marker(Point(at, plot.y), isAhead(mark) ? mark.colour.faded(0.4) : mark.colour, size: 5)
        }

        // The value where the run is, and what the other lines are.
        var labels: [EndLabel] = []
        if let present = drawn.value(at: here) ?? buckets.first {
            var words = UI.number(
                Double(present.last), metric.text(Double(present.last)), to: Self.roomForValue - 9, .mono)
            if !addedMetrics(metric.id).isEmpty { words += " " + metric.title.startingLowercase }
            labels.append(
                EndLabel(
                    y: y(present.last), words: words, colour: colour,
                    face: addedMetrics(metric.id).isEmpty ? .mono : .small,
                    note: drawn.isSparse ? "at \(grouped(present.lastStep))" : ""))
        }
        var names: [Point] = []
        for line in sides {
            guard let last = line.buckets.last else { continue }
            let place = Point(x(Double(last.lastStep)), y(last.last, line.axis ?? ticks.range))
            let value = line.metric.map { $0.text(Double(last.last)) + " " } ?? ""
            if line.metric == nil, place.x + UI.width(line.name, .small) + 8 < plot.maxX {
                var at = Point(place.x + 5, min(max(place.y - 7, plot.y), plot.maxY - 13))
                // Branches that end at one place are named one below the other.
                while names.contains(where: { abs($0.x - at.x) < 50 && abs($0.y - at.y) < 12 }) { at.y += 13 }
                names.append(at)
                UI.text(line.name, at, line.colour, .small)
            } else {
                labels.append(
                    EndLabel(y: place.y, words: value + line.name, colour: line.colour, face: .small, note: ""))
            }
        }
        write(
            labels, beside: plot, room: (addedMetrics(metric.id).isEmpty ? Self.roomForValue : 150) - 9)
        drawCrossHair(metric, drawn, sides, plot, range, x: x, y: y)
        return (plot, ticks.range, isOnGoal)
    }

    private func isAhead(_ change: Change) -> Bool { change.step > here || (change.step == here && now > here) }

    /// The curve: what lies within a pixel is drawn from its least to its greatest value. What lies ahead of here is
    /// faded.
    private func drawCurve(
        _ buckets: [Timeline.Bucket], _ colour: Colour, x: (Double) -> Float, y: (Float) -> Float
    ) {
        var present: Point?
        var hasAhead = false
        for part in CurvePart.parts(of: buckets) {
            var (made, ahead): ([Point], [Point]) = ([], [])
            made.reserveCapacity(part.buckets.count)
            for bucket in part.buckets {
                let point = Point(x(Double(bucket.lastStep)), y(bucket.lastFinite))
                let isAhead = bucket.lastStep > here && !(made.isEmpty && present == nil)
                if isAhead {
                    if ahead.isEmpty, let last = made.last { ahead.append(last) }
                    ahead.append(point)
                } else {
                    made.append(point)
                }
                let (top, bottom) = (y(bucket.maximum), y(bucket.minimum))
                if bottom - top > 1.5 {
                    UI.fill(Box((point.x - 0.5).rounded(), top, 1, bottom - top), colour.faded(isAhead ? 0.15 : 0.55))
                }
            }
            for (points, shade) in [(ahead, colour.faded(0.32)), (made, colour)] where !points.isEmpty {
                // A value between two gaps is seen too.
                if points.count == 1 { UI.disc(points[0], radius: 2.5, shade) } else { UI.polyline(points, shade) }
            }
            present = made.last ?? present
            hasAhead = hasAhead || !ahead.isEmpty
        }
        if hasAhead, let present { UI.disc(present, radius: 3, colour) }
    }

    /// A cross where values begin that are not finite, and a dotted line along the edge as far as they go: at the top for
    /// what is infinite, else at the bottom.
    private func drawGaps(_ buckets: [Timeline.Bucket], x: (Double) -> Float, y: (Float) -> Float) {
        var before: (gap: Float, x: Float)?
        for (index, bucket) in buckets.enumerated() {
            guard let gap = bucket.gap else {
                before = nil
                continue
            }
            // It was measured from its first step on where all of the bucket is gap.
            let (from, to) = (
                x(Double(bucket.hasValues ? bucket.lastStep : bucket.firstStep)), x(Double(bucket.lastStep))
            )
            let isNew = before.map { y($0.gap) != y(gap) } ?? true
            if isNew { UI.cross(Point(from, y(gap)), theme.moving, size: 4) }
            let start = isNew ? from : before?.x ?? from
            let end = index + 1 < buckets.count ? max(to, start) : to
            var dot = (start / 5).rounded(.up) * 5
            while dot < end {
                UI.fill(Box(dot, y(gap) - 0.5, 2, 1.5), theme.moving)
                dot += 5
            }
            before = (gap, to)
        }
    }

    // MARK: Other lines

    private func sideLines(_ metric: Metric, _ plot: Box, _ range: ClosedRange<Double>) -> [SideLine] {
        let width = Int(plot.width * UI.scale)
        // The newest branches, where there are more than can be told apart.
        let branches = forks.filter { $0.branch.lastStep > $0.step }.suffix(8).map { fork in
            let drawn = curves.curve(
                metric.id, branch: fork.branch.id, from: fork.step, learner.timeline, in: range, width: width)
            return SideLine(
                name: fork.branch.name, buckets: drawn.buckets, pattern: LineStyle.pattern(fork.branch.id),
                colour: theme.secondary, thickness: 1, axis: nil, metric: nil)
        }
        let added = addedMetrics(metric.id).enumerated().map { number, other in
            let drawn = curves.curve(other.id, learner.timeline, in: range, width: width, lastChange: lastChange)
            let (low, high) = (Double(drawn.extremes.low), Double(drawn.extremes.high))
            let margin = high > low ? 0 : max(abs(low) * 0.1, 1e-9)
            let own: ClosedRange<Double>? =
                metric.sharesAxis(with: other) || !(low <= high) ? nil : low - margin...high + margin
            return SideLine(
                name: other.title.startingLowercase, buckets: drawn.buckets.filter { $0.firstStep <= here },
                pattern: LineStyle.pattern(number), colour: curveColour(other), thickness: 1.5, axis: own, metric: other
            )
        }
        return branches + added
    }

    /// The metrics that were added to this one's graph, and are still measured.
    func addedMetrics(_ metric: String) -> [Metric] {
        (layout.added[metric] ?? []).compactMap { dashboard.metric($0) }
    }

    /// One below the other, each as near to its curve's end as the others let it.
    private func write(_ labels: [EndLabel], beside plot: Box, room: Float) {
        var labels = labels.sorted { $0.y < $1.y }
        var free = plot.y - 7
        for index in labels.indices {
            labels[index].y = max(labels[index].y - 7, free)
            free = labels[index].y + labels[index].height
        }
        var limit = plot.maxY + 9
        for index in labels.indices.reversed() {
            labels[index].y = min(labels[index].y, limit - labels[index].height)
            limit = labels[index].y
        }
        let x = plot.maxX + 7
        for label in labels {
            UI.text(UI.shortened(label.words, to: room, label.face), Point(x, label.y), label.colour, label.face)
            if !label.note.isEmpty { UI.text(label.note, Point(x, label.y + 14), theme.secondary, .small) }
        }
    }

    // MARK: The cross-hair

    private func drawCrossHair(
        _ metric: Metric, _ drawn: CurveCache.Drawn, _ sides: [SideLine], _ plot: Box, _ range: ClosedRange<Double>,
        x: (Double) -> Float, y: (Float) -> Float
    ) {
        guard let step = hoveredStep, range.contains(step) else { return }
        let at = x(step).rounded()
        UI.rule(Point(at, plot.y), length: plot.height, vertical: true, theme.secondary.faded(0.7))
        func value(_ buckets: [Timeline.Bucket]) -> Timeline.Bucket? { buckets.last { Double($0.firstStep) <= step } }
        guard let bucket = value(drawn.buckets) else { return }
        let height = y(bucket.last)
        if bucket.last.isFinite { UI.disc(Point(at, height), radius: 3.5, theme.text) }
        var lines = ["\(metric.text(Double(bucket.last)))  at \(grouped(Int(step.rounded())))"]
        for side in sides {
            guard let other = value(side.buckets), Double(side.buckets.last?.lastStep ?? 0) >= step.rounded() - 1 else {
                continue
            }
            lines.append("\((side.metric ?? metric).text(Double(other.last)))  \(side.name)")
        }
        let width = (lines.map { UI.width($0, .smallMono) }.max() ?? 0) + 10
        let left = at + 8 + width < plot.maxX ? at + 8 : max(plot.x, at - 8 - width)
        let tall = Float(lines.count) * 15 + 3
        let label = Box(
            left, min(max(plot.y + 1, height - tall - 4), max(plot.y + 1, plot.maxY - tall - 1)), width, tall)
        UI.fill(label, theme.tooltip.faded(0.92), radius: 3)
        for (number, line) in lines.enumerated() {
            UI.text(
                line, Point(label.x + 5, label.y + 3 + Float(number) * 15),
                number == 0 ? theme.text : theme.secondary, .smallMono)
        }
    }
}

extension Metric {
    /// Whether both can be read on one axis: their units agree, or both are shares.
    func sharesAxis(with other: Metric) -> Bool {
        unit == other.unit && (!unit.isEmpty || range == other.range)
    }
}
