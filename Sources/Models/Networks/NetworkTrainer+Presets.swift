import Exploration

extension NetworkTrainer {
    /// How the network learns. Those of a sampler with the same id are a part of them.
    public var presets: [Preset] {
        [
            .initial(
                "dissertation", help: "training and sampling as in the dissertation", of: controls,
                named: ["learning-rate", "momentum", "averaging-window"])
        ]
    }
}
