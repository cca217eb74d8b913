// What is pressed.

extension DashboardPart {
    /// A push button. Returns whether it was clicked.
    ///
    /// - Parameter hint: what its hover says, also while it cannot be pressed.
    func button(
        _ id: String, _ words: String, _ box: Box, isOn: Bool = false, isEnabled: Bool = true, face: Face = .text,
        hint: String = ""
    ) -> Bool {
        UI.note(id, box)
        let item = isEnabled || !hint.isEmpty ? UI.item(id, box) : []
        if !hint.isEmpty, item.contains(.hovered) { tooltip = Tooltip(text: hint, place: Point(box.x, box.maxY + 6)) }
        let happened = isEnabled ? item : []
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

    /// Returns whether it was clicked.
    func closeButton(_ box: Box) -> Bool {
        let close = UI.item("close", Box(box.maxX - 32, box.y + 4, 28, 26))
        UI.cross(
            Point(box.maxX - 18.5, box.y + 17), close.contains(.hovered) ? theme.text : theme.secondary)
        return close.contains(.clicked)
    }
}
