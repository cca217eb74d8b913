import CLMat
import Formats
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
        let path = try folder.write([0x61, 0x0A, 0x62, 0xE9, 0x0A, 0xC3, 0xA9, 0x0A], "latin.txt")
        let corpus = try Corpus.load(path, .all)
        #expect(try corpus.texts() == ["a:1", "bé:1", "é:1"])
        #expect(corpus.notes == ["1 line is not UTF-8, and read as Windows-1252 (line 2)."])
    }

    @Test func textsOfManyKindsAreLines() throws {
        let lines = "apple pear\nplum"
        for name in ["a.TXT", "a.md", "readme", "a.text"] {
            #expect(try Corpus.load(folder.write(lines, name), .all).texts() == ["apple:1 pear:1", "plum:1"])
        }
        #expect(try Corpus.load(folder.write("apple pear\rplum\r", "cr.txt"), .all).count == 2)
        #expect(
            try Corpus.load(folder.write("apple pear\0\nplum\0\n", "nul.txt"), .all).texts() == [
                "apple:1 pear:1", "plum:1",
            ])
        let wide = try #require(lines.data(using: .utf16))
        #expect(try Corpus.load(folder.write([UInt8](wide), "wide.txt"), .all).texts() == ["apple:1 pear:1", "plum:1"])
        // One line of a million words: more than a block.
        let long = String(repeating: "apple ", count: 1_000_000) + "\n" + lines
        #expect(
            try Corpus.load(folder.write(long, "long.txt"), .all).texts() == [
                "apple:1000000", "apple:1 pear:1", "plum:1",
            ])
    }

    @Test func whatIsNoTextIsRefused() throws {
        let json = "{\"text\": \"apple pear\"}\n{\"text\": \"plum\"}\n"
        for name in ["a.txt", "a.jsonl"] {
            #expect(
                said { _ = try Corpus.load(folder.write(json, name), .all) }.contains("jq -r .text FILE > texts.txt"))
        }
        #expect(try Corpus.load(folder.write("{apple} pear", "braces.txt"), .all).count == 1)
        #expect(said { _ = try Corpus.load("caf\u{FFFD}") }.contains("give a link to it"))
        let bytes = (0...255).map { UInt8($0) }
        #expect(said { _ = try Corpus.load(folder.write(bytes, "b.txt"), .all) }.contains("it is binary, not a text"))
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
        #expect(
            corpus.notes == [
                "1 file is not UTF-8, and read as Windows-1252 (c).",
                "3 files and folders passed over: 1 binary (binary), 1 link to a folder (circle), 1 hidden (.hidden).",
            ])
        try FileManager.default.createDirectory(atPath: "\(folder.path)/none", withIntermediateDirectories: true)
        #expect(said { _ = try Corpus.load("\(folder.path)/none") }.contains("holds no text files"))
    }

    /// The same text in the ways in which people have it gives the same words.
    @Test func encodingsAndSpellingsAgree() throws {
        let text = "cœur café Élève don’t Donaudampf"
        let spellings: [[UInt8]] = [
            [UInt8](text.utf8), [0xEF, 0xBB, 0xBF] + text.utf8, [UInt8](text.decomposedStringWithCanonicalMapping.utf8),
            [UInt8](try #require(text.data(using: .utf16))),
            [0xFE, 0xFF] + [UInt8](try #require(text.data(using: .utf16BigEndian))),
            [UInt8](try #require(text.data(using: .windowsCP1252))),
            [UInt8](text.replacingOccurrences(of: "udampf", with: "u\u{AD}dampf").utf8), [UInt8](text.utf8) + [0],
        ]
        for (number, bytes) in spellings.enumerated() { try folder.write(bytes, "set/\(number).txt") }
        let corpus = try Corpus.load("\(folder.path)/set", .all)
        #expect(
            corpus.vocabulary
                == ["café", "cœur", "donaudampf", "don't", "élève"].sorted {
                    $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
                })
        #expect(try Set(corpus.texts()).count == 1 && corpus.count == 8)
        #expect(corpus.notes == ["1 file is not UTF-8, and read as Windows-1252 (5.txt)."])
    }

    @Test func foreignEncodingsAreSuspected() throws {
        // 机器 学习, in GB 18030.
        let bytes: [UInt8] = [0xBB, 0xFA, 0xC6, 0xF7, 0x20, 0xD1, 0xA7, 0xCF, 0xB0]
        try folder.write(bytes, "set/a.txt")
        try folder.write("apple", "set/b.txt")
        let notes = try Corpus.load("\(folder.path)/set", .all).notes
        #expect(notes.count == 2 && notes[1].contains("1 file is probably in yet another encoding"))
        #expect(notes[1].contains("iconv -f GB18030 -t UTF-8"))
    }

    /// Names that are not UTF-8, and those with a line break, are documents with names on one line.
    @Test func namesAreBytes() throws {
        try folder.write("pear", "set/z")
        for name in [[0x63, 0xE9], [0x61, 0x0A, 0x62]] as [[UInt8]] {
            let path = [UInt8]("\(folder.path)/set/".utf8) + name + [0]
            let file = try #require(fopen(path.map { CChar(bitPattern: $0) }, "w"))
            #expect(fputs("apple", file) >= 0)
            fclose(file)
        }
        let corpus = try Corpus.load("\(folder.path)/set", .all)
        #expect((0..<corpus.count).map(corpus.documentName) == ["a\\x0Ab", "c\\xE9", "z"])
        #expect(corpus.notes == [])
    }

    @Test func otherKindsInAFolderAreSaid() throws {
        try folder.write("<p>apple</p>", "set/a.html")
        try folder.write("{\"apple\": \"p p\"}\n", "set/c.txt")
        try folder.write("", "set/b.txt")
        try folder.write("x", "set/__MACOSX/c.txt")
        #expect(symlink("nowhere", "\(folder.path)/set/d.txt") == 0)
        #expect(mkfifo("\(folder.path)/set/e.txt", 0o600) == 0)
        let corpus = try Corpus.load("\(folder.path)/set", .all)
        #expect(try corpus.texts() == ["apple:1 p:2", "", "apple:1 p:2"])
        #expect(
            corpus.notes == [
                "1 file is empty: a document without words.",
                "2 of 3 files are HTML, JSON or the like: words of their markup are counted too.",
                "3 files and folders passed over: 1 broken link (d.txt), 1 no plain file (e.txt), 1 hidden (__MACOSX).",
            ])
    }

    @Test func otherFilesAreRefused() throws {
        let path = try folder.write("x", "a.pdf")
        #expect(said { _ = try Corpus.load(path) }.contains("a .csv or .tsv"))
        #expect(thrownCase { _ = try Corpus.load("\(folder.path)/none.txt") } == "fileMissing")
        #expect(thrownCase { _ = try Corpus.load(folder.write("x", "vocab.a.txt")) } == "invalidValue")
        #expect(thrownCase { _ = try Corpus.load("") } == "unknownName")
    }
}
