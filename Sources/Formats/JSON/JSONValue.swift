import Foundation

/// A value of JSON. An object's entries are in the order given.
public indirect enum JSONValue: Sendable {
    /// A number; one that is not finite is written as a text.
    case number(Double)
    /// A whole number, exactly.
    case whole(Int)
    /// A number that is written with these digits, where neither of the others has them: rounded, or beyond `Int`.
    case digits(String)
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

    // MARK: - Reading

    /// The value of an object's first entry of this name; nil if there is none, or it is no object.
    public subscript(_ key: String) -> JSONValue? {
        guard case .object(let entries) = self else { return nil }
        return entries.first { $0.0 == key }?.1
    }

    /// The names of an object's entries; none of what is no object.
    public var keys: [String] {
        guard case .object(let entries) = self else { return [] }
        return entries.map(\.0)
    }

    /// A number, or one of the texts that stand for those that JSON has not.
    public var double: Double? {
        switch self {
        case .number(let value): value
        case .whole(let value): Double(value)
        case .digits(let digits): Double(digits)
        case .text(let text): ["nan": .nan, "inf": .infinity, "-inf": -.infinity][text]
        default: nil
        }
    }

    /// A whole number, however it is written.
    public var int: Int? {
        switch self {
        case .whole(let value): value
        case .number(let value): Int(exactly: value)
        case .digits(let digits): Int(digits)
        default: nil
        }
    }

    /// What a text says; nil if it is none.
    public var text: String? { if case .text(let text) = self { text } else { nil } }
    /// Whether it is `true`; nil if it is no truth value.
    public var truth: Bool? { if case .truth(let value) = self { value } else { nil } }
    /// The values of a list; nil if it is none.
    public var list: [JSONValue]? { if case .list(let values) = self { values } else { nil } }
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

    /// Reads one JSON text; nil if it is none. ``JSONPlace`` says where it stops being one.
    public static func reading(_ data: Data) -> JSONValue? { try? JSONDecoder().decode(JSONValue.self, from: data) }
}
