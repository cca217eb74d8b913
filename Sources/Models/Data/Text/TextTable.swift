import CLMat
import Foundation

/// A column of a table as documents, one a record. The first record names the columns.
///
/// Fields are set apart by commas or semicolons, whichever the first record has more of, or by tabs in a file `.tsv`. A field
/// in quotation marks may hold separators, line breaks and doubled quotation marks.
/// - Source: Y. Shafranovich, "Common Format and MIME Type for Comma-Separated Values (CSV) Files", RFC 4180, 2005.
struct TextTable {
    private let path: String
    private let file: GzipFile
    private var block = [UInt8]()
    private var place = 0
    private var isAtEnd = false
    /// The line that is read, from 1.
    private var line = 1
    private var separator = UInt8(ascii: ",")

    /// The most bytes of a record: a quotation mark that is missing does not fill the memory.
    private static let longest = 1 << 28

    /// - Throws: ``CLMatError/fileMissing(path:hint:)``; ``CLMatError/fileDamaged(path:place:problem:)`` at a line whose
    ///   fields or quotation marks do not fit, or whose text is not UTF-8; ``CLMatError/invalidValue(setting:value:accepted:)``
    ///   if `column` names none, with those there are; what ``TextCorpusBuilder`` throws.
    static func read(_ path: String, _ options: TextOptions) throws(CLMatError) -> Corpus {
        var builder = try TextCorpusBuilder(options)
        var table = try TextTable(path)
        let columns = try table.header()
        let column = try index(of: options.column, among: columns)
        var lines: [Int32] = []
        var record = Record()
        while try table.next(&record, keeping: column) {
            // A line without anything, such as the last one.
            if record.fields == 1, record.isBlank { continue }
            guard record.fields == columns.count else {
                throw table.damaged(
                    record.line, "it has \(record.fields) fields, but the first line names \(columns.count) columns")
            }
            try table.check(record)
            builder.add(record.text)
            try builder.endDocument()
            lines.append(Int32(truncatingIfNeeded: record.line))
        }
        return try builder.finish(
            name: URL(fileURLWithPath: path).lastPathComponent, names: .chosen("line", lines))
    }

    /// A name wins over a number. Of a single column none needs to be named.
    private static func index(of column: String?, among columns: [String]) throws(CLMatError) -> Int {
        if let column {
            if let index = columns.firstIndex(of: column) { return index }
            if let number = Int(column), (1...columns.count).contains(number) { return number - 1 }
        } else if columns.count == 1 {
            return 0
        }
        let listed = columns.prefix(50).enumerated().map { "\($0 + 1) '\($1)'" }.joined(separator: ", ")
        throw .invalidValue(
            setting: "column", value: column ?? "nothing",
            accepted: "one of the columns: \(listed)\(columns.count > 50 ? ", …" : "")")
    }

    /// One record, and the text of one of its fields.
    private struct Record {
        var line = 1
        var fields = 0
        var isBlank = true
        var text: [UInt8] = []
        /// All fields, if they are asked for.
        var all: [[UInt8]] = []
    }

    private init(_ path: String) throws(CLMatError) {
        self.path = path
        file = try GzipFile(path)
    }

    private func damaged(_ line: Int, _ problem: String) -> CLMatError {
        .fileDamaged(path: path, place: "line \(line)", problem: problem)
    }

    private func check(_ record: Record) throws(CLMatError) {
        if let byte = record.text.withUnsafeBytes({ UTF8Check.firstInvalid($0) }) {
            let line = record.line + record.text[..<byte].count { $0 == UInt8(ascii: "\n") }
            throw damaged(line, "its text is not UTF-8")
        }
    }

    private mutating func header() throws(CLMatError) -> [String] {
        try fill()
        if block.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
        let name = path.hasSuffix(".gz") ? String(path.dropLast(3)) : path
        if name.lowercased().hasSuffix(".tsv") {
            separator = UInt8(ascii: "\t")
        } else {
            let first = block[place...].prefix { $0 != UInt8(ascii: "\n") }
            let counts = [UInt8](",;\t".utf8).map { byte in (byte, first.count { $0 == byte }) }
            if let most = counts.max(by: { $0.1 < $1.1 }), most.1 > counts[0].1 { separator = most.0 }
        }
        var record = Record()
        guard try next(&record, keeping: nil) else { throw damaged(1, "the file is empty") }
        for field in record.all where field.withUnsafeBytes({ UTF8Check.firstInvalid($0) }) != nil {
            throw damaged(1, "a column's name is not UTF-8")
        }
        return record.all.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespaces) }
    }

    private mutating func fill() throws(CLMatError) {
        block = try file.read(1 << 20)
        place = 0
        if block.count < 1 << 20 { isAtEnd = true }
    }

    /// Nil at the end of the file.
    private mutating func byte() throws(CLMatError) -> UInt8? {
        while place == block.count {
            if isAtEnd { return nil }
            try fill()
        }
        place += 1
        return block[place - 1]
    }

    /// The next record; false after the last.
    ///
    /// - Parameter column: whose text is kept; nil keeps all.
    private mutating func next(_ record: inout Record, keeping column: Int?) throws(CLMatError) -> Bool {
        let (quote, newline, carriage) = (UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        record.line = line
        record.fields = 0
        record.isBlank = true
        record.text.removeAll(keepingCapacity: true)
        record.all = []
        var field: [UInt8] = []
        swap(&field, &record.text)
        var (size, fieldSize) = (0, 0)
        var (isQuoted, isClosed) = (false, false)
        var openedAt = line

        func end() {
            if column == nil { record.all.append(field) }
            if record.fields == column { swap(&field, &record.text) }
            record.fields += 1
            field.removeAll(keepingCapacity: true)
            (isQuoted, isClosed, fieldSize) = (false, false, 0)
        }
        while let byte = try byte() {
            size += 1
            guard size <= Self.longest else {
                throw damaged(
                    record.line, "the record goes on for more than \(Self.longest) bytes; is a quotation mark missing?")
            }
            if byte == newline { line += 1 }
            let isKept = column == nil || column == record.fields
            if isQuoted, !isClosed {
                if byte == quote { isClosed = true } else if isKept { field.append(byte) }
                continue
            }
            switch byte {
            case separator:
                record.isBlank = false
                end()
            case newline:
                if field.last == carriage, !isQuoted { field.removeLast() }
                end()
                return true
            case quote where isClosed:
                // Doubled: it stands for one.
                isClosed = false
                if isKept { field.append(quote) }
            case quote where fieldSize == 0:
                (isQuoted, record.isBlank, openedAt) = (true, false, line)
            case carriage where isClosed:
                continue
            default:
                if isClosed {
                    guard byte == UInt8(ascii: " ") else {
                        throw damaged(line, "text follows the quotation mark that ends a field")
                    }
                    continue
                }
                if byte != UInt8(ascii: " "), byte != carriage { record.isBlank = false }
                if isKept { field.append(byte) }
                fieldSize += 1
            }
        }
        guard !isQuoted || isClosed else { throw damaged(openedAt, "a field in quotation marks does not end") }
        guard size > 0 else { return false }
        if field.last == carriage, !isQuoted { field.removeLast() }
        end()
        return true
    }
}
