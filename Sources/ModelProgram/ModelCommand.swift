import ArgumentParser
import CLMat
import Exploration
import Foundation

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
    ///
    /// If this is not implemented, they are the command's own `@Option`s and `@Flag`s, those of its groups too, under the names that
    /// they have by themselves. An option that has another name, that has no part in making the model, or whose value is a path that
    /// is to hold in every folder takes an implementation.
    var modelArguments: [ModelArgument] { get }
    /// Ids of the figures that a run without a window writes as PNG files; nil for all.
    var pictures: [String]? { get }
    /// The preset with which a run begins if `--preset` does not name one; nil for the initial values of all controls. A run that is gone
    /// on with, or done again, has the settings of its file.
    var defaultPreset: String? { get }
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
    public var modelArguments: [ModelArgument] { ModelArgument.all(of: self) }
    public var pictures: [String]? { nil }
    public var defaultPreset: String? { nil }
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
        return [ModelArgument("--data", data), ModelArgument("--batch", options.batch.map(String.init))]
            + modelArguments
    }

    /// The same as words of a command line, without what was not given.
    var words: [String] { arguments.flatMap(\.words) }
}
