import CImGui
import Exploration

/// What a renderer gets to draw with, and to ask what a person does. It is good for one call.
///
/// Places are in units of the window: pixels on an ordinary display.
@MainActor public struct FigureFrame {
    /// Where to draw.
    public let body: Box
    /// The greys of the window.
    public let theme: Theme
    /// Another one for each content: what is worked out of a content is good until this changes.
    public let version: Int
    /// Whether this is the compared branch's side, which can be looked at but not acted on.
    public let isOther: Bool
    /// What both sides of a comparison span; nil outside one.
    public let scale: FigureScale?
    /// What part of the figure is looked at, on both sides of a comparison.
    public let lens: FigureLens
    /// As ``version``, but of both sides.
    private let scaleVersion: Int
    /// The figure's id, and what stands before those of whose figure it is.
    let figure: String
    private let scope: String
    let textures: TextureMaker
    fileprivate let host: any FigureHost

    init(
        _ figure: String, scope: String = "", in body: Box, _ theme: Theme, version: Int, isOther: Bool = false,
        side: FigureSide = FigureSide(), _ textures: TextureMaker, _ host: any FigureHost
    ) {
        (lens, scale, scaleVersion) = (side.lens, side.scale, side.version ?? version)
        (self.figure, self.body, self.theme, self.version) = (figure, body, theme, version)
        self.scope = scope
        (self.isOther, self.textures, self.host) = (isOther, textures, host)
    }

    // MARK: Drawing

    /// Fills a rectangle; with a radius its corners are round.
    public func fill(_ box: Box, _ colour: Colour, radius: Float = 0) { UI.fill(box, colour, radius: radius) }

    /// Draws the edge of a rectangle, within it.
    public func outline(_ box: Box, _ colour: Colour, radius: Float = 0, thickness: Float = 1) {
        UI.outline(box, colour, radius: radius, thickness: thickness)
    }

    /// Draws a straight line.
    public func line(_ from: Point, _ to: Point, _ colour: Colour, thickness: Float = 1) {
        UI.line(from, to, colour, thickness: thickness)
    }

    /// A horizontal or vertical line on whole pixels.
    public func rule(_ from: Point, length: Float, vertical: Bool = false, _ colour: Colour) {
        UI.rule(from, length: length, vertical: vertical, colour)
    }

    /// Draws straight lines from point to point.
    public func polyline(_ points: [Point], _ colour: Colour, thickness: Float = 1.5) {
        UI.polyline(points, colour, thickness: thickness)
    }

    /// A vertical line of dashes.
    public func dashes(x: Float, from top: Float, to bottom: Float, _ colour: Colour) {
        UI.dashes(x: x, from: top, to: bottom, colour)
    }

    /// Draws a filled circle.
    public func disc(_ centre: Point, radius: Float, _ colour: Colour) { UI.disc(centre, radius: radius, colour) }

    /// The mark of a value that is not a number.
    public func cross(_ centre: Point, _ colour: Colour, size: Float = 4) { UI.cross(centre, colour, size: size) }

    /// Draws only what lies in `box`.
    public func clipped(to box: Box, _ body: () -> Void) { UI.clipped(to: box, body) }

    /// Shows pixels in `box`, whose corner lies on a whole pixel. `paint` is asked for them, in a size in pixels, only
    /// where `content` is another than before, or the place is of another size.
    public func draw(
        _ canvas: Canvas, in box: Box, content: some Hashable, paint: (_ width: Int, _ height: Int) -> Pixels
    ) {
        canvas.draw(in: box, content: content, textures, paint: paint)
    }

    // MARK: Text

    /// Writes `text` with its top at `at`, and returns where it ends.
    @discardableResult public func text(
        _ text: String, _ at: Point, _ colour: Colour, _ face: Face = .text, align: Alignment = .left
    ) -> Float {
        UI.text(text, at, colour, face, align: align)
    }

    /// Writes `text` upwards: it begins at the bottom, and its letters stand to the right of `at.x`.
    public func textUpwards(_ text: String, _ at: Point, _ colour: Colour, _ face: Face = .text) {
        UI.textUpwards(text, at, colour, face)
    }

    /// Says something in the middle of `box`: why there is nothing to see.
    public func say(_ words: String, in box: Box, _ colour: Colour) { UI.say(words, in: box, colour) }

    /// The labels of a horizontal axis, each below its place but within `room`; one that would touch the one before is
    /// left out.
    public func labels(of ticks: Ticks, within room: Box, y: Float, x: (Double) -> Float) {
        UI.labels(of: ticks, within: room, y: y, theme.secondary, x: x)
    }

    /// The horizontal axis of `plot`, in 36 units below it: marks, labels and a title.
    public func axis(_ range: ClosedRange<Double>, _ title: String, below plot: Box, _ x: (Double) -> Float) {
        axis(range, title, isLogarithmic: false, below: plot, x)
    }

    func axis(
        _ range: ClosedRange<Double>, _ title: String, isLogarithmic: Bool, below plot: Box, _ x: (Double) -> Float
    ) {
        let count = max(2, Int(plot.width / 70))
        let ticks = Ticks.along(plot.width, most: count) { count in
            let inside = Ticks(within: range, count: count)
            guard isLogarithmic else { return inside }
            // The axis ends where the values do, not at the next round one.
            let ticks = Ticks(logarithmic: range, count: count)
            let values = ticks.values.filter { range.contains($0) }
            return ticks.isLogarithmic && values.count > 1 ? Ticks(values, step: nil, range: range) : inside
        }
        for value in ticks.values {
            rule(Point(x(value), plot.maxY), length: 4, vertical: true, theme.track)
        }
        labels(of: ticks, within: body, y: plot.maxY + 6, x: x)
        text(
            UI.trimmed(title, to: body.width, .small), Point(plot.midX, plot.maxY + 21), theme.secondary, .small,
            align: .centre)
    }

    /// What an axis shows that needs `wanted`: it grows at once, but shrinks only after long. `name` tells the axes of a figure
    /// apart.
    public func held(_ name: String, _ wanted: ClosedRange<Double>) -> ClosedRange<Double> {
        lens.held(name, wanted, version: scaleVersion)
    }

    /// A small triangle that does something: a button of `box`'s size that points to the left, or else to the right. Returns
    /// whether it was clicked.
    func arrowButton(_ id: String, _ box: Box, toLeft: Bool, isOn: Bool = true) -> Bool {
        let item = isOn ? self.item(id, box) : []
        if isOn { fill(box, theme.button, radius: 3) }
        let colour = !isOn ? theme.track : item.contains(.hovered) ? theme.text : theme.secondary
        let (x, reach): (Float, Float) = toLeft ? (box.midX + 2, -5) : (box.midX - 2, 5)
        UI.triangle(
            Point(x, box.midY - 4.5), Point(x, box.midY + 4.5), Point(x + reach, box.midY), colour)
        if item.contains(.hovered) { showHand() }
        return item.contains(.clicked)
    }

    /// The greys of several series. Colour would say which slider.
    public func shade(_ index: Int, of count: Int) -> Colour {
        count < 2 ? theme.text : [theme.text, theme.secondary, theme.secondary.faded(0.5)][index % 3]
    }

    // MARK: Asking

    /// Where the mouse is, also if it is over something else.
    public var mouse: Point { UI.mouse }

    /// How far the wheel was turned in this frame, away from the person above 0; 0 where a dashboard that scrolls takes it itself.
    public var wheel: Float { host.takesWheel && !UI.shift ? 0 : UI.wheel }

    /// What happened to the part of the figure that lies in `box`. Of two parts over each other, the first one asked for
    /// has the mouse. `id` names it within the figure.
    public func item(_ id: String, _ box: Box) -> Happened { UI.item(name(id), box) }

    /// Whether the mouse is over `box`, with nothing above.
    public func hovers(_ box: Box) -> Bool { box.contains(UI.mouse) && gui_window_is_hovered() }

    /// A part that scrolls. `body` gets the box of its content and returns the height that it needs. The bar stands in the
    /// last 11 units of `box`'s width.
    public func scroll(_ id: String, _ box: Box, _ body: (Box) -> Float) { UI.region(name(id), box, body) }

    /// Shows the hand, over what can be clicked.
    public func showHand() { gui_set_cursor(Int32(GUI_CURSOR_HAND)) }

    /// What stands beside the mouse in this frame, or at `place`.
    public func tooltip(
        title: String = "", facts: [(name: String, value: String)] = [], text: String = "", at place: Point? = nil
    ) {
        host.tooltip = Tooltip(title: title, facts: facts, text: text, place: place)
    }

    /// The same with small images below the words.
    func tooltip(title: String, facts: [(name: String, value: String)], text: String, images: [Tooltip.Image]) {
        host.tooltip = Tooltip(title: title, facts: facts, text: text, images: images)
    }

    /// Both sides of a comparison lie in one window.
    private func name(_ id: String) -> String { isOther ? "other \(id)" : id }

    // MARK: Acting

    /// Of a second attachment of a kind: its actions have its name before theirs, as its figures do.
    private func scoped(_ action: Action) -> Action {
        scope.isEmpty
            ? action : Action(scope + action.id, title: action.title, arguments: action.arguments, asks: action.asks)
    }

    /// Whether something can be done to the model: not to the other branch's, nor after the run's end.
    public var canAct: Bool { !isOther && host.takesActions }

    /// Does something to the model.
    public func act(_ action: Action) {
        if canAct { host.act(scoped(action)) }
    }

    /// A click on what `item` happened to does the choice's action.
    public func choose(_ choice: Choice?, _ item: Happened) {
        guard let choice, canAct else { return }
        if item.contains(.hovered) { showHand() }
        if item.contains(.clicked) { act(choice.action) }
    }

    /// The colour of the mark around or beside what is chosen. No slider has it, and nothing else in a figure is white on
    /// black and black on white.
    public var markColour: Colour { theme.text }

    /// A click on what `item` happened to does the first of `actions`; the right button offers all, in a menu at `place`.
    public func act(on actions: [Action], named name: String, _ item: Happened, menuAt place: Point) {
        guard let first = actions.first, canAct else { return }
        showHand()
        if item.contains(.clicked), first.asks == nil { return host.act(scoped(first)) }
        if item.contains(.clicked) || item.contains(.rightClicked) { openMenu(actions, named: name, at: place) }
    }

    /// What a click does that ``act(on:named:_:menuAt:)`` waits for, in words; empty if it does nothing.
    public func words(for actions: [Action]) -> String {
        guard let first = actions.first, canAct else { return "" }
        return "Click: \(first.title)" + (actions.count > 1 ? " · right button: more" : "")
    }

    /// Opens a menu of what can be done to what is called `name`.
    public func openMenu(_ actions: [Action], named name: String, at place: Point) {
        if !isOther { host.openMenu(actions.map(scoped), named: name, at: place) }
    }

    /// What a click does on something that can be chosen or acted on, in words for its hover.
    public func words(for choice: Choice?, _ actions: [Action] = []) -> String {
        guard let choice, canAct else { return words(for: actions) }
        return "Click: \(choice.action.title)" + (actions.isEmpty ? "" : " · right button: more")
    }

    /// Opens the figure's window above the panels, or takes it there: ``FigureRenderer/window(of:in:)`` says what it is.
    public func openWindow(at place: Point) {
        if !isOther { host.openWindow(of: figure, at: place) }
    }

    /// Closes it.
    public func closeWindow() {
        if !isOther { host.closeWindow(of: figure) }
    }

    /// Whether that window is open.
    public var hasWindow: Bool { !isOther && host.hasWindow(of: figure) }

    /// A button for each of `actions`, below each other, with a field for what one asks: for the figure's window.
    public func buttons(for actions: [Action], in box: Box) {
        if !isOther { host.drawButtons(for: actions.map(scoped), of: figure, in: box) }
    }

    /// The height of so many buttons.
    public static func height(ofButtonsFor actions: [Action]) -> Float {
        actions.reduce(0) { $0 + ActionMenu.height(of: $1) }
    }
}

/// What a frame is told of the comparison that it is a side of.
@MainActor struct FigureSide {
    var lens = FigureLens()
    var scale: FigureScale?
    /// The other side's content, arranged as the own is.
    var other: (any FigureContent)?
    /// Another one for each content of either side; that of the content itself if nil.
    var version: Int?
}

/// A window of one figure, which lies above the panels: its title, and the size of what is in it.
public struct FigureWindow {
    /// What stands at its top.
    public var title: String
    /// The width of what is in it.
    public var width: Float
    /// The height of what is in it, without the title.
    public var height: Float

    /// A window of one figure.
    public init(title: String, width: Float, height: Float) {
        (self.title, self.width, self.height) = (title, width, height)
    }
}

/// Where renderers are at home.
@MainActor protocol FigureHost: AnyObject {
    var tooltip: Tooltip? { get set }
    var takesActions: Bool { get }
    /// Whether the wheel without shift scrolls the whole dashboard.
    var takesWheel: Bool { get }
    func act(_ action: Action)
    func openMenu(_ actions: [Action], named name: String, at place: Point)
    func openWindow(of figure: String, at place: Point)
    func closeWindow(of figure: String)
    func hasWindow(of figure: String) -> Bool
    func drawButtons(for actions: [Action], of figure: String, in box: Box)
}

extension Face {
    /// How wide `text` is. Only while a window or a picture is drawn.
    @MainActor public func width(of text: String) -> Float { UI.width(text, self) }

    /// `text`, cut with an ellipsis if it is wider than `room`; but no number of it is cut.
    @MainActor public func shortened(_ text: String, to room: Float) -> String { UI.shortened(text, to: room, self) }

    /// `text` in lines no wider than `room`.
    @MainActor public func lines(of text: String, to room: Float) -> [String] { UI.wrapped(text, to: room, self) }
}
