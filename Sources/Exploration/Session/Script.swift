import CLMat
import Formats
import Foundation

/// What a person would do at the window, as a list: `{"step": 500, "set": "noise", "to": 0.1}`. Entries are done in
/// order, each when so many steps have been made; a rewind goes back in steps, and the next entries count from there.
///
/// Beside the commands (`set`/`to` with a number, or what a person would type: `"off"`, `"0..1"`; `preset` with its name; `pause`, `resume`, `attach`, `detach`, `add-mixin`, `remove-mixin`, `link`/`to`, `unlink`, `act`/`arguments`, `rewind`, `visit`/`of`/`changes` (a step, the number of a branch, how many changes were made), `undo`, `redo`,
/// `branch`, `go`, `rename`/`to`, `delete`, `compare`):
/// - `keep`: a metric, `as`: a name, `over`: a number of steps (1 if missing): keeps its mean under that name.
/// - `expect`: a metric, `over`, and one of `below`, `above` or `near` with `within` (a share): what it is compared
///   with is a number, a kept name, or `{"kept": name, "times": factor}`.
/// - `add` and `remove`: a metric or figure on the dashboard. `screenshot`: a PNG file.
/// - `say`: a text, which the window shows until the next one (`""` ends it) and standard error has too.
public struct Script: Sendable {
    /// The file that it was read from, as errors name it.
    public let source: String
    let entries: [Entry]

    struct Entry: Sendable {
        /// Counted from 1.
        let number: Int
        let step: Int
        let instruction: Instruction
    }

    enum Instruction: Sendable {
        case command(CommandWords.Parsed)
        case keep(metric: String, name: String, over: Int)
        case expect(Expectation)
        case add(String)
        case remove(String)
        case screenshot(String)
        case say(String)
    }

    /// A claim about a metric.
    struct Expectation: Sendable {
        enum Relation: Sendable {
            case below, above
            /// As a share of what it is compared with.
            case near(within: Double)
        }
        enum Standard: Sendable {
            case number(Double)
            case kept(name: String, times: Double)
        }
        let metric: String
        let over: Int
        let relation: Relation
        let standard: Standard
    }

    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``, ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` with the number of
    ///   the entry.
    public init(reading path: String) throws(CLMatError) {
        try self.init(json: Files.read(path), from: path)
    }

    /// Reads a script from its text. `source` is what errors call it; they are those of ``init(reading:)``.
    public init(json: Data, from source: String) throws(CLMatError) {
        self.source = source
        guard let list = JSONValue.reading(json)?.list else {
            let fault = JSONPlace.ofError(in: json)
            throw .fileDamaged(
                path: source, place: fault?.place ?? "its beginning",
                problem: (fault.map { "\($0.problem); " } ?? "") + "a script is a JSON list of entries")
        }
        var entries: [Entry] = []
        for (index, value) in list.enumerated() {
            entries.append(try Self.entry(value, number: index + 1, in: source))
        }
        self.entries = entries
        try checkOrder()
    }

    /// Whether the run is left paused: only a person at a window can end that.
    public var endsPaused: Bool {
        for entry in entries.reversed() {
            guard case .command(let parsed) = entry.instruction else { continue }
            if parsed == .command(.resume) { return false }
            if parsed == .command(.pause) { return true }
        }
        return false
    }

    /// The files of its pictures.
    public var screenshots: [String] {
        entries.compactMap { if case .screenshot(let path) = $0.instruction { path } else { nil } }
    }

    /// What an entry may have beside its verb.
    private static let extras: [String: Set<String>] = [
        "set": ["to"], "rename": ["to"], "link": ["to"], "act": ["arguments"], "visit": ["of", "changes"],
        "keep": ["as", "over"],
        "expect": ["over", "below", "above", "near", "within"],
    ]
    private static let ownVerbs = ["keep", "expect", "add", "remove", "screenshot", "say"]

    private static func entry(_ value: JSONValue, number: Int, in source: String) throws(CLMatError) -> Entry {
        func wrong(_ problem: String) -> CLMatError {
            .fileDamaged(path: source, place: "entry \(number)", problem: problem)
        }
        guard let step = value["step"]?.int, step >= 0 else { throw wrong("it needs a \"step\" of 0 or more") }
        let verbs = CommandWords.verbs.filter { $0 != "run" } + ownVerbs
        let found = value.keys.filter { verbs.contains($0) }
        guard let verb = found.first, found.count == 1 else {
            let strangers = value.keys.filter { key in key != "step" && !extras.values.contains { $0.contains(key) } }
            if found.isEmpty, let stranger = strangers.first {
                throw wrong("\(CLMatError.unknownName(kind: "verb", name: stranger, known: verbs))")
            }
            throw wrong("it needs one of \(verbs.joined(separator: ", "))\(found.count > 1 ? ", not several" : "")")
        }
        let known = Self.extras[verb] ?? []
        if let unknown = value.keys.first(where: { $0 != "step" && $0 != verb && !known.contains($0) }) {
            throw wrong("'\(unknown)' does not belong to '\(verb)'")
        }
        guard let instruction = instruction(verb, in: value) else {
            throw wrong("'\(verb)' lacks something that it needs, or has it in another form: \(value.line)")
        }
        return Entry(number: number, step: step, instruction: instruction)
    }

    private static func instruction(_ verb: String, in entry: JSONValue) -> Instruction? {
        guard ownVerbs.contains(verb) else { return CommandWords.parse(verb, in: entry).map { .command($0) } }
        guard let word = entry[verb]?.text else { return nil }
        switch verb {
        case "add": return .add(word)
        case "remove": return .remove(word)
        case "screenshot": return .screenshot(word)
        case "say": return .say(word)
        default: break
        }
        let over = entry["over"].map { $0.int ?? 0 } ?? 1
        guard over >= 1 else { return nil }
        if verb == "keep" { return entry["as"]?.text.map { .keep(metric: word, name: $0, over: over) } }
        return expectation(word, over: over, in: entry).map { .expect($0) }
    }

    private static func expectation(_ metric: String, over: Int, in entry: JSONValue) -> Expectation? {
        let relations = ["below", "above", "near"].filter { entry[$0] != nil }
        guard relations.count == 1, let word = relations.first, let value = entry[word] else { return nil }
        let standard: Expectation.Standard
        if let number = value.double {
            standard = .number(number)
        } else if let name = value.text {
            standard = .kept(name: name, times: 1)
        } else if let name = value["kept"]?.text, Set(value.keys).isSubset(of: ["kept", "times"]) {
            guard let times = (value["times"] ?? .whole(1)).double else { return nil }
            standard = .kept(name: name, times: times)
        } else {
            return nil
        }
        let relation: Expectation.Relation
        if word == "near" {
            guard let within = entry["within"]?.double, within >= 0 else { return nil }
            relation = .near(within: within)
        } else {
            guard entry["within"] == nil else { return nil }
            relation = word == "below" ? .below : .above
        }
        return Expectation(metric: metric, over: over, relation: relation, standard: standard)
    }

    /// Steps must not go back but by a rewind, and a pause that nothing ends would never end.
    private func checkOrder() throws(CLMatError) {
        // Where the run is at the least, if that is known.
        var here: Int? = 0
        var pausedSince: Entry?
        for entry in entries {
            if let now = here, entry.step < now {
                throw .fileDamaged(
                    path: source, place: "entry \(entry.number)",
                    problem: "step \(entry.step) is in the past: the run is at step \(now) then")
            }
            if let pause = pausedSince, entry.step > pause.step {
                throw .fileDamaged(
                    path: source, place: "entry \(pause.number)",
                    problem: "nothing ends this pause; add a \"resume\" at the same step")
            }
            here = entry.step
            guard case .command(let parsed) = entry.instruction else { continue }
            switch parsed {
            case .command(.pause): pausedSince = entry
            case .command(.resume): pausedSince = nil
            case .command(.rewind(let step)):
                guard (0...entry.step).contains(step) else {
                    throw .fileDamaged(
                        path: source, place: "entry \(entry.number)",
                        problem: "a rewind leads to a step from 0 to \(entry.step), not to \(step)")
                }
                here = step
            case .command(.undo), .command(.redo), .command(.visit), .go: here = nil
            default: break
            }
        }
    }
}
