import Foundation
import TestSupport
import Testing

@testable import CLMat

/// A function, its definition in Double, and how far off it may be.
private struct ActivationCase: Sendable, CustomTestStringConvertible {
    let function: ActivationFunction
    let definition: @Sendable (Double) -> Double
    let slope: @Sendable (Double) -> Double
    /// Of x and y.
    let bound: @Sendable (Double, Double) -> Double
    var testDescription: String { "\(function)" }

    init(
        _ function: ActivationFunction,
        bound: @escaping @Sendable (Double, Double) -> Double = { x, _ in 2 * epsilon * abs(x) },
        _ definition: @escaping @Sendable (Double) -> Double, slope: @escaping @Sendable (Double) -> Double
    ) {
        (self.function, self.bound, self.definition, self.slope) = (function, bound, definition, slope)
    }
}

@Suite struct ActivationKernelTests {
    static let sizes = [0, 1, 63, 64, 65, 1023, 1025, 4099]

    private static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    private static func sixth(_ x: Double) -> Double { min(max(x + 3, 0), 6) / 6 }

    private static let cases = [
        ActivationCase(.leakyReLU(slope: 0.25), { $0 > 0 ? $0 : 0.25 * $0 }, slope: { $0 > 0 ? 1 : 0.25 }),
        ActivationCase(
            .elu(alpha: 1.5), bound: { 2 * epsilon * abs($1) }, { $0 > 0 ? $0 : 1.5 * expm1($0) },
            slope: { $0 > 0 ? 1 : 1.5 * exp($0) }),
        ActivationCase(
            .gelu, { $0 * erfc(-$0 / 2.0.squareRoot()) / 2 },
            slope: { erfc(-$0 / 2.0.squareRoot()) / 2 + $0 * exp(-$0 * $0 / 2) / (2 * .pi).squareRoot() }),
        ActivationCase(
            .geluTanh, { $0 * logistic(2 * (2 / .pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)) },
            slope: {
                let k = (2 / Double.pi).squareRoot()
                let t = tanh(k * ($0 + 0.044715 * $0 * $0 * $0))
                return (1 + t) / 2 + $0 / 2 * (1 - t * t) * k * (1 + 3 * 0.044715 * $0 * $0)
            }),
        ActivationCase(
            .silu, { $0 * logistic($0) }, slope: { logistic($0) * (1 + $0 * logistic(-$0)) }),
        ActivationCase(
            .hardSigmoid, bound: { _, _ in epsilon }, sixth, slope: { abs($0) < 3 ? 1.0 / 6 : 0 }),
        ActivationCase(.hardSwish, { $0 * sixth($0) }, slope: { $0 <= -3 ? 0 : ($0 < 3 ? $0 / 3 + 0.5 : 1) }),
        ActivationCase(
            .softplus, bound: { 2 * epsilon * abs($1) }, { max($0, 0) + log1p(exp(-abs($0))) }, slope: logistic),
    ]

    @Test(arguments: cases, Device.all)
    private func agreesWithTheDefinition(_ test: ActivationCase, on device: Device) throws {
        for size in Self.sizes {
            for width: Float in [0.1, 4, 80] {
                var random = SplitMix64(seed: 1)
                let (x, g) = (random.floats(size, in: -width...width), random.floats(size))
                let input = try Matrix(x, 1, size, on: device)
                let y = x.map { test.definition(Double($0)) }
                // What lies below the smallest normal number may be 0.
                try expectNone(
                    difference(
                        input.activated(test.function).values, y,
                        within: { test.bound(Double(x[$0]), y[$0]) + 0x1p-126 }))
                let dx = x.indices.map { Double(g[$0]) * test.slope(Double(x[$0])) }
                try expectNone(
                    difference(
                        Matrix(g, 1, size, on: device).activationGradient(test.function, input: input).values, dx,
                        within: { 2 * epsilon * abs(Double(g[$0])) * 1.5 }))
            }
        }
    }

    /// No infinity times 0, nothing that overflows on the way, and what is not a number stays that.
    @Test(arguments: cases, Device.all)
    private func farFromZeroAreTheLimits(_ test: ActivationCase, on device: Device) throws {
        let x: [Float] = [.infinity, 1e38, 1e20, 1e4, -1e4, -1e20, -1e38, -.infinity, .nan, 0, -0.0]
        let input = try Matrix(x, 1, x.count, on: device)
        let isBounded = test.function == .hardSigmoid
        // On the left all but leaky ReLU come to rest: ELU at −α.
        let left: (Float) -> Double = {
            switch test.function {
            case .leakyReLU(let slope): Double(slope * $0)
            case .elu(let alpha): -Double(alpha)
            default: 0
            }
        }
        let zero = test.definition(0)
        try expectNone(
            difference(
                input.activated(test.function).values,
                x[..<4].map { isBounded ? 1 : Double($0) } + x[4..<8].map(left) + [.nan, zero, zero],
                within: { x[$0] == 0 ? epsilon : 0 }))
        let slopes = try Matrix(filledWith: 1, Shape(1, x.count), on: device)
            .activationGradient(test.function, input: input).values
        let right = isBounded ? 0.0 : 1
        let leftSlope = test.function == .leakyReLU(slope: 0.25) ? 0.25 : 0
        expectNone(
            difference(
                Array(slopes[..<8]), [right, right, right, right] + [leftSlope, leftSlope, leftSlope, leftSlope],
                within: 0))
    }

    /// The definitions' slopes are those of the definitions.
    @Test(arguments: cases)
    private func slopesAgreeWithCentralDifferences(_ test: ActivationCase) {
        for x in stride(from: -6.03, to: 6, by: 0.17) {
            let slope = centralDifferences([x]) { test.definition($0[0]) }[0]
            #expect(abs(slope - test.slope(x)) < 1e-8, "at \(x)")
        }
    }

    /// PyTorch 2.13 at x, y and dy/dx, corners among them:
    ///
    ///     x = torch.tensor([-8, -3, -1.5, -0.5, 0, 0.25, 1, 3, 5.5], requires_grad=True)
    ///     y = F.leaky_relu(x, 0.1)    # F.elu(x, 1.5), F.gelu(x), F.gelu(x, approximate='tanh'), F.silu, F.hardsigmoid, F.hardswish, F.softplus
    ///     y.backward(torch.ones_like(y)); print(y, x.grad)
    @Test(arguments: Device.all)
    func agreesWithPyTorch(on device: Device) throws {
        let x = try Matrix([-8, -3, -1.5, -0.5, 0, 0.25, 1, 3, 5.5], 1, 9, on: device)
        let ones = try Matrix(filledWith: 1, x.shape, on: device)
        let expected: [(ActivationFunction, y: [Double], slopes: [Double])] = [
            (
                .leakyReLU(slope: 0.1), [-0.8, -0.3, -0.15, -0.05, 0, 0.25, 1, 3, 5.5],
                [0.1, 0.1, 0.1, 0.1, 0.1, 1, 1, 1, 1]
            ),
            (
                .elu(alpha: 1.5), [-1.499497, -1.425319, -1.165305, -0.590204, 0, 0.25, 1, 3, 5.5],
                [0.0005031939, 0.0746806, 0.3346952, 0.909796, 1.5, 1, 1, 1, 1]
            ),
            (
                .gelu, [0, -0.004049867, -0.1002109, -0.1542688, 0, 0.1496766, 0.8413447, 2.99595, 5.5],
                [0, -0.01194561, -0.1274692, 0.1325049, 0.5, 0.6953733, 1.083315, 1.011946, 1.000001]
            ),
            (
                .geluTanh, [0, -0.003637433, -0.1004284, -0.154286, 0, 0.1496754, 0.841192, 2.996363, 5.5],
                [0, -0.0115843, -0.1277108, 0.1326301, 0.5, 0.6953541, 1.082964, 1.011584, 1]
            ),
            (
                .silu, [-0.002682801, -0.1422776, -0.2736383, -0.1887703, 0, 0.1405441, 0.7310586, 2.857723, 5.477614],
                [-0.002346551, -0.08810411, -0.04129416, 0.2600388, 0.5, 0.62371, 0.9276705, 1.088104, 1.018224]
            ),
            (
                .hardSigmoid, [0, 0, 0.25, 0.4166667, 0.5, 0.5416667, 0.6666667, 1, 1],
                [0, 0, 0.1666667, 0.1666667, 0.1666667, 0.1666667, 0.1666667, 0, 0]
            ),
            (
                .hardSwish, [0, 0, -0.375, -0.2083333, 0, 0.1354167, 0.6666667, 3, 5.5],
                [0, 0, 0, 0.3333333, 0.5, 0.5833333, 0.8333334, 1, 1]
            ),
            (
                .softplus,
                [0.0003354064, 0.04858735, 0.2014133, 0.474077, 0.6931472, 0.8259394, 1.313262, 3.048587, 5.504078],
                [0.0003353501, 0.04742587, 0.1824255, 0.3775407, 0.5, 0.5621765, 0.7310586, 0.9525741, 0.9959298]
            ),
        ]
        for (function, y, slopes) in expected {
            // Printed with seven digits.
            try expectNone(
                difference(x.activated(function).values, y, within: { 1e-6 * max(1, abs(y[$0])) }), "\(function)")
            try expectNone(
                difference(ones.activationGradient(function, input: x).values, slopes, within: 1e-6), "\(function)")
        }
    }

    /// Results that no cache holds go past it: the same bits.
    @Test func whatIsStreamedIsTheSame() throws {
        let count = (1 << 20) + 5
        var random = SplitMix64(seed: 2)
        let (x, g) = (
            try Matrix(random.floats(count), 1, count, on: .cpu), try Matrix(random.floats(count), 1, count, on: .cpu)
        )
        let y = try Matrix(uninitialised: x.shape, on: .cpu)
        let first: [Argument] = [.int(count), .float(0)]
        let kernels = ActivationKernels.silu
        kernels.forward.cpu(KernelArguments(values: first + [x.argument, y.argument]), 0..<count)
        try expectNone(bitDifference(y.values, x.activated(.silu).values))
        kernels.backward.cpu(KernelArguments(values: first + [g.argument, x.argument, y.argument]), 0..<count)
        try expectNone(bitDifference(y.values, g.activationGradient(.silu, input: x).values))
    }
}
