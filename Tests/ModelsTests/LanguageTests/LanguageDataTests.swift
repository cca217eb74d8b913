import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct LanguageDataTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func words(_ text: TokenText?) -> String {
        guard let text else { return "none" }
        return text.ids(0..<text.count).map { text.vocabulary.word($0) ?? "?" }.joined(separator: " ")
    }

    private func expectRefusal(
        _ path: String, _ saying: String..., at location: SourceLocation = #_sourceLocation
    ) {
        expectRefusal(path, LanguageOptions(), saying, at: location)
    }

    private func expectRefusal(
        _ path: String, _ options: LanguageOptions, _ saying: String..., at location: SourceLocation = #_sourceLocation
    ) {
        expectRefusal(path, options, saying, at: location)
    }

    private func expectRefusal(
        _ path: String, _ options: LanguageOptions, _ saying: [String], at location: SourceLocation
    ) {
        do {
            _ = try LanguageData.load(path, options, environment: [:])
            Issue.record("\(path) was read", sourceLocation: location)
        } catch {
            for words in saying { #expect("\(error)".contains(words), "\(error)", sourceLocation: location) }
        }
    }

    // MARK: - Prepared text

    @Test func preparedTextHasItsPartsByName() throws {
        try folder.write(" the cat <unk> \n the cat sat \n\n", "x.train.txt")
        try folder.write(" the dog sat \n", "x.valid.txt")
        try folder.write("cat\r\nsat", "x.test.txt")
        for path in [folder.path, folder.path + "/x.train.txt"] {
            let data = try LanguageData.load(path, environment: [:])
            #expect(data.name == "x")
            // <eos> 3, cat 2, the 2, <unk> 1, sat 1: by count, then by spelling.
            #expect(data.vocabulary.words == ["<eos>", "cat", "the", "<unk>", "sat"])
            #expect(data.vocabulary.counts == [3, 2, 2, 1, 1])
            #expect(words(data.train) == "the cat <unk> <eos> the cat sat <eos> <eos>")
            #expect(words(data.validation) == "the <unk> sat <eos>")
            #expect(words(data.test) == "cat <eos> sat <eos>")
            #expect(
                data.notes.contains { $0.contains("1 word of the validation text (1 of 4 tokens)") }, "\(data.notes)")
            #expect(data.notes[0].contains("x.train.txt, x.valid.txt, x.test.txt"))
        }
    }

    @Test func otherEndingsAndPackedFilesAreParts() throws {
        try folder.write(" = Title = \n \n a b @-@ c \n", "wiki.train.tokens")
        try folder.write(folder.packed(Array("a b\n".utf8)), "wiki.valid.tokens.gz")
        try folder.write("never", "README.md")
        let data = try LanguageData.load(folder.path, environment: [:])
        #expect(words(data.train) == "= Title = <eos> <eos> a b @-@ c <eos>")
        #expect(words(data.validation) == "a b <eos>")
        #expect(data.test == nil && data.name == "wiki")
        for (file, part) in [
            ("train.txt", LanguagePart.train), ("a_val.txt.gz", .validation), ("a-dev.txt", .validation),
            ("ptb.test.txt", .test), ("x.training.raw", .train),
        ] { #expect(LanguageSet.part(of: file)?.part == part) }
        for file in ["unittest.txt", "train", "train.csv", "trainer.txt", "a.train.md"] {
            #expect(LanguageSet.part(of: file) == nil)
        }
    }

    @Test func unknownIsAddedWhereTheTrainingTextHasNone() throws {
        try folder.write("a b a b\n", "x.train.txt")
        try folder.write("a c c d\n", "x.valid.txt")
        let data = try LanguageData.load(folder.path, environment: [:])
        #expect(data.vocabulary.words == ["a", "b", "<eos>", "<unk>"])
        #expect(data.vocabulary.counts == [2, 2, 1, 0])
        #expect(words(data.validation) == "a <unk> <unk> <unk> <eos>")
        #expect(data.notes.contains { $0.contains("has no <unk>, which is added") }, "\(data.notes)")
        #expect(data.notes.contains { $0.contains("2 words of the validation text (3 of 5 tokens)") }, "\(data.notes)")
    }

    @Test func severalSetsInAFolderAreNamed() throws {
        for set in ["a", "b"] { for part in ["train", "valid"] { try folder.write("x y\n", "\(set).\(part).txt") } }
        expectRefusal(folder.path, "a.train.txt", "b.train.txt")
        #expect(try LanguageData.load(folder.path + "/b.train.txt", environment: [:]).name == "b")
    }

    @Test func aMissingValidationTextIsSplitOff() throws {
        let line = (0..<99).map { "w\($0)" }.joined(separator: " ") + "\n"
        try folder.write(line, "x.train.txt")
        let data = try LanguageData.load(folder.path, environment: [:])
        #expect([data.train.count, data.validation.count, data.test?.count] == [90, 5, 5])
        #expect(data.notes.contains { $0.contains("no validation text beside x.train.txt") && $0.contains("5 %") })
        // With a test text beside it nothing is set aside for one.
        try folder.write("w1 w2\n", "x.test.txt")
        let tested = try LanguageData.load(folder.path, environment: [:])
        #expect([tested.train.count, tested.validation.count, tested.test?.count] == [95, 5, 3])
    }

    // MARK: - Cutting the vocabulary

    @Test func rareWordsCountAsUnknown() throws {
        // a 5, b 4, c 3, <unk> 1, d 2, e 1, <eos> 1.
        try folder.write("a a a a a b b b b c c c d d e <unk>\n", "x.train.txt")
        try folder.write("a e\n", "x.valid.txt")
        var data = try LanguageData.load(folder.path, LanguageOptions(minimumCount: 3), environment: [:])
        // <unk> is 1 + 2 + 1 now.
        #expect(data.vocabulary.words == ["a", "<unk>", "b", "c", "<eos>"])
        #expect(data.vocabulary.counts == [5, 4, 4, 3, 1])
        #expect(data.vocabulary.cut == .init(words: 2, tokens: 3))
        data = try LanguageData.load(folder.path, LanguageOptions(vocabularySize: 4), environment: [:])
        #expect(data.vocabulary.words == ["<unk>", "a", "b", "<eos>"])
        #expect(data.vocabulary.counts == [7, 5, 4, 1])
        #expect(data.vocabulary.cut == .init(words: 3, tokens: 6))
        #expect(data.notes.contains { $0.contains("cut to 4 words; the 3 that are rarer (6 tokens") }, "\(data.notes)")
        #expect(words(data.validation) == "a <unk> <eos>")
        data = try LanguageData.load(folder.path, LanguageOptions(vocabularySize: 7), environment: [:])
        #expect(data.vocabulary.count == 7 && data.vocabulary.cut == .init())
        #expect(data.vocabulary.tokens == data.train.count)
        // Both limits: e is rare, d and c are beyond.
        data = try LanguageData.load(
            folder.path, LanguageOptions(vocabularySize: 4, minimumCount: 2), environment: [:])
        #expect(data.vocabulary.counts == [7, 5, 4, 1] && data.vocabulary.cut.words == 3)
    }

    @Test func optionsThatMakeNoSenseAreRefused() throws {
        try folder.write("a b\n", "x.train.txt")
        expectRefusal(folder.path, LanguageOptions(vocabularySize: 2), "3 words or more")
        expectRefusal(folder.path, LanguageOptions(vocabularySize: 100_000_000_000), "up to 536870911")
        expectRefusal(folder.path, LanguageOptions(minimumCount: 0), "1 or more")
        var options = LanguageOptions()
        options.validationShare = .nan
        expectRefusal(folder.path, options, "validationShare")
        options.validationShare = 0.6
        options.testShare = 0.4
        expectRefusal(folder.path, options, "leaves something to learn from")
    }

    @Test func aVocabularyThatIsThereStays() throws {
        try folder.write("a b c c\n", "x.train.txt")
        try folder.write("a\n", "x.valid.txt")
        var options = LanguageOptions()
        options.vocabulary = try LanguageVocabulary(words: ["a", "<unk>", "<eos>"], counts: [9, 2, 1])
        let data = try LanguageData.load(folder.path, options, environment: [:])
        #expect(data.vocabulary == options.vocabulary)
        #expect(words(data.train) == "a <unk> <unk> <unk> <eos>")
        #expect(data.notes.contains { $0.contains("2 words of the training text (3 of 5 tokens)") }, "\(data.notes)")
        options.vocabulary = try LanguageVocabulary(words: ["a", "<eos>"], counts: [9, 1])
        expectRefusal(folder.path, options, "'b', which is not in the vocabulary")
    }

    // MARK: - Plain text

    @Test func paragraphsEndAndFilesAreSplit() throws {
        let mark = "\u{FEFF}"
        let path = try folder.write(mark + "The cat\r\nsat.\r\n\r\n \r\n\r\nThe cat, too\r\n", "a.txt")
        var options = LanguageOptions(minimumCount: 1)
        options.validationShare = 0.2
        options.testShare = 0.2
        let data = try LanguageData.load(path, options, environment: [:])
        // the cat sat . <eos> the cat , too <eos>: 10 tokens.
        #expect(words(data.train) == "the cat sat . <eos> the")
        #expect(words(data.test) == "<unk> <unk>" || words(data.test) == "cat <unk>")
        #expect(words(data.validation) == "<unk> <eos>")
        #expect(data.notes.contains { $0.contains("20 %") } && data.notes.contains { $0.contains("lower case") })
        #expect(data.vocabulary.tokenisation == .words)
        #expect(try data.vocabulary.encode("The CAT") == data.train.ids(0..<2))
    }

    @Test func linesThatNoEmptyLineSetsApartAreNoticed() throws {
        let path = try folder.write((0..<50).map { "Line \($0)." }.joined(separator: "\n"), "x.txt")
        var options = LanguageOptions(minimumCount: 1)
        let data = try LanguageData.load(path, options, environment: [:])
        #expect(data.train.count + data.validation.count + (data.test?.count ?? 0) == 151)
        #expect(
            data.notes.contains { $0.contains("1 text has no empty lines") && $0.contains("(x.txt)") }, "\(data.notes)")
        options.sentenceEnd = .line
        let lines = try LanguageData.load(path, options, environment: [:])
        #expect(lines.train.count + lines.validation.count + (lines.test?.count ?? 0) == 200)
        #expect(!lines.notes.contains { $0.contains("no empty lines") })
    }

    @Test func eachFileOfAFolderHasItsShare() throws {
        for file in 0..<3 {
            try folder.write((0..<40).map { "w\(file)x\($0)" }.joined(separator: " "), "in/\(file).txt")
        }
        try folder.write([0, 1, 2, 0xFF, 0], "in/picture.bin")
        try folder.write("", "in/empty.txt")
        try folder.write(" \n\n", "in/blank.txt")
        try FileManager.default.moveItem(atPath: folder.path + "/in/2.txt", toPath: folder.path + "/in/2.html")
        let data = try LanguageData.load(folder.path + "/in", LanguageOptions(minimumCount: 1), environment: [:])
        // 41 tokens per file: 2 for validation, 2 for the test.
        #expect([data.train.count, data.test?.count, data.validation.count] == [3 * 37, 6, 6])
        #expect(words(data.train).contains("w0x36 w1x0"))
        // The last one of each file is <eos>, which the training text has not.
        #expect(data.vocabulary.endID != nil && data.vocabulary.unknownID != nil)
        #expect(
            data.notes.contains { $0.contains("1 binary (picture.bin)") && $0.contains("2 empty") }, "\(data.notes)")
        #expect(data.notes.contains { $0.contains("1 of 3 texts are HTML") }, "\(data.notes)")
    }

    @Test(arguments: ["tar", "tar.gz"])
    func archivesAreReadAsFolders(ending: String) throws {
        func entry(_ name: String, _ content: String) -> [UInt8] {
            var header = [UInt8](repeating: 0, count: 512)
            header.replaceSubrange(0..<name.utf8.count, with: name.utf8)
            let size = String(content.utf8.count, radix: 8)
            header.replaceSubrange(124..<124 + size.utf8.count, with: size.utf8)
            header[156] = UInt8(ascii: "0")
            let body = [UInt8](content.utf8)
            return header + body + [UInt8](repeating: 0, count: (512 - body.count % 512) % 512)
        }
        let text = (0..<40).map { "w\($0)" }.joined(separator: " ")
        let tar = entry("b/2.txt", "\u{FEFF}" + text) + entry("b/1.txt", text + "\r\n") + entry("b/._1.txt", "x")
        let path = try folder.write(ending == "tar" ? tar : folder.packed(tar), "books.\(ending)")
        let data = try LanguageData.load(path, LanguageOptions(minimumCount: 1), environment: [:])
        #expect([data.train.count, data.test?.count, data.validation.count] == [74, 4, 4])
        #expect(data.notes.contains { $0.contains("2 texts") } && data.notes.contains { $0.contains("hidden") })
        let prepared = try folder.write(tar + entry("ptb.train.txt", "a b"), "ptb.tar")
        expectRefusal(prepared, "ptb.train.txt", "unpack it")
    }

    @Test func legacyAndMarkedEncodingsAreRead() throws {
        let text = (0..<60).map { "w\($0)" }.joined(separator: " ")
        let legacy = try folder.write(Array("caf".utf8) + [0xE9, 0x0A] + Array(text.utf8), "legacy.txt")
        var data = try LanguageData.load(legacy, LanguageOptions(minimumCount: 1), environment: [:])
        #expect(data.vocabulary.id(of: "café") != nil)
        #expect(data.notes.contains { $0.contains("1 line is not UTF-8") && $0.contains("line 1") }, "\(data.notes)")
        let wide = try folder.write(
            [0xFF, 0xFE] + ("Öl " + text).utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, "wide.txt")
        data = try LanguageData.load(wide, LanguageOptions(minimumCount: 1), environment: [:])
        #expect(data.vocabulary.id(of: "öl") != nil)
    }

    // MARK: - The 1-billion-word benchmark

    @Test(arguments: [0, 1 << 20])
    func shardsAreReadOneAfterTheOther(memoryLimit: Int) throws {
        for shard in 1...3 {
            let lines = (0..<50).map { "Shard \(shard) has sentence \($0 % 7) ." }.joined(separator: "\n") + "\n"
            try folder.write(lines, "1b/\(LanguageShards.trainFolder)/news.en-0000\(shard)-of-00100")
        }
        for shard in 0..<3 {
            try folder.write(
                "Held out \(shard) .\n", "1b/\(LanguageShards.heldOutFolder)/news.en.heldout-0000\(shard)-of-00050")
        }
        var options = LanguageOptions()
        options.memoryLimit = memoryLimit
        for path in ["1b", "1b/\(LanguageShards.trainFolder)"] {
            let data = try LanguageData.load("\(folder.path)/\(path)", options, environment: [:])
            #expect(data.train.count == 3 * 50 * 7)
            #expect(words(data.train).hasPrefix("Shard 1 has sentence 0 . <eos> Shard 1 has sentence 1 . <eos>"))
            #expect(words(data.validation) == "<unk> <unk> 1 . <eos>")
            #expect(words(data.test) == "<unk> <unk> 0 . <eos>")
            #expect(data.notes.contains { $0.contains("1 more held-out shards are passed over") }, "\(data.notes)")
            #expect(data.vocabulary.counts.prefix(3) == [150, 150, 150])
            // Windows are cut from a mapped file as from memory.
            let windows = try TokenWindows(data.train, batch: 10, steps: 7)
            let window = try windows.batch(at: DataPlace(step: Step(3, seed: 1)))
            let n = data.train.targets / 10
            #expect(window.inputs[3 * 10 + 4] == data.train[4 * n + 2 * 7 + 3])
        }
        options.vocabularySize = 6
        let cut = try LanguageData.load(folder.path + "/1b", options, environment: [:])
        #expect(cut.vocabulary.count == 6 && cut.vocabulary.tokens == cut.train.count)
    }

    /// Text of 12 MB, its ids (10 MB) in a file: memory holds a block of the text, and pages of the file that can go.
    @Test func aLargeCorpusIsNotHeldInMemory() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let lines = (0..<1000).map { "the quick brown fox number \($0 % 90) jumps over lazy dogs ." }
            let text = Array((lines.joined(separator: "\n") + "\n").utf8)
            for shard in 1...8 {
                let name = "news.en-0000\(shard)-of-00100"
                try folder.write((0..<30).flatMap { _ in text }, name)
            }
            try folder.write("the fox\n", "news.en.heldout-00000-of-00050")
            var options = LanguageOptions()
            options.memoryLimit = 1 << 20
            let path = folder.path
            var tokens = 0
            let memory = peakMemory {
                tokens = (try? LanguageData.load(path, options, environment: [:]).train.count) ?? 0
            }
            #expect(tokens == 8 * 30 * 1000 * 12)
            #expect(memory < 24 << 20, "\(memory >> 10) KiB")
        }
    }

    @Test func shardsWithoutHeldOutOnesAreSplit() throws {
        let lines = (0..<20).map { "a b c \($0)" }.joined(separator: "\n") + "\n"
        for shard in 1...2 { try folder.write(lines, "news.en-0000\(shard)-of-00002") }
        let data = try LanguageData.load(folder.path, environment: [:])
        #expect([data.train.count, data.test?.count, data.validation.count] == [180, 10, 10])
        #expect(data.notes.contains { $0.contains("no held-out shards") })
        #expect(LanguageShards.kind("news.en.heldout-00000-of-00050") == (true, true))
        #expect(LanguageShards.kind("news.en-00001-of-00100.gz") == (true, false))
        for file in ["a-of-b", "1-of-2", "news-x-of-3", "-1-of-", "of"] {
            #expect(!LanguageShards.kind(file).isShard, "\(file)")
        }
    }

    // MARK: - Ids

    private func npy(_ ids: [Int32], _ kind: String = "<i4") -> [UInt8] {
        let header = "{'descr': '\(kind)', 'fortran_order': False, 'shape': (\(ids.count),), }"
        let padded = header + String(repeating: " ", count: 117 - header.utf8.count) + "\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(padded.utf8)
            + ids.flatMap { id in withUnsafeBytes(of: id.littleEndian) { Array($0) } }
    }

    @Test func idsAreRankedByTheirCounts() throws {
        let path = try folder.write(npy((0..<200).map { $0 % 4 == 0 ? 2 : 5 }), "ids.npy")
        let data = try LanguageData.load(path, LanguageOptions(vocabularySize: 7), environment: [:])
        #expect(data.vocabulary.words == ["5", "2", "0", "1", "3", "4", "6"])
        #expect(data.vocabulary.counts == [135, 45, 0, 0, 0, 0, 0])
        #expect(words(data.train).hasPrefix("2 5 5 5 2 5 5 5") && data.train.ids(0..<5) == [1, 0, 0, 0, 1])
        #expect([data.train.count, data.test?.count, data.validation.count] == [180, 10, 10])
        try folder.write(npy([0, 1, 1]), "in/x.train.npy")
        try folder.write(npy([6, 1]), "in/x.valid.npy")
        let parts = try LanguageData.load(folder.path + "/in", LanguageOptions(vocabularySize: 7), environment: [:])
        #expect(words(parts.validation) == "6 1" && parts.train.ids(0..<3) == [1, 0, 0])
        // The largest id of all texts says how many words there are, if nobody does.
        let alone = try LanguageData.load(folder.path + "/in", environment: [:])
        #expect(alone.vocabulary == parts.vocabulary && alone.validation.ids(0..<2) == parts.validation.ids(0..<2))
        #expect(alone.notes.contains { $0.contains("largest id is 6") && $0.contains("7 words") }, "\(alone.notes)")
        #expect(!parts.notes.contains { $0.contains("largest id") })
    }

    @Test func whatIsNoIDIsNamedByItsPosition() throws {
        expectRefusal(
            try folder.write(npy([0, 1, 2, 7]), "a.npy"), LanguageOptions(vocabularySize: 7), "position 3", "7 is no id"
        )
        expectRefusal(
            try folder.write(npy([0, -1, 2]), "b.npy"), LanguageOptions(vocabularySize: 7), "position 1", "-1 is no id")
        expectRefusal(
            try folder.write(npy([0, Int32(bitPattern: Float(1.5).bitPattern)], "<f4"), "c.npy"),
            LanguageOptions(vocabularySize: 7), "position 1", "1.5")
        expectRefusal(folder.path + "/a.npy", LanguageOptions(vocabularySize: 1 << 25), "the number of words")
        expectRefusal(try folder.write([1, 2, 3], "d.npy"), LanguageOptions(vocabularySize: 7), "d.npy")
    }

    // MARK: - Bad input

    @Test func textsWithNothingInThemAreRefused() throws {
        try folder.write("a b\n", "x.valid.txt")
        let train = try folder.write("", "x.train.txt")
        expectRefusal(train, "x.train.txt is damaged at byte 0", "empty")
        try folder.write("\n\r\n \n", "x.train.txt")
        expectRefusal(train, "line 3", "none of its 3 lines has a word")
        try folder.write([0, 0, 1, 2, 0xFF], "x.train.txt")
        expectRefusal(train, "binary")
        // One word and <eos> are two tokens.
        try folder.write("one", "x.train.txt")
        #expect(try LanguageData.load(train, environment: [:]).train.count == 2)
        try folder.write("", "x.valid.txt")
        expectRefusal(train, "x.valid.txt is damaged at byte 0")
        expectRefusal(try folder.write("one", "one.txt"), "2 tokens", "none are for validation", "40 tokens")
        expectRefusal(try folder.write("1 2 3 4 5 6 7 8 9", "ten.txt"), "10 tokens", "NAME.valid.txt")
        // Where each word is there once, all are rare; and a text may have no others than unknown ones.
        let rare = (0..<60).map { "w\($0)" }.joined(separator: " ")
        expectRefusal(try folder.write(rare, "rare.txt"), "no word of the training text is left", "fewer than 2 times")
        try folder.write("<unk> <unk> <unk>\n<unk>\n", "unknown/x.train.txt")
        try folder.write("<unk> <unk>\n", "unknown/x.valid.txt")
        expectRefusal(folder.path + "/unknown", "all words of the training text are <unk>")
        expectRefusal(try folder.write("{\"text\": \"a\"}\n", "lines.txt"), "JSON lines")
        try FileManager.default.createDirectory(atPath: folder.path + "/none", withIntermediateDirectories: true)
        expectRefusal(folder.path + "/none", "holds no text with words")
        expectRefusal(folder.path + "/missing.txt", "no readable file")
        expectRefusal("pbt", "Did you mean 'ptb'?")
        expectRefusal("ptb", "Set CLMAT_DATA")
        expectRefusal("novels", "Set CLMAT_DATA")
        expectRefusal(try folder.write("x", "a.pdf"), "NAME.train.txt")
    }

    @Test func aLongLineIsATextToo() throws {
        let line = (0..<40_000).map { "w\($0 % 50)" }.joined(separator: " ")
        let path = try folder.write(line + " " + String(repeating: "x", count: 5000), "line.txt")
        let data = try LanguageData.load(path, environment: [:])
        #expect(data.train.count + data.validation.count + (data.test?.count ?? 0) == 40_002)
        #expect(data.notes.contains { $0.contains("1 word of more than 1000 bytes") }, "\(data.notes)")
        #expect(data.vocabulary.unknownID != nil && data.vocabulary.words.allSatisfy { $0.utf8.count <= 1000 })
    }

    @Test func partsOfDifferentVocabulariesAreNoData() throws {
        let (a, b) = (
            try LanguageVocabulary(words: ["a"], counts: [2]), try LanguageVocabulary(words: ["b"], counts: [2])
        )
        #expect(throws: CLMatError.self) {
            try LanguageData(
                name: "x", train: TokenText(name: "t", ids: [0, 0], vocabulary: a),
                validation: TokenText(name: "v", ids: [0, 0], vocabulary: b))
        }
    }
}
