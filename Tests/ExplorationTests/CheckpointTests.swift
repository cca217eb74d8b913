import CLMat
import Formats
import Foundation
import TestSupport
import Testing

@testable import Exploration

/// A run that goes on from a file gives the same numbers as one that was never interrupted.
@Suite struct CheckpointTests {
    private func options(_ steps: Int) -> Learner.Options {
        .init(
            maximumSteps: steps,
            schedule: [
                .init(after: 5, .set(control: "rate", to: 3)), .init(after: 8, .attach("doubler")),
                .init(after: 9, .set(control: "factor", to: 4)), .init(after: 15, .set(control: "rate", to: 2)),
            ])
    }

    @Test(arguments: [0, 4, 5, 8, 9, 12, 19])
    func aResumedRunGivesTheSameNumbers(step: Int) throws {
        try inTemporaryFolder { folder in
            let file = folder + "/run.safetensors"
            let straight = try Learner.counter(options(20)).runToTheEnd()
            var first = options(step)
            first.checkpoint = CheckpointPlan(path: file, notes: ["made-by": "a test"])
            _ = try Learner.counter(first).runToTheEnd()

            let checkpoint = try Checkpoint(reading: file, on: .cpu)
            #expect(checkpoint.step == step && checkpoint.notes == ["made-by": "a test"])
            var second = options(20)
            second.resumes = checkpoint
            let resumed = try Learner.counter(second)
            #expect(resumed.status.step == step)
            _ = resumed.runToTheEnd()
            #expect(resumed.status.error == nil && resumed.status.step == 20)
            for metric in ["value", "doubled"] {
                let whole = straight.timeline.series(metric)
                let part = resumed.timeline.series(metric)
                // The past is there too.
                #expect(part.values == whole.values && part.steps == whole.steps, "\(metric)")
            }
            #expect(resumed.timeline.series("value").steps == Array(1...20))
            #expect(resumed.timeline.firstStep == 0 && resumed.timeline.start == step)
            let made = straight.timeline.commands.filter { $0.step <= step }.map(\.command)
            #expect(resumed.timeline.pastCommands.map(\.command) == made)
        }
    }

    @Test func aByteThatChangedIsFound() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/run.safetensors"
            try Learner.counter(options(12)).runToTheEnd().save(to: file)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            let whole = try Checkpoint(reading: file, on: .cpu)
            #expect(whole.step == 12)
            // In the numbers, and in the header: the rate.
            let rate = try #require(bytes.range(of: Data(#"\"rate\":3"#.utf8)))
            for place in [bytes.count - 3, bytes.count - 40, rate.upperBound - 1] {
                var damaged = bytes
                damaged[place] ^= 1
                try damaged.write(to: URL(fileURLWithPath: file))
                let error = #expect(throws: CLMatError.self) { try Checkpoint(reading: file, on: .cpu) }
                guard case .fileDamaged(file, "its checksum", _) = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }
    }

    @Test func whatTakesLongToWriteIsWrittenLessOften() {
        let plan = CheckpointPlan(path: "x", seconds: 10)
        #expect(plan.pause(after: 0.1) == 10)
        #expect(plan.pause(after: 3) == 60)
    }

    @Test func aResumedRunCanBeRewoundToItsStart() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/run.safetensors"
            let learner = try Learner.counter(options(10)).runToTheEnd()
            try learner.save(to: file)
            var second = Learner.Options()
            second.resumes = try Checkpoint(reading: file, on: .cpu)
            second.director = ListDirector(
                [.init(15, .rewind(to: 10)), .init(10, .set(control: "rate", to: 0))], endsAt: 12)
            let resumed = try Learner.counter(second).runToTheEnd()
            #expect(resumed.status.error == nil)
            #expect(resumed.timeline.series("value").last?.value == learner.timeline.series("value").last?.value)
        }
    }

    @Test func foreignAndDamagedFilesAreRefused() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/run.safetensors"
            try Learner.counter(options(10)).runToTheEnd().save(to: file)
            let checkpoint = try Checkpoint(reading: file, on: .cpu)
            var options = Learner.Options()
            options.resumes = checkpoint
            func damage(_ place: String, _ problem: String) -> CLMatError {
                .fileDamaged(path: file, place: place, problem: problem)
            }
            #expect(throws: damage("its header", "it is of 'counter on numbers', but this run is 'descent on steps'")) {
                try Learner(Descent(on: .cpu), data: Steps(), options: options)
            }
            options.seed = 2
            #expect(
                throws: CLMatError.invalidValue(
                    setting: "seed", value: "2", accepted: "1, with which \(file) was made")
            ) { try Learner.counter(options) }

            try Safetensors.write([:], to: file)
            #expect(throws: damage("byte 8", "it is a safetensors file, but no checkpoint of CLMat")) {
                try Checkpoint(reading: file, on: .cpu)
            }
            try Safetensors.write([:], metadata: ["clmat-checkpoint": "{}"], to: file)
            #expect(throws: damage("byte 8", "the checkpoint's header cannot be read")) {
                try Checkpoint(reading: file, on: .cpu)
            }
            #expect(throws: CLMatError.fileMissing(path: folder + "/none", hint: "Check the path.")) {
                try Checkpoint(reading: folder + "/none", on: .cpu)
            }
        }
    }

    @Test func aCheckpointThatCannotBeWrittenIsSaidAndTheRunGoesOn() throws {
        var options = options(20)
        options.checkpoint = CheckpointPlan(path: "/nonexistent/run.safetensors", seconds: 0)
        let learner = try Learner.counter(options).runToTheEnd()
        #expect(learner.status.step == 20 && learner.status.error == nil)
        guard case .fileNotWritable = learner.status.recordingError else {
            Issue.record("nothing was said")
            return
        }
    }
}
