import CLMat
import Foundation
import Testing

@testable import Models

/// A damaged file is read or refused; it never ends the program.
@Suite struct FuzzTextTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func damageManyTimes(
        _ valid: [UInt8], as name: String, seed: UInt64, packed: Bool = false, rounds: Int = 500,
        _ read: (String) throws -> Void
    ) throws {
        var random = Mutations(seed: seed)
        for round in 0..<rounds {
            var bytes = packed ? try folder.packed(valid) : valid
            bytes =
                round % 10 == 0
                ? (0..<Int.random(in: 0...200, using: &random)).map { _ in .random(in: 0...255, using: &random) }
                : random.damage(bytes)
            let path = try folder.write(bytes, name)
            do { try read(path) } catch let error as CLMatError { #expect(!"\(error)".isEmpty) }
        }
    }

    @Test(arguments: [false, true], [0, 1 << 20])
    func pairs(packed: Bool, memoryLimit: Int) throws {
        let valid = Array("5\n4\n7\n1 1 2\n1 3 1\n3 2 5\n3 3 1\n4 1 9\n4 2 10\n5 4 1\n".utf8)
        let ending = packed ? ".gz" : ""
        try folder.write("a\nb\nc\nd\n", "vocab.x.txt")
        try damageManyTimes(valid, as: "docword.x.txt" + ending, seed: 31, packed: packed) { path in
            let corpus = try UCIBagOfWords.read(path, memoryLimit: memoryLimit)
            #expect(try corpus.rows(0..<min(corpus.count, 1000)).columns == 4)
        }
        try folder.write(packed ? folder.packed(valid) : valid, "docword.x.txt" + ending)
        try damageManyTimes(Array("a\nb\nc\nd\n".utf8), as: "vocab.x.txt", seed: 32) { _ in
            let corpus = try UCIBagOfWords.read("\(folder.path)/docword.x.txt\(ending)")
            #expect(corpus.vocabulary.count == 4)
        }
    }

    @Test(arguments: [false, true])
    func texts(packed: Bool) throws {
        let ending = packed ? ".gz" : ""
        let lines = Array("Don't stop — naïve ’tis\r\n\nΣίσυφος 日本\nlast".utf8)
        try damageManyTimes(lines, as: "a.txt" + ending, seed: 33, packed: packed) { path in
            let corpus = try Corpus.load(path, .all)
            #expect(try corpus.rows(0..<corpus.count).total == corpus.tokens)
        }
        var options = TextOptions.all
        options.column = "2"
        let table = Array("id,text\n1,\"a \"\"b\"\"\nc\"\n2,d\r\n3,\"é\"\n".utf8)
        try damageManyTimes(table, as: "a.csv" + ending, seed: 34, packed: packed) { path in
            let corpus = try Corpus.load(path, options)
            #expect(try corpus.rows(0..<corpus.count).total == corpus.tokens)
        }
        let packages = Array("Package: a\nDescription: b c\n d\nTag: e::f,\n g\n\nPackage: h\nDescription-en: i\n".utf8)
        try damageManyTimes(packages, as: "x_Packages" + ending, seed: 35, packed: packed) { path in
            let corpus = try Corpus.load(path, .all)
            #expect(corpus.count > 0)
        }
        try damageManyTimes(lines, as: "folder/a" + ending, seed: 36, packed: packed) { _ in
            let corpus = try Corpus.load("\(folder.path)/folder", .all)
            #expect(corpus.count == 1)
        }
    }

    @Test func splits() throws {
        let rows = try SparseRows(columns: 3, starts: [0, 2, 3], indices: [0, 2, 1], counts: [3, 1, 5])
        let corpus = try Corpus(name: "two", vocabulary: ["a", "b", "c"], rows: rows)
        try damageManyTimes(Array("2 3 9\n1 1:0:5\n0 0:1:2 2:1:0\n".utf8), as: "split", seed: 37) { path in
            let split = try HeldOutSplit.read(path, for: corpus)
            #expect(split.documents.count <= 2)
        }
    }
}
