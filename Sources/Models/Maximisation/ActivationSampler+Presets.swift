import Exploration

extension ActivationSampler {
    /// How images are sampled: a part of the network's presets with the same id.
    public var presets: [Preset] {
        [
            .initial(
                "dissertation", help: "sampling as in the dissertation", of: controls,
                named: ["noise", "step-size", "sampling-momentum", "sample-window", "clip", "normalise", "l2-weight"])
        ]
    }
}
