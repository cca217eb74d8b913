import Formats
import Foundation
import Testing

/// What other programs read stays byte for byte what it was when Foundation wrote it.
@Suite struct JSONStyleTests {
    private static let words = "a/b\u{8}\u{C}\n\r\t\u{1}\u{1F}\u{7F}\u{2028}é\"\\😀"
    private static let numbers = [1, -0.0, 0.1, 1e-7, 1e16, 1e21, -123_456_789_012, Double(Float(0.1)), 5e-324]

    private static let value = JSONValue.list([
        .object([
            ("a", .list(numbers.map { .number($0) })), ("b", .text(words)), ("c", .list([])), ("d", .object([])),
            ("e", .list([.truth(true), .null, .whole(.max), .digits("18446744073709551615")])),
        ])
    ])

    private static var object: [[String: Any]] {
        let mixed: [Any] = [true, NSNull(), Int.max, UInt64.max]
        return [["a": numbers, "b": words, "c": [Int](), "d": [String: Int](), "e": mixed]]
    }

    @Test(arguments: [(JSONValue.Style.foundation, false), (.foundationIndented, true)])
    func foundationsStylesAreItsOwn(style: JSONValue.Style, isIndented: Bool) throws {
        let expected = try JSONSerialization.data(
            withJSONObject: Self.object, options: isIndented ? [.sortedKeys, .prettyPrinted] : [.sortedKeys])
        #expect(Self.value.written(style) == String(decoding: expected, as: UTF8.self))
    }

    @Test func theEncoderWritesTheSame() throws {
        let texts = ["--data", "/a b/\"c\"", Self.words]
        let expected = try JSONEncoder().encode(texts)
        #expect(
            JSONValue.list(texts.map { .text($0) }).written(.foundation) == String(decoding: expected, as: UTF8.self))
    }

    @Test func aSpacedLineHasBlanksInObjects() {
        let value = JSONValue.object([
            ("a", .list([.number(1), .text("b")])),
            ("c", .object([("d", .digits("0.5000000")), ("e", .number(.nan))])),
        ])
        #expect(value.written(.spaced) == #"{"a": [1.0,"b"], "c": {"d": 0.5000000, "e": null}}"#)
    }
}
