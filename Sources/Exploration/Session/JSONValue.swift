import Foundation

/// JSON as it is written here: keys in the order given, and numbers in as many digits as it takes to read the same bits
/// again. Numbers that JSON has not are texts: "nan", "inf", "-inf".
public indirect enum JSONValue: Sendable {
    /// A number; one that is not finite is written as a text.
    case number(Double)
    /// A whole number, exactly.
    case whole(Int)
    /// A string.
    case text(String)
    /// `true` or `false`.
    case truth(Bool)
    /// An array.
    case list([JSONValue])
    /// Names and values, in the order in which they are written.
    case object([(String, JSONValue)])
    /// `null`
    case null

    /// The value as JSON on one line.
    public var line: String {
        var text = ""
        write(into: &text)
        return text
    }

    private func write(into line: inout String) {
        switch self {
        case .number(let value):
            line += value.isFinite ? "\(value)" : value.isNaN ? "\"nan\"" : value < 0 ? "\"-inf\"" : "\"inf\""
        case .whole(let value): line += "\(value)"
        case .null: line += "null"
        case .truth(let value): line += value ? "true" : "false"
        case .text(let text): Self.quote(text, into: &line)
        case .list(let values):
            line += "["
            for (index, value) in values.enumerated() {
                if index > 0 { line += "," }
                value.write(into: &line)
            }
            line += "]"
        case .object(let entries):
            line += "{"
            for (index, entry) in entries.enumerated() {
                if index > 0 { line += "," }
                Self.quote(entry.0, into: &line)
                line += ":"
                entry.1.write(into: &line)
            }
            line += "}"
        }
    }

    private static func quote(_ text: String, into line: inout String) {
        line += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": line += "\\\""
            case "\\": line += "\\\\"
            case _ where scalar.value < 0x20: line += "\\u" + String(format: "%04x", scalar.value)
            default: line.unicodeScalars.append(scalar)
            }
        }
        line += "\""
    }

    // MARK: - Reading

    subscript(_ key: String) -> JSONValue? {
        guard case .object(let entries) = self else { return nil }
        return entries.first { $0.0 == key }?.1
    }

    var keys: [String] {
        guard case .object(let entries) = self else { return [] }
        return entries.map(\.0)
    }

    /// A number, or one of the texts that stand for those that JSON has not.
    var double: Double? {
        switch self {
        case .number(let value): value
        case .whole(let value): Double(value)
        case .text(let text): ["nan": .nan, "inf": .infinity, "-inf": -.infinity][text]
        default: nil
        }
    }

    var int: Int? {
        switch self {
        case .whole(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var truth: Bool? { if case .truth(let value) = self { value } else { nil } }
    var list: [JSONValue]? { if case .list(let values) = self { values } else { nil } }
}

extension JSONValue: Decodable {
    public init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: Key.self) {
            self = .object(try keyed.allKeys.map { ($0.stringValue, try keyed.decode(JSONValue.self, forKey: $0)) })
            return
        }
        if var list = try? decoder.unkeyedContainer() {
            var values: [JSONValue] = []
            while !list.isAtEnd { values.append(try list.decode(JSONValue.self)) }
            self = .list(values)
            return
        }
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let truth = try? value.decode(Bool.self) {
            self = .truth(truth)
        } else if let whole = try? value.decode(Int.self) {
            self = .whole(whole)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try value.decode(String.self))
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads one JSON text.
    static func reading(_ data: Data) -> JSONValue? { try? JSONDecoder().decode(JSONValue.self, from: data) }
}
