import Exploration

extension LanguageTrainer {
    /// As a run begins, the small model of the source, and what L1 does.
    public var presets: [Preset] {
        let usual = Preset.initial(
            "default", help: "as a run begins: the learning rate stays, nothing but the text is learned", of: controls,
            named: ["learning-rate", "clip", "dropout", "decay", "decay-after", "output-l1", "input-l1"])
        let small: [String: Double] = [
            "learning-rate": 1, "clip": 5, "dropout": 0, "decay": 0.5, "decay-after": 4, "output-l1": 0, "input-l1": 0,
        ]
        return [
            usual,
            usual.changed(
                "zaremba-small", title: "Zaremba's small model",
                help: "the learning rate is 1 for four epochs, and half as large after each further one", small),
            usual.changed(
                "sparse-output", title: "sparse output embedding",
                help: "L1 draws most weights of the output embedding to 0, and the perplexity hardly minds",
                ["output-l1": 1e-4]),
            usual.changed(
                "dissertation",
                help: "section 5.3: the small model's schedule, with L1 of 0.0001 on both embeddings",
                small.merging(["output-l1": 1e-4, "input-l1": 1e-4]) { $1 }),
        ]
    }
}
