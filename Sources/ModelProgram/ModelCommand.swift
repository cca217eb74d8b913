import ArgumentParser
import CLMat
import Exploration
import Foundation
import Viewer

/// A sub-command that runs a model. It says how the model is made; all else that it has is the same for every model.
///
/// ```swift
/// struct Ridge: ModelCommand {
///     static let configuration = CommandConfiguration(commandName: "ridge", abstract: "Ridge regression, step by step.")
///     @OptionGroup var options: RunOptions
///
///     func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment {
///         try Experiment(RidgeModel(on: device), data: RidgeData(), seed: seed)
///     }
/// }
/// ```
public protocol ModelCommand: ParsableCommand, Sendable {
    /// The options that all models share, as an `@OptionGroup`.
    var options: RunOptions { get }
    /// The model with its data, before the first step. The same options and seed make the same again: for a replay and for going on
    /// from a checkpoint it is called with those of the recorded run.
    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment
    /// The options beside ``RunOptions`` that make the model what it is; sessions and checkpoints keep them.
    var modelArguments: [ModelArgument] { get }
    /// Ids of the figures that a run without a window writes as PNG files; nil for all.
    var pictures: [String]? { get }
    /// What `--data` is if it is not given; nil for a model that has no data to choose, which refuses `--data`.
    var defaultData: String? { get }
    /// Names that `--data` takes and that are no paths.
    var knownData: [String] { get }
    /// What is written when the run has ended, beside what ``RunOptions`` asks for.
    var outputs: [ModelOutput] { get }
    /// Files that are read beside the data; nothing is written over them.
    var inputs: [String] { get }
    /// Whether every file of a folder of data is read, so that nothing may be written into it.
    func readsEveryFile(of folder: String) -> Bool
    /// Options by what errors of the model and its data call them: `["clusters": "--clusters"]`.
    static var optionNames: [String: String] { get }
}

extension ModelCommand {
    public var modelArguments: [ModelArgument] { [] }
    public var pictures: [String]? { nil }
    public var defaultData: String? { nil }
    public var knownData: [String] { [] }
    public var outputs: [ModelOutput] { [] }
    public var inputs: [String] { [] }
    public func readsEveryFile(of folder: String) -> Bool { true }
    public static var optionNames: [String: String] { [:] }

    /// What `--data` names, or what is learned from if it is not given.
    public var data: String { options.givenData ?? defaultData ?? "" }

    /// What the sub-command is called.
    static var model: String { _commandName }

    /// The data, if it is a path.
    var dataPath: String? {
        FileManager.default.fileExists(atPath: data) && !knownData.contains(data) ? data : nil
    }

    /// What makes the same model again.
    var arguments: [ModelArgument] {
        // A path holds wherever the run is gone on with.
        let data = dataPath.map { Files.absolute($0) } ?? data
        return [ModelArgument("--data", data), ModelArgument("--batch", options.batch.map(String.init))] + modelArguments
    }

    /// The same as words of a command line, without what was not given.
    var words: [String] { arguments.flatMap(\.words) }

    public func run() throws {
        if defaultData == nil, options.givenData != nil {
            throw ValidationError("--data: \(Self.model) has no other data than its own.")
        }
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
        where own != theirs && own != usual {
            throw CLMatError.invalidValue(
                setting: own.name, value: own.text,
                accepted:
                    "\(theirs.text.isEmpty ? "the default" : theirs.text), with which \(checkpoint.path) was made; leave it out"
            )
        }
        return command
    }
}
