import CLMat
import Foundation

/// Words of a language model in bands by rank: frequent ones, the head, have rows as wide as there are units; the rarer ones are in clusters,
/// whose rows are narrower, with a projection of each cluster to the common width. For the output that is the adaptive softmax: a
/// word of a cluster has the chance of its cluster among the head's words, times its own within.
///
/// ```swift
/// // Dimensions 128, 32 and 8, with cutoffs that make 400,000 parameters.
/// let shape = try AdaptiveShape.parameters(400_000, vocabulary: 10_000, units: 128)
/// let model = try LanguageModel(.adaptive(shape), seed: 1, on: .default)
/// ```
/// - Source: Grave, Joulin, Cissé, Grangier, Jégou, "Efficient softmax approximation for GPUs", ICML 2017; for the input: Baevski, Auli,
///   "Adaptive input representations for neural language modeling", ICLR 2019. Sizes as PyTorch's `AdaptiveLogSoftmaxWithLoss` has them.
public struct AdaptiveShape: Sendable, Hashable {
    /// V, the words.
    public let vocabulary: Int
    /// The first rank of each cluster, ascending.
    public let cutoffs: [Int]
    /// Columns of the input embedding, a number per band. The first is the common width; a band that has it is not projected.
    public let inputDimensions: [Int]
    /// Columns of the output embedding, a number per band; the first is the units' number.
    public let outputDimensions: [Int]

    static let mostClusters = 16

    /// Bands of any dimensions.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for cutoffs that do not ascend within the vocabulary, for numbers
    ///   below 1, and for a cluster whose rows are wider than those of the head.
    public init(
        vocabulary: Int, cutoffs: [Int], inputDimensions: [Int], outputDimensions: [Int]
    ) throws(CLMatError) {
        guard cutoffs.count <= Self.mostClusters else {
            throw Self.wrong("There can be \(Self.mostClusters) clusters, not \(cutoffs.count).")
        }
        guard let first = cutoffs.first, let last = cutoffs.last, first >= 1, last < vocabulary,
            zip(cutoffs, cutoffs.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw Self.wrong(
                "Cutoffs ascend from 1 to below the \(vocabulary) words, one at least, and are not \(cutoffs).")
        }
        for (name, dimensions) in [("input", inputDimensions), ("output", outputDimensions)] {
            guard dimensions.count == cutoffs.count + 1 else {
                throw Self.wrong(
                    "\(cutoffs.count) cutoffs make \(cutoffs.count + 1) bands, but there are \(dimensions.count) dimensions of the \(name)."
                )
            }
            guard let widest = dimensions.first, dimensions.allSatisfy({ (1...max(1, widest)).contains($0) }) else {
                throw Self.wrong(
                    "Dimensions of the \(name) are 1 or more, none larger than the first, and not \(dimensions).")
            }
        }
        (self.vocabulary, self.cutoffs) = (vocabulary, cutoffs)
        (self.inputDimensions, self.outputDimensions) = (inputDimensions, outputDimensions)
        // Sizes that memory can count.
        _ = (try Self.rows(bands, inputDimensions), try Self.rows(bands, outputDimensions))
    }

    /// Band i, from 0, has ⌊units / divisorⁱ⌋ columns, 1 at least, in both embeddings.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` as well for a divisor below 1.
    public init(vocabulary: Int, cutoffs: [Int], units: Int, divisor: Double = 4) throws(CLMatError) {
        guard divisor >= 1, divisor.isFinite else { throw Self.wrong("The divisor is 1 or more, and not \(divisor).") }
        guard (1...Int(Int32.max)).contains(units) else {
            throw Self.wrong("There has to be a unit at least, and no more than memory can hold, not \(units).")
        }
        let dimensions = (0...cutoffs.count).map { max(1, Int(Double(units) / pow(divisor, Double($0)))) }
        try self.init(
            vocabulary: vocabulary, cutoffs: cutoffs, inputDimensions: dimensions, outputDimensions: dimensions)
    }

    /// The largest shape of a kind that has no more than `parameters` in both embeddings and all that belongs to them (``parameterCount``).
    ///
    /// - Parameter cutoffs: if they are given, the divisor of the dimensions is what is chosen. Else it is 4, there are two clusters, and the
    ///   first cutoff c is chosen; the second is √(c·V).
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if even the smallest one has more; it says how many.
    public static func parameters(
        _ parameters: Int, vocabulary: Int, units: Int, cutoffs: [Int]? = nil
    ) throws(CLMatError) -> AdaptiveShape {
        func require(_ least: AdaptiveShape) throws(CLMatError) {
            guard least.parameterCount > parameters else { return }
            throw wrong(
                "\(vocabulary) words and \(units) units have at least \(least.parameterCount) parameters\(cutoffs.map { " with the cutoffs \($0)" } ?? ""), more than \(parameters)."
            )
        }
        if let cutoffs {
            // A larger divisor makes fewer parameters.
            var (low, high) = (1.0, Double(max(1, units)))
            let widest = try AdaptiveShape(vocabulary: vocabulary, cutoffs: cutoffs, units: units, divisor: low)
            if widest.parameterCount <= parameters { return widest }
            var best = try AdaptiveShape(vocabulary: vocabulary, cutoffs: cutoffs, units: units, divisor: high)
            try require(best)
            for _ in 0..<50 {
                let middle = (low + high) / 2
                let shape = try AdaptiveShape(vocabulary: vocabulary, cutoffs: cutoffs, units: units, divisor: middle)
                if shape.parameterCount <= parameters { (high, best) = (middle, shape) } else { low = middle }
            }
            return best
        }
        guard vocabulary >= 3 else { throw wrong("Two clusters need 3 words, not \(vocabulary).") }
        func shape(_ first: Int) throws(CLMatError) -> AdaptiveShape {
            let second = Int((Double(first) * Double(vocabulary)).squareRoot().rounded())
            return try AdaptiveShape(
                vocabulary: vocabulary, cutoffs: [first, min(vocabulary - 1, max(first + 1, second))], units: units)
        }
        // A later cutoff makes more.
        var (low, high) = (1, vocabulary - 1)
        var best = try shape(low)
        try require(best)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            let own = try shape(middle)
            if own.parameterCount <= parameters { (low, best) = (middle, own) } else { high = middle }
        }
        return best
    }

    static func wrong(_ problem: String) -> CLMatError {
        .invalidArgument(operation: "AdaptiveShape", problem: problem)
    }

    // MARK: - What it has

    /// Clusters behind the head.
    public var clusters: Int { cutoffs.count }
    /// Ranks of the head and of each cluster.
    public var bands: [Range<Int>] { zip([0] + cutoffs, cutoffs + [vocabulary]).map { $0..<$1 } }
    /// Entries of the head's softmax: its words, and one per cluster.
    public var headCount: Int { cutoffs[0] + clusters }
    /// Units of the layer that the softmax is made from.
    public var units: Int { outputDimensions[0] }

    /// Rows of the input embedding, before projection: a block per band.
    public var input: PowerLawShape { get throws(CLMatError) { try Self.rows(bands, inputDimensions) } }
    /// Rows of the output embedding: a block per band.
    public var output: PowerLawShape { get throws(CLMatError) { try Self.rows(bands, outputDimensions) } }

    private static func rows(_ bands: [Range<Int>], _ dimensions: [Int]) throws(CLMatError) -> PowerLawShape {
        try PowerLawShape(
            rows: bands[bands.count - 1].upperBound, columns: dimensions[0],
            blocks: zip(bands, dimensions).map { PowerLawShape.Block(ranks: $0, columns: 0..<$1) })
    }

    /// Whether a band of the input has a projection.
    func projectsInput(_ band: Int) -> Bool { inputDimensions[band] < inputDimensions[0] }

    /// Elements of the rows of both embeddings.
    private var wordParameters: Int {
        zip(bands, zip(inputDimensions, outputDimensions)).reduce(0) { $0 + $1.0.count * ($1.1.0 + $1.1.1) }
    }
    /// Elements of projections, and of the clusters' entries in the head.
    public var projectionParameters: Int {
        let input = (0...clusters).filter(projectsInput).reduce(0) { $0 + inputDimensions[$1] * inputDimensions[0] }
        return input + outputDimensions.dropFirst().reduce(0) { $0 + $1 * units } + clusters * units
    }
    /// All elements of both embeddings: rows of words and of clusters, and projections.
    public var parameterCount: Int { wordParameters + projectionParameters }
}

extension AdaptiveShape: Codable {
    private enum Key: String, CodingKey { case vocabulary, cutoffs, inputDimensions, outputDimensions }

    /// - Throws: `DecodingError`, or the error of ``init(vocabulary:cutoffs:inputDimensions:outputDimensions:)`` for numbers that are no shape.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        try self.init(
            vocabulary: values.decode(Int.self, forKey: .vocabulary),
            cutoffs: values.decode([Int].self, forKey: .cutoffs),
            inputDimensions: values.decode([Int].self, forKey: .inputDimensions),
            outputDimensions: values.decode([Int].self, forKey: .outputDimensions))
    }

    /// The vocabulary, the cutoffs and the dimensions.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(vocabulary, forKey: .vocabulary)
        try values.encode(cutoffs, forKey: .cutoffs)
        try values.encode(inputDimensions, forKey: .inputDimensions)
        try values.encode(outputDimensions, forKey: .outputDimensions)
    }
}

extension AdaptiveShape: CustomStringConvertible {
    /// "head 0..<1000 × 128, 1000..<4000 × 32, 4000..<10000 × 8"
    public var description: String {
        let parts = zip(bands, zip(inputDimensions, outputDimensions)).map { band, dimensions in
            "\(band.lowerBound)..<\(band.upperBound) × \(dimensions.1)"
                + (dimensions.0 == dimensions.1 ? "" : " (input \(dimensions.0))")
        }
        return "head " + parts.joined(separator: ", ")
    }
}
