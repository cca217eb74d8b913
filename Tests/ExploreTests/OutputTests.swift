import Foundation
import Testing

/// Outputs of a run: checked before it, each by itself after it, and never into what the run reads.
@Suite struct OutputTests {
    private func prepared() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path("texts"), withIntermediateDirectories: false)
        for number in 0..<24 {
            try (number % 2 == 0 ? "apple pear plum grape apple" : "sail mast keel anchor sail").write(
                toFile: folder.path("texts/\(number).txt"), atomically: true, encoding: .utf8)
        }
        try "1,1\n1,2\n9,9\n8,9\n".write(toFile: folder.path("points.csv"), atomically: true, encoding: .utf8)
        return folder
    }

    private func topics(_ folder: TemporaryFolder, _ arguments: [String]) throws -> Program {
        try Program(
            arguments: ["lda", "--data", "texts", "--topics", "2", "--steps", "4", "--headless", "--quiet"]
                + (arguments.contains("--pictures") ? [] : ["--pictures", "none"]) + arguments, in: folder.url)
    }

    private func points(_ folder: TemporaryFolder, _ arguments: [String]) throws -> Program {
        try Program(
            arguments: [
                "kmeans", "--data", "points.csv", "--clusters", "2", "--steps", "4", "--headless", "--quiet",
                "--pictures",
                "none",
            ] + arguments, in: folder.url)
    }

    // MARK: - Before the run

    @Test(arguments: [
        ["--model", "missing/"], ["--model", "missing/m"], ["--model", "texts"], ["--model", "pipe.socket"],
        ["--model", "same", "--summary", "same"], ["--save", "s", "--model", "s.safetensors"], ["--summary", ""],
        ["--export", "points.csv"], ["--pictures", "points.csv/p"], ["--save", "points.csv"], ["--summary", "circle"],
        ["--save", "taken"],
    ])
    func whatCannotBeWrittenIsSaidBeforeTheRun(_ arguments: [String]) throws {
        let folder = try prepared()
        // A link to itself, and a folder where the checkpoint of --save taken would be.
        symlink("circle", folder.path("circle"))
        mkdir(folder.path("taken.safetensors"), 0o755)
        let socket = try Socket(at: folder.path("pipe.socket"))
        let before = folder.files
        // What else was asked for is not begun.
        let run = try topics(
            folder, arguments + (arguments.contains("--export") ? [] : ["--export", "new"]))
        #expect([1, 64].contains(run.status), "\(run.error)")
        #expect(run.error.contains("Cannot write") || run.error.contains("files of their own"), "\(run.error)")
        #expect(folder.files == before)
        withExtendedLifetime(socket) {}
    }

    /// A socket that has a name.
    private final class Socket {
        private let descriptor: Int32
        init(at path: String) throws {
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1)) }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let isBound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
            }
            try #require(isBound)
        }
        deinit { close(descriptor) }
    }

    /// What is written among the texts would be a text at the next run.
    @Test(arguments: [
        ["--save", "texts/s"], ["--summary", "texts/s.json"], ["--model", "./texts/../texts/m"],
        ["--screenshot", "texts/w.png"],
        ["--pictures", "texts"], ["--export", "texts/out"], ["--summary", "link"], ["--model", "inside/m"],
        ["--export", "inside/out"],
    ])
    func nothingIsWrittenAmongTheTexts(_ arguments: [String]) throws {
        let folder = try prepared()
        // Links into the folder: to a file that is not there, and to the folder itself.
        symlink("texts/new.json", folder.path("link"))
        symlink("texts", folder.path("inside"))
        let run = try topics(folder, arguments)
        #expect(run.status == 1 && run.error.contains("would read it as data"), "\(run.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("texts")).count == 24)
    }

    @Test func inferWritesNeitherIntoItsTextsNorOverItsModel() throws {
        let folder = try prepared()
        #expect(try topics(folder, ["--model", "m"]).status == 0)
        let model = FileManager.default.contents(atPath: folder.path("m"))
        for (output, words) in [
            ("texts/t.csv", "would read it as data"), ("m", "the run reads it"), ("no/t.csv", "no folder no"),
        ] {
            let run = try Program("lda", "infer", "--model", "m", "--data", "texts", "--output", output, in: folder.url)
            #expect(run.status == 1 && run.error.contains(words), "\(run.error)")
        }
        #expect(FileManager.default.contents(atPath: folder.path("m")) == model)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("texts")).count == 24)
        let over = try points(folder, ["--summary", "points.csv"])
        #expect(over.status != 0 && folder.files.contains("points.csv"))
        #expect(try String(contentsOfFile: folder.path("points.csv"), encoding: .utf8).hasPrefix("1,1\n"))
    }

    @Test func nothingIsWrittenAmongImages() throws {
        let folder = try TemporaryFolder()
        // The first image of a run without data of its own: any PNG will do, here the picture of a run.
        try folder.writeData()
        let made = try Program(
            "ldam", "--data", folder.url.path, "--headless", "--steps", "1", "--batch", "20", "--chains", "1",
            "--quiet",
            "--pictures", folder.path("made"))
        #expect(made.status == 0, "\(made.error)")
        for part in ["train", "test"] {
            for name in ["a", "b"] {
                let inner = folder.path("images/\(part)/\(name)")
                try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
                for number in 0..<2 {
                    try FileManager.default.copyItem(
                        atPath: folder.path("made/ldam-first-layer-filters.png"), toPath: "\(inner)/\(number).png")
                }
            }
        }
        for arguments in [["--pictures", "images"], ["--pictures", "none", "--summary", "images/train/a/s.json"]] {
            let run = try Program(
                arguments: ["kmeans", "--data", "images", "--clusters", "2", "--headless", "--steps", "1"] + arguments,
                in: folder.url)
            #expect(run.status == 1 && run.error.contains("would read it as data"), "\(run.error)")
        }
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path("images")).count == 14)
    }

    // MARK: - After the run

    /// A folder comes to stand where an output goes while the run is under way: that one fails, and the others are written.
    @Test func oneOutputThatFailsDoesNotTakeTheOthersWithIt() throws {
        let folder = try prepared()
        for name in ["out/phi.npy", "pictures/lda-top-words.png"] {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
        }
        let run = try topics(
            folder,
            [
                "--summary", "/dev/full", "--model", "m", "--export", "out", "--pictures", "pictures", "--save",
                "s.jsonl",
            ])
        #expect(run.status == 1)
        for failed in ["/dev/full", "phi.npy", "lda-top-words.png"] {
            #expect(
                run.error.contains("Cannot write \(failed)") || run.error.contains(failed), "\(failed): \(run.error)")
        }
        #expect(folder.files.contains("m") && folder.files.contains("s.jsonl.safetensors"))
        #expect(FileManager.default.fileExists(atPath: folder.path("out/theta.npy")))
        #expect(FileManager.default.fileExists(atPath: folder.path("out/documents.txt")))
        #expect(FileManager.default.fileExists(atPath: folder.path("pictures/lda-topic-map.png")))
    }

    @Test func filesMayGoIntoAFolderThatTheRunMakes() throws {
        let folder = try prepared()
        let run = try topics(
            folder, ["--export", "out/topics", "--summary", "out/topics/s.json", "--model", "out/topics/m"])
        #expect(run.status == 0, "\(run.error)")
        for name in ["s.json", "m", "phi.npy"] {
            #expect(FileManager.default.fileExists(atPath: folder.path("out/topics/\(name)")), "\(name)")
        }
    }

    // MARK: - Links

    @Test func linksStayAndWhatTheyLeadToIsWritten() throws {
        let folder = try prepared()
        mkdir(folder.path("elsewhere"), 0o755)
        try "old".write(toFile: folder.path("real.json"), atomically: true, encoding: .utf8)
        let links = [
            "link.json": "real.json", "chain.json": "dangling.json", "dangling.json": "elsewhere/new.json",
            "absolute.json": folder.path("elsewhere/absolute.json"), "session": "elsewhere/session",
            "pictures": "elsewhere/pictures",
        ]
        for (name, target) in links { symlink(target, folder.path(name)) }
        for name in ["link.json", "chain.json", "absolute.json"] {
            let run = try points(folder, ["--summary", name])
            #expect(run.status == 0, "\(run.error)")
        }
        // The second session of the same name puts the first aside, where it lies.
        for _ in 0..<2 {
            let run = try points(folder, ["--save", "session", "--pictures", "pictures"])
            #expect(run.status == 0, "\(run.error)")
        }
        for (name, target) in links {
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path(name)) == target)
        }
        for name in ["real.json", "elsewhere/new.json", "elsewhere/absolute.json"] {
            let data = try #require(FileManager.default.contents(atPath: folder.path(name)))
            #expect((try? JSONSerialization.jsonObject(with: data)) != nil)
        }
        let made = try FileManager.default.contentsOfDirectory(atPath: folder.path("elsewhere")).sorted()
        #expect(made == ["absolute.json", "new.json", "pictures", "session", "session~"])
        #expect(try Program("replay", "session", in: folder.url).status == 0)
        // What is no session is not replaced by one that is put aside.
        try "notes".write(toFile: folder.path("elsewhere/session~"), atomically: true, encoding: .utf8)
        let kept = try points(folder, ["--save", "session"])
        #expect(kept.status == 1 && kept.error.contains("session~"), "\(kept.error)")
        #expect(try String(contentsOfFile: folder.path("elsewhere/session~"), encoding: .utf8) == "notes")
    }

    // MARK: - Words

    @Test func errorsNameOptionsAsTheyAreTyped() throws {
        let folder = try prepared()
        try "id,text\n1,apple\n".write(toFile: folder.path("two.csv"), atomically: true, encoding: .utf8)
        let cases: [([String], [String])] = [
            (
                ["lda", "--data", "texts", "--min-documents", "20"],
                ["(--min-documents)", "(--max-share)", "(--stop-words)"]
            ),
            (["lda", "--data", "two.csv"], ["say which one holds the texts (--column)", "2 'text'"]),
            (["lda", "--data", "two.csv", "--column", "body"], ["'body' is not a value for --column"]),
            (["kmeans", "--data", "/etc/passwd"], ["/etc/passwd", ".npy", ".csv", "IDX"]),
            (["kmeans", "--data", "points.csv", "--clusters", "2", "--batch", "0"], ["--batch"]),
        ]
        for (arguments, words) in cases {
            let run = try Program(
                arguments: arguments + ["--headless", "--steps", "1", "--pictures", "none"], in: folder.url)
            #expect(run.status == 1, "\(run.error)")
            for word in words { #expect(run.error.contains(word), "\(arguments): \(run.error)") }
            #expect(!run.error.contains("minimumDocuments") && !run.error.contains("maximumShare"))
        }
    }

    @Test func choicesCanBeTypedInASCII() throws {
        let folder = try prepared()
        try folder.writeData()
        for clip in ["0..1", "0...1", "0…1"] {
            let run = try Program(
                "ldam", "--data", folder.url.path, "--headless", "--steps", "1", "--batch", "20", "--chains", "1",
                "--pictures", "none", "--set", "clip=\(clip)")
            #expect(run.status == 0, "\(run.error)")
        }
        for rule in ["constant", "1/count", "full-batch"] {
            let run = try points(folder, ["--set", "rule=\(rule)"])
            #expect(run.status == 0, "\(run.error)")
        }
        let wrong = try points(folder, ["--set", "rule=sometimes"])
        #expect(wrong.status == 1 && wrong.error.contains("constant η as 'constant'"), "\(wrong.error)")
    }

    @Test func helpSaysWhatBelongsToTheModel() throws {
        let help = try Program("ldam", "--help")
        #expect(help.status == 0 && help.error.isEmpty)
        #expect(!help.output.contains("20newsgroups") && help.output.contains("fashion-mnist"))
        // The lines are broken where the terminal ends.
        let text = help.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for words in ["Progress format", "Print errors only", "final metrics as one JSON object", "1 if not given"] {
            #expect(text.contains(words), "\(words)")
        }
        #expect(try Program("lda", "--help").output.contains("20newsgroups"))
    }

    /// A name that is not UTF-8 would come to the program as another one.
    @Test func namesThatAreNotUTF8AreRefused() throws {
        let folder = try prepared()
        let run = try Program(
            shell: """
                "$EXPLORE" kmeans --data points.csv --clusters 2 --headless --steps 1 --pictures none \
                --summary "$(printf 's\\377.json')"
                """, in: folder.url)
        #expect(run.status == 64 && run.error.contains("not UTF-8"), "\(run.error)")
        #expect(folder.files == ["points.csv", "texts"])
    }
}
