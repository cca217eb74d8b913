import Exploration

extension ClickTrainer {
    /// As a run begins, and what the criteria do.
    public var presets: [Preset] {
        let usual = Preset.initial(
            "default", help: "as a run begins: the loss alone, each record counts as much", of: controls,
            named: controls.map(\.id).filter { $0 != Self.training.id })
        return [
            usual,
            usual.changed(
                "few-weights", title: "few weights",
                help: "L1 makes weights that hardly matter 0, above all of rare features",
                ["l1": 1e-6]),
            usual.changed(
                "clicks-count-more", title: "clicks count five times",
                help: "clicks that were not foreseen cost more: the chances become too large, the order stays",
                ["click-weight": 5]),
        ]
    }
}
