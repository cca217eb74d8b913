import CLMat
import Foundation

/// Records of 39 features, all drawn from one law over all ranks: for measuring memory and speed at a number of features for which there is
/// no log at hand.
///
/// Feature r (from 0) of V is drawn with probability ln(1 + 1/(r + 10)) / ln(1 + V/10), which is in proportion to 1/(r + 10) but for the
/// first ones' rounding: the inverse of its distribution function is ⌊10·(1 + V/10)^u − 10⌋ for a uniform u. A record is clicked with chance
/// 1/(1 + e^−z) for z = −1 + Σ s, where each of its features adds s = 0.2 or −0.2, which a hash of its rank says. Record i is drawn with
/// the key (seed, i), so any one can be asked for. A record may have a feature twice.
public struct ZipfClicks: ClickRecords {
    /// Features of a record.
    public static let fields = 39
    private static let shift = 10.0

    /// V, how many features there are.
    public let features: Int
    public let count: Int
    /// What comes before these records is not among them: the number of the first one.
    public let first: Int
    /// What the records are drawn from.
    public let seed: UInt64
    private let logarithm: Double

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    public init(features: Int, count: Int, first: Int = 0, seed: UInt64 = 1) throws(CLMatError) {
        guard (1...ClickVocabulary.most).contains(features) else {
            throw .invalidValue(
                setting: "features", value: "\(features)", accepted: "1 to \(ClickVocabulary.most)")
        }
        guard count >= 0, first >= 0, count <= 1 << 48, first <= 1 << 48 else {
            throw .invalidValue(setting: "records", value: "\(count) from \(first)", accepted: "0 or more")
        }
        (self.features, self.count, self.first, self.seed) = (features, count, first, seed)
        logarithm = log1p(Double(features) / Self.shift)
    }

    public var name: String { "Zipf \(features)" }
    public var checksum: String { "zipf-\(features)-\(seed)-\(first)-\(count)" }

    /// The features with the counts that are expected in so many records.
    public func vocabulary(records: Int) -> ClickVocabulary {
        let draws = Double(records) * Double(Self.fields)
        let counts = [UInt32](unsafeUninitializedCapacity: features) { target, filled in
            for rank in 0..<features {
                let chance = log1p(1 / (Double(rank) + Self.shift)) / logarithm
                target[rank] = UInt32(clamping: Int((draws * chance).rounded()))
            }
            filled = features
        }
        return ClickVocabulary(unchecked: counts, unseenRoom: 0)
    }

    public func batch(_ range: Range<Int>) throws(CLMatError) -> ClickBatch {
        try check(range, fields: Self.fields)
        var batch = ClickBatch()
        batch.features.reserveCapacity(Self.fields * range.count)
        batch.starts.reserveCapacity(range.count + 1)
        forEach(range) { features, chance, uniform in
            batch.labels.append(uniform < chance ? 1 : 0)
            batch.features += features
            batch.starts.append(Int32(truncatingIfNeeded: batch.features.count))
        }
        return batch
    }

    /// The true chances.
    public func oracle(_ range: Range<Int>) throws(CLMatError) -> [Float]? {
        try check(range, fields: Self.fields)
        var chances: [Float] = []
        forEach(range) { _, chance, _ in chances.append(Float(chance)) }
        return chances
    }

    private func forEach(_ range: Range<Int>, _ body: (UnsafeMutableBufferPointer<Int32>, Double, Double) -> Void) {
        let (fields, shift) = (Self.fields, Self.shift)
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: fields) { drawn in
            drawn.initialize(repeating: 0)
            for record in range {
                let key = RandomKey(seed: seed, step: first + record, stream: Streams.zipfClicks)
                let uniforms = key.uniforms(fields + 1)
                var logit = -1.0
                for field in 0..<fields {
                    let place = shift * exp(uniforms[field] * logarithm) - shift
                    let rank = min(features - 1, Int(max(0, place)))
                    drawn[field] = Int32(truncatingIfNeeded: rank)
                    logit += ClickKey.mixed(UInt64(rank) &+ 1) & 1 == 0 ? 0.2 : -0.2
                }
                body(drawn, 1 / (1 + exp(-logit)), uniforms[fields])
            }
        }
    }
}

extension Streams {
    /// The records of ``ZipfClicks``.
    static let zipfClicks: UInt32 = 0x641
}
