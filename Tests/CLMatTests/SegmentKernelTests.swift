import TestSupport
import Testing

@testable import CLMat

@Suite struct SegmentKernelTests {
    /// Rows, columns and segments: around a block of 64 rows, a chunk of 256 columns and the 256 rows from which on a segment is
    /// summed up in blocks.
    static let sizes: [(rows: Int, columns: Int, segments: Int)] = [
        (0, 3, 4), (1, 1, 1), (5, 0, 3), (63, 7, 1), (64, 8, 1), (65, 9, 2), (256, 16, 1), (257, 17, 1), (700, 255, 9),
        (1000, 257, 2), (3000, 5, 701), (5000, 33, 3),
    ]

    /// Half of the rows belong to the first segments, by powers of two, as words do; the last segment stays empty where there are
    /// more than two.
    static func indices(_ rows: Int, _ segments: Int, _ random: inout SplitMix64) -> [Int32] {
        let used = segments > 2 ? segments - 1 : segments
        return (0..<rows).map { _ in
            let word = random.next()
            return Int32(min(used - 1, word & 1 == 0 ? word.trailingZeroBitCount - 1 : Int((word >> 8) % UInt64(used))))
        }
    }

    @Test(arguments: sizes, Device.all)
    func sumsAgreeWithTheDefinition(_ size: (rows: Int, columns: Int, segments: Int), on device: Device) throws {
        let (rows, columns, count) = size
        var random = SplitMix64(seed: 1)
        let x = random.floats(rows * columns)
        let indices = Self.indices(rows, count, &random)
        let before = random.floats(count * columns)
        var sums = Reference.Sums(zeros: count * columns)
        var counts = [Int](repeating: 0, count: count)
        for (i, index) in indices.enumerated() {
            counts[Int(index)] += 1
            for c in 0..<columns { sums.add(Double(x[i * columns + c]), to: Int(index) * columns + c) }
        }
        let source = try Matrix(x, rows, columns, on: device)
        let segments = try RowSegments(of: IntVector(indices, on: device), count: count)
        #expect(segments.counts == counts && segments.rows == rows)

        let found = try source.segmentSums(segments)
        #expect(found.shape == Shape(count, columns))
        let bound = { (i: Int) in (64 + Double(counts[i / columns]) / 64) * epsilon / 2 * sums.magnitudes[i] }
        try expectNone(difference(found.values, sums.values, within: bound))
        try expectNone(
            bitDifference(source.segmentSums(by: IntVector(indices, on: device), count: count).values, found.values))

        // Added to what is there.
        let target = try Matrix(before, count, columns, on: device)
        try segments.sum(source, into: target, adding: true)
        try expectNone(
            difference(
                target.values, before.indices.map { Double(before[$0]) + sums.values[$0] },
                within: { bound($0) + epsilon * (abs(Double(before[$0])) + abs(sums.values[$0])) }))

        // Counted from what lies near the rows.
        let around = try Matrix(before, count, columns, on: device)
        try segments.sum(source, around: around, into: target)
        var differences = Reference.Sums(zeros: count * columns)
        for (i, index) in indices.enumerated() {
            for c in 0..<columns {
                let place = Int(index) * columns + c
                differences.add(Double(x[i * columns + c]) - Double(before[place]), to: place)
            }
        }
        try expectNone(
            difference(
                target.values, differences.values,
                within: { (66 + Double(counts[$0 / columns]) / 64) * epsilon / 2 * differences.magnitudes[$0] }))
    }

    /// The CPU's long segments have the bits of one loop over their blocks: whether one is split does not show.
    @Test func longSegmentsHaveTheBitsOfWholeOnes() throws {
        let (rows, columns) = (1500, 70)
        var random = SplitMix64(seed: 2)
        let x = random.floats(rows * columns)
        // Rows in fours, blocks of 64, and the blocks.
        var expected = [Float](repeating: 0, count: columns)
        for start in stride(from: 0, to: rows, by: 64) {
            var partial = [Float](repeating: 0, count: columns)
            let end = min(rows, start + 64)
            for i in stride(from: start, to: end, by: 4) {
                for c in 0..<columns {
                    let four = (i..<min(end, i + 4)).map { x[$0 * columns + c] }
                    if four.count == 4 {
                        partial[c] += (four[0] + four[1]) + (four[2] + four[3])
                    } else {
                        for element in four { partial[c] += element }
                    }
                }
            }
            for c in 0..<columns { expected[c] += partial[c] }
        }
        let found = try Matrix(x, rows, columns, on: .cpu)
            .segmentSums(by: IntVector([Int](repeating: 0, count: rows), on: .cpu), count: 1)
        try expectNone(bitDifference(found.values, expected))
    }

    @Test(arguments: Device.all)
    func aRunRepeatsAndOtherSegmentsStay(on device: Device) throws {
        let (rows, columns, count) = (3000, 40, 50)
        var random = SplitMix64(seed: 3)
        let x = random.floats(rows * columns)
        let indices = Self.indices(rows, count, &random)
        let before = random.floats(count * columns)
        let at = try IntVector(indices, on: device)
        var results: [[Float]] = []
        for _ in 0..<2 {
            var target = try Matrix(before, count, columns, on: device)
            try target.scatterAddRows(Matrix(x, rows, columns, on: device), at: at)
            results.append(try target.values)
        }
        expectNone(bitDifference(results[0], results[1]))
        // Nothing was added to the last row, which has no index.
        #expect(Array(results[0].suffix(columns)) == Array(before.suffix(columns)))
        var sums = Reference.Sums(zeros: count * columns)
        for (i, value) in before.enumerated() { sums.add(Double(value), to: i) }
        for (i, value) in x.enumerated() {
            sums.add(Double(value), to: Int(indices[i / columns]) * columns + i % columns)
        }
        expectNone(difference(results[0], sums.values, within: { 128 * epsilon / 2 * sums.magnitudes[$0] }))
    }

    @Test(arguments: Device.all)
    func notANumberAndInfinitiesStayInTheirSegments(on device: Device) throws {
        let (rows, columns) = (900, 3)
        var x = [Float](repeating: 1, count: rows * columns)
        x[30 * columns] = .nan
        x[31 * columns + 1] = .infinity
        x[33 * columns + 1] = -.infinity
        x[32 * columns + 2] = .infinity
        // 300 rows of each, so that all are long; row i belongs to segment i mod 3.
        let indices = try IntVector((0..<rows).map { $0 % 3 }, on: device)
        let sums = try Matrix(x, rows, columns, on: device).segmentSums(by: indices, count: 3).values
        expectNone(
            difference(sums, [.nan, -.infinity, 300, 300, .infinity, 300, 300, 300, .infinity], within: 0))
    }

    @Test(arguments: Device.all)
    func whatTheDeviceMadeIsSorted(on device: Device) throws {
        // Indices that no host has seen, and those that one has changed.
        let scores = try Matrix([1, 0, 0, 1, 1, 0], 3, 2, on: device)
        let x = try Matrix([1, 2, 4], 3, 1, on: device)
        #expect(try x.segmentSums(by: scores.rowArgmax(), count: 2).values == [5, 2])
        var indices = try IntVector([1, 1, 1], on: device)
        try indices.makeUnique()
        try indices.clear()
        #expect(try x.segmentSums(by: indices, count: 2).values == [7, 0])
    }

    @Test(arguments: Device.all)
    func whatDoesNotFitIsRefused(on device: Device) throws {
        let x = try Matrix(zeros: Shape(3, 2), on: device)
        for wrong in [-1, 2] {
            let indices = try IntVector([0, 1, wrong], on: device)
            #expect(thrownCase { _ = try x.segmentSums(by: indices, count: 2) } == "invalidArgument")
        }
        #expect(
            thrownCase { _ = try x.segmentSums(by: IntVector([0, 1], on: device), count: 2) } == "shapeMismatch")
        #expect(thrownCase { _ = try RowSegments(of: IntVector([0], on: device), count: -1) } == "invalidArgument")
    }
}
