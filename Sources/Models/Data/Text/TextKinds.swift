import CLMat
import Formats

/// What the bytes of a file show before its words are counted.
enum TextKinds {
    /// Whether a file without a mark is no text: it has zero bytes, and either is not UTF-8, or more than a fifth of it is control
    /// characters. A text with a zero byte at the end of each line is one.
    static func isBinary(_ bytes: some Collection<UInt8>) -> Bool {
        guard TextDecoding.mark(bytes) == nil, bytes.contains(0) else { return false }
        var controls = 0
        for byte in bytes where byte < 0x20 && !(0x09...0x0D).contains(byte) && byte != 0x1B { controls += 1 }
        guard 5 * controls <= bytes.count else { return true }
        return [UInt8](bytes).withUnsafeBytes { UTF8Check.firstInvalid($0) } != nil
    }

    /// Whether a line is an object of JSON, as in a file of JSON lines.
    static func isJSONObject(_ line: some BidirectionalCollection<UInt8>) -> Bool {
        let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
        guard let start = line.firstIndex(where: { !blanks.contains($0) }), line[start] == UInt8(ascii: "{"),
            let end = line.lastIndex(where: { !blanks.contains($0) && $0 != 0 }), line[end] == UInt8(ascii: "}")
        else { return false }
        let next = line[line.index(after: start)...].first { !blanks.contains($0) }
        return next == UInt8(ascii: "\"") || next == UInt8(ascii: "}")
    }

    /// Endings of files whose markup would be counted as words.
    static let markup: Set<String> = ["html", "htm", "xhtml", "xml", "json", "jsonl", "ndjson", "rtf", "svg"]
}

/// How the encodings of files or lines were taken: for the notes of a corpus.
struct EncodingTally {
    /// "file" or "line".
    let unit: String
    private var legacy = Found()
    private var foreign = Found()
    private var damaged = Found()

    private struct Found {
        var count = 0
        var names: [String] = []

        mutating func add(_ name: String) {
            count += 1
            if names.count < 3 { names.append(name) }
        }

        var listed: String { "(\(names.joined(separator: ", "))\(count > names.count ? ", …" : ""))" }
    }

    init(unit: String) { self.unit = unit }

    /// - Parameter name: of the file, or the line's number.
    mutating func add(_ decoded: TextDecoding, from bytes: some Sequence<UInt8>, _ name: @autoclosure () -> String) {
        if decoded.damagedUnits > 0 { damaged.add(name()) }
        guard decoded.encoding == .windows1252 else { return }
        legacy.add(name())
        var (ascii, others) = (0, 0)
        for byte in bytes {
            if byte >= 0x80 { others += 1 } else if (0x61...0x7A).contains(byte | 0x20) { ascii += 1 }
        }
        if others > ascii { foreign.add(name()) }
    }

    /// Characters of UTF-16 or UTF-32 that are none.
    mutating func addDamage(_ name: String) { damaged.add(name) }

    var notes: [String] {
        func are(_ count: Int) -> String { count == 1 ? "1 \(unit) is" : "\(count) \(unit)s are" }
        var notes: [String] = []
        if legacy.count > 0 {
            notes.append("\(are(legacy.count)) not UTF-8, and read as Windows-1252 \(legacy.listed).")
        }
        if foreign.count > 0 {
            notes.append(
                """
                \(are(foreign.count)) probably in yet another encoding, since most letters are beyond ASCII \(foreign.listed): \
                convert to UTF-8 first, as by iconv -f GB18030 -t UTF-8 (or BIG5, SHIFT-JIS, EUC-KR, WINDOWS-1251, KOI8-R …).
                """)
        }
        if damaged.count > 0 {
            notes.append(
                "\(are(damaged.count)) damaged: some characters are none of the encoding that the mark says \(damaged.listed)."
            )
        }
        return notes
    }
}
