import CLMat
import Formats
import Foundation

/// What is wrong with a line.
struct LineProblem: Error {
    let text: String

    init(_ text: String) { self.text = text }

    /// A field as an error shows it.
    static func shown(_ bytes: UnsafeRawBufferPointer) -> String {
        "'" + BytePath.shown(bytes.prefix(40)) + (bytes.count > 40 ? "…'" : "'")
    }
}

/// Reads lines of one format: after a call of ``read(_:)`` its members hold the record.
struct ClickParser {
    /// 1 for a click, else 0.
    var label: Float = 0
    /// The keys of the record's features.
    var keys: [UInt64] = []
    /// A value per key.
    var values: [Float] = []
    /// Whether all values of the record are 1.
    var isAllOne = true
    /// Whether labels are -1 or 0 where there is no click; nil before the first one.
    var (hasMinus, hasZero) = (false, false)

    private let format: ClickFormat
    private let fields: [ClickKey]
    private let columns: [AvazuColumn]

    /// - Parameter header: of Avazu's format, its first line.
    init(_ format: ClickFormat, header: UnsafeRawBufferPointer?) throws(LineProblem) {
        self.format = format
        switch format {
        case .criteo: (fields, columns) = ((0..<UInt64(Self.criteoFields)).map { ClickKey(field: $0) }, [])
        case .avazu: (fields, columns) = ([], try Self.columns(header))
        case .libsvm, .ffm: (fields, columns) = ([ClickKey(field: 0)], [])
        }
    }

    /// Reads a line; false if it is blank.
    mutating func read(_ line: UnsafeRawBufferPointer) throws(LineProblem) -> Bool {
        guard line.contains(where: { $0 != 0x20 && $0 != 0x0D }) else { return false }
        keys.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        isAllOne = true
        switch format {
        case .criteo: try readCriteo(line)
        case .avazu: try readAvazu(line)
        case .libsvm: try readSparse(line, hasFields: false)
        case .ffm: try readSparse(line, hasFields: true)
        }
        return true
    }

    @inline(__always)
    private mutating func add(_ key: UInt64) {
        keys.append(key)
        values.append(1)
    }

    // MARK: - Criteo

    /// Label, 13 numbers, 26 categories.
    private static let criteoFields = 40
    private static let criteoNumbers = 13
    private static let (tab, blank) = (UInt8(ascii: "\t"), UInt8(ascii: " "))

    private mutating func readCriteo(_ line: UnsafeRawBufferPointer) throws(LineProblem) {
        var (field, start) = (0, 0)
        for place in 0...line.count where place == line.count || line[place] == Self.tab {
            if field == Self.criteoFields { throw Self.fieldProblem(line) }
            let text = UnsafeRawBufferPointer(rebasing: line[start..<place])
            if field > Self.criteoNumbers {
                if !text.isEmpty { add(fields[field].key(text)) }
            } else if field > 0 {
                if !text.isEmpty { add(try criteoNumber(text, field, line)) }
            } else {
                guard text.count == 1, text[0] == UInt8(ascii: "0") || text[0] == UInt8(ascii: "1") else {
                    throw Self.fieldProblem(
                        line, else: "its label is \(LineProblem.shown(text)), which is neither 0 nor 1")
                }
                label = text[0] == UInt8(ascii: "1") ? 1 : 0
            }
            field += 1
            start = place + 1
        }
        guard field == Self.criteoFields else { throw Self.fieldProblem(line) }
    }

    /// A number becomes a category: one above 2 is ⌊ln² n⌋, another one itself, and the two kinds are apart.
    ///
    /// - Source: Y.-C. Juan, Y. Zhuang, W.-S. Chin, the "3 Idiots' approach for display advertising challenge", 2014.
    private func criteoNumber(
        _ text: UnsafeRawBufferPointer, _ field: Int, _ line: UnsafeRawBufferPointer
    ) throws(LineProblem) -> UInt64 {
        guard let number = ClickNumber.whole(text) else {
            throw Self.fieldProblem(
                line, else: "field \(field + 1) is \(LineProblem.shown(text)), where a whole number of 64 bits belongs")
        }
        guard number > 2 else { return fields[field].key(number) }
        let logarithm = log(Double(number))
        return fields[field].key(Int64(logarithm * logarithm), kind: 1)
    }

    /// What a line with another number of fields is; that comes before any other problem.
    private static func fieldProblem(_ line: UnsafeRawBufferPointer, else problem: String = "") -> LineProblem {
        let found = 1 + line.reduce(0) { $0 + ($1 == tab ? 1 : 0) }
        if found == criteoFields - 1 {
            return LineProblem(
                """
                it has 39 fields, where a label, 13 numbers and 26 categories are 40; if all lines do, it is a test file of the \
                contest, which has no labels: nothing can be learned from it, or scored on it
                """)
        }
        guard found == criteoFields else {
            return LineProblem(
                "it has \(found == 1 ? "1 field" : "\(found) fields"), where a label, 13 numbers and 26 categories are 40, with tabs between"
            )
        }
        return LineProblem(problem)
    }

    // MARK: - Avazu

    private enum AvazuColumn: Equatable {
        case passedOver
        case click
        case hour(ClickKey, weekday: ClickKey)
        case category(ClickKey, name: String)
    }

    private static func columns(_ header: UnsafeRawBufferPointer?) throws(LineProblem) -> [AvazuColumn] {
        guard let header else { throw LineProblem("there is no header") }
        var (columns, names): ([AvazuColumn], Set<String>) = ([], [])
        var rest = 0
        while let field = try nextField(header, &rest) {
            let name = String(decoding: field, as: UTF8.self)
            guard !name.isEmpty, names.insert(name).inserted else {
                throw LineProblem(
                    "column \(columns.count + 1) of the header has no name, or one that is there before: '\(name)'")
            }
            switch name {
            case "id": columns.append(.passedOver)
            case "click": columns.append(.click)
            case "hour": columns.append(.hour(ClickKey(field: "hour"), weekday: ClickKey(field: "weekday")))
            default: columns.append(.category(ClickKey(field: name), name: name))
            }
        }
        guard columns.contains(.click) else {
            throw LineProblem(
                """
                the header has no column 'click': a test file of the contest has no labels, and nothing can be learned from it, or \
                scored on it
                """)
        }
        return columns
    }

    private mutating func readAvazu(_ line: UnsafeRawBufferPointer) throws(LineProblem) {
        var (field, rest) = (0, 0)
        var problem: LineProblem?
        while let text = try Self.nextField(line, &rest) {
            defer { field += 1 }
            guard field < columns.count else { continue }
            do throws(LineProblem) { try add(text, columns[field]) } catch { problem = problem ?? error }
        }
        guard field == columns.count else {
            throw LineProblem(
                "it has \(field == 1 ? "1 field" : "\(field) fields"), where the header has \(columns.count)")
        }
        if let problem { throw problem }
    }

    private mutating func add(_ text: UnsafeRawBufferPointer, _ column: AvazuColumn) throws(LineProblem) {
        switch column {
        case .passedOver: break
        case .click:
            guard text.count == 1, text[0] == UInt8(ascii: "0") || text[0] == UInt8(ascii: "1") else {
                throw LineProblem("its click is \(LineProblem.shown(text)), which is neither 0 nor 1")
            }
            label = text[0] == UInt8(ascii: "1") ? 1 : 0
        case .hour(let hour, let weekday):
            guard !text.isEmpty else { break }
            guard text.count == 8, let number = ClickNumber.whole(text), let time = Self.time(Int(number)) else {
                throw LineProblem(
                    "its hour is \(LineProblem.shown(text)), where year, month, day and hour have two digits each (14102100)"
                )
            }
            add(hour.key(Int64(time.hour)))
            add(weekday.key(Int64(time.weekday)))
        case .category(let key, _): if !text.isEmpty { add(key.key(text)) }
        }
    }

    /// The hour of the day, and the day of the week (0 is Sunday), of YYMMDDHH in this century; nil if there is no such hour.
    static func time(_ number: Int) -> (hour: Int, weekday: Int)? {
        guard number >= 0 else { return nil }
        let (year, month, day, hour) = (
            2000 + number / 1_000_000, number / 10000 % 100, number / 100 % 100, number % 100
        )
        guard (1...12).contains(month), hour < 24 else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        guard (1...days).contains(day) else { return nil }
        // T. Sakamoto's rule: January and February count to the year before.
        let shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month - 1]
        let counted = month < 3 ? year - 1 : year
        return (hour, (counted + counted / 4 - counted / 100 + counted / 400 + shift + day) % 7)
    }

    /// The next field between commas, without the quotes around it; nil behind the last one.
    private static func nextField(
        _ line: UnsafeRawBufferPointer, _ rest: inout Int
    ) throws(LineProblem) -> UnsafeRawBufferPointer? {
        guard rest <= line.count else { return nil }
        let (comma, quote) = (UInt8(ascii: ","), UInt8(ascii: "\""))
        let start = rest
        var place = start
        if place < line.count, line[place] == quote {
            place += 1
            while place < line.count, line[place] != quote || (place + 1 < line.count && line[place + 1] != comma) {
                place += 1
            }
            guard place < line.count else {
                throw LineProblem("a quote begins at byte \(start + 1) and does not end in the line")
            }
            rest = place + 2
            return UnsafeRawBufferPointer(rebasing: line[start + 1..<place])
        }
        while place < line.count, line[place] != comma { place += 1 }
        rest = place + 1
        return UnsafeRawBufferPointer(rebasing: line[start..<place])
    }

    // MARK: - Lists of features

    private mutating func readSparse(_ line: UnsafeRawBufferPointer, hasFields: Bool) throws(LineProblem) {
        var (place, token) = (0, 0)
        while true {
            while place < line.count, line[place] == Self.blank || line[place] == Self.tab || line[place] == 0x0D {
                place += 1
            }
            // A comment, as SVMlight has it.
            guard place < line.count, line[place] != UInt8(ascii: "#") else { break }
            let start = place
            while place < line.count, line[place] != Self.blank, line[place] != Self.tab, line[place] != 0x0D {
                place += 1
            }
            let text = UnsafeRawBufferPointer(rebasing: line[start..<place])
            if token == 0 { try readLabel(text) } else { try readFeature(text, token, hasFields) }
            token += 1
        }
        if token == 0 { throw LineProblem("it has no label") }
    }

    private mutating func readLabel(_ text: UnsafeRawBufferPointer) throws(LineProblem) {
        switch ClickNumber.decimal(text) {
        case 1: label = 1
        case 0: (label, hasZero) = (0, true)
        case -1: (label, hasMinus) = (0, true)
        default:
            throw LineProblem(
                text.contains(UInt8(ascii: ":"))
                    ? "it begins with \(LineProblem.shown(text)), where its label belongs"
                    : "its label is \(LineProblem.shown(text)), which is none of 0, 1 and -1")
        }
        if hasZero, hasMinus {
            throw LineProblem(
                "its label is \(LineProblem.shown(text)), but a line before has \(text.first == UInt8(ascii: "-") ? "0" : "-1"): labels are 0 and 1, or -1 and 1"
            )
        }
    }

    private mutating func readFeature(
        _ text: UnsafeRawBufferPointer, _ number: Int, _ hasFields: Bool
    ) throws(LineProblem) {
        func wrong(_ problem: String) -> LineProblem {
            LineProblem("feature \(number) is \(LineProblem.shown(text)), \(problem)")
        }
        let colon = UInt8(ascii: ":")
        let wanted = hasFields ? "field:feature:value" : "index:value"
        guard let last = text.lastIndex(of: colon), let first = text.firstIndex(of: colon),
            hasFields ? first < last && !text[(first + 1)..<last].contains(colon) : first == last
        else { throw wrong("where \(wanted) belongs") }
        var key = fields[0]
        if hasFields {
            guard let field = ClickNumber.whole(UnsafeRawBufferPointer(rebasing: text[..<first])), field >= 0 else {
                throw wrong("whose field is not a whole number of 64 bits from 0 on")
            }
            key = ClickKey(field: UInt64(field))
        }
        let indexText = UnsafeRawBufferPointer(rebasing: text[(hasFields ? first + 1 : 0)..<last])
        guard let index = ClickNumber.whole(indexText), index >= 0 else {
            throw wrong("whose \(hasFields ? "feature" : "index") is not a whole number of 64 bits from 0 on")
        }
        guard let value = ClickNumber.decimal(UnsafeRawBufferPointer(rebasing: text[(last + 1)...])) else {
            throw wrong("whose value is not a finite number")
        }
        guard Float(value).isFinite else { throw wrong("whose value is beyond numbers of 32 bits") }
        // What is 0 adds nothing: these formats leave it out.
        guard Float(value) != 0 else { return }
        keys.append(key.key(index))
        values.append(Float(value))
        if value != 1 { isAllOne = false }
    }
}

/// Numbers in lines of clicks.
enum ClickNumber {
    /// Digits with a sign or without; nil for anything else, and beyond 64 bits.
    static func whole(_ text: UnsafeRawBufferPointer) -> Int64? {
        var place = 0
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative || text.first == UInt8(ascii: "+") { place = 1 }
        guard place < text.count else { return nil }
        var number: Int64 = 0
        while place < text.count {
            let digit = text[place] &- 0x30
            guard digit < 10 else { return nil }
            let (tens, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isAbove) = tens.subtractingReportingOverflow(Int64(digit))
            // Below 0, where there is one number more.
            guard !isTooLarge, !isAbove else { return nil }
            number = sum
            place += 1
        }
        guard !isNegative else { return number }
        return number == .min ? nil : -number
    }

    /// A finite decimal number, with an exponent or without; nil for anything else.
    static func decimal(_ text: UnsafeRawBufferPointer) -> Double? {
        if text.count <= 15, let whole = whole(text) { return Double(whole) }
        guard text.count <= 400 else { return nil }
        // Neither hexadecimal digits nor words, which `Double` knows too.
        for byte in text {
            switch byte {
            case 0x30...0x39, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "e"),
                UInt8(ascii: "E"):
                continue
            default: return nil
            }
        }
        if let short = short(text) { return short }
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    /// The most frequent ones: up to 15 digits with a point, where one division rounds once (W. Clinger, "How to read floating point
    /// numbers accurately", 1990).
    private static func short(_ text: UnsafeRawBufferPointer) -> Double? {
        guard text.count <= 16 else { return nil }
        var (number, digits, point): (Int, Int, Int?) = (0, 0, nil)
        let isNegative = text.first == UInt8(ascii: "-")
        for place in (isNegative || text.first == UInt8(ascii: "+") ? 1 : 0)..<text.count {
            if text[place] == UInt8(ascii: "."), point == nil {
                point = digits
                continue
            }
            let digit = text[place] &- 0x30
            guard digit < 10, digits < 15 else { return nil }
            number = 10 * number + Int(digit)
            digits += 1
        }
        guard digits > 0 else { return nil }
        let value = Double(number) / powers[point.map { digits - $0 } ?? 0]
        return isNegative ? -value : value
    }

    private static let powers: [Double] = (0...15).map { power in (0..<power).reduce(1) { product, _ in product * 10 } }
}
