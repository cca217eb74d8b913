import CLMat
import TestSupport
import Testing

@testable import Formats

@Suite struct CSVTableTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// All numbers, a row for each point, as far as floats tell.
    private func table(_ text: String, _ name: String = "t.csv") throws -> CSVTable {
        try CSVTable(folder.write(text, name))
    }

    private func points(_ table: CSVTable) throws -> [[Float]] {
        let values = try table.rows((0..<Int32(table.count)).map { $0 }, on: .cpu).values
        return (0..<table.count).map { Array(values[$0 * table.columns..<($0 + 1) * table.columns]) }
    }

    private func points(_ text: String, _ name: String = "t.csv") throws -> [[Float]] { try points(table(text, name)) }

    private func expect(
        _ text: String, isRefusedAt place: String, _ words: String, _ location: SourceLocation = #_sourceLocation
    ) {
        guard let found = damage({ _ = try table(text) }) else {
            Issue.record("'\(text)' was taken", sourceLocation: location)
            return
        }
        #expect(found.place == place, "\(found.problem)", sourceLocation: location)
        #expect(found.problem.contains(words), "\(found.problem)", sourceLocation: location)
    }

    /// Two groups, as many programs write them.
    @Test(arguments: [
        "a,b\n1.5,2.5\n7.5,8.5\n", "1.5,2.5\n7.5,8.5", "a;b\r\n1,5;2,5\r\n7,5;8,5\r\n", "1,5;2,5\n7,5;8,5\n",
        "\"1,5\";\"2,5\"\n\"7,5\";\"8,5\"\n", "1,5\t2,5\n7,5\t8,5\n", "1,5|2,5\n7,5|8,5\n", "1,5 2,5\n7,5 8,5\n",
        "1.5 2.5\n7.5 8.5\n",
        "  1.5   2.5 \n\t7.5\t 8.5\n", "\"1,5\",\"2,5\"\n\"7,5\",\"8,5\"\n", "\u{FEFF}a,b\r\n1.5,2.5\r\n7.5,8.5\r\n",
        "a,b\r1.5,2.5\r7.5,8.5\r", "+1.5, +2.5\n+7.5, +8.5\n", "1.500e+00,2.5E0\n0.75D+01,8.5d0\n",
        "# made by me, \"today\na,b\n1.5,2.5\n7.5,8.5\n", "\n\na,b\n\n1.5,2.5\n\n\n7.5,8.5\n\n",
        "a,b,\n1.5,2.5,\n7.5,8.5,\n",
        "a,b\n1.5,2.5,\n7.5,8.5,\n", "1.5,2.5,,\n7.5,8.5,,\n", "1.5,2.5\n7.5,8.5,\n,\n",
        "sep=;\na;b\n1.5;2.5\n7.5;8.5\n",
        "\"sep=;\"\n1,5;2,5\n7,5;8,5\n", "sep=:\na:b\n1.5:2.5\n7.5:8.5\n", ",a,b\n0,1.5,2.5\n1,7.5,8.5\n",
        "\"\",\"a\",\"b\"\n\"1\",1.5,2.5\n\"2\",7.5,8.5\n", "\"a\" \"b\"\n\"1\" 1.5 2.5\n\"2\" 7.5 8.5\n",
        ",0,1\n0,1.5,2.5\n1,7.5,8.5\n",
        "Unnamed: 0,a,b\n7,1.5,2.5\n3,7.5,8.5\n", "\"\",\"a\",\"b\"\n\"Fiat\",1.5,2.5\n\"VW\",7.5,8.5\n",
        "\"a;b\";\"c,d\"\n1,5;2,5\n7,5;8,5\n",
        "a;b\n1.5;2.5\n7.5;8.5\n", "name,2020\n1.5,2.5\n7.5,8.5\n",
    ])
    func tablesAreReadAsTheyAreMeant(_ text: String) throws {
        let table = try table(text)
        #expect(try points(table) == [[1.5, 2.5], [7.5, 8.5]])
        #expect(table.columnNames.count == 2)
    }

    @Test func encodingsAreRead() throws {
        let text = "\u{FEFF}größe,b\n1.5,2.5\n7.5,8.5\n"
        let little = text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        let big = text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        let latin = Array("gr".utf8) + [0xF6, 0xDF] + Array("e,b\n1.5,2.5\n7.5,8.5\n".utf8)
        for bytes in [Array(text.utf8), little, big, latin, try folder.packed(little)] {
            let table = try CSVTable(folder.write(bytes, "t.csv"))
            #expect(try points(table) == [[1.5, 2.5], [7.5, 8.5]])
            #expect(table.columnNames == ["größe", "b"])
        }
        // Without a mark nothing says what it is.
        let path = try folder.write(Array("1,2\r\n".utf16).flatMap { [UInt8($0), 0] }, "t.csv")
        #expect(damage { _ = try CSVTable(path) }?.place == "byte 1")
    }

    // MARK: - Marks in numbers

    @Test func thousandsAreSetApart() throws {
        #expect(try points("\"1,150\",\"2,250\"\n\"1,160\",\"2,240\"\n") == [[1150, 2250], [1160, 2240]])
        #expect(try points("a,b\n\"1,150\",7\n\"1,150,000\",8\n") == [[1150, 7], [1_150_000, 8]])
        #expect(try points("1\u{A0}150;2,5\n900;3\n") == [[1150, 2.5], [900, 3]])
        #expect(try points("1\u{202F}150;2\u{2009}250\n") == [[1150, 2250]])
        #expect(try points("1.150,5;2\n1.150,25;3\n") == [[1150.5, 2], [1150.25, 3]])
        #expect(
            try table("\"1,150\",\"2,250\"\n").notes.contains {
                $0.contains("marks between thousands, as in '1,150', line 1")
            })
    }

    /// What a mark means, other numbers of the column say, or else those of other columns.
    @Test func marksAreSettledByOtherNumbers() throws {
        #expect(try points("1,150;x\n".replacing("x", with: "1") + "1,5;2\n") == [[1.15, 1], [1.5, 2]])
        #expect(try points("1,150;2,5\n900;3,5\n") == [[1.15, 2.5], [900, 3.5]])
        #expect(try points("1,150;2.5\n900;3.5\n") == [[1150, 2.5], [900, 3.5]])
        #expect(try points("1.150;2,5\n1.250;3,5\n") == [[1150, 2.5], [1250, 3.5]])
        #expect(try points("1.150;2.500\n1.250;3.500\n") == [[1.15, 2.5], [1.25, 3.5]])
        #expect(try points("\"1,150\",\"2,5\"\n\"1,250\",\"3,5\"\n") == [[1.15, 2.5], [1.25, 3.5]])
        // The last line settles the first.
        let long = String(repeating: "1,150;1\n", count: 3000)
        #expect(try points(long + "0,5;1\n")[0] == [1.15, 1])
        expect(
            "1,150;2,250\n1,160;2,240\n", isRefusedAt: "line 1, column 1", "can be a number with decimals, or thousands"
        )
        expect("a;b\n5;7\n\n5;1,150\n", isRefusedAt: "line 4, column 2 ('b')", "'1,150'")
        expect("1,150;1.5;2,5\n", isRefusedAt: "line 1, column 1", "'1,150'")
        expect("a;b\n1.5;2.5\n1,5;2\n", isRefusedAt: "line 3, column 1 ('a')", "line 2 has a decimal point")
        expect("1,5;2\n1.5;2\n", isRefusedAt: "line 2, column 1", "line 1 has a decimal comma")
    }

    @Test func commasNeverMakeOtherColumns() throws {
        // One column with decimal commas under a name, and rows that use both marks.
        expect("a\n1,5\n2,5\n", isRefusedAt: "line 2", "if a comma is a decimal one")
        expect("1,5;2,5\n1,5,2,5\n", isRefusedAt: "line 2", "1 field, but most lines have 2")
        expect("1,2;3\n4,5;6\n7;8\n9\n", isRefusedAt: "line 4", "1 field")
        #expect(try table("1,5;2,5\n").columns == 2)
        #expect(try table("1;2\n").columns == 2)
        // Two columns, or one with decimal commas: nothing tells, so it is said.
        #expect(try table("1,5\n2,5\n").notes.first?.contains("two columns of whole numbers") == true)
        #expect(try table("1;5\n2;5\n").notes.isEmpty)
    }

    // MARK: - The first line

    @Test func namesAreSaid() throws {
        let named = try table("a,b\n1,2\n3,4\n")
        #expect(named.notes == ["t.csv: line 1 names the columns, and is no point: 'a', 'b'."])
        #expect(named.columnNames == ["a", "b"] && named.count == 2)
        #expect(try table("1,2,3\n3,4,5\n").notes.isEmpty && table("1.0,2\n3,4\n").notes.isEmpty)
        #expect(try table("1,2\n3,4\n").columnNames == ["column 1", "column 2"])
        #expect(try table("name,2019,2020\n1,2,3\n4,5,6\n").columnNames == ["name", "2019", "2020"])
        #expect(try table("name,2019-20,2020-21\n1,2,3\n4,5,6\n").columnNames == ["name", "2019-20", "2020-21"])
        #expect(try table("\n# x\na;b\n1;2\n").notes.count == 2)
    }

    @Test func numbersAreNoNames() throws {
        let years = try table("2019,2020\n1.5,2.5\n1.6,2.4\n")
        #expect(years.count == 3)
        #expect(
            years.notes == [
                "t.csv: line 1 holds whole numbers above decimals, and is read as a point; if it names the columns, give it names with letters."
            ])
        #expect(try table("1,2\n3,4\n").count == 2)
        // A mistake in the first point does not make it a name.
        expect("1.5,x\n1,2\n", isRefusedAt: "line 1, column 2", "'x' is not a number")
        expect("1,\n3,4\n", isRefusedAt: "line 1, column 2", "the field is empty")
        expect("NA,NA\n1.5,2.5\n", isRefusedAt: "line 1, column 1", "the value is missing ('NA')")
        #expect(thrownCase { _ = try table("a,b\n") } == "dataMismatch")
        #expect(thrownCase { _ = try table("") } == "dataMismatch")
        #expect(thrownCase { _ = try table("# nothing\n\n") } == "dataMismatch")
    }

    @Test func numbersOfRowsAreLeftOut() throws {
        #expect(
            try table(",a\n0,5\n1,6\n").notes.last
                == "t.csv: column 1 has no name and numbers the rows; it is left out.")
        // The place is the one in the file.
        expect(",a,b\n0,5,6\n1,7,x\n", isRefusedAt: "line 3, column 3 ('b')", "'x'")
        let used = try table(",a\n0.5,5\n1.5,6\n")
        #expect(
            used.columns == 2 && used.notes.last == "t.csv: column 1 has no name; it is used as a column as the others."
        )
        #expect(try table(",a\n1,5\n1,6\n").columns == 2)
        #expect(try table("\"\",a\nx,5\ny,6\n").notes.last?.contains("holds texts") == true)
    }

    @Test func whatIsPassedOverIsSaid() throws {
        #expect(try table("a,b,\n1,2,\n3,4,\n").notes.last == "t.csv: column 3 is empty throughout, and left out.")
        #expect(
            try table("1,2\n3,4.5,,\n").notes == [
                "t.csv: separators at the end of 1 line, with nothing after them, are passed over."
            ])
        #expect(try table("1,2\n,\n3,4.5\n").notes == ["t.csv: 1 line holds separators only, passed over."])
        #expect(try table("1\n\n2\n").notes == ["t.csv: empty lines (1) are passed over."])
        #expect(
            try table("#\n# b\n1,2.5\n").notes == ["t.csv: 2 lines before the table start with #, and are passed over."]
        )
    }

    // MARK: - What is refused

    @Test func damageIsNamedWithItsPlace() {
        expect(
            "a,b\n1.5,2.5\n1.6,\n", isRefusedAt: "line 3, column 2 ('b')", "the field is empty; write a number there")
        expect("a,b\n1.5,2.5\n1.6,NULL\n", isRefusedAt: "line 3, column 2 ('b')", "missing ('NULL')")
        expect("1.5,2.5\nnan,2\n", isRefusedAt: "line 2, column 1", "missing ('nan')")
        expect("1.5,2.5\n-inf,2\n", isRefusedAt: "line 2, column 1", "not finite")
        expect("name,a\nx,1\ny,2\n", isRefusedAt: "line 2, column 1 ('name')", "leave a column of texts out")
        expect("name,a\n\"x\ny\",1\n", isRefusedAt: "line 2, column 1 ('name')", "'x⏎y' is not a number")
        expect("a,b\nTrue,1\nFalse,2\n", isRefusedAt: "line 2, column 1 ('a')", "'True'")
        expect("1.5%,2.5%\n", isRefusedAt: "line 1, column 1", "percentage")
        // The separator is found all the same.
        expect("1,5 %;2,5 %\n", isRefusedAt: "line 1, column 1", "'1,5 %' is a percentage")
        expect("1,5 €;2,5 €\n", isRefusedAt: "line 1, column 1", "'1,5 €' is not a number as it is written")
        expect("1 150;2 250\n", isRefusedAt: "line 1, column 1", "'1 150' is not a number as it is written")
        expect("d,a\n2020-01-02,1.5\n", isRefusedAt: "line 2, column 1 ('d')", "leave the column out")
        expect("1,2\n3\n", isRefusedAt: "line 2", "1 field, but most lines have 2")
        expect("a,b\n1,2,3\n", isRefusedAt: "line 2", "3 fields, but line 1 names 2 columns")
        expect("1,2\n3,\"4\n5,6\n", isRefusedAt: "line 2", "does not end")
        expect("1,2\n# 3\n", isRefusedAt: "line 2", "1 field")
        expect("1,0x10\n2,3\n", isRefusedAt: "line 1, column 2", "'0x10'")
        expect("1,1e999\n", isRefusedAt: "line 1, column 2", "beyond 64-bit floats")
        expect("1,2\n1,5\u{0}\n", isRefusedAt: "line 2, column 2", "zero bytes")
        expect("1.5e300,2\n7.5e300,8\n", isRefusedAt: "line 1, column 1", "beyond 32-bit floats")
    }

    // MARK: - Values

    @Test func theOriginIsTakenOffInDouble() throws {
        let table = try table("t,v\n1700000000.25,1\n1700000001.5,3\n")
        #expect(try table.mean(of: [0, 1], on: .cpu) == [1_700_000_000.875, 2])
        #expect(try table.rows([1, 0], from: [1_700_000_000, 1], on: .cpu).values == [1.5, 2, 0.25, 0])
        #expect(try table.rows([0], from: [], on: .cpu).values == [Float(1_700_000_000.25), 1])
        #expect(thrownCase { _ = try table.rows([0], from: [1], on: .cpu) } == "invalidArgument")
        // Floats do not reach so far, but they reach from the mean.
        let far = try self.table("1e39\n1.0000001e39\n")
        #expect(try far.rows([0], from: [1e39], on: .cpu).values == [0])
        let found = try #require(damage { _ = try far.rows([1], on: .cpu) })
        #expect(found.place == "line 2, column 1" && found.problem.contains("beyond 32-bit floats"))
    }

    @Test func longTablesKeepTheirLines() throws {
        let rows = (0..<5000).map { "\($0),\($0 % 7).25" + ($0 % 1000 == 999 ? "\n\n" : "\n") }.joined()
        let table = try table("a,b\n" + rows)
        #expect(table.count == 5000)
        #expect(try table.rows([4999], on: .cpu).values == [4999, 1.25])
        let found = try #require(damage { _ = try self.table("a,b\n" + rows + "1,x\n") })
        #expect(found.place == "line 5007, column 2 ('b')")
    }

    @Test func wideTablesAreRead() throws {
        let names = (0..<60_000).map { "gene\($0)" }.joined(separator: "\t")
        let row = (0..<60_000).map { "\($0 % 10)" }.joined(separator: "\t")
        let table = try table("\(names)\n\(row)\n\(row)\n", "t.tsv")
        #expect(table.columns == 60_000 && table.count == 2)
    }
}
