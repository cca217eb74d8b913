import TestSupport
import Testing

@testable import CLMat

/// What is done in one launch is what the launches that it stands for do, bit for bit.
@Suite struct FusedKernelTests {
    @Test(arguments: [1, 63, 4099], Device.all)
    func aScaledRatio(_ count: Int, on device: Device) throws {
        var random = SplitMix64(seed: 7)
        func matrix() throws -> Matrix { try Matrix(random.floats(count, in: 0.01...1), 1, count, on: device) }
        let (a, b, c) = (try matrix(), try matrix(), try matrix())
        #expect(
            try a.scaled(byRatioOf: b, to: c, above: 0.25, below: 1e-3).values == (a * (b + 0.25) / (c + 1e-3)).values)
        #expect(try a.scaled(byRatioOf: b, to: c).values == (a * b / c).values)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let (x, b) = (try Matrix(zeros: Shape(2, 6), on: .cpu), try Matrix(zeros: Shape(1, 4), on: .cpu))
        #expect(throws: CLMatError.self) { try x.scaled(byRatioOf: b, to: x) }
        #expect(throws: CLMatError.self) { try x.scaled(byRatioOf: x, to: b) }
    }
}
