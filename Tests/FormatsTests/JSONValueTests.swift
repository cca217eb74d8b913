import Formats
import Foundation
import Testing

@Suite struct JSONValueTests {
    @Test func aLineIsInTheOrderGiven() {
        let value = JSONValue.object([
            ("b", .whole(-3)), ("a", .list([.number(1), .number(0.1), .truth(false), .null])), ("c", .object([])),
        ])
        #expect(value.line == #"{"b":-3,"a":[1.0,0.1,false,null],"c":{}}"#)
    }

    @Test func textsAreQuoted() {
        #expect(JSONValue.text("a\"b\\c/d\n\u{1}é").line == #""a\"b\\c/d\u000a\u0001é""#)
    }

    /// JSON has no such numbers, but a session does.
    @Test func numbersThatAreNoneAreTexts() throws {
        let list = JSONValue.list([.number(.nan), .number(.infinity), .number(-.infinity)])
        #expect(list.line == #"["nan","inf","-inf"]"#)
        let again = try #require(JSONValue.reading(Data(list.line.utf8))?.list?.map(\.double))
        #expect(again[0]?.isNaN == true && again[1] == .infinity && again[2] == -.infinity)
    }

    @Test(arguments: [0.1, 1e300, -5e-324, 123456789.125, 1.0 / 3])
    func numbersComeBackBitForBit(number: Double) {
        let again = JSONValue.reading(Data(JSONValue.list([.number(number)]).line.utf8))
        #expect(again?.list?.first?.double?.bitPattern == number.bitPattern)
    }

    @Test func whatIsReadIsFoundByItsName() {
        let value = JSONValue.reading(Data(#"{"a": 1, "b": [true, "x"], "c": null, "d": 2.0}"#.utf8))
        #expect(value?["a"]?.int == 1 && value?["d"]?.int == 2 && value?["a"]?.text == nil)
        #expect(value?["b"]?.list?.first?.truth == true && value?["b"]?.list?.last?.text == "x")
        #expect(value?["e"] == nil && value?.keys.sorted() == ["a", "b", "c", "d"])
        #expect(JSONValue.reading(Data("{".utf8)) == nil)
    }

    @Test(arguments: [
        ("[1,\n 2 3]", "line 2, column 4"), ("{\"a\": }", "line 1, column 7"), ("[1] 2", "line 1, column 5"),
    ])
    func theFirstFaultIsNamed(_ text: String, place: String) {
        #expect(JSONPlace.ofError(in: Array(text.utf8))?.place == place)
        #expect(JSONPlace.ofError(in: Array("[]".utf8)) == nil)
    }
}
