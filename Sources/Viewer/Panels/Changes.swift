import CLMat
import Exploration

/// A change of the model on the current path, as a mark on graphs and on the timeline.
struct Change {
    /// The slider that was moved; nil for what else changes a model.
    let control: String?
    /// Where it began: a drag of a slider takes some steps.
    let first: Int
    let step: Int
    let before: Double?
    let after: Double?
    let colour: Colour
    /// "L2 weight 0.10 → 0.30".
    let what: String
    /// The commands that belong to it, by their numbers on the path; those before the record begins have numbers below 0.
    let commands: ClosedRange<Int>

    /// "L2 weight 0.10 → 0.30 at step 2,310".
    var words: String { "\(what) at step \(grouped(step))" }
}

/// The changes on the current path, as all that marks them shows them.
final class Changes: DashboardPart {
    /// The changes to mark: the commands that belong to one change are one, as those of a drag.
    var all: [Change] {
        changes(past, from: -past.count) + changes(commands, from: 0)
    }

    /// - Parameter start: the number of the first of these commands.
    private func changes(_ commands: [LoggedCommand], from start: Int) -> [Change] {
        var runs: [ClosedRange<Int>] = []
        for (index, logged) in commands.enumerated() {
            if let last = runs.last, commands[last.lowerBound].change == logged.change {
                runs[runs.count - 1] = last.lowerBound...index
            } else {
                runs.append(index...index)
            }
        }
        return runs.map { run in
            change(commands[run.lowerBound], commands[run.upperBound], start + run.lowerBound...start + run.upperBound)
        }
    }

    private func change(_ first: LoggedCommand, _ last: LoggedCommand, _ numbers: ClosedRange<Int>) -> Change {
        guard case .set(let id, let value) = last.command else {
            if case .preset(let id, let values) = last.command {
                return Change(
                    control: nil, first: first.step, step: last.step, before: nil, after: nil,
                    colour: theme.secondary, what: words(ofPreset: id, values ?? [:], before: last.valuesBefore),
                    commands: numbers)
            }
            return Change(
                control: nil, first: first.step, step: last.step, before: nil, after: nil, colour: theme.secondary,
                what: words(of: last.command), commands: numbers)
        }
        let control = learner.control(id)
        func text(_ value: Double) -> String { control?.text(value) ?? format(value) }
        let from = first.before.map { "\(text($0)) → " } ?? "set to "
        return Change(
            control: id, first: first.step, step: last.step, before: first.before, after: value,
            colour: colours[id] ?? theme.secondary, what: "\(control?.title ?? id) \(from)\(text(value))",
            commands: numbers)
    }

    /// "preset readable: training noise off → 0.5".
    private func words(ofPreset id: String, _ values: [String: Double], before: [String: Double]) -> String {
        let title = dashboard.presets.first { $0.id == id }?.title ?? id
        let order = Dictionary(dashboard.controls.enumerated().map { ($1.id, $0) }) { first, _ in first }
        let moved = values.filter { before[$0.key] != $0.value }.sorted {
            (order[$0.key] ?? .max, $0.key) < (order[$1.key] ?? .max, $1.key)
        }
        let words = moved.map { id, value in
            let control = learner.control(id)
            func text(_ value: Double) -> String { control?.text(value) ?? format(value) }
            return (control?.title ?? id) + " " + (before[id].map { "\(text($0)) → " } ?? "set to ") + text(value)
        }
        return "preset \(title): \(words.joined(separator: ", "))"
    }

    private func words(of command: Command) -> String {
        func criterion(_ id: String) -> String { dashboard.mixins.first { $0.id == id }?.title ?? id }
        func title(_ id: String) -> String { dashboard.attachments.first { $0.id == id }?.title ?? id }
        switch command {
        case .attach(let id): return "\(title(id)) put on"
        case .detach(let id): return "\(title(id)) taken off"
        case .act(let action): return action.title
        case .addMixin(let id): return "\(criterion(id)) added"
        case .removeMixin(let id): return "\(criterion(id)) removed"
        case .link(let control, let other):
            return "\(learner.control(control)?.title ?? control) linked to \(learner.control(other)?.title ?? other)"
        case .unlink(let control): return "\(learner.control(control)?.title ?? control) separated"
        default: return "changed"
        }
    }
}

extension Command {
    /// Whether it moves controls: one, or those of a preset.
    var setsControls: Bool {
        switch self {
        case .set, .preset: true
        default: false
        }
    }
}
