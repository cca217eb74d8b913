import Foundation
import Testing

/// A block of code between fences, in a document or in a comment of a Swift file.
struct CodeBlock: Sendable, CustomTestStringConvertible {
    /// From the root of the repository.
    let file: String
    /// That of the first line of code, from 1.
    let line: Int
    /// What stands behind the fence: `swift`.
    let language: String
    let lines: [String]

    var text: String { lines.joined(separator: "\n") }
    var place: String { "\(file):\(line)" }
    /// Of the manifest of a package, the version of the tools that it asks for: `6.1`.
    var toolsVersion: String? {
        let mark = "// swift-tools-version: "
        return lines.first.flatMap { $0.hasPrefix(mark) ? String($0.dropFirst(mark.count)) : nil }
    }
    var testDescription: String { place }

    /// The blocks of a file in their order; of a Swift file, those in its comments.
    static func all(in file: String) throws -> [CodeBlock] {
        let text = try String(contentsOf: Repository.root.appendingPathComponent(file), encoding: .utf8)
        var blocks: [CodeBlock] = []
        var open: (line: Int, language: String, lines: [String])?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard let line = file.hasSuffix(".swift") ? comment(line) : line else {
                open = nil
                continue
            }
            let isFence = line.hasPrefix("```")
            if let block = open, isFence {
                blocks.append(CodeBlock(file: file, line: block.line, language: block.language, lines: block.lines))
                open = nil
            } else if isFence {
                open = (index + 2, String(line.dropFirst(3)), [])
            } else {
                open?.lines.append(String(line))
            }
        }
        return blocks
    }

    /// What a line of a doc comment says; nil for any other line.
    private static func comment(_ line: Substring) -> Substring? {
        let line = line.drop { $0 == " " }
        guard line.hasPrefix("///") else { return nil }
        return line.dropFirst(line.hasPrefix("/// ") ? 4 : 3)
    }
}

/// The files of this repository.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Files below a folder whose names end so, in alphabetical order.
    static func files(in folder: String, ending: String) -> [String] {
        let paths = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
        return (paths?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(ending) }.map { "\(folder)/\($0)" }
            .sorted()
    }

    /// What a newcomer reads: the README and the articles.
    static let documents =
        ["README.md", "CONTRIBUTING.md"] + files(in: "Sources", ending: ".md").filter { $0.contains(".docc/") }

    /// The libraries that have a catalogue of documentation.
    static let documentedModules = files(in: "Sources", ending: ".docc").map {
        URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent
    }
}
