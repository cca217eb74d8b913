import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct TextCorpusTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    // MARK: - Choosing words

    @Test func wordsAreChosen() throws {
        let path = try folder.write(
            "The cat and the dog\ncat dog bird\ncat cat worm\n\ncat's\n", "pets.txt")
        var options = TextOptions()
        options.minimumDocuments = 1
        options.maximumShare = 1
        // By rank: the documents of a word count, not its tokens; then the alphabet.
        #expect(try Corpus.load(path, options).vocabulary == ["cat", "dog", "bird", "worm"])
        options.order = .alphabetical
        #expect(try Corpus.load(path, options).vocabulary == ["bird", "cat", "dog", "worm"])
        options.minimumDocuments = 2
        let corpus = try Corpus.load(path, options)
        #expect(try corpus.texts() == ["cat:1 dog:1", "cat:1 dog:1", "cat:2", "", "cat:1"])
        #expect(corpus.documentName(3) == "line 4")
        options.maximumShare = 0.4
        #expect(try Corpus.load(path, options).vocabulary == ["dog"])
        options.maximumShare = 1
        options.vocabularySize = 1
        #expect(try Corpus.load(path, options).vocabulary == ["cat"])
        options.minimumTokens = 2
        let long = try Corpus.load(path, options)
        #expect((0..<long.count).map(long.documentName) == ["line 3"])
    }

    @Test func stopWordsAreLeftOut() throws {
        let path = try folder.write("The don't CAT Cat\n", "a.txt")
        var options = TextOptions.all
        #expect(try Corpus.load(path, options).vocabulary == ["cat", "don't", "the"])
        options.stopWords = .english
        #expect(try Corpus.load(path, options).vocabulary == ["cat"])
        options.keepsCase = true
        #expect(try Corpus.load(path, options).vocabulary == ["CAT", "Cat"])
        options.stopWords = .file(try folder.write("Cat don't\r\nThe\n", "stop.txt"))
        #expect(try Corpus.load(path, options).vocabulary == ["CAT"])
        options.keepsCase = false
        options.stopWords = .words(["the", "cat"])
        #expect(try Corpus.load(path, options).vocabulary == ["don't"])
        options.stopWords = .file("\(folder.path)/none")
        #expect(thrownCase { _ = try Corpus.load(path, options) } == "fileMissing")
    }

    @Test func whatLeavesNothingIsSaid() throws {
        let path = try folder.write("red green\nred blue\n", "a.txt")
        func says(_ words: String, _ change: (inout TextOptions) -> Void) {
            var options = TextOptions.all
            change(&options)
            let problem = said { _ = try Corpus.load(path, options) }
            #expect(problem.contains(words), "\(problem)")
        }
        says("3 are in fewer than 5 documents (minimumDocuments)") { $0.minimumDocuments = 5 }
        says("1 in more than 0.5 of them (maximumShare)") { ($0.minimumDocuments, $0.maximumShare) = (2, 0.5) }
        says("3 are stop words (stopWords)") { $0.stopWords = .words(["red", "green", "blue"]) }
        says("no words of 9 to 20 letters (minimumLength, maximumLength)") { $0.minimumLength = 9 }
        says("No document of a.txt has 3 tokens of the words kept (minimumTokens)") { $0.minimumTokens = 3 }
        says("'0' is not a value for minimumLength") { $0.minimumLength = 0 }
        says("not a value for maximumLength") { $0.maximumLength = 0 }
        says("not a value for minimumDocuments") { $0.minimumDocuments = 0 }
        says("not a value for maximumShare") { $0.maximumShare = .nan }
        says("not a value for minimumTokens") { $0.minimumTokens = -1 }
        says("not a value for vocabularySize") { $0.vocabularySize = 0 }
        try folder.write("", "empty.txt")
        #expect(said { _ = try Corpus.load("\(folder.path)/empty.txt") }.contains("empty.txt holds no documents"))
    }

    /// Counts that are kept in a file are the same.
    @Test func largeTextsAreSpooled() throws {
        func build(memoryLimit: Int) throws -> Corpus {
            var builder = try TextCorpusBuilder(.all, memoryLimit: memoryLimit)
            for document in 0..<300 {
                let text = (0..<document % 17).map { "w" + String(repeating: "x", count: ($0 * document) % 13) }
                builder.add(Array(text.joined(separator: " ").utf8))
                try builder.endDocument()
            }
            return try builder.finish(name: "", names: .numbered("document"))
        }
        let (small, large) = (try build(memoryLimit: 1 << 20), try build(memoryLimit: 64))
        #expect(small.checksum == large.checksum)
        #expect(try small.rows(0..<300) == large.rows(0..<300))
    }

    // MARK: - Files

    @Test func linesAreDocuments() throws {
        let text = "\u{FEFF}äpple\r\n\nlast one"
        for path in [
            try folder.write(text, "a.txt"), try folder.write(folder.packed([UInt8](text.utf8)), "a.txt.gz"),
        ] {
            #expect(try Corpus.load(path, .all).texts() == ["äpple:1", "", "last:1 one:1"])
        }
        let path = try folder.write([0x61, 0x0A, 0x62, 0xE9, 0x0A], "latin.txt")
        let found = try #require(damage { _ = try Corpus.load(path, .all) })
        #expect(found.place == "line 2")
        #expect(found.problem.contains("byte 2 is not UTF-8"))
    }

    /// Lines that are longer than a block, end at its end, or start there.
    @Test(arguments: [1, 2, 3, 5, 8, 64])
    func linesAreCutWhereverBlocksEnd(block: Int) throws {
        let lines = ["", "a", "bcd", "", "efghijklmno", "pq", "r"]
        for end in ["\n", "\r\n"] {
            let path = try folder.write(lines.joined(separator: end), "lines")
            let reader = try LineReader(path, block: block)
            var found: [String] = []
            while let line = try reader.next() { found.append(String(decoding: line, as: UTF8.self)) }
            #expect(found == lines)
            #expect(reader.line == lines.count)
        }
        let long = try LineReader(folder.write("a\nbcdefghijklmn", "long"), longest: 4, block: 4)
        _ = try long.next()
        #expect(damage { _ = try long.next() }?.place == "line 2")
    }

    @Test func foldersAreReadInOrder() throws {
        try folder.write("pear", "set/b/2")
        try folder.write("plum", "set/b/10")
        try folder.write("apple", "set/a.txt")
        try folder.write([0x63, 0x61, 0x66, 0xE9], "set/c")
        try folder.write([0x61, 0, 0x62], "set/binary")
        try folder.write("hidden", "set/.hidden")
        try folder.write(folder.packed(Array("packed".utf8)), "set/d.gz")
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/set/circle", withDestinationPath: "\(folder.path)/set")
        let corpus = try Corpus.load("\(folder.path)/set", .all)
        #expect(corpus.name == "set")
        #expect((0..<corpus.count).map(corpus.documentName) == ["a.txt", "b/10", "b/2", "c", "d.gz"])
        #expect(try corpus.texts() == ["apple:1", "plum:1", "pear:1", "café:1", "packed:1"])
        #expect(corpus.notes == ["1 file is not UTF-8, and read as Latin-1", "1 file is binary, and passed over"])
        try FileManager.default.createDirectory(atPath: "\(folder.path)/none", withIntermediateDirectories: true)
        #expect(said { _ = try Corpus.load("\(folder.path)/none") }.contains("holds no text files"))
    }

    @Test func otherFilesAreRefused() throws {
        let path = try folder.write("x", "a.pdf")
        #expect(said { _ = try Corpus.load(path) }.contains("a .csv or .tsv"))
        #expect(thrownCase { _ = try Corpus.load("\(folder.path)/none.txt") } == "fileMissing")
        #expect(thrownCase { _ = try Corpus.load(folder.write("x", "vocab.a.txt")) } == "invalidValue")
        #expect(thrownCase { _ = try Corpus.load("") } == "unknownName")
    }

    // MARK: - Tables

    private func table(_ text: String, _ column: String?, name: String = "t.csv") throws -> Corpus {
        var options = TextOptions.all
        options.column = column
        return try Corpus.load(folder.write(text, name), options)
    }

    @Test func columnsAreDocuments() throws {
        let text = "id,the text,n\n1,\"red, \"\"blue\"\"\nand green\",5\r\n2,,6\n\n3, plain \"x\" ,7"
        for column in ["the text", "2"] {
            let corpus = try table(text, column)
            #expect(try corpus.texts() == ["and:1 blue:1 green:1 red:1", "", "plain:1 x:1"])
            #expect((0..<3).map(corpus.documentName) == ["line 2", "line 4", "line 6"])
        }
        #expect(try table("text\none\n\ntwo\r\n", nil).texts() == ["one:1", "two:1"])
        #expect(try table("a;b\n1,5;x y\n", "b").texts() == ["x:1 y:1"])
        #expect(try table("a\tb\n1\t\"x\ty\"\n", "b", name: "t.tsv").texts() == ["x:1 y:1"])
        #expect(try table("\u{FEFF}\"a\",b\nx,y\n", "a").texts() == ["x:1"])
        #expect(try table("a,b\nx,y", "b").texts() == ["y:1"])
        // A name wins over a number.
        #expect(try table("2,1\nx,y\n", "2").texts() == ["x:1"])
        #expect(try table("a,b\n\"x\" ,y\n", "a").texts() == ["x:1"])
    }

    @Test func missingColumnsAreListed() throws {
        for column in ["c", "3", "0", "-1", nil] {
            let problem = said { _ = try table("a,b\nx,y\n", column) }
            #expect(problem.contains("one of the columns: 1 'a', 2 'b'"), "\(problem)")
        }
    }

    @Test(arguments: [
        ("a,b\nx,y\nx,y,z\n", "line 3", "3 fields, but the first line names 2"), ("a,b\nx\n", "line 2", "1 fields"),
        ("a,b\n1,\"x\n\ny", "line 2", "does not end"), ("a,b\n\"x\"y,1\n", "line 2", "text follows"),
        ("", "line 1", "empty"),
    ])
    func damagedTablesAreRefused(_ text: String, place: String, says: String) throws {
        let found = try #require(damage { _ = try table(text, "a") })
        #expect(found.place == place)
        #expect(found.problem.contains(says), "\(found.problem)")
    }

    @Test func tablesAreUTF8() throws {
        let path = try folder.write(Array("a,b\n1,\"x\n".utf8) + [0xE9] + Array("\"\n".utf8), "t.csv")
        var options = TextOptions.all
        options.column = "b"
        #expect(damage { _ = try Corpus.load(path, options) }?.place == "line 3")
    }
}
