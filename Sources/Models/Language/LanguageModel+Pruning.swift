import CLMat

extension LanguageModel {
    /// Sets the smallest weights of the output embedding to 0. A tied embedding is the input's as well.
    ///
    /// - Parameter share: of the weights, 0 to 1, at least; of equal ones all or none are set to 0.
    /// - Returns: the share of weights that are 0 then.
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a share that is none.
    public mutating func pruneOutput(share: Double) throws(CLMatError) -> Double {
        guard (0...1).contains(share) else {
            throw .invalidArgument(
                operation: "pruneOutput", problem: "\(share) is no share of the weights, from 0 to 1.")
        }
        let sizes = try output.elements.values.map { abs($0) }.sorted()
        let count = Int((share * Double(sizes.count)).rounded(.up))
        guard count > 0 else { return Double(sizes.count { $0 == 0 }) / Double(max(1, sizes.count)) }
        let threshold = sizes[count - 1]
        try output.zeroSmall(upTo: threshold)
        return Double(sizes.count { $0 <= threshold }) / Double(sizes.count)
    }
}
