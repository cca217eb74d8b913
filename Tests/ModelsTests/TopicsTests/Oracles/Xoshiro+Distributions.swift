import Foundation

@testable import Models

// What oracles and made-up corpora draw.
extension Xoshiro {
    /// Uniform in 0..<`bound`, which is positive and far below 2³²: the bias is below 2⁻³² · bound.
    @inline(__always)
    mutating func below(_ bound: Int) -> Int { Int(((next() &>> 32) &* UInt64(bound)) &>> 32) }

    /// N(0, 1): G. Box, M. Muller, "A note on the generation of random normal deviates", 1958.
    mutating func normal() -> Double {
        (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
    }

    /// The gamma distribution with this shape and scale 1.
    ///
    /// - Source: G. Marsaglia, W. Tsang, "A simple method for generating gamma variables", 2000.
    mutating func gamma(_ shape: Double) -> Double {
        guard shape > 0 else { return 0 }
        // G(a) = G(a + 1) U^(1/a), for shapes below 1.
        if shape < 1 { return gamma(shape + 1) * pow(1 - uniform(), 1 / shape) }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
            if v > 0, log(1 - uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
        }
    }

    /// The Dirichlet distribution.
    mutating func dirichlet(_ alpha: [Double]) -> [Double] {
        let draws = alpha.map { gamma($0) }
        let sum = draws.reduce(0, +)
        guard sum > 0 else { return draws.map { _ in 1 / Double(draws.count) } }
        return draws.map { $0 / sum }
    }
}
