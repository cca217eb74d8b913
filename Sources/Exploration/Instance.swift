import CLMat

/// One of several attachments of a kind on a run: where its ids stand.
///
/// The ids of the first (`ldam`) are its own; those of a second (`ldam-2`) have its id and a dot before them (`ldam-2.noise`).
public struct Instance: Sendable, Equatable {
    /// Of the factory that made it: `ldam`.
    public let kind: String
    /// 1 for the first.
    public let number: Int

    init(_ kind: String, _ number: Int) { (self.kind, self.number) = (kind, number) }

    /// The instance that an id means, if it is one of these kinds.
    init?(_ id: String, of kinds: [String]) {
        if kinds.contains(id) {
            self.init(id, 1)
            return
        }
        guard let dash = id.lastIndex(of: "-"), let number = Int(id[id.index(after: dash)...]), number >= 2,
            number < 1000, id[id.index(after: dash)...].first != "0", kinds.contains(String(id[..<dash]))
        else { return nil }
        self.init(String(id[..<dash]), number)
    }

    /// "ldam" for the first, "ldam-2" for a second.
    public var id: String { number == 1 ? kind : "\(kind)-\(number)" }
    /// What stands before its ids: "" or "ldam-2.".
    public var scope: String { number == 1 ? "" : "\(id)." }

    func title(_ own: String) -> String { number == 1 ? own : "\(own) (\(number))" }

    /// A step whose random numbers are this instance's own.
    func step(_ step: Step) -> Step {
        guard number > 1 else { return step }
        // The golden ratio in 64 bits: seeds of neighbouring instances differ in about half of their bits.
        return Step(step.number, seed: step.seed ^ (UInt64(number - 1) &* 0x9E37_79B9_7F4A_7C15))
    }
}

extension Instance {
    /// The control as the run has it. `own` are the ids of the instance's metrics: what it moves of them is its own.
    func scoped(_ control: Control, metrics own: Set<String>) -> Control {
        number == 1
            ? control
            : control.renamed(
                scope + control.id, title: title(control.title),
                group: title(control.group.isEmpty ? kind : control.group),
                affects: control.effects.map { effect in
                    own.contains(effect.metric) ? Control.Effect(scope + effect.metric, effect.direction) : effect
                })
    }

    func scoped(_ preset: Preset) -> Preset {
        let values = preset.values.map { (scope + $0.key, $0.value) }
        return Preset(
            preset.id, title: preset.title, help: preset.help, values: Dictionary(uniqueKeysWithValues: values))
    }

    func scoped(_ metric: Metric) -> Metric {
        number == 1 ? metric : metric.renamed(scope + metric.id, title: title(metric.title))
    }

    func scoped(_ info: FigureInfo) -> FigureInfo {
        number == 1
            ? info
            : FigureInfo(
                id: scope + info.id, title: title(info.title), help: info.help, isShownAtStart: info.isShownAtStart,
                scope: scope)
    }

    func scoped(_ action: Action) -> Action {
        number == 1
            ? action
            : Action(scope + action.id, title: action.title, arguments: action.arguments, asks: action.asks)
    }

    func scoped(_ measured: Measurements) -> Measurements {
        number == 1 ? measured : measured.renamed(scope: scope, number: number) { scoped($0) }
    }

    func scoped(_ info: MixinInfo) -> MixinInfo {
        number == 1
            ? info
            : MixinInfo(
                id: scope + info.id, title: title(info.title), help: info.help, isOn: info.isOn,
                weight: scope + info.weight, score: scope + info.score)
    }
}
