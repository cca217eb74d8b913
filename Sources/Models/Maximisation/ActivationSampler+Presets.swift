import Exploration

extension ActivationSampler {
    /// How images are sampled: a part of the network's presets with the same ids.
    public var presets: [Preset] {
        // T = λσₓ² spreads pixels by √(T/λ) = σₓ = 0.6: the network is shown images with about the noise that it learned from.
        let readable = dissertation.changed(
            "readable", help: "images as the data are: from 0, black, to 1, white, and hot enough to be smooth",
            ["l2-weight": 1, "noise": 2.7, "clip": 2, "sampled-weights": 1, Self.brightness.id: 1])
        // T = 5: the averages of a column have less than half in common, and its mean still shows the class.
        let hot = readable.changed(
            "hot", help: "chains wander",
            ["noise": 10, "clip": 0, "sample-window": 60, Self.brightness.id: 0])
        let varied = readable.changed("varied", help: "chains are pushed apart", ["diversity": 0.6])
        return [readable, dissertation, hot, varied]
    }

    private var dissertation: Preset {
        .initial(
            "dissertation", help: "nearly no temperature", of: controls,
            named: [
                "l2-weight", "diversity", "noise", "step-size", "sampling-momentum", "sample-window", "clip",
                "normalise",
                "sampled-weights", "temperature-ladder", "exchange", Self.brightness.id, Self.contrast.id,
            ])
    }
}
