import CLMat
import ModelOperations
import TestSupport
import Testing

struct Change: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let apply: @Sendable (inout Matrix) throws -> Void

    init(_ name: String, _ apply: @escaping @Sendable (inout Matrix) throws -> Void) {
        (testDescription, self.apply) = (name, apply)
    }
}

/// A matrix is a value: what changes it in place changes no copy of it.
@Suite struct ValueTests {
    private static func ones(_ m: Matrix, _ rows: Int = 3, _ columns: Int = 4) throws -> Matrix {
        try Matrix(filledWith: 1, Shape(rows, columns), on: m.device)
    }

    static let changes = [
        Change("write") { try $0.write([Float](repeating: 7, count: 12)) },
        Change("fill") { try $0.fill(with: 7) },
        Change("add") { try $0.add(ones($0)) },
        Change("add itself") { try $0.add($0) },
        Change("scale") { try $0.scale(by: 2) },
        Change("lerp") { try $0.lerp(to: ones($0), weight: 0.5) },
        Change("replace") { try $0.replace(row: 1, column: 1, with: ones($0, 1, 2)) },
        Change("scatterAddRows") { try $0.scatterAddRows(ones($0, 2), at: IntVector([2, 2], on: $0.device)) },
        Change("multiply") { try $0.multiply(ones($0, 3, 2), ones($0, 2, 4), beta: 1) },
        Change("multiply a block") {
            try $0.multiply(
                ones($0, 1, 2).block(), ones($0, 2, 1).block(), into: MatrixRange(rows: 1..<2, columns: 1..<2))
        },
        Change("sgdStep") {
            var v = try ones($0)
            try $0.sgdStep(ones($0), velocity: &v, rate: 1, momentum: 1)
        },
        Change("be the velocity") {
            var w = try ones($0)
            try w.sgdStep(ones($0), velocity: &$0, rate: 1, momentum: 1)
        },
        Change("rmsPropStep") {
            var s = try ones($0)
            var v = s
            try $0.rmsPropStep(
                ones($0), meanSquare: &s, velocity: &v, rate: 1, momentum: 1, alpha: 0.5, epsilon: 1, form: .pyTorch)
        },
        Change("be the mean square") {
            var w = try ones($0)
            var v = w
            try w.rmsPropStep(
                ones($0), meanSquare: &$0, velocity: &v, rate: 1, momentum: 1, alpha: 0.5, epsilon: 1, form: .pyTorch)
        },
        Change("be RMSProp's velocity") {
            var w = try ones($0)
            var s = w
            try w.rmsPropStep(
                ones($0), meanSquare: &s, velocity: &$0, rate: 1, momentum: 0.5, alpha: 0.5, epsilon: 1,
                form: .tensorFlow)
        },
    ]

    @Test(arguments: changes, Device.all)
    func aCopyKeepsItsElements(_ change: Change, on device: Device) throws {
        let values = LayoutKernelTests.numbers(12)
        var m = try Matrix(values, 3, 4, on: device)
        let copy = m
        let reshaped = try m.reshaped(2, 6)
        try change.apply(&m)
        let changed = try m.values
        #expect(changed != values, "the change changes something")
        try expectNone(bitDifference(copy.values, values))
        try expectNone(bitDifference(reshaped.values, values))

        // The other way round, and when nobody shares.
        var other = copy
        try change.apply(&other)
        try expectNone(bitDifference(other.values, changed))
        try expectNone(bitDifference(copy.values, values))
        var alone = try Matrix(values, 3, 4, on: device)
        try change.apply(&alone)
        try expectNone(bitDifference(alone.values, changed))
    }

    @Test(arguments: Device.all)
    func aSnapshotOfChainsKeepsItsElements(on device: Device) throws {
        var random = SplitMix64(seed: 1)
        var chains = try LangevinChains(startingAt: Matrix(random.floats(10), 2, 5, on: device))
        let force = try Matrix(random.floats(10), 2, 5, on: device)
        try chains.step(gradient: force, regulariserGradient: force, noise: force, .init())
        func all(_ c: LangevinChains) throws -> [[Float]] {
            try [c.samples, c.velocities, c.meanSquares, c.averages, c.moved, c.squaredUpdateNorms].map {
                try $0.values
            }
                + [c.ages.values.map { Float($0) }]
        }
        let snapshot = chains
        let before = try all(chains)
        try chains.step(gradient: force, regulariserGradient: force, noise: force, .init())
        #expect(try all(snapshot) == before)
        for (now, then) in zip(try all(chains), before) { #expect(now != then) }
        // The same step from the snapshot gives the same numbers.
        var again = snapshot
        try again.step(gradient: force, regulariserGradient: force, noise: force, .init())
        #expect(try all(again) == all(chains))
        try again.restart(0, at: Matrix(zeros: Shape(1, 5), on: device))
        #expect(try all(snapshot) == before)
    }

    @Test(arguments: Device.all)
    func operandsStayAsTheyAre(on device: Device) throws {
        let values = LayoutKernelTests.numbers(9)
        let m = try Matrix(values, 3, 3, on: device)
        _ = try m + m
        _ = try m.matmul(m, transposing: .both)
        _ = try m.transposed()
        _ = try m.softmaxRows()
        _ = try m.crossEntropy(IntVector([0, 1, 2], on: device))
        _ = try (m.rowSums(), m.columnArgmax(), m.sum())
        try expectNone(bitDifference(m.values, values))
    }

    @Test(arguments: Device.all)
    func aCallersArrayIsNotUsedAfterwards(on device: Device) throws {
        let count = TestSize.large(1 << 20, small: 1 << 12)
        var values = [Float](repeating: 1, count: count)
        let m = try Matrix(values, 1, values.count, on: device)
        for index in values.indices { values[index] = 2 }
        #expect(try m.sum() == Float(count))
        #expect(values[0] == 2)
    }
}
