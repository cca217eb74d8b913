import CLMat
import Foundation

/// A table of numbers, read: `,`, `;`, tabs, `|` or blanks set its fields apart, the same throughout.
struct NumberTable {
    private(set) var names: [String] = []
    private(set) var values: [Double] = []
    private(set) var count = 0
    /// The column of the file that column 0 is, from 0.
    private(set) var firstColumn = 0
    private(set) var notes: [String] = []
    private(set) var checksum: UInt = 0
    var columns: Int { names.count }

    private let path: String
    private let name: String
    private let layout: TableLayout
    private let separator: UInt8?
    private var marks: [DecimalMarks]
    /// Whether no number has a decimal mark, a sign or an exponent.
    private var arePlain = true
    /// Rows whose line is not the one after the line of the row before.
    private var jumps: [(row: Int32, line: Int32)] = []

    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` at the first
    ///   field or line that cannot be read; ``/CLMat/CLMatError/dataMismatch(_:)`` if there are no points.
    static func read(_ path: String) throws(CLMatError) -> NumberTable {
        var table = try NumberTable(path, decimal: [])
        // What a mark means can be settled by the last line: then all is read again, with what is known now.
        if let decimal = try table.settle() {
            table.values = []
            table = try NumberTable(path, decimal: decimal)
            _ = try table.settle()
        }
        table.leaveOutRowNumbers()
        try table.checkRange()
        return table
    }

    /// The line that a point stands in.
    func line(_ row: Int) -> Int {
        var (low, high) = (0, jumps.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(jumps[middle].row) <= row { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return row + 1 }
        return Int(jumps[low - 1].line) + row - Int(jumps[low - 1].row)
    }

    /// How an error names a field.
    func place(_ row: Int, _ column: Int) -> String {
        "line \(line(row)), " + Self.column(column + firstColumn, layout.hasHeader ? names[column] : nil)
    }

    private static func column(_ number: Int, _ name: String?) -> String {
        "column \(number + 1)" + (name.map { $0.isEmpty ? "" : " ('\($0)')" } ?? "")
    }

    // MARK: - Reading

    /// - Parameter decimal: the decimal marks of the columns, if they are known.
    private init(_ path: String, decimal: [NumberField.Mark?]) throws(CLMatError) {
        let opening = try TableOpening(path)
        let sample = opening.sampleOfNumbers()
        layout = TableLayout(sample)
        (self.path, name, separator) = (path, opening.name, sample.dialect.separator)
        marks = (0..<layout.width).map { DecimalMarks(decimal: $0 < decimal.count ? decimal[$0] : nil) }
        notes = [opening.note].compactMap { $0 }

        var reader = opening.reader(sample.dialect)
        var record = TableRecord()
        var (hasHeader, headerLine) = (!layout.hasHeader, 0)
        // Rows that end in more separators than there are columns, and rows of nothing but separators.
        var (surplus, empty, blankLines) = (0, 0, 0)
        let first = layout.skipsFirst ? 1 : 0
        while try reader.next(&record) {
            if record.isEmpty {
                if record.count > 1 { empty += 1 } else { blankLines += 1 }
                continue
            }
            if !hasHeader {
                (hasHeader, headerLine) = (true, record.line)
                continue
            }
            try check(record, headerLine: headerLine)
            if record.count > layout.width { surplus += 1 }
            for column in first..<layout.width { values.append(try number(record, column)) }
            try note(line: record.line)
        }
        checksum = opening.text.checksum
        guard count > 0, layout.width > first else {
            let what = layout.hasHeader ? " (its first line holds names, not numbers)" : ""
            throw .dataMismatch("\(path) holds no points\(what).")
        }
        firstColumn = first
        names = (first..<layout.width).map { layout.name($0) }
        sayHeader(headerLine)
        if layout.skipsFirst {
            notes.append("\(name): column 1 has no name and holds texts, the names of the rows; it is left out.")
        }
        if surplus == count {
            notes.append("\(name): column \(layout.width + 1) is empty throughout, and left out.")
        } else if surplus > 0 {
            let lines = surplus == 1 ? "1 line" : "\(surplus) lines"
            notes.append("\(name): separators at the end of \(lines), with nothing after them, are passed over.")
        }
        if empty > 0 {
            let lines = empty == 1 ? "1 line holds" : "\(empty) lines hold"
            notes.append("\(name): \(lines) separators only, passed over.")
        }
        if separator == UInt8(ascii: ","), layout.width == 2, !layout.hasHeader, arePlain, marks.allSatisfy(\.isUnused)
        {
            notes.append(
                "\(name): commas set two columns of whole numbers apart; if they are decimal commas, write points.")
        }
        // In a table of one column an empty line could have been a value that is missing.
        if layout.width == 1, blankLines > 0 {
            notes.append("\(name): empty lines (\(blankLines)) are passed over.")
        }
    }

    private mutating func note(line: Int) throws(CLMatError) {
        guard count < Int(Int32.max) - 1 else { throw .dataMismatch("\(path) holds more than 2,147,483,646 points.") }
        if self.line(after: count) != line { jumps.append((Int32(count), Int32(clamping: line))) }
        count += 1
    }

    /// The line of row `row`, as the jumps so far say.
    private func line(after row: Int) -> Int { jumps.last.map { Int($0.line) + row - Int($0.row) } ?? row + 1 }

    private func damaged(_ line: Int, _ problem: String) -> CLMatError {
        .fileDamaged(path: path, place: "line \(line)", problem: problem)
    }

    private func check(_ record: TableRecord, headerLine: Int) throws(CLMatError) {
        let filled = record.countToLastFilled
        guard record.count < layout.width || filled > layout.width else { return }
        let fields = max(filled, min(record.count, layout.width))
        var expected = "most lines have \(layout.width)"
        if layout.hasHeader {
            expected = "line \(headerLine) names \(layout.width) column\(layout.width == 1 ? "" : "s")"
        }
        var advice = ""
        if separator == UInt8(ascii: ","), fields > layout.width {
            advice = "; if a comma is a decimal one, set the columns apart by semicolons"
        } else if fields > layout.width {
            advice = "; a separator inside a field needs quotation marks around the field"
        }
        throw damaged(
            record.line, "it has \(fields) field\(fields == 1 ? "" : "s"), but \(expected)\(advice)")
    }

    private mutating func number(_ record: TableRecord, _ column: Int) throws(CLMatError) -> Double {
        func refuse(_ problem: String) -> CLMatError {
            .fileDamaged(
                path: path,
                place: "line \(record.line(of: column)), "
                    + Self.column(column, layout.hasHeader ? layout.name(column) : nil),
                problem: problem)
        }
        let field = record.number(column)
        let line = record.line(of: column)
        let value: Double
        switch field {
        case .whole(let number):
            value = number
            if arePlain { arePlain = NumberField.isPlainInteger(record.bytes[record.range(column)]) }
        case .settled(let number, let decimal):
            if let other = marks[column].line(of: decimal == .point ? .comma : .point) {
                let (this, that) = decimal == .point ? ("point", "comma") : ("comma", "point")
                throw refuse(
                    "'\(record.excerpt(column))' has a decimal \(this), but line \(other) has a decimal \(that) in this "
                        + "column; write all numbers the same way")
            }
            marks[column].note(decimal, line)
            value = number
        case .ambiguous(let mark, let decimal, let grouped):
            marks[column].noteAmbiguous(mark, line, record.excerpt(column))
            // Until something says otherwise a point is a decimal one, and a comma is not.
            value = mark == marks[column].decimal ?? .point ? decimal : grouped
        case .missing:
            let what =
                record.isEmpty(column) ? "the field is empty" : "the value is missing ('\(record.excerpt(column))')"
            throw refuse("\(what); write a number there, or leave the row out")
        case .percentage:
            throw refuse(
                "'\(record.excerpt(column))' is a percentage; write the numbers of this column without the sign")
        case .infinite:
            throw refuse("'\(record.excerpt(column))' is not finite; only finite numbers can be learned from")
        case .text:
            let bytes = record.bytes[record.range(column)]
            if bytes.contains(0) {
                throw refuse("it holds zero bytes; if the file is UTF-16 without a byte order mark, save it as UTF-8")
            }
            if record.resemblesNumber(column) {
                throw refuse(
                    "'\(record.excerpt(column))' is not a number as it is written; write its digits with one decimal mark, "
                        + "without units and blanks, or leave the column out of the file")
            }
            throw refuse(
                "'\(record.excerpt(column))' is not a number; only columns of numbers are read, so leave a column of texts out "
                    + "of the file, or write numbers for them")
        }
        guard value.isFinite else {
            throw refuse("'\(record.excerpt(column))' is beyond 64-bit floats; give the column another unit")
        }
        return value
    }

    // MARK: - Afterwards

    private mutating func sayHeader(_ line: Int) {
        if layout.hasHeader {
            notes.append(TableOpening.headerNote(name, line: line, names: names, isNo: "point"))
        } else if layout.looksLikeNames {
            notes.append(
                "\(name): line \(self.line(0)) holds whole numbers above decimals, and is read as a point; if it names the columns, "
                    + "give it names with letters.")
        }
    }

    /// What the decimal marks of all columns are, if some were taken for the other thing; nil if all were read right.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` at the first number that can be two.
    private mutating func settle() throws(CLMatError) -> [NumberField.Mark?]? {
        let found = Set(marks.compactMap(\.evidence))
        var decimal: [NumberField.Mark?] = []
        var (isOther, thousands) = (false, [Int]())
        for (column, mark) in marks.enumerated() {
            var settled = mark.evidence
            if settled == nil, found.count == 1, mark.isAmbiguous { settled = found.first }
            if settled == nil, let ambiguous = mark.ambiguousComma {
                // Between commas that separate, a field in quotation marks is how "1,150" is written.
                guard separator == UInt8(ascii: ","), found.isEmpty, mark.ambiguousPoint == nil else {
                    throw .fileDamaged(
                        path: path,
                        place: "line \(ambiguous.line), "
                            + Self.column(column, layout.hasHeader ? layout.name(column) : nil),
                        problem: """
                            '\(ambiguous.text)' can be a number with decimals, or thousands; write decimals with a point, and \
                            thousands without a mark
                            """)
                }
                settled = .point
            }
            if mark.isAmbiguous, settled ?? .point != mark.decimal ?? .point { isOther = true }
            if settled ?? .point == .point ? mark.ambiguousComma != nil : mark.ambiguousPoint != nil {
                thousands.append(column)
            }
            decimal.append(settled)
        }
        if isOther { return decimal }
        if decimal.contains(.comma) { notes.append("\(name): commas are read as decimal commas.") }
        if let column = thousands.first {
            let mark =
                decimal[column] == .comma
                ? ("points", marks[column].ambiguousPoint) : ("commas", marks[column].ambiguousComma)
            notes.append(
                "\(name): \(mark.0) are read as marks between thousands, as in '\(mark.1?.text ?? "")', line \(mark.1?.line ?? 0)."
            )
        }
        return nil
    }

    /// A first column without a name whose numbers are all different and whole is the number of the row, as pandas and
    /// R write it.
    private mutating func leaveOutRowNumbers() {
        guard layout.isFirstUnnamed, !layout.skipsFirst, columns > 1 else { return }
        var numbers = (0..<count).map { values[$0 * columns] }
        let areWhole = numbers.allSatisfy { $0 >= 0 && $0 == $0.rounded() }
        numbers.sort()
        guard areWhole, !zip(numbers, numbers.dropFirst()).contains(where: ==) else {
            notes.append("\(name): column 1 has no name; it is used as a column as the others.")
            return
        }
        var target = 0
        for source in values.indices where source % columns != 0 {
            values[target] = values[source]
            target += 1
        }
        values.removeLast(values.count - target)
        names.removeFirst()
        firstColumn = 1
        notes.append("\(name): column 1 has no name and numbers the rows; it is left out.")
    }

    /// Columns whose numbers lie further apart than floats reach are refused at once.
    private func checkRange() throws(CLMatError) {
        let most = Double(Float.greatestFiniteMagnitude)
        guard values.contains(where: { abs($0) > most }) else { return }
        for column in 0..<columns {
            let numbers = (0..<count).lazy.map { values[$0 * columns + column] }
            guard let low = numbers.min(), let high = numbers.max(), high - low > most,
                let row = numbers.firstIndex(where: { abs($0) > most })
            else { continue }
            throw .fileDamaged(
                path: path, place: place(row, column),
                problem: "\(values[row * columns + column]) is beyond 32-bit floats; give the column another unit")
        }
    }
}

/// What the fields of a column say about their decimal mark.
private struct DecimalMarks {
    /// What it was taken for from the start.
    let decimal: NumberField.Mark?
    private var point: Int?
    private var comma: Int?
    private(set) var ambiguousPoint: (line: Int, text: String)?
    private(set) var ambiguousComma: (line: Int, text: String)?

    init(decimal: NumberField.Mark?) { self.decimal = decimal }

    var evidence: NumberField.Mark? { point != nil ? .point : comma != nil ? .comma : nil }
    var isUnused: Bool { evidence == nil && !isAmbiguous }
    var isAmbiguous: Bool { ambiguousPoint != nil || ambiguousComma != nil }

    /// The first line with a number that has this decimal mark for sure.
    func line(of mark: NumberField.Mark) -> Int? { mark == .point ? point : comma }

    mutating func note(_ mark: NumberField.Mark, _ line: Int) {
        if mark == .point { if point == nil { point = line } } else if comma == nil { comma = line }
    }

    mutating func noteAmbiguous(_ mark: NumberField.Mark, _ line: Int, _ text: @autoclosure () -> String) {
        if mark == .point {
            if ambiguousPoint == nil { ambiguousPoint = (line, text()) }
        } else if ambiguousComma == nil {
            ambiguousComma = (line, text())
        }
    }
}
