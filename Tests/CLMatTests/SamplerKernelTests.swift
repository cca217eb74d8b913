import Foundation
import TestSupport
import Testing

@testable import CLMat

/// Gamma, Poisson and binomial numbers: their distributions against the definitions in `Double`.
@Suite struct SamplerKernelTests {
    static let many = TestSize.large(1 << 18, small: 1 << 11)
    /// A χ² that chance passes less often than that is a mistake.
    static let leastProbability = 1e-5

    // MARK: Poisson

    static let means: [Float] = [0, 1e-3, 0.5, 1, 3.7, 10, 47.3, 200, 255.9, 256, 1000, 1e5]

    @Test(arguments: means, Device.all)
    func poissonNumbersHaveTheirDistribution(_ mean: Float, on device: Device) throws {
        let key = RandomKey(seed: 11, step: Int(mean * 1000), stream: 1)
        let x = try IntVector(poisson: Matrix(filledWith: mean, Shape(1, Self.many), on: device), key).values
        #expect(x.count == Self.many)
        guard mean > 0 else {
            #expect(x.allSatisfy { $0 == 0 })
            return
        }
        let m = Double(mean)
        let reach = Int(12 * m.squareRoot()) + 20
        let range = max(0, Int(m) - reach)...Int(m) + reach
        let fit = Distributions.fit(
            Distributions.histogram(x, range), range.map { Double(x.count) * Distributions.poisson($0, mean: m) })
        #expect(fit > Self.leastProbability, "χ² has the probability \(fit)")
        #expect(x.allSatisfy { range.contains(Int($0)) })
        expectNone(
            Distributions.momentsDiffer(x.map(Double.init), mean: m, variance: m, fourth: 3 * m * m + m))
    }

    @Test(arguments: Device.all)
    func whatIsNoMeanGivesNothingAndHugeMeansStayInRange(on device: Device) throws {
        let means: [Float] = [.nan, -1, -.infinity, -0.0, 0, 1e-45, 1e9, 2e9, 3e9, 1e30, .infinity]
        let x = try IntVector(
            poisson: Matrix(means, 1, means.count, on: device), RandomKey(seed: 1, stream: 0)
        ).values
        #expect(x.prefix(6) == [0, 0, 0, 0, 0, 0])
        // Means above 2·10⁹ are taken for it.
        for (number, mean) in zip(x[6...], [1e9, 2e9, 2e9, 2e9, 2e9]) {
            #expect(abs(Double(number) - mean) < 6 * mean.squareRoot())
        }
        #expect(try IntVector(poisson: Matrix([], 0, 5, on: device), RandomKey(seed: 1, stream: 0)).values.isEmpty)
    }

    /// The sums of rounded probabilities may end below the largest uniform number, 1 − 2⁻²⁴: the search must not run on.
    @Test(arguments: Device.all)
    func theLargestUniformNumberDrawsAnUnlikelyNumberNotTheEndOfTheSearch(on device: Device) throws {
        // The first word of this key at index 0, found by trying, has 24 ones at its top.
        let key = RandomKey(seed: 14_160_957, stream: 7)
        #expect(key.philox(0)[0] >> 8 == 0xff_ffff)
        let count = TestSize.large(400, small: 20)
        let means = (0..<count).map { (Float($0) + 0.4999) / Float(count) } + [0.582_522_511, 0.022_582_499_3]
        for mean in means {
            let number = try IntVector(poisson: Matrix([mean], 1, 1, on: device), key).values[0]
            // P(n > 11) < 10⁻⁹ at a mean of 1.
            #expect(number >= 0 && number <= 11, "\(number) at a mean of \(mean)")
        }
        let binomialKey = RandomKey(seed: 20_137_396, stream: 7)
        let trials: [(n: Int32, p: Float, most: Int32)] = [
            (100, 0.0999, 40), (1_000_000, 9.9e-6, 40), (30, 0.33, 29), (40, 0.24, 35), (1000, 0.00999, 40),
        ]
        let found = try IntVector(
            binomial: IntVector([trials[0].n], on: device), chances: Matrix([trials[0].p], 1, 1, on: device),
            binomialKey
        ).values
        #expect(found[0] > 20 && found[0] <= 40)
        for trial in trials {
            let k = try IntVector(
                binomial: IntVector([trial.n], on: device), chances: Matrix([trial.p], 1, 1, on: device), binomialKey
            ).values[0]
            #expect(k > 15 && k <= trial.most, "\(k) of \(trial.n), chance \(trial.p)")
        }
    }

    /// P(n) as the alias table of a mean has it: its columns are equally likely, each holds at most two numbers.
    @Test func aliasTablesHoldThePoissonDistributions() throws {
        let words = try PoissonTables(on: .cpu).words.values.map { UInt32(bitPattern: $0) }
        var next = 256
        for mean in 1...255 {
            let row = words[mean]
            let (offset, bits, first) = (Int(row & 0x3ffff), Int(row >> 18 & 15), Int(row >> 22))
            #expect(offset == next && (1...8).contains(bits))
            next = offset + 1 << bits
            var found = [Double](repeating: 0, count: 1024)
            for column in 0..<1 << bits {
                let entry = words[offset + column]
                let share = Double(entry >> 8) * 0x1p-24
                found[first + column] += share / Double(1 << bits)
                found[first + Int(entry & 255)] += (1 - share) / Double(1 << bits)
            }
            let distance =
                found.indices.reduce(0) {
                    $0 + abs(found[$1] - Distributions.poisson($1, mean: Double(mean)))
                } / 2
            #expect(distance < 1e-7, "mean \(mean)")
        }
        #expect(next == words.count)
    }

    // MARK: Binomial

    struct Trials: Sendable, CustomTestStringConvertible {
        let n: Int
        let p: Float
        init(_ n: Int, _ p: Float) { (self.n, self.p) = (n, p) }
        var testDescription: String { "\(n) trials, chance \(p)" }
    }

    static let trials = [
        Trials(1, 0.3), Trials(2, 0.5), Trials(10, 0.5), Trials(10, 1e-4), Trials(20, 0.499), Trials(20, 0.5),
        Trials(21, 0.5), Trials(21, 0.75), Trials(100, 0.0999), Trials(100, 0.1), Trials(100, 0.9), Trials(1000, 0.999),
        Trials(1000, 0.02), Trials(1_000_000, 1e-6), Trials(1_000_000, 9.9e-6), Trials(1_000_000, 0.3),
        Trials(1_000_000, 0.999_999),
    ]

    @Test(arguments: trials, Device.all)
    func binomialNumbersHaveTheirDistribution(_ trial: Trials, on device: Device) throws {
        let key = RandomKey(seed: 12, step: trial.n, stream: UInt32(trial.p * 100))
        let x = try IntVector(
            binomial: IntVector([Int32](repeating: Int32(trial.n), count: Self.many), on: device),
            chances: Matrix(filledWith: trial.p, Shape(1, Self.many), on: device), key
        ).values
        let (n, p) = (Double(trial.n), Double(trial.p))
        #expect(x.allSatisfy { $0 >= 0 && $0 <= trial.n })
        let variance = n * p * (1 - p)
        let reach = Int(12 * variance.squareRoot()) + 20
        let range = max(0, Int(n * p) - reach)...min(trial.n, Int(n * p) + reach)
        let fit = Distributions.fit(
            Distributions.histogram(x, range),
            range.map { Double(x.count) * Distributions.binomial($0, trial.n, p) })
        #expect(fit > Self.leastProbability, "χ² has the probability \(fit)")
        expectNone(
            Distributions.momentsDiffer(
                x.map(Double.init), mean: n * p, variance: variance,
                fourth: variance * (1 + 3 * (n - 2) * p * (1 - p))))
    }

    @Test(arguments: Device.all)
    func certainAndImpossibleTrialsNeedNoChance(on device: Device) throws {
        let trials: [Int32] = [50, 50, 50, 7, 7, 7, 0, -3, .max, .max, .min]
        let chances: [Float] = [0, 1, -0.5, 1.5, .infinity, .nan, 0.5, 0.5, 1, 0, 0.5]
        let found = try IntVector(
            binomial: IntVector(trials, on: device), chances: Matrix(chances, 1, trials.count, on: device),
            RandomKey(seed: 1, stream: 0)
        ).values
        #expect(found == [0, 50, 0, 7, 7, 0, 0, 0, .max, 0, 0])
        // A thousand times two billion halves: nothing overflows, and all are near a half.
        let n = TestSize.large(1000, small: 50)
        let large = try IntVector(
            binomial: IntVector([Int32](repeating: 2_000_000_000, count: n), on: device),
            chances: Matrix(filledWith: 0.5, Shape(1, n), on: device), RandomKey(seed: 2, stream: 0)
        ).values
        #expect(large.allSatisfy { abs(Double($0) - 1e9) < 6 * 5e8.squareRoot() })
    }

    // MARK: Gamma

    @Test(arguments: [0.01, 0.1, 0.5, 1, 2.5, 30, 1e4] as [Float], Device.all)
    func gammaNumbersHaveTheirDistribution(_ shape: Float, on device: Device) throws {
        let key = RandomKey(seed: 13, step: Int(shape * 100), stream: 2)
        let x = try Matrix(gamma: Matrix(filledWith: shape, Shape(1, Self.many), on: device), key).values
        let a = Double(shape)
        #expect(x.allSatisfy { $0 >= 0 && $0.isFinite })
        let few = Array(x.prefix(1 << 16))
        let distance = Distributions.kolmogorovSmirnov(few) { Distributions.gammaDistribution(a, $0) }
        #expect(distance < 2.5)
        expectNone(
            Distributions.momentsDiffer(x.map(Double.init), mean: a, variance: a, fourth: 3 * a * a + 6 * a))
        if shape >= 0.1 {
            // χ² over the eighths and the rest of the mass, by the distribution function at 63 places.
            let ends = (1..<64).map { a + a.squareRoot() * (Double($0) / 8 - 3.5) }.filter { $0 > 0 }
            var counts = [Int](repeating: 0, count: ends.count + 1)
            for element in x { counts[ends.firstIndex { Double(element) <= $0 } ?? ends.count] += 1 }
            let distribution = [0] + ends.map { Distributions.gammaDistribution(a, $0) } + [1]
            let expected = zip(distribution, distribution.dropFirst()).map { Double(x.count) * ($1 - $0) }
            let fit = Distributions.fit(counts, expected)
            #expect(fit > Self.leastProbability, "χ² has the probability \(fit)")
        }
    }

    @Test(arguments: Device.all)
    func whatIsNoShapeGivesNothing(on device: Device) throws {
        let shapes: [Float] = [.nan, -1, 0, -.infinity, .infinity, 1e30, 1e-30]
        let x = try Matrix(gamma: Matrix(shapes, 1, shapes.count, on: device), RandomKey(seed: 1, stream: 0)).values
        #expect(x.prefix(4) == [0, 0, 0, 0])
        #expect(x[4] == .infinity && abs(x[5] / 1e30 - 1) < 1e-5 && x[6] == 0)
    }

    // MARK: Independence

    /// Numbers of the three kinds for one key, with mean 0 and variance 1.
    static func standardised(_ kind: Int, _ count: Int, _ key: RandomKey, _ device: Device) throws -> [Double] {
        switch kind {
        case 0:
            try IntVector(poisson: Matrix(filledWith: 3.7, Shape(1, count), on: device), key).values.map {
                (Double($0) - Double(3.7 as Float)) / Double(3.7 as Float).squareRoot()
            }
        case 1:
            try IntVector(poisson: Matrix(filledWith: 400, Shape(1, count), on: device), key).values.map {
                (Double($0) - 400) / 20
            }
        case 2:
            try IntVector(
                binomial: IntVector([Int32](repeating: 100, count: count), on: device),
                chances: Matrix(filledWith: 0.5, Shape(1, count), on: device), key
            ).values.map { (Double($0) - 50) / 5 }
        default:
            try Matrix(gamma: Matrix(filledWith: 4, Shape(1, count), on: device), key).values.map {
                (Double($0) - 4) / 2
            }
        }
    }

    @Test(arguments: 0..<4, Device.all)
    func numbersOfDifferentKeysAndPlacesAreUncorrelated(_ kind: Int, on device: Device) throws {
        let count = TestSize.large(1 << 16, small: 128)
        let keys = [
            RandomKey(seed: 1, step: 1, stream: 1), RandomKey(seed: 2, step: 1, stream: 1),
            RandomKey(seed: 1 << 32 + 1, step: 1, stream: 1), RandomKey(seed: 1, step: 2, stream: 1),
            RandomKey(seed: 1, step: 1 << 32 + 1, stream: 1), RandomKey(seed: 1, step: 1, stream: 2),
            RandomKey(seed: 1, step: 1 << 47 + 1, stream: 255),
        ]
        let samples = try keys.prefix(TestSize.large(7, small: 3)).map {
            try Self.standardised(kind, count, $0, device)
        }
        let bound = 5 / Double(count).squareRoot()
        for i in samples.indices {
            for j in 0..<i {
                let r = Distributions.correlation(samples[i], samples[j], count)
                #expect(abs(r) < bound, "\(keys[i]) and \(keys[j])")
            }
        }
        for lag in 1...8 {
            let r = Distributions.correlation(samples[0], samples[0].dropFirst(lag), count)
            #expect(abs(r) < bound, "\(lag) apart")
        }
    }

    @Test(arguments: 0..<4, Device.all)
    func numbersDependOnTheirPlaceAlone(_ kind: Int, on device: Device) throws {
        let key = RandomKey(seed: 0x0123_4567_89AB_CDEF, step: 5_000_000_001, stream: 3)
        let n = TestSize.large(5003, small: 203)
        let long = try Self.standardised(kind, n, key, device)
        #expect(try Self.standardised(kind, 99, key, device) == Array(long.prefix(99)))
        // The same words on every device: but for a number at a threshold, the same numbers.
        let host = try Self.standardised(kind, n, key, .cpu)
        let differing = zip(host, long).count { abs($0 - $1) > 1e-4 }
        #expect(differing <= n / 1000, "\(differing) of \(n)")
    }
}
