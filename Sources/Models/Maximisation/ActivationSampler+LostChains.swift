import CLMat
import Exploration

/// Chains that left the numbers: their samples or activations are not finite any more.
extension ActivationSampler {
    /// Steps between two looks at which chains are lost, while some are.
    private static let lossInterval = 50

    /// The means over all chains, which are measured at each step, say whether there are any: only then they are looked
    /// for.
    mutating func findLostRows(
        _ mean: Later<Double>, _ move: Later<Double>, _ activation: Matrix, at step: Step
    ) throws(CLMatError) {
        let samples = chains.samples
        try lostRows.follow(mean.readings + move.readings) { (rows) throws(CLMatError) in
            let means = [try mean.value, try move.value]
            guard means.contains(where: { !$0.isFinite }) else {
                rows = []
                return
            }
            guard rows.isEmpty || step.number % Self.lossInterval == 0 else { return }
            rows = Set(try Self.lostRows(samples) + Self.lostRows(activation)).sorted()
        }
    }

    /// The rows whose sum is not finite.
    static func lostRows(_ matrix: Matrix) throws(CLMatError) -> [Int] {
        let sums = try matrix.rowSums().values
        return sums.indices.filter { !sums[$0].isFinite }
    }

    func warnOfLostRows(in measured: inout Measurements) {
        let (rows, columns, chains) = (lostRows.later, columns, chainCount)
        guard columns > 0 else { return }
        measured.after(rows.readings) { (measured) throws(CLMatError) in
            Self.warn(of: try rows.value, columns: columns, chains: chains, in: &measured)
        }
    }

    private static func warn(of lost: [Int], columns: Int, chains: Int, in measured: inout Measurements) {
        guard !lost.isEmpty else { return }
        let isOne = lost.count == 1
        measured.warn(
            Warning(
                "lost-chains", "\(words(of: lost, columns, chains)) left the numbers",
                because: "\(isOne ? "its" : "their") samples or activations are not finite",
                advice: "Restart \(isOne ? "it" : "them"), or undo the last change.",
                actions: [Action("restart-lost", title: isOne ? "restart it" : "restart them")]))
    }

    /// "Chains 3 and 5 of column 7".
    private static func words(of lost: [Int], _ columns: Int, _ chainCount: Int) -> String {
        if lost.count == columns * chainCount { return lost.count == 1 ? "The chain" : "All \(lost.count) chains" }
        let byColumn = Dictionary(grouping: lost, by: { $0 % columns }).mapValues { $0.map { $0 / columns + 1 } }
        guard byColumn.count <= 3 else {
            return "\(lost.count) of \(columns * chainCount) chains"
        }
        let parts = byColumn.keys.sorted().map { column in
            let own = byColumn[column, default: []].sorted().map(String.init)
            let chains =
                own.count == 1
                ? "chain \(own[0])" : "chains \(own.dropLast().joined(separator: ", ")) and \(own[own.count - 1])"
            return "\(own.count == chainCount && own.count > 1 ? "all chains" : chains) of column \(column + 1)"
        }
        let text = parts.joined(separator: ", ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }
}
