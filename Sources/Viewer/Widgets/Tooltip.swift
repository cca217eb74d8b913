import CImGui
import Exploration

/// What is shown beside the mouse.
struct Tooltip {
    var title = ""
    /// Names and numbers, in two columns.
    var facts: [(name: String, value: String)] = []
    var text = ""
    /// Small images below that, side by side.
    var images: [Image] = []
    /// Where it stands; nil for beside the mouse.
    var place: Point?
    /// What it must not cover: it stands below or above that, or beside it if ``isBeside``.
    var about: Box?
    var isBeside = false

    /// An image with a title above it, and a note below.
    struct Image {
        let title: String
        let note: String
        /// A grid of it alone, and how it looks.
        let grid: ImageGrid
        let texture: Texture
    }

    /// Where it stands: near what it explains, within the window, and not over the mouse.
    static func place(_ size: Point, at mouse: Point, about: Box? = nil, isBeside: Bool = false, in window: Box) -> Box
    {
        // The mouse's own arrow is no box to be about, but as large as one.
        let target = about ?? Box(mouse.x - 8, mouse.y - 10, 24, 24)
        let gap: Float = about == nil ? 0 : 5
        let x = about == nil ? target.maxX : mouse.x - 12
        func box(_ x: Float, _ y: Float) -> Box { Box(x, y, size.x, size.y) }
        let (below, above) = (target.maxY + gap, target.y - gap - size.y)
        let beside = [box(target.maxX + gap, mouse.y - 12), box(target.x - gap - size.x, mouse.y - 12)]
        let under = [box(x, below), box(x, above)]
        // As it is first, then moved along its side; only then over what it is about.
        for wanted in isBeside ? beside + under : about == nil ? under + beside : under + beside {
            let moved = wanted.within(window)
            if !moved.overlaps(target), moved.width == size.x { return moved }
        }
        return under[0].within(window)
    }
}

/// Words for the moment, above all else: beside the mouse, and below a field.
final class Hints: DashboardPart {
    var tooltip: Tooltip?
    /// Why what was typed is not taken, and below what it stands.
    var problem: (words: String, field: Box)?

    override func beginFrame() { (tooltip, problem) = (nil, nil) }

    /// Why what was typed is not taken: all of it, over what lies below the field.
    func drawProblem() {
        guard let (words, field) = problem else { return }
        let lines = UI.wrapped(words, to: field.width - 12, .small)
        let place = Box(field.x, field.maxY + 2, field.width, Float(lines.count) * 15 + 9)
        gui_begin_overlay()
        UI.fill(place, theme.tooltip, radius: 4)
        UI.outline(place, theme.moving, radius: 4)
        for (index, line) in lines.enumerated() {
            UI.text(line, Point(place.x + 6, place.y + 4 + Float(index) * 15), theme.text, .small)
        }
        gui_end_overlay()
    }

    func drawTooltip() {
        guard let tooltip, dashboardView.moving.drag == nil else { return }
        let lines = tooltip.text.isEmpty ? [] : UI.wrapped(tooltip.text, to: 360, .small)
        let nameWidth = tooltip.facts.map { UI.width($0.name, .smallMono) }.max() ?? 0
        let factWidth = tooltip.facts.map { nameWidth + 14 + UI.width($0.value, .smallMono) }.max() ?? 0
        let width =
            max(
                UI.width(tooltip.title, .bold), factWidth, lines.map { UI.width($0, .small) }.max() ?? 0,
                TooltipImages.width(tooltip)) + 18
        let height =
            (tooltip.title.isEmpty ? 0 : 20) + Float(tooltip.facts.count) * 15 + Float(lines.count) * 15 + 14
            + TooltipImages.height(tooltip)
        let mouse = UI.mouse
        let window = Box(4, 4, size.x - 8, size.y - 8)
        let box =
            tooltip.place.map { Box($0.x, $0.y, width, height).within(window) }
            ?? Tooltip.place(
                Point(width, height), at: mouse, about: tooltip.about, isBeside: tooltip.isBeside, in: window)

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
        TooltipImages.draw(tooltip, at: Point(box.x + 9, y), theme)
        gui_end_overlay()
    }
}

/// The row of small images of a tooltip.
@MainActor private enum TooltipImages {
    private static let (side, pitch, line): (Float, Float, Float) = (84, 96, 14)

    private static func titles(_ tooltip: Tooltip) -> [[String]] {
        tooltip.images.map { Array(UI.wrapped($0.title, to: side, .small).prefix(2)) }
    }

    static func width(_ tooltip: Tooltip) -> Float {
        tooltip.images.isEmpty ? 0 : Float(tooltip.images.count) * pitch - (pitch - side)
    }

    static func height(_ tooltip: Tooltip) -> Float {
        guard !tooltip.images.isEmpty else { return 0 }
        let titles = titles(tooltip).map(\.count).max() ?? 0
        let tallest = tooltip.images.map { size($0.grid).y }.max() ?? 0
        return 8 + Float(titles + 1 + (tooltip.images.contains { !$0.note.isEmpty } ? 1 : 0)) * line + tallest
    }

    private static func size(_ grid: ImageGrid) -> Point {
        let exact = side / Float(max(1, grid.width, grid.height))
        let zoom = exact >= 1 ? exact.rounded(.down) : exact
        return Point(max(1, (Float(grid.width) * zoom).rounded()), max(1, (Float(grid.height) * zoom).rounded()))
    }

    static func draw(_ tooltip: Tooltip, at place: Point, _ theme: Theme) {
        let titles = titles(tooltip)
        let above = Float(titles.map(\.count).max() ?? 0) * line
        for (index, image) in tooltip.images.enumerated() {
            let x = (place.x + Float(index) * pitch).rounded()
            let top = (place.y + 6 + above).rounded()
            for (number, words) in titles[index].enumerated() {
                let y = top - Float(titles[index].count - number) * line - 1
                UI.text(words, Point(x, y), theme.text, .small)
            }
            let size = size(image.grid)
            image.texture.draw(cell: 0, of: image.grid, in: Box(x, top, size.x, size.y))
            UI.text(
                UI.shortened(image.grid.scaleWords, to: side + 8, .smallMono), Point(x, top + size.y + 2),
                theme.secondary,
                .smallMono)
            if !image.note.isEmpty {
                UI.text(
                    UI.shortened(image.note, to: side + 8, .small), Point(x, top + size.y + 2 + line), theme.secondary,
                    .small)
            }
        }
    }
}
