import ArgumentParser
import CLMat
import Foundation

/// The desktop and command-line program.
@main
struct Explore: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explore",
        abstract: "Watch a model learn, change what it is after, and see the effect at once.",
        discussion: """
            Without arguments: explore ldam. A window opens where there is a display; elsewhere the same run goes on with a \
            progress line and writes its pictures as PNG files.
            """,
        version: "CLMat 0.1.0",
        subcommands: models.map { $0 as any ParsableCommand.Type } + [ReplayCommand.self, Devices.self],
        defaultSubcommand: LDAM.self)

    static let models: [any ModelCommand.Type] = [LDAM.self, Clustering.self, Factorisation.self, Topics.self]

    static func main() {
        do {
            try parseAndRun(Array(CommandLine.arguments.dropFirst()))
        } catch {
            guard let failure = error as? CLMatError else { exit(withError: error) }
            standardError("explore: \(failure)")
            Foundation.exit(1)
        }
    }

    private static func parseAndRun(_ arguments: [String]) throws {
        try checkModel(arguments)
        if var command = subcommandOfModel(arguments) { return try command.run() }
        var command = try parseAsRoot(arguments)
        try command.run()
    }

    /// What a model has beside its runs, `lda infer`. The parser would give the options that both have, such as --model, to the
    /// run.
    private static func subcommandOfModel(_ arguments: [String]) -> (any ParsableCommand)? {
        guard arguments.count > 1,
            let model = models.first(where: { $0.configuration.commandName == arguments[0] }),
            let command = model.configuration.subcommands.first(where: { $0.configuration.commandName == arguments[1] })
        else { return nil }
        // Its own help and usage, rather than those of the program.
        do { return try command.parse(Array(arguments.dropFirst(2))) } catch { command.exit(withError: error) }
    }

    /// A first word that is no model gets a better answer than "unexpected argument".
    private static func checkModel(_ arguments: [String]) throws {
        guard let first = arguments.first, !first.hasPrefix("-") else { return }
        let known = configuration.subcommands.compactMap { $0.configuration.commandName }
        guard known.contains(first) || first == "help" else {
            let error = CLMatError.unknownName(kind: "model or command", name: first, known: known)
            throw ValidationError("\(error)")
        }
    }
}
