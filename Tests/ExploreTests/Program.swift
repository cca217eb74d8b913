import Foundation
import Testing

/// Runs the built program as a person would, and keeps what it said.
struct Program {
    let status: Int32
    let output: String
    let error: String

    /// Where the test runner lies, there the program lies too.
    static let path: String? = {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        if let own = Bundle.allBundles.map(\.bundleURL).first(where: { $0.pathExtension == "xctest" }) {
            folder = own.deletingLastPathComponent()
        }
        let path = folder.appendingPathComponent("explore").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    init(_ arguments: String..., environment: [String: String] = [:], in folder: URL? = nil) throws {
        try self.init(arguments: arguments, environment: environment, in: folder)
    }

    /// - Parameters:
    ///   - interruptedBy: a signal that is sent when the program has said something.
    ///   - again: what it says when the signal is sent once more; nil for once.
    ///   - ignoresHangUp: as with nohup.
    init(
        arguments: [String], environment: [String: String] = [:], in folder: URL? = nil,
        interruptedBy signal: Int32? = nil, again: String? = nil, ignoresHangUp: Bool = false
    ) throws {
        guard let path = Self.path else { throw CocoaError(.fileNoSuchFile) }
        // A session in this process may just ignore signals, and what is ignored would be so in the program as well.
        let signals = ignoresHangUp ? ["--ignore-signal=HUP"] : ["--default-signal=HUP,INT,TERM"]
        let words = (signal == nil ? [] : ["/usr/bin/env"] + signals) + [path] + arguments
        try self.init(
            running: words[0], Array(words.dropFirst()), environment: environment, in: folder, output: nil,
            interruptedBy: signal, again: again)
    }

    /// Runs lines of the shell, where `$EXPLORE` is the program: for what only a shell can do to its streams.
    ///
    /// - Parameters:
    ///   - user: who runs them.
    ///   - output: a descriptor for standard output; what goes there is not kept.
    init(shell lines: String, as user: User = .own, in folder: URL, output: FileHandle? = nil) throws {
        guard let path = Self.path else { throw CocoaError(.fileNoSuchFile) }
        let words = user.words + ["/bin/sh", "-c", lines]
        try self.init(
            running: words[0], Array(words.dropFirst()), environment: ["EXPLORE": path], in: folder, output: output,
            interruptedBy: nil)
    }

    /// Who runs a program.
    enum User: String, CaseIterable, CustomTestStringConvertible {
        /// Who runs the tests.
        case own
        /// Somebody without rights, where root runs the tests.
        case nobody

        var testDescription: String { self == .own && geteuid() == 0 ? "root" : rawValue }

        fileprivate var words: [String] {
            self == .own ? [] : ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        }

        /// Those that can run the program here; who cannot is said.
        static let here: [User] = allCases.filter { user in
            guard user == .nobody else { return true }
            guard geteuid() == 0 else { return false }
            let folder = FileManager.default.temporaryDirectory
            let canRun =
                (try? Program(shell: "test -x \"$EXPLORE\" && \"$EXPLORE\" --version", as: user, in: folder))?
                .status == 0
            if !canRun { print("As an ordinary user nothing is tested: no setpriv, or nobody cannot run the program.") }
            return canRun
        }
    }

    private init(
        running path: String, _ arguments: [String], environment: [String: String], in folder: URL?,
        output stream: FileHandle?, interruptedBy signal: Int32?, again: String? = nil
    ) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment
        // No window opens from a test.
        variables["DISPLAY"] = nil
        variables["WAYLAND_DISPLAY"] = nil
        variables["SDL_VIDEODRIVER"] = nil  // which the window's tests set in this process
        variables["CLMAT_DEVICE"] = "cpu"
        variables.merge(environment) { $1 }
        process.environment = variables
        if let folder { process.currentDirectoryURL = folder }
        let (out, err) = (Self.temporaryFile(), Self.temporaryFile())
        process.standardOutput = try stream ?? FileHandle(forWritingTo: out)
        process.standardError = try FileHandle(forWritingTo: err)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // A program that hangs fails its test, not the whole run.
        let deadline = Date(timeIntervalSinceNow: 120)
        var pending = signal == nil ? [] : ["step "] + (again.map { [$0] } ?? [])
        while process.isRunning, Date() < deadline {
            Thread.sleep(forTimeInterval: 0.02)
            if let number = signal, let words = pending.first,
                let said = try? String(contentsOf: err, encoding: .utf8), said.contains(words)
            {
                kill(process.processIdentifier, number)
                pending.removeFirst()
            }
        }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        status = process.terminationStatus
        output = (try? String(contentsOf: out, encoding: .utf8)) ?? ""
        error = (try? String(contentsOf: err, encoding: .utf8)) ?? ""
        try? FileManager.default.removeItem(at: out)
        try? FileManager.default.removeItem(at: err)
    }

    private static func temporaryFile() -> URL {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        return file
    }
}

/// A folder that is gone when the test is done.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("clmat-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    var files: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Writes the four files of a small data set: bars in four places, 28 × 28.
    func writeData(train: Int = 200, test: Int = 40, testLabels: Int? = nil) throws {
        func image(_ index: Int) -> [UInt8] {
            (0..<784).map { pixel in pixel / 28 / 7 == index % 4 ? UInt8(200 + index % 50) : UInt8(pixel * index % 40) }
        }
        func idx(_ type: [UInt8], _ sizes: [Int], _ body: [UInt8]) -> Data {
            Data(type + sizes.flatMap { size in (0..<4).map { UInt8(size >> (24 - 8 * $0) & 255) } } + body)
        }
        for (name, count, labels) in [("train", train, train), ("t10k", test, testLabels ?? test)] {
            try idx([0, 0, 8, 3], [count, 28, 28], (0..<count).flatMap(image))
                .write(to: url.appendingPathComponent("\(name)-images-idx3-ubyte"))
            try idx([0, 0, 8, 1], [labels], (0..<labels).map { UInt8($0 % 4) })
                .write(to: url.appendingPathComponent("\(name)-labels-idx1-ubyte"))
        }
    }
}
