import CLMat
import Formats
import Foundation

/// A column of a table as documents, one per row. The first row names the columns, unless it is a row as those below.
///
/// The fields are set apart by commas, semicolons, tabs or `|`, whichever suits the first rows, by tabs in a file
/// `.tsv`, or by what a line `sep=;` says. ``RecordReader`` says what quotation marks do.
enum TextTable {
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` at a line
    ///   whose fields or quotation marks do not fit; ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` if `column`
    ///   names none, or several, with those there are; what ``TextCorpusBuilder`` throws.
    static func read(_ path: String, _ options: TextOptions) throws(CLMatError) -> Corpus {
        var builder = try TextCorpusBuilder(options)
        var opening = try TableOpening(path)
        let sample = opening.sampleOfTexts()
        var reader = opening.reader(sample.dialect)
        var record = TableRecord()
        repeat {
            guard try reader.next(&record) else {
                throw .fileDamaged(path: path, place: "line 1", problem: "the file is empty")
            }
        } while record.isEmpty

        let columns = (0..<record.countToLastFilled).map { record.name($0) }
        let column = try index(of: options.column, among: columns, of: opening.name)
        if let note = opening.note { builder.notes.append(note) }
        if sample.dialect.escapes {
            builder.notes.append(
                "\(opening.name): a backslash before a quotation mark inside a field is read as part of the mark.")
        }
        let headerLine = record.line
        var (lines, legacy, surplus): ([Int32], Int, Int) = ([], 0, 0)
        // Of a table with one column each line is a document, an empty one too, but not those at its end.
        var blankLines: [Int] = []

        func add(_ record: TableRecord) throws(CLMatError) {
            if record.count > columns.count { surplus += 1 }
            let text = TextDecoding(unmarked: Array(record.bytes[record.range(column)]))
            builder.add(text.text)
            if text.encoding != .utf8 { legacy += 1 }
            try builder.endDocument()
            lines.append(Int32(clamping: record.line))
        }
        let isPoint = options.column.map { !columns.contains($0) } ?? false && isRow(sample.records)
        if isPoint {
            builder.notes.append(
                "\(opening.name): line \(headerLine) is read as a document: it has a number where those below have numbers."
            )
            try add(record)
        } else {
            builder.notes.append(
                TableOpening.headerNote(opening.name, line: headerLine, names: columns, isNo: "document"))
        }
        while try reader.next(&record) {
            if record.isBlankLine {
                if columns.count == 1 { blankLines.append(record.line) }
                continue
            }
            for line in blankLines {
                try builder.endDocument()
                lines.append(Int32(clamping: line))
            }
            blankLines = []
            let filled = record.countToLastFilled
            guard record.count >= columns.count, filled <= columns.count else {
                let fields = max(filled, min(record.count, columns.count))
                throw .fileDamaged(
                    path: path, place: "line \(record.line)",
                    problem: """
                        it has \(fields) fields, but line \(headerLine) names \(columns.count) columns; a separator inside a \
                        text needs quotation marks around the text
                        """)
            }
            try add(record)
        }
        if legacy > 0 {
            builder.notes.append(
                "\(opening.name): \(legacy == 1 ? "1 text is" : "\(legacy) texts are") not UTF-8, and read as Windows-1252."
            )
        }
        if opening.text.damagedUnits > 0 {
            builder.notes.append(
                "\(opening.name): characters that are damaged (\(opening.text.damagedUnits)) are passed over.")
        }
        if surplus > 0 {
            builder.notes.append(
                "\(opening.name): separators at the end of \(surplus == 1 ? "1 line" : "\(surplus) lines"), with nothing after them, are passed over."
            )
        }
        return try builder.finish(name: opening.name, names: .chosen("line", lines))
    }

    /// A name wins over a number. Of a single column none needs to be named.
    private static func index(
        of column: String?, among columns: [String], of name: String
    ) throws(CLMatError) -> Int {
        if let column {
            let named = columns.indices.filter { columns[$0] == column }
            if named.count == 1 { return named[0] }
            guard named.isEmpty else {
                throw .invalidValue(
                    setting: "column", value: column,
                    accepted: "a number here, since several columns have this name: "
                        + named.map { "\($0 + 1)" }.joined(separator: ", "))
            }
            if let number = Int(column), (1...columns.count).contains(number) { return number - 1 }
        } else if columns.count == 1 {
            return 0
        }
        let listed =
            columns.prefix(50).enumerated().map { "\($0 + 1) '\($1.prefix(60))'" }.joined(separator: ", ")
        guard let column else {
            throw .dataMismatch(
                "\(name) has \(columns.count) columns: say which one holds the texts (--column). The first line has: \(listed)."
            )
        }
        throw .invalidValue(
            setting: "column", value: column,
            accepted: "one of the columns: \(listed)\(columns.count > 50 ? ", …" : ""), as the first line has them")
    }

    /// Whether the first row is one as those below: where it has a number, they all have one.
    private static func isRow(_ records: [TableRecord]) -> Bool {
        guard let first = records.first, records.count > 1 else { return false }
        return (0..<first.count).contains { field in
            first.number(field).isNumber
                && records.dropFirst().allSatisfy { field < $0.count && $0.number(field).isNumber }
        }
    }
}
