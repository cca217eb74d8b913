import CLMatKernels
import Foundation
import TestSupport
import Testing

@testable import CLMat

@Suite struct SoftmaxKernelTests {
    /// Around the CPU's 32 lanes and a work-group of 64.
    static let shapes = [
        Shape(0, 3), Shape(1, 1), Shape(5, 1), Shape(7, 10), Shape(3, 31), Shape(3, 33), Shape(4, 63), Shape(4, 64),
        Shape(4, 65), Shape(100, 10), Shape(2, 4097), Shape(3, 2049),
        // Long rows: in parts where they are few, and by pieces of 2048 on the CPU.
        Shape(1, TestSize.large(100_003, small: 5003)), Shape(9, TestSize.large(33_001, small: 2111)),
    ]
    /// Half the width of the numbers: within it exp(x) is far from its ends, and far past them.
    static let widths: [Float] = [1, 30, 1000]

    /// e^(x − m) has 2 ulp and the rounding of x − m, up to ε/2 · |x − m|; the sum of them n/32 + 6 roundings; a
    /// division 2.5 ulp.
    static func relativeBound(_ columns: Int, _ distance: Double) -> Double {
        epsilon * (2 + distance / 2 + 2 + (Double(columns) / 32 + 6) / 2 + 2.5)
    }

    @Test(arguments: shapes, Device.all)
    func agreesWithTheDefinition(_ shape: Shape, on device: Device) throws {
        for width in Self.widths {
            var random = SplitMix64(seed: 1)
            let x = random.floats(shape.count, in: -width...width)
            let m = try Matrix(x, shape.rows, shape.columns, on: device)
            let rows = ReductionKernelTests.rows(x, shape)
            let logSums = rows.map { Reference.logSumExp($0) }
            let tops = rows.map { Double($0.max() ?? 0) }
            let logs = x.indices.map { Double(x[$0]) - logSums[$0 / max(1, shape.columns)] }

            // What lies below the smallest normal number may be 0.
            let softmax = try m.softmaxRows().values
            let distances = x.indices.map { tops[$0 / shape.columns] - Double(x[$0]) }
            expectNone(
                difference(
                    softmax, logs.map { exp($0) },
                    within: {
                        Self.relativeBound(shape.columns, distances[$0]) * exp(logs[$0]) + 0x1p-126
                    }), "±\(width)")
            for row in ReductionKernelTests.rows(softmax, shape) {
                let sum = row.reduce(0) { $0 + Double($1) }
                #expect(abs(sum - 1) <= Self.relativeBound(shape.columns, 2 * Double(width)), "±\(width)")
            }

            // x − m and the result are rounded once each; ln Σ has the error of the sum, and 2 ulp.
            let found = try m.logSoftmaxRows().values
            expectNone(
                difference(
                    found, logs,
                    within: {
                        epsilon * (distances[$0] + abs(logs[$0])) + Self.relativeBound(shape.columns, 0)
                            + 2 * epsilon * abs(logSums[$0 / shape.columns] - tops[$0 / shape.columns])
                    }), "±\(width)")
        }
    }

    @Test(arguments: Device.all)
    func oneColumnIsCertain(on device: Device) throws {
        let m = try Matrix([3, -1e30, 1e30, 0], 4, 1, on: device)
        #expect(try m.softmaxRows().values == [1, 1, 1, 1])
        #expect(try m.logSoftmaxRows().values == [0, 0, 0, 0])
        let (losses, gradient) = try m.crossEntropy(IntVector([0, 0, 0, 0], on: device))
        #expect(try losses.values == [0, 0, 0, 0])
        #expect(try gradient.values == [0, 0, 0, 0])
    }

    @Test(arguments: Device.all)
    func largeAndInfiniteValuesDoNotOverflow(on device: Device) throws {
        let m = try Matrix([1e38, 1e38, -1e38, 3e38, -3e38, 0, -.infinity, 0, 0], 3, 3, on: device)
        try expectNone(difference(m.softmaxRows().values, [0.5, 0.5, 0, 1, 0, 0, 0, 0.5, 0.5], ulps: 3))
        let logs = try m.logSoftmaxRows().values
        #expect(abs(logs[0] + Float(log(2.0))) < 1e-6 && logs[6] == -.infinity)
    }

    @Test(arguments: Device.all)
    func notANumberStaysInItsRow(on device: Device) throws {
        let m = try Matrix([1, .nan, 2, 1, 1, 1], 2, 3, on: device)
        let found = try m.softmaxRows().values
        #expect(found.map(\.isNaN) == [true, true, true, false, false, false])
        expectNone(difference(Array(found[3...]), [1, 1, 1].map { $0 / 3.0 }, ulps: 3))
        #expect(try m.logSoftmaxRows().values[..<3].allSatisfy(\.isNaN))
        #expect(try m.crossEntropy(IntVector([0, 0], on: device)).losses.values[0].isNaN)
    }

    @Test(arguments: shapes, Device.all)
    func crossEntropyAgreesWithTheDefinition(_ shape: Shape, on device: Device) throws {
        for (width, scale) in [(1, nil), (30, 2), (1000, 0.5)] as [(Float, Float?)] {
            var random = SplitMix64(seed: 2)
            let x = random.floats(shape.count, in: -width...width)
            let labels = random.integers(shape.rows, below: shape.columns)
            let (losses, gradient) = try Matrix(x, shape.rows, shape.columns, on: device)
                .crossEntropy(IntVector(labels, on: device), scale: scale)

            let rows = ReductionKernelTests.rows(x, shape)
            let logSums = rows.map { Reference.logSumExp($0) }
            let tops = rows.map { Double($0.max()!) }
            let expected = (0..<shape.rows).map { logSums[$0] - Double(x[$0 * shape.columns + Int(labels[$0])]) }
            #expect(losses.shape == Shape(shape.rows, 1) && gradient.shape == shape)
            try expectNone(
                difference(
                    losses.values, expected,
                    within: {
                        Self.relativeBound(shape.columns, 0) + 2 * epsilon * (logSums[$0] - tops[$0])
                            + epsilon * (abs(expected[$0]) + 2 * Double(width))
                    }))

            let factor = Double(scale ?? 1 / Float(max(1, shape.rows)))
            let slopes = x.indices.map { index -> Double in
                let (r, c) = index.quotientAndRemainder(dividingBy: shape.columns)
                return factor * (exp(Double(x[index]) - logSums[r]) - (c == Int(labels[r]) ? 1 : 0))
            }
            // A softmax, a difference and a product, of numbers up to 1.
            let bounds = x.indices.map { index in
                let r = index / shape.columns
                let y = exp(Double(x[index]) - logSums[r])
                return factor * (Self.relativeBound(shape.columns, tops[r] - Double(x[index])) * y + epsilon)
            }
            try expectNone(difference(gradient.values, slopes, within: { bounds[$0] }))
        }
    }

    @Test(arguments: Device.all)
    func theGradientIsTheSlopeOfTheMeanLoss(on device: Device) throws {
        let (rows, columns) = (4, 6)
        var random = SplitMix64(seed: 3)
        let x = random.floats(rows * columns, in: -2...2)
        let labels = random.integers(rows, below: columns)
        let gradient = try Matrix(x, rows, columns, on: device).crossEntropy(IntVector(labels, on: device)).gradient
            .values
        let slopes = centralDifferences(x.map(Double.init)) { x in
            (0..<rows).reduce(0) { sum, r in
                let row = x[r * columns..<(r + 1) * columns]
                return sum + log(row.reduce(0) { $0 + exp($1) }) - x[r * columns + Int(labels[r])]
            } / Double(rows)
        }
        // Numbers up to 1/4 with some 10 roundings; h² f‴ / 6 and the differences' rounding are below 10⁻¹⁰.
        expectNone(difference(gradient, slopes, within: 10 * epsilon / 4))
    }

    /// The CPU writes large results past its caches, in lines of 16 floats. The numbers are those of smaller jobs, wherever
    /// the result begins, and nothing around it changes.
    @Test func largeResultsOnTheCPUEqualThoseOfSmallJobs() {
        let (rows, columns, shift) = (1031, 1021, 3)
        let count = rows * columns
        var random = SplitMix64(seed: 4)
        let x = random.floats(count, in: -5...5)
        let canary: Float = 77
        func whole(_ job: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
            var y = [Float](repeating: canary, count: count + 2 * shift)
            y.withUnsafeMutableBufferPointer { job($0.baseAddress! + shift) }
            #expect(y.prefix(shift).allSatisfy { $0 == canary } && y.suffix(shift).allSatisfy { $0 == canary })
            return y
        }
        func run(_ kernel: Kernel, _ sizes: [clmat_argument], _ range: Range<Int>, _ y: UnsafeMutablePointer<Float>) {
            guard case .function(let registered) = kernel.form, let loop = registered.entry.pointee.loop else {
                Issue.record("\(kernel.name) has no C function")
                return
            }
            x.withUnsafeBufferPointer { x in
                let input = clmat_argument(memory: UnsafeMutableRawPointer(mutating: x.baseAddress))
                let arguments = sizes + [input, clmat_argument(memory: UnsafeMutableRawPointer(y))]
                loop(range.lowerBound, range.upperBound, arguments)
            }
        }
        let width = [clmat_argument(integer: Int32(columns))]
        let softmax = whole { run(.softmaxRows, width, 0..<rows, $0) }
        #expect(softmax == whole { y in for r in 0..<rows { run(.softmaxRows, width, r..<r + 1, y) } })
        let number = [clmat_argument(integer: Int32(count))]
        let exp = whole { run(.exp, number, 0..<count, $0) }
        let piece = 1000
        let inPieces = whole { y in
            for start in stride(from: 0, to: count, by: piece) {
                run(.exp, number, start..<min(count, start + piece), y)
            }
        }
        #expect(exp == inPieces)
    }

    // MARK: Long rows

    /// A maximum that comes late, −∞ for whole parts and for whole rows, NaN and ∞: as in short rows.
    @Test(arguments: [(2, 40_001), (9, 40_001), (2, 5000)], Device.all)
    func longRowsTreatInfinitiesAsShortOnesDo(_ sizes: (Int, Int), on device: Device) throws {
        let (rows, columns) = (sizes.0, TestSize.large(sizes.1, small: 4099))
        let last = columns - 1
        /// Softmax and logarithm of each distinct element, in a matrix whose rows are all alike.
        func check(_ row: [Float], _ expected: (Int) -> Double, _ comment: String) throws {
            let m = try Matrix((0..<rows).flatMap { _ in row }, rows, columns, on: device)
            let places = (0..<rows).flatMap { r in row.indices.map { (r, $0) } }
            let softmax = try m.softmaxRows().values
            let logs = try m.logSoftmaxRows().values
            let (losses, gradient) = try m.crossEntropy(
                IntVector([Int](repeating: last, count: rows), on: device), scale: 1)
            let wanted = places.map { expected($0.1) }
            expectNone(difference(softmax, wanted, within: { 1e-4 * wanted[$0] + 0x1p-126 }), "softmax, \(comment)")
            expectNone(difference(logs, wanted.map { log($0) }, within: 1e-4), "logarithm, \(comment)")
            try expectNone(
                difference(losses.values, [Double](repeating: -log(expected(last)), count: rows), within: 1e-4),
                "loss, \(comment)")
            let slopes = places.indices.map { wanted[$0] - (places[$0].1 == last ? 1 : 0) }
            try expectNone(difference(gradient.values, slopes, within: 1e-4), "gradient, \(comment)")
        }
        let low = [Float](repeating: -.infinity, count: columns)
        var row = low
        (row[last], row[last - 1]) = (0, 0)
        try check(row, { $0 >= last - 1 ? 0.5 : 0 }, "the last two alone")
        row = (0..<columns).map { Float($0) * 200 / Float(columns) }
        // Σ exp(200 c / n − 200) over c < n is a geometric series.
        let step = 200 / Double(columns)
        let total = (1 - exp(-200)) / (exp(step) - 1)
        try check(row, { exp(Double($0) * step - 200) / total }, "rising to 200")
        row = low
        row[last] = 5
        row[0] = 5
        try check(row, { $0 == 0 || $0 == last ? 0.5 : 0 }, "both ends")
        for (value, place) in [(Float.nan, 3), (.nan, last), (.infinity, columns / 2)] {
            row = [Float](repeating: 1, count: columns)
            row[place] = value
            try check(row, { _ in .nan }, "\(value) at \(place)")
        }
        try check(low, { _ in .nan }, "nothing above −∞")
    }

    @Test func partsDependOnSizesAndKindOfDevice() {
        #expect(RowParts(Shape(500, 100_000), on: .cpu) == nil && RowParts(Shape(1, 32768), on: .cpu) == nil)
        #expect(RowParts(Shape(2, 100_000), on: .cpu)?.count == 7)
        for device in Device.openCL where device.backend.largestGroup >= 256 {
            #expect(RowParts(Shape(100, 10), on: device) == nil)
            #expect(RowParts(Shape(500, 100_000), on: device)?.count == 2)
            #expect(RowParts(Shape(8000, 10_000), on: device)?.count == 1)
            for shape in [Shape(1, 2048), Shape(1, 1_000_003), Shape(3, 100_001)] {
                guard let parts = RowParts(shape, on: device) else { continue }
                #expect(parts.count <= 256 && parts.count * parts.length >= shape.columns)
                #expect((parts.count - 1) * parts.length < shape.columns)
            }
        }
    }

    /// A thousand classes: labels that a byte does not hold.
    @Test(arguments: [Shape(0, 3), Shape(7, 3), Shape(33, 1009), Shape(3, 4097)], Device.all)
    func weightsOfClassesAgreeWithTheDefinition(_ shape: Shape, on device: Device) throws {
        var random = SplitMix64(seed: 5)
        let x = random.floats(shape.count, in: -3...3)
        var labels = random.integers(shape.rows, below: shape.columns)
        if shape.rows > 0 { labels[0] = Int32(shape.columns - 1) }
        let weights = random.floats(shape.columns, in: 0.1...2)
        let m = try Matrix(x, shape.rows, shape.columns, on: device)
        let logSums = ReductionKernelTests.rows(x, shape).map { Reference.logSumExp($0) }
        let own = labels.map { Double(weights[Int($0)]) }
        let total = own.reduce(0, +)
        for scale: Float? in [nil, 0.5] {
            let found = try m.crossEntropy(
                IntVector(labels, on: device), weights: Matrix(weights, 1, shape.columns, on: device), scale: scale)
            let losses = labels.indices.map {
                own[$0] * (logSums[$0] - Double(x[$0 * shape.columns + Int(labels[$0])]))
            }
            let bound = 4 * Self.relativeBound(shape.columns, 6)
            try expectNone(difference(found.losses.values, losses, within: { bound * (6 + losses[$0]) }))
            try expectNone(difference(found.totalWeight.values, [total], within: Double(shape.rows) * epsilon * total))
            let gradient = x.indices.map { index in
                let (row, column) = (index / shape.columns, index % shape.columns)
                let p = exp(Double(x[index]) - logSums[row]) - (Int(labels[row]) == column ? 1 : 0)
                return p * own[row] * (scale.map { Double($0) } ?? 1 / total)
            }
            try expectNone(
                difference(found.gradient.values, gradient, within: { 2 * bound * abs(gradient[$0]) + 1e-9 }))
        }
    }

    /// PyTorch 2.13:
    ///
    ///     x = torch.tensor([[1., 2, 0.5], [-1, 0, 3], [0.25, 0.25, -0.5], [2, -2, 1]]).requires_grad_()
    ///     loss = torch.nn.CrossEntropyLoss(weight=torch.tensor([0.5, 2., 1.25]))(x, torch.tensor([1, 2, 0, 1]))
    ///     loss.backward(); print(loss, x.grad)
    @Test(arguments: Device.all)
    func weightsOfClassesAgreeWithPyTorch(on device: Device) throws {
        let x = try Matrix([1, 2, 0.5, -1, 0, 3, 0.25, 0.25, -0.5, 2, -2, 1], 4, 3, on: device)
        let found = try x.crossEntropy(
            IntVector([1, 2, 0, 1] as [Int32], on: device), weights: Matrix([0.5, 2, 1.25], 1, 3, on: device))
        try expectNone(
            difference((found.losses.columnSums() / found.totalWeight).values, [1.759444], within: 1e-6))
        try expectNone(
            difference(
                found.gradient.values,
                [
                    0.0804257, -0.1292064, 0.04878065, 0.003727788, 0.01013318, -0.01386097, -0.05178515, 0.03517137,
                    0.01661378, 0.2509214, -0.3432303, 0.09230884,
                ], within: 1e-6))
    }
}
