import CLMatKernels
import Foundation

/// Alias tables of the Poisson distributions with whole means from 1 to 255: one look-up draws a number.
///
/// Any mean m < 256 is ⌊m⌋ and a rest, and a Poisson number of mean m the sum of one of each.
/// - Accuracy: probabilities are rounded to multiples of 2⁻²⁸ or less.
/// - Source: A. Walker, "An efficient method for generating discrete random variables with general distributions", ACM
///   TOMS 3(3), 1977; M. Vose's way to fill the table, IEEE Trans. Software Eng. 17(9), 1991.
public struct PoissonTables: Sendable {
    /// As `clmat/samplers.h` reads them.
    public let words: IntVector

    /// The tables on a device.
    public init(on device: Device) throws(CLMatError) { words = try IntVector(Self.host, on: device) }

    private static let host: [Int32] = {
        let means = 1..<Int(CLMAT_POISSON_TABLES)
        var tables = [UInt32](repeating: 0, count: means.upperBound)
        for mean in means {
            // Beyond 6.5 deviations below and 8 above lies less than 10⁻¹⁰.
            let deviation = Double(mean).squareRoot()
            let first = max(0, Int(Double(mean) - 6.5 * deviation) - 2)
            let last = mean + Int(8 * deviation) + 8
            var bits = 4
            while bits < 8, 1 << bits <= last - first { bits += 1 }
            tables[mean] = UInt32(tables.count) | UInt32(bits) << 18 | UInt32(first) << 22
            tables += columns((first..<first + 1 << bits).map { probability(of: $0, mean: Double(mean)) })
        }
        return tables.map(Int32.init(bitPattern:))
    }()

    private static func probability(of n: Int, mean: Double) -> Double {
        exp(Double(n) * log(mean) - mean - lgamma(Double(n) + 1))
    }

    /// Columns of equal width, each shared by at most two numbers: threshold (24 bits) and the other number (8 bits).
    private static func columns(_ probabilities: [Double]) -> [UInt32] {
        let total = probabilities.reduce(0, +)
        var share = probabilities.map { $0 / total * Double(probabilities.count) }
        var (thresholds, others) = ([Double](repeating: 1, count: share.count), Array(share.indices))
        var small = share.indices.filter { share[$0] < 1 }
        var large = share.indices.filter { share[$0] >= 1 }
        while let needy = small.popLast(), let giver = large.last {
            (thresholds[needy], others[needy]) = (share[needy], giver)
            share[giver] -= 1 - share[needy]
            if share[giver] < 1 {
                large.removeLast()
                small.append(giver)
            }
        }
        return zip(thresholds, others).map { threshold, other in
            UInt32(min(0x1p24 - 1, (threshold * 0x1p24).rounded())) << 8 | UInt32(other)
        }
    }
}
