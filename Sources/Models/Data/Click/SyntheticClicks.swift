import CLMat
import Foundation

/// Records drawn by a law that is known, so that the true chance of each click is, too: what no model can be better than.
///
/// There are 39 fields. Field f (from 0) has 10^(1 + f mod 6) values, and takes value r (from 0) with a probability in proportion to
/// 1/(r + 2): 6,667,770 features in all. Value v of field f has a weight w ~ N(0, 0.3²) and a vector u of four numbers ~ N(0, 0.5²), the
/// draws of the key (seed 1, f, v) in this order. A record is clicked with chance 1/(1 + e^−z) for
/// z = −1.2 + Σ_f w_f + Σ_{f<10} u_f·u_{f+1}. Record i is drawn with the key (seed, i), so any one can be asked for.
///
/// Features are numbered by falling probability; the id of a feature is that rank, or what a vocabulary says for it as key.
public struct SyntheticClicks: ClickRecords {
    /// How many fields a record has.
    public static let fields = 39
    /// How many features there are.
    public static let features = SyntheticLaw.classes.reduce(0) { $0 + $1.size * $1.fields }

    public let name: String
    public let count: Int
    /// What comes before these records is not among them: the number of the first one.
    public let first: Int
    /// What the records are drawn from.
    public let seed: UInt64
    /// The ids of features. If it is ``ClickVocabulary/Kind-swift.enum/numbered``, they are the ranks by the law.
    public let vocabulary: ClickVocabulary

    /// - Parameter vocabulary: its keys are ranks by the law.
    init(name: String, first: Int, count: Int, seed: UInt64, vocabulary: ClickVocabulary) {
        (self.name, self.first, self.count, self.seed, self.vocabulary) = (name, first, count, seed, vocabulary)
    }

    public func batch(_ range: Range<Int>) throws(CLMatError) -> ClickBatch {
        try check(range, fields: Self.fields)
        var batch = ClickBatch()
        batch.features.reserveCapacity(Self.fields * range.count)
        batch.starts.reserveCapacity(range.count + 1)
        let isRank = vocabulary.kind == .numbered && vocabulary.counted == Self.features
        forEach(range) { values, ids, chance, uniform in
            batch.labels.append(uniform < chance ? 1 : 0)
            for id in ids {
                let id = isRank ? id : vocabulary.id(of: UInt64(id))
                if id >= 0 { batch.features.append(id) }
            }
            batch.starts.append(Int32(truncatingIfNeeded: batch.features.count))
        }
        return batch
    }

    /// The true chances.
    public func oracle(_ range: Range<Int>) throws(CLMatError) -> [Float]? {
        try check(range, fields: Self.fields)
        var chances: [Float] = []
        chances.reserveCapacity(range.count)
        forEach(range) { _, _, chance, _ in chances.append(Float(chance)) }
        return chances
    }

    /// z of a record, whose click has the chance 1/(1 + e^−z).
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a record that there is not.
    public func logit(of record: Int) throws(CLMatError) -> Double {
        guard (0..<count).contains(record) else {
            throw .invalidArgument(operation: name, problem: "There is no record \(record): it has \(count).")
        }
        var logit = 0.0
        forEach(record..<record + 1) { values, _, _, _ in logit = SyntheticLaw.shared.logit(values) }
        return logit
    }

    public var checksum: String { "synthetic-\(seed)-\(first)-\(count)" }

    /// Calls `body` with the ranks of each record's features by the law, without what only its label needs.
    func forEachRecord(_ range: Range<Int>, _ body: (UnsafeMutableBufferPointer<Int32>) -> Void) {
        let (law, fields) = (SyntheticLaw.shared, Self.fields)
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: fields) { ids in
            ids.initialize(repeating: 0)
            for record in range {
                let key = RandomKey(seed: seed, step: first + record, stream: Streams.clickRecords)
                let uniforms = key.uniforms(fields)
                for field in 0..<fields { ids[field] = law.draw(field, uniforms[field]).rank }
                body(ids)
            }
        }
    }

    /// Calls `body` with the values of the fields, their ranks by the law, the chance of a click, and the uniform number that decides it.
    func forEach(
        _ range: Range<Int>,
        _ body: (UnsafeMutableBufferPointer<Int32>, UnsafeMutableBufferPointer<Int32>, Double, Double) -> Void
    ) {
        let law = SyntheticLaw.shared
        let fields = Self.fields
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * fields) { numbers in
            numbers.initialize(repeating: 0)
            let values = UnsafeMutableBufferPointer(rebasing: numbers[..<fields])
            let ids = UnsafeMutableBufferPointer(rebasing: numbers[fields...])
            for record in range {
                let key = RandomKey(seed: seed, step: first + record, stream: Streams.clickRecords)
                let uniforms = key.uniforms(fields + 1)
                for field in 0..<fields { (values[field], ids[field]) = law.draw(field, uniforms[field]) }
                body(values, ids, 1 / (1 + exp(-law.logit(values))), uniforms[fields])
            }
        }
    }
}

/// The law of ``SyntheticClicks``.
struct SyntheticLaw: Sendable {
    static let shared = SyntheticLaw()

    /// Fields of one number of values: those whose number has the same rest of the division by 6.
    static let classes: [(size: Int, fields: Int)] = (0..<6).map { rest in
        var size = 10
        for _ in 0..<rest { size *= 10 }
        return (size, (0..<SyntheticClicks.fields).filter { $0 % 6 == rest }.count)
    }
    /// Values whose weights and vectors are kept; those of others are drawn when they are asked for.
    private static let kept = 4096
    /// Fields whose vectors count.
    private static let paired = 11

    private let distributions: [HarmonicDistribution]
    /// By class and value, the rank of its feature in the first field of the class; those of the other fields follow.
    private let ranks: [[Int32]]
    private let weights: [[Float]]
    /// Four numbers per value.
    private let vectors: [[Float]]

    private init() {
        let distributions = Self.classes.map { HarmonicDistribution($0.size, shift: 2) }
        var ranks = Self.classes.map { [Int32](repeating: 0, count: $0.size) }
        Self.forEachByRank(distributions) { part, value, rank in ranks[part][value] = rank }
        var (weights, vectors): ([[Float]], [[Float]]) = ([], [])
        for field in 0..<SyntheticClicks.fields {
            let kept = 0..<min(Self.kept, Self.classes[field % 6].size)
            weights.append(kept.map { Self.weight(field, $0) })
            vectors.append(
                field < Self.paired
                    ? kept.flatMap { value in
                        let vector = Self.vector(field, value)
                        return (0..<4).map { vector[$0] }
                    } : [])
        }
        (self.distributions, self.ranks, self.weights, self.vectors) = (distributions, ranks, weights, vectors)
    }

    /// Calls `body` with the class, the value and the rank of the first field's feature, by falling probability; of two that have the same,
    /// the class with fewer values comes first.
    private static func forEachByRank(_ distributions: [HarmonicDistribution], _ body: (Int, Int, Int32) -> Void) {
        var next = [Int](repeating: 0, count: classes.count)
        var chances = distributions.map { $0.probability(0) }
        var rank: Int32 = 0
        while true {
            var best = 0
            for part in 1..<classes.count where chances[part] > chances[best] { best = part }
            guard chances[best] > 0 else { return }
            body(best, next[best], rank)
            rank += Int32(classes[best].fields)
            next[best] += 1
            chances[best] = next[best] < classes[best].size ? distributions[best].probability(next[best]) : 0
        }
    }

    /// How often each feature is expected in so many records, by rank.
    func expectedCounts(_ records: Int) -> [UInt32] {
        var counts: [UInt32] = []
        counts.reserveCapacity(SyntheticClicks.features)
        Self.forEachByRank(distributions) { part, value, _ in
            let count = UInt32(clamping: Int((Double(records) * distributions[part].probability(value)).rounded()))
            for _ in 0..<Self.classes[part].fields { counts.append(count) }
        }
        return counts
    }

    /// A value of a field, and the rank of its feature.
    func draw(_ field: Int, _ uniform: Double) -> (value: Int32, rank: Int32) {
        let (index, part) = field.quotientAndRemainder(dividingBy: 6)
        let value = distributions[part].draw(uniform)
        return (Int32(value), ranks[part][value] + Int32(index))
    }

    /// z = −1.2 + Σ_f w_f + Σ_{f<10} u_f·u_{f+1}.
    func logit(_ values: UnsafeMutableBufferPointer<Int32>) -> Double {
        var logit = -1.2
        var previous = SIMD4<Float>()
        for field in 0..<SyntheticClicks.fields {
            let value = Int(values[field])
            let isKept = value < weights[field].count
            logit += Double(isKept ? weights[field][value] : Self.weight(field, value))
            guard field < Self.paired else { continue }
            let vector =
                if isKept {
                    SIMD4(
                        vectors[field][4 * value], vectors[field][4 * value + 1], vectors[field][4 * value + 2],
                        vectors[field][4 * value + 3])
                } else { Self.vector(field, value) }
            if field > 0 {
                let product = previous * vector
                logit += Double(product[0]) + Double(product[1]) + Double(product[2]) + Double(product[3])
            }
            previous = vector
        }
        return logit
    }

    /// w of a value: the first number of its key.
    static func weight(_ field: Int, _ value: Int) -> Float { Float(0.3 * normals(field, value, 1)[0]) }

    /// u of a value: the four numbers after the first.
    static func vector(_ field: Int, _ value: Int) -> SIMD4<Float> {
        let normals = normals(field, value, 5)
        return SIMD4(
            Float(0.5 * normals[1]), Float(0.5 * normals[2]), Float(0.5 * normals[3]), Float(0.5 * normals[4]))
    }

    /// Numbers of N(0, 1), by Box and Muller from pairs of uniform ones; `count` at least.
    private static func normals(_ field: Int, _ value: Int, _ count: Int) -> SIMD8<Double> {
        let key = RandomKey(seed: 1, step: value, stream: Streams.clickValues + UInt32(field))
        let pairs = (count + 1) / 2
        let uniforms = key.uniforms(2 * pairs)
        var normals = SIMD8<Double>()
        for pair in 0..<pairs {
            let radius = (-2 * log(1 - uniforms[2 * pair])).squareRoot()
            let angle = 2 * Double.pi * uniforms[2 * pair + 1]
            normals[2 * pair] = radius * cos(angle)
            normals[2 * pair + 1] = radius * sin(angle)
        }
        return normals
    }
}

/// Whole numbers from 0 on with probabilities in proportion to 1/(r + shift), drawn by inverting their distribution function.
struct HarmonicDistribution: Sendable {
    private let shift: Double
    private let sum: Double
    /// Sums of 1/(r + shift) up to each number.
    private let sums: [Double]
    /// For each of as many equal parts of [0, 1), the first number that a draw in it can be.
    private let guide: [Int32]

    init(_ count: Int, shift: Int) {
        self.shift = Double(shift)
        var (sums, sum) = ([Double](), 0.0)
        sums.reserveCapacity(count)
        for number in 0..<count {
            sum += 1 / Double(number + shift)
            sums.append(sum)
        }
        var (guide, number) = ([Int32](), 0)
        guide.reserveCapacity(count)
        for part in 0..<count {
            // A hair below, since the division and the product round.
            let least = Double(part) / Double(count) * sum * (1 - 1e-12)
            while number < count - 1, sums[number] <= least { number += 1 }
            guide.append(Int32(number))
        }
        (self.sum, self.sums, self.guide) = (sum, sums, guide)
    }

    func probability(_ number: Int) -> Double { 1 / ((Double(number) + shift) * sum) }

    /// - Parameter uniform: in 0..<1.
    func draw(_ uniform: Double) -> Int {
        let wanted = uniform * sum
        var number = Int(guide[Int(uniform * Double(guide.count))])
        while number < sums.count - 1, sums[number] <= wanted { number += 1 }
        return number
    }
}

extension Streams {
    /// The weights of ``SyntheticClicks``, a stream per field.
    static let clickValues: UInt32 = 0x600
    /// Its records.
    static let clickRecords: UInt32 = 0x640
}
