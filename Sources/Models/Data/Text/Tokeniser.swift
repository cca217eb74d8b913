import Foundation

/// Finds the words of a text in UTF-8.
///
/// A word is a run of letters. Marks that go with a letter belong to it, and so does an apostrophe between two letters
/// ("don't", "o'clock"), typed either way; a possessive 's at the end does not.
struct Tokeniser {
    private let keepsCase: Bool
    private let isASCIIOnly: Bool
    private let lengths: ClosedRange<Int>
    /// The word, in UTF-8.
    private var word: [UInt8] = []

    /// - Parameter options: they are checked: the lengths are a range.
    init(_ options: TextOptions) {
        keepsCase = options.keepsCase
        isASCIIOnly = options.letters == .ascii
        lengths = options.minimumLength...max(options.minimumLength, options.maximumLength)
    }

    /// Calls `body` for each word. Bytes that are not UTF-8 are between words.
    @inline(__always)
    mutating func forEachWord(_ text: UnsafeRawBufferPointer, _ body: ([UInt8]) -> Void) {
        var place = 0
        let count = text.count
        var length = 0
        word.removeAll(keepingCapacity: true)
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
                    let next = place + size
                    if next < count, Self.isLetter(Self.scalar(text, next).scalar) {
                        word.append(UInt8(ascii: "'"))
                        length += 1
                        place = next
                        continue
                    }
                } else if Self.isLetter(scalar) || length > 0 && Self.isMark(scalar) {
                    if keepsCase || !scalar.properties.changesWhenLowercased {
                        word.append(contentsOf: text[place..<place + size])
                    } else {
                        word.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
                    }
                    length += 1
                    place += size
                    continue
                }
                end(&length, body)
                place += size
                continue
            }
            if length > 0 { end(&length, body) }
            place += 1
        }
        end(&length, body)
    }

    @inline(__always)
    private mutating func end(_ length: inout Int, _ body: ([UInt8]) -> Void) {
        if length > 2, word[word.count - 2] == UInt8(ascii: "'"), word[word.count - 1] | 0x20 == UInt8(ascii: "s") {
            word.removeLast(2)
            length -= 2
        }
        if lengths.contains(length) { body(word) }
        word.removeAll(keepingCapacity: true)
        length = 0
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 { return (0x61...0x7A).contains(scalar.value | 0x20) }
        return scalar.properties.isAlphabetic
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// The character at a place, and its bytes; one byte and a replacement character where it is not UTF-8.
    private static func scalar(_ text: UnsafeRawBufferPointer, _ place: Int) -> (scalar: Unicode.Scalar, size: Int) {
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
