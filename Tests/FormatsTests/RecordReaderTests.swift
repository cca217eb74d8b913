import CLMat
import TestSupport
import Testing

@testable import Formats

@Suite struct RecordReaderTests {
    /// The rows of a text, which comes in one piece.
    private func rows(_ text: String, _ separator: Character? = ",", escapes: Bool = false) throws(CLMatError)
        -> [[String]]
    {
        let dialect = Dialect(separator: separator?.asciiValue, escapes: escapes)
        var reader = RecordReader("t.csv", dialect, block: Array(text.utf8), place: 0, line: 1, text: nil)
        var record = TableRecord()
        var rows: [[String]] = []
        while try reader.next(&record) { rows.append((0..<record.count).map(record.text)) }
        return rows
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func linesAreRows(end: String) throws {
        #expect(try rows("a,b\(end)c,\(end)\(end),d") == [["a", "b"], ["c", ""], [""], ["", "d"]])
        #expect(try rows("a\(end)") == [["a"]])
        #expect(try rows("\(end)") == [[""]])
        #expect(try rows("") == [])
        #expect(try rows("\"a\(end)\(end)b\",c\(end)d,e\(end)") == [["a\(end)\(end)b", "c"], ["d", "e"]])
        #expect(try rows("\"\"\(end)") == [[""]])
    }

    @Test func quotationMarks() throws {
        #expect(try rows("\"a,b\",\"c \"\"d\"\" e\"") == [["a,b", "c \"d\" e"]])
        #expect(try rows("a 5\" pipe,b\"\"c") == [["a 5\" pipe", "b\"\"c"]])
        #expect(try rows("x, \"a,b\" ,y") == [["x", "a,b", "y"]])
        #expect(try rows("\"\"\"\"") == [["\""]])
        #expect(try rows("\"a \\\"b\\\", c\\\\\",d", escapes: true) == [["a \"b\", c\\", "d"]])
        #expect(try rows("a;\"b;c\";d", ";") == [["a", "b;c", "d"]])
    }

    @Test func blanksSetFieldsApart() throws {
        #expect(
            try rows("  1  2\t3 \n4 5 6\n \n\"a b\" c d", nil) == [
                ["1", "2", "3"], ["4", "5", "6"], [""], ["a b", "c", "d"],
            ])
    }

    @Test(arguments: [
        ("a\n\"b\n\nc", "line 2", "does not end"), ("a\nb\n\"c\"d,e", "line 3", "text follows"),
        ("a,\"b\nc\"d\n", "line 1", "line 2"),
    ])
    func marksThatDoNotFitAreRefusedWhereTheyOpen(_ text: String, place: String, says: String) throws {
        let found = try #require(damage { _ = try rows(text) })
        #expect(found.place == place)
        #expect(found.problem.contains(says), "\(found.problem)")
    }

    @Test func linesAreCounted() throws {
        var reader = RecordReader(
            "t", Dialect(separator: UInt8(ascii: ",")), block: Array("a\r\n\"b\r\nc\",d\r\r\n\"e\n\",\"f\"\n".utf8),
            place: 0, line: 5,
            text: nil)
        var record = TableRecord()
        var lines: [[Int]] = []
        while try reader.next(&record) { lines.append([record.line] + (0..<record.count).map(record.line(of:))) }
        #expect(lines == [[5, 5], [6, 6, 7], [8, 8], [9, 9, 10]])
    }

    /// Rows that end where a block ends, and UTF-16 that is cut inside a character.
    @Test func blocksAreCutAnywhere() throws {
        let folder = try TemporaryFolder()
        let row = "\"äöü 😀\",2\r\n"
        let count = (3 << 20) / row.utf8.count
        let text = "\u{FEFF}" + String(repeating: row, count: count)
        let utf16 = text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        for bytes in [Array(text.utf8), utf16] {
            let path = try folder.write(bytes, "t.csv")
            let opening = try TableOpening(path)
            var reader = opening.reader(Dialect(separator: UInt8(ascii: ",")))
            var record = TableRecord()
            var found = 0
            while try reader.next(&record) {
                guard record.count == 2, record.text(0) == "äöü 😀", record.text(1) == "2" else {
                    Issue.record("row \(found): \(record.text(0))")
                    return
                }
                found += 1
            }
            #expect(found == count)
        }
    }

    @Test func damagedUTF16IsRefused() throws {
        let folder = try TemporaryFolder()
        // "1", a line break, and half a character; or half a unit.
        for end in [[0x32], [0, 0xD8], [0, 0xDC], [0, 0xD8, 0x32, 0]] as [[UInt8]] {
            let path = try folder.write([0xFF, 0xFE, 0x31, 0, 0x0A, 0] + end, "t.csv")
            #expect(damage { _ = try CSVTable(path) }?.place == "line 2, column 1")
        }
    }
}
