import CLMat
import Exploration

/// The mean of a network's parameters along the last steps of training.
///
/// The window is kept as five blocks, each with its own mean: five copies of the parameters, whatever the length. So
/// the mean covers the last `window` steps, less what is still missing of the block being filled (a fifth at most).
/// - Source: Jiang, UCB/EECS-2018-34, section 4.4 "Parameter averaging"; Polyak and Juditsky, "Acceleration of
///   stochastic approximation by averaging", 1992.
public struct ParameterAverage: Sendable {
    private struct Block: Sendable {
        var mean: [[Matrix]]
        var count = 1
    }

    /// Steps.
    public let window: Int
    private var blocks: [Block] = []
    private static let blockCount = 5

    /// A mean over the last `window` steps, 1 at least.
    public init(window: Int) { self.window = max(1, window) }

    private var blockLength: Int { max(1, (window + Self.blockCount - 1) / Self.blockCount) }

    /// The number of steps that the mean covers now.
    public var count: Int { blocks.reduce(0) { $0 + $1.count } }

    mutating func archive(_ archive: Archive) throws(CLMatError) {
        var counts = blocks.map(\.count)
        try archive.keep("counts", &counts)
        guard counts.count <= Self.blockCount, counts.allSatisfy({ (1...1 << 40).contains($0) }) else {
            throw archive.damaged("counts", "there are at most \(Self.blockCount) blocks of one step or more")
        }
        if counts.count != blocks.count { blocks = counts.map { Block(mean: [], count: $0) } }
        for index in blocks.indices {
            blocks[index].count = counts[index]
            try archive.keep("block-\(index)", &blocks[index].mean)
        }
    }

    /// Whether what was read is of these parameters.
    func check(against parameters: [[Matrix]]) throws(CLMatError) {
        for block in blocks { try requireLayout(of: parameters, block.mean) }
    }

    /// Takes in the parameters after one more step.
    public mutating func add(_ parameters: [[Matrix]]) throws(CLMatError) {
        guard let last = blocks.indices.last, blocks[last].count < blockLength else {
            if blocks.count == min(Self.blockCount, window) { blocks.removeFirst() }
            blocks.append(Block(mean: parameters))
            return
        }
        blocks[last].count += 1
        let weight = 1 / Float(blocks[last].count)
        try Matrix.lerp(&blocks[last].mean, to: parameters, weight: weight)
    }

    /// The mean, or nil before the first step.
    public func mean() throws(CLMatError) -> [[Matrix]]? {
        guard var mean = blocks.first?.mean, var count = blocks.first?.count else { return nil }
        for block in blocks.dropFirst() {
            count += block.count
            try Matrix.lerp(&mean, to: block.mean, weight: Float(block.count) / Float(count))
        }
        return mean
    }
}
