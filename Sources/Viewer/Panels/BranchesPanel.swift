import CImGui
import CLMat
import Exploration
import Foundation

/// The run's branches in a table: where each left its parent, how it does, and what can be done with it.
final class BranchesPanel: DashboardPart {
    /// The name that is being typed.
    private(set) var typed: (branch: Int, field: TextField)?
    /// The last values of the branches that do not run, which stay while the history's version does.
    private var lastValues: (version: Int, metrics: [String], byBranch: [Int: [String: Double]]) = (-1, [], [:])

    override var isInFront: Bool { typed != nil }

    /// Escape, while a name is typed.
    func stopTyping() { typed = nil }

    private static let branchRow: Float = 25
    /// A metric's value and how far it is from the current branch's.
    private static let valueWidth: Float = 62

    private struct Columns {
        let name: Float
        let fork: Float
        let step: Float
        let metrics: [Metric]
        let buttons: Float = 152
    }

    /// How high the panel is with all branches, up to so many.
    var height: Float { 36 + 20 + Float(min(branches.count, 6)) * Self.branchRow + 12 }

    func draw(_ box: Box) {
        frame(
            .branches, box, title: "Branches", caption: "\(branches.count) futures of this run",
            help: "Each branch shares its parent's history up to where it left it."
        ) { body in
            let columns = columns(body.width - 8)
            rememberValues(columns.metrics.map(\.id))
            let titles = place(columns, body.x)
            UI.text("branch", Point(body.x + 26, body.y), theme.secondary, .small)
            if columns.fork > 0 { UI.text("from", Point(titles.fork, body.y), theme.secondary, .small) }
            UI.text(
                "last step", Point(titles.step + columns.step, body.y), theme.secondary, .small, align: .right)
            for (number, metric) in columns.metrics.enumerated() {
                let right = titles.metrics + Float(number + 1) * (2 * Self.valueWidth + 10) - 10
                let words = UI.shortened(metric.title.startingLowercase, to: 2 * Self.valueWidth, .small)
                UI.text(words, Point(right, body.y), theme.secondary, .small, align: .right)
            }
            UI.rule(Point(body.x, body.y + 17), length: body.width, theme.edge)
            UI.region("branches", Box(body.x - 4, body.y + 19, body.width + 15, body.height - 13)) { content in
                for (number, branch) in branches.enumerated() {
                    let y = content.y + Float(number) * Self.branchRow
                    draw(branch, columns, Box(content.x + 4, y, body.width - 8, Self.branchRow))
                }
                return Float(branches.count) * Self.branchRow + 2
            }
        }
    }

    /// As many metrics as there is room for; where the branch left its parent before the second.
    private func columns(_ width: Float) -> Columns {
        let open = layout.openPanels(dashboard).compactMap { panel -> Metric? in
            if case .metric(let id) = panel { dashboard.metric(id) } else { nil }
        }
        let name = min(max(branches.map { UI.width($0.name) }.max() ?? 0, 60) + 40, 170)
        let step = max(
            UI.width("last step", .small), branches.map { UI.width(grouped($0.lastStep), .smallMono) }.max() ?? 0)
        let fork = min(branches.map { UI.width(forkWords($0), .small) }.max() ?? 0, 150)
        let each = 2 * Self.valueWidth + 10
        var left = width - name - step - 14 - 160
        let hasFork = left >= fork + 12 + each
        if hasFork { left -= fork + 14 }
        let count = max(0, min(3, open.count, Int(left / each)))
        return Columns(name: name, fork: hasFork ? fork : 0, step: step, metrics: Array(open.prefix(count)))
    }

    private func place(_ columns: Columns, _ x: Float) -> (fork: Float, step: Float, metrics: Float) {
        let fork = x + columns.name
        let step = fork + (columns.fork > 0 ? columns.fork + 14 : 0)
        return (fork, step, step + columns.step + 14)
    }

    /// "main at 1,200".
    private func forkWords(_ branch: Branch) -> String {
        guard let fork = branch.fork else { return "the first" }
        // A parent that was deleted has no name any more.
        let parent = branches.first { $0.id == fork.branch }?.name
        return (parent.map { "\($0) at " } ?? "at ") + grouped(fork.step)
    }

    private func draw(_ branch: Branch, _ columns: Columns, _ row: Box) {
        let isCurrent = branch.id == position.branch
        let (forkX, stepX, metricsX) = place(columns, row.x)
        let y = row.y + 5
        drawStyle(of: branch, Box(row.x, row.y, 20, row.height))
        drawName(branch, isCurrent, Box(row.x + 26, row.y, columns.name - 30, row.height))
        if columns.fork > 0 {
            UI.text(
                UI.shortened(forkWords(branch), to: columns.fork, .small), Point(forkX, y + 1), theme.secondary, .small)
        }
        UI.text(
            grouped(isCurrent ? now : branch.lastStep), Point(stepX + columns.step, y + 1), theme.text, .smallMono,
            align: .right)
        for (number, metric) in columns.metrics.enumerated() {
            let left = metricsX + Float(number) * (2 * Self.valueWidth + 10)
            guard let value = value(of: metric.id, branch) else { continue }
            UI.text(
                UI.number(value, metric.text(value), to: Self.valueWidth - 8, .smallMono),
                Point(left + Self.valueWidth - 4, y + 1), theme.text, .smallMono, align: .right)
            if !isCurrent, let own = learner.timeline.lastValues[metric.id], (value - own).isFinite {
                UI.text(
                    differenceWords(value - own, metric), Point(left + 2 * Self.valueWidth, y + 1), theme.secondary,
                    .smallMono, align: .right)
            }
        }
        drawButtons(branch, isCurrent, Box(row.maxX - columns.buttons, row.y + 2, columns.buttons, row.height - 4))
    }

    /// "+0.012", with a sign; a difference that is smaller than the metric's usual digits in fewer: never −0.000.
    private func differenceWords(_ difference: Double, _ metric: Metric) -> String {
        guard difference != 0 else { return "±0" }
        let (sign, size) = (difference < 0 ? "−" : "+", abs(difference))
        let usual = metric.text(size)
        let isSeen = usual.contains { ("1"..."9").contains($0) }
        return sign
            + UI.number(
                size, isSeen ? usual : format(size, digits: 1), to: Self.valueWidth - 2 - UI.width(sign, .smallMono),
                .smallMono)
    }

    /// The line by which the graphs show it.
    private func drawStyle(of branch: Branch, _ box: Box) {
        let ends = [Point(box.x - 2, box.midY), Point(box.maxX - 2, box.midY)]
        if branch.id == position.branch {
            UI.fill(Box(ends[0].x, box.midY - 1, ends[1].x - ends[0].x, 2), theme.text)
        } else {
            UI.dashed(ends, LineStyle.pattern(branch.id), theme.secondary, thickness: 1.5)
        }
    }

    /// A click lets a person type another name.
    private func drawName(_ branch: Branch, _ isCurrent: Bool, _ box: Box) {
        if var typed, typed.branch == branch.id {
            let outcome = typed.field.show("\(branch.id)/field", Point(box.x - 4, box.y + 2), width: box.width)
            self.typed = typed
            guard outcome != .typing else { return }
            let name = typed.field.text.trimmingCharacters(in: .whitespaces)
            if !name.isEmpty, name != branch.name { learner.send(.rename(branch: branch.id, to: name)) }
            self.typed = nil
            return
        }
        let face: Face = isCurrent ? .bold : .text
        UI.text(UI.shortened(branch.name, to: box.width, face), Point(box.x, box.y + 4), theme.text, face)
        let item = UI.item("\(branch.id)/name", box)
        if item.contains(.hovered) {
            gui_set_cursor(Int32(GUI_CURSOR_TEXT))
            tooltip = Tooltip(
                title: branch.name, text: "\(forkWords(branch)), to step \(grouped(branch.lastStep))\nclick: rename")
        }
        if item.contains(.clicked), !status.isFinished {
            typed = (branch.id, TextField(branch.name))
        }
    }

    private func drawButtons(_ branch: Branch, _ isCurrent: Bool, _ box: Box) {
        guard !isCurrent else {
            UI.text("the run is here", Point(box.maxX, box.y + 4), theme.secondary, .small, align: .right)
            return
        }
        let isCompared = status.comparedBranch == branch.id
        let runs = !status.isFinished
        func place(_ x: Float, _ width: Float) -> Box { Box(box.x + x, box.y, width, box.height) }
        if button("\(branch.id)/go", "go", place(0, 30), isEnabled: runs, face: .small) {
            learner.send(.go(to: branch.id))
        }
        if button("\(branch.id)/compare", "compare", place(34, 64), isOn: isCompared, isEnabled: runs, face: .small) {
            learner.send(.compare(isCompared ? nil : branch.id))
        }
        if button("\(branch.id)/delete", "delete", place(102, 50), isEnabled: runs, face: .small) {
            learner.send(.delete(branch: branch.id))
        }
    }

    // MARK: Values

    private func value(of metric: String, _ branch: Branch) -> Double? {
        branch.id == position.branch ? learner.timeline.lastValues[metric] : lastValues.byBranch[branch.id]?[metric]
    }

    private func rememberValues(_ metrics: [String]) {
        guard lastValues.version != version || lastValues.metrics != metrics else { return }
        lastValues = (version, metrics, [:])
        for branch in branches where branch.id != position.branch {
            for metric in metrics {
                lastValues.byBranch[branch.id, default: [:]][metric] =
                    learner.timeline.series(metric, branch: branch.id).last?.value
            }
        }
    }
}
