import CLMat
import Foundation
import TestSupport
import Testing

/// Local response normalisation against the definition in Double.
@Suite struct ResponseKernelTests {
    private static let cases = [
        (ChannelCase(1, 1, 1, 1), 1), (ChannelCase(2, 5, 3, 7), 5), (ChannelCase(3, 4, 1, 1), 9),
        (ChannelCase(2, 7, 5, 5), 4), (ChannelCase(1, 3, 31, 33), 3), (ChannelCase(2, 65, 4, 4), 2),
    ]

    /// y, and d.
    private static func outputs(
        _ test: ChannelCase, _ n: ResponseNormalisation, _ x: [Double]
    ) -> (y: [Double], d: [Double]) {
        let d = x.indices.map { i in
            let c = test.channel(i)
            let window = max(0, c - n.size / 2)...min(test.image.channels - 1, c + (n.size - 1) / 2)
            let sum = window.reduce(0) { $0 + x[i + ($1 - c) * test.image.area] * x[i + ($1 - c) * test.image.area] }
            return Double(n.k) + Double(n.alpha) / Double(n.size) * sum
        }
        return (x.indices.map { x[$0] * pow(d[$0], -Double(n.beta)) }, d)
    }

    @Test(arguments: cases, Device.all)
    private func agreesWithTheDefinition(_ test: (ChannelCase, size: Int), on device: Device) throws {
        let (images, size) = test
        for (k, alpha, beta) in [(1, 1e-4, 0.75), (2, 0.5, 0.75), (0.5, 3, 1.25)] as [(Float, Float, Float)] {
            let n = try ResponseNormalisation(image: images.image, size: size, k: k, alpha: alpha, beta: beta)
            var random = SplitMix64(seed: 1)
            let (x, g) = (random.floats(images.count, in: -3...3), random.floats(images.count))
            let input = try images.matrix(x, on: device)
            let (y, d) = try input.responseNormalised(n)
            let exact = Self.outputs(images, n, x.map(Double.init))
            // ln d and d^−β are within 2 ulp, and what ln d is off counts β times: |β ln d| ≤ 3 here.
            try expectNone(difference(y.values, exact.y, within: { 16 * epsilon * abs(exact.y[$0]) }))
            try expectNone(difference(d.values, exact.d, within: { 6 * epsilon * exact.d[$0] }))

            let found = try images.matrix(g, on: device)
                .responseNormalisationGradient(n, input: input, output: y, denominators: d)
            // dx = g d^−β − 2αβ/size x Σ g y / d, over those whose windows hold x.
            let share = Double(alpha) / Double(size)
            var sums = Reference.Sums(zeros: x.count)
            for j in x.indices {
                let c = images.channel(j)
                for own in max(0, c - size / 2)...min(images.image.channels - 1, c + (size - 1) / 2) {
                    let i = j + (own - c) * images.image.area
                    sums.add(-2 * share * Double(beta) * Double(x[i]) * Double(g[j]) * exact.y[j] / exact.d[j], to: i)
                }
                sums.add(Double(g[j]) * pow(exact.d[j], -Double(beta)), to: j)
            }
            try expectNone(difference(found.values, sums.values, within: { 25 * epsilon * sums.magnitudes[$0] }))
        }
    }

    @Test(arguments: cases.prefix(4), Device.all)
    private func gradientsAgreeWithCentralDifferences(_ test: (ChannelCase, size: Int), on device: Device) throws {
        let n = try ResponseNormalisation(image: test.0.image, size: test.size, k: 1, alpha: 2, beta: 0.75)
        var random = SplitMix64(seed: 2)
        let (x, g) = (random.floats(test.0.count), random.floats(test.0.count))
        let exact = centralDifferences(x.map(Double.init)) { x in
            zip(Self.outputs(test.0, n, x).y, g).reduce(0) { $0 + $1.0 * Double($1.1) }
        }
        let input = try test.0.matrix(x, on: device)
        let (y, d) = try input.responseNormalised(n)
        let found = try test.0.matrix(g, on: device)
            .responseNormalisationGradient(n, input: input, output: y, denominators: d)
        try expectNone(difference(found.values, exact, within: 2e-6))
    }

    /// PyTorch 2.13, size 3 and 4:
    ///
    ///     x = torch.tensor([[1., -2, 3, 0.5, -1.5, 2]]).reshape(1, 6, 1, 1).requires_grad_()
    ///     y = torch.nn.LocalResponseNorm(size, alpha=0.3, beta=0.75, k=2)(x)
    ///     y.backward(torch.tensor([1., 2, 3, -1, -2, -3]).reshape(1, 6, 1, 1)); print(y, x.grad)
    @Test(arguments: Device.all)
    func agreesWithPyTorch(on device: Device) throws {
        let x = try Matrix([1, -2, 3, 0.5, -1.5, 2], 1, 6, on: device)
        let g = try Matrix([1, 2, 3, -1, -2, -3], 1, 6, on: device)
        for (size, outputs, gradients) in [
            (
                3, [0.5029734, -0.7987682, 1.218365, 0.2114643, -0.7221989, 0.9698019],
                [0.5432745, 1.047949, 0.9653385, -0.5412187, -1.104777, -1.285716]
            ),
            (
                4, [0.5226998, -0.8665729, 1.293898, 0.2108372, -0.6325114, 1.009736],
                [0.4195653, 1.057841, 0.9462713, -0.4430763, -0.9925965, -1.330607]
            ),
        ] {
            let n = try ResponseNormalisation(image: .vector(6), size: size, k: 2, alpha: 0.3)
            let (y, d) = try x.responseNormalised(n)
            try expectNone(difference(y.values, outputs, within: 1e-6))
            let dx = try g.responseNormalisationGradient(n, input: x, output: y, denominators: d)
            try expectNone(difference(dx.values, gradients, within: 2e-6))
        }
    }

    @Test(arguments: Device.all)
    func noImagesGiveNothing(on device: Device) throws {
        let n = try ResponseNormalisation(image: ImageShape(channels: 3, height: 2, width: 2), size: 3)
        let none = try Matrix([], 0, 12, on: device)
        let (y, d) = try none.responseNormalised(n)
        #expect(y.shape == none.shape && d.shape == none.shape)
        #expect(
            try none.responseNormalisationGradient(n, input: none, output: y, denominators: d).shape == none.shape)
    }
}
