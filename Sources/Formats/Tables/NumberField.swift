import Foundation

/// What a field of a table of numbers says.
///
/// A number has an optional sign (+, - or U+2212), digits with a decimal point or comma, and an exponent after e, E, d
/// or D. Thousands may be set apart, three digits each and no exponent after them: by the mark that is not the decimal
/// one, by apostrophes, or by blanks that do not break (U+00A0, U+202F, U+2009).
package enum NumberField: Equatable {
    /// A mark that can be a decimal one, or between thousands.
    package enum Mark { case point, comma }

    /// Without a mark that says which one is decimal.
    case whole(Double)
    /// Only with a decimal point or only with a decimal comma it is a number.
    case settled(Double, decimal: Mark)
    /// `1,150` and `1.150`: the mark is a decimal one, or thousands are set apart.
    case ambiguous(mark: Mark, decimal: Double, grouped: Double)
    /// Nothing, or a word for a value that is missing.
    case missing
    case percentage
    case infinite
    case text

    package var isNumber: Bool {
        switch self {
        case .whole, .settled, .ambiguous: true
        case .missing, .percentage, .infinite, .text: false
        }
    }

    /// Whether it is written without sign, mark and exponent, as years and numbers of columns are.
    static func isPlainInteger(_ text: some Collection<UInt8>) -> Bool {
        !text.isEmpty && text.count < 10 && text.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }

    /// - Parameter text: in UTF-8; blanks around it do not count.
    static func read(_ text: UnsafeRawBufferPointer) -> NumberField {
        let text = trimmed(text)
        guard !text.isEmpty else { return .missing }
        var place = 0
        var isNegative = false
        if text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") {
            (isNegative, place) = (text[0] == UInt8(ascii: "-"), 1)
        } else if let size = minus(text, at: 0) {
            (isNegative, place) = (true, size)
        }
        let start = place
        skipDigits(text, &place)
        let before = place - start
        var (decimal, after): (Int?, Int) = (nil, 0)
        if place < text.count, text[place] == UInt8(ascii: ".") {
            decimal = place
            place += 1
            let first = place
            skipDigits(text, &place)
            after = place - first
        }
        if before + after > 0, let exponent = exponent(text, from: place) {
            func value(_ decimal: Int?) -> Double {
                Self.value(text, start..<place, decimal: decimal, exponent: exponent, isNegative)
            }
            guard decimal != nil else { return .whole(value(nil)) }
            let looksGrouped =
                after == 3 && place == text.count && (1...3).contains(before) && text[start] != UInt8(ascii: "0")
            return looksGrouped
                ? .ambiguous(mark: .point, decimal: value(decimal), grouped: value(nil))
                : .settled(value(decimal), decimal: .point)
        }
        return withMarks(text, from: start, isNegative) ?? word(text)
    }

    // MARK: - Numbers

    /// A number with commas, with thousands set apart, or with both.
    private static func withMarks(
        _ text: UnsafeRawBufferPointer, from start: Int, _ isNegative: Bool
    ) -> NumberField? {
        // Each mark, with the digits that stand before it.
        var marks: [(kind: Kind, place: Int, digits: Int)] = []
        var place = start
        while place < text.count {
            let first = place
            skipDigits(text, &place)
            guard let (kind, size) = kind(text, at: place) else {
                let digits = place - first
                return finish(text, start..<place, marks, last: digits, isNegative)
            }
            // Nobody writes so many; a long text is not searched to its end.
            guard marks.count < 128 else { return nil }
            marks.append((kind, place, place - first))
            place += size
        }
        return finish(text, start..<place, marks, last: 0, isNegative)
    }

    private enum Kind { case point, comma, blank, apostrophe }

    private static func kind(_ text: UnsafeRawBufferPointer, at place: Int) -> (Kind, size: Int)? {
        guard place < text.count else { return nil }
        switch text[place] {
        case UInt8(ascii: "."): return (.point, 1)
        case UInt8(ascii: ","): return (.comma, 1)
        case UInt8(ascii: "'"): return (.apostrophe, 1)
        // U+00A0 in Latin-1.
        case 0xA0: return (.blank, 1)
        case 0xC2 where place + 1 < text.count && text[place + 1] == 0xA0: return (.blank, 2)
        case 0xE2 where place + 2 < text.count && text[place + 1] == 0x80:
            switch text[place + 2] {
            case 0xAF, 0x89: return (.blank, 3)
            case 0x99: return (.apostrophe, 3)
            default: return nil
            }
        default: return nil
        }
    }

    private static func finish(
        _ text: UnsafeRawBufferPointer, _ mantissa: Range<Int>, _ marks: [(kind: Kind, place: Int, digits: Int)],
        last: Int, _ isNegative: Bool
    ) -> NumberField? {
        guard !marks.isEmpty, let exponent = exponent(text, from: mantissa.upperBound) else { return nil }
        let hasExponent = mantissa.upperBound < text.count
        /// Where the decimal mark is, if all others set thousands apart; nil if they do not.
        func decimal(_ mark: Kind) -> Int?? {
            var groups = marks[...]
            var decimal: Int?
            var end = last
            if let final = groups.last, final.kind == mark {
                guard last > 0 else { return nil }
                (decimal, end) = (final.place, final.digits)
                groups.removeLast()
            }
            guard let first = groups.first else { return .some(decimal) }
            guard first.kind != mark, groups.allSatisfy({ $0.kind == first.kind }), !hasExponent,
                (1...3).contains(first.digits), text[mantissa.lowerBound] != UInt8(ascii: "0"),
                groups.dropFirst().allSatisfy({ $0.digits == 3 }), end == 3
            else { return nil }
            return .some(decimal)
        }
        func value(_ decimal: Int?) -> Double {
            Self.value(text, mantissa, decimal: decimal, exponent: exponent, isNegative)
        }
        switch (decimal(.point), decimal(.comma)) {
        case (nil, nil): return nil
        case (.some(let point), nil): return .settled(value(point), decimal: .point)
        case (nil, .some(let comma)): return .settled(value(comma), decimal: .comma)
        case (.some(nil), .some(nil)): return .whole(value(nil))
        case (.some(let point), .some(let comma)):
            return .ambiguous(
                mark: point == nil ? .comma : .point, decimal: value(point ?? comma), grouped: value(nil))
        }
    }

    /// The number of the digits in a range; other bytes do not count. What stands after `decimal` is behind the decimal
    /// mark.
    ///
    /// - Accuracy: the nearest double. Up to 2⁵³ and 10²² both factors are exact, and one operation rounds once
    ///   (Clinger, "How to read floating point numbers accurately", PLDI 1990); else the C library reads the digits.
    private static func value(
        _ text: UnsafeRawBufferPointer, _ mantissa: Range<Int>, decimal: Int?, exponent: Int, _ isNegative: Bool
    ) -> Double {
        var (number, digits, decimals): (UInt64, Int, Int) = (0, 0, 0)
        for place in mantissa {
            let digit = text[place] &- 0x30
            guard digit < 10 else { continue }
            if digits < 19 { number = number * 10 + UInt64(digit) }
            if number > 0 { digits += 1 }
            if let decimal, place > decimal { decimals += 1 }
        }
        let power = exponent - decimals
        var value: Double
        if digits <= 19, number <= 1 << 53, abs(power) <= 22 {
            value = power < 0 ? Double(number) / powers[-power] : Double(number) * powers[power]
        } else {
            var written = mantissa.compactMap { text[$0] &- 0x30 < 10 ? text[$0] : nil }
            written += Array("e\(power)".utf8)
            value = Double(String(decoding: written, as: UTF8.self)) ?? .nan
        }
        if isNegative { value = -value }
        return value
    }

    private static let powers: [Double] = (0...22).map { power in
        (0..<power).reduce(1) { product, _ in product * 10 }
    }

    /// 0 if nothing follows; nil if what follows is no exponent.
    private static func exponent(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < text.count else { return 0 }
        guard [UInt8](("eEdD").utf8).contains(text[start]) else { return nil }
        var place = start + 1
        var isNegative = false
        if place < text.count, text[place] == UInt8(ascii: "-") || text[place] == UInt8(ascii: "+") {
            isNegative = text[place] == UInt8(ascii: "-")
            place += 1
        } else if let size = minus(text, at: place) {
            isNegative = true
            place += size
        }
        guard place < text.count else { return nil }
        var number = 0
        while place < text.count {
            let digit = text[place] &- 0x30
            guard digit < 10 else { return nil }
            number = min(number * 10 + Int(digit), 1_000_000)
            place += 1
        }
        return isNegative ? -number : number
    }

    private static func skipDigits(_ text: UnsafeRawBufferPointer, _ place: inout Int) {
        while place < text.count, text[place] &- 0x30 < 10 { place += 1 }
    }

    /// The bytes of U+2212.
    private static func minus(_ text: UnsafeRawBufferPointer, at place: Int) -> Int? {
        place + 2 < text.count && text[place] == 0xE2 && text[place + 1] == 0x88 && text[place + 2] == 0x92 ? 3 : nil
    }

    // MARK: - Words

    private static func trimmed(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var (start, end) = (0, text.count)
        /// The bytes of a blank that starts or, with `fromEnd`, ends there.
        func blank(_ place: Int, fromEnd: Bool) -> Int {
            let byte = text[place]
            if byte == 0x20 || byte == 9 || byte == 10 || byte == 13 { return 1 }
            // U+00A0.
            let pair = fromEnd ? place - 1 : place
            return pair >= start && pair + 1 < end && text[pair] == 0xC2 && text[pair + 1] == 0xA0 ? 2 : 0
        }
        while start < end, case let size = blank(start, fromEnd: false), size > 0 { start += size }
        while start < end, case let size = blank(end - 1, fromEnd: true), size > 0 { end -= size }
        return UnsafeRawBufferPointer(rebasing: text[start..<max(start, end)])
    }

    /// As R, pandas, SQL and spreadsheets write it. `Na` is sodium.
    private static let missingWords: Set<String> = [
        "NA", "N/A", "n/a", "na", "NaN", "nan", "NAN", "-nan", "-NaN", "+nan", "<NA>", "#N/A", "#NA", "NULL", "null",
        "Null",
        "None", "none", "nil", "NIL", "NaT", "?", "-", "--", ".", "1.#QNAN", "1.#IND", "-1.#IND", "missing",
    ]
    private static let infiniteWords: Set<String> = ["inf", "infinity", "∞", "1.#inf"]

    private static func word(_ text: UnsafeRawBufferPointer) -> NumberField {
        guard text.count <= 40 else { return .text }
        let word = String(decoding: text, as: UTF8.self)
        if missingWords.contains(word) { return .missing }
        let unsigned = word.first == "-" || word.first == "+" || word.first == "\u{2212}" ? word.dropFirst() : word[...]
        if infiniteWords.contains(unsigned.lowercased()) { return .infinite }
        if word.hasSuffix("%"), read(UnsafeRawBufferPointer(rebasing: text.dropLast())).isNumber { return .percentage }
        return .text
    }
}
