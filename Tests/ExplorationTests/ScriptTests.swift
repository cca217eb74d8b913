import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

/// A script does what a person would do, and checks what comes of it.
@Suite struct ScriptTests {
    private func play(_ json: String) throws -> (learner: Learner, player: ScriptPlayer, stage: NotedStage) {
        let stage = NotedStage()
        let player = ScriptPlayer(
            try Script(json: Data(json.utf8), from: "test.json"), host: stage, endsTheRun: true)
        var options = Learner.Options()
        options.director = player
        return (try Learner.counter(options).runToTheEnd(), player, stage)
    }

    @Test func entriesAreDoneInOrderAndClaimsAreChecked() throws {
        let (learner, player, stage) = try play(
            """
            [{"step": 10, "keep": "value", "as": "early"},
             {"step": 10, "set": "rate", "to": 3},
             {"step": 20, "expect": "value", "near": {"kept": "early", "times": 4}, "within": 0},
             {"step": 20, "expect": "value", "over": 5, "near": 34, "within": 0.001},
             {"step": 20, "add": "doubled"}, {"step": 20, "screenshot": "x.png"}, {"step": 20, "say": "half way"},
             {"step": 20, "branch": "other"}, {"step": 20, "attach": "doubler"}, {"step": 20, "rewind": 5},
             {"step": 8, "expect": "value", "below": "early"},
             {"step": 8, "go": "main"},
             {"step": 20, "pause": true}, {"step": 20, "resume": true},
             {"step": 22, "expect": "value", "above": 45}, {"step": 22, "remove": "doubled"},
             {"step": 22, "undo": true}, {"step": 10, "act": "reset"},
             {"step": 12, "expect": "value", "near": 2, "within": 0}]
            """)
        #expect(learner.status.error == nil)
        #expect(player.expectationsMet == 5 && player.entriesLeft == 0)
        #expect(stage.calls.prefix(3) == ["add doubled", "screenshot x.png at 20", "remove doubled"])
        #expect(stage.words.contains("step 20: half way"))
        #expect(learner.timeline.branches.map(\.name) == ["main", "other", "branch 3", "branch 4"])
    }

    @Test func whatAScriptSaysIsTheRunsCaptionUntilTheNext() throws {
        let (learner, _, stage) = try play(
            #"[{"step": 2, "say": "first"}, {"step": 4, "say": "second"}, {"step": 9, "pause": true}, {"step": 9, "resume": true}]"#
        )
        #expect(learner.status.caption == Caption("second", since: 4))
        #expect(stage.words == ["step 2: first", "step 4: second"])

        let (ended, _, silent) = try play(#"[{"step": 2, "say": "first"}, {"step": 4, "say": ""}]"#)
        #expect(ended.status.caption == nil)
        #expect(silent.words == ["step 2: first"])
    }

    @Test func aClaimThatDoesNotHoldEndsTheRunWithBothValues() throws {
        let (learner, player, _) = try play(
            #"[{"step": 7, "expect": "value", "above": 7.5}, {"step": 9, "undo": true}]"#)
        guard case .expectationFailed("test.json", 1, 7, let problem) = learner.status.error else {
            Issue.record("\(learner.status.error as Any)")
            return
        }
        #expect(problem.contains("value = 7") && problem.contains("above 7.5"))
        #expect(learner.status.step == 7 && player.expectationsMet == 0 && player.entriesLeft == 1)
    }

    static let slips: [(String, String)] = [
        (#"[{"step": 3, "set": "rat", "to": 1}]"#, "Did you mean 'rate'"),
        (#"[{"step": 3, "set": "rate", "to": 99}]"#, "0 to 10"),
        (#"[{"step": 3, "set": "rate", "to": "x"}]"#, "entry 1: 'x' is not a value for rate"),
        (#"[{"step": 3, "undo": true}, {"step": 3, "set": "failin", "to": "off"}]"#, "Nothing was changed"),
        (#"[{"step": 3, "set": "failing", "to": "often"}]"#, "on or off"),
        (#"[{"step": 3, "expect": "valu", "above": 1}]"#, "valu"),
        (#"[{"step": 3, "expect": "final", "above": 1}]"#, "final"),
        (#"[{"step": 3, "expect": "value", "above": "nothing"}]"#, "nothing was kept"),
        (#"[{"step": 3, "go": "nowhere"}]"#, "nowhere"), (#"[{"step": 3, "delete": 0}]"#, "on this branch"),
        (#"[{"step": 3, "undo": true}]"#, "Nothing was changed"),
        (
            #"[{"step": 3, "set": "rate", "to": 2}, {"step": 9, "undo": true}, {"step": 2, "undo": true}]"#,
            "in the past"
        ),
    ]

    @Test(arguments: slips)
    func aSlipInAScriptEndsTheRunInWords(json: String, words: String) throws {
        let error = try play(json).learner.status.error
        #expect(error.map { "\($0)" }?.contains(words) == true, "\(error as Any)")
    }

    /// Values as a person types them at the window.
    @Test func valuesCanBeTyped() throws {
        let (learner, player, _) = try play(
            """
            [{"step": 2, "set": "rate", "to": "3"}, {"step": 2, "set": "failing", "to": "off"},
             {"step": 3, "set": "failing", "to": false}, {"step": 4, "expect": "value", "near": 8, "within": 0}]
            """)
        #expect(learner.status.error == nil && player.expectationsMet == 1)
    }

    static let damaged: [(String, String)] = [
        // Where it stops being JSON, and what is not closed.
        (
            "[{\"step\": 1, \"undo\": true},\n",
            "line 2, column 1: the text ends, but the list that begins in line 1, column 1"
        ),
        ("[{\"step\": 1,\n  \"undo\": true", "the object that begins in line 1, column 2 is not closed"),
        ("[{\"step\": 1 \"undo\": true}]", "line 1, column 13: there should be a comma"),
        ("[{\"step\": 1, \"say\": \"x}]", "line 1, column 21: the text that begins here has no closing quotation mark"),
        ("[{\"step\": 1, undo: true}]", "line 1, column 14: there should be a name in quotation marks"),
        ("[{\"step\": 1, \"undo\": yes}]", "line 1, column 22: 'yes' is no value of JSON"),
        ("[1] 2", "more after the end"),
        (String(repeating: "[", count: 100_000), "is not closed"),
        (#"[{"step": 1, "expct": "value", "above": 1}]"#, "entry 1: There is no verb 'expct'. Did you mean 'expect'?"),
        ("", "JSON list"), ("{}", "JSON list"), ("[5]", "step"), (#"[{"step": -1, "pause": true}]"#, "step"),
        (#"[{"step": 1.5, "pause": true}]"#, "step"), (#"[{"step": 1}]"#, "needs one of"),
        (#"[{"step": 1, "pause": true, "resume": true}]"#, "not several"), (#"[{"step": 1, "pause": 1}]"#, "pause"),
        (#"[{"step": 1, "set": "rate"}]"#, "lacks"), (#"[{"step": 1, "set": "rate", "to": [1]}]"#, "lacks"),
        (#"[{"step": 1, "undo": true, "to": 1}]"#, "does not belong"),
        (#"[{"step": 1, "expect": "value"}]"#, "lacks"), (#"[{"step": 1, "expect": "value", "near": 1}]"#, "lacks"),
        (#"[{"step": 1, "expect": "value", "above": 1, "below": 2}]"#, "lacks"),
        (#"[{"step": 1, "keep": "value", "as": "x", "over": 0}]"#, "lacks"),
        (
            #"[{"step": 5, "undo": true}, {"step": 2, "set": "rate", "to": 1}, {"step": 1, "redo": true}]"#,
            "in the past"
        ),
        (#"[{"step": 5, "rewind": 9}]"#, "0 to 5"),
        (#"[{"step": 5, "rewind": 2}, {"step": 1, "undo": true}]"#, "entry 2"),
        (#"[{"step": 5, "pause": true}, {"step": 6, "undo": true}]"#, "resume"),
    ]

    @Test func theScriptsOfTheSamplesCanBeRead() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../samples/scripts").standardizedFileURL
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
        #expect(files.contains("kmeans-size.json"))
        for file in files { _ = try Script(reading: folder.appendingPathComponent(file).path) }
    }

    @Test(arguments: damaged)
    func aDamagedScriptIsRefusedBeforeTheRun(json: String, words: String) {
        do {
            _ = try Script(json: Data(json.utf8), from: "test.json")
            Issue.record("it was read: \(json)")
        } catch {
            #expect("\(error)".contains(words) && "\(error)".contains("test.json"), "\(error)")
        }
    }
}

/// Notes what a script asks of the window.
final class NotedStage: ScriptHost {
    private let notes = Locked((calls: [String](), words: [String]()))
    var calls: [String] { notes.withLock { $0.calls } }
    var words: [String] { notes.withLock { $0.words } }

    func add(panel: String) throws(CLMatError) { notes.withLock { $0.calls.append("add \(panel)") } }
    func remove(panel: String) throws(CLMatError) { notes.withLock { $0.calls.append("remove \(panel)") } }
    func screenshot(to path: String) throws(CLMatError) {
        notes.withLock { $0.calls.append("screenshot \(path) at 20") }
    }
    func say(_ text: String) { notes.withLock { $0.words.append(text) } }
}
