import CLMat
import Formats
import Foundation

/// Commands as scripts and session files spell them: `{"set": "noise", "to": 0.1}`.
enum CommandWords {
    /// What can stand where a branch is meant: its number, or its name, which is known only when the run is there.
    enum BranchWord: Sendable, Equatable {
        case number(Int)
        case name(String)

        /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``.
        func resolve(_ timeline: Timeline) throws(CLMatError) -> Int {
            switch self {
            case .number(let number): return try timeline.known(number).id
            case .name(let name):
                let branches = timeline.branches
                guard let branch = branches.last(where: { $0.name == name }) else {
                    throw .unknownName(kind: "branch", name: name, known: branches.map(\.name))
                }
                return branch.id
            }
        }
    }

    /// A command, or one that waits for a branch's number.
    enum Parsed: Sendable, Equatable {
        case command(Command)
        /// A value as a person would type it, which only the control can read.
        case setTyped(control: String, to: String)
        case go(BranchWord)
        case rename(BranchWord, String)
        case delete(BranchWord)
        case compare(BranchWord)

        /// The command; nil for a value that only a control can read.
        func command(_ timeline: Timeline) throws(CLMatError) -> Command? {
            switch self {
            case .command(let command): command
            case .setTyped: nil
            case .go(let word): .go(to: try word.resolve(timeline))
            case .rename(let word, let name): .rename(branch: try word.resolve(timeline), to: name)
            case .delete(let word): .delete(branch: try word.resolve(timeline))
            case .compare(let word): .compare(try word.resolve(timeline))
            }
        }
    }

    static let verbs = [
        "set", "preset", "pause", "resume", "run", "attach", "detach", "act", "rewind", "visit", "undo", "redo",
        "branch", "go",
        "rename",
        "delete", "compare", "add-mixin", "remove-mixin", "link", "unlink",
    ]

    /// The command as keys and values.
    static func words(_ command: Command) -> [(String, JSONValue)] {
        switch command {
        case .set(let control, let value): [("set", .text(control)), ("to", .number(value))]
        case .preset(let id, let values): [("preset", .text(id))] + (values.map { [("values", .numbers($0))] } ?? [])
        case .pause: [("pause", .truth(true))]
        case .resume: [("resume", .truth(true))]
        case .step(let count): [("run", .whole(count))]
        case .attach(let id): [("attach", .text(id))]
        case .detach(let id): [("detach", .text(id))]
        case .act(let action):
            [("act", .text(action.id)), ("arguments", .list(action.arguments.map { .whole($0) }))]
        case .addMixin(let id): [("add-mixin", .text(id))]
        case .removeMixin(let id): [("remove-mixin", .text(id))]
        case .link(let control, let other): [("link", .text(control)), ("to", .text(other))]
        case .unlink(let control): [("unlink", .text(control))]
        case .rewind(let step): [("rewind", .whole(step))]
        case .visit(let place):
            [("visit", .whole(place.step)), ("of", .whole(place.branch)), ("changes", .whole(place.changes))]
        case .undo: [("undo", .truth(true))]
        case .redo: [("redo", .truth(true))]
        case .branch(let name): [("branch", name.map { .text($0) } ?? .truth(true))]
        case .go(let branch): [("go", .whole(branch))]
        case .rename(let branch, let name): [("rename", .whole(branch)), ("to", .text(name))]
        case .delete(let branch): [("delete", .whole(branch))]
        case .compare(let branch): [("compare", branch.map { .whole($0) } ?? .truth(false))]
        }
    }

    /// Reads the command of an entry with the given verb; nil if what it needs is missing or of another type.
    static func parse(_ verb: String, in entry: JSONValue) -> Parsed? {
        guard let value = entry[verb] else { return nil }
        switch verb {
        case "set":
            guard let id = value.text, let to = entry["to"] else { return nil }
            if let text = to.text { return .setTyped(control: id, to: text) }
            if let truth = to.truth { return .setTyped(control: id, to: truth ? "on" : "off") }
            return to.double.map { .command(.set(control: id, to: $0)) }
        case "preset":
            guard let id = value.text else { return nil }
            guard let values = entry["values"] else { return .command(.preset(id)) }
            return values.numbers.map { .command(.preset(id, values: $0)) }
        case "pause": return value.truth == true ? .command(.pause) : nil
        case "resume": return value.truth == true ? .command(.resume) : nil
        case "undo": return value.truth == true ? .command(.undo) : nil
        case "redo": return value.truth == true ? .command(.redo) : nil
        case "run": return value.int.map { .command(.step($0)) }
        case "attach": return value.text.map { .command(.attach($0)) }
        case "detach": return value.text.map { .command(.detach($0)) }
        case "act":
            guard let id = value.text, let raw = (entry["arguments"] ?? .list([])).list else { return nil }
            let arguments = raw.compactMap(\.int)
            guard arguments.count == raw.count else { return nil }
            return .command(.act(Action(id, title: id, arguments: arguments)))
        case "add-mixin": return value.text.map { .command(.addMixin($0)) }
        case "remove-mixin": return value.text.map { .command(.removeMixin($0)) }
        case "link":
            guard let control = value.text, let other = entry["to"]?.text else { return nil }
            return .command(.link(control: control, to: other))
        case "unlink": return value.text.map { .command(.unlink($0)) }
        case "rewind": return value.int.map { .command(.rewind(to: $0)) }
        case "visit":
            guard let step = value.int, let branch = (entry["of"] ?? .whole(0)).int,
                let changes = (entry["changes"] ?? .whole(0)).int
            else { return nil }
            return .command(.visit(Position(branch: branch, step: step, changes: changes)))
        case "branch":
            if let name = value.text { return .command(.branch(name)) }
            return value.truth == true ? .command(.branch(nil)) : nil
        case "go": return branch(value).map { .go($0) }
        case "rename":
            guard let word = branch(value), let name = entry["to"]?.text else { return nil }
            return .rename(word, name)
        case "delete": return branch(value).map { .delete($0) }
        case "compare":
            if value.truth == false { return .command(.compare(nil)) }
            return branch(value).map { .compare($0) }
        default: return nil
        }
    }

    private static func branch(_ value: JSONValue) -> BranchWord? {
        if let number = value.int { return .number(number) }
        return value.text.map { .name($0) }
    }
}
