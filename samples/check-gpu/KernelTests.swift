import CLMat
import Foundation

/// The project's own tests of kernels, which lie beside this program as a second one: each kernel against its definition in
/// plain Swift, and against writing past its outputs.
struct KernelTests {
    /// Where the tests find their libraries.
    let libraries: String?
    /// Where what they print goes.
    let log: String
    /// A driver that stands still for so long does not go on.
    var mostSeconds = 900.0

    /// What the tests said.
    struct Result {
        var cases: [Case] = []
        /// Lines on what went wrong.
        var problems: [String] = []

        /// A test of a suite for one size or other argument.
        struct Case: Equatable {
            let suite, test, arguments: String
            let passed: Bool
        }

        var isGood: Bool { problems.isEmpty && !cases.isEmpty && cases.allSatisfy(\.passed) }
    }

    func run(on device: Device) throws -> Result {
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let program = folder.appendingPathComponent("CLMatPackageTests.xctest").path
        guard FileManager.default.fileExists(atPath: program) else {
            throw CLMatError.fileMissing(
                path: program, hint: "make check-gpu builds it, and puts it beside this program.")
        }
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        guard let output = FileHandle(forWritingAtPath: log) else {
            throw CLMatError.fileNotWritable(path: log, reason: "It could not be opened.")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "--testing-library", "swift-testing", "--filter", "CLMatTests", "--no-parallel", "--verbose",
        ]
        var environment = ProcessInfo.processInfo.environment
        environment["LD_LIBRARY_PATH"] = libraries
        environment["CLMAT_DEVICE"] = nil
        process.environment = environment
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let end = Date(timeIntervalSinceNow: mostSeconds)
        while process.isRunning, Date() < end { Thread.sleep(forTimeInterval: 0.2) }
        let stoodStill = process.isRunning
        if stoodStill { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()

        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: log)), as: UTF8.self)
        var result = Self.parse(text, device: device.name)
        if stoodStill {
            result.problems.append("The tests stood still, and were ended after \(Int(mostSeconds)) seconds.")
        } else if process.terminationReason == .uncaughtSignal {
            result.problems.append("The tests crashed with signal \(process.terminationStatus).")
        } else if process.terminationStatus != 0, result.problems.isEmpty {
            result.problems.append("The tests ended with status \(process.terminationStatus).")
        }
        if result.cases.isEmpty { result.problems.append("No test ran on \(device.name).") }
        return result
    }

    /// What lines such as these say of one device:
    ///
    ///     ◇ Suite GemmKernelTests started.
    ///     ✔ Test case passing 2 arguments size → 3 × 4 (…), device → NAME (CLMat.Device) to name(_:on:) passed after 0.1 seconds.
    ///     ✘ Test name(_:on:) recorded an issue with 2 arguments size → 3 × 4, device → NAME at File.swift:1:2: words
    static func parse(_ text: String, device: String) -> Result {
        var result = Result()
        var suite = ""
        for line in text.split(separator: "\n").map(String.init) {
            if let name = line.between("Suite ", " started.") {
                suite = name
            } else if line.contains("recorded an issue") {
                if !line.contains("device → ") || line.contains("device → \(device)") { result.problems.append(line) }
            } else if let words = line.between("Test case passing ", nil),
                let end = words.range(of: "device → \(device) (CLMat.Device) to ")
            {
                let rest = words[end.upperBound...]
                guard let after = rest.range(of: " passed after ") ?? rest.range(of: " failed after ") else { continue }
                // "2 arguments size → 3 × 4 (Type), "
                let arguments = words[..<end.lowerBound].drop { $0 != " " }.dropFirst().drop { $0 != " " }
                result.cases.append(
                    .init(
                        suite: suite, test: String(rest[..<after.lowerBound]),
                        arguments: arguments.trimmingCharacters(in: [" ", ","]),
                        passed: rest[after].hasPrefix(" passed")))
            }
        }
        return result
    }
}

extension String {
    /// What stands between two words, or after the first.
    fileprivate func between(_ start: String, _ end: String?) -> String? {
        guard let start = range(of: start) else { return nil }
        guard let end else { return String(self[start.upperBound...]) }
        guard let end = range(of: end, range: start.upperBound..<endIndex) else { return nil }
        return String(self[start.upperBound..<end.lowerBound])
    }
}
