import CLMat
import Formats
import Foundation

/// What was found, said while it is found, and written as text and as JSON.
struct Report {
    private var lines: [String] = []
    private var parts: [(String, JSONValue)] = []
    private var models: [JSONValue] = []
    private(set) var isGood = true

    /// Adds a line, and says it.
    private mutating func say(_ line: String) throws {
        lines.append(line)
        try StandardOutput.say(line)
    }

    mutating func note(_ words: String) throws {
        guard !words.isEmpty else { return }
        try say("\n" + words)
        parts.append(("note", .text(words)))
    }

    mutating func section(_ title: String, _ facts: [(name: String, value: String)]) throws {
        try say(title)
        for fact in facts { try say("  " + fact.name.padded(28) + fact.value) }
        parts.append((title.lowercased(), .object(facts.map { ($0.name, .text($0.value)) })))
    }

    // MARK: - Kernels

    mutating func add(_ result: KernelTests.Result) throws {
        try say("\nKernels")
        var suites: [String] = []
        for test in result.cases where !suites.contains(test.suite) { suites.append(test.suite) }
        for suite in suites {
            let cases = result.cases.filter { $0.suite == suite }
            let failed = cases.count { !$0.passed }
            try say(
                "  " + suite.padded(28)
                    + (failed == 0
                        ? "\(cases.count) \(cases.count == 1 ? "case" : "cases") passed"
                        : "\(failed) of \(cases.count) cases failed"))
        }
        for test in result.cases where !test.passed {
            try say("  FAILED \(test.suite).\(test.test): \(test.arguments)")
        }
        for problem in result.problems.prefix(40) { try say("  " + problem) }
        if result.problems.count > 40 { try say("  … and \(result.problems.count - 40) lines more, in the log") }
        try say("  \(result.cases.count) cases, \(result.cases.count { !$0.passed }) failed")
        isGood = isGood && result.isGood
        parts.append(
            (
                "kernels",
                .object([
                    ("passed", .truth(result.isGood)), ("problems", .list(result.problems.map { .text($0) })),
                    (
                        "cases",
                        .list(
                            result.cases.map {
                                .object([
                                    ("suite", .text($0.suite)), ("test", .text($0.test)),
                                    ("arguments", .text($0.arguments)), ("passed", .truth($0.passed)),
                                ])
                            })
                    ),
                ])
            ))
    }

    // MARK: - Models

    mutating func add(_ result: ModelRuns.Result) throws {
        var words = result.rate.map { "\(Self.number($0)) \(result.unit)" } ?? "–"
        if let peer = result.peer {
            words += "; \(peer.name): \(Self.number(peer.rate))"
            if let rate = result.rate { words += String(format: ", ratio %.2f", rate / peer.rate) }
        }
        try say((models.isEmpty ? "\nRates\n  " : "  ") + result.name.padded(28) + words)
        if let problem = result.problem {
            try say("  FAILED \(result.name): \(problem)")
            isGood = false
        }
        var entry: [(String, JSONValue)] = [
            ("name", .text(result.name)), ("unit", .text(result.unit)),
            ("rate", result.rate.map { .number($0) } ?? .null),
        ]
        if let problem = result.problem { entry.append(("problem", .text(problem))) }
        if let peer = result.peer { entry += [("peer", .text(peer.name)), ("peer-rate", .number(peer.rate))] }
        if let profile = result.profile {
            // In the file alone, since they are long.
            lines += profile.description.split(separator: "\n").map { "      \($0)" }
            entry.append(("profile-columns", .list(profile.columns.map { .text($0) })))
            entry.append(("profile", .list(profile.rows.map { .list($0.map { .text($0) }) })))
        }
        models.append(.object(entry))
    }

    // MARK: - Files

    mutating func write(to name: String) throws {
        try say(isGood ? "\nAll went well." : "\nSomething failed.")
        let json = JSONValue.object(
            [("good", .truth(isGood))] + parts + [("rates", .list(models))])
        try Files.write(lines.joined(separator: "\n") + "\n", to: "\(name).txt")
        try Files.write(json.written(.spaced) + "\n", to: "\(name).json")
        try StandardOutput.say("\(name).txt and .json hold the report, \(name).log what the tests printed.")
    }

    private static func number(_ x: Double) -> String { String(format: x >= 100 ? "%.0f" : "%.2f", x) }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
