import Exploration

/// A part of the window that can be moved, closed and opened again.
enum Panel: Hashable {
    /// The controls of one group.
    case controls(String)
    /// What can be put on the dashboard.
    case add
    case figure(String)
    case metric(String)
    /// One metric against another.
    case plot(Plot)
    /// The run's branches.
    case branches
    /// The changes on the current path.
    case history
    /// Where the engine's time goes.
    case profile

    /// How a saved layout names it.
    var name: String {
        switch self {
        case .controls(let group): "controls:\(group)"
        case .add: "add"
        case .figure(let id): "figure:\(id)"
        case .metric(let id): "metric:\(id)"
        case .plot(let plot): "plot:\(plot.y):\(plot.x)"
        case .branches: "branches"
        case .history: "history"
        case .profile: "profile"
        }
    }
}

/// A metric over another one, as a path through the run's steps.
struct Plot: Hashable, Codable {
    let x: String
    let y: String
}

extension Dashboard {
    /// Groups of controls, in order of first appearance.
    var groups: [String] {
        var groups: [String] = []
        for control in controls where !groups.contains(control.group) { groups.append(control.group) }
        return groups
    }

    /// All panels that there could be, in the order in which they are laid out.
    var panels: [Panel] {
        groups.map { .controls($0) } + [.add] + figures.map { .figure($0.id) } + metrics.map { .metric($0.id) }
    }

    /// The graphs to start with: the first metric, how well the model does on what it has not seen, the first that a control moves, and
    /// those that the model opens by itself.
    var firstMetrics: [String] {
        let paired = controls.compactMap { $0.affects.first }.filter { metric($0) != nil }
        let better = metrics.filter { $0.better == .higher }
        var chosen: [String] = []
        let wished =
            [metrics.first?.id, (better.first(where: \.isOnUnseenData) ?? better.first)?.id] + paired
            + metrics.map(\.id)
        for id in wished.compactMap({ $0 }) where !chosen.contains(id) && chosen.count < 3 { chosen.append(id) }
        return chosen + metrics.filter { $0.isShownAtStart && !chosen.contains($0.id) }.map(\.id)
    }
}
