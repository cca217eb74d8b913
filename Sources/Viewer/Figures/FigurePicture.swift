import CImGui
import CLMat
import Exploration

/// One figure alone, as it would be drawn in a panel that has all the room that it wants.
@MainActor struct FigurePicture {
    private let content: any FigureContent
    private let info: FigureInfo
    private let step: Int
    private let learner: Learner
    private let options: ViewerOptions

    init(_ content: any FigureContent, _ info: FigureInfo, step: Int, _ learner: Learner, _ options: ViewerOptions) {
        (self.content, self.info, self.step, self.learner) = (content, info, step, learner)
        // A desk that reads and keeps no layout.
        self.options = ViewerOptions(width: options.width, height: options.height, theme: options.theme)
    }

    func write(to path: String) throws(CLMatError) {
        if let words = content.whyEmpty {
            throw .invalidArgument(
                operation: "writePNG", problem: "the figure '\(info.id)' has nothing to show: \(words)")
        }
        if let grid = content as? ImageGrid { return try Viewer.writePNG(of: grid, to: path) }
        try draw().writePNG(to: path)
    }

    /// Pixels a unit: print shows more than a screen.
    private static let scale = 2
    /// In units. Texture and file would be too large beyond.
    private static let tallest: Float = 4000

    func draw() throws(CLMatError) -> Picture {
        let theme: Theme = options.theme == .dark ? .dark : .light
        let desk = Desk(learner, options)
        let width = Float(min(max(options.width, 480), 960))
        // What is measured needs fonts, and so a surface.
        let trial = try Surface(width: 64, height: 64, theme: theme, scale: Float(Self.scale))
        var height: Float = 0
        repeat {
            gui_begin_frame(trial.gui, 64, 64, 0.01)
            height = min(Self.tallest, max(140, self.height(width - Desk.sides) + Desk.aboveAndBelow)).rounded(.up)
            gui_end_frame(trial.gui)
        } while trial.addLetters()

        let surface = try Surface(
            width: Int(width) * Self.scale, height: Int(height) * Self.scale, theme: theme, scale: Float(Self.scale),
            letters: trial.letters)
        var view = FigureView()
        (view.version, view.state) = (0, .ready(content, step: step))
        // The second frame knows the sizes that the first one measured, and one more the letters that it lacked.
        for frame in 0..<4 where frame < 2 || surface.addLetters() {
            gui_begin_frame(surface.gui, width, height, 0.01)
            gui_begin_window("picture", 0, 0, width, height, theme.panel.packed, theme.panel.packed, 0, true, false)
            let end = UI.text(UI.shortened(info.title, to: width - 26, .bold), Point(13, 9), theme.text, .bold)
            let notes = [content.caption, "step \(grouped(step))"].filter { !$0.isEmpty }.joined(separator: " · ")
            UI.text(UI.trimmed(notes, to: width - 19 - end), Point(end + 6, 9), theme.secondary)
            desk.draw(info.id, view, in: Box(0, 0, width, height).inset(13, 36, 13, 12), surface.textures)
            gui_end_window()
            surface.clear(theme.panel)
            gui_end_frame(surface.gui)
        }
        return try surface.read()
    }

    /// At which all is seen.
    private func height(_ width: Float) -> Float {
        switch content {
        case let table as Table: TableLayout.height(table)
        case let matrix as CircleMatrix: CircleLayout.height(ofRows: matrix.shownRows().count)
        case let text as ColouredText: TextFlow(text, width: width - 8, version: 0).height + 60
        case let heatmap as Heatmap:
            min(720, max(240, Float(heatmap.rowNames.count) * 22 + 100))
        case is Silhouette: 640
        case is Scatter: 620
        default: 400
        }
    }
}
