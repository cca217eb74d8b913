import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

/// A damaged text is read or refused, within bounds of memory and time; it never ends the program.
@Suite struct FuzzTextTests {
    @Test(arguments: [false, true])
    func countsInUCIFormat(packed: Bool) async {
        await #expect(processExitsWith: .success) { [packed] in
            let valid = Array("5\n4\n7\n1 1 2\n1 3 1\n3 2 5\n3 3 1\n4 1 9\n4 2 10\n5 4 1\n".utf8)
            // In memory, and in a file without a name.
            for memoryLimit in [1 << 20, 0] {
                try fuzz(
                    [valid], as: "docword.x.txt" + (packed ? ".gz" : ""), seed: 31, wrap: { try packing(packed, $0) },
                    prepare: { try Data("a\nb\nc\nd\n".utf8).write(to: URL(fileURLWithPath: $0 + "/vocab.x.txt")) }
                ) { path in
                    let corpus = try UCIBagOfWords.read(path, memoryLimit: memoryLimit)
                    #expect(try corpus.rows(0..<min(corpus.count, 1000)).columns == 4)
                }
            }
        }
    }

    @Test func wordsInUCIFormat() async {
        await #expect(processExitsWith: .success) {
            let counts = Data("2\n4\n3\n1 1 2\n1 3 1\n2 4 5\n".utf8)
            try fuzz(
                [Array("a\nb\nc\nd\n".utf8)], as: "vocab.x.txt", seed: 32,
                prepare: { try counts.write(to: URL(fileURLWithPath: $0 + "/docword.x.txt")) }
            ) { path in
                let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
                let corpus = try UCIBagOfWords.read(folder + "/docword.x.txt")
                #expect(corpus.vocabulary.count == 4)
            }
        }
    }

    private static let texts = [
        "Don't stop — naïve ’tis\r\n\nΣίσυφος 日本\nlast", "\u{FEFF}one\ntwo é e\u{301} soft\u{AD}ly\n",
    ]

    @Test(arguments: [false, true])
    func lines(packed: Bool) async {
        await #expect(processExitsWith: .success) { [packed] in
            try fuzz(
                Self.texts.map { Array($0.utf8) }, as: "a.txt" + (packed ? ".gz" : ""), seed: 33,
                wrap: { try packing(packed, $0) }
            ) { path in
                let corpus = try Corpus.load(path, .all)
                #expect(try corpus.rows(0..<corpus.count).total == corpus.tokens)
            }
        }
    }

    @Test(arguments: [false, true])
    func foldersOfTexts(packed: Bool) async {
        await #expect(processExitsWith: .success) { [packed] in
            // With a whole text beside it, and a folder below.
            try fuzz(
                Self.texts.map { Array($0.utf8) }, as: "texts/b/a" + (packed ? ".gz" : ".txt"), seed: 36,
                wrap: { try packing(packed, $0) },
                prepare: { try Data("whole text".utf8).write(to: URL(fileURLWithPath: $0 + "/texts/whole.txt")) }
            ) { path in
                let folder = URL(fileURLWithPath: path).deletingLastPathComponent().deletingLastPathComponent().path
                let corpus = try Corpus.load(folder, .all)
                #expect(try corpus.rows(0..<corpus.count).total == corpus.tokens)
            }
        }
    }

    @Test(arguments: [false, true])
    func tablesOfTexts(packed: Bool) async {
        await #expect(processExitsWith: .success) { [packed] in
            var options = TextOptions.all
            options.column = "2"
            let valid = ["id,text\n1,\"a \"\"b\"\"\nc\"\n2,d\r\n3,\"é\"\n", "n;text\r\n1;\"a;b\"\r\n2;c\r\n"]
            try fuzz(
                valid.map { Array($0.utf8) }, as: "a.csv" + (packed ? ".gz" : ""), seed: 34,
                wrap: { try packing(packed, $0) }
            ) { [options] path in
                let corpus = try Corpus.load(path, options)
                #expect(try corpus.rows(0..<corpus.count).total == corpus.tokens)
            }
        }
    }

    @Test(arguments: [false, true])
    func listsOfPackages(packed: Bool) async {
        await #expect(processExitsWith: .success) { [packed] in
            let valid = "Package: a\nDescription: b c\n d\nTag: e::f,\n g\n\nPackage: h\nDescription-en: i\n"
            try fuzz(
                [Array(valid.utf8)], as: "x_Packages" + (packed ? ".gz" : ""), seed: 35,
                wrap: { try packing(packed, $0) }
            ) { path in
                let corpus = try Corpus.load(path, .all)
                #expect(corpus.count > 0)
            }
        }
    }

    @Test func splits() async {
        await #expect(processExitsWith: .success) {
            let rows = try SparseRows(columns: 3, starts: [0, 2, 3], indices: [0, 2, 1], counts: [3, 1, 5])
            let corpus = try Corpus(name: "two", vocabulary: ["a", "b", "c"], rows: rows)
            try fuzz([Array("2 3 9\n1 1:0:5\n0 0:1:2 2:1:0\n".utf8)], as: "split", seed: 37) { path in
                let split = try HeldOutSplit.read(path, for: corpus)
                #expect(split.documents.count <= 2)
            }
        }
    }

    /// Topics that were learned, in safetensors with notes.
    @Test func topics() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let lda = try LDA(topics: 3, vocabulary: ["one", "two", "three", "four"], seed: 5, on: .cpu)
            try lda.save(to: folder.path + "/topics")
            let file = SafetensorsParts(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/topics")))
            let result = try fuzz([file.header], as: "topics", seed: 38, wrap: file.wrap) { path in
                let lda = try LDA.load(path, on: .cpu)
                #expect(try lda.topWords(2).count == lda.topics)
            }
            #expect(result.refused > 50 && result.read > 0)
        }
    }
}

private func packing(_ isPacked: Bool, _ bytes: [UInt8]) throws -> [UInt8] {
    isPacked ? try TemporaryFolder().packed(bytes) : bytes
}
