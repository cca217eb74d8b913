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
        version: "CLMat 0.2.0-dev",
        subcommands: models.map { $0 as any ParsableCommand.Type } + [ReplayCommand.self, Devices.self],
        defaultSubcommand: LDAM.self)

    static let models: [any ModelCommand.Type] = [LDAM.self, Clustering.self, Factorisation.self, Topics.self]

    static func main() {
        Descriptors.prepare()
        do {
            try checkEncoding()
            try parseAndRun(Array(CommandLine.arguments.dropFirst()))
        } catch {
            end(error)
        }
    }

    /// Help on request, or what a command's arguments lack, with the exit status.
    private struct Ending: Error {
        let text: String
        let status: Int32

        init(_ error: any Error, of command: any ParsableCommand.Type) {
            (text, status) = (command.fullMessage(for: error), command.exitCode(for: error).rawValue)
        }
    }

    /// Says why the program ends, where it can, and ends it.
    private static func end(_ error: any Error) -> Never {
        if let failure = error as? CLMatError {
            StandardError.say("explore: \(failure.namingOptions)")
            Foundation.exit(1)
        }
        let ending = error as? Ending ?? Ending(error, of: Self.self)
        guard ending.status == 0 else {
            if !ending.text.isEmpty { StandardError.say(ending.text) }
            Foundation.exit(ending.status)
        }
        do throws(CLMatError) {
            if !ending.text.isEmpty { try StandardOutput.say(ending.text) }
        } catch {
            end(error)
        }
        Foundation.exit(0)
    }

    /// A name that is not UTF-8 would come here changed, and another file would be written.
    private static func checkEncoding() throws {
        for (index, argument) in CommandLine.arguments.enumerated() {
            guard let bytes = CommandLine.unsafeArgv[index], String(validatingCString: bytes) == nil else { continue }
            throw ValidationError(
                "'\(argument)' is not UTF-8. Give the file another name, or name it by a link.")
        }
    }

    private static func parseAndRun(_ arguments: [String]) throws {
        try checkModel(arguments)
        if var command = try subcommandOfModel(arguments) { return try command.run() }
        var command = try parseAsRoot(arguments)
        try command.run()
    }

    /// What a model has beside its runs, `lda infer`. The parser would give the options that both have, such as --model, to the
    /// run.
    private static func subcommandOfModel(_ arguments: [String]) throws -> (any ParsableCommand)? {
        guard arguments.count > 1,
            let model = models.first(where: { $0.configuration.commandName == arguments[0] }),
            let command = model.configuration.subcommands.first(where: { $0.configuration.commandName == arguments[1] })
        else { return nil }
        // Its own help and usage, rather than those of the program.
        do {
            return try command.parse(Array(arguments.dropFirst(2)))
        } catch {
            throw Ending(error, of: command)
        }
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
