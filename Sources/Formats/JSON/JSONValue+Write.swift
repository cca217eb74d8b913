import Foundation

extension JSONValue {
    /// How a value is written. All styles write numbers in as many digits as it takes to read the same bits again.
    public enum Style: Sendable {
        /// Nothing between: a line of a session. Numbers that JSON has not are texts: "nan", "inf", "-inf".
        case compact
        /// A blank after the commas and colons of objects. Numbers that JSON has not are null, here and below.
        case spaced
        /// As Foundation's `JSONSerialization` and `JSONEncoder` write it, byte for byte: whole numbers without a point, slashes with
        /// a backslash before them.
        case foundation
        /// The same as `prettyPrinted`: a line for each entry.
        case foundationIndented

        fileprivate var isFoundation: Bool { self == .foundation || self == .foundationIndented }
    }

    /// The value as text.
    public func written(_ style: Style) -> String {
        var writer = JSONWriter(style: style)
        writer.write(self)
        return writer.text
    }

    /// The value as compact text, on one line.
    public var line: String { written(.compact) }
}

private struct JSONWriter {
    let style: JSONValue.Style
    private(set) var text = ""
    private var depth = 0

    init(style: JSONValue.Style) { self.style = style }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .number(let number): write(number)
        case .whole(let number): text += "\(number)"
        case .digits(let digits): text += digits
        case .text(let words): quote(words)
        case .truth(let truth): text += truth ? "true" : "false"
        case .null: text += "null"
        case .list(let values):
            write("[", values, "]", separator: ",") { writer, value in writer.write(value) }
        case .object(let entries):
            write("{", entries, "}", separator: style == .spaced ? ", " : ",") { writer, entry in
                writer.quote(entry.0)
                writer.text += writer.colon
                writer.write(entry.1)
            }
        }
    }

    private var colon: String {
        switch style {
        case .compact, .foundation: ":"
        case .spaced: ": "
        case .foundationIndented: " : "
        }
    }

    private mutating func write<Element>(
        _ opening: String, _ elements: [Element], _ closing: String, separator: String,
        _ body: (inout JSONWriter, Element) -> Void
    ) {
        text += opening
        depth += 1
        for (index, element) in elements.enumerated() {
            if index > 0 { text += separator }
            breakLine()
            body(&self, element)
        }
        depth -= 1
        // What is empty has an empty line between its brackets.
        if elements.isEmpty, style == .foundationIndented { text += "\n" }
        breakLine()
        text += closing
    }

    private mutating func breakLine() {
        guard style == .foundationIndented else { return }
        text += "\n" + String(repeating: "  ", count: depth)
    }

    private mutating func write(_ number: Double) {
        guard number.isFinite else {
            text += style != .compact ? "null" : number.isNaN ? "\"nan\"" : number < 0 ? "\"-inf\"" : "\"inf\""
            return
        }
        let digits = "\(number)"
        text += style.isFoundation && digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits
    }

    private mutating func quote(_ words: String) {
        text += "\""
        for scalar in words.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            default:
                if style.isFoundation, let mark = Self.marks[scalar] {
                    text += mark
                } else if scalar.value < 0x20 {
                    text += "\\u" + String(format: "%04x", scalar.value)
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }

    /// What Foundation has signs of its own for.
    private static let marks: [Unicode.Scalar: String] = [
        "/": "\\/", "\u{8}": "\\b", "\u{C}": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
    ]
}
