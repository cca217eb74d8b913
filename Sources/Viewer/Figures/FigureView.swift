import CImGui
import Exploration

/// What the window keeps of one figure between frames.
@MainActor struct FigureView {
    /// The computation that ``state`` is from.
    var version = Int.min
    var state = FigureState.waiting
    /// What was shown last, for how much room it asks; also while the figure fails.
    var shape: (any FigureContent)?
    /// The images of a grid, side by side.
    var texture: Texture?
    /// The cell that is shown large.
    var enlarged: Int?
    /// Where the enlarged cell's window stands.
    var place = Point(0, 0)
    /// What is typed for an action that asks, by the action's place in the list.
    var answers: [Int: TextField] = [:]
    /// Whether the enlarged cell is to come to the front.
    var isNew = false
    let kept = FigureMemory()
}

/// What renderers keep of a figure so as not to do it again in each frame.
@MainActor final class FigureMemory {
    let canvas = Canvas()
    /// The rows of a matrix of discs that were drawn last, from top to bottom.
    var shownRows: [Int] = []
    var flow: TextFlow?
    var colours = GroupColours()
    /// The group of the word that was under the mouse in the last frame.
    var hoveredGroup: Int?
}

// A figure's panel: one renderer a kind, and words while there is nothing to show.

extension Desk {
    func drawFigure(_ id: String, _ box: Box, _ textures: TextureMaker) {
        guard let info = dashboard.figures.first(where: { $0.id == id }) else { return }
        refreshFigure(id, textures)
        let view = figures[id] ?? FigureView()
        var caption = ""
        var step = ""
        if case .ready(let content, let at) = view.state {
            caption = content.caption
            if status.isFinished || status.isPaused, at != status.step { step = "step \(grouped(at))" }
        }
        let badge = step.isEmpty ? nil : Badge(text: step, colour: theme.secondary)
        frame(.figure(id), box, title: info.title, caption: caption, means: info.means, badge: badge) { body in
            guard let other = branches.first(where: { $0.id == status.comparedBranch }) else {
                return draw(id, view, in: body, textures)
            }
            compare(id, view, with: other, in: body, textures)
        }
    }

    /// What a figure shows, or why it shows nothing.
    func draw(_ id: String, _ view: FigureView, in body: Box, _ textures: TextureMaker, isOther: Bool = false) {
        switch view.state {
        case .waiting: UI.say("Being computed…", in: body, theme.secondary)
        case .failed(let problem, let step):
            UI.say("Not computed at step \(grouped(step)).\n\(problem)", in: body, theme.text)
        case .ready(let content, _):
            if let words = content.whyEmpty { return UI.say(words, in: body, theme.secondary) }
            switch content {
            case let grid as ImageGrid: drawImageGrid(id, grid, view.texture, in: body, isOther: isOther)
            case let bars as Bars: drawBars(bars, in: body)
            case let table as Table: drawTable(id, table, in: body, isOther: isOther)
            case let curve as Curve: drawCurve(curve, in: body)
            case let histogram as Histogram: drawHistogram(histogram, in: body)
            case let silhouette as Silhouette: drawSilhouette(silhouette, in: body)
            case let scatter as Scatter: drawScatter(scatter, in: body)
            case let matrix as CircleMatrix: drawCircleMatrix(id, matrix, view, in: body, textures, isOther: isOther)
            case let heatmap as Heatmap: drawHeatmap(heatmap, view, in: body, textures, isOther: isOther)
            case let text as ColouredText: drawText(text, view, in: body, isOther: isOther)
            default: UI.say("No renderer is registered for \(type(of: content)).", in: body, theme.secondary)
            }
        }
    }

    /// The current branch to the left, the other one to the right.
    private func compare(_ id: String, _ view: FigureView, with other: Branch, in body: Box, _ textures: TextureMaker) {
        refreshOther(id, textures)
        let theirs = others[id] ?? FigureView()
        let own = branches.first { $0.id == position.branch }?.name ?? "here"
        let halves = body.columns(2, gap: 22)
        func title(_ name: String, _ step: Int?, _ half: Box) {
            let words = UI.shortened(name, to: half.width, .bold)
            let end = UI.text(words, Point(half.x, half.y - 2), theme.text, .bold)
            let note = step.map { "step \(grouped($0))" } ?? ""
            UI.text(UI.shortened(note, to: half.maxX - end - 7), Point(end + 7, half.y - 2), theme.secondary)
        }
        title(own, view.state.step, halves[0])
        title(other.name, theirs.state.step, halves[1])
        UI.rule(Point(body.midX, body.y), length: body.height, vertical: true, theme.edge)
        draw(id, view, in: halves[0].inset(0, 20, 0, 0), textures)
        draw(id, theirs, in: halves[1].inset(0, 20, 0, 0), textures, isOther: true)
    }

    /// How high a panel of this width has to be to show all of its figure as large as it can be; nil if any height
    /// does.
    func want(of panel: Panel, width: Float) -> Float? {
        if panel == .branches { return branchesHeight }
        guard case .figure(let id) = panel else { return nil }
        switch figures[id]?.shape {
        case let grid as ImageGrid where grid.whyEmpty == nil:
            return GridLayout.height(of: grid, filling: width - Self.sides) + Self.aboveAndBelow
        case let matrix as CircleMatrix:
            return CircleLayout.height(ofRows: matrix.shownRows().count) + Self.aboveAndBelow
        case let table as Table: return TableLayout.height(table) + Self.aboveAndBelow
        default: return nil
        }
    }

    /// What the frame of a panel takes.
    static let sides: Float = 26
    static let aboveAndBelow: Float = 48

    /// Takes over what was computed since the last frame; a texture changes only with its content.
    private func refreshFigure(_ id: String, _ textures: TextureMaker) {
        let version = learner.version(of: id)
        let state = learner.look(at: id)
        var view = figures[id] ?? FigureView()
        guard version != view.version else { return }
        view.version = version
        view.state = state
        if case .ready(let content, _) = state { view.shape = content }
        if case .ready(let content, _) = state, let grid = content as? ImageGrid {
            view.texture = textures.texture(of: grid, replacing: view.texture)
            if let cell = view.enlarged, !grid.cells.indices.contains(cell) { view.enlarged = nil }
        } else {
            view.enlarged = nil
        }
        figures[id] = view
    }

    private func refreshOther(_ id: String, _ textures: TextureMaker) {
        let version = learner.versionOfOther(id)
        let state = learner.lookAtOther(id)
        var view = others[id] ?? FigureView()
        guard version != view.version else { return }
        view.version = version
        view.state = state
        if case .ready(let content, _) = state, let grid = content as? ImageGrid {
            view.texture = textures.texture(of: grid, replacing: view.texture)
        }
        others[id] = view
    }
}
