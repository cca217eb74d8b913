/// A colour with alpha.
public struct Colour: Equatable, Sendable {
    /// As the draw lists hold it: 0xAABBGGRR.
    var packed: UInt32

    /// - Parameter hex: 0xRRGGBB.
    public init(_ hex: UInt32, alpha: Float = 1) {
        let (r, g, b) = (hex >> 16 & 255, hex >> 8 & 255, hex & 255)
        packed = UInt32((min(max(alpha, 0), 1) * 255).rounded()) << 24 | b << 16 | g << 8 | r
    }

    /// With this alpha.
    public func faded(_ alpha: Float) -> Colour {
        var faded = self
        faded.packed = packed & 0xff_ffff | UInt32((min(max(alpha, 0), 1) * 255).rounded()) << 24
        return faded
    }

    /// 0 to 255.
    public var red: UInt8 { UInt8(packed & 255) }
    /// 0 to 255.
    public var green: UInt8 { UInt8(packed >> 8 & 255) }
    /// 0 to 255.
    public var blue: UInt8 { UInt8(packed >> 16 & 255) }
}

/// The greys of the window. All other colour says which slider, but for the words *moving* and *settled*.
public struct Theme: Sendable {
    /// Between the panels.
    public let background: Colour
    /// Of panels, behind what they show.
    public let panel: Colour
    /// Around panels.
    public let edge: Colour
    /// Of words that are read first.
    public let text: Colour
    /// Of words that explain: labels, units, captions.
    public let secondary: Colour
    /// Grid lines of graphs.
    public let faint: Colour
    /// Of axes, and of sliders where the handle is not.
    public let track: Colour
    /// Behind a button.
    public let button: Colour
    /// Behind what is chosen.
    public let selected: Colour
    /// Behind what stands beside the mouse.
    public let tooltip: Colour
    /// What changes, or is not a number.
    public let moving: Colour
    /// Of a metric that has come to rest.
    public let settled: Colour
    /// Hues that are told apart by colour-blind people. They belong to the sliders: where they mean something else, they
    /// are mixed with a grey.
    public let hues: [Colour]

    static let dark = Theme(
        background: Colour(0x14171c), panel: Colour(0x1c2027), edge: Colour(0x2b313b), text: Colour(0xe6e9ee),
        secondary: Colour(0x8b94a3), faint: Colour(0x272c35), track: Colour(0x3c434f), button: Colour(0x242a33),
        selected: Colour(0x2d3a50), tooltip: Colour(0x0e1115), moving: Colour(0xe0b04a), settled: Colour(0x62c596),
        hues: SliderColours.palette)
    static let light = Theme(
        background: Colour(0xeef0f3), panel: Colour(0xffffff), edge: Colour(0xd3d8df), text: Colour(0x1a1e25),
        secondary: Colour(0x626b79), faint: Colour(0xe9ecf0), track: Colour(0xc6ccd5), button: Colour(0xeceff3),
        selected: Colour(0xcddcf2), tooltip: Colour(0xfafbfc), moving: Colour(0x9a6700), settled: Colour(0x1a7f4b),
        hues: SliderColours.lightPalette)
}
