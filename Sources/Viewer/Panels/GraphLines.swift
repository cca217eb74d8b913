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
struct SideLine {
    let name: String
    let buckets: [Timeline.Bucket]
    let pattern: [Float]
    let colour: Colour
    let thickness: Float
    /// The axis that it is scaled to; nil for the graph's own.
    let axis: ValueAxis?
    /// Of what it is; nil for the graph's own metric on another branch.
    let metric: Metric?
    /// What is drawn in place of its values.
    var smoothed: SmoothedHistory?

    /// The measured value that is nearest to a step; nil beyond the line's ends.
    func nearest(to step: Double) -> Timeline.Bucket? {
        guard let first = buckets.first, let last = buckets.last, step >= Double(first.firstStep) - 0.5,
            step <= Double(last.lastStep) + 0.5
        else { return nil }
        return buckets.nearest(to: step)
    }
}

extension [Timeline.Bucket] {
    /// The one whose last value was measured nearest to a step: that value stands at its own step, where the curve passes.
    func nearest(to step: Double) -> Timeline.Bucket? {
        self.min { abs(Double($0.lastStep) - step) < abs(Double($1.lastStep) - step) }
    }
}

/// Words at the end of a curve.
private struct EndLabel {
    let y: Float
    let words: String
    let colour: Colour
    let face: Face
    var note = ""
    /// The style of the line that it names.
    var pattern: [Float]?
    var height: Float { note.isEmpty ? 14 : 27 }
}

/// Where things are in a graph, and how its values lie.
struct GraphGeometry {
    let plot: Box
    let steps: ClosedRange<Double>
    let axis: ValueAxis
    /// Where what stands beside the curves ends.
    let right: Float

    func x(_ step: Double) -> Float {
        plot.x + Float((step - steps.lowerBound) / max(steps.upperBound - steps.lowerBound, 1e-9)) * plot.width
    }

    func y(_ value: Float) -> Float { y(value, axis) }

    func y(_ value: Float, _ axis: ValueAxis) -> Float {
        guard let share = axis.share(of: Double(value)) else {
            // What is not a number has no place on the axis: its mark stands at the bottom. What is not above 0 lies below all of a
            // logarithmic one.
            return value == .infinity ? plot.y + 5 : value.isFinite ? plot.maxY : plot.maxY - 5
        }
        return plot.maxY - Float(share) * plot.height
    }
}

extension Graphs {
    /// Draws the curves with all that belongs to them. Returns where they are, and whether the mouse is on the goal's line.
    func draw(
        _ metric: Metric, _ drawn: CurveCache.Drawn, in usual: Box, right: Float, _ range: ClosedRange<Double>
    ) -> (geometry: GraphGeometry, isOnGoal: Bool) {
        let buckets = drawn.buckets
        let look = layout.look(of: metric.id)
        let sides = sideLines(metric, usual, range)

        // Axes. The numbers are never cut: where they are long, the curves give way.
        let own = buckets + sides.filter { $0.axis == nil }.flatMap(\.buckets)
        let ticks = axisTicks(metric, own, isLogarithmic: look.isLogarithmic, height: usual.height)
        let plot = usual.inset(max(0, ticks.labelWidth + 10 - Self.roomForNumbers), 0, 0, 0)
        UI.note("curves", plot)
        let graph = GraphGeometry(
            plot: plot, steps: range, axis: ValueAxis(ticks.range, isLogarithmic: ticks.isLogarithmic),
            right: right)
        for value in ticks.values {
            let at = graph.y(Float(value)).rounded()
            UI.rule(Point(plot.x, at), length: plot.width, theme.faint)
            let label = ticks.label(value)
            // The goal's handle stands between number and axis, unless the number needs that place.
            let gap = max(3, min(11, Self.roomForNumbers - UI.width(label, .smallMono)))
            UI.text(label, Point(plot.x - gap, at - 6), theme.secondary, .smallMono, align: .right)
        }
        drawSteps(below: plot, range, x: graph.x)
        drawSecondAxis(sides, graph)

        // Marks of changes; those ahead of here are still to be made.
        let marks = changes.filter { range.contains(Double($0.step)) }.suffix(60)
        for mark in marks {
            let at = graph.x(Double(mark.step)).rounded()
            UI.dashes(x: at, from: plot.y, to: plot.maxY, mark.colour.faded(isAhead(mark) ? 0.3 : 0.8))
        }

        let isOnGoal = dashboardView.goals.drawGoal(metric, plot, graph.axis)

        let colour = curveColour(metric)
        let smoothed = look.smoothing > 0 ? smoothedHistory(of: metric.id, look.smoothing) : nil
        let clip = Box(plot.x - 2, plot.y - 2, plot.width + 4, plot.height + 4)
        UI.clipped(to: clip) {
            for line in sides {
                for part in CurvePart.parts(of: line.buckets) {
                    let points = part.buckets.map {
                        Point(
                            graph.x(Double($0.lastStep)),
                            graph.y(line.smoothed?.value(at: $0.lastStep) ?? $0.lastFinite, line.axis ?? graph.axis))
                    }
                    UI.dashed(points, line.pattern, line.colour, thickness: line.thickness)
                }
            }
            drawCurve(buckets, smoothed == nil ? colour : colour.faded(0.42), isThin: smoothed != nil, graph)
            if let smoothed { drawSmoothed(smoothed, buckets, colour, graph) }
            drawGaps(buckets, graph)
        }
        for (mark, at) in UI.apart(marks.map { ($0, graph.x(Double($0.step)).rounded()) }) {
            UI.marker(Point(at, plot.y), isAhead(mark) ? mark.colour.faded(0.4) : mark.colour, size: 5)
        }
        drawLegend(metric, drawn, sides, above: plot, right: right)
        drawEnds(metric, drawn, sides, graph)
        drawCrossHair(metric, drawn, sides, smoothed, graph)
        return (graph, isOnGoal)
    }

    /// The round values of a graph's own axis.
    private func axisTicks(
        _ metric: Metric, _ buckets: [Timeline.Bucket], isLogarithmic: Bool, height: Float
    ) -> Ticks {
        let count = max(3, min(6, Int(height / 29)))
        if isLogarithmic, let range = positiveRange(metric, buckets) {
            return Ticks(logarithmic: range, count: count)
        }
        return Self.valueTicks(valueRange(metric, buckets), height: height)
    }

    private func isAhead(_ change: Change) -> Bool { change.step > here || (change.step == here && now > here) }

    /// The curve: what lies within a pixel is drawn from its least to its greatest value. What lies ahead of here is
    /// faded.
    private func drawCurve(_ buckets: [Timeline.Bucket], _ colour: Colour, isThin: Bool, _ graph: GraphGeometry) {
        var present: Point?
        var hasAhead = false
        for part in CurvePart.parts(of: buckets) {
            var (made, ahead): ([Point], [Point]) = ([], [])
            made.reserveCapacity(part.buckets.count)
            for bucket in part.buckets {
                let point = Point(graph.x(Double(bucket.lastStep)), graph.y(bucket.lastFinite))
                let isAhead = bucket.lastStep > here && !(made.isEmpty && present == nil)
                if isAhead {
                    if ahead.isEmpty, let last = made.last { ahead.append(last) }
                    ahead.append(point)
                } else {
                    made.append(point)
                }
                let (top, bottom) = (graph.y(bucket.maximum), graph.y(bucket.minimum))
                if bottom - top > 1.5 {
                    let shade: Float = (isAhead ? 0.15 : 0.55) * (isThin ? 0.5 : 1)
                    UI.fill(Box((point.x - 0.5).rounded(), top, 1, bottom - top), colour.faded(shade))
                }
            }
            let thickness: Float = isThin ? 1 : 1.5
            for (points, shade) in [(ahead, isThin ? colour.faded(0.2) : colour.faded(0.32)), (made, colour)]
            where !points.isEmpty {
                // A value between two gaps is seen too.
                if points.count == 1 {
                    UI.disc(points[0], radius: 2.5, shade)
                } else {
                    UI.polyline(points, shade, thickness: thickness)
                }
            }
            present = made.last ?? present
            hasAhead = hasAhead || !ahead.isEmpty
        }
        if hasAhead, let present { UI.disc(present, radius: 3, colour) }
    }

    /// The smoothed curve over the raw one.
    private func drawSmoothed(
        _ smoothed: SmoothedHistory, _ buckets: [Timeline.Bucket], _ colour: Colour, _ graph: GraphGeometry
    ) {
        for part in CurvePart.parts(of: buckets) {
            var (made, ahead): ([Point], [Point]) = ([], [])
            for bucket in part.buckets {
                guard let value = smoothed.value(at: bucket.lastStep), value.isFinite else { continue }
                let point = Point(graph.x(Double(bucket.lastStep)), graph.y(value))
                if bucket.lastStep > here, let last = made.last {
                    if ahead.isEmpty { ahead.append(last) }
                    ahead.append(point)
                } else {
                    made.append(point)
                }
            }
            if ahead.count > 1 { UI.polyline(ahead, colour.faded(0.32)) }
            if made.count > 1 { UI.polyline(made, colour, thickness: 2) }
        }
    }

    /// A cross where values begin that are not finite, and a dotted line along the edge as far as they go: at the top for
    /// what is infinite, else at the bottom.
    private func drawGaps(_ buckets: [Timeline.Bucket], _ graph: GraphGeometry) {
        var before: (gap: Float, x: Float)?
        for (index, bucket) in buckets.enumerated() {
            guard let gap = bucket.gap else {
                before = nil
                continue
            }
            // It was measured from its first step on where all of the bucket is gap.
            let (from, to) = (
                graph.x(Double(bucket.hasValues ? bucket.lastStep : bucket.firstStep)), graph.x(Double(bucket.lastStep))
            )
            let isNew = before.map { graph.y($0.gap) != graph.y(gap) } ?? true
            if isNew { UI.cross(Point(from, graph.y(gap)), theme.moving, size: 4) }
            let start = isNew ? from : before?.x ?? from
            let end = index + 1 < buckets.count ? max(to, start) : to
            var dot = (start / 5).rounded(.up) * 5
            while dot < end {
                UI.fill(Box(dot, graph.y(gap) - 0.5, 2, 1.5), theme.moving)
                dot += 5
            }
            before = (gap, to)
        }
    }

    /// The means of a metric on the current path or another branch's, as far as it goes.
    private func smoothedHistory(of metric: String, _ weight: Double, on branch: Branch? = nil) -> SmoothedHistory {
        let line = CurveCache.Line(metric: metric, branch: branch?.id)
        // While it is taken out it has one owner, and grows in place.
        let kept = smoothed.removeValue(forKey: line)
        var history =
            kept.flatMap { $0.isOf(weight, version: version) ? $0 : nil } ?? SmoothedHistory(weight, version: version)
        history.follow(metric, branch: branch?.id, learner.timeline, to: branch?.lastStep ?? lastStep)
        smoothed[line] = history
        return history
    }

    // MARK: Other lines

    private func sideLines(_ metric: Metric, _ plot: Box, _ range: ClosedRange<Double>) -> [SideLine] {
        let width = Int(plot.width * UI.scale)
        let weight = layout.look(of: metric.id).smoothing
        let branches = shownForks.map { fork in
            let drawn = curves.curve(
                metric.id, branch: fork.branch.id, from: fork.step, learner.timeline, in: range, width: width)
            return SideLine(
                name: fork.branch.name, buckets: drawn.buckets, pattern: LineStyle.pattern(fork.branch.id),
                colour: theme.secondary, thickness: 1, axis: nil, metric: nil,
                smoothed: weight > 0 ? smoothedHistory(of: metric.id, weight, on: fork.branch) : nil)
        }
        var axes: [(metric: Metric, axis: ValueAxis)] = []
        let added = addedMetrics(metric.id).enumerated().map { number, other in
            let drawn = curves.curve(other.id, learner.timeline, in: range, width: width, lastChange: lastChange)
            let buckets = drawn.buckets.filter { $0.firstStep <= here }
            var own: ValueAxis?
            if !metric.sharesAxis(with: other), buckets.contains(where: \.hasValues) {
                // Those that can be read on one axis are on one.
                let ticks = Self.valueTicks(valueRange(other, buckets), height: plot.height)
                own = axes.first { $0.metric.sharesAxis(with: other) }?.axis ?? ValueAxis(ticks.range)
                if let own { axes.append((other, own)) }
            }
            return SideLine(
                name: other.title.startingLowercase, buckets: buckets, pattern: LineStyle.pattern(number),
                colour: curveColour(other), thickness: 1.5, axis: own, metric: other)
        }
        return branches + added
    }

    /// The newest branches, where there are more than can be told apart.
    private var shownForks: [(branch: Branch, step: Int)] {
        Array(forks.filter { $0.branch.lastStep > $0.step }.suffix(8))
    }

    /// The metrics that were added to this one's graph, and are still measured.
    func addedMetrics(_ metric: String) -> [Metric] {
        (layout.added[metric] ?? []).compactMap { dashboard.metric($0) }
    }

    /// What is free at the right of a graph: for the present value, the second axis, and the names of branches.
    func roomAtTheRight(_ metric: Metric, _ width: Float) -> Float {
        let names = shownForks.map { UI.width($0.branch.name, .small) + Self.sampleWidth + 10 }.max() ?? 0
        let room = min(names, max(Self.roomForValue, width * 0.27))
        let added = addedMetrics(metric.id)
        if added.isEmpty { return max(Self.roomForValue, room + 7) }
        let hasAxis = added.contains { !metric.sharesAxis(with: $0) }
        return (hasAxis ? Self.roomForNumbers : 13) + room
    }

    /// The row above the curves that names them, where there are several metrics.
    static let legendHeight: Float = 17
    private static let sampleWidth: Float = 16

    /// Round values of the first metric that cannot be read on the graph's own axis, at the right, with a line in its style.
    private func drawSecondAxis(_ sides: [SideLine], _ graph: GraphGeometry) {
        guard let line = sides.first(where: { $0.axis != nil }), let axis = line.axis else { return }
        let ticks = Self.valueTicks(axis.range, height: graph.plot.height)
        let x = graph.plot.maxX
        UI.verticalDashes(x: x, from: graph.plot.y, to: graph.plot.maxY, line.pattern, line.colour.faded(0.7))
        for value in ticks.values where axis.range.contains(value) {
            let at = graph.y(Float(value), axis).rounded()
            UI.rule(Point(x, at), length: 4, theme.secondary)
            let label = UI.number(value, ticks.label(value), to: Self.roomForNumbers - 9, .smallMono)
            UI.text(label, Point(x + 7, at - 6), theme.secondary, .smallMono)
        }
    }

    /// Each metric's line, value and name in a row; a cross takes one that was added off again.
    private func drawLegend(
        _ metric: Metric, _ drawn: CurveCache.Drawn, _ sides: [SideLine], above plot: Box, right: Float
    ) {
        let added = sides.filter { $0.metric != nil }
        guard !added.isEmpty else { return }
        let y = plot.y - 12 - Self.legendHeight + 5
        let left = plot.x - Self.roomForNumbers + 11
        let room = (right - left) / Float(added.count + 1) - 8
        var x = left

        func item(_ value: Timeline.Bucket?, _ metric: Metric, _ line: SideLine?) {
            let colour = line?.colour ?? curveColour(metric)
            if let line {
                UI.dashed([Point(x, y + 7), Point(x + 18, y + 7)], line.pattern, colour, thickness: 1.5)
            } else {
                UI.fill(Box(x, y + 6, 18, 1.5), colour)
            }
            let number = value.map { metric.text(Double($0.last)) } ?? ""
            let end = UI.text(number, Point(x + 22, y), theme.text, .smallMono)
            let isLeft = line.map { $0.axis == nil } ?? true
            // A third scale has no axis of its own: its ends are said.
            var name = metric.title.startingLowercase
            if let line, let axis = line.axis, !isSecondAxis(line, sides) {
                name += ", \(format(axis.range.lowerBound, digits: 2))…\(format(axis.range.upperBound, digits: 2))"
            }
            let cross: Float = line == nil ? 0 : 17
            let words = UI.shortened(name, to: max(0, x + room - end - 6 - cross), .small)
            let nameEnd = UI.text(words, Point(end + 6, y), theme.secondary, .small)
            let hovered = UI.item(
                "legend/\(metric.id)", Box(x, y - 1, max(1, nameEnd - x), 15)
            ).contains(.hovered)
            if hovered {
                tooltip = Tooltip(
                    title: metric.title,
                    text: [metric.help, isLeft ? "on the axis at the left" : "on an axis of its own, at the right"]
                        .joined(separator: "\n"))
            }
            if line != nil { removeCross(metric, Box(nameEnd + 3, y - 1, 15, 15)) }
            x += room + 8
        }
        item(drawn.value(at: here) ?? drawn.buckets.first, metric, nil)
        for line in added { if let other = line.metric { item(line.buckets.last, other, line) } }

        func removeCross(_ other: Metric, _ box: Box) {
            let happened = UI.item("take-off/\(other.id)", box)
            UI.cross(
                Point(box.midX, box.midY), happened.contains(.hovered) ? theme.text : theme.secondary, size: 3)
            if happened.contains(.hovered) {
                gui_set_cursor(Int32(GUI_CURSOR_HAND))
                tooltip = Tooltip(text: "Takes \(other.title.startingLowercase) off this graph.")
            }
            if happened.contains(.clicked) {
                layout.toggle(other.id, on: metric.id)
                saveLayout()
            }
        }
    }

    private func isSecondAxis(_ line: SideLine, _ sides: [SideLine]) -> Bool {
        sides.first { $0.axis != nil }?.axis == line.axis
    }

    /// The value where the run is, and the names of the other branches, beside the plot: one below the other, each as near to its
    /// curve's end as the others let it.
    private func drawEnds(
        _ metric: Metric, _ drawn: CurveCache.Drawn, _ sides: [SideLine], _ graph: GraphGeometry
    ) {
        let plot = graph.plot
        let hasAdded = sides.contains { $0.metric != nil }
        var labels: [EndLabel] = []
        if !hasAdded, let present = drawn.value(at: here) {
            // What is drawn as one may reach beyond where the run is.
            let exact =
                present.lastStep <= here ? nil : learner.timeline.values(metric.id, in: 0...max(0, here), last: 1).last
            let value = exact ?? Double(present.last)
            let words = UI.number(value, metric.text(value), to: Self.roomForValue - 9, .mono)
            labels.append(
                EndLabel(
                    y: graph.y(Float(value)), words: words, colour: curveColour(metric), face: .mono,
                    note: drawn.isSparse ? "at \(grouped(present.lastStep))" : ""))
        }
        // The newest ones are the last to be left out.
        for line in sides.reversed() where line.metric == nil {
            guard let last = line.buckets.last else { continue }
            labels.append(
                EndLabel(
                    y: graph.y(last.lastFinite), words: line.name, colour: line.colour, face: .small,
                    pattern: line.pattern))
        }
        let (top, bottom) = (plot.y - 9, plot.maxY + 10)
        func wishes(_ labels: [EndLabel]) -> [LabelColumn.Wish] {
            labels.enumerated().map { LabelColumn.Wish(y: $1.y - 7, height: $1.height, rank: $0) }
        }
        var places = LabelColumn.places(wishes(labels), from: top, to: bottom)
        let missing = places.count { $0 == nil }
        if missing > 0 {
            // One more makes room for how many are not named.
            labels = Array(labels.prefix(max(0, labels.count - missing - 1)))
            labels.append(
                EndLabel(y: plot.maxY, words: "+\(missing + 1) more", colour: theme.secondary, face: .small))
            places = LabelColumn.places(wishes(labels), from: top, to: bottom)
        }
        let hasAxis = sides.contains { $0.axis != nil }
        let x = plot.maxX + (hasAdded && hasAxis ? Self.roomForNumbers : 7)
        for (label, place) in zip(labels, places) {
            guard let y = place else { continue }
            var start = x
            if let pattern = label.pattern {
                UI.dashed([Point(x, y + 7), Point(x + Self.sampleWidth, y + 7)], pattern, label.colour, thickness: 1)
                start += Self.sampleWidth + 4
            }
            let words = UI.shortened(label.words, to: graph.right - start, label.face)
            let end = UI.text(words, Point(start, y), label.colour, label.face)
            endLabels.append((metric.id, words, Box(x, y, end - x, label.height)))
            if !label.note.isEmpty { UI.text(label.note, Point(x, y + 14), theme.secondary, .small) }
        }
    }

    // MARK: The cross-hair

    /// Through all graphs at the step under the mouse. What is said is the nearest value that was measured, with its step, and the dot
    /// stands there, on the curve.
    private func drawCrossHair(
        _ metric: Metric, _ drawn: CurveCache.Drawn, _ sides: [SideLine], _ smoothed: SmoothedHistory?,
        _ graph: GraphGeometry
    ) {
        guard let step = hoveredStep, graph.steps.contains(step) else { return }
        let plot = graph.plot
        UI.rule(
            Point(graph.x(step).rounded(), plot.y), length: plot.height, vertical: true, theme.secondary.faded(0.7))
        guard let bucket = drawn.buckets.nearest(to: step) else { return }
        let (at, height) = (graph.x(Double(bucket.lastStep)), graph.y(bucket.last))
        if bucket.last.isFinite { UI.disc(Point(at, height), radius: 3.5, theme.text) }
        saidSteps[metric.id] = bucket.lastStep
        var lines = ["\(metric.text(Double(bucket.last)))  at \(grouped(bucket.lastStep))"]
        if let mean = smoothed?.value(at: bucket.lastStep) { lines.append("\(metric.text(Double(mean)))  smoothed") }
        for side in sides {
            guard let other = side.nearest(to: step) else { continue }
            UI.disc(
                Point(graph.x(Double(other.lastStep)), graph.y(other.last, side.axis ?? graph.axis)), radius: 2.5,
                side.colour)
            // Where the dots stand apart, each says its step.
            let isApart = abs(graph.x(Double(other.lastStep)) - at) > 3
            let place = isApart ? "  at \(grouped(other.lastStep))" : ""
            lines.append("\((side.metric ?? metric).text(Double(other.last)))\(place)  \(side.name)")
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

extension UI {
    /// A vertical line of strokes and gaps by turns.
    static func verticalDashes(x: Float, from top: Float, to bottom: Float, _ pattern: [Float], _ colour: Colour) {
        guard pattern.count > 1, pattern.allSatisfy({ $0 > 0 }) else { return }
        var (y, part) = (top, 0)
        while y < bottom {
            if part % 2 == 0 { fill(Box(x - 0.5, y, 1, min(pattern[part], bottom - y)), colour) }
            y += pattern[part]
            part = (part + 1) % pattern.count
        }
    }
}

extension Metric {
    /// Whether both can be read on one axis: their units agree, or both are shares.
    func sharesAxis(with other: Metric) -> Bool {
        unit == other.unit && (!unit.isEmpty || range == other.range)
    }
}
