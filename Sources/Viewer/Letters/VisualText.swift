import CFriBidi
import Foundation

/// Text in the order in which it is drawn, from left to right: letters and their marks composed, parts that run from right
/// to left turned round, Arabic letters joined, invisible marks left out. What is measured, shortened and kept is the text
/// itself.
@MainActor enum VisualText {
    private static var known: [String: String] = [:]

    static func of(_ text: String) -> String {
        // Most text ends here.
        guard needsCare(text) else { return text }
        if let visual = known[text] { return visual }
        if known.count >= 4096 { known.removeAll() }
        let visual = arranged(text)
        known[text] = visual
        return visual
    }

    private static func arranged(_ text: String) -> String {
        var letters = text.precomposedStringWithCanonicalMapping.unicodeScalars.map(\.value)
        if letters.contains(where: TextDirection.isRightToLeft) { letters = reordered(letters) }
        var visual = String.UnicodeScalarView()
        for letter in letters {
            if let scalar = Unicode.Scalar(letter), !isInvisible(letter) { visual.append(scalar) }
        }
        return String(visual)
    }

    /// By the Unicode bidirectional algorithm (UAX #9). The first letter with a direction decides on the whole line's.
    private static func reordered(_ letters: [UInt32]) -> [UInt32] {
        let count = FriBidiStrIndex(letters.count)
        var types = [FriBidiCharType](repeating: FriBidiCharType(0), count: letters.count)
        var brackets = [FriBidiBracketType](repeating: 0, count: letters.count)
        var levels = [FriBidiLevel](repeating: 0, count: letters.count)
        var joining = [FriBidiJoiningType](repeating: 0, count: letters.count)
        var base = FRIBIDI_PAR_ON
        fribidi_get_bidi_types(letters, count, &types)
        fribidi_get_bracket_types(letters, count, types, &brackets)
        guard fribidi_get_par_embedding_levels_ex(types, brackets, count, &base, &levels) > 0 else { return letters }
        fribidi_get_joining_types(letters, count, &joining)
        fribidi_join_arabic(types, count, levels, &joining)
        var visual = letters
        fribidi_shape(shaping, levels, count, &joining, &visual)
        // A mark comes before its letter here, since fonts draw those of Hebrew and Arabic over what follows.
        guard fribidi_reorder_line(0, types, count, 0, base, &levels, &visual, nil) > 0 else { return letters }
        return visual
    }

    private static let shaping = FriBidiFlags(
        FRIBIDI_FLAG_SHAPE_MIRRORING | FRIBIDI_FLAG_SHAPE_ARAB_PRES | FRIBIDI_FLAG_SHAPE_ARAB_LIGA)

    // As all that is asked for each letter these are not the main actor's own: whose thread it is would be asked as often,
    // which took a sixth of a frame.

    private nonisolated static func needsCare(_ text: String) -> Bool {
        // No byte of most text belongs to a letter from U+0300 on, or to the soft hyphen.
        text.utf8.contains { $0 >= 0xcc || $0 == 0xad } && text.unicodeScalars.contains { needsCare($0) }
    }

    /// Whether it is drawn otherwise than by its own glyph beside that of the letter before.
    private nonisolated static func needsCare(_ scalar: Unicode.Scalar) -> Bool {
        let letter = scalar.value
        guard letter >= 0x300 else { return letter == 0xad }
        return TextDirection.isRightToLeft(letter) || isInvisible(letter) || isMark(letter)
    }

    /// Marks that may make one letter with what stands before, and the parts of Hangul.
    private nonisolated static func isMark(_ letter: UInt32) -> Bool {
        switch letter {
        case 0x300...0x36f, 0x483...0x489, 0x900...0xdff, 0x1000...0x109f, 0x1100...0x11ff, 0x1ab0...0x1aff,
            0x1b00...0x1b7f, 0x1dc0...0x1dff, 0x20d0...0x20ff, 0x3099...0x309a, 0xf900...0xfaff, 0xfe20...0xfe2f:
            true
        default: false
        }
    }

    /// Joiners, marks of direction, selectors of variants, the place of an Arabic letter that went into a ligature.
    private nonisolated static func isInvisible(_ letter: UInt32) -> Bool {
        switch letter {
        case 0xad, 0x34f, 0x61c, 0x200b...0x200f, 0x202a...0x202e, 0x2060...0x206f, 0xfe00...0xfe0f, 0xfeff,
            0xe0100...0xe01ef:
            true
        default: false
        }
    }
}

/// Which way text runs.
enum TextDirection {
    case leftToRight, rightToLeft

    /// That of the first letter that has one; nil where none has.
    init?(of text: String) {
        guard let letter = text.unicodeScalars.first(where: \.properties.isAlphabetic) else { return nil }
        self = Self.isRightToLeft(letter.value) ? .rightToLeft : .leftToRight
    }

    /// Whether a letter belongs to a script that runs from right to left, or makes other letters do so.
    static func isRightToLeft(_ letter: UInt32) -> Bool {
        switch letter {
        case 0x590...0x8ff, 0x200f, 0x202b, 0x202e, 0x2067, 0xfb1d...0xfdff, 0xfe70...0xfefe, 0x10800...0x10fff,
            0x1e800...0x1efff:
            true
        default: false
        }
    }

    /// The order from left to right of words that are given in the order in which they are read: those that run against
    /// the line keep their own order side by side. A word without a direction goes with those on both its sides if they
    /// agree, and with the line otherwise.
    static func order(of words: [TextDirection?], in line: TextDirection) -> [Int] {
        var order: [Int] = []
        var against: [Int] = []
        var before = line
        for (index, word) in words.enumerated() {
            let after = words[index...].lazy.compactMap { $0 }.first ?? line
            if (word ?? (before == after ? before : line)) == line {
                order += against.reversed()
                against = []
                order.append(index)
            } else {
                against.append(index)
            }
            before = word ?? before
        }
        order += against.reversed()
        return line == .rightToLeft ? order.reversed() : order
    }
}
