import Exploration

extension NetworkTrainer {
    /// How the network learns. Those of a sampler with the same ids are a part of them.
    public var presets: [Preset] {
        let readable = dissertation.changed(
            "readable", help: "the network learns with noise, so that people can read what it looks for",
            ["training-noise": 0.6])
        return [
            readable, dissertation,
            readable.changed("hot", help: "the same, sampled so hot that chains differ", [:]),
        ]
    }

    private var dissertation: Preset {
        .initial(
            "dissertation", help: "no training noise and nearly no temperature: the settings of the source",
            of: controls, named: ["learning-rate", "momentum", "averaging-window", "training-noise"])
    }
}
