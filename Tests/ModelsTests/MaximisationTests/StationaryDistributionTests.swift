import CLMat
import Foundation
import Models
import Testing

/// Chains of a neuron that is linear in the pixels, with L2 weight λ, neither normalised nor clipped, come to a distribution that is known.
///
/// With d = x − w/λ, a = βλ and s = βσ each pixel follows v' = γv − ad + sξ, d' = d + v'. At rest the moments D = E d²,
/// C = E dv, V = E v² repeat themselves:
///
///     C = γC − aD + V                           (d'v' = (d + v')v', and d v' = γdv − ad²)
///     0 = 2(γC − aD) + V                        (d'² = d² + 2dv' + v'²)
///     V = γ²V + a²D + s² − 2γaC
///
/// The first two give C = aD/(1 + γ) and V = 2aD/(1 + γ), and the third then
///
///     D = s²/(2a(1 − γ)(1 − a/(2(1 + γ)))) = (T/λ)/(1 − βλ/(2(1 + γ))),  T = βσ²/(2(1 − γ)):
///
/// exact at any step size.
@Suite struct StationaryDistributionTests {
    struct Dynamics: Sendable, CustomTestStringConvertible {
        let step, momentum, weight, temperature: Double
        var testDescription: String { "β \(step), γ \(momentum), λ \(weight), T \(temperature)" }

        var variance: Double { temperature / weight / (1 - step * weight / (2 * (1 + momentum))) }

        /// Steps after which a thousandth is left of where the chains began: x and v shrink by the larger of the roots of
        /// μ² − (1 − a + γ)μ + γ = 0.
        var memory: Int {
            let sum = 1 - step * weight + momentum
            let discriminant = sum * sum - 4 * momentum
            let root = discriminant < 0 ? momentum.squareRoot() : (sum + discriminant.squareRoot()) / 2
            return Int((log(1e-3) / log(root)).rounded(.up))
        }

        func sampler(
            of network: Network, columns: Int, chains: Int, seed: UInt64
        ) throws -> LangevinSampler {
            var parameters = LangevinChains.Parameters()
            (parameters.normalisation, parameters.step) = (.off, Float(step))
            parameters.momentum = Float(momentum)
            var sampler = try LangevinSampler(
                of: network, neurons: Array(repeating: Neuron(stage: 0, unit: 1), count: columns), chains: chains,
                seed: seed, criteria: [(ImageSize(), weight)], parameters: parameters)
            sampler.setTemperature(temperature)
            return sampler
        }
    }

    static let dynamics = [
        Dynamics(step: 0.01, momentum: 0.9, weight: 1, temperature: 0.1),
        Dynamics(step: 0.1, momentum: 0, weight: 0.7, temperature: 1),
        Dynamics(step: 0.05, momentum: 0.8, weight: 3, temperature: 0.0045),
        // The correction of the step size is a quarter of the variance here.
        Dynamics(step: 0.3, momentum: 0.5, weight: 2, temperature: 0.02),
    ]

    /// A layer of two units, and the weights of the second.
    static func neuron(side: Int, on device: Device) throws -> (network: Network, weights: [Double]) {
        let network = try Network(
            input: ImageShape(height: side, width: side), layers: [("linear", Dense(2))], seed: 5, on: device)
        let weights = try network.parameters[0][0].values
        return (network, weights[(side * side)...].map(Double.init))
    }

    /// z-scores of the means and of the variances of independent samples, pixel by pixel.
    ///
    /// A variance of n normal numbers is V χ²/(n − 1) with n − 1 degrees of freedom, whose cube root is nearly normal.
    /// - Source: E. B. Wilson, M. M. Hilferty, "The distribution of chi-square", PNAS 17, 1931.
    static func scores(_ samples: [[Double]], mean: [Double], variance: Double) -> (mean: [Double], variance: [Double])
    {
        let n = Double(samples.count)
        var (means, variances): ([Double], [Double]) = ([], [])
        for pixel in mean.indices {
            let found = samples.reduce(0) { $0 + $1[pixel] } / n
            let squares = samples.reduce(0) { $0 + ($1[pixel] - found) * ($1[pixel] - found) }
            means.append((found - mean[pixel]) / (variance / n).squareRoot())
            let k = n - 1
            variances.append((cbrt(squares / k / variance) - 1 + 2 / (9 * k)) / (2 / (9 * k)).squareRoot())
        }
        return (means, variances)
    }

    /// None beyond 5, and their mean square 1 give or take three deviations of that of 784 numbers, √(2/784) = 0.05.
    static func expectNormal(_ scores: [Double], _ what: String) {
        let largest = scores.map(abs).max() ?? .infinity
        let meanSquare = scores.reduce(0) { $0 + $1 * $1 } / Double(scores.count)
        #expect(largest < 5, "\(what): the largest is \(largest)")
        #expect((0.85...1.15).contains(meanSquare), "\(what): their mean square is \(meanSquare)")
    }

    @Test(arguments: dynamics, Device.all)
    func chainsOfALinearNeuronHaveItsDistribution(_ dynamics: Dynamics, on device: Device) throws {
        let (network, w) = try Self.neuron(side: 28, on: device)
        var sampler = try dynamics.sampler(of: network, columns: 1, chains: 256, seed: 11)
        try sampler.advance(dynamics.memory, on: network)
        let values = try sampler.samples.values.map(Double.init)
        let samples = (0..<256).map { Array(values[$0 * 784..<($0 + 1) * 784]) }
        let scores = Self.scores(samples, mean: w.map { $0 / dynamics.weight }, variance: dynamics.variance)
        Self.expectNormal(scores.mean, "means")
        Self.expectNormal(scores.variance, "variances")
    }

    /// The same at each rung of a ladder whose rows exchange their images. A swap goes by exp(−E/T), from which the distribution of the
    /// steps differs by their correction, a/(2(1 + γ)) = 1.7 % here, far below what 64 columns can tell.
    @Test(arguments: Device.all)
    func exchangesLeaveEachRungItsDistribution(on device: Device) throws {
        let (columns, rungs, ratio, side) = (64, 4, 1.1, 14)
        let cold = Dynamics(step: 0.05, momentum: 0.5, weight: 1, temperature: 0.3)
        let (network, w) = try Self.neuron(side: side, on: device)
        var sampler = try cold.sampler(of: network, columns: columns, chains: rungs, seed: 12)
        (sampler.temperatureRatio, sampler.exchange) = (ratio, .exact)
        var scores = [(mean: [Double], variance: [Double])](repeating: ([], []), count: rungs)
        // Four samples of 196 pixels each, as far apart as the start is from the first.
        for _ in 0..<4 {
            try sampler.advance(cold.memory, on: network)
            let values = try sampler.samples.values.map(Double.init)
            for rung in 0..<rungs {
                let samples = (0..<columns).map { column in
                    let row = rung * columns + column
                    return Array(values[row * w.count..<(row + 1) * w.count])
                }
                let own = Self.scores(
                    samples, mean: w.map { $0 / cold.weight }, variance: cold.variance * pow(ratio, Double(rung)))
                scores[rung].mean += own.mean
                scores[rung].variance += own.variance
            }
        }
        for rung in 0..<rungs {
            Self.expectNormal(scores[rung].mean, "means of rung \(rung)")
            Self.expectNormal(scores[rung].variance, "variances of rung \(rung)")
        }
        // E is T χ²/2 with d = 196 degrees of freedom: the exponent is nearly normal, with the mean −μ = −(d/2)(r − 1)²/r and the
        // variance 2μ, so that the share is erfc(√μ/2) = 0.505. Some 2,000 exchanges tell it to a few hundredths.
        let acceptance = try #require(sampler.exchangeAcceptance)
        #expect((0.44...0.57).contains(acceptance), "\(acceptance)")
    }
}
