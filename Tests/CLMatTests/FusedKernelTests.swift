import TestSupport
import Testing

@testable import CLMat

/// What is done in one launch is what the launches that it stands for do, bit for bit.
@Suite struct FusedKernelTests {
    @Test(arguments: [(1, 1, 1), (7, 61, 1), (64, 64, 1), (3, 5, 7), (9, 20, 144), (2, 1, 65)], Device.all)
    func biasesAndRectifier(_ sizes: (rows: Int, channels: Int, area: Int), on device: Device) throws {
        let (rows, channels, area) = sizes
        var random = SplitMix64(seed: 6)
        let x = random.floats(rows * channels * area, in: -1...1)
        let b = random.floats(channels, in: -1...1)
        var z = try Matrix(x, rows, channels * area, on: device)
        let kept = z

        let y = try z.addBiasesAndRectify(Matrix(b, 1, channels, on: device), area: area)

        let expected = x.indices.map { x[$0] + b[$0 / area % channels] }
        #expect(try z.values == expected)
        #expect(try y.values == expected.map { max(0, $0) })
        #expect(try kept.values == x, "a copy stays as it was")
    }

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
        var x = try Matrix(zeros: Shape(2, 6), on: .cpu)
        let b = try Matrix(zeros: Shape(1, 4), on: .cpu)
        #expect(throws: CLMatError.self) { try x.addBiasesAndRectify(b) }
        #expect(throws: CLMatError.self) { try x.addBiasesAndRectify(b, area: 0) }
        #expect(throws: CLMatError.self) { try x.scaled(byRatioOf: b, to: x) }
    }
}
