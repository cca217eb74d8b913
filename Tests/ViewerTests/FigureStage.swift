import CImGui
import Exploration
import Testing

@testable import Viewer

/// One renderer on a surface, and a person's hands on it: figures without a dashboard.
@MainActor final class FigureStage<Renderer: FigureRenderer>: FigureHost {
    let surface: Surface
    let body: Box
    var renderer = Renderer()
    var content: Renderer.Content
    var side = FigureSide()
    var version = 0
    private var mouse = Point(-99, -99)

    // What it asked of its host.
    var tooltip: Tooltip?
    var takesActions = true
    var takesWheel = false
    private(set) var acted: [Action] = []
    private(set) var menus: [[Action]] = []
    private(set) var hasOpenWindow = false

    init(_ content: Renderer.Content, width: Float = 600, height: Float = 400, by _: Renderer.Type) throws {
        self.content = content
        surface = try Surface(width: Int(width) + 40, height: Int(height) + 40, theme: .dark)
        body = Box(20, 20, width, height)
        draw()
    }

    /// Both sides of a comparison.
    static func both(
        _ own: Renderer.Content, _ other: Renderer.Content, width: Float = 300, height: Float = 300, by _: Renderer.Type
    ) throws -> (own: FigureStage, other: FigureStage) {
        let stages = (
            try FigureStage(own, width: width, height: height, by: Renderer.self),
            try FigureStage(other, width: width, height: height, by: Renderer.self)
        )
        let scale = try stages.0.surface.frame { Renderer().scale(of: own).merged(with: Renderer().scale(of: other)) }
        let side = FigureSide(lens: FigureLens(), scale: scale, version: 1)
        for stage in [stages.0, stages.1] { (stage.side, stage.version) = (side, 1) }
        for stage in [stages.0, stages.1, stages.0, stages.1] { stage.draw() }
        return stages
    }

    func draw(_ frames: Int = 2, window room: Box? = nil) {
        for _ in 0..<frames {
            tooltip = nil
            gui_mouse_moved(surface.gui, mouse.x, mouse.y)
            gui_begin_frame(surface.gui, surface.size.x, surface.size.y, 1)
            gui_begin_window(
                "stage", 0, 0, surface.size.x, surface.size.y, Theme.dark.panel.packed, Theme.dark.panel.packed, 0,
                true, false)
            let frame = FigureFrame("f", in: room ?? body, .dark, version: version, side: side, surface.textures, self)
            if room == nil { renderer.draw(content, in: frame) } else { renderer.drawWindow(content, in: frame) }
            gui_end_window()
            surface.clear(Theme.dark.panel)
            gui_end_frame(surface.gui)
        }
    }

    /// The figure's own window, as large as it would be in `room`.
    func window(in room: Box) -> FigureWindow? { renderer.window(of: content, in: room) }

    func picture() throws -> Picture {
        draw(1)
        return try surface.read()
    }

    // MARK: Hands

    func move(to point: Point) {
        mouse = point
        draw()
    }

    /// A second passes in each frame, so that two clicks are no double click.
    func click(_ point: Point, _ button: Int32 = 0) {
        move(to: point)
        gui_mouse_button(surface.gui, button, true)
        draw(1)
        gui_mouse_button(surface.gui, button, false)
        draw()
    }

    func drag(from start: Point, to end: Point) {
        move(to: start)
        gui_mouse_button(surface.gui, 0, true)
        draw(1)
        for part: Float in [0.5, 1] {
            move(to: Point(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part))
        }
        gui_mouse_button(surface.gui, 0, false)
        draw()
    }

    func wheel(_ amount: Float, at point: Point) {
        move(to: point)
        gui_mouse_wheel(surface.gui, amount)
        draw()
    }

    // MARK: Host

    func act(_ action: Action) { acted.append(action) }
    func openMenu(_ actions: [Action], named name: String, at place: Point) { menus.append(actions) }
    func openWindow(of figure: String, at place: Point) { hasOpenWindow = true }
    func closeWindow(of figure: String) { hasOpenWindow = false }
    func hasWindow(of figure: String) -> Bool { hasOpenWindow }
    func drawButtons(for actions: [Action], of figure: String, in box: Box) {}
}

extension Surface {
    /// Within a frame: where text can be measured.
    func frame<Result>(_ body: () throws -> Result) rethrows -> Result {
        gui_begin_frame(gui, size.x, size.y, 0.01)
        defer { gui_end_frame(gui) }
        return try body()
    }
}

extension Picture {
    /// How many pixels in `box` satisfy a condition.
    func count(in box: Box, where holds: (Colour) -> Bool) -> Int {
        var count = 0
        for y in Int(box.y)..<Int(box.maxY) {
            for x in Int(box.x)..<Int(box.maxX) where holds(self[x, y]) { count += 1 }
        }
        return count
    }
}
