import CLMat
import Foundation
import ModelOperations
import TestSupport
import Testing

struct LangevinCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let chains: Int
    let pixels: Int
    let parameters: LangevinChains.Parameters

    init(
        _ name: String, _ chains: Int = 3, _ pixels: Int = 65,
        _ set: (inout LangevinChains.Parameters) -> Void = { _ in }
    ) {
        (testDescription, self.chains, self.pixels) = (name, chains, pixels)
        var parameters = LangevinChains.Parameters()
        set(&parameters)
        self.parameters = parameters
    }
}

/// The sampler's step against algorithm 1 of its source in Double, for several steps.
@Suite struct LangevinKernelTests {
    static let cases = [
        LangevinCase("defaults"),
        LangevinCase("one pixel", 1, 1),
        LangevinCase("no chains", 0, 5),
        LangevinCase("images of MNIST", 5, 784),
        LangevinCase("not normalised") { $0.normalisation = .off },
        LangevinCase("normalised by pixel", 4, 67) { $0.normalisation = .pixel },
        LangevinCase("clipped", 4, 63) { ($0.clip, $0.step) = (-0.25...0.5, 0.2) },
        LangevinCase("clipped below alone", 4, 64) { ($0.clip, $0.step) = (0...(.infinity), 0.2) },
        LangevinCase("burn-in and window", 2, 33) { ($0.burnIn, $0.window) = (2, 3) },
        LangevinCase("burn-in longer than the run") { $0.burnIn = 100 },
        LangevinCase("a window without end") { $0.window = .max },
        LangevinCase("decaying step", 3, 31) { ($0.step, $0.decayStart, $0.decayExponent) = (0.1, 2, 0.55) },
        LangevinCase("no momentum, no noise") { ($0.momentum, $0.noise) = (0, 0) },
        LangevinCase("held mean squares", 5, 67) { $0.normalisation = .fixed },
        LangevinCase("held mean squares, one pixel", 2, 1) { $0.normalisation = .fixed },
        LangevinCase("held mean squares, images of MNIST", 3, 784) { $0.normalisation = .fixed },
        LangevinCase("held mean squares, no chains", 0, 5) { $0.normalisation = .fixed },
        // In parts on OpenCL devices: of images of MNIST, and of large ones, whose squares are summed up before.
        LangevinCase("many images of MNIST", 33, 784) { $0.normalisation = .fixed },
        LangevinCase("large images", 3, 9001),
        LangevinCase("large images, everything", 2, 12_289) {
            ($0.clip, $0.step, $0.decayStart, $0.decayExponent) = (-0.5...0.5, 0.3, 10, 1)
            ($0.burnIn, $0.window, $0.memory, $0.momentum, $0.normalisation) = (1, 4, 0.5, 0.5, .fixed)
        },
        LangevinCase("everything", 7, 129) {
            ($0.clip, $0.step, $0.decayStart, $0.decayExponent) = (-0.5...0.5, 0.3, 10, 1)
            ($0.burnIn, $0.window, $0.memory, $0.momentum, $0.normalisation) = (1, 4, 0.5, 0.5, .pixel)
        },
    ]

    @Test(arguments: cases, Device.all)
    func stepsFollowTheAlgorithm(_ test: LangevinCase, on device: Device) throws {
        let (chains, pixels, p) = (test.chains, test.pixels, test.parameters)
        let count = chains * pixels
        var random = SplitMix64(seed: 1)
        let start = random.floats(count)
        var state = try LangevinChains(startingAt: Matrix(start, chains, pixels, on: device))
        // Every chain has noise of its own, the first none; every other one has a mean square that is held.
        let factors = (0..<chains).map { Float($0) / 2 }
        let held: [Float] = (0..<chains).map { $0 % 2 == 0 ? Float(0) : Float(0.1) + Float($0) / 3 }
        state.noiseFactors = try Matrix(factors, chains, 1, on: device)
        state.fixedMeanSquares = try Matrix(held, chains, 1, on: device)
        var x = start.map(Double.init)
        var v = [Double](repeating: 0, count: count)
        var s = v
        var whole = [Double](repeating: 0, count: chains)
        var a = x
        let (ρ, σ, γ, β) = (Double(p.memory), Double(p.noise), Double(p.momentum), Double(p.step))
        let steps = 7

        func wholeSquare(_ chain: Int) -> Double {
            p.normalisation == .fixed && held[chain] > 0 ? Double(held[chain]) : whole[chain]
        }
        for t in 1...steps {
            let g = random.floats(count)
            let r = random.floats(count)
            let e = random.floats(count, in: -3...3)
            func matrix(_ values: [Float]) throws -> Matrix { try Matrix(values, chains, pixels, on: device) }
            try state.step(gradient: matrix(g), regulariserGradient: matrix(r), noise: matrix(e), p)

            let βt = β * pow(1 + Double(t) / Double(p.decayStart), -Double(p.decayExponent))
            let weight = 1 / Double(max(1, min(t - p.burnIn, p.window)))
            var moved = [Double](repeating: 0, count: chains)
            var updateSquares = moved
            for chain in 0..<chains {
                let squares = (0..<pixels).reduce(0) {
                    $0 + Double(g[chain * pixels + $1]) * Double(g[chain * pixels + $1])
                }
                whole[chain] = ρ * whole[chain] + (1 - ρ) * squares / Double(pixels)
            }
            for i in 0..<count {
                let g = Double(g[i])
                s[i] = ρ * s[i] + (1 - ρ) * g * g
                let n =
                    switch p.normalisation {
                    case .off: g
                    case .image, .fixed: g / (wholeSquare(i / pixels) + 1e-8).squareRoot()
                    case .pixel: g / (s[i] + 1e-8).squareRoot()
                    }
                let deviation = σ * Double(factors[i / pixels])
                let u = n + Double(r[i]) + deviation * Double(e[i])
                v[i] = γ * v[i] + βt * u
                let next = min(max(x[i] + v[i], Double(p.clip.lowerBound)), Double(p.clip.upperBound))
                moved[i / pixels] += abs(next - x[i])
                updateSquares[i / pixels] += u * u
                x[i] = next
                a[i] += weight * (x[i] - a[i])
            }
            // |u| ≤ |n| + 1 + 0.9 max(1, factor), with some 11 roundings (a root has 3 ulp, a division 2.5; an image's mean
            // square has as many more as its sum); v ≤ 10 βu; x is a sum of v. By pixel |n| ≤ 3.2 = 1/√(1 − ρ), which is also
            // 1/√0.1, the most by a held mean square; by image the largest of a row's |g| lies within √pixels, and below 6,
            // of its root mean square.
            let isByImage = p.normalisation == .image || p.normalisation == .fixed
            let relative = Double(t) * (11 + (isByImage ? Double(pixels) / 32 : 0)) * epsilon
            let noise = 0.9 * max(1, Double(chains) / 2)
            let bound = (isByImage ? 3.2 * min(6, Double(pixels).squareRoot()) : 3.2) + 1 + noise
            let (ofU, ofV) = (bound, max(1, 10 * β * bound))
            try expectNone(difference(state.meanSquares.values, s, within: relative))
            try expectNone(
                difference(state.imageMeanSquares.values, whole, within: relative * (1 + Double(pixels) / 32)))
            try expectNone(difference(state.velocities.values, v, within: relative * ofV))
            try expectNone(difference(state.samples.values, x, within: relative * (1 + ofV)))
            try expectNone(difference(state.averages.values, a, within: relative * (1 + ofV)))
            // Sums over pixels: their terms' errors, and pixels/32 + 6 roundings of the sum.
            let chain = Double(pixels) / 32 + 6
            try expectNone(
                difference(
                    state.moved.rowSums().values, moved,
                    within: {
                        Double(pixels) * relative * (1 + ofV) + chain * epsilon * moved[$0]
                    }))
            try expectNone(
                difference(
                    state.squaredUpdateNorms.rowSums().values, updateSquares,
                    within: {
                        Double(pixels) * 20 * epsilon * ofU * ofU + chain * epsilon * updateSquares[$0]
                    }))
            #expect(try state.ages.values == [Int32](repeating: Int32(t), count: chains))
        }
    }

    @Test(arguments: Device.all)
    func oneChainStartsAgainAndTheOthersGoOn(on device: Device) throws {
        let (chains, pixels) = (3, 5)
        var random = SplitMix64(seed: 2)
        var state = try LangevinChains(startingAt: Matrix(random.floats(15), chains, pixels, on: device))
        let forces = try (0..<3).map { _ in try Matrix(random.floats(15), chains, pixels, on: device) }
        for _ in 0..<3 {
            try state.step(gradient: forces[0], regulariserGradient: forces[1], noise: forces[2], .init())
        }
        let before = state
        let sample = random.floats(5)
        try state.restart(1, at: Matrix(sample, 1, pixels, on: device))

        func rows(_ m: Matrix) throws -> [[Float]] { try ReductionKernelTests.rows(m.values, m.shape).map(Array.init) }
        for (now, then, restarted) in [
            (state.samples, before.samples, sample), (state.averages, before.averages, sample),
            (state.velocities, before.velocities, [Float](repeating: 0, count: 5)),
            (state.meanSquares, before.meanSquares, [Float](repeating: 0, count: 5)),
            (state.imageMeanSquares, before.imageMeanSquares, [0]),
        ] {
            #expect(try rows(now) == [rows(then)[0], restarted, rows(then)[2]])
        }
        #expect(try state.ages.values == [3, 0, 3])
    }

    @Test(arguments: Device.all)
    func aFactorOfOneIsThePlainStep(on device: Device) throws {
        var random = SplitMix64(seed: 4)
        let (chains, pixels) = (3, 37)
        var plain = try LangevinChains(startingAt: Matrix(random.floats(111), chains, pixels, on: device))
        var doubled = plain
        doubled.noiseFactors = try Matrix(filledWith: 2, Shape(chains, 1), on: device)
        var wide = LangevinChains.Parameters()
        wide.noise *= 2
        for _ in 0..<3 {
            let forces = try (0..<3).map { _ in try Matrix(random.floats(111), chains, pixels, on: device) }
            // Powers of two do not round: twice the factor is twice the deviation to the bit.
            try plain.step(gradient: forces[0], regulariserGradient: forces[1], noise: forces[2], wide)
            try doubled.step(gradient: forces[0], regulariserGradient: forces[1], noise: forces[2], .init())
        }
        #expect(try bitDifference(plain.samples.values, doubled.samples.values) == nil)
    }

    @Test(arguments: Device.all)
    func pairsOfChainsExchangeTheirSamples(on device: Device) throws {
        var random = SplitMix64(seed: 5)
        let (chains, pixels) = (5, 3)
        var state = try LangevinChains(startingAt: Matrix(random.floats(15), chains, pixels, on: device))
        let forces = try (0..<3).map { _ in try Matrix(random.floats(15), chains, pixels, on: device) }
        try state.step(gradient: forces[0], regulariserGradient: forces[1], noise: forces[2], .init())
        state.noiseFactors = try Matrix([1, 2, 4, 8, 16], chains, 1, on: device)
        let before = state
        try state.exchange([(0, 1), (4, 2)])
        func rows(_ m: Matrix) throws -> [[Float]] { try ReductionKernelTests.rows(m.values, m.shape).map(Array.init) }
        let (x, v) = try (rows(before.samples), rows(before.velocities))
        #expect(try rows(state.samples) == [x[1], x[0], x[4], x[3], x[2]])
        let scaled = [v[1].map { $0 / 2 }, v[0].map { $0 * 2 }, v[4].map { $0 / 4 }, v[3], v[2].map { $0 * 4 }]
        #expect(try rows(state.velocities) == scaled)
        #expect(try state.averages.values == before.averages.values)
        #expect(try state.imageMeanSquares.values == before.imageMeanSquares.values)
        // Back again.
        try state.exchange([(0, 1), (4, 2)])
        #expect(try state.samples.values == before.samples.values)
        #expect(try state.velocities.values == before.velocities.values)
        try state.exchange([])
        #expect(try state.samples.values == before.samples.values)
    }

    /// A known law: with γ = 0, a constant step and the gradient −x, the samples become those of a normal distribution.
    @Test(arguments: Device.all)
    func samplesReachTheStationaryDistribution(on device: Device) throws {
        let (chains, pixels) = (16, 1024)
        var parameters = LangevinChains.Parameters()
        (parameters.normalisation, parameters.momentum, parameters.step, parameters.noise) = (.off, 0, 0.1, 1)
        var state = try LangevinChains(startingAt: Matrix(zeros: Shape(chains, pixels), on: device))
        let none = try Matrix(zeros: Shape(chains, pixels), on: device)
        for step in 0..<60 {
            let noise = try Matrix(
                normal: 0, deviation: 1, RandomKey(seed: 3, step: step, stream: 0), Shape(chains, pixels), on: device)
            try state.step(gradient: state.samples.negated(), regulariserGradient: none, noise: noise, parameters)
        }
        // x ← (1 − β) x + β e: variance β² / (1 − (1 − β)²), up to (1 − β)¹²⁰ of it after 60 steps.
        let variance = 0.01 / (1 - 0.81)
        let n = Double(chains * pixels)
        let found = Double(try state.samples.sumOfSquares()) / n
        #expect(abs(found - variance) < 5 * variance * (2 / n).squareRoot())
    }
}
