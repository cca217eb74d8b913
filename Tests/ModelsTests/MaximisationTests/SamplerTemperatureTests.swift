import CLMat
import TestSupport
import Testing

@testable import Exploration
@testable import Models

/// T and σ as controls of the sampler, and its presets.
@Suite struct SamplerTemperatureTests {
    private func experiment() throws -> Experiment {
        try Experiment(
            SmallWorld.trainer(on: .cpu), data: SmallWorld.batches(on: .cpu),
            attachments: [.ldam(columns: 4, chains: 2)], attached: ["ldam"])
    }

    @Test func temperatureAndNoiseShowEachOther() throws {
        var experiment = try experiment()
        // 0.01 · 0.3² / (2 · 0.1)
        #expect(experiment.settings.values["temperature"] == 0.0045)
        try experiment.set(["temperature": 0.5])
        #expect(abs((experiment.settings.values["noise"] ?? 0) - 10.squareRoot()) < 1e-12)
        // Without the switch β and γ keep σ, with it T.
        try experiment.set(["step-size": 0.02])
        #expect(abs((experiment.settings.values["noise"] ?? 0) - 10.squareRoot()) < 1e-12)
        #expect(experiment.settings.values["temperature"] == 1)
        try experiment.set(["hold-temperature": 1])
        try experiment.set(["sampling-momentum": 0.8])
        #expect(experiment.settings.values["temperature"] == 1)
        #expect(abs((experiment.settings.values["noise"] ?? 0) - 20.squareRoot()) < 1e-12)
        try experiment.set(["temperature": 0])
        #expect(experiment.settings.values["noise"] == 0)
    }

    @Test func settingEitherMakesTheSameImages() throws {
        func samples(_ settings: [String: Double]) throws -> [Float] {
            let learner = try SmallWorld.run(steps: 30, on: .cpu, attached: ["ldam"], settings: settings)
            return learner.timeline.series("mean-activation").values
        }
        #expect(try samples(["temperature": 0.5]) == samples(["noise": 10.squareRoot()]))
        #expect(try samples(["temperature": 0.5]) != samples([:]))
    }

    @Test func presetsAreWholeAndTheDissertationsIsHowALibrarysRunBegins() throws {
        let experiment = try experiment()
        try experiment.checkPresets()
        #expect(experiment.dashboard.presets.map(\.id) == ["readable", "dissertation", "hot", "varied"])
        let dissertation = try experiment.dashboard.preset("dissertation")
        let shown = experiment.settings.showing(experiment.view, of: experiment.dashboard.controls)
        #expect(experiment.dashboard.holds(dissertation, shown))
        #expect(dissertation.values["training-noise"] == 0 && dissertation.values["noise"] == 0.3)
    }

    /// With T = λσₓ² the pixels of a readable run spread by √(T/λ) = σₓ.
    @Test func readableImagesHaveTheNoiseThatTheNetworkLearnsFrom() throws {
        var experiment = try experiment()
        try experiment.apply(preset: "readable")
        let values = experiment.settings.values
        let (t, λ, σx) = (values["temperature"] ?? 0, values["l2-weight"] ?? 0, values["training-noise"] ?? 0)
        #expect(σx > 0 && abs((t / λ).squareRoot() / σx - 1) < 0.02)
    }
}
