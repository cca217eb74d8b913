import Foundation
import Testing

/// Folders of images and of texts as people have them, given to the program.
@Suite struct FoldersProgramTests {
    /// 4 × 4 pixels as BMP, bright on one half.
    private func bmp(isLeft: Bool, seed: Int) -> Data {
        var bytes = [UInt8]("BM".utf8) + [102, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0]
        bytes += [1, 0, 24, 0] + [UInt8](repeating: 0, count: 24)
        for pixel in 0..<16 {
            let level = UInt8((pixel % 4 < 2) == isLeft ? 200 + seed : seed)
            bytes += [level, level, level]
        }
        return Data(bytes)
    }

    private func write(_ data: Data, _ name: String, _ folder: TemporaryFolder) throws {
        let file = folder.url.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
    }

    @Test func classFoldersAloneAreClustered() throws {
        let folder = try TemporaryFolder()
        for seed in 0..<20 {
            try write(bmp(isLeft: true, seed: seed), "set/left/\(seed).bmp", folder)
            try write(bmp(isLeft: false, seed: seed), "set/right/\(seed).bmp", folder)
        }
        try write(Data([1]), "set/left/notes.txt", folder)
        let arguments = [
            "kmeans", "--data", "set", "--clusters", "2", "--headless", "--steps", "30", "--pictures", "none",
        ]
        let run = try Program(
            arguments: arguments + ["--set", "size-weight=off", "--summary", "s.json"], in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("1 file passed over: 1 of another kind (left/notes.txt)."), "\(run.error)")
        let summary = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: folder.path("s.json"))))
        let metrics = try #require((summary as? [String: Any])?["metrics"] as? [String: Double])
        // Two groups of twenty: the entropy of their sizes is ln 2, and they lie far apart.
        #expect(abs(try #require(metrics["size-entropy"]) - 0.6931) < 1e-3)
        #expect(try #require(metrics["silhouette"]) > 0.9)
        let quiet = try Program(arguments: arguments + ["--quiet"], in: folder.url)
        #expect(quiet.status == 0 && !quiet.error.contains("passed over"), "\(quiet.error)")

        let alone = try Program("ldam", "--data", "set/left", "--headless", "--steps", "1", in: folder.url)
        #expect(alone.status == 1 && alone.error.contains("put those of set/left into a folder for each class"))
    }

    /// Topics learned from one spelling are found in texts of another one, and of another encoding.
    @Test func trainingAndInferenceAgree() throws {
        let folder = try TemporaryFolder()
        let texts = ["café Élève Wörter", "ΛΟΓΟΣ İstanbul Donaudampf"]
        for number in 0..<12 {
            let text = String(repeating: texts[number % 2] + " ", count: 5)
            try write(Data(text.precomposedStringWithCanonicalMapping.utf8), "set/\(number).txt", folder)
        }
        let run = try Program(
            arguments: [
                "lda", "--data", "set", "--topics", "2", "--headless", "--steps", "200", "--pictures", "none",
                "--model",
                "m.topics",
            ], in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("12 documents, 6 words, 180 tokens"), "\(run.error)")
        #expect(run.error.contains("No documents are held out"), "\(run.error)")

        let decomposed = texts[0].decomposedStringWithCanonicalMapping
        try write(Data(decomposed.utf8), "new/a.txt", folder)
        try write(try #require(texts[0].data(using: .utf16)), "new/b.txt", folder)
        try write(try #require(texts[0].data(using: .windowsCP1252)), "new/c.txt", folder)
        let other = "λογος istanbul Donau\u{AD}dampf".decomposedStringWithCanonicalMapping
        try write(Data(other.utf8), "new/d.txt", folder)
        let inferred = try Program(
            arguments: ["lda", "infer", "--model", "m.topics", "--data", "new"], in: folder.url)
        #expect(inferred.status == 0, "\(inferred.error)")
        #expect(inferred.error.contains("1 file is not UTF-8, and read as Windows-1252 (c.txt)."), "\(inferred.error)")
        let rows = inferred.output.split(separator: "\n").dropFirst().map { $0.split(separator: ",").dropFirst() }
        #expect(rows.count == 4)
        // The shares of a document whose words are all known: the three spellings have the same ones.
        #expect(rows.prefix(3).allSatisfy { $0 == rows[0] }, "\(inferred.output)")
        #expect(rows[3] != rows[0], "\(inferred.output)")
    }
}
