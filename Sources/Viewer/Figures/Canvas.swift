import CImGui

/// Pixels that are computed rather than drawn shape by shape: for images, and for thousands of small shapes.
public struct Pixels: Sendable {
    /// Pixels in a row.
    public let width: Int
    /// Rows of pixels.
    public let height: Int
    /// As ``Colour/packed``, row by row.
    private(set) var values: [UInt32]

    /// Pixels of one colour.
    public init(width: Int, height: Int, _ colour: Colour) {
        (self.width, self.height) = (width, height)
        values = [UInt32](repeating: colour.packed, count: width * height)
    }

    /// The colour of a pixel in the picture.
    public subscript(_ x: Int, _ y: Int) -> Colour {
        get {
            var colour = Colour(0)
            colour.packed = values[y * width + x]
            return colour
        }
        set { values[y * width + x] = newValue.packed }
    }

    /// Fills whole pixels. What lies outside is left out.
    public mutating func fill(x: Range<Int>, y: Range<Int>, _ colour: Colour) {
        let (xs, ys) = (x.clamped(to: 0..<width), y.clamped(to: 0..<height))
        for row in ys {
            for column in xs { values[row * width + column] = colour.packed }
        }
    }

    /// A disc with soft edges, in an opaque colour: a pixel's share of it is told from its centre's distance.
    ///
    /// - Parameter radius: 0.5 at least, in pixels.
    public mutating func disc(x: Float, y: Float, radius: Float, _ colour: Colour) {
        // An edge that fades over a pixel adds π/12 to the area on average.
        let radius = max(0, radius * radius - 1 / 12).squareRoot()
        let reach = radius + 0.5
        guard reach.isFinite, x.isFinite, y.isFinite, x + reach > 0, y + reach > 0, x - reach < Float(width),
            y - reach < Float(height)
        else { return }
        let (left, right) = (max(0, Int(x - reach)), min(width - 1, Int(x + reach)))
        let (top, bottom) = (max(0, Int(y - reach)), min(height - 1, Int(y + reach)))
        guard left <= right, top <= bottom else { return }
        // Inside this all of a pixel is covered, and outside the other none of it.
        let core = max(0, radius - 0.5)
        let (inner, outer) = (core * core, reach * reach)
        values.withUnsafeMutableBufferPointer { values in
            for row in top...bottom {
                let dy = Float(row) + 0.5 - y
                for column in left...right {
                    let dx = Float(column) + 0.5 - x
                    let square = dx * dx + dy * dy
                    guard square < outer else { continue }
                    let place = row * width + column
                    guard square > inner else {
                        values[place] = colour.packed
                        continue
                    }
                    values[place] = Colour.mix(values[place], colour.packed, reach - square.squareRoot())
                }
            }
        }
    }
}

extension Colour {
    /// `share` of the way from this colour to another one, both opaque.
    public func mixed(with other: Colour, _ share: Float) -> Colour {
        var mixed = self
        mixed.packed = Self.mix(packed, other.packed, share)
        return mixed
    }

    fileprivate static func mix(_ from: UInt32, _ to: UInt32, _ share: Float) -> UInt32 {
        let part = UInt32(min(max(share, 0), 1) * 256)
        // Red and blue at once, each with eight bits to spare.
        let redBlue = ((from & 0xff00ff) * (256 - part) + (to & 0xff00ff) * part) >> 8 & 0xff00ff
        let green = ((from >> 8 & 0xff) * (256 - part) + (to >> 8 & 0xff) * part) & 0xff00
        return 0xff00_0000 | redBlue | green
    }
}

/// A texture that holds pixels for one place in the window, until what they show changes.
@MainActor public final class Canvas {
    private var handle: OpaquePointer?
    /// Keeps the renderer, with which SDL would take the texture away.
    private var surface: Surface?
    private var size = (width: 0, height: 0)
    private var shown: AnyHashable?

    /// A canvas that holds nothing yet.
    public init() {}

    isolated deinit { if let handle { gui_texture_destroy(handle) } }

    /// Shows pixels in `box`, which begins on whole pixels; paints them only where `content` is another than before.
    ///
    /// - Parameter paint: gets the size in pixels.
    func draw(
        in box: Box, content: some Hashable, _ textures: TextureMaker, paint: (_ width: Int, _ height: Int) -> Pixels
    ) {
        let (width, height) = (Int((box.width * UI.scale).rounded()), Int((box.height * UI.scale).rounded()))
        guard width > 0, height > 0, max(width, height) <= textures.largest else { return }
        if size != (width, height) || surface !== textures.surface || handle == nil {
            if let handle { gui_texture_destroy(handle) }
            handle = gui_texture_create(textures.surface.gui, Int32(width), Int32(height))
            (size, surface, shown) = ((width, height), textures.surface, nil)
        }
        guard let handle else { return }
        let content = AnyHashable(content)
        if shown != content {
            shown = content
            let pixels = paint(width, height)
            gui_texture_update(handle, pixels.values)
        }
        gui_image(handle, box.x, box.y, box.width, box.height, 0, 0, 1, 1)
    }
}
