import CLMat

/// Bytes of a file as text in UTF-8, without the mark that some programs write before it.
///
/// A file with a byte order mark is what the mark says: UTF-8, UTF-16 or UTF-32, of either byte order. One without is UTF-8 if
/// all of it can be; else it is taken for Windows-1252, which is Latin-1 with letters and punctuation from 0x80 to 0x9F. Other
/// encodings cannot be told from it: a reader has to say that it took one.
/// - Source: The Unicode Standard, section 23.8, "Byte Order Mark"; WHATWG, "Encoding", index windows-1252.
package struct TextDecoding {
    /// In UTF-8.
    package var text: [UInt8]
    package var encoding: Encoding
    /// How many units of UTF-16 or UTF-32 are no character: each became U+FFFD.
    package var damagedUnits: Int

    package enum Encoding: String {
        case utf8 = "UTF-8"
        case utf16LittleEndian = "UTF-16 (little-endian)"
        case utf16BigEndian = "UTF-16 (big-endian)"
        case utf32LittleEndian = "UTF-32 (little-endian)"
        case utf32BigEndian = "UTF-32 (big-endian)"
        case windows1252 = "Windows-1252"

        /// Bytes of a unit.
        fileprivate var width: Int {
            switch self {
            case .utf8, .windows1252: 1
            case .utf16LittleEndian, .utf16BigEndian: 2
            case .utf32LittleEndian, .utf32BigEndian: 4
            }
        }
        fileprivate var isBigEndian: Bool { self == .utf16BigEndian || self == .utf32BigEndian }
    }

    /// The whole content of a file.
    package init(_ bytes: [UInt8]) {
        guard let (encoding, length) = Self.mark(bytes), encoding != .utf8 else {
            // What follows UTF-8's mark may be something else all the same.
            self.init(unmarked: Array(bytes.dropFirst(Self.mark(bytes)?.length ?? 0)))
            return
        }
        var (text, units) = ([UInt8](), UnitDecoder(encoding))
        text.reserveCapacity(bytes.count)
        units.decode(bytes[length...], into: &text, isLast: true)
        self.init(text: text, encoding: encoding, damagedUnits: units.damaged)
    }

    /// A part of a file without a mark, such as a line or a field.
    package init(unmarked text: [UInt8]) {
        let isUTF8 = text.withUnsafeBytes { UTF8Check.firstInvalid($0) } == nil
        self.init(
            text: isUTF8 ? text : Self.fromWindows1252(text), encoding: isUTF8 ? .utf8 : .windows1252, damagedUnits: 0)
    }

    private init(text: [UInt8], encoding: Encoding, damagedUnits: Int) {
        (self.text, self.encoding, self.damagedUnits) = (text, encoding, damagedUnits)
    }

    /// The encoding that a mark at the start says, and the bytes of the mark; nil where there is none.
    package static func mark(_ bytes: some Collection<UInt8>) -> (encoding: Encoding, length: Int)? {
        // UTF-32's mark starts as that of UTF-16 does.
        let marks: [([UInt8], Encoding)] = [
            ([0xEF, 0xBB, 0xBF], .utf8), ([0xFF, 0xFE, 0, 0], .utf32LittleEndian),
            ([0, 0, 0xFE, 0xFF], .utf32BigEndian),
            ([0xFF, 0xFE], .utf16LittleEndian), ([0xFE, 0xFF], .utf16BigEndian),
        ]
        return marks.first { bytes.starts(with: $0.0) }.map { ($0.1, $0.0.count) }
    }

    /// Windows-1252 as UTF-8. The five bytes that it leaves free become the control characters of their numbers.
    package static func fromWindows1252(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        for byte in bytes {
            if byte < 0x80 {
                text.append(byte)
            } else if byte < 0xA0 {
                text.append(contentsOf: upperControls[Int(byte - 0x80)])
            } else {
                text += [0xC0 | byte >> 6, 0x80 | byte & 0x3F]
            }
        }
        return text
    }

    /// 0x80 to 0x9F.
    private static let upperControls: [[UInt8]] = [
        "\u{20AC}", "\u{81}", "\u{201A}", "\u{0192}", "\u{201E}", "\u{2026}", "\u{2020}", "\u{2021}", "\u{02C6}",
        "\u{2030}",
        "\u{0160}", "\u{2039}", "\u{0152}", "\u{8D}", "\u{017D}", "\u{8F}", "\u{90}", "\u{2018}", "\u{2019}",
        "\u{201C}",
        "\u{201D}", "\u{2022}", "\u{2013}", "\u{2014}", "\u{02DC}", "\u{2122}", "\u{0161}", "\u{203A}", "\u{0153}",
        "\u{9D}",
        "\u{017E}", "\u{0178}",
    ].map { [UInt8]($0.utf8) }
}

/// A file of text that is read once from start to end, plain or packed with gzip: its bytes without a mark, and in UTF-8 if the
/// mark says UTF-16 or UTF-32. Without such a mark they are as they are in the file, and need not be UTF-8.
final class TextFile {
    let path: String
    /// What the mark says; nil without one.
    let markedEncoding: TextDecoding.Encoding?
    /// Units of UTF-16 or UTF-32 so far that are no character.
    package var damagedUnits: Int { units?.damaged ?? 0 }
    private let file: GzipFile
    private var units: UnitDecoder?
    /// What was read to find the mark, or decoded, and was not yet asked for.
    private var pending: [UInt8]
    private var isAtEnd: Bool

    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for damaged gzip data.
    convenience init(_ path: String) throws(CLMatError) { try self.init(GzipFile(path)) }

    init(_ file: GzipFile) throws(CLMatError) {
        (path, self.file) = (file.path, file)
        pending = try file.read(4)
        isAtEnd = pending.count < 4
        let mark = TextDecoding.mark(pending)
        markedEncoding = mark?.encoding
        if let mark {
            let rest = pending[mark.length...]
            pending = Array(rest)
            if mark.encoding != .utf8 {
                var units = UnitDecoder(mark.encoding)
                pending = []
                units.decode(rest, into: &pending, isLast: isAtEnd)
                self.units = units
            }
        }
    }

    /// The next `count` bytes; fewer only at the end of the file.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for damaged gzip data.
    func read(_ count: Int) throws(CLMatError) -> [UInt8] {
        while pending.count < count, !isAtEnd {
            let wanted = max(1 << 12, count - pending.count)
            let bytes = try file.read(wanted)
            if bytes.count < wanted { isAtEnd = true }
            if units == nil { pending += bytes } else { units?.decode(bytes[...], into: &pending, isLast: isAtEnd) }
        }
        if pending.count <= count {
            defer { pending = [] }
            return pending
        }
        defer { pending.removeFirst(count) }
        return Array(pending.prefix(count))
    }

    /// As ``read(_:)``, into memory that is there: returns how many bytes that took, fewer than it holds only at the end.
    func read(into target: UnsafeMutableRawBufferPointer) throws(CLMatError) -> Int {
        if units == nil {
            let first = min(pending.count, target.count)
            pending.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<first])) }
            pending.removeFirst(first)
            guard !isAtEnd, first < target.count else { return first }
            let rest = UnsafeMutableRawBufferPointer(rebasing: target[first...])
            let filled = try file.read(into: rest)
            if filled < rest.count { isAtEnd = true }
            return first + filled
        }
        let bytes = try read(target.count)
        bytes.withUnsafeBytes { target.copyMemory(from: $0) }
        return bytes.count
    }
}

/// Turns UTF-16 or UTF-32 that comes in pieces into UTF-8.
private struct UnitDecoder {
    private let encoding: TextDecoding.Encoding
    /// The bytes so far of a unit that the next piece completes, and their number.
    private var partial: (value: UInt32, bytes: Int) = (0, 0)
    /// The first half of a character beyond U+FFFF.
    private var high: UInt32?
    private(set) var damaged = 0

    init(_ encoding: TextDecoding.Encoding) { self.encoding = encoding }

    mutating func decode(_ bytes: ArraySlice<UInt8>, into text: inout [UInt8], isLast: Bool) {
        let (width, isBigEndian) = (encoding.width, encoding.isBigEndian)
        for byte in bytes {
            partial.value =
                isBigEndian ? partial.value << 8 | UInt32(byte) : partial.value | UInt32(byte) << (8 * partial.bytes)
            partial.bytes += 1
            guard partial.bytes == width else { continue }
            let unit = partial.value
            partial = (0, 0)
            take(unit, into: &text)
        }
        guard isLast else { return }
        if high != nil { replace(into: &text) }
        if partial.bytes > 0 { replace(into: &text) }
        (high, partial) = (nil, (0, 0))
    }

    private mutating func take(_ unit: UInt32, into text: inout [UInt8]) {
        if let first = high {
            high = nil
            if (0xDC00...0xDFFF).contains(unit) {
                append(0x10000 + ((first - 0xD800) << 10) + (unit - 0xDC00), into: &text)
                return
            }
            replace(into: &text)
        }
        if encoding.width == 2, (0xD800...0xDBFF).contains(unit) { high = unit } else { append(unit, into: &text) }
    }

    private mutating func append(_ value: UInt32, into text: inout [UInt8]) {
        guard let scalar = Unicode.Scalar(value) else { return replace(into: &text) }
        if value < 0x80 { text.append(UInt8(value)) } else { text.append(contentsOf: Character(scalar).utf8) }
    }

    private mutating func replace(into text: inout [UInt8]) {
        damaged += 1
        text += [0xEF, 0xBF, 0xBD]
    }
}
