import Foundation
import TestSupport
import Testing

@testable import CLMat

/// One elementwise operation, its definition and how far a device may be from it.
struct MapCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let apply: @Sendable (Matrix) throws -> Matrix
    let definition: @Sendable (Double) -> Double
    /// The bound on the error, from the argument and the exact result.
    let bound: @Sendable (Double, Double) -> Double
    var range: ClosedRange<Float> = -5...5

    init(
        _ name: String, in range: ClosedRange<Float> = -5...5, ulps: Double,
        _ apply: @escaping @Sendable (Matrix) throws -> Matrix,
        _ definition: @escaping @Sendable (Double) -> Double
    ) {
        self.init(name, in: range, bound: { _, y in ulps * ulp(of: y) }, apply, definition)
    }

    init(
        _ name: String, in range: ClosedRange<Float> = -5...5, bound: @escaping @Sendable (Double, Double) -> Double,
        _ apply: @escaping @Sendable (Matrix) throws -> Matrix, _ definition: @escaping @Sendable (Double) -> Double
    ) {
        (testDescription, self.apply, self.definition, self.bound, self.range) = (name, apply, definition, bound, range)
    }
}

/// One operation on two matrices.
struct CombinationCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let apply: @Sendable (Matrix, Matrix) throws -> Matrix
    let definition: @Sendable (Double, Double) -> Double
    /// The bound on the error, from the arguments and the exact result.
    let bound: @Sendable (Double, Double, Double) -> Double

    init(
        _ name: String, bound: @escaping @Sendable (Double, Double, Double) -> Double,
        _ apply: @escaping @Sendable (Matrix, Matrix) throws -> Matrix,
        _ definition: @escaping @Sendable (Double, Double) -> Double
    ) {
        (testDescription, self.apply, self.definition, self.bound) = (name, apply, definition, bound)
    }
}

@Suite struct ElementwiseKernelTests {
    /// 64 is a work-group, 4096 a segment of a reduction; the last is long enough for every thread of the CPU.
    static let sizes = [0, 1, 2, 7, 63, 64, 65, 4095, 4096, 4097, 100_003]

    // OpenCL 1.2, table 7.4, allows 2.5 ulp for a division and 3 for a square root; one operation is right to half an
    // ulp.
    static let maps = [
        MapCase("negated", ulps: 0, { try $0.negated() }, { -$0 }),
        MapCase("absolute", ulps: 0, { try $0.absolute() }, { abs($0) }),
        MapCase("squared", ulps: 0.5, { try $0.squared() }, { $0 * $0 }),
        MapCase("sqrt", in: 0...9, ulps: 3, { try $0.sqrt() }, { $0.squareRoot() }),
        MapCase("reciprocal", ulps: 2.5, { try $0.reciprocal() }, { 1 / $0 }),
        MapCase("exp", ulps: 2, { try $0.exp() }, { exp($0) }),
        MapCase("log", in: 0...9, ulps: 2, { try $0.log() }, { log($0) }),
        MapCase("tanh", ulps: 4, { try $0.tanh() }, { tanh($0) }),
        // e⁻ˣ to 2 ulp, an addition and a division: 2 + 0.5 + 2.5.
        MapCase("logistic", ulps: 5, { try $0.logistic() }, { 1 / (1 + exp(-$0)) }),
        MapCase("relu", ulps: 0, { try $0.relu() }, { max($0, 0) }),
        MapCase("sign", ulps: 0, { try $0.sign() }, { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }),
        // A product and a sum, each rounded to half an ulp of at most |cx| + |d|.
        MapCase(
            "scaled by, plus", bound: { x, _ in epsilon * (abs(2.5 * x) + 0.75) },
            { try $0.scaled(by: 2.5, plus: -0.75) },
            { 2.5 * $0 - 0.75 }),
        MapCase("scaled by", ulps: 0.5, { try $0.scaled(by: -1.7) }, { Double(Float(-1.7)) * $0 }),
        MapCase("clamped", ulps: 0, { try $0.clamped(to: -1...2) }, { min(max($0, -1), 2) }),
        MapCase("+ Float", ulps: 0.5, { try $0 + 3 }, { $0 + 3 }),
        MapCase("Float +", ulps: 0.5, { try 3 + $0 }, { $0 + 3 }),
        MapCase("- Float", ulps: 0.5, { try $0 - 3 }, { $0 - 3 }),
        MapCase("Float -", ulps: 0.5, { try 3 - $0 }, { 3 - $0 }),
        MapCase("* Float", ulps: 0.5, { try $0 * 0.3 }, { $0 * Double(Float(0.3)) }),
        MapCase("Float *", ulps: 0.5, { try 0.3 * $0 }, { $0 * Double(Float(0.3)) }),
        MapCase("/ Float", ulps: 2.5, { try $0 / 7 }, { $0 / 7 }),
        MapCase("Float /", ulps: 2.5, { try 7 / $0 }, { 7 / $0 }),
        MapCase("equal to Float", ulps: 0, { try $0.equal(to: 1) }, { $0 == 1 ? 1 : 0 }),
        // Branches at the threshold itself, which is among the arguments.
        MapCase(
            "softThresholded", ulps: 0.5, { try $0.softThresholded(by: 1) },
            { abs($0) <= 1 ? 0 : ($0 > 0 ? $0 - 1 : $0 + 1) }),
        MapCase("withoutSmall", ulps: 0, { try $0.withoutSmall(upTo: 1) }, { abs($0) <= 1 ? 0 : $0 }),
        MapCase("greater than Float", ulps: 0, { try $0.greater(than: 1) }, { $0 > 1 ? 1 : 0 }),
    ]

    @Test(arguments: maps, Device.all)
    func agreesWithTheDefinition(_ map: MapCase, on device: Device) throws {
        for size in Self.sizes {
            var random = SplitMix64(seed: UInt64(size))
            var x = random.floats(size, in: map.range)
            // Where formulas change their branch.
            for (index, special) in [Float(0), 1, 2].enumerated() where index < size { x[size - 1 - index] = special }

            let found = try map.apply(Matrix(x, 1, size, on: device)).values

            let expected = x.map { map.definition(Double($0)) }
            expectNone(
                difference(found, expected, within: { map.bound(Double(x[$0]), expected[$0]) }), "\(size) elements")
        }
    }

    // One operation, rounded once.
    static let half: @Sendable (Double, Double, Double) -> Double = { _, _, z in ulp(of: z) / 2 }
    static let exact: @Sendable (Double, Double, Double) -> Double = { _, _, _ in 0 }
    static let combinations = [
        CombinationCase("+", bound: half, { try $0 + $1 }, { $0 + $1 }),
        CombinationCase("-", bound: half, { try $0 - $1 }, { $0 - $1 }),
        CombinationCase("*", bound: half, { try $0 * $1 }, { $0 * $1 }),
        CombinationCase("/", bound: { 2.5 * ulp(of: $2) + 0 * $0 * $1 }, { try $0 / $1 }, { $0 / $1 }),
        CombinationCase("maximum", bound: exact, { try $0.maximum($1) }, { max($0, $1) }),
        CombinationCase("minimum", bound: exact, { try $0.minimum($1) }, { min($0, $1) }),
        CombinationCase("equal", bound: exact, { try $0.equal(to: $1) }, { $0 == $1 ? 1 : 0 }),
        CombinationCase("greater", bound: exact, { try $0.greater(than: $1) }, { $0 > $1 ? 1 : 0 }),
    ]
    /// Shapes of left and right: equal ones; a row, a column and a scalar on either side; a row with a column.
    static let broadcasts = [(5, 7), (64, 65), (1, 97), (97, 1), (1, 1), (0, 5), (5, 0), (131, 1031)].flatMap {
        (rows, columns) -> [(Shape, Shape)] in
        let whole = Shape(rows, columns)
        let parts = [whole, Shape(1, columns), Shape(rows, 1), Shape(1, 1)]
        return parts.map { (whole, $0) } + parts.dropFirst().map { ($0, whole) }
            + [(Shape(1, columns), Shape(rows, 1)), (Shape(rows, 1), Shape(1, columns))]
    }

    @Test(arguments: combinations, Device.all)
    func agreesWithTheDefinitionWhateverIsRepeated(_ combination: CombinationCase, on device: Device) throws {
        for (left, right) in Self.broadcasts {
            var random = SplitMix64(seed: 2)
            // Halves from -2 to 2, so that some pairs are equal; no division by 0 but on the left.
            let x = random.integers(left.count, below: 9).map { Float($0 - 4) / 2 }
            let y = random.integers(right.count, below: 8).map { Float($0 < 4 ? $0 - 4 : $0 - 3) / 2 }

            let found = try combination.apply(
                Matrix(x, left.rows, left.columns, on: device), Matrix(y, right.rows, right.columns, on: device))

            let shape = Shape(left.rows == 1 ? right.rows : left.rows, left.columns == 1 ? right.columns : left.columns)
            #expect(found.shape == shape)
            let pairs = (0..<shape.count).map { index -> (Double, Double) in
                let (r, c) = index.quotientAndRemainder(dividingBy: shape.columns)
                func element(_ values: [Float], _ s: Shape) -> Double {
                    Double(values[(s.rows == 1 ? 0 : r) * s.columns + (s.columns == 1 ? 0 : c)])
                }
                return (element(x, left), element(y, right))
            }
            let expected = pairs.map { combination.definition($0.0, $0.1) }
            try expectNone(
                difference(
                    found.values, expected, within: { combination.bound(pairs[$0].0, pairs[$0].1, expected[$0]) }),
                "\(left) with \(right)")
        }
    }

    static let slopes = [
        CombinationCase("relu", bound: exact, { try $0.reluBackward(output: $1) }, { $1 > 0 ? $0 : 0 }),
        // For |y| ≤ 1: y² and 1 − y² are each off by ε/2 at most, the product by ε/2 of itself, at most |g|.
        CombinationCase(
            "tanh", bound: { g, _, _ in 1.5 * epsilon * abs(g) }, { try $0.tanhBackward(output: $1) },
            { $0 * (1 - $1 * $1) }),
        // Likewise, with 1 − y and the product at most 2.
        CombinationCase(
            "logistic", bound: { g, _, _ in 3 * epsilon * abs(g) }, { try $0.logisticBackward(output: $1) },
            { $0 * $1 * (1 - $1) }),
    ]

    @Test(arguments: slopes, Device.all)
    func backwardPassesAgreeWithTheDefinition(_ slope: CombinationCase, on device: Device) throws {
        for size in Self.sizes {
            var random = SplitMix64(seed: 3)
            let g = random.floats(size)
            let y = random.floats(size, in: -1...1).map { abs($0) < 0.1 ? 0 : $0 }
            let found = try slope.apply(Matrix(g, size, 1, on: device), Matrix(y, size, 1, on: device)).values
            let expected = zip(g, y).map { slope.definition(Double($0), Double($1)) }
            expectNone(difference(found, expected, within: { slope.bound(Double(g[$0]), 0, 0) }), "\(size) elements")
        }
    }

    /// The slopes are those of the functions: against central differences in Double.
    @Test(arguments: Device.all)
    func backwardPassesAreTheSlopesOfTheForwardPasses(on device: Device) throws {
        var random = SplitMix64(seed: 4)
        let x = random.floats(200, in: -3...3).filter { abs($0) > 1e-3 }
        let g = random.floats(x.count)
        let input = try Matrix(x, 1, x.count, on: device)
        let gradient = try Matrix(g, 1, x.count, on: device)
        let functions: [(Matrix, (Double) -> Double)] = [
            (try gradient.reluBackward(output: input.relu()), { max($0, 0) }),
            (try gradient.tanhBackward(output: input.tanh()), { tanh($0) }),
            (try gradient.logisticBackward(output: input.logistic()), { 1 / (1 + exp(-$0)) }),
        ]
        for (found, f) in functions {
            let h = 1e-5
            let expected = zip(x, g).map { x, g in Double(g) * (f(Double(x) + h) - f(Double(x) - h)) / (2 * h) }
            // y is known to 4 ulp, so to 4ε/2; its slope changes at most twice as much. h² f‴ is far below.
            try expectNone(difference(found.values, expected, within: 8 * epsilon))
        }
    }

    // MARK: In place

    @Test(arguments: sizes, Device.all)
    func changesInPlaceAgreeWithTheirDefinitions(_ size: Int, on device: Device) throws {
        var random = SplitMix64(seed: 5)
        let x = random.floats(size)
        let y = random.floats(size)
        let other = try Matrix(x, size, 1, on: device)

        var filled = try Matrix(y, size, 1, on: device)
        try filled.fill(with: -2.5)
        #expect(try filled.values == [Float](repeating: -2.5, count: size))
        #expect(try Matrix(zeros: Shape(1, size), on: device).values == [Float](repeating: 0, count: size))
        #expect(try Matrix(filledWith: 7, Shape(size, 1), on: device).values == [Float](repeating: 7, count: size))

        var sum = try Matrix(y, size, 1, on: device)
        try sum.add(other, times: 0.3)
        let a = Double(Float(0.3))
        // A product and a sum of numbers up to 1.3.
        try expectNone(difference(sum.values, zip(x, y).map { Double($1) + a * Double($0) }, within: 2 * epsilon))

        var scaled = try Matrix(y, size, 1, on: device)
        try scaled.scale(by: 0.3)
        try expectNone(difference(scaled.values, y.map { a * Double($0) }, ulps: 0.5))

        var mean = try Matrix(y, size, 1, on: device)
        try mean.lerp(to: other, weight: 0.25)
        // A difference up to 2, a product up to 0.5, a sum up to 1.
        try expectNone(
            difference(
                mean.values, zip(x, y).map { Double($1) + 0.25 * (Double($0) - Double($1)) }, within: 2 * epsilon))
    }

    @Test(arguments: Device.all)
    func theMeanOfManyIsMovedTowardsEachInTurn(on device: Device) throws {
        var mean = try Matrix(zeros: Shape(1, 3), on: device)
        for n in 1...100 {
            try mean.lerp(to: Matrix([Float(n), Float(-n), 1], 1, 3, on: device), weight: 1 / Float(n))
        }
        // 100 steps, each with three roundings of numbers up to 100.
        try expectNone(difference(mean.values, [50.5, -50.5, 1], within: 100 * 1.5 * epsilon * 100))
    }

    @Test(arguments: Device.all)
    func specialValuesPassThrough(on device: Device) throws {
        let x: [Float] = [.nan, .infinity, -.infinity, 0, -0.0]
        let m = try Matrix(x, 1, 5, on: device)
        func check(_ found: Matrix, _ expected: [Double]) throws {
            try expectNone(difference(found.values, expected, within: 0))
        }
        try check(m.negated(), [.nan, -.infinity, .infinity, 0, 0])
        try check(m.absolute(), [.nan, .infinity, .infinity, 0, 0])
        try check(m.squared(), [.nan, .infinity, .infinity, 0, 0])
        try check(m.sqrt(), [.nan, .infinity, .nan, 0, 0])
        try check(m.reciprocal(), [.nan, 0, 0, .infinity, -.infinity])
        try check(m.sign(), [0, 1, -1, 0, 0])
        try check(m.clamped(to: -1...1), [.nan, 1, -1, 0, 0])
        try check(m + m, [.nan, .infinity, -.infinity, 0, 0])
        try check(m - m, [.nan, .nan, .nan, 0, 0])
        try check(m.equal(to: m), [0, 1, 1, 1, 1])
        try check(m.greater(than: 0), [0, 1, 0, 0, 0])
    }

    /// The kernel behind a product over no terms, on devices whose library refuses it.
    @Test(arguments: [0, 1, 63, 64, 65, 20_011], Device.all)
    func aRangeIsScaledAndItsSurroundingsStay(_ count: Int, on device: Device) throws {
        for c: Float in [0, 1, -0.5] {
            let offset = 19
            var x = (0..<count + 2 * offset).map { Float($0) }
            if count > 0 { x[offset] = .nan }
            let m = try Matrix(x, 1, x.count, on: device)
            try device.launch(
                .scaleRange, [.int(count), .int(offset), .float(c), m.argument], over: .elements(count, bytes: 8))
            // 0 clears even NaN.
            let expected = x.enumerated().map { index, element -> Double in
                (offset..<offset + count).contains(index) ? (c == 0 ? 0 : Double(c * element)) : Double(element)
            }
            try expectNone(difference(m.values, expected, within: 0))
        }
    }
}
