import Foundation

/// What the rows of a sample say about the columns of a table of numbers: how many there are, and whether the first row
/// names them.
struct TableLayout {
    let hasHeader: Bool
    /// The number of columns; those at the end that hold nothing do not count.
    let width: Int
    /// Whether the first column has no name where others have: it numbers or names the rows.
    let isFirstUnnamed: Bool
    /// Whether that column holds texts.
    let skipsFirst: Bool
    /// Whether a first row of whole numbers stands above decimals: it could be names, or a point.
    let looksLikeNames: Bool
    private let names: [String]

    init(_ sample: TableOpening.Sample) {
        let records = sample.records
        let usual = TableOpening.width(records)
        guard let first = records.first else {
            (hasHeader, width, isFirstUnnamed, skipsFirst, looksLikeNames, names) = (
                false, usual, false, false, false, []
            )
            return
        }
        let below = records.dropFirst()
        let rows = TableOpening.width(Array(below))
        let filled = first.countToLastFilled
        // R's write.table gives the names of the rows no name, and leaves out the separator before them as well.
        // Between commas that would be a decimal comma's look.
        let lacksFirst =
            (sample.dialect.separator == nil || sample.dialect.separator == 9) && filled == first.count && filled > 0
            && rows == filled + 1 && (0..<filled).allSatisfy { first.number($0) == .text }
        let shift = lacksFirst ? 1 : 0

        /// The rows of the sample that have this column.
        func hasNumbers(_ column: Int) -> Bool {
            below.contains { column < $0.count && $0.number(column).isNumber }
        }
        func field(_ column: Int) -> NumberField { column < first.count ? first.number(column) : .missing }
        let columns = 0..<max(filled, 1)
        /// Neither a percentage nor '5 €' is a number that is read, but above others like it it is no name either.
        func isNumeric(_ column: Int) -> Bool {
            switch field(column) {
            case .whole, .settled, .ambiguous, .percentage, .infinite: true
            case .text: first.resemblesNumber(column) && !hasNumbers(column + shift)
            case .missing: false
            }
        }
        let numbers = columns.filter(isNumeric)
        let named = columns.filter { field($0) == .text && !isNumeric($0) }
        let areWhole = numbers.allSatisfy { NumberField.isPlainInteger(first.bytes[first.range($0)]) }
        let areDifferent = Set(numbers.map { first.text($0) }).count == numbers.count
        let isUnnamed =
            lacksFirst || (filled > 0 && first.isEmpty(0)) || first.count > 0 && first.text(0) == "Unnamed: 0"
        let firstIsName = isUnnamed || named.first == 0

        if below.isEmpty {
            hasHeader = numbers.isEmpty && !named.isEmpty
        } else if named.isEmpty {
            // ",0,1,2": columns that have numbers for names, with the numbers of the rows before them.
            hasHeader = isUnnamed && !numbers.isEmpty && areWhole && areDifferent && Self.countsRows(below)
        } else if numbers.isEmpty {
            hasHeader = true
        } else {
            // "name,2019,2020" names columns of numbers; "1.5,x" is a point with a mistake in it.
            hasHeader = firstIsName && areWhole && areDifferent && named.contains { hasNumbers($0 + shift) }
        }
        isFirstUnnamed = hasHeader && isUnnamed
        skipsFirst =
            isFirstUnnamed && max(filled + shift, rows) > 1
            && !below.isEmpty && below.allSatisfy { !$0.number(0).isNumber && !$0.isEmpty(0) }
        width = hasHeader ? filled + shift : usual
        looksLikeNames =
            !hasHeader && numbers.count == width && width > 0 && areWhole && areDifferent && !below.isEmpty
            && (0..<width).allSatisfy { column in
                below.contains {
                    guard column < $0.count, $0.number(column).isNumber else { return false }
                    return !NumberField.isPlainInteger($0.bytes[$0.range(column)].filter { $0 != 0x20 && $0 != 0x2D })
                }
            }
        names = hasHeader ? (lacksFirst ? [""] : []) + (0..<filled).map { first.name($0) } : []
    }

    /// A column's name; "column 2" if it has none.
    func name(_ column: Int) -> String {
        column < names.count && !names[column].isEmpty ? names[column] : "column \(column + 1)"
    }

    /// Whether the first column is 0, 1, 2 … or 1, 2, 3 … so far.
    private static func countsRows(_ records: ArraySlice<TableRecord>) -> Bool {
        guard case .whole(let start)? = records.first.map({ $0.number(0) }), start == 0 || start == 1 else {
            return false
        }
        return records.enumerated().allSatisfy { row, record in record.number(0) == .whole(start + Double(row)) }
    }
}

extension TableRecord {
    /// A field as a column's name: without blanks around it, and read as Windows-1252 if it is not UTF-8.
    package func name(_ field: Int) -> String {
        let text = TextDecoding(unmarked: Array(bytes[range(field)])).text
        return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
