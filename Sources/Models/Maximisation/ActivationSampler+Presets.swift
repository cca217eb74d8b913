import Exploration

extension ActivationSampler {
    /// How images are sampled: a part of the network's presets with the same ids.
    public var presets: [Preset] {
        // T = λσₓ² spreads the pixels by √(T/λ) = σₓ: the network is shown images with the noise that it learned from.
        let readable = dissertation.changed(
            "readable", help: "", ["l2-weight": 1, "noise": 2.7, "sampled-weights": 1])
        // T = 5: the averages of a column have less than half in common, and each column still shows its class.
        let hot = readable.changed("hot", help: "", ["noise": 10, "sample-window": 60])
        return [readable, dissertation, hot]
    }

    private var dissertation: Preset {
        .initial(
            "dissertation", help: "", of: controls,
            named: [
                "l2-weight", "noise", "step-size", "sampling-momentum", "sample-window", "clip", "normalise",
                "sampled-weights", "temperature-ladder", "exchange",
            ])
    }
}
