import Exploration
import Foundation

/// The little JSON that is written here: keys in a fixed order, numbers that are none as null.
enum JSON {
    static func string(_ text: String) -> String { JSONValue.text(text).line }

    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        return String(format: "%.7g", value)
    }

    static func strings(_ texts: [String]) -> String { JSONValue.list(texts.map { .text($0) }).line }

    static func object(_ entries: [(String, String)]) -> String {
        "{" + entries.map { "\(string($0.0)): \($0.1)" }.joined(separator: ", ") + "}"
    }

    static func object(_ values: [String: Double]) -> String {
        object(values.sorted { $0.key < $1.key }.map { ($0.key, number($0.value)) })
    }
}
