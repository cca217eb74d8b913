import CImGui

// A desk that is higher than its window: wheel and bar move it.

/// How far the desk is scrolled.
struct DeskScroll {
    var offset: Float = 0
    /// Where the bar was taken: the mouse, and the offset then.
    var grab: (mouse: Float, offset: Float)?
}

extension Desk {
    /// Where the panels are in the window, and the bar that moves them.
    func scrolled(_ boxes: [Panel: Box], height: Float, in area: Box) -> [Panel: Box] {
        let most = max(0, height - area.height)
        // The graphs' zoom is by shift and wheel here.
        if !UI.shift { scroll.offset -= UI.wheel * 60 }
        if most > 0 { drawBar(most, area) } else { scroll.grab = nil }
        scroll.offset = min(max(scroll.offset, 0), most)
        return boxes.mapValues { Box($0.x, ($0.y - scroll.offset).rounded(), $0.width, $0.height) }
    }

    private func drawBar(_ most: Float, _ area: Box) {
        let bar = Box(area.maxX - 2, area.y, 12, area.height)
        gui_begin_window(
            "desk bar", bar.x, bar.y, bar.width, bar.height, theme.background.packed, theme.background.packed, 0, true,
            false)
        let length = max(30, area.height * area.height / (area.height + most))
        let room = max(area.height - length, 1)
        let item = UI.item("bar", bar)
        if item.contains(.pressed) { scroll.grab = (UI.mouse.y, scroll.offset) }
        if let grab = scroll.grab {
            if item.contains(.held) { scroll.offset = grab.offset + (UI.mouse.y - grab.mouse) / room * most }
            if !item.contains(.held) { scroll.grab = nil }
        }
        scroll.offset = min(max(scroll.offset, 0), most)
        let isHot = item.contains(.hovered) || scroll.grab != nil
        UI.fill(
            Box(bar.x + 3, bar.y + scroll.offset / most * room, 6, length), isHot ? theme.secondary : theme.track,
            radius: 3)
        gui_end_window()
    }
}
