import Foundation
import TestSupport
import Testing

@testable import CLMat

@Suite struct PowerLawShapeTests {
    /// Tables 5.2 and 5.5: the first rank of each band and its dimension, and the embedding parameters per matrix.
    static let tables: [(features: Int, h: Int, blocks: Int, bands: [(Int, Int)], count: Int)] = [
        (10_000, 32, 4, [(0, 256), (1250, 128), (2500, 64), (5000, 32)], 800_000),
        (10_000, 32, 5, [(0, 512), (625, 256), (1250, 128), (2500, 64), (5000, 32)], 960_000),
        (100_000, 32, 5, [(0, 512), (6250, 256), (12_500, 128), (25_000, 64), (50_000, 32)], 9_600_000),
        (100_000, 64, 5, [(0, 1024), (6250, 512), (12_500, 256), (25_000, 128), (50_000, 64)], 19_200_000),
    ]

    @Test(arguments: tables)
    func halvingGivesTheTablesOfThePaper(
        _ row: (features: Int, h: Int, blocks: Int, bands: [(Int, Int)], count: Int)
    ) throws {
        let shape = try PowerLawShape.halving(features: row.features, h: row.h, blocks: row.blocks)
        let width = row.bands[0].1
        #expect(shape.rows == row.features && shape.columns == width)
        #expect(shape.parameterCount == row.count)
        #expect(shape.blocks.count == row.blocks)
        for form in [shape, shape.inBands] {
            #expect(form.parameterCount == row.count && !form.isPartial && !form.isDense)
            #expect(form.dimensions.map(\.ranks.lowerBound) == row.bands.map { $0.0 })
            #expect(form.dimensions.map(\.dimension) == row.bands.map { $0.1 })
            #expect(form.dimension(of: row.features - 1) == row.h && form.dimension(of: row.features) == 0)
        }
        #expect(shape.inBands.blocks.allSatisfy { $0.columns.lowerBound == 0 })
        #expect(shape.inBands.blocks.count == row.bands.count)
        // The same by its other makers.
        #expect(try .power(features: row.features, width: width, tailHeight: Double(row.h)) == shape)
        #expect(try .parameters(row.count, features: row.features, width: width) == shape)
        #expect(try .parameters(row.count + row.features / 2, features: row.features, width: width) == shape)
        let pairs = shape.blocks.map { (count: $0.ranks.count, dimension: $0.columns.upperBound) }
        #expect(try .nested(pairs.reversed()) == shape)
    }

    @Test func aDenseShapeIsOneBlock() throws {
        let shape = try PowerLawShape.dense(7, 3)
        #expect(shape.isDense && shape.parameterCount == 21 && shape.inBands == shape)
        #expect(try PowerLawShape.halving(features: 7, h: 3, blocks: 1) == shape)
        #expect(try PowerLawShape.parameters(21, features: 7, width: 3) == shape)
        #expect(try PowerLawShape.nested([(7, 3)]) == shape && PowerLawShape.differentiated([(7, 3)]) == shape)
        #expect("\(shape)" == "7 × 3, 21 elements: 7 × 3")
    }

    /// BIDMach's own numbers for 16 features: heights 0.25, 0.5 (both rounded to none), 1, 2, 4, and the rest to 5.
    @Test func aSmallTailHeightLeavesFeaturesOut() throws {
        let shape = try PowerLawShape.power(features: 16, width: 4, tailHeight: 0.25)
        #expect(
            shape.blocks == [
                .init(ranks: 0..<4, columns: 0..<1), .init(ranks: 0..<2, columns: 1..<2),
                .init(ranks: 0..<1, columns: 2..<4),
            ])
        #expect(shape.isPartial && shape.dimension(of: 4) == 0 && shape.dimension(of: 0) == 4)
        // Each doubling of the width keeps 2^-½ of the features.
        let slow = try PowerLawShape.power(features: 1000, width: 40, tailHeight: 10, power: 0.5)
        #expect(slow.blocks.map(\.ranks.upperBound) == [1000, 707, 499])
        #expect(slow.blocks.map(\.columns.upperBound) == [10, 20, 40])
    }

    @Test func aDifferentiatedShapeIsBlockDiagonal() throws {
        let shape = try PowerLawShape.differentiated([(10, 8), (30, 4), (60, 2)])
        #expect(shape.shape == Shape(100, 14) && shape.parameterCount == 80 + 120 + 120)
        #expect([0, 9, 10, 39, 40, 99].map(shape.dimension) == [8, 8, 4, 4, 2, 2])
        #expect(shape.inBands == shape)
    }

    @Test func bandsKeepHolesBetweenColumns() throws {
        let shape = try PowerLawShape(
            rows: 4, columns: 6,
            blocks: [
                .init(ranks: 0..<4, columns: 1..<2), .init(ranks: 1..<3, columns: 4..<6),
                .init(ranks: 1..<4, columns: 2..<3),
            ])
        #expect(
            shape.inBands.blocks == [
                .init(ranks: 0..<1, columns: 1..<2), .init(ranks: 1..<4, columns: 1..<3),
                .init(ranks: 1..<3, columns: 4..<6),
            ])
        #expect(shape.inBands.parameterCount == shape.parameterCount)
    }

    /// What is refused, and words of the message.
    static let refusals: [(words: [String], attempt: @Sendable () throws -> Void)] = [
        (
            ["Block 1 (ranks 2..<5, columns 1..<3) overlaps block 0 (ranks 0..<5, columns 0..<2)"],
            {
                _ = try PowerLawShape(
                    rows: 5, columns: 3,
                    blocks: [.init(ranks: 0..<5, columns: 0..<2), .init(ranks: 2..<5, columns: 1..<3)])
            }
        ),
        (
            ["Block 0 (ranks 0..<6, columns 0..<2)", "5 features"],
            {
                _ = try PowerLawShape(rows: 5, columns: 2, blocks: [.init(ranks: 0..<6, columns: 0..<2)])
            }
        ),
        (
            ["Block 0", "width of 2"],
            {
                _ = try PowerLawShape(rows: 5, columns: 2, blocks: [.init(ranks: 0..<5, columns: 0..<3)])
            }
        ),
        (
            ["Block 0", "5 features"],
            {
                _ = try PowerLawShape(rows: 5, columns: 2, blocks: [.init(ranks: -1..<5, columns: 0..<2)])
            }
        ),
        (
            ["Block 1 (ranks 3..<3, columns 1..<2) has no elements"],
            {
                _ = try PowerLawShape(
                    rows: 5, columns: 2,
                    blocks: [.init(ranks: 0..<5, columns: 0..<1), .init(ranks: 3..<3, columns: 1..<2)])
            }
        ),
        (
            ["No block has ranks 3..<5", "block 0 (ranks 0..<3, columns 0..<2)"],
            {
                _ = try PowerLawShape(rows: 5, columns: 2, blocks: [.init(ranks: 0..<3, columns: 0..<2)])
            }
        ),
        (["at least 1 feature"], { _ = try PowerLawShape(rows: 0, columns: 2, blocks: []) }),
        (["no block"], { _ = try PowerLawShape(rows: 1, columns: 2, blocks: []) }),
        (["block 0", "more than"], { _ = try PowerLawShape.dense(1 << 20, 1 << 12) }),
        (["block 0"], { _ = try PowerLawShape.dense(1 << 40, 1 << 40) }),
        (["at least 1"], { _ = try PowerLawShape.dense(-1, 4) }),
        (["h 0"], { _ = try PowerLawShape.halving(features: 5, h: 0, blocks: 2) }),
        (
            ["Block 3 has no features: 5 can be halved 2 times"],
            {
                _ = try PowerLawShape.halving(features: 5, h: 1, blocks: 4)
            }
        ),
        (["Block 31"], { _ = try PowerLawShape.halving(features: 1 << 40, h: 1, blocks: 40) }),
        (["Tail height"], { _ = try PowerLawShape.power(features: 5, width: 4, tailHeight: 0) }),
        (["Tail height"], { _ = try PowerLawShape.power(features: 5, width: 4, tailHeight: 1, power: .nan) }),
        (["Block 3", "no features"], { _ = try PowerLawShape.power(features: 5, width: 64, tailHeight: 1) }),
        (["at least", "more than 100"], { _ = try PowerLawShape.parameters(100, features: 1000, width: 64) }),
        (["Pair 1", "lies within pair 0"], { _ = try PowerLawShape.nested([(10, 4), (5, 4)]) }),
        (["Pair 1"], { _ = try PowerLawShape.nested([(10, 4), (10, 8)]) }),
        (["Pair 0 is 0 features"], { _ = try PowerLawShape.nested([(0, 4)]) }),
        (["no pair"], { _ = try PowerLawShape.nested([]) }),
        (["Band 1 is 3 features of 0 columns"], { _ = try PowerLawShape.differentiated([(2, 2), (3, 0)]) }),
        (["no band"], { _ = try PowerLawShape.differentiated([]) }),
    ]

    @Test(arguments: refusals.indices)
    func whatIsNoShapeIsRefused(_ index: Int) {
        let refusal = Self.refusals[index]
        #expect(thrownCase(refusal.attempt) == "invalidArgument")
        let message = said(refusal.attempt)
        for words in refusal.words { #expect(message.contains(words), "\(message)") }
    }

    @Test func itIsWrittenAndRead() throws {
        for shape in [
            try PowerLawShape.halving(features: 9, h: 2, blocks: 3),
            try .power(features: 16, width: 4, tailHeight: 0.25), try .differentiated([(2, 3), (4, 1)]),
        ] {
            let read = try JSONDecoder().decode(PowerLawShape.self, from: JSONEncoder().encode(shape))
            #expect(read == shape && read.hashValue == shape.hashValue)
        }
        let overlapping =
            #"{"rows": 3, "columns": 2, "blocks": [{"ranks": [0, 3], "columns": [0, 2]}, {"ranks": [0, 1], "columns": [1, 2]}]}"#
        let problem = said { _ = try JSONDecoder().decode(PowerLawShape.self, from: Data(overlapping.utf8)) }
        #expect(problem.contains("Block 1") && problem.contains("overlaps"), "\(problem)")
    }
}
