import Formats
import Testing

@Suite struct CSVTests {
    @Test(arguments: [
        ("a b", "a b"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""), ("a\r\nb", "\"a\r\nb\""),
        ("", ""),
    ])
    func aFieldIsInQuotationMarksIfItHasToBe(_ text: String, field: String) {
        #expect(csvField(text) == field)
    }

    @Test func rowsEndInALineFeed() {
        #expect(csvLines([["a", "b,c"], ["1", "2"]]) == "a,\"b,c\"\n1,2\n")
        #expect(csvLines([]).isEmpty)
    }
}
