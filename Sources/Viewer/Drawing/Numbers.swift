import CImGui
import Exploration
import Foundation

// Numbers as they are shown: in fewer digits where there is little room, but never cut. "1.95e-…" looks like one and two
// hundred times as much as it is.

/// Shorter ways to write a number, each with no more digits than the one before.
func shorterTexts(_ value: Double) -> [String] {
    guard value.isFinite else { return [value.isNaN ? "NaN" : value < 0 ? "−∞" : "∞"] }
    var texts: [String] = []
    for digits in [3, 2, 1] {
        texts.append(format(rounded(value, digits), digits: digits))
        if let short = inThousands(value, digits: digits) { texts.append(short) }
        texts.append(scientific(value, digits: digits))
    }
    return texts
}

/// As 2.3k and 14M; nil below a thousand, and where that says nothing to anybody.
private func inThousands(_ value: Double, digits: Int) -> String? {
    let value = rounded(value, digits)
    guard (1e3..<1e9).contains(abs(value)) else { return nil }
    let (unit, suffix) = abs(value) < 1e6 ? (1e3, "k") : (1e6, "M")
    return format(value / unit, digits: digits) + suffix
}

/// As 2e-10 and 1.5e8: without a plus or zeros that say nothing.
private func scientific(_ value: Double, digits: Int) -> String {
    let parts = String(format: "%.\(digits - 1)e", value).split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return format(value, digits: digits) }
    var mantissa = String(parts[0])
    while mantissa.contains("."), mantissa.hasSuffix("0") || mantissa.hasSuffix(".") { mantissa.removeLast() }
    return exponent == 0 ? mantissa : "\(mantissa)e\(exponent)"
}

/// With so many significant digits.
private func rounded(_ value: Double, _ digits: Int) -> Double {
    Double(String(format: "%.\(digits - 1)e", value)) ?? value
}

/// A number within a text.
struct NumberInText {
    let range: Range<Int>
    /// Nil for digits that are no number by themselves, as in "conv12".
    let value: Double?

    /// The numbers of a text, by the places of their characters. A per cent sign or a k belongs to its number.
    static func all(in characters: [Character]) -> [NumberInText] {
        func isDigit(_ index: Int) -> Bool {
            characters.indices.contains(index) && characters[index].isASCII && characters[index].isWholeNumber
        }
        func isSign(_ index: Int) -> Bool { characters.indices.contains(index) && "+-−".contains(characters[index]) }
        var found: [NumberInText] = []
        var index = 0
        while index < characters.count {
            guard isDigit(index) else {
                index += 1
                continue
            }
            var (start, end) = (index, index)
            let isWord = start > 0 && characters[start - 1].isLetter
            if isSign(start - 1), start < 2 || !(characters[start - 2].isLetter || isDigit(start - 2)) { start -= 1 }
            while isDigit(end) || (end < characters.count && ".,".contains(characters[end]) && isDigit(end + 1)) {
                end += 1
            }
            if end < characters.count, "eE".contains(characters[end]), isDigit(isSign(end + 1) ? end + 2 : end + 1) {
                end += isSign(end + 1) ? 2 : 1
                while isDigit(end) { end += 1 }
            }
            let digits = String(characters[start..<end]).replacingOccurrences(of: ",", with: "")
                .replacingOccurrences(of: "−", with: "-")
            if end < characters.count, "%k".contains(characters[end]) { end += 1 }
            found.append(NumberInText(range: start..<end, value: isWord ? nil : Double(digits)))
            index = end
        }
        return found
    }
}

extension UI {
    /// A number as it is usually written, or in as many digits as there is room for; the shortest if there is too little
    /// for any.
    static func number(_ value: Double, _ usual: String, to room: Float, _ face: Face = .text) -> String {
        if width(usual, face) <= room { return usual }
        let texts = shorterTexts(value)
        return texts.first { width($0, face) <= room } ?? texts.min { width($0, face) < width($1, face) } ?? usual
    }

    /// As many of the first `count` characters as leave no part of a number: an ellipsis after digits would hide more.
    static func withoutPartOfNumber(_ characters: [Character], _ count: Int) -> Int {
        let cut = NumberInText.all(in: characters).first { $0.range.contains(count - 1) && count < $0.range.upperBound }
        return cut?.range.lowerBound ?? count
    }

    /// A text that begins with a number for which there is too little room: the number in fewer digits, by itself.
    static func leadingNumber(_ characters: [Character], to room: Float, _ face: Face) -> String? {
        guard let first = NumberInText.all(in: characters).first, first.range.lowerBound == 0, let value = first.value
        else { return nil }
        let unit = characters[first.range.upperBound - 1]
        let suffix = "%k".contains(unit) ? String(unit) : ""
        return ([String(characters[first.range])] + shorterTexts(value).map { $0 + suffix })
            .first { width($0, face) <= room }
    }
}

extension Ticks {
    /// Of the widest of the labels.
    @MainActor var labelWidth: Float { values.map { UI.width(label($0), .smallMono) }.max() ?? 0 }

    /// Round values along a horizontal axis of this width: as few as their labels need to stand apart.
    @MainActor static func along(_ width: Float, most: Int, _ make: (Int) -> Ticks) -> Ticks {
        var (count, ticks) = (most, make(most))
        while count > 1, (ticks.labelWidth + 10) * Float(ticks.values.count - 1) > width {
            count -= 1
            ticks = make(count)
        }
        return ticks
    }
}

extension UI {
    /// The labels of a horizontal axis, each below its place but within `room`; one that would touch the one before is
    /// left out.
    static func labels(of ticks: Ticks, within room: Box, y: Float, _ colour: Colour, x: (Double) -> Float) {
        var free = -Float.infinity
        for value in ticks.values {
            let words = ticks.label(value)
            let width = width(words, .smallMono)
            let left = max(min(x(value) - width / 2, room.maxX - width), room.x)
            guard left >= free else { continue }
            text(words, Point(left, y), colour, .smallMono)
            free = left + width + 4
        }
    }
}
