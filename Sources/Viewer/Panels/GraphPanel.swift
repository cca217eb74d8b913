import CImGui
import Exploration

/// A metric's graph: its whole history, marks where controls changed, and a cross-hair that all graphs share.
final class Graphs: DashboardPart {
    /// The steps that all of them show.
    var axis = TimeAxis()
    lazy var curves = CurveCache(clock)
    /// The means of metrics whose graphs are smoothed.
    var smoothed: [CurveCache.Line: SmoothedHistory] = [:]
    /// The step under the mouse on one of them, or on the timeline.
    private(set) var hoveredStep: Double?
    /// The same for the next frame.
    private var nextHoveredStep: Double?
    var graphMenu: GraphMenu?
    /// What stands beside each graph's curves, and the step whose value its cross-hair says, as drawn last.
    var endLabels: [(metric: String, words: String, box: Box)] = []
    var saidSteps: [String: Int] = [:]
    var settlingNote: SettlingNote?
    /// A graph that was asked for, and until when it is lit.
    private var flash: (metric: String, until: ContinuousClock.Instant)?
    /// Where the graphs were taken to be panned: the step, and the place of the mouse since.
    private var panFrom: (step: Double, mouse: Float)?

    override func beginFrame() {
        nextHoveredStep = nil
        (endLabels, saidSteps) = ([], [:])
    }
    override func endFrame() { hoveredStep = nextHoveredStep }
    override func hasNews() -> Bool { flash.map { $0.until < clock.now } ?? false }
    override var isInFront: Bool { graphMenu != nil }
    override func dismiss() { graphMenu = nil }

    /// Has all graphs show a step in the next frame.
    func hover(_ step: Double) { nextHoveredStep = step }

    /// Lights a metric's graph for a while.
    func flash(_ metric: String, seconds: Double) { flash = (metric, clock.now + .seconds(seconds)) }

    func draw(_ id: String, _ box: Box) {
        guard let metric = dashboard.metric(id) else { return }
        let plot = plotBox(box, id)
        let range = axis.range(extent)
        let drawn = curves.curve(
            id, learner.timeline, in: range, width: Int(plot.width * UI.scale), lastChange: lastChange,
            isLogarithmic: layout.look(of: id).isLogarithmic)
        let badge: Badge? =
            drawn.motion.map {
                Badge(text: $0.word, colour: $0 == .settled ? theme.settled : theme.moving, help: $0.help)
            }
        let caption = [
            drawn.lost?.words ?? "", dashboardView.goals.goalWords(metric), lookWords(metric, drawn), metric.unit,
        ]
        .filter { !$0.isEmpty }.joined(separator: " · ")
        frame(
            .metric(id), box, title: metric.title, caption: caption, help: metric.help,
            badge: badge, word: menuWord(metric), edge: litColour(metric)
        ) { body in
            guard !drawn.buckets.isEmpty else {
                return UI.say(emptyWords(id), in: body, theme.secondary)
            }
            let (graph, isOnGoal) = draw(metric, drawn, in: plot, right: box.maxX - 6, range)
            steer(metric, graph, isOnGoal, span: Double(drawn.extremes.high - drawn.extremes.low))
        }
    }

    /// How the graph was chosen to be drawn, and what that does to values at or below 0.
    func lookWords(_ metric: Metric, _ drawn: CurveCache.Drawn) -> String {
        let look = layout.look(of: metric.id)
        var words: [String] = []
        if look.isLogarithmic {
            if positiveRange(metric, drawn.buckets) == nil {
                words.append("no value above 0, so the axis is linear")
            } else if drawn.buckets.contains(where: { $0.hasValues && $0.minimum <= 0 }) {
                words.append("logarithmic, values ≤ 0 at the lower edge")
            } else {
                words.append("logarithmic")
            }
        }
        if look.smoothing > 0 { words.append("smoothed \(format(look.smoothing))") }
        return words.joined(separator: " · ")
    }

    var lastChange: Int {
        commandsMade.last { $0.command.setsControls }?.step ?? -1
    }

    /// What is free at the left of an axis, and more where its numbers need it.
    static let roomForNumbers: Float = 50
    /// What is free at the right, for the present value.
    static let roomForValue: Float = 68

    /// Round values of an axis that goes up: as many as its height, and few enough that their numbers fit beside it.
    static func valueTicks(_ range: ClosedRange<Double>, height: Float) -> Ticks {
        Ticks(near: range, count: max(3, min(6, Int(height / 29)))) { UI.width($0, .smallMono) <= roomForNumbers - 11 }
    }

    /// Where the curves are: beside them values and names, above them what the lines are where there are several metrics.
    func plotBox(_ box: Box, _ id: String = "") -> Box {
        guard let metric = dashboard.metric(id) else {
            return box.inset(Self.roomForNumbers + 2, 44, Self.roomForValue, 32)
        }
        let legend = addedMetrics(id).isEmpty ? 0 : Self.legendHeight
        return box.inset(Self.roomForNumbers + 2, 44 + legend, roomAtTheRight(metric, box.width), 32)
    }

    /// The graph of the slider that is held stands out, as does one that was asked for.
    private func litColour(_ metric: Metric) -> Colour? {
        if let held = dashboardView.controlPanels.hand.held, let control = dashboard.control(held.control),
            control.affects.first == metric.id
        {
            return colours[control.id] ?? theme.text
        }
        if let flash, flash.metric == metric.id, flash.until > clock.now { return theme.text }
        return nil
    }

    private func emptyWords(_ metric: String) -> String {
        if axis.span != .whole, !learner.timeline.buckets(metric, in: 0...max(1, extent.end), count: 1).isEmpty {
            return "No values in these steps. A double click on a graph shows all."
        }
        if status.isFinished { return "Not measured in this run." }
        if now == begin {
            return status.isPaused ? "Paused before the first step." : "Waiting for the first step…"
        }
        return "Nothing measured yet, after \(grouped(now)) steps."
    }

    /// White, or the colour of the slider whose paired graph it is.
    func curveColour(_ metric: Metric) -> Colour {
        let paired = dashboard.controls.filter { $0.affects.first == metric.id }.compactMap { colours[$0.id] }
        return paired.first ?? theme.text
    }

    /// The ends of the axis: fixed by nature, or those of the values.
    func valueRange(_ metric: Metric, _ buckets: some Sequence<Timeline.Bucket>) -> ClosedRange<Double> {
        if let drag = dashboardView.goals.goalDrag, drag.metric == metric.id, !drag.axis.isLogarithmic {
            return drag.axis.range
        }
        var (low, high) = (Double.infinity, -Double.infinity)
        for bucket in buckets {
            guard bucket.hasValues else { continue }
            (low, high) = (min(low, Double(bucket.minimum)), max(high, Double(bucket.maximum)))
        }
        guard low <= high else { return metric.range ?? 0...1 }
        if let goal = layout.goals[metric.id] { (low, high) = (min(low, goal), max(high, goal)) }
        if let range = metric.range {
            // A share that moves within a small part of 0…1 is shown from there: accuracies near 1 differ.
            let whole = range.upperBound - range.lowerBound
            // One value has some room about it, within what there can be.
            if low == high {
                return max(range.lowerBound, low - whole * 0.05)...min(range.upperBound, high + whole * 0.05)
            }
            let span = max(high - low, whole * 0.02)
            if span > whole * 0.4 { return range }
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

    /// The ends of a logarithmic axis: those of the values above 0; nil if there are none.
    func positiveRange(_ metric: Metric, _ buckets: some Sequence<Timeline.Bucket>) -> ClosedRange<Double>? {
        if let drag = dashboardView.goals.goalDrag, drag.metric == metric.id, drag.axis.isLogarithmic {
            return drag.axis.range
        }
        var (low, high) = (Double.infinity, 0.0)
        for bucket in buckets where bucket.hasValues {
            for value in [bucket.minimum, bucket.lastFinite, bucket.maximum] where value > 0 {
                (low, high) = (min(low, Double(value)), max(high, Double(value)))
            }
        }
        guard low <= high else { return nil }
        if let goal = layout.goals[metric.id], goal > 0 { (low, high) = (min(low, goal), max(high, goal)) }
        return low == high ? low / 2...high * 2 : low...high
    }

    func drawSteps(below plot: Box, _ range: ClosedRange<Double>, x: (Double) -> Float) {
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

    /// Wheel zooms, drag pans, double click shows all: on all graphs together.
    private func steer(_ metric: Metric, _ graph: GraphGeometry, _ isOnGoal: Bool, span: Double) {
        let (plot, range) = (graph.plot, graph.steps)
        let item = UI.item("plot", Box(plot.x, plot.y - 10, plot.width, plot.height + 26))
        let length = range.upperBound - range.lowerBound
        let step = range.lowerBound + Double((UI.mouse.x - plot.x) / plot.width) * length
        if item.contains(.doubleClicked) { axis.span = .whole }
        if item.contains(.pressed) { panFrom = (step, UI.mouse.x) }
        if item.contains(.held), let from = panFrom, UI.mouse.x != from.mouse {
            axis.pan(by: Double((from.mouse - UI.mouse.x) / plot.width) * length, extent)
            panFrom = (from.step, UI.mouse.x)
        }
        if item.contains(.released) { panFrom = nil }
        if item.contains(.rightClicked) {
            graphMenu = GraphMenu(
                metric: metric.id,
                value: dashboardView.goals.value(at: min(max(UI.mouse.y, plot.y), plot.maxY), plot, graph.axis, metric),
                place: UI.mouse)
        }
        guard item.contains(.hovered) || (isOnGoal && plot.contains(UI.mouse)) else { return }
        nextHoveredStep = min(max(step, range.lowerBound), range.upperBound)
        if UI.wheel != 0, !Layout.scrolls(size) || UI.shift {
            axis.zoom(by: UI.wheel > 0 ? 0.8 : 1.25, about: step, extent)
        }

        func x(_ step: Int) -> Float { plot.x + Float((Double(step) - range.lowerBound) / length) * plot.width }
        let near = changes.min { abs(x($0.step) - UI.mouse.x) < abs(x($1.step) - UI.mouse.x) }
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
