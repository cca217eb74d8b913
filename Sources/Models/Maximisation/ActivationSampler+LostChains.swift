import CLMat
import Exploration

/// Chains that left the numbers: their samples or activations are not finite any more.
extension ActivationSampler {
    /// Steps between two looks at which chains are lost, while some are.
    private static let lossInterval = 50

    /// The means over all chains, which are measured at each step, say whether there are any: only then they are looked
    /// for.
    mutating func findLostRows(
        _ measured: Measurements, _ activation: Matrix, at step: Step
    ) throws(CLMatError) {
        guard ["mean-move", "mean-activation"].contains(where: { measured[$0]?.isFinite == false }) else {
            lostRows = []
            return
        }
        guard lostRows.isEmpty || step.number % Self.lossInterval == 0 else { return }
        lostRows = Set(try Self.lostRows(chains.samples) + Self.lostRows(activation)).sorted()
    }

    /// The rows whose sum is not finite.
    static func lostRows(_ matrix: Matrix) throws(CLMatError) -> [Int] {
        let sums = try matrix.rowSums().values
        return sums.indices.filter { !sums[$0].isFinite }
    }

    func warn(of lost: [Int], in measured: inout Measurements) {
        guard !lost.isEmpty, columns > 0 else { return }
        let isOne = lost.count == 1
        measured.warn(
            Warning(
                "lost-chains", "\(words(of: lost)) left the numbers",
                because: "\(isOne ? "its" : "their") samples or activations are not finite",
                advice: "Restart \(isOne ? "it" : "them"), or undo the last change.",
                actions: [Action("restart-lost", title: isOne ? "restart it" : "restart them")]))
    }

    /// "Chains 3 and 5 of column 7".
    private func words(of lost: [Int]) -> String {
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
