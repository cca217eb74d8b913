import CLMat
import Foundation
import TestSupport
import Testing

struct ChannelCase: Sendable, CustomTestStringConvertible {
    let images: Int
    let image: ImageShape

    init(_ images: Int, _ channels: Int, _ height: Int, _ width: Int) {
        self.images = images
        image = ImageShape(channels: channels, height: height, width: width)
    }

    var testDescription: String { "\(images) of \(image)" }
    var count: Int { images * image.count }
    /// Numbers of a channel.
    var numbers: Int { images * image.area }
    func channel(_ index: Int) -> Int { index / image.area % image.channels }
    func matrix(_ values: [Float], on device: Device) throws -> Matrix {
        try Matrix(values, images, image.count, on: device)
    }
    func row(_ values: [Float], on device: Device) throws -> Matrix {
        try Matrix(values, 1, image.channels, on: device)
    }
}

/// What there is per channel, against the definitions in Double.
@Suite struct ChannelsKernelTests {
    static let cases = [
        ChannelCase(2, 1, 1, 1), ChannelCase(1, 2, 1, 3), ChannelCase(67, 5, 1, 1), ChannelCase(5, 3, 7, 5),
        ChannelCase(3, 17, 8, 8), ChannelCase(1, 1, 65, 64), ChannelCase(3, 2, 61, 67),
        // More than one part, in the middle of an image, and images shorter than a vector.
        ChannelCase(TestSize.large(331, small: 31), 2, 5, 5), ChannelCase(TestSize.large(5003, small: 503), 3, 1, 1),
        ChannelCase(2, 1, TestSize.large(151, small: 31), 149), ChannelCase(TestSize.large(1031, small: 31), 64, 4, 4),
    ]

    private static func numbers(_ test: ChannelCase) -> (x: [Float], g: [Float], a: [Float], b: [Float]) {
        var random = SplitMix64(seed: 1)
        return (
            random.floats(test.count), random.floats(test.count), random.floats(test.image.channels),
            random.floats(test.image.channels)
        )
    }

    @Test(arguments: cases, Device.all)
    func scalesAndShiftsByChannel(_ test: ChannelCase, on device: Device) throws {
        let (x, _, a, b) = Self.numbers(test)
        let y = try test.matrix(x, on: device).channelsScaled(
            by: test.row(a, on: device), plus: test.row(b, on: device), test.image)
        let exact = x.indices.map { i in
            let c = test.channel(i)
            return Double(a[c]) * Double(x[i]) + Double(b[c])
        }
        // All numbers are below 1; one or two roundings.
        try expectNone(difference(y.values, exact, within: 1.5 * epsilon))
    }

    @Test(arguments: cases, Device.all)
    func preluAgreesWithTheDefinition(_ test: ChannelCase, on device: Device) throws {
        let (x, g, a, _) = Self.numbers(test)
        let (input, slopes) = try (test.matrix(x, on: device), test.row(a, on: device))
        let exact = x.indices.map { x[$0] > 0 ? Double(x[$0]) : Double(a[test.channel($0)]) * Double(x[$0]) }
        try expectNone(difference(input.prelu(slopes: slopes, test.image).values, exact, within: epsilon))

        let found = try test.matrix(g, on: device).preluGradient(input: input, slopes: slopes, test.image)
        let dx = x.indices.map { Double(g[$0]) * (x[$0] > 0 ? 1 : Double(a[test.channel($0)])) }
        try expectNone(difference(found.input.values, dx, within: epsilon))
        var da = Reference.Sums(zeros: test.image.channels)
        for i in x.indices where x[i] <= 0 { da.add(Double(g[i]) * Double(x[i]), to: test.channel(i)) }
        // Parts of 4096 numbers at most in 32 lanes or more, and the parts.
        let roundings = 130 + Double(test.numbers) / 256
        try expectNone(difference(found.slopes.values, da.values, within: { roundings * epsilon * da.magnitudes[$0] }))
        let again = try test.matrix(g, on: device).preluGradient(input: input, slopes: slopes, test.image)
        try expectNone(bitDifference(found.slopes.values, again.slopes.values))
    }

    /// PyTorch 2.13:
    ///
    ///     x = torch.tensor([1., -2, 3, -4, -0.5, 6]).reshape(1, 3, 1, 2).requires_grad_(); a = torch.tensor([0.25, -0.5, 2]).requires_grad_()
    ///     y = F.prelu(x, a); y.backward(torch.tensor([1., 2, 3, 4, 5, 6]).reshape(1, 3, 1, 2)); print(y, x.grad, a.grad)
    @Test(arguments: Device.all)
    func preluAgreesWithPyTorch(on device: Device) throws {
        let image = ImageShape(channels: 3, height: 1, width: 2)
        let x = try Matrix([1, -2, 3, -4, -0.5, 6], 1, 6, on: device)
        let slopes = try Matrix([0.25, -0.5, 2], 1, 3, on: device)
        let found = try Matrix([1, 2, 3, 4, 5, 6], 1, 6, on: device).preluGradient(input: x, slopes: slopes, image)
        #expect(try x.prelu(slopes: slopes, image).values == [1, -0.5, 3, 2, -1, 6])
        #expect(try found.input.values == [1, 0.5, 3, -2, 10, 6])
        #expect(try found.slopes.values == [-4, -16, -2.5])
    }

    @Test(arguments: Device.all)
    func noImagesGiveNothing(on device: Device) throws {
        let test = ChannelCase(0, 3, 2, 2)
        let (none, row) = try (test.matrix([], on: device), test.row([1, 1, 1], on: device))
        #expect(try none.channelsScaled(by: row, plus: row, test.image).shape == Shape(0, 12))
        #expect(try none.prelu(slopes: row, test.image).shape == Shape(0, 12))
        let found = try none.preluGradient(input: none, slopes: row, test.image)
        #expect(found.input.shape == Shape(0, 12))
        #expect(try found.slopes.values == [0, 0, 0])
        let normalisation = try BatchNormalisation(image: test.image)
        let statistics = try normalisation.initialStatistics(on: device)
        let y = try none.batchNormalised(normalisation, scale: row, shift: row, statistics: statistics)
        #expect(y.shape == Shape(0, 12))
        let gradient = try none.batchNormalisationGradient(
            normalisation, input: none, scale: row, statistics: statistics)
        #expect(
            try gradient.input.shape == Shape(0, 12) && gradient.scale.values == [0, 0, 0]
                && gradient.shift.values == [0, 0, 0])
    }
}

/// Batch normalisation against the definition in Double.
@Suite struct BatchNormalisationTests {
    /// By channel: mean, variance by n, and what is normalised.
    private struct Exact {
        var means: [Double]
        var variances: [Double]
        var normalised: [Double]

        init(_ test: ChannelCase, _ x: [Double], epsilon: Double) {
            means = [Double](repeating: 0, count: test.image.channels)
            variances = means
            let n = Double(test.numbers)
            for i in x.indices { means[test.channel(i)] += x[i] / n }
            for i in x.indices { variances[test.channel(i)] += pow(x[i] - means[test.channel(i)], 2) / n }
            let (m, v) = (means, variances)
            normalised = x.indices.map { (x[$0] - m[test.channel($0)]) / (v[test.channel($0)] + epsilon).squareRoot() }
        }
    }

    /// Around 0, and 10⁴ deviations away from it, where floats are 1/1024 apart.
    @Test(arguments: ChannelsKernelTests.cases, Device.all)
    func trainingAgreesWithTheDefinition(_ test: ChannelCase, on device: Device) throws {
        for mean: Float in [0, 10_000] {
            var random = SplitMix64(seed: 3)
            let x = random.floats(test.count, in: -2...2).map { $0 + mean }
            let g = random.floats(test.count)
            let (scale, shift) = (
                random.floats(test.image.channels, in: 0.5...2), random.floats(test.image.channels)
            )
            let normalisation = try BatchNormalisation(image: test.image, epsilon: 1e-3)
            let ε = Double(normalisation.epsilon)
            let (input, scales) = try (test.matrix(x, on: device), test.row(scale, on: device))
            let (y, batch) = try input.batchNormalised(
                normalisation, scale: scales, shift: test.row(shift, on: device))

            let exact = Exact(test, x.map(Double.init), epsilon: ε)
            let outputs = x.indices.map { i in
                Double(scale[test.channel(i)]) * exact.normalised[i] + Double(shift[test.channel(i)])
            }
            // Of two numbers that are nearly the same the deviation is no larger than √ε, and rounding counts as much more.
            let steepest = exact.variances.map { 1 / ($0 + ε).squareRoot() }.max()!
            let bound = 10 * epsilon * (2 + 4 * steepest)
            try expectNone(difference(y.values, outputs, within: { _ in bound }), "mean \(mean)")
            let n = Double(test.numbers)
            let (means, unbiased) = (exact.means, exact.variances.map { $0 * n / (n - 1) })
            try expectNone(
                difference(
                    Array(batch.statistics.values[..<test.image.channels]), means,
                    within: { epsilon * (abs(means[$0]) + 2) }))
            try expectNone(
                difference(
                    Array(batch.statistics.values[test.image.channels...]), unbiased,
                    within: { 10 * epsilon * (unbiased[$0] + 1e-3) }))

            // dβ = Σ g, dγ = Σ g x̂, dx = γ/σ (g − Σg/n − x̂ Σ(g x̂)/n).
            let gradient = try test.matrix(g, on: device).batchNormalisationGradient(
                normalisation, input: input, scale: scales, batch: batch)
            var (ofScale, ofShift) = (
                Reference.Sums(zeros: test.image.channels), Reference.Sums(zeros: test.image.channels)
            )
            for i in g.indices {
                ofScale.add(Double(g[i]) * exact.normalised[i], to: test.channel(i))
                ofShift.add(Double(g[i]), to: test.channel(i))
            }
            let roundings = 140 + n / 256
            try expectNone(
                difference(
                    gradient.scale.values, ofScale.values,
                    within: { roundings * epsilon * (ofScale.magnitudes[$0] + ofShift.magnitudes[$0] * steepest) }))
            try expectNone(
                difference(
                    gradient.shift.values, ofShift.values, within: { roundings * epsilon * ofShift.magnitudes[$0] }))
            let dx = g.indices.map { i in
                let c = test.channel(i)
                let inner = Double(g[i]) - ofShift.values[c] / n - exact.normalised[i] * ofScale.values[c] / n
                return Double(scale[c]) / (exact.variances[c] + ε).squareRoot() * inner
            }
            try expectNone(
                difference(gradient.input.values, dx, within: { _ in 30 * epsilon * steepest * (1 + 4 * steepest) * 2 })
            )
        }
    }

    /// The first number of all may lie anywhere.
    @Test(arguments: Device.all)
    func oneNumberFarFromTheOthersDoesNoHarm(on device: Device) throws {
        let test = ChannelCase(3, 2, 61, 67)
        var random = SplitMix64(seed: 4)
        var x = random.floats(test.count, in: 99...101)
        for image in 0..<3 { x[image * test.image.count] = -100_000 }
        let normalisation = try BatchNormalisation(image: test.image)
        let one = try test.row([1, 1], on: device)
        let (y, batch) = try test.matrix(x, on: device).batchNormalised(normalisation, scale: one, shift: one)
        let exact = Exact(test, x.map(Double.init), epsilon: 1e-5)
        let n = Double(test.numbers)
        try expectNone(
            difference(
                Array(batch.statistics.values[2...]), exact.variances.map { $0 * n / (n - 1) },
                within: { 1e-5 * exact.variances[$0] }))
        try expectNone(
            difference(y.values, exact.normalised.map { $0 + 1 }, within: { 1e-5 * (1 + abs(exact.normalised[$0])) }))
    }

    @Test(arguments: Device.all)
    func aConstantHasNoVariance(on device: Device) throws {
        let test = ChannelCase(3, 2, 61, 67)
        let x = (0..<test.count).map { test.channel($0) == 0 ? Float(1e6) + 0.1 : 0 }
        let normalisation = try BatchNormalisation(image: test.image)
        let (scale, shift) = try (test.row([1, 2], on: device), test.row([0.5, -3], on: device))
        let (y, batch) = try test.matrix(x, on: device).batchNormalised(normalisation, scale: scale, shift: shift)
        try expectNone(
            difference(batch.statistics.values, [Double(x[0]), 0, 0, 0], within: { $0 < 2 ? 0 : 1e-9 }))
        // One rounding of the mean, 2⁻²⁴ of 10⁶, may be left of a number: over √ε = 1/316.
        try expectNone(difference(y.values, x.indices.map { test.channel($0) == 0 ? 0.5 : -3 }, within: 1e-3))
    }

    @Test(arguments: ChannelsKernelTests.cases, Device.all)
    func inferenceAgreesWithTheDefinition(_ test: ChannelCase, on device: Device) throws {
        var random = SplitMix64(seed: 5)
        let channels = test.image.channels
        let (x, g) = (random.floats(test.count, in: -2...2), random.floats(test.count))
        let (scale, shift) = (random.floats(channels, in: 0.5...2), random.floats(channels))
        let (means, variances) = (random.floats(channels), random.floats(channels, in: 0.25...4))
        let normalisation = try BatchNormalisation(image: test.image)
        let (input, scales) = try (test.matrix(x, on: device), test.row(scale, on: device))
        let statistics = try Matrix(means + variances, 2, channels, on: device)
        let y = try input.batchNormalised(
            normalisation, scale: scales, shift: test.row(shift, on: device), statistics: statistics)
        let inverse = variances.map { 1 / (Double($0) + 1e-5).squareRoot() }
        let normalised = x.indices.map { i in
            let c = test.channel(i)
            return (Double(x[i]) - Double(means[c])) * inverse[c]
        }
        // |a x| + |b| is at most 4·2 + 1 + 4; root, division and product before it round five times.
        try expectNone(
            difference(
                y.values,
                x.indices.map { Double(scale[test.channel($0)]) * normalised[$0] + Double(shift[test.channel($0)]) },
                within: 8 * 13 * epsilon))
        let gradient = try test.matrix(g, on: device).batchNormalisationGradient(
            normalisation, input: input, scale: scales, statistics: statistics)
        var (ofScale, ofShift) = (Reference.Sums(zeros: channels), Reference.Sums(zeros: channels))
        for i in g.indices {
            ofScale.add(Double(g[i]) * normalised[i], to: test.channel(i))
            ofShift.add(Double(g[i]), to: test.channel(i))
        }
        let roundings = 140 + Double(test.numbers) / 256
        try expectNone(
            difference(
                gradient.scale.values, ofScale.values,
                within: { roundings * epsilon * (ofScale.magnitudes[$0] + ofShift.magnitudes[$0]) }))
        try expectNone(
            difference(gradient.shift.values, ofShift.values, within: { roundings * epsilon * ofShift.magnitudes[$0] }))
        try expectNone(
            difference(
                gradient.input.values,
                g.indices.map { Double(g[$0]) * Double(scale[test.channel($0)]) * inverse[test.channel($0)] },
                within: 5 * 4 * epsilon))
    }

    /// Of L = Σ g·y, with all of x, scale and shift as one list of coordinates.
    @Test(arguments: ChannelsKernelTests.cases.prefix(4), Device.all)
    func gradientsAgreeWithCentralDifferences(_ test: ChannelCase, on device: Device) throws {
        var random = SplitMix64(seed: 6)
        let channels = test.image.channels
        let (x, g) = (random.floats(test.count), random.floats(test.count))
        let (scale, shift) = (random.floats(channels, in: 0.5...2), random.floats(channels))
        let normalisation = try BatchNormalisation(image: test.image, epsilon: 0.1)
        let exact = centralDifferences((x + scale + shift).map(Double.init)) { all in
            let own = Exact(test, Array(all[..<test.count]), epsilon: Double(normalisation.epsilon))
            return g.indices.reduce(0) { sum, i in
                let c = test.count + test.channel(i)
                return sum + Double(g[i]) * (all[c] * own.normalised[i] + all[c + channels])
            }
        }
        let (input, scales) = try (test.matrix(x, on: device), test.row(scale, on: device))
        let batch = try input.batchNormalised(normalisation, scale: scales, shift: test.row(shift, on: device)).batch
        let found = try test.matrix(g, on: device).batchNormalisationGradient(
            normalisation, input: input, scale: scales, batch: batch)
        try expectNone(
            difference(found.input.values + found.scale.values + found.shift.values, exact, within: 1e-4))
    }

    /// PyTorch 2.13:
    ///
    ///     x = torch.arange(12.).reshape(2, 2, 1, 3); x = (x * x / 10 - x).requires_grad_(); bn = torch.nn.BatchNorm2d(2)
    ///     with torch.no_grad(): bn.weight.copy_(torch.tensor([1.5, -0.5])); bn.bias.copy_(torch.tensor([0.25, 2.]))
    ///     g = torch.arange(12.).reshape(2, 2, 1, 3) % 5 - 1.5; y = bn(x); y.backward(g)
    ///     print(y, x.grad, bn.weight.grad, bn.bias.grad, bn.running_mean, bn.running_var)
    ///     bn.eval(); x.grad = bn.weight.grad = bn.bias.grad = None; y = bn(x); y.backward(g); print(y, x.grad, bn.weight.grad, bn.bias.grad)
    @Test(arguments: Device.all)
    func agreesWithPyTorch(on device: Device) throws {
        let normalisation = try BatchNormalisation(image: ImageShape(channels: 2, height: 1, width: 3))
        let numbers = (0..<12).map { Float($0) }
        let x = try Matrix(numbers.map { $0 * $0 / 10 - $0 }, 2, 6, on: device)
        let g = try Matrix((0..<12).map { Float($0 % 5) - 1.5 }, 2, 6, on: device)
        let (scale, shift) = try (Matrix([1.5, -0.5], 1, 2, on: device), Matrix([0.25, 2], 1, 2, on: device))
        func expect(_ found: Matrix, _ expected: [Double]) throws {
            // Printed with seven digits; a few roundings on either side.
            try expectNone(difference(found.values, expected, within: 4e-6))
        }

        let (y, batch) = try x.batchNormalised(normalisation, scale: scale, shift: shift)
        try expect(
            y,
            [
                2.961116, 1.258787, -0.06524629, 2.361372, 2.473521, 2.510905, -1.578427, -1.010984, -0.06524607,
                1.912772, 1.576323, 1.165107,
            ])
        var running = try normalisation.initialStatistics(on: device)
        try running.lerp(to: batch.statistics, weight: 0.1)
        try expect(running, [-0.1433333, -0.1133333, 0.9754667, 1.114667])
        let learning = try g.batchNormalisationGradient(normalisation, input: x, scale: scale, batch: batch)
        try expect(
            learning.input,
            [
                -0.9691606, -0.2506484, 0.7285224, -0.2122263, -0.5359052, 0.9761426, -2.205588, 0.07687594, 2.619998,
                -0.7866734, 0.5581958, 0.0004665532,
            ])
        try expect(learning.scale, [-3.278558, -3.588792])
        try expect(learning.shift, [0, 3])

        try expect(
            x.batchNormalised(normalisation, scale: scale, shift: shift, statistics: running),
            [
                0.4676858, -0.8991782, -1.962295, 2.94085, 3.082925, 3.130283, -3.177285, -2.721663, -1.962295,
                2.372551, 1.946327, 1.425387,
            ])
        let fixed = try g.batchNormalisationGradient(normalisation, input: x, scale: scale, statistics: running)
        try expect(
            fixed.input,
            [
                -2.278107, -0.759369, 0.759369, -0.7103736, -1.183956, 0.7103736, -0.759369, 0.759369, 2.278107,
                -1.183956, 0.7103736, 0.2367912,
            ])
        try expect(fixed.scale, [-2.632479, -7.444715])
        try expect(fixed.shift, [0, 3])
    }
}
