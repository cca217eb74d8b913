import CLMat
import Foundation
import TestSupport
import Testing

/// Optimisers, several steps of each against the rule in Double.
@Suite struct UpdateKernelTests {
    static let sizes = [0, 1, 63, 64, 65, 4097, 30_011]
    static let steps = 6

    /// Each step rounds a handful of times, a root by 3 ulp and a division by 2.5; the numbers stay below `magnitude`.
    static func bound(_ magnitude: Double) -> Double { Double(steps) * 10 * epsilon * magnitude }

    @Test(arguments: sizes, Device.all)
    func descentWithMomentumFollowsItsRule(_ size: Int, on device: Device) throws {
        for momentum: Float in [0, 0.9] {
            var random = SplitMix64(seed: 1)
            let start = random.floats(size)
            var w = try Matrix(start, size, 1, on: device)
            var v = try Matrix(zeros: Shape(size, 1), on: device)
            var (exactW, exactV) = (start.map(Double.init), [Double](repeating: 0, count: size))
            let rate: Float = 0.1
            for _ in 0..<Self.steps {
                let g = random.floats(size)
                try w.sgdStep(Matrix(g, size, 1, on: device), velocity: &v, rate: rate, momentum: momentum)
                for i in 0..<size {
                    // v ← μv + g, w ← w − ηv
                    exactV[i] = Double(momentum) * exactV[i] + Double(g[i])
                    exactW[i] -= Double(rate) * exactV[i]
                }
            }
            // |v| ≤ 6, |w| ≤ 1 + 0.1 · 21.
            try expectNone(difference(v.values, exactV, within: Self.bound(6)))
            try expectNone(difference(w.values, exactW, within: Self.bound(3.1)))
        }
    }

    @Test(arguments: sizes, Device.all)
    func plainDescentAndPenaltiesFollowTheirRules(_ size: Int, on device: Device) throws {
        var random = SplitMix64(seed: 3)
        var (start, g) = (random.floats(size), random.floats(size))
        if size > 2 { (start[0], start[1], g[2]) = (0, -0.0, 0) }
        let w = try Matrix(start, size, 1, on: device)
        let gradient = try Matrix(g, size, 1, on: device)
        func check(_ found: Matrix, _ rule: (Double, Double) -> Double) throws {
            try expectNone(
                difference(
                    found.values, start.indices.map { rule(Double(start[$0]), Double(g[$0])) }, within: 4 * epsilon))
        }
        func sign(_ x: Double) -> Double { x > 0 ? 1 : (x < 0 ? -1 : 0) }
        var stepped = w
        try stepped.sgdStep(gradient, rate: 0.25)
        try check(stepped) { $0 - 0.25 * $1 }
        stepped = w
        try stepped.sgdStep(gradient, rate: 0.25, factor: Matrix([0.5], 1, 1, on: device))
        try check(stepped) { $0 - 0.125 * $1 }
        var penalised = gradient
        try penalised.addPenalty(of: w, l1: 0.5, l2: 0.25)
        try check(penalised) { $1 + 0.5 * sign($0) + 0.25 * $0 }
        var shrunk = w
        try shrunk.shrink(l1: 0.5, l2: 0.25)
        try check(shrunk) { w, _ in w - 0.5 * sign(w) - 0.25 * w }
        try check(w) { w, _ in w }

        let other = try Matrix(zeros: Shape(size + 1, 1), on: device)
        #expect(thrownCase { try stepped.sgdStep(other, rate: 1) } == "shapeMismatch")
        #expect(
            thrownCase { try stepped.sgdStep(gradient, rate: 1, factor: Matrix([], 0, 1, on: device)) }
                == "shapeMismatch")
        #expect(thrownCase { try stepped.addPenalty(of: other, l1: 1) } == "shapeMismatch")
    }

    @Test(arguments: sizes, Device.all)
    func adagradFollowsItsRule(_ size: Int, on device: Device) throws {
        for (l1, ε): (Float, Float) in [(0, 1e-3), (0.05, 0.1)] {
            var random = SplitMix64(seed: 12)
            let start = random.floats(size)
            var w = try Matrix(start, size, 1, on: device)
            var s = try Matrix(zeros: Shape(size, 1), on: device)
            var (parts, squares) = ([[w, w]], [[s, s]])
            var exactW = start.map(Double.init)
            var exactS = [Double](repeating: 0, count: size)
            for _ in 0..<Self.steps {
                let g = random.floats(size)
                let gradient = try Matrix(g, size, 1, on: device)
                try w.adagradStep(gradient, squares: &s, rate: 0.1, epsilon: ε, l1: l1)
                try Matrix.adagradStep(
                    &parts, [[gradient, gradient]], squares: &squares, rate: 0.1, epsilon: ε, l1: l1)
                for i in 0..<size {
                    exactS[i] += Double(g[i]) * Double(g[i])
                    let step = 0.1 / (exactS[i].squareRoot() + Double(ε))
                    let (u, pull) = (exactW[i] - step * Double(g[i]), step * Double(l1))
                    exactW[i] = u > pull ? u - pull : u < -pull ? u + pull : 0
                }
            }
            // |w| ≤ 1 + 0.1 · 21, each step rounded a few times.
            try expectNone(difference(w.values, exactW, within: 2e-5))
            try expectNone(difference(s.values, exactS, within: Self.bound(21)))
            for part in parts[0] { try expectNone(bitDifference(part.values, w.values)) }
        }
        // What is not a number stays that, and is not drawn to 0.
        var lost = try Matrix([.nan, 1], 2, 1, on: device)
        var none = try Matrix(zeros: Shape(2, 1), on: device)
        try lost.adagradStep(
            Matrix([1, .nan], 2, 1, on: device), squares: &none, rate: 0.1, epsilon: 0.1, l1: 0.5)
        #expect(try lost.values.allSatisfy(\.isNaN))
        let other = try Matrix(zeros: Shape(size + 1, 1), on: device)
        #expect(
            thrownCase {
                var w = other
                try w.adagradStep(lost, squares: &none, rate: 1)
            } == (size == 1 ? "" : "shapeMismatch"))
    }

    @Test(arguments: sizes, Device.all)
    func rmspropFollowsItsRule(_ size: Int, on device: Device) throws {
        for (form, momentum, epsilonOfRule) in [
            (Matrix.RMSPropForm.pyTorch, 0, 1e-8), (.pyTorch, 0.9, 1e-3), (.tensorFlow, 0, 1e-10),
            (.tensorFlow, 0.9, 0.1),
        ] as [(Matrix.RMSPropForm, Float, Float)] {
            var random = SplitMix64(seed: 2)
            let start = random.floats(size)
            var w = try Matrix(start, size, 1, on: device)
            var s = try Matrix(zeros: Shape(size, 1), on: device)
            var v = s
            var exactW = start.map(Double.init)
            var exactS = [Double](repeating: 0, count: size)
            var exactV = exactS
            let (rate, alpha): (Float, Float) = (0.05, 0.9)
            let (η, μ, α, ε) = (Double(rate), Double(momentum), Double(alpha), Double(epsilonOfRule))
            for step in 0..<Self.steps {
                var g = random.floats(size)
                if size > 0, step == 0 { g[0] = 0 }  // 0 / ε
                try w.rmsPropStep(
                    Matrix(g, size, 1, on: device), meanSquare: &s, velocity: &v, rate: rate, momentum: momentum,
                    alpha: alpha, epsilon: epsilonOfRule, form: form)
                for i in 0..<size {
                    let g = Double(g[i])
                    exactS[i] = α * exactS[i] + (1 - α) * g * g
                    switch form {
                    case .pyTorch:
                        exactV[i] = μ * exactV[i] + g / (exactS[i].squareRoot() + ε)
                        exactW[i] -= η * exactV[i]
                    case .tensorFlow:
                        exactV[i] = μ * exactV[i] + η * g / (exactS[i] + ε).squareRoot()
                        exactW[i] -= exactV[i]
                    }
                }
            }
            // |g| / √s is at most 1 / √(1 − α) = 3.2, so a sum of six at most 19; η times that in TensorFlow's form.
            try expectNone(difference(s.values, exactS, within: Self.bound(1)))
            try expectNone(difference(v.values, exactV, within: Self.bound(form == .pyTorch ? 19 : 1)))
            try expectNone(difference(w.values, exactW, within: Self.bound(1 + 21 * 3.2 * 0.05)))
        }
    }

    @Test(arguments: sizes, Device.all)
    func adamFollowsItsRule(_ size: Int, on device: Device) throws {
        for (l2, decay, from): (Float, Float, Int) in [(0, 0, 1), (0.1, 0, 1), (0, 0.1, 1), (0.05, 0.1, 100_000)] {
            var random = SplitMix64(seed: 4)
            let start = random.floats(size)
            var w = try Matrix(start, size, 1, on: device)
            var m = try Matrix(zeros: Shape(size, 1), on: device)
            var s = m
            let rate: Float = 0.05
            let (η, β1, β2) = (Double(rate), Double(Float(0.9)), Double(Float(0.99)))
            var (exactW, exactM) = (start.map(Double.init), [Double](repeating: 0, count: size))
            var exactS = exactM
            for step in from..<from + Self.steps {
                var g = random.floats(size)
                if size > 0, step == from { g[0] = 0 }
                try w.adamStep(
                    Matrix(g, size, 1, on: device), mean: &m, meanSquare: &s, step: step, rate: rate, beta1: 0.9,
                    beta2: 0.99, epsilon: 1e-6, l2: l2, decay: decay)
                let (first, second) = (1 - pow(β1, Double(step)), 1 - pow(β2, Double(step)))
                for i in 0..<size {
                    let g = Double(g[i]) + Double(l2) * exactW[i]
                    exactM[i] = β1 * exactM[i] + (1 - β1) * g
                    exactS[i] = β2 * exactS[i] + (1 - β2) * g * g
                    exactW[i] -= η * Double(decay) * exactW[i]
                    exactW[i] -= η * (exactM[i] / first) / ((exactS[i] / second).squareRoot() + 1e-6)
                }
            }
            // m and √s shrink alike, so that a step is at most η(1 − β₁)/√(1 − β₂) = η at first, and soon less.
            try expectNone(difference(m.values, exactM, within: Self.bound(1.1)))
            try expectNone(difference(s.values, exactS, within: Self.bound(1.2)))
            // What is added to 0 where g and l2·w cancel is off by more than its own last place.
            try expectNone(difference(w.values, exactW, within: 1e-5))
        }
    }

    /// PyTorch 2.13, three steps:
    ///
    ///     w = torch.tensor([1., -2, 0.5]).requires_grad_()
    ///     o = torch.optim.Adam([w], lr=0.1)   # Adam(lr=0.1, weight_decay=0.2), AdamW(lr=0.1, betas=(0.8, 0.99), weight_decay=0.2)
    ///     for t in range(1, 4): w.grad = torch.tensor([0.5 * t, -1, 0.25 / t]); o.step()
    ///     print(w)
    @Test(arguments: Device.all)
    func adamAgreesWithPyTorch(on device: Device) throws {
        for (l2, decay, beta1, beta2, expected): (Float, Float, Float, Float, [Double]) in [
            (0, 0, 0.9, 0.999, [0.7076817, -1.7, 0.2194662]),
            (0.2, 0, 0.9, 0.999, [0.7042347, -1.700148, 0.2136458]),
            (0, 0.2, 0.8, 0.99, [0.6497552, -1.588344, 0.2010576]),
        ] {
            var w = try Matrix([1, -2, 0.5], 1, 3, on: device)
            var m = try Matrix(zeros: w.shape, on: device)
            var s = m
            for t in 1...3 {
                let g = try Matrix([0.5 * Float(t), -1, 0.25 / Float(t)], 1, 3, on: device)
                try w.adamStep(
                    g, mean: &m, meanSquare: &s, step: t, rate: 0.1, beta1: beta1, beta2: beta2, l2: l2, decay: decay)
            }
            // Printed with seven digits.
            try expectNone(difference(w.values, expected, within: 1e-6))
        }
    }
}
