import Foundation

/// Finds the words of a text in UTF-8.
///
/// A word is a run of letters. Marks that go with a letter belong to it, and so does an apostrophe between two letters
/// ("don't", "o'clock"), typed either way; a possessive 's at the end does not. Characters that nobody sees, such as soft
/// hyphens and joiners, do not end a word, and are no part of it. Words come in one form, whichever way they were typed:
/// ``WordForms`` says which.
final class Tokeniser {
    private let keepsCase: Bool
    private let isASCIIOnly: Bool
    private let lengths: ClosedRange<Int>
    private let forms: WordForms
    /// Room for a word, kept from text to text.
    private var room: [UInt8] = []
    /// Runs of letters of scripts that do not set words apart, their letters, and how many were too long.
    private(set) var unspaced = (runs: 0, letters: 0, width: 0, tooLong: 0)

    /// - Parameter options: they are checked: the lengths are a range.
    init(_ options: TextOptions) {
        keepsCase = options.keepsCase
        isASCIIOnly = options.letters == .ascii
        lengths = options.minimumLength...max(options.minimumLength, options.maximumLength)
        forms = WordForms(keepsCase: options.keepsCase, longest: lengths.upperBound)
    }

    /// Calls `body` for each word. Bytes that are not UTF-8 are between words.
    @inline(__always)
    func forEachWord(_ text: UnsafeRawBufferPointer, _ body: ([UInt8]) -> Void) {
        var word: [UInt8] = []
        swap(&word, &room)
        word.removeAll(keepingCapacity: true)
        defer { swap(&word, &room) }
        var (place, length, isPlain) = (0, 0, true)
        let count = text.count
        while place < count {
            let byte = text[place]
            let lower = byte | 0x20
            if lower >= UInt8(ascii: "a"), lower <= UInt8(ascii: "z") {
                word.append(keepsCase ? byte : lower)
                length += 1
                place += 1
                continue
            }
            if !isASCIIOnly, byte >= 0x80 || byte == UInt8(ascii: "'") {
                let (scalar, size) = Self.scalar(text, place)
                if length > 0, scalar == "'" || scalar == "\u{2019}" {
                    // Inside a word only: what follows has to be a letter.
                    var next = place + size
                    while next < count, text[next] >= 0x80 {
                        let (after, size) = Self.scalar(text, next)
                        guard Self.isInvisible(after) else { break }
                        next += size
                    }
                    if next < count, Self.isLetter(Self.scalar(text, next).scalar) {
                        word.append(UInt8(ascii: "'"))
                        length += 1
                        place = next
                        continue
                    }
                } else if Self.isInvisible(scalar) {
                    // Inside a word its two parts are one; elsewhere there is nothing to end.
                    place += size
                    continue
                } else if Self.isLetter(scalar) || length > 0 && Self.isMark(scalar) {
                    if keepsCase || !scalar.properties.changesWhenLowercased {
                        word.append(contentsOf: text[place..<place + size])
                    } else if scalar == "\u{130}" {
                        // Turkish: the small letter of İ is i; its dot would be a mark of its own.
                        word.append(UInt8(ascii: "i"))
                    } else {
                        word.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
                    }
                    if scalar.value >= WordForms.firstThatMayChange { isPlain = false }
                    length += 1
                    place += size
                    continue
                }
                if length > 0 { end(&word, &length, &isPlain, body) }
                place += size
                continue
            }
            if length > 0 { end(&word, &length, &isPlain, body) }
            place += 1
        }
        if length > 0 { end(&word, &length, &isPlain, body) }
    }

    @inline(__always)
    private func end(_ word: inout [UInt8], _ length: inout Int, _ isPlain: inout Bool, _ body: ([UInt8]) -> Void) {
        if length > 2, word[word.count - 2] == UInt8(ascii: "'"), word[word.count - 1] | 0x20 == UInt8(ascii: "s") {
            word.removeLast(2)
            length -= 2
        }
        if isPlain {
            if lengths.contains(length) { body(word) }
        } else {
            let size = forms.bring(&word)
            if size.isUnspaced {
                unspaced.runs += 1
                unspaced.letters += size.letters
                unspaced.width += size.width
                if size.letters > lengths.upperBound { unspaced.tooLong += 1 }
            }
            if size.width >= lengths.lowerBound, size.letters <= lengths.upperBound { body(word) }
        }
        word.removeAll(keepingCapacity: true)
        (length, isPlain) = (0, true)
    }

    /// What a person should know where words that a script does not set apart were taken for one; nil if there is no sign of it.
    var unspacedNote: String? {
        // A word has two ideographs, or four or five letters of Thai.
        guard unspaced.runs > 0, unspaced.width > 10 * unspaced.runs else { return nil }
        let mean = Int((Double(unspaced.letters) / Double(unspaced.runs)).rounded())
        let tooLong =
            unspaced.tooLong > 0
            ? "; \(unspaced.tooLong) of \(unspaced.runs) have more than \(lengths.upperBound), and are left out" : ""
        return """
            Words of Chinese, Japanese, Thai or the like are not set apart here: runs of \(mean) letters on average are taken \
            for words\(tooLong). Put blanks between the words first, with a program such as jieba, MeCab or PyThaiNLP.
            """
    }

    // MARK: - Characters

    static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 { return (0x61...0x7A).contains(scalar.value | 0x20) }
        return scalar.properties.isAlphabetic
    }

    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// What is there for line breaks, joins and directions, without being seen. The blank without width (U+200B) is none of
    /// them: it is written between words.
    ///
    /// - Source: The Unicode Standard, property Default_Ignorable_Code_Point.
    static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xAD, 0x34F, 0x61C, 0x115F...0x1160, 0x17B4...0x17B5, 0x180B...0x180F, 0x200C...0x200F, 0x202A...0x202E,
            0x2060...0x206F, 0x3164, 0xFE00...0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0...0xFFF8, 0x1BCA0...0x1BCA3,
            0x1D173...0x1D17A, 0xE0000...0xE0FFF:
            true
        default: false
        }
    }

    /// The character at a place, and its bytes; one byte and a replacement character where it is not UTF-8.
    static func scalar(_ text: UnsafeRawBufferPointer, _ place: Int) -> (scalar: Unicode.Scalar, size: Int) {
        let first = text[place]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard first >= 0xC2, first <= 0xF4, place + size <= text.count else { return ("\u{FFFD}", 1) }
        var value = UInt32(first) & (0x7F >> UInt32(size))
        for byte in text[place + 1..<place + size] {
            guard byte & 0xC0 == 0x80 else { return ("\u{FFFD}", 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        // A character that is written in more bytes than it needs is none.
        guard value >= (size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000), let scalar = Unicode.Scalar(value) else {
            return ("\u{FFFD}", 1)
        }
        return (scalar, size)
    }
}
