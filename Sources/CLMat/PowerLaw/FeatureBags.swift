/// Bags of features, sparse records as they are looked up in an embedding: of each record the ranks that it has, and how much of each.
///
/// They are sorted by rank too, on the host, when they are made: a step along the gradient of sums then takes each row of the embedding once.
///
/// ```swift
/// let device = try Device.default
/// let shape = try PowerLawShape.nested([(1000, 1), (100, 8)])
/// var w = try PowerLawMatrix(uniform: -0.1...0.1, shape, RandomKey(seed: 1, stream: 0), on: device)
/// // Two records: ranks 0, 7 and 900, and rank 7 alone.
/// let bags = try FeatureBags(starts: [0, 3, 4], ranks: [0, 7, 900, 7], features: 1000, on: device)
/// let sums = try w.sums(of: bags)                                     // 2 × 8
/// ```
public struct FeatureBags: Sendable {
    /// How many bags.
    public let count: Int
    /// V: ranks are below it.
    public let features: Int
    /// Elements of all bags.
    public let elements: Int
    /// Where they live.
    public let device: Device
    /// The ranks that occur, each once, ascending.
    public let distinct: [Int32]
    /// The most elements that a bag has.
    let longest: Int
    /// The most bags that a rank is in.
    let mostFrequent: Int

    let starts: IntVector
    let ranks: IntVector
    /// 1 × elements; nil if all are 1.
    let values: Matrix?
    /// The same elements by rank: the ranks, where the elements of each begin and end, their bags, and their values.
    let byRank: (ranks: IntVector, starts: IntVector, bags: IntVector, values: Matrix?)

    /// - Parameters:
    ///   - starts: bag i has the elements from `starts[i]` up to `starts[i + 1]`: one more than there are bags.
    ///   - ranks: by element; a rank may come twice, and then counts twice.
    ///   - values: by element, how much of it; nil if all are 1.
    ///   - features: V.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)``, with the bag, for starts that do not ascend from 0 to the number of
    ///   elements, a rank outside of `0..<features`, or another number of values.
    public init(
        starts: [Int32], ranks: [Int32], values: [Float]? = nil, features: Int, on device: Device
    ) throws(CLMatError) {
        try self.init(starts: starts, ranks: ranks, values: values, sorted: nil, features: features, on: device)
    }

    /// - Parameter sorted: the same elements, if they were sorted before.
    package init(
        starts: [Int32], ranks: [Int32], values: [Float]?, sorted known: SortedBags?, features: Int, on device: Device
    ) throws(CLMatError) {
        func wrong(_ problem: String) -> CLMatError { .invalidArgument(operation: "FeatureBags", problem: problem) }
        guard features > 0, features < Int(Int32.max) else {
            throw wrong("There can be 1 to \(Int32.max - 1) features, not \(features).")
        }
        guard starts.first == 0, starts.last.map(Int.init) == ranks.count, ranks.count < Int(Int32.max) else {
            throw wrong("The starts have to go from 0 to \(ranks.count), the number of elements.")
        }
        guard values.map({ $0.count == ranks.count }) ?? true else {
            throw wrong("There are \(ranks.count) elements, but \(values?.count ?? 0) values.")
        }
        var longest = 0
        for bag in 0..<starts.count - 1 {
            guard starts[bag] <= starts[bag + 1] else { throw wrong("Bag \(bag) ends before it begins.") }
            longest = max(longest, Int(starts[bag + 1] - starts[bag]))
        }
        let sorted = known ?? SortedBags(starts: starts, ranks: ranks, values: values)
        guard sorted.bagCount == starts.count - 1, sorted.bags.count == ranks.count,
            (sorted.values == nil) == (values == nil)
        else { throw wrong("What was sorted are other bags.") }
        // Ranks rise, and those below 0 come last.
        if let last = sorted.ranks.last, last < 0 || Int(last) >= features {
            throw wrong("Rank \(last) is outside of the \(features) features.")
        }
        (count, elements, self.features, self.device) = (starts.count - 1, ranks.count, features, device)
        (distinct, self.longest, mostFrequent) = (sorted.ranks, longest, sorted.mostFrequent)
        self.starts = try IntVector(starts, on: device)
        self.ranks = try IntVector(ranks, on: device)
        self.values = try Self.row(values, on: device)
        byRank = (
            try IntVector(sorted.ranks, on: device), try IntVector(sorted.starts, on: device),
            try IntVector(sorted.bags, on: device), try Self.row(sorted.values, on: device)
        )
    }

    private static func row(_ values: [Float]?, on device: Device) throws(CLMatError) -> Matrix? {
        guard let values else { return nil }
        return try Matrix(values, 1, values.count, on: device)
    }
}
