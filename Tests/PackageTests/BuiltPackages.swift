import Foundation
import Testing

/// Packages that depend on CLMat, built as somebody else would: a small one with a program of the test's, `samples/extension`,
/// `samples/own-kernel` and `samples/own-model`. They share the build of CLMat, which takes most of the time.
struct BuiltPackages: Sendable {
    /// A folder for what a test needs beside them; it goes with them.
    let folder: URL

    var dependent: Program { Program(path: folder.appendingPathComponent("build/debug/dependent").path) }
    var sample: Program { Program(path: folder.appendingPathComponent("build/debug/extension").path) }
    var ownKernel: Program { Program(path: folder.appendingPathComponent("build/debug/softplus").path) }
    var ownModel: Program { Program(path: folder.appendingPathComponent("build/debug/logistic").path) }

    /// Those of the suite that runs.
    @TaskLocal static var current: BuiltPackages?

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let swift = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/swift" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    fileprivate init(in folder: URL) throws {
        self.folder = folder
        let sample = Self.root.appendingPathComponent("samples/extension")
        let own = try copy(Self.root.appendingPathComponent("Tests/PackageTests/Dependent"), to: "dependent")
        // What a person would copy of the sample.
        for file in ["Orthogonality.swift", "Spectrum.swift"] {
            try FileManager.default.copyItem(
                at: sample.appendingPathComponent(file), to: own.appendingPathComponent(file))
        }
        try build(own)
        try build(copy(sample, to: "extension"))
        try build(copy(Self.root.appendingPathComponent("samples/own-kernel"), to: "own-kernel"))
        try build(copy(Self.root.appendingPathComponent("samples/own-model"), to: "own-model"))
    }

    /// Copies the Swift files of a package, and its kernels, to where CLMat is not its neighbour.
    private func copy(_ package: URL, to name: String) throws -> URL {
        let target = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        for file in try FileManager.default.contentsOfDirectory(at: package, includingPropertiesForKeys: nil)
        where file.pathExtension == "swift" {
            var text = try String(contentsOf: file, encoding: .utf8)
            if file.lastPathComponent == "Package.swift" {
                let path = try #require(text.firstRange(of: #/path: "\.\.[./]*"/#))
                text.replaceSubrange(path, with: "path: \(String(reflecting: Self.root.path))")
            }
            try Data(text.utf8).write(to: target.appendingPathComponent(file.lastPathComponent))
        }
        let kernels = package.appendingPathComponent("Kernels")
        if FileManager.default.fileExists(atPath: kernels.path) {
            try FileManager.default.copyItem(at: kernels, to: target.appendingPathComponent("Kernels"))
        }
        return target
    }

    private func build(_ package: URL) throws {
        let swift = Program(path: try #require(Self.swift))
        let scratch = folder.appendingPathComponent("build").path
        let result = try swift.run(
            "build", "--package-path", package.path, "--scratch-path", scratch, "--jobs", "2", in: folder)
        try #require(result.status == 0, "\(result.output)")
    }
}

/// Builds the packages before the tests of a suite, and throws them away afterwards.
struct BuildsPackages: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clmat-dependent-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let packages = try BuiltPackages(in: folder)
        try await BuiltPackages.$current.withValue(packages, operation: function)
    }
}

extension Trait where Self == BuildsPackages {
    static var buildsPackages: Self { Self() }
}

/// A program with the CPU as its device, and no display.
struct Program {
    let path: String

    /// What a program wrote, standard error included, and its exit status.
    struct Result {
        let status: Int32
        let output: String
        var lines: [String] { output.split(separator: "\n").map(String.init) }

        /// What follows `name: ` on its line.
        func value(of name: String) -> String? {
            lines.first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
        }
    }

    func run(_ arguments: String..., environment: [String: String] = [:], in folder: URL) throws -> Result {
        try run(arguments, environment: environment, in: folder)
    }

    func run(_ arguments: [String], environment: [String: String] = [:], in folder: URL) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        var variables = ProcessInfo.processInfo.environment
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "CLMAT_THREADS"] { variables[name] = nil }
        variables["CLMAT_DEVICE"] = "cpu"
        process.environment = variables.merging(environment) { $1 }
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Result(status: process.terminationStatus, output: output)
    }
}
