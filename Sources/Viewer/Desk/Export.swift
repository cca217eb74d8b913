import CLMat
import Exploration
import Foundation

// What a panel shows, as a file: numbers as CSV, images as PNG.

extension Desk {
    /// The endings of the files that a panel would be written to; empty if it has nothing to write.
    func exportKinds(_ panel: Panel) -> [String] {
        switch panel {
        case .controls, .add, .branches: return []
        case .plot(let plot): return curves.hasValues(plot.y) ? ["csv"] : []
        case .metric(let id): return curves.hasValues(id) ? ["csv"] : []
        case .profile: return profile.table.rows.isEmpty ? [] : ["csv"]
        case .figure(let id):
            guard case .ready(let content, _) = figures[id]?.state else { return [] }
            switch content {
            case .imageGrid(let grid): return grid.isDrawable ? ["png"] : []
            case .empty: return []
            default: return ["csv", "png"]
            }
        }
    }

    /// Writes a panel's content to files in the current directory, named for it and the step, and says so. Not while a
    /// frame is drawn.
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
                guard case .ready(let content, let step) = figures[id]?.state,
                    let info = dashboard.figures.first(where: { $0.id == id })
                else { return }
                let paths = exportKinds(panel).map { "\(id)-\(step).\($0)" }
                if let text = CSV.text(of: content), let path = paths.first { try Files.write(text, to: path) }
                guard let picture = paths.last else { return }
                try FigurePicture(content, info, step: step, learner, options).write(to: picture)
                path = paths.joined(separator: " and ")
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
        return "step,\(csvField(metric))\n" + rows.joined()
    }

    /// One metric against another, at the steps at which the first was measured.
    static func text(of ys: Series, named y: String, against xs: Series, named x: String) -> String {
        let rows = zip(ys.steps, ys.values).compactMap { step, value in
            xs.value(at: step).map { "\(step),\(Float($0)),\(value)\n" }
        }
        return "step,\(csvField(x)),\(csvField(y))\n" + rows.joined()
    }

    /// Nil for what has no numbers to write.
    static func text(of content: FigureContent) -> String? {
        switch content {
        case .imageGrid, .empty: nil
        case .bars(let bars): text(of: bars)
        case .table(let table): text(of: table)
        case .curve(let curve): text(of: curve)
        case .histogram(let histogram): text(of: histogram)
        case .silhouette(let silhouette): text(of: silhouette)
        case .scatter(let scatter): text(of: scatter)
        case .circleMatrix(let matrix): text(of: matrix)
        case .heatmap(let heatmap): text(of: heatmap)
        case .text(let coloured): text(of: coloured)
        }
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

    /// Rows in the order in which they are shown, then those that only a column names.
    static func text(of matrix: CircleMatrix) -> String {
        let shown = matrix.shownRows()
        let rest = Set(matrix.rows.indices).subtracting(shown).sorted()
        return lines(
            [
                ["name"]
                    + matrix.columns.map {
                        [matrix.columnTitle, $0.name].filter { !$0.isEmpty }.joined(separator: " ")
                    }
            ]
                + (shown + rest).map { row in
                    [matrix.rows[row].name]
                        + matrix.columns.indices.map { column in
                            matrix.value(row: row, column: column).map { "\($0)" } ?? ""
                        }
                })
    }

    static func text(of heatmap: Heatmap) -> String {
        lines(
            [["name"] + heatmap.columnNames]
                + heatmap.rowNames.enumerated().map { row, name in
                    [name]
                        + heatmap.columnNames.indices.map { column in
                            heatmap.value(row: row, column: column).map { "\($0)" } ?? ""
                        }
                })
    }

    /// A word a line.
    static func text(of coloured: ColouredText) -> String {
        lines(
            [["text", "word", "group", "strength"]]
                + coloured.paragraphs.flatMap { paragraph in
                    paragraph.words.map { word in
                        let group = word.group.flatMap {
                            coloured.groups.indices.contains($0) ? coloured.groups[$0] : nil
                        }
                        return [paragraph.title, word.text, group ?? "", group == nil ? "" : "\(word.strength)"]
                    }
                })
    }

    private static func lines(_ rows: [[String]]) -> String {
        rows.map { $0.map(csvField).joined(separator: ",") + "\n" }.joined()
    }
}
