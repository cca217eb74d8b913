import CLMat
import Exploration
import Formats
import Foundation

/// What a panel shows, as a file: numbers as CSV, images as PNG.
final class Exporter: DashboardPart {
    /// Panels whose content is to be written when the frame is done.
    private var wanted: [Panel] = []

    /// Has a panel's content written when the frame is done.
    func want(_ panel: Panel) { wanted.append(panel) }

    /// Writes what was asked for. Returns whether anything was.
    func writeWanted() -> Bool {
        let panels = wanted
        wanted = []
        panels.forEach(export)
        return !panels.isEmpty
    }

    /// Whether a panel has something to write: cheap, as each frame asks.
    func canExport(_ panel: Panel) -> Bool {
        guard case .figure(let id) = panel else { return !exportKinds(panel).isEmpty }
        return dashboardView.figurePanels.figures[id]?.content != nil
    }

    /// The endings of the files that a panel would be written to; empty if it has nothing to write.
    func exportKinds(_ panel: Panel) -> [String] {
        switch panel {
        case .controls, .add, .branches, .history: return []
        case .plot(let plot): return dashboardView.graphs.curves.hasValues(plot.y) ? ["csv"] : []
        case .metric(let id): return dashboardView.graphs.curves.hasValues(id) ? ["csv"] : []
        case .profile: return dashboardView.profilePanel.table.rows.isEmpty ? [] : ["csv"]
        case .figure(let id):
            return dashboardView.figurePanels.figures[id]?.fileKinds() ?? []
        }
    }

    /// Writes a panel's content to files in the current directory, named for it and the step, and says so. Not while a
    /// frame is drawn.
    func export(_ panel: Panel) {
        do {
            let path: String
            switch panel {
            case .controls, .add, .branches, .history: return
            case .plot(let plot):
                path = "\(plot.y)-against-\(plot.x)-\(now).csv"
                let (xs, ys) = (learner.timeline.series(plot.x), learner.timeline.series(plot.y))
                try Files.write(CSV.text(of: ys, named: plot.y, against: xs, named: plot.x), to: path)
            case .metric(let id):
                let series = learner.timeline.series(id)
                path = "\(id)-\(series.last?.step ?? 0).csv"
                try Files.write(CSV.text(of: series, named: id), to: path)
            case .profile:
                path = "profile-\(now).csv"
                try Files.write(dashboardView.profilePanel.table.csv ?? "", to: path)
            case .figure(let id):
                guard case .ready(let content, let step) = dashboardView.figurePanels.figures[id]?.state,
                    let info = dashboard.figures.first(where: { $0.id == id })
                else { return }
                guard content.whyEmpty == nil else { return }
                let name = "\(id)-\(step)"
                var paths: [String] = []
                if let text = content.csv {
                    paths.append(name + ".csv")
                    try Files.write(text, to: name + ".csv")
                }
                if dashboardView.figurePanels.figures[id]?.renderer != nil {
                    paths.append(name + ".png")
                    try FigurePicture(content: content, figure: info, step: step, options: options)
                        .write(to: name + ".png")
                }
                guard !paths.isEmpty else { return }
                path = paths.joined(separator: " and ")
            }
            say("Saved \(path)")
        } catch {
            say("\(error)")
        }
    }
}

/// Series as comma-separated values.
enum CSV {
    static func text(of series: Series, named metric: String) -> String {
        let rows = zip(series.steps, series.values).map { "\($0),\($1)\n" }
        return "step,\(csvField(metric))\n" + rows.joined()
    }

    /// One metric against another, at the steps at which the first was measured.
    static func text(of ys: Series, named y: String, against xs: Series, named x: String) -> String {
        let rows = zip(ys.steps, ys.values).compactMap { step, value in
            xs.value(at: step).map { "\(step),\(Float($0)),\(value)\n" }
        }
        return "step,\(csvField(x)),\(csvField(y))\n" + rows.joined()
    }
}
