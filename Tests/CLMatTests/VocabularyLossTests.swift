import CLMat
import Foundation
import TestSupport
import Testing

/// The loss of a softmax over a vocabulary and its gradients, from what the logits are made of, beside the definition.
///
/// On the CPU the tiles are used from as many strips of 32 rows on as there are threads, and slices with fewer.
@Suite struct VocabularyLossTests {
    struct Case: CustomStringConvertible {
        let rows: Int
        let shape: PowerLawShape
        var width: Float = 1
        var description: String { "\(rows) rows, \(shape)" }
    }

    static let cases: [Case] = {
        do {
            func block(_ ranks: Range<Int>, _ columns: Range<Int>) -> PowerLawShape.Block {
                PowerLawShape.Block(ranks: ranks, columns: columns)
            }
            return [
                Case(rows: 1, shape: try .dense(1, 1)), Case(rows: 64, shape: try .dense(3, 1)),
                Case(rows: 37, shape: try .dense(97, 7)), Case(rows: 33, shape: try .dense(96, 32), width: 10),
                Case(rows: 65, shape: try .halving(features: 211, h: 5, blocks: 3).inBands),
                // Nested blocks, whose products are added up, and more than one stage of depth.
                Case(rows: 71, shape: try .halving(features: 131, h: 40, blocks: 4)),
                // Columns that begin in the middle of a strip, and words without any.
                Case(
                    rows: 40,
                    shape: try PowerLawShape(
                        rows: 120, columns: 70,
                        blocks: [block(0..<10, 0..<13), block(10..<50, 13..<69), block(30..<110, 69..<70)],
                        isPartial: true)),
            ]
        } catch { return [] }
    }()

    @Test func thereAreCases() { #expect(Self.cases.count == 7) }

    @Test(arguments: cases, Device.all)
    func lossesAndGradientsAgreeWithTheDefinition(_ test: Case, on device: Device) throws {
        let (n, v, units, scale) = (test.rows, test.shape.rows, test.shape.columns, 0.5)
        var random = SplitMix64(seed: 3)
        // The rows are a block of a wider matrix.
        let (first, pitch) = (2, units + 3)
        let x = random.floats((n + 3) * pitch, in: -test.width...test.width)
        let b = random.floats(v, in: -1...1)
        var labels = random.integers(n, below: v).map { Int32($0) }
        if n > 3 { labels[1] = -1 }
        let embedding = try PowerLawMatrix(uniform: -1...1, test.shape, RandomKey(seed: 7, stream: 1), on: device)
        let top = try Matrix(x, n + 3, pitch, on: device).block(rows: first..<first + n, columns: 1..<units + 1)
        let biases = try Matrix(b, 1, v, on: device)

        let found = try embedding.softmaxLoss(of: top, labels, biases: biases, scale: Float(scale))
        let alone = try embedding.softmaxLosses(of: top, labels, biases: biases)
        #expect(alone.shape == Shape(n, 1))

        let e = try embedding.dense().values.map { Double($0) }
        var (dTop, dE) = ([Double](repeating: 0, count: n * units), [Double](repeating: 0, count: v * units))
        var (dB, sizes) = ([Double](repeating: 0, count: v), [Double](repeating: 0, count: v))
        let (losses, lossesAlone, tops) = (try found.losses.values, try alone.values, try found.top.values)
        // Logits are within k·ε·Σ|terms| of exact ones, and their shares by that much of themselves; sums over rows or words add as much again.
        let reach = Double(units) * Double(test.width) + 1
        let tolerance = 4e-7 * (reach + 8) * Double(max(4, units)).squareRoot()
        for r in 0..<n {
            let row = (0..<units).map { Double(x[(first + r) * pitch + 1 + $0]) }
            let logits = (0..<v).map { w in (0..<units).reduce(Double(b[w])) { $0 + row[$1] * e[w * units + $1] } }
            let most = logits.max() ?? 0
            let total = logits.map { exp($0 - most) }.reduce(0, +)
            let label = Int(labels[r])
            let expected = label < 0 ? 0 : log(total) - (logits[label] - most)
            #expect(abs(Double(losses[r]) - expected) <= tolerance * 4, "row \(r)")
            #expect(abs(Double(lossesAlone[r]) - expected) <= tolerance * 4, "row \(r)")
            guard label >= 0 else {
                #expect(tops[r * units..<(r + 1) * units].allSatisfy { $0 == 0 })
                continue
            }
            for w in 0..<v {
                let share = scale * exp(logits[w] - most) / total
                let g = share - (w == label ? scale : 0)
                dB[w] += g
                sizes[w] += share + (w == label ? scale : 0)
                for k in 0..<units {
                    dTop[r * units + k] += g * e[w * units + k]
                    dE[w * units + k] += g * row[k]
                }
            }
        }
        for (own, expected) in zip(tops, dTop) { #expect(abs(Double(own) - expected) <= tolerance) }
        for (w, own) in try found.biases.values.enumerated() {
            #expect(abs(Double(own) - dB[w]) <= tolerance * (sizes[w] + 1e-3), "word \(w)")
        }
        let embeddings = try found.embedding.dense().values
        for w in 0..<v {
            for k in 0..<units where e[w * units + k] != 0 {
                let difference = abs(Double(embeddings[w * units + k]) - dE[w * units + k])
                #expect(difference <= tolerance * Double(test.width) * (sizes[w] + 1e-3), "word \(w), column \(k)")
            }
        }
        // The same again, bit for bit.
        let again = try embedding.softmaxLoss(of: top, labels, biases: biases, scale: Float(scale))
        #expect(try again.losses.values == losses)
        #expect(try again.top.values == tops)
        #expect(try again.embedding.elements.values == found.embedding.elements.values)
        #expect(try again.biases.values == found.biases.values)
    }

    /// So many logits that rows go in slices: all of them give what the two halves give, each in one slice.
    @Test(arguments: Device.all)
    func slicesAddUp(on device: Device) throws {
        let (n, v, units) = (TestSize.large(600, small: 20), TestSize.large(16_400, small: 50), 3)
        var random = SplitMix64(seed: 8)
        let embedding = try PowerLawMatrix(Matrix(random.floats(v * units), v, units, on: device))
        let top = try Matrix(random.floats(n * units), n, units, on: device)
        let biases = try Matrix(random.floats(v), 1, v, on: device)
        let labels = random.integers(n, below: v).map { Int32($0) }
        let whole = try embedding.softmaxLoss(of: top.block(), labels, biases: biases, scale: 1)
        let halves = try [0..<n / 2, n / 2..<n].map {
            try embedding.softmaxLoss(of: top.block(rows: $0), Array(labels[$0]), biases: biases, scale: 1)
        }
        for (own, other) in zip(try whole.losses.values, try halves.flatMap { try $0.losses.values }) {
            #expect(abs(own - other) < 1e-5)
        }
        for (own, other) in zip(try whole.top.values, try halves.flatMap { try $0.top.values }) {
            #expect(abs(own - other) < 1e-5)
        }
        // Words that are targets have a gradient of some units, all others one of n/v.
        func expectSum(_ whole: [Float], _ first: [Float], _ second: [Float]) {
            for i in whole.indices { #expect(abs(whole[i] - (first[i] + second[i])) < 1e-5, "\(i)") }
        }
        expectSum(try whole.biases.values, try halves[0].biases.values, try halves[1].biases.values)
        expectSum(
            try whole.embedding.elements.values, try halves[0].embedding.elements.values,
            try halves[1].embedding.elements.values)
    }

    /// Words whose maximum comes late, logits of ±10,000: finite, and right as far as floats of that size are.
    @Test(arguments: Device.all)
    func hugeLogitsAreFinite(on device: Device) throws {
        let (n, v) = (66, 300)
        let e = (0..<v).map { Float($0) / 150 - 1 }
        let embedding = try PowerLawMatrix(Matrix(e, v, 1, on: device))
        let top = try Matrix((0..<n).map { [10_000, -10_000, 1e-3][$0 % 3] }, n, 1, on: device)
        let biases = try Matrix(zeros: Shape(1, v), on: device)
        let found = try embedding.softmaxLoss(
            of: top.block(), [Int32](repeating: 0, count: n), biases: biases, scale: 1)
        let losses = try found.losses.values
        #expect(abs(losses[0] - 10_000 * (e[v - 1] - e[0])) < 0.05)
        #expect(losses[1] == 0)
        #expect(abs(Double(losses[2]) - log(Double(v))) < 0.01)
        for values in [try found.top.values, try found.embedding.elements.values, try found.biases.values] {
            #expect(values.allSatisfy { $0.isFinite })
        }
        #expect(abs(try found.top.values[0] - (e[v - 1] - e[0])) < 1e-5)
    }

    @Test(arguments: Device.all)
    func whatIsNotANumberIsSeenInTheLoss(on device: Device) throws {
        let embedding = try PowerLawMatrix(Matrix(filledWith: 1, Shape(200, 2), on: device))
        let (n, rows) = (66, [[1, 1], [.nan, 1], [Float.infinity, 1]])
        let top = try Matrix((0..<n).flatMap { rows[$0 % 3] }, n, 2, on: device)
        let labels = [Int32](repeating: 5, count: n)
        let biases = try Matrix(zeros: Shape(1, 200), on: device)
        let losses = try embedding.softmaxLosses(of: top.block(), labels, biases: biases).values
        #expect(losses[0].isFinite)
        #expect(losses[1].isNaN)
        #expect(losses[2].isNaN)
        let found = try embedding.softmaxLoss(of: top.block(), labels, biases: biases, scale: 1)
        #expect(try found.losses.values[1].isNaN)
    }

    @Test(arguments: Device.all)
    func labelsAndShapesAreChecked(on device: Device) throws {
        let embedding = try PowerLawMatrix(zeros: .halving(features: 8, h: 1, blocks: 2).inBands, on: device)
        let units = embedding.columns
        let (top, biases) = (
            try Matrix(zeros: Shape(2, units), on: device), try Matrix(zeros: Shape(1, 8), on: device)
        )
        for labels: [Int32] in [[0, 8], [-2, 0], [0]] {
            #expect(throws: CLMatError.self) {
                try embedding.softmaxLoss(of: top.block(), labels, biases: biases, scale: 1)
            }
            #expect(throws: CLMatError.self) {
                try embedding.softmaxLosses(of: top.block(), labels, biases: biases)
            }
        }
        let wide = try Matrix(zeros: Shape(2, units + 1), on: device)
        #expect(throws: CLMatError.self) {
            try embedding.softmaxLoss(of: wide.block(), [0, 1], biases: biases, scale: 1)
        }
        let long = try Matrix(zeros: Shape(1, 9), on: device)
        #expect(throws: CLMatError.self) {
            try embedding.softmaxLoss(of: top.block(), [0, 1], biases: long, scale: 1)
        }
        let none = try Matrix(zeros: Shape(0, units), on: device)
        #expect(try embedding.softmaxLosses(of: none.block(), [], biases: biases).values.isEmpty)
        #expect(throws: CLMatError.self) {
            try embedding.softmaxLoss(of: none.block(), [], biases: biases, scale: 1)
        }
    }
}
