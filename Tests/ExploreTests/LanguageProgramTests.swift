import Foundation
import Testing

/// `explore lm` as scripts and people see it.
@Suite struct LanguageProgramTests {
    /// Three prepared texts of a dozen words.
    private func writeTexts(_ folder: TemporaryFolder) throws {
        let nouns = ["cat", "dog", "bird", "mouse"]
        func lines(_ count: Int) -> String {
            (0..<count).map { "the \(nouns[$0 % 4]) \($0 % 3 == 0 ? "saw" : "heard") a \(nouns[($0 * 7 + 1) % 4])\n" }
                .joined()
        }
        for (part, count) in [("train", 120), ("valid", 30), ("test", 30)] {
            try lines(count).write(toFile: folder.path("cats.\(part).txt"), atomically: true, encoding: .utf8)
        }
    }

    @Test func aRunWritesSummaryModelAndPictures() throws {
        let (data, folder) = (try TemporaryFolder(), try TemporaryFolder())
        try writeTexts(data)
        let run = try Program(
            arguments: [
                "lm", "--data", data.url.path, "--headless", "--units", "8", "--layers", "1", "--batch", "4",
                "--window",
                "5", "--steps", "120", "--set", "learning-rate=0.3", "--prompt", "the cat", "--summary", "s.json",
                "--model", "m.safetensors",
                "--pictures", "pictures", "--set", "output-l1=0.001@20", "--screenshot", "window.png",
            ], in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("720 tokens to learn from, 9 words"), "\(run.error)")
        let summary = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: folder.path("s.json"))))
        let metrics = try #require((summary as? [String: Any])?["metrics"] as? [String: Double])
        for id in ["perplexity-train", "perplexity-valid", "output-zeros", "input-zeros", "output-l1-size"] {
            #expect(metrics[id]?.isFinite == true, "\(id)")
        }
        // Of nine words less than that many seem possible.
        #expect(metrics["perplexity-valid"]! < 8.5)
        for picture in ["text", "entropy-by-rank", "weights-by-rank", "pruning", "weights", "embedding"] {
            let png = try Data(contentsOf: URL(fileURLWithPath: folder.path("pictures/lm-\(picture).png")))
            #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]), "\(picture)")
        }
        for file in ["m.safetensors", "window.png"] {
            #expect(FileManager.default.fileExists(atPath: folder.path(file)), "\(file)")
        }
    }

    @Test(arguments: [
        ["--shape", "2x3"], ["--shape", "30", "--units", "8"], ["--shape", "2^1", "--units", "8"],
        ["--shape", "3:6,6:2"], ["--input-shape", "2x3"],
        ["--tied"], ["--shape", "dense", "--tied"], ["--adaptive", "3,6", "--units", "8"],
        ["--adaptive-parameters", "200", "--units", "8", "--tied"],
    ])
    func aSessionNamesItsShape(_ shape: [String]) throws {
        let (data, folder) = (try TemporaryFolder(), try TemporaryFolder())
        try writeTexts(data)
        let first = try Program(
            arguments: [
                "lm", "--data", data.url.path, "--headless", "--layers", "1", "--batch", "4", "--window", "5",
                "--pictures", "none", "--quiet", "--steps", "12", "--save", "run.jsonl",
            ] + shape, in: folder.url)
        #expect(first.status == 0, "\(first.error)")
        // The session says all that is needed to do it again.
        let again = try Program(arguments: ["replay", "run.jsonl"], in: folder.url)
        #expect(again.status == 0, "\(again.output)\(again.error)")
    }

    /// A first signal ends the run, and says that its last score may take long; another one leaves that out, and all files are written.
    @Test func aSecondSignalLeavesTheLastScoreOut() throws {
        let (data, folder) = (try TemporaryFolder(), try TemporaryFolder())
        try writeTexts(data)
        // Long enough that nobody misses the score of it.
        let valid = String(repeating: "the cat saw a dog\nthe bird heard a mouse\n", count: 40_000)
        try valid.write(toFile: data.path("cats.valid.txt"), atomically: true, encoding: .utf8)
        let run = try Program(
            arguments: [
                "lm", "--data", data.url.path, "--headless", "--units", "64", "--layers", "2", "--batch", "4",
                "--summary",
                "s.json", "--model", "m.safetensors", "--save", "run.jsonl",
            ], in: folder.url, interruptedBy: SIGINT, again: "Ctrl-C leaves it out")
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("The last score is left out."), "\(run.error)")
        #expect(run.error.contains("The pictures that are not written yet are left out."), "\(run.error)")
        #expect(run.output.contains("The last score was left out"), "\(run.output)")
        let summary = try String(contentsOfFile: folder.path("s.json"), encoding: .utf8)
        #expect(summary.contains("\"left-out\": [\"last score\"]"), "\(summary)")
        #expect(folder.files == ["m.safetensors", "run.jsonl", "run.jsonl.safetensors", "s.json"])
        #expect(try String(contentsOfFile: folder.path("run.jsonl"), encoding: .utf8).contains("\"end\""))

        // What --model wrote is no checkpoint, and is not called damaged.
        let resumed = try Program("lm", "--headless", "--steps", "9", "--resume", "m.safetensors", in: folder.url)
        #expect(resumed.status == 1 && resumed.error.contains("is a model, and no run"), "\(resumed.error)")
        #expect(!resumed.error.contains("damaged"))
    }

    @Test func aWindowIsNoLongerThanTheText() throws {
        let folder = try TemporaryFolder()
        let words = (0..<200).map { ["the", "cat", "saw", "a", "dog"][($0 * $0) % 5] }.joined(separator: " ")
        try words.write(toFile: folder.path("short.txt"), atomically: true, encoding: .utf8)
        let run = try Program(
            "lm", "--data", "short.txt", "--headless", "--steps", "2", "--units", "4", "--pictures", "none",
            in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("A window has 9 words of each text, not 20"), "\(run.error)")
    }

    /// The sample program beside this one.
    @Test func theSampleChecksItsFileAndTellsHowFarItIs() throws {
        let folder = try TemporaryFolder()
        try writeTexts(folder)
        let sample = "\"$(dirname \"$EXPLORE\")/language\""
        let missing = try Program(shell: "\(sample) . --epochs 1 --save none/m.safetensors", in: folder.url)
        #expect(missing.status != 0 && missing.error.contains("none"), "\(missing.error)")
        #expect(!missing.output.contains("epoch"), "\(missing.output)")
        let options = "--epochs 1 --units 4 --layers 1 --batch 2 --device cpu"
        let run = try Program(
            shell: "\(sample) . --window 5 --vocabulary 8 \(options) && \(sample) . --steps 5 --words 8 \(options)",
            in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        let lines = run.error.split(separator: "\n").filter { $0.hasPrefix("epoch 1, ") }
        #expect(lines.count == 18 && lines[0].contains("perplexity") && lines[8].contains(" of "), "\(run.error)")
        // The old names mean the same.
        let told = run.output.split(separator: "\n").filter { $0.hasPrefix("it writes") }
        #expect(told.count == 2 && told.first == told.last, "\(run.output)")
    }

    struct Slip: CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        let words: [String]
        var testDescription: String { arguments.joined(separator: " ") }
    }

    @Test(arguments: [
        Slip(arguments: ["--units", "0"], status: 64, words: ["--units is a number from 1"]),
        Slip(arguments: ["--layers", "17"], status: 64, words: ["--layers is a number from 1 to 16"]),
        Slip(arguments: ["--window", "0"], status: 64, words: ["--window is a number from 1"]),
        Slip(arguments: ["--vocabulary", "2"], status: 64, words: ["--vocabulary is 3 words or more"]),
        Slip(arguments: ["--shape", "wide"], status: 64, words: ["32x4", "1600000", "not 'wide'"]),
        Slip(arguments: ["--shape", "0x4"], status: 64, words: ["not '0x4'"]),
        Slip(arguments: ["--shape", "5:"], status: 64, words: ["not '5:'"]),
        Slip(arguments: ["--tied", "--input-shape", "dense"], status: 64, words: ["--tied"]),
        Slip(arguments: ["--shape", "4:6"], status: 64, words: ["4 words together", "vocabulary has 9"]),
        Slip(
            arguments: ["--shape", "2x9"], status: 1,
            words: ["--shape", "2x4 at most", "9 words can be halved 3 times"]),
        Slip(arguments: ["--shape", "3", "--units", "8"], status: 1, words: ["9 words"]),
        Slip(arguments: ["--vocabulary", "100000000000"], status: 64, words: ["up to 536870911"]),
        Slip(arguments: ["--units", "65536"], status: 1, words: ["--units", "1 to 23170"]),
        Slip(arguments: ["--adaptive", "3,six"], status: 64, words: ["--adaptive takes ranks", "not '3,six'"]),
        Slip(arguments: ["--adaptive", "3", "--shape", "2x3"], status: 64, words: ["leave --shape out"]),
        Slip(arguments: ["--adaptive", "30"], status: 1, words: ["Cutoffs ascend", "9 words"]),
        Slip(arguments: ["--units", "9", "--shape", "2x3"], status: 64, words: ["8 columns", "leave --units out"]),
        Slip(arguments: ["--window", "5000"], status: 1, words: ["--window", "tokens"]),
        Slip(arguments: ["--prompt", "the zebra"], status: 1, words: ["zebra"]),
        Slip(arguments: ["--set", "output-l2=1"], status: 1, words: ["--mixin output-l2"]),
        Slip(arguments: ["--data", "nowhere.txt"], status: 1, words: ["nowhere.txt"]),
        Slip(arguments: ["--data", "ptb"], status: 1, words: ["CLMAT_DATA"]),
    ])
    func slipsAreSaidWithWhatToDo(_ slip: Slip) throws {
        let folder = try TemporaryFolder()
        try writeTexts(folder)
        let data = slip.arguments.contains("--data") ? [] : ["--data", folder.url.path]
        let run = try Program(
            arguments: ["lm", "--headless", "--steps", "1", "--pictures", "none"] + data + slip.arguments,
            environment: ["CLMAT_DATA": folder.path("none")], in: folder.url)
        #expect(run.status == slip.status, "\(run.error)")
        for words in slip.words {
            let said = run.error.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(said.contains(words), "\(run.error)")
        }
        #expect(!run.error.contains("Fatal"))
    }
}
