import CLMat
import CLMatKernels
import Foundation
import TestSupport
import Testing

/// Philox, and the numbers drawn from it. All with fixed seeds: a bound of five deviations is passed or not for ever.
@Suite struct RandomKernelTests {
    static let key = RandomKey(seed: 0x0123_4567_89AB_CDEF, step: 5_000_000_001, stream: 3)
    static let sizes = [0, 1, 2, 3, 4, 5, 127, 128, 129, 255, 256, 257, 4099, 100_003]

    /// The definition: word i % 4 of the block at counter (i / 4, stream, step), key seed.
    static func words(_ key: RandomKey, _ count: Int) -> [UInt32] {
        (0..<(count + 3) / 4).flatMap { quad -> [UInt32] in
            let block = clmat_philox_words(
                UInt32(quad), key.stream, UInt32(truncatingIfNeeded: key.step),
                UInt32(truncatingIfNeeded: key.step >> 32),
                UInt32(truncatingIfNeeded: key.seed), UInt32(truncatingIfNeeded: key.seed >> 32))
            return [block.words.0, block.words.1, block.words.2, block.words.3]
        }
    }

    @Test func philoxGivesThePublishedAnswers() {
        // D. E. Shaw Research, Random123, tests/kat_vectors: philox4x32 with 10 rounds.
        let answers: [(counter: [UInt32], key: [UInt32], words: [UInt32])] = [
            ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            (
                [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [0xffff_ffff, 0xffff_ffff],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
            ),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
            ),
        ]
        for answer in answers {
            let c = answer.counter
            let block = clmat_philox_words(c[0], c[1], c[2], c[3], answer.key[0], answer.key[1]).words
            #expect([block.0, block.1, block.2, block.3] == answer.words)
        }
    }

    @Test(arguments: sizes, Device.all)
    func uniformNumbersHaveTheBitsOfTheirWords(_ count: Int, on device: Device) throws {
        // The upper 24 bits over 2²⁴: exact, so equal on every device.
        let found = try Matrix(uniform: 0...1, Self.key, Shape(1, count), on: device).values
        expectNone(bitDifference(found, Self.words(Self.key, count).prefix(count).map { Float($0 >> 8) * 0x1p-24 }))
    }

    @Test(arguments: sizes, Device.all)
    func normalNumbersAgreeWithTheDefinition(_ count: Int, on device: Device) throws {
        let words = Self.words(Self.key, count)
        // Box and Muller: √(−2 ln u₁) times cosine and sine of 2πu₂.
        let expected = (0..<count).map { i -> (value: Double, radius: Double) in
            let pair = i / 2 * 2
            let u = (Double(words[pair] >> 8) + 1) * 0x1p-24
            let angle = 2 * Double.pi * Double(words[pair + 1] >> 8) * 0x1p-24
            let radius = (-2 * log(u)).squareRoot()
            return (radius * (i % 2 == 0 ? cos(angle) : sin(angle)), radius)
        }
        let found = try Matrix(normal: 0, deviation: 1, Self.key, Shape(count, 1), on: device).values
        // The trigonometric functions are off by 2⁻²² at most; the root of a logarithm (2 ulp, halved by the root), a
        // root (3 ulp) and a product by 5 ulp.
        expectNone(difference(found, expected.map(\.value), within: { expected[$0].radius * (0x1p-22 + 5 * epsilon) }))
        let moved = try Matrix(normal: 3, deviation: 0.5, Self.key, Shape(count, 1), on: device).values
        expectNone(
            difference(
                moved, expected.map { 3 + 0.5 * $0.value },
                within: {
                    expected[$0].radius * (0x1p-22 + 5 * epsilon) + 4 * epsilon
                }))
    }

    @Test(arguments: Device.all)
    func rangesAreScaledAndShifted(on device: Device) throws {
        let unit = try Matrix(uniform: 0...1, Self.key, Shape(1, 1000), on: device).values
        let found = try Matrix(uniform: -3...5, Self.key, Shape(1, 1000), on: device).values
        expectNone(difference(found, unit.map { 8 * Double($0) - 3 }, within: 4 * epsilon))
        #expect(found.allSatisfy { (-3...5).contains($0) })
    }

    // MARK: Distributions

    static let many = TestSize.large(1 << 18, small: 1 << 15)

    @Test(arguments: Device.all)
    func uniformNumbersAreUniform(on device: Device) throws {
        let n = Double(Self.many)
        let x = try Matrix(uniform: 0...1, RandomKey(seed: 1, stream: 0), Shape(1, Self.many), on: device).values
        #expect(x.allSatisfy { $0 >= 0 && $0 < 1 })
        let mean = x.reduce(0) { $0 + Double($1) } / n
        let variance = x.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / n
        #expect(abs(mean - 0.5) < 5 * (1 / 12.0 / n).squareRoot())
        // The fourth central moment is 1/80, so the deviation of a square is √(1/80 − 1/144).
        #expect(abs(variance - 1 / 12.0) < 5 * ((1 / 80.0 - 1 / 144.0) / n).squareRoot())
        // χ² over 256 boxes has mean 255 and variance 510.
        var boxes = [Double](repeating: 0, count: 256)
        for element in x { boxes[Int(element * 256)] += 1 }
        let chiSquared = boxes.reduce(0) { $0 + ($1 - n / 256) * ($1 - n / 256) / (n / 256) }
        #expect(abs(chiSquared - 255) < 5 * 510.0.squareRoot())
        #expect(Self.kolmogorovSmirnov(x) { $0 } < 1.95)
    }

    @Test(arguments: Device.all)
    func normalNumbersAreNormal(on device: Device) throws {
        let n = Double(Self.many)
        let x = try Matrix(normal: 0, deviation: 1, RandomKey(seed: 2, stream: 0), Shape(1, Self.many), on: device)
            .values
        func moment(_ power: Int) -> Double { x.reduce(0) { $0 + pow(Double($1), Double(power)) } / n }
        // Variances of the first four powers: 1, 2, 15 and 105 − 9 = 96.
        #expect(abs(moment(1)) < 5 / n.squareRoot())
        #expect(abs(moment(2) - 1) < 5 * (2 / n).squareRoot())
        #expect(abs(moment(3)) < 5 * (15 / n).squareRoot())
        #expect(abs(moment(4) - 3) < 5 * (96 / n).squareRoot())
        #expect(Self.kolmogorovSmirnov(x) { 0.5 * erfc(-$0 / 2.0.squareRoot()) } < 1.95)
        // With 24 bits, the radius ends at √(2 · 24 ln 2) = 5.77.
        #expect(x.allSatisfy { abs($0) < 5.8 } && x.contains { abs($0) > 4 })
    }

    /// √n times the largest distance of the distributions; above 1.95 with probability 0.001.
    static func kolmogorovSmirnov(_ x: [Float], _ distribution: (Double) -> Double) -> Double {
        let n = Double(x.count)
        return x.sorted().enumerated().reduce(0) { largest, entry in
            let p = distribution(Double(entry.element))
            return max(largest, abs(p - Double(entry.offset) / n), abs(p - Double(entry.offset + 1) / n))
        } * n.squareRoot()
    }

    /// Neighbours, streams, steps and seeds: uncorrelated.
    @Test(arguments: Device.all)
    func numbersOfDifferentKeysAreIndependent(on device: Device) throws {
        func draw(_ key: RandomKey) throws -> [Double] {
            try Matrix(normal: 0, deviation: 1, key, Shape(1, Self.many), on: device).values.map(Double.init)
        }
        let keys = [
            RandomKey(seed: 1, step: 1, stream: 1), RandomKey(seed: 2, step: 1, stream: 1),
            RandomKey(seed: 1 << 32 + 1, step: 1, stream: 1), RandomKey(seed: 1, step: 2, stream: 1),
            RandomKey(seed: 1, step: 1 << 32 + 1, stream: 1), RandomKey(seed: 1, step: 1, stream: 2),
            RandomKey(seed: 1, step: 0, stream: 2), RandomKey(seed: 1, step: -1, stream: 1),
        ]
        let samples = try keys.map(draw)
        // Products of independent N(0, 1) have mean 0 and variance 1.
        let bound = 5 / Double(Self.many).squareRoot()
        for i in samples.indices {
            for j in 0..<i {
                let correlation = zip(samples[i], samples[j]).reduce(0) { $0 + $1.0 * $1.1 } / Double(Self.many)
                #expect(abs(correlation) < bound, "\(keys[i]) and \(keys[j])")
            }
        }
        for lag in 1...5 {
            let x = samples[0]
            let correlation = zip(x, x.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 } / Double(Self.many)
            #expect(abs(correlation) < bound, "\(lag) apart")
        }
    }

    @Test(arguments: Device.all)
    func numbersDependOnTheirPlaceAlone(on device: Device) throws {
        let long = try Matrix(normal: 0, deviation: 1, Self.key, Shape(1, 10_007), on: device).values
        let short = try Matrix(normal: 0, deviation: 1, Self.key, Shape(11, 9), on: device).values
        expectNone(bitDifference(short, Array(long.prefix(99))))
    }

    // MARK: Permutations

    @Test func aPermutationHasEachNumberOnce() {
        for count in [0, 1, 2, 3, 4, 5, 10, 1000] {
            let order = Self.key.permutation(of: count)
            #expect(order.sorted() == Array(0..<Int32(count)))
            #expect(order == Self.key.permutation(of: count))
        }
        #expect(Self.key.permutation(of: 1000) != RandomKey(seed: 1, stream: 3).permutation(of: 1000))
    }

    @Test func permutationsAreEquallyLikely() {
        // All 24 orders of four, from 24 000 seeds: χ² has 23 degrees of freedom, variance 46.
        var counts: [[Int32]: Double] = [:]
        for seed in 0..<24_000 { counts[RandomKey(seed: UInt64(seed), stream: 0).permutation(of: 4), default: 0] += 1 }
        #expect(counts.count == 24)
        let chiSquared = counts.values.reduce(0) { $0 + ($1 - 1000) * ($1 - 1000) / 1000 }
        #expect(abs(chiSquared - 23) < 5 * 46.0.squareRoot())
    }
}
