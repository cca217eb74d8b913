import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

@Suite struct LearnerTests {
    // MARK: - Running

    @Test func runsSoManyStepsAndConcludes() throws {
        let learner = try Learner.counter(.init(maximumSteps: 25)).runToTheEnd()
        let status = learner.status
        #expect(status.isFinished && status.error == nil)
        #expect(status.step == 25)
        #expect(status.epoch == 2.5)
        #expect(learner.timeline.series("value").values.last == 25)
        #expect(learner.timeline.lastValues["final"] == 25)
        #expect(learner.title == "counter on numbers")
        #expect(abs((learner.totalRates["counts"] ?? 0) - 1000) < 1)
    }

    @Test func noStepsAreARunToo() throws {
        let learner = try Learner.counter(.init(maximumSteps: 0)).runToTheEnd()
        #expect(learner.status.step == 0)
        #expect(learner.timeline.series("value").count == 0)
    }

    @Test func pausesStepsAndGoesOn() throws {
        let learner = try Learner.counter(.init())
        learner.start(paused: true)
        #expect(learner.status.isPaused)
        learner.send(.step(1))
        #expect(eventually { learner.status.step == 1 && learner.status.isPaused })
        learner.send(.step(5))
        #expect(eventually { learner.status.step == 6 && learner.status.isPaused })
        learner.send(.resume)
        #expect(eventually { learner.status.step > 20 })
        learner.send(.pause)
        #expect(eventually { learner.status.isPaused })
        let step = learner.status.step
        Thread.sleep(forTimeInterval: 0.02)
        #expect(learner.status.step == step)
        learner.stop()
        learner.wait()
        #expect(learner.status.isFinished)
    }

    @Test func pausesByItselfWhereToldTo() throws {
        let learner = try Learner.counter(.init(maximumSteps: 30, pausesAt: [12]))
        learner.start()
        #expect(eventually { learner.status.isPaused })
        #expect(learner.status.step == 12)
        learner.send(.resume)
        learner.wait()
        #expect(learner.status.step == 30)
    }

    // MARK: - Commands

    @Test func settingsTakeEffectBetweenStepsAndAreLogged() throws {
        let learner = try Learner.counter(
            .init(
                maximumSteps: 20,
                schedule: [
                    .init(after: 5, .set(control: "rate", to: 2)), .init(after: 5, .set(control: "rate", to: 3)),
                    .init(after: 10, .set(control: "rate", to: 0)),
                ])
        ).runToTheEnd()
        let values = learner.timeline.series("value")
        #expect(values.value(at: 5) == 5)
        #expect(values.value(at: 6) == 8)
        #expect(values.value(at: 20) == 20)  // 5 + 5·3
        // Two settings between the same two steps are one change.
        let commands = learner.timeline.commands
        #expect(commands.map(\.command) == [.set(control: "rate", to: 3), .set(control: "rate", to: 0)])
        #expect(commands.map(\.before) == [1, 3])
        #expect(commands.map(\.step) == [5, 10])
    }

    static let slips: [(Command, String)] = [
        (.set(control: "rat", to: 1), "rat"), (.set(control: "rate", to: 11), "0 to 10"),
        (.attach("nothing"), "nothing"), (.detach("doubler"), "doubler"), (.act(Action("fly", title: "")), "fly"),
    ]

    @Test(arguments: slips)
    func aSlipIsRefusedInWordsAndTheRunGoesOn(command: Command, word: String) throws {
        let learner = try Learner.counter(.init(maximumSteps: 10, schedule: [.init(after: 3, command)])).runToTheEnd()
        #expect(learner.status.step == 10)
        #expect(learner.status.error == nil)
        #expect(learner.status.lastRefusal?.contains(word) == true)
        #expect(learner.timeline.commands.isEmpty)
    }

    @Test func anActionReachesTheModel() throws {
        let learner = try Learner.counter(
            .init(maximumSteps: 10, schedule: [.init(after: 7, .act(Action("reset", title: "")))])
        ).runToTheEnd()
        #expect(learner.timeline.series("value").values.last == 3)
    }

    @Test func aModelThatFailsEndsTheRunAndKeepsTheRecord() throws {
        let learner = try Learner.counter(
            .init(maximumSteps: 100, schedule: [.init(after: 8, .set(control: "failing", to: 1))])
        ).runToTheEnd()
        let status = learner.status
        #expect(status.isFinished)
        #expect(status.step == 8)
        #expect(
            status.error == .deviceFailed(device: "test", operation: "update", status: "on purpose"))
        #expect(learner.timeline.series("value").count == 8)
        // The figures of the last good step can still be seen.
        guard let table = try learner.content(of: "number") as? Table else {
            Issue.record("the figure is lost")
            return
        }
        #expect(table.rows == [["8.0", "1.0"]])
    }

    @Test func settingsThatNoControlTakesAreRefusedAtTheStart() {
        #expect(throws: CLMatError.unknownName(kind: "control", name: "rat", known: ["failing", "rate"])) {
            try Learner.counter(.init(settings: ["rat": 1]))
        }
        #expect(throws: CLMatError.invalidValue(setting: "rate", value: "-1", accepted: "0 to 10")) {
            try Learner.counter(.init(settings: ["rate": -1]))
        }
        #expect(throws: CLMatError.unknownName(kind: "attachment", name: "nothing", known: ["doubler"])) {
            try Learner.counter(.init(), attached: ["nothing"])
        }
    }

    // MARK: - Attachments

    @Test func attachmentsComeAndGoWithTheirControls() throws {
        let learner = try Learner.counter(
            .init(
                maximumSteps: 30,
                schedule: [
                    .init(after: 10, .attach("doubler")), .init(after: 15, .set(control: "factor", to: 3)),
                    .init(after: 20, .detach("doubler")),
                ])
        ).runToTheEnd()
        #expect(learner.status.lastRefusal == nil)
        let series = learner.timeline.series("doubled")
        #expect(series.steps == Array(11...20))
        #expect(series.value(at: 15) == 30)
        #expect(series.value(at: 16) == 48)
        #expect(learner.dashboard.attachments.map(\.isAttached) == [false])
        #expect(learner.dashboard.control("factor") == nil)
    }

    // MARK: - Figures

    /// The clock is read before the board is locked, so a look may seem to come from the future.
    @Test func anyNumberOfThreadsMayLookAtOnce() throws {
        let learner = try Learner.counter(.init())
        learner.start()
        defer { learner.stop() }
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for _ in 0..<20_000 { _ = learner.look(at: thread % 2 == 0 ? "number" : "broken") }
        }
        #expect(eventually { learner.look(at: "number").step ?? 0 > 0 })
    }

    @Test func figuresAreComputedForWhoLooks() throws {
        let learner = try Learner.counter(.init())
        learner.start()
        #expect(
            eventually {
                if case .ready = learner.look(at: "number") { true } else { false }
            })
        #expect(
            eventually {
                if case .failed(let words, _) = learner.look(at: "broken") {
                    words.contains("on purpose")
                } else {
                    false
                }
            })
        // While paused, a figure that was not looked at before is computed too.
        learner.send(.pause)
        #expect(eventually { learner.status.isPaused })
        #expect(eventually { learner.look(at: "number").step == learner.status.step })
        learner.stop()
        learner.wait()
    }
}

@Suite struct TimelineTests {
    @Test func bucketsKeepEverySpike() throws {
        let learner = try Learner.counter(
            .init(
                maximumSteps: 1000,
                schedule: [
                    .init(after: 500, .set(control: "rate", to: 10)),
                    .init(after: 501, .act(Action("reset", title: ""))),
                    .init(after: 501, .set(control: "rate", to: 0)),
                ])
        ).runToTheEnd()
        let buckets = learner.timeline.buckets("value", in: 1...1000, count: 20)
        #expect(buckets.count == 20)
        #expect(buckets.map(\.maximum).max() == 510)
        #expect(buckets.first?.first == 1)
        #expect(buckets.last?.lastStep == 1000)
        // Buckets follow each other without a gap.
        #expect(zip(buckets, buckets.dropFirst()).allSatisfy { $0.lastStep + 1 == $1.firstStep })
        #expect(learner.timeline.buckets("value", in: 1...1000, count: 5000).count == 1000)
        #expect(learner.timeline.buckets("nothing", in: 1...1000, count: 20).isEmpty)
        #expect(learner.timeline.buckets("value", in: 2000...3000, count: 20).isEmpty)
    }

    @Test func valuesAreFoundByStep() throws {
        let series = try Learner.counter(.init(maximumSteps: 10)).runToTheEnd().timeline.series("value")
        #expect(series.value(at: 0) == nil)
        #expect(series.value(at: 4) == 4)
        #expect(series.value(at: 99) == 10)
        #expect(series.index(from: 5) == 4)
    }
}
