import CLMat
import Foundation
import TestSupport
import Testing

/// Random sequences of operations, done on the CPU and on another device side by side. After each operation both hold
/// the same shapes, throw the same errors, and differ by no more than the roundings so far can explain.
@Suite struct StressTests {
    /// Ten thousand with `CLMAT_STRESS=10000`; else so many that they take some seconds.
    static let asked = ProcessInfo.processInfo.environment["CLMAT_STRESS"].flatMap { Int($0) }

    @Test(arguments: Device.openCL)
    func randomSequencesAgree(on device: Device) throws {
        let count = Self.asked ?? TestSize.large(200, small: 20)
        let start = ContinuousClock.now
        var operations = 0
        for seed in 0..<count {
            var sequence = RandomSequence(seed: UInt64(seed), on: device)
            do {
                for _ in 0..<12 {
                    try sequence.step()
                    operations += 1
                }
            } catch let disagreement as RandomSequence.Disagreement {
                Issue.record(
                    "sequence \(seed): \(disagreement.problem)\n\(sequence.history.joined(separator: "\n"))")
            }
        }
        #expect(operations == 12 * count)
        if Self.asked != nil { print("\(operations) operations in \(ContinuousClock.now - start) on \(device)") }
    }
}

/// One matrix on two devices.
private struct Twin {
    var here: Matrix
    var there: Matrix
    /// No element of one is further than this from the same element of the other.
    var error: Double
    /// No element of either is larger than this.
    var peak: Double

    var shape: Shape { here.shape }
}

private struct RandomSequence {
    struct Disagreement: Error { let problem: String }

    /// Nothing, one, and sizes around vectors, tiles and work-groups.
    static let sizes = [0, 1, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65]

    private(set) var history: [String] = []
    private var random: SplitMix64
    private let device: Device
    private var twins: [Twin] = []

    init(seed: UInt64, on device: Device) {
        (random, self.device) = (SplitMix64(seed: seed), device)
    }

    private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
    private mutating func size() -> Int { Self.sizes[below(Self.sizes.count)] }
    private mutating func range(within count: Int) -> Range<Int> {
        let lower = below(count + 1)
        return lower..<lower + below(count - lower + 1)
    }

    // MARK: - Matrices

    /// A new matrix; equal on both, so without error.
    private mutating func fresh(_ shape: Shape) throws -> Twin {
        let values = random.floats(shape.count, in: -2...2)
        return Twin(
            here: try Matrix(values, shape.rows, shape.columns, on: .cpu),
            there: try Matrix(values, shape.rows, shape.columns, on: device), error: 0, peak: 2)
    }

    private mutating func pick() throws -> Twin {
        if twins.isEmpty || below(4) == 0 { return try fresh(Shape(size(), size())) }
        return twins[below(twins.count)]
    }

    /// A matrix of that shape, one that was computed if there is one.
    private mutating func partner(_ shape: Shape) throws -> Twin {
        if below(2) == 0, let found = twins.first(where: { $0.shape == shape }) { return found }
        return try fresh(shape)
    }

    /// Does the same on both devices, and compares. Where one throws, the other must throw the same.
    private mutating func both(
        _ name: String, error: Double, _ here: () throws -> Matrix, _ there: () throws -> Matrix
    ) throws {
        history.append(name)
        var results: (here: Matrix?, there: Matrix?)
        let thrown = (thrownCase { results.here = try here() }, thrownCase { results.there = try there() })
        guard thrown.0 == thrown.1, thrown.0 != "deviceFailed" else {
            throw Disagreement(problem: "\(name) throws '\(thrown.0)' on the CPU, '\(thrown.1)' on the device")
        }
        guard let here = results.here, let there = results.there else { return }
        try keep(name, here, there, error: error)
    }

    private mutating func keep(_ name: String, _ here: Matrix, _ there: Matrix, error: Double) throws {
        guard here.shape == there.shape else {
            throw Disagreement(problem: "\(name) is \(here.shape) on the CPU, \(there.shape) on the device")
        }
        let (values, others) = try (here.values, there.values)
        if let problem = difference(others, values.map(Double.init), within: error) {
            throw Disagreement(problem: "\(name), \(here.shape): \(problem)")
        }
        let peak = values.reduce(0) { max($0, Double(abs($1))) }
        guard peak.isFinite else { throw Disagreement(problem: "\(name) left the finite numbers") }
        var twin = Twin(here: here, there: there, error: error, peak: peak + error)
        if twin.peak > 4 {
            // By a power of two, which rounds nothing: so that products of products stay finite.
            let factor = exp2(-ceil(log2(twin.peak / 4)))
            twin.here = try here.scaled(by: Float(factor))
            twin.there = try there.scaled(by: Float(factor))
            (twin.error, twin.peak) = (error * factor, twin.peak * factor)
        }
        // From a bound that has grown too loose to find anything, both go on with the numbers of the CPU.
        if twin.error > 1e-3 * twin.peak {
            twin.there = try twin.here.copied(to: device)
            twin.error = 0
        }
        twins.append(twin)
        if twins.count > 6 { twins.removeFirst() }
    }

    private func agree(_ name: String, _ here: Float, _ there: Float, error: Double) throws {
        if let problem = difference([there], [Double(here)], within: error) {
            throw Disagreement(problem: "\(name): \(problem)")
        }
    }

    // MARK: - Operations

    mutating func step() throws {
        switch below(10) {
        case 0, 1: try map()
        case 2, 3: try combine()
        case 4: try product()
        case 5: try reduce()
        case 6: try layout()
        case 7: try gather()
        case 8: try changeInPlace()
        default: try image()
        }
    }

    private mutating func map() throws {
        let a = try pick()
        let (e, p) = (a.error, a.peak)
        // Each bound: the map's slope times the error before, and the roundings of both devices (Matrix+Elementwise).
        let maps: [(String, Double, (Matrix) throws -> Matrix)] = [
            ("negated", e, { try $0.negated() }),
            ("absolute", e, { try $0.absolute() }),
            ("relu", e, { try $0.relu() }),
            ("clamped", e, { try $0.clamped(to: -0.75...0.5) }),
            ("squared", 2 * p * e + epsilon * p * p, { try $0.squared() }),
            ("scaled", 1.5 * e + 2 * epsilon * (1.5 * p + 0.3), { try $0.scaled(by: -1.5, plus: 0.3) }),
            ("tanh", e + 8 * epsilon, { try $0.tanh() }),
            ("logistic", e / 4 + 10 * epsilon, { try $0.logistic() }),
            ("exp", exp(p) * (e + 4 * epsilon), { try $0.exp() }),
            // Over numbers from 1 up, where the slopes are 1 and 1/2 at most.
            (
                "log", e + 6 * epsilon * max(1, log(1 + p)) + epsilon * (1 + p),
                { try ($0.absolute() + 1).log() }
            ),
            ("sqrt", e / 2 + 4 * epsilon * (1 + p), { try ($0.absolute() + 1).sqrt() }),
            ("reciprocal", e + 5 * epsilon * (1 + p), { try ($0.absolute() + 1).reciprocal() }),
            // Σ|∂sᵢ/∂xⱼ| ≤ 1/2; e^x and the sum of n of them are off by a few ε each, relative to the result.
            (
                "softmaxRows", e + (8 + 2 * p + Double(a.shape.columns)) * epsilon, { try $0.softmaxRows() }
            ),
            (
                "logSoftmaxRows", 2 * e + (16 + 4 * p + Double(a.shape.columns)) * epsilon,
                { try $0.logSoftmaxRows() }
            ),
        ]
        let (name, bound, body) = maps[below(maps.count)]
        try both("\(name) of \(a.shape)", error: bound, { try body(a.here) }, { try body(a.there) })
    }

    private mutating func combine() throws {
        let a = try pick()
        // Whole, a row, a column, one element, or a shape that may not fit at all.
        let shapes = [
            a.shape, a.shape, Shape(1, a.shape.columns), Shape(a.shape.rows, 1), Shape(1, 1), Shape(size(), size()),
        ]
        var b = try partner(shapes[below(shapes.count)])
        var left = a
        if below(2) == 0 { swap(&left, &b) }
        let (e, f, p, q) = (left.error, b.error, left.peak, b.peak)
        let kinds: [(String, Double, (Matrix, Matrix) throws -> Matrix)] = [
            ("+", e + f + epsilon * (p + q), { try $0 + $1 }),
            ("-", e + f + epsilon * (p + q), { try $0 - $1 }),
            ("*", p * f + q * e + epsilon * p * q, { try $0 * $1 }),
            // The divisor is at least 1. A quotient may be off by 2.5 ulp (OpenCL 1.2, section 7.4).
            ("/", e + p * f + 6 * epsilon * p * (1 + q), { try $0 / ($1.absolute() + 1) }),
            ("maximum", max(e, f), { try $0.maximum($1) }),
            ("minimum", max(e, f), { try $0.minimum($1) }),
        ]
        let (name, bound, body) = kinds[below(kinds.count)]
        try both(
            "\(left.shape) \(name) \(b.shape)", error: bound, { try body(left.here, b.here) },
            { try body(left.there, b.there) })
        // A comparison has a step, so it is compared where both hold the same numbers.
        if e == 0, f == 0 {
            try both(
                "\(left.shape) > \(b.shape)", error: 0, { try left.here.greater(than: b.here) },
                { try left.there.greater(than: b.there) })
        }
    }

    /// Of k terms: what the operands' errors do, and k·ε·Σ|a||b| for each device (Matrix/matmul).
    private func productError(_ a: Twin, _ b: Twin, _ k: Int) -> Double {
        let terms = Double(k)
        return terms * (a.peak * b.error + b.peak * a.error) + 2 * terms * epsilon * terms * a.peak * b.peak
    }

    private mutating func product() throws {
        let a = try pick()
        let transposition = [Matrix.Transposition.none, .left, .right, .both][below(4)]
        let isLeft = transposition == .left || transposition == .both
        let isRight = transposition == .right || transposition == .both
        let k = isLeft ? a.shape.rows : a.shape.columns
        let m = isLeft ? a.shape.columns : a.shape.rows
        let n = size()
        let b = try partner(isRight ? Shape(n, k) : Shape(k, n))
        let error = productError(a, b, k)
        let name = "\(a.shape) · \(b.shape), transposing \(transposition)"
        if below(2) == 0 {
            try both(
                name, error: error, { try a.here.matmul(b.here, transposing: transposition) },
                { try a.there.matmul(b.there, transposing: transposition) })
        } else {
            let c = try partner(Shape(m, n))
            try inPlace(
                "\(name), 0.5 of it added to -0.25 of \(c.shape)", c,
                error: error / 2 + c.error / 4 + 4 * epsilon * (Double(k) * a.peak * b.peak + c.peak)
            ) { target, isHere in
                try target.multiply(
                    isHere ? a.here : a.there, isHere ? b.here : b.there, transposing: transposition, alpha: 0.5,
                    beta: -0.25)
            }
        }
    }

    private mutating func reduce() throws {
        let a = try pick()
        let (e, p) = (a.error, a.peak)
        // A sum of n in any order is within (n − 1)·ε/2·Σ|x| of the exact one, on each device.
        func sumError(_ n: Int, _ e: Double, _ p: Double) -> Double {
            Double(n) * e + Double(n) * epsilon * Double(n) * p
        }
        let (rows, columns) = (a.shape.rows, a.shape.columns)
        let squareError = 2 * p * e + 2 * epsilon * p * p
        let kinds: [(String, Double, (Matrix) throws -> Matrix)] = [
            ("rowSums", sumError(columns, e, p), { try $0.rowSums() }),
            ("columnSums", sumError(rows, e, p), { try $0.columnSums() }),
            ("rowMeans", sumError(columns, e, p), { try $0.rowMeans() }),
            ("columnMeans", sumError(rows, e, p), { try $0.columnMeans() }),
            ("rowSumsOfSquares", sumError(columns, squareError, p * p), { try $0.rowSumsOfSquares() }),
            ("columnSumsOfSquares", sumError(rows, squareError, p * p), { try $0.columnSumsOfSquares() }),
            ("rowDots", sumError(columns, squareError, p * p), { try $0.rowDots($0) }),
            ("rowMax", e, { try $0.rowMax() }), ("rowMin", e, { try $0.rowMin() }),
            ("columnMax", e, { try $0.columnMax() }), ("columnMin", e, { try $0.columnMin() }),
        ]
        let (name, bound, body) = kinds[below(kinds.count)]
        try both("\(name) of \(a.shape)", error: bound, { try body(a.here) }, { try body(a.there) })

        let whole = "sum, mean and extremes of \(a.shape)"
        history.append(whole)
        try agree(whole, a.here.sum(), a.there.sum(), error: sumError(a.shape.count, e, p))
        guard a.shape.count > 0 else { return }
        try agree(whole, a.here.max(), a.there.max(), error: e)
        try agree(whole, a.here.min(), a.there.min(), error: e)
        try agree(whole, a.here.mean(), a.there.mean(), error: sumError(a.shape.count, e, p))
        // Where two elements are within the error, either may be the largest: so the value there is compared.
        let (places, values, largest) = try (a.there.rowArgmax().values, a.here.values, a.here.rowMax().values)
        for (row, place) in places.enumerated() {
            let found = Double(values[row * columns + Int(place)])
            guard (0..<columns).contains(Int(place)), found >= Double(largest[row]) - 2 * e else {
                throw Disagreement(problem: "rowArgmax of \(a.shape), row \(row): \(place)")
            }
        }
    }

    private mutating func layout() throws {
        let a = try pick()
        switch below(4) {
        case 0:
            try both(
                "transposed \(a.shape)", error: a.error, { try a.here.transposed() }, { try a.there.transposed() })
        case 1:
            try both(
                "reshaped \(a.shape)", error: a.error, { try a.here.reshaped(a.shape.columns, a.shape.rows) },
                { try a.there.reshaped(a.shape.columns, a.shape.rows) })
        case 2:
            let (rows, columns) = (range(within: a.shape.rows), range(within: a.shape.columns))
            try both(
                "rows \(rows), columns \(columns) of \(a.shape)", error: a.error,
                { try a.here.slice(rows: rows, columns: columns) },
                { try a.there.slice(rows: rows, columns: columns) })
        default:
            let (rows, columns) = (range(within: a.shape.rows), range(within: a.shape.columns))
            let b = try partner(Shape(rows.count, columns.count))
            try inPlace(
                "rows \(rows), columns \(columns) of \(a.shape) replaced", a, error: max(a.error, b.error)
            ) { target, isHere in
                try target.replace(
                    row: rows.lowerBound, column: columns.lowerBound, with: isHere ? b.here : b.there)
            }
        }
    }

    private mutating func gather() throws {
        let a = try pick()
        let count = size()
        // Now and then one outside, which both must refuse.
        let limit = below(8) == 0 ? a.shape.rows + 1 : a.shape.rows
        let indices = limit == 0 ? [] : random.integers(count, below: limit)
        let here = try IntVector(indices, on: .cpu)
        let there = try IntVector(indices, on: device)
        switch below(3) {
        case 0:
            try both(
                "\(indices.count) rows of \(a.shape) below \(limit)", error: a.error, { try a.here.gatherRows(here) },
                { try a.there.gatherRows(there) })
        case 1:
            let b = try partner(Shape(indices.count, a.shape.columns))
            let terms = Double(indices.count)
            try inPlace(
                "\(b.shape) added to \(indices.count) rows of \(a.shape) below \(limit)", a,
                error: a.error + terms * b.error + 2 * terms * epsilon * (a.peak + terms * b.peak)
            ) { target, isHere in
                try target.scatterAddRows(isHere ? b.here : b.there, at: isHere ? here : there)
            }
        default:
            let columns = max(1, a.shape.rows)
            try both(
                "one of \(columns) hot, \(indices.count) rows", error: 0,
                { try Matrix.oneHot(here, columns: columns) }, { try Matrix.oneHot(there, columns: columns) })
        }
    }

    /// Changes a matrix whose memory a copy shares: the copy must keep its numbers, on both devices.
    private mutating func inPlace(
        _ name: String, _ a: Twin, error: Double, _ change: (inout Matrix, _ isHere: Bool) throws -> Void
    ) throws {
        let before = try (a.here.values, a.there.values)
        try both(
            name, error: error,
            {
                var copy = a.here
                try change(&copy, true)
                return copy
            },
            {
                var copy = a.there
                try change(&copy, false)
                return copy
            })
        for (kept, values) in try [(a.here.values, before.0), (a.there.values, before.1)] {
            if let problem = bitDifference(kept, values) {
                throw Disagreement(problem: "\(name) changed what it shared: \(problem)")
            }
        }
    }

    private mutating func changeInPlace() throws {
        let a = try pick()
        let (e, p) = (a.error, a.peak)
        let b = try partner(below(8) == 0 ? Shape(size(), size()) : a.shape)
        let (f, q) = (b.error, b.peak)
        switch below(5) {
        case 0:
            try inPlace(
                "-0.7 of \(b.shape) added to \(a.shape)", a, error: e + 0.7 * f + 2 * epsilon * (p + q)
            ) { try $0.add($1 ? b.here : b.there, times: -0.7) }
        case 1:
            try inPlace("\(a.shape) scaled by 1.3", a, error: 1.3 * e + 2 * epsilon * p) { target, _ in
                try target.scale(by: 1.3)
            }
        case 2:
            try inPlace(
                "\(a.shape) moved towards \(b.shape)", a, error: 0.75 * e + 0.25 * f + 4 * epsilon * (p + q)
            ) { try $0.lerp(to: $1 ? b.here : b.there, weight: 0.25) }
        case 3:
            try inPlace("\(a.shape) filled", a, error: 0) { target, _ in try target.fill(with: 0.5) }
        default:
            let values = random.floats(a.shape.count)
            try inPlace("\(a.shape) written", a, error: 0) { target, _ in try target.write(values) }
        }
    }

    /// Sizes, strides, paddings and dilations of their own for each side.
    private mutating func window() throws -> SlidingWindow {
        try SlidingWindow(
            height: 1 + below(4), width: 1 + below(4), strideDown: 1 + below(3), strideAcross: 1 + below(3),
            paddingTop: below(3), paddingLeft: below(3), paddingBottom: below(3), paddingRight: below(3),
            dilationDown: 1 + below(2), dilationAcross: 1 + below(3))
    }

    /// A convolution and a pooling with a random geometry, sometimes one that is refused.
    private mutating func image() throws {
        let (groups, channels, filters) = (1 + below(3), 1 + below(6), 1 + below(6))
        let shape = ImageShape(channels: groups * channels, height: 1 + below(9), width: 1 + below(9))
        let x = try partner(Shape(below(4), shape.count))
        let window = try window()
        let name = "\(groups) times \(filters) filters of \(window) on \(shape)"
        if let g = try? Convolution(input: shape, filters: groups * filters, window: window, groups: groups) {
            try convolve(x, g, name)
        }
        let (roundsUp, countsPadding) = (below(2) == 0, below(2) == 0)
        if let pooling = try? Pooling(
            input: shape, window: below(8) == 0 ? .even(height: shape.height, width: shape.width) : self.window(),
            roundsUp: roundsUp, countsPadding: countsPadding)
        {
            try pool(x, pooling)
        }
    }

    private mutating func convolve(_ x: Twin, _ g: Convolution, _ name: String) throws {
        let w = try fresh(Shape(g.filters, g.patchSize))
        let biases = try fresh(Shape(1, g.filters))
        try both(
            "\(name), \(x.shape.rows) images", error: productError(x, w, g.patchSize) + 4 * epsilon * 2,
            { try x.here.convolved(w.here, biases: biases.here, g) },
            { try x.there.convolved(w.there, biases: biases.there, g) })
        try both(
            "\(name), without biases", error: productError(x, w, g.patchSize), { try x.here.convolved(w.here, g) },
            { try x.there.convolved(w.there, g) })

        let dy = try fresh(Shape(x.shape.rows, g.output.count))
        try both(
            "gradient by the images of \(name)",
            error: productError(dy, w, g.filters / g.groups * g.window.area),
            { try dy.here.convolutionInputGradient(w.here, g) }, { try dy.there.convolutionInputGradient(w.there, g) })
        let error = productError(dy, x, max(1, x.shape.rows) * g.output.area)
        try both(
            "gradient by the weights of \(name)", error: error,
            { try dy.here.convolutionWeightGradient(x.here, g).weights },
            { try dy.there.convolutionWeightGradient(x.there, g).weights })
        try both(
            "gradient by the weights alone of \(name)", error: error,
            { try dy.here.convolutionWeightGradientWithoutBiases(x.here, g) },
            { try dy.there.convolutionWeightGradientWithoutBiases(x.there, g) })
    }

    private mutating func pool(_ x: Twin, _ pooling: Pooling) throws {
        let name =
            "\(pooling.window) (up: \(pooling.roundsUp), padding counts: \(pooling.countsPadding)) of \(pooling.input)"
        try both(
            "largest of \(name)", error: x.error, { try x.here.maxPooled(pooling).values },
            { try x.there.maxPooled(pooling).values })
        let terms = Double(pooling.window.area)
        try both(
            "means of \(name)", error: x.error + (terms + 4) * epsilon * x.peak,
            { try x.here.averagePooled(pooling) }, { try x.there.averagePooled(pooling) })
        let dy = try fresh(Shape(x.shape.rows, pooling.output.count))
        // At most as many windows meet in a pixel as a window has elements.
        try both(
            "gradient of means of \(name)", error: terms * (dy.error + (terms + 4) * epsilon * dy.peak),
            { try dy.here.averagePoolGradient(pooling) }, { try dy.there.averagePoolGradient(pooling) })
        // Where both hold the same numbers, they have the same maxima.
        guard x.error == 0 else { return }
        let (here, there) = try (x.here.maxPooled(pooling), x.there.maxPooled(pooling))
        try both(
            "gradient of the largest of \(name)", error: terms * (dy.error + terms * epsilon * dy.peak),
            { try dy.here.maxPoolGradient(here.argmaxIndices, pooling) },
            { try dy.there.maxPoolGradient(there.argmaxIndices, pooling) })
    }
}
