import Foundation
import Testing

@testable import Models

@Suite struct XoshiroTests {
    /// Of n draws, each share is within 5 deviations of √(p(1 − p)/n).
    @Test func wholeNumbersAreUniform() {
        var random = Xoshiro(seed: 1)
        for bound in [1, 2, 5, 32] {
            let draws = 40_000
            var counts = [Int](repeating: 0, count: bound)
            for _ in 0..<draws { counts[random.below(bound)] += 1 }
            let share = 1 / Double(bound)
            let deviation = (share * (1 - share) / Double(draws)).squareRoot()
            #expect(counts.allSatisfy { abs(Double($0) / Double(draws) - share) <= 5 * deviation }, "\(counts)")
        }
    }

    @Test func momentsAreRight() {
        var random = Xoshiro(seed: 2)
        let n = 100_000
        func moments(_ draw: () -> Double) -> (mean: Double, variance: Double) {
            let draws = (0..<n).map { _ in draw() }
            let mean = draws.reduce(0, +) / Double(n)
            return (mean, draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n))
        }
        // 5 deviations of the mean, 5 % of the variance.
        let uniform = moments { random.uniform() }
        #expect(abs(uniform.mean - 0.5) < 5 * (1.0 / 12 / Double(n)).squareRoot())
        #expect(abs(uniform.variance * 12 - 1) < 0.05)
        let normal = moments { random.normal() }
        #expect(abs(normal.mean) < 5 / Double(n).squareRoot() && abs(normal.variance - 1) < 0.05)
        // The gamma distribution has its shape as mean and variance.
        for shape in [0.1, 0.7, 1, 3, 100] {
            let gamma = moments { random.gamma(shape) }
            #expect(abs(gamma.mean - shape) < 5 * (shape / Double(n)).squareRoot(), "\(shape)")
            #expect(abs(gamma.variance / shape - 1) < 0.15, "\(shape): \(gamma.variance)")
        }
        #expect(random.gamma(0) == 0)
        #expect(random.dirichlet([0, 0]) == [0.5, 0.5])
        #expect(abs(random.dirichlet([0.1, 2, 3]).reduce(0, +) - 1) < 1e-12)
    }

    @Test func followsTheSeed() {
        var (a, b, c) = (Xoshiro(seed: 1), Xoshiro(seed: 1), Xoshiro(seed: 2))
        let first = (0..<10).map { _ in a.next() }
        #expect(first == (0..<10).map { _ in b.next() })
        #expect(first != (0..<10).map { _ in c.next() })
    }
}
