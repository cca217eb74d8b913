import CLMat
import Foundation
import TestSupport
import Testing

/// What a language model's step needs beside products: the loss of logits in place, clipping by the global norm, dropout.
@Suite struct LossKernelTests {
    static let shapes = [
        Shape(0, 3), Shape(1, 1), Shape(5, 7), Shape(3, 31), Shape(4, 65), Shape(3, 2049),
        Shape(2, TestSize.large(30_011, small: 5003)),
    ]

    @Test(arguments: shapes, Device.all)
    func lossesAndGradientsAgreeWithTheDefinition(_ shape: Shape, on device: Device) throws {
        for width: Float in [1, 30] {
            var random = SplitMix64(seed: 2)
            let x = random.floats(shape.count, in: -width...width)
            let b = random.floats(shape.columns, in: -width...width)
            var labels = random.integers(shape.rows, below: shape.columns).map { Int32($0) }
            if labels.count > 2 { labels[1] = -1 }
            let (targets, biases) = (try IntVector(labels, on: device), try Matrix(b, 1, shape.columns, on: device))
            var logits = try Matrix(x, shape.rows, shape.columns, on: device)
            let alone = try logits.softmaxLosses(targets, biases: biases).values
            let losses = try logits.softmaxLoss(targets, biases: biases, scale: 0.5).values
            let gradient = try logits.values
            for (r, label) in labels.enumerated() {
                let row = (0..<shape.columns).map { Double(x[r * shape.columns + $0]) + Double(b[$0]) }
                let top = row.max() ?? 0
                let total = row.map { exp($0 - top) }.reduce(0, +)
                let expected = label < 0 ? 0 : log(total) - (row[Int(label)] - top)
                #expect(abs(Double(losses[r]) - expected) <= 4e-6 * max(1, Double(width)), "row \(r)")
                #expect(abs(Double(alone[r]) - expected) <= 4e-6 * max(1, Double(width)), "row \(r)")
                for c in 0..<shape.columns {
                    let share = exp(row[c] - top) / total
                    let own = label < 0 ? 0 : 0.5 * (share - (c == Int(label) ? 1 : 0))
                    let found = Double(gradient[r * shape.columns + c])
                    #expect(abs(found - own) <= 1e-5 * Double(width) * share + 2e-7, "row \(r), column \(c)")
                }
            }
        }
    }

    @Test func labelsAndShapesAreChecked() throws {
        var logits = try Matrix(zeros: Shape(2, 3), on: .cpu)
        let biases = try Matrix(zeros: Shape(1, 3), on: .cpu)
        for labels: [Int32] in [[0, 3], [-2, 0], [0]] {
            let labels = try IntVector(labels, on: .cpu)
            #expect(throws: CLMatError.self) { try logits.softmaxLoss(labels, biases: biases, scale: 1) }
            #expect(throws: CLMatError.self) { try logits.softmaxLosses(labels, biases: biases) }
        }
        let labels = try IntVector([0, 1] as [Int32], on: .cpu)
        let wide = try Matrix(zeros: Shape(1, 4), on: .cpu)
        #expect(throws: CLMatError.self) { try logits.softmaxLoss(labels, biases: wide, scale: 1) }
    }

    @Test(arguments: Device.all)
    func clippingActsOnTheWholeNorm(on device: Device) throws {
        var random = SplitMix64(seed: 4)
        let sizes = [Shape(1, 1), Shape(7, 611), Shape(3, TestSize.large(100_003, small: 5003))]
        let values = sizes.map { random.floats($0.count) }
        let gradients = try zip(values, sizes).map { try Matrix($0, $1.rows, $1.columns, on: device) }
        let norm = values.joined().reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        for limit in [0.25 * norm, 4 * norm] {
            let clip = try GradientClip(of: gradients, limit: Float(limit))
            let factor = min(1, limit / norm)
            #expect(abs(Double(try clip.factor.values[0]) - factor) <= 2e-6 * factor)
            #expect(abs(try clip.normLater().value - norm) <= 2e-6 * norm)
            var weights = try Matrix(filledWith: 1, sizes[1], on: device)
            try weights.sgdStep(gradients[1], rate: 0.5, factor: clip.factor)
            for (w, g) in zip(try weights.values, values[1]) {
                #expect(abs(Double(w) - (1 - 0.5 * factor * Double(g))) < 1e-6)
            }
        }
        #expect(try GradientClip(of: [Matrix(zeros: Shape(2, 2), on: device)], limit: 1).factor.values == [1])
        #expect(throws: CLMatError.self) { try GradientClip(of: [], limit: 1) }
        #expect(throws: CLMatError.self) { try GradientClip(of: gradients, limit: 0) }
        #expect(throws: CLMatError.self) { try GradientClip(of: gradients, limit: .nan) }
    }

    @Test(arguments: Device.all)
    func dropoutKeepsAShareAndTheMean(on device: Device) throws {
        var random = SplitMix64(seed: 5)
        let (rows, columns) = (101, 67)
        let x = random.floats(rows * columns, in: 1...2)
        let m = try Matrix(x, rows, columns, on: device)
        let dropout = try Dropout(rate: 0.4, key: RandomKey(seed: 9, step: 3, stream: 2))
        let y = try dropout.applied(to: m).values
        let kept = y.count { $0 != 0 }
        // Six standard deviations of a binomial.
        let (count, chance) = (Double(x.count), 0.6)
        #expect(abs(Double(kept) - count * chance) < 6 * (count * chance * 0.4).squareRoot())
        for (a, b) in zip(x, y) where b != 0 { #expect(abs(a / 0.6 - b) < 1e-6 * b + 1e-6) }
        // The way back is the same mask, and some rows are the first of a mask of their own.
        let ones = try dropout.applied(to: Matrix(filledWith: 1, m.shape, on: device)).values
        #expect(zip(y, ones).allSatisfy { ($0 == 0) == ($1 == 0) })
        let part = try dropout.applied(to: m, rows: 5..<9).values
        for i in part.indices { #expect(part[i] == (ones[i] == 0 ? 0 : x[5 * columns + i] * ones[i])) }
        #expect(try Dropout(rate: 0, key: dropout.key).applied(to: m).values == x)
        #expect(throws: CLMatError.self) { try Dropout(rate: 1, key: dropout.key) }
        #expect(throws: CLMatError.self) { try dropout.applied(to: m, rows: 100..<102) }
    }
}
