import CSDL2
import Foundation

/// How many pixels per unit of the dashboard takes.
enum DisplayScale {
    /// What the environment variable CLMAT_SCALE asks for, from 0.5 to 4; nil if it asks for nothing, or for what it
    /// may not: that is said on standard error, once for each value.
    @MainActor static var wished: Float? {
        guard let text = ProcessInfo.processInfo.environment["CLMAT_SCALE"], !text.isEmpty else { return nil }
        if let scale = parse(text) { return scale }
        if refused.insert(text).inserted {
            warn("CLMAT_SCALE is '\(text)', which is not a number from 0.5 to 4; it was not used.")
        }
        return nil
    }

    @MainActor private(set) static var refused: Set<String> = []

    static func parse(_ text: String) -> Float? {
        guard let scale = Float(text), (0.5...4).contains(scale) else { return nil }
        return scale
    }

    /// The scale of a display by its density, in quarters. Up to a quarter above the ordinary 96 pixels an
    /// inch it is 1: displays are seldom exact about their size.
    static func of(display: Int32) -> Float {
        var dpi: Float = 0
        guard SDL_GetDisplayDPI(display, nil, &dpi, nil) == 0 else { return 1 }
        return scale(dpi: dpi)
    }

    static func scale(dpi: Float) -> Float {
        guard dpi.isFinite, dpi >= 96 * 1.25 else { return 1 }
        return min((dpi / 96 * 4).rounded() / 4, 4)
    }
}
