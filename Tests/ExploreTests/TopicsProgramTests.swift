import Foundation
import Testing

/// `explore lda` and `explore lda infer` as scripts and people see them.
@Suite struct TopicsProgramTests {
    private static let fruit = ["apple", "pear", "plum", "cherry", "grape", "melon", "lemon", "peach"]
    private static let ships = ["sail", "mast", "anchor", "keel", "rudder", "harbour", "cargo", "captain"]

    /// A document a line, each of fruit or of ships.
    private func writeTexts(_ folder: TemporaryFolder, documents: Int = 80) throws {
        let lines = (0..<documents).map { d in
            let words = d % 2 == 0 ? Self.fruit : Self.ships
            return (0..<20).map { words[(d * 7 + $0 * (3 + d % 5)) % 8] }.joined(separator: " ")
        }
        try (lines.joined(separator: "\n") + "\n").write(
            toFile: folder.path("texts.txt"), atomically: true, encoding: .utf8)
    }

    private func run(_ folder: TemporaryFolder, _ arguments: String...) throws -> Program {
        try Program(
            arguments: [
                "lda", "--data", folder.path("texts.txt"), "--headless", "--topics", "2", "--pictures", "none",
                "--quiet",
            ] + arguments, in: folder.url)
    }

    private func infer(_ folder: TemporaryFolder, _ arguments: String...) throws -> Program {
        try Program(arguments: ["lda", "infer"] + arguments, in: folder.url)
    }

    private func metrics(_ file: String) throws -> [String: Double] {
        let summary = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file)))
        return try #require((summary as? [String: Any])?["metrics"] as? [String: Double])
    }

    private func table(_ text: String) -> [[String]] {
        text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    // MARK: - A run

    @Test func aRunWritesTopicsSummaryAndPictures() throws {
        let folder = try TemporaryFolder()
        try writeTexts(folder)
        let run = try Program(
            "lda", "--data", folder.path("texts.txt"), "--headless", "--topics", "2", "--steps", "400", "--summary",
            folder.path("s.json"), "--pictures", folder.path("pictures"), "--model", folder.path("m.safetensors"),
            "--export", folder.path("out/topics"), "--set", "l1=0.1", "--set", "temperature=0.1@200")
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("80 documents, 16 words, 1,600 tokens"), "\(run.error)")
        let metrics = try metrics(folder.path("s.json"))
        for id in ["log-likelihood", "perplexity-heldout", "density", "cosine-similarity", "npmi", "moved-share"] {
            #expect(metrics[id]?.isFinite == true, "\(id)")
        }
        // Eight words each, rather than sixteen.
        #expect(metrics["perplexity-heldout"]! < 10)
        for picture in ["topic-matrix", "top-words", "topic-map"] {
            let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("pictures/lda-\(picture).png")))
            #expect(data.starts(with: [0x89, 0x50, 0x4E, 0x47]), "\(picture)")
        }
        let exported = try FileManager.default.contentsOfDirectory(atPath: folder.path("out/topics")).sorted()
        #expect(
            exported == ["documents.txt", "phi.npy", "theta.npy", "topics.csv", "topics.json", "vocabulary.txt"])
        let csv = table(try String(contentsOfFile: folder.path("out/topics/topics.csv"), encoding: .utf8))
        for topic in ["1", "2"] {
            // Sparseness may have cut the lightest of the eight.
            let top = csv.filter { $0[0] == topic }.prefix(6).map { $0[3] }
            #expect(
                top.count >= 5
                    && (Set(top).isSubset(of: Self.fruit) || Set(top).isSubset(of: Self.ships)), "\(top)")
        }
    }

    @Test func aRunThatGoesOnComesToTheSame() throws {
        let folder = try TemporaryFolder()
        try writeTexts(folder)
        let changes = ["--set", "l1=0.2@12", "--set", "rule=moving average@15", "--set", "rule=incremental@25"]
        func run(_ arguments: [String]) throws -> Program {
            try Program(
                arguments: [
                    "lda", "--data", folder.path("texts.txt"), "--headless", "--pictures", "none", "--quiet",
                ] + arguments, in: folder.url)
        }
        let whole = try run(["--topics", "3", "--steps", "40", "--summary", "whole.json"] + changes)
        #expect(whole.status == 0, "\(whole.error)")
        let first = try run(["--topics", "3", "--steps", "20", "--save", "run.json"] + changes.prefix(4))
        #expect(first.status == 0, "\(first.error)")
        // What was typed now is written in the end.
        let second = try run(
            [
                "--resume", "run.json", "--steps", "40", "--summary", "rest.json", "--model", "m.safetensors",
                "--export", "out",
            ]
                + changes.suffix(2))
        #expect(second.status == 0, "\(second.error)")
        let (a, b) = (try metrics(folder.path("whole.json")), try metrics(folder.path("rest.json")))
        #expect(a.count > 8 && a == b)
        #expect(folder.files.contains("m.safetensors"))
        #expect(FileManager.default.fileExists(atPath: folder.path("out/theta.npy")))
        let replayed = try Program("replay", folder.path("run.json"))
        #expect(replayed.status == 0 && replayed.output.contains("bit for bit"), "\(replayed.output)\(replayed.error)")
        // Another number of topics, or another model.
        let other = try run(["--resume", "run.json", "--topics", "4", "--steps", "50"])
        #expect(other.status == 1 && other.error.contains("--topics"), "\(other.error)")
        let nmf = try Program("nmf", "--resume", folder.path("run.json"), "--headless", "--steps", "50")
        #expect(nmf.status == 1 && nmf.error.contains("explore lda"), "\(nmf.error)")
    }

    @Test func heldOutDocumentsBelongToTheirCorpus() throws {
        let folder = try TemporaryFolder()
        try writeTexts(folder)
        try "79 16 1580\n0 0:1:1\n".write(toFile: folder.path("other.txt"), atomically: true, encoding: .utf8)
        let other = try run(folder, "--steps", "2", "--heldout", folder.path("other.txt"))
        #expect(other.status == 1 && other.error.contains("for a corpus of 79 documents"), "\(other.error)")
        let none = try run(folder, "--steps", "2", "--heldout", folder.path("none.txt"))
        #expect(none.status == 1 && none.error.contains("none.txt"))
        let without = try run(folder, "--steps", "9", "--heldout-share", "0", "--summary", folder.path("s.json"))
        #expect(without.status == 0, "\(without.error)")
        let metrics = try metrics(folder.path("s.json"))
        #expect(metrics["perplexity-heldout"] == nil && metrics["npmi"] != nil)
    }

    struct Slip: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        let words: String
        var testDescription: String { arguments.joined(separator: " ") }
    }
    static let slips = [
        Slip(arguments: ["--topics", "0"], status: 64, words: "--topics"),
        Slip(arguments: ["--topics", "-3"], status: 64, words: "topics"),
        Slip(arguments: ["--topics", "1000000000"], status: 64, words: "--topics"),
        Slip(arguments: ["--topics", "many"], status: 64, words: "topics"),
        Slip(arguments: ["--heldout-share", "1"], status: 64, words: "--heldout-share"),
        Slip(arguments: ["--heldout-share", "nan"], status: 64, words: "--heldout-share"),
        Slip(arguments: ["--memory", "much"], status: 64, words: "--memory"),
        Slip(arguments: ["--case", "upper"], status: 64, words: "case"),
        Slip(arguments: ["--clusters", "4"], status: 64, words: "clusters"),
        Slip(arguments: ["--batch", "0"], status: 1, words: "batch"),
        Slip(arguments: ["--vocabulary", "0"], status: 64, words: "--vocabulary must be 1 or more"),
        Slip(arguments: ["--min-documents", "0"], status: 64, words: "--min-documents must be 1 or more"),
        Slip(arguments: ["--min-documents", "81"], status: 1, words: "texts.txt"),
        Slip(arguments: ["--max-share", "2"], status: 64, words: "--max-share"),
        Slip(arguments: ["--min-length", "0"], status: 64, words: "--min-length"),
        Slip(arguments: ["--stop-words", "none.txt"], status: 1, words: "none.txt"),
        Slip(arguments: ["--set", "temperatur=1"], status: 1, words: "Did you mean 'temperature'?"),
        Slip(arguments: ["--set", "temperature=0"], status: 1, words: "0.001 to 5"),
        Slip(arguments: ["--set", "rule=best"], status: 1, words: "incremental"),
        Slip(arguments: ["--model", "no/such/m.safetensors"], status: 1, words: "there is no folder"),
        Slip(arguments: ["--export", "/proc/topics"], status: 1, words: "/proc/topics"),
        Slip(arguments: ["--resume", "texts.txt"], status: 1, words: "texts.txt"),
    ]

    @Test(arguments: slips)
    func slipsAreSaidWithWhatToDo(_ slip: Slip) throws {
        let folder = try TemporaryFolder()
        try writeTexts(folder)
        let run = try Program(
            arguments: ["lda", "--data", "texts.txt", "--headless", "--steps", "2", "--pictures", "none"]
                + slip.arguments,
            in: folder.url)
        #expect(run.status == slip.status, "\(run.output)\(run.error)")
        #expect(run.error.contains(slip.words), "\(run.error)")
        #expect(!run.error.contains("Fatal") && !run.output.contains("steps ("))
    }

    /// What is exported into the folder of texts would be a text at the next run.
    @Test(arguments: ["texts", "texts/out", "./texts/../texts"])
    func nothingIsExportedIntoTheData(_ export: String) throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path("texts"), withIntermediateDirectories: true)
        try "apple pear\n".write(toFile: folder.path("texts/a.txt"), atomically: true, encoding: .utf8)
        let run = try Program(
            arguments: [
                "lda", "--data", "texts", "--min-documents", "1", "--max-share", "1", "--headless", "--steps", "2",
                "--pictures", "none", "--export", export,
            ], in: folder.url)
        #expect(run.status == 1 && run.error.contains("would read it as data"), "\(run.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("texts")) == ["a.txt"])
    }

    @Test func fewDocumentsAreLearnedToo() throws {
        let folder = try TemporaryFolder()
        try "one apple pear\n\napple plum\n".write(
            toFile: folder.path("texts.txt"), atomically: true, encoding: .utf8)
        let run = try Program(
            "lda", "--data", folder.path("texts.txt"), "--headless", "--topics", "40", "--steps", "3", "--pictures",
            "none",
            "--min-documents", "1", "--max-share", "1", "--memory", "0", "--batch", "1000000")
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("No documents are held out, and there is no held-out score: 0 of 3"), "\(run.error)")
        try "of the and\n".write(toFile: folder.path("texts.txt"), atomically: true, encoding: .utf8)
        let blank = try Program(
            "lda", "--data", folder.path("texts.txt"), "--headless", "--steps", "3", "--min-documents", "1")
        #expect(blank.status == 1 && blank.error.contains("texts.txt"), "\(blank.error)")
    }

    // MARK: - New documents

    @Test func newDocumentsGetTheirTopics() throws {
        let folder = try TemporaryFolder()
        try writeTexts(folder)
        let learned = try run(folder, "--steps", "400", "--model", "m.safetensors")
        #expect(learned.status == 0, "\(learned.error)")
        // Fruit, ships, words that nobody knows, and stop words between known ones.
        try "apple pear plum\nsail mast unheard\nzebra quark\nthe apple of the captain\n".write(
            toFile: folder.path("new.txt"), atomically: true, encoding: .utf8)
        let new = try infer(folder, "--model", "m.safetensors", "--data", "new.txt")
        #expect(new.status == 0, "\(new.error)")
        let rows = table(new.output)
        #expect(rows.first == ["document", "topic 1", "topic 2"])
        #expect(rows.count == 5 && rows.dropFirst().map { $0[0] } == ["line 1", "line 2", "line 3", "line 4"])
        let shares = rows.dropFirst().map { $0.dropFirst().compactMap(Double.init) }
        #expect(shares.allSatisfy { $0.count == 2 && abs($0.reduce(0, +) - 1) < 1e-5 })
        try #require(shares.count == 4 && shares.allSatisfy { $0.count == 2 })
        let fruit = shares[0][0] > 0.5 ? 0 : 1
        #expect(shares[0][fruit] > 0.8 && shares[1][1 - fruit] > 0.8)
        #expect(abs(shares[2][0] - 0.5) < 1e-5)
        #expect(shares[3][0] > 0.2 && shares[3][0] < 0.8)
        // The same into a file.
        let written = try infer(folder, "--model", "m.safetensors", "--data", "new.txt", "--output", "new.csv")
        #expect(written.status == 0 && written.output.isEmpty)
        #expect(try String(contentsOfFile: folder.path("new.csv"), encoding: .utf8) == new.output)

        // A column of a CSV file, by its name and its number.
        try "id,text\n1,\"apple, pear and \"\"plum\"\"\"\n2,sail\n".write(
            toFile: folder.path("new.csv"), atomically: true, encoding: .utf8)
        for column in ["text", "2"] {
            let run = try infer(folder, "--model", "m.safetensors", "--data", "new.csv", "--column", column)
            let rows = table(run.output)
            #expect(run.status == 0 && rows.count == 3, "\(run.error)")
            #expect(rows.last.flatMap { Double($0[2 - fruit]) } ?? 0 > 0.7, "\(rows)")
        }
        let column = try infer(folder, "--model", "m.safetensors", "--data", "new.csv", "--column", "body")
        #expect(column.status == 1 && column.error.contains("body"), "\(column.error)")
    }

    @Test func whatCannotBeInferredIsSaid() throws {
        let folder = try TemporaryFolder()
        try writeTexts(folder)
        let learned = try run(folder, "--steps", "4", "--model", "m.safetensors", "--save", "run.json")
        #expect(learned.status == 0, "\(learned.error)")
        try "zebra quark\n".write(toFile: folder.path("unknown.txt"), atomically: true, encoding: .utf8)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path("m.safetensors")))
        try bytes.prefix(bytes.count - 10).write(to: URL(fileURLWithPath: folder.path("short.safetensors")))
        var damaged = bytes
        damaged.replaceSubrange(bytes.count - 300..<bytes.count, with: Data(repeating: 0xFF, count: 300))
        try damaged.write(to: URL(fileURLWithPath: folder.path("damaged.safetensors")))
        let cases: [(model: String, data: String, words: String)] = [
            ("m.safetensors", "unknown.txt", "No word of"), ("m.safetensors", "none.txt", "none.txt"),
            ("none.safetensors", "texts.txt", "none.safetensors"), ("texts.txt", "texts.txt", "texts.txt"),
            ("short.safetensors", "texts.txt", "short.safetensors"),
            ("damaged.safetensors", "texts.txt", "damaged.safetensors"),
            // A checkpoint is of a run, not of topics.
            ("run.json.safetensors", "texts.txt", "holds no topics"),
        ]
        for (model, data, words) in cases {
            let run = try infer(folder, "--model", model, "--data", data)
            #expect(run.status == 1 && run.error.contains(words), "\(model) \(data): \(run.error)")
            #expect(run.output.isEmpty && !run.error.contains("Fatal"))
        }
        let unwritable = try infer(folder, "--model", "m.safetensors", "--data", "texts.txt", "--output", "no/such.csv")
        #expect(unwritable.status == 1 && unwritable.error.contains("no/such.csv"))
        let incomplete = try infer(folder, "--data", "texts.txt")
        #expect(
            incomplete.status == 64 && incomplete.error.contains("explore lda infer --model"), "\(incomplete.error)")
        let help = try infer(folder, "--help")
        #expect(help.status == 0 && help.output.contains("--column"))
        #expect(try infer(folder, "--model", "m.safetensors").status == 64)
    }
}
