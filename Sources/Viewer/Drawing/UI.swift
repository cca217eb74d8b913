import CImGui
import Foundation

/// The fonts of the window.
public enum Face: Int32, CaseIterable, Sendable {
    /// Of ordinary text.
    case text
    /// Of labels and captions.
    case small
    /// Of titles.
    case bold
    /// Of numbers that stand in columns.
    case mono
    /// Of numbers along an axis.
    case smallMono

    /// From one line to the next, in units of the window.
    public var lineHeight: Float { self == .small || self == .smallMono ? 13 : 15 }

    /// The file's name in the folder of fonts-dejavu-core.
    var file: String {
        switch self {
        case .text, .small: "DejaVuSans.ttf"
        case .bold: "DejaVuSans-Bold.ttf"
        case .mono, .smallMono: "DejaVuSansMono.ttf"
        }
    }
}

/// What happened to an item in this frame.
public struct Happened: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The mouse is over it, with nothing above.
    public static let hovered = Happened(rawValue: UInt32(GUI_HOVERED))
    /// The button is down since it was pressed on it.
    public static let held = Happened(rawValue: UInt32(GUI_HELD))
    /// The button went down on it in this frame.
    public static let pressed = Happened(rawValue: UInt32(GUI_PRESSED))
    /// … and up again, still on it.
    public static let clicked = Happened(rawValue: UInt32(GUI_CLICKED))
    /// It was clicked twice in a short time.
    public static let doubleClicked = Happened(rawValue: UInt32(GUI_DOUBLE_CLICKED))
    /// It was held until this frame.
    public static let released = Happened(rawValue: UInt32(GUI_RELEASED))
    /// The right button went down on it.
    public static let rightClicked = Happened(rawValue: UInt32(GUI_RIGHT_CLICKED))
}

/// On which side of its place a text stands.
public enum Alignment: Sendable {
    /// The text begins at its place.
    case left
    /// The middle of the text is at its place.
    case centre
    /// The text ends at its place.
    case right
}

/// Drawing and asking, within a frame.
@MainActor enum UI {
    // MARK: Drawing

    static func fill(_ box: Box, _ colour: Colour, radius: Float = 0) {
        gui_fill(box.x, box.y, box.width, box.height, colour.packed, radius)
    }

    static func outline(_ box: Box, _ colour: Colour, radius: Float = 0, thickness: Float = 1) {
        gui_outline(box.x, box.y, box.width, box.height, colour.packed, radius, thickness)
    }

    static func line(_ from: Point, _ to: Point, _ colour: Colour, thickness: Float = 1) {
        gui_line(from.x, from.y, to.x, to.y, colour.packed, thickness)
    }

    /// A horizontal or vertical line on whole pixels.
    static func rule(_ from: Point, length: Float, vertical: Bool = false, _ colour: Colour) {
        gui_fill(
            from.x.rounded(), from.y.rounded(), vertical ? 1 : length, vertical ? length : 1, colour.packed, 0)
    }

    static func polyline(_ points: [Point], _ colour: Colour, thickness: Float = 1.5) {
        points.withUnsafeBytes { bytes in
            gui_polyline(
                bytes.assumingMemoryBound(to: Float.self).baseAddress, Int32(points.count), colour.packed, thickness)
        }
    }

    /// A line of strokes and gaps by turns, measured from left to right: a steep part is no denser than a flat one.
    static func dashed(_ points: [Point], _ pattern: [Float], _ colour: Colour, thickness: Float) {
        guard let first = points.first, pattern.count > 1, pattern.allSatisfy({ $0 > 0 }) else { return }
        var (part, left) = (0, pattern[0])
        var stroke = [first]
        func end() {
            if part % 2 == 0, stroke.count > 1 { polyline(stroke, colour, thickness: thickness) }
        }
        for (from, to) in zip(points, points.dropFirst()) {
            let length = max(to.x - from.x, 0)
            var done: Float = 0
            while length - done > left {
                done += left
                let share = done / length
                let place = Point(from.x + length * share, from.y + (to.y - from.y) * share)
                stroke.append(place)
                end()
                stroke = [place]
                part = (part + 1) % pattern.count
                left = pattern[part]
            }
            left -= length - done
            stroke.append(to)
        }
        end()
    }

    static func disc(_ centre: Point, radius: Float, _ colour: Colour) {
        gui_disc(centre.x, centre.y, radius, colour.packed)
    }

    /// The small triangle that marks a change, pointing down at `tip`.
    static func marker(_ tip: Point, _ colour: Colour, size: Float = 5) {
        gui_triangle(tip.x - size, tip.y - size * 1.6, tip.x + size, tip.y - size * 1.6, tip.x, tip.y, colour.packed)
    }

    static func triangle(_ a: Point, _ b: Point, _ c: Point, _ colour: Colour) {
        gui_triangle(a.x, a.y, b.x, b.y, c.x, c.y, colour.packed)
    }

    /// Places from left to right, those that coincide side by side, so that each mark is seen.
    static func apart<Mark>(_ marks: [(mark: Mark, x: Float)]) -> [(mark: Mark, x: Float)] {
        var shown: [(mark: Mark, x: Float)] = []
        var before: (x: Float, count: Float) = (-.infinity, 0)
        for (mark, x) in marks {
            before = abs(x - before.x) < 0.5 ? (x, before.count + 1) : (x, 0)
            // More than a few would wander off.
            shown.append((mark, x + min(before.count, 4) * 5))
        }
        return shown
    }

    static func dashes(x: Float, from top: Float, to bottom: Float, _ colour: Colour) {
        var y = top
        while y < bottom {
            gui_fill(x - 0.5, y, 1.5, min(4, bottom - y), colour.packed, 0)
            y += 7
        }
    }

    static func cross(_ centre: Point, _ colour: Colour, size: Float = 4) {
        line(Point(centre.x - size, centre.y - size), Point(centre.x + size, centre.y + size), colour, thickness: 1.2)
        line(Point(centre.x - size, centre.y + size), Point(centre.x + size, centre.y - size), colour, thickness: 1.2)
    }

    static func clipped(to box: Box, _ body: () -> Void) {
        gui_push_clip(box.x, box.y, box.width, box.height)
        body()
        gui_pop_clip()
    }

    // MARK: Text

    static func width(_ text: String, _ face: Face = .text) -> Float {
        gui_text_width(face.rawValue, VisualText.of(text))
    }

    /// Writes `text` with its top at `at`, and returns where it ends.
    @discardableResult
    static func text(
        _ text: String, _ at: Point, _ colour: Colour, _ face: Face = .text, align: Alignment = .left
    ) -> Float {
        var x = at.x
        switch align {
        case .left: break
        case .centre: x -= width(text, face) / 2
        case .right: x -= width(text, face)
        }
        gui_text(face.rawValue, x, at.y, colour.packed, VisualText.of(text))
        return align == .left ? x + width(text, face) : at.x
    }

    /// Writes `text` upwards: it begins at the bottom, and its letters stand to the right of `at.x`.
    static func textUpwards(_ text: String, _ at: Point, _ colour: Colour, _ face: Face = .text) {
        gui_text_upwards(face.rawValue, at.x, at.y, colour.packed, VisualText.of(text))
    }

    /// `text`, cut with an ellipsis if it is wider than `room`; but no number of it is cut. One that stands alone is written
    /// in fewer digits.
    static func shortened(_ text: String, to room: Float, _ face: Face = .text) -> String {
        if width(text, face) <= room { return text }
        if room < width("…", face) { return "" }
        let characters = Array(text)
        var (low, high) = (0, characters.count)
        while low < high {
            let middle = (low + high + 1) / 2
            if width(String(characters[..<middle]) + "…", face) <= room { low = middle } else { high = middle - 1 }
        }
        low = withoutPartOfNumber(characters, low)
        while low > 0, characters[low - 1] == " " { low -= 1 }
        // After a whole number too: "0.3…" is not 0.3.
        if low > 0, low < characters.count, characters[low - 1].isASCII, characters[low - 1].isWholeNumber {
            let whole = String(characters[..<low])
            if width(whole + " …", face) <= room { return whole + " …" }
            low = withoutPartOfNumber(characters, low - 1)
            while low > 0, characters[low - 1] == " " { low -= 1 }
        }
        return low == 0 ? leadingNumber(characters, to: room, face) ?? "" : String(characters[..<low]) + "…"
    }

    /// As many of the parts of `text` that stand between " · " as fit, from the first on. Of a first part that does
    /// not fit by itself, as many words.
    static func trimmed(_ text: String, to room: Float, _ face: Face = .text) -> String {
        var parts = text.components(separatedBy: " · ")
        while parts.count > 1, width(parts.joined(separator: " · "), face) > room { parts.removeLast() }
        if width(parts.joined(separator: " · "), face) <= room { return parts.joined(separator: " · ") }
        var words = parts[0].split(separator: " ")
        while let last = words.last {
            let shown = words.joined(separator: " ") + "…"
            // "of the…" says less than nothing.
            let isFiller = ["of", "the", "a", "an", "in", "and", "·", "×", "per", "by"].contains(last.lowercased())
            if !isFiller, width(shown, face) <= room { return shown }
            words.removeLast()
        }
        return ""
    }

    /// `text` in the two narrowest lines, broken at a space, or after a slash or a hyphen; in one if it has none.
    static func inTwoLines(_ text: String, _ face: Face) -> [String] {
        var best = (lines: [text], width: width(text, face))
        for index in text.indices.dropFirst() {
            let before = text[text.index(before: index)]
            guard text[index] == " " || "/-".contains(before) else { continue }
            let lines = [String(text[..<index]), String(text[index...].drop { $0 == " " })]
            let widest = lines.map { width($0, face) }.max() ?? 0
            if widest < best.width { best = (lines, widest) }
        }
        return best.lines
    }

    /// `text` in lines no wider than `room`.
    static func wrapped(_ text: String, to room: Float, _ face: Face = .text) -> [String] {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            for word in paragraph.split(separator: " ") {
                let longer = line.isEmpty ? String(word) : line + " " + word
                if !line.isEmpty, width(longer, face) > room {
                    lines.append(line)
                    line = String(word)
                } else {
                    line = longer
                }
            }
            lines.append(shortened(line, to: room, face))
        }
        return lines
    }

    /// Says something in the middle of an empty panel.
    static func say(_ words: String, in box: Box, _ colour: Colour) {
        let lines = wrapped(words, to: min(box.width, 520))
        var y = max(box.y, box.midY - Float(lines.count) * 9)
        for line in lines where y + 15 <= box.maxY {
            text(line, Point(box.midX, y), colour, align: .centre)
            y += 18
        }
    }

    /// Pixels per unit.
    static var scale: Float { gui_scale() }
    /// Another one for each set of fonts: widths that are kept are those of one.
    static var fontsVersion: Int32 { gui_fonts_version() }

    // MARK: Asking

    /// What happened to the widget in `box`. Of two over each other, the first one asked for has the mouse. Its name is
    /// the window's and `id`.
    static func item(_ id: String, _ box: Box) -> Happened {
        note(id, box)
        return Happened(rawValue: gui_item(id, box.x, box.y, box.width, box.height))
    }

    static var mouse: Point {
        var point = Point(0, 0)
        gui_mouse(&point.x, &point.y)
        return point
    }

    static var wheel: Float { gui_wheel() }
    static var shift: Bool { gui_shift() }

    /// A scrolling part of a panel. `body` gets the box of its content and returns the height that it needs.
    static func region(_ id: String, _ box: Box, _ body: (Box) -> Float) {
        var at = Point(0, 0)
        gui_begin_region(id, box.x, box.y, box.width, box.height, &at.x, &at.y)
        gui_end_region(body(Box(at.x, at.y, box.width, box.height)))
    }
}
