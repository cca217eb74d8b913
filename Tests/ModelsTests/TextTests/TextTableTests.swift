import CLMat
import TestSupport
import Testing

@testable import Models

/// Tables with a column of texts.
@Suite struct TextTableTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func table(_ text: String, _ column: String?, name: String = "t.csv") throws -> Corpus {
        try table(Array(text.utf8), column, name: name)
    }

    private func table(_ bytes: [UInt8], _ column: String?, name: String = "t.csv") throws -> Corpus {
        var options = TextOptions.all
        options.column = column
        return try Corpus.load(folder.write(bytes, name), options)
    }

    @Test func columnsAreDocuments() throws {
        let text = "id,the text,n\n1,\"red, \"\"blue\"\"\nand green\",5\r\n2,,6\n\n3, plain \"x\" ,7"
        for column in ["the text", "2"] {
            let corpus = try table(text, column)
            #expect(try corpus.texts() == ["and:1 blue:1 green:1 red:1", "", "plain:1 x:1"])
            #expect((0..<3).map(corpus.documentName) == ["line 2", "line 4", "line 6"])
        }
        #expect(try table("a;b\n1,5;x y\n", "b").texts() == ["x:1 y:1"])
        #expect(try table("a\tb\n1\t\"x\ty\"\n", "b", name: "t.tsv").texts() == ["x:1 y:1"])
        #expect(try table("\u{FEFF}\"a\",b\nx,y\n", "a").texts() == ["x:1"])
        #expect(try table("a,b\nx,y", "b").texts() == ["y:1"])
        // A name wins over a number.
        #expect(try table("2,1\nx,y\n", "2").texts() == ["x:1"])
        #expect(try table("a,b\n\"x\" ,y\n", "a").texts() == ["x:1"])
    }

    /// Two documents, as many programs write them.
    @Test(arguments: [
        "id,text\n1,red\n2,blue sky\n", "id,text\r\n1,\"red\"\r\n2,\"blue sky\"\r\n", "id,text\r1,red\r2,blue sky\r",
        "id;text\n1;red,\n2;\"blue; sky\"\n", "id|text\n1|red, and;\n2|blue sky\n".replacing("and;", with: ";"),
        "id\ttext\n1\tred,\n2\tblue \"sky\"\n", "sep=;\nid;text\n1;red\n2;blue sky\n",
        "# by hand, 2020, \"\nid,text\n1,red\n2,blue sky\n",
        "#id,text\n1,red\n2,blue sky\n", "id,text\n1,\"\\\"red\\\"\"\n2,\"blue, \\\"sky\\\"\"\n",
        "id,text,\n1,red,\n2,blue sky,\n",
        "id,text\n1,red,\n2,blue sky\n", "\n\nid,text\n\n1,red\n\n2,blue sky\n\n",
        "id, text\n1, \"red\"\n2, \"blue, sky\"\n",
        "id,text\n1,5\" red\n2,6\" blue sky\n",
    ])
    func tablesAreReadAsTheyAreMeant(_ text: String) throws {
        #expect(try table(text, "2").texts() == ["red:1", "blue:1 sky:1"])
        // In UTF-16 with its mark too.
        let units = [0xFEFF] + Array(text.utf16)
        let bytes = units.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        #expect(try table(bytes, "2").texts() == ["red:1", "blue:1 sky:1"])
    }

    @Test func oneColumnNeedsNoName() throws {
        #expect(try table("text\none\ntwo, \n".replacing(", ", with: ""), nil).texts() == ["one:1", "two:1"])
        // Each line is a document, an empty one too, but those at the end.
        let corpus = try table("text\none\n\ntwo\r\n\n\n", nil)
        #expect(try corpus.texts() == ["one:1", "", "two:1"])
        #expect(corpus.documentName(2) == "line 4")
    }

    @Test func namesAreSaid() throws {
        #expect(
            try table("id,text\n1,x\n", "text").notes == [
                "t.csv: line 1 names the columns, and is no document: 'id', 'text'."
            ])
        // A number above numbers is no name, unless it is asked for by it.
        let corpus = try table("0,red\n1,blue\n", "2")
        #expect(try corpus.texts() == ["red:1", "blue:1"])
        #expect(corpus.notes.first?.contains("line 1 is read as a document") == true)
        #expect(try table("0,red\n1,blue\n", "red").texts() == ["blue:1"])
        #expect(try table("id,text,\n1,x,\n", "text").notes.last?.contains("at the end of 1 line,") == true)
        let escaped = try table("a,b\n1,\"x \\\"y\\\" z\"\n", "b")
        #expect(escaped.notes.contains { $0.contains("backslash") })
    }

    @Test func missingColumnsAreListed() throws {
        for column in ["c", "3", "0", "-1", nil] {
            let problem = said { _ = try table("a,b\nx,y\n", column) }
            #expect(problem.contains(": 1 'a', 2 'b'"), "\(problem)")
        }
        let twice = said { _ = try table("text,id,text\n1,2,x\n", "text") }
        #expect(twice.contains("several columns have this name: 1, 3"), "\(twice)")
        #expect(try table("text,id,text\n1,2,x\n", "3").texts() == ["x:1"])
    }

    @Test(arguments: [
        ("a,b\nx,y\nx,y,z\n", "line 3", "3 fields, but line 1 names 2"), ("a,b\nx\n", "line 2", "1 fields"),
        ("a,b\n1,\"x\n\ny", "line 2", "does not end"), ("a,b\n\"x\"y,1\n", "line 2", "text follows"),
        ("a,b\n1,\"x\n2,\"y\"\n3,z\n", "line 2", "line 3"), ("", "line 1", "empty"), ("\n\n", "line 1", "empty"),
    ])
    func damagedTablesAreRefused(_ text: String, place: String, says: String) throws {
        let found = try #require(damage { _ = try table(text, "a") })
        #expect(found.place == place)
        #expect(found.problem.contains(says), "\(found.problem)")
    }

    @Test func otherTextsAreWindows1252() throws {
        let corpus = try table(
            Array("a,b\n1,".utf8) + [0x93, 0x63, 0x61, 0x66, 0xE9, 0x94] + Array("\n2,é\n".utf8), "b")
        #expect(try corpus.texts() == ["café:1", "é:1"])
        #expect(corpus.notes.last == "t.csv: 1 text is not UTF-8, and read as Windows-1252.")
    }

    @Test func damagedCharactersAreSaid() throws {
        let units: [UInt16] = [0xFEFF] + Array("a,b\n1,x ".utf16) + [0xD800] + Array(" y\n".utf16)
        let corpus = try table(
            units.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }, "b")
        #expect(try corpus.texts() == ["x:1 y:1"])
        #expect(corpus.notes.last == "t.csv: characters that are damaged (1) are passed over.")
    }

    /// A field that does not end is not searched for ever, and what the sample cuts off is not damaged.
    @Test func longFieldsAreRead() throws {
        let long = String(repeating: "word ", count: 200_000)
        let corpus = try table("id,text\n1,\"\(long)\"\n2,\"\(long)\n\(long)\"\n", "text")
        #expect(try corpus.texts() == ["word:200000", "word:400000"])
    }
}
