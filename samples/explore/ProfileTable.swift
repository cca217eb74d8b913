import CLMat
import Exploration
import Foundation

extension Profile {
    /// What was recorded, as a figure: the costliest kernel first.
    var figure: Table {
        let all = byKernel.sorted { ($0.value.seconds, $0.key) > ($1.value.seconds, $1.key) }
        let total = all.reduce(0) { $0 + $1.value.seconds }
        func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
        let rows = all.map { name, entry in
            // A kernel whose time is not known yet has no rate.
            func rate(_ amount: Int) -> String {
                entry.seconds > 0 ? fixed(Double(amount) / entry.seconds / 1e9, 1) : "–"
            }
            return [
                name, total > 0 ? "\(Int((100 * entry.seconds / total).rounded())) %" : "–", rate(entry.bytes),
                rate(entry.operations), grouped(entry.launches), fixed(entry.seconds, 3),
            ]
        }
        return Table(
            columns: ["kernel", "share", "GB/s", "GFLOP/s", "launches", "seconds"], rows: rows,
            numeric: [1, 2, 3, 4, 5],
            caption: "by kernel · \(fixed(total, 1)) s recorded")
    }
}
