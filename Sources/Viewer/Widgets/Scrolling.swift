import CImGui

/// A dashboard that is higher than its window: wheel and bar move it.
final class Scrolling: DashboardPart {
    /// How far the dashboard is scrolled.
    private var offset: Float = 0
    /// Where the bar was taken: the mouse, and the offset then.
    private var grab: (mouse: Float, offset: Float)?

    /// Where the panels are in the window, and the bar that moves them.
    func scrolled(_ boxes: [Panel: Box], height: Float, in area: Box) -> [Panel: Box] {
        let most = max(0, height - area.height)
        // The graphs' zoom is by shift and wheel here.
        if !UI.shift { offset -= UI.wheel * 60 }
        if most > 0 { drawBar(most, area) } else { self.grab = nil }
        offset = min(max(offset, 0), most)
        return boxes.mapValues { Box($0.x, ($0.y - offset).rounded(), $0.width, $0.height) }
    }

    /// Scrolls to a panel that was drawn at `box`.
    func reveal(_ box: Box, in area: Box) {
        if box.y < area.y || box.maxY > area.maxY { offset += box.y - area.y }
    }

    private func drawBar(_ most: Float, _ area: Box) {
        let bar = Box(area.maxX - 2, area.y, 12, area.height)
        UI.beginWindow("dashboard-bar", bar, fill: theme.background, edge: theme.background, staysBehind: true)
        let length = max(30, area.height * area.height / (area.height + most))
        let room = max(area.height - length, 1)
        let item = UI.item("bar", bar)
        if item.contains(.pressed) { grab = (UI.mouse.y, offset) }
        if let grab {
            if item.contains(.held) { offset = grab.offset + (UI.mouse.y - grab.mouse) / room * most }
            if !item.contains(.held) { self.grab = nil }
        }
        offset = min(max(offset, 0), most)
        let isHot = item.contains(.hovered) || grab != nil
        UI.fill(
            Box(bar.x + 3, bar.y + offset / most * room, 6, length), isHot ? theme.secondary : theme.track,
            radius: 3)
        UI.endWindow()
    }
}
