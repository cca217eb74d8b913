import ArgumentParser
import CLMat
import Foundation

extension ModelProgram {
    /// Does what the command line asks for; called on the main thread. What goes wrong is said on standard error, and ends the program
    /// with status 1, or 64 if it is the command line that is wrong.
    public func main() {
        begin()
        Descriptors.prepare()
        do {
            try Self.checkEncoding()
            try parseAndRun(Array(CommandLine.arguments.dropFirst()))
        } catch {
            Self.end(error)
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
            tell(failure.naming(current.optionNames))
            Foundation.exit(1)
        }
        let ending = error as? Ending ?? Ending(error, of: Root.self)
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

    private func parseAndRun(_ arguments: [String]) throws {
        try checkModel(arguments)
        if var command = try subcommandOfModel(arguments) { return try command.run() }
        var command = try Root.parseAsRoot(arguments)
        try command.run()
    }

    /// What a model has beside its runs, `lda infer`. The parser would give the options that both have, such as --model, to the
    /// run.
    private func subcommandOfModel(_ arguments: [String]) throws -> (any ParsableCommand)? {
        guard arguments.count > 1,
            let model = models.first(where: { $0._commandName == arguments[0] }),
            let command = model.configuration.subcommands.first(where: { $0._commandName == arguments[1] })
        else { return nil }
        // Its own help and usage, rather than those of the program.
        do {
            return try command.parse(Array(arguments.dropFirst(2)))
        } catch {
            throw Ending(error, of: command)
        }
    }

    /// A first word that is no model gets a better answer than "unexpected argument".
    private func checkModel(_ arguments: [String]) throws {
        guard let first = arguments.first, !first.hasPrefix("-") else { return }
        let known = configuration.subcommands.map { $0._commandName }
        guard known.contains(first) || first == "help" else {
            let error = CLMatError.unknownName(kind: "model or command", name: first, known: known)
            throw ValidationError("\(error)")
        }
    }
}

/// The root of the parser's commands.
private struct Root: ParsableCommand {
    static var configuration: CommandConfiguration { ModelProgram.current.configuration }
}
