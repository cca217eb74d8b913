import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct ReplicaExchangeTests {
    /// f(x) = −h(x² − 1)² + bx of an image of one pixel: two modes, of which the right one is the higher.
    private struct TwoModes: UnaryLayer {
        let height: Float
        let tilt: Float

        func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape { input }
        func forward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> LayerOutput {
            LayerOutput(try (x.squared() - 1).squared() * -height + x * tilt)
        }
        func inputGradient(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> Matrix {
            try gradient * ((pass.input.squared() - 1) * pass.input * (-4 * height) + tilt)
        }
    }

    private func sampler(chains: Int, ratio: Double) throws -> (LangevinSampler, Network) {
        let network = try Network(
            input: ImageShape(height: 1, width: 1), layers: [("modes", TwoModes(height: 1, tilt: 0.25))], seed: 1,
            on: .cpu)
        var parameters = LangevinChains.Parameters()
        (parameters.normalisation, parameters.step, parameters.momentum) = (.off, 0.02, 0.5)
        var sampler = try LangevinSampler(
            of: network, neurons: Array(repeating: Neuron(stage: 0, unit: 0), count: 64), chains: chains, seed: 3,
            criteria: [], parameters: parameters)
        sampler.setTemperature(0.1)
        sampler.temperatureRatio = ratio
        return (sampler, network)
    }

    /// At T = 0.1 a chain meets a barrier of 8 to 13 T, which it does not cross in this time: it stays in the mode that it fell into.
    /// In equilibrium e^(−0.5/0.1) = 1/150 are in the left mode, and those that exchange their images get there.
    @Test func exchangesBringChainsFromModeToMode() throws {
        func shareAtRight(_ exchange: LangevinSampler.Exchange) throws -> Double {
            var (sampler, network) = try sampler(chains: 6, ratio: 1.8)
            sampler.exchange = exchange
            try sampler.advance(2000, on: network)
            return Double(try sampler.samples.values[..<64].count { $0 > 0 }) / 64
        }
        let (alone, exchanging) = (try shareAtRight(.off), try shareAtRight(.exact))
        #expect(alone < 0.9, "\(alone)")
        #expect(exchanging > 0.95, "\(exchanging)")
    }

    /// Detailed balance with the temperatures and energies of chains that do not move: swaps alone reach the distribution
    /// over which chain has which energy.
    @Test func aSwapIsAcceptedByDetailedBalance() throws {
        var (sampler, network) = try sampler(chains: 2, ratio: 2)
        // The colder chains have the lower energy, by ΔE = 0.1: exp((1/0.1 − 1/0.2) · (−0.1)) = e^−0.5 are accepted.
        let f = { (x: Double) in -(x * x - 1) * (x * x - 1) + 0.25 * x }
        var (low, high) = (-1.0, 0.0)
        // x with f(x) = f(1) − 0.1 by bisection between the barrier and the left mode's side of it.
        (low, high) = (0.3, 1)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if f(middle) < f(1) - 0.1 { low = middle } else { high = middle }
        }
        let start = Array(repeating: Float(1), count: 64) + Array(repeating: Float(low), count: 64)
        sampler.exchange = .exact
        sampler.parameters.step = 1e-9
        sampler.setTemperature(0.1)
        var (accepted, proposed) = (0, 0)
        for _ in 0..<40 {
            sampler.chains.samples = try Matrix(start, 128, 1, on: .cpu)
            sampler.chains.velocities = try Matrix(zeros: Shape(128, 1), on: .cpu)
            try sampler.advance(10, on: network)
            // Every other time it is the turn of pairs that two rows do not have.
            guard sampler.stepCount / 10 % 2 == 0 else { continue }
            let cold = try sampler.samples.values[..<64]
            proposed += 64
            accepted += cold.count { abs($0 - 1) > 0.01 }
        }
        // Of 1,280 with p = 0.607: five deviations of √(p(1 − p)/1280).
        #expect(proposed == 1280)
        #expect(abs(Double(accepted) / 1280 - exp(-0.5)) < 0.069, "\(accepted)")
        #expect(abs((sampler.exchangeAcceptance ?? 0) - exp(-0.5)) < 0.1)
    }

    // MARK: - In the engine

    private func run(_ settings: [String: Double], steps: Int = 40) throws -> Learner {
        try SmallWorld.run(steps: steps, on: .cpu, attached: ["ldam"], settings: settings)
    }

    @Test func theEngineExchangesAndMeasuresTheAcceptance() throws {
        let learner = try run([
            "normalise": 0, "temperature-ladder": 1.5, "exchange": 1, "training": 0, "noise": 3, "sampling-steps": 5,
        ])
        #expect(learner.status.error == nil && learner.status.warnings.isEmpty)
        let acceptance = try #require(learner.timeline.lastValues["exchange-acceptance"])
        #expect((0...1).contains(acceptance))
    }

    @Test func whatKeepsAnExchangeFromBeingMadeIsSaid() throws {
        func warning(_ settings: [String: Double]) throws -> String? {
            let learner = try run(settings, steps: 3)
            #expect(learner.timeline.series("exchange-acceptance").count == 0)
            return learner.status.warnings.first { $0.id == "no-exchange" }?.text
        }
        let works: [String: Double] = ["normalise": 0, "temperature-ladder": 1.5, "exchange": 1, "training": 0]
        func with(_ changes: [String: Double]) -> [String: Double] { works.merging(changes) { $1 } }
        #expect(try warning(works) == nil)
        #expect(try warning(with(["normalise": 1]))?.contains("running mean squares") == true)
        #expect(try warning(with(["normalise": 3])) == nil)
        #expect(try warning(with(["temperature-ladder": 1]))?.contains("one temperature") == true)
        #expect(try warning(with(["noise": 0]))?.contains("no noise") == true)
        #expect(try warning(with(["training": 1]))?.contains("learning") == true)
        #expect(try warning(with(["training": 1, "exchange": 2])) == nil)
        #expect(try warning(with(["normalise": 1, "exchange": 0])) == nil)
        #expect(try warning(with(["normalise": 1, "sampling": 0])) == nil)
    }

    /// Fixed mean squares, the ladder and what was exchanged are kept; a file of before has none of them.
    @Test func checkpointsKeepItAndOlderFilesAreRead() throws {
        let host = try SmallWorld.trainer(on: .cpu)
        var sampler = try ActivationSampler(on: host, chains: 3, at: Step(0, seed: 1))
        var settings = Settings(initialOf: sampler.controls + host.controls)
        func set(_ id: String, _ value: Double) throws {
            let control = try #require((sampler.controls + host.controls).first { $0.id == id })
            try settings.set(control, to: value)
        }
        try set("normalise", 3)
        try set("burn-in", 4)
        try set("temperature-ladder", 1.3)
        try set("exchange", 2)
        try set("noise", 3)
        func advance(_ sampler: inout ActivationSampler, _ numbers: ClosedRange<Int>) throws -> Measurements {
            var last = Measurements()
            for number in numbers {
                last = try sampler.update(on: host, StepContext(step: Step(number, seed: 1), settings: settings))
            }
            return last
        }
        // In the middle of the estimate, and after it.
        for steps in [2, 25] {
            var own = sampler
            _ = try advance(&own, 1...steps)
            let archive = Archive.writing()
            try own.archive(archive)
            var read = try ActivationSampler(on: host, chains: 3, at: Step(9, seed: 9))
            try read.archive(Archive.reading(archive.tensors, from: "a file", on: .cpu))
            let (a, b) = (try advance(&own, steps + 1...50), try advance(&read, steps + 1...50))
            #expect(try own.chains.samples.values == read.chains.samples.values)
            #expect(try own.chains.fixedMeanSquares.values == read.chains.fixedMeanSquares.values)
            #expect(a["exchange-acceptance"] != nil && a["exchange-acceptance"] == b["exchange-acceptance"])

            let new = [
                "fixed-sums", "fixed-steps", "fixed-squares", "exchanges-accepted", "exchanges-proposed", "step-count",
            ]
            let old = archive.tensors.filter { !new.contains($0.key) }
            #expect(old.count == archive.tensors.count - new.count)
            try read.archive(Archive.reading(old, from: "an older file", on: .cpu))
            #expect(try read.chains.fixedMeanSquares.values.allSatisfy { $0 == 0 })
            _ = try advance(&read, steps + 1...steps + 5)
        }
    }

    @Test func whatIsDamagedIsSaid() throws {
        let host = try SmallWorld.trainer(on: .cpu)
        var sampler = try ActivationSampler(on: host, chains: 2, at: Step(0, seed: 1))
        let archive = Archive.writing()
        try sampler.archive(archive)
        func refused(_ name: String, _ change: (inout [String: Archive.Tensor]) throws -> Void) throws {
            var tensors = archive.tensors
            try change(&tensors)
            let found = damage { try sampler.archive(Archive.reading(tensors, from: "a file", on: .cpu)) }
            #expect(found?.place.contains(name) == true, "\(name): \(String(describing: found))")
        }
        func numbers<T>(_ kind: Archive.Tensor.Kind, _ values: [T]) -> Archive.Tensor {
            Archive.Tensor(kind: kind, shape: [values.count], bytes: values.withUnsafeBytes { Data($0) })
        }
        try refused("step-count") { $0["step-count"] = numbers(.int64, [Int64(-1)]) }
        try refused("fixed-squares") { $0["fixed-squares"] = numbers(.float32, [Float(1)]) }
        try refused("fixed-squares") { $0["fixed-squares"] = numbers(.float32, [Float.nan, 0, 0, 0]) }
        try refused("fixed-squares") { $0["fixed-steps"] = numbers(.int64, [Int64.max, 0, 0, 0]) }
    }
}
