import CImGui

// The frame around every panel: title, caption, close button, corner to resize.

extension Desk {
    /// The word in the corner of a panel's title.
    struct Badge {
        let text: String
        let colour: Colour
    }

    /// A panel's window. `body` draws below the title.
    func frame(
        _ panel: Panel, _ box: Box, title: String, caption: String = "", means: String = "", badge: Badge? = nil,
        edge: Colour? = nil, body: (Box) -> Void
    ) {
        gui_begin_window(
            panel.name, box.x, box.y, box.width, box.height, theme.panel.packed, (edge ?? theme.edge).packed, 6, false,
            raised == panel.name || drag?.panel == panel)
        titleBar(panel, box, title, caption, means, badge)
        body(box.inset(13, 36, 13, 12))
        resizeCorner(panel, box)
        if edge != nil { UI.outline(box.inset(0, 0, 0, 0), edge ?? theme.edge, radius: 6, thickness: 2) }
        gui_end_window()
    }

    private func titleBar(
        _ panel: Panel, _ box: Box, _ title: String, _ caption: String, _ means: String, _ badge: Badge?
    ) {
        let exportKinds = exportKinds(panel)
        let buttonsWidth: Float = exportKinds.isEmpty ? 34 : 62
        var room = box.maxX - buttonsWidth
        if let badge {
            room -= UI.width(badge.text, .small) + 6
            UI.text(badge.text, Point(room, box.y + 10), badge.colour, .small)
            room -= 10
        }
        let shown = UI.shortened(title, to: room - box.x - 13, .bold)
        let end = UI.text(shown, Point(box.x + 13, box.y + 9), theme.text, .bold)
        let note = UI.trimmed(caption, to: room - end - 6)
        UI.text(note, Point(end + 6, box.y + 9), theme.secondary)

        let bar = UI.item("title", Box(box.x, box.y, box.width - buttonsWidth, 32))
        if bar.contains(.pressed) { drag = PanelDrag(panel: panel, isResize: false, start: UI.mouse, box: box) }
        if bar.contains(.released) { drop() }
        if bar.contains(.hovered), drag == nil, !(means.isEmpty && shown == title && note == caption) {
            tooltip = Tooltip(title: title, text: [caption, means].filter { !$0.isEmpty }.joined(separator: "\n"))
        }
        if !exportKinds.isEmpty, exportButton(box, exportKinds) { wantedExports.append(panel) }
        if closeButton(box) { setOpen(panel, false) }
    }

    /// An arrow onto a line. Returns whether it was clicked.
    private func exportButton(_ box: Box, _ kinds: [String]) -> Bool {
        let item = UI.item("export", Box(box.maxX - 60, box.y + 4, 27, 26))
        let colour = item.contains(.hovered) ? theme.text : theme.secondary
        let x = box.maxX - 46
        UI.rule(Point(x, box.y + 12), length: 6, vertical: true, colour)
        UI.marker(Point(x + 0.5, box.y + 20), colour, size: 3)
        UI.rule(Point(x - 4, box.y + 22), length: 9, colour)
        if item.contains(.hovered) {
            let names = kinds.map { $0.uppercased() }.joined(separator: " and a ")
            tooltip = Tooltip(text: "Writes a \(names) file into the current directory.")
        }
        return item.contains(.clicked)
    }

    /// Returns whether it was clicked.
    func closeButton(_ box: Box) -> Bool {
        let close = UI.item("close", Box(box.maxX - 32, box.y + 4, 28, 26))
        UI.cross(
            Point(box.maxX - 18.5, box.y + 17), close.contains(.hovered) ? theme.text : theme.secondary)
        return close.contains(.clicked)
    }

    private func resizeCorner(_ panel: Panel, _ box: Box) {
        let corner = UI.item("corner", Box(box.maxX - 13, box.maxY - 13, 13, 13))
        if corner.contains(.hovered) || corner.contains(.held) {
            gui_set_cursor(Int32(GUI_CURSOR_RESIZE))
            for distance: Float in [4, 8] {
                UI.line(
                    Point(box.maxX - 3 - distance, box.maxY - 3), Point(box.maxX - 3, box.maxY - 3 - distance),
                    theme.secondary)
            }
        }
        if corner.contains(.pressed) { drag = PanelDrag(panel: panel, isResize: true, start: UI.mouse, box: box) }
        if corner.contains(.released) { drop() }
    }

    private func drop() {
        drag = nil
        if !layout.isArranged { saveLayout() }
    }

    /// A push button. Returns whether it was clicked.
    func button(
        _ id: String, _ words: String, _ box: Box, isOn: Bool = false, isEnabled: Bool = true, face: Face = .text
    ) -> Bool {
        let happened = isEnabled ? UI.item(id, box) : []
        let isHovered = happened.contains(.hovered)
        UI.fill(box, isOn || happened.contains(.held) ? theme.selected : theme.button, radius: 4)
        UI.outline(box, isHovered ? theme.secondary : theme.edge, radius: 4)
        let shown = UI.shortened(words, to: box.width - 8, face)
        UI.text(
            shown, Point(box.midX, box.midY - face.lineHeight / 2),
            isOn || (isHovered && isEnabled)
                ? theme.text : isEnabled ? theme.text.faded(0.85) : theme.secondary.faded(0.6),
            face, align: .centre)
        return happened.contains(.clicked)
    }

    /// What is said when there is nothing to show on the whole desk.
    func drawEmptyDesk(_ area: Box) {
        gui_begin_window(
            "empty", area.x, area.y, area.width, area.height, theme.background.packed, theme.background.packed, 0, true,
            false)
        UI.say("Every panel is closed.", in: Box(area.x, area.y, area.width, area.height - 60), theme.secondary)
        let box = Box(area.midX - 90, area.midY + 4, 180, 28)
        if button("reopen", "Open the add panel", box) { setOpen(.add, true) }
        gui_end_window()
    }
}

/// What is shown beside the mouse.
struct Tooltip {
    var title = ""
    /// Names and numbers, in two columns.
    var facts: [(name: String, value: String)] = []
    var text = ""
    /// Where it stands; beside the mouse if nil.
    var place: Point?
}

extension Desk {
    func drawTooltip() {
        guard let tooltip, drag == nil else { return }
        let lines = tooltip.text.isEmpty ? [] : UI.wrapped(tooltip.text, to: 360, .small)
        let nameWidth = tooltip.facts.map { UI.width($0.name, .smallMono) }.max() ?? 0
        let factWidth = tooltip.facts.map { nameWidth + 14 + UI.width($0.value, .smallMono) }.max() ?? 0
        let width = max(UI.width(tooltip.title, .bold), factWidth, lines.map { UI.width($0, .small) }.max() ?? 0) + 18
        let height = (tooltip.title.isEmpty ? 0 : 20) + Float(tooltip.facts.count) * 15 + Float(lines.count) * 15 + 14
        let mouse = UI.mouse
        var box = Box(mouse.x + 16, mouse.y + 14, width, height)
        if let place = tooltip.place { (box.x, box.y) = (place.x, place.y) }
        if box.maxX > size.x - 4 { box.x = max(4, mouse.x - width - 10) }
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
