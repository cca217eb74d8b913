import CImGui
import Foundation

/// The word in the corner of a panel's title.
struct Badge {
    let text: String
    let colour: Colour
    /// What the hover says.
    var help = ""
}

/// A word in a panel's title that does something.
struct TitleWord {
    let text: String
    let help: String
    let act: @MainActor () -> Void
}

/// The frame around every panel: title, caption, close button, corner to resize.
final class PanelFrames: DashboardPart {
    /// What a frame takes from the panel's width and height.
    static let sides: Float = 26
    static let aboveAndBelow: Float = 48

    /// A panel's window. `body` draws below the title.
    func draw(
        _ panel: Panel, _ box: Box, title: String, caption: String, help: String, badge: Badge?, word: TitleWord?,
        edge: Colour?, body: (Box) -> Void
    ) {
        UI.beginWindow(
            panel.name, box, fill: theme.panel, edge: edge ?? theme.edge, radius: 6,
            comesToFront: dashboardView.raised == panel.name)
        let back = TitleWord(text: "back", help: "Gives the other panels their places back; Escape too.") { [self] in
            dashboardView.moving.toggleEnlarged(panel)
        }
        titleBar(panel, box, title, caption, help, badge, layout.enlarged == panel ? back : word)
        UI.note("body", box.inset(13, 36, 13, 12))
        body(box.inset(13, 36, 13, 12))
        resizeCorner(panel, box)
        if edge != nil { UI.outline(box.inset(0, 0, 0, 0), edge ?? theme.edge, radius: 6, thickness: 2) }
        UI.endWindow()
    }

    private func titleBar(
        _ panel: Panel, _ box: Box, _ title: String, _ caption: String, _ help: String, _ badge: Badge?,
        _ word: TitleWord?
    ) {
        let canExport = dashboardView.exporter.canExport(panel)
        // What can be clicked lies beside the part of the title that is taken to drag the panel: the gui gives a press to
        // the first of two items that lie over each other.
        var buttonsWidth: Float = canExport ? 62 : 34
        if let word { buttonsWidth += titleWord(word, right: box.maxX - buttonsWidth, box) }
        var room = box.maxX - buttonsWidth
        var badgeBox: Box?
        if let badge {
            let width = UI.width(badge.text, .small)
            room -= width + 6
            UI.text(badge.text, Point(room, box.y + 10), badge.colour, .small)
            badgeBox = Box(room - 4, box.y + 4, width + 8, 26)
            room -= 10
        }
        let shown = UI.shortened(title, to: room - box.x - 13, .bold)
        let end = UI.text(shown, Point(box.x + 13, box.y + 9), theme.text, .bold)
        let isWhole = drawCaption(caption, Box(end + 6, box.y, room - end - 6, 32))

        let bar = UI.item("title", Box(box.x, box.y, box.width - buttonsWidth, 32))
        if bar.contains(.doubleClicked) {
            dashboardView.moving.toggleEnlarged(panel)
        } else if bar.contains(.pressed) {
            dashboardView.moving.take(panel, isResize: false, box)
        }
        if bar.contains(.released) { dashboardView.moving.drop() }
        if bar.contains(.hovered), dashboardView.moving.drag == nil, let badge, !badge.help.isEmpty,
            badgeBox?.contains(UI.mouse) == true
        {
            tooltip = Tooltip(title: badge.text, text: badge.help)
        } else if bar.contains(.hovered), dashboardView.moving.drag == nil, !(help.isEmpty && shown == title && isWhole)
        {
            tooltip = Tooltip(title: title, text: [caption, help].filter { !$0.isEmpty }.joined(separator: "\n"))
        }
        if canExport, exportButton(panel, box) { dashboardView.exporter.want(panel) }
        if closeButton(box) { setOpen(panel, false) }
    }

    /// The grey words behind a title: in two small lines where they are too long for one. Returns whether all are shown.
    private func drawCaption(_ caption: String, _ room: Box) -> Bool {
        if caption.isEmpty { return true }
        if UI.width(caption) <= room.width || room.width < 60 {
            let note = UI.trimmed(caption, to: room.width)
            UI.text(note, Point(room.x, room.y + 9), theme.secondary)
            return note == caption
        }
        // Both lines about as long, where both fit.
        let halves = UI.inTwoLines(caption, .small)
        if halves.count == 2, halves.allSatisfy({ UI.width($0, .small) <= room.width }) {
            for (index, half) in halves.enumerated() {
                let words = half.trimmingCharacters(in: CharacterSet(charactersIn: "· "))
                UI.text(words, Point(room.x, room.y + 4 + Float(index) * 13), theme.secondary, .small)
            }
            return true
        }
        let words = caption.split(separator: " ")
        func line(_ words: some Sequence<Substring>) -> String { words.joined(separator: " ") }
        var count = words.count
        while count > 1, UI.width(line(words.prefix(count)), .small) > room.width { count -= 1 }
        // A sign between two parts stands at the end of neither line.
        let first = line(words.prefix(count).reversed().drop { $0 == "·" }.reversed())
        let rest = line(words.dropFirst(count).drop { $0 == "·" })
        let second = UI.trimmed(rest, to: room.width, .small)
        let top = second.isEmpty ? room.y + 10 : room.y + 4
        UI.text(UI.shortened(first, to: room.width, .small), Point(room.x, top), theme.secondary, .small)
        UI.text(second, Point(room.x, top + 13), theme.secondary, .small)
        return second == rest
    }

    /// Returns the room that the word takes.
    private func titleWord(_ word: TitleWord, right: Float, _ box: Box) -> Float {
        let width = UI.width(word.text, .small) + 12
        let place = Box(right - width, box.y + 4, width, 26)
        let item = UI.item("word", place)
        UI.text(
            word.text, Point(place.x + 6, box.y + 10), item.contains(.hovered) ? theme.text : theme.secondary, .small)
        if item.contains(.hovered) {
            gui_set_cursor(Int32(GUI_CURSOR_HAND))
            tooltip = Tooltip(text: word.help)
        }
        if item.contains(.clicked) { word.act() }
        return width
    }

    /// An arrow onto a line. Returns whether it was clicked.
    private func exportButton(_ panel: Panel, _ box: Box) -> Bool {
        let item = UI.item("export", Box(box.maxX - 60, box.y + 4, 27, 26))
        let colour = item.contains(.hovered) ? theme.text : theme.secondary
        let x = box.maxX - 46
        UI.rule(Point(x, box.y + 12), length: 6, vertical: true, colour)
        UI.marker(Point(x + 0.5, box.y + 20), colour, size: 3)
        UI.rule(Point(x - 4, box.y + 22), length: 9, colour)
        if item.contains(.hovered) {
            let names = dashboardView.exporter.exportKinds(panel).map { $0.uppercased() }.joined(separator: " and a ")
            tooltip = Tooltip(text: "Writes a \(names) file into the current directory.")
        }
        return item.contains(.clicked)
    }

    private func resizeCorner(_ panel: Panel, _ box: Box) {
        // A part of its own, above what scrolls in the panel and reaches below it.
        var corner: Happened = []
        UI.region("corner", Box(box.maxX - 13, box.maxY - 13, 13, 13)) { place in
            corner = UI.item("corner", Box(place.x, place.y, 13, 13))
            return 13
        }
        if corner.contains(.hovered) || corner.contains(.held) {
            gui_set_cursor(Int32(GUI_CURSOR_RESIZE))
            for distance: Float in [4, 8] {
                UI.line(
                    Point(box.maxX - 3 - distance, box.maxY - 3), Point(box.maxX - 3, box.maxY - 3 - distance),
                    theme.secondary)
            }
        }
        if corner.contains(.pressed) { dashboardView.moving.take(panel, isResize: true, box) }
        if corner.contains(.released) { dashboardView.moving.drop() }
    }

    /// What is said when there is nothing to show on the whole dashboard.
    func drawEmptyDesk(_ area: Box) {
        UI.beginWindow("empty", area, fill: theme.background, edge: theme.background, staysBehind: true)
        UI.say("Every panel is closed.", in: Box(area.x, area.y, area.width, area.height - 60), theme.secondary)
        let box = Box(area.midX - 90, area.midY + 4, 180, 28)
        if button("reopen", "Open the add panel", box) { setOpen(.add, true) }
        UI.endWindow()
    }
}
