import Foundation
import TestSupport
import Testing

@Suite struct TestSupportTests {
    @Test func splitMix64GivesThePublishedNumbers() {
        // The first outputs for seed 1234567 of the reference implementation (Vigna, splitmix64.c, 2015).
        var random = SplitMix64(seed: 1_234_567)
        let expected: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        ]
        #expect((0..<4).map { _ in random.next() } == expected)
    }

    /// Files are damaged the same way for one seed, seldom left as they were, in every way that the kinds of damage are.
    @Test func mutationsAreOfAllKindsAndCanBeDoneAgain() {
        let whole = Array("{\"size\": 20, \"name\": \"twenty\"}".utf8)
        var (first, second) = (Mutator(seed: 4), Mutator(seed: 4))
        let damaged = (0..<2000).map { _ in first.mutate(whole) }
        #expect(damaged == (0..<2000).map { _ in second.mutate(whole) })
        #expect(damaged.count { $0 == whole } < 200)
        #expect(damaged.contains { $0.count < whole.count / 4 } && damaged.contains { $0.count > 100 * whole.count })
        let texts = damaged.map { String(decoding: $0, as: UTF8.self) }
        #expect(texts.contains { $0.contains("\"size\": 1e999,") } && texts.contains { $0.contains("\"size\": -1,") })
        #expect(damaged.contains { $0.contains(0xFF) } && first.mutate([]).count < 1 << 18)
    }

    /// Memory that is touched counts, also when it was freed before the end; that of earlier work does not.
    @Test func thePeakOfMemoryIsThatOfTheWork() async {
        await #expect(processExitsWith: .success) {
            func touch(_ megabytes: Int) { _ = [UInt8](repeating: 1, count: megabytes << 20).last }
            let (large, small, none) = (peakMemory { touch(100) }, peakMemory { touch(10) }, peakMemory {})
            #expect((99 << 20..<110 << 20).contains(large), "\(large)")
            #expect((9 << 20..<15 << 20).contains(small), "\(small)")
            #expect(none < 1 << 20, "\(none)")
        }
    }

    @Test func numbersLieInTheirRange() {
        var random = SplitMix64(seed: 1)
        let numbers = random.floats(10_000, in: 2...5)
        #expect(numbers.allSatisfy { (2...5).contains($0) })
        // The mean of 10⁴ uniform numbers of width 3 deviates by 3/√12/100; five of these.
        let mean = numbers.reduce(0) { $0 + Double($1) } / 10_000
        let deviation = 3 / 12.0.squareRoot() / 100
        #expect(abs(mean - 3.5) < 5 * deviation)
        #expect(random.integers(1000, below: 7).allSatisfy { (0..<7).contains($0) })
    }

    @Test func differencesAreSeen() {
        #expect(difference([1, 2, .nan, .infinity], [1, 2, .nan, .infinity], within: 0) == nil)
        #expect(difference([1, 2.5], [1, 2], within: 0.4)?.hasPrefix("[1] is 2.5") == true)
        #expect(difference([1], [.nan], within: 9) != nil)
        #expect(difference([.nan], [1], within: 9) != nil)
        #expect(difference([.infinity], [-.infinity], within: .infinity) != nil)
        #expect(difference([1], [1, 2], within: 9) != nil)
        #expect(difference([1 + Float.ulpOfOne], [1], ulps: 1) == nil)
        #expect(difference([1 + 2 * Float.ulpOfOne], [1], ulps: 1) != nil)
        #expect(bitDifference([0], [-0.0]) != nil)
        #expect(ulp(of: 1) == epsilon && ulp(of: 0) == Double(Float.leastNonzeroMagnitude))
        for value: Float in [1, 1.5, 0x1p-140, 1e-38, 1e38, -7] { #expect(ulp(of: Double(value)) == Double(value.ulp)) }
    }

    @Test func productsAndCentralDifferencesAreRight() {
        let c = Reference.product([1, 2, 3, 4, 5, 6], [1, -1, 2, 0, 3, 1], 2, 3, 2)
        #expect(c.values == [14, 2, 32, 2] && c.magnitudes == [14, 4, 32, 10])
        #expect(Reference.transposed([1, 2, 3, 4, 5, 6], 2, 3) == [1, 4, 2, 5, 3, 6])
        // d/dx of x₀² x₁ at (3, 2); the third derivative along each coordinate is 0, so only rounding is left.
        let slopes = centralDifferences([3, 2]) { $0[0] * $0[0] * $0[1] }
        #expect(abs(slopes[0] - 12) < 1e-8 && abs(slopes[1] - 9) < 1e-8)
    }
}
