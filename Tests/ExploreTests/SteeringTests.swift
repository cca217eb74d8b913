import Foundation
import Testing

/// Sessions, replays, scripts and checkpoints of the program.
@Suite struct SteeringTests {
    private let script = """
        [{"step": 10, "keep": "train-loss", "as": "early", "over": 5},
         {"step": 12, "set": "learning-rate", "to": 0.001},
         {"step": 30, "expect": "train-loss", "over": 5, "below": {"kept": "early", "times": 1}},
         {"step": 30, "rewind": 15}, {"step": 18, "set": "noise", "to": 1}, {"step": 25, "undo": true},
         {"step": 26, "screenshot": "FOLDER/w.png"}, {"step": 28, "go": "main"}]
        """

    private func ldam(_ folder: TemporaryFolder, _ arguments: String...) throws -> Program {
        try Program(
            arguments: ["ldam", "--headless", "--pictures", "none"] + arguments, in: folder.url)
    }

    private func prepared() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.writeData()
        try script.replacingOccurrences(of: "FOLDER", with: folder.url.path)
            .write(toFile: folder.path("script.json"), atomically: true, encoding: .utf8)
        return folder
    }

    @Test func aScriptPlaysItsSessionReplaysAndItsCheckpointResumes() throws {
        let folder = try prepared()
        let data = ["--data", folder.url.path, "--batch", "20", "--chains", "2"]
        let played = try Program(
            arguments: [
                "ldam", "--preset", "dissertation", "--headless", "--pictures", "none", "--play", "script.json",
                "--save",
                "run.jsonl",
            ] + data,
            in: folder.url)
        #expect(played.status == 0, "\(played.error)")
        #expect(played.output.contains("The script's 1 expectation holds."))
        #expect(folder.files.contains("w.png") && folder.files.contains("run.jsonl.safetensors"))

        let replayed = try Program("replay", "run.jsonl", in: folder.url)
        #expect(replayed.status == 0, "\(replayed.error)")
        #expect(replayed.output.contains("all the same, bit for bit"))

        // Another device may round differently, and says by how much.
        let elsewhere = try Program("replay", "run.jsonl", "--device", "1", "--tolerance", "0.5", in: folder.url)
        if elsewhere.status == 0 { #expect(elsewhere.output.contains("recorded on CPU")) }

        let resumed = try ldam(folder, "--resume", "run.jsonl", "--steps", "40", "--summary", "s.json")
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(try String(contentsOfFile: folder.path("s.json"), encoding: .utf8).contains("\"steps\": 40"))

        // On in the same file: its session has a copy of the checkpoint that it began from, and can be done again.
        let same = try ldam(folder, "--resume", "run.jsonl", "--save", "run.jsonl", "--steps", "40")
        #expect(same.status == 0, "\(same.error)")
        let again = try Program("replay", folder.path("run.jsonl"))
        #expect(again.status == 0 && again.output.contains("bit for bit"), "\(again.error)\(again.output)")
        let late = try ldam(folder, "--resume", "run.jsonl", "--steps", "40")
        #expect(late.status == 1 && late.error.contains("after step 40"))

        let foreign = try ldam(folder, "--resume", "run.jsonl", "--batch", "10")
        #expect(foreign.status == 1 && foreign.error.contains("leave it out"))
        // Other data under the same name.
        try folder.writeData(train: 180)
        for program in [try ldam(folder, "--resume", "run.jsonl"), try Program("replay", "run.jsonl", in: folder.url)] {
            #expect(program.status == 1 && program.error.contains("data"))
        }
    }

    /// What was not given is not given again: options without a value have no place in a checkpoint.
    @Test func aRunWithDefaultsCanBeGoneOnWith() throws {
        let folder = try prepared()
        let data = ["--data", folder.url.path]
        for model in [["kmeans", "--clusters", "4"], ["nmf", "--parts", "3"]] {
            let common = [model[0], "--headless", "--pictures", "none", "--quiet"]
            let first = try Program(
                arguments: common + Array(model[1...]) + data + ["--steps", "4", "--save", "\(model[0]).jsonl"],
                in: folder.url)
            #expect(first.status == 0, "\(first.error)")
            let second = try Program(
                arguments: common + ["--resume", "\(model[0]).jsonl", "--steps", "8", "--summary", "s.json"],
                in: folder.url)
            #expect(second.status == 0, "\(second.error)")
            #expect(try String(contentsOfFile: folder.path("s.json"), encoding: .utf8).contains("\"steps\": 8"))
            #expect(try Program("replay", "\(model[0]).jsonl", in: folder.url).status == 0)
        }
    }

    /// A preset gives way to what is set, and a session keeps its values.
    @Test func aRunBeginsWithAPreset() throws {
        let folder = try prepared()
        func kmeans(_ arguments: String...) throws -> Program {
            try Program(
                arguments: [
                    "kmeans", "--clusters", "4", "--headless", "--pictures", "none", "--data", folder.url.path,
                    "--steps", "4", "--summary", "s.json",
                ] + arguments, in: folder.url)
        }
        func settings() throws -> [String: Double] {
            let summary = try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: folder.path("s.json"))))
            return try #require((summary as? [String: Any])?["settings"] as? [String: Double])
        }
        let chosen = try kmeans("--preset", "means-at-once", "--save", "p.jsonl")
        #expect(chosen.status == 0, "\(chosen.error)")
        #expect(try settings()["centre-rate"] == 1)
        let session = try String(contentsOfFile: folder.path("p.jsonl"), encoding: .utf8)
        #expect(session.contains(#""centre-rate":1.0"#) && !session.contains("means-at-once"))
        #expect(try Program("replay", "p.jsonl", in: folder.url).status == 0)

        #expect(try kmeans("--preset", "means-at-once", "--set", "centre-rate=0.5").status == 0)
        #expect(try settings()["centre-rate"] == 0.5)
        let unknown = try kmeans("--preset", "means")
        #expect(unknown.status == 1 && unknown.error.contains("default") && unknown.error.contains("even-sizes"))
    }

    @Test func aClaimThatFailsIsStatusOneWithBothValues() throws {
        let folder = try prepared()
        try #"[{"step": 5, "expect": "train-loss", "below": 0.0001}]"#.write(
            toFile: folder.path("f.json"), atomically: true, encoding: .utf8)
        let run = try ldam(folder, "--data", folder.url.path, "--play", "f.json")
        #expect(run.status == 1)
        #expect(run.error.contains("train-loss = ") && run.error.contains("below 0.0001"))
    }

    @Test func aScriptThatTheRunDoesNotFinishIsAFailure() throws {
        let folder = try prepared()
        let run = try ldam(folder, "--data", folder.url.path, "--play", "script.json", "--steps", "11")
        #expect(run.status == 1 && run.error.contains("entries of the script"))
    }

    /// A kill at any moment leaves a session that can be read and, if there was time for one, a whole checkpoint.
    @Test(arguments: [SIGKILL, SIGTERM])
    func aRunThatIsKilledLeavesWholeFiles(signal: Int32) throws {
        let folder = try prepared()
        let run = try Program(
            arguments: [
                "ldam", "--headless", "--pictures", "none", "--data", folder.url.path, "--save", "run.jsonl", "--batch",
                "20",
            ], in: folder.url, interruptedBy: signal)
        #expect(run.status != 0 || signal == SIGTERM)
        let replayed = try Program("replay", "run.jsonl", in: folder.url)
        #expect(replayed.status == 0, "\(replayed.error)")
        #expect(!folder.files.contains { $0.contains(".part") })
    }

    /// Going back and trying something else a thousand times, and deleting what was tried, leaves memory where it was.
    @Test func aThousandRewindsLeaveMemoryWhereItWas() throws {
        let folder = try prepared()
        func peak(_ rewinds: Int) throws -> Double {
            var entries: [String] = []
            for number in 0..<rewinds {
                entries.append(#"{"step": 12, "rewind": 10}"#)
                entries.append(#"{"step": 10, "set": "momentum", "to": \#(number % 2 == 0 ? 0.5 : 0.8)}"#)
            }
            for branch in 0..<rewinds { entries.append(#"{"step": 12, "delete": \#(branch)}"#) }
            try "[\(entries.joined(separator: ","))]".write(
                toFile: folder.path("many.json"), atomically: true, encoding: .utf8)
            let run = try ldam(
                folder, "--data", folder.url.path, "--batch", "4", "--detached", "--snapshots", "40MB", "--play",
                "many.json", "--summary", "s.json", "--quiet")
            #expect(run.status == 0, "\(run.error)")
            let summary = try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: folder.path("s.json"))))
            return try #require((summary as? [String: Any])?["peak-memory"] as? Double)
        }
        let (few, many) = (try peak(30), try peak(1000))
        // What stays of each: a line in the log, and of the allocator's ways some megabytes.
        #expect(many - few < 12e6, "\((many - few) / 1e6) MB more")
    }

    @Test func badFilesAndSizesAreRefusedInWords() throws {
        let folder = try prepared()
        try "not json".write(toFile: folder.path("bad.json"), atomically: true, encoding: .utf8)
        try #"[{"step": 1, "pause": true}]"#.write(
            toFile: folder.path("pause.json"), atomically: true, encoding: .utf8)
        try "1,2\n3,4\n5,7\n".write(toFile: folder.path("table.csv"), atomically: true, encoding: .utf8)
        #expect(mkfifo(folder.path("pipe.npy"), 0o600) == 0)
        let data = ["--data", folder.url.path]
        let cases: [([String], Int32, String)] = [
            (["ldam", "--headless", "--play", "bad.json"] + data, 1, "JSON list"),
            (["ldam", "--headless", "--play", "none.json"] + data, 1, "none.json"),
            (["ldam", "--headless", "--resume", "none"] + data, 1, "none.safetensors"),
            (["ldam", "--headless", "--save", "/nonexistent/x", "--steps", "1"] + data, 1, "/nonexistent"),
            (["ldam", "--headless", "--play", "pause.json"] + data, 1, "nobody could go on"),
            (["ldam", "--headless", "--save", "bad.json", "--steps", "1"] + data, 1, "no session"),
            (["ldam", "--headless", "--save", "x", "--summary", "x", "--steps", "1"] + data, 64, "files of their own"),
            (
                [
                    "kmeans", "--headless", "--data", "table.csv", "--clusters", "2", "--blocks",
                    "9223372036854775807,1",
                ], 1, "blocks"
            ),
            (["kmeans", "--headless", "--data", "pipe.npy", "--clusters", "2"], 1, "plain file"),
            (["ldam", "--snapshots", "much"], 64, "--snapshots"), (["replay", "bad.json"], 1, "bad.json"),
            (["replay", "none.json"], 1, "none.json"),
            (["replay", "bad.json", "--tolerance", "-1"], 64, "--tolerance"),
        ]
        for (arguments, status, words) in cases {
            let run = try Program(arguments: arguments, in: folder.url)
            #expect(run.status == status && run.error.contains(words), "\(arguments): \(run.error)")
        }
    }
}
