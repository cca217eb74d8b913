import Foundation
import Testing

/// `samples/own-model`: one file with a model of its own, and the whole command line.
extension DependentPackageTests {
    private func json(_ name: String) throws -> [String: Any] {
        let data = try Data(contentsOf: folder.appendingPathComponent(name))
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    private var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()) ?? [] }

    @Test func aModelOfItsOwnPlaysAScriptAndItsSessionIsReplayed() throws {
        try write(
            """
            [{"step": 40, "keep": "weight-norm", "as": "free"},
             {"step": 40, "set": "ridge", "to": 1},
             {"step": 80, "expect": "weight-norm", "below": {"kept": "free", "times": 0.5}},
             {"step": 80, "rewind": 30}, {"step": 60, "screenshot": "middle.png"},
             {"step": 60, "expect": "accuracy", "over": 20, "above": 0.7}, {"step": 60, "say": "The end."}]
            """, to: "script.json")
        let run = try packages.ownModel.run(
            "--headless", "--rows", "300", "--set", "learning-rate=0.5", "--set", "learning-rate=0.1@50", "--play",
            "script.json",
            "--save", "run.jsonl", "--summary", "summary.json", "--screenshot", "end.png", in: folder)
        #expect(run.status == 0 && run.output.contains("The script's 2 expectations hold."), "\(run.output)")
        #expect(run.lines.contains("step 60: The end."), "\(run.output)")
        for file in ["middle.png", "end.png", "train-weights.png", "run.jsonl", "run.jsonl.safetensors"] {
            #expect(files.contains(file), "\(files)")
        }
        let summary = try json("summary.json")
        #expect(summary["model"] as? String == "train" && summary["steps"] as? Int == 60)
        // Its own option is kept, though nobody listed it.
        let header = try #require(
            String(contentsOfFile: folder.path + "/run.jsonl", encoding: .utf8).split(separator: "\n").first)
        #expect(header.contains(#""arguments":["--data","made-up","--rows","300"]"#), "\(header)")

        let again = try packages.ownModel.run("replay", "run.jsonl", in: folder)
        #expect(again.status == 0 && again.output.contains("all the same, bit for bit"), "\(again.output)")
        try write(header.replacing("\"300\"", with: "\"301\"") + "\n", to: "other.jsonl")
        let other = try packages.ownModel.run("replay", "other.jsonl", in: folder)
        #expect(other.status == 1 && other.output.contains("logistic: The data are not those"), "\(other.output)")
    }

    @Test func aModelOfItsOwnGoesOnFromItsCheckpoint() throws {
        try write("height,width,class\n1,2,0\n2,1,1\n1.5,2.5,0\n3,0,1\n0,1,0\n1,0,1\n", to: "table.csv")
        let common = ["--headless", "--quiet", "--pictures", "none", "--seed", "5"]
        func run(_ arguments: String...) throws -> Program.Result {
            try packages.ownModel.run(common + arguments, in: folder)
        }
        let whole = try run("--data", "table.csv", "--batch", "3", "--steps", "60", "--summary", "whole.json")
        let half = try run("--data", "table.csv", "--batch", "3", "--steps", "25", "--save", "half.jsonl")
        let rest = try run("--resume", "half.jsonl", "--steps", "60", "--summary", "rest.json")
        for result in [whole, half, rest] { #expect(result.status == 0, "\(result.output)") }
        let metrics = try ["whole.json", "rest.json"].map { try #require(json($0)["metrics"] as? [String: Double]) }
        #expect(metrics[0] == metrics[1] && metrics[0]["loss"] != nil)

        let otherwise = try run("--resume", "half.jsonl", "--batch", "2", "--steps", "60")
        #expect(otherwise.status == 1 && otherwise.output.contains("leave it out"), "\(otherwise.output)")
        // Also one that is the default, where the run was made with another.
        let usual = try run("--resume", "half.jsonl", "--data", "made-up", "--steps", "60")
        #expect(usual.status == 1 && usual.output.contains("leave it out"), "\(usual.output)")
    }

    @Test func aModelOfItsOwnHasHelpAndErrorsInItsName() throws {
        let program = packages.ownModel
        let help = try program.run("--help", in: folder)
        #expect(help.status == 0 && help.output.contains("USAGE: logistic <subcommand>"), "\(help.output)")
        #expect(help.output.contains("train (default)") && help.output.contains("replay"), "\(help.output)")
        let ofModel = try program.run("help", "train", in: folder)
        let words = ofModel.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for text in [
            "Rows of the made-up data", "from 'logistic devices'", "(64)", "--set ridge=off", "--resume <file>",
        ] {
            #expect(words.contains(text), "\(text): \(words)")
        }
        for name in ["explore", "ldam", "noise", "fashion"] {
            #expect(!(words + help.output).contains(name), "\(name)")
        }

        func refused(_ arguments: String..., status: Int32, _ text: String) throws {
            let run = try program.run(arguments + ["--pictures", "none", "--steps", "2"], in: folder)
            #expect(run.status == status && run.output.contains(text), "\(arguments): \(run.output)")
        }
        try refused("--rowz", "5", status: 64, "Usage: logistic train")
        try refused("--rows", "5", "--data", "a.csv", status: 64, "a.csv has its own")
        try refused("trane", status: 64, "Did you mean 'train'?")
        try refused("--headless", "--set", "rigde=1", status: 1, "logistic: There is no control 'rigde'")
        try refused("--headless", "--data", "nothing.csv", status: 1, "logistic: ")
        try write("a,class\n1,0\n2,two\n", to: "bad.csv")
        try refused(
            "--headless", "--data", "bad.csv", status: 1, "bad.csv is damaged at line 3: field 2 is not a number")
    }
}
