import CLMat
import Exploration

/// A window that is open, for a program that does something with it beside the person.
@MainActor public struct OpenWindow {
    let dashboardView: DashboardView

    /// How many frames it has drawn.
    public var framesDrawn: Int { dashboardView.statusLine.meter.frames }

    /// Opens or closes a panel, by the name that ``Viewer/check(panel:of:)`` takes. One that is not there is left alone.
    public func set(_ panel: String, open: Bool) {
        guard let panel = Panel(named: panel, in: dashboardView.learner.dashboard) else { return }
        dashboardView.setOpen(panel, open)
    }
}

extension Viewer {
    /// The names of all panels that a window on this dashboard can have: ids of metrics and figures, groups of controls.
    nonisolated public static func panelNames(of dashboard: Dashboard) -> [String] {
        dashboard.metrics.map(\.id) + dashboard.figures.map(\.id)
            + dashboard.groups.map { $0.isEmpty ? "controls" : "controls:\($0)" } + [
                "add", "branches", "history", "profile",
            ]
    }

    /// Whether there is a panel of this name: one of ``panelNames(of:)``, or `plot:METRIC:METRIC` for the first metric
    /// against the second.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``.
    nonisolated public static func check(panel name: String, of dashboard: Dashboard) throws(CLMatError) {
        guard Panel(named: name, in: dashboard) == nil else { return }
        throw .unknownName(kind: "panel", name: name, known: panelNames(of: dashboard))
    }
}

extension Panel {
    init?(named name: String, in dashboard: Dashboard) {
        let parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if dashboard.metric(name) != nil {
            self = .metric(name)
        } else if dashboard.figures.contains(where: { $0.id == name }) {
            self = .figure(name)
        } else if parts.count == 3, parts[0] == "plot", parts[1] != parts[2], dashboard.metric(parts[1]) != nil,
            dashboard.metric(parts[2]) != nil
        {
            self = .plot(Plot(x: parts[2], y: parts[1]))
        } else if parts[0] == "controls", dashboard.groups.contains(parts.dropFirst().joined(separator: ":")) {
            self = .controls(parts.dropFirst().joined(separator: ":"))
        } else {
            switch name {
            case "add": self = .add
            case "branches": self = .branches
            case "history": self = .history
            case "profile": self = .profile
            default: return nil
            }
        }
    }
}
