import CImGui
import Exploration

/// What of each metric is drawn, kept until there is more of it or another part is shown.
struct CurveCache {
    struct Drawn {
        fileprivate let key: Key
        fileprivate let madeAt: ContinuousClock.Instant
        /// The least and greatest value ever drawn.
        fileprivate let extremes: (low: Float, high: Float)
        let buckets: [Timeline.Bucket]
        let judgement: Judgement?
    }

    fileprivate struct Key: Equatable {
        let now: Int
        let first: Int
        let last: Int
        let width: Int
    }

    private var drawn: [String: Drawn] = [:]
    private let clock = ContinuousClock()

    func hasValues(_ metric: String) -> Bool { drawn[metric].map { !$0.buckets.isEmpty } ?? false }

    /// `lastChange` is the step at which a control was last changed.
    mutating func curve(
        _ metric: String, _ timeline: Timeline, in range: ClosedRange<Double>, width: Int, lastChange: Int
    ) -> Drawn {
        let first = max(0, Int(range.lowerBound.rounded(.down)))
        let last = max(first, Int(range.upperBound.rounded(.up)))
        let key = Key(now: timeline.lastStep, first: first, last: last, width: width)
        let kept = drawn[metric]
        if let kept, kept.key == key || isGoodEnough(kept, for: key) { return kept }

        let buckets = timeline.buckets(metric, in: first...last, count: max(1, width))
        var (low, high) = kept?.extremes ?? (.infinity, -.infinity)
        for bucket in buckets where bucket.minimum.isFinite && bucket.maximum.isFinite {
            (low, high) = (min(low, bucket.minimum), max(high, bucket.maximum))
        }
        let judgement = Judgement(
            metric, timeline, since: lastChange, span: Double(high - low), before: kept?.judgement)
        let fresh = Drawn(
            key: key, madeAt: clock.now, extremes: (low, high), buckets: buckets, judgement: judgement)
        drawn[metric] = fresh
        return fresh
    }

    /// Going through a long history takes a while, in which the learner cannot add to it: four times a second is
    /// enough where a new step moves nothing by a pixel.
    private func isGoodEnough(_ kept: Drawn, for key: Key) -> Bool {
        let length = key.last - key.first
        return length > 20_000 && kept.key.width == key.width && abs(kept.key.first - key.first) <= length / 100
            && abs(kept.key.last - key.last) <= length / 100 && (clock.now - kept.madeAt).seconds < 0.25
    }
}

/// Whether a metric still changes.
enum Judgement {
    case moving, settled

    /// Compares the two halves of the latest quarter of the run, or of what was measured since the last change:
    /// settled if their means differ by less than some standard errors or by less than 1 % of `span`, that of all
    /// values. Nil while there are too few values to tell.
    init?(_ metric: String, _ timeline: Timeline, since lastChange: Int, span: Double, before: Judgement?) {
        let now = timeline.lastStep
        let start = max(lastChange + 1, now - max(80, now / 4), 0)
        guard now >= 100, start < now else { return nil }
        let values = timeline.buckets(metric, in: start...now, count: 80)
            .map { Double($0.last) }.filter(\.isFinite)
        guard values.count >= 20 else { return nil }
        let halves = (values.prefix(values.count / 2), values.suffix(values.count / 2))
        let count = Double(halves.0.count)
        let means = (halves.0.reduce(0, +) / count, halves.1.reduce(0, +) / count)
        func variance(_ half: ArraySlice<Double>, _ mean: Double) -> Double {
            half.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
        }
        let error = ((variance(halves.0, means.0) + variance(halves.1, means.1)) / count).squareRoot()
        // A word that was said stays until the numbers are clear, so that it does not flicker.
        let strictness = before == .moving ? 1.5 : 3.0
        let difference = abs(means.1 - means.0)
        self = difference > strictness * error && difference > 0.01 * span ? .moving : .settled
    }
}

// A metric's graph: its whole history, marks where controls changed, and a cross-hair that all graphs share.

extension Desk {
    func drawGraph(_ id: String, _ box: Box) {
        guard let metric = dashboard.metric(id) else { return }
        let plot = plotBox(box)
        let range = axis.range(now: now)
        let drawn = curves.curve(
            id, learner.timeline, in: range, width: Int(plot.width * UI.scale), lastChange: lastChange)
        let badge: Badge? =
            switch drawn.judgement {
            case .moving: Badge(text: "moving", colour: theme.moving)
            case .settled: Badge(text: "settled", colour: theme.settled)
            case nil: nil
            }
        let caption = [goalWords(metric), metric.unit].filter { !$0.isEmpty }.joined(separator: " · ")
        frame(
            .metric(id), box, title: metric.title, caption: caption, means: metric.means,
            badge: badge, edge: litColour(metric)
        ) { body in
            guard !drawn.buckets.isEmpty else {
                return UI.say(emptyWords(id), in: body, theme.secondary)
            }
            let (values, isOnGoal) = draw(metric, drawn.buckets, in: plot, range)
            steer(metric, plot, range, values, isOnGoal, span: Double(drawn.extremes.high - drawn.extremes.low))
        }
    }

    private var lastChange: Int {
        commands.last { if case .set = $0.command { true } else { false } }?.step ?? -1
    }

    func plotBox(_ box: Box) -> Box { box.inset(52, 44, 68, 32) }

    /// The graph of the slider that is held stands out, as does one that was asked for.
    private func litColour(_ metric: Metric) -> Colour? {
        if let held = hand.held, let control = dashboard.control(held.control), control.moves.first == metric.id {
            return colours[control.id] ?? theme.text
        }
        if let flash, flash.metric == metric.id, flash.until > clock.now { return theme.text }
        return nil
    }

    private func emptyWords(_ metric: String) -> String {
        if axis.span != .whole, !learner.timeline.buckets(metric, in: 0...max(1, now), count: 1).isEmpty {
            return "No values in these steps. A double click on a graph shows all."
        }
        if status.isFinished { return "Not measured in this run." }
        if now == 0 { return status.isPaused ? "Paused before the first step." : "Waiting for the first step…" }
        return "Nothing measured yet, after \(grouped(now)) steps."
    }

    /// White, or the colour of the slider whose paired graph it is.
    func curveColour(_ metric: Metric) -> Colour {
        let paired = dashboard.controls.filter { $0.moves.first == metric.id }.compactMap { colours[$0.id] }
        return paired.first ?? theme.text
    }

    /// Returns the ends of the axis of values, and whether the mouse is on the goal's line.
    private func draw(
        _ metric: Metric, _ buckets: [Timeline.Bucket], in plot: Box, _ range: ClosedRange<Double>
    ) -> (ClosedRange<Double>, isOnGoal: Bool) {
        let length = max(range.upperBound - range.lowerBound, 1e-9)
        func x(_ step: Double) -> Float { plot.x + Float((step - range.lowerBound) / length) * plot.width }

        // Axes.
        let ticks = Ticks(near: valueRange(metric, buckets), count: max(3, min(6, Int(plot.height / 29))))
        let (low, high) = (ticks.range.lowerBound, ticks.range.upperBound)
        func y(_ value: Float) -> Float {
            guard value.isFinite else { return value == .infinity ? plot.y : plot.maxY }
            return plot.maxY - Float((Double(value) - low) / max(high - low, 1e-30)) * plot.height
        }
        for value in ticks.values {
            let at = y(Float(value)).rounded()
            UI.rule(Point(plot.x, at), length: plot.width, theme.faint)
            UI.text(ticks.label(value), Point(plot.x - 11, at - 6), theme.secondary, .smallMono, align: .right)
        }
        drawSteps(below: plot, range, x: x)

        // Marks of changes.
        let marks = changes { x(Double($0)) }.filter { range.contains(Double($0.step)) }
        for mark in marks.suffix(60) {
            let at = x(Double(mark.step)).rounded()
            UI.dashes(x: at, from: plot.y, to: plot.maxY, mark.colour.faded(0.8))
        }

        let isOnGoal = drawGoal(metric, plot, ticks.range)

        // The curve: what lies within a pixel is drawn from its least to its greatest value.
        let colour = curveColour(metric)
        UI.clipped(to: Box(plot.x - 2, plot.y - 2, plot.width + 4, plot.height + 4)) {
            var points: [Point] = []
            points.reserveCapacity(buckets.count)
            for bucket in buckets {
                let at = x(Double(bucket.lastStep))
                points.append(Point(at, y(bucket.last)))
                let (top, bottom) = (y(bucket.maximum), y(bucket.minimum))
                if bottom - top > 1.5 {
                    UI.fill(Box((at - 0.5).rounded(), top, 1, bottom - top), colour.faded(0.55))
                }
            }
            if points.count == 1 { UI.disc(points[0], radius: 2.5, colour) } else { UI.polyline(points, colour) }
        }
        for mark in marks.suffix(60) {
            UI.marker(Point(x(Double(mark.step)).rounded(), plot.y), mark.colour, size: 5)
        }
        if let last = buckets.last, let value = lastValue(metric, buckets) {
            let at = min(max(y(last.last), plot.y + 2), plot.maxY)
            let end = max(x(Double(last.lastStep)), plot.x)
            // At the curve's end if that is the axis' end, else beyond the axis.
            UI.text(
                value, Point(min(end, plot.maxX) + 7, at - 7), colour, .mono)
        }
        drawCrossHair(metric, buckets, plot, range, x: x, y: y)
        return (ticks.range, isOnGoal)
    }

    private func lastValue(_ metric: Metric, _ buckets: [Timeline.Bucket]) -> String? {
        guard let last = buckets.last else { return nil }
        return metric.text(Double(last.last))
    }

    /// The ends of the axis: fixed by nature, or those of the values.
    private func valueRange(_ metric: Metric, _ buckets: [Timeline.Bucket]) -> ClosedRange<Double> {
        if let goalDrag, goalDrag.metric == metric.id { return goalDrag.axis }
        var (low, high) = (Double.infinity, -Double.infinity)
        for bucket in buckets {
            if bucket.minimum.isFinite { low = min(low, Double(bucket.minimum)) }
            if bucket.maximum.isFinite { high = max(high, Double(bucket.maximum)) }
        }
        guard low <= high else { return metric.range ?? 0...1 }
        if let goal = layout.goals[metric.id] { (low, high) = (min(low, goal), max(high, goal)) }
        if let range = metric.range {
            // A share that moves within a small part of 0…1 is shown from there: accuracies near 1 differ.
            let span = max(high - low, (range.upperBound - range.lowerBound) * 0.02)
            if span > (range.upperBound - range.lowerBound) * 0.4 { return range }
            return max(range.lowerBound, low - span * 0.1)...min(range.upperBound, high + span * 0.1)
        }
        if low == high {
            let margin = low == 0 ? 1 : max(abs(low) * 0.1, 1e-30)
            return low - margin...high + margin
        }
        // Zero belongs to the axis if it is near.
        if low > 0, low < high * 0.35 { low = 0 }
        if high < 0, high > low * 0.35 { high = 0 }
        return low...high
    }

    private func drawSteps(below plot: Box, _ range: ClosedRange<Double>, x: (Double) -> Float) {
        let last = "step " + grouped(Int(range.upperBound))
        let lastWidth = UI.width(last, .smallMono)
        let y = plot.maxY + 7
        UI.text(last, Point(plot.maxX - lastWidth, y), theme.secondary, .smallMono)
        for tick in Ticks(within: range, count: max(2, Int(plot.width / 90))).values
        where tick >= 0 && tick == tick.rounded() {
            let words = grouped(Int(tick))
            let width = UI.width(words, .smallMono)
            let left = max(x(tick) - width / 2, plot.x)
            UI.rule(Point(x(tick), plot.maxY), length: 4, vertical: true, theme.track)
            if left + width < plot.maxX - lastWidth - 10 {
                UI.text(words, Point(left, y), theme.secondary, .smallMono)
            }
        }
    }

    private func drawCrossHair(
        _ metric: Metric, _ buckets: [Timeline.Bucket], _ plot: Box, _ range: ClosedRange<Double>,
        x: (Double) -> Float, y: (Float) -> Float
    ) {
        guard let step = hoveredStep, range.contains(step) else { return }
        let at = x(step).rounded()
        UI.rule(Point(at, plot.y), length: plot.height, vertical: true, theme.secondary.faded(0.7))
        guard let bucket = buckets.last(where: { Double($0.firstStep) <= step }) else { return }
        let value = metric.text(Double(bucket.last))
        let height = y(bucket.last)
        UI.disc(Point(at, height), radius: 3.5, theme.text)
        let words = "\(value)  at \(grouped(Int(step.rounded())))"
        let width = UI.width(words, .smallMono) + 10
        let left = at + 8 + width < plot.maxX ? at + 8 : at - 8 - width
        let label = Box(left, min(max(plot.y + 1, height - 22), plot.maxY - 19), width, 18)
        UI.fill(label, theme.tooltip.faded(0.92), radius: 3)
        UI.text(words, Point(label.x + 5, label.y + 3), theme.text, .smallMono)
    }

    /// Wheel zooms, drag pans, double click shows all: on all graphs together.
    private func steer(
        _ metric: Metric, _ plot: Box, _ range: ClosedRange<Double>, _ values: ClosedRange<Double>, _ isOnGoal: Bool,
        span: Double
    ) {
        let item = UI.item("plot", Box(plot.x, plot.y - 10, plot.width, plot.height + 26))
        let length = range.upperBound - range.lowerBound
        let step = range.lowerBound + Double((UI.mouse.x - plot.x) / plot.width) * length
        if item.contains(.doubleClicked) { axis.span = .whole }
        if item.contains(.pressed) { panFrom = (step, UI.mouse.x) }
        if item.contains(.held), let from = panFrom, UI.mouse.x != from.mouse {
            axis.pan(by: Double((from.mouse - UI.mouse.x) / plot.width) * length, now: now)
            panFrom = (from.step, UI.mouse.x)
        }
        if item.contains(.released) { panFrom = nil }
        if item.contains(.rightClicked) {
            graphMenu = GraphMenu(
                metric: metric.id, value: value(at: min(max(UI.mouse.y, plot.y), plot.maxY), plot, values, metric),
                place: UI.mouse)
        }
        guard item.contains(.hovered) || (isOnGoal && plot.contains(UI.mouse)) else { return }
        nextHoveredStep = min(max(step, range.lowerBound), range.upperBound)
        if UI.wheel != 0 { axis.zoom(by: UI.wheel > 0 ? 0.8 : 1.25, about: step, now: now) }

        func x(_ step: Int) -> Float { plot.x + Float((Double(step) - range.lowerBound) / length) * plot.width }
        let near = changes(at: x).min { abs(x($0.step) - UI.mouse.x) < abs(x($1.step) - UI.mouse.x) }
        if let near, abs(x(near.step) - UI.mouse.x) < 6, UI.mouse.y < plot.y + 14 {
            tooltip = Tooltip(text: near.words + settlingWords(metric.id, after: near.step, span: span))
        }
    }
}

extension Metric {
    /// A value with as many digits as its size asks for; the count stays while the value changes a little.
    func text(_ value: Double) -> String {
        guard value.isFinite else { return format(value) }
        let size = abs(value)
        if let range, range.upperBound - range.lowerBound <= 1, size <= 1 { return fixed(value, 3) }
        if size >= 100_000 || (size < 0.001 && size > 0) { return format(value) }
        return size >= 1000 ? grouped(Int(value.rounded())) : fixed(value, size >= 100 ? 1 : size >= 1 ? 2 : 3)
    }
}
