import CLMat
import Exploration
import Foundation

// What a panel shows, as a file: numbers as CSV, images as PNG.

extension Desk {
    /// The ending of the file that a panel would be written to; nil if it has nothing to write.
    func exportKind(_ panel: Panel) -> String? {
        switch panel {
        case .controls, .add, .branches: return nil
        case .plot(let plot): return curves.hasValues(plot.y) ? "csv" : nil
        case .metric(let id): return curves.hasValues(id) ? "csv" : nil
        case .profile: return profile.table.rows.isEmpty ? nil : "csv"
        case .figure(let id):
            guard case .ready(let content, _) = figures[id]?.state else { return nil }
            switch content {
            case .imageGrid(let grid): return grid.isDrawable ? "png" : nil
            case .bars, .table, .curve, .histogram, .silhouette, .scatter: return "csv"
            case .empty: return nil
            }
        }
    }

    /// Writes a panel's content to a file in the current directory, named for it and the step, and says so.
    func export(_ panel: Panel) {
        do {
            let path: String
            switch panel {
            case .controls, .add, .branches: return
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
                try Files.write(CSV.text(of: profile.table), to: path)
            case .figure(let id):
                guard case .ready(let content, let step) = figures[id]?.state, let kind = exportKind(panel) else {
                    return
                }
                path = "\(id)-\(step).\(kind)"
                switch content {
                case .imageGrid(let grid): try Viewer.writePNG(of: grid, to: path)
                case .bars(let bars): try Files.write(CSV.text(of: bars), to: path)
                case .table(let table): try Files.write(CSV.text(of: table), to: path)
                case .curve(let curve): try Files.write(CSV.text(of: curve), to: path)
                case .histogram(let histogram): try Files.write(CSV.text(of: histogram), to: path)
                case .silhouette(let silhouette): try Files.write(CSV.text(of: silhouette), to: path)
                case .scatter(let scatter): try Files.write(CSV.text(of: scatter), to: path)
                case .empty: return
                }
            }
            say("Saved \(path)")
        } catch {
            say("\(error)")
        }
    }
}

/// Comma-separated values (RFC 4180, but with line feeds alone).
enum CSV {
    static func text(of series: Series, named metric: String) -> String {
        let rows = zip(series.steps, series.values).map { "\($0),\($1)\n" }
        return "step,\(field(metric))\n" + rows.joined()
    }

    /// One metric against another, at the steps at which the first was measured.
    static func text(of ys: Series, named y: String, against xs: Series, named x: String) -> String {
        let rows = zip(ys.steps, ys.values).compactMap { step, value in
            xs.value(at: step).map { "\(step),\(Float($0)),\(value)\n" }
        }
        return "step,\(field(x)),\(field(y))\n" + rows.joined()
    }

    static func text(of bars: Bars) -> String {
        lines(
            [["label"] + bars.series.map(\.name)]
                + bars.labels.enumerated().map { index, label in
                    [label] + bars.series.map { index < $0.values.count ? "\($0.values[index])" : "" }
                })
    }

    static func text(of table: Table) -> String { lines([table.columns] + table.rows) }

    static func text(of curve: Curve) -> String {
        lines(
            [["line", curve.xTitle, curve.yTitle]]
                + curve.lines.flatMap { line in line.points.map { [line.name, "\($0.x)", "\($0.y)"] } })
    }

    static func text(of histogram: Histogram) -> String {
        lines(
            [["from", "to", "count"]]
                + histogram.counts.enumerated().map {
                    ["\(histogram.edges[$0])", "\(histogram.edges[$0 + 1])", "\($1)"]
                })
    }

    static func text(of silhouette: Silhouette) -> String {
        lines(
            [["group", "silhouette"]]
                + silhouette.groups.flatMap { group in group.values.map { [group.name, "\($0)"] } })
    }

    static func text(of scatter: Scatter) -> String {
        lines(
            [["name", scatter.xTitle, scatter.yTitle, "weight"]]
                + scatter.discs.map { [$0.title, "\($0.x)", "\($0.y)", "\($0.weight)"] })
    }

    private static func lines(_ rows: [[String]]) -> String {
        rows.map { $0.map(field).joined(separator: ",") + "\n" }.joined()
    }

    private static func field(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}
