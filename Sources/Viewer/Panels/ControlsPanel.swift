import CImGui
import CLMat
import Exploration

/// What a person is doing with the controls.
@MainActor struct Hand {
    /// The slider that is held, and where its handle was when it was taken.
    var held: (control: String, position: Double, mouse: Float, gesture: Int)?
    /// The value that is being typed.
    var typed: (control: String, field: TextField)?
}

/// Panels of controls: one row each, as dense as the panel's height asks for.
final class ControlPanels: DashboardPart {
    var hand = Hand()
    private(set) var colours: SliderColours
    private var commandsSeen = 0

    override init(_ dashboardView: DashboardView) {
        colours = SliderColours(dashboardView.theme.hues, owners: dashboardView.layout.sliderColours)
        super.init(dashboardView)
    }

    override var isInFront: Bool { hand.typed != nil || hand.held != nil }
    override func dismiss() { hand.typed = nil }

    /// A slider that was moved has a colour, also where a script did it.
    override func refresh() {
        colours.update(dashboard.controls.filter(\.isSlider).map(\.id))
        let log = learner.timeline.log
        for logged in log.dropFirst(commandsSeen) {
            if case .set(let control, _) = logged.command { colours.noteMove(of: control) }
        }
        commandsSeen = log.count
        // A slider has the colour in the next window that it has in this one.
        guard colours.owned != layout.sliderColours else { return }
        layout.sliderColours = colours.owned
        saveLayout()
    }

    /// How high the rows are.
    struct Density {
        let slider: Float
        let row: Float
        /// Of what a slider moves, below it; with none it stands behind the slider's name.
        let effectLines: Int

        static let all = [
            Density(slider: 72, row: 34, effectLines: 2), Density(slider: 66, row: 32, effectLines: 2),
            Density(slider: 52, row: 30, effectLines: 1), Density(slider: 38, row: 28, effectLines: 0),
            Density(slider: 33, row: 25, effectLines: 0),
        ]
    }

    /// How high the panel of a group has to be.
    func height(of group: String, width: Float, _ density: Int) -> Float {
        height(of: controls(of: group), width: width, Density.all[density]) + 36 + 10
    }

    func controls(of group: String) -> [Control] { dashboard.controls.filter { $0.group == group } }

    private func height(of controls: [Control], width: Float, _ density: Density) -> Float {
        controls.reduce(0) { $0 + height(of: $1, among: controls, width: width, density) }
    }

    private func height(of control: Control, among all: [Control], width: Float, _ density: Density) -> Float {
        switch control.kind {
        case .slider, .integer: density.slider
        case .toggle: density.row
        case .choice(let options):
            density.row
                * Float(segments(options, width: width - labelWidth(all, width: width)).last.map { $0.row + 1 } ?? 1)
        }
    }

    func draw(_ group: String, _ box: Box) {
        let controls = controls(of: group)
        frame(.controls(group), box, title: "Controls", caption: group, word: linkWord(controls)) { body in
            guard !controls.isEmpty else {
                UI.say("Nothing to move here.", in: body, theme.secondary)
                return
            }
            let density =
                Density.all.first { height(of: controls, width: body.width, $0) <= body.height + 4 }
                ?? Density.all[Density.all.count - 1]
            // The handle at the end of a track may stand out by its radius, and the focus' ring above its row.
            UI.region("rows", Box(body.x - 8, body.y - 5, body.width + 19, body.height + 13)) { content in
                var y = content.y + 5
                let width = body.width - (height(of: controls, width: body.width, density) > body.height + 8 ? 8 : 0)
                for control in controls {
                    let height = height(of: control, among: controls, width: width, density)
                    let row = Box(content.x + 8, y, width, height)
                    switch control.kind {
                    case .slider, .integer: drawSlider(control, row, density)
                    case .toggle: drawToggle(control, row)
                    case .choice(let options): drawChoice(control, options, row, density, controls)
                    }
                    dashboardView.focus.draw(control, row)
                    y += height
                }
                return y - content.y
            }
        }
    }

    /// What a control means, for a person who sees it for the first time.
    func explain(_ control: Control) {
        let effects = effectWords(control)
        // Beside the panel, where it hides no other control.
        let panel = dashboardView.box(of: .controls(control.group))
        tooltip = Tooltip(
            title: control.title,
            text: ([control.help] + (effects.isEmpty ? [] : [effects])
                + ["takes \(control.accepted); \(startWords(control))"]).joined(separator: "\n"),
            about: panel, isBeside: true)
    }

    /// "starts at 0.3", or what the chosen preset has.
    private func startWords(_ control: Control) -> String {
        let start = control.text(values.startValue(of: control))
        guard let preset = values.preset, preset.values[control.id] != nil else { return "starts at \(start)" }
        return "\(start) in the preset \(preset.title)"
    }

    // MARK: Switches and choices

    private func drawToggle(_ control: Control, _ row: Box) {
        let isOn = values.value(of: control) != 0
        let canBeLinked = dashboard.leader(of: control) != nil
        let reserve: Float = hasEffects(control) ? Self.effectCountWidth : 0
        let text = UI.shortened(control.title, to: row.width - 50 - (canBeLinked ? Self.linkWidth : 0) - reserve)
        let end = UI.text(text, Point(row.x, row.y + 5), status.isFinished ? theme.secondary : theme.text)
        // The chain lies beside what switches: the gui gives a press to the first of two items over each other.
        let name = UI.item("\(control.id)/name", Box(row.x, row.y, end - row.x, 26))
        let chain = drawLink(control, Point(end + 4, row.y + 4)) + 4
        // What it moves stands before the switch; the gui gives a press to it.
        drawEffects(
            control, Point(end + chain + 6, row.y + 6), width: row.maxX - 42 - end - chain - 6, lines: 1)
        var happened = UI.item("\(control.id)/switch", Box(end + chain, row.y, row.maxX - end - chain, 26))
        happened.formUnion(name)
        let track = Box(row.maxX - 34, row.y + 4, 34, 18)
        UI.fill(track, isOn ? theme.secondary : theme.track, radius: 9)
        UI.disc(
            Point(isOn ? track.maxX - 9 : track.x + 9, track.midY), radius: 7,
            status.isFinished ? theme.button : theme.text)
        if happened.contains(.hovered) { explain(control) }
        if happened.contains(.clicked) { values.set(control, to: isOn ? 0 : 1) }
    }

    /// Width of the column of names before the choices.
    private func labelWidth(_ controls: [Control], width: Float) -> Float {
        var widest: Float = 0
        for control in controls {
            guard case .choice = control.kind else { continue }
            widest = max(
                widest,
                UI.width(control.title) + (dashboard.leader(of: control) == nil ? 0 : Self.linkWidth)
                    + (hasEffects(control) ? Self.effectSignWidth : 0))
        }
        return min(widest + 16, width * 0.45)
    }

    /// Where the options of a choice stand: as many in a row as fit; with less room around their words if that saves a row.
    private func segments(_ options: [String], width: Float) -> [(row: Int, x: Float, width: Float)] {
        let wide = segments(options, width: width, around: 18)
        let narrow = segments(options, width: width, around: 8)
        return (narrow.last?.row ?? 0) < (wide.last?.row ?? 0) ? narrow : wide
    }

    private func segments(
        _ options: [String], width: Float, around: Float
    ) -> [(row: Int, x: Float, width: Float)] {
        var (row, x): (Int, Float) = (0, 0)
        return options.map { option in
            let own = min(max(around + 22, UI.width(option) + around), width)
            if x > 0, x + own > width { (row, x) = (row + 1, 0) }
            defer { x += own + 4 }
            return (row, x, own)
        }
    }

    private func drawChoice(_ control: Control, _ options: [String], _ row: Box, _ density: Density, _ all: [Control]) {
        let label = labelWidth(all, width: row.width)
        let chain = dashboard.leader(of: control) == nil ? 0 : Self.linkWidth
        let sign = hasEffects(control) ? Self.effectSignWidth : 0
        let text = UI.shortened(control.title, to: label - 8 - chain - sign)
        let end = UI.text(text, Point(row.x, row.y + 5), status.isFinished ? theme.secondary : theme.text)
        drawEffectSign(control, Point(end + 4, row.y + 5))
        if UI.item("\(control.id)/name", Box(row.x, row.y, label - chain - sign, 24)).contains(.hovered) {
            explain(control)
        }
        _ = drawLink(control, Point(row.x + label - 6 - chain, row.y + 4))
        let chosen = Int(values.value(of: control))
        for (index, segment) in segments(options, width: row.width - label).enumerated() {
            let box = Box(
                row.x + label + segment.x, row.y + Float(segment.row) * density.row + 1, segment.width, 24)
            if button(
                "\(control.id)/\(index)", options[index], box, isOn: index == chosen, isEnabled: !status.isFinished)
            {
                values.set(control, to: Double(index))
            }
        }
    }
}
