import Formats
import Foundation

extension JSONValue {
    /// Seven digits, which is what 32-bit floats have.
    static func rounded(_ value: Double) -> JSONValue {
        value.isFinite ? .digits(String(format: "%.7g", value)) : .null
    }

    static func rounded(_ values: [String: Double]) -> JSONValue {
        .object(values.sorted { $0.key < $1.key }.map { ($0.key, rounded($0.value)) })
    }
}
