import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct UCIBagOfWordsTests {
    let folder: TemporaryFolder
    private let fruit = ["apple", "pear", "plum"]

    init() throws { folder = try TemporaryFolder() }

    // Document 2 and the last one are empty.
    private let valid = "4\n3\n4\n1 1 2\n1 3 1\n3 2 5\n3 3 1\n"

    @Test(arguments: [0, 8, 1 << 20], [false, true])
    func readsCounts(memoryLimit: Int, packed: Bool) throws {
        var path = try folder.writePair(valid, words: fruit)
        if packed { path = try folder.write(folder.packed([UInt8](valid.utf8)), "docword.test.txt.gz") }
        let corpus = try UCIBagOfWords.read(path, memoryLimit: memoryLimit)
        #expect(corpus.name == "test")
        #expect(corpus.vocabulary == fruit)
        #expect((corpus.count, corpus.tokens, corpus.nonzeros) == (4, 9, 4))
        #expect(try corpus.texts() == ["apple:2 plum:1", "", "pear:5 plum:1", ""])
        #expect((0..<4).map(corpus.length) == [3, 0, 6, 0])
        #expect(corpus.documentName(2) == "document 3")
        let rows = try corpus.rows([2, 0, 2, 1])
        #expect(rows.starts == [0, 2, 4, 6, 6])
        #expect(rows.indices == [1, 2, 0, 2, 1, 2])
        #expect(rows.counts == [5, 1, 2, 1, 5, 1])
    }

    /// What a file says in another order, or in two lines, is the same corpus, wherever its counts are kept.
    @Test(arguments: [0, 64, 1 << 20])
    func orderDoesNotMatter(memoryLimit: Int) throws {
        var random = Mutations(seed: 5)
        var lines: [String] = []
        for document in 1...50 where document % 7 != 0 {
            for word in 1...30 where Int.random(in: 0..<3, using: &random) == 0 {
                lines.append("\(document) \(word) \(1 + word % 4)")
            }
        }
        let vocabulary = (1...30).map { "w\($0)" }
        func read(_ lines: [String]) throws -> Corpus {
            let text = "60\n30\n\(lines.count)\n" + lines.map { $0 + "\n" }.joined()
            return try UCIBagOfWords.read(folder.writePair(text, words: vocabulary), memoryLimit: memoryLimit)
        }
        let sorted = try read(lines)
        for _ in 0..<5 {
            // One line as two: 1 + (n − 1).
            var parts: [String] = []
            for line in lines {
                if line.hasSuffix(" 3") {
                    parts += [line.dropLast() + "1", line.dropLast() + "2"]
                } else {
                    parts.append(line)
                }
            }
            parts.shuffle(using: &random)
            let shuffled = try read(parts)
            #expect(shuffled.checksum == sorted.checksum)
            #expect(try shuffled.rows(0..<60) == sorted.rows(0..<60))
            #expect(shuffled.nonzeros == lines.count)
            // Sorted by document, but not by word.
            parts.sort { Int($0.split(separator: " ")[0]) ?? 0 < Int($1.split(separator: " ")[0]) ?? 0 }
            #expect(try read(parts).checksum == sorted.checksum)
        }
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let text: String
        let place: String
        let says: String
        init(_ text: String, _ place: String, _ says: String) {
            (self.text, self.place, self.says) = (text, place, says)
        }
        var testDescription: String { says }
    }
    static let damages = [
        Damage("", "line 1", "ends where the number of documents"),
        Damage("4\n3\n", "line 3", "ends where the number of lines"),
        Damage("4\nx\n4\n", "line 2", "'x' is not the number of words"),
        Damage("-4\n3\n4\n", "line 1", "documents is -4"),
        Damage("4 3 4\n", "line 1", "'4 3 4' is not the number of documents"),
        Damage("0\n3\n0\n", "line 1", "no documents"),
        Damage("4\n0\n1\n", "line 2", "0 words"), Damage("4\n3\n2.5\n", "line 3", "'2.5' is not"),
        Damage("1000000000000\n3\n1\n1 1 1\n", "line 1", "1000000000000 documents cannot"),
        Damage("2000000000\n3\n1\n1 1 1\n", "line 1", "2000000000 documents cannot"),
        Damage(
            "2000000000\n3\n200000000000\n1 1 1\n1999999999 1 1\n2000000000 1 1\n", "line 5", "comes after only 2 lines"
        ),
        Damage("4\n3000000000\n1\n1 1 1\n", "line 2", "3000000000 words"),
        Damage("99999999999999999999\n3\n1\n", "line 1", "'99999999999999999999' is not the number"),
        Damage("4\n3\n2\n1 1 1\n", "line 4", "ends after 1 counts; its header announces 2"),
        Damage("4\n3\n1\n1 1 1\n1 2 1\n", "line 5", "goes on after the 1 lines"),
        Damage("4\n3\n2\n2 1 1\n1 2 1\n1 3 1\n", "line 6", "goes on after the 2 lines"),
        Damage("4\n3\n1\n0 1 1\n", "line 4", "document 0 is not one of 1 to 4"),
        Damage("4\n3\n1\n5 1 1\n", "line 4", "document 5 is not"),
        Damage("4\n3\n1\n1 0 1\n", "line 4", "word 0 is not"),
        Damage("4\n3\n1\n1 4 1\n", "line 4", "word 4 is not one of 1 to 3"),
        Damage("4\n3\n1\n1 1 0\n", "line 4", "the count 0 is not"),
        Damage("4\n3\n1\n1 1 -7\n", "line 4", "the count -7 is not"),
        Damage("4\n3\n1\n1 1 16777217\n", "line 4", "the count 16777217 is not"),
        Damage("4\n3\n1\n1 1 1 1\n", "line 4", "'1 1 1 1' is not 'document word count'"),
        Damage("4\n3\n1\n1 1\n", "line 4", "'1 1' is not"),
        Damage("4\n3\n1\n1 1 1\nthe end\n", "line 5", "'the end' is not"),
        Damage("4\n3\n1\n1,1,1\n", "line 4", "'1,1,1' is not"),
    ]

    @Test(arguments: damages)
    func refusesDamage(_ damaged: Damage) throws {
        let path = try folder.writePair(damaged.text, words: fruit)
        let found = damage { _ = try Corpus.load(path) }
        #expect(found?.place == damaged.place)
        #expect(found?.problem.contains(damaged.says) == true, "\(found?.problem ?? "nothing")")
    }

    @Test func refusesAVocabularyThatDoesNotFit() throws {
        func read(_ vocabulary: [UInt8]) throws -> (place: String, problem: String)? {
            let path = try folder.writePair(valid, words: [])
            try folder.write(vocabulary, "vocab.test.txt")
            return damage { _ = try Corpus.load(path) }
        }
        let short = try #require(try read(Array("apple\npear\n".utf8)))
        #expect(short.place == "line 3")
        #expect(short.problem.contains("ends after 2 words"))
        let long = try #require(try read(Array("apple\npear\nplum\nfig\n".utf8)))
        #expect(long.place == "line 4")
        #expect(long.problem.contains("more words than the 3"))
        let blank = try #require(try read(Array("apple\n\nplum\n".utf8)))
        #expect(blank.place == "line 2")
        let latin = try #require(try read(Array("apple\npear\n".utf8) + [0xE9, 0x0A]))
        #expect(latin.place == "line 3")
        #expect(latin.problem.contains("byte 1 is not UTF-8"))
        // Line ends of Windows, a byte order mark, and an empty line at the end are no damage.
        let path = try folder.writePair("\u{FEFF}4\r\n3\r\n1\r\n2\t1  7 \r\n\r\n", words: [])
        try folder.write("\u{FEFF}äpple\r\npear\r\nplum\r\n\r\n", "vocab.test.txt")
        #expect(try Corpus.load(path).texts() == ["", "äpple:7", "", ""])
    }

    @Test func refusesAPackedFileThatBreaksOff() throws {
        try folder.write("apple\npear\nplum\n", "vocab.test.txt")
        let packed = try folder.packed([UInt8](valid.utf8))
        let path = try folder.write(Array(packed.dropLast(9)), "docword.test.txt.gz")
        #expect(damage { _ = try Corpus.load(path) }?.problem.contains("breaks off") == true)
    }

    @Test func refusesACorpusWithoutWords() throws {
        let path = try folder.writePair("4\n3\n0\n", words: fruit)
        #expect(said { _ = try Corpus.load(path) }.contains("No document of test has a word"))
    }

    @Test func aFolderHasToHoldOnePair() throws {
        let path = try folder.writePair(valid, words: fruit, name: "a")
        #expect(try Corpus.load(folder.path).checksum == Corpus.load(path).checksum)
        _ = try folder.writePair(valid, words: fruit, name: "b.c")
        let problem = said { _ = try Corpus.load(folder.path) }
        #expect(problem.contains("docword.a.txt, ") && problem.contains("docword.b.c.txt"), "\(problem)")
        try FileManager.default.removeItem(atPath: "\(folder.path)/vocab.a.txt")
        #expect(said { _ = try Corpus.load(path) }.contains("vocab.a.txt"))
    }

    @Test func writesWhatItReads() throws {
        let corpus = try Corpus.load(folder.writePair(valid, words: fruit))
        try corpus.write(toUCI: folder.path, name: "copy")
        let copy = try Corpus.load("\(folder.path)/docword.copy.txt")
        #expect(copy.checksum == corpus.checksum)
        #expect(try String(contentsOfFile: "\(folder.path)/docword.copy.txt", encoding: .utf8) == valid)
        #expect(thrownCase { try corpus.write(toUCI: folder.path, name: "a/b") } == "invalidValue")
        #expect(thrownCase { try corpus.write(toUCI: "\(folder.path)/none", name: "a") } == "fileNotWritable")
    }

    @Test func namesAreLookedUpInTheDataFolder() throws {
        try folder.write(valid, "uci-bow/docword.kos.txt")
        try folder.write("apple\npear\nplum\n", "uci-bow/vocab.kos.txt")
        let environment = ["CLMAT_DATA": folder.path]
        #expect(try Corpus.load("kos", environment: environment).name == "KOS blog entries")
        #expect(said { _ = try Corpus.load("nips", environment: environment) }.contains("docword.nips.txt.gz"))
        #expect(said { _ = try Corpus.load("nips", environment: [:]) }.contains("Set CLMAT_DATA"))
        #expect(said { _ = try Corpus.load("nisp", environment: environment) }.contains("Did you mean 'nips'?"))
        #expect(thrownCase { _ = try Corpus.load("./nips", environment: environment) } == "fileMissing")
    }
}

@Suite struct CorpusTests {
    @Test func rowsOutsideAreRefused() throws {
        let rows = try SparseRows(columns: 2, starts: [0, 1, 2], indices: [0, 1], counts: [1, 2])
        let corpus = try Corpus(name: "two", vocabulary: ["a", "b"], rows: rows, documentNames: ["x", "y"])
        #expect(corpus.documentName(1) == "y")
        #expect(try corpus.rows(0..<2) == rows)
        #expect(try corpus.rows([]).rows == 0)
        for document in [-1, 2, Int.max] {
            #expect(said { _ = try corpus.rows([0, document]) }.contains("no document \(document)"))
        }
        #expect(thrownCase { _ = try Corpus(name: "", vocabulary: ["a"], rows: rows) } == "dataMismatch")
        #expect(
            thrownCase { _ = try Corpus(name: "", vocabulary: ["a", "b"], rows: rows, documentNames: ["x"]) }
                == "dataMismatch")
        let broken = try Corpus(name: "", vocabulary: ["a\n", "b"], rows: rows)
        #expect(thrownCase { try broken.write(toUCI: "/", name: "a") } == "invalidArgument")
    }

    /// The checksum tells corpora apart that differ in a word, a count, or where documents begin.
    @Test func checksumsDiffer() throws {
        func checksum(_ words: [String], _ starts: [Int32], _ counts: [Int32]) throws -> String {
            try Corpus(
                name: "", vocabulary: words,
                rows: SparseRows(columns: 2, starts: starts, indices: [0, 1], counts: counts)
            ).checksum
        }
        let sums = [
            try checksum(["a", "b"], [0, 1, 2], [1, 1]), try checksum(["a", "c"], [0, 1, 2], [1, 1]),
            try checksum(["a", "b"], [0, 1, 2], [1, 2]), try checksum(["a", "b"], [0, 2, 2], [1, 1]),
        ]
        #expect(Set(sums).count == 4)
    }

    @Test func aFullDiskIsSaid() throws {
        #expect(said { try SpoolFile().reserve(1 << 60) }.contains("TMPDIR names another folder"))
    }
}
