import Exploration

extension NMF {
    /// Of how many parts an image is made, and how carefully.
    public var presets: [Preset] {
        let usual = Preset.initial(
            "default", help: "as a run begins: the loss alone", of: controls,
            named: ["sparseness", "memory-rate", "code-updates"])
        return [
            usual,
            usual.changed(
                "sparse", help: "few parts per image, at some loss", ["sparseness": 0.15, "code-updates": 30]),
            usual.changed(
                "careful-codes", title: "careful codes",
                help: "codes are refined longer in each step: fewer parts per image at the same loss, and slower steps",
                ["code-updates": 40]),
        ]
    }
}
