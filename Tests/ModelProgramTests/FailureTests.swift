import ArgumentParser
import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

@testable import ModelProgram

/// What a run leaves behind when its device fails on the way.
@Suite struct FailureTests {
    @Test(arguments: Fault.allCases)
    func theSummaryIsWrittenAndTheErrorSaid(fault: Fault) throws {
        // An interrupt is ignored while a session runs; afterwards it ends the tests again.
        defer { signal(SIGINT, SIG_DFL) }
        try inTemporaryFolder { folder in
            let device = Device.failing(with: fault, after: 40)
            let learner = try Learner(Descent(on: device), data: Steps(), options: .init(maximumSteps: 1000))
            let command = try DescentCommand.parse([
                "--headless", "--quiet", "--pictures", folder, "--summary", "\(folder)/summary.json",
            ])
            let plan = try SessionPlan(command: command, options: command.options, device: device)
            let session = try Session(plan: plan, learner: learner)

            #expect(throws: fault.error) { try session.run() }

            let text = try String(contentsOfFile: "\(folder)/summary.json", encoding: .utf8)
            let summary = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            #expect(summary["model"] as? String == "descent" && summary["device"] as? String == "failing")
            #expect(summary["steps"] as? Int == learner.status.step && learner.status.step > 0)
            // As many digits as the summary gives.
            let loss = try #require((summary["metrics"] as? [String: Double])?["loss"])
            let last = try #require(learner.timeline.series("loss").last?.value)
            #expect(abs(loss - last) <= 1e-6 * last)
        }
    }

    /// A figure of any kind is a picture of a run without a window.
    @MainActor @Test func aTableIsWrittenAsAPicture() throws {
        defer { signal(SIGINT, SIG_DFL) }
        try inTemporaryFolder { folder in
            let learner = try Learner(Descent(on: .cpu), data: Steps(), options: .init(maximumSteps: 3))
            let command = try DescentCommand.parse(["--headless", "--quiet", "--steps", "3", "--pictures", folder])
            let plan = try SessionPlan(command: command, options: command.options, device: .cpu)

            try Session(plan: plan, learner: learner).run()

            let picture = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/descent-weights.png"))
            #expect(picture.prefix(4) == Data([0x89, 0x50, 0x4e, 0x47]))
        }
    }
}

/// The smallest model as a command: it writes all the figures there are.
struct DescentCommand: ModelCommand {
    static let configuration = CommandConfiguration(commandName: "descent")
    @OptionGroup var options: RunOptions

    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment {
        try Experiment(Descent(on: device), data: Steps(), seed: seed)
    }
}
