import Foundation
import Testing

/// The modules that were built with these tests, and the tools of Swift that read them.
enum BuiltModules {
    /// Where the test runner lies, there the modules and programs lie too.
    static let folder: URL = {
        if let own = Bundle.allBundles.map(\.bundleURL).first(where: { $0.pathExtension == "xctest" }) {
            return own.deletingLastPathComponent()
        }
        return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    }().resolvingSymlinksInPath()

    /// Why there is nothing to compile with; nil if there is.
    static let obstacle: String? = {
        if swiftc == nil { return "There is no swiftc on the PATH." }
        let module = modules.appendingPathComponent("Viewer.swiftmodule").path
        return FileManager.default.fileExists(atPath: module) ? nil : "\(module) is missing."
    }()

    private static var modules: URL { folder.appendingPathComponent("Modules") }
    private static let swiftc = tool("swiftc")

    /// Finds the modules, and what they import of C.
    private static var searchPaths: [String] {
        let built = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        let own = ["Sources", "Kernels"].flatMap { Repository.files(in: $0, ending: "module.modulemap") }
            .map { Repository.root.appendingPathComponent($0).path }
        // A target that got a map of its own may have one in the build's folder still, from before.
        let text = own.map { (try? String(contentsOfFile: $0, encoding: .utf8)) ?? "" }.joined(separator: "\n")
        let made = built.filter { folder in
            folder.pathExtension == "build"
                && !text.contains("module \(folder.deletingPathExtension().lastPathComponent) ")
        }
        let maps =
            own
            + made.map { $0.appendingPathComponent("module.modulemap").path }
            .filter(FileManager.default.fileExists(atPath:)).sorted()
        // A cache of its own: that of the build is good for who names it in the same way.
        return [
            "-I", modules.path, "-module-cache-path", folder.appendingPathComponent("DocumentationTests.cache").path,
        ]
            + maps.flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] }
    }

    /// Checks a file of Swift without making anything of it. Returns what the compiler said if it refused, else nil.
    ///
    /// - Parameter tools: of a package's manifest, the version of the tools that it names.
    static func check(_ file: URL, manifestFor tools: String? = nil) throws -> String? {
        let swiftc = try #require(swiftc)
        let own =
            tools.map { ["-I", manifestAPI(beside: swiftc), "-package-description-version", $0] } ?? searchPaths
        let result = try run(
            swiftc, ["-typecheck", "-swift-version", "6", "-Werror", "DeprecatedDeclaration", file.path] + own)
        return result.status == 0 ? nil : result.output
    }

    /// Writes the public symbols of a module into a folder, as JSON.
    static func extractSymbols(of module: String, into folder: URL) throws {
        let result = try run(
            #require(tool("swift")),
            [
                "symbolgraph-extract", "-module-name", module, "-minimum-access-level", "public",
                "-skip-synthesized-members", "-target", "\(hostArchitecture)-unknown-linux-gnu", "-output-dir",
                folder.path,
            ] + searchPaths)
        try #require(result.status == 0, "\(result.output)")
    }

    /// The options of every command of `explore`, by the command's words: `["lda", "infer"]`.
    static func optionsOfExplore() throws -> [[String]: Set<String>] {
        struct Help: Decodable {
            let command: Command
        }
        struct Command: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable {
                    let kind: String
                    let name: String
                }
                let names: [Name]?
            }
            let commandName: String
            let arguments: [Argument]?
            let subcommands: [Command]?
        }
        let program = folder.appendingPathComponent("explore").path
        let result = try run(program, ["--experimental-dump-help"])
        let help = try JSONDecoder().decode(Help.self, from: Data(result.output.utf8))
        var options: [[String]: Set<String>] = [:]
        func note(_ command: Command, below path: [String]) {
            let names = (command.arguments ?? []).flatMap { $0.names ?? [] }
            options[path] = Set(names.map { ($0.kind == "long" ? "--" : "-") + $0.name })
            for sub in command.subcommands ?? [] { note(sub, below: path + [sub.commandName]) }
        }
        note(help.command, below: [])
        return options
    }

    /// `PackageDescription` stands beside the compiler's own modules.
    private static func manifestAPI(beside swiftc: String) -> String {
        let tools = URL(fileURLWithPath: swiftc).resolvingSymlinksInPath().deletingLastPathComponent()
        return tools.deletingLastPathComponent().appendingPathComponent("lib/swift/pm/ManifestAPI").path
    }

    private static var hostArchitecture: String {
        #if arch(arm64)
            "aarch64"
        #else
            "x86_64"
        #endif
    }

    private static func tool(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private static func run(_ path: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }
}
