import CImGui
import Exploration
import Foundation

/// A goal line in a person's hand.
struct GoalDrag {
    let metric: String
    /// The axis rests meanwhile: it would run away from a line that is pulled beyond it.
    let axis: ValueAxis
    let start: Float
    var hasMoved = false
}

/// What is known of the goals besides where they are.
struct GoalWatch {
    /// Of a metric that is no better when higher or lower: whether it was below its goal at first.
    var startedBelow: [String: Bool] = [:]
    /// Such metrics that came to their goal since. They may go beyond.
    var reached: Set<String> = []
    /// Whether the run was told to pause since the goals were last not all met.
    var hasPaused = false

    mutating func forget(_ metric: String) {
        startedBelow[metric] = nil
        reached.remove(metric)
        hasPaused = false
    }
}

/// Goal lines: what a person wants a metric to come to.
final class Goals: DashboardPart {
    private(set) var goalDrag: GoalDrag?
    private var goalWatch = GoalWatch()

    override func refresh() { watchGoals() }

    func setGoal(_ value: Double?, of metric: String) {
        guard layout.goals[metric] != value else { return }
        layout.setGoal(value, of: metric)
        goalWatch.forget(metric)
        watchGoals()
    }

    /// Whether the metric is where its goal wants it; nil if it has no goal or no value.
    func isMet(_ metric: Metric) -> Bool? {
        // Not by the whole series: while a copy of it lives, the learner's next step copies it too.
        guard let goal = layout.goals[metric.id], let last = learner.timeline.lastValues[metric.id] else {
            return nil
        }
        switch metric.better {
        case .higher: return last >= goal
        case .lower: return last <= goal
        case .neither: return goalWatch.reached.contains(metric.id)
        }
    }

    /// "goal met", for the title.
    func goalWords(_ metric: Metric) -> String {
        guard layout.goals[metric.id] != nil else { return "" }
        let word = metric.better == .neither ? "reached" : "met"
        return isMet(metric) == true ? "goal \(word)" : "goal not \(word)"
    }

    /// "above 0.9".
    func words(of goal: Double, _ metric: Metric) -> String {
        let side = metric.better == .higher ? "above " : metric.better == .lower ? "below " : ""
        return side + format(goal)
    }

    /// Looks whether the goals are met, and tells the learner to pause if that is wanted: once, until one of them is
    /// not met again.
    func watchGoals() {
        guard !layout.goals.isEmpty else { return }
        let metrics = dashboard.metrics.filter { layout.goals[$0.id] != nil && layout.isOpen(.metric($0.id)) }
        for metric in metrics where metric.better == .neither {
            guard let goal = layout.goals[metric.id], let last = learner.timeline.lastValues[metric.id] else {
                continue
            }
            let startedBelow = goalWatch.startedBelow[metric.id] ?? (last < goal)
            goalWatch.startedBelow[metric.id] = startedBelow
            if startedBelow ? last >= goal : last <= goal { goalWatch.reached.insert(metric.id) }
        }
        guard layout.pausesAtGoals, !metrics.isEmpty, goalDrag == nil, metrics.allSatisfy({ isMet($0) == true })
        else {
            goalWatch.hasPaused = false
            return
        }
        guard !goalWatch.hasPaused else { return }
        goalWatch.hasPaused = true
        let status = learner.status
        guard !status.isPaused, !status.isFinished else { return }
        learner.send(.pause)
        say(metrics.count == 1 ? "Paused: the goal is met." : "Paused: all \(metrics.count) goals are met.")
    }

    func togglePausesAtGoals() {
        layout.pausesAtGoals.toggle()
        goalWatch.hasPaused = false
        saveLayout()
    }

    // MARK: The line

    /// The goal's line with its handle at the left axis; where there is none yet, a handle to pull one down with.
    /// Returns whether the mouse is on it.
    func drawGoal(_ metric: Metric, _ plot: Box, _ axis: ValueAxis) -> Bool {
        let goal = layout.goals[metric.id]
        let place = goal.map { y(of: $0, plot, axis) } ?? plot.y
        let at = min(max(place, plot.y), plot.maxY).rounded()
        var item = UI.item("goal", Box(plot.x - 11, at - 8, 13, 16))
        if goal != nil { item.formUnion(UI.item("goal-line", Box(plot.x + 2, at - 3, plot.width - 2, 7))) }
        let isHot = item.contains(.hovered) || goalDrag?.metric == metric.id

        let colour = isHot ? theme.text : goal == nil ? theme.track : theme.secondary
        gui_triangle(plot.x - 7, at - 4, plot.x - 7, at + 4, plot.x - 1, at, colour.packed)
        if let goal {
            var x = plot.x
            while x < plot.maxX {
                UI.fill(Box(x, at, min(5, plot.maxX - x), 1), colour)
                x += 8
            }
            let words = "goal " + words(of: goal, metric)
            UI.text(
                words, Point(plot.maxX - 4, at < plot.y + 16 ? at + 3 : at - 15), colour, .small, align: .right)
        }
        move(metric, item, plot, axis)
        if item.contains(.hovered) {
            gui_set_cursor(Int32(GUI_CURSOR_HAND))
            if goalDrag == nil {
                tooltip = Tooltip(
                    text: goal == nil
                        ? "Drag down: a goal for \(metric.title.startingLowercase)."
                        : "Drag to move the goal; double click removes it.")
            }
        }
        return isHot
    }

    private func move(_ metric: Metric, _ item: Happened, _ plot: Box, _ axis: ValueAxis) {
        if item.contains(.doubleClicked), layout.goals[metric.id] != nil {
            goalDrag = nil
            setGoal(nil, of: metric.id)
            saveLayout()
            return
        }
        if item.contains(.pressed) { goalDrag = GoalDrag(metric: metric.id, axis: axis, start: UI.mouse.y) }
        guard var drag = goalDrag, drag.metric == metric.id else { return }
        if item.contains(.held), drag.hasMoved || abs(UI.mouse.y - drag.start) > 3 {
            drag.hasMoved = true
            goalDrag = drag
            // A goal may lie as far beyond the axis as half its length: then the axis grows.
            let beyond = plot.height / 2
            let height = min(max(UI.mouse.y, plot.y - beyond), plot.maxY + beyond)
            setGoal(value(at: height, plot, axis, metric), of: metric.id)
        }
        if !item.contains(.held) {
            goalDrag = nil
            if drag.hasMoved { saveLayout() }
        }
    }

    /// What has no place on a logarithmic axis lies at its lower end.
    private func y(of value: Double, _ plot: Box, _ axis: ValueAxis) -> Float {
        plot.maxY - Float(axis.share(of: value) ?? 0) * plot.height
    }

    /// The value at a height of the plot, as round as a hundredth of the axis, or of itself on a logarithmic one.
    func value(at y: Float, _ plot: Box, _ axis: ValueAxis, _ metric: Metric) -> Double {
        let exact = axis.value(at: Double((plot.maxY - y) / plot.height))
        let span = axis.isLogarithmic ? exact : axis.range.upperBound - axis.range.lowerBound
        let places = -floor(log10(max(span, 1e-30) / 100))
        // Divided by a power of ten where that is whole, as 0.01 is not.
        let unit = pow(10, abs(places))
        let value = places >= 0 ? (exact * unit).rounded() / unit : (exact / unit).rounded() * unit
        guard let range = metric.range else { return value }
        return min(max(value, range.lowerBound), range.upperBound)
    }
}
