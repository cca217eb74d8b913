import Exploration

extension LDATrainer {
    /// How freely words change their topics, how few words a topic has, how far apart topics are.
    public var presets: [Preset] {
        let usual = Preset.initial(
            "default", help: "as a run begins: many samples per token, and nothing but the likelihood", of: controls,
            named: ["temperature", "l1", "cosine-sim"])
        return [
            usual,
            usual.changed(
                "hot", help: "one sample per token: words change topics freely, and get out of poor ones",
                ["temperature": 1]),
            usual.changed(
                "sparse-topics", title: "sparse topics", help: "weak words are cut: few words per topic", ["l1": 0.5]),
            usual.changed(
                "distinct-topics", title: "distinct topics", help: "topics give up the words that others have more of",
                ["cosine-sim": 0.03]),
        ]
    }
}
