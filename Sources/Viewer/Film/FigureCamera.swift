import CImGui
import CLMat
import Exploration

/// Draws a figure again and again, in one size, with its title, its caption and the step.
@MainActor final class FigureCamera {
    private let figure: FigureInfo
    private let theme: Theme
    private let width: Float
    /// That of the first frame, and what it was measured with.
    private var surface: Surface?
    private var height: Float = 0
    private var renderer: (any AnyRenderer)?
    private let host = NobodyAtHome()

    /// In units, each of which is a pixel. Films are even in both directions, as encoders ask for.
    private static let tallest: Float = 1400

    init(_ figure: FigureInfo, _ options: ViewerOptions) {
        self.figure = figure
        theme = options.theme == .dark ? .dark : .light
        width = Float(min(max(options.width, 480), 960) / 2 * 2)
    }

    /// A picture of what the figure shows at a step.
    func picture(of content: any FigureContent, at step: Int) throws(CLMatError) -> Picture {
        let renderer = try renderer(for: content)
        let surface = try surface(for: content, renderer)
        // The first frame has to be drawn twice: the second knows the sizes that the first one measured.
        for frame in 0..<4 where frame < 2 || surface.addLetters() {
            gui_begin_frame(surface.gui, width, height, 0.01)
            UI.beginWindow("film", Box(0, 0, width, height), fill: theme.panel, edge: theme.panel, staysBehind: true)
            let end = UI.text(UI.shortened(figure.title, to: width - 150, .bold), Point(13, 9), theme.text, .bold)
            let count = "step \(grouped(step))"
            // Where the number stands it stays.
            UI.text(count, Point(width - 13, 9), theme.secondary, .mono, align: .right)
            let room = width - 19 - end - UI.width(count, .mono) - 20
            UI.text(UI.trimmed(content.caption, to: room), Point(end + 6, 9), theme.secondary)
            let body = Box(0, 0, width, height).inset(13, 36, 13, 12)
            if let words = content.whyEmpty {
                UI.say(words, in: body, theme.secondary)
            } else {
                renderer.draw(content, in: FigureFrame("film", in: body, theme, version: step, surface.textures, host))
            }
            UI.endWindow()
            surface.clear(theme.panel)
            gui_end_frame(surface.gui)
        }
        return try surface.read()
    }

    private func renderer(for content: any FigureContent) throws(CLMatError) -> any AnyRenderer {
        if let renderer { return renderer }
        guard let found = Renderers.renderer(for: content) else {
            throw .invalidArgument(
                operation: "film",
                problem: "the figure '\(figure.id)' cannot be drawn. \(Renderers.missing(for: content))")
        }
        renderer = found
        return found
    }

    private func surface(for content: any FigureContent, _ renderer: any AnyRenderer) throws(CLMatError) -> Surface {
        if let surface { return surface }
        let measured = try FigurePicture.measure(
            content, by: renderer, width: width, tallest: Self.tallest, theme, scale: 1)
        height = (measured.height / 2).rounded(.up) * 2
        let made = try Surface(
            width: Int(width), height: Int(height), theme: theme, scale: 1, letters: measured.letters)
        surface = made
        return made
    }
}
