import CLMat
import Foundation
import TestSupport
import Testing

/// The error bounds that Kernels/shared/elementary.h and the doc comments claim, over the whole range of 32-bit floats.
@Suite struct ElementaryKernelTests {
    /// Every 2003rd bit pattern between two: some two million numbers over the whole range, subnormal ones too.
    static let distance = TestSize.large(2003, small: 2_000_003)
    static func numbers(from low: UInt32, through high: UInt32) -> [Float] {
        stride(from: low, through: high, by: distance).map { Float(bitPattern: $0) }
    }
    static let finiteAboveZero = numbers(from: 1, through: Float.greatestFiniteMagnitude.bitPattern)
    static let finite = finiteAboveZero + finiteAboveZero.map { -$0 } + [0, -0.0]

    /// The largest error in units in the last place, and where it is; infinite where a special value is missed.
    static func worst(_ found: [Float], _ x: [Float], _ f: (Double) -> Double) -> (ulps: Double, at: Float) {
        var worst = (ulps: 0.0, at: Float(0))
        for index in x.indices {
            let exact = f(Double(x[index]))
            let y = Double(found[index])
            // What rounds to infinity may be infinity.
            let tooLarge = abs(exact) >= 0x1.ffffffp127
            let error = tooLarge && y == (exact < 0 ? -.infinity : .infinity) ? 0 : abs(y - exact) / ulp(of: exact)
            if !(error <= worst.ulps) { worst = (error.isNaN ? .infinity : error, x[index]) }
        }
        return worst
    }

    @Test(arguments: Device.all)
    func expIsWithinTwoUlp(on device: Device) throws {
        // Dense where the result is neither 0 nor infinite.
        var random = SplitMix64(seed: 1)
        let x = Self.finite + random.floats(TestSize.large(1_000_000, small: 4099), in: -104...89)
        let worst = Self.worst(try Matrix(x, 1, x.count, on: device).exp().values, x) { exp($0) }
        #expect(worst.ulps <= 2, "e^\(worst.at)")
        let special = try Matrix(
            [0, -0.0, .infinity, -.infinity, .nan, 88.72283, 88.7229, -103.2, -104], 1, 9, on: device)
        try expectNone(
            difference(
                special.exp().values,
                [1, 1, .infinity, 0, .nan, exp(Double(Float(88.72283))), .infinity, exp(Double(Float(-103.2))), 0],
                ulps: 2))
    }

    @Test(arguments: Device.all)
    func logIsWithinTwoUlp(on device: Device) throws {
        var random = SplitMix64(seed: 2)
        let x = Self.finiteAboveZero + random.floats(TestSize.large(1_000_000, small: 4099), in: 0.25...4)
        let worst = Self.worst(try Matrix(x, 1, x.count, on: device).log().values, x) { log($0) }
        #expect(worst.ulps <= 2, "ln \(worst.at)")
        let special = try Matrix(
            [1, 0, -0.0, .infinity, -.infinity, .nan, -1, -Float.leastNonzeroMagnitude, .leastNonzeroMagnitude], 1, 9,
            on: device)
        try expectNone(
            difference(
                special.log().values,
                [0, -.infinity, -.infinity, .infinity, .nan, .nan, .nan, .nan, log(0x1p-149)], ulps: 2))
    }

    @Test(arguments: Device.all)
    func tanhIsWithinFourUlp(on device: Device) throws {
        var random = SplitMix64(seed: 3)
        let x = Self.finite + random.floats(TestSize.large(1_000_000, small: 4099), in: -10...10)
        let worst = Self.worst(try Matrix(x, 1, x.count, on: device).tanh().values, x) { tanh($0) }
        #expect(worst.ulps <= 4, "tanh \(worst.at)")
        let special = try Matrix([0, .infinity, -.infinity, .nan], 1, 4, on: device)
        try expectNone(difference(special.tanh().values, [0, 1, -1, .nan], within: 0))
    }

    @Test(arguments: Device.all)
    func logisticIsWithinFiveUlp(on device: Device) throws {
        var random = SplitMix64(seed: 4)
        let x = Self.finite + random.floats(TestSize.large(1_000_000, small: 4099), in: -90...90)
        // Below −88 the exact value is subnormal, and e⁻ˣ soon infinite.
        let middle = x.filter { $0 >= -87 }
        let low = x.filter { $0 < -87 }
        let worst = Self.worst(try Matrix(middle, 1, middle.count, on: device).logistic().values, middle) {
            1 / (1 + exp(-$0))
        }
        #expect(worst.ulps <= 5, "logistic \(worst.at)")
        try expectNone(
            difference(
                Matrix(low, 1, low.count, on: device).logistic().values, low.map { 1 / (1 + exp(-Double($0))) },
                within: 1e-37))
        let special = try Matrix([0, .infinity, -.infinity, .nan], 1, 4, on: device)
        try expectNone(difference(special.logistic().values, [0.5, 1, 0, .nan], within: 0))
    }
}
