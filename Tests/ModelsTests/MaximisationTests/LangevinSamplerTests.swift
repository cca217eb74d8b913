import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct LangevinSamplerTests {
    private func sampler(
        on device: Device, columns: Int = 3, chains: Int = 2, seed: UInt64 = 1
    ) throws -> (LangevinSampler, Network) {
        let network = try SmallWorld.network(on: device)
        let output = network.stages.count - 1
        let sampler = try LangevinSampler(
            of: network, neurons: (0..<columns).map { Neuron(stage: output, unit: $0) }, chains: chains, seed: seed)
        return (sampler, network)
    }

    @Test(arguments: Device.all)
    func chainsComeToExciteTheirNeurons(on device: Device) throws {
        var (sampler, network) = try sampler(on: device)
        let before = try sampler.activations(of: sampler.samples, on: network).values
        try sampler.advance(150, on: network)
        let after = try sampler.activations(of: sampler.averages, on: network).values
        #expect(after.count == 6 && zip(before, after).allSatisfy { $0 < $1 }, "\(before) \(after)")
        #expect(sampler.stepCount == 150 && sampler.samples.shape == Shape(6, 64))
        // f_a is the output's number of the column's unit.
        let outputs = try network.predict(sampler.averages).values
        let own: [Float] = (0..<6).map { row in outputs[row * 4 + row % 3] }
        #expect(after == own)
    }

    @Test func oneSeedDrawsTheSameImages() throws {
        func images(_ seed: UInt64, _ pieces: [Int]) throws -> [Float] {
            var (sampler, network) = try sampler(on: .cpu, seed: seed)
            for steps in pieces { try sampler.advance(steps, on: network) }
            return try sampler.samples.values
        }
        let whole = try images(3, [20])
        #expect(try images(3, [7, 0, 13]) == whole)
        #expect(try images(4, [20]) != whole)
    }

    /// The engine's sampler is this one: the same keys make the same chains.
    @Test func theAttachmentMakesTheSameSteps() throws {
        let host = try SmallWorld.trainer(on: .cpu)
        var attachment = try ActivationSampler(on: host, columns: 4, chains: 2, at: Step(0, seed: 1))
        let settings = Settings(initialOf: attachment.controls + host.controls)
        var own = try LangevinSampler(
            of: host.network, neurons: attachment.neurons, chains: 2, seed: 1,
            criteria: [(ImageSize(), 0.3)])
        #expect(try own.samples.values == attachment.chains.samples.values)
        for number in 1...5 {
            let step = Step(number, seed: 1)
            _ = try attachment.update(on: host, StepContext(step: step, settings: settings))
            _ = try own.step(
                on: host.network, noise: RandomKey(seed: 1, step: number * 64, stream: 3), MixinContext(step: step))
        }
        #expect(try own.samples.values == attachment.chains.samples.values)
        #expect(try own.averages.values == attachment.chains.averages.values)
    }

    @Test func aRestartedChainBeginsAnewAndTheOthersStay() throws {
        var (sampler, network) = try sampler(on: .cpu)
        try sampler.advance(40, on: network)
        let before = try sampler.samples.values
        try sampler.restart(column: 1, chain: 1)
        let after = try sampler.samples.values
        #expect(after[..<256] == before[..<256])
        #expect(after[320...] == before[320...])
        #expect(after[256..<320].map(abs).max()! < 1)  // of N(0, 0.1²)
        #expect(try sampler.chains.ages.values == [40, 40, 40, 40, 0, 40])
        try sampler.restart(column: 0)
        #expect(try sampler.chains.ages.values == [0, 40, 40, 0, 0, 40])
    }

    @Test func whatCannotBeDoneIsSaid() throws {
        var (sampler, network) = try sampler(on: .cpu)
        let other = try Network(
            input: SmallWorld.shape, layers: [("a", Dense(3)), ("b", Dense(2))], seed: 1, on: .cpu)
        #expect(said { try sampler.advance(1, on: other) }.contains("other layers"))
        #expect(said { try sampler.advance(1, on: Network.leNet5(seed: 1, on: .cpu)) }.contains("other layers"))
        #expect(said { try sampler.restart(column: 3) }.contains("columns 0 to 2"))
        #expect(said { try sampler.restart(column: 0, chain: -1) }.contains("chains 0 to 1"))
        #expect(said { _ = try sampler.activations(of: sampler.samples.slice(rows: 0..<2), on: network) } != "")
        #expect(said { _ = try LangevinSampler(of: network, neurons: [], chains: 0) }.contains("0 chains"))
        #expect(
            said { _ = try LangevinSampler(of: network, neurons: [Neuron(stage: 9, unit: 0)]) }.contains("no layer 9"))
        sampler.temperatureRatio = -1
        #expect(said { try sampler.advance(1, on: network) }.contains("-1"))
        #expect(sampler.stepCount == 0)
        sampler.temperatureRatio = 1
        // By running mean squares there is no energy.
        #expect(said { _ = try sampler.energies(on: network) }.contains("running mean squares"))
        sampler.exchange = .exact
        #expect(said { try sampler.advance(1, on: network) }.contains("running mean squares"))
        sampler.parameters.normalisation = .off
        #expect(said { try sampler.advance(1, on: network) }.contains("one temperature"))
        sampler.temperatureRatio = 1.5
        try sampler.advance(1, on: network)
        try sampler.criteria.add(Diversity(), weight: 1)
        #expect(said { try sampler.advance(1, on: network) }.contains("'diversity' has no score per image"))
        #expect(said { _ = try sampler.energies(on: network) }.contains("'diversity'"))
        sampler.exchange = .approximate
        try sampler.advance(1, on: network)
        sampler.parameters.noise = 0
        #expect(said { try sampler.advance(1, on: network) }.contains("no noise"))
        sampler.exchange = .off
        try sampler.criteria.add(Failing(), weight: 1)
        #expect(said { try sampler.advance(1, on: network) }.contains("nothing to say"))
    }

    private struct Failing: Mixin {
        let weight = Control("failing", title: "failing", range: 0...1, initial: 1, help: "")
        let score = Metric("failing-score", title: "", help: "")
        func gradient(of images: SampledImages, _ context: MixinContext) throws(CLMatError) -> Matrix? {
            throw .dataMismatch("It has nothing to say.")
        }
    }

    @Test func noNeuronsAreNoChains() throws {
        let network = try SmallWorld.network(on: .cpu)
        var sampler = try LangevinSampler(of: network, neurons: [])
        sampler.parameters.normalisation = .fixed
        try sampler.advance(3, on: network)
        #expect(sampler.samples.shape == Shape(0, 64))
        #expect(try sampler.energies(on: network).shape == Shape(0, 1))
    }

    @Test(arguments: Device.all)
    func rowsHaveALadderOfTemperatures(on device: Device) throws {
        var (sampler, network) = try sampler(on: device, columns: 2, chains: 3)
        sampler.setTemperature(0.02)
        #expect(abs(sampler.temperature - 0.02) < 1e-8)
        sampler.temperatureRatio = 4
        try sampler.advance(1, on: network)
        #expect(try sampler.chains.noiseFactors.values == [1, 1, 2, 2, 4, 4])
        let temperatures = try sampler.temperatures()
        let wanted = [0.02, 0.02, 0.08, 0.08, 0.32, 0.32]
        // σ is one of 32 bits.
        #expect(zip(temperatures, wanted).allSatisfy { abs($0.0 / $0.1 - 1) < 1e-6 })
        // The step size falls with a chain's age, and the temperature with it.
        (sampler.parameters.decayExponent, sampler.parameters.decayStart) = (1, 1)
        try sampler.restart(column: 1, chain: 0)
        let falling = try sampler.temperatures()
        let less = [0.01, 0.02, 0.04, 0.04, 0.16, 0.16]
        #expect(zip(falling, less).allSatisfy { abs($0.0 / $0.1 - 1) < 1e-6 })
    }

    // MARK: - Fixed normalisation

    /// ∇f of a linear neuron is its filter: c is its root mean square.
    @Test(arguments: Device.all)
    func fixedNormalisationHoldsTheRootMeanSquareOfTheGradient(on device: Device) throws {
        let (network, w) = try StationaryDistributionTests.neuron(side: 6, on: device)
        var parameters = LangevinChains.Parameters()
        (parameters.normalisation, parameters.burnIn) = (.fixed, 5)
        let neurons = [Neuron(stage: 0, unit: 0), Neuron(stage: 0, unit: 1)]
        var fixed = try LangevinSampler(
            of: network, neurons: neurons, chains: 3, seed: 2, criteria: [(ImageSize(), 0.5)], parameters: parameters)
        var byImage = fixed
        byImage.parameters.normalisation = .image
        try fixed.advance(4, on: network)
        #expect(said { _ = try fixed.energies(on: network) }.contains("estimated"))
        #expect(try fixed.chains.fixedMeanSquares.values.allSatisfy { $0 == 0 })
        try fixed.advance(1, on: network)
        try byImage.advance(5, on: network)
        // While it is estimated it goes as by image.
        #expect(try fixed.samples.values == byImage.samples.values)
        let square = w.reduce(0) { $0 + $1 * $1 } / Double(w.count)
        let held = try fixed.chains.fixedMeanSquares.values
        // The sum of 36 squares of 32 bits.
        for row in [1, 3, 5] { #expect(abs(Double(held[row]) / square - 1) < 1e-5) }
        // E = −(f/c − λ‖x‖²/2)
        let energies = try fixed.energies(on: network).values
        let x = try fixed.samples.values.map(Double.init)
        let f = try fixed.activations(of: fixed.samples, on: network).values
        for row in [1, 3, 5] {
            let size = x[row * 36..<(row + 1) * 36].reduce(0) { $0 + $1 * $1 } / 2
            let wanted = -(Double(f[row]) / (square + 1e-8).squareRoot() - 0.5 * size)
            #expect(abs(Double(energies[row]) - wanted) < 1e-4 * max(1, abs(wanted)))
        }
        // It stays when chains start again, and goes with the neuron.
        try fixed.restart(column: 1)
        try fixed.advance(3, on: network)
        #expect(try fixed.chains.fixedMeanSquares.values == held)
        fixed.neurons[0].unit = 1
        try fixed.refreshSeeds()
        #expect(try fixed.chains.fixedMeanSquares.values == [0, held[1], 0, held[1], 0, held[1]])
        // Chosen again it is estimated anew.
        fixed.parameters.normalisation = .off
        try fixed.advance(1, on: network)
        fixed.parameters.normalisation = .fixed
        try fixed.advance(4, on: network)
        #expect(try fixed.chains.fixedMeanSquares.values.allSatisfy { $0 == 0 })
        try fixed.advance(1, on: network)
        #expect(try fixed.chains.fixedMeanSquares.values.allSatisfy { $0 > 0 })
    }

    @Test func lostChainsDoNotCountAndAGradientOfZeroIsKnownToo() throws {
        var scales = GradientScales(columns: 3)
        for _ in 0..<2 {
            _ = scales.take([8, 0, .nan, .nan, 0, .infinity], pixels: 2, steps: 2)
        }
        #expect(scales.squares == [4, .leastNormalMagnitude, 0] && !scales.isKnown)
        let roots = (0..<3).map { scales.root(ofColumn: $0) ?? -1 }
        #expect(abs(roots[0] - 2) < 1e-6)
        #expect(abs(roots[1] - 1e-4) < 1e-9)
        #expect(roots[2] == -1)
    }
}
