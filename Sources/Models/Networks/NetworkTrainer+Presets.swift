import Exploration

extension NetworkTrainer {
    /// How the network learns. Those of a sampler with the same ids are a part of them.
    public var presets: [Preset] {
        let readable = dissertation.changed(
            "readable",
            help: "the network learns with noise, and images are drawn as the data are: people can read them",
            ["training-noise": defaults.presetNoise])
        return [
            readable, dissertation,
            readable.changed(
                "hot", help: "a high temperature: the chains of a column differ, and still show its class", [:]),
            readable.changed(
                "varied",
                help: "chains of a column are pushed apart: several ways in which its class is written or cut", [:]),
        ]
    }

    private var dissertation: Preset {
        .initial(
            "dissertation", help: "no training noise, signed images, nearly no temperature: the settings of the source",
            of: controls,
            named: ["learning-rate"] + optimiserControls.map(\.id) + ["averaging-window", "training-noise"])
    }
}
