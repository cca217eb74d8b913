import ArgumentParser
import CLMat
import Synchronization

/// A program that runs models from the command line: a sub-command for each model, and `replay`, `devices` and `help`.
///
/// ```swift
/// ModelProgram("ridge", abstract: "Ridge regression, step by step.", models: [Ridge.self]).main()
/// ```
public struct ModelProgram: Sendable {
    /// How it is called on the command line. Its messages begin with it.
    public let name: String
    /// The sub-commands that run a model.
    public let models: [any ModelCommand.Type]
    let examples: OptionExamples
    /// For the parser.
    let configuration: CommandConfiguration

    /// - Parameters:
    ///   - abstract: one sentence on what the program does.
    ///   - discussion: what its help says after that.
    ///   - version: what `--version` prints.
    ///   - models: the first one runs if no sub-command is named.
    ///   - examples: what the help of the options that all models share shows.
    public init(
        _ name: String, abstract: String, discussion: String = "", version: String = "",
        models: [any ModelCommand.Type], examples: OptionExamples = OptionExamples()
    ) {
        (self.name, self.models, self.examples) = (name, models, examples)
        configuration = CommandConfiguration(
            commandName: name, abstract: abstract, discussion: discussion, version: version,
            subcommands: models.map { $0 as any ParsableCommand.Type } + [ReplayCommand.self, Devices.self],
            defaultSubcommand: models.first)
    }

    // MARK: - The program that runs

    /// The parser knows types, not values: they ask here what the program is called and what it has.
    private static let running = Mutex<ModelProgram?>(nil)

    static var current: ModelProgram {
        running.withLock { $0 } ?? ModelProgram(CommandLine.arguments.first ?? "", abstract: "", models: [])
    }

    /// Has this be the program that runs in this process.
    func begin() { Self.running.withLock { $0 = self } }

    /// Says what went wrong, in the program's name.
    static func tell(_ error: any Error) { StandardError.say("\(current.name): \(error)") }
}
