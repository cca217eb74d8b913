import Foundation

extension Profile {
    /// What was recorded, as a table of words and numbers: one row per kernel, the costliest first, then what the host
    /// reads, writes and copies.
    public struct Report: Sendable, Equatable, CustomStringConvertible {
        /// `kernel` first; all others hold numbers.
        public let columns: [String]
        /// One row per kernel, a cell per column.
        public let rows: [[String]]
        /// One line on all kernels together, its parts divided by " · ".
        public let caption: String

        /// Lines of text, with columns aligned, and the caption under them.
        public var description: String {
            let widths = columns.indices.map { column in
                ([columns] + rows).map { $0[column].count }.max() ?? 0
            }
            func line(_ cells: [String]) -> String {
                zip(cells, widths).enumerated().map { index, cell in
                    let space = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
                    return index == 0 ? cell.0 + space : space + cell.0
                }.joined(separator: "  ")
            }
            return (([columns] + rows).map(line) + [caption]).joined(separator: "\n")
        }
    }

    /// What was recorded so far.
    ///
    /// - Parameters:
    ///   - steps: how many steps of a model were recorded: launches and bytes are then told per step.
    ///   - roofline: what the device can do: then there is a column with each kernel's share of it.
    ///   - showsLaunches: whether to tell how launches would fill a GPU: work-groups, the longest loop of a work-item, and the
    ///     launches that would leave a GPU idle. Only where work is launched as it would be on a GPU.
    public func report(steps: Int? = nil, roofline: Roofline? = nil, showsLaunches: Bool = false) -> Report {
        let entries = byKernel
        let steps = steps.flatMap { $0 > 0 ? Double($0) : nil }
        let kernels = entries.filter { $0.value.sort == .kernel || $0.value.sort == .product }
            .sorted { ($0.value.seconds, $0.key) > ($1.value.seconds, $1.key) }
        let others = entries.filter { $0.value.sort == .read || $0.value.sort == .transfer }.sorted { $0.key < $1.key }
        let total = kernels.reduce(0) { $0 + $1.value.seconds }
        let model = predicted

        var columns = ["kernel", "time"] + (roofline == nil ? [] : ["roofline"]) + ["GB/s", "GFLOP/s"]
        columns += steps == nil ? ["launches"] : ["launches/step", "MB/step"]
        if showsLaunches { columns += ["groups", "loop", steps == nil ? "idle" : "idle/step"] }
        if model != nil { columns.append("predicted µs" + (steps == nil ? "" : "/step")) }
        columns.append("seconds")

        func row(_ name: String, _ entry: Entry, isKernel: Bool) -> [String] {
            // A kernel whose time is not known yet has no rate.
            func rate(_ amount: Int) -> String {
                entry.seconds > 0 && isKernel ? decimal(Double(amount) / entry.seconds / 1e9, 1) : "–"
            }
            var cells = [name, isKernel && total > 0 ? percent(entry.seconds / total) : "–"]
            if let roofline { cells.append(isKernel ? roofline.share(of: entry).map(percent) ?? "–" : "–") }
            cells += [rate(entry.bytes), rate(entry.operations)]
            if let steps {
                cells += [
                    decimal(Double(entry.launches) / steps, 1), decimal(Double(entry.bytes) / steps / 1e6, 2),
                ]
            } else {
                cells.append("\(entry.launches)")
            }
            if showsLaunches {
                let groups = entry.groups.map {
                    $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)"
                }
                let idle = steps.map { decimal(Double(entry.idleLaunches) / $0, 1) } ?? "\(entry.idleLaunches)"
                cells +=
                    isKernel
                    ? [groups ?? "–", "\(entry.loop)", entry.idleLaunches == 0 ? "–" : idle] : ["–", "–", "–"]
            }
            if model != nil { cells.append(decimal(entry.predictedSeconds / (steps ?? 1) * 1e6, 1)) }
            return cells + [decimal(entry.seconds, 3)]
        }
        return Report(
            columns: columns,
            rows: kernels.map { row($0.key, $0.value, isKernel: true) }
                + others.map { row($0.key, $0.value, isKernel: false) },
            caption: caption(Array(entries.values), total, steps, roofline, showsLaunches))
    }

    private func caption(
        _ entries: [Entry], _ deviceSeconds: Double, _ steps: Double?, _ roofline: Roofline?, _ showsLaunches: Bool
    ) -> String {
        func count(_ sort: Entry.Sort) -> Int { entries.reduce(0) { $0 + ($1.sort == sort ? $1.launches : 0) } }
        func each(_ amount: Int, _ decimals: Int = 0) -> String { decimal(Double(amount) / (steps ?? 1), decimals) }
        let (own, products) = (count(.kernel), count(.product))
        let bytes = entries.reduce(0) { $0 + ($1.sort == .kernel || $1.sort == .product ? $1.bytes : 0) }

        var caption = ["\(decimal(deviceSeconds, 1)) s recorded"]
        if let steps {
            caption.append(
                "\(each(own + products)) launches and \(decimal(Double(bytes) / steps / 1e6, 1)) MB per step")
            if showsLaunches {
                caption.append(
                    "\(each(own, 1)) of our own kernels and \(each(products, 1)) products, "
                        + "\(each(count(.read), 1)) reads that wait per step")
            }
        }
        if let roofline {
            caption.append(
                "device copies \(decimal(roofline.bandwidth / 1e9, 0)) GB/s, multiplies "
                    + "\(decimal(roofline.arithmetic / 1e9, 0)) GFLOP/s")
        }
        if showsLaunches {
            let host = hostSeconds
            caption.append(
                "host: \(decimal(host.recorded, 1)) s, of which \(decimal(host.giving, 2)) s giving out work and "
                    + "\(decimal(host.waiting, 2)) s waiting in reads")
        }
        if let model = predicted {
            let seconds = entries.reduce(0) { $0 + $1.predictedSeconds }
            caption.append(
                steps.map { "predicted for \(model.name): \(decimal(seconds / $0 * 1e3, 3)) ms per step" }
                    ?? "predicted for \(model.name): \(decimal(seconds * 1e3, 3)) ms")
        }
        return caption.joined(separator: " · ")
    }

    /// Seconds in all on ``predicted``.
    public var predictedSeconds: Double { byKernel.values.reduce(0) { $0 + $1.predictedSeconds } }
}

private func percent(_ share: Double) -> String { decimal(100 * share, 0) + " %" }
private func decimal(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
