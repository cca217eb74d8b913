import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

/// Looking is not changing: what only concerns what is shown is no part of the history.
@Suite struct ViewStateTests {
    private func run(_ plan: [ListDirector.Entry], to end: Int) throws -> Learner {
        var options = Learner.Options()
        options.director = ListDirector(plan, endsAt: end)
        options.snapshotBudget = 1 << 30
        return try Hill.learner(options).runToTheEnd()
    }

    private let zoom = Command.set(control: "zoom", to: 4)
    private let choose = Command.act(Action("choose", title: "", arguments: [7, 9]))

    @Test func lookingBetweenUndoAndRedoLosesNothing() throws {
        let change = ListDirector.Entry(4, .set(control: "rate", to: 0.5))
        let learner = try run([change, .init(9, .undo), .init(4, zoom), .init(4, choose), .init(4, .redo)], to: 12)
        #expect(learner.status.error == nil && learner.timeline.branches.count == 1)
        let straight = try run([change], to: 12)
        #expect(learner.timeline.series("loss").values == straight.timeline.series("loss").values)
        #expect(learner.timeline.commands.map(\.command) == [change.command])
        #expect(learner.status.view == ViewState(values: ["zoom": 4], choices: ["chosen": [7, 9]]))
        #expect(learner.status.settings.values["zoom"] == 4 && learner.status.settings.values["rate"] == 0.5)
    }

    @Test func aLookIsNoBranchNoSnapshotAndNothingToUndo() throws {
        // After a rewind, and on the way.
        let learner = try run(
            [.init(6, .rewind(to: 3)), .init(3, zoom), .init(3, choose), .init(3, .go(to: 0))], to: 8)
        #expect(learner.status.error == nil && learner.timeline.branches.count == 1 && !learner.status.canUndo)
        #expect(learner.timeline.log.filter { $0.command == zoom }.map(\.change) == [0])
        let refused = try Hill.learner(
            .init(maximumSteps: 3, schedule: [.init(after: 1, zoom), .init(after: 2, .undo)])
        ).runToTheEnd()
        #expect(refused.status.lastRefusal?.contains("Nothing was changed") == true)
        #expect(refused.status.view.values["zoom"] == 4)
    }

    @Test func figuresAreGivenWhatIsLookedAt() throws {
        let learner = try run(
            [.init(2, zoom), .init(2, choose), .init(4, .rewind(to: 1)), .init(1, .go(to: 0))], to: 6)
        let table = try #require(try learner.content(of: "view") as? Table)
        #expect(table.rows == [["4.0", "7", "9"]])
        let plain = try #require(try run([], to: 2).content(of: "view") as? Table)
        #expect(plain.rows == [["1.0"]])
    }

    /// The compared branch's figures are given it, too, and follow when it changes.
    @Test func bothSidesOfAComparisonAreLookedAtAlike() throws {
        let learner = try Hill.learner(.init(maximumSteps: 9, pausesAt: [6]))
        learner.start()
        #expect(eventually { learner.status.isPaused })
        func other() -> [String] {
            guard case .ready(let content, _) = learner.lookAtOther("view"), let table = content as? Table else {
                return []
            }
            return table.rows[0]
        }
        for command in [.rewind(to: 2), .branch("other"), .compare(0)] as [Command] { learner.send(command) }
        #expect(eventually { learner.status.comparedBranch == 0 && other() == ["1.0"] })
        for command in [zoom, choose] { learner.send(command) }
        #expect(eventually { other() == ["4.0", "7", "9"] })
        #expect(learner.status.lastRefusal == nil)
        learner.stop()
        learner.wait()
    }

    @Test func aSessionKeepsItAndACheckpointDoesNot() throws {
        try inTemporaryFolder { folder in
            var experiment = try Experiment(Hill(), data: Numbers())
            try experiment.set(["zoom": 2])
            experiment.look(at: ViewState(choices: ["chosen": [5]]))
            let header = SessionFile.Header(
                of: experiment, model: "hill", device: "", threads: 1, instructions: "", arguments: [])
            var options = Learner.Options(maximumSteps: 8)
            options.schedule = [
                .init(after: 2, zoom), .init(after: 3, .set(control: "rate", to: 0.5)), .init(after: 4, choose),
            ]
            options.recorder = try SessionWriter(writing: folder + "/s", header: header)
            let learner = try Learner(experiment, options: options).runToTheEnd()
            try learner.save(to: folder + "/c.safetensors")

            let session = try SessionFile(reading: folder + "/s")
            var again = try Experiment(Hill(), data: Numbers())
            try again.begin(as: session.header)
            #expect(
                again.view == experiment.view && again.view == ViewState(values: ["zoom": 2], choices: ["chosen": [5]]))
            let replay = Replay(session, tolerance: 0)
            var replayed = Learner.Options()
            (replayed.director, replayed.recorder) = (replay, replay)
            let end = try Learner(again, options: replayed).runToTheEnd()
            #expect(replay.report.isSame && replay.report.commands == 3 && end.status.view == learner.status.view)

            var resumed = try Experiment(Hill(), data: Numbers())
            try resumed.resume(from: Checkpoint(reading: folder + "/c.safetensors", on: .cpu))
            #expect(resumed.view == ViewState() && resumed.start == 8 && resumed.settings.values["rate"] == 0.5)
            let text = try String(
                decoding: Data(contentsOf: URL(fileURLWithPath: folder + "/c.safetensors")), as: UTF8.self)
            #expect(!text.contains("zoom") && !text.contains("chosen"))
        }
    }

    // MARK: - Sessions of 0.1.0

    private func old(_ lines: [String]) -> SessionFile? {
        let header =
            #"{"clmat-session":1,"model":"hill","title":"hill on numbers","device":"CPU","threads":1,"instructions":"","seed":"1","data-checksum":"","arguments":[],"settings":{"rate":0.25,"zoom":1},"attached":[]}"#
        var session: SessionFile?
        try? inTemporaryFolder { folder in
            try Data((([header] + lines).joined(separator: "\n") + "\n").utf8)
                .write(to: URL(fileURLWithPath: folder + "/s"))
            session = try SessionFile(reading: folder + "/s")
        }
        return session
    }

    private func replayed(_ session: SessionFile) throws -> (Replay.Report, Learner) {
        var experiment = try Experiment(Hill(mixins: [Ridge()]), data: Numbers())
        try experiment.begin(as: session.header)
        try experiment.set(["ridge": 0])
        let replay = Replay(session, tolerance: 1e-6)
        var options = Learner.Options()
        (options.director, options.recorder) = (replay, replay)
        let learner = try Learner(experiment, options: options).runToTheEnd()
        return (replay.report, learner)
    }

    /// Loss of the first steps from (3, −1, ½) at rate ¼: 4.125 · (3/4)^(2 (n − 1)).
    private func step(_ number: Int) -> String {
        let loss = 4.125 * Foundation.pow(0.75, Double(2 * (number - 1)))
        return #"{"step":\#(number),"on":0,"metrics":{"loss":\#(loss)}}"#
    }

    @Test func anOldSessionIsReadAndWhatItDidNotMeasureIsNoDifference() throws {
        let session = try #require(
            old([step(1), #"{"after":1,"on":0,"set":"zoom","to":3}"#, step(2), #"{"end":2,"on":0,"metrics":{}}"#]))
        #expect(session.header.format == 1 && session.header.mixins == nil)
        let (report, learner) = try replayed(session)
        #expect(learner.status.error == nil && report.isSame && report.steps == 2 && report.values == 2, "\(report)")
        #expect(learner.status.view.values["zoom"] == 3)
    }

    @Test func anOldSessionThatGoesBackAfterALookIsRefusedByItsVersion() throws {
        let session = try #require(
            old([
                step(1), #"{"after":1,"on":0,"set":"zoom","to":3}"#, step(2), #"{"after":1,"on":0,"undo":true}"#,
                step(2),
            ]))
        let (_, learner) = try replayed(session)
        #expect("\(learner.status.error.map { "\($0)" } ?? "")".contains("recorded by CLMat 0.1.0"))
        #expect(old([#"{"nothing":1}"#]) == nil)
    }

    // MARK: - Figures that advance

    @Test func aFigureAdvancesWhileItIsLookedAtAndThenRests() throws {
        let learner = try Hill.learner(.init(maximumSteps: 30, pausesAt: [3]))
        learner.start()
        #expect(eventually { learner.status.isPaused })
        func shown() -> [String] {
            guard case .ready(let content, _) = learner.look(at: "settling"), let table = content as? Table else {
                return []
            }
            return table.rows[0]
        }
        // While the run is paused it goes to where it rests.
        #expect(eventually { shown() == ["5", "3"] })
        let version = learner.version(of: "settling")
        #expect(shown() == ["5", "3"] && learner.version(of: "settling") == version)
        // A newer model is taken from where it was, and so is one that is gone back to.
        learner.send(.step(2))
        #expect(eventually { shown() == ["10", "5"] })
        learner.send(.rewind(to: 1))
        #expect(eventually { shown().last == "1" && (Int(shown()[0]) ?? 0) % 5 == 0 })
        // Who asks once sees where it leads.
        let table = try #require(try learner.content(of: "settling") as? Table)
        #expect((Int(table.rows[0][0]) ?? 1) % 5 == 0)
        learner.stop()
        learner.wait()
    }

    // MARK: - Figures of one's own

    @Test func aFigureIsAddedWhileTheRunGoesOn() throws {
        let learner = try Hill.learner(.init(maximumSteps: 9, pausesAt: [3]))
        learner.start()
        #expect(eventually { learner.status.isPaused })
        let own = Figure<Hill>("own", title: "Own", help: "") { hill, _ in
            Table(columns: ["x"], rows: try hill.x.values.map { ["\($0)"] })
        }
        try learner.add(own)
        #expect(learner.dashboard.figures.map(\.id) == ["view", "settling", "own"])
        #expect(try (learner.content(of: "own") as? Table)?.rows.count == 3)
        let taken = Figure<Hill>("view", title: "Own", help: "") { _, _ in NothingToShow("") }
        #expect(throws: CLMatError.duplicateID(kind: "figure", id: "view")) { try learner.add(taken) }
        let stranger = Figure<Counter>("own", title: "Own", help: "") { _, _ in NothingToShow("") }
        #expect(thrownCase { try learner.add(stranger) } == "invalidArgument")
        learner.send(.rewind(to: 1))
        #expect(eventually { learner.status.step == 1 })
        #expect(learner.dashboard.figures.count == 3)
        learner.stop()
        learner.wait()
    }
}
