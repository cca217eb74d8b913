import ArgumentParser
import CLMat
import Exploration
import Foundation
import Models
import Viewer

/// A sub-command that runs a model: how the model is made. The rest is the same for all.
protocol ModelCommand: ParsableCommand, Sendable {
    var options: RunOptions { get }
    /// The options beside ``RunOptions`` that make the model what it is, each with its value; "" is not given.
    var modelArguments: [(name: String, value: String)] { get }
    /// Figures that a run without a window writes as PNG files.
    var pictures: [String] { get }
    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment
    /// What `--data` is if it is not given, and the names that are no paths.
    var defaultData: String { get }
    var knownData: [String] { get }
    /// Files that ``finish(_:_:)`` writes, each with its option, to be checked before the run.
    var outputs: [(option: String, path: String)] { get }
    /// Folders that it writes into, to be made before the run.
    var outputFolders: [String] { get }
    /// Files that it reads beside its data.
    var inputs: [String] { get }
    /// Whether every file of a folder of data is read, so that nothing may be written into it.
    func readsEveryFile(of folder: String) -> Bool
    /// Writes what this model is kept for, when the run has ended: each output by itself, as one that fails does not
    /// keep the others from being written.
    func finish(_ learner: Learner, _ failures: Failures)
}

extension ModelCommand {
    static var model: String { _commandName }

    var defaultData: String { "fashion-mnist" }
    var knownData: [String] { ImageDataSet.knownNames }
    var outputs: [(option: String, path: String)] { [] }
    var outputFolders: [String] { [] }
    var inputs: [String] { [] }
    func finish(_ learner: Learner, _ failures: Failures) {}

    /// The files of an IDX data set have their names; all else in their folder is passed over.
    func readsEveryFile(of folder: String) -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return !names.contains { $0.lowercased().contains("idx") || $0.lowercased().contains("ubyte") }
    }

    /// The data, if it is a path.
    var dataPath: String? {
        let given = options.givenData ?? defaultData
        return FileManager.default.fileExists(atPath: given) && !knownData.contains(given) ? given : nil
    }

    /// What makes the same model again.
    var arguments: [(name: String, value: String)] {
        // A path holds wherever the run is gone on with.
        let data = dataPath.map { Files.absolute($0) } ?? options.givenData ?? defaultData
        return [("--data", data), ("--batch", options.batch.map(String.init) ?? "")] + modelArguments
    }

    /// The same as words of a command line, without what was not given.
    var words: [String] { arguments.filter { !$0.value.isEmpty }.flatMap { [$0.name, $0.value] } }

    func run() throws {
        let device = try options.chooseDevice()
        let checkpoint = try options.resumedFile.map { try Checkpoint(reading: $0, on: device) }
        let command = try checkpoint.map { try resumed(from: $0) } ?? self
        let plan = try SessionPlan(command: command, given: self, options: options, device: device)
        var experiment = try command.makeExperiment(
            on: device, seed: checkpoint.map { options.givenSeed ?? $0.seed } ?? options.seed)
        if let checkpoint { try experiment.resume(from: checkpoint) }
        if !options.quiet { experiment.notes.forEach { StandardError.say($0) } }
        let last = try options.maximumSteps(stepsPerEpoch: experiment.stepsPerEpoch)
        if let checkpoint, let last, last <= checkpoint.step {
            throw CLMatError.invalidValue(
                setting: "the last step", value: "\(last)",
                accepted: "one after step \(checkpoint.step), where \(checkpoint.path) goes on")
        }
        if plan.isAttended { experiment.look(at: Viewer.savedView(layoutName: Self.model, of: experiment)) }
        let schedule = try options.prepare(&experiment)

        var learnerOptions = Learner.Options(maximumSteps: last, schedule: schedule, device: device.summary)
        learnerOptions.pausesAt = Set(options.atStep.map { [$0] } ?? [])
        learnerOptions.snapshotBudget = try options.snapshotBudget()
        // Where nobody can go back, nothing is kept for it.
        learnerOptions.keepsSnapshots = plan.isAttended || plan.player != nil || options.snapshots != nil
        learnerOptions.staysAtTheEnd = plan.isAttended
        learnerOptions.director = plan.player
        try plan.keepRecord(of: experiment, in: &learnerOptions)
        try Session(plan: plan, learner: Learner(experiment, options: learnerOptions)).run()
    }

    /// This command with the options of the run that a checkpoint is of.
    private func resumed(from checkpoint: Checkpoint) throws -> Self {
        guard let model = checkpoint.notes["model"], let text = checkpoint.notes["arguments"],
            let recorded = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
        else {
            throw CLMatError.fileDamaged(
                path: checkpoint.path, place: "its header", problem: "it does not say which options made the model")
        }
        guard model == Self.model else {
            throw CLMatError.dataMismatch("\(checkpoint.path) is a run of '\(ModelProgram.current.name) \(model)', not of '\(Self.model)'.")
        }
        let command = try Self.parse(recorded + (options.quiet ? ["--quiet"] : []))
        let standard = try Self.parse([])
        // An option that was given must not be forgotten silently.
        for (own, (theirs, usual)) in zip(arguments, zip(command.arguments, standard.arguments))
        where own.value != theirs.value && own.value != usual.value {
            throw CLMatError.invalidValue(
                setting: own.name, value: own.value,
                accepted:
                    "\(theirs.value.isEmpty ? "the default" : theirs.value), with which \(checkpoint.path) was made; leave it out"
            )
        }
        return command
    }
}
