import Exploration
import Formats

/// Draws figures of one kind. An instance is made for each figure, and for each side of a comparison, when its first
/// content comes; it keeps what has to last from frame to frame, such as a ``Canvas`` or what was hovered.
///
/// ```swift
/// struct Dial: FigureContent {
///     var share: Double
///     var csv: String? { csvLines([["share"], ["\(share)"]]) }
/// }
///
/// struct DialRenderer: FigureRenderer {
///     func draw(_ dial: Dial, in frame: FigureFrame) {
///         let body = frame.body
///         frame.fill(Box(body.x, body.midY, body.width * Float(dial.share), 8), frame.theme.text)
///         if frame.item("dial", body).contains(.hovered) { frame.tooltip(title: "\(dial.share)") }
///     }
/// }
///
/// Viewer.register(DialRenderer.self)
/// ```
@MainActor public protocol FigureRenderer<Content> {
    /// The kind of figure that it draws.
    associatedtype Content: FigureContent

    /// A renderer that has drawn nothing yet.
    init()

    /// Draws the content into `frame.body`, in each frame of the window.
    mutating func draw(_ content: Content, in frame: FigureFrame)

    /// What the content's axes and scales span. In a comparison both sides get the union of theirs as ``FigureFrame/scale``; a
    /// renderer that gives none, the default, draws each side by itself.
    func scale(of content: Content) -> FigureScale

    /// The content of the other side of a comparison, arranged as that of the current branch is, where a thing then stands in the same
    /// place on both; itself by default.
    func aligned(_ other: Content, with own: Content) -> Content

    /// The height from which on all of the content is seen as large as it can be, in a panel that leaves it this width;
    /// nil, the default, if any height does.
    func height(of content: Content, width: Float) -> Float?

    /// The height of a picture of the content alone; ``height(of:width:)``, or 400, by default.
    func pictureHeight(of content: Content, width: Float) -> Float

    /// The picture that is written of the content alone, pixel by pixel; what ``draw(_:in:)`` draws if nil, the default.
    func picture(of content: Content) -> Pixels?

    /// The window that ``FigureFrame/openWindow(at:)`` opened, as large as it should be in `room`; nil, the default,
    /// closes it.
    mutating func window(of content: Content, in room: Box) -> FigureWindow?

    /// Draws what is in that window.
    mutating func drawWindow(_ content: Content, in frame: FigureFrame)

    /// Takes an arrow key while that window is open: so far to the right and down, −1, 0 or 1. Returns whether it did; false
    /// by default.
    mutating func turn(_ content: Content, right: Int, down: Int) -> Bool
}

extension FigureRenderer {
    public func scale(of content: Content) -> FigureScale { FigureScale() }
    public func aligned(_ other: Content, with own: Content) -> Content { other }
    public func height(of content: Content, width: Float) -> Float? { nil }
    public func pictureHeight(of content: Content, width: Float) -> Float { height(of: content, width: width) ?? 400 }
    public func picture(of content: Content) -> Pixels? { nil }
    public mutating func window(of content: Content, in room: Box) -> FigureWindow? { nil }
    public mutating func drawWindow(_ content: Content, in frame: FigureFrame) {}
    public mutating func turn(_ content: Content, right: Int, down: Int) -> Bool { false }
}

extension Viewer {
    /// Draws contents of the renderer's kind with it from now on, in all windows and pictures. The last one that was
    /// registered for a kind is taken, also for a kind that the viewer draws by itself.
    public static func register<Renderer: FigureRenderer>(_ renderer: Renderer.Type) {
        Renderers.registered[ObjectIdentifier(Renderer.Content.self)] = { KeptRenderer<Renderer>() }
    }
}

/// A kind that the viewer draws by itself. A renderer's file says so of its kind: there is no list of them.
protocol DrawnByViewer: FigureContent {
    associatedtype Renderer: FigureRenderer where Renderer.Content == Self
}

extension DrawnByViewer {
    @MainActor fileprivate var newRenderer: any AnyRenderer { KeptRenderer<Renderer>() }
}

/// Who draws which kind.
@MainActor enum Renderers {
    fileprivate static var registered: [ObjectIdentifier: @MainActor () -> any AnyRenderer] = [:]

    /// A new renderer for contents such as this one; nil if there is none.
    static func renderer(for content: any FigureContent) -> (any AnyRenderer)? {
        if let make = registered[ObjectIdentifier(type(of: content))] { return make() }
        return (content as? any DrawnByViewer)?.newRenderer
    }

    /// What is said in place of a content that nothing draws.
    static func missing(for content: any FigureContent) -> String {
        "No renderer is registered for \(type(of: content)): call Viewer.register(…) with one before the window opens."
    }
}

/// A renderer whose kind is known to itself alone.
@MainActor protocol AnyRenderer: AnyObject {
    /// Whether it draws contents such as this one.
    func draws(_ content: any FigureContent) -> Bool
    func draw(_ content: any FigureContent, in frame: FigureFrame)
    func scale(of content: any FigureContent) -> FigureScale
    func aligned(_ other: any FigureContent, with own: any FigureContent) -> any FigureContent
    func height(of content: any FigureContent, width: Float) -> Float?
    func pictureHeight(of content: any FigureContent, width: Float) -> Float
    func picture(of content: any FigureContent) -> Pixels?
    func window(of content: any FigureContent, in room: Box) -> FigureWindow?
    func drawWindow(_ content: any FigureContent, in frame: FigureFrame)
    func turn(_ content: any FigureContent, right: Int, down: Int) -> Bool
}

/// Keeps a renderer, and hands it contents of its own kind.
final class KeptRenderer<Renderer: FigureRenderer>: AnyRenderer {
    private(set) var renderer = Renderer()

    func draws(_ content: any FigureContent) -> Bool { content is Renderer.Content }

    func draw(_ content: any FigureContent, in frame: FigureFrame) {
        if let content = content as? Renderer.Content { renderer.draw(content, in: frame) }
    }

    func scale(of content: any FigureContent) -> FigureScale {
        (content as? Renderer.Content).map { renderer.scale(of: $0) } ?? FigureScale()
    }

    func aligned(_ other: any FigureContent, with own: any FigureContent) -> any FigureContent {
        guard let other = other as? Renderer.Content, let own = own as? Renderer.Content else { return other }
        return renderer.aligned(other, with: own)
    }

    func height(of content: any FigureContent, width: Float) -> Float? {
        (content as? Renderer.Content).flatMap { renderer.height(of: $0, width: width) }
    }

    func pictureHeight(of content: any FigureContent, width: Float) -> Float {
        (content as? Renderer.Content).map { renderer.pictureHeight(of: $0, width: width) } ?? 0
    }

    func picture(of content: any FigureContent) -> Pixels? {
        (content as? Renderer.Content).flatMap { renderer.picture(of: $0) }
    }

    func window(of content: any FigureContent, in room: Box) -> FigureWindow? {
        (content as? Renderer.Content).flatMap { renderer.window(of: $0, in: room) }
    }

    func drawWindow(_ content: any FigureContent, in frame: FigureFrame) {
        if let content = content as? Renderer.Content { renderer.drawWindow(content, in: frame) }
    }

    func turn(_ content: any FigureContent, right: Int, down: Int) -> Bool {
        (content as? Renderer.Content).map { renderer.turn($0, right: right, down: down) } ?? false
    }
}
