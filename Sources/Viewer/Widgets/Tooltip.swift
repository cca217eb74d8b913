import CImGui

/// What is shown beside the mouse.
struct Tooltip {
    var title = ""
    /// Names and numbers, in two columns.
    var facts: [(name: String, value: String)] = []
    var text = ""
    /// Where it stands; beside the mouse if nil.
    var place: Point?
}

/// Words for the moment, above all else: beside the mouse, and below a field.
final class Hints: DeskPart {
    var tooltip: Tooltip?
    /// Why what was typed is not taken, and below what it stands.
    var problem: (words: String, field: Box)?

    override func beginFrame() { (tooltip, problem) = (nil, nil) }

    /// Why what was typed is not taken: all of it, over what lies below the field.
    func drawProblem() {
        guard let (words, field) = problem else { return }
        let lines = UI.wrapped(words, to: field.width - 12, .small)
        let place = Box(field.x, field.maxY + 2, field.width, Float(lines.count) * 15 + 9)
        gui_begin_overlay()
        UI.fill(place, theme.tooltip, radius: 4)
        UI.outline(place, theme.moving, radius: 4)
        for (index, line) in lines.enumerated() {
            UI.text(line, Point(place.x + 6, place.y + 4 + Float(index) * 15), theme.text, .small)
        }
        gui_end_overlay()
    }

    func drawTooltip() {
        guard let tooltip, desk.drag == nil else { return }
        let lines = tooltip.text.isEmpty ? [] : UI.wrapped(tooltip.text, to: 360, .small)
        let nameWidth = tooltip.facts.map { UI.width($0.name, .smallMono) }.max() ?? 0
        let factWidth = tooltip.facts.map { nameWidth + 14 + UI.width($0.value, .smallMono) }.max() ?? 0
        let width = max(UI.width(tooltip.title, .bold), factWidth, lines.map { UI.width($0, .small) }.max() ?? 0) + 18
        let height = (tooltip.title.isEmpty ? 0 : 20) + Float(tooltip.facts.count) * 15 + Float(lines.count) * 15 + 14
        let mouse = UI.mouse
        var box = Box(mouse.x + 16, mouse.y + 14, width, height)
        if let place = tooltip.place { (box.x, box.y) = (place.x, place.y) }
        // Near the edge it moves aside, no further than it must: it stays by what it explains.
        if box.maxX > size.x - 4 { box.x = max(4, size.x - 4 - width) }
        if box.maxY > size.y - 4 { box.y = max(4, mouse.y - height - 10) }

        gui_begin_overlay()
        UI.fill(box, theme.tooltip, radius: 4)
        UI.outline(box, theme.edge, radius: 4)
        var y = box.y + 7
        if !tooltip.title.isEmpty {
            UI.text(tooltip.title, Point(box.x + 9, y), theme.text, .bold)
            y += 20
        }
        for fact in tooltip.facts {
            UI.text(fact.name, Point(box.x + 9, y), theme.secondary, .smallMono)
            UI.text(fact.value, Point(box.x + 9 + nameWidth + 14, y), theme.text, .smallMono)
            y += 15
        }
        for line in lines {
            UI.text(line, Point(box.x + 9, y), theme.secondary, .small)
            y += 15
        }
        gui_end_overlay()
    }
}
