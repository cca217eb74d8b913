import TestSupport
import Testing

@testable import CLMat

@Suite struct PowerLawElementwiseTests {
    /// What a pair of matrices of one shape makes, by element; elements that there are not stay 0.
    @Test(arguments: PowerLawSample.shapes, Device.all)
    func elementsFollowTheirFormulas(_ shape: PowerLawShape, on device: Device) throws {
        let (x, y) = (PowerLawSample.dense(shape, seed: 21), PowerLawSample.dense(shape, seed: 22))
        let a = try PowerLawSample.matrix(shape, x, on: device)
        let b = try PowerLawSample.matrix(shape, y, on: device)
        func check(
            _ found: PowerLawMatrix, _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
            _ formula: (Double, Double) -> Double
        ) throws {
            #expect(found.shape == shape)
            try expectNone(
                difference(
                    found.dense().values, x.indices.map { formula(Double(x[$0]), Double(y[$0])) },
                    within: 4 * epsilon), name, sourceLocation: sourceLocation)
        }
        func changed(_ body: (inout PowerLawMatrix) throws -> Void) throws -> PowerLawMatrix {
            var w = a
            try body(&w)
            return w
        }
        func sign(_ x: Double) -> Double { x > 0 ? 1 : (x < 0 ? -1 : 0) }
        try check(a + b, "+") { $0 + $1 }
        try check(a - b, "-") { $0 - $1 }
        try check(a * b, "*") { $0 * $1 }
        try check(a * 3, "* 3") { x, _ in 3 * x }
        try check(3 * a, "3 *") { x, _ in 3 * x }
        try check(a / 4, "/ 4") { x, _ in x / 4 }
        try check(changed { try $0.scale(by: -2) }, "scale") { x, _ in -2 * x }
        try check(changed { try $0.add(b, times: 0.5) }, "add") { $0 + 0.5 * $1 }
        try check(changed { try $0.lerp(to: b, weight: 0.25) }, "lerp") { 0.75 * $0 + 0.25 * $1 }
        try check(changed { try $0.softThreshold(by: 0.5) }, "softThreshold") { x, _ in sign(x) * max(abs(x) - 0.5, 0) }
        try check(changed { try $0.zeroSmall(upTo: 0.5) }, "zeroSmall") { x, _ in abs(x) <= 0.5 ? 0 : x }
        try check(changed { try $0.sgdStep(b, rate: 0.5) }, "sgdStep") { $0 - 0.5 * $1 }
        let factor = try Matrix([0.25], 1, 1, on: device)
        try check(changed { try $0.sgdStep(b, rate: 0.5, factor: factor) }, "scaled step") { $0 - 0.125 * $1 }
        try check(changed { try $0.addPenalty(of: b, l1: 0.5, l2: 0.25) }, "addPenalty") {
            $0 + 0.5 * sign($1) + 0.25 * $1
        }
        try check(changed { try $0.shrink(l1: 0.5, l2: 0.25) }, "shrink") { x, _ in x - 0.5 * sign(x) - 0.25 * x }
        var velocity = b
        try check(changed { try $0.sgdStep(a, velocity: &velocity, rate: 0.5, momentum: 0.5) }, "momentum") {
            $0 - 0.5 * (0.5 * $1 + $0)
        }
        try check(velocity, "velocity") { 0.5 * $1 + $0 }
        // What they were made of is as it was.
        try expectNone(bitDifference(a.dense().values, x))
        try expectNone(bitDifference(b.dense().values, y))
        let filled = try changed { try $0.fill(with: 2) }
        #expect(try filled.sum() == Float(2 * shape.parameterCount))

        let (sum, squares) = (x.reduce(0) { $0 + Double($1) }, x.reduce(0) { $0 + Double($1) * Double($1) })
        let sizes = x.reduce(0) { $0 + abs(Double($1)) }
        #expect(try abs(Double(a.sum()) - sum) <= 100 * epsilon * sizes)
        #expect(try abs(Double(a.sumOfSquares()) - squares) <= 100 * epsilon * squares)
        #expect(try abs(Double(a.l1Norm()) - sizes) <= 100 * epsilon * sizes)
        #expect(try a.largestMagnitude() == x.map(abs).max())
        let later = try [a.sumLater(), a.sumOfSquaresLater(), a.l1NormLater(), a.largestMagnitudeLater()]
        try Reading.start(later.flatMap(\.readings))
        #expect(try later.map { try $0.value } == [a.sum(), a.sumOfSquares(), a.l1Norm(), a.largestMagnitude()])
    }

    @Test(arguments: Device.all)
    func otherBlocksAreRefused(on device: Device) throws {
        let shape = try PowerLawShape.halving(features: 8, h: 2, blocks: 2)
        var a = try PowerLawMatrix(zeros: shape, on: device)
        var banded = try PowerLawMatrix(zeros: shape.inBands, on: device)
        let dense = try PowerLawMatrix(zeros: .dense(8, 3), on: device)
        #expect(thrownCase { _ = try a + banded } == "invalidArgument")
        #expect(said { _ = try a - banded }.contains("block 0 is ranks 0..<8, columns 0..<2 in one and ranks 0..<4"))
        #expect(thrownCase { _ = try a * dense } == "shapeMismatch")
        #expect(thrownCase { try a.add(banded) } == "invalidArgument")
        #expect(thrownCase { try a.lerp(to: dense, weight: 1) } == "shapeMismatch")
        #expect(thrownCase { try a.sgdStep(banded, rate: 1) } == "invalidArgument")
        #expect(thrownCase { try a.sgdStep(a, velocity: &banded, rate: 1, momentum: 0) } == "invalidArgument")
        #expect(thrownCase { try a.addPenalty(of: dense, l1: 1) } == "shapeMismatch")
        #expect(thrownCase { try a.sgdStep(a, rate: 1, factor: Matrix([1, 2], 1, 2, on: device)) } == "shapeMismatch")
    }
}
