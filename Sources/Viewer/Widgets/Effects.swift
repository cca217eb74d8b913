import CImGui
import CLMat
import Exploration

// What a control moves, and which way: "→ density ↓, log-likelihood ↓".

extension Control.Effect.Direction {
    var sign: String {
        switch self {
        case .up: "↑"
        case .down: "↓"
        }
    }
}

/// Words in lines, as many as fit; how many do not is said at the end of the last line.
struct FittedWords: Equatable {
    struct Place: Equatable {
        let line: Int
        let x: Float
    }
    /// Of the first words, in order.
    let places: [Place]
    /// Where "+3" stands, if some do not fit.
    let more: Place?

    /// - Parameters:
    ///   - widths: of each word with the comma after it.
    ///   - indent: what stands before the first.
    ///   - moreWidth: what "+3" takes.
    init(_ widths: [Float], indent: Float, gap: Float, width: Float, lines: Int, moreWidth: Float) {
        func fitted(_ reserve: Float) -> [Place] {
            var (line, x) = (0, indent)
            var places: [Place] = []
            for own in widths {
                if x + own > width - (line == lines - 1 ? reserve : 0), x > 0, line < lines - 1 {
                    (line, x) = (line + 1, 0)
                }
                guard x + own <= width - (line == lines - 1 ? reserve : 0) else { break }
                places.append(Place(line: line, x: x))
                x += own + gap
            }
            return places
        }
        let all = fitted(0)
        guard all.count < widths.count else {
            (places, more) = (all, nil)
            return
        }
        places = fitted(moreWidth + gap)
        if let last = places.last {
            let x = last.x + widths[places.count - 1] + gap
            // A word that is wider than any line leaves the next one free.
            more = x + moreWidth > width ? Place(line: last.line + 1, x: 0) : Place(line: last.line, x: x)
        } else {
            more = Place(line: 0, x: indent)
        }
    }
}

extension ControlPanels {
    /// The metrics that a control moves, of those that are measured.
    private func moved(by control: Control) -> [(metric: Metric, words: String)] {
        control.effects.compactMap { effect in
            dashboard.metric(effect.metric).map { metric in
                (metric, metric.title.startingLowercase + (effect.direction.map { " " + $0.sign } ?? ""))
            }
        }
    }

    /// "raised: Density ↓, Log-likelihood ↓; either way: CosineSim"; empty for a control that moves none.
    func effectWords(_ control: Control) -> String {
        func titles(_ direction: Control.Effect.Direction?) -> [String] {
            control.effects.filter { $0.direction == direction }.compactMap { effect in
                dashboard.metric(effect.metric).map { $0.title + (direction.map { " " + $0.sign } ?? "") }
            }
        }
        let (directed, open) = (titles(.up) + titles(.down), titles(nil))
        let isToggle = control.kind == .toggle
        var parts: [String] = []
        if !directed.isEmpty {
            parts.append((isToggle ? "switched on: " : "raised: ") + directed.joined(separator: ", "))
        }
        if !open.isEmpty { parts.append((directed.isEmpty ? "moves " : "either way: ") + open.joined(separator: ", ")) }
        return parts.joined(separator: "; ")
    }

    /// The metrics that a control moves, in so many lines. A click lights a metric's graph, and opens it if need be. What does not fit is
    /// counted, and said by the hover.
    func drawEffects(_ control: Control, _ at: Point, width: Float, lines: Int) {
        let all = moved(by: control)
        guard !all.isEmpty else { return }
        let arrow = UI.width("→ ", .small)
        let texts = all.enumerated().map { $1.words + ($0 == all.count - 1 ? "" : ",") }
        let fitted = FittedWords(
            texts.map { UI.width($0, .small) }, indent: arrow, gap: UI.width(" ", .small), width: width, lines: lines,
            moreWidth: UI.width("+\(all.count)", .small))
        UI.text("→", at, theme.secondary, .small)
        for (index, place) in fitted.places.enumerated() {
            let box = Box(
                at.x + place.x, at.y - 1 + Float(place.line) * 14, UI.width(texts[index], .small), 14)
            let metric = all[index].metric
            if isAsked("\(control.id)/affects/\(metric.id)", texts[index], box, title: metric.title, metric.help) {
                show(metric)
            }
        }
        guard let more = fitted.more else { return }
        let words = fitted.places.isEmpty ? "\(all.count)" : "+\(all.count - fitted.places.count)"
        let box = Box(at.x + more.x, at.y - 1 + Float(more.line) * 14, UI.width(words, .small) + 4, 14)
        if isAsked("\(control.id)/affects/more", words, box, title: control.title, effectWords(control)) {
            show(all[min(fitted.places.count, all.count - 1)].metric)
        }
    }

    /// An arrow alone, where there is no room for a word: its hover says what the control moves.
    func drawEffectSign(_ control: Control, _ at: Point) {
        guard let first = moved(by: control).first else { return }
        let box = Box(at.x, at.y, Self.effectSignWidth, 15)
        if isAsked("\(control.id)/affects/more", "→", box, title: control.title, effectWords(control)) {
            show(first.metric)
        }
    }

    static let effectSignWidth: Float = 17
    /// Of "→ 12" and the gap before it.
    static let effectCountWidth: Float = 40

    func hasEffects(_ control: Control) -> Bool { control.affects.contains { dashboard.metric($0) != nil } }

    /// Words that can be clicked and say more when pointed at. Returns whether they were clicked.
    private func isAsked(_ id: String, _ words: String, _ box: Box, title: String, _ text: String) -> Bool {
        let item = UI.item(id, box)
        UI.text(words, Point(box.x, box.y + 1), item.contains(.hovered) ? theme.text : theme.secondary, .small)
        if item.contains(.hovered) {
            gui_set_cursor(Int32(GUI_CURSOR_HAND))
            tooltip = Tooltip(title: title, text: text)
        }
        return item.contains(.clicked)
    }

    /// Lights a metric's graph, and opens it if need be.
    private func show(_ metric: Metric) {
        if !layout.isOpen(.metric(metric.id)) { setOpen(.metric(metric.id), true) }
        dashboardView.show(.metric(metric.id))
        dashboardView.graphs.flash(metric.id, seconds: 1.5)
    }
}
