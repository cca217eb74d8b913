import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

/// Damaged tables of texts and IDX files of images are read or refused, within bounds of memory and time; they never end the program.
@Suite struct FuzzTableTests {
    /// Long rows, many rows, and fields that do not end: what they take grows with the file alone.
    @Test func longTablesOfTextsStayWithinTheirSize() async {
        await #expect(processExitsWith: .success) {
            let texts = longTables()
            try inTemporaryFolder { folder in
                for text in texts {
                    let path = folder + "/t.csv"
                    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                    var options = TextOptions.all
                    options.column = "1"
                    let documents = peakMemory { _ = try? TextTable.read(path, options).count }
                    #expect(
                        documents < mostMemory(forTableOf: text),
                        "\(text.prefix(10)) as texts took \(documents >> 20) MiB")
                }
            }
        }
    }

    @Test func tablesOfTexts() async {
        await #expect(processExitsWith: .success) {
            let valid = [
                "id,text\n1,\"a \"\"b\"\"\nc\"\n2,d\r\n3,\"é\"\n", "n;text\r\n1;\"a;b\"\r\n2;c\r\n",
                "# x\nid|text\r1|a 5\" b\r2|c\r",
                "0,a\n1,\"b \\\"c\\\" d\"\n2,e\n", "sep=;\n\"n\";\"text\";\n1;\"x\";\n",
            ]
            let result = try fuzz(valid.map { Array($0.utf8) }, as: "t.csv", seed: 62) { path in
                var options = TextOptions.all
                options.column = "1"
                do { _ = try Corpus.load(path, options) } catch is CLMatError {}
                options.column = "text"
                do { _ = try Corpus.load(path, options) } catch is CLMatError {}
                options.column = "2"
                let corpus = try Corpus.load(path, options)
                #expect(try corpus.rows(0..<corpus.count).total == corpus.tokens)
            }
            #expect(result.refused > 0 && result.read > 0)
        }
    }

    @Test(arguments: [false, true])
    func imagesInIDX(packed: Bool) async {
        await #expect(processExitsWith: .success) { [packed] in
            let folder = try TemporaryFolder()
            var valid = [
                idx([3, 4, 5], ramp(60)), idx([2, 3, 2, 2], ramp(24)), idx([4, 6], ramp(24)),
                idx(type: 0x0D, [2, 2, 2], [Float](repeating: 0.5, count: 8).flatMap { bigEndian($0.bitPattern) }),
            ]
            if packed { valid = try valid.map { try folder.packed($0) } }
            let result = try fuzz(valid, as: "set/train-images-idx3-ubyte\(packed ? ".gz" : "")", seed: 64) { path in
                let (images, _, _) = try LabelledImages.loadForPoints(path)
                #expect(images.pixels.count == images.count * images.shape.count)
                let set = URL(fileURLWithPath: path).deletingLastPathComponent().path
                #expect(try LabelledImages.loadForPoints(set).images.pixels == images.pixels)
            }
            #expect(result.refused > 0 && (packed || result.read > 0))
        }
    }

    @Test func labelsInIDX() async {
        await #expect(processExitsWith: .success) {
            let images = Data(idx([6, 2, 2], ramp(24)))
            let labels = Data(idx([6], [0, 1, 2, 0, 1, 2]))
            let result = try fuzz(
                [idx([6], [0, 1, 2, 2, 1, 0])], as: "train-labels-idx1-ubyte", seed: 65,
                prepare: { folder in
                    for part in ["train", "t10k"] {
                        try images.write(to: URL(fileURLWithPath: "\(folder)/\(part)-images-idx3-ubyte"))
                        try labels.write(to: URL(fileURLWithPath: "\(folder)/\(part)-labels-idx1-ubyte"))
                    }
                }
            ) { path in
                let set = try ImageDataSet.load(URL(fileURLWithPath: path).deletingLastPathComponent().path)
                #expect(set.train.labels.allSatisfy { Int($0) < set.classNames.count })
            }
            #expect(result.refused > 0 && result.read > 0)
        }
    }
}
