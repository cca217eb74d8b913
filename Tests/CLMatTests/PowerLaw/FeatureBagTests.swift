import TestSupport
import Testing

@testable import CLMat

/// Sums of the rows that sparse records have, and steps along their gradient.
@Suite struct FeatureBagTests {
    /// 7 records, one of them empty; ranks come in any order, and one twice in a record.
    private struct Records {
        var starts: [Int32] = [0]
        var ranks: [Int32] = []
        var values: [Float] = []

        init(features: Int, seed: UInt64) {
            var random = SplitMix64(seed: seed)
            for record in 0..<7 {
                let count = record == 3 ? 0 : 5
                for place in 0..<count {
                    let rank = place == 4 ? ranks[ranks.count - 1] : Int32(random.next() % UInt64(features))
                    ranks.append(rank)
                    values.append(random.floats(1)[0])
                }
                starts.append(Int32(ranks.count))
            }
        }

        func bags(_ features: Int, withValues: Bool, on device: Device) throws -> FeatureBags {
            try FeatureBags(
                starts: starts, ranks: ranks, values: withValues ? values : nil, features: features, on: device)
        }

        /// By record, its elements.
        func elements(_ record: Int, withValues: Bool) -> [(rank: Int, value: Double)] {
            (Int(starts[record])..<Int(starts[record + 1])).map {
                (Int(ranks[$0]), withValues ? Double(values[$0]) : 1)
            }
        }
    }

    @Test(arguments: PowerLawSample.shapes, Device.all)
    func sumsAreThoseOfTheDenseMatrix(_ shape: PowerLawShape, on device: Device) throws {
        let dense = PowerLawSample.dense(shape, seed: 3)
        let w = try PowerLawSample.matrix(shape, dense, on: device)
        let records = Records(features: shape.rows, seed: 4)
        for withValues in [false, true] {
            let bags = try records.bags(shape.rows, withValues: withValues, on: device)
            #expect(bags.count == 7 && bags.elements == 30)
            var (sums, squares) = ([Double](), [Double]())
            for record in 0..<7 {
                for column in 0..<shape.columns {
                    let terms = records.elements(record, withValues: withValues).map { rank, value in
                        value * Double(dense[rank * shape.columns + column])
                    }
                    sums.append(terms.reduce(0, +))
                    squares.append(terms.reduce(0) { $0 + $1 * $1 })
                }
            }
            // Five terms of size 1 at most, each rounded twice.
            let bound = 5 * 3 * Double(Float.ulpOfOne)
            try expectNone(difference(w.sums(of: bags).values, sums, within: bound))
            let both = try w.sumsAndSquares(of: bags)
            try expectNone(difference(both.sums.values, sums, within: bound))
            try expectNone(difference(both.squares.values, squares, within: 2 * bound))
        }
    }

    @Test(arguments: PowerLawSample.shapes, Device.all)
    func aStepIsAdaGradOfTheRowsThatOccur(_ shape: PowerLawShape, on device: Device) throws {
        let (columns, count) = (shape.columns, shape.rows * shape.columns)
        let records = Records(features: shape.rows, seed: 5)
        let step = AdaGradStep(
            rate: 0.1, epsilon: 1e-3, initial: 0.5, initialOthers: 0.125, l1: 0.02, l2: 0.3)
        for (withValues, isMachine) in [(false, false), (true, false), (true, true)] {
            var w = PowerLawSample.dense(shape, seed: 6).map(Double.init)
            var s = [Double](repeating: 0, count: count)
            var own = try PowerLawSample.matrix(shape, w.map(Float.init), on: device)
            var squares = try PowerLawMatrix(zerosLike: own)
            let bags = try records.bags(shape.rows, withValues: withValues, on: device)
            var random = SplitMix64(seed: 7)
            for _ in 0..<3 {
                let gradient = random.floats(7 * columns)
                let weights = bags.distinct.map { 1 + Float($0 % 3) }
                let selves = random.floats(7)
                try own.adagradStep(
                    bags, Matrix(gradient, 7, columns, on: device), squares: &squares, step, weights: weights,
                    own: isMachine ? Matrix(selves, 7, 1, on: device) : nil, from: 1, alternates: isMachine)
                // The same by element.
                for (rank, weight) in zip(bags.distinct.map(Int.init), weights) {
                    for column in 0..<columns where PowerLawSample.mask(shape)[rank * columns + column] {
                        let place = rank * columns + column
                        var g = 0.0
                        for record in 0..<7 {
                            for (other, value) in records.elements(record, withValues: withValues) where other == rank {
                                g += value * Double(gradient[record * columns + column])
                                guard isMachine, column >= 1 else { continue }
                                g -= (column % 2 == 1 ? -1 : 1) * value * value * Double(selves[record]) * w[place]
                            }
                        }
                        g += Double(weight) * Double(step.l2) * w[place]
                        s[place] += g * g
                        let size = Double(step.rate)
                            / ((s[place] + (column == 0 ? 0.5 : 0.125)).squareRoot() + Double(step.epsilon))
                        let (moved, pull) = (w[place] - size * g, size * Double(weight) * Double(step.l1))
                        w[place] = moved > pull ? moved - pull : moved < -pull ? moved + pull : 0
                    }
                }
            }
            // Sums of some five terms of size 1, three times; where a gradient is near 0, its direction is ill-conditioned by 1/ε.
            try expectNone(difference(own.dense().values, w, within: 1e-4))
            try expectNone(difference(squares.dense().values, s, within: 1e-4))
        }
    }

    @Test(arguments: Device.all) func sortedByRankTheyAreTheSame(on device: Device) throws {
        var random = SplitMix64(seed: 8)
        // Ranks of many sizes, so that more than one digit is sorted by.
        let ranks = (0..<3000).map { _ in Int32(random.next() % 7_000_000) >> Int32(random.next() % 20) }
        let starts = [0] + (1...100).map { Int32(30 * $0) }
        let bags = try FeatureBags(starts: starts, ranks: ranks, features: 7_000_000, on: device)
        let order = ranks.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
        #expect(bags.distinct == Array(Set(ranks)).sorted())
        #expect(try bags.byRank.bags.values == order.map { Int32($0 / 30) })
        var expected: [Int32] = [0]
        for rank in bags.distinct { expected.append(expected[expected.count - 1] + Int32(ranks.count { $0 == rank })) }
        #expect(try bags.byRank.starts.values == expected)
    }

    @Test(arguments: Device.all) func nothingIsASumOfZeros(on device: Device) throws {
        let shape = try PowerLawShape.nested([(9, 1), (3, 4)])
        var w = try PowerLawMatrix(uniform: -1...1, shape, RandomKey(seed: 1, stream: 0), on: device)
        let empty = try FeatureBags(starts: [0, 0, 0], ranks: [], features: 9, on: device)
        #expect(try w.sums(of: empty).values == [Float](repeating: 0, count: 8))
        let none = try FeatureBags(starts: [0], ranks: [], features: 9, on: device)
        #expect(try w.sums(of: none).shape == Shape(0, 4))
        let before = try w.elements.values
        var squares = try PowerLawMatrix(zerosLike: w)
        try w.adagradStep(
            empty, Matrix(filledWith: 1, Shape(2, 4), on: device), squares: &squares, AdaGradStep(rate: 1))
        #expect(try w.elements.values == before)
    }

    @Test(arguments: Device.all) func whatDoesNotFitIsRefused(on device: Device) throws {
        func bags(_ starts: [Int32], _ ranks: [Int32], _ values: [Float]? = nil, _ features: Int = 9) -> String {
            thrownCase {
                _ = try FeatureBags(starts: starts, ranks: ranks, values: values, features: features, on: device)
            }
        }
        #expect(bags([0, 1], [9]) == "invalidArgument")
        #expect(bags([0, 1], [-1]) == "invalidArgument")
        #expect(bags([0, 2, 1, 3], [1, 2, 3]) == "invalidArgument")
        #expect(bags([1, 3], [1, 2, 3]) == "invalidArgument")
        #expect(bags([], []) == "invalidArgument")
        #expect(bags([0, 1], [1], [1, 2]) == "invalidArgument")
        #expect(bags([0, 1], [1], nil, 0) == "invalidArgument")
        var w = try PowerLawMatrix(zeros: .dense(9, 4), on: device)
        var squares = w
        let fine = try FeatureBags(starts: [0, 1], ranks: [1], features: 9, on: device)
        let others = try FeatureBags(starts: [0, 1], ranks: [1], features: 10, on: device)
        let (gradient, narrow) = (
            try Matrix(zeros: Shape(1, 4), on: device), try Matrix(zeros: Shape(1, 3), on: device)
        )
        #expect(thrownCase { _ = try w.sums(of: others) } == "invalidArgument")
        func step(_ gradient: Matrix, _ step: AdaGradStep, weights: [Float]? = nil, own: Matrix? = nil) -> String {
            thrownCase { try w.adagradStep(fine, gradient, squares: &squares, step, weights: weights, own: own) }
        }
        #expect(step(narrow, AdaGradStep(rate: 1)) == "shapeMismatch")
        #expect(step(gradient, AdaGradStep(rate: 1, epsilon: 0)) == "invalidArgument")
        #expect(step(gradient, AdaGradStep(rate: 1, initial: -1)) == "invalidArgument")
        #expect(step(gradient, AdaGradStep(rate: 1), weights: [1, 2]) == "invalidArgument")
        #expect(step(gradient, AdaGradStep(rate: 1), own: narrow) == "shapeMismatch")
        #expect(step(gradient, AdaGradStep(rate: 1)) == "")
    }
}
