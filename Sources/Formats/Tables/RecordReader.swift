import CLMat

/// How the fields of a table are written.
package struct Dialect: Equatable, Sendable {
    /// Between two fields; nil if runs of blanks and tabs set them apart.
    package var separator: UInt8?
    /// Whether a quotation mark after blanks opens a field as well.
    package var skipsBlanks = true
    /// Whether `\"` is a quotation mark inside a quoted field. Else it is doubled.
    package var escapes = false
}

/// The fields of one row of a table. A reader fills it again and again, so that no row needs memory of its own.
package struct TableRecord {
    /// The line that it starts in, from 1.
    package fileprivate(set) var line = 1
    /// The fields one after the other, without their quotation marks.
    package fileprivate(set) var bytes: [UInt8] = []
    /// Where each field ends in ``bytes``.
    fileprivate var ends: [Int32] = []
    /// The line that each field starts in.
    fileprivate var lines: [Int32] = []
    fileprivate var quoted: [Bool] = []

    package init() {}

    /// The number of fields; a line without anything has one, which is empty.
    package var count: Int { ends.count }

    /// Where a field lies in ``bytes``.
    package func range(_ field: Int) -> Range<Int> { (field == 0 ? 0 : Int(ends[field - 1]))..<Int(ends[field]) }

    package func isQuoted(_ field: Int) -> Bool { quoted[field] }

    package func line(of field: Int) -> Int { Int(lines[field]) }

    /// Whether there is nothing in a field but blanks.
    package func isEmpty(_ field: Int) -> Bool { bytes[range(field)].allSatisfy { $0 == UInt8(ascii: " ") || $0 == 9 } }

    /// Whether there is nothing in any field.
    package var isEmpty: Bool { bytes.allSatisfy { $0 == UInt8(ascii: " ") || $0 == 9 } }

    /// Whether it is an empty line.
    package var isBlankLine: Bool { count == 1 && !quoted[0] && isEmpty }

    /// The fields up to the last one that holds something.
    package var countToLastFilled: Int {
        var count = count
        while count > 0, isEmpty(count - 1) { count -= 1 }
        return count
    }

    package func text(_ field: Int) -> String { String(decoding: bytes[range(field)], as: UTF8.self) }

    fileprivate mutating func begin(_ line: Int) {
        self.line = line
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        quoted.removeAll(keepingCapacity: true)
    }
}

/// The rows of a text with separators, one after the other: memory holds a block of the text, and one row.
///
/// A row ends in "\n", "\r\n" or "\r". A field in quotation marks may hold separators, line breaks and doubled
/// quotation marks; inside a field without them a quotation mark is a character as any other.
/// - Source: Y. Shafranovich, "Common Format and MIME Type for Comma-Separated Values (CSV) Files", RFC 4180, 2005.
package struct RecordReader {
    private let path: String
    private let dialect: Dialect
    private let text: TableText?
    private var block: [UInt8]
    private var place: Int
    /// The line that is read, from 1.
    private(set) var line: Int
    /// Whether the text ended inside a field in quotation marks.
    private(set) var endedInQuotes = false
    private var followsReturn = false

    /// The most bytes of a row: a quotation mark that is missing does not fill the memory.
    private static let longest = 1 << 28
    /// The most fields of a row.
    private static let mostFields = 1 << 20

    /// - Parameters:
    ///   - block: where to start, at `place`, which lies in line `line`.
    ///   - text: what follows it; nil if nothing does.
    init(_ path: String, _ dialect: Dialect, block: [UInt8], place: Int, line: Int, text: TableText?) {
        (self.path, self.dialect, self.text) = (path, dialect, text)
        (self.block, self.place, self.line) = (block, place, line)
    }

    private func damaged(_ line: Int, _ problem: String) -> CLMatError {
        .fileDamaged(path: path, place: "line \(line)", problem: problem)
    }

    private mutating func refill() throws(CLMatError) -> Bool {
        guard let text else { return false }
        while !text.isAtEnd {
            block = try text.next()
            place = 0
            if !block.isEmpty { return true }
        }
        return false
    }

    private enum State { case start, plain, quoted, closed }

    /// The next row; false after the last. An empty line is a row.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` at the line where a field in quotation marks opens
    ///   that does not end, or goes on after its end; for rows that are too long; for what the text throws.
    package mutating func next(_ record: inout TableRecord) throws(CLMatError) -> Bool {
        let (quote, newline, carriage) = (UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        let (blank, tab, backslash) = (UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\\"))
        record.begin(line)
        var state = State.start
        var (fieldStart, fieldLine, isQuoted) = (0, line, false)
        // Of a quoted field: whether a blank follows its end, and a backslash came last.
        var (isApart, isEscaped) = (false, false)
        var hasBytes = false

        func endField() {
            record.ends.append(Int32(record.bytes.count))
            record.lines.append(Int32(clamping: fieldLine))
            record.quoted.append(isQuoted)
            (state, fieldStart, fieldLine, isQuoted) = (.start, record.bytes.count, line, false)
            (isApart, isEscaped) = (false, false)
        }
        /// The last field of a row; blanks at the end of a line set nothing apart.
        func endRecord() {
            if dialect.separator == nil, state == .start, record.count > 0 { return }
            endField()
        }
        while true {
            if place == block.count { guard try refill() else { break } }
            let byte = block[place]
            place += 1
            let isSecondHalf = byte == newline && followsReturn
            followsReturn = byte == carriage
            if isSecondHalf {
                // "\r\n" is one line break: its first half has ended the row, or stands in a quoted field.
                if state == .quoted { record.bytes.append(byte) }
                continue
            }
            if !hasBytes { (hasBytes, record.line, fieldLine) = (true, line, line) }
            guard record.bytes.count < Self.longest, record.count < Self.mostFields else {
                throw damaged(
                    record.line,
                    record.count < Self.mostFields
                        ? "the row goes on for more than \(Self.longest) bytes; is a quotation mark missing?"
                        : "it has more than \(Self.mostFields) fields, the most that are read")
            }
            let isLineBreak = byte == newline || byte == carriage
            if state == .quoted {
                if isLineBreak { line += 1 }
                if isEscaped {
                    // A backslash before another character stands for itself.
                    if byte != quote, byte != backslash { record.bytes.append(backslash) }
                    record.bytes.append(byte)
                    isEscaped = false
                } else if byte == backslash, dialect.escapes {
                    isEscaped = true
                } else if byte == quote {
                    state = .closed
                } else {
                    record.bytes.append(byte)
                }
                continue
            }
            if isLineBreak {
                endRecord()
                line += 1
                return true
            }
            if let separator = dialect.separator {
                if byte == separator {
                    endField()
                    continue
                }
            } else if byte == blank || byte == tab {
                if state != .start { endField() }
                continue
            }
            switch state {
            case .start where byte == quote:
                let isFirst = record.bytes.count == fieldStart
                guard isFirst || dialect.skipsBlanks else {
                    record.bytes.append(byte)
                    state = .plain
                    continue
                }
                record.bytes.removeLast(record.bytes.count - fieldStart)
                (state, isQuoted, fieldLine) = (.quoted, true, line)
            case .start, .plain:
                record.bytes.append(byte)
                if byte != blank, byte != tab { state = .plain }
            case .closed where byte == quote && !isApart:
                // Doubled: it stands for one.
                record.bytes.append(quote)
                state = .quoted
            case .closed where byte == blank || byte == tab:
                isApart = true
            case .closed, .quoted:
                throw damaged(
                    fieldLine,
                    line == fieldLine
                        ? "text follows the quotation mark that ends a field; a quotation mark inside such a field is doubled"
                        : "the field in quotation marks that opens here does not end before line \(line), where text follows the "
                            + "quotation mark; put one at its end, and double those inside it")
            }
        }
        guard state != .quoted else {
            endedInQuotes = true
            throw damaged(
                fieldLine, "the field in quotation marks that opens here does not end; put one at its end")
        }
        guard hasBytes else { return false }
        // Whether the last line ends in a line break makes no difference.
        if record.count == 0, state == .start, record.bytes.isEmpty { return false }
        endRecord()
        return true
    }
}
