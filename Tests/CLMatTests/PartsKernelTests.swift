import TestSupport
import Testing

@testable import CLMat

/// Several arrays in one launch: packed into one row, or read at once.
@Suite struct PartsKernelTests {
    /// Sizes round a work-group, a segment and what one launch takes.
    static let counts = [
        [1], [63, 64, 65], [1, 4096, 4097, 2, 10_000], Array(1...16), Array(repeating: 5, count: 17),
        (0..<40).map { 7 * $0 + 1 },
    ]

    @Test(arguments: counts, Device.all)
    func matricesInARowKeepTheirElements(_ counts: [Int], on device: Device) throws {
        var random = SplitMix64(seed: 3)
        let values = counts.map { random.floats($0) }
        var layers = try values.map { [try Matrix($0, 1, $0.count, on: device)] }
        let layout = try #require(PackedRow.layout(of: layers))

        let row = try PackedRow.own(&layers, layout)

        #expect(try layers.map { try $0[0].values } == values)
        // Between the parts are zeros.
        let whole: [Float] = try device.backend.read(layout.count, from: row.buffer)
        var expected = [Float](repeating: 0, count: layout.count)
        for (layer, start) in zip(values, layout.starts) {
            for (index, value) in layer.enumerated() { expected[start[0] + index] = value }
        }
        #expect(whole == expected)
        // A second time nothing is copied.
        #expect(try PackedRow.own(&layers, layout).buffer === row.buffer)
    }

    @Test(arguments: counts, Device.all)
    func readingsAreWhatIsReadOneByOne(_ counts: [Int], on device: Device) throws {
        var random = SplitMix64(seed: 4)
        let matrices = try counts.map { try Matrix(random.floats($0, in: -1...1), 1, $0, on: device) }
        let integers = try IntVector(random.integers(counts.reduce(0, +), below: 1000), on: device)

        let sums = try matrices.map { try $0.sumLater() }
        let squares = try matrices.map { try $0.sumOfSquaresLater() }
        let largest = try matrices.map { try $0.maxLater() }
        let least = try matrices.map { try $0.minLater() }
        let norms = try matrices.map { try $0.l1NormLater() }
        let sizes = try matrices.map { try $0.largestMagnitudeLater() }
        let values = try matrices.map { try $0.valuesLater() }
        let whole = try integers.valuesLater()
        var readings: [Reading] = whole.readings
        for numbers in [sums, squares, largest, least, norms, sizes] {
            for number in numbers { readings += number.readings }
        }
        for list in values { readings += list.readings }
        try Reading.start(readings)

        // Bit for bit: what is recorded does not depend on how it was read.
        for (index, matrix) in matrices.enumerated() {
            #expect(try sums[index].value == matrix.sum())
            #expect(try squares[index].value == matrix.sumOfSquares())
            #expect(try largest[index].value == matrix.max())
            #expect(try least[index].value == matrix.min())
            #expect(try norms[index].value == matrix.l1Norm())
            #expect(try sizes[index].value == matrix.largestMagnitude())
            #expect(try values[index].value == matrix.values)
        }
        #expect(try whole.value == integers.values)
        #expect(readings.allSatisfy { $0.isKnown })
    }

    @Test(arguments: Device.all)
    func aReadingIsOfTheMoment(on device: Device) throws {
        var matrix = try Matrix([1, 2, 3], 1, 3, on: device)
        let (before, sum) = (try matrix.valuesLater(), try matrix.sumLater())

        try matrix.fill(with: 7)

        #expect(try before.value == [1, 2, 3])
        #expect(try sum.value == 6)
        #expect(try matrix.values == [7, 7, 7])
    }

    @Test(arguments: Device.all)
    func numbersThatAreNoneAreReadAsTheyAre(on device: Device) throws {
        let matrix = try Matrix([.nan, 1, -.infinity, -0.0], 1, 4, on: device)
        let (values, sum, largest) = (try matrix.valuesLater(), try matrix.sumLater(), try matrix.maxLater())
        try Reading.start(values.readings + sum.readings + largest.readings)
        #expect(try values.value.map(\.bitPattern) == matrix.values.map(\.bitPattern))
        #expect(try sum.value.isNaN)
        #expect(try largest.value == 1)
    }

    @Test(arguments: Device.all)
    func nothingToReadIsNothing(on device: Device) throws {
        let none = try Matrix([], 0, 3, on: device)
        #expect(try none.sumLater().value == 0 && none.l1NormLater().value == 0 && none.l1Norm() == 0)
        #expect(try none.largestMagnitudeLater().value == 0 && none.largestMagnitude() == 0)
        #expect(try none.valuesLater().value.isEmpty)
        #expect(throws: CLMatError.self) { try none.meanLater() }
        #expect(throws: CLMatError.self) { try none.maxLater() }
        try Reading.start([])
    }
}
