import ArgumentParser
import CLMat
import Exploration
import TestSupport
import Testing

@testable import ModelProgram

/// What a session keeps of a command line, so that a replay makes the same model.
@Suite struct ModelArgumentTests {
    @Test func anOptionIsKeptIfItIsGiven() {
        #expect(ModelArgument("--clusters", "8").words == ["--clusters", "8"])
        #expect(ModelArgument("--start", nil).words.isEmpty && ModelArgument("--start", "").words.isEmpty)
        #expect(ModelArgument("--block", ["3", "4"]).words == ["--block", "3", "--block", "4"])
        #expect(ModelArgument(flag: "--detached", true).words == ["--detached"])
        #expect(ModelArgument(flag: "--detached", false).words.isEmpty)
        #expect(ModelArgument("--block", ["3", "4"]).text == "3 4" && ModelArgument("--start", nil).text == "")
    }

    @Test func theOptionsOfACommandAreKeptAsTheyWereTyped() throws {
        let usual = try ManyOptions.parse([])
        #expect(usual.words == ["--learning-rate", "0.5", "--kind", "two-sided"])

        let typed = [
            "--learning-rate", "1e-05", "--kind", "plain", "--name", "a b", "--width", "3", "--width", "4",
            "--is-gated",
            "--depth", "7",
        ]
        let given = try ManyOptions.parse(typed + ["--steps", "9", "--quiet", "--batch", "5"])
        #expect(given.words == ["--batch", "5"] + typed)
        let again = try ManyOptions.parse(given.words)
        #expect(again.arguments == given.arguments && again.options.steps == nil)
        #expect(throws: Never.self) { try given.checkArguments() }
    }

    @Test func anOptionThatCannotBeKeptIsSaidBeforeTheRun() throws {
        let command = try Renamed.parse(["--width", "3"])
        let error = #expect(throws: CLMatError.self) { try command.checkArguments() }
        #expect("\(try #require(error))".contains("'--columns 3', do not make this command again"), "\(error!)")
    }

    @Test func aModelWithoutDataRefusesOthers() throws {
        let command = try DescentCommand.parse(["--data", "mnist", "--headless", "--device", "cpu", "--quiet"])
        #expect(throws: ValidationError.self) { try command.run() }
    }
}

/// An option of each kind.
private struct ManyOptions: ModelCommand {
    @OptionGroup var options: RunOptions
    @Option var learningRate = 0.5
    @Option var kind = Kind.twoSided
    @Option var name: String?
    @Option var width: [Int] = []
    @Flag var isGated = false
    @OptionGroup var more: More

    enum Kind: String, ExpressibleByArgument {
        case plain
        case twoSided = "two-sided"
    }
    struct More: ParsableArguments {
        @Option var depth: Int?
    }

    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment {
        try Experiment(Descent(on: device), data: Steps(), seed: seed)
    }
}

/// An option whose name is not that of its property.
private struct Renamed: ModelCommand {
    @OptionGroup var options: RunOptions
    @Option(name: .customLong("width")) var columns: Int?

    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment {
        try Experiment(Descent(on: device), data: Steps(), seed: seed)
    }
}
