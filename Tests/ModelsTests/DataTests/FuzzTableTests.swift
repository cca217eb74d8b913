import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

/// Damaged tables and arrays are read or refused, within bounds of memory and time; they never end the program.
@Suite struct FuzzTableTests {
    private static let numbers = [
        "a,b\n1.5,2.5\n7.5,-8.5e1\n", "1,5;2,5\r\n7,5;8,5\r\n\r\n1.150,5;0\r\n",
        "# x\n,a,b,\n0,\"1,150\",2,\n1,\"1,160\",3,\n",
        "sep=|\r1|2\r+3|\u{2212}4\r", "  1 2\t3\n4 5  6\n1D+3 1e-3 .5\n",
        "\u{FEFF}\"x \"\"y\"\"\",2019\n1,2\n1\u{A0}150,3\n",
    ]

    @Test(arguments: [false, true])
    func tablesOfNumbers(packed: Bool) async {
        await #expect(processExitsWith: .success) { [packed] in
            let folder = try TemporaryFolder()
            var valid = Self.numbers.map { Array($0.utf8) }
            valid.append(
                ("\u{FEFF}a;b\n1,5;2\n3;4,5\n".utf16).flatMap {
                    [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]
                })
            if packed { valid = try valid.map { try folder.packed($0) } }
            let result = try fuzz(valid, as: packed ? "t.csv.gz" : "t.csv", seed: 61) { path in
                let table = try CSVTable(path)
                #expect(table.columnNames.count == table.columns && table.count > 0)
                let indices = (0..<Int32(min(table.count, 1000))).map { $0 }
                let mean = try table.mean(of: indices, on: .cpu)
                #expect(try table.rows(indices, from: mean, on: .cpu).values.allSatisfy(\.isFinite))
            }
            #expect(result.refused > 0 && (packed || result.read > 0))
        }
    }

    /// Long rows, many rows, and fields that do not end: what they take grows with the file alone.
    @Test func longTablesStayWithinTheirSize() async {
        await #expect(processExitsWith: .success) {
            // In a long run large enough that 64 MB do not hide anything.
            let size = ProcessInfo.processInfo.environment["CLMAT_FUZZ"] == nil ? 1 << 17 : 1 << 23
            func repeated(_ text: String) -> String { String(repeating: text, count: size / text.utf8.count) }
            let texts = [
                repeated("1\n"), repeated("1,"), repeated(","), repeated("1,\n"), "a,b\n1,\"" + repeated("x\n"),
                repeated("1\n\n"),
                repeated("#\n"), repeated("\n"), repeated("1,150;1\n") + "0,5;1\n", repeated("9"), repeated("\"\","),
                repeated("1 "),
                repeated("1,2;3|4\t5\n"), ",a\n" + (0..<size / 9).map { "\($0),1\n" }.joined(),
            ]
            try inTemporaryFolder { folder in
                for text in texts {
                    let path = folder + "/t.csv"
                    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                    let most = (size < 1 << 20 ? 24 << 20 : 64 << 20) + 20 * text.utf8.count
                    let numbers = peakMemory { _ = try? CSVTable(path).count }
                    #expect(numbers < most, "\(text.prefix(10)) took \(numbers >> 20) MiB")
                    var options = TextOptions.all
                    options.column = "1"
                    let documents = peakMemory { _ = try? TextTable.read(path, options).count }
                    #expect(documents < most, "\(text.prefix(10)) as texts took \(documents >> 20) MiB")
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

    @Test func arrays() async {
        await #expect(processExitsWith: .success) {
            func npy(_ kind: String, _ shape: String, _ fortran: String, _ size: Int, version: UInt8 = 1) -> [UInt8] {
                let header = "{'descr': '\(kind)', 'fortran_order': \(fortran), 'shape': \(shape), }\n"
                let length = [UInt8(header.utf8.count)] + [UInt8](repeating: 0, count: version == 1 ? 1 : 3)
                return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(header.utf8)
                    // A number of each kind that is finite.
                    + [UInt8](repeating: 0x3C, count: size)
            }
            let valid = [
                npy("<f4", "(3, 4)", "False", 48), npy(">f8", "(2, 2)", "True", 32, version: 2),
                npy("|u1", "(2, 3, 2, 2)", "False", 24),
                npy("|u1", "(2, 2, 2, 4)", "True", 32, version: 3), npy("<i2", "(5,)", "False", 10),
                npy("|b1", "(2, 3)", "False", 6),
                npy("<f2", "(2, 3)", "True", 12),
            ]
            let result = try fuzz(valid, as: "a.npy", seed: 63, inputs: 3 * fuzzInputs()) { path in
                let file = try NPYFile(path)
                #expect(file.count > 0 && file.columns > 0)
                let indices = [0, Int32(file.count - 1)]
                #expect(try file.rows(indices, on: .cpu).values.allSatisfy(\.isFinite))
                #expect(
                    try file.rows(indices, from: file.mean(of: indices, on: .cpu), on: .cpu).values.allSatisfy(
                        \.isFinite))
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
