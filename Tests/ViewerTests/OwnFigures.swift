import Exploration
// Not testable: what a package that depends on CLMat sees is all that these kinds need.
import Formats
import Viewer

/// A kind of figure as a package that depends on CLMat would add it: a share, as a bar.
struct Dial: FigureContent {
    var share: Double
    var caption: String { "a dial" }
    var csv: String? { csvLines([["share"], ["\(share)"]]) }
}

struct DialRenderer: FigureRenderer {
    private let canvas = Canvas()
    private(set) var drawings = 0
    private(set) var versions: [Int] = []

    func height(of dial: Dial, width: Float) -> Float? { width / 8 }

    mutating func draw(_ dial: Dial, in frame: FigureFrame) {
        drawings += 1
        if versions.last != frame.version { versions.append(frame.version) }
        let body = frame.body
        let bar = Box(body.x, body.y, (body.width * Float(dial.share)).rounded(), 20)
        frame.fill(bar, Self.colour)
        frame.text(Face.small.shortened("of the whole", to: body.width), Point(body.x, body.y + 30), frame.theme.text)
        frame.draw(canvas, in: Box(body.x.rounded(), (body.y + 60).rounded(), 10, 10), content: frame.version) {
            Pixels(width: $0, height: $1, Self.colour)
        }
        let item = frame.item("bar", bar)
        frame.act(on: [Action("mark", title: "mark", arguments: [0, 3])], named: "bar", item, menuAt: frame.mouse)
        if item.contains(.hovered) { frame.tooltip(title: "\(dial.share)", text: "a share") }
        if item.contains(.rightClicked) { frame.openWindow(at: Point(bar.maxX, bar.maxY)) }
    }

    func window(of dial: Dial, in room: Box) -> FigureWindow? { FigureWindow(title: "Dial", width: 200, height: 40) }

    func drawWindow(_ dial: Dial, in frame: FigureFrame) {
        frame.fill(frame.body, Self.colour)
    }

    static let colour = Colour(0x3366cc)
}

/// A kind that nobody draws.
struct Secret: FigureContent {
    var csv: String? { csvLines([["secret"], ["1"]]) }
}

/// A kind that writes its picture itself, pixel by pixel.
struct Swatch: FigureContent {}

struct SwatchRenderer: FigureRenderer {
    func draw(_ swatch: Swatch, in frame: FigureFrame) {}
    func picture(of swatch: Swatch) -> Pixels? {
        var pixels = Pixels(width: 3, height: 2, Colour(0xff0000))
        pixels[2, 1] = Colour(0x00ff00)
        return pixels
    }
}
