import CImGui
import CLMat
import Exploration

/// One figure alone, as it would be drawn in a panel that has all the room that it wants.
@MainActor struct FigurePicture {
    let content: any FigureContent
    let figure: FigureInfo
    let step: Int
    let options: ViewerOptions

    func write(to path: String) throws(CLMatError) {
        func refused(_ problem: String) -> CLMatError { .invalidArgument(operation: "writePNG", problem: problem) }
        if let words = content.whyEmpty { throw refused("the figure '\(figure.id)' has nothing to show: \(words)") }
        guard let renderer = Renderers.renderer(for: content) else {
            throw refused("the figure '\(figure.id)' cannot be drawn. \(Renderers.missing(for: content))")
        }
        if let pixels = renderer.picture(of: content) { return try Picture(pixels).writePNG(to: path) }
        try draw(by: renderer).writePNG(to: path)
    }

    /// Pixels per unit: print shows more than a screen.
    private static let scale = 2
    /// In units. Texture and file would be too large beyond.
    private static let tallest: Float = 4000

    private func draw(by renderer: any AnyRenderer) throws(CLMatError) -> Picture {
        let theme: Theme = options.theme == .dark ? .dark : .light
        let width = Float(min(max(options.width, 480), 960))
        let (height, letters) = try Self.measure(
            content, by: renderer, width: width, tallest: Self.tallest, theme, scale: Float(Self.scale))
        let surface = try Surface(
            width: Int(width) * Self.scale, height: Int(height) * Self.scale, theme: theme, scale: Float(Self.scale),
            letters: letters)
        let host = NobodyAtHome()
        // The second frame knows the sizes that the first one measured, and one more the letters that it lacked.
        for frame in 0..<4 where frame < 2 || surface.addLetters() {
            gui_begin_frame(surface.gui, width, height, 0.01)
            UI.beginWindow(
                "picture", Box(0, 0, width, height), fill: theme.panel, edge: theme.panel, staysBehind: true)
            let end = UI.text(UI.shortened(figure.title, to: width - 26, .bold), Point(13, 9), theme.text, .bold)
            let notes = [content.caption, "step \(grouped(step))"].filter { !$0.isEmpty }.joined(separator: " · ")
            UI.text(UI.trimmed(notes, to: width - 19 - end), Point(end + 6, 9), theme.secondary)
            let body = Box(0, 0, width, height).inset(13, 36, 13, 12)
            renderer.draw(content, in: FigureFrame("picture", in: body, theme, version: 0, surface.textures, host))
            UI.endWindow()
            surface.clear(theme.panel)
            gui_end_frame(surface.gui)
        }
        return try surface.read()
    }

    /// The height that a figure wants in a picture of this width, in units, and the letters that it takes.
    static func measure(
        _ content: any FigureContent, by renderer: any AnyRenderer, width: Float, tallest: Float, _ theme: Theme,
        scale: Float
    ) throws(CLMatError) -> (height: Float, letters: Letters) {
        // What is measured needs fonts, and so a surface.
        let trial = try Surface(width: 64, height: 64, theme: theme, scale: scale)
        var height: Float = 0
        repeat {
            gui_begin_frame(trial.gui, 64, 64, 0.01)
            let wanted = renderer.pictureHeight(of: content, width: width - PanelFrames.sides)
            height = min(tallest, max(140, wanted + PanelFrames.aboveAndBelow)).rounded(.up)
            gui_end_frame(trial.gui)
        } while trial.addLetters()
        return (height, trial.letters)
    }
}

/// A picture has no mouse and no model.
final class NobodyAtHome: FigureHost {
    var tooltip: Tooltip?
    var takesActions: Bool { false }
    var takesWheel: Bool { false }
    func act(_ action: Action) {}
    func openMenu(_ actions: [Action], named name: String, at place: Point) {}
    func openWindow(of figure: String, at place: Point) {}
    func closeWindow(of figure: String) {}
    func hasWindow(of figure: String) -> Bool { false }
    func drawButtons(for actions: [Action], of figure: String, in box: Box) {}
}
